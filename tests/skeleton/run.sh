#!/bin/bash
# A newcomer's walk: adds the skeleton product to a copy of the tree by the commands that CONTRIBUTING.md gives, and moves its
# server from one version to the next and back, also when killed on the way: at each moment with a server known by its lock or by its ports,
# whichever SEED draws, or both with WHOLE. Ends with "N passed, N failed, N skipped".
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

# People put files beside the notes all the while, until told to stop; whatever happens to the notes, these are theirs.
upload() {
	local n=0
	rm -f "$lab/enough"
	while [ ! -e "$lab/enough" ]; do
		n=$((n + 1))
		echo "letter $n" >"$root/uploads/$n" && echo $n >"$lab/uploaded"
		sleep 0.02
	done
}
uploads_are_there() {
	: >"$lab/enough"
	wait "$uploader"
	uploader=
	local n
	[ "$(stat -c %i "$root/uploads")" = "$uploads" ] || { echo "uploads is another directory"; return 1; }
	[ "$(find "$lab/.crossgrade-root" -name uploads | wc -l)" = 0 ] || { echo "uploads were copied or carried away"; return 1; }
	for n in $(seq "$(cat "$lab/uploaded")"); do
		[ "$(cat "$root/uploads/$n")" = "letter $n" ] || { echo "upload $n is lost"; return 1; }
	done
}

end_server() { [ ! -s "$root/lock" ] || kill -KILL "$(cat "$root/lock")" 2>/dev/null || true; }

fresh() {
	: >"$lab/enough"
	[ -z "${uploader-}" ] || wait "$uploader" 2>/dev/null || true
	end_server
	nft flush ruleset
	rm -rf "$root" "$lab/opt" "$lab/state" "$lab/.crossgrade-root" /run/lock/crossgrade
	mkdir -p "$root/data" "$root/uploads"
	uploads=$(stat -c %i "$root/uploads")
	upload &
	uploader=$!
	echo port=8971 >"$root/notes.conf"
	program "$lab/opt/notes" 1
	setsid -f /usr/bin/python3 -B "$lab/opt/notes/server.py" "$root" >"$lab/server.out" 2>&1 </dev/null
	for _ in $(seq 300); do put first told && return; sleep 0.1; done
	return 1
}

cg() { "$crossgrade" --state-dir "$lab/state" "$@"; }
known_by=lock
subject() {
	local service=''
	[ "$known_by" = lock ] || service=', service: {kind: process, ports: [8971]}'
	echo "{product: notes, source: {root: $root$service}, target: {artifact: $lab/notes-2.tar.gz}}" >"$lab/migration.yaml"
	echo -f "$lab/migration.yaml"
}

# shellcheck disable=SC2046 # words
there_and_back() {
	fresh && cg inspect notes --root "$root" && cg check $(subject) && cg plan $(subject) && cg apply $(subject) --yes &&
		serves 2 && cg verify && cg report && put second later && [ "$(cat "$root/format")" = 2 ] || return
	cg rollback --yes && { echo "a note that a client wrote since was given up unasked"; return 1; }
	cg rollback --yes --save-new-writes "$lab/saved" && serves 1 && [ "$(cat "$root/format")" = 1 ] &&
		[ "$(cat "$lab"/saved/*/second)" = later ] && uploads_are_there
}

# shellcheck disable=SC2046
killed() { # point way version
	fresh
	CROSSGRADE_FAULT=$1 cg apply $(subject) --yes
	[ $? -eq 137 ] || { echo "point $1 was not passed"; return 1; }
	cg "$2" --yes || cg rollback --yes || return
	cg status && serves "$3" && [ -z "$(nft list tables)" ] && uploads_are_there
}

# The machine goes down with the kill; what comes up is told by the boot service alone.
# shellcheck disable=SC2046
rebooted() { # point version
	fresh
	CROSSGRADE_FAULT=$1 cg apply $(subject) --yes
	[ $? -eq 137 ] || { echo "point $1 was not passed"; return 1; }
	end_server
	nft flush ruleset
	rm -rf /run/lock/crossgrade
	cat /proc/sys/kernel/random/uuid >"$lab/boot_id"
	mount --bind "$lab/boot_id" /proc/sys/kernel/random/boot_id
	cg resume --unattended
	umount /proc/sys/kernel/random/boot_id
	cg status && serves "$2" && [ -z "$(nft list tables)" ] && uploads_are_there
}

# shellcheck disable=SC2046
nothing_is_pretended() {
	fresh && cg plan $(subject) >"$lab/plan" && grep -q 'nothing can keep it stopped' "$lab/plan" && uploads_are_there
}

# Is it tried with a server known so? What one round of moments leaves, the other takes.
round=${SEED:-1} turn=0 skipped=0
drawn() { # name
	turn=$((turn + 1))
	[ -z "${WHOLE-}" ] && [ $(((round + turn) % 2)) -ne 0 ] || return 0
	echo "skip $1, known by its $known_by: drawn by lot"
	skipped=$((skipped + 1))
	return 1
}

check 'a copy of the tree' copy_of_the_tree
check 'the product is added by the text' by_the_text
program "$lab/notes-2" 2 && tar -C "$lab" -czf "$lab/notes-2.tar.gz" notes-2
[ $failed -gt 0 ] || check 'there and back' there_and_back
for known_by in lock ports; do
	round=$((round + 1)) turn=0
	for point in journal.did:2 svc.stop:1 journal.did:6 file.rename:1 svc.start:1 journal.did:9 journal.did:11; do
		[ $failed -eq 0 ] || break
		drawn "killed at $point" || continue
		check "killed at $point, forward, known by its $known_by" killed "$point" resume 2
		check "killed at $point, back, known by its $known_by" killed "$point" rollback 1
	done
	for point in journal.did:2=1 journal.did:6=1 svc.start:1=2; do
		[ $failed -eq 0 ] || break
		drawn "rebooted at ${point%=*}" || continue
		check "rebooted at ${point%=*}, known by its $known_by" rebooted "${point%=*}" "${point#*=}"
	done
done
[ $failed -gt 0 ] || check 'nothing holds a port' nothing_is_pretended
: >"$lab/enough"
end_server
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
