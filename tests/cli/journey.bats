# A whole journey of the stand-in server, there and back: what is said on the way, and every document of it.

bats_require_minimum_version 1.5.0
load common
# shellcheck source=tests/real/server.sh
. "$BATS_TEST_DIRNAME/../real/server.sh"

setup_server() {
	local http min
	[ "$(id -u)" = 0 ] || skip "needs root"
	http=$(server_free_port) min=$(server_free_port)
	"$DOUBLE" make-install "$work/old" --version 9.0.3
	"$DOUBLE" make-jar "$work/new.jar" --version 9.3.4
	"$DOUBLE" init "$work/root" --tables 3 --version 9.0.3 --http "127.0.0.1:$http" --min "127.0.0.1:$min"
	# Java stands beside the installation, as a distribution's does.
	mkdir -p jdk/bin
	mv old/bin/java jdk/bin/java
	cp old/release jdk/release
	# Of its own session: a server whose parent is a shell looks like one that a shell starts again.
	setsid -f "$work/jdk/bin/java" -p "$work/old/questdb.jar" -m io.questdb/io.questdb.ServerMain -d "$work/root" \
		>server.log 2>&1 3>&- </dev/null
	for _ in $(seq 600); do
		"$CROSSGRADE" inspect questdb --root root --output json 2>/dev/null | grep -q '"9.0.3"' && return
		sleep 0.1
	done
	cat server.log
	return 1
}

# Whoever holds the lock of the root now is the server, whichever of us started it.
teardown() {
	# What still runs would write into a folder that is being removed.
	until ! pkill -KILL -f "^$work/jdk/bin/java"; do sleep 0.05; done
	cd /
	rm -rf "$work"
}

subject() { echo questdb --root "$work/root"; }
accepted='--accept questdb.art-glibc'

@test "there and back, every document is valid" {
	setup_server
	cg plan $(subject) --artifact new.jar -o plan.json --output json
	[ "$status" -eq 0 ]
	valid plan
	[ "$(stat -c %a plan.json)" = 600 ]

	cg apply plan.json --yes $accepted --output jsonl
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	valid jsonl

	cg status --output json
	valid status
	[ "$(json 'd["runs"][0]["state"]')" = closed-new ]
	cg report --output json
	valid report
	[ "$(json '[s["id"] for s in d["steps"] if "rate_bytes" in s and not s.get("copied_bytes")]')" = "[]" ]
	[ "$(json '"rate_bytes" in d["steps"][1]')" = True ]
	[ "$(json 'sorted(next(f for f in d["forecast"] if f["what"] == "downtime")["happened"])')" = \
		"['final_pass_ms', 'start_ms', 'stop_ms', 'total_ms']" ]
	[ "$(json 'd["differences"] and d["differences"][0]["outcome"]')" != different ]
	cg verify --output json
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	valid differences

	cg backup create $(subject) --output json
	[ "$status" -eq 0 ] || { echo "$output $err"; return 1; }
	valid restore-point
	id=$(json 'd["id"]')
	cg backup list $(subject) --output json
	valid restore-points
	cg backup show questdb "$id" --root root --output json
	valid restore-point
	cg backup prove questdb "$id" --root root
	[ "$status" -eq 0 ]
	[[ $output == *"matches its manifest"* ]]
	cg backup prune questdb "$id" --root root --yes --output json
	[ "$status" -eq 0 ]
	valid run

	cg status --output json
	[ "$(json '"rollback" in d["runs"][0]["possible"]')" = True ]
	home=$(echo .crossgrade-root/20*)
	mv "$home" elsewhere
	cg status --output json
	valid status
	[ "$(json '"rollback" in d["runs"][0]["possible"]')" = False ]
	[[ "$(json 'd["runs"][0]["lost"]')" == *"$home"* ]]
	cg status
	[[ $output == *"no way back of"* ]]
	cg report --output json
	valid report
	[[ "$(json 'd["way_back"]')" == "none as long as its restore point is not there"* ]]
	mv elsewhere "$home"
	cg backup prune questdb "${home##*/}" --root root
	[ "$status" -eq 2 ]
	[[ $err == *"the way back of a run that was not finalized"* ]]

	cg rollback --output json
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	valid run
	cg inspect $(subject) --output json
	valid facts
	[ "$(json 'd["facts"]["server.version"]["value"]')" = 9.0.3 ]
	cg finalize --yes --output json
	[ "$status" -eq 0 ]
	valid run
	cg rollback
	[ "$status" -eq 1 ] || [ "$status" -eq 0 ]
}

