"""MariaDB and Redis, as the environment names them: SEATABLE_MYSQL_* and REDIS_* since 5.3, DB_HOST and DB_ROOT_PASSWD before."""
import contextlib
import os
import pathlib
import re
import socket

import pymysql

from .words import word

env = os.environ.get
NAMES = {kind: env(f"SEATABLE_MYSQL_DB_{kind.upper()}_DB_NAME", f"{kind}_db") for kind in ("ccnet", "seafile", "dtable")}


def log_name():
    """Where operation_log is: by DATABASES of the settings, or with the rest."""
    settings = pathlib.Path("/opt/seatable/conf/dtable_web_settings.py")
    named = settings.exists() and re.search(r"^DATABASES = .*'operation_log': \{'NAME': '(\w+)'", settings.read_text(encoding="utf-8"), re.M)
    return named[1] if named else NAMES["dtable"]


NAMES["log"] = log_name()


def connect(**more):
    return pymysql.connect(host=env("SEATABLE_MYSQL_DB_HOST") or env("DB_HOST", "mariadb"), port=int(env("SEATABLE_MYSQL_DB_PORT", "3306")),
                           user=env("SEATABLE_MYSQL_DB_USER", "root"),
                           password=env("SEATABLE_MYSQL_DB_PASSWORD") or env("DB_ROOT_PASSWD", ""), charset="utf8mb4", connect_timeout=5, **more)


@contextlib.contextmanager
def database(kind="dtable"):
    """A cursor; committed when the block ends well."""
    if word("crashed-table"):
        raise pymysql.err.OperationalError(145, "Table './dtable_db/dtables' is marked as crashed and should be repaired")
    link = connect(database=NAMES[kind])
    try:
        with link.cursor() as cursor:
            yield cursor
        link.commit()
    finally:
        link.close()


def one(kind, statement, *values):
    with database(kind) as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
        return row and (row[0] if len(row) == 1 else row)


def write(kind, statement, *values):
    """The number of the row that was written."""
    with database(kind) as cursor:
        cursor.execute(statement, values)
        return cursor.lastrowid


class RedisError(Exception):
    pass


def redis(*words):
    """One command of Redis on a connection of its own."""
    with socket.create_connection((env("REDIS_HOST", "redis"), int(env("REDIS_PORT", "6379"))), 5) as link, link.makefile("rb") as answers:
        if env("REDIS_PASSWORD"):
            redis_ask(link, answers, ("AUTH", env("REDIS_PASSWORD")))
        return redis_ask(link, answers, words)


def redis_ask(link, answers, words):
    parts = [str(w).encode() for w in words]
    link.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
    line = answers.readline().strip()
    kind, rest = line[:1], line[1:].decode()
    if kind not in (b"+", b":", b"$"):
        raise RedisError(rest or "no answer")
    if kind != b"$":
        return rest
    return None if rest == "-1" else answers.read(int(rest) + 2)[:-2].decode()
