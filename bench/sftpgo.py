"""The rows of bench/run.sh for SFTPGo: a real 2.6.4 on SQLite, moved to 2.7.5 by crossgrade, against a bare restart of what is there."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import stats
from lab import HERE, Gap, run, wait_gone

SERVER = HERE.parent / "tests/real/sftpgo.sh"
OLD, NEW = "2.6.4", "2.7.5"


def greets(port):
    """The SFTP door says its banner."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
            return link.recv(7) == b"SSH-2.0"
    except OSError:
        return False


def wait_greeting(port):
    until = time.monotonic() + 60
    while not greets(port):
        if time.monotonic() > until:
            raise SystemExit("the server does not serve")
        time.sleep(0.005)


class Lab:
    def __init__(self, crossgrade, disk, users):
        self.crossgrade, self.disk = crossgrade, pathlib.Path(disk) / f"sftpgo-{users}"
        shutil.rmtree(self.disk, ignore_errors=True)
        self.disk.mkdir()
        self.conf, self.install, self.state = (self.disk / name for name in ("conf", "opt", "state"))
        self.archive = self.disk / "new.tar.xz"
        run(SERVER, "install", OLD, self.install)
        run(SERVER, "archive", NEW, self.archive)
        run(SERVER, "prepare", self.install, self.conf, users)
        run(SERVER, "start", self.install, self.conf)
        self.port = int(self.told("sftp"))

    def told(self, name):
        lines = pathlib.Path(f"{self.conf}.server").read_text(encoding="ascii").splitlines()
        return dict(line.split("=", 1) for line in lines)[name]

    def end(self):
        run(SERVER, "end", self.conf)

    def cg(self, *words):
        argv = [self.crossgrade, "--state-dir", self.state, *words]
        call = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if call.returncode:
            raise SystemExit(f"crossgrade {' '.join(map(str, words))}: {call.returncode}: {call.stdout[-900:]}")

    def wait_serving(self):
        wait_greeting(self.port)

    def stop(self):
        found = subprocess.run(["pgrep", "-f", "--", f"serve -c {self.conf}$"], check=True, stdout=subprocess.PIPE, text=True)
        pid = int(found.stdout)
        os.kill(pid, signal.SIGTERM)
        wait_gone(pid)

    def start(self):
        argv = ["setsid", "-f", str(self.install / "sftpgo"), "serve", "-c", str(self.conf)]
        env = {"PATH": os.environ["PATH"], "HOME": "/root", "SFTPGO_LOG_FILE_PATH": ""}
        with open(f"{self.conf}.out", "ab") as out:
            subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.conf, env=env)
        self.wait_serving()

    def restart(self):
        """Downtime of stop and start of the same server: what nobody can do without."""
        with Gap(self.port, greets) as gap:
            self.stop()
            self.start()
        return gap.longest

    def bare_swap(self):
        """Downtime of stop, exchange of the builds, start, which migrates; no backup. Then back by a copy made before."""
        new, old, kept = (self.disk / name for name in ("next", "last", "kept.db"))
        if not new.exists():
            new.mkdir()
            run("tar", "-C", new, "-xf", self.archive)
        self.stop()
        shutil.copyfile(self.conf / "sftpgo.db", kept)
        self.start()
        with Gap(self.port, greets) as gap:
            self.stop()
            os.rename(self.install, old)
            os.rename(new, self.install)
            self.start()
        self.stop()
        os.rename(self.install, new)
        os.rename(old, self.install)
        shutil.copyfile(kept, self.conf / "sftpgo.db")
        self.start()
        return gap.longest

    def apply(self, gate):
        plan = self.disk / "plan.json"
        plan.unlink(missing_ok=True)
        self.cg("plan", "sftpgo", "--root", self.conf, "--artifact", self.archive, "--gate", gate, "-o", plan)
        with Gap(self.port, greets) as gap:
            self.cg("apply", plan, "--yes", *(["--accept-open"] if gate == "none" else []))
        return gap.longest

    def rollback(self):
        self.cg("rollback", "--yes", "--accept-loss", "new-writes")
        self.wait_serving()
        for directory in self.disk.glob(".crossgrade-*"):
            shutil.rmtree(directory)

    def peak(self, *words):
        """Seconds and largest resident set, MiB, of a call."""
        began = time.monotonic()
        child = subprocess.Popen([self.crossgrade, "--state-dir", self.state, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        if status:
            raise SystemExit(f"crossgrade {' '.join(map(str, words))} ended with status {status}")
        return time.monotonic() - began, used.ru_maxrss / 1024


def downtime(lab, pairs):
    bare, swap, none, verify = [], [], [], []
    for _ in range(pairs):
        bare.append(lab.restart())
        swap.append(lab.bare_swap())
        for gate, into in (("none", none), ("verify", verify)):
            into.append(lab.apply(gate))
            lab.rollback()
    stats.line("sftpgo downtime, no gate", none, bare, "bare restart", 1.5, floor=swap, note="10,000 users, SQLite; the floor is the bare swap")
    stats.line("sftpgo downtime, no gate", none, swap, "bare swap", None, note="the new build's first start migrates, the restart's does not")
    stats.line("sftpgo downtime, gate", verify, bare, "bare restart", None, note="10,000 users, SQLite")


def looks(crossgrade, disk):
    """Inspect, and the deep comparison after the way there, by users."""
    seen = {}
    for users in (10000, 40000):
        lab = Lab(crossgrade, disk, users)
        inspect = lab.peak("inspect", "sftpgo", "--root", lab.conf)
        lab.apply("none")
        seen[users] = inspect, lab.peak("verify")
        lab.end()
    for what, at in (("inspect", 0), ("comparison", 1)):
        few, many = seen[10000][at], seen[40000][at]
        stats.single(f"sftpgo {what}, 10,000", few[0], "s", 5)
        stats.single(f"sftpgo {what}, 10,000", few[1], "MiB", 64)
        stats.single(f"sftpgo {what}, 40,000", many[0] / few[0], "of the time of 10,000", 4.4)
        stats.single(f"sftpgo {what}, 40,000", many[1] / few[1], "of the memory of 10,000", 1.1)


def rows(crossgrade, disk, pairs):
    lab = Lab(crossgrade, disk, 10000)
    try:
        downtime(lab, pairs)
    finally:
        lab.end()
    looks(crossgrade, disk)
