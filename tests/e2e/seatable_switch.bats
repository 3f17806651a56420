# SeaTable's ways back, and what goes wrong on the way: a server that does not come, Docker that goes, others who start, stop and take away.
load common
load seatable

bats_require_minimum_version 1.5.0

IMAGE=seatable/seatable-developer:6.1.0
PULLED=$REGISTRY/$IMAGE

# operation_log in a schema of its own, as large installations have it.
log_apart() {
	sql 'CREATE DATABASE logs CHARACTER SET utf8mb4; RENAME TABLE dtable_db.operation_log TO logs.operation_log'
	printf "ENABLE_OPERATION_LOG_DB = True\nDATABASES = {'operation_log': {'NAME': 'logs', 'HOST': 'mariadb'}}\n" \
		>>"$home/seatable-server/seatable/conf/dtable_web_settings.py"
	docker restart --time 2 seatable-server >/dev/null && "$REAL" ready "$home"
}

# The push takes its time, and is not needed before the third test.
setup_file() {
	{ seatable_begin 6.1 enterprise 6.1.8 && log_apart && token; } || absence || return
	[ -n "${ABSENT-}" ] || { registry_begin "$IMAGE" && touch "$lab/pushed"; } >"$lab/push.out" 2>&1 3>&- 4>&- &
}
teardown_file() { [ -z "${lab-}" ] || { watch_end; registry_end; }; seatable_end; }

# Caddy shows the certificate of another site, or its own again.
certificate() { # internal | FILE FILE
	docker exec caddy sed -i "s|tls .*|tls $*|" /etc/caddy/Caddyfile
	docker exec caddy caddy reload --config /etc/caddy/Caddyfile --adapter caddyfile 2>/dev/null
}
id_of() { docker container inspect --format '{{.Id}} {{.State.StartedAt}}' "$1"; }

