# SFTPGo 2.7.5 to Enterprise and back, an archive on SQLite. The Enterprise build is a STAND-IN (tests/fakes/sftpgo_enterprise):
# the real 2.7.5 with another version, a schema step of its own, WAL mode and a licence. Nothing here was seen on the real one.
load common
load sftpgo
bats_require_minimum_version 1.5.0

setup_file() {
	local status=0
	sftpgo_needed || { [ -n "$ABSENT" ]; return; }
	lab=$(mktemp -d /var/tmp/crossgrade-e2e.XXXXXX)
	root=$lab/conf new=$lab/stand-in.tar.gz
	export lab root new
	chmod 755 "$lab"
	"$BATS_TEST_DIRNAME/../fakes/sftpgo_enterprise/build.sh" archive "$new" 3>&- || status=$?
	[ $status -ne 77 ] || { ABSENT='the stand-in cannot be built'; return 0; }
	[ $status -eq 0 ] || return
	sftpgo_install 2.7.5 "$lab/opt" && sftpgo_prepare "$lab/opt" "$root" 50 && sftpgo_start "$lab/opt" "$root" || return
	sftpgo_dump "$root" >"$lab/before.json"
}
setup() { [ -z "${ABSENT-}" ] || skip "$ABSENT"; }
teardown_file() { sftpgo_lab_end; }

crossing() { echo "$(sftpgo_subject) --to-edition enterprise"; }
database() { python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' "$root/sftpgo.db" "$1"; }

@test "stand-in: across editions; the schema is Enterprise's, every object is there" {
	cg apply $(crossing) --yes
	exits 0
	sftpgo_serves 2.7.20260705
	[ "$(database 'select version from schema_version')" = 34 ]
	[ "$(database 'pragma journal_mode')" = wal ]
	sftpgo_objects
}

@test "stand-in: back to open source in place is refused, with the way out" {
	sftpgo_archive 2.7.5 "$lab/old.tar.gz"
	cg check sftpgo --root "$root" --artifact "$lab/old.tar.gz" --to-edition open-source --output json
	exits 3
	[[ $output == *sftpgo.source-edition* ]]
	[[ $output == *'restore a point of before'* ]]
}

@test "stand-in: what a killed server left of its write-ahead log does not meet the old database" {
	kill -9 "$(pgrep -f -- "serve -c $root( |\$)")"
	[ -e "$root/sftpgo.db-wal" ]
	cg rollback --yes
	exits 0
	sftpgo_serves 2.7.5
	[ ! -e "$root/sftpgo.db-wal" ] && [ ! -e "$root/sftpgo.db-shm" ]
	[ "$(database 'select version from schema_version')" = 33 ]
	[ "$(database 'pragma journal_mode')" = delete ]
	sftpgo_objects
}
