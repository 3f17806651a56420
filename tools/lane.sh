#!/bin/bash
# One lane of tools/test.sh: takes suites from its queue until none is left, and prints of each, in one piece, what it counted and what
# failed. Process 1 of namespaces of its own: it reaps what suites leave, and all of that ends with it.
#
# QUEUE: a file a suite, in the order in which they are taken; COUNTED: gets a line "suite passed failed skipped" of each. LOGS, BUILD, SEED
# and BEGAN (seconds of the clock) are those of tools/test.sh.
set -u
cd "$(dirname "$0")/.." || exit 2
. tools/build.sh

# Debian's psql is a script in Perl that looks for the program and takes five times as long; laws ask it thousands of times.
for bin in /usr/lib/postgresql/*/bin; do
	[ ! -x "$bin/psql" ] || PATH=$bin:$PATH
done

# What each failing case said, its first and its last lines; after 80 lines names only. All that is seen of a run elsewhere.
explain() {
	awk 'function tell(i) {
			for (i = 1; i <= n; i++) {
				if (i > 1 && shown >= 80) break
				if (n <= 18 || i <= 10 || i > n - 8) { print substr(line[i], 1, 240); shown++ }
				else if (i == 11) print "  ..."
			}
			n = 0
		}
		/^(ok|not ok|[0-9]+ passed)/ { tell(); inside = /^not ok/ && cases++ < 40 }
		inside { line[++n] = $0 }
		END { tell() }' "$1"
}

# A suite's own closing line is what it counted; one that ends without, or badly, has failed.
tally() { # name status log
	local name=$1 status=$2 log=$3 line p=0 f=1 s=0
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1)
	if [ -z "$line" ]; then
		echo "== $name: ended with status $status and counted nothing; see $log"
		tail -n 15 "$log"
	else
		read -r p f s < <(echo "$line" | tr -dc '0-9 \n' | awk '{print $1, $2, $3 + 0}')
		[ "$status" -eq 0 ] || [ "$f" -gt 0 ] || f=1
		echo "== $name: $p passed, $f failed, $s skipped ($(spent "$name"); $((EPOCHSECONDS - BEGAN))s so far)"
		[ "$f" -eq 0 ] || explain "$log"
		sed -n 's/^# counted: /   /p' "$log"
		grep -E '^(skip|SKIP)|# (skip|SKIP)|[0-9]+/[0-9]+ .* SKIP' "$log" | sort -u | head -n 25
	fi
	echo "$name $p $f $s" >>"$COUNTED"
}

# What bash's own `time` says of it.
spent() { awk '{ printf "%ds, %ds of a processor", $1, $2 + $3 }' "$LOGS/$1.time"; }

suite() { # name command...
	local name=$1 log=$LOGS/$1.log status TIMEFORMAT='%0R %0U %0S'
	shift
	{ time "$@" >"$log" 2>&1 </dev/null; } 2>"$LOGS/$name.time"
	status=$?
	tally "$name" $status "$log" | flock "$COUNTED" cat
}

# Of each test program that failed, all but what went well: Meson itself does not print what TAP says.
meson_failures() { # directory log
	awk 'function tell() { if (bad) printf "not ok %s\n%s", name, said; bad = 0; said = "" }
		/^=+ [0-9]+\/[0-9]+ =+$/ { tell() }
		/^test: / { name = $0; sub(/^test: +/, "", name) }
		/^result: / { bad = !/exit status (0|77)$/; said = "  " $0 "\n"; next }
		/^not ok/ { bad = 1 }
		/^(ok |# (not )?ok|1\.\.|[-=]+( |$)|(start time|duration|command): )|^$/ { next }
		{ said = said "  " $0 "\n" }
		END { tell() }' "$1/meson-logs/$2.txt"
}

# Meson builds what is missing. It counts programs; its summary becomes a closing line of ours. Beside another lane everything takes
# longer.
meson_suite() { # directory suite...
	local dir=$1 status out s
	local -a suites=()
	shift
	for s in "$@"; do suites+=(--suite "$s"); done
	out=$(meson test -C "$dir" --logbase "$1" --timeout-multiplier "${SLOW:-2}" "${suites[@]}" 2>&1)
	status=$?
	echo "$out"
	[ $status -eq 0 ] || meson_failures "$dir" "$1"
	echo "$out" | awk '/^Ok:/ { ok += $2 } /^Expected Fail:/ { ok += $3 } /^(Fail|Timeout):/ { bad += $2 } /^Unexpected Pass:/ { bad += $3 }
		/^Skipped:/ { skip += $2 } END { printf "%d passed, %d failed, %d skipped\n", ok, bad, skip }'
	return $status
}

# To optimise this build takes longer than it saves.
under_asan() (
	build "$BUILD/asan" -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=0 -Dc_args=-gline-tables-only \
		--native-file tools/clang.ini || return
	export ASAN_OPTIONS=detect_leaks=1:halt_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	SLOW=8 meson_suite "$BUILD/asan" unit laws fuzz
)

# Docker Compose itself shows how it reads .env; where it cannot be had, that is skipped.
with_compose() {
	COMPOSE=$(tests/real/compose.sh fetch 2>>"$LOGS/compose.log") || COMPOSE=
	export COMPOSE
	"$@"
}

run_lint() { suite lint tools/ci.sh "$BUILD/gcc"; }
# The laws of step kinds are held by kills and by asan.
run_unit() { with_compose suite unit meson_suite "$BUILD/gcc" unit cli; }
run_kills() { LAWS_EVERY=7 suite kills meson_suite "$BUILD/fault" kills; }
run_fuzz() { suite fuzz meson_suite "$BUILD/gcc" fuzz; }
run_asan() { with_compose suite asan under_asan; }
run_crash() { suite crash tests/crash/run.sh sample; }
run_powercut() { suite powercut tests/crash/run.sh powercut; }
run_errors() { suite errors tests/crash/run.sh errors; }
run_broken() { suite broken tests/crash/run.sh broken; }
run_systemd() { suite systemd tests/e2e/run.sh systemd; }
run_containers() { suite containers tests/e2e/run.sh containers; }
run_seatable() { suite seatable tests/e2e/run.sh seatable; }
run_e2e() { suite e2e tests/e2e/run.sh real; }
run_sftpgo() { suite sftpgo tests/e2e/run.sh sftpgo; }
run_skeleton() { suite skeleton tests/skeleton/run.sh; }
run_package() { suite package tools/check-package.sh; }

# Who removes a suite's file has taken it.
take() {
	local file
	for file in "$QUEUE"/*; do
		rm "$file" 2>/dev/null && { echo "${file##*.}"; return; }
	done
	return 1
}

while name=$(take); do
	"run_$name"
done
