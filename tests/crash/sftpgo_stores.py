"""Where the SFTPGo of a lab keeps its objects: a file in its root, or a database server of the worker's own. Each is read without
crossgrade's help."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import json
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time
import typing

import bolt
from lab import run

if typing.TYPE_CHECKING:
    from sftpgo import SftpgoLab

TESTS = pathlib.Path(__file__).resolve().parent.parent
DB, SEED = TESTS / "real/db.sh", TESTS / "tools/sftpgo_seed.py"
# Databases that a real 2.6.4 left, and a real 2.7.5.
DATABASES = TESTS / "golden/sftpgo"
# Of its event actions those whose texts the stand-in rewrites as 2.7.5 does.
ACTIONS = ("post-json", "post-object", "post-parts", "run", "backup", "quota", "folder quota", "retention", "rotate")
# What a new server writes as it likes: when it rewrote a rule.
OWN_TIME = ("events_rules", "updated_at")
# Users that a test's client added are asked for by their names.
OBJECTS = ("SELECT username, status, password, public_keys, permissions, home_dir, quota_size FROM users WHERE username NOT LIKE 'w%-%'"
           " ORDER BY username",
           "SELECT name, path FROM folders ORDER BY name", "SELECT share_id, paths, password FROM shares ORDER BY share_id",
           "SELECT username, password, permissions FROM admins ORDER BY username", "SELECT key_id, api_key FROM api_keys ORDER BY key_id")
PASSWORD = "pass-admin"
MIGRATED_LAST = "users_groups_mapping"      # of the tables that get a column in the step to schema 33
MIGRATED_FIRST = "shares"                   # gets one in the step to 30


class Store:
    file = "sftpgo.db"                      # in the root; "" where a server has it

    def __init__(self, lab: SftpgoLab) -> None:
        self.lab = lab

    @property
    def path(self) -> pathlib.Path:
        return self.lab.root / self.file

    def provider(self) -> dict:
        """Of the configuration."""
        raise NotImplementedError

    def make(self) -> None:
        """What is there before the old server starts for the first time."""

    def seed(self) -> None:
        """By the old server, which runs."""
        key = self.lab.home / "key"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        run(SEED, "--port", self.lab.http_port, "--password", PASSWORD, "--srv", f"{self.lab.world}/srv", "--key", f"{key}.pub",
            "--users", "12")

    def keep(self) -> None:
        """As it is now it is the template; no server runs."""

    def fill(self) -> None:
        """As the template."""

    def schema(self) -> int:
        raise NotImplementedError

    def objects(self) -> list:
        raise NotImplementedError

    def objects_kept(self) -> list:
        raise NotImplementedError

    def contents(self) -> str:
        """All of it, a line each, with no server running."""
        raise NotImplementedError


READER = """
import sqlite3, sys, time
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, isolation_level=None)
db.execute("BEGIN")
db.execute(f"SELECT * FROM {sys.argv[2]}").fetchone()
print(flush=True)
time.sleep(900)
"""


class Sqlite(Store):
    def provider(self) -> dict:
        return {"driver": "sqlite", "name": self.file}

    def make(self) -> None:
        text = (DATABASES / f"provider-{self.lab.schema['old']}.sql").read_text()
        text = text.replace("/srv/sftpgo/data", f"{self.lab.root}/data").replace("/srv/sftpgo", f"{self.lab.world}/srv")
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            db.executescript(text)
            names = ",".join("?" * len(ACTIONS))
            db.execute(f"DELETE FROM rules_actions_mapping WHERE action_id IN (SELECT id FROM events_actions WHERE name NOT IN ({names}))",
                       ACTIONS)
            db.execute(f"DELETE FROM events_actions WHERE name NOT IN ({names})", ACTIONS)
            db.execute("UPDATE users SET used_quota_size = 34, used_quota_files = 1 WHERE username = 'user-00002'")
            db.commit()
            db.execute("VACUUM")

    def seed(self) -> None:
        pass                                # it is full as it was made

    def sql(self, text: str) -> None:
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            db.executescript(text)

    def begin_reading(self, table: str) -> None:
        """Somebody reads, and takes his time: nobody can commit meanwhile."""
        self.reader = subprocess.Popen(["python3", "-c", READER, self.path, table], stdout=subprocess.PIPE)
        self.reader.stdout.readline()

    def end_readers(self) -> None:
        self.reader.kill()
        self.reader.wait()
        self.reader.stdout.close()

    def rows(self, *queries: str) -> list[list[tuple]]:
        """From a copy: a journal that is left is played back there, and nothing here is touched."""
        with tempfile.TemporaryDirectory(dir=self.lab.home) as room:
            for path in self.lab.root.glob(f"{self.file}*"):
                shutil.copy(path, room)
            with contextlib.closing(sqlite3.connect(pathlib.Path(room) / self.file)) as db:
                return [db.execute(query).fetchall() for query in queries]

    def schema(self) -> int:
        return self.rows("SELECT version FROM schema_version")[0][0][0]

    def objects(self) -> list:
        return self.rows(*OBJECTS)

    def objects_kept(self) -> list:
        with contextlib.closing(sqlite3.connect(f"file:{self.lab.template}/root/{self.file}?mode=ro", uri=True)) as db:
            return [db.execute(query).fetchall() for query in OBJECTS]

    def contents(self) -> str:
        """The old world byte by byte, unless a run saves something in it; the new one row by row, since each server that opens it writes a
        little."""
        if not self.path.exists():
            return "no database\n"
        lines = []
        if self.schema() == self.lab.schema["old"] and not self.lab.saves:
            lines.append(f"database {hashlib.sha256(self.path.read_bytes()).hexdigest()}")
        for (table,) in sorted(self.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")[0]):
            [columns] = self.rows(f"SELECT name FROM pragma_table_info('{table}') ORDER BY name")
            wanted = ", ".join(f'"{name}"' for (name,) in columns if (table, name) != OWN_TIME)
            [found] = self.rows(f'SELECT {wanted} FROM "{table}" ORDER BY 1, 2')
            lines += [f"{table} {row}" for row in found]
        return "\n".join(lines) + "\n"


class Bolt(Store):
    """Each server that opens the file writes to it, so it is compared pair by pair."""
    buckets = ("users", "folders", "shares", "admins", "api_keys")

    def provider(self) -> dict:
        return {"driver": "bolt", "name": self.file}

    def read(self, root: pathlib.Path) -> dict[str, dict[bytes, bytes]]:
        return bolt.File(root / self.file).buckets()

    def schema(self) -> int:
        [version] = self.read(self.lab.root)["db_version"].values()
        return next(iter(json.loads(version).values()))

    def objects_of(self, root: pathlib.Path) -> list:
        found = self.read(root)
        return [sorted((key, json.loads(value).get("password"), json.loads(value).get("permissions"))
                       for key, value in found[name].items()) for name in self.buckets]

    def objects(self) -> list:
        return self.objects_of(self.lab.root)

    def objects_kept(self) -> list:
        return self.objects_of(self.lab.template / "root")

    def contents(self) -> str:
        if not self.path.exists():
            return "no database\n"
        lines = []
        for name, pairs in sorted(self.read(self.lab.root).items()):
            for key, value in sorted(pairs.items()):
                fields = json.loads(value) if value[:1] == b"{" else value
                if name == OWN_TIME[0]:
                    fields.pop(OWN_TIME[1], None)
                lines.append(f"{name} {key!r} {json.dumps(fields, sort_keys=True) if isinstance(fields, dict) else fields!r}")
        return "\n".join(lines) + "\n"


# ---- database servers

NUMBERS = itertools.count(1)


@functools.cache
def server(driver: str) -> pathlib.Path:
    """Of this worker, in whose namespaces it lives and ends."""
    home = pathlib.Path("/mnt/databases") / driver
    home.parent.mkdir(mode=0o711, exist_ok=True)
    run(DB, "start", driver, home, timeout=600)
    return home


@functools.cache
def impossible(driver: str) -> str:
    """Why no such database can be had on this machine, or nothing."""
    programs = {"postgresql": ("psql", "pg_dump"), "mysql": ("mariadbd", "mariadb-dump")}.get(driver, ())
    missing = [name for name in programs if not shutil.which(name)]
    return f"no {missing[0]}" if missing else ""


class Server(Store):
    file = ""
    driver = ""
    reading, who_reads, end_of = "", "", ""     # statements: of a reader who takes his time, which sessions do, ending one

    def __init__(self, lab: SftpgoLab) -> None:
        super().__init__(lab)
        self.home = server(self.driver)
        said = run(DB, "env", self.home).stdout
        self.about = dict(line.split("=", 1) for line in said.splitlines())
        self.name = f"sftpgo{next(NUMBERS)}"
        run(DB, "database", self.home, self.name)
        self.kept: list = []

    def provider(self) -> dict:
        return {"driver": self.driver, "name": self.name, "host": "127.0.0.1", "port": int(self.about["port"]),
                "username": self.about["user"], "password": self.about["password"]}

    def client(self, database: str) -> list[str]:
        """As the administrator; statements from stdin, rows of tab-separated fields."""
        raise NotImplementedError

    def sql(self, text: str, database: str | None = None) -> list[str]:
        done = subprocess.run(self.client(database or self.name), input=text, capture_output=True, text=True, check=False, timeout=240)
        if done.returncode:
            raise RuntimeError(f"{text[:200]}: {done.stderr[-1000:]}")
        return done.stdout.splitlines()

    def schema(self) -> int:
        return int(self.sql("SELECT version FROM schema_version;")[0])

    def objects(self) -> list:
        return [self.sql(f"{query};") for query in OBJECTS]

    def objects_kept(self) -> list:
        return self.kept

    def keep(self) -> None:
        self.kept = self.objects()
        self.keep_template()

    def keep_template(self) -> None:
        raise NotImplementedError

    def begin_reading(self, table: str) -> None:
        """Somebody reads a table, and takes his time: it can be used meanwhile, and not changed. He ends with the worker, at the latest."""
        reader = subprocess.Popen(self.client(self.name), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  text=True)
        reader.stdin.write(self.reading.format(table=table))
        reader.stdin.close()
        until = time.monotonic() + 60
        while not self.sql(self.who_reads):
            if time.monotonic() > until:
                raise RuntimeError("nobody reads the table")
            time.sleep(0.02)

    def end_readers(self) -> None:
        for number in self.sql(self.who_reads):
            self.sql(self.end_of.format(number=number))


class Postgresql(Server):
    driver = "postgresql"
    reading = "BEGIN; LOCK TABLE {table} IN ACCESS SHARE MODE; SELECT pg_sleep(900); COMMIT;"
    who_reads = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid();"
    end_of = "SELECT pg_terminate_backend({number});"
    everything = f"""
