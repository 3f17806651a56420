# 9.0.3 to 9.3.4 and back: a plain process, its root a mount point that clones files, clients writing all the while.
load common

export QDB_EXTRA=
setup_file() { MOUNTED=xfs lab_begin 9.0.3 && rows_keep && clients_start || absence; }
teardown_file() { lab_end; }
bats_require_minimum_version 1.5.0

@test "inspect sees the server, its layout and its tables" {
	cg inspect questdb --root "$root" --output json
	exits 0
	valid facts
	[ "$(json 'd["facts"]["server.version"]["value"]')" = 9.0.3 ]
	[ "$(json 'd["facts"]["service.kind"]["value"]')" = process ]
	[ "$(json 'd["facts"]["root.mount_point"]["value"]')" = True ]
	[ "$(json 'd["facts"]["tables.count"]["value"]')" -ge 20 ]
	# A running server has set aside much more than a copy of it takes up.
	[ "$(json '(lambda s: s["allocated"] > 3 * s["data"] > 0)(d["facts"]["sizes"]["value"]["root"])')" = True ]
}

@test "a check that reads no table is unsure whether this server can; with --deep it knows" {
	cg check $(subject) --output json
	exits 3
	valid checks
	[ "$(json '[c["id"] for c in d["checks"] if c["verdict"] in ("unsure", "block")]')" = "['questdb.tbl-unreadable']" ]
	cg check $(subject) --deep --output json
	exits 0
	[ "$(json '[c["verdict"] for c in d["checks"] if c["id"] == "questdb.tbl-unreadable"]')" = "['pass']" ]
}

@test "an artifact that is none, that is absent, or of another digest changes nothing" {
	echo nonsense >"$lab/nonsense.tar.gz"
	cg apply questdb --root "$root" --artifact "$lab/nonsense.tar.gz" --yes
	exits 3
	cg apply questdb --root "$root" --artifact "$lab/absent.tar.gz" --yes
	exits 2
	cg apply $(subject) --sha256 "$(printf %064d 0)" --yes
	[ "$status" -eq 12 ] || exits 3
	serves 9.0.3
}

@test "a plan that something moved beneath is refused" {
	cg plan $(subject) -o "$lab/stale.json"
	exits 0
	echo '# a comment of the operator' >>"$root/conf/server.conf"
	cg apply "$lab/stale.json" --yes
	exits 4
	sed -i '$d' "$root/conf/server.conf"
	serves 9.0.3
}

@test "without a terminal and without --yes nothing is done" {
	cg apply $(subject)
	exits 2
	serves 9.0.3
}

@test "the same look gives the same plan" {
	cg plan $(subject) -o "$lab/plan.json" --output json
	exits 0
	valid plan
	first=$(json 'd["digest"]')
	cg plan $(subject) --output json
	[ "$(json 'd["digest"]')" = "$first" ]
	[ "$(json 'len(d["deep"]["facts"]["fingerprints"]["value"])')" -ge 20 ]
}

@test "apply --hold leaves the old server serving" {
	cg apply "$lab/plan.json" --yes --hold
	exits 13
	serves 9.0.3
	cg status --output json
	valid status
	[[ $output == *held* ]]
	cg apply "$lab/plan.json" --yes
	exits 6
}

@test "resume goes through the window; every table and every acknowledged row is there" {
	cg resume --yes
	exits 0
	serves 9.3.4
	rows_same
	rows_whole
	cg report --output json
	exits 0
	valid report
	[[ "$(json 'd["level"]')" == *"files of "*"F2 of "*"F3 of "* ]]
	cg resume
	[ "$status" -ne 7 ]
}

@test "verify compares again, later, and says what clients wrote is theirs" {
	cg verify --output json
	exits 0
	valid differences
}

point_is() { # STATE
	cg backup list questdb --root "$root" --output json
	[ "$(json '[p["state"] for p in d["restore_points"]]')" = "['$1']" ]
}

@test "rollback without a word about new writes is refused" {
	cg rollback --yes
	exits 9
	serves 9.3.4
}

@test "a rollback that cannot save them has proved the restore point, and leaves no clones of it" {
	mkdir "$lab/small"
	mount -t tmpfs -o nr_inodes=2 small "$lab/small"
	cg rollback --yes --save-new-writes "$lab/small"
	umount "$lab/small"
	exits 9
	[[ $output$stderr == *"save new writes"* ]]
	serves 9.3.4
	point_is proved
	run ! ls -d "$root"/.crossgrade/staged/*/* "$root"/.crossgrade/staged-*
}

@test "rollback saves the new writes; every acknowledged row is in the old server or in the files" {
	cg rollback --yes --save-new-writes "$lab/saved"
	exits 0
	serves 9.0.3
	rows_same
	rows_whole "$lab/saved"
	ls "$lab"/saved/2*/writes.json		# a directory for each run: no export overwrites another
	point_is proved		# a clone of it went live
	cg rollback --yes
	exits 0
}

@test "a second run without a gate, with a server that crossgrade itself started" {
	clients_stop
	rm "$lab/acknowledged"
	clients_start
	cg apply $(subject) --gate none --accept-open --yes
	exits 0
	serves 9.3.4
	rows_same
	[ "$(curl -s "http://127.0.0.1:$http/exec?query=select%20count()%20from%20live" | grep -c dataset)" = 1 ]
}

@test "finalize gives up the way back, and says so" {
	local records
	records=$(find "$lab/state/undo" -mindepth 1 -maxdepth 1 | sort | tail -n 1)
	grep -rqs '"env":' "$records"		# how the old server was started
	cg finalize --yes --with-restore-point
	exits 0
	[[ $output == *"what remains: the old build in '$lab/data/opt"*"', what 'crossgrade report' tells"* ]]
	run ! grep -rqs '"env":' "$records"
	cg report --output json
	exits 0
	valid report
	cg rollback --yes
	exits 1
	serves 9.3.4
	cg status --output json
	exits 0
}

@test "a server that is down is seen to be down, and left so" {
	clients_stop
	qdb_end "$root"
	cg inspect questdb --root "$root" --output json
	exits 0
	[ "$(json 'd["facts"]["server.running"]["value"]')" = False ]
}
