# Shared by the end-to-end tests: a lab with a real QuestDB, clients that write all the while, and the questions asked of
# both afterwards. CROSSGRADE_BUILD is the build directory, SEED the seed of what is drawn by lot.
#
# The tests of one file share a lab and go in order: a server is started once and moved there and back.

# shellcheck source=tests/real/questdb.sh
. "$BATS_TEST_DIRNAME/../real/questdb.sh"

# A JVM that does not optimise takes a third less of the processor for a server that lives for seconds.
export QDB_JVM=-XX:TieredStopAtLevel=1

# Small blocks ahead of the data: what is copied and read in full is what was written. process.bats has them as a server has by itself.
export QDB_EXTRA="QDB_CAIRO_WRITER_DATA_APPEND_PAGE_SIZE=65536 QDB_CAIRO_WAL_WRITER_DATA_APPEND_PAGE_SIZE=65536 QDB_CAIRO_SYSTEM_WRITER_DATA_APPEND_PAGE_SIZE=65536"

VALIDATE=$BATS_TEST_DIRNAME/../cli/validate.py
SCHEMAS=$BATS_TEST_DIRNAME/../../share/schema
CG=$CROSSGRADE_BUILD/src/cli/crossgrade

# With a booted systemd, INSIDE is its init: clients reach its network, crossgrade runs in all of it.
inside_net() { ${INSIDE:+nsenter -t "$INSIDE" -n} env "$@"; }
inside() { ${INSIDE:+nsenter -t "$INSIDE" -a -r -w} "$@"; }
curl() { inside_net curl "$@"; }
WRITER=$BATS_TEST_DIRNAME/../tools/ilp_writer.py

# bats 1.8 knows no skip in setup_file: what is absent is found out there, once, and told by every test. A setup_file ends with
# "... || absence"; a file with a setup of its own begins it with "present".
absent() { export ABSENT=$1; return 77; }
absence() { local status=$?; [ -n "${ABSENT-}" ] || return "$status"; }
present() { [ -z "${ABSENT-}" ] || skip "$ABSENT"; }
setup() { present; }

# needed COMMAND...: it ends with 77 where something is absent, after "skip: WHY".
needed() {
	local said status=0
	[ "$(id -u)" = 0 ] || { absent "needs root"; return; }
	said=$("$@" 2>&1 >/dev/null 3>&-) || status=$?
	[ $status -ne 77 ] || { absent "${said##*skip: }"; return; }
	[ $status -eq 0 ] || echo "$said"
	return $status
}

# root_tree [PACKAGE...]: $tree, a Debian with systemd for boot.sh.
# shellcheck disable=SC2034 # for who calls
root_tree() {
	local said
	said=$(mktemp)
	tree=$("$BATS_TEST_DIRNAME/../systemd/root.sh" "$@" 2>"$said") || absent "$(tail -n 1 "$said" | sed 's/^skip: //')"
	set -- $?
	rm -f "$said"
	return "$1"
}

# One of so many by lot, or all with WHOLE: drawn N OF. More that are drawn in a file are of another DIE.
drawn() { [ -n "${WHOLE-}" ] || [ $((SEED / ${DIE:-1} % $2)) -eq "$1" ] || skip "drawn by lot"; }

