# Shared by the end-to-end tests with SFTPGo: a lab with a real server, clients that upload all the while, and the questions asked
# of both afterwards. Loaded after common.

# shellcheck source=tests/real/sftpgo.sh
. "$BATS_TEST_DIRNAME/../real/sftpgo.sh"

TOOLS=$BATS_TEST_DIRNAME/../tools

sftpgo_builds() { sftpgo_build 2.6.4 && sftpgo_build 2.7.5; }
sftpgo_needed() { needed sftpgo_builds; }

sftpgo_lab_made() {
	lab=$(mktemp -d /var/tmp/crossgrade-e2e.XXXXXX)
	chmod 755 "$lab"
	root=$lab/conf new=$lab/new.tar.xz
	export lab root new
}

# sftpgo_files [USERS]: $lab with a seeded 2.6.4 on $root, installed in $lab/opt, and 2.7.5 as an archive $new; not started.
sftpgo_files() {
	sftpgo_lab_made
	sftpgo_install 2.6.4 "$lab/opt" && sftpgo_archive 2.7.5 "$new" && sftpgo_prepare "$lab/opt" "$root" "${1:-1000}"
}

# sftpgo_doors: beside SFTP and HTTP, HTTPS, FTP that takes AUTH TLS, and WebDAV without; before it is started.
sftpgo_doors() {
	sftpgo_certificate || return
	printf 'SFTPGO_%s\n' "HTTPD__BINDINGS__1__PORT=$(server_free_port)" HTTPD__BINDINGS__1__ADDRESS=127.0.0.1 \
		HTTPD__BINDINGS__1__ENABLE_HTTPS=true HTTPD__CERTIFICATE_FILE=tls.crt HTTPD__CERTIFICATE_KEY_FILE=tls.key \
		"FTPD__BINDINGS__0__PORT=$(server_free_port)" FTPD__BINDINGS__0__ADDRESS=127.0.0.1 \
		FTPD__CERTIFICATE_FILE=tls.crt FTPD__CERTIFICATE_KEY_FILE=tls.key \
		"WEBDAVD__BINDINGS__0__PORT=$(server_free_port)" WEBDAVD__BINDINGS__0__ADDRESS=127.0.0.1 >"$root/env.d/doors.env"
}

sftpgo_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost -keyout "$root/tls.key" \
		-out "$root/tls.crt" 2>/dev/null
}

# sftpgo_lab [USERS]: the same, and running.
sftpgo_lab() { sftpgo_files "${1:-1000}" && sftpgo_serve "${1:-1000}"; }
sftpgo_serve() {
	sftpgo_start "$lab/opt" "$root" || return
	sftpgo_dump "$root" >"$lab/before.json" && sftpgo_seeded "${1:-1000}"
}

# sftpgo_boot [FOLDER...]: a systemd that sees $lab, and $INSIDE, its init; its root has the packages $ROOT_MORE, too. What is done
# before reaches a server outside, then one inside. Each FOLDER lies on $lab's file system: on an overlay every file looks like one of a file system of its own.
sftpgo_boot() {
	local tree said folder
	local -a own=()
	SYSTEMD=$BATS_TEST_DIRNAME/../systemd
	export SYSTEMD ABSENT
	# shellcheck disable=SC2086
	root_tree ${ROOT_MORE-} || return
	ABSENT="a systemd's folders cannot be copied"
	for folder; do
		mkdir -p "$lab/inside$(dirname "$folder")" && cp -a "$tree$folder" "$lab/inside$folder" || return
		own+=("$folder=$lab/inside$folder")
	done
	ABSENT="no systemd boots here"
	said=$("$SYSTEMD/boot.sh" "$tree" "$CROSSGRADE_BUILD" "$lab" "${own[@]}" 3>&- 4>&-) || return
	ABSENT=
	export INSIDE=${said%% *}
}

# Both vendors' hosts, their files in $lab/web: the network inside is its own.
net_program() { exec nsenter -t "$INSIDE" -n /usr/bin/python3 "$@"; } # in the background: $! is its own
vendors_serve() {
	echo '127.0.0.1 localhost oss.sftpgo.com download.sftpgo.com' | inside tee /etc/hosts >/dev/null
	net_program -m http.server 80 --bind 127.0.0.1 --directory "$lab/web" >"$lab/web.log" 2>&1 3>&- 4>&- </dev/null &
	echo $! >"$lab/web.pid"
	curl -sfo /dev/null --retry 50 --retry-delay 1 --retry-connrefused http://127.0.0.1/
}
vendors_end() { [ ! -f "$lab/web.pid" ] || kill "$(cat "$lab/web.pid")"; }

# Whatever happens, files below FOLDER never name both.
vendors_watched() { # FOLDER
	: >"$lab/watched"
	inside sh -c "while [ -e $lab/watched ]; do grep -rhoE '(oss|download)[.]sftpgo[.]com' $1 | sort -u | tr '\n' ' '; echo; sleep 0.1; done" \
		>"$lab/seen" 3>&- 4>&- &
	timeout 60 bash -c 'until [ -s "$0" ]; do sleep 0.05; done' "$lab/seen"
}
vendors_never_both() {
	[ "$(sort -u "$lab/seen" | tr -d '\n')" = 'download.sftpgo.com oss.sftpgo.com ' ] || { sort "$lab/seen" | uniq -c; return 1; }
	! grep -q 'download.*oss' "$lab/seen" || false
}

