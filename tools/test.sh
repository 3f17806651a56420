#!/bin/bash
# All tests. Installs what it needs, builds, runs every suite and prints one closing line
# "N passed, N failed, N skipped"; fails when anything fails. About 40 minutes on 2 cores.
#
#   tools/test.sh                 everything
#   tools/test.sh SUITE...        only these: lint unit kills fuzz asan e2e skeleton containers crash powercut errors broken systemd sftpgo package
#   SEED=n tools/test.sh crash    the same sample of kill points again
set -u
cd "$(dirname "$0")/.." || exit 2
. tools/need.sh
need_root tools/test.sh
need_packages build lint test real || exit 1

BUILD=${BUILD:-$PWD/build}
SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
LOGS=$BUILD/logs
export SEED
mkdir -p "$LOGS"
passed=0 failed=0 skipped=0

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

# Add a suite's own closing line to ours; a suite that ends without one, or badly, has failed.
tally() {
	local name=$1 status=$2 log=$3 line p f s
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1)
	if [ -z "$line" ]; then
		echo "== $name: ended with status $status and counted nothing; see $log"
		tail -n 15 "$log"
		failed=$((failed + 1))
		return
	fi
	read -r p f s < <(echo "$line" | tr -dc '0-9 \n' | awk '{print $1, $2, $3 + 0}')
	[ "$status" -eq 0 ] || [ "$f" -gt 0 ] || f=1
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	echo "== $name: $p passed, $f failed, $s skipped (${SECONDS}s so far)"
	[ "$f" -eq 0 ] || explain "$log"
	sed -n 's/^# counted: /   /p' "$log"
	grep -E '^(skip|SKIP)|# (skip|SKIP)|[0-9]+/[0-9]+ .* SKIP' "$log" | sort -u | head -n 25
}

suite() {
	local name=$1 log
	shift
	log=$LOGS/$name.log
	"$@" >"$log" 2>&1 </dev/null
	tally "$name" $? "$log"
}

build() { # directory option...
	local dir=$1
	shift
	[ -f "$dir/build.ninja" ] || meson setup "$dir" "$@" >"$LOGS/setup-$(basename "$dir").log" 2>&1 ||
		{ tail -n 20 "$LOGS/setup-$(basename "$dir").log"; return 1; }
	ninja -C "$dir" >"$LOGS/build-$(basename "$dir").log" 2>&1 ||
		{ grep -E 'error|warning' "$LOGS/build-$(basename "$dir").log" | head -n 20; return 1; }
}

# Of each test program that failed, all but what went well: Meson itself does not print what TAP says.
meson_failures() { # directory
	awk 'function tell() { if (bad) printf "not ok %s\n%s", name, said; bad = 0; said = "" }
		/^=+ [0-9]+\/[0-9]+ =+$/ { tell() }
		/^test: / { name = $0; sub(/^test: +/, "", name) }
		/^result: / { bad = !/exit status (0|77)$/; said = "  " $0 "\n"; next }
		/^not ok/ { bad = 1 }
		/^(ok |# (not )?ok|1\.\.|[-=]+( |$)|(start time|duration|command): )|^$/ { next }
		{ said = said "  " $0 "\n" }
		END { tell() }' "$1/meson-logs/testlog.txt"
}

# Meson counts programs; its summary becomes a closing line of ours.
meson_suite() { # directory suite...
	local dir=$1 status out s
	local -a suites=()
	shift
	for s in "$@"; do suites+=(--suite "$s"); done
	out=$(meson test -C "$dir" --no-rebuild --timeout-multiplier "${SLOW:-1}" "${suites[@]}" 2>&1)
	status=$?
	echo "$out"
	[ $status -eq 0 ] || meson_failures "$dir"
	echo "$out" | awk '/^Ok:/ { ok += $2 } /^Expected Fail:/ { ok += $3 } /^(Fail|Timeout):/ { bad += $2 } /^Unexpected Pass:/ { bad += $3 }
		/^Skipped:/ { skip += $2 } END { printf "%d passed, %d failed, %d skipped\n", ok, bad, skip }'
	return $status
}

# The first time real SFTPGo builds take minutes of a processor: those that suites leave idle which wait for servers.
build_servers_meanwhile() { # suite...
	case " $* " in
	*" e2e "*" sftpgo "*) ;;
	*) return ;;
	esac
	need_packages sftpgo
	nice -n 19 bash -c 'tests/real/sftpgo.sh build 2.6.4; tests/real/sftpgo.sh build 2.7.5; tests/fakes/sftpgo_enterprise/build.sh' \
		>"$LOGS/servers.log" 2>&1 </dev/null &
}

run_lint() { suite lint tools/ci.sh "$BUILD/gcc"; }
# The laws of what dumps and restores a database run on real ones.
run_unit() {
	need_packages sftpgo databases
	COMPOSE=$(tests/real/compose.sh fetch 2>>"$LOGS/servers.log") || COMPOSE=
	export COMPOSE
	suite unit meson_suite "$BUILD/gcc" unit laws golden cli
}
run_kills() { suite kills meson_suite "$BUILD/fault" kills; }
run_fuzz() { suite fuzz meson_suite "$BUILD/gcc" fuzz; }
run_asan() {
	build "$BUILD/asan" -Db_sanitize=address,undefined -Db_lundef=false --native-file tools/clang.ini || return 1
	suite asan env ASAN_OPTIONS=detect_leaks=1:halt_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 SLOW=4 \
		bash -c "$(declare -f meson_suite meson_failures); meson_suite '$BUILD/asan' unit laws golden fuzz"
}
# Without real SFTPGo builds or a database their scenarios are skipped, and it is said.
crash_suite() { need_packages sftpgo databases; suite "$1" tests/crash/run.sh "$2"; }
run_crash() { crash_suite crash sample; }
run_powercut() { crash_suite powercut powercut; }
run_errors() { crash_suite errors errors; }
run_broken() { crash_suite broken broken; }
run_systemd() { suite systemd tests/e2e/run.sh systemd; }
# Without Docker the suite skips itself, and says so.
run_containers() { need_packages containers; suite containers tests/e2e/run.sh containers; }
run_e2e() { suite e2e tests/e2e/run.sh real; }
# Builds both releases the first time, some minutes; without Go or a database the tests skip, and say so.
run_sftpgo() { need_packages sftpgo databases; suite sftpgo tests/e2e/run.sh sftpgo; }
run_skeleton() { suite skeleton tests/skeleton/run.sh; }
run_package() { suite package tools/check-package.sh; }

echo "seed $SEED (repeat with SEED=$SEED tools/test.sh SUITE); logs in $LOGS"
build "$BUILD/gcc" || exit 1
build "$BUILD/fault" -Dfault=true -Dtests=true || exit 1
export CROSSGRADE_BUILD=$BUILD/gcc CROSSGRADE_FAULT_BUILD=$BUILD/fault
[ $# -gt 0 ] || set -- lint unit kills fuzz asan e2e skeleton containers crash powercut errors broken systemd sftpgo package
build_servers_meanwhile "$@"
for s in "$@"; do
	"run_$s" || { echo "== $s: did not run"; failed=$((failed + 1)); }
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
