# SFTPGo 2.6.4 to 2.7.5 and back, an archive run as a plain process on SQLite, clients uploading all the while.
load common
load sftpgo
bats_require_minimum_version 1.5.0

setup_file() {
	sftpgo_needed || { absence; return; }
	sftpgo_files 1000 && sftpgo_doors && sftpgo_serve && uploads_start user-00010 user-00020 user-00030 || return
	(umask 077; echo pass-admin >"$lab/admin"; echo pass-user-00001 >"$lab/user-00001"; echo pass-user-00002 >"$lab/user-00002"
		echo pass-user-00052 >"$lab/user-00052"; echo pass-user-00007 >"$lab/user-00007")
	cat >"$lab/migration.yaml" <<-END
		source: {login: {user: admin, password_file: $lab/admin}}
		settings:
		  probe_users:
		  - {user: user-00001, password_file: $lab/user-00001}
		  - {user: user-00002, password_file: $lab/user-00002}
		  - {user: user-00052, password_file: $lab/user-00052}
		  - {user: user-00007, password_file: $lab/user-00007}
		  - {user: user-00030, private_key_file: $root.key}
		  - {user: user-00010, private_key_file: $root.key}
		  probe_rule: by hand
	END
}
teardown_file() { sftpgo_lab_end; }

probed() { find "$lab/srv" -name '*crossgrade-probe*'; }

@test "inspect sees the server, its configuration and its database" {
	cg inspect sftpgo --root "$root" --output json
	exits 0
	valid facts
	[ "$(json 'd["facts"]["server.version"]["value"]')" = 2.6.4 ]
	[ "$(json 'd["facts"]["provider.schema"]["value"]')" = 29 ]
	[ "$(json 'd["facts"]["provider.counts"]["value"]["users"]')" -ge 1000 ]
	[ "$(json 'd["facts"]["service.kind"]["value"]')" = process ]
	[[ $output != *pass-admin* ]]
}

@test "inspect sees what clients see: doors, host keys, certificates, pages" {
	cg inspect sftpgo --root "$root" --output json
	exits 0
	[ "$(json 'sorted(d["facts"]["server.host_keys"]["value"].values())')" = "$(host_keys)" ]
	[ "$(json '[door.split()[0] for door in d["facts"]["server.listens"]["value"]]')" = "['sftp', 'http', 'http', 'ftp', 'webdav']" ]
	[ "$(json 'sorted(door.split()[0] + " " + (c if isinstance(c, str) else c["sha256"]) for door, c in d["facts"]["server.certificates"]["value"].items())')" = \
		"['ftp $(certificate)', 'http $(certificate)', 'http plain', 'webdav plain']" ]
	[ "$(json '[page["WebAdmin"] for page in d["facts"]["server.pages"]["value"].values()]')" = '[200, 200]' ]
}

# As others see them.
host_keys() {
	ssh-keyscan -T 60 -p "$(sftpgo_ask "$root" sftp)" 127.0.0.1 2>/dev/null | ssh-keygen -lf - | awk '{print $2}' |
		python3 -c 'import sys; print(sorted(sys.stdin.read().split()))'
}
certificate() { openssl x509 -in "$root/tls.crt" -outform DER | sha256sum | cut -d ' ' -f 1; }

# Three of those whose logins are tried have a second factor: one by a key, two by a password. Of the last of those the login stores a hash
# of another form. The home of user-00007 is encrypted.
@test "check stops nothing here, and stops for a login hook that is not there and a login that is refused" {
	cg check $(sftpgo_subject) -f "$lab/migration.yaml" --output json
	exits 0
	valid checks
	sftpgo_dump "$root" >"$lab/before.json"
	[ "$(json 'sorted(c["seen"][:21] for c in d["checks"] if c["id"] == "sftpgo.probe-users")')" = \
		"['login only, no file i', 'the server takes its ', 'the server takes its ', 'the server takes its ', 'the server takes its ', 'the server takes its ']" ]
	[[ "$(json '[c["seen"] for c in d["checks"] if c["id"] == "sftpgo.secrets"][0]')" == *[1-9]" open" ]]
	mkdir -p "$root/env.d"
	echo SFTPGO_DATA_PROVIDER__PRE_LOGIN_HOOK=/nowhere/hook >"$root/env.d/hook"
	echo wrong >"$lab/user-00001"
	cg check $(sftpgo_subject) -f "$lab/migration.yaml"
	rm "$root/env.d/hook"
	echo pass-user-00001 >"$lab/user-00001"
	exits 3
	[[ $output == *"the server does not take the login of 'user-00001'"* ]]
	[[ $output == *"data_provider.pre_login_hook: '/nowhere/hook' is absent"* ]]
}

