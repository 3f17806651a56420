# SFTPGo 2.6.4 to 2.7.5 and back with its data in PostgreSQL or in MariaDB, whichever SEED draws, or in both with WHOLE: there and back with
# a thousand users and clients that upload all the while, kills, and what must be refused.
load common
load sftpgo
bats_require_minimum_version 1.5.0

setup_file() {
	sftpgo_needed || { [ -n "$ABSENT" ]; return; }
	command -v pg_dump >/dev/null && command -v mariadb-dump >/dev/null || { export ABSENT="no pg_dump, or no mariadb-dump"; return 0; }
	local driver
	for driver in $(drivers); do begin "$driver" || return; done
}
drivers() { local -a of=(postgresql mysql); [ -n "${WHOLE-}" ] || of=("${of[SEED / 2 % 2]}"); echo "${of[@]}"; }
setup() { [ -z "${ABSENT-}" ] || skip "$ABSENT"; }
teardown_file() {
	local driver
	for driver in postgresql mysql; do
		[ -f "$BATS_FILE_TMPDIR/$driver" ] || continue
		with "$driver"
		uploads_stop
		sftpgo_end "$root"
		"$DB" end "$db"
		rm -rf "$lab"
	done
}

DB=$BATS_TEST_DIRNAME/../real/db.sh
SECRET=pass-sftpgo

# A lab for a driver, told to the tests by a file. The password of PostgreSQL's is in the server's environment alone.
begin() { # DRIVER
	lab=$(mktemp -d /var/tmp/crossgrade-e2e.XXXXXX)
	chmod 755 "$lab"
	root=$lab/conf db=$lab/db
	printf 'lab=%s root=%s db=%s new=%s\n' "$lab" "$root" "$db" "$lab/new.tar.xz" >"$BATS_FILE_TMPDIR/$1"
	with "$1"
	"$DB" start "$1" "$db" 3>&- 4>&- || return
	sftpgo_install 2.6.4 "$lab/opt" && sftpgo_archive 2.7.5 "$new" || return
	SFTPGO_DRIVER=$1 SFTPGO_DB=$db sftpgo_prepare "$lab/opt" "$root" 1000 || return
	"$DB" sql "$db" 'create table of_others (n int)' && "$DB" sql "$db" 'insert into of_others values (7)' || return
	[ "$1" = mysql ] || password ''
	serve && sftpgo_dump "$root" >"$lab/before.json" && sftpgo_seeded
}

with() { # DRIVER
	[ -f "$BATS_FILE_TMPDIR/$1" ] || skip "drawn by lot"
	# shellcheck disable=SC2046
	export driver=$1 $(cat "$BATS_FILE_TMPDIR/$1")
}

password() { sed -i 's/"password": "'"${2-$SECRET}"'"/"password": "'"$1"'"/' "$root/sftpgo.json"; }

serve() { SFTPGO_EXTRA=$([ "$driver" = mysql ] || echo "SFTPGO_DATA_PROVIDER__PASSWORD=$SECRET") sftpgo_start "$lab/opt" "$root"; }

schema() { "$DB" sql "$db" 'select version from schema_version'; }

# The old server on the old database; what is of others was never touched.
all_old() {
	sftpgo_serves 2.6.4
	[ "$(schema)" = 29 ]
	sftpgo_objects
	[ "$("$DB" sql "$db" 'select n from of_others')" = 7 ]
}

all_new() {
	sftpgo_serves 2.7.5
	[ "$(schema)" = 33 ]
	sftpgo_objects
}

# Nothing that crossgrade wrote or said shows the password; a launch record may, which only root can read.
no_secret() {
	[[ $output$stderr != *$SECRET* ]]
	! grep -rlaF "$SECRET" "$lab/state" --include='*.db*' --include='*.json' || return 1
	[ -z "$(find "$lab/state" -type f -perm /077)" ]
}

# The database's own programs, each telling what it was called with.
watched_tools() {
	local name at
	mkdir -p "$lab/watched"
	for name in pg_dump pg_restore psql mariadb-dump mariadb; do
		at=$(compgen -G "/usr/lib/postgresql/*/bin/$name" | sort -V | tail -n 1)
		at=${at:-$(command -v $name)}
		printf '#!/bin/sh\necho "%s $*" >>%s\nexec %s "$@"\n' $name "$lab/called" "$at" >"$lab/watched/$name"
		chmod 755 "$lab/watched/$name"
	done
}

