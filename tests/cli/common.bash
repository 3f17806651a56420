# Shared by the tests of the command line. CROSSGRADE is the program, SCHEMAS the folder of share/schema.

setup() {
	work=$(mktemp -d)
	cd "$work" || return 1
	export NO_COLOR=1
	unset XDG_STATE_HOME
}

teardown() {
	cd /
	rm -rf "$work"
}

# Run without a terminal, with a state directory of our own; status, $output and $err.
cg() {
	run --separate-stderr "$CROSSGRADE" --state-dir "$work/state" "$@" </dev/null
	err=$stderr
}

# What stands on stdout is a valid document of that kind.
valid() {
	local said status=0
	said=$(printf '%s\n' "$output" | python3 "$BATS_TEST_DIRNAME/validate.py" "$SCHEMAS" "$1" 2>&1) || status=$?
	[ "$status" -ne 77 ] || skip "$said"
	[ "$status" -eq 0 ] || { echo "$said"; echo "$output"; return 1; }
}

json() { printf '%s\n' "$output" | python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }

# A questdb root nobody runs: enough for the goal, not for a migration.
a_root() {
	mkdir -p "$work/root/conf" "$work/root/db"
	echo 'http.min.enabled=true' >"$work/root/conf/server.conf"
}
