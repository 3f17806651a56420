#!/usr/bin/env python3
"""A client of SeaTable by the vendor's own Python library, unmodified: what it was told is kept, and whether it is still there.

    seatable_client.py seed  --url URL --login NAME --password WORD --base FILE [--users N] [--rows N] [--files N]
    seatable_client.py write --url URL --base FILE --log FILE [--pause 0.1] [--seconds S]
    seatable_client.py check --url URL --base FILE --log FILE

To be run with the interpreter that `seatable.sh library python` prints. `seed` makes users, a base, rows and attachments, and writes how the base is
reached to FILE, and what was acknowledged to FILE.log. `write` appends, changes and reads rows and uploads attachments until SIGTERM; what the
server took is logged, a line each: "row ID VALUE TIME" or "file PATH SHA256 TIME". What failed is never sent again: it may be there or not. A row
that the server had taken and now does not show is "lost ID". `check` wants all of the log. Each prints one line; `check` ends with 1 when
something is missing or differs.
"""
import argparse
import hashlib
import json
import os
import signal
import sys
import threading
import time

import requests
from seatable_api import Account, Base
from seatable_api.constants import ColumnTypes

TABLE = "Table1"
stopping = threading.Event()


def opened(args):
    with open(args.base, encoding="utf-8") as file:
        base = Base(json.load(file)["api_token"], args.url)
    base.timeout = 60
    base.auth()
    if base.use_api_gateway:
        base.api_gateway.timeout = 60
    return base


def note(log, *words):
    log.write(" ".join(map(str, (*words, f"{time.time():.3f}"))) + "\n")
    log.flush()


def add_row(base, log, value):
    row = base.append_row(TABLE, {"Name": value})
    row_id = (row.get("first_row") or row)["_id"]
    note(log, "row", row_id, value)
    return row_id


def add_file(base, log, name, size=20000):
    data = os.urandom(size)
    info = base.upload_bytes_file(name, data)
    path = info["url"].split(base.dtable_uuid)[-1].strip("/")
    note(log, "file", path, hashlib.sha256(data).hexdigest())
    return info


def seed(args):
    account = Account(args.login, args.password, args.url)
    account.auth()
    for n in range(args.users):
        requests.post(f"{args.url}/api/v2.1/admin/users/", headers=account.token_headers, timeout=60,
                      data={"email": f"user{n}@seatable.test", "password": f"pass-{n}"}).raise_for_status()
    table = account.add_base("lab")
    answer = requests.post(f"{args.url}/api/v2.1/workspace/{table['workspace_id']}/dtable/lab/api-tokens/", headers=account.token_headers,
                           timeout=60, data={"app_name": "clients", "permission": "rw"})
    answer.raise_for_status()
    with open(args.base, "w", encoding="utf-8") as file:
        json.dump({"api_token": answer.json()["api_token"], "workspace_id": table["workspace_id"], "name": "lab", "uuid": table["uuid"],
                   "login": args.login}, file)
    base = account.get_base(table["workspace_id"], "lab")
    with open(args.base + ".log", "w", encoding="utf-8") as log:
        rows = base.batch_append_rows(TABLE, [{"Name": f"seed-{n}"} for n in range(args.rows)]) if args.rows else {"row_ids": []}
        for n, row in enumerate(rows["row_ids"]):
            note(log, "row", row["_id"], f"seed-{n}")
        infos = [add_file(base, log, f"seed-{n}.bin") for n in range(args.files)]
        if infos:
            base.insert_column(TABLE, "Files", ColumnTypes.FILE)
            row = base.append_row(TABLE, {"Name": "seed-files", "Files": infos})
            note(log, "row", (row.get("first_row") or row)["_id"], "seed-files")
    print(f"{args.users} users, {args.rows} rows, {args.files} files")
    return 0


def write(args):
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    base, number, refused, mine, until = None, 0, 0, [], time.monotonic() + args.seconds
    with open(args.log, "a", encoding="utf-8") as log:
        while not stopping.wait(args.pause) and time.monotonic() < until:
            number += 1
            try:
                base = base or opened(args)
                mine.append((add_row(base, log, f"live-{os.getpid()}-{number}"), f"live-{os.getpid()}-{number}"))
                if number % 5 == 0:
                    row_id, value = mine[-2]
                    base.update_row(TABLE, row_id, {"Name": value, "Seen": True})
                    add_file(base, log, f"live-{os.getpid()}-{number}.bin")
                row_id, value = mine[number % len(mine)]
                if base.get_row(TABLE, row_id).get("Name") != value:
                    note(log, "lost", row_id)
            except Exception:  # pylint: disable=broad-except # whatever the library makes of a server that is away
                refused += 1
                base = None
    print(f"{len(mine)} rows written, {refused} attempts refused")
    return 0


def all_rows(base):
    rows = {}
    while True:
        page = base.list_rows(TABLE, start=len(rows) or None, limit=1000)
        rows.update((row["_id"], row.get("Name")) for row in page)
        if len(page) < 1000:
            return rows


def file_digest(base, path):
    answer = requests.get(base.get_file_download_link(path), timeout=60)
    return hashlib.sha256(answer.content).hexdigest() if answer.status_code == 200 else None


def check(args):
    base, bad, counts = opened(args), [], {"row": 0, "file": 0}
    rows = all_rows(base)
    with open(args.log, encoding="utf-8") as log:
        for line in log:
            kind, what, *rest = line.split()
            if kind == "lost":
                bad.append(f"row {what} was not there for a while")
                continue
            counts[kind] += 1
            found = rows.get(what) if kind == "row" else file_digest(base, what)
            if found != rest[0]:
                bad.append(f"{kind} {what} is {found}, not {rest[0]}")
    print(f"{counts['row']} rows and {counts['file']} files, {len(bad)} bad" + "".join(f"\n{line}" for line in bad[:10]))
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("word", choices=["seed", "write", "check"])
    for name in ("url", "base", "log", "login", "password"):
        parser.add_argument(f"--{name}")
    for name, value in (("users", 2), ("rows", 20), ("files", 3)):
        parser.add_argument(f"--{name}", type=int, default=value)
    for name, value in (("pause", 0.1), ("seconds", 3600.0)):
        parser.add_argument(f"--{name}", type=float, default=value)
    args = parser.parse_args()
    sys.exit({"seed": seed, "write": write, "check": check}[args.word](args))


main()
