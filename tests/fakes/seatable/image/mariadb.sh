#!/bin/bash
# Entry of the MariaDB image: what the layouts use of the official one's. An empty data directory gets root with MYSQL_ROOT_PASSWORD (or
# MARIADB_ROOT_PASSWORD) by password alone, and the accounts of healthcheck.sh.
set -eu
data=/var/lib/mysql
[ "$1" = mariadbd ] || exec "$@"

quoted() { printf %s "$1" | sed "s/[\\\\']/\\\\&/g"; }

first_start() {
	local password=${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:?}} health host sql=$data/.first-start.sql
	health=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	mariadb-install-db --user=mysql --datadir=$data --skip-test-db --auth-root-authentication-method=normal >/dev/null
	install -o mysql -g mysql -m 600 /dev/null "$sql"
	{
		echo "DELETE FROM mysql.global_priv WHERE User IN ('root', 'mysql', '') AND Host <> 'localhost';"
		echo "FLUSH PRIVILEGES;"
		echo "ALTER USER root@localhost IDENTIFIED BY '$(quoted "$password")';"
		echo "CREATE USER root@'%' IDENTIFIED BY '$(quoted "$password")';"
		echo "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
		for host in localhost 127.0.0.1 ::1; do
			echo "CREATE USER healthcheck@'$host' IDENTIFIED BY '$health';"
		done
		echo "DROP USER IF EXISTS mysql@localhost;"
	} >"$sql"
	install -o mysql -g mysql -m 600 /dev/null $data/.my-healthcheck.cnf
	printf '[mariadb-client]\nport=3306\nsocket=/run/mysqld/mysqld.sock\nuser=healthcheck\npassword=%s\nprotocol=tcp\n' "$health" \
		>$data/.my-healthcheck.cnf
	set -- "--init-file=$sql"
	args+=("$@")
}

shift
args=("$@")
chown mysql:mysql $data
rm -f $data/.first-start.sql
[ -d $data/mysql ] || first_start
exec mariadbd --no-defaults --user=mysql --datadir=$data --socket=/run/mysqld/mysqld.sock --bind-address=0.0.0.0 --skip-name-resolve \
	--character-set-server=utf8mb4 "${args[@]}"
