#!/usr/bin/env python3
"""The rows of bench/run.sh: bench.py BUILD DISK [--quick] [ROW...]. DISK is an empty file system."""
import argparse
import os
import pathlib
import subprocess
import sys
import time

import finalpass
import packages
import seatable
import sftpgo
import stats
from lab import Lab

SIZES = (("0.3 GB", 370, True), ("3 GB", 3700, False))     # name, hourly partitions of eight files, in a quick run too
ROWS = ("downtime", "final-pass", "rollback", "memory", "sftpgo", "sftpgo-packages", "templates", "seatable")
SERIES = ("bare", "hand", "none", "verify", "undo", "rsync back")


def pair(lab, rows, seen):
    """One of each, one after the other."""
    downtime = "downtime" in rows
    if downtime:
        seen["bare"].append(lab.bare_swap())
    for gate in ("none", "verify") if downtime else ("none",):
        seen[gate].append(lab.apply(gate))
        seconds = lab.rollback()
        if gate == "none":
            seen["undo"].append(seconds)
    if downtime:
        seen["hand"].append(lab.bare_swap(backup=lab.disk / "by-hand"))
    if "rollback" in rows:
        seen["rsync back"].append(lab.rsync_back())


def measure(args, rows, partitions):
    """Pairs interleaved under the same writers: bare swap, ours without and with a gate, by hand, rsync."""
    lab = Lab(args.crossgrade, args.disk, partitions)
    seen = {name: [] for name in SERIES}
    lab.writers_on()
    try:
        for _ in range(args.pairs):
            pair(lab, rows, seen)
    finally:
        lab.writers_off()
    lab.stop()
    return seen


def journeys(args, rows):
    ratios = {}
    for size, partitions, quick in SIZES:
        if (args.quick and not quick) or (args.size and args.size != size):
            continue
        seen = measure(args, rows, partitions)
        if "downtime" in rows:
            ratios[size] = stats.line(f"downtime {size}, no gate", seen["none"], seen["bare"], "bare swap", 1.10)
            stats.line(f"downtime {size}, gate", seen["verify"], seen["bare"], "bare swap", 1.25)
            stats.line(f"downtime {size}, by hand", seen["none"], seen["hand"], "stop, cp -a, start", 1.00)
        if "rollback" in rows:
            stats.line(f"rollback of data {size}", seen["undo"], seen["rsync back"], "rsync -a --delete", 0.05)
    if len(ratios) == 2:
        stats.single("downtime, 0.3 to 3 GB", abs(ratios["3 GB"] - ratios["0.3 GB"]), "difference of the ratios", 0.05)


def memory(args):
    """Peak of a restore point over 200,000 files beside a small database that does not run."""
    lab = Lab(args.crossgrade, args.disk, 10)
    lab.stop()
    bulk = pathlib.Path(lab.root) / "import"
    for n in range(200):
        folder = bulk / f"{n:03}"
        folder.mkdir(parents=True)
        for i in range(1000):
            (folder / f"{i:04}.csv").write_text(f"{n},{i}\n", encoding="ascii")
    argv = [args.crossgrade, "--state-dir", lab.state, "backup", "create", "questdb", "--root", lab.root, "--yes"]
    stats.single("memory, 200,000 files", peak_mib(argv), "MiB", 64)


def templates(args):
    """10,000 event actions of SFTPGo, translated for Enterprise."""
    argv = [pathlib.Path(args.build) / "bench/bench-templates", "10000"]
    took = [int(subprocess.run(argv, check=True, capture_output=True, text=True).stdout) for _ in range(args.pairs)]
    stats.single("templates, 10,000 actions", stats.middle(took) / 1000, "s", 1.0)


def peak_mib(argv):
    """Largest resident set of a program and the children it waited for."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{argv[0]} ended with status {status}")
    return used.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("disk")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--size", choices=[size for size, _, _ in SIZES])
    parser.add_argument("rows", nargs="*", metavar="ROW")
    args = parser.parse_intermixed_args()
    unknown = set(args.rows) - set(ROWS)
    if unknown:
        parser.error(f"no row '{unknown.pop()}': {', '.join(ROWS)}")
    rows = args.rows or ROWS
    args.crossgrade = pathlib.Path(args.build) / "src/cli/crossgrade"
    args.pairs = args.pairs or (3 if args.quick else 21)
    if args.quick or args.pairs < 21:
        print(f"{args.pairs} pairs{' and the small data only' if args.quick else ''}: a look, no figure to rely on", flush=True)
    began = time.monotonic()
    if {"downtime", "rollback"} & set(rows):
        journeys(args, rows)
    if "final-pass" in rows:
        finalpass.row(pathlib.Path(args.build) / "bench/bench-point", args.disk, args.pairs)
    if "memory" in rows:
        memory(args)
    if "sftpgo" in rows:
        sftpgo.rows(args.crossgrade, args.disk, args.pairs)
    if "sftpgo-packages" in rows:
        packages.rows(args.build, args.disk, args.pairs)
    if "templates" in rows:
        templates(args)
    if "seatable" in rows:
        seatable.rows(args.crossgrade, args.disk, args.pairs)
    print(f"took {(time.monotonic() - began) / 60:.0f} minutes", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
