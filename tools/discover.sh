#!/bin/sh
# Find the products and step kinds and write the registry: called by Meson when it configures.
#   discover.sh SRC list-steps          files of engine/steps
#   discover.sh SRC list-products       folders of products
#   discover.sh SRC registry OUT        the C file with products[] and step_kinds[]
# A step kind is a file step that exports `step_<file>`: engine/steps/<file>.c or products/<name>/step_<file>.c.
# A product is a folder with product.c that exports `product_<folder>`.
set -eu
src=$1
engine_kinds() { (cd "$src/engine/steps" && ls ./*.c 2>/dev/null | sed 's|^\./||; s|\.c$||' | LC_ALL=C sort); }
product_kinds() { (cd "$src/products" && ls ./*/step_*.c 2>/dev/null | sed 's|.*/step_||; s|\.c$||' | LC_ALL=C sort); }
product_names() { (cd "$src/products" && ls ./*/product.c 2>/dev/null | sed 's|^\./||; s|/product\.c$||' | LC_ALL=C sort); }
case $2 in
list-steps) engine_kinds ;;
list-products) product_names ;;
registry)
	{
		echo '/* Written by tools/discover.sh when Meson configured. */'
		echo '#include "engine/product.h"'
		for k in $(engine_kinds) $(product_kinds); do echo "extern const struct step_kind step_$k;"; done
		for p in $(product_names); do echo "extern const struct product product_$p;"; done
		echo 'const struct step_kind *const step_kinds[] = {'
		for k in $(engine_kinds) $(product_kinds); do printf '\t&step_%s,\n' "$k"; done
		printf '\tNULL\n};\nconst struct product *const products[] = {\n'
		for p in $(product_names); do printf '\t&product_%s,\n' "$p"; done
		printf '\tNULL\n};\n'
	} >"$3"
	;;
*) echo "discover.sh: unknown request '$2'" >&2; exit 2 ;;
esac
