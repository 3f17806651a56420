#!/bin/sh
# A file includes its own room or lower floors, never up, never sideways, one product never another. The table is src/FLOORS.
set -eu
cd "$(dirname "$0")/../src"
find . -name '*.[ch]' | LC_ALL=C sort | xargs awk '
	BEGIN {
		while ((getline line < "FLOORS") > 0)
			if (line !~ /^#/ && split(line, f, " ") == 2)
				floor[f[1]] = f[2]
	}
	function room_of(path,   r) {
		sub(/^\.\//, "", path)
		if (path ~ /^products\//) { split(path, r, "/"); return r[1] "/" r[2] }
		split(path, r, "/")
		return r[1]
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, q, "\"")
		from = room_of(FILENAME); to = room_of(q[2])
		if (q[2] !~ /\//) { print FILENAME ": include \"" q[2] "\" does not name its room"; bad = 1; next }
		if (!(from in floor)) { print FILENAME ": room " from " is not in FLOORS"; bad = 1; next }
		if (!(to in floor)) { print FILENAME ": include of unknown room " to; bad = 1; next }
		if (from != to && floor[to] >= floor[from]) {
			print FILENAME ": floor " floor[from] " includes \"" q[2] "\" of floor " floor[to]; bad = 1
		}
	}
	END { exit bad }'
