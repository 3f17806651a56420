#!/usr/bin/env python3
"""Clients that write to a QuestDB over ILP/HTTP, and the judge of what became of their rows.

    ilp_writer.py write --port N --log FILE [--table T] [--writers 3] [--rows 50] [--pause 0.05] [--seconds S]
    ilp_writer.py check --port N --log FILE [--saved DIR]

`write` ends on SIGTERM. A row is (writer, seq); a request that the server answered with 204 is logged as
"writer first last time", one that failed is never sent again: its rows may be there or not. `check` wants every
acknowledged row in the table exactly once, or, with --saved, in the CSV files of that directory instead. What
was acknowledged by then is waited for: the server answers when a row is in its log, and applies it later.
Both print one line; `check` ends with 1 when a row is missing or doubled.
"""
import argparse
import csv
import glob
import http.client
import io
import os
import signal
import sys
import threading
import time
import urllib.parse

stopping = threading.Event()


def batch(args, writer, first):
    now = time.time_ns()
    rows = (f"{args.table},w={writer} seq={first + i}i,v={first + i}.5 {now + i * 1000}" for i in range(args.rows))
    return ("\n".join(rows) + "\n").encode()


def write_one(args, writer, log, lock, counts):
    seq = 0
    link = None
    while not stopping.is_set():
        body = batch(args, writer, seq)
        try:
            link = link or http.client.HTTPConnection("127.0.0.1", args.port, timeout=60)
            link.request("POST", "/write?precision=n", body)
            answer = link.getresponse()
            answer.read()
            stored = answer.status == 204
        except (OSError, http.client.HTTPException):
            stored = False
        with lock:
            counts["acknowledged" if stored else "failed"] += 1
            if stored:
                log.write(f"{writer} {seq} {seq + args.rows - 1} {time.time():.3f}\n")
                log.flush()
        if not stored and link:
            link.close()
            link = None
        seq += args.rows
        stopping.wait(args.pause)


def write(args):
    lock = threading.Lock()
    counts = {"acknowledged": 0, "failed": 0}
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    with open(args.log, "a", encoding="utf-8") as log:
        threads = [
            threading.Thread(target=write_one, args=(args, f"{args.table}{n}-{os.getpid()}", log, lock, counts))
            for n in range(args.writers)
        ]
        for thread in threads:
            thread.start()
        stopping.wait(args.seconds)
        stopping.set()
        for thread in threads:
            thread.join()
    print(f"{counts['acknowledged']} requests acknowledged, {counts['failed']} failed")
    return 0


def acknowledged(path):
    """Each row, and when it was."""
    rows = {}
    with open(path, encoding="utf-8") as log:
        for line in log:
            writer, first, last, at = line.split()
            rows.update(((writer, seq), float(at)) for seq in range(int(first), int(last) + 1))
    return rows


def ask(args, statement):
    link = http.client.HTTPConnection("127.0.0.1", args.port, timeout=300)
    link.request("GET", f"/exp?{urllib.parse.urlencode({'query': statement})}")
    answer = link.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        raise SystemExit(f"reading {args.table}: {answer.status} {text[:200]}")
    return list(csv.DictReader(io.StringIO(text)))


def wait_applied(args):
    """Until the table has what its log has now; what clients go on writing is not waited for."""
    def log_of_table():
        [row] = ask(args, f"select writerTxn, sequencerTxn from wal_tables() where name = '{args.table}'")
        return int(row["writerTxn"]), int(row["sequencerTxn"])

    applied, last = log_of_table()
    until = time.monotonic() + 180
    while applied < last:
        if time.monotonic() > until:
            raise SystemExit(f"{args.table} does not apply what was written to it: {applied} of {last}")
        time.sleep(0.05)
        applied = log_of_table()[0]


def stored_in_table(args):
    return [(row["w"], int(row["seq"])) for row in ask(args, f"select w, seq from {args.table}")]


def stored_in_files(directory):
    rows = set()
    for path in glob.glob(os.path.join(directory, "**", "*.csv"), recursive=True):
        with open(path, encoding="utf-8", newline="") as file:
            rows.update((row["w"], int(row["seq"])) for row in csv.DictReader(file) if "w" in row and "seq" in row)
    return rows


def check(args):
    at = acknowledged(args.log)
    sent = at.keys()
    wait_applied(args)
    here = stored_in_table(args)
    doubled = len(here) - len(set(here))
    saved = (stored_in_files(args.saved) - set(here)) & sent if args.saved else set()
    missing = sent - set(here) - saved
    print(f"{len(sent)} rows acknowledged, {len(sent & set(here))} in the table"
          + (f", {len(saved)} more in {args.saved}" if args.saved else "")
          + f", {len(missing)} missing, {doubled} doubled")
    for writer, seq in sorted(missing)[:3]:
        print(f"missing: {writer} {seq}, acknowledged {time.time() - at[writer, seq]:.1f} s ago", file=sys.stderr)
    return 1 if missing or doubled else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["write", "check"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--table", default="live")
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--pause", type=float, default=0.05)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--saved")
    args = parser.parse_args()
    return write(args) if args.verb == "write" else check(args)


if __name__ == "__main__":
    sys.exit(main())