# What anybody can read on the host: how docker is called, and what is called in the database's container.
calls_begin() {
	mkdir "$lab/called" # a file a process: calls may be made side by side
	program calling <<<"{ printf '%q ' docker \"\$@\"; echo; } >>$lab/called/\$\$; exec docker \"\$@\""
	"$BATS_TEST_DIRNAME/../tools/argv_watch.py" "$(docker container inspect --format '{{.State.Pid}}' mariadb)" "$lab/argv" 3>&- 4>&- &
	echo $! >"$lab/argv.pid"
	export CROSSGRADE_DOCKER=$lab/calling
}
watch_end() { [ ! -f "$lab/argv.pid" ] || { kill "$(cat "$lab/argv.pid")" && rm "$lab/argv.pid"; }; }
calls_end() {
	unset CROSSGRADE_DOCKER
	watch_end
	cat "$lab/called"/* >"$lab/calls"
	grep -q ' mariadb-dump ' "$lab/calls"
	grep -q ' up .* seatable-server $' "$lab/calls"
	run grep -F -e 'pa$$-db' -e 'pa\$\$-db' -e pass-redis "$lab/calls" "$lab/argv"
	[ "$status" -eq 1 ]
	# Of Compose nothing else: no other service is fetched, made anew or taken away.
	run grep -vE '^docker (compose .*(version|config) |compose .* up --no-start --no-deps .* seatable-server $|[^c]|container )' "$lab/calls"
	[ "$status" -eq 1 ]
}

@test "to Developer, what is lost agreed to by name; a second call meanwhile is refused, a server that ends slowly waited for" {
	local archive=$home/seatable-server/seatable/db-data/0f0a
	mkdir -p "$archive" && echo archived >"$archive/rows"
	goal developer 6.1.0 "$(probe)"
	cg apply -f "$lab/goal.yaml" --yes
	exits 9
	# shellcheck disable=SC2154 # bats sets it
	[[ $output$stderr == *'archived rows of 1 bases'*'--accept-loss archived-rows'* ]]
	is enterprise 6.1.8
	sql "INSERT INTO dtable_db.profile_profile(user) VALUES('leaves@seatable.test')"
	program second <<-END
		for verb in "apply -f $lab/goal.yaml --yes --accept-loss permissions --accept-loss archived-rows" rollback; do
			$CG --state-dir $lab/state \$verb </dev/null
			echo \$? >>$lab/second.codes
		done
	END
	goal developer 6.1.0 "$(probe)" "hooks: {before_stop: {argv: [$lab/second], within: 2m}}"
	misbehave enterprise slow-stop=2
	calls_begin
	move --accept-loss archived-rows
	misbehave all
	exits 0
	calls_end
	is developer 6.1.0
	# No copy has db-data: the server wrote them where one is made.
	grep -q archived "$home/seatable-server/seatable/storage-data/backup/0f0a/rows"
	rm -r "$archive"
	[ "$(sort -u "$lab/second.codes")" = 11 ]
	[ "$(wc -l <"$lab/second.codes")" = 2 ]
}

@test "the way back without the old image's name, or its licence, touches nothing; with them, it keeps what users wrote and who was made anew since" {
	local redis server
	compose up --detach --no-deps --force-recreate redis
	redis=$(id_of redis)
	# What users delete meanwhile holds nothing up.
	sql "DELETE FROM dtable_db.profile_profile WHERE user = 'leaves@seatable.test'"
	# The old .env is kept there for the way back, 0600, with all that is in it.
	run grep -rlF --exclude-dir=undo 'pa$$-db' "$lab/state"
	[ "$status" -eq 1 ]
	run grep -rlF -f "$lab/token" "$lab/state"
	[ "$status" -eq 1 ]
	docker tag seatable/seatable-enterprise:6.1.8 kept:1
	docker rmi seatable/seatable-enterprise:6.1.8 >/dev/null
	server=$(id_of seatable-server)
	clients_begin
	cg rollback
	exits 1
	[[ $output$stderr == *"'seatable/seatable-enterprise:6.1.8' is no longer on this host"*"docker tag"* ]]
	[ "$(id_of seatable-server)" = "$server" ]
	docker tag kept:1 seatable/seatable-enterprise:6.1.8
	docker rmi kept:1 >/dev/null
	# In its place the old Enterprise would read it.
	cp -p "$home/seatable-compose/seatable-license.txt" "$lab/holds"
	"$REAL" license "$home/seatable-compose/seatable-license.txt" Expiration=2020-01-01
	cg rollback
	exits 1
	[[ $output$stderr == *"would not start with 'seatable-license.txt'"* ]]
	[ "$(id_of seatable-server)" = "$server" ]
	cp -p "$lab/holds" "$home/seatable-compose/seatable-license.txt"
	cg rollback
	exits 0
	is enterprise 6.1.8
	[ "$(id_of redis)" = "$redis" ]
	nothing_lost
	# As docs/seatable.md has it: Compose's own next 'up' makes the server anew, once, and nobody else.
	redis="$(id_of redis) $(id_of mariadb) $(id_of caddy)" server=$(id_of seatable-server)
	compose up --detach
	[ "$(id_of seatable-server)" != "$server" ]
	server=$(id_of seatable-server)
	compose up --detach
	[ "$(id_of redis) $(id_of mariadb) $(id_of caddy) $(id_of seatable-server)" = "$redis $server" ]
	"$REAL" ready "$home"
}

pushed() { [ -e "$lab/pushed" ] || [ -s "$lab/no-registry" ]; }

# Where a registry can be had the next image comes from it; who serves at the pull is kept.
from_registry() {
	pulled=
	within 600 pushed || { cat "$lab/push.out"; return 1; }
	[ -e "$lab/pushed" ] || return 0
	login
	pulled=", image: '$PULLED'"
	id_of seatable-server >"$lab/serves"
	program pulling <<-END
		[ "\$1 \$2" != 'image pull' ] || echo "\$3 \$4 \$(docker container inspect --format '{{.State.Running}} {{.Id}} {{.State.StartedAt}}' seatable-server)" >>$lab/pulls
		exec docker "\$@"
	END
	export CROSSGRADE_DOCKER=$lab/pulling
}

@test "the client of settings.probe and the certificate: what is not as before is told, and that somebody opened the gate" {
	local policy pulled
	goal developer 6.1.0 "$(probe)"
	misbehave developer wrong-file
	move
	exits 5
	[[ $output$stderr == *'attachment files/'*'content was '* ]]
	is enterprise 6.1.8
	misbehave all
	# Dumped after the stop, the baseline has what the client saw before it.
	policy=$(docker container inspect --format '{{.HostConfig.RestartPolicy.Name}}' caddy)
	from_registry
	# Who is let in early deletes, too: that is no loss of the new server's, though nobody wrote from the stop to its start.
	sql "INSERT INTO dtable_db.profile_profile(user) VALUES('early@seatable.test')"
	program opens <<-'END'
		docker start caddy
		docker exec -e MYSQL_PWD='pa$$-db' mariadb mariadb --no-defaults -h127.0.0.1 -uroot -e \
			"DELETE FROM dtable_db.profile_profile WHERE user = 'early@seatable.test'"
	END
	goal developer "6.1.0$pulled" "$(probe), dump: stopped" "hooks: {after_ready: [$lab/opens]}"
	move
	unset CROSSGRADE_DOCKER
	exits 0
	[[ $output$stderr == *'; somebody let clients in before it was checked'* ]]
	[ "$(docker container inspect --format '{{.HostConfig.RestartPolicy.Name}}' caddy)" = "$policy" ]
	cg verify
	exits 8
	[[ $output == *'table dtable_db.profile_profile, rows'*' 1 not proved '* && $output != *'client, '* && $output != *certificate* ]]
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

@test "that switch pulled its image, and nothing else, from a registry that wants a login, while the old server served" {
	[ -e "$lab/pushed" ] || skip "$(sed 's/^skip: //' "$lab/no-registry")"
	[ "$(cat "$lab/pulls")" = "--quiet $PULLED true $(cat "$lab/serves")" ]
	[ "$(docker container inspect --format '{{.Config.Image}}' seatable-server)" = "$PULLED" ]
}

left_at_work() { [ "$(sql "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'")" = 1 ]; }

@test "rollback --restore-data counts the edits that go, saves them, and keeps a dump" {
	is developer 6.1.0
	sql 'SELECT op_id FROM logs.operation_log ORDER BY op_id' >"$lab/edits"
	python_client write --log "$lab/gone.log" --seconds 1
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
	sql 'SELECT SLEEP(600) FROM ccnet_db.EmailUser' ccnet_db >/dev/null 2>&1 3>&- 4>&- &
	within 60 left_at_work
	cg rollback --restore-data --save-new-writes "$lab/saved"
	exits 0
	is enterprise 6.1.8
	wait $! || true
	grep -q 'live-' "$lab"/saved/*/edits.tsv
	grep -q goes@seatable.test "$home"/.crossgrade-seatable-compose/*/gone-1-ccnet_db.sql
	# All of what came since is gone, and no more.
	grep -q live- "$home"/.crossgrade-seatable-compose/*/gone-1-logs.sql
	sql 'SELECT op_id FROM logs.operation_log ORDER BY op_id' | cmp - "$lab/edits"
	[ -z "$(sql "SELECT email FROM ccnet_db.EmailUser WHERE email LIKE 'goes%'")" ]
	cg status
	[[ $output == *'gone-N-SCHEMA.sql'* ]]
	run ! docker image inspect "$PULLED"
	nothing_lost
}

