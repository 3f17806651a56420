#!/bin/bash
# Manners of the command line: every option of --help stands in its manual page and the other way round, the pages are well
# formed, the completions are those that tools/completions.sh writes. tools/check-manners.sh [BUILD-DIRECTORY]
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:-build/gcc}
program=$(realpath -e "$build/src/cli/crossgrade") || exit 1
bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

complain() {
	echo "$*"
	bad=1
}
verbs() { "$program" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z ]*[a-z]\)  .*/\1/p'; }
# Options of one section of the help.
help_options() { "$program" $1 --help | sed -n "/^$2:/,/^\$/s/^.* --\([a-z0-9-]*\).*/\1/p" | sort -u; }
# Options a manual page describes: terms at the beginning of a line.
page_options() { grep -E "^\*(-[a-z]\*, \*)?--" "$1" | grep -oE "\*--[a-z0-9-]+\*" | tr -d "*" | sed "s/^--//" | sort -u; }
same() { # what, help's list, page's list
	diff <(echo "$2") <(echo "$3") >"$tmp/diff" || complain "$1: '<' only in --help, '>' only in the page: $(grep '^[<>]' "$tmp/diff" | xargs)"
}

for v in $(verbs | cut -d' ' -f1 | uniq); do
	page=man/crossgrade-$v.1.scd
	[ -f "$page" ] || { complain "$v has no manual page"; continue; }
	own=$(verbs | grep -E "^$v( |\$)" | while read -r verb; do help_options "$verb" Options; done | sort -u)
	same "$page" "$own" "$(page_options "$page")"
	for section in SYNOPSIS DESCRIPTION EXAMPLES OPTIONS 'EXIT STATUS' 'SEE ALSO'; do
		grep -q "^# $section\$" "$page" || complain "$page has no section $section"
	done
	[ "$(grep -n '^# EXAMPLES' "$page" | cut -d: -f1)" -lt "$(grep -n '^# OPTIONS' "$page" | cut -d: -f1)" ] ||
		complain "$page: examples stand after the options"
	grep -q "^\*crossgrade-$v\*(1)" man/crossgrade.1.scd || complain "crossgrade(1) does not name $v"
done
same man/crossgrade.1.scd "$({ help_options '' 'Global options'; help_options plan Subject; } | sort -u)" "$(page_options man/crossgrade.1.scd)"
for page in man/*.1.scd; do
	v=$(basename "$page" .1.scd)
	v=${v#crossgrade}
	[ -z "$v" ] || verbs | grep -qE "^${v#-}( |\$)" || complain "$page is about no verb there is"
done

for page in man/*.scd; do
	out=$tmp/$(basename "$page" .scd)
	scdoc <"$page" >"$out" 2>"$tmp/err" || complain "$page: $(cat "$tmp/err")"
	# The paragraph macros are scdoc's own habit.
	mandoc -T lint -W warning "$out" | grep -v 'skipping paragraph macro' >"$tmp/lint" && complain "$page: $(head -n 3 "$tmp/lint")"
done

tools/completions.sh "$program" "$tmp/completion"
for f in "$tmp"/completion/*; do
	cmp -s "$f" "contrib/completion/$(basename "$f")" || complain "contrib/completion/$(basename "$f") is old: run tools/completions.sh"
done
for v in $(verbs | tr ' ' '\n' | sort -u); do
	for f in contrib/completion/*; do grep -qw -- "$v" "$f" || complain "$f does not know $v"; done
done
bash -n contrib/completion/crossgrade.bash || bad=1
exit $bad