goal() { # LOGIN
	printf 'crossgrade: 1\nproduct: sftpgo\nsource: {root: %s, login: {%s}}\ntarget: {artifact: %s}\n' "$root" "$1" "$new" >"$lab/login.yaml"
}

@test "a token that expired, a password of others' and a configuration that does not parse, each with the way out" {
	(umask 077 && echo eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.x >"$lab/token")
	goal "token_file: $lab/token"
	blocked 2.6.4 "does not take the token of 'login': a token expires after 20 minutes*give 'user' and 'password_file'" -f "$lab/login.yaml"
	chmod 644 "$lab/token"
	goal "user: admin, password_file: $lab/token"
	cg check -f "$lab/login.yaml"
	exits 3
	[[ $output == *"'$lab/token' holds a secret and is open to everybody"* ]]
	cp -p "$root/sftpgo.json" "$lab/whole.json"
	truncate -s 1000 "$root/sftpgo.json"
	cg apply $(sftpgo_subject) --yes
	cp -p "$lab/whole.json" "$root/sftpgo.json"
	exits 3
	[[ $stderr == *"blocked by sftpgo.conf: "*"sftpgo.json': line "*" more cannot be judged because of it"* ]]
	sftpgo_serves 2.6.4
	sftpgo_objects
}

# What cannot be read of it, of its version and edition hang 27 more checks on.
@test "a damaged archive is told once, by check and by apply" {
	head -c 1000000 "$new" >"$lab/damaged.tar.xz"
	cg check sftpgo --root "$root" --artifact "$lab/damaged.tar.xz" --output json
	exits 3
	valid checks
	[ "$(json '[c["id"] for c in d["checks"] if c["verdict"] in ("block", "unsure") and "follows" not in c]')" = "['sftpgo.artifact']" ]
	[ "$(json '{c["follows"] for c in d["checks"] if "follows" in c}')" = "{'sftpgo.artifact'}" ]
	cg apply sftpgo --root "$root" --artifact "$lab/damaged.tar.xz" --yes
	exits 3
	[[ $stderr == *"blocked by sftpgo.artifact: "*"cannot be unpacked"*" more cannot be judged because of it"* ]]
	sftpgo_serves 2.6.4
}

@test "a second server of the same database stops it, whatever directory that has" {
	SFTPGO_EXTRA="SFTPGO_DATA_PROVIDER__NAME=$root/sftpgo.db" sftpgo_start "$lab/opt" "$lab/other"
	cg check $(sftpgo_subject)
	sftpgo_stop "$lab/other"
	exits 3
	[[ $output == *"process pid $(sftpgo_ask "$lab/other" pid) ($lab/opt/sftpgo)"*"it has the database's file open"* ]]
}

# 2.6 does not read the key, 2.7 gives no token by a password then.
@test "an administrator whom the new server does not let in is turned back from" {
	printf 'SFTPGO_HTTPD__BINDINGS__%s__DISABLED_LOGIN_METHODS=16\n' 0 1 >"$root/env.d/methods.env"
	cg apply $(sftpgo_subject) -f "$lab/migration.yaml" --yes
	rm "$root/env.d/methods.env"
	exits 5
	[[ $output == *"step 'verify-gate': server: login of its administrator"* ]]
	sftpgo_serves 2.6.4
	[ -z "$(probed)" ]
}

@test "the same look gives the same plan" {
	cg plan $(sftpgo_subject) -f "$lab/migration.yaml" -o "$lab/plan.json" --output json
	exits 0
	valid plan
	first=$(json 'd["digest"]')
	cg plan $(sftpgo_subject) -f "$lab/migration.yaml" --output json
	[ "$(json 'd["digest"]')" = "$first" ]
	[ -z "$(probed)" ]
}

