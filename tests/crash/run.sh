#!/bin/bash
# The proof that an installation is the old one, whole, or the new one, whole, whatever happens in between.
#
#   tests/crash/run.sh sample [NAME]       kills at a seeded sample of fault points; only of scenarios whose names begin so
#   tests/crash/run.sh powercut [NAME]     the plug pulled, on ext4 and xfs
#   tests/crash/run.sh errors [NAME]       full disks, failing calls, servers and operators that misbehave
#   tests/crash/run.sh broken              builds with a planted mistake: the cases above must find it
#   tests/crash/run.sh case ID             one case again, with everything it said
#
# SEED=n repeats a sample; with WHOLE set no scenario and no case is left to the lot, as none is of those that a NAME asks for;
# CRASH_WORKERS=n tries so many cases at a time. CROSSGRADE_FAULT_BUILD and CROSSGRADE_BUILD name the build directories with and without
# -Dfault.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export CROSSGRADE_FAULT_BUILD=${CROSSGRADE_FAULT_BUILD:-$here/../../build/fault}
export CROSSGRADE_BUILD=${CROSSGRADE_BUILD:-$here/../../build/gcc}
if [ "$(id -u)" != 0 ] || [ ! -x "$CROSSGRADE_FAULT_BUILD/src/cli/crossgrade" ]; then
	echo "needs root and a build with -Dfault=true in $CROSSGRADE_FAULT_BUILD" >&2
	exit 2
fi
# What is spoiled takes the tree's place, for nobody else.
own=()
[ "${1-}" != broken ] || own=(unshare -m)
exec "${own[@]}" /usr/bin/python3 -B "$here/crash.py" "$@"
