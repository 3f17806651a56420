#!/bin/bash
# The whole journey on two real QuestDB releases, in a few minutes: build, move 9.0.3 to 9.3.4 in place while clients
# write, prove every acknowledged row, go back with the new writes saved. On a fresh Debian 12, as root.
#
#   tools/demo.sh [DIR]           work in DIR (default: a directory of its own in /var/tmp, removed at the end)
set -u
cd "$(dirname "$0")/.." || exit 2
here=$PWD
# shellcheck source=tools/need.sh
. tools/need.sh
# shellcheck source=tests/real/questdb.sh
. tests/real/questdb.sh

OLD=9.0.3 NEW=9.3.4
need_root tools/demo.sh
[ "$(uname -m)" = x86_64 ] || { echo "tools/demo.sh: QuestDB's releases from Maven are for x86_64, this is $(uname -m)" >&2; exit 2; }

if [ $# -gt 0 ]; then
	mkdir -p "$1" && lab=$(mktemp -d "$(realpath "$1")/crossgrade-demo.XXXXXX") || exit
else
	lab=$(mktemp -d /var/tmp/crossgrade-demo.XXXXXX) || exit
fi
writer=
finish() {
	local status=$?
	trap - EXIT INT TERM HUP
	[ -z "$writer" ] || kill "$writer" 2>/dev/null
	# A run that was struck may have left its gate closed.
	[ "$status" -eq 0 ] || [ ! -e "$lab/state/journal.sqlite" ] ||
		timeout 60 "$build/src/cli/crossgrade" --state-dir "$lab/state" rollback --yes --accept-loss new-writes
	qdb_end "$lab/root"
	cd / && rm -rf "$lab"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

say() { printf '\n== %s\n' "$*"; }
die() { echo "demo: $*" >&2; exit 1; }

run() { # show a command as an operator types it, then run it
	printf '\n$ crossgrade %s\n' "$*"
	"$build/src/cli/crossgrade" --state-dir "$lab/state" --no-progress "$@"
}

say "what is needed, and a release build"
need_packages build real demo || exit 1
build=${DEMO_BUILD:-$here/build/demo}
if [ ! -f "$build/build.ninja" ]; then
	meson setup "$build" --buildtype=release -Dwerror=false -Dtests=false >"$lab/build.log" 2>&1 || { tail "$lab/build.log"; die "meson setup failed"; }
fi
ninja -C "$build" >"$lab/build.log" 2>&1 || { tail -n 20 "$lab/build.log"; die "the build failed"; }
"$build/src/cli/crossgrade" --version

say "QuestDB $OLD with sample data, and $NEW as an archive"
qdb_install "$OLD" "$lab/opt" || die "QuestDB $OLD is not to be had"
qdb_archive "$NEW" "$lab/questdb-$NEW.tar.gz" || die "QuestDB $NEW is not to be had"
if ! qdb_start "$lab/opt" "$lab/root" || ! qdb_load "$lab/root"; then
	die "the old server does not serve"
fi
http=$(qdb_env "$lab/root" | sed -n "s/^http=//p")
cd "$lab" || exit
clients=$here/tests/tools/ilp_writer.py
"$clients" write --port "$http" --log acknowledged >writer.out 2>&1 &
writer=$!
# Their first write makes their table: before it, plan and apply would look at two different worlds.
for _ in $(seq 600); do [ -s acknowledged ] && break; sleep 0.1; done
[ -s acknowledged ] || die "no client was served within a minute"
echo "serving on port $http, three clients write 50 rows a request; every answered request is kept in a list"

run plan questdb --root "$lab/root" --artifact "questdb-$NEW.tar.gz" -o plan.json || die "plan ended with $?"
run apply plan.json --yes || { code=$?; run report; die "apply ended with $code"; }
run report || die "report ended with $?"
sleep 1

say "every row that was acknowledged, read back from $NEW"
curl -s "http://127.0.0.1:$http/settings" | grep -q "\"release.version\":\"$NEW\"" || die "this is not $NEW"
kill "$writer"; wait "$writer" 2>/dev/null; writer=
cat writer.out
qdb_drain "$lab/root"
"$clients" check --port "$http" --log acknowledged || die "rows are missing"

say "clients write on, and we go back to $OLD"
"$clients" write --port "$http" --log acknowledged >writer.out 2>&1 &
writer=$!
sleep 2
run rollback --save-new-writes "$lab/written-since" || die "rollback ended with $?"
run report || die "report ended with $?"
sleep 1

say "every row again: in $OLD, or in what was saved aside"
kill "$writer"; wait "$writer" 2>/dev/null; writer=
cat writer.out
curl -s "http://127.0.0.1:$http/settings" | grep -q "\"release.version\":\"$OLD\"" || die "this is not $OLD"
qdb_drain "$lab/root"
"$clients" check --port "$http" --log acknowledged --saved "$lab/written-since" || die "rows are missing"
say "done in $SECONDS s; nothing is left running or lying about"
