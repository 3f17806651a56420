#!/bin/bash
# Real SFTPGo servers for tests and demos. Run it, or source it for its functions.
#
#   sftpgo.sh build VERSION                   build a release (2.6.4, 2.7.5), print the directory with all its archive holds
#   sftpgo.sh install VERSION DIR             the same as an installation: DIR/sftpgo, DIR/templates and the rest
#   sftpgo.sh archive VERSION FILE            as an archive: FILE.tar.xz flat as the vendor's, FILE.tar.gz with one top directory
#   sftpgo.sh configure VERSION|DIR CONF      write CONF/sftpgo.json and CONF/env.d with free ports of loopback
#   sftpgo.sh start VERSION|DIR CONF          start on CONF, configured if it was not, wait for HTTP and for SFTP
#   sftpgo.sh seed CONF [N]                   N users (1000), groups, folders, shares, rules, secrets, admins and the rest
#   sftpgo.sh prepare VERSION|DIR CONF [N]    configure and seed, and fast: a file database is in memory meanwhile; not started
#   sftpgo.sh rest CONF METHOD PATH [BODY]    one REST call as the administrator: `rest CONF GET /api/v2/status`
#   sftpgo.sh dump CONF                       everything, as dumpdata gives it
#   sftpgo.sh sftp CONF USER [key|password]   sftp of OpenSSH as USER, its commands from stdin
#   sftpgo.sh env CONF                        pid, ports and more: `eval "$(sftpgo.sh env CONF)"`
#   sftpgo.sh stop|kill CONF                  one SIGTERM and wait, or SIGKILL
#   sftpgo.sh end CONF                        end whoever serves CONF, also one started since by somebody else
#
# What a started server is stands in CONF.server beside CONF, never in it; users' homes and backups in srv beside it. Choices
# at configuration: SFTPGO_DRIVER (sqlite, bolt; postgresql, mysql with SFTPGO_DB, a DIR of db.sh), SFTPGO_MASTER_KEY
# (its text). More environment for the server: SFTPGO_EXTRA ("SFTPGO_A=1 SFTPGO_B=2"). The password of every seeded account is
# pass-NAME, CONF.key the key of every tenth user. Exit 77: something needed is absent, the reason on stderr.

# shellcheck source=tests/real/sftpgo_build.sh
. "$(dirname "${BASH_SOURCE[0]}")/sftpgo_build.sh"

SFTPGO_TOOLS=$(cd "$SFTPGO_HERE/../tools" && pwd)

sftpgo_env() { cat "$1.server"; }
sftpgo_ask() { sed -n "s/^$2=//p" "$1.server"; }

