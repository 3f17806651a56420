#!/bin/bash
# Measure crossgrade against what people do without it; one line a row, with the goal and whether it is reached.
#
#   bench/run.sh [--quick] [--pairs N] [--size '3 GB'] [ROW...]       rows: downtime final-pass rollback memory sftpgo sftpgo-packages
#                                                     templates seatable (default: all)
#
# A full run takes about an hour and a half and wants the machine for itself; --quick takes 3 pairs instead of 21 and the small
# data only, and says so. Needs root, Maven, Java 17, rsync. Works on an ext4 file system made for it in a loop-mounted file
# below BENCH_DIR (default /var/tmp, 40 GB free), which is removed at the end.
#
#   downtime     a real server under writers, 0.3 and 3 GB: ours without and with a gate against a swap of the two builds without
#                any backup, and against the way by hand (stop, cp -a, start)
#   final-pass   the pass in the window, 3 GB in 29,000 files, after a writer at 50 MB/s through shared mappings; the copy is
#                compared with the tree each time. Also against rsync made as durable, and with nothing changed
#   rollback     the data's way back against rsync -a --delete
#   memory       the peak of a restore point over 200,000 files
#   sftpgo       a real SFTPGo with 10,000 users on SQLite against a bare restart; inspect and comparison, also of 40,000
#   sftpgo-packages  the same as a Debian package in a booted systemd against stop, dpkg -i of the same files, start
#   templates    10,000 event actions of SFTPGo translated for Enterprise
#   seatable     Developer to Enterprise in Docker Compose, its databases dumped while it runs, against that one container made anew, and
#                against the vendor's page: down, edit, up -d. All real but the server's image, which is the tests' stand-in
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=tools/need.sh
. tools/need.sh
need_root bench/run.sh
need_packages build real sftpgo seatable demo bench || exit 1
build=${CROSSGRADE_BUILD:-$PWD/build/bench}
if [ -z "${CROSSGRADE_BUILD-}" ]; then
	[ -f "$build/build.ninja" ] || meson setup "$build" --buildtype=release -Dwerror=false -Dtests=false >/dev/null || exit
fi
ninja -C "$build" src/cli/crossgrade src/exec/crossgrade-exec bench/bench-point bench/bench-templates >"$build/bench.log" || { tail -n 20 "$build/bench.log"; exit 1; }
lab=$(mktemp -d "${BENCH_DIR:-/var/tmp}/crossgrade-bench.XXXXXX") || exit
loop=
# Runs that are left when who measures was killed: each goes back first, or it would start servers on what is removed here.
runs() { pgrep -f -- "^$build/src/cli/crossgrade .*$lab/"; }
runs_end() {
	local i
	# shellcheck disable=SC2046
	for ((i = 0; i < 1200; i++)); do
		runs >/dev/null || return 0
		[ $((i % 600)) -gt 0 ] || kill $([ $i -eq 0 ] || echo -KILL) $(runs) 2>/dev/null
		sleep 0.1
	done
}
finish() {
	trap - EXIT INT TERM
	runs_end
	tests/real/questdb.sh end "$lab/disk/data/root"
	for conf in "$lab"/disk/sftpgo-*/conf; do [ ! -d "$conf" ] || tests/real/sftpgo.sh end "$conf"; done
	[ ! -d "$lab/disk/seatable" ] || tests/real/seatable.sh end "$lab/disk/seatable"
	# A server that is ending has files open for a moment after its name is gone.
	for _ in $(seq 50); do
		umount "$lab/disk" 2>/dev/null && break
		sleep 0.2
	done
	[ -z "$loop" ] || losetup -d "$loop"
	rm -rf "$lab"
}
trap finish EXIT
trap 'exit 130' INT TERM
truncate -s 40G "$lab/image"
mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$lab/image"
mkdir "$lab/disk"
# Past the page cache of the file below, or everything is cached twice.
loop=$(losetup --direct-io=on --find --show "$lab/image" 2>/dev/null || losetup --find --show "$lab/image") || exit
mount "$loop" "$lab/disk" || exit
/usr/bin/python3 bench/bench.py "$build" "$lab/disk" "$@"
