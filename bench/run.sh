#!/bin/bash
# Measure crossgrade against what people do without it; one line a row, with the goal and whether it is reached.
#
#   bench/run.sh [--quick] [ROW...]       rows: downtime final-pass rollback memory (default: all)
#
# --quick takes 3 pairs instead of 21 and the small data only, and says so. Needs root, Maven, Java 17, rsync. Works on an
# ext4 file system made for it in a loop-mounted file below BENCH_DIR (default /var/tmp), which is removed at the end.
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=tools/need.sh
. tools/need.sh
need_root bench/run.sh
need_packages build real demo bench || exit 1
build=${CROSSGRADE_BUILD:-$PWD/build/bench}
if [ -z "${CROSSGRADE_BUILD-}" ]; then
	[ -f "$build/build.ninja" ] || meson setup "$build" --buildtype=release -Dwerror=false -Dtests=false >/dev/null || exit
	ninja -C "$build" >/dev/null || exit
fi
lab=$(mktemp -d "${BENCH_DIR:-/var/tmp}/crossgrade-bench.XXXXXX") || exit
finish() {
	trap - EXIT INT TERM
	tests/real/questdb.sh end "$lab/disk/data/root"
	# A server that is ending has files open for a moment after its name is gone.
	for _ in $(seq 50); do
		umount "$lab/disk" 2>/dev/null && break
		sleep 0.2
	done
	rm -rf "$lab"
}
trap finish EXIT
trap 'exit 130' INT TERM
truncate -s 40G "$lab/image"
mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$lab/image"
mkdir "$lab/disk"
mount -o loop "$lab/image" "$lab/disk" || exit
/usr/bin/python3 bench/bench.py "$build/src/cli/crossgrade" "$lab/disk" "$@"
