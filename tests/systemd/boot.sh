#!/bin/sh
# boot.sh ROOT [DIR...] - boot the systemd of ROOT in namespaces of its own; prints "PID BUS".
#
# PID is its init as seen from here, BUS the address for DBUS_SYSTEM_BUS_ADDRESS. ROOT is not written to: what the booted
# system changes lies in a tmpfs that ends with it. Each DIR appears inside at the same path, writable, so that a build
# and a test's own folder have one name in both worlds; PATH=SOURCE is SOURCE, a folder or a file, at PATH inside. Run things inside with
#
#	nsenter -t PID -a -r -w program ...
#
# and end it with stop.sh PID. Exit 77: it cannot be booted here, and why.
set -eu

# The first process of the namespaces: make the tree, become init.
if [ "${1-}" = --inside ]; then
	shift
	root=$1
	shift
	mount --make-rprivate /
	mount -t tmpfs -o mode=0755 tmpfs /mnt
	mkdir /mnt/upper /mnt/work /mnt/root
	mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
	cd /mnt/root
	mount -t proc proc proc
	mount -t sysfs -o ro sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mount -t tmpfs -o mode=0755 tmpfs run
	mount -t tmpfs -o mode=1777 tmpfs tmp
	mount -t tmpfs -o mode=0755 tmpfs dev
	mkdir dev/pts dev/shm
	mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
	ln -s pts/ptmx dev/ptmx
	for node in null zero full random urandom tty; do
		: >dev/$node
		mount --bind /dev/$node dev/$node
	done
	for dir; do
		[ ! -d "${dir#*=}" ] || mkdir -p "/mnt/root${dir%%=*}"
		mount --rbind "${dir#*=}" "/mnt/root${dir%%=*}"
	done
	exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /lib/systemd/systemd
fi

skip()
{
	echo "skip: $*" >&2
	exit 77
}

[ "$(id -u)" = 0 ] || skip "booting systemd needs root"
[ -x "$1/lib/systemd/systemd" ] || skip "$1 has no systemd"
groups=/sys/fs/cgroup/unified
[ -d $groups ] || groups=/sys/fs/cgroup
# Not by process id: there may be others like us in other namespaces.
group=$(mktemp -d "$groups/crossgrade-test-XXXXXX" 2>/dev/null) || skip "no cgroup can be made in $groups"

(
	echo 0 >"$group/cgroup.procs"
	exec setsid unshare -m -u -i -p -n -C -f --kill-child sh "$0" --inside "$@"
) </dev/null >/dev/null 2>&1 &
outer=$!

tries=1800 # three minutes: a busy machine is no reason to skip
until init=$(pgrep -P $outer) && bus=/proc/$init/root/run/dbus/system_bus_socket && [ -S "$bus" ]; do
	tries=$((tries - 1))
	if [ $tries = 0 ] || ! kill -0 $outer 2>/dev/null; then
		kill -9 $outer 2>/dev/null || :
		sleep 0.2
		rmdir "$group" 2>/dev/null || :
		skip "systemd did not get as far as its bus"
	fi
	sleep 0.1
done
nsenter -t "$init" -a -r -w systemctl is-system-running --wait >/dev/null 2>&1 || :
echo "$init unix:path=$bus"
