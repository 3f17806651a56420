# SFTPGo 2.7.5 to Enterprise and back, an archive on SQLite. The Enterprise build is a STAND-IN (tests/fakes/sftpgo_enterprise):
# the real 2.7.5 with another version, a schema step of its own, WAL mode and a licence. Nothing here was seen on the real one.
load common
load sftpgo
bats_require_minimum_version 1.5.0

setup_file() {
	local status=0
	sftpgo_needed || { absence; return; }
	lab=$(mktemp -d /var/tmp/crossgrade-e2e.XXXXXX)
	root=$lab/conf new=$lab/stand-in.tar.gz
	export lab root new
	chmod 755 "$lab"
	"$BATS_TEST_DIRNAME/../fakes/sftpgo_enterprise/build.sh" archive "$new" 3>&- || status=$?
	[ $status -ne 77 ] || { absent 'the stand-in cannot be built' || absence; return; }
	[ $status -eq 0 ] || return
	(umask 077; echo pass-admin >"$lab/password"; echo wrong >"$lab/wrong"; echo pass-third >"$lab/third"
	echo pass-user-00001 >"$lab/user-00001"
	echo ABCD-EFGH-IJKL-MNOP >"$lab/licence")
	sftpgo_install 2.7.5 "$lab/opt" && sftpgo_prepare "$lab/opt" "$root" 1000 && sftpgo_start "$lab/opt" "$root" || return
	sftpgo_dump "$root" >"$lab/before.json"
}
teardown() { [ ! -f "$lab/slow.pid" ] || slow_stop; }
teardown_file() { sftpgo_lab_end; }