SELECT 'column', table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
 WHERE table_schema = 'public' ORDER BY 2, 3;
SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 2;
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace ORDER BY 2, 3;
SELECT 'sequence', sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 2;
SELECT 'owner', tablename, tableowner FROM pg_tables WHERE schemaname = 'public' ORDER BY 2;
SELECT format('SELECT %L, to_jsonb(t) %s FROM %I t ORDER BY 2', tablename,
              CASE tablename WHEN '{OWN_TIME[0]}' THEN '- ''{OWN_TIME[1]}''' ELSE '' END, tablename)
  FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename \\gexec
"""

    def client(self, database: str) -> list[str]:
        return ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", str(self.home), "-p", self.about["port"],
                "-U", "pg", "-d", database]

    def keep_template(self) -> None:
        self.sql(f"CREATE DATABASE {self.name}_kept TEMPLATE {self.name};", "postgres")

    def fill(self) -> None:
        self.sql(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE);", "postgres")
        self.sql(f"CREATE DATABASE {self.name} TEMPLATE {self.name}_kept OWNER {self.about['user']};", "postgres")

    def contents(self) -> str:
        return "\n".join(self.sql(self.everything)) + "\n"


class Mysql(Server):
    driver = "mysql"
    reading = "BEGIN; SELECT * FROM {table} LIMIT 1; SELECT SLEEP(900); COMMIT;"
    who_reads = "SELECT id FROM information_schema.processlist WHERE info LIKE '%SLEEP(%' AND id <> CONNECTION_ID();"
    end_of = "KILL {number};"
    shape = """