@test "a restore point that is gone before it is sealed ends in no success" {
	setup_server
	printf '#!/bin/sh\nrm -r %s\n' "$work/.crossgrade-root/20*" >lose
	chmod 755 lose
	cat >migration.yaml <<-END
		product: questdb
		source: {root: $work/root}
		target: {artifact: $work/new.jar}
		hooks: {after_ready: [$work/lose]}
	END
	cg apply -f migration.yaml --yes $accepted
	[ "$status" -eq 8 ] || { echo "$status $output $err"; return 1; }
	[[ $output == *"open restore point"* ]]
	cg finalize --yes
	[ "$status" -eq 0 ] || { echo "$status $output $err"; return 1; }
}

@test "what is asked for is there already: no steps, exit 0, and the server is left alone" {
	setup_server
	"$DOUBLE" make-jar "$work/same.jar" --version 9.0.3
	pid=$(pgrep -f "^$work/jdk/bin/java")
	cg plan $(subject) --artifact same.jar -o plan.json --detailed-exitcode --output json
	[ "$status" -eq 0 ] || { echo "$output $err"; return 1; }
	valid plan
	[ "$(json 'd["steps"]')" = "[]" ]
	[[ $err != *"apply would be stopped"* ]]
	cg apply plan.json --yes --output json
	[ "$status" -eq 0 ]
	valid run
	[[ $(json 'd["outcome"]') == "nothing to do"* ]]
	cg apply $(subject) --artifact same.jar --yes
	[ "$status" -eq 0 ]
	[[ $output == "nothing to do"* ]]
	[ "$(pgrep -f "^$work/jdk/bin/java")" = "$pid" ]
	cg plan $(subject) --artifact new.jar --detailed-exitcode
	[ "$status" -eq 10 ]
}

@test "a restore point that was touched is found" {
	setup_server
	cg backup create $(subject) --output json
	id=$(json 'd["id"]')
	keep=$(json 'd["roots"][0]["keep"]')
	echo x >>"$keep/conf/server.conf"
	cg backup prove questdb "$id" --root root
	[ "$status" -eq 12 ]
	[[ $output$err == *"conf/server.conf"* ]]
}

@test "the world moved since the plan: 4" {
	setup_server
	cg plan $(subject) --artifact new.jar -o plan.json
	echo 'query.timeout=2m' >>root/conf/server.conf
	cg apply plan.json --yes $accepted --output json
	[ "$status" -eq 4 ]
	valid run
	[ "$(json 'd["exit"]')" = 4 ]
}

@test "somebody else has a file of the database open: 3, and who" {
	local reader
	setup_server
	cg plan $(subject) --artifact new.jar -o plan.json
	sleep 60 <root/db/tables.d.lock 3>&- &
	reader=$!
	until [ "$(cat "/proc/$reader/comm")" = sleep ]; do sleep 0.05; done
	cg apply plan.json --yes $accepted
	kill "$reader"
	[ "$status" -eq 3 ]
	[[ $err == *"questdb.lock: process $reader: has files of the database open: "*sleep* ]] || { echo "$err"; return 1; }
}

@test "hold waits for resume" {
	setup_server
	cg apply $(subject) --artifact new.jar --yes $accepted --hold
	[ "$status" -eq 13 ] || { echo "$output $err"; return 1; }
	[[ $err == *"crossgrade resume"* || $output == *"crossgrade resume"* ]]
	cg apply $(subject) --artifact new.jar --yes $accepted
	[ "$status" -eq 6 ]
	cg resume --yes $accepted
	[ "$status" -eq 0 ] || { echo "$output $err"; return 1; }
}

@test "a staged build that somebody changed is not switched in" {
	setup_server
	cg apply $(subject) --artifact new.jar --yes $accepted --hold
	[ "$status" -eq 13 ] || { echo "$output $err"; return 1; }
	staged=$(echo old/questdb.jar.crossgrade-*/questdb.jar)
	[ -f "$staged" ] || { ls -R old; return 1; }
	echo more >>"$staged"
	cg resume --yes $accepted
	[ "$status" -eq 5 ] || { echo "$output $err"; return 1; }
	[[ $output == *"is not what was unpacked"* ]]
	"$CROSSGRADE" inspect questdb --root root --output json | grep -q '"9.0.3"'
}

