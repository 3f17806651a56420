# Shared by the tests of SeaTable: an engine with one installation at a time, questions to it, and clients that write meanwhile. Docker, Compose, MariaDB,
# Redis and Caddy are real, the server's image is a stand-in, so what is seen of the server is seen of the stand-in. The clients are the vendor's own
# libraries, unmodified.
#
# $home is the installation, $base what its clients know of it; $base.log has what the server took from them.

REAL=$BATS_TEST_DIRNAME/../real/seatable.sh
CLIENT=$BATS_TEST_DIRNAME/../tools/seatable_client

seatable_begin() { # LAYOUT EDITION VERSION
	needed "$REAL" images || return
	needed "$BATS_TEST_DIRNAME/../real/compose.sh" fetch || return
	python=$("$REAL" library python 2>/dev/null) || { absent "no seatable-api by pip"; return; }
	node=$("$REAL" library node 2>/dev/null) || true
	lab=$(mktemp -d /var/tmp/crossgrade-e2e.XXXXXX)
	home=$lab/home base=$lab/base
	export lab home base python node
	needed "$REAL" daemon "$lab" || return
	eval "$("$REAL" env "$lab")"
	"$REAL" make "$home" "$@" && "$REAL" up "$home" && seed
}

seatable_end() {
	[ -n "${lab-}" ] || return 0
	clients_end
	"$REAL" end "$lab"
	rm -rf "$lab"
}

# Where the published ports are. An engine that began anew has another number.
inside() { nsenter -t "$(cat "$lab/pid")" -n "$@"; }
says() { docker exec seatable-server curl -s -m 60 http://127.0.0.1:8000/server-info/; }
is() { # EDITION VERSION
	[ "$(says)" = "{\"version\": \"$2\", \"edition\": \"$1 edition\"}" ] || { echo "it is $(says), not $*"; return 1; }
}
sql() { docker exec -e MYSQL_PWD="${PASSWORD-pa\$\$-db}" mariadb mariadb --no-defaults -h127.0.0.1 -uroot -N -B -e "$@"; }
misbehave() { echo "$*" >"$home/seatable-server/stand-in"; }
compose() { env -C "$home/seatable-compose" PWD="$home/seatable-compose" docker compose --progress quiet "$@"; }

# ---- clients

python_client() { inside "$python" "$CLIENT.py" "$1" --url http://127.0.0.1 --base "$base" "${@:2}"; }
node_client() { NODE_PATH=$node inside node "$CLIENT.js" "$1" http://127.0.0.1 "$base" "$base.log"; }
seed() { python_client seed --login admin@seatable.test --password pass-admin; }
token_of() { inside curl -s -m 60 -d "username=$1" -d "password=$2" http://127.0.0.1/api2/auth-token/ | sed -n 's/.*"token": "\(.*\)".*/\1/p'; }

client_begin() { # WORD...: the process itself is the one that is kept
	(exec nsenter -t "$(cat "$lab/pid")" -n "$@") >>"$lab/clients.out" 2>&1 3>&- 4>&- &
	echo $! >>"$lab/clients.pid"
}

# What the server takes of them goes to LOG; both were served when this ends.
clients_begin() { # [LOG]
	local log=${1:-$base.log}
	touch "$log"
	client_begin "$python" "$CLIENT.py" write --url http://127.0.0.1 --base "$base" --log "$log" --pause 0.3
	[ -z "$node" ] || NODE_PATH=$node client_begin node "$CLIENT.js" write http://127.0.0.1 "$base" "$log" 300
	within 120 took "$log"
}

# Both clients have something in it, behind that line.
took() { # LOG [LINE]
	local rest
	rest=$(tail -n "+$((${2:-0} + 1))" "$1")
	[[ $rest == *live-* ]] && { [ -z "$node" ] || [[ $rest == *node-* ]]; }
}
served_since() { within 120 took "$base.log" "$(wc -l <"$base.log")"; }

clients_end() {
	local pid
	[ -f "$lab/clients.pid" ] || return 0
	while read -r pid; do
		kill "$pid" 2>/dev/null && within 120 gone "$pid"
	done <"$lab/clients.pid"
	rm "$lab/clients.pid"
}
gone() { ! kill -0 "$1" 2>/dev/null; }

# All that a server ever took of the clients is there.
nothing_lost() { clients_end && python_client check --log "$base.log" && { [ -z "$node" ] || node_client check; }; }

# An account's token, as settings.probe wants it.
token() {
	token_of admin@seatable.test pass-admin >"$lab/token"
	chmod 600 "$lab/token"
}
probe() { echo "probe: {token_file: $lab/token, base: '$(sed 's/.*"workspace_id": \([0-9]*\).*/\1/' "$base")/lab'}"; }

# ---- crossgrade

goal() { # EDITION VERSION [SETTINGS [MORE]]
	printf 'crossgrade: 1\nproduct: seatable\nsource: {root: %s}\ntarget: {edition: %s, version: %s}\nsettings: {%s}\n%s\n' \
		"$home/seatable-compose" "$1" "$2" "${3-}" "${4-}" >"$lab/goal.yaml"
}
move() { cg apply -f "$lab/goal.yaml" --yes --accept-loss permissions "$@"; } # [WORD...]

# A program for a hook, which finds docker and crossgrade as the tests do.
program() { # NAME, its text on standard input
	{ echo '#!/bin/bash'; export -p | grep -E ' (DOCKER_HOST|DOCKER_CONFIG|CROSSGRADE_LIBEXEC|HOME|PATH)='; cat; } >"$lab/$1"
	chmod 755 "$lab/$1"
}