SELECT 'column', table_name, column_name, column_type, is_nullable, column_default, extra FROM information_schema.columns
 WHERE table_schema = DATABASE() ORDER BY 2, 3;
SELECT 'index', table_name, index_name, seq_in_index, column_name, non_unique FROM information_schema.statistics
 WHERE table_schema = DATABASE() ORDER BY 2, 3, 4;
SELECT 'constraint', k.table_name, k.constraint_name, k.column_name, k.referenced_table_name, k.referenced_column_name, r.delete_rule
  FROM information_schema.key_column_usage k LEFT JOIN information_schema.referential_constraints r
    ON r.constraint_schema = k.table_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
 WHERE k.table_schema = DATABASE() ORDER BY 2, 3, 4;
SELECT 'table', table_name, engine, table_collation, auto_increment FROM information_schema.tables
 WHERE table_schema = DATABASE() ORDER BY 2;
"""

    def client(self, database: str) -> list[str]:
        return ["mariadb", "--no-defaults", "-u", "root", "-S", f"{self.home}/s.sock", "-N", "-B", "--binary-as-hex", "-D", database]

    @property
    def dump(self) -> pathlib.Path:
        return self.lab.home / f"{self.name}.sql"

    def keep_template(self) -> None:
        with open(self.dump, "w") as out:
            subprocess.run(["mariadb-dump", "--no-defaults", "-u", "root", "-S", f"{self.home}/s.sock", "--hex-blob", self.name],
                           stdout=out, check=True)

    def fill(self) -> None:
        """Sessions that are left would hold its tables."""
        left = self.sql(f"SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE db = '{self.name}' AND "
                        "id <> CONNECTION_ID();", "mysql")
        with contextlib.suppress(RuntimeError):     # one that ended by itself meanwhile
            self.sql("".join(left), "mysql")
        self.sql(f"DROP DATABASE IF EXISTS {self.name}; CREATE DATABASE {self.name} CHARACTER SET utf8mb4; USE {self.name};\n"
                 f"SET unique_checks = 0; SET foreign_key_checks = 0;\n{self.dump.read_text()}", "mysql")

    def contents(self) -> str:
        lines = self.sql(self.shape)
        columns: dict[str, list[str]] = {}
        for line in lines:
            if line.startswith("column\t"):
                _, table, column, *_ = line.split("\t")
                columns.setdefault(table, []).extend([column] if (table, column) != OWN_TIME else [])
        asked = [f"SELECT '{table}', {', '.join(f'`{name}`' for name in names)} FROM `{table}` ORDER BY 2, 3;"
                 for table, names in columns.items() if len(names) > 1]
        asked += [f"SELECT '{table}', `{names[0]}` FROM `{table}` ORDER BY 2;" for table, names in columns.items() if len(names) == 1]
        return "\n".join(lines + self.sql("\n".join(asked))) + "\n"


STORES = {"sqlite": Sqlite, "bolt": Bolt, "postgresql": Postgresql, "mysql": Mysql}
