# SeaTable's ways back, in the form that seatable.bats does not try: Docker, Compose, MariaDB, Redis and Caddy are real, the server's image is a stand-in, so
# what is seen of the server here is seen of the stand-in. The client that writes meanwhile is the vendor's own library.
load common

bats_require_minimum_version 1.5.0

REAL=$BATS_TEST_DIRNAME/../real/seatable.sh
CLIENT=$BATS_TEST_DIRNAME/../tools/seatable_client.py

setup_file() {
	needed "$REAL" images || absence || return
	needed "$BATS_TEST_DIRNAME/../real/compose.sh" fetch || absence || return
	python=$("$REAL" library python 2>/dev/null) || { absent "no seatable-api by pip" || absence; return; }
	lab=$(mktemp -d /var/tmp/crossgrade-e2e.XXXXXX)
	home=$lab/home
	export lab home python
	needed "$REAL" daemon "$lab" || absence || return
	eval "$("$REAL" env "$lab")"
	"$REAL" make "$home" 6.1 enterprise 6.1.8
	"$REAL" up "$home"
	client seed --login admin@seatable.test --password pass-admin
}

teardown_file() {
	[ -n "${lab-}" ] || return 0
	writer_stop
	"$REAL" end "$lab"
	rm -rf "$lab"
}