# From here on crossgrade's docker is a program that once, at the first call of Compose while the server is down, does something else before.
meddle() { # COMMAND...
	rm -rf "$lab/meddled"
	program meddling <<-END
		case " \$* " in
		*" compose "*) [ "\$(docker container inspect --format '{{.State.Running}}' seatable-server)" = true ] ||
			! mkdir $lab/meddled 2>/dev/null || $* >$lab/meddled/out 2>&1 3>&- 4>&- ;;
		esac
		exec docker "\$@"
	END
	export CROSSGRADE_DOCKER=$lab/meddling
}

@test "behind the gate nobody sees the new server, and a check that fails there costs no edit" {
	local caddy
	caddy=$(docker inspect --format '{{.Id}}' caddy)
	# Dumped after the stop, with nobody let in, a row that goes is the new server's loss.
	sql "INSERT INTO dtable_db.profile_profile(user) VALUES('lost@seatable.test')"
	program look <<-END
		! timeout 2 bash -c ': <>/dev/tcp/127.0.0.1/80' || touch $lab/seen
		touch $lab/asked
		docker exec -e MYSQL_PWD='pa\$\$-db' mariadb mariadb --no-defaults -h127.0.0.1 -uroot -e \
			"DELETE FROM dtable_db.profile_profile WHERE user = 'lost@seatable.test'"
	END
	goal developer 6.1.0 'dump: stopped' "hooks: {after_ready: [$lab/look]}"
	clients_begin
	# Somebody lets them in again, before there is a new server to be seen.
	meddle docker start caddy
	move
	exits 5
	[[ $output$stderr == *'table dtable_db.profile_profile: rows was '* ]]
	[ -d "$lab/meddled" ]
	is enterprise 6.1.8
	[ -e "$lab/asked" ]
	[ ! -e "$lab/seen" ]
	[ "$(docker inspect --format '{{.Id}} {{.State.Running}}' caddy)" = "$caddy true" ]
	nothing_lost
}

