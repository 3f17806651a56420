# tools/demo.sh, QuestDB: 9.0.3 to 9.3.4 by the releases from Maven.
# shellcheck shell=bash disable=SC2034,SC2154 # demo.sh uses and sets them
# shellcheck source=tests/real/questdb.sh
. tests/real/questdb.sh

PACKAGES=real
OLD=9.0.3 NEW=9.3.4
[ "$(uname -m)" = x86_64 ] || { echo "tools/demo.sh: QuestDB's releases from Maven are for x86_64, this is $(uname -m)" >&2; exit 2; }
writer=$here/tests/tools/ilp_writer.py

writes() { clients_begin "$writer" write --port "$http" --log "$lab/acknowledged"; }
version() { curl -s "http://127.0.0.1:$http/settings" | grep -q "\"release.version\":\"$1\"" || die "this is not $1"; }

demo_begin() {
	say "QuestDB $OLD with sample data, and $NEW as an archive"
	qdb_install "$OLD" "$lab/opt" || die "QuestDB $OLD is not to be had"
	qdb_archive "$NEW" "$lab/questdb-$NEW.tar.gz" || die "QuestDB $NEW is not to be had"
	if ! qdb_start "$lab/opt" "$lab/root" || ! qdb_load "$lab/root"; then
		die "the old server does not serve"
	fi
	http=$(qdb_env "$lab/root" | sed -n "s/^http=//p")
	writes
	# Their first write makes their table: before it, plan and apply would look at two different worlds.
	for _ in $(seq 600); do [ -s "$lab/acknowledged" ] && break; sleep 0.1; done
	[ -s "$lab/acknowledged" ] || die "no client was served within a minute"
	echo "serving on port $http, three clients write 50 rows a request; every answered request is kept in a list"
}
demo_subject() { echo questdb --root "$lab/root" --artifact "questdb-$NEW.tar.gz"; }

demo_forth() {
	sleep 1
	say "every row that was acknowledged, read back from $NEW"
	version "$NEW"
	clients_end
	"$writer" check --port "$http" --log acknowledged || die "rows are missing"

	say "clients write on, and we go back to $OLD"
	writes
	sleep 2
}

demo_back() {
	sleep 1
	say "every row again: in $OLD, or in what was saved aside"
	clients_end
	version "$OLD"
	"$writer" check --port "$http" --log acknowledged --saved "$lab/written-since" || die "rows are missing"
}

demo_end() { qdb_end "$lab/root"; }
