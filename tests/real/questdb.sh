#!/bin/bash
# Real QuestDB servers for tests and demos. Run it, or source it for its functions.
#
#   questdb.sh fetch VERSION                 fetch the jar of a release (Maven), print its path
#   questdb.sh install VERSION DIR           lay out a no-JRE installation: DIR/questdb.jar, DIR/bin/
#   questdb.sh archive VERSION FILE.tar.gz   the same as an archive with one top directory
#   questdb.sh start VERSION|DIR ROOT        start on ROOT with free ports of loopback, wait until it answers
#   questdb.sh load ROOT [SCALE]             sample data: 25 tables and more, SCALE rows in the large ones (2000)
#   questdb.sh drain ROOT                    wait until every WAL transaction is applied
#   questdb.sh sql ROOT STATEMENT            answer of /exec
#   questdb.sh env ROOT                      pid and ports: `eval "$(questdb.sh env ROOT)"`
#   questdb.sh stop|kill ROOT                one SIGTERM and wait, or SIGKILL
#   questdb.sh end ROOT                      end whoever serves ROOT, also one started since by somebody else
#
# What a started server is stands in ROOT.server beside ROOT, never in it. More environment for the server: QDB_EXTRA
# ("QDB_A=1 QDB_B=2"), for its JVM: QDB_JVM (one word). QDB_LOGIN ("user:password") is how this script itself logs in. QDB_HTTP_PORT and
# the like choose ports instead of free ones, QDB_LAUNCH another command line. Exit 77: something needed is absent, the reason on stderr.

# shellcheck source=tests/real/server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

QDB_CACHE=${QDB_CACHE:-$HOME/.m2/repository}

qdb_skip() { echo "skip: $*" >&2; exit 77; }
qdb_java() { command -v "${QDB_JAVA:-java}" || qdb_skip "no Java"; }

# Two at once fetch it once.
qdb_fetch() {
	local jar=$QDB_CACHE/org/questdb/questdb/$1/questdb-$1.jar
	if [ ! -f "$jar" ]; then
		command -v mvn >/dev/null || qdb_skip "no jar of QuestDB $1 and no mvn to fetch it"
		mkdir -p "$QDB_CACHE" || return
		(
			flock 9
			[ -f "$jar" ] || mvn -B -q dependency:get "-Dartifact=org.questdb:questdb:$1" -Dtransitive=false \
				"-Dmaven.repo.local=$QDB_CACHE" >&2
		) 9>"$QDB_CACHE/.crossgrade.lock" || qdb_skip "QuestDB $1 cannot be fetched"
	fi
	echo "$jar"
}

# The launcher that the jar lacks: the documented command line behind one script, the main class in env.sh.
qdb_install() {
	local jar
	jar=$(qdb_fetch "$1") || exit
	mkdir -p "$2/bin" && cp "$jar" "$2/questdb.jar"
	echo 'JAVA_MAIN="io.questdb/io.questdb.ServerMain"' >"$2/bin/env.sh"
	cat >"$2/bin/questdb.sh" <<'END'
#!/bin/bash
# questdb.sh start -d ROOT: run in the foreground what env.sh names.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/env.sh"
[ "$1 ${2-}" = "start -d" ] || { echo "usage: questdb.sh start -d ROOT" >&2; exit 55; }
exec "${JAVA:-java}" ${QDB_JVM-} -DQuestDB-Runtime-66535 -Dcontainerized=false -Xmx1g -ea -Dnoebug -XX:+UseParallelGC \
	--add-exports java.base/jdk.internal.math=io.questdb -p "$here/../questdb.jar" -m "$JAVA_MAIN" -d "$3" -n
END
	chmod 755 "$2/bin/questdb.sh"
}

qdb_archive() {
	local top=questdb-$1-no-jre-bin dir
	dir=$(mktemp -d) || exit
	qdb_install "$1" "$dir/$top"
	tar -C "$dir" -czf "$2" "$top"
	rm -rf "$dir"
}

qdb_env() { cat "$1.server"; }

