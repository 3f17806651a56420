# 8.2.0 to 9.3.4 and back: another major release, started by its own script, without a gate.
load common
bats_require_minimum_version 1.5.0

by_script() { QDB_LAUNCH="$1/bin/questdb.sh start -d $2" qdb_start "$1" "$2"; }
setup_file() { START=by_script lab_begin 8.2.0 && rows_keep && clients_start || absence; }
teardown_file() { lab_end; }

@test "8.2.0 becomes 9.3.4 with every table and every acknowledged row" {
	cg apply $(subject) --gate none --accept-open --yes
	exits 0
	serves 9.3.4
	rows_same
	rows_whole
}

@test "a rollback agreed to as a loss brings back 8.2.0, whole" {
	clients_stop
	cg rollback --yes --accept-loss new-writes
	exits 0
	curl -s "http://127.0.0.1:$http/settings" | grep -q 8.2.0
	rows_same
}

@test "an artifact older than what runs is refused" {
	qdb_archive 7.4.2 "$lab/older.tar.gz"
	cg apply questdb --root "$root" --artifact "$lab/older.tar.gz" --yes
	exits 3
}
