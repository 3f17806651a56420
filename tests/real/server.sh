# shellcheck shell=bash
# Shared by the real servers of tests/real: a port, one polite end, the end of whoever serves, and a mirror. Sourced.

# A port for a server that is started a moment later: below the range that the kernel gives clients, and taken in turn by all tests of
# this machine (tools/port.h says more, and counts by the same file).
server_free_port() {
	local counter=/tmp/crossgrade-tests.port port n lock
	# In a sticky directory nobody but its owner may open a file that might have to be made.
	[ -e "$counter" ] || (umask 0; : >>"$counter")
	exec {lock}<>"$counter"
	flock "$lock"
	read -r n <"$counter" || n=0
	while :; do
		n=$(((n + 1) % 12000)) port=$((20000 + n))
		cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '{print $2}' | grep -q "$(printf ':%04X' "$port")\$" || break
	done
	echo "$n" >"$counter"
	exec {lock}>&-
	echo "$port"
}

# server_stop PID WHOSE [SIGNAL]: one signal, and wait for it to end; a zombie has ended.
server_stop() {
	local i
	kill "-${3:-TERM}" "$1" 2>/dev/null || return 0
	for ((i = 0; i < 1200; i++)); do
		case $(cut -d' ' -f3 "/proc/$1/stat" 2>/dev/null) in '' | Z) return 0 ;; esac
		sleep 0.05
	done
	echo "process $1 of $2 did not end" >&2
	return 1
}

# server_end PATTERN WHOSE: who serves by that command line, also one started since by somebody else.
server_end() {
	local pid i
	for ((i = 0; i < 600; i++)); do
		pid=$(pgrep -f -- "$1") || return 0
		# shellcheck disable=SC2086
		[ $i -gt 0 ] || kill $pid 2>/dev/null
		sleep 0.1
	done
	echo "somebody still serves $2: $pid" >&2
	return 1
}

# The mirror that this machine's own apt takes its distribution from.
debian_mirror() {
	# shellcheck disable=SC2016 # apt-get's own placeholders
	apt-get indextargets --format '$(COMPONENT) $(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk '$1 == "main" && $2 == "Debian" { print $3; exit }'
}

# debian_unpack DIR SUITE PACKAGE: a package of that suite, whatever this machine's own is, unpacked in DIR/x; what apt says is in DIR/log.
debian_unpack() {
	local -a options
	mkdir -p "$1/l/partial" "$1/c/archives/partial"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) $2 main" >"$1/suite.list"
	options=(-q -o "Dir::Etc::SourceList=$1/suite.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$1/l" -o "Dir::Cache=$1/c"
		-o APT::Sandbox::User=root)
	(cd "$1" && { timeout 300 apt-get "${options[@]}" update && timeout 300 apt-get "${options[@]}" download "$3" &&
		dpkg-deb -x "$3"_*.deb x; } >log 2>&1)
}
