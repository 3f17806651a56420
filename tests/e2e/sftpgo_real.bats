# The real SFTPGo servers of the other tests, tried by themselves: without crossgrade, 2.6.4 is followed by 2.7.5 on the same
# data of each kind of database, and the tools that fill, use and judge them can tell.
bats_require_minimum_version 1.5.0

# shellcheck source=tests/real/sftpgo.sh
. "$BATS_TEST_DIRNAME/../real/sftpgo.sh"
DB=$BATS_TEST_DIRNAME/../real/db.sh
DEB=$BATS_TEST_DIRNAME/../real/sftpgo_deb.sh
RPM=$BATS_TEST_DIRNAME/../real/sftpgo_rpm.sh
DUMPS=$BATS_TEST_DIRNAME/../tools/sftpgo_dumps.py
WRITER=$BATS_TEST_DIRNAME/../tools/sftp_writer.py

# What ended with 77 is not there; with anything else it has failed.
absent() { # status said
	[ "$1" -ne 77 ] || skip "${2##*skip: }"
	echo "$2"
	return 1
}

# bats 1.8 knows no skip in setup_file: what is absent is found out once and told by every test.
setup_file() {
	local status=0
	export ABSENT='skip: needs root'
	[ "$(id -u)" = 0 ] || return 0
	ABSENT=$({ sftpgo_build 2.6.4 && sftpgo_build 2.7.5; } 2>&1 >/dev/null 3>&-) || status=$?
	[ $status -ne 77 ] || return 0
	[ $status -eq 0 ] || absent $status "$ABSENT"
	ABSENT=
	lab=$(mktemp -d /var/tmp/crossgrade-sftpgo.XXXXXX)
	chmod 711 "$lab"
	export lab
}

setup() {
	[ -z "$ABSENT" ] || absent 77 "$ABSENT"
	dir=$lab/$BATS_TEST_NUMBER conf=$lab/$BATS_TEST_NUMBER/conf
	mkdir -m 711 "$dir"
}

teardown() {
	[ -z "$ABSENT" ] || return 0
	sftpgo_end "$conf"
	"$DB" end "$dir/db"
}

teardown_file() { [ -z "${lab-}" ] || rm -rf "$lab"; }

# 2.6.4 with every kind of object, then 2.7.5 on what it left.
follow() { # driver
	local SFTPGO_DRIVER=$1 SFTPGO_DB=$dir/db
	export SFTPGO_DRIVER SFTPGO_DB
	sftpgo_prepare 2.6.4 "$conf" 200
	sftpgo_start 2.6.4 "$conf"
	sftpgo_dump "$conf" >"$dir/before"
	sftpgo_stop "$conf"
	sftpgo_start 2.7.5 "$conf"
	sftpgo_dump "$conf" >"$dir/after"
	sftpgo_rest "$conf" GET /api/v2/version | grep -q '"version":"2.7.5"'
	grep -q '^{.*"version":17}' "$dir/after"
	run "$DUMPS" "$dir/before" "$dir/after"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"201 users, 9 groups, 10 folders, 5 admins, 5 api_keys, 20 shares, 18 event_actions, 9 event_rules"* ]]
}

database() { # driver
	local reason
	reason=$("$DB" start "$1" "$dir/db" 2>&1 3>&-) || absent $? "$reason"
}

# One of the four, by lot, or all with WHOLE: drawn N.
drawn() { [ -n "${WHOLE-}" ] || [ $((SEED / 2 % 4)) -eq "$1" ] || skip "drawn by lot"; }

@test "2.7.5 follows 2.6.4 on SQLite" {
	drawn 0
	follow sqlite
	[ "$(sqlite_version "$conf/sftpgo.db")" = 33 ]
}

sqlite_version() {
	python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("select version from schema_version").fetchone()[0])' "$1"
}

@test "2.7.5 follows 2.6.4 on bolt" {
	drawn 1
	follow bolt
	! head -c 15 "$conf/sftpgo.db" | grep -q SQLite || false
}

@test "2.7.5 follows 2.6.4 on PostgreSQL" {
	drawn 2
	database postgresql
	follow postgresql
	[ "$("$DB" sql "$dir/db" 'select version from schema_version')" = 33 ]
	[ ! -e "$conf/sftpgo.db" ]
}

@test "2.7.5 follows 2.6.4 on MariaDB" {
	drawn 3
	database mysql
	follow mysql
	[ "$("$DB" sql "$dir/db" 'select version from schema_version')" = 33 ]
	[ ! -e "$conf/sftpgo.db" ]
}

