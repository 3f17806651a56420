# SFTPGo's configuration in each format that a release reads: what crossgrade says of it is what the real server makes of it.
load common
load sftpgo
bats_require_minimum_version 1.5.0

setup_file() {
	sftpgo_needed || { absence; return; }
	sftpgo_lab_made
	sftpgo_archive 2.7.5 "$new" && configured 2.7.5 && configured 2.6.4
}
teardown() { [ -n "${ABSENT-}" ] || rm -f "$root"/env.d/{idle,over,vain}.env; }
teardown_file() {
	[ -z "${lab-}" ] || "$DB" end "$lab/db"
	sftpgo_lab_end
}

# Each release's own file, with our doors.
configured() { sftpgo_configure "$1" "$root" && cp "$root/sftpgo.json" "$lab/$1.json"; }

DB=$BATS_TEST_DIRNAME/../real/db.sh
FORMATS=$BATS_TEST_DIRNAME/../tools/sftpgo_formats.py

# named FORMAT: the server's file has that name, whatever else lies there.
named() {
	file=$root/sftpgo.${1%-json}
	rm -f "$root"/sftpgo.{yaml,toml,hcl,env,properties,ini}
	echo "SFTPGO_CONFIG_FILE=${file##*/}" >"$root/env.d/format.env"
	: >"$root.out"
}

# told [all]: inspect and the server's own log say the same of each key.
told() {
	cg inspect sftpgo --root "$root" --output json
	exits 0
	printf '%s\n' "$output" >"$lab/facts"
	[ "$(json 'd["facts"]["conf.file"]["value"]')" = "$file" ]
	[ "$(json 'd["facts"]["conf"]["value"].get("unsure")')" = None ]
	"$FORMATS" loaded "$root.out" "$lab/facts" "$@"
}

# served VERSION FORMAT: by a server that runs, with a variable of its own over that of env.d.
served() {
	named "$2"
	cp "$lab/$1.json" "$root/sftpgo.json"
	"$FORMATS" write "$2" <"$lab/$1.json" >"$file"
	SFTPGO_EXTRA=SFTPGO_COMMON__IDLE_TIMEOUT=19 sftpgo_start "$1" "$root"
	told
	sftpgo_stop "$root"
	[ "$(json 'd["facts"]["conf"]["value"]["settings"]["common.idle_timeout"]["value"]')" = 19 ]
}

@test "a configuration in each of its formats is read as the server reads it; one that 2.7 does not read stops the move" {
	local form
	echo SFTPGO_COMMON__IDLE_TIMEOUT=18 >"$root/env.d/idle.env"
	served 2.7.5 json
	cp "$lab/facts" "$lab/json"
	for form in yaml toml env; do
		served 2.7.5 $form
		"$FORMATS" same "$lab/json" "$lab/facts"
	done
	for form in json hcl hcl-json ini properties; do
		served 2.6.4 $form
	done
	run ! sftpgo_start 2.7.5 "$root"
	grep -q 'decoder not found for this format' "$root.out"
	cg check sftpgo --root "$root" --artifact "$new"
	exits 3
	[[ $output == *"$root/sftpgo.properties"* ]]
}

# What 2.6.4 says of the file before it ends: its master key is nowhere.
started_in_vain() {
	run -1 env -C "$root" -i PATH="$PATH" HOME="$HOME" SFTPGO_LOG_FILE_PATH= timeout 60 "$(sftpgo_build 2.6.4)/sftpgo" serve -c "$root"
	printf '%s\n' "$output" >"$root.out"
}

@test "what a move looks at is read from HCL, INI and properties as 2.6.4 reads it" {
	local form
	rm -f "$root/env.d/folders.env"
	printf 'SFTPGO_%s\n' SFTPD__MAX_AUTH_TRIES=9 SFTPD__BINDINGS__0__APPLY_PROXY_CONFIG=0 HTTPD__BINDINGS__2__PORT=8090 COMMON__UMASK= \
		>"$root/env.d/over.env"
	for form in hcl hcl-json ini properties; do
		named $form
		"$FORMATS" write $form all <"$lab/2.6.4.json" >"$file"
		started_in_vain
		told all
	done
}

# odd FORMAT TEXT: read alike, or by neither.
odd() {
	named "$1"
	printf '%b' "$2" >"$file"
	started_in_vain
	echo "--- $1: $2"
	if grep -q 'config loaded: ' "$root.out"; then
		told
	else
		grep -q 'error \(loading\|parsing\) configuration file' "$root.out"
		cg inspect sftpgo --root "$root" --output json
		exits 0
		[ "$(json '"conf" in d["facts"]')" = False ]
	fi
}

