#!/bin/sh
# Two products must not define one name: they are linked into one program, where the second definition would be taken for the
# first, often silently.
#   check-symbols.sh LIBRARY...
set -eu
names=$(mktemp)
trap 'rm -f "$names"' EXIT
for lib in "$@"; do
	nm --defined-only -g "$lib" 2>/dev/null | awk 'NF == 3 && $2 ~ /^[TDRBC]$/ { print $3 }' | sort -u >>"$names"
done
[ -s "$names" ] || { echo "check-symbols: no names in $*" >&2; exit 2; }
twice=$(sort "$names" | uniq -d | grep -v '^__' || true)
[ -z "$twice" ] || { echo "defined by two products:"; echo "$twice"; exit 1; }
