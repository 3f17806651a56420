#!/bin/sh
# stop.sh PID - end a system that boot.sh started, and remove its cgroups.
set -eu

init=$1
group=$(sed -n 's/^0:://p' "/proc/$init/cgroup")
groups=/sys/fs/cgroup/unified
[ -d $groups ] || groups=/sys/fs/cgroup
case $group in
/crossgrade-test-*) group=$groups/$(echo "$group" | cut -d/ -f2) ;;
*)
	echo "process $init is no system of boot.sh" >&2
	exit 1
	;;
esac

nsenter -t "$init" -a -r -w systemctl --no-block poweroff >/dev/null 2>&1 || :
tries=100
while kill -0 "$init" 2>/dev/null; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || kill -9 "$init" 2>/dev/null || :
	sleep 0.1
done
find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || :
