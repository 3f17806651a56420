#!/bin/bash
# /opt/seatable/scripts/seatable.sh of the stand-in: the words that the vendor's documentation uses.
# shellcheck source=tests/fakes/seatable/image/server/words.sh
. /templates/words.sh
export TZ=${TIME_ZONE:-UTC}
license=/opt/seatable/seatable-license.txt

# Enterprise looks at its licence here, and only here.
check_license() {
	local mode expiration until
	[ "$edition" = enterprise ] || return 0
	if [ ! -e $license ]; then
		[ -f /shared/seatable/seatable-license.txt ] || { echo 'Missing SeaTable License!'; exit 1; }
		ln -sfn /shared/seatable/seatable-license.txt $license
	fi
	mode=$(grep Mode $license | cut -d= -f2 | tr -d '" ')
	[ "$mode" != life-time ] || return 0
	expiration=$(grep Expiration $license | cut -d= -f2 | tr -d '" ')
	until=$(date -d "$expiration" +%s)
	[ "${until:-0}" -gt "$(date +%s)" ] || { echo 'SeaTable License Expired!'; exit 1; }
}

stop() {
	local pid
	pid=$(cat /opt/seatable/pids/stand-in.pid 2>/dev/null) || return 0
	grep -qz stand_in "/proc/$pid/cmdline" 2>/dev/null && kill -9 "$pid"
	rm -f /opt/seatable/pids/stand-in.pid
}

start() {
	check_license
	stop
	setsid python3 -m stand_in serve >>/opt/seatable/logs/dtable_web.log 2>&1 </dev/null &
	echo $! >/opt/seatable/pids/stand-in.pid
	echo 'SeaTable started'
}

case ${1-restart} in
start) start ;;
stop) stop ;;
restart) start ;;
backup-all | restore-all | superuser) exec python3 -m stand_in "$1" ;;
*) echo "Usage: $0 {start|stop|restart|superuser|backup-all|restore-all}"; exit 1 ;;
esac
