# The ways back of 9.0.3 to 9.3.4: the operator's snapshot of a volume, his word that he has a backup, none at all; and a copy of our
# own whose journal is lost, or whose bytes rotted. ROOT is a volume: its disk is an image, which his programs copy and put back.
load common
bats_require_minimum_version 1.5.0

setup_file() {
	MOUNTED=ext4 lab_begin 9.0.3 400 && rows_keep || { absence; return; }
	qdb_stop "$root" && start_here "$lab/data/opt" && kept >"$lab/kept" && clients_start || return
	say_programs
}
teardown_file() { lab_end; }

# On the same ports. A server that ends cuts files to their length which it had set aside more for.
start_here() { # INSTALL
	local min pg ilp
	eval "$(qdb_env "$root")"
	# shellcheck disable=SC2154 # of qdb_env
	QDB_HTTP_PORT=$http QDB_MIN_PORT=$min QDB_PG_PORT=$pg QDB_ILP_PORT=$ilp qdb_start "$1" "$root"
}

# A cloud or an array copies the disk and knows no file system: the first, which needs it frozen, sees that all is written out before.
say_programs() {
	cat >"$lab/take" <<-END
		#!/bin/bash -e
		disk=\$(findmnt -no SOURCE $root)
		left=\$(cat /sys/fs/ext4/\${disk#/dev/}/delayed_allocation_blocks)
		[ "\$left" = 0 ] || { echo "\$left blocks are not on the disk" >&2; exit 1; }
		fsfreeze -f $root
		trap 'fsfreeze -u $root' EXIT
		cp --sparse=always $lab/disk $lab/snapshot
	END
	cat >"$lab/put-back" <<-END
		#!/bin/bash -e
		[ ! -e $lab/broken ] || { echo "the array is degraded" >&2; exit 1; }
		echo begin >>$lab/restores
		[ ! -e $lab/slow ] || sleep 4
		umount $root
		cp --sparse=always $lab/snapshot $lab/disk
		mount -o loop $lab/disk $root
		echo end >>$lab/restores
	END
	printf '#!/bin/sh\nrm %s\n' "$lab/snapshot" >"$lab/let-go"
	printf '#!/bin/sh\ntest ! -e %s\n' "$lab/broken" >"$lab/alarm"
	chmod 755 "$lab/take" "$lab/put-back" "$lab/let-go" "$lab/alarm"
}

# migration LINE...: of a restore point, and what else there is to be said.
migration() {
	printf '%s\n' "product: questdb" "source: {root: $root}" "target: {artifact: $new}" "$@" >"$lab/migration.yaml"
}
snapshot_by() { migration "restore_point: {kind: snapshot, create: [$1], restore: [$lab/put-back], release: [$lab/let-go]}"; }

# Name and bytes of every file in a partition that no client writes to: what a server that is only started leaves alone.
kept() {
	qdb_drain "$root"
	(cd "$root/db" && find . -path './live*' -prune -o -path './*/20*' -type f -print0 | sort -z |
		"$BATS_TEST_DIRNAME/../tools/content_sums.py")
}
kept_same() { diff "$lab/kept" <(kept) >"$lab/moved" || { head "$lab/moved"; return 1; }; }

# The new world is written to, too: what comes back later is the old one, not what looks like it.
write_new() {
	qdb_do "$root" "insert into by_month $(qdb_rows 50 86400000000)"
	qdb_do "$root" "update changed set renamed = -2 where a = 6"
	qdb_drain "$root"
	[ "$(kept | sha256sum)" != "$(sha256sum <"$lab/kept")" ]
}

kill_at() { # STEP:STATE
	"$CG" --state-dir "$lab/state" plan -f "$lab/migration.yaml" -o "$lab/plan.json" >/dev/null 2>&1
	"$BATS_TEST_DIRNAME/../tools/kill_at.py" "$1" 0 \
		"$CG" --state-dir "$lab/state" apply "$lab/plan.json" --yes --output jsonl "${@:2}"
	rm "$lab/plan.json"
}

# What it started goes on: on a disk, where an array's own programs do.
kill_in_restore() { # VERB...
	local i
	"$CG" --state-dir "$lab/state" "$@" >/dev/null 2>&1 3>&- 4>&- </dev/null &
	for ((i = 0; i < 600; i++)); do
		[ ! -e "$lab/restores" ] || break
		sleep 0.1
	done
	kill -9 $!
	rm "$lab/slow"
}

possible() { json '[run["possible"] for run in d["runs"]][0]'; }

@test "a snapshot that cannot be taken turns the run back" {
	snapshot_by /bin/false
	cg apply -f "$lab/migration.yaml" --yes
	exits 5
	serves 9.0.3
	rows_same
	rows_whole
}

@test "with the operator's snapshot 9.0.3 becomes 9.3.4, and nobody says that it was proved" {
	snapshot_by "$lab/take"
	cg apply -f "$lab/migration.yaml" --yes
	exits 0
	serves 9.3.4
	rows_same
	rows_whole
	[ -s "$lab/snapshot" ]
	[ ! -e "$root/.crossgrade" ]
	cg report
	[[ $output == *"a snapshot of the operator's; its proof is its exit status: not proved"* ]]
	cg report --output json
	valid report
	cg status --output json
	[[ $(possible) == *rollback* ]]
	cg verify
	exits 0
}

@test "the way back by a snapshot counts and saves what clients wrote" {
	write_new
	cg rollback --yes
	exits 9
	serves 9.3.4
	cd "$root"
	cg rollback --yes --save-new-writes saved
	cd "$lab"
	exits 2
	serves 9.3.4
	[ ! -e "$root/saved" ]
	touch "$lab/broken"
	cg rollback --yes --save-new-writes "$lab/saved"
	exits 7
	[[ $output == *"the array is degraded"* ]]
	cg status
	[[ $output == *"NOT SERVED"* ]]
	rm "$lab/broken"
	touch "$lab/slow"
	kill_in_restore rollback --yes --save-new-writes "$lab/saved"
	cg rollback --yes --save-new-writes "$lab/saved"
	exits 0
	[[ $stderr == *"what a killed run started is still at work: '/bin/bash' (process "*"its end is waited for"* ]]
	[ "$(tr '\n' ' ' <"$lab/restores")" = "begin end begin end " ]
	serves 9.0.3
	rows_same
	kept_same
	rows_whole "$lab/saved"
	clients_stop
	cp --sparse=always "$lab/snapshot" "$lab/backup"
	cg finalize --yes
	exits 0
	[ ! -e "$lab/snapshot" ]
}

@test "no backup at all wants two words; until the new server starts the way back is whole" {
	migration "restore_point: {kind: none}"
	cg apply -f "$lab/migration.yaml" --yes
	exits 9
	[[ $stderr == *--accept-no-backup* ]]
	cg apply -f "$lab/migration.yaml" --yes --accept-no-backup
	exits 9
	[[ $stderr == *--accept-no-return* ]]
	serves 9.0.3
	kill_at swap:done --accept-no-backup --accept-no-return
	cg status --output json
	[[ $(possible) == *rollback* ]]
	cg rollback --yes
	exits 0
	serves 9.0.3
	rows_same
	kept_same
}

@test "with a backup elsewhere a fault behind the gate leaves the new server, which only resume opens" {
	cp -a "$lab/data/opt" "$lab/opt"
	migration "restore_point: {kind: external}" "hooks: {after_ready: [$lab/alarm]}"
	cg apply -f "$lab/migration.yaml" --yes
	exits 9
	touch "$lab/broken"
	cg apply -f "$lab/migration.yaml" --yes --accept-no-return
	exits 8
	[[ $stderr == *"no restore point of our own"* ]]
	cg status --output json
	[ "$(possible)" = "['resume', 'verify', 'finalize', 'report']" ]
	cg rollback --yes --accept-loss new-writes
	exits 9
	rm "$lab/broken"
	cg resume --yes
	exits 0
	serves 9.3.4
	rows_same
}

@test "after the first start there is no way back but the operator's own, and every verb says so" {
	write_new
	cg report
	[[ $output == *"the operator's word that there is one: not proved"*"none of crossgrade's own"* ]]
	cg status --output json
	[[ $(possible) != *rollback* ]]
	cg rollback --yes --accept-loss new-writes
	exits 9
	[[ $stderr == *"restore your own backup"* ]]
	serves 9.3.4
	qdb_end "$root"
	cp "$lab/backup" "$lab/snapshot"
	"$lab/put-back"
	rm -rf "$lab/data/opt" "$lab"/data/opt.crossgrade-*
	mv "$lab/opt" "$lab/data/opt"
	start_here "$lab/data/opt"
	serves 9.0.3
	rows_same
	kept_same
	cg finalize --yes
	exits 0
	cg rollback --yes
	exits 1
}

@test "the disk is not mounted at a boot: nothing starts in the directory under it, and a late one is waited for" {
	migration "restore_point: {kind: tree}"
	kill_at swap:done
	umount "$root"
	cg resume --unattended --timeout 2s
	exits 1
	[[ $output == *"nothing changed: '$root' is not the directory that this run began on"* ]]
	cg rollback --yes
	exits 1
	[ -z "$(ls -A "$root")" ]
	cg status --output json
	valid status
	[[ $(json 'd["runs"][0]["away"]') == *"may not be mounted"* ]]
	(sleep 2 && exec mount -o loop "$lab/disk" "$root") 3>&- 4>&- &
	cg resume --unattended
	exits 5
	serves 9.0.3
	rows_same
	kept_same
}

# lose_state STEP:STATE: kill there, with the state directory lost after it; $point is what the marker names.
lose_state() {
	kill_at "$1"
	rm -rf "$lab/state"
	point=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["point"])' <"$root/.crossgrade/run.json")
	[ -s "$point/point.json" ]
}

@test "a state directory is lost in the window: the copy itself leads back" {
	migration "restore_point: {kind: tree}"
	lose_state swap:done
	cg rollback --from "$point" --yes --force
	exits 0
	serves 9.0.3
	rows_same
	kept_same
	[ "$(ls -d "$lab"/data/opt*)" = "$lab/data/opt" ]
}

@test "a state directory is lost behind the gate: the copy itself leads back" {
	migration "restore_point: {kind: tree}"
	lose_state verify-gate:begin
	cg apply -f "$lab/migration.yaml" --yes
	exits 6
	[[ $stderr == *"rollback --from $point'"* ]]
	cg rollback --from "$point" --yes
	exits 0
	serves 9.0.3
	rows_same
	kept_same
	cg rollback --from "$lab" --yes
	exits 2
}

# rot FILE BYTE: change its first byte on the disk, beneath the file system: no time of it moves. What is not written out yet has no
# place there; and whoever made namespaces meanwhile has this file system mounted on, with what it has read of it.
rot() {
	local block times
	times=$(stat -c '%y %z' "$1")
	block=$(filefrag -s -b4096 -v "$1" | awk '$1 == "0:" { sub(/\.\..*/, "", $4); print $4 }')
	[ "$block" -gt 0 ]
	umount "$root"
	printf '%s' "$2" | dd of="$lab/disk" bs=1 seek=$((block * 4096)) conv=notrunc status=none
	mount -o loop "$lab/disk" "$root"
	dd if="$1" iflag=nocache count=0 status=none
	[ "$(head -c 1 "$1")" = "$2" ]
	[ "$(stat -c '%y %z' "$1")" = "$times" ]
}

@test "a copy that rotted beneath the file system is found by --prove, and goes back once it is whole" {
	local point victim first
	migration "restore_point: {kind: tree}"
	cg apply -f "$lab/migration.yaml" --yes
	exits 0
	write_new
	point=$root/.crossgrade/$(ls "$root/.crossgrade" | grep '^20' | tail -n 1)
	victim=$point/data/root/conf/server.conf
	first=$(head -c 1 "$victim")
	qdb_end "$root"
	rot "$victim" x
	cg rollback --yes --prove
	exits 9						# before all of it is read
	cg rollback --yes --prove --accept-loss new-writes
	exits 12
	[[ $output == *"does not match its manifest: conf/server.conf"* ]]
	rot "$victim" "$first"
	mv "$lab/state" "$lab/elsewhere"
	cg rollback --from "$point" --yes --prove --accept-loss new-writes
	exits 0
	serves 9.0.3
	rows_same
	kept_same
}

@test "without a backup 9.0.3 becomes 9.3.4 for good" {
	rm -rf "$lab/state"
	migration "restore_point: {kind: none}"
	cg apply -f "$lab/migration.yaml" --yes --accept-no-backup --accept-no-return
	exits 0
	serves 9.3.4
	rows_same
	cg report
	[[ $output == *"none was made"*"none of crossgrade's own"* ]]
	cg rollback --yes --accept-loss new-writes
	exits 9
	serves 9.3.4
}
