#!/bin/bash
# Lint and static checks; called by tools/test.sh. tools/ci.sh [BUILD-DIRECTORY [CHECK]]
# A check is a line "ok NAME" or "not ok NAME"; the whole of clang-tidy runs with CROSSGRADE_TIDY=all (tools/campaign.sh tidy), else
# over the files that differ from the last release tag or, without one, from the previous commit.
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:-build/gcc}
only=${2:-}
passed=0 failed=0 skipped=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

check() { # name command...
	local name=$1
	shift
	[ -z "$only" ] || [ "$only" = "$name" ] || return 0
	if "$@" >"$out" 2>&1; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "not ok $name"
		head -n 30 "$out"
		failed=$((failed + 1))
	fi
}

scripts() { git ls-files | grep -v '^tests/conf/' | while read -r f; do [ -f "$f" ] && head -c 64 "$f" | head -n 1 | grep -qE '^#!.*\b(ba)?sh' && echo "$f"; done; }
changed() {
	local base
	base=$(git describe --tags --abbrev=0 2>/dev/null || git rev-parse -q --verify HEAD~1 || git rev-parse HEAD)
	[ "${CROSSGRADE_TIDY:-}" = all ] && { git ls-files 'src/*.c'; return; }
	git diff --name-only --diff-filter=d "$base" -- '*.c' | grep '^src/'
}

# One file per process: version 14 reports false va_list errors from the second file on.
tidy() { changed | head -n "${CROSSGRADE_TIDY_MAX:-40}" | xargs -r -n 1 -P 2 timeout 120 clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option -p "$build" --warnings-as-errors='*'; }
cpp() { cppcheck -q -j 2 --enable=warning,performance,portability --error-exitcode=1 --inline-suppr --suppress=missingIncludeSystem \
	--suppress=normalCheckLevelMaxBranches --library=tools/cppcheck.cfg -D_GNU_SOURCE -Isrc src; }
shells() { scripts | xargs shellcheck -x -S warning; }
spelling() { git ls-files | grep -vE '^(tests/(conf|golden|unit)|fuzz/corpus|LICENSE|share/schema)' | xargs codespell -q 3 -L 'ba,te,ot,fo,nd,wan,crate,ser,atleast,alle'; }
# bash ends no test at a failing '! command' of its own: '! command || false' does. What this prints is wrong.
negations() { ! git grep -nE '^\s*! ' -- '*.bats' '*.bash' | grep -vF '||'; }
licence() { [ -s LICENSE ] && [ -s NEWS.md ] && [ -s SECURITY.md ] && [ -s CONTRIBUTING.md ]; }

check floors tools/check-floors.sh
check manners tools/check-manners.sh "$build"
check shellcheck shells
check codespell spelling
check negations negations
check cppcheck cpp
check clang-tidy tidy
check house-files licence
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
