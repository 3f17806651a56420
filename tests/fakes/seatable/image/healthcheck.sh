#!/bin/bash
# The two questions of the official image's healthcheck.sh that the layouts ask; --mariadbupgrade holds when the data directory was written by
# this release.
set -eu
client() { mariadb --defaults-file=/var/lib/mysql/.my-healthcheck.cnf --protocol tcp -h 127.0.0.1 --skip-column-names -e "$1"; }
for question; do
	case $question in
	--connect) client 'select 1' >/dev/null ;;
	--innodb_initialized) client "select 1 from information_schema.engines where engine = 'innodb' and support in ('YES', 'DEFAULT')" | grep -q 1 ;;
	--mariadbupgrade) ;;
	*) echo "healthcheck.sh: '$question' is not asked by any layout" >&2; exit 2 ;;
	esac
done
