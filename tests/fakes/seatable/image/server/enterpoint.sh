#!/bin/bash
# Entry script of the stand-in for SeaTable's server image: the sequence, the log lines and the ways to fail that are known of the real one.
# shellcheck source=tests/fakes/seatable/image/server/words.sh
. /templates/words.sh
export TZ=${TIME_ZONE:-UTC}

stop() {
	local seconds
	! seconds=$(word slow-stop) || sleep "$seconds"
	exit 0
}
trap stop TERM

! word crash-on-start >/dev/null || { echo 'Traceback (most recent call last):'; exit 1; }

link_folders() {
	local name
	for name in ccnet conf db-data logs pids scripts seafile-data seahub-data storage-data; do
		mkdir -p "/shared/seatable/$name" && ln -sfn "/shared/seatable/$name" "/opt/seatable/$name"
	done
	mkdir -p /shared/nginx-logs /shared/ssl
	cp /templates/seatable.sh /opt/seatable/scripts/
}

stand_in() { python3 -m stand_in "$@" >>/opt/seatable/logs/init.log 2>&1 & wait $!; }

link_folders
first=
if [ -z "$(ls -A /opt/seatable/conf)" ]; then
	first=yes
	stand_in init
else
	echo 'Conf exists'
fi
upgrade() {
	[ "${SEATABLE_START_MODE-}" != cluster ] && [ ! -e /opt/seatable/conf/seatable-controller.conf ] || return 0
	! seconds=$(word pause) || { sleep "$seconds" & wait $!; }
	stand_in upgrade
}

if upgrade; then
	echo 'Start server'
	/opt/seatable/scripts/seatable.sh start
	[ -z "$first" ] || stand_in superuser
fi
echo
echo 'For more startup information, please check the /opt/seatable/logs/init.log'
echo
echo 'This is an idle script (infinite loop) to keep the container running.'
while :; do
	sleep 3600 &
	wait $!
done
