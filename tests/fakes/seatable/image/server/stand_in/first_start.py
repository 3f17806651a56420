"""What happens before the services start: databases and configuration of a new system, and the upgrade of an old one."""
import os
import pathlib
import secrets
import shutil
import sys
import time
import uuid

import pymysql

from . import web
from .secrets_of import CONF
from .stores import NAMES, connect, one, write
from .words import EDITION, VERSION, word

SQL = pathlib.Path("/opt/seatable/seatable-server-latest/sql/mysql")


def minor(version):
    parts = version.split(".")
    return tuple(map(int, parts[:2])) if len(parts) > 2 and all(p.isdigit() for p in parts[:2]) else None


def wait_for_database():
    while True:
        try:
            connect().close()
            return
        except pymysql.err.MySQLError as e:
            print(f"waiting for mysql server to be ready: {e}", flush=True)
            time.sleep(0.2)


def init():
    wait_for_database()
    link = connect(autocommit=True)
    with link, link.cursor() as cursor:
        for kind, name in NAMES.items():
            try:
                cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8")
                cursor.execute(f"USE `{name}`")
                for statement in (SQL / f"{kind}.sql").read_text(encoding="utf-8").split(";\n"):
                    if statement.strip():
                        cursor.execute(statement)
            except pymysql.err.MySQLError as e:
                print(f"{name}: {e}", flush=True)
    write_conf()


def write_conf():
    """What the real one writes at its first start, as far as anybody here has seen; nothing that exists is written again."""
    release = minor(VERSION) or (6, 2)
    settings = ["IS_PRO_VERSION = True"] if EDITION == "enterprise" and release < (6, 2) else []
    settings += ["DEBUG = False"]
    settings += [f"SECRET_KEY = '{secrets.token_hex(20)}'"] if release < (6, 2) else []
    settings += [f"DTABLE_WEB_SERVICE_URL = '{os.environ.get('SEATABLE_SERVER_PROTOCOL', 'https')}://{os.environ.get('SEATABLE_SERVER_HOSTNAME', '')}/'"]
    put("dtable_web_settings.py", "\n".join(settings) + "\n")
    put("gunicorn.py", "daemon = True\nworkers = 5\nbind = '127.0.0.1:8000'\n")
    put("seafile.conf", "[database]\ntype = mysql\n")
    if release < (6, 2):
        put("dtable-events.conf", "[EMAIL SENDER]\nenabled = true\n")
        put("dtable-db.conf", "[backup]\ndtable_storage_server_url = http://127.0.0.1:6666\nkeep_backup_num = 3\n")
        put("dtable-storage-server.conf", "[storage backend]\ntype = filesystem\npath = /opt/seatable/storage-data\n")
    if release < (5, 3):
        put("dtable_server_config.json", '{"host": "mariadb", "private_key": "%s"}\n' % secrets.token_hex(20))
    put("current_version.txt", VERSION)
    avatar = pathlib.Path("/opt/seatable/seahub-data/avatars/default.png")
    avatar.parent.mkdir(parents=True, exist_ok=True)
    avatar.write_bytes(b"\x89PNG\r\n\x1a\n" + secrets.token_bytes(64))


def put(name, text):
    if not (CONF / name).exists():
        (CONF / name).write_text(text, encoding="utf-8")


def upgrade():
    """The same minor: nothing, whatever the patch. A newer image moves the schema; with an older one nothing works."""
    if word("full-conf"):
        sys.exit(f"OSError: [Errno 28] No space left on device: '{CONF}/current_version.txt'")
    known = CONF / "current_version.txt"
    had, have = minor(known.read_text(encoding="utf-8").strip()) if known.exists() else None, minor(VERSION)
    if not had or not have:
        print(f"current_version.txt does not say which release wrote it; server_version is '{VERSION}'")
    elif have < had:
        print("pymysql.err.OperationalError: (1054, \"Unknown column 'dtables.color' in 'field list'\")")
        web.OLDER.touch()
    elif have > had or word("moves-schema"):
        write("dtable", f"ALTER TABLE dtables ADD COLUMN IF NOT EXISTS upgraded_{have[0]}_{have[1]} INT NOT NULL DEFAULT 0")
        known.write_text(VERSION, encoding="utf-8")
    else:
        print("no upgrade")


def plugins_repo():
    """Enterprise: a hidden library, named in the settings when the word is nowhere in them, not even in a comment."""
    settings = CONF / "dtable_web_settings.py"
    if EDITION == "enterprise" and "PLUGINS_REPO_ID" not in settings.read_text(encoding="utf-8"):
        repo = str(uuid.uuid4())
        write("seafile", "INSERT INTO Repo (repo_id) VALUES (%s)", repo)
        with open(settings, "a", encoding="utf-8") as file:
            file.write(f"PLUGINS_REPO_ID='{repo}'\n")


def superuser():
    """The first administrator; never changed by a later start."""
    wait_for_database()
    address = os.environ.get("SEATABLE_ADMIN_EMAIL")
    if address and not one("dtable", "SELECT user FROM profile_profile WHERE contact_email = %s", address):
        web.create_user(address, os.environ["SEATABLE_ADMIN_PASSWORD"], staff=True)


def backup_all():
    """Big data, dumped into storage-data: by the services, which must run."""
    import urllib.request  # pylint: disable=import-outside-toplevel
    for port in (7777, 5000):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/ping/", timeout=5).close()
    for rows in pathlib.Path("/opt/seatable/db-data").glob("*/rows"):
        to = pathlib.Path("/opt/seatable/storage-data/backup") / rows.parent.name
        to.mkdir(parents=True, exist_ok=True)
        shutil.copy(rows, to / "rows")
    print("backup of all bases finished")


def restore_all():
    for rows in pathlib.Path("/opt/seatable/storage-data/backup").glob("*/rows"):
        to = pathlib.Path("/opt/seatable/db-data") / rows.parent.name
        to.mkdir(parents=True, exist_ok=True)
        shutil.copy(rows, to / "rows")
    print("restore of all bases finished")
