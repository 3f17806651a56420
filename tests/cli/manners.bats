# Manners: where things are said, with which exit status, and that nothing hangs.

bats_require_minimum_version 1.5.0
load common

@test "without a verb the help goes to stderr, exit 2" {
	cg
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[[ $err == *"Usage: crossgrade VERB"* ]]
}

@test "--help and --version are answers" {
	cg --help
	[ "$status" -eq 0 ]
	[[ $output == *"backup restore"* ]]
	[ -z "$err" ]
	cg --version
	[ "$status" -eq 0 ]
	[[ $output =~ ^crossgrade\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "every verb has a help of its own" {
	for verb in $("$CROSSGRADE" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p' | sort -u); do
		cg "$verb" --help
		[ "$status" -eq 0 ]
		[[ $output == "Usage: crossgrade $verb"* ]]
	done
}

@test "what is not built yet says so, exit 2, and is not in the help" {
	for verb in rehearse agent serve fleet; do
		cg "$verb" --whatever
		[ "$status" -eq 2 ]
		[[ $err == *"'$verb' is not built yet"* ]]
		! "$CROSSGRADE" --help | grep -qw "$verb" || false
	done
	cg report --output junit
	[ "$status" -eq 2 ]
	[[ $err == *"not built yet"* ]]
}

@test "the answer is on stdout, the talk on stderr" {
	cg status
	[ "$status" -eq 0 ]
	[ "$output" = "no runs on this host" ]
	[ -z "$err" ]
	cg explain nonsense
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[[ $err == crossgrade:* ]]
}

@test "looking makes no state directory" {
	cg status
	cg report
	[ "$status" -eq 1 ]
	[[ $err == *"no run was made here yet"* ]]
	[ ! -e "$work/state" ]
}

@test "no colour without a terminal, colour when asked" {
	unset NO_COLOR
	cg explain 9
	[[ $output != *$'\033'* ]]
	cg explain 9 --color always
	[[ $output == *$'\033[1m9'* ]]
	cg explain 9 --color never
	[[ $output != *$'\033'* ]]
}

@test "NO_COLOR is obeyed on a terminal" {
	unset NO_COLOR
	TERM=xterm run script -qec "$CROSSGRADE explain 9" /dev/null
	[[ $output == *$'\033['* ]]
	TERM=xterm NO_COLOR=1 run script -qec "$CROSSGRADE explain 9" /dev/null
	[[ $output != *$'\033[1m'* ]]
}

@test "a question without a terminal is an error, not a wait" {
	run -2 --separate-stderr timeout 60 "$CROSSGRADE" --state-dir "$work/state" finalize </dev/null
	[[ $stderr == *"no --yes"* ]]
	# A reader that is its own writer waits for ever.
	mkfifo mute
	run -2 --separate-stderr timeout 60 "$CROSSGRADE" --state-dir "$work/state" finalize <>mute
	[[ $stderr == *"no --yes"* ]]
}

@test "a question on a terminal takes no for an answer" {
	run script -qec "echo no | cat; $CROSSGRADE --state-dir $work/state finalize" /dev/null <<<"no"
	[[ $output == *"give up the way back? [no]"* ]]
	[[ $output == *"nothing was changed"* ]]
}

@test "a full disk under stdout is told" {
	[ -w /dev/full ] || skip "no /dev/full"
	run --separate-stderr bash -c '"$0" explain 9 >/dev/full' "$CROSSGRADE"
	[ "$status" -eq 1 ]
	[[ $stderr == *"write the answer to stdout"* ]]
}

@test "a reader that has gone ends a verb that only looks, quietly" {
	# The reader closes the pipe, then says so.
	mkfifo gone
	run --separate-stderr bash -c '{ read -r <gone; "$0" explain 9; echo $? >&3; } 3>status | { exec <&-; echo >gone; }; cat status' \
		"$CROSSGRADE"
	[ "$output" = 141 ]
	[ -z "$stderr" ]
}

@test "errors are documents too" {
	cg plan --output json
	[ "$status" -eq 2 ]
	[ -z "$err" ]
	valid error
	[ "$(json 'd["exit"]')" = 2 ]
	cg --bogus status --output json
	[ "$status" -eq 2 ]
	valid error
	[ "$(json 'd["message"]')" = "unknown option '--bogus'" ]
}

@test "jsonl ends with the answer" {
	cg status --output jsonl
	[ "$status" -eq 0 ]
	valid jsonl
	cg plan --output jsonl
	[ "$status" -eq 2 ]
	valid jsonl
}

@test "nothing to do is said and is no failure" {
	cg resume
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to do"* ]]
	cg rollback --output json
	[ "$status" -eq 0 ]
	valid run
}

# "'--accept-in-place-restore' agrees to it" is said of a held run, too.
@test "resume takes every word that a loss found later asks for" {
	cg resume --accept-in-place-restore --accept-open --accept-loss rows
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to do"* ]]
}

@test "a run that is not there" {
	for verb in resume rollback verify report; do
		cg "$verb" 20200101-000000-0000
		[[ $status -eq 1 || $status -eq 2 ]]
		[[ $err == *"20200101-000000-0000"* || $err == *"no run was made here"* || $err == *"there is no run on this host"* ]]
	done
}

@test "start-up stays quick" {
	# Of a processor: how long others keep it waiting says nothing of it.
	local TIMEFORMAT='%3U %3S' took
	took=$({ time for _ in 1 2 3 4 5 6 7 8 9 10; do "$CROSSGRADE" explain 9 >/dev/null; done; } 2>&1)
	echo "ten calls: $took s"
	awk '{ exit $1 + $2 >= 2 }' <<<"$took"
}