# Ports that were free may be taken before the server binds them: then others are tried, unless they were asked for.
qdb_start() {
	local attempt
	for attempt in 1 2 3; do
		qdb_launch "$1" "$2" && qdb_wait "$2" && return 0
		[ -z "${QDB_HTTP_PORT-}" ] && tail -n 20 "$2.out" | grep -q 'could not bind socket' || return 1
		echo "attempt $attempt: a port was taken" >&2
	done
	return 1
}

qdb_launch() {
	local jar=$1 root=$2 pid http min pg ilp java
	java=$(qdb_java) || exit
	case $jar in
	/*) [ -d "$jar" ] && jar=$jar/questdb.jar ;;
	*) jar=$(qdb_fetch "$jar") || exit ;;
	esac
	http=${QDB_HTTP_PORT:-$(server_free_port)} min=${QDB_MIN_PORT:-$(server_free_port)}
	pg=${QDB_PG_PORT:-$(server_free_port)} ilp=${QDB_ILP_PORT:-$(server_free_port)}
	mkdir -p "$root"
	# From a shell that ends at once: a server whose parent is a shell script looks like one in a restart loop.
	# shellcheck disable=SC2086
	pid=$(env $QDB_EXTRA_DEFAULT ${QDB_EXTRA:-} QDB_HTTP_BIND_TO=127.0.0.1:"$http" QDB_HTTP_MIN_BIND_TO=127.0.0.1:"$min" \
		QDB_PG_NET_BIND_TO=127.0.0.1:"$pg" QDB_LINE_TCP_NET_BIND_TO=127.0.0.1:"$ilp" \
		setsid ${QDB_LAUNCH:-"$java" ${QDB_JVM-} -DQuestDB-Runtime-66535 -Dcontainerized=false -Xmx1g -ea -Dnoebug \
		-XX:+UseParallelGC --add-exports java.base/jdk.internal.math=io.questdb -p "$jar" \
		-m io.questdb/io.questdb.ServerMain -d "$root" -n} >>"$root.out" 2>&1 </dev/null 3>&- 4>&- & echo $!)
	printf 'pid=%s\nhttp=%s\nmin=%s\npg=%s\nilp=%s\nroot=%s\n' "$pid" "$http" "$min" "$pg" "$ilp" "$root" \
		>"$root.server"
}
# Its workers sleep after a hundred rounds without work, not after ten thousand, most of which is a server that spins for a test's few rows.
QDB_EXTRA_DEFAULT="QDB_TELEMETRY_ENABLED=false QDB_SHARED_WORKER_SLEEP_THRESHOLD=100"

qdb_wait() {
	local pid http i
	pid=$(sed -n 's/^pid=//p' "$1.server") http=$(sed -n 's/^http=//p' "$1.server")
	for ((i = 0; i < 1800; i++)); do
		curl -sf -o /dev/null --max-time 2 "http://127.0.0.1:$http/ping" && return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	echo "QuestDB on $1 did not start:" >&2
	tail -n 20 "$1.out" >&2
	return 1
}

qdb_sql() {
	local http
	http=$(sed -n 's/^http=//p' "$1.server")
	curl -s --max-time 300 ${QDB_LOGIN:+--user "$QDB_LOGIN"} -G "http://127.0.0.1:$http/exec" --data-urlencode "query=$2"
	echo
}

# A statement that must be done; one that an older release may refuse.
qdb_do() {
	local answer
	answer=$(qdb_sql "$1" "$2")
	case $answer in *'"error"'* | '') echo "refused: $2: $answer" >&2; return 1 ;; esac
}
qdb_try() { qdb_do "$1" "$2" 2>/dev/null || true; }

qdb_drain() {
	local i
	for ((i = 0; i < 1800; i++)); do
		case $(qdb_sql "$1" "select count() from wal_tables() where writerTxn <> sequencerTxn and not suspended") in
		*'"dataset":[[0]]'*) return 0 ;;
		esac
		sleep 0.1
	done
	echo "the WAL of $1 was not drained" >&2
	return 1
}

# Timestamps step so that the large tables have about ten partitions.
qdb_rows() { echo "select rnd_symbol('AA','BB','CC','DD') sym, rnd_double() price, rnd_long() qty, x::int n,
	timestamp_sequence('2026-01-01', $2) ts from long_sequence($1)"; }

qdb_load() {
	local r=$1 n=${2:-2000} step t
	step=$((864000000000 / n))
	qdb_do "$r" "create table trades (sym symbol index, price double, qty long, n int, ts timestamp) timestamp(ts) partition by day wal"
	qdb_do "$r" "insert into trades $(qdb_rows "$n" "$step")"
	qdb_do "$r" "create table trades_hour (sym symbol, price double, qty long, n int, ts timestamp) timestamp(ts) partition by hour wal"
	qdb_do "$r" "insert into trades_hour $(qdb_rows 500 600000000)"
	for t in week month year; do
		qdb_do "$r" "create table by_$t (sym symbol, price double, qty long, n int, ts timestamp) timestamp(ts) partition by $t wal"
		qdb_do "$r" "insert into by_$t $(qdb_rows 300 86400000000)"
	done
	qdb_do "$r" "create table deduped (id int, v double, ts timestamp) timestamp(ts) partition by day wal dedup upsert keys(ts, id)"
	qdb_do "$r" "insert into deduped select (x % 10)::int, x / 2.0, timestamp_sequence('2026-01-01', 3600000000) from long_sequence(200)"
	qdb_do "$r" "insert into deduped select (x % 10)::int, x / 4.0, timestamp_sequence('2026-01-01', 3600000000) from long_sequence(100)"
	qdb_do "$r" "create table nonwal_day (sym symbol, price double, qty long, n int, ts timestamp) timestamp(ts) partition by day bypass wal"
	qdb_do "$r" "insert into nonwal_day $(qdb_rows "$n" "$step")"
	qdb_do "$r" "create table nonwal_none (name string, v double, ts timestamp) timestamp(ts) partition by none"
	qdb_do "$r" "insert into nonwal_none select 'row' || x, x * 1.5, timestamp_sequence('2026-02-01', 1000000) from long_sequence(100)"
	qdb_do "$r" "create table no_timestamp (code int, label varchar)"
	qdb_do "$r" "insert into no_timestamp select x::int, 'label ' || x from long_sequence(50)"
	qdb_do "$r" "create table empty_wal (a int, ts timestamp) timestamp(ts) partition by day wal"
	qdb_do "$r" "create table empty_nonwal (a int, s symbol)"
	qdb_do "$r" "create table all_types (bo boolean, by byte, sh short, ch char, i int, l long, da date, f float, d double, s string, v varchar, sy symbol nocache, u uuid, ip ipv4, l2 long256, g geohash(5c), bi binary, ts timestamp) timestamp(ts) partition by day wal"
	qdb_do "$r" "insert into all_types select rnd_boolean(), rnd_byte(), rnd_short(), rnd_char(), rnd_int(), rnd_long(), rnd_date(), rnd_float(), rnd_double(), rnd_str(3,8,2), rnd_varchar(2,20,3), rnd_symbol('x','y',null), rnd_uuid4(), rnd_ipv4(), rnd_long256(), rnd_geohash(25), rnd_bin(4,32,2), timestamp_sequence('2026-03-01', 1800000000) from long_sequence(200)"
	qdb_do "$r" "create table late_rows (v long, ts timestamp) timestamp(ts) partition by day wal"
	qdb_do "$r" "insert into late_rows select x, timestamp_sequence('2026-01-05', 60000000) from long_sequence(5000)"
	qdb_do "$r" "insert into late_rows select -x, timestamp_sequence('2026-01-05T12:00:30', 60000000) from long_sequence(100)"
	qdb_do "$r" "create table changed (a int, b long, gone double, ts timestamp) timestamp(ts) partition by day wal"
	qdb_do "$r" "insert into changed select x::int, x, x / 3.0, timestamp_sequence('2026-01-01', 3600000000) from long_sequence(72)"
	qdb_do "$r" "alter table changed add column added symbol"
	qdb_do "$r" "alter table changed drop column gone"
	qdb_do "$r" "alter table changed rename column b to renamed"
	qdb_do "$r" "alter table changed alter column a type long"
	qdb_do "$r" "alter table changed alter column a type double"
	qdb_do "$r" "alter table changed alter column a type long"
	qdb_do "$r" "insert into changed select x, x * 2, timestamp_sequence('2026-01-04', 3600000000), 'k' || (x % 3) from long_sequence(48)"
	qdb_drain "$r"
	qdb_do "$r" "update changed set renamed = -1 where a = 5"
	qdb_do "$r" "create table to_rename (a int, ts timestamp) timestamp(ts) partition by day wal"
	qdb_do "$r" "insert into to_rename values (1, '2026-01-01'), (2, '2026-01-02')"
	qdb_do "$r" "rename table to_rename to 'renamed table'"
	qdb_do "$r" "create table 'größe.2026' (höhe double, ts timestamp) timestamp(ts) partition by month wal"
	qdb_do "$r" "insert into 'größe.2026' values (1.5, '2026-01-01'), (2.5, '2026-02-01')"
	qdb_do "$r" "create table dropped_parts (a int, ts timestamp) timestamp(ts) partition by day bypass wal"
	qdb_do "$r" "insert into dropped_parts select x::int, timestamp_sequence('2026-01-01', 3600000000) from long_sequence(96)"
	qdb_do "$r" "alter table dropped_parts drop partition list '2026-01-02'"
	qdb_do "$r" "alter table dropped_parts detach partition list '2026-01-01'"
	qdb_do "$r" "create table many_columns ($(for ((t = 0; t < 120; t++)); do printf 'c%d double, ' "$t"; done) ts timestamp) timestamp(ts) partition by day wal"
	qdb_do "$r" "insert into many_columns (c0, c119, ts) values (1, 2, '2026-01-01')"
	qdb_do "$r" "create table truncated (a int, ts timestamp) timestamp(ts) partition by day wal"
	qdb_do "$r" "insert into truncated values (1, '2026-01-01')"
	qdb_do "$r" "truncate table truncated"
	qdb_do "$r" "create table many_partitions (a long, ts timestamp) timestamp(ts) partition by hour wal"
	qdb_do "$r" "insert into many_partitions select x, timestamp_sequence('2025-01-01', 3600000000) from long_sequence(240)"
	qdb_try "$r" "create table kept (a int, ts timestamp) timestamp(ts) partition by day ttl 10000 days wal"
	qdb_try "$r" "insert into kept values (1, '2026-01-01'), (2, '2026-01-05')"
	qdb_try "$r" "create table arrays (a double[][], ts timestamp) timestamp(ts) partition by day wal"
	qdb_try "$r" "insert into arrays values (ARRAY[[1.0,2.0],[3.0,4.0]], '2026-01-01')"
	qdb_try "$r" "create materialized view trades_hourly as (select ts, sym, sum(qty) q, avg(price) p from trades sample by 1h) partition by day"
	qdb_try "$r" "create table nanos (a int, ts timestamp_ns) timestamp(ts) partition by day wal"
	qdb_try "$r" "insert into nanos values (1, '2026-01-01T00:00:00.123456789Z'), (2, '2026-01-02T00:00:00.000000001Z')"
	qdb_try "$r" "create table decimals (a decimal(18,4), ts timestamp) timestamp(ts) partition by day wal"
	qdb_try "$r" "insert into decimals values (12.3456m, '2026-01-01')"
	qdb_try "$r" "create view trades_view as (select ts, sym, price from trades where sym = 'AA')"
	# Parquet of 8.2.0 cannot read back its own symbols: not there.
	case $(qdb_sql "$r" "select build()") in
	*'QuestDB 8.'* | *'QuestDB 7.'*) ;;
	*)
		qdb_do "$r" "create table parquet (a int, d double, ts timestamp) timestamp(ts) partition by day wal"
		qdb_do "$r" "insert into parquet select x::int, x / 7.0, timestamp_sequence('2026-01-01', 3600000000) from long_sequence(96)"
		qdb_drain "$r"
		qdb_do "$r" "alter table parquet convert partition to parquet where ts < '2026-01-03'"
		;;
	esac
	qdb_drain "$r"
}

qdb_stop() { server_stop "$(sed -n 's/^pid=//p' "$1.server")" "$1" "${2:-TERM}"; }
qdb_kill() { qdb_stop "$1" KILL; }

qdb_end() { server_end "-d $1( |\$)" "$1"; }

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -u
	verb=${1-}
	case $verb in
	fetch | install | archive | start | load | drain | sql | env | stop | kill | end) shift; "qdb_$verb" "$@" ;;
	*) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
fi
