#!/bin/bash
# All tests. Installs what it needs, builds, runs every suite, three side by side, and prints one closing line
# "N passed, N failed, N skipped"; fails when anything fails.
#
#   tools/test.sh                 everything
#   tools/test.sh SUITE...        only these: lint unit kills fuzz asan e2e skeleton containers seatable crash powercut errors broken systemd sftpgo package
#   SEED=n tools/test.sh crash    the same sample of kill points again
#   LANES=n tools/test.sh         so many suites at a time
set -u
cd "$(dirname "$0")/.." || exit 2
. tools/need.sh
. tools/build.sh

# In this order: those that mostly wait for servers, among those that compute, the long ones first.
SUITES=(e2e lint unit kills asan sftpgo crash systemd errors seatable containers broken powercut skeleton package fuzz)
[ $# -gt 0 ] || set -- "${SUITES[@]}"
for s; do
	[[ " ${SUITES[*]} " == *" $s "* ]] || { echo "test.sh: no suite '$s'; there are: ${SUITES[*]}" >&2; exit 2; }
done
need_root tools/test.sh

BUILD=${BUILD:-$PWD/build}
SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
LOGS=$BUILD/logs QUEUE=$BUILD/logs/queue COUNTED=$BUILD/logs/counted BEGAN=$EPOCHSECONDS
export BUILD SEED LOGS QUEUE COUNTED BEGAN CROSSGRADE_BUILD=$BUILD/gcc CROSSGRADE_FAULT_BUILD=$BUILD/fault

# What a suite wants beside the common sets; what cannot be had its tests skip, and say so.
sets_of() {
	case $1 in
	unit | kills | asan | crash | powercut | errors | broken | sftpgo) echo sftpgo databases ;;
	systemd) echo sftpgo ;;
	containers | package | seatable) echo "$1" ;;
	esac
}

# Everything that is to be installed is installed here: a suite that did it would hold dpkg's lock against another.
install_for() { # suite...
	local s sets
	need_packages build lint test real || return
	sets=$(for s; do sets_of "$s"; done | tr ' ' '\n' | sort -u)
	# shellcheck disable=SC2086
	need_packages $sets || for s in $sets; do need_packages "$s"; done
	return 0
}

# What the first run fetches and builds for minutes, with what processors are left: suites find it, or wait for it.
warm_up() {
	local version
	for version in 9.0.3 9.3.4 8.2.0; do tests/real/questdb.sh fetch $version; done
	tests/real/compose.sh fetch
	tests/systemd/root.sh
	tests/systemd/root.sh rpm dnf dnf-plugins-core createrepo-c
	for version in 2.6.4 2.7.5; do nice -n 19 tests/real/sftpgo.sh build $version; done
	nice -n 19 tests/fakes/sftpgo_enterprise/build.sh
	nice -n 19 tests/real/seatable.sh images
	tests/real/seatable.sh library python
	tests/real/seatable.sh library node
}

# COMMAND... as process 1 of namespaces of its own, in the background: nothing it starts outlives it, and it does not outlive this
# script, however that ends.
enclosed() { exec setpriv --pdeathsig KILL unshare -m -p -f --kill-child --mount-proc "$@" </dev/null; }

builds() { build "$BUILD/gcc" && build_fault; }

queue() { # suite...
	local s n=100
	rm -rf "$QUEUE" "$COUNTED" && mkdir -p "$QUEUE" && : >"$COUNTED" || return
	for s; do
		n=$((n + 1))
		: >"$QUEUE/$n.$s"
	done
}

run_lanes() {
	local n
	local -a lanes=()
	for ((n = 0; n < ${LANES:-3}; n++)); do
		enclosed tools/lane.sh &
		lanes+=($!)
	done
	wait "${lanes[@]}"
}

install_for "$@" || exit 1
echo "seed $SEED (repeat with SEED=$SEED tools/test.sh SUITE); logs in $LOGS"
queue "$@" || exit 1
export -f build build_of build_fault builds warm_up
[ $# -lt ${#SUITES[@]} ] || { enclosed bash -c warm_up >"$LOGS/warm-up.log" 2>&1 & }
enclosed bash -c builds &
wait $! || exit 1
run_lanes
for s; do
	grep -q "^$s " "$COUNTED" || { echo "== $s: did not run"; echo "$s 0 1 0" >>"$COUNTED"; }
done
awk '{ p += $2; f += $3; s += $4 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' "$COUNTED"
