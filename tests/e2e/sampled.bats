# kill -9 of crossgrade at the begin and at the end of every step, on a real server under writers, then forward and back, or straight
# back: what tools/campaign.sh real runs. Cases FROM and on of a list in the order of SEED, for at most SECONDS_MAX.
load common
bats_require_minimum_version 1.5.0

setup_file() { lab_begin 9.0.3 400 && rows_keep && clients_start || absence; }
teardown_file() { lab_end; }

# step:state way delay in ms
cases() {
	"$CG" --state-dir "$lab/state" plan $(subject) -o "$lab/plan.json" >/dev/null 2>&1
	python3 - "$lab/plan.json" "$SEED" <<-'END'
		import json, random, sys
		steps = [step["id"] for step in json.load(open(sys.argv[1]))["steps"]]
		rng = random.Random(int(sys.argv[2]))
		cases = [f"{step}:{state} {way} {rng.randint(0, 300)}" for step in steps for state in ("begin", "done") for way in ("forward", "back")]
		rng.shuffle(cases)
		print("\n".join(cases))
	END
}

back() {
	cg rollback --yes --save-new-writes "$lab/saved/$n"
	exits 0 && serves 9.0.3 && rows_same && rows_whole "$lab/saved"
}

forward() {
	cg resume --yes
	exits 0 && serves 9.3.4 && rows_same && rows_whole "$lab/saved"
}

one() { # step:state way delay
	rm -f "$lab/plan.json"
	"$CG" --state-dir "$lab/state" plan $(subject) -o "$lab/plan.json" >/dev/null 2>&1 || { echo "no plan"; return 1; }
	# The last step may be over before it is struck.
	"$BATS_TEST_DIRNAME/../tools/kill_at.py" "$1" "$3" \
		"$CG" --state-dir "$lab/state" apply "$lab/plan.json" --yes --output jsonl || true
	[ "$2" = back ] || forward || return
	back || return
	cg finalize --yes
	return 0
}

@test "every step killed on a real server" {
	local list failed=0 n=0 all until=$((SECONDS + ${SECONDS_MAX:-86400}))
	list=$(cases)
	all=$(wc -l <<<"$list")
	[ "$all" -gt 20 ]
	while read -r at way delay; do
		n=$((n + 1))
		[ "$n" -ge "${FROM:-1}" ] || continue
		[ $SECONDS -lt $until ] || { n=$((n - 1)); break; }
		if one "$at" "$way" "$delay" >"$lab/said" 2>&1 </dev/null; then
			echo "# ok $n of $all: killed $delay ms after $at, $way" >&3
		else
			failed=$((failed + 1))
			echo "# not ok $n of $all: killed $delay ms after $at, $way" >&3
			tail -n 30 "$lab/said" | sed 's/^/#   /' >&3
			break
		fi
	done <<<"$list"
	echo "# cases ${FROM:-1} to $n of $all, seed $SEED, $failed failed" >&3
	echo "# | \`tools/campaign.sh real\`, from case ${FROM:-1} | $((n + 1 - ${FROM:-1})) | $all | $SEED | $failed |" >&3
	[ $failed -eq 0 ]
}