@test "what is odd in HCL, in JSON of that name and in INI is read as 2.6.4 reads it, or by neither" {
	echo SFTPGO_KMS__SECRETS__MASTER_KEY_PATH=/nowhere/at/all >"$root/env.d/vain.env"
	odd hcl '{"sftpd.host_keys": ["a", null, "b"]}'
	odd hcl '{"x": [null]}'
	odd hcl '{"sftpd.bindings": [{"port": 1}, null, {"port": 2}]}'
	odd hcl '{"sftpd.bindings": [{"port": null, "address": null}], "common.umask": null}'
	odd hcl '{"data_provider.name": null, "data_provider.port": null, "data_provider.disable_sni": null, "sftpd.host_keys": null}'
	odd hcl '{"plugins": [{"type": "kms", "cmd": "x", "args": ["a", true], "env_vars": null, "auto_mtls": null}], "http.headers": null}'
	odd hcl '{"data_provider": null}'
	odd hcl '{"mfa.totp": null, "webdavd.bindings": null, "ftpd.bindings": []}'
	odd hcl '{"sftpd.host_keys": ["a", true, "b", false], "acme.domains": ["x", 5, 1.5]}'
	odd hcl '{"data_provider.port": 5433.0, "data_provider.username": 12, "data_provider.is_shared": true}'
	odd hcl '{"httpd.bindings": [{"port": 1, "oidc": {"client_id": "a"}}]}'
	odd hcl '{"sftpd.bindings": {"port": 1}}'
	odd hcl '{"sftpd": {"bindings": [{"port": 1}]}}'
	odd hcl 'data_provider { driver = "bolt" }'
	odd hcl 'data_provider.username = "a${b}c"\ndata_provider.name = <<E\nx\nE\ndata_provider.port = 0x10\ndata_provider.pool_size = 010'
	odd hcl 'DATA_PROVIDER.Driver = "bolt"\n"data_provider.name" = "x"\nsftpd.host_keys = "a, b"'
	odd hcl 'sftpd.bindings { port = 1 }\nsftpd.bindings { port = 2, address = "x" }\nhttpd.bindings = [{port = 5}]'
	odd ini '[Data_Provider]\nDRIVER = bolt\nhost = "a;b"\nusername = `a;b`\nname = x # y\n[sftpd.bindings]\nport = 3'
	odd ini '[kms.secrets]\nmaster_key = """a\nb"""\n[data_provider]\nhost = %(name)s.x\nname = q'
	odd ini '[sftpd]\nhost_keys = a,b , c\nciphers =\n[httpd.bindings.0]\nport = 5'
	odd ini '[plugins.notifier_options]\nfs_events = a,b\nlog_events = 1,2\n[plugins]\ncmd = /x\nargs = a'
	odd ini '[data_provider]\nport = 0x1_0\npool_size = 010\nis_shared = 1_0'
	odd ini '[data_provider]\nport = 1__0'
	odd ini '[data_provider]\ndisable_sni = T\npassword_caching = 0'
	odd ini '[common.defender]\nenabled = on'
}

# sealed FORMAT: with it both log in to the database, and crossgrade opens what the server has just sealed.
sealed() {
	named "$1"
	"$FORMATS" write "$1" <"$lab/db.json" >"$file"
	sftpgo_start 2.6.4 "$root"
	run sftpgo_rest "$root" POST /api/v2/users '{"username": "in-'"$1-$2"'", "status": 1, "permissions": {"/": ["*"]},
		"password": "Long enough, 1 or 2", "home_dir": "/srv/crypt", "filesystem": {"provider": 4,
		"cryptconfig": {"passphrase": {"status": "Plain", "payload": "secret"}}}}'
	[[ $output == *'"status":"Secretbox"'* ]]
	cg inspect sftpgo --root "$root" --output json
	sftpgo_stop "$root"
	exits 0
	[ "$(json 'd["facts"]["conf.file"]["value"]')" = "$file" ]
	[ "$(json 'd["facts"]["provider.schema"]["value"]')" = 29 ]
	[ "$(json 'd["facts"]["provider.secrets"]["value"]["statuses"]')" = "{'Secretbox': $2}" ]
	[ "$(json 'd["facts"]["provider.secrets"]["value"].get("opens")')" = "$2" ]
}

@test "with HCL and INI crossgrade logs in to the database as 2.6.4 does, and opens its secrets" {
	local form n=0 password='p;a #s "w"'
	chmod 711 "$lab"
	"$DB" start postgresql "$lab/db" 3>&- 4>&-
	"$DB" sql "$lab/db" "alter role sftpgo password '$password'"
	sed -i '/^password=/d' "$lab/db.server"
	echo "password=$password" >>"$lab/db.server"
	SFTPGO_DRIVER=postgresql SFTPGO_DB=$lab/db SFTPGO_MASTER_KEY='master; "key" # 1' sftpgo_configure 2.6.4 "$root"
	cp "$root/sftpgo.json" "$lab/db.json"
	for form in hcl hcl-json ini; do
		n=$((n + 1))
		sealed $form $n
	done
	sed -i 's|"master_key_path": ".*"|"master_key_path": ""|; s|"master_key": ""|"master_key": "master; \\"key\\" # 1"|' "$lab/db.json"
	for form in hcl ini; do
		n=$((n + 1))
		sealed $form $n
	done
}
