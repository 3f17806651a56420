#!/bin/bash
# A newcomer's walk: adds the skeleton product to a copy of the tree by the commands that CONTRIBUTING.md gives, and moves its
# server from one version to the next and back, also when killed on the way. Ends with "N passed, N failed, N skipped".
set -u
here=$(cd "$(dirname "$0")" && pwd)
if [ "${1-}" != inside ]; then
	[ "$(id -u)" = 0 ] || { echo "skip skeleton: needs root"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
	# Ports, firewall, locks and processes of its own; what it leaves goes with them.
	exec unshare -n -m -p -f --kill-child --mount-proc "$0" inside
fi
ip link set lo up
mount -t tmpfs none /run/lock
lab=$(mktemp -d)
trap 'rm -rf "$lab"' EXIT
passed=0 failed=0 root=$lab/root url=http://127.0.0.1:8971
crossgrade=$lab/source/build/src/cli/crossgrade
export CROSSGRADE_LIBEXEC=$lab/source/build/src/exec

# A case is a function; what it said is shown when it fails.
check() { # name command...
	local name=$1
	shift
	if "$@" >"$lab/said" 2>&1; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "not ok $name"
		tail -n 20 "$lab/said" | sed 's/^/  /'
		failed=$((failed + 1))
	fi
}

copy_of_the_tree() {
	mkdir "$lab/source"
	cd "$here/../.." && git ls-files | while read -r f; do [ ! -f "$f" ] || echo "$f"; done | tar -T - -c | tar -C "$lab/source" -x
	meson setup "$lab/source/build" "$lab/source" -Dfault=true -Dtests=false -Doptimization=0
}

by_the_text() { # the commands of the first code block below that heading
	cd "$lab/source" || return
	awk '/^## / { on = /^## Add a product$/ } on && /^```/ { if (block++) exit; next } on && block' CONTRIBUTING.md >"$lab/commands"
	[ -s "$lab/commands" ] && bash -eux "$lab/commands"
}

program() { # directory version
	mkdir -p "$1" && cp "$here/server.py" "$1" && echo "$2" >"$1/VERSION"
}

get() { curl -sf --max-time 5 "$url/$1"; }
put() { curl -sf --max-time 5 -X PUT --data "$2" "$url/notes/$1"; }
serves() { # version
	for _ in $(seq 300); do
		get version | grep -q "\"$1\"" && [ "$(get notes/first)" = told ] && return
		sleep 0.1
	done
	echo "wanted version $1: $(get version), first note: $(get notes/first)"
	return 1
}

end_server() { [ ! -s "$root/lock" ] || kill -KILL "$(cat "$root/lock")" 2>/dev/null || true; }

fresh() {
	end_server
	nft flush ruleset
	rm -rf "$root" "$lab/opt" "$lab/state" "$lab/.crossgrade-root" /run/lock/crossgrade
	mkdir -p "$root/data"
	echo port=8971 >"$root/notes.conf"
	program "$lab/opt/notes" 1
	setsid -f /usr/bin/python3 -B "$lab/opt/notes/server.py" "$root" >"$lab/server.out" 2>&1 </dev/null
	for _ in $(seq 300); do put first told && return; sleep 0.1; done
	return 1
}

cg() { "$crossgrade" --state-dir "$lab/state" "$@"; }
subject() { echo notes --root "$root" --artifact "$lab/notes-2.tar.gz"; }

# shellcheck disable=SC2046 # words
there_and_back() {
	fresh && cg inspect notes --root "$root" && cg check $(subject) && cg plan $(subject) && cg apply $(subject) --yes &&
		serves 2 && cg verify && cg report && put second later && [ "$(cat "$root/format")" = 2 ] || return
	cg rollback --yes && { echo "a note that a client wrote since was given up unasked"; return 1; }
	cg rollback --yes --save-new-writes "$lab/saved" && serves 1 && [ "$(cat "$root/format")" = 1 ] &&
		[ "$(cat "$lab"/saved/*/second)" = later ]
}

# shellcheck disable=SC2046
killed() { # point way version
	fresh
	CROSSGRADE_FAULT=$1 cg apply $(subject) --yes
	[ $? -eq 137 ] || { echo "point $1 was not passed"; return 1; }
	cg "$2" --yes || cg rollback --yes || return
	cg status && serves "$3" && [ -z "$(nft list tables)" ]
}

check 'a copy of the tree' copy_of_the_tree
check 'the product is added by the text' by_the_text
program "$lab/notes-2" 2 && tar -C "$lab" -czf "$lab/notes-2.tar.gz" notes-2
[ $failed -gt 0 ] || check 'there and back' there_and_back
for point in journal.did:2 svc.stop:1 journal.did:6 file.rename:1 svc.start:1 journal.did:9 journal.did:11; do
	[ $failed -eq 0 ] || break
	check "killed at $point, forward" killed "$point" resume 2
	check "killed at $point, back" killed "$point" rollback 1
done
end_server
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