# They were called, to dump, and to put back; with no secret.
called_without_secret() {
	grep -q '^\(pg_dump\|mariadb-dump\) .*--\(file\|result-file\)=' "$lab/called"
	grep -q '^\(psql\|mariadb\) .*\(load.sql\|source \)' "$lab/called"
	! grep -F "$SECRET" "$lab/called" || return 1
}

plan() {
	rm -f "$lab/plan.json"
	cg plan $(sftpgo_subject) -o "$lab/plan.json" "$@"
	exits 0
}

killed_in() { # STEP:STATE VERB ARGUMENT...
	local at=$1
	shift
	"$BATS_TEST_DIRNAME/../tools/kill_at.py" "$at" 30 "$CG" --state-dir "$lab/state" "$@" --yes --output jsonl
}

has_table() { [ "$("$DB" sql "$db" "select count(*) from information_schema.tables where table_name = '$1'")" = 1 ]; }

# A release that adds a table of its own, which hangs on the others: made by the migration as far as anybody can see, for a hook
# makes it before the gate opens; and with it one of somebody else's, which hangs on nothing.
release_that_adds() { # TABLE OF-OTHERS
	printf '#!/bin/bash\nPATH=%s exec %s sql %s "%s create table %s (id int, user_id int references users(id)); create table %s (n int)"\n' \
		"$PATH" "$DB" "$db" "$([ "$driver" = mysql ] || echo 'set role sftpgo;')" "$1" "$2" >"$lab/adds"
	chmod 755 "$lab/adds"
	printf '%s\n' "product: sftpgo" "source: {root: $root}" "target: {artifact: $new}" "hooks: {after_ready: [$lab/adds]}" \
		"settings: {dump_tools: $lab/watched}" >"$lab/migration.yaml"
}

there_and_back() {
	watched_tools
	release_that_adds added_by_release meanwhile_of_others
	cg inspect sftpgo --root "$root" --output json
	exits 0
	valid facts
	no_secret
	cg plan -f "$lab/migration.yaml" -o "$lab/plan.json"
	exits 0
	uploads_start user-00010 user-00020
	cg apply "$lab/plan.json" --yes
	exits 0
	no_secret
	all_new
	uploads_whole
	has_table added_by_release
	"$DB" sql "$db" "$([ "$driver" = mysql ] || echo 'set role sftpgo;') create table later_of_others (n int)"
	sftpgo_rest "$root" POST /api/v2/folders '{"name":"since-the-switch","mapped_path":"/srv/since"}'
	cg rollback --yes
	exits 9
	sftpgo_serves 2.7.5
	cg rollback --yes --save-new-writes "$lab/saved"
	exits 0
	uploads_stop
	uploads_whole
	all_old
	! has_table added_by_release || return 1
	cg finalize --yes
	exits 0
	[[ $output$stderr == *"its restore point in"* ]]
	grep -qa added_by_release "$lab"/.crossgrade-conf/*/tables-dropped-1.dump
	grep -qa since-the-switch <(pg_restore -f - "$lab"/.crossgrade-conf/*/tables-dropped-2.dump || cat "$lab"/.crossgrade-conf/*/tables-dropped-2.dump)
	has_table later_of_others && has_table meanwhile_of_others
	grep -q since-the-switch "$lab"/saved/*/changes.json
	no_secret
	called_without_secret
}

killed_in_the_dump() {
	plan
	killed_in dump:begin apply "$lab/plan.json"
	cg rollback --yes
	exits 0
	all_old
	plan
	killed_in dump:begin apply "$lab/plan.json"
	cg resume --yes
	exits 0
	all_new
}

killed_in_the_way_back() {
	killed_in database:undo rollback
	cg rollback --yes
	exits 0
	all_old
}

@test "PostgreSQL: there and back, with what was changed since saved" { with postgresql && there_and_back; }
@test "PostgreSQL: killed in the dump, back and forward" { with postgresql && killed_in_the_dump; }
@test "PostgreSQL: killed while it is put back" { with postgresql && killed_in_the_way_back; }

@test "MariaDB: there and back, with what was changed since saved" { with mysql && there_and_back; }
@test "MariaDB: killed in the dump, back and forward" { with mysql && killed_in_the_dump; }
@test "MariaDB: killed while it is put back" { with mysql && killed_in_the_way_back; }

