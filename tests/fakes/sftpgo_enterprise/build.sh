#!/bin/bash
# A stand-in for an Enterprise build of SFTPGo: the real 2.7.5, compiled with a few of its lines changed. No SFTPGo Enterprise,
# and `--version` says "+stand-in". Nobody here has seen the real one; what it is given is what its public documentation says:
#
#   version         2.7.20260705, by --version, header Server and SSH banner (the exact form is unconfirmed)
#   schema          34: a step of its own after the release's migration, on each SQL database; SQLite in WAL mode
#   licence         GET /api/v2/license answers 200 when SFTPGO_LICENSE_KEY is set, 404 without (unconfirmed)
#
# It misbehaves when STAND_IN is set in its environment or env.d: no-licence, hang-migration, no-sftp (it never listens).
#
#   build.sh                  build it once, print its directory, laid out as a release's
#   build.sh archive FILE     as an archive, FILE.tar.gz under one top directory
#
# Exit 77: something needed is absent, the reason on stderr.
set -u

# shellcheck source=tests/real/sftpgo_build.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../real/sftpgo_build.sh"

STAND_IN_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
STAND_IN_VERSION=2.7.20260705

# edit FILE SED: fails when there is no such line.
edit() {
	cp "$source/$1" "$source/$1.orig" && sed -i -E "$2" "$source/$1" || return
	! cmp -s "$source/$1" "$source/$1.orig" || { echo "nothing to change in $1" >&2; return 1; }
}

# The release's source, in $source, becomes the stand-in's. Files that init functions are in are taken by name: ours last.
stand_in_edit() {
	edit internal/version/version.go "s/(version = \").*\"/\1$STAND_IN_VERSION\"/" &&
		edit internal/dataprovider/sqlite.go \
			's/(_foreign_keys=1)/\1\&_journal_mode=WAL/; s/^(func \(p \*SQLiteProvider\) )migrateDatabase/\1migrateRelease/' &&
		edit internal/dataprovider/pgsql.go 's/^(func \(p \*PGSQLProvider\) )migrateDatabase/\1migrateRelease/' &&
		edit internal/dataprovider/mysql.go 's/^(func \(p \*MySQLProvider\) )migrateDatabase/\1migrateRelease/' &&
		edit internal/httpd/server.go 's|^(.*)router.Get\(versionPath, .*|\1router.Get("/api/v2/license", getStandInLicence)\n&|' &&
		edit internal/sftpd/server.go \
			's/^func \(c \*Configuration\) Initialize.*/&\n\tif os.Getenv("STAND_IN") == "no-sftp" {\n\t\tselect {}\n\t}/' &&
		cp "$STAND_IN_HERE/version.go" "$source/internal/version/zz_stand_in.go" &&
		cp "$STAND_IN_HERE/provider.go" "$source/internal/dataprovider/zz_stand_in.go" &&
		cp "$STAND_IN_HERE/licence.go" "$source/internal/httpd/zz_stand_in.go"
}

# The release's directory with another program.
stand_in_make() { # directory work
	local go release source=$2/source
	release=$(sftpgo_build 2.7.5) || exit
	go=$(sftpgo_go) || exit
	cd "$SFTPGO_HERE/sftpgo-2.7" || return
	export GOTOOLCHAIN=local CGO_CFLAGS=$SFTPGO_CFLAGS
	mkdir "$2" && cp go.* "$2" && cp -r "$("$go" list -m -f '{{.Dir}}' "$SFTPGO_MODULE")" "$source" &&
		chmod -R u+w "$source" && stand_in_edit || return
	echo "replace $SFTPGO_MODULE => $source" >>"$2/go.mod"
	cp -r "$release/." "$1" && rm -r "$1/sftpgo" "$1/pkgs" || return
	nice -n 10 "$go" build -trimpath -modfile "$2/go.mod" -tags "$SFTPGO_TAGS" -ldflags "-s -w" -o "$1/sftpgo" \
		"$SFTPGO_MODULE" >&2 || return
	echo "No SFTPGo Enterprise: a stand-in for tests, made from the open-source 2.7.5." >"$1/README.txt"
}

# One build for each state of what it is made from.
stand_in_build() {
	local dir made
	dir=$SFTPGO_CACHE/sftpgo-stand-in-$(cat "$STAND_IN_HERE"/* | sha256sum | cut -c 1-12)
	mkdir -p "$SFTPGO_CACHE" || return
	(
		flock 9
		[ -d "$dir" ] && exit
		made=$(mktemp -d "$SFTPGO_CACHE/.stand-in.XXXXXX") || exit
		trap 'rm -rf "$made" "$made.work"' EXIT
		(stand_in_make "$made" "$made.work") || exit
		chmod 755 "$made" && mv -T "$made" "$dir"
	) 9>"$SFTPGO_CACHE/sftpgo-stand-in.lock" || return
	echo "$dir"
}

stand_in_archive() {
	local built out
	built=$(stand_in_build) || exit
	out=$(realpath -m "$1") && tar -C "$built" -I 'gzip -1' --transform 's|^\.|sftpgo-stand-in|' -cf "$out" .
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	case ${1-} in
	'') stand_in_build ;;
	archive) stand_in_archive "$2" ;;
	*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2 ;;
	esac
fi