# ---- a server that does not come as it should

shape() { sql "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'dtable_db' ORDER BY 1, 2"; }

# turns_back WORDS SAID [SETTINGS]
turns_back() {
	goal developer 6.1.0 "${3-}"
	shape >"$lab/shape"
	misbehave "$1"
	move
	exits 5
	[[ $output$stderr == *"$2"* ]]
	misbehave all
	is enterprise 6.1.8
	shape | cmp - "$lab/shape"
	[ "$(docker container inspect --format '{{.HostConfig.RestartPolicy.Name}}' seatable-server)" = unless-stopped ]
	nothing_lost
}

@test "a server that never becomes ready turns back" {
	drawn 0 7
	turns_back 'developer never-ready' 'says nothing new and is not ready' 'stall: 5s'
}

@test "a server that ends as soon as it is started turns back" {
	drawn 1 7
	turns_back 'developer crash-on-start' 'the server ended before it answered'
}

@test "a server that answers as another edition turns back" {
	drawn 2 7
	turns_back 'developer edition=enterprise' 'answers as enterprise edition, not developer'
}

@test "a server that answers as another version turns back" {
	drawn 3 7
	turns_back 'developer version=6.1.9' "answers as version '6.1.9', not '6.1.0'"
}

@test "a server that moves the databases within its minor release stays until its tables are agreed to go" {
	drawn 4 7
	goal developer 6.1.0
	shape >"$lab/shape"
	misbehave 'developer moves-schema'
	move
	exits 8
	[[ $output$stderr == *'dtable_db'*'does not go back by itself'*'--restore-data'* ]]
	is developer 6.1.0
	cg rollback
	exits 1
	is developer 6.1.0
	misbehave all
	cg rollback --restore-data --save-new-writes "$lab/saved"
	exits 0
	is enterprise 6.1.8
	shape | cmp - "$lab/shape"
	nothing_lost
}

# ---- what others do meanwhile

@test "Docker's daemon goes in the window and comes again: the switch, to another patch, goes on" {
	drawn 5 7
	meddle "$REAL" again "$lab"
	goal enterprise 6.1.7
	cg apply -f "$lab/goal.yaml" --yes
	exits 0
	[ -d "$lab/meddled" ]
	is enterprise 6.1.7
	cg rollback
	exits 0
	is enterprise 6.1.8
	nothing_lost
}

@test "somebody's 'docker compose up -d' in the window is seen, and the old server is left in its place" {
	drawn 6 7
	meddle env -C "$home/seatable-compose" docker compose --progress quiet up --detach
	goal developer 6.1.0
	move
	exits 5
	[ -d "$lab/meddled" ]
	[[ $output$stderr == *'made anew by somebody in the window'* ]]
	is enterprise 6.1.8
	nothing_lost
}

@test "a disk that is full in the dump is found before anything stops" {
	drawn 0 7
	local server
	server=$(id_of seatable-server)
	mkdir "$lab/small"
	mount -t tmpfs -o size=64m none "$lab/small"
	program fill <<<"head -c 100M /dev/zero >$lab/small/junk || true"
	goal developer 6.1.0 'folders: none' "restore_point: {store: 'file://$lab/small'}
hooks: {before_stop: [$lab/fill]}"
	move
	umount "$lab/small"
	exits 5
	[[ $output$stderr == *'No space left on device'* ]]
	[ "$(id_of seatable-server)" = "$server" ]
	nothing_lost
}

@test "an old server that does not end when it is asked to: nothing is killed, and nobody says that it serves" {
	drawn 1 7
	local server
	server=$(id_of seatable-server)
	misbehave enterprise slow-stop=600
	goal developer 6.1.0 'stop_timeout: 2s'
	move
	exits 7
	[[ $output$stderr == *'is being stopped'*'nothing was killed'* ]]
	is enterprise 6.1.8
	cg rollback
	exits 7
	[ "$(id_of seatable-server)" = "$server" ]
	misbehave all
	docker kill seatable-server >/dev/null
	cg rollback
	exits 0
	is enterprise 6.1.8
	nothing_lost
}