# To Enterprise and back, with the thousand users, clients uploading. The Enterprise build is a STAND-IN, see sftpgo_enterprise.bats.
across_editions() {
	local new=$BATS_FILE_TMPDIR/stand-in.tar.gz
	[ -f "$new" ] || "$BATS_TEST_DIRNAME/../fakes/sftpgo_enterprise/build.sh" archive "$new" 3>&- || absent_here
	(umask 077; echo pass-admin >"$lab/password"; echo ABCD-EFGH-IJKL-MNOP >"$lab/licence")
	printf '%s\n' "product: sftpgo" "source: {root: $root, login: {user: admin, password_file: $lab/password}}" \
		"target: {edition: enterprise, artifact: $new}" "settings: {license_file: $lab/licence}" >"$lab/crossing.yaml"
	uploads_start user-00010 user-00020
	cg apply -f "$lab/crossing.yaml" --yes
	exits 0
	no_secret
	sftpgo_serves 2.7.20260705
	[ "$(schema)" = 34 ]
	has_table shares_groups_mapping
	cg rollback --yes
	exits 0
	uploads_stop
	uploads_whole
	all_old
	! has_table shares_groups_mapping || false
}
absent_here() { [ $? -eq 77 ] && skip 'the stand-in cannot be built'; }

@test "PostgreSQL, stand-in: across editions and back" { with postgresql && across_editions; }
@test "MariaDB, stand-in: across editions and back" { with mysql && across_editions; }

# refused WORDS COMMAND...: apply does nothing (3) and says why; COMMAND mends it, and the old world is whole.
refused() {
	if [ -f "$lab/refused.yaml" ]; then cg apply -f "$lab/refused.yaml" --yes; else cg apply $(sftpgo_subject) --yes; fi
	"${@:2}"
	exits 3
	[[ $output$stderr == *$1* ]]
	no_secret
	all_old
}

# What the database says no to is found before anything stops.
refusals() {
	local tools=$lab/tools name
	mkdir -p "$tools"
	for name in pg_dump psql pg_restore mariadb-dump mariadb; do
		printf '#!/bin/sh\necho "%s (PostgreSQL) 9.6.1 from 5.5.1-MariaDB"\n' "$name" >"$tools/$name"
		chmod 755 "$tools/$name"
	done
	printf 'crossgrade: 1\nproduct: sftpgo\nsource: {root: %s}\ntarget: {artifact: %s}\nsettings: {dump_tools: %s}\n' \
		"$root" "$new" "$tools" >"$lab/refused.yaml"
	refused 'is older than the server' rm "$lab/refused.yaml"
	"$DB" stop "$db"
	refused "$1" start_again
}
start_again() { "$DB" start "$driver" "$db" 3>&- 4>&-; }

@test "PostgreSQL: old programs, a database that is down" { with postgresql && refusals "Connection refused"; }
@test "MariaDB: old programs, a database that is down" { with mysql && refusals "Can't connect to server"; }

certificate() { # FILE: of itself alone
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$1.key" -out "$1.crt" 2>/dev/null
}

@test "PostgreSQL: a certificate of an authority that nobody knows" {
	with postgresql
	certificate "$db/own" && certificate "$root/other"
	chown --reference "$db" "$db"/own.*
	"$DB" sql "$db" "alter system set ssl_cert_file = '$db/own.crt'"
	"$DB" sql "$db" "alter system set ssl_key_file = '$db/own.key'"
	"$DB" sql "$db" 'alter system set ssl = on'
	"$DB" sql "$db" 'select pg_reload_conf()'
	timeout 60 bash -c 'until [ "$("$0" sql "$1" "show ssl")" = on ]; do sleep 0.05; done' "$DB" "$db"
	trusting_another 2
	refused 'certificate verify failed' trusting_as_before
}

# Its CA has signed nothing.
trusting_another() { # SSLMODE
	cp -p "$root/sftpgo.json" "$lab/plain.json"
	sed -i 's/"sslmode": [0-9]*/"sslmode": '"$1"'/; s|"root_cert": ""|"root_cert": "other.crt"|' "$root/sftpgo.json"
}
trusting_as_before() { mv "$lab/plain.json" "$root/sftpgo.json" && rm "$root"/other.*; }