@test "a login that others can read is named, not the server blamed" {
	setup_server
	echo pw >pw
	chmod 644 pw
	printf 'product: questdb\nsource: {root: %s, login: {user: admin, password_file: %s}}\ntarget: {artifact: %s}\n' \
		"$work/root" "$work/pw" "$work/new.jar" >m.yaml
	cg check -f m.yaml --output json
	[ "$(json '[c["verdict"] for c in d["checks"] if c["id"] == "questdb.answers"]')" = "['pass']" ]
	[[ $(json '[c["seen"] for c in d["checks"] if c["id"] == "questdb.login"][0]') == *"open to everybody"* ]]
}

@test "a marker that nobody can read is no leave to begin" {
	setup_server
	mkdir -p .crossgrade-root
	echo garbage >.crossgrade-root/run.json
	cg apply $(subject) --artifact new.jar --yes $accepted
	[ "$status" -eq 6 ] || { echo "$output $err"; return 1; }
	[ "$(cat .crossgrade-root/run.json)" = garbage ]
}

@test "a state directory inside the root is refused and not made" {
	setup_server
	run --separate-stderr "$CROSSGRADE" --state-dir "$work/root/deep/state" apply $(subject) --artifact new.jar --yes $accepted
	[ "$status" -eq 2 ] || { echo "$output $stderr"; return 1; }
	[[ $stderr == *"--state-dir"* ]]
	[ ! -e root/deep ]
}

@test "Ctrl-C on the way back says that it goes on" {
	setup_server
	cg apply $(subject) --artifact new.jar --yes $accepted
	[ "$status" -eq 0 ]
	cg rollback --timeout 1ms
	[ "$status" -eq 130 ]
	[[ $err == *"time is up: will stop if nothing was touched yet, else the way back goes on to its end"* ]]
	cg rollback
	[ "$status" -eq 0 ]
}

@test "without --yes and without a terminal nothing begins" {
	setup_server
	cg apply $(subject) --artifact new.jar $accepted
	[ "$status" -eq 2 ]
	[[ $err == *"carry out this plan?"*"--yes"* ]]
	[ ! -e state/journal.sqlite ]
}

@test "on a terminal the plan is shown, asked about and its steps told" {
	setup_server
	run script -qec "$CROSSGRADE --state-dir $work/state apply questdb --root root --artifact new.jar $accepted" /dev/null <<<yes
	[[ $output == *"Plan for questdb"* ]]
	[[ $output == *"carry out this plan? [no]"* ]]
	[[ $output == *"warn "*"questdb.lim-"*"carry out this plan?"* ]]
	[[ $output == *"done    "*"stop the server and keep it stopped"* ]]
	[[ $output == *"the new world is live"* ]] || { echo "${output: -1500}"; return 1; }
}

@test "Ctrl-C says at once what it will do, and does it" {
	setup_server
	mkdir hooks
	printf '#!/bin/sh\ntouch %s/reached\nwhile [ ! -e %s/enough ]; do sleep 0.05; done\n' "$work" "$work" >hooks/slow
	chmod 755 hooks/slow
	cat >m.yaml <<-END
		product: questdb
		source: {root: $work/root}
		target: {artifact: $work/new.jar}
		hooks: {before_stop: {argv: [$work/hooks/slow], within: 5m}}
	END
	# What a shell starts in the background is to ignore SIGINT.
	env --default-signal=INT "$CROSSGRADE" --state-dir state apply -f m.yaml --yes $accepted >out 2>talk 3>&- </dev/null &
	pid=$!
	for _ in $(seq 1200); do [ -e reached ] && break; sleep 0.05; done
	kill -INT "$pid"
	for _ in $(seq 1200); do grep -q "interrupted: will turn back at the next safe point" talk && break; sleep 0.05; done
	[ ! -e enough ]
	kill -TERM "$pid"
	touch enough
	wait "$pid" && code=0 || code=$?
	cat out talk
	grep -q "interrupted: will turn back at the next safe point" talk
	[ "$code" -eq 130 ]
	grep -q "the old world is whole" out
	cg status --output json
	[ "$(json 'd["runs"][0]["state"]')" = closed-old ]
}
