#!/bin/bash
# An archive that stands in for an Enterprise runtime: a real open-source release behind a front. No QuestDB Enterprise.
#
#   enterprise_archive.sh BUILD_DIR ENTERPRISE_VERSION RELEASE FILE.tar.gz
#
# Exit 77: Java or the release cannot be had, the reason on stderr.
set -eu
[ $# = 4 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }
fakes=$1/tests/fakes top=questdb-enterprise-$2-rt-linux-amd64
jar=$("$(dirname "$0")/../real/questdb.sh" fetch "$3") || exit
java=$(command -v "${QDB_JAVA:-java}") || { echo "skip: no Java" >&2; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$fakes/enterprise-stand-in" make "$dir/$top" --jar "$jar" --java "$java" --bind "$fakes/stand-in-bind.so" --version "$2"
tar -C "$dir" -czf "$4" "$top"