# A user made after the plan, with a home right in the configuration directory: users' files are nobody's to move. One with a second
# factor who was let in by password alone, and is not any more.
@test "apply moves it; every object and every uploaded file is there; who could log in before can" {
	sftpgo_rest "$root" POST /api/v2/users "{\"username\":\"newcomer\",\"password\":\"pass-newcomer\",\"status\":1,
		\"home_dir\":\"$root/newcomer\",\"permissions\":{\"/\":[\"*\"]}}"
	mkdir "$root/newcomer"
	echo before >"$root/newcomer/before"
	sftpgo_dump "$root" >"$lab/before.json"
	echo wrong >"$lab/user-00052"
	cg apply "$lab/plan.json" --yes
	exits 0
	sftpgo_serves 2.7.5
	sftpgo_objects
	uploads_whole
	[ -z "$(probed)" ]
	cg report --output json
	exits 0
	valid report
	[ "$(json '[len([n for n in s["notes"] if "logged in" in n]) for s in d["steps"] if s["kind"] == "login_trial"]')" = '[5, 5]' ]
	[ "$(json '[len([n for n in s["notes"] if "read back equal" in n]) for s in d["steps"] if s["kind"] == "login_trial"]')" = '[4, 4]' ]
	[ "$(json '[n for s in d["steps"] for n in s.get("notes", []) if "encrypted" in n]')" = \
		"[\"a file that the old release encrypted for 'user-00007' was read equal\"]" ]
	[ "$(json '[[n.split(":")[0] for n in s["notes"] if "not proved" in n] for s in d["steps"] if s["kind"] == "login_trial"]')" = \
		"[[\"the login of 'user-00052' is not proved\"], []]" ]
	[ "$(json '[x["subject"] for x in d["not_proved"] if x["what"] == "login"]')" = "['users user-00052']" ]
	! grep -rq pass-user "$lab/state" || false
	[[ $output == *"event rule 'by hand' was started"* ]]
	[ "$(grep -c 'executing on demand rule .*by hand' "$root.out")" = 1 ]
}

# Who was not let in when the run began is not proved afterwards either; nothing is wrong with him.
@test "verify compares again, later" {
	cg verify --output json
	exits 8
	valid differences
	[ "$(json '[(x["subject"], x["outcome"]) for x in d["differences"] if x["outcome"] != "explained"]')" = "[('users user-00052', 'not-proved')]" ]
	echo pass-user-00052 >"$lab/user-00052"
	[ "$(json '{x["rule"] for x in d["differences"] if x["subject"].endswith("log")}')" = "{'sftpgo.event-failed'}" ]
}

on_database() { # FILE SQL: what it answers first
	python3 -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=60) as db:
	row = db.execute(sys.argv[2]).fetchone()
	print(*row or ())' "$@"
}

# loaded_into VERSION FILE: a dump into a provider of its own, made from the old one as that release migrates it.
loaded_into() {
	mkdir -p "$lab/other"
	cp -a "$root/sftpgo.json" "$root/env.d" "$lab/other"
	python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))' "$root/sftpgo.db" "$lab/other/sftpgo.db"
	env -i PATH="$PATH" HOME="$HOME" SFTPGO_DATA_PROVIDER__NAME="$lab/other/sftpgo.db" \
		"$(sftpgo_build "$1")/sftpgo" initprovider -c "$lab/other" --loaddata-from "$2" --loaddata-mode 0
}

@test "what was changed since is counted, a share's last use too, and not given up unasked" {
	sftpgo_upload user-00001 since
	mkdir -p "$lab/srv/data/user-00006/out"
	curl -sf -o /dev/null "http://127.0.0.1:$(sftpgo_ask "$root" http)/api/v2/shares/share00000000000000006?compress=true"
	sftpgo_rest "$root" POST /api/v2/folders '{"name":"since-the-switch","mapped_path":"/srv/since"}'
	sftpgo_rest "$root" PUT /api/v2/eventrules/objects "$(sftpgo_rest "$root" GET /api/v2/eventrules/objects | sed 's/"status":1/"status":0/')"
	on_database "$root/sftpgo.db" "update configurations set configs = '{\"branding\":{\"WebAdmin\":{\"name\":\"since\"}}}'"
	cg rollback --yes
	exits 9
	[[ $output == *"folders since-the-switch (1)"*"shares share00000000000000006 (1)"* ]]
	sftpgo_serves 2.7.5
}

