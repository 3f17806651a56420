# kill -9 of crossgrade at moments drawn by lot (SEED), on a real server under writers; then the one way or the other. Half of them, by
# lot, or all with WHOLE.
load common
bats_require_minimum_version 1.5.0

setup_file() {
	lab_begin 9.0.3 400 && rows_keep && clients_start || absence
}
teardown_file() { lab_end; }

# kill_in STEP:STATE [MS]: apply, killed up to 150 ms, or MS, after the step came to that state.
kill_in() {
	local delay=${2:-$((SEED * 7919 % 150))}
	rm -f "$lab/plan.json"
	"$CG" --state-dir "$lab/state" plan $(subject) -o "$lab/plan.json" >/dev/null 2>&1
	"$BATS_TEST_DIRNAME/../tools/kill_at.py" "$1" "$delay" \
		"$CG" --state-dir "$lab/state" apply "$lab/plan.json" --yes --output jsonl
}

back() {
	cg rollback --yes --save-new-writes "$lab/saved/$BATS_TEST_NUMBER"
	exits 0
	serves 9.0.3
	rows_same
	rows_whole "$lab/saved"
}

forward() {
	cg resume --yes
	exits 0
	serves 9.3.4
	rows_same
	rows_whole "$lab/saved"
}

# Without a person: whoever looks is told first that a run is unfinished.
told() {
	cg status
	exits 0
	[[ $output == Unfinished* ]]
}

@test "killed while it copies the running server: back" {
	drawn 0 2
	kill_in backup-live:begin
	told
	serves 9.0.3
	back
}

@test "killed in the window, server stopped: forward, then back" {
	drawn 1 2
	kill_in backup-final:begin
	told
	forward
	back
}

@test "killed between the two worlds: back" {
	drawn 1 2
	kill_in swap:done
	told
	back
}

@test "killed at the first start of the new build: forward, then back" {
	drawn 0 2
	kill_in start:begin
	told
	forward
	back
}

@test "killed behind the gate: back" {
	drawn 1 2
	kill_in verify-gate:begin
	told
	back
}

@test "killed after clients were let in: forward, then back with another kill on the way" {
	drawn 0 2
	kill_in verify-deep:begin 0
	told
	forward
	sleep 1
	"$BATS_TEST_DIRNAME/../tools/kill_at.py" start:undone 20 \
		"$CG" --state-dir "$lab/state" rollback --yes --save-new-writes "$lab/saved/$BATS_TEST_NUMBER" --output jsonl
	told
	back
}
