#!/bin/bash
# The Docker Compose that tests use: Debian 12 has no release 2; the plugin of Debian 13's package runs on it.
#
#   compose.sh fetch        fetch it once, print the program's path; it runs by itself, and as a plugin from a folder cli-plugins
#
# Exit 77: it cannot be had here, the reason on stderr.
set -u
# shellcheck source=tests/real/server.sh
. "$(dirname "$0")/server.sh"
cache=${COMPOSE_CACHE:-$HOME/.cache/crossgrade-tests/compose}
program=$cache/docker-compose
work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT

skip() { echo "skip: $*" >&2; exit 77; }

fetch() {
	local -a options
	[ ! -x "$program" ] || return 0
	mkdir -p "$cache"
	exec 9>"$cache/lock" && flock 9
	[ ! -x "$program" ] || return 0
	work=$(mktemp -d "$cache/apt.XXXXXX") || exit
	mkdir -p "$work/l/partial" "$work/c/archives/partial"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) trixie main" >"$work/trixie.list"
	options=(-q -o "Dir::Etc::SourceList=$work/trixie.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$work/l" -o "Dir::Cache=$work/c"
		-o APT::Sandbox::User=root)
	cd "$work" || exit
	{ timeout 300 apt-get "${options[@]}" update && timeout 300 apt-get "${options[@]}" download docker-compose &&
		dpkg-deb -x docker-compose_*.deb x; } >log 2>&1 || skip "no docker-compose of Debian 13: $(tail -n 1 log)"
	mv x/usr/libexec/docker/cli-plugins/docker-compose "$program"
}

case ${1-} in
fetch) fetch && echo "$program" ;;
*) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2 ;;
esac