@test "MariaDB: a certificate of an authority that nobody knows" {
	with mysql
	certificate "$root/other"
	trusting_another 1
	refused 'ertificate' trusting_as_before
}

# What it was started with was right then: the server serves on.
@test "PostgreSQL: a wrong password" {
	with postgresql
	"$DB" sql "$db" "alter role sftpgo password 'another'"
	refused 'password authentication failed' "$DB" sql "$db" "alter role sftpgo password '$SECRET'"
}

@test "MariaDB: a wrong password" {
	with mysql
	password wrong
	refused 'Access denied' password "$SECRET" wrong
}

@test "MariaDB: a migration that ends for good between two schema versions is rolled back" {
	with mysql
	"$DB" sql "$db" 'alter table users_groups_mapping add column sort_order int'
	plan
	cg apply "$lab/plan.json" --yes
	exits 5
	"$DB" sql "$db" 'alter table users_groups_mapping drop column sort_order'
	all_old
}

# A node's part in a cluster: where the others reach it, and that there are others.
sharing() { # CONF PORT
	sed -i -e 's/"is_shared": 0/"is_shared": 1/' -e '/"node": {/,/}/s/"host": ""/"host": "127.0.0.1"/' \
		-e '/"node": {/,/}/s/"port": 0/"port": '"$2/" "$1/sftpgo.json"
}

# A second node on $lab/conf2, of the old release, stopped; only its commands say how it is started.
second_node() {
	sftpgo_install 2.6.4 "$lab/opt2" && SFTPGO_DRIVER=mysql SFTPGO_DB=$db sftpgo_configure "$lab/opt2" "$lab/conf2" || return
	"$TOOLS/sftpgo_config.py" --ports "$lab/conf2/sftpgo.json" >"$lab/conf2.server"
	sharing "$lab/conf2" "$(sftpgo_ask "$lab/conf2" http)"
	cat >"$lab/node2" <<-END
		#!/bin/sh
		case \$1 in
		start) SFTPGO_LOG_FILE_PATH= setsid -f "$lab/opt2/sftpgo" serve -c "$lab/conf2" >>"$lab/conf2.out" 2>&1 </dev/null ;;
		stop) pkill -f -- "serve -c $lab/conf2\$"; while pgrep -f -- "serve -c $lab/conf2\$"; do sleep 0.05; done ;;
		status) pgrep -f -- "serve -c $lab/conf2\$" || exit 3 ;;
		esac
	END
	chmod 755 "$lab/node2"
	printf 'crossgrade: 1\nproduct: sftpgo\nsource: {root: %s, install: %s, service: {kind: command, start: [%s, start], stop: [%s, stop], status: [%s, status]}}\ntarget: {artifact: %s}\n' \
		"$lab/conf2" "$lab/opt2" "$lab/node2" "$lab/node2" "$lab/node2" "$new" >"$lab/leads.yaml"
	(cat "$lab/leads.yaml" && echo 'settings: {role: follower}') >"$lab/follows.yaml"
}

# A node that signs in nowhere: a session of the same account, which ends with log_out.
log_in_as_another() {
	mkfifo "$lab/held"
	MYSQL_PWD=$SECRET mariadb --no-defaults -h 127.0.0.1 -P "$(sed -n 's/^port=//p' "$db.server")" -u sftpgo -D sftpgo -n -N -B \
		<"$lab/held" >"$lab/logged-in" 3>&- 4>&- &
	another=$!
	exec 9>"$lab/held"
	echo 'select 1;' >&9
	timeout 120 bash -c 'until [ -s "$0" ]; do sleep 0.05; done' "$lab/logged-in"
}
log_out() { exec 9>&-; wait "$another"; }

# Both have signed in then.
second_node_starts() {
	"$lab/node2" start
	timeout 120 bash -c 'until [ "$("$0" sql "$1" "select count(*) from nodes")" = 2 ]; do sleep 0.1; done' "$DB" "$db"
}

# The first node's run, which waits so long for the end of others.
goes_first() { # SPAN [MORE]
	printf '%s\n' "product: sftpgo" "source: {root: $root}" "target: {artifact: $new}" "settings: {nodes_wait: $1}" "${2:-}" >"$lab/first.yaml"
	cg plan -f "$lab/first.yaml" -o "$lab/first-$1.json"
	exits 0
}

