#!/usr/bin/python3 -ISEB
"""What runs in the stand-in's container of SeaTable: /server-info/ on 127.0.0.1, by as little Python as will do.

seatable_server.py ROOT PORT EDITION VERSION SOCKET. Enterprise idles without a licence, as the vendor's does. ROOT/.double.json makes it
misbehave, where "when" is its version: {"start": "fail" | "idle" | "migrate"}; to migrate it changes a table, by the database's SOCKET."""
import os
import socket
import sys
import time

root, port, edition, version, database = sys.argv[1:]


def how():
    import json     # dear
    with open(os.path.join(root, ".double.json")) as f:
        asked = json.load(f)
    return asked.get("start") if asked.get("when") in (None, version) else None


def idle():
    while True:
        time.sleep(60)


def migrate():
    import subprocess
    subprocess.run(["mariadb", "--no-defaults", "-u", "root", "-S", database, "-e",
                    "ALTER TABLE dtable_db.dtables ADD COLUMN IF NOT EXISTS migrated INT"], check=True)


def misbehave():
    start = how() if os.path.exists(os.path.join(root, ".double.json")) else None
    if start == "fail":
        sys.exit(1)
    if start == "migrate":
        migrate()
    if start in ("idle", "migrate"):
        idle()


def has_license():
    try:
        return os.stat(os.path.join(root, "seatable-license.txt")).st_size > 0
    except OSError:
        return False


def answer(connection):
    connection.settimeout(5)
    asked = b""
    while b"\r\n\r\n" not in asked:
        more = connection.recv(4096)
        if not more:
            return
        asked += more
    body = '{"version": "%s", "edition": "%s edition"}' % (version, edition)
    connection.sendall(("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
                        % (len(body), body)).encode())


misbehave()
if edition == "enterprise" and not has_license():
    idle()
with socket.socket() as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(port)))
    listener.listen(64)
    while True:
        client, _ = listener.accept()
        with client:
            try:
                answer(client)
            except OSError:
                pass