@test "rollback saves it and brings the old server and its database back; users' files stay" {
	mkdir "$root/later"
	echo later >"$root/newcomer/later"
	cg rollback --yes --save-new-writes "$lab/saved"
	exits 0
	sftpgo_serves 2.6.4
	sftpgo_objects
	uploads_whole
	[ "$(on_database "$root/sftpgo.db" "select status from events_rules where name = 'objects'")" = 1 ]
	loaded_into 2.7.5 "$(echo "$lab"/saved/*/changes.json)"
	[ "$(on_database "$lab/other/sftpgo.db" "select status from events_rules where name = 'objects'")" = 0 ]
	[ "$(on_database "$lab/other/sftpgo.db" "select count(*) from folders where name = 'since-the-switch'")" = 1 ]
	[[ $(on_database "$lab/other/sftpgo.db" 'select configs from configurations') == *'"name":"since"'* ]]
	[ "$(cat "$root"/newcomer/{before,later})" = "before
later" ]
	[ -d "$root/later" ]
	[ "$(sftpgo_counted user-00001)" = 1 ]
}

@test "a migration by hand is proved against the facts that were saved before" {
	uploads_stop
	cg inspect sftpgo --root "$root" --deep --save "$lab/facts.json" --output json
	exits 0
	[ "$(json 'd["facts"]["provider.files"]["value"]["files"]')" = "$(find "$lab/srv" "$root/newcomer" -type f -not -path '*/backups/*' | wc -l)" ]
	list=$lab/facts.json.d/$(json 'd["facts"]["provider.files"]["value"]["list"]')
	[ "$(sha256sum <"$list" | cut -c 1-64).files" = "$(basename "$list")" ]
	grep -q "^f 644 0 0 7 [0-9]* \"$root/newcomer/before\"$" "$list"
	sftpgo_end "$root"
	sftpgo_install 2.7.5 "$lab/hand"
	sftpgo_start "$lab/hand" "$root"
	cg verify sftpgo --root "$root" --to-version 2.7.5 --against "$lab/facts.json" --output json
	exits 0
	valid differences
	[ "$(json 'd["same"]')" -gt 1000 ]
	[[ $output == *sftpgo.placeholder-dots* ]]
}

@test "and what differs afterwards is named: a user, a host key, a certificate, a door, a page, the owner of a file" {
	sftpgo_rest "$root" GET /api/v2/users/user-00101 | sed 's/"email":"[^"]*"/"email":"other@example.net"/' >"$lab/user"
	sftpgo_rest "$root" PUT /api/v2/users/user-00101 @"$lab/user"
	sftpgo_end "$root"
	rm "$root"/id_ed25519*
	ssh-keygen -q -t ed25519 -N '' -f "$root/id_ed25519"
	sftpgo_certificate
	printf 'SFTPGO_%s\n' WEBDAVD__BINDINGS__0__PORT=0 HTTPD__BINDINGS__1__ENABLE_WEB_ADMIN=false >"$root/env.d/closed.env"
	sftpgo_start "$lab/hand" "$root"
	chown 12345 "$root/newcomer/before"
	cg verify sftpgo --root "$root" --to-version 2.7.5 --against "$lab/facts.json" --output json
	exits 8
	valid differences
	[ "$(json 'sorted({(c["subject"].split()[0] + " " + c["what"]) for c in d["differences"] if c["outcome"] == "different" and c["what"] != "updated_at"})')" = \
		"['door answer of WebAdmin', 'door certificate', 'door listens', 'server host key ssh-ed25519', 'users email', \"users' owners\"]" ]
	[ "$(json '{c["subject"] for c in d["differences"] if c["what"] == "email"}')" = "{'users user-00101'}" ]
}
