# Restore points on their own, of a real server that clients write to all the while.
load common

setup_file() { lab_begin 9.3.4 && rows_keep && clients_start || absence; }
teardown_file() { lab_end; }
bats_require_minimum_version 1.5.0

point_id() { json 'd["id"]'; }
newest() { cat "$lab/point"; }
on_root() { cg "$@" questdb --root "$root"; }

@test "backup create beside writers is whole, again and again" {
	local i
	for i in 1 2; do
		on_root backup create --output json
		exits 0
		valid restore-point
		[ "$(json 'd["state"]')" = complete ]
		point_id >"$lab/point"
	done
	[[ $(qdb_sql "$root" "select in_progress from checkpoint_status()") == *false* ]]
	[ ! -e "$root/.checkpoint/db" ]
	serves 9.3.4
}

@test "a limit of I/O is kept beside the server, and a deadline that passes leaves nothing" {
	local before
	before=$(ls "$lab/data/.crossgrade-root")
	on_root backup create --io-limit 1M --timeout 2s
	exits 130
	[ "$(ls "$lab/data/.crossgrade-root")" = "$before" ]
	[[ $(qdb_sql "$root" "select in_progress from checkpoint_status()") == *false* ]]
}

@test "list, show and prove tell of it; a changed byte is found" {
	local first
	on_root backup list --output json
	exits 0
	valid restore-points
	[ "$(json 'len(d["restore_points"])')" = 2 ]
	cg backup show questdb "$(newest)" --root "$root" --output json
	exits 0
	valid restore-point
	cg backup prove questdb "$(newest)" --root "$root"
	exits 0
	(cd "$lab/data/.crossgrade-root/$(newest)" && sha256sum -c --quiet SHA256SUMS)
	first=$(ls "$lab/data/.crossgrade-root" | head -n 1)
	facts=$lab/data/.crossgrade-root/$first/facts.json
	python3 -c 'import json,sys; f = json.load(open(sys.argv[1]))["facts"]; sys.exit(f["server.version"]["value"] != "9.3.4" or any(e["class"] != "pinned" for e in f.values()))' "$facts"
	cp -p "$facts" "$lab/facts.kept"
	sed -i 's/9\.3\.4/9.3.3/' "$facts"
	cg backup prove questdb "$first" --root "$root"
	exits 12
	[[ $stderr == *facts.json* ]]
	grep -q '"state": "complete"' "$lab/data/.crossgrade-root/$first/point.json"
	cp -p "$lab/facts.kept" "$facts"
	cg backup prove questdb "$first" --root "$root"
	exits 0
	printf x >>"$lab/data/.crossgrade-root/$first/data/root/conf/server.conf"
	cg backup prove questdb "$first" --root "$root"
	exits 12
}

@test "prune removes it, and only when agreed to" {
	local first
	first=$(ls "$lab/data/.crossgrade-root" | head -n 1)
	cg backup prune questdb "$first" --root "$root"
	exits 2
	[ -e "$lab/data/.crossgrade-root/$first" ]
	cg backup prune questdb "$first" --root "$root" --yes
	exits 0
	[ ! -e "$lab/data/.crossgrade-root/$first" ]
	cg backup prune questdb "$first" --root "$root" --yes
	exits 1
}

@test "restore brings the tables as of the checkpoint, rollback the later ones" {
	qdb_do "$root" "create table later (a int)"
	cg backup restore questdb absent --root "$root" --yes
	exits 1
	serves 9.3.4
	clients_stop
	# What was written since is not thrown away without a word, and what rotted does not go live.
	cg backup restore questdb "$(newest)" --root "$root" --yes
	exits 9
	victim=$(find "$lab/data/.crossgrade-root/$(newest)/data" -name _tab_index.d | head -n 1)
	cp -a "$victim" "$lab/kept"
	printf x >>"$victim"
	cg backup restore questdb "$(newest)" --root "$root" --yes --accept-loss new-writes
	exits 12
	cp -a "$lab/kept" "$victim"
	serves 9.3.4
	cg backup restore questdb "$(newest)" --root "$root" --yes --accept-loss new-writes
	exits 0
	serves 9.3.4
	rows_same
	[[ $(qdb_sql "$root" "select * from later") == *error* ]]
	[ ! -e "$root/_restore" ]
	[[ $(qdb_sql "$root" "select count() from wal_tables() where suspended") == *'[[0]]'* ]]
	cg rollback --yes
	exits 9
	cg rollback --yes --accept-loss new-writes
	exits 0
	[[ $(qdb_sql "$root" "select count() from later") == *'[[0]]'* ]]
	rows_whole
}

@test "finalize of a restore frees what was set aside" {
	cg backup create questdb --root "$root" --output json
	exits 0
	again=$(json 'd["id"]')
	cg backup restore questdb "$again" --root "$root" --yes --accept-loss new-writes --output json
	exits 0
	run=$(json 'd["run"]')
	serves 9.3.4
	[ -d "$lab/data/.crossgrade-root/trash/$run/root/db" ]
	cg finalize --yes
	exits 0
	[ ! -e "$lab/data/.crossgrade-root/trash/$run" ]
	# Itself, and gone with its run, or a clone of it.
	[ ! -e "$lab/data/.crossgrade-root/$again" ] || cg backup prove questdb "$again" --root "$root"
	exits 0
	rows_same
}

@test "verify --against compares with facts saved before" {
	cg inspect questdb --root "$root" --deep --save "$lab/facts.json"
	exits 0
	cg verify questdb --root "$root" --against "$lab/facts.json" --output json
	exits 0
	valid differences
	qdb_do "$root" "drop table no_timestamp"
	cg verify questdb --root "$root" --against "$lab/facts.json"
	exits 8
	echo '{' >"$lab/broken.json"
	cg verify questdb --root "$root" --against "$lab/broken.json"
	exits 2
}
