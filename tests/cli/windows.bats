# A copied folder of SFTPGo on Windows: looked at, judged, and a plan of it that a person carries out.

bats_require_minimum_version 1.5.0
load common

GOLDEN=$BATS_TEST_DIRNAME/../golden/sftpgo

a_database() { # FILE DUMP: with homes in the folder
	python3 - "$1" "$GOLDEN/$2" <<-'PYTHON'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		db.executescript(open(sys.argv[2]).read())
		db.execute(r"UPDATE users SET home_dir = 'C:\ProgramData\SFTPGo\data\' || id")
		db.commit()
	PYTHON
}

# As the installer of 2.6.4 leaves it: a database of a real server, whose users have their homes in the folder.
a_folder() {
	folder=$work/SFTPGo
	mkdir -p "$folder/logs" "$folder/env.d"
	a_database "$folder/sftpgo.db" provider-29.sql || return
	cat >"$folder/sftpgo.json" <<-'JSON'
		{
		  "common": {"startup_hook": ""},
		  "data_provider": {"driver": "sqlite", "name": "sftpgo.db", "backups_path": "C:\\ProgramData\\SFTPGo\\backups"},
		  "kms": {"secrets": {"master_key": "my-master-key"}}
		}
	JSON
	cp "$folder/sftpgo.json" "$folder/sftpgo_default.json"
	printf '%s\n' '{"level":"info","sender":"service","message":"starting SFTPGo 2.5.0, config dir: D:\\old, config file: , log"}' \
		'{"level":"info","sender":"service","message":"starting SFTPGo 2.6.4-abcdef12-2025-01-01T00:00:00Z, config dir: C:\\ProgramData\\SFTPGo, config file: , log"}' \
		>"$folder/logs/sftpgo.log"
	printf 'MZ new' >sftpgo_v2.7.5_windows_x86_64.exe
	printf 'MZ old' >sftpgo_v2.6.4_windows_x86_64.exe
	printf 'MZ ent' >sftpgo_enterprise_v2.7.20260705_windows_x86_64.exe
}

# A database server, which stands on the Windows host by what it is called.
on_postgresql() {
	cat >"$folder/sftpgo.json" <<-'JSON'
		{"data_provider": {"driver": "postgresql", "host": "127.0.0.1", "port": 1, "name": "sftpgo", "username": "sftpgo",
		  "password": "geheim"}, "common": {"startup_hook": "C:\\tools\\hook.exe"},
		  "httpd": {"bindings": [{"port": 8443, "enable_https": true}]}}
	JSON
}

migration() { # NEW [OLD]
	printf 'crossgrade: 1\nproduct: sftpgo\nsource: {root: %s%s}\ntarget: {artifact: %s}\n' "$folder" "${2+, package_file: $work/$2}" \
		"$work/$1" >m.yaml
}

# The text of the plan is the golden one; UPDATE_GOLDEN=1 writes it.
golden() {
	local is
	is=$(printf '%s\n' "$output" | sed -e "s|$work|@|g" -e 's/^digest [0-9a-f]\{64\}$/digest @/')
	[ -z "${UPDATE_GOLDEN-}" ] || printf '%s\n' "$is" >"$GOLDEN/windows/$1"
	diff "$GOLDEN/windows/$1" <(printf '%s\n' "$is")
}

seen() { json "[c['verdict'] + ': ' + c['seen'] for c in d['checks'] if c['id'] == 'sftpgo.$1'][0]"; }

@test "release, folder, schema and homes are read in the copy" {
	a_folder
	cg inspect sftpgo --root "$folder" --output json
	[ "$status" -eq 0 ]
	valid facts
	[ "$(json 'd["facts"]["install.kind"]["value"]')" = windows ]
	[ "$(json 'd["facts"]["install.folder"]["value"]')" = 'C:\ProgramData\SFTPGo' ]
	[ "$(json 'd["facts"]["server.version"]["value"]')" = 2.6.4 ]
	[ "$(json 'd["facts"]["provider.schema"]["value"]')" = 29 ]
	[ "$(json 'd["facts"]["scope.roots"]["value"]["root"]["leave_out"]')" = "['backups', 'data']" ]
}

@test "init writes a file that check takes" {
	a_folder
	cg init sftpgo --root "$folder" -o m.yaml --yes
	[ "$status" -eq 0 ]
	grep -q '#license_file: ' m.yaml
	! grep -q '#admin: ' m.yaml || false
	cg check -f m.yaml
	[ "$status" -ne 2 ]
}

@test "what is on the host itself is left to the person, what is in the folder judged" {
	a_folder
	migration sftpgo_v2.7.5_windows_x86_64.exe sftpgo_v2.6.4_windows_x86_64.exe
	cg check -f m.yaml --output json
	[ "$status" -eq 0 ]
	valid checks
	for one in healthy service starter one-server gate room owner ports login transfers restore-point install-kind target-features; do
		[[ $(seen $one) == "note: on the Windows host, which cannot be looked at from here: "* ]] || { seen $one; return 1; }
	done
	[[ $(seen secrets) == "pass: "[1-9]*" open" ]]
	[[ $(seen old-package) == "pass: the installer of 2.6.4"* ]]
	[[ $(seen artifact-version) == "pass: "* ]]
	migration sftpgo_v2.7.5_windows_x86_64.exe sftpgo_v2.7.5_windows_x86_64.exe
	sed -i s/my-master-key/another-key/ "$folder/sftpgo.json"
	cg check -f m.yaml --output json
	[ "$status" -eq 3 ]
	[[ $(seen secrets) == "block: "* ]]
	[[ $(seen old-package) == "unsure: by its name it is of 2.7.5"* ]]
}