# Every row that a client was told is stored is in what was saved, or there again.
saved_or_there() { # LOG DIR
	awk '$1 == "row" { print $2 }' "$1" | sort -u >"$lab/rows"
	sql 'SELECT operation FROM logs.operation_log' | cat - "$2"/*/edits.tsv | grep -aoFf "$lab/rows" | sort -u | diff - "$lab/rows"
}

@test "what clients write while the databases are dumped and since: --restore-data takes it, and has saved all of it" {
	drawn 2 7
	clients_begin "$lab/during.log"
	goal developer 6.1.0
	move
	exits 0
	within 120 took "$lab/during.log" "$(wc -l <"$lab/during.log")"
	clients_end
	cg rollback --restore-data --save-new-writes "$lab/during"
	exits 0
	is enterprise 6.1.8
	saved_or_there "$lab/during.log" "$lab/during"
	nothing_lost
}

# ---- the database meanwhile

health_is() { [ "$(docker container inspect --format '{{.State.Health.Status}}' "$1")" = "$2" ]; }

@test "a MariaDB that docker calls unhealthy is found before anything stops" {
	drawn 3 7
	local server
	server=$(id_of seatable-server)
	docker exec mariadb mv /usr/local/bin/healthcheck.sh /usr/local/bin/healthcheck.off
	within 120 health_is mariadb unhealthy
	goal developer 6.1.0
	move
	exits 3
	[[ $stderr == *'blocked by seatable.database'*'unhealthy'* ]]
	docker exec mariadb mv /usr/local/bin/healthcheck.off /usr/local/bin/healthcheck.sh
	within 120 health_is mariadb healthy
	[ "$(id_of seatable-server)" = "$server" ]
	is enterprise 6.1.8
	nothing_lost
}

# crossgrade's docker, which ends the database at the first call like this, and lets it come again at the first one like that behind it.
without_database() { # SHELL-CONDITION SHELL-CONDITION
	rm -rf "$lab/gone" "$lab/back"
	program meddling <<-END
		! { $1; } || ! mkdir $lab/gone 2>/dev/null || docker kill mariadb >/dev/null
		! { [ -d $lab/gone ] && $2; } || ! mkdir $lab/back 2>/dev/null || { docker "\$@"; said=\$?; docker start mariadb >/dev/null; exit \$said; }
		exec docker "\$@"
	END
	export CROSSGRADE_DOCKER=$lab/meddling
}
serves() { is enterprise 6.1.8; }

@test "a MariaDB that ends at its dump turns the run back, and nothing was stopped" {
	drawn 4 7
	local server dumps="[[ \" \$* \" == *' mariadb-dump --no-defaults '* ]]"
	server=$(id_of seatable-server)
	without_database "$dumps" "$dumps"
	goal developer 6.1.0
	move
	exits 5
	[ -d "$lab/back" ]
	[[ $output$stderr == *'dump the databases'* ]]
	[ "$(id_of seatable-server)" = "$server" ]
	within 120 serves
	nothing_lost
}

@test "a MariaDB that ends in the window and comes again on the way back: the old server serves" {
	drawn 5 7
	without_database "[[ \" \$* \" == *' compose '* ]] && [ \"\$(docker container inspect --format '{{.State.Running}}' seatable-server)\" != true ]" \
		"[[ \" \$* \" == *' mariadb --no-defaults '* ]]"
	goal developer 6.1.0 'stall: 5s'
	move
	exits 5
	[ -d "$lab/back" ]
	[[ $output$stderr == *'is not ready'* ]]
	within 120 serves
	nothing_lost
}

@test "a MariaDB that ends in the window and stays away: the new server is not stopped, and once it is there again the way back ends" {
	drawn 6 7
	without_database "[[ \" \$* \" == *' compose '* ]] && [ \"\$(docker container inspect --format '{{.State.Running}}' seatable-server)\" != true ]" false
	goal developer 6.1.0 'stall: 5s, start_timeout: 40s'
	move
	exits 8
	[ -d "$lab/gone" ]
	[[ $output$stderr == *'is not ready'*'it does not go back by itself'* ]]
	unset CROSSGRADE_DOCKER
	docker start mariadb >/dev/null
	cg rollback
	exits 0
	within 120 serves
	nothing_lost
}
