#!/bin/bash
# A Docker registry that wants a login, for pulls that are real: Debian's docker-registry, without being installed.
#
#   registry.sh fetch             fetch it once, print the program's path
#   registry.sh serve DIR PORT    serve on 127.0.0.1 until it is ended, images in DIR; user and password are "tests"
#
# Exit 77: it cannot be had here, the reason on stderr.
set -u
# shellcheck source=tests/real/server.sh
. "$(dirname "$0")/server.sh"
cache=${REGISTRY_CACHE:-$HOME/.cache/crossgrade-tests/registry}
program=$cache/docker-registry
work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT

skip() { echo "skip: $*" >&2; exit 77; }

fetch() {
	[ ! -x "$program" ] || return 0
	mkdir -p "$cache"
	exec 9>"$cache/lock" && flock 9
	[ ! -x "$program" ] || return 0
	work=$(mktemp -d "$cache/apt.XXXXXX") || exit
	debian_unpack "$work" bookworm docker-registry || skip "no docker-registry of Debian 12: $(tail -n 1 "$work/log")"
	mv "$work/x/usr/bin/docker-registry" "$program"
}

# The password is "tests", as bcrypt has it.
serve() { # dir port
	mkdir -p "$1/images"
	# shellcheck disable=SC2016 # no variables
	echo 'tests:$2b$05$abcdefghijklmnopqrstuuo4nr2YU6TG5HSXpi2d3yFiAe4LfnHfi' >"$1/users"
	cat >"$1/registry.yml" <<-END
		version: 0.1
		log: {level: warn}
		storage: {filesystem: {rootdirectory: $1/images}}
		http: {addr: "127.0.0.1:$2", secret: tests}
		auth: {htpasswd: {realm: tests, path: $1/users}}
	END
	exec "$program" serve "$1/registry.yml"
}

case ${1-} in
fetch) fetch && echo "$program" ;;
serve) serve "$2" "$3" ;;
*) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2 ;;
esac