goal() { # USER PASSWORD_FILE [SETTING...]: the migration file
	cat >"$lab/migration.yaml" <<-END
		crossgrade: 1
		product: sftpgo
		source: {root: $root, login: {user: $1, password_file: $2}}
		target: {edition: enterprise, artifact: $new}
		settings:
		  license_file: $lab/licence
		  probe_users: [{user: user-00001, password_file: $lab/user-00001}]
	END
	[ $# -eq 2 ] || printf '  %s\n' "${@:3}" >>"$lab/migration.yaml"
}
database() { python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' "$root/sftpgo.db" "$1"; }
active_rules() { database 'select count(*) from events_rules where status = 1'; }
license_file() { echo "$root/env.d/00-crossgrade-license.env"; }

# An upload of SECONDS, 20,000 bytes each.
slow_upload() { # SECONDS
	local i
	head -c $(($1 * 20000)) /dev/zero >"$lab/large"
	echo "put $lab/large /slow.bin" >"$lab/batch"
	sftp -q -l 160 -P "$(sftpgo_ask "$root" sftp)" -i "$root.key" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -b "$lab/batch" user-00010@127.0.0.1 >"$lab/slow.out" 2>&1 3>&- 4>&- </dev/null &
	echo $! >"$lab/slow.pid"
	for ((i = 0; i < 600; i++)); do
		! sftpgo_rest "$root" GET /api/v2/connections | grep -q slow.bin || return 0
		sleep 0.1
	done
	cat "$lab/slow.out"
	return 1
}
slow_stop() {
	kill "$(cat "$lab/slow.pid")" 2>/dev/null || true
	rm -f "$lab/slow.pid"
}
# A folder of user-00001's that lies elsewhere: over SFTP with user-00010 of this very server, where it is allowed to.
far_folder() {
	echo SFTPGO_COMMON__ALLOW_SELF_CONNECTIONS=1 >"$root/env.d/to-itself.env"
	sftpgo_end "$root" && sftpgo_start "$lab/opt" "$root" || return
	sftpgo_rest "$root" GET /api/v2/users/user-00001 >"$lab/near"
	python3 - "$(sftpgo_ask "$root" sftp)" "$root.key" >"$lab/folder" <<-'END'
		import json, sys
		config = {"endpoint": "127.0.0.1:" + sys.argv[1], "username": "user-00010", "prefix": "/kept",
		          "private_key": {"status": "Plain", "payload": open(sys.argv[2]).read()}}
		print(json.dumps({"name": "elsewhere", "filesystem": {"provider": 5, "sftpconfig": config}}))
	END
	sftpgo_rest "$root" POST /api/v2/folders @"$lab/folder" >/dev/null
	python3 -c 'import json, sys; d = json.load(sys.stdin)
d["virtual_folders"] = [{"name": "elsewhere", "virtual_path": "/else where"}]; print(json.dumps(d))' <"$lab/near" >"$lab/far"
	sftpgo_rest "$root" PUT /api/v2/users/user-00001 @"$lab/far"
}
no_far_folder() {
	rm "$root/env.d/to-itself.env"
	sftpgo_rest "$root" PUT /api/v2/users/user-00001 @"$lab/near"
	sftpgo_rest "$root" DELETE /api/v2/folders/elsewhere
	sftpgo_dump "$root" >"$lab/before.json"
}
# What a trial of a login left.
trials() {
	find "$lab/srv" -name '*crossgrade-probe*'
	[ "$(database "select count(*) from users where username like 'crossgrade-probe%'")" = 0 ] || echo "an account"
}
# The old world, whole.
old_world() {
	sftpgo_serves 2.7.5
	[ "$(database 'select version from schema_version')" = 33 ]
	[ ! -e "$(license_file)" ]
	[ "$(active_rules)" = "$1" ]
}

@test "stand-in: without a login, rules that must be paused block; without a licence, so do files elsewhere" {
	cg check $(sftpgo_subject) --to-edition enterprise --output json
	exits 3
	[ "$(json '{c["verdict"] for c in d["checks"] if c["id"] == "sftpgo.event-rules"}')" = "{'block'}" ]
	[ "$(json '{c["verdict"] for c in d["checks"] if c["id"] == "sftpgo.license"}')" = "{'block'}" ]
}

@test "stand-in: a wrong password, a second factor and an open licence file are found before" {
	active_rules >"$lab/rules"
	goal admin "$lab/wrong"
	cg check -f "$lab/migration.yaml"
	exits 3
	[[ $output == *"does not take the login of 'admin'"* ]]
	blocked 2.7.5 'blocked by *sftpgo.login' -f "$lab/migration.yaml"
	goal third "$lab/third"
	chmod 644 "$lab/licence"
	cg check -f "$lab/migration.yaml"
	exits 3
	[[ $output == *"'third' has a second factor"* && $output == *"'$lab/licence' holds a secret and is open to everybody"* ]]
	blocked 2.7.5 'blocked by *sftpgo.login' -f "$lab/migration.yaml"
	chmod 600 "$lab/licence"
	old_world "$(cat "$lab/rules")"
}

# turned_back FAULT WORDS: with that in the environment of the next start, for these words.
turned_back() {
	printf '%b\n' "$1" >"$root/env.d/stand-in.env"
	cg apply -f "$lab/migration.yaml" --yes
	exits 5
	[[ $output == *$2* ]]
	[ -z "$(trials)" ]
	old_world "$(cat "$lab/rules")"
}

@test "stand-in: an event rule that somebody sets active between the plan and the stop is turned back from" {
	active_rules >"$lab/rules"
	printf '%s\n' "#!$(command -v python3)" 'import sqlite3, sys' "db = sqlite3.connect('$root/sftpgo.db', timeout=60)" \
		"db.execute(\"update events_rules set status = ? where name = 'uploads'\", ((sys.argv + [1])[1],))" 'db.commit()' >"$lab/rule"
	chmod 755 "$lab/rule"
	"$lab/rule" 0
	goal admin "$lab/password"
	echo "hooks: {before_stop: [$lab/rule]}" >>"$lab/migration.yaml"
	turned_back '' "event rule 'uploads' is active, and an action of it is one that Enterprise reads otherwise"
	rm "$root/env.d/stand-in.env"
}

# The old server is started with the faults' environment, too: those that it minds come last, one beside the other.
@test "stand-in: one that never opens SFTP, hangs, takes no licence, lists no folder elsewhere, has another host key or refuses a login is turned back from" {
	local keys=SFTPGO_SFTPD__HOST_KEYS=$lab/other_key login=SFTPGO_SFTPD__PASSWORD_AUTHENTICATION=0
	active_rules >"$lab/rules"
	[ "$(cat "$lab/rules")" -gt 3 ]
	goal admin "$lab/password" 'stall: 3s' 'probe_account: true'
	ssh-keygen -q -t ecdsa -N '' -f "$lab/other_key"
	turned_back STAND_IN=no-sftp "step 'ready'"
	turned_back STAND_IN=hang-migration "step 'ready'"*"its database has schema 33"
	goal admin "$lab/password" 'probe_account: true'
	turned_back STAND_IN=no-licence "step 'verify-gate': server: licence"
	goal admin "$lab/password" 'gate: none'
	far_folder
	turned_back SFTPGO_COMMON__ALLOW_SELF_CONNECTIONS=0 "step 'logins': user 'user-00001': '/else where' could be listed, and cannot"
	no_far_folder
	goal admin "$lab/password" 'probe_account: true'
	turned_back "$keys" "step 'verify-gate': server: host key ecdsa-sha2-nistp256 was"
	turned_back "$keys\n$login\nSFTPGO_SFTPD__KEYBOARD_INTERACTIVE_AUTHENTICATION=0" "step 'logins': user 'user-00001': login and a file worked, and does not"
	rm "$root/env.d/stand-in.env"
	sftpgo_end "$root" && sftpgo_start "$lab/opt" "$root"
}

@test "stand-in: killed while a login is tried, and after the rules were paused, it goes back; nothing of a trial is left" {
	local rules
	rules=$(active_rules)
	goal admin "$lab/password" 'probe_account: true'
	# At 14 a password is hashed for a second: the server is still at the killed run's account when the way back asks for it.
	echo SFTPGO_DATA_PROVIDER__PASSWORD_HASHING__BCRYPT_OPTIONS__COST=14 >"$root/env.d/slow.env"
	sftpgo_end "$root" && sftpgo_start "$lab/opt" "$root"
	"$BATS_TEST_DIRNAME/../tools/kill_at.py" logins-before:begin 600 \
		"$CG" --state-dir "$lab/state" apply -f "$lab/migration.yaml" --yes --output jsonl
	cg rollback --yes
	exits 0
	sleep 2
	[ -z "$(trials)" ]
	rm "$root/env.d/slow.env"
	sftpgo_end "$root" && sftpgo_start "$lab/opt" "$root"
	"$BATS_TEST_DIRNAME/../tools/kill_at.py" pause-rules:done 0 \
		"$CG" --state-dir "$lab/state" apply -f "$lab/migration.yaml" --yes --output jsonl
	[ "$(active_rules)" -lt "$rules" ]
	cg rollback --yes
	exits 0
	old_world "$rules"
}

@test "stand-in: across editions; transfers are waited for, then cut and named; rules are paused; the licence is there" {
	active_rules >"$lab/rules"
	goal admin "$lab/password" 'drain: 1s' 'probe_account: true' 'events: translate' "events_dump: $lab/events.json" 'events_accept: [one-email, empty-recipient]'
	slow_upload 600
	cg apply -f "$lab/migration.yaml" --yes --output jsonl
	exits 0
	sftpgo_serves 2.7.20260705
	[ "$(database 'select version from schema_version')" = 34 ]
	[ "$(database 'pragma journal_mode')" = wal ]
	[ "$(stat -c %a "$(license_file)")" = 600 ]
	[[ $output == *"cut by the stop: upload of '/slow.bin' by user-00010"* ]]
	[[ $output == *"left of a cut upload: $lab/srv/data/user-00010/.sftpgo-upload."* ]]
	[ "$(active_rules)" -lt "$(cat "$lab/rules")" ]
	! grep -rq ABCD-EFGH "$lab/state" || false
	[ -z "$(trials)" ]
	sed '/^target\|^settings/,$d' "$lab/migration.yaml" >"$lab/source.yaml"
	cg inspect -f "$lab/source.yaml" --output json
	exits 0
	[ "$(json 'sorted(d["facts"]["server.license"]["value"])')" = "['features', 'valid_from', 'valid_to']" ]
	cg report --output json
	exits 0
	valid report
	[ "$(json '[n for s in d["steps"] for n in s.get("notes", [])]' | grep -o "crossgrade-probe-[0-9a-f-]*' was made for it, and is removed" | wc -l)" = 2 ]
	# The stand-in's licence names no storage that is encrypted on the server's own disk; a real one may.
	[ "$(json '[x["what"] for x in d["not_proved"] if "licence" in x["what"]]')" = "[\"licence for storage 'encrypted'\"]" ]
}

# No Enterprise here: 2.7.5 keeps a template and never runs it. What is seen is that it is put, read back and taken away again.
@test "stand-in: a second plan puts the event actions, translated, and their rules back to work; and takes them back" {
	local paused
	[ "$(stat -c %a "$lab/events.json")" = 600 ]
	! grep -q '"payload"' "$lab/events.json" || false
	paused=$(active_rules)
	database "select group_concat(options, char(10)) from events_actions" >"$lab/actions"
	echo '  events_probe: true' >>"$lab/migration.yaml"
	cg apply -f "$lab/migration.yaml" --yes
	exits 5
	[[ $output == *"sends templates as they stand: it executes none"* ]]
	[ "$(database "select count(*) from events_actions where name like 'crossgrade-probe%'")" = 0 ]
	sed -i '/events_probe/d' "$lab/migration.yaml"
	cg apply -f "$lab/migration.yaml" --yes
	exits 0
	[ "$(active_rules)" -gt "$paused" ]
	[ "$(database "select status from events_rules where name = 'uploads'")" = 0 ]
	cg report
	[[ $output == *"event action 'post-json' is left as it is: its translation is not the same"*"event rule 'uploads' stays inactive"* ]]
	database "select group_concat(options, char(10)) from events_actions" | grep -q '{{ .Name }}'
	# Once more there is nothing to do.
	cg apply -f "$lab/migration.yaml" --yes
	exits 0
	cg report
	[[ $output == *"nothing to do: no translation is to be put"* && $output != *"no longer as it was dumped"* ]]
	cg rollback --yes
	exits 0
	cg rollback --yes
	exits 0
	[ "$(active_rules)" = "$paused" ]
	database "select group_concat(options, char(10)) from events_actions" | diff "$lab/actions" -
}

@test "stand-in: back to open source in place is refused, with the way out" {
	sftpgo_archive 2.7.5 "$lab/old.tar.gz"
	cg check sftpgo --root "$root" --artifact "$lab/old.tar.gz" --to-edition open-source --output json
	exits 3
	[[ $output == *sftpgo.source-edition* ]]
	[[ $output == *'restore a point of before'* ]]
}

@test "stand-in: what a killed server left of its write-ahead log does not meet the old database; rules are back at work" {
	kill -9 "$(pgrep -f -- "serve -c $root( |\$)")"
	[ -e "$root/sftpgo.db-wal" ]
	cg rollback --yes
	exits 0
	[ ! -e "$root/sftpgo.db-wal" ] && [ ! -e "$root/sftpgo.db-shm" ]
	[ "$(database 'pragma journal_mode')" = delete ]
	old_world "$(cat "$lab/rules")"
	sftpgo_objects
}
