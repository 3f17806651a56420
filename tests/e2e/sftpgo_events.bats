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

# The oracle's last line counts; tools/test.sh repeats it.
counted() {
	local status=0
	"$lab/oracle" "$@" >"$lab/said" 2>&1 || status=$?
	cat "$lab/said"
	echo "# counted: $(grep -E '^[0-9]+ ' "$lab/said" | tail -n 1)" >&3
	return $status
}

real() { # release
	local built status=0
	built=$(sftpgo_build "$1" 2>"$lab/absent") || status=$?
	[ $status -ne 77 ] || skip "$(sed -n 's/^skip: //p' "$lab/absent")"
	mkdir "$lab/$1"
	counted real -server "$built" -release "$1" -dir "$lab/$1" -seed "$SEED"
}

@test "events: 100000 outputs of translated actions are what the old release sends, wherever that is promised" {
	counted pairs -translator "$CROSSGRADE_BUILD/tests/tools/template-lines" -n 100000 -for "${PAIRS_FOR:-0}" -seed "$SEED"
}

@test "events: the model of the old language is what a real 2.6.4 sends" { real 2.6.4; }

@test "events: the model of the old language is what a real 2.7.5 sends" { real 2.7.5; }
