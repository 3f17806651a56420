# shellcheck shell=bash
# Shared by the real servers of tests/real: a port, one polite end, the end of whoever serves, and a mirror. Sourced.

server_free_port() {
	local port hex
	while :; do
		port=$((20000 + RANDOM % 12000))
		hex=$(printf ':%04X' "$port")
		cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '{print $2}' | grep -q "$hex\$" || break
	done
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
	for ((i = 0; i < 300; i++)); do
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