# Behind the wait, and before the stop; alive is who said so two minutes ago, and the run up to there takes its time.
second_node_comes_back() {
	"$lab/node2" stop
	"$DB" sql "$db" 'update nodes set updated_at = updated_at - 121000'
	printf '#!/bin/bash\nPATH=%s exec %s sql %s "update nodes set updated_at = unix_timestamp() * 1000"\n' "$PATH" "$DB" "$db" >"$lab/comes-back"
	chmod 755 "$lab/comes-back"
	goes_first 0s "hooks: {before_stop: [$lab/comes-back]}"
	cg apply "$lab/first-0s.json" --yes
	"$lab/node2" start
}

# It goes on when the second node has ended, two minutes later.
goes_first_after_second() {
	goes_first 1m
	inside "$CG" --state-dir "$lab/state" apply "$lab/first-1m.json" --yes --output jsonl >"$lab/waits" 2>&1 </dev/null 3>&- 4>&- &
	timeout 120 bash -c 'until grep -q "waits: other nodes are alive" "$0"; do sleep 0.1; done' "$lab/waits"
	sftpgo_serves 2.6.4
	"$lab/node2" stop
	"$DB" sql "$db" 'update nodes set updated_at = updated_at - 121000'
	wait "$!" || { tail -n 5 "$lab/waits"; return 1; }
}

# crossgrade on that node: a host of its own.
second() {
	run --separate-stderr "$CG" --state-dir "$lab/state2" "$@" </dev/null
	echo "second: crossgrade $* -> $status"
	echo "$output" | tail -n 20
	echo "$stderr" | tail -n 20
}

@test "MariaDB: a second node follows, and goes back before the one that went first" {
	with mysql
	sftpgo_end "$root"
	sharing "$root" "$(sftpgo_ask "$root" http)"
	serve && second_node
	second check -f "$lab/follows.yaml"
	exits 3
	[[ $output == *'schema 29, and 2.7.5 writes 33'* ]]
	second_node_starts
	goes_first 0s
	cg apply "$lab/first-0s.json" --yes
	exits 5
	[[ $output$stderr == *'0s are over: other nodes are alive'* ]]
	all_old
	second_node_comes_back
	exits 5
	[[ $output$stderr == *'other nodes are alive on the shared database'* ]]
	all_old
	goes_first_after_second
	all_new

	second check -f "$lab/leads.yaml"
	exits 3
	[[ $output == *'schema 33, and 2.6.4 writes 29'* ]]
	# The first node goes back while this one comes: the new release would migrate what nobody has dumped.
	printf '#!/bin/bash\nPATH=%s exec %s sql %s "update schema_version set version = 29"\n' "$PATH" "$DB" "$db" >"$lab/goes-back"
	chmod 755 "$lab/goes-back"
	(cat "$lab/follows.yaml" && echo "hooks: {before_stop: [$lab/goes-back]}") >"$lab/races.yaml"
	second apply -f "$lab/races.yaml" --yes
	exits 5
	[[ $output$stderr == *'the database has schema 29, and had 33'* ]]
	run -3 "$lab/node2" status
	"$DB" sql "$db" 'update schema_version set version = 33'
	second apply -f "$lab/follows.yaml" --yes
	exits 0
	[[ $(sftpgo_banner "$(sftpgo_ask "$lab/conf2" sftp)") == SSH-2.0-SFTPGo_2.7.5* ]]
	[ -z "$(find "$lab"/.crossgrade-conf2 -name database.dump)" ]
	all_new

	cg rollback --yes
	exits 1
	[[ $output$stderr == *'other nodes are alive'* ]]
	all_new
	second rollback --yes
	exits 0
	[[ $output$stderr == *'the database has schema 33, and 2.6.4 knows 29'* ]]
	run -3 "$lab/node2" status
	"$lab/opt2/sftpgo" --version | grep -F 2.6.4
	all_new
	# Two minutes later.
	"$DB" sql "$db" 'update nodes set updated_at = updated_at - 121000'
	log_in_as_another
	cg rollback --yes
	log_out
	exits 1
	[[ $output$stderr == *'1 more sessions of its account are open in the shared database'* ]]
	all_new
	cg rollback --yes
	exits 0
	all_old
}
