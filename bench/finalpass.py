"""The pass with the writer stopped, alone: a tree of 3 GB in 29,000 files, a writer at 50 MB/s, ours and rsync in turn."""
import os
import pathlib
import shutil
import subprocess
import sys
import time

import stats

HERE = pathlib.Path(__file__).resolve().parent
COLD, COLD_FILES, COLD_BYTES = 3600, 8, 64 << 10    # partitions that nobody writes to any more
HOT_FILES, HOT_BYTES = 16, 72 << 20                 # columns of the one that is written to
RATE = 50                                           # MB/s


def make_tree(root):
    blob = os.urandom(2 << 20)
    for n in range(COLD):
        partition = root / f"db/big/{n:05}"
        partition.mkdir(parents=True)
        for i in range(COLD_FILES):
            at = (n * COLD_FILES + i) % (1 << 20)
            (partition / f"c{i}.d").write_bytes(blob[at:at + COLD_BYTES])
    hot = root / "db/big/today"
    hot.mkdir()
    for i in range(HOT_FILES):
        with open(hot / f"c{i}.d", "wb") as column:
            for _ in range(HOT_BYTES // len(blob)):
                column.write(blob)
    os.sync()
    return hot


class Point:
    """A restore point of ours, driven step by step."""

    def __init__(self, program, home, root):
        self.process = subprocess.Popen([program, home, root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.copy = pathlib.Path(home) / "bench/data/root"

    def __call__(self, word):
        """Seconds."""
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"bench-point ended at '{word}'")
        return float(answer) / 1000

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Writer:
    """with Writer(hot) as writer: ...; afterwards it is gone and writer.rate says how fast it was."""

    def __init__(self, hot):
        self.hot, self.rate = hot, None

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, HERE / "writer.py", self.hot, str(RATE)], stdout=subprocess.PIPE, text=True)
        time.sleep(1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.rate = float(self.process.communicate()[0])


def rsync(*words):
    done = subprocess.run(["rsync", *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 24):      # 24: a file vanished
        raise SystemExit(f"rsync {' '.join(map(str, words))}: {done.returncode}")
    return done.stdout


def timed(action, *words):
    began = time.monotonic()
    action(*words)
    return time.monotonic() - began


def want_identical(root, copy):
    """By content, type, mode, owner, times, links and attributes, as rsync sees it."""
    differences = rsync("-naHAXc", "--delete", "--itemize-changes", f"{root}/", f"{copy}/")
    if differences:
        raise SystemExit(f"the copy of the last pass is not identical:\n{differences[:2000]}")


class Field:
    def __init__(self, program, disk):
        base = pathlib.Path(disk) / "pass"
        self.root, self.theirs = base / "root", base / "rsync"
        self.base, self.rates = base, []
        shutil.rmtree(base, ignore_errors=True)
        self.hot = make_tree(self.root)
        self.point = Point(program, base / "home", self.root)
        self.point("live")
        rsync("-a", f"{self.root}/", self.theirs)

    def close(self):
        self.point.close()
        shutil.rmtree(self.base)

    def written(self, live):
        """The tree as it is after `live` ran beside the writer and the writer stopped."""
        with Writer(self.hot) as writer:
            live()
        self.rates.append(writer.rate)

    def reset(self):
        for column in self.hot.iterdir():
            os.truncate(column, HOT_BYTES)
        os.sync()

    def ours(self):
        self.written(lambda: self.point("live"))
        took = self.point("final")
        floor = self.point("floor")
        want_identical(self.root, self.point.copy)
        self.point("seal")
        self.reset()
        return took, floor

    def peer(self):
        """With and without what makes it as durable as ours."""
        self.written(lambda: rsync("-a", "--delete", f"{self.root}/", self.theirs))
        took = timed(rsync, "-a", "--delete", f"{self.root}/", self.theirs)
        durable = took + timed(subprocess.run, ["sync", "-f", self.theirs])
        self.reset()
        return took, durable

    def unchanged(self):
        for tool in (lambda: self.point("live"), lambda: rsync("-a", "--delete", f"{self.root}/", self.theirs)):
            tool()
            os.sync()
        return (self.point("final"), self.point("floor"),
                timed(rsync, "-a", "--delete", f"{self.root}/", self.theirs))


def row(program, disk, pairs):
    field = Field(program, disk)
    written, unmoved = [], []
    try:
        for _ in range(pairs):
            written.append(field.ours() + field.peer())
        for _ in range(pairs):
            unmoved.append(field.unchanged())
    finally:
        field.close()
    ours, floor, theirs, durable = zip(*written)
    note = f"writer at {stats.middle(field.rates):.0f} MB/s, byte-identical each time"
    stats.line("final pass 3 GB", ours, theirs, "rsync -a", 0.05, floor=floor, note=note)
    stats.line("final pass 3 GB, durable", ours, durable, "rsync -a; sync -f", 0.05, floor=floor)
    ours, floor, theirs = zip(*unmoved)
    stats.line("final pass 3 GB, unmoved", ours, theirs, "rsync -a", 0.05, floor=floor)
