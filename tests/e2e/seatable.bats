# The tests' SeaTable by itself, then moved by crossgrade: Docker, Compose, MariaDB, Redis and Caddy are real, the server's image is a stand-in. What is
# seen of the server here is seen of the stand-in, not of SeaTable. The clients are the vendor's own libraries.
load common

bats_require_minimum_version 1.5.0

REAL=$BATS_TEST_DIRNAME/../real/seatable.sh
CLIENT=$BATS_TEST_DIRNAME/../tools/seatable_client

setup_file() {
	needed "$REAL" images || absence || return
	needed "$BATS_TEST_DIRNAME/../real/compose.sh" fetch || absence || return
	python=$("$REAL" library python 2>/dev/null) || true
	node=$("$REAL" library node 2>/dev/null) || true
	lab=$(mktemp -d /var/tmp/crossgrade-e2e.XXXXXX)
	home=$lab/home
	export lab home python node
	needed "$REAL" daemon "$lab" || absence || return
	eval "$("$REAL" env "$lab")"
	"$REAL" make "$home" 6.1 developer 6.1.0
	"$REAL" up "$home"
	[ -z "$python" ] || seed
}

teardown_file() {
	[ -n "${lab-}" ] || return 0
	clients_stop
	"$REAL" end "$lab"
	rm -rf "$lab"
}