@test "a database server is not asked from here, and its password shown nowhere" {
	a_folder
	on_postgresql
	migration sftpgo_v2.7.5_windows_x86_64.exe
	cg check -f m.yaml --output json
	[ "$status" -eq 3 ]
	[[ $(seen schema) == "unsure: "*"is not asked from here" ]]
	[[ $(seen hooks) == "unsure: 'C:\\tools\\hook.exe' is on the Windows host"* ]]
	[[ $(seen old-package) == "warn: "* ]]
	[[ $output != *'"block"'* ]]
	cg plan -f m.yaml
	[ "$status" -eq 0 ]
	[[ $output != *geheim* ]]
	golden postgresql.txt
}

# What DROP DATABASE takes, CREATE DATABASE alone would make with the server's own character set.
@test "a MariaDB database comes back with the character set that it had" {
	a_folder
	on_postgresql
	sed -i 's/"postgresql"/"mysql"/' "$folder/sftpgo.json"
	migration sftpgo_v2.7.5_windows_x86_64.exe
	cg plan -f m.yaml
	[ "$status" -eq 0 ]
	[[ $output == *"mysqldump.exe "*"provider.sql' --databases 'sftpgo'"* ]]
	[[ $output == *"--execute 'DROP DATABASE \`sftpgo\`'"* ]]
	[[ $output != *'CREATE DATABASE `'* ]]
}

@test "the plan is a procedure, the same each time, and apply refuses it" {
	a_folder
	migration sftpgo_v2.7.5_windows_x86_64.exe sftpgo_v2.6.4_windows_x86_64.exe
	cg plan -f m.yaml -o plan.json --detailed-exitcode
	[ "$status" -eq 10 ]
	golden plan.txt
	cg plan -f m.yaml --output json
	valid plan
	diff <(json 'd["digest"]') <(python3 -c 'import json; print(json.load(open("plan.json"))["digest"])')
	[ "$(json 'd["point_of_no_return"]')" = install ]
	[ "$(json 'd["steps"]')" = "[]" ]
	for how in plan.json "-f m.yaml"; do
		cg apply $how --yes
		[ "$status" -eq 2 ]
		[[ $err == *"a procedure for a person on the Windows host"* ]]
	done
	sed -i 's/Stop-Service/Start-Service/' plan.json
	cg apply plan.json --yes
	[ "$status" -eq 2 ]
	[[ $err == *"does not match its digest"* ]]
}

@test "Enterprise stands beside, with rules set inactive and the licence typed" {
	a_folder
	migration sftpgo_enterprise_v2.7.20260705_windows_x86_64.exe sftpgo_v2.6.4_windows_x86_64.exe
	cg plan -f m.yaml
	[ "$status" -eq 0 ]
	golden enterprise.txt
}

# provider-33 is what 2.7.5 made of provider-29.
@test "a second copy, of after, is compared with the first" {
	a_folder
	cg inspect sftpgo --root "$folder" --save before.json
	[ "$status" -eq 0 ]
	sed -i 's/starting SFTPGo 2.6.4-abcdef12/starting SFTPGo 2.7.5-01234567/' "$folder/logs/sftpgo.log"
	# The new release never came to this database.
	cg verify sftpgo --root "$folder" --against before.json --to-version 2.7.5 --output json
	[ "$status" -eq 8 ]
	[ "$(json 'd["worst"]')" = different ]
	[[ $(json '[x["why"] for x in d["differences"] if x["what"] == "schema"][0]') == *"never started here"* ]]
	rm "$folder/sftpgo.db"
	a_database "$folder/sftpgo.db" provider-33.sql
	cg verify sftpgo --root "$folder" --against before.json --to-version 2.7.5 --output json
	[ "$status" -eq 8 ]
	valid differences
	[ "$(json 'd["worst"]')" = not-proved ]
	[ "$(json '[x["what"] for x in d["differences"] if x["outcome"] != "explained"]')" = "['what clients see']" ]
	python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE users SET password = \"x\" WHERE id = 1")
db.commit()' "$folder/sftpgo.db"
	cg verify sftpgo --root "$folder" --against before.json --to-version 2.7.5
	[ "$status" -eq 8 ]
	[[ $output == *Different*password* ]]
}

@test "nothing that comes from the folder gets out of its quotes" {
	a_folder
	sed -i '$s/config dir: C:\\\\ProgramData\\\\SFTPGo/config dir: C:\\\\x’; Remove-Item C/' "$folder/logs/sftpgo.log"
	migration sftpgo_v2.7.5_windows_x86_64.exe
	cg plan -f m.yaml
	[ "$status" -eq 1 ]
	[[ $err == *"the folder has characters that are not put into a command here"* ]]
}

@test "nothing of this host is copied or put back for it" {
	a_folder
	cg backup create sftpgo --root "$folder"
	[ "$status" -eq 1 ]
	[[ $err == *"copy of a Windows host's folder"* ]]
}
