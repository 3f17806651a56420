"""A real QuestDB on a file system of its own, under writers: moved by crossgrade, by a bare swap, or by hand."""
import datetime
import http.client
import json
import multiprocessing
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
QUESTDB = HERE.parent / "tests/real/questdb.sh"
CLIENTS = HERE.parent / "tests/tools/ilp_writer.py"
OLD, NEW = "9.0.3", "9.3.4"


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], check=True, stdin=subprocess.DEVNULL, **options)


def ask(port, path, timeout=1.0):
    """Status of a GET on a connection of its own, None without an answer."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        link.close()


def wait_gone(pid):
    """Until it has ended, with all its threads. The first one of a JVM is a zombie up to a tenth of a second before the last
    has given its memory and its locks back, and its name stays until who inherited it looks."""
    try:
        end = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        select.select([end], [], [])
    finally:
        os.close(end)


def moment(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def answers_query(port):
    return ask(port, "/exec?query=select%201") == 200


def probe_until(served, port, began, stop, pipe):
    """Every 10 ms: does a client get its answer? Sends the longest time between two that did. The first one says that it began,
    and one that was asked after the stop is the last, so that no outage lies before or after them."""
    last = longest = None
    ended = False
    until = None
    while not ended:
        asked = time.monotonic()
        stopping = stop.is_set()
        until = until or (asked + 60 if stopping else None)
        if served(port):
            now = time.monotonic()
            longest = max(longest or 0, now - last) if last is not None else None
            last = now
            began.set()
            ended = stopping
        ended |= until is not None and asked > until
        time.sleep(max(0, 0.010 - (time.monotonic() - asked)))
    pipe.send(longest)


class Gap:
    """with Gap(port) as gap: ...; gap.longest is the time without service, measured from outside."""

    def __init__(self, port, served=answers_query):
        self.began, self.stop = multiprocessing.Event(), multiprocessing.Event()
        self.here, there = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=probe_until, args=(served, port, self.began, self.stop, there))
        self.longest = None

    def __enter__(self):
        self.process.start()
        if not self.began.wait(60):
            raise SystemExit("the server does not serve")
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.longest = self.here.recv()
        self.process.join()


class Lab:
    def __init__(self, crossgrade, disk, partitions):
        """partitions: hourly ones of eight columns and 12,800 rows, 0.8 MB each."""
        self.crossgrade, self.disk = crossgrade, pathlib.Path(disk)
        self.data, self.state = self.disk / "data", self.disk / "state"
        self.root, self.install = self.data / "root", self.data / "opt"
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.state, ignore_errors=True)
        self.root.mkdir(parents=True)
        self.archive = self.disk / "new.tar.gz"
        if not self.archive.exists():
            run(QUESTDB, "archive", NEW, self.archive)
        run(QUESTDB, "install", OLD, self.install)
        self.new_jar = pathlib.Path(run(QUESTDB, "fetch", NEW, stdout=subprocess.PIPE, text=True).stdout.strip())
        self.ports = {name: self.free_port() for name in ("HTTP", "HTTP_MIN", "PG_NET", "LINE_TCP_NET")}
        self.port = self.ports["HTTP"]
        self.start()
        self.fill(partitions)
        self.writers = None

    @staticmethod
    def free_port():
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def start(self):
        binds = {f"QDB_{name}_BIND_TO": f"127.0.0.1:{port}" for name, port in self.ports.items()}
        argv = ["setsid", "-f", "java", "-DQuestDB-Runtime-66535", "-Dcontainerized=false", "-Xmx1g", "-ea", "-Dnoebug",
                "-XX:+UseParallelGC", "--add-exports", "java.base/jdk.internal.math=io.questdb",
                "-p", str(self.install / "questdb.jar"), "-m", "io.questdb/io.questdb.ServerMain",
                "-d", str(self.root), "-n"]
        with open(self.data / "root.out", "ab") as out:
            subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                           env={**os.environ, **binds, "QDB_TELEMETRY_ENABLED": "false"})

    def wait_serving(self):
        until = time.monotonic() + 120
        while not answers_query(self.port):
            if time.monotonic() > until:
                raise SystemExit("the server does not serve: see root.out")
            time.sleep(0.01)

    def pid(self):
        found = subprocess.run(["pgrep", "-f", "--", f"-d {self.root} -n"], stdout=subprocess.PIPE, text=True, check=False)
        return int(found.stdout.split()[0]) if found.stdout else None

    def stop(self):
        pid = self.pid()
        os.kill(pid, signal.SIGTERM)
        wait_gone(pid)

    def sql(self, text):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1800)
        link.request("GET", "/exec?" + urllib.parse.urlencode({"query": text}))
        answer = json.loads(link.getresponse().read())
        if "error" in answer:
            raise SystemExit(f"{text}: {answer['error']}")

    def fill(self, partitions):
        self.wait_serving()
        columns = ", ".join(f"c{i} long" for i in range(7))
        values = ", ".join("rnd_long()" for _ in range(7))
        self.sql(f"create table big ({columns}, ts timestamp) timestamp(ts) partition by hour bypass wal")
        for first in range(0, partitions, 200):
            rows = min(200, partitions - first) * 12800
            self.sql(f"insert into big select {values}, timestamp_sequence(dateadd('h', {first}, '2024-01-01'), 281250) "
                     f"from long_sequence({rows})")
        self.stop()
        os.sync()
        self.start()
        self.wait_serving()

    def writers_on(self):
        self.writers = subprocess.Popen([CLIENTS, "write", "--port", str(self.port), "--log", self.disk / "acknowledged",
                                         "--pause", "0.05"], stdout=subprocess.DEVNULL)
        time.sleep(1)

    def writers_off(self):
        if self.writers:
            self.writers.terminate()
            self.writers.wait()
            self.writers = None

    def cg(self, *words):
        """Events of a call and its exit code 0."""
        call = subprocess.run([self.crossgrade, "--state-dir", self.state, "--output", "jsonl", *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if call.returncode:
            raise SystemExit(f"crossgrade {' '.join(map(str, words))}: {call.returncode}: {call.stdout[-600:]} {call.stderr[-300:]}")
        return [json.loads(row) for row in call.stdout.splitlines()]

    def apply(self, gate):
        """Downtime of a journey there. The plan is made before, as an operator does."""
        plan = self.disk / "plan.json"
        plan.unlink(missing_ok=True)
        self.cg("plan", "questdb", "--root", self.root, "--artifact", self.archive, "--gate", gate, "-o", plan)
        with Gap(self.port) as gap:
            # What the plan's reading of all tables did not finish in its time is not what is measured.
            self.cg("apply", plan, "--yes", "--accept", "questdb.tbl-unreadable", *(["--accept-open"] if gate == "none" else []))
        return gap.longest

    def rollback(self):
        """Back, and nothing of the run kept; seconds that the undo of the data took."""
        events = self.cg("rollback", "--yes", "--accept-loss", "new-writes")
        self.wait_serving()
        for directory in self.data.glob(".crossgrade-*"):
            shutil.rmtree(directory)
        at = {row["state"]: row["time"] for row in events if row.get("step") == "data" and row["type"] == "step"}
        return moment(at["undone"]) - moment(at["undo"])

    def bare_swap(self, backup=None):
        """Downtime of stop, exchange of the jar (there beforehand), start; with backup: cp -a between. Then back."""
        jar, kept, ready = (self.install / name for name in ("questdb.jar", "old.jar", "next.jar"))
        shutil.copyfile(self.new_jar, ready)
        with Gap(self.port) as gap:
            self.stop()
            if backup:
                run("cp", "-a", self.root, backup)
            os.rename(jar, kept)
            os.rename(ready, jar)
            self.start()
            self.wait_serving()
        self.stop()
        os.rename(kept, jar)
        self.start()
        self.wait_serving()
        if backup:
            shutil.rmtree(backup)
        return gap.longest

    def rsync_back(self):
        """Seconds of an rsync -a --delete back to a copy of the stopped tree, after the server went on for a second.

        Onto a copy of the later tree: rsync -a takes pages written through a mapping for equal, and a server started on what it
        made had a table suspended (seen)."""
        copy, later = self.disk / "rsync", self.disk / "later"
        for tree in (copy, later):
            self.stop()
            run("cp", "-a", self.root, tree)
            self.start()
            self.wait_serving()
            time.sleep(1)
        began = time.monotonic()
        run("rsync", "-a", "--delete", f"{copy}/", later)
        back = time.monotonic() - began
        shutil.rmtree(copy)
        shutil.rmtree(later)
        return back
