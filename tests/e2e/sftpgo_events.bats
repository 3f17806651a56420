# The translator of SFTPGo's event actions before a judge of its own, in Go: tests/oracle/sftpgo_events. It has a model of the old
# language, which real servers must agree with, and one of the new, which only the vendor's documentation could be asked about.
bats_require_minimum_version 1.5.0

# shellcheck source=tests/real/sftpgo.sh
. "$BATS_TEST_DIRNAME/../real/sftpgo.sh"

# Said by every test: what ended with 77 is not there.
setup_file() {
	local go
	lab=$(mktemp -d -p /dev/shm crossgrade-events.XXXXXX 2>/dev/null || mktemp -d)
	export lab ABSENT
	ABSENT=$({ go=$(sftpgo_go) && cd "$BATS_TEST_DIRNAME/../oracle/sftpgo_events" &&
		GOTOOLCHAIN=local "$go" build -o "$lab/oracle" .; } 2>&1 3>&-) || [ $? -eq 77 ] || { echo "$ABSENT"; return 1; }
}

teardown_file() { rm -rf "$lab"; }

setup() { [ -z "$ABSENT" ] || skip "${ABSENT##*skip: }"; }

teardown() {
	local conf
	for conf in "$lab"/dump-*/conf; do
		[ ! -d "$conf" ] || sftpgo_end "$conf"
	done
}

# The oracle's last line counts; tools/test.sh repeats it.
counted() {
	local status=0
	"$lab/oracle" "$@" >"$lab/said" 2>&1 || status=$?
	cat "$lab/said"
	echo "# counted: $(grep -E '^[0-9]+ ' "$lab/said" | tail -n 1)" >&3
	return $status
}

built() { # release: the directory of its build
	local status=0
	sftpgo_build "$1" 2>"$lab/absent" || status=$?
	[ $status -ne 77 ] || skip "$(sed -n 's/^skip: //p' "$lab/absent")"
}

real() { # release
	local built
	built "$1" >"$lab/built"
	built=$(cat "$lab/built")
	mkdir "$lab/$1"
	counted real -server "$built" -release "$1" -dir "$lab/$1" -seed "$SEED"
}

@test "events: 100000 outputs of translated actions are what the old release sends, wherever that is promised" {
	counted pairs -translator "$CROSSGRADE_BUILD/tests/tools/template-lines" -n 100000 -for "${PAIRS_FOR:-0}" -seed "$SEED"
}

@test "events: the model of the old language is what a real 2.6.4 sends" { real 2.6.4; }

@test "events: the model of the old language is what a real 2.7.5 sends" { real 2.7.5; }

# written RELEASE: a server of that release with actions and rules of every kind, what it dumps, and that converted.
written() {
	local at=$lab/dump-$1
	mkdir "$at"
	sftpgo_start "$1" "$at/conf" && sftpgo_seed "$at/conf" 5 && sftpgo_dump "$at/conf" >"$at/dump.json" || return
	"$CROSSGRADE_BUILD/src/cli/crossgrade" --state-dir "$lab/state" convert sftpgo-events "$at/dump.json" -o "$at/out.json" \
		--from-version "$1" --output json >"$at/told"
}

@test "events: dumps that real servers wrote are converted, and a real 2.7.5 loads them and keeps each text" {
	local release
	built 2.6.4 >/dev/null
	built 2.7.5 >/dev/null
	for release in 2.6.4 2.7.5; do written $release; done
	for release in 2.6.4 2.7.5; do
		sftpgo_rest "$lab/dump-2.7.5/conf" POST '/api/v2/loaddata?mode=0' "@$lab/dump-$release/out.json" >"$lab/answer"
		grep -q 'Data restored' "$lab/answer" || { cat "$lab/answer"; return 1; }
		sftpgo_dump "$lab/dump-2.7.5/conf" >"$lab/loaded.json"
		python3 - "$lab/dump-$release/out.json" "$lab/loaded.json" "$lab/dump-$release/told" <<-'END'
			import json, sys
			out, loaded, told = (json.load(open(name)) for name in sys.argv[1:])
			def texts(dump):
			    return {a["name"]: {kind: value for kind, value in a.get("options", {}).items() if kind != "http_config"} | {
			            "http": {k: v for k, v in a.get("options", {}).get("http_config", {}).items() if k != "password"}}
			            for a in dump["event_actions"]}
			# 2.7 does not know the reports with a dot, and keeps them for a path.
			loaded = json.loads(json.dumps(loaded).replace("/{{.RetentionReports}}", "{{.RetentionReports}}"))
			assert texts(out) == texts(loaded)
			assert {r["name"]: r["status"] for r in out["event_rules"]} == {r["name"]: r["status"] for r in loaded["event_rules"]}
			assert told["counts"]["actions"] == len(out["event_actions"]) > 15 and told["counts"]["fields"] > 20, told["counts"]
			assert "{{ .Event }} of {{ .ObjectName }}" in json.dumps(loaded) and "{{Event" not in json.dumps(loaded["event_actions"])
		END
	done
}