# What a server that somebody else starts is: init stands for its process, which only it knows.
sftpgo_serve_file() { # CONF PID
	"$SFTPGO_TOOLS/sftpgo_config.py" --ports "$1/sftpgo.json" >"$1.server" &&
		printf 'pid=%s\nconf=%s\nadmin=admin\npassword=pass-admin\nsrv=%s\n' "$2" "$1" "$(dirname "$1")/srv" >>"$1.server"
}

sftpgo_lab_end() {
	[ -n "${lab-}" ] || return 0
	uploads_stop
	sftpgo_end "$root"
	rm -rf "$lab"
}

uploads_start() {
	local before=0 i
	[ ! -f "$lab/uploaded" ] || before=$(wc -l <"$lab/uploaded")
	${INSIDE:+nsenter -t "$INSIDE" -n} "$TOOLS/sftp_writer.py" write --port "$(sftpgo_ask "$root" sftp)" --key "$root.key" --log "$lab/uploaded" \
		--pause 0.3 --users "$@" >"$lab/uploads.out" 2>&1 3>&- 4>&- </dev/null &
	echo $! >"$lab/uploads.pid"
	# A run that begins before them has no clients.
	for ((i = 0; i < 600; i++)); do
		[ ! -f "$lab/uploaded" ] || [ "$(wc -l <"$lab/uploaded")" -eq "$before" ] || return 0
		sleep 0.1
	done
	echo "no client uploaded anything within a minute"
	return 1
}

uploads_stop() {
	local pid i
	[ -f "$lab/uploads.pid" ] || return 0
	pid=$(cat "$lab/uploads.pid")
	rm "$lab/uploads.pid"
	kill "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 600; i++)); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
}

# Every file that the server took whole is there, as it was sent; and there were some.
uploads_whole() {
	[ -s "$lab/uploaded" ] || { echo "no client uploaded anything"; return 1; }
	"$TOOLS/sftp_writer.py" check --log "$lab/uploaded" --home "$(uploads_home)"
}
uploads_home() { echo "$lab/srv/data"; }

# Of tests/real/sftpgo.sh, where the server runs.
sftpgo_banner() { inside_net timeout 60 bash -c 'head -n 1 <"/dev/tcp/127.0.0.1/$1"' banner "$1"; }

# A user whose quota is tracked uploads a file.
sftpgo_upload() { # USER NAME
	local http token
	http=http://127.0.0.1:$(sftpgo_ask "$root" http)
	token=$(curl -sf --max-time 60 -u "$1:pass-$1" "$http/api/v2/user/token" | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
	[ -n "$token" ] && curl -sf --max-time 60 -H "Authorization: Bearer $token" --data-binary "what $1 uploads" \
		"$http/api/v2/user/files/upload?path=$2"
}

# Files of a user, as the server has them counted.
sftpgo_counted() { # USER
	sftpgo_rest "$root" GET "/api/v2/users/$1" | python3 -c 'import json, sys; print(json.load(sys.stdin).get("used_quota_files", 0))'
}

sftpgo_subject() { echo sftpgo --root "$root" --artifact "$new"; }

sftpgo_serves() { # VERSION: by its banner
	local said
	said=$(sftpgo_banner "$(sftpgo_ask "$root" sftp)")
	case $said in SSH-2.0-SFTPGo_"$1"*) return 0 ;; esac
	echo "wanted $1, the banner says: $said"
	return 1
}