# shellcheck disable=SC2154 # `env` sets it
inside() { nsenter -t "$dockerd" -n "$@"; }
client() { nsenter -t "$dockerd" -n "$python" "$CLIENT" "$1" --url http://127.0.0.1 --base "$lab/base" "${@:2}"; }
says() { docker exec seatable-server curl -s -m 60 http://127.0.0.1:8000/server-info/; }
is() { [ "$(says)" = "{\"version\": \"$2\", \"edition\": \"$1 edition\"}" ]; }
sql() { docker exec -e MYSQL_PWD='pa$$-db' mariadb mariadb --no-defaults -h127.0.0.1 -uroot -e "$@"; }
misbehave() { echo "$*" >"$home/seatable-server/stand-in"; }

# An account's token, as settings.probe wants it.
token() {
	inside curl -s -m 5 -d username=admin@seatable.test -d password=pass-admin http://127.0.0.1/api2/auth-token/ |
		sed 's/.*: "\(.*\)".*/\1/' >"$lab/token"
	chmod 600 "$lab/token"
}
probe() { echo "probe: {token_file: $lab/token, base: '$(sed 's/.*"workspace_id": \([0-9]*\).*/\1/' "$lab/base")/lab'}"; }
# Caddy shows the certificate of another site, or its own again.
certificate() { # internal | FILE FILE
	docker exec caddy sed -i "s|tls .*|tls $*|" /etc/caddy/Caddyfile
	docker exec caddy caddy reload --config /etc/caddy/Caddyfile --adapter caddyfile 2>/dev/null
}

goal() { # EDITION VERSION [SETTINGS]
	printf 'crossgrade: 1\nproduct: seatable\nsource:\n  root: %s\ntarget:\n  edition: %s\n  version: %s\nsettings: {%s}\n' \
		"$home/seatable-compose" "$1" "$2" "${3-}" >"$lab/goal.yaml"
}

writer_start() {
	writer_stop
	(exec nsenter -t "$dockerd" -n "$python" "$CLIENT" write --url http://127.0.0.1 --base "$lab/base" --log "$lab/base.log") \
		>"$lab/writer.out" 2>&1 3>&- 4>&- &
	echo $! >"$lab/writer.pid"
}

writer_stop() {
	local pid i
	[ -f "$lab/writer.pid" ] || return 0
	pid=$(cat "$lab/writer.pid")
	rm "$lab/writer.pid"
	kill "$pid" 2>/dev/null
	for ((i = 0; i < 600; i++)); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
}

nothing_lost() { writer_stop && client check --log "$lab/base.log"; }

@test "to Developer what is lost is agreed to by name; a rollback keeps what users wrote since" {
	token
	goal developer 6.1.0 "$(probe)"
	cg apply -f "$lab/goal.yaml" --yes
	exits 9
	# shellcheck disable=SC2154 # bats sets it
	[[ $output$stderr == *'--accept-loss permissions'* ]]
	is enterprise 6.1.8
	sql "INSERT INTO dtable_db.profile_profile(user) VALUES('leaves@seatable.test')"
	cg apply -f "$lab/goal.yaml" --yes --accept-loss permissions
	exits 0
	is developer 6.1.0
	# What users delete meanwhile holds nothing up.
	sql "DELETE FROM dtable_db.profile_profile WHERE user = 'leaves@seatable.test'"
	# The old .env is kept there for the way back, 0600, with all that is in it.
	run grep -rlF --exclude-dir=undo 'pa$$-db' "$lab/state"
	[ "$status" -eq 1 ]
	run grep -rlF -f "$lab/token" "$lab/state"
	[ "$status" -eq 1 ]
	writer_start
	cg rollback
	exits 0
	is enterprise 6.1.8
	nothing_lost
}

@test "the client of settings.probe and the certificate: what is not as before is told" {
	goal developer 6.1.0 "$(probe)"
	misbehave developer wrong-file
	cg apply -f "$lab/goal.yaml" --yes --accept-loss permissions
	exits 5
	[[ $output$stderr == *'attachment files/'*'content was '* ]]
	is enterprise 6.1.8
	misbehave all
	# Dumped after the stop, the baseline has what the client saw before it.
	goal developer 6.1.0 "$(probe), dump: stopped"
	cg apply -f "$lab/goal.yaml" --yes --accept-loss permissions
	exits 0
	cg verify
	exits 0
	[[ $output != *'client, '* && $output != *certificate* ]]
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other.test \
		-addext subjectAltName=DNS:other.test -keyout "$home/caddy/other.key" -out "$home/caddy/other.crt" 2>/dev/null
	certificate /data/caddy/other.crt /data/caddy/other.key
	misbehave developer no-base
	cg verify
	exits 8
	[[ $output == *'names of the certificate'*other.test* ]]
	[[ $output == *'a base opened'*404* ]]
	certificate internal
	misbehave all
}

@test "rollback --restore-data counts the edits that go, saves them, and keeps a dump" {
	is developer 6.1.0
	client write --log "$lab/gone.log" --seconds 1
	sql "INSERT INTO ccnet_db.EmailUser(email, passwd, is_staff, is_active, ctime) VALUES('goes@seatable.test', '!', 0, 1, 0)"
	cg rollback --restore-data
	exits 9
	[[ $output$stderr == *'transactions since the switch: base '*'table ccnet_db.EmailUser (1)'* ]]
	is developer 6.1.0
	# What would fail with the server down is found before.
	truncate -s -1 "$home"/.crossgrade-seatable-compose/*/dtable_db.sql
	cg rollback --restore-data --accept-loss new-writes
	exits 1
	[[ $output$stderr == *'is not the dump that was taken'* ]]
	is developer 6.1.0
	echo >>"$(ls "$home"/.crossgrade-seatable-compose/*/dtable_db.sql)"
	# As a killed load leaves it behind: its client goes on in the container.
	sql 'SELECT SLEEP(600) FROM ccnet_db.EmailUser' ccnet_db >/dev/null 2>&1 &
	cg rollback --restore-data --save-new-writes "$lab/saved"
	exits 0
	is enterprise 6.1.8
	wait $! || true
	grep -q 'live-' "$lab"/saved/*/edits.tsv
	grep -q goes@seatable.test "$home"/.crossgrade-seatable-compose/*/gone-1-ccnet_db.sql
	[ -z "$(sql "SELECT email FROM ccnet_db.EmailUser WHERE email LIKE 'goes%'")" ]
	cg status
	[[ $output == *'gone-N-SCHEMA.sql'* ]]
	nothing_lost
}

@test "a server that never becomes ready turns back" {
	misbehave developer never-ready
	goal developer 6.1.0 'start_timeout: 20s'
	cg apply -f "$lab/goal.yaml" --yes --accept-loss permissions
	exits 5
	[[ $output$stderr == *'not ready'* ]]
	is enterprise 6.1.8
	nothing_lost
	misbehave all
}
