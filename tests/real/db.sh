#!/bin/bash
# Real PostgreSQL and MariaDB servers for tests, of Debian's packages, with data, port and account of their own.
#
#   db.sh start postgresql|mysql DIR    make DIR if it is not there, start on a free port of loopback, database sftpgo
#   db.sh sql DIR STATEMENT [DATABASE]  as the administrator; rows of tab-separated fields
#   db.sh database DIR NAME             one more database for the same user
#   db.sh env DIR                       driver, port, database, user, password, socket: `eval "$(db.sh env DIR)"`
#   db.sh stop|kill DIR                 end it and wait, or SIGKILL
#   db.sh end DIR                       end it
#
# What a server is stands in DIR.server beside DIR. It runs as the package's account, which must be able to search every
# folder above DIR; the client's user sftpgo logs in by password over TCP only, the administrator by the socket in DIR.
# Exit 77: something needed is absent, the reason on stderr.

# shellcheck source=tests/real/server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

db_skip() { echo "skip: $*" >&2; exit 77; }
db_env() { cat "$1.server"; }
db_ask() { sed -n "s/^$2=//p" "$1.server"; }
db_as() { local who=$1; shift; setpriv --reuid "$who" --regid "$who" --init-groups env -C / "$@"; }

db_pg_bin() {
	local bin
	bin=$(find /usr/lib/postgresql/*/bin -name pg_ctl 2>/dev/null | sort -V | tail -n 1)
	[ -n "$bin" ] || db_skip "no PostgreSQL server"
	dirname "$bin"
}

# A folder for the account, in folders that it can search.
db_home() { # account directory
	mkdir -p "$2" && chown "$1:$1" "$2" && chmod 700 "$2" || return
	db_as "$1" test -x "$2" || { echo "account '$1' cannot reach '$2': chmod 711 the folders above" >&2; return 1; }
}

db_start() {
	case $1 in
	postgresql | mysql) ;;
	*) echo "db.sh: no database '$1'" >&2; return 2 ;;
	esac
	[ "$(id -u)" = 0 ] || db_skip "needs root"
	[ -f "$2.server" ] || printf 'driver=%s\nport=%s\ndatabase=sftpgo\nuser=sftpgo\npassword=pass-sftpgo\nsocket=%s\n' \
		"$1" "$(server_free_port)" "$2" >"$2.server"
	"db_start_$1" "$2"
}

db_start_postgresql() {
	local dir=$1 bin
	bin=$(db_pg_bin) || exit
	if [ ! -d "$dir/data" ]; then
		db_home postgres "$dir" &&
			db_as postgres "$bin/initdb" -D "$dir/data" -A scram-sha-256 --auth-local=trust -U pg --no-sync \
				-E UTF8 --locale=C.UTF-8 >"$dir.out" 2>&1 || { tail -n 5 "$dir.out" >&2; return 1; }
		set -- "$dir" new
	fi
	db_as postgres "$bin/pg_ctl" -D "$dir/data" -w -t 180 -l "$dir/log" \
		-o "-c listen_addresses=127.0.0.1 -p $(db_ask "$dir" port) -c unix_socket_directories=$dir -c fsync=off \
			-c dynamic_shared_memory_type=mmap" start >/dev/null 3>&- 4>&- || { tail -n 10 "$dir/log" >&2; return 1; }
	[ "${2-}" = new ] || return 0
	db_sql "$dir" "create role sftpgo login password 'pass-sftpgo'" postgres && db_database "$dir" sftpgo
}

# Temporary tables are named after the process id, which another one has in another namespace: each has a folder of its own.
db_start_mysql() {
	local dir=$1 i
	command -v mariadbd >/dev/null || db_skip "no MariaDB server"
	if [ ! -d "$dir/data" ]; then
		db_home mysql "$dir" &&
			mariadb-install-db --no-defaults --user=mysql --datadir="$dir/data" --tmpdir="$dir" --auth-root-authentication-method=normal \
				--skip-test-db >"$dir.out" 2>&1 || { rm -rf "$dir/data"; grep -iE 'error|fail|signal' "$dir.out" >&2; return 1; }
		db_as mysql openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
			-keyout "$dir/own.key" -out "$dir/own.crt" 2>/dev/null || return
		set -- "$dir" new
	fi
	(db_as mysql setsid mariadbd --no-defaults --datadir="$dir/data" --tmpdir="$dir" --socket="$dir/s.sock" --port="$(db_ask "$dir" port)" \
		--ssl-cert="$dir/own.crt" --ssl-key="$dir/own.key" \
		--bind-address=127.0.0.1 --pid-file="$dir/pid" --log-error="$dir/log" --innodb-flush-log-at-trx-commit=0 \
		>/dev/null 2>&1 </dev/null 3>&- 4>&- &)
	for ((i = 0; i < 2400; i++)); do
		db_sql "$dir" 'select 1' mysql >/dev/null 2>&1 && break
		sleep 0.05
	done
	[ "$i" -lt 2400 ] || { tail -n 10 "$dir/log" >&2; return 1; }
	[ "${2-}" = new ] || return 0
	db_sql "$dir" "create user sftpgo@'127.0.0.1' identified by 'pass-sftpgo'" mysql && db_database "$dir" sftpgo
}

db_sql() {
	case $(db_ask "$1" driver) in
	postgresql) psql -X -q -A -t -F $'\t' -v ON_ERROR_STOP=1 -h "$1" -p "$(db_ask "$1" port)" -U pg -d "${3:-sftpgo}" -c "$2" ;;
	mysql) mariadb --no-defaults -u root -S "$1/s.sock" -D "${3:-sftpgo}" -N -B -e "$2" ;;
	*) echo "nothing was started on $1" >&2; return 1 ;;
	esac
}

db_database() {
	case $(db_ask "$1" driver) in
	postgresql) db_sql "$1" "create database $2 owner sftpgo" postgres ;;
	mysql) db_sql "$1" "create database $2 character set utf8mb4; grant all on $2.* to sftpgo@'127.0.0.1'" mysql ;;
	esac
}

db_pid() { head -n 1 "$1/data/postmaster.pid" 2>/dev/null || cat "$1/pid" 2>/dev/null; }

# PostgreSQL ends its clients' sessions on SIGINT, MariaDB on SIGTERM.
db_stop() {
	local pid signal=${2:-TERM} i
	pid=$(db_pid "$1") && [ -n "$pid" ] || return 0
	[ "$signal$(db_ask "$1" driver)" != TERMpostgresql ] || signal=INT
	kill "-$signal" "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 2400; i++)); do
		case $(cut -d' ' -f3 "/proc/$pid/stat" 2>/dev/null) in
		'') return 0 ;;
		# Dead, but a new PostgreSQL still takes it for alive: some time for its parent to bury it.
		Z) [ "$i" -lt 200 ] || return 0 ;;
		esac
		sleep 0.05
	done
	echo "process $pid of $1 did not end" >&2
	return 1
}
db_kill() { db_stop "$1" KILL; }
db_end() { [ ! -f "$1.server" ] || db_stop "$1"; }

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -u
	verb=${1-}
	case $verb in
	start | sql | database | env | stop | kill | end) shift; "db_$verb" "$@" ;;
	*) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
fi