# What is moved is no less than this: of each kind some, two administrators with a second factor, and secrets in both.
sftpgo_seeded() { # [USERS]
	python3 - "$lab/before.json" "${1:-1000}" <<-'END'
		import json, sys
		d = json.load(open(sys.argv[1]))
		least = {"users": int(sys.argv[2]), "groups": 9, "folders": 10, "shares": 20, "event_actions": 18, "event_rules": 9,
		         "api_keys": 5, "admins": 5, "ip_lists": 7, "roles": 3}
		few = {kind: len(d[kind]) for kind, n in least.items() if len(d[kind]) < n}
		second = [a["username"] for a in d["admins"] if a.get("filters", {}).get("totp_config", {}).get("enabled")]
		secrets = json.dumps(d).count('"status": "Secretbox"')
		sys.exit(f"seeded too little: {few}, {second}, {secrets} secrets" if few or len(second) < 2 or secrets < int(sys.argv[2]) // 10 else 0)
	END
}

# blocked VERSION WORDS ARGUMENT...: apply does nothing (3) and says why; the old server of that version has every object.
blocked() {
	cg apply "${@:3}" --yes
	exits 3
	# shellcheck disable=SC2053,SC2154 # words with wildcards; bats sets the others
	[[ $output$stderr == *$2* ]]
	sftpgo_serves "$1"
	sftpgo_objects
}

# The same objects as before, by the server's own dump.
sftpgo_objects() {
	sftpgo_dump "$root" >"$lab/after.json"
	"$TOOLS/sftpgo_dumps.py" --used "$lab/before.json" "$lab/after.json"
}

# ---- a package under a systemd inside, its data in a database server: subject() says what is moved

DB=$BATS_TEST_DIRNAME/../real/db.sh

package_databases() {
	command -v mariadbd >/dev/null && ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null || skip "no PostgreSQL or no MariaDB server"
}
package_databases_end() {
	"$DB" end "$lab/postgresql"
	"$DB" end "$lab/mysql"
}

# The server begins anew with its data there, and so do its clients. Its password stands in a file of env.d.
package_database() { # DRIVER
	local db=$lab/$1
	uploads_stop
	rm -f "$lab/uploaded"
	inside_net "$DB" start "$1" "$db" 3>&- 4>&- || return
	"$DB" env "$db" | sed -n 's/^driver=/DRIVER=/p; s/^port=/PORT=/p; s/^database=/NAME=/p; s/^user=/USERNAME=/p; s/^password=/PASSWORD=/p' |
		sed 's/^/SFTPGO_DATA_PROVIDER__/; $a SFTPGO_DATA_PROVIDER__HOST=127.0.0.1' | inside tee /etc/sftpgo/env.d/provider.env >/dev/null
	inside chown sftpgo: /etc/sftpgo/env.d/provider.env
	inside systemctl restart sftpgo.service
	sftpgo_wait "$root" && inside_net bash -c '. "$0" seed "$@"' "$BATS_TEST_DIRNAME/../real/sftpgo.sh" "$root" 1000 &&
		sftpgo_dump "$root" >"$lab/before.json" && uploads_start user-00010 user-00020
}
package_schema() { inside_net "$DB" sql "$lab/$1" 'select version from schema_version'; }

# Command lines of all that runs inside meanwhile: none has a password in it.
argv_watch() {
	"$TOOLS/argv_watch.py" "$INSIDE" "$lab/argv" 3>&- 4>&- &
	echo $! >"$lab/argv.pid"
}
argv_watch_end() { [ ! -f "$lab/argv.pid" ] || { kill "$(cat "$lab/argv.pid")" && rm "$lab/argv.pid"; }; }
argv_without_secret() {
	argv_watch_end
	grep -q "crossgrade .*apply" "$lab/argv" || { echo "nobody was watched"; return 1; }
	! grep -F pass- "$lab/argv" || return 1
}

package_there_and_back() { # DRIVER
	package_database "$1" && argv_watch || return
	# shellcheck disable=SC2046
	cg apply $(subject) --yes
	exits 0 && [ "$(package_schema "$1")" = 33 ] && sftpgo_serves 2.7.5 && sftpgo_objects && uploads_whole || return
	cg rollback --yes
	exits 0 && [ "$(package_schema "$1")" = 29 ] && sftpgo_serves 2.6.4 && sftpgo_objects && uploads_whole && argv_without_secret
}

# To Enterprise with a licence, and back, clients uploading. No Enterprise package is to be had: the program in this one is the STAND-IN
# of tests/fakes/sftpgo_enterprise. installed() is of the caller. Of the two kinds of packages one is drawn; the campaign takes both.
stand_in_drawn() { # 0|1
	DIE=2 drawn "$1" 2
}
stand_in_program() {
	local built status=0
	built=$("$BATS_TEST_DIRNAME/../fakes/sftpgo_enterprise/build.sh" 3>&-) || status=$?
	[ $status -ne 77 ] || skip 'the stand-in cannot be built'
	# shellcheck disable=SC2034 # for who calls
	program=$built/sftpgo
}
package_across_editions() { # PACKAGE
	(umask 077; echo pass-admin >"$lab/password"; echo ABCD-EFGH-IJKL-MNOP >"$lab/licence")
	printf '%s\n' 'product: sftpgo' "source: {root: /etc/sftpgo, login: {user: admin, password_file: $lab/password}}" \
		"target: {edition: enterprise, artifact: $1}" "settings: {license_file: $lab/licence}" >"$lab/crossing.yaml"
	cg apply -f "$lab/crossing.yaml" --yes
	exits 0
	sftpgo_serves 2.7.20260705
	installed 2.7.20260705
	[ "$(inside stat -c %U:%a /etc/sftpgo/env.d/00-crossgrade-license.env)" = sftpgo:600 ]
	[ "$(inside_sqlite 'pragma journal_mode')" = wal ]
	[ "$(inside_sqlite 'select version from schema_version')" = 34 ]
	uploads_whole
	cg rollback --yes
	exits 0
	[ "$(inside_sqlite 'select version from schema_version')" = 29 ]
	inside test ! -e /etc/sftpgo/env.d/00-crossgrade-license.env
	uploads_whole
}
inside_sqlite() {
	python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' \
		"$lab/inside/var/lib/sftpgo/sftpgo.db" "$1"
}