# VERSION or DIR: the directory of the installation.
sftpgo_dir() {
	case $1 in
	/*) echo "$1" ;;
	*) sftpgo_build "$1" ;;
	esac
}

# Ports, provider and places in the file; folders of the program, first administrator and log level in env.d.
sftpgo_configure() {
	local dir conf=$2 srv
	dir=$(sftpgo_dir "$1") || exit
	srv=$(dirname "$conf")/srv
	mkdir -p "$conf/env.d" "$srv/data" "$srv/backups" || return
	(
		umask 077
		[ -z "${SFTPGO_MASTER_KEY-}" ] || printf '%s' "$SFTPGO_MASTER_KEY" >"$conf/master.key"
		env SFTP_PORT="$(server_free_port)" HTTP_PORT="$(server_free_port)" SRV="$srv" \
			"$SFTPGO_TOOLS/sftpgo_config.py" "$dir/sftpgo.json" "$conf" >"$conf/sftpgo.json" || return
		printf '%s\n' 'SFTPGO_DEFAULT_ADMIN_USERNAME=admin' "SFTPGO_DEFAULT_ADMIN_PASSWORD='pass-admin'" \
			>"$conf/env.d/first-admin.env"
	) || return
	chmod 640 "$conf/sftpgo.json"
	echo 'SFTPGO_LOG_LEVEL=debug' >"$conf/env.d/log.env"
	sftpgo_folders "$dir" "$conf"
}

# The program's folders move with the program; the rest of the configuration stays as it is.
sftpgo_folders() {
	printf '%s\n' "SFTPGO_SMTP__TEMPLATES_PATH=\"$1/templates\"" "SFTPGO_HTTPD__TEMPLATES_PATH=\"$1/templates\"" \
		"SFTPGO_HTTPD__STATIC_FILES_PATH=\"$1/static\"" "SFTPGO_HTTPD__OPENAPI_PATH=\"$1/openapi\"" >"$2/env.d/folders.env"
}

sftpgo_start() {
	local dir conf=$2 pid
	dir=$(sftpgo_dir "$1") || exit
	if [ -f "$conf/sftpgo.json" ]; then
		sftpgo_folders "$dir" "$conf" || return
	else
		sftpgo_configure "$dir" "$conf" || return
	fi
	# From a shell that ends at once: a server whose parent is a shell script looks like one in a restart loop.
	# shellcheck disable=SC2086
	pid=$(cd "$conf" || exit
		env -i PATH="$PATH" HOME="$HOME" SFTPGO_LOG_FILE_PATH= ${SFTPGO_EXTRA:-} \
		setsid "$dir/sftpgo" serve -c "$conf" >>"$conf.out" 2>&1 </dev/null 3>&- 4>&- & echo $!)
	"$SFTPGO_TOOLS/sftpgo_config.py" --ports "$conf/sftpgo.json" >"$conf.server" || return
	printf 'pid=%s\nconf=%s\nadmin=admin\npassword=pass-admin\nsrv=%s\n' "$pid" "$conf" "$(dirname "$conf")/srv" >>"$conf.server"
	sftpgo_wait "$conf"
}

# HTTP answers before SFTP listens: a first start still makes its host keys.
sftpgo_answers() { # http sftp
	local line
	curl -sf -o /dev/null --max-time 2 "http://127.0.0.1:$1/healthz" &&
		line=$(sftpgo_banner "$2") 2>/dev/null && [[ $line == SSH-2.0-* ]]
}
sftpgo_banner() { timeout 2 head -n 1 <"/dev/tcp/127.0.0.1/$1"; }

sftpgo_wait() {
	local pid http sftp i
	pid=$(sftpgo_ask "$1" pid) http=$(sftpgo_ask "$1" http) sftp=$(sftpgo_ask "$1" sftp)
	for ((i = 0; i < 2400; i++)); do
		sftpgo_answers "$http" "$sftp" 2>/dev/null && return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	echo "SFTPGo on $1 did not start:" >&2
	tail -n 20 "$1.out" | cut -c 1-300 >&2
	return 1
}

sftpgo_seed() {
	[ -f "$1.key" ] || ssh-keygen -q -t ed25519 -N '' -C tests -f "$1.key" || return
	"$SFTPGO_TOOLS/sftpgo_seed.py" --port "$(sftpgo_ask "$1" http)" --password "$(sftpgo_ask "$1" password)" \
		--srv "$(sftpgo_ask "$1" srv)" --key "$1.key.pub" --users "${2:-1000}"
}

# Each object is a transaction of its own, and a disk takes its time for each.
sftpgo_prepare() {
	local conf=$2 work status
	[ -f "$conf/sftpgo.json" ] || sftpgo_configure "$1" "$conf" || return
	work=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) || return
	(
		case ${SFTPGO_DRIVER:-sqlite} in
		sqlite | bolt) SFTPGO_EXTRA="SFTPGO_DATA_PROVIDER__NAME=$work/sftpgo.db ${SFTPGO_EXTRA-}" ;;
		esac
		sftpgo_start "$1" "$conf" && sftpgo_seed "$conf" "${3:-1000}" && sftpgo_stop "$conf" &&
			if [ -f "$work/sftpgo.db" ]; then cp "$work/sftpgo.db" "$conf"; fi
	)
	status=$?
	rm -rf "$work"
	return $status
}

sftpgo_rest() {
	local http token
	http=http://127.0.0.1:$(sftpgo_ask "$1" http)
	token=$(curl -sf --max-time 60 -u "$(sftpgo_ask "$1" admin):$(sftpgo_ask "$1" password)" "$http/api/v2/token" |
		sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
	[ -n "$token" ] || { echo "no token for the administrator of $1" >&2; return 1; }
	curl -s --max-time 300 -X "$2" -H "Authorization: Bearer $token" ${4:+--data-binary "$4"} "$http$3"
}
sftpgo_dump() { sftpgo_rest "$1" GET '/api/v2/dumpdata?output-data=1'; }

sftpgo_sftp() {
	local -a ssh=(-q -P "$(sftpgo_ask "$1" sftp)" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null)
	if [ "${3:-key}" = key ]; then
		sftp "${ssh[@]}" -i "$1.key" -o IdentitiesOnly=yes -o PasswordAuthentication=no -b - "$2@127.0.0.1"
	else
		command -v sshpass >/dev/null || sftpgo_skip "no sshpass"
		SSHPASS=pass-$2 sshpass -e sftp "${ssh[@]}" -o BatchMode=no -o PubkeyAuthentication=no -b - "$2@127.0.0.1"
	fi
}

sftpgo_stop() { server_stop "$(sftpgo_ask "$1" pid)" "$1" "${2:-TERM}"; }
sftpgo_kill() { sftpgo_stop "$1" KILL; }

sftpgo_end() { server_end "serve -c $1( |\$)" "$1"; }

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -u
	verb=${1-}
	case $verb in
	build | install | archive | configure | start | seed | prepare | rest | dump | sftp | env | stop | kill | end)
		shift
		"sftpgo_$verb" "$@"
		;;
	*) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
fi