@test "logins by key and by password, and only with the right master key for who needs it" {
	SFTPGO_MASTER_KEY=my-master-key sftpgo_start 2.6.4 "$conf"
	sftpgo_seed "$conf" 20
	[ "$(sftpgo_dump "$conf" | grep -o '"mode":1' | wc -l)" -gt 5 ]
	echo 'put /etc/hostname name' | sftpgo_sftp "$conf" user-00010 key
	cmp /etc/hostname "$dir/srv/data/user-00010/name"
	echo 'put /etc/hostname name' | sftpgo_sftp "$conf" user-00007 password
	run ! cmp /etc/hostname "$dir/srv/data/user-00007/name"
	sftpgo_stop "$conf"
	printf wrong >"$conf/master.key"
	sftpgo_start 2.6.4 "$conf"
	echo ls | sftpgo_sftp "$conf" early password
	echo ls | run ! sftpgo_sftp "$conf" user-00007 password
}

more_uploads() { # THAN
	timeout 60 bash -c 'until [ -f "$0" ] && [ "$(wc -l <"$0")" -gt "$1" ]; do sleep 0.05; done' "$dir/log" "$1"
}

@test "what clients upload through a stop and a start is there; what is changed is noticed" {
	sftpgo_prepare 2.6.4 "$conf" 30
	sftpgo_start 2.6.4 "$conf"
	eval "$(sftpgo_env "$conf")"
	"$WRITER" write --port "$sftp" --key "$conf.key" --log "$dir/log" --users user-00010 user-00020 >"$dir/out" 3>&- &
	writer=$!
	more_uploads 0
	sftpgo_stop "$conf"
	# Each connection is cut, so that who uploads again has failed before.
	stopped=$(wc -l <"$dir/log")
	sftpgo_start 2.7.5 "$conf"
	more_uploads $((stopped + 2))
	kill "$writer"
	wait "$writer"
	grep -E '^[1-9][0-9]* uploads acknowledged, [1-9][0-9]* failed' "$dir/out"
	"$WRITER" check --log "$dir/log" --home "$dir/srv/data"
	"$WRITER" check --log "$dir/log" --port "$sftp" --key "$conf.key"
	echo more >>"$dir/srv/data/$(head -n 1 "$dir/log" | cut -d ' ' -f 1,2 --output-delimiter=/)"
	run ! "$WRITER" check --log "$dir/log" --home "$dir/srv/data"
}

@test "archives run where they are unpacked, packages have what the vendor's have" {
	sftpgo_archive 2.6.4 "$dir/new.tar.gz"
	mkdir "$dir/opt"
	tar -C "$dir/opt" -xf "$dir/new.tar.gz"
	sftpgo_start "$dir"/opt/* "$conf"
	run "$DEB" 2.7.5 "$dir"
	[ "$output" = "$dir/sftpgo_2.7.5-1_$(dpkg --print-architecture).deb" ]
	[ "$(dpkg-deb -f "$output" Version)" = 2.7.5-1 ]
	dpkg-deb --ctrl-tarfile "$output" | tar -xO ./conffiles | grep -qx /etc/sftpgo/sftpgo.json
	dpkg-deb --ctrl-tarfile "$output" | tar -xO ./postinst | grep -q 'deb-systemd-invoke \$_dh_action'
	dpkg-deb --fsys-tarfile "$output" | tar -xO ./etc/sftpgo/sftpgo.json | grep -q /var/lib/sftpgo/sftpgo.db
}

@test "RPM packages have what the vendor's have" {
	command -v rpmbuild >/dev/null || skip "no rpmbuild"
	run "$RPM" 2.7.5 "$dir"
	[ "$output" = "$dir/sftpgo-2.7.5-1.$(uname -m).rpm" ]
	[ "$(rpm -qpc "$output")" = /etc/sftpgo/sftpgo.json ]
	rpm -qp --scripts "$output" | grep -q 'systemctl try-restart sftpgo.service'
}

@test "a release that cannot be had is told from one that fails" {
	run -77 --separate-stderr sftpgo_build 2.6.6
	[[ $stderr == "skip: SFTPGo 2.6.6 cannot be had"* ]]
	run -77 --separate-stderr env PATH=/nowhere /bin/bash -c ". '$BATS_TEST_DIRNAME/../real/sftpgo_build.sh'; sftpgo_go" </dev/null
}
