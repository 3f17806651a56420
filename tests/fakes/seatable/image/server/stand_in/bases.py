"""Bases: JSON in storage-data, written late; until then a change lies in memory and in operation_log, from which it is made again at a start."""
import json
import os
import pathlib
import secrets
import threading
import time
import uuid

from .http_server import Refused
from .stores import database, write
from .words import number

STORAGE = pathlib.Path("/opt/seatable/storage-data/dtables")
_bases, _lock = {}, threading.Lock()


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime())


def new_table(name, number_of=0):
    columns = [{"key": "0000", "name": "Name", "type": "text", "width": 200, "editable": True}]
    return {"_id": f"{number_of:04d}", "name": name, "columns": columns, "rows": [], "views": [{"_id": "0000", "name": "Default View"}]}


def write_whole(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    with open(new, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)


class Base:
    def __init__(self, name):
        self.name, self.lock, self.dirty = name, threading.Lock(), False
        self.path = STORAGE / name[:2] / f"{name}.dtable"
        if not self.path.exists():
            raise Refused(404, f"base {name} not found.")
        self.content = json.loads(self.path.read_text(encoding="utf-8"))
        self.replay()

    def replay(self):
        with database("log") as cursor:
            cursor.execute("SELECT op_id, operation FROM operation_log WHERE dtable_uuid = %s AND op_id > %s ORDER BY op_id",
                           (self.name, self.content["version"]))
            for op_id, operation in cursor.fetchall():
                self.apply(op_id, json.loads(operation))

    def table(self, name):
        for table in self.content["tables"]:
            if name in (table["name"], table["_id"]):
                return table
        raise Refused(404, f"table {name} not found.")

    def do(self, author, operation):
        """Logged first, then done: what is answered is in operation_log."""
        with self.lock:
            op_id = write("log", "INSERT INTO operation_log (dtable_uuid, op_time, operation, author) VALUES (%s, %s, %s, %s)",
                          self.name, int(time.time() * 1000), json.dumps(operation), author)
            self.apply(op_id, operation)

    def apply(self, op_id, operation):
        getattr(self, "op_" + operation["op_type"])(operation)
        self.content["version"] = op_id
        self.dirty = True

    def op_append_rows(self, operation):
        self.table(operation["table_name"])["rows"] += operation["rows"]

    def op_update_rows(self, operation):
        rows = {row["_id"]: row for row in self.table(operation["table_name"])["rows"]}
        for update in operation["updates"]:
            rows[update["row_id"]].update(update["row"], _mtime=update["_mtime"])

    def op_delete_rows(self, operation):
        table = self.table(operation["table_name"])
        table["rows"] = [row for row in table["rows"] if row["_id"] not in operation["row_ids"]]

    def op_add_table(self, operation):
        self.content["tables"].append(operation["table"])

    def op_add_column(self, operation):
        self.table(operation["table_name"])["columns"].append(operation["column"])

    def flush(self):
        with self.lock:
            if self.dirty:
                write_whole(self.path, json.dumps(self.content).encode())
                self.dirty = False


def create(name=None):
    """A base with one table, written at once; its name."""
    name = name or str(uuid.uuid4())
    write_whole(STORAGE / name[:2] / f"{name}.dtable", json.dumps({"version": 0, "format_version": 9, "tables": [new_table("Table1")]}).encode())
    return name


def base(name):
    name = str(uuid.UUID(name))
    with _lock:
        if name not in _bases:
            _bases[name] = Base(name)
        return _bases[name]


def row_id():
    return secrets.token_urlsafe(16)


def flush_for_ever():
    last = time.monotonic()
    while True:
        time.sleep(0.2)
        if time.monotonic() - last >= number("flush", 300):
            last = time.monotonic()
            for one in list(_bases.values()):
                one.flush()