within() { # seconds COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# ---- a registry that wants a login, at $REGISTRY for the Docker engine of $lab

REGISTRY=127.0.0.1:5000
login() { docker login --username tests --password-stdin "$REGISTRY" <<<tests; }

# It has this image of the engine's, and the engine none of that name; nobody is logged in.
registry_begin() { # IMAGE
	local -x DOCKER_CONFIG=$lab/pushing
	"$BATS_TEST_DIRNAME/../real/registry.sh" fetch >/dev/null 2>"$lab/no-registry" || return
	(exec nsenter -t "$(cat "$lab/pid")" -n "$BATS_TEST_DIRNAME/../real/registry.sh" serve "$lab/registry" "${REGISTRY#*:}") \
		>"$lab/registry.out" 2>&1 3>&- 4>&- &
	echo $! >"$lab/registry.pid"
	within 180 login && docker tag "$1" "$REGISTRY/$1" && docker push --quiet "$REGISTRY/$1" && docker rmi "$REGISTRY/$1"
}
registry_end() { [ ! -f "$lab/registry.pid" ] || kill "$(cat "$lab/registry.pid")"; }

# lab_begin VERSION [SCALE]: $lab with a running server of VERSION on $root, and NEW as an archive.
lab_needs() { qdb_java && qdb_fetch 9.3.4 && qdb_fetch "$1"; }
lab_begin() {
	needed lab_needs "$1" || return
	lab=$(mktemp -d /var/tmp/crossgrade-e2e.XXXXXX)
	root=$lab/data/root new=$lab/new.tar.gz
	export lab root new
	mkdir "$lab/data"
	[ -z "${MOUNTED-}" ] || mount_root || return
	qdb_archive 9.3.4 "$new" && qdb_install "$1" "$lab/data/opt" || return
	"${START:-qdb_start}" "$lab/data/opt" "$root" || return
	qdb_load "$root" "${2:-2000}" || return
	eval "$(qdb_env "$root")"
	export http
}

# ROOT as a file system of its own, of the kind that MOUNTED names: it cannot be exchanged, only what lies in it.
mount_root() {
	truncate -s 20G "$lab/disk"
	"mkfs.$MOUNTED" -q "$lab/disk"
	mkdir "$root"
	mount -o loop "$lab/disk" "$root" || { absent "no loop device"; return; }
	[ "$MOUNTED" != ext4 ] || rmdir "$root/lost+found"
}

lab_end() {
	[ -n "${lab-}" ] || return 0
	clients_stop
	qdb_end "$root"
	! mountpoint -q "$root" || umount "$root"
	rm -rf "$lab"
}

clients_start() {
	(exec ${INSIDE:+nsenter -t "$INSIDE" -n} "$WRITER" write --port "$http" --log "$lab/acknowledged" --pause 0.3) \
		>"$lab/clients.out" 2>&1 3>&- 4>&- &
	echo $! >"$lab/clients.pid"
	clients_served
}

# Their first write makes their table: before it, a plan and its run would look at two different worlds.
clients_served() {
	local i
	for ((i = 0; i < 600; i++)); do
		[ ! -s "$lab/acknowledged" ] || return 0
		sleep 0.1
	done
	echo "no client was served within a minute"
	return 1
}

clients_stop() {
	local pid i
	[ -f "$lab/clients.pid" ] || return 0
	pid=$(cat "$lab/clients.pid")
	rm "$lab/clients.pid"
	kill "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 600; i++)); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
}

# shellcheck disable=SC2154 # bats sets them
# Run crossgrade without a terminal; $status, $output and $stderr. What a shell starts in the background is to ignore SIGINT: not this.
cg() {
	run --separate-stderr inside env --default-signal=INT "$CG" --state-dir "$lab/state" "$@" </dev/null
	echo "crossgrade $* -> $status"
	echo "$output" | tail -n 20
	echo "$stderr" | tail -n 20
}

# exits N: the last call ended with that code.
exits() { [ "$status" -eq "$1" ]; }

subject() { echo questdb --root "$root" --artifact "$new"; }

# The last answer is a document of that kind.
valid() {
	local said status=0
	said=$(printf '%s\n' "$output" | /usr/bin/python3 "$VALIDATE" "$SCHEMAS" "$1" 2>&1) || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || { echo "$said"; return 1; }
}

json() { printf '%s\n' "$output" | python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }

serves() { # VERSION: what /settings says
	local said
	said=$(curl -s --max-time 60 "http://127.0.0.1:$http/settings")
	case $said in *'"release.version":"'"$1"'"'*) return 0 ;; esac
	echo "wanted $1, /settings says: $said"
	return 1
}

# Every row that a client was told is stored is there, once; with DIR: or saved there.
rows_whole() {
	inside_net "$WRITER" check --port "$http" --log "$lab/acknowledged" ${1:+--saved "$1"}
}

# Rows of every sample table, as one line each: the same before and after.
table_rows() {
	local t
	for t in trades trades_hour by_week by_month by_year deduped nonwal_day nonwal_none no_timestamp empty_wal all_types \
		late_rows changed 'renamed table' größe.2026 dropped_parts many_columns truncated many_partitions; do
		echo "$t $(qdb_sql "$root" "select count() from '$t'" | sed -n 's/.*"dataset":\(.*\),"count".*/\1/p')"
	done
}
rows_keep() { [ -f "$lab/rows" ] || table_rows >"$lab/rows"; }
rows_same() { diff "$lab/rows" <(table_rows); }
