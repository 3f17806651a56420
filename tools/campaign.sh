#!/bin/bash
# What tools/test.sh samples, in full: hours on two cores. crash, powercut, real and fuzz print their seed and "cases run of all", and go
# on from where they were stopped (--from); the others are run whole.
#
#   tools/campaign.sh crash     every fault point of every scenario, ended both ways, then double kills
#   tools/campaign.sh laws      every fault point of every step kind
#   tools/campaign.sh powercut  a power cut at every fault point, on both file systems, journal and data together and apart
#   tools/campaign.sh errors    every case of what fails and who misbehaves, with real servers of every kind
#   tools/campaign.sh skeleton  every kill of the skeleton's server, known by its lock and by its ports
#   tools/campaign.sh real      every journey on real servers, then a kill at the begin and the end of every step there
#   tools/campaign.sh fuzz      each fuzz target, an equal share of the time
#   tools/campaign.sh events    pairs of an action of SFTPGo, old and translated, and an event, until stopped
#   tools/campaign.sh tidy      clang-tidy over all files of src, in ten minutes
#   tools/campaign.sh bench     every row of bench/run.sh, or those that are named, with its options
#
#   --from N      begin with case N       --max SPAN    stop after 90m, 2h ...       SEED=n    the same order of cases again
#   --among NAME  of crash and powercut: only scenarios whose names begin so, as sftpgo-postgresql or sftpgo
#
# crash, powercut, real, fuzz and laws end with a row for docs/proof.md. Cases that failed are repeated by the command they print; one whose
# worker was ended by the machine is tried once again, and said.
set -eu
cd "$(dirname "$0")/.."
. tools/need.sh
. tools/build.sh
need_root tools/campaign.sh

[ "${1:-}" != bench ] || exec bench/run.sh "${@:2}"

BUILD=${BUILD:-$PWD/build}
LOGS=$BUILD/logs
mkdir -p "$LOGS"
name=${1:-} from=1 max="" among=""
SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
export SEED
[ $# -gt 0 ] && shift
while [ $# -gt 0 ]; do
	case $1 in
	--from) from=$2 ;;
	--max) max=$2 ;;
	--among) among=$2 ;;
	*) echo "campaign.sh: '$1' is not understood" >&2; exit 2 ;;
	esac
	shift 2
done

seconds_of() {
	case $1 in
	*h) echo $((${1%h} * 3600)) ;;
	*m) echo $((${1%m} * 60)) ;;
	*) echo "${1%s}" ;;
	esac
}

crash() {
	build_fault
	CROSSGRADE_FAULT_BUILD=$BUILD/fault CROSSGRADE_BUILD=$BUILD/fault \
		tests/crash/run.sh campaign "$1" "$from" "$(seconds_of "${max:-24h}")" \
		"$BUILD/campaign-$1${among:+-$among}-$SEED.cases" "$among"
}

laws() {
	local status=0 kills illegal
	build_fault
	CROSSGRADE_BUILD=$BUILD/gcc meson test -C "$BUILD/fault" --suite laws --timeout-multiplier 8 --print-errorlogs || status=1
	read -r kills illegal < <(sed -n 's/^# counted: \([0-9]*\) kills.*, \([0-9]*\) illegal$/\1 \2/p' "$BUILD/fault/meson-logs/testlog.txt")
	echo "# | \`tools/campaign.sh laws\`, each fault point of each step kind | ${kills:-0} | ${kills:-0} | | ${illegal:-not counted} |"
	return $status
}

errors() {
	build "$BUILD/gcc"
	build_fault
	CROSSGRADE_FAULT_BUILD=$BUILD/fault CROSSGRADE_BUILD=$BUILD/gcc WHOLE=1 tests/crash/run.sh errors
}

skeleton() { WHOLE=1 tests/skeleton/run.sh; }

real() {
	local status=0
	build "$BUILD/gcc"
	export CROSSGRADE_BUILD=$BUILD/gcc FROM=$from SECONDS_MAX WHOLE=1
	SECONDS_MAX=$(seconds_of "${max:-24h}")
	[ "$from" -gt 1 ] || for journey in tests/e2e/*.bats; do
		case $journey in *sampled.bats) continue ;; esac
		echo "== $journey"
		tests/e2e/run.sh "$(basename "$journey")" || status=1
	done
	tests/e2e/run.sh sampled.bats || status=1
	return $status
}

events() {
	build "$BUILD/gcc" >/dev/null
	CROSSGRADE_BUILD=$BUILD/gcc PAIRS_FOR=$(seconds_of "${max:-24h}")s tests/e2e/run.sh sftpgo_events.bats
}

# One file per process: version 14 reports false va_list errors from the second file on.
tidy() {
	build "$BUILD/gcc"
	CROSSGRADE_TIDY=all CROSSGRADE_TIDY_MAX=100000 tools/ci.sh "$BUILD/gcc" clang-tidy
}

fuzz() {
	local sources share source target found run=0 failed=0
	build "$BUILD/fuzz" --native-file tools/clang.ini -Dfuzz=true
	sources=(fuzz/fuzz_*.c)
	share=$(($(seconds_of "${max:-4h}") / ${#sources[@]}))
	for source in "${sources[@]:from-1}"; do
		target=$(basename "$source" .c)
		found=$BUILD/fuzz/found/$target
		mkdir -p "$found"
		echo "== $target: $share s"
		"$BUILD/fuzz/fuzz/$target" -seed="$SEED" -max_total_time="$share" -print_final_stats=1 -artifact_prefix="$found-" \
			"$found" "fuzz/corpus/${target#fuzz_}" || failed=$((failed + 1))
		run=$((run + 1))
	done
	echo "targets $from to $((from - 1 + run)) of ${#sources[@]}, seed $SEED, $failed failed"
	echo "# | \`tools/campaign.sh fuzz\`, targets from $from on, $share s each | $run | ${#sources[@]} | $SEED | $failed |"
	[ $failed -eq 0 ]
}

case $name in
crash | powercut) crash "$name" ;;
errors | events | fuzz | laws | real | skeleton | tidy) "$name" ;;
*) sed -n '2,21s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