# shellcheck disable=SC2154 # `env` sets it
published() { nsenter -t "$dockerd" -n "$@"; }
seed() { published "$python" "$CLIENT.py" seed --url http://127.0.0.1 --login admin@seatable.test --password pass-admin --base "$lab/base"; }
client() { published "$python" "$CLIENT.py" "$1" --url http://127.0.0.1 --base "$lab/base" --log "$lab/base.log"; }
node_client() { NODE_PATH=$node published node "$CLIENT.js" "$1" http://127.0.0.1 "$lab/base" "$lab/base.log"; }
says() { docker exec seatable-server curl -s -m 60 http://127.0.0.1:8000/server-info/; }
sql() { docker exec -e MYSQL_PWD="${PASSWORD-pa\$\$-db}" mariadb mariadb --no-defaults -h127.0.0.1 -uroot -N -B -e "$1"; }
misbehave() { echo "$*" >"$home/seatable-server/stand-in"; }
compose() { env -C "$home/seatable-compose" docker compose --progress quiet "$@"; }
image_is() { sed -i "s|^SEATABLE_IMAGE=.*|SEATABLE_IMAGE='seatable/seatable-$1'|" "$home/seatable-compose/.env"; }
with_clients() { [ -n "$python" ] || skip "no seatable-api by pip"; }
within() { # seconds COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

clients_start() {
	(exec nsenter -t "$dockerd" -n "$python" "$CLIENT.py" write --url http://127.0.0.1 --base "$lab/base" --log "$lab/base.log") \
		>"$lab/python.out" 2>&1 3>&- 4>&- &
	echo $! >"$lab/clients.pid"
	[ -n "$node" ] || return 0
	(NODE_PATH=$node exec nsenter -t "$dockerd" -n node "$CLIENT.js" write http://127.0.0.1 "$lab/base" "$lab/base.log") \
		>"$lab/node.out" 2>&1 3>&- 4>&- &
	echo $! >>"$lab/clients.pid"
}

clients_stop() {
	local pid
	[ -f "$lab/clients.pid" ] || return 0
	while read -r pid; do
		kill "$pid" 2>/dev/null && within 120 not_running "$pid"
	done <"$lab/clients.pid"
	rm "$lab/clients.pid"
}
# One of them was told that something more is stored.
clients_go_on() { within 120 grown "$(wc -l <"$lab/base.log")"; }
grown() { [ "$(wc -l <"$lab/base.log")" -gt "$1" ]; }
not_running() { ! kill -0 "$1" 2>/dev/null; }

@test "Developer on the layout of 6.1: it answers, by the proxy too, and its health is known" {
	[ "$(says)" = '{"version": "6.1.0", "edition": "developer edition"}' ]
	[ "$(published curl -s -m 60 http://127.0.0.1/dtable-server/ping/)" = '{"ret": "pong"}' ]
	published curl -sk -m 60 --resolve seatable.test:443:127.0.0.1 https://seatable.test/server-info/ | grep -q developer
	within 120 eval '[ "$(docker inspect --format "{{.State.Health.Status}}" seatable-server mariadb redis | sort -u)" = healthy ]'
	docker exec redis redis-cli ping | grep -q NOAUTH
}

@test "the database's password is set: a wrong one is refused, the configured one is not" {
	[ "$(sql 'select count(*) from ccnet_db.EmailUser where is_staff')" = 1 ]
	PASSWORD=wrong run sql 'select 1'
	[[ $output == *1045* ]]
}

@test "logins: who knows no password gets no token" {
	published curl -s -m 60 -d username=admin@seatable.test -d password=pass-admin http://127.0.0.1/api2/auth-token/ | grep -q '"token"'
	[ "$(published curl -s -m 60 -o /dev/null -w '%{http_code}' -d username=admin@seatable.test -d password=x http://127.0.0.1/api2/auth-token/)" = 400 ]
}

# shellcheck disable=SC2154 # bats sets them
cg() {
	run --separate-stderr published "$CG" --state-dir "$home/state" "$@" </dev/null
	echo "crossgrade $* -> $status"
	echo "$output" | tail -n 20
	echo "$stderr" | tail -n 20
}
migration() { # edition version [settings]
	printf 'product: seatable\nsource: {root: %s/seatable-compose}\ntarget: {edition: %s, version: %s}\nsettings: {%s}\n' "$home" "$@" >"$home/m.yaml"
}
states() { docker container ls --all --quiet | xargs docker inspect --format '{{.Id}} {{.State.StartedAt}}' | sort; }

@test "crossgrade finds it, tells it, judges a switch by minor and licence, and touches nothing" {
	states >"$lab/was"
	cg inspect
	exits 0
	[[ $output == *seatable*developer*6.1.0*"$home/seatable-compose"* ]]
	cg inspect seatable --root "$home/seatable-compose" --output json
	exits 0
	valid facts
	[ "$(json "d['facts']['server.says']['value']")" = "{'edition': 'developer edition', 'version': '6.1.0'}" ]
	[ "$(json "d['facts']['layout.kind']['value']")" = modern ]
	migration enterprise 6.1.8 ''
	cg check -f "$home/m.yaml"
	exits 3
	[[ $output == *license* ]]
	"$REAL" license "$lab/license.txt"
	migration enterprise 6.1.8 "license_file: $lab/license.txt"
	cg check -f "$home/m.yaml"
	exits 0
	migration enterprise 6.2.12 "license_file: $lab/license.txt"
	cg check -f "$home/m.yaml"
	exits 3
	[[ $output == *'crosses minor releases'* ]]
	states | cmp - "$lab/was"
}

@test "rows that lie nowhere but in operation_log survive a restart under the vendor's clients" {
	with_clients
	clients_start
	within 120 grep -q '^file.*live' "$lab/base.log"
	run grep -rqs 'live-' "$home/seatable-server/seatable/storage-data"
	[ "$status" -eq 1 ]
	docker restart --time 2 seatable-server >/dev/null
	"$REAL" ready "$home"
	clients_go_on
	clients_stop
	client check
	[ -z "$node" ] || node_client check
	echo "row nobody nothing 0" >"$lab/lie"
	run published "$python" "$CLIENT.py" check --url http://127.0.0.1 --base "$lab/base" --log "$lab/lie"
	[ "$status" -eq 1 ]
}

@test "crossgrade moves it to Enterprise under the clients, and back with what they wrote since" {
	with_clients
	within 120 eval '[ "$(docker inspect --format "{{.State.Health.Status}}" seatable-server)" = healthy ]'
	docker inspect --format '{{.Id}}' mariadb redis caddy >"$lab/others"
	migration enterprise 6.1.8 "license_file: $lab/license.txt"
	clients_start
	clients_go_on
	cg apply -f "$home/m.yaml" --yes
	exits 0
	[ "$(says)" = '{"version": "6.1.8", "edition": "enterprise edition"}' ]
	docker inspect --format '{{.Id}}' mariadb redis caddy | cmp - "$lab/others"
	clients_go_on
	cg rollback --yes
	exits 0
	clients_go_on
	clients_stop
	[ "$(says)" = '{"version": "6.1.0", "edition": "developer edition"}' ]
	docker inspect --format '{{.Id}}' mariadb redis caddy | cmp - "$lab/others"
	client check
	[ -z "$node" ] || node_client check
}

@test "the same rows and files with Enterprise in Developer's place, and a limit of users" {
	with_clients
	"$REAL" license "$home/seatable-compose/seatable-license.txt" MaxUsers=3
	image_is enterprise:6.1.8
	"$REAL" up "$home"
	[ "$(says)" = '{"version": "6.1.8", "edition": "enterprise edition"}' ]
	client check
	token=$(published curl -s -d username=admin@seatable.test -d password=pass-admin http://127.0.0.1/api2/auth-token/ | sed 's/.*: "\(.*\)".*/\1/')
	published curl -s -H "Authorization: Token $token" http://127.0.0.1/api/v2.1/admin/sysinfo/ | grep -q '"license_maxusers": 3'
	published curl -s -H "Authorization: Token $token" -d email=fourth@seatable.test -d password=x http://127.0.0.1/api/v2.1/admin/users/ |
		grep -q 'exceeds the limit'
	[ "$(cat "$home/seatable-server/seatable/conf/current_version.txt")" = 6.1.0 ]
}

@test "Enterprise without a valid licence stays up and answers nothing" {
	"$REAL" license "$home/seatable-compose/seatable-license.txt" "Expiration=$(date +%F)"
	began=$(date +%s)
	docker restart --time 2 seatable-server >/dev/null
	within 120 eval 'docker logs --since "$began" seatable-server 2>&1 | grep -q "SeaTable License Expired!"'
	[ "$(docker inspect --format '{{.State.Status}}' seatable-server)" = running ]
	run says
	[ "$status" -ne 0 ]
	rm "$home/seatable-compose/seatable-license.txt"
	compose down 2>/dev/null
	run compose up --detach
	[ "$status" -ne 0 ]
	[[ $output == *'bind source path does not exist'* ]]
}

# What the start script makes of a licence: its words, or "started".
judged() {
	docker exec judge sh -c 'rm -f /opt/seatable/seatable-license.txt; TIME_ZONE=UTC /templates/seatable.sh start 2>/dev/null' | tail -n 1
}

@test "what the start makes of each kind of licence file" {
	local file=$lab/judge/seatable-license.txt tomorrow
	mkdir "$lab/judge"
	tomorrow=$(date -d '+2 days' +%F)
	docker run --detach --name judge --volume "$lab/judge:/shared/seatable" seatable/seatable-enterprise:6.1.8 sh -c \
		'mkdir -p /opt/seatable/pids /opt/seatable/logs; exec sleep infinity' >/dev/null
	[ "$(judged)" = 'Missing SeaTable License!' ]
	mkdir "$file"
	[ "$(judged)" = 'Missing SeaTable License!' ]
	rmdir "$file"
	: >"$file"
	[ "$(judged)" = 'SeaTable License Expired!' ]
	judge() { # words of the licence, then what is said
		"$REAL" license "$file" "${@:2}"
		[ -z "${CRLF-}" ] || sed -i 's/$/\r/' "$file"
		echo "${*:2} -> $(judged)"
		[ "$(judged)" = "$1" ]
	}
	judge 'SeaTable started' "Expiration=$tomorrow"
	judge 'SeaTable License Expired!' Expiration=2020-01-01
	judge 'SeaTable License Expired!' "Expiration=$(date -u +%F)"
	judge 'SeaTable License Expired!' Expiration=
	judge 'SeaTable started' Expiration=2020-01-01 Mode=life-time
	judge 'SeaTable License Expired!' Expiration=2020-01-01 Mode=life-time 'Name=Mode Design Ltd'
	CRLF=1 judge 'SeaTable started' "Expiration=$tomorrow"
	CRLF=1 judge 'SeaTable License Expired!' Expiration=2020-01-01 Mode=life-time
	docker rm --force judge >/dev/null
}

@test "a slow SIGTERM costs its grace and ends in a kill; an older minor answers with errors" {
	: >"$home/seatable-compose/seatable-license.txt"
	image_is developer:6.1.0
	misbehave all slow-stop=30
	"$REAL" up "$home"
	began=$EPOCHREALTIME
	docker stop --time 1 seatable-server >/dev/null
	[ "$(docker inspect --format '{{.State.ExitCode}}' seatable-server)" = 137 ]
	awk "BEGIN { exit !($EPOCHREALTIME - $began > 1) }"
	misbehave all
	image_is developer:5.3.0
	compose up --detach
	within 120 eval 'says | grep -q "Unknown column"'
}

# One of them, by lot; the campaign takes all.
@test "the layouts of the other releases come up, and are moved to the other edition" {
	local layout edition version to_edition to_version
	local -a shapes=(
		"4.4 enterprise 4.4.9 developer 4.4.0"
		"5.1 developer 5.1.0 enterprise 5.1.9"
		"5.3 enterprise 5.3.12 developer 5.3.0"
		"6.2 developer 6.2.0 enterprise 6.2.12"
	)
	[ -n "${WHOLE-}" ] || shapes=("${shapes[SEED % 4]}")
	compose down 2>/dev/null
	"$REAL" license "$lab/license.txt"
	while read -r layout edition version to_edition to_version; do
		home=$lab/$layout
		"$REAL" make "$home" "$layout" "$edition" "$version"
		"$REAL" up "$home" </dev/null
		[ "$(says)" = "{\"version\": \"$version\", \"edition\": \"$edition edition\"}" ]
		if [ "$to_edition" = enterprise ]; then
			migration enterprise "$to_version" "license_file: $lab/license.txt"
			cg apply -f "$home/m.yaml" --yes
		else
			migration developer "$to_version" ''
			cg apply -f "$home/m.yaml" --yes
			exits 9
			cg apply -f "$home/m.yaml" --yes --accept-loss permissions
		fi
		exits 0
		[ "$(says)" = "{\"version\": \"$to_version\", \"edition\": \"$to_edition edition\"}" ]
		"$REAL" down "$home" 2>/dev/null
	done < <(printf '%s\n' "${shapes[@]}")
}

@test "a folder in the licence's place is one in the volume, too, and then no file can be there" {
	home=$lab/trap
	"$REAL" make "$home" 5.1 developer 5.1.0
	rm "$home/seatable-compose/seatable-license.txt"
	mkdir "$home/seatable-compose/seatable-license.txt"
	compose up --detach
	[ -d "$home/seatable-server/seatable/seatable-license.txt" ]
	compose down 2>/dev/null
	rmdir "$home/seatable-compose/seatable-license.txt"
	"$REAL" license "$home/seatable-compose/seatable-license.txt"
	run compose up --detach
	[ "$status" -ne 0 ]
	[[ $output == *'not a directory'* ]]
}
