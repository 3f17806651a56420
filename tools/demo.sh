#!/bin/bash
# The whole journey on two real releases, in a few minutes: build crossgrade, move a server in place while clients write, prove that
# nothing is lost, go back with what changed since saved. On a fresh Debian 12, as root.
#
#   tools/demo.sh [DIR]                   QuestDB 9.0.3 to 9.3.4
#   tools/demo.sh questdb|sftpgo [DIR]    that product; sftpgo: 2.6.4 to 2.7.5
#   tools/demo.sh seatable [DIR]          Developer 6.1.0 to Enterprise 6.1.8 in Docker Compose, with a stand-in for the server's image
#
# Works in a directory of its own in DIR (default /var/tmp), removed at the end.
set -u
cd "$(dirname "$0")/.." || exit 2
here=$PWD
# shellcheck source=tools/need.sh
. tools/need.sh
need_root tools/demo.sh

case ${1-} in
questdb | sftpgo | seatable) product=$1; shift ;;
*) product=questdb ;;
esac
if [ $# -gt 0 ]; then
	mkdir -p "$1" && lab=$(mktemp -d "$(realpath "$1")/crossgrade-demo.XXXXXX") || exit
else
	lab=$(mktemp -d /var/tmp/crossgrade-demo.XXXXXX) || exit
fi
clients=
inside=() # command that the product's world is entered by
back=(--save-new-writes "$lab/written-since")

say() { printf '\n== %s\n' "$*"; }
die() { echo "demo: $*" >&2; exit 1; }

run() { # show a command as an operator types it, then run it
	printf '\n$ crossgrade %s\n' "$*"
	"${inside[@]}" "$build/src/cli/crossgrade" --state-dir "$lab/state" --no-progress "$@"
}

clients_begin() { # command...: in the background
	"$@" >"$lab/clients.out" 2>&1 &
	clients=$!
}

clients_end() {
	[ -n "$clients" ] || return 0
	kill "$clients" 2>/dev/null
	wait "$clients" 2>/dev/null
	clients=
	cat "$lab/clients.out"
}

# What a product brings: PACKAGES, the functions demo_begin, demo_forth, demo_back, demo_end, and `inside` and `back` where they differ.
# shellcheck source=/dev/null
. "tools/demo/$product.sh"

finish() {
	local status=$?
	trap - EXIT INT TERM HUP
	clients_end >/dev/null
	# A run that was struck may have left its gate closed.
	[ "$status" -eq 0 ] || [ ! -e "$lab/state/journal.sqlite" ] ||
		timeout 60 "${inside[@]}" "$build/src/cli/crossgrade" --state-dir "$lab/state" rollback --yes --accept-loss new-writes
	demo_end
	cd / && rm -rf "$lab"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

say "what is needed, and a release build"
# shellcheck disable=SC2086
need_packages build demo $PACKAGES || exit 1
build=${DEMO_BUILD:-$here/build/demo}
if [ ! -f "$build/build.ninja" ]; then
	meson setup "$build" --buildtype=release -Dwerror=false -Dtests=false >"$lab/build.log" 2>&1 || { tail "$lab/build.log"; die "meson setup failed"; }
fi
ninja -C "$build" >"$lab/build.log" 2>&1 || { tail -n 20 "$lab/build.log"; die "the build failed"; }
"$build/src/cli/crossgrade" --version

demo_begin
cd "$lab" || exit
# shellcheck disable=SC2046 # words
run plan $(demo_subject) -o plan.json || die "plan ended with $?"
run apply plan.json --yes || { code=$?; run report; die "apply ended with $code"; }
run report || die "report ended with $?"
demo_forth
run rollback "${back[@]}" || die "rollback ended with $?"
run report || die "report ended with $?"
demo_back
say "done in $SECONDS s; nothing is left running or lying about"
