"""The rows of bench/run.sh for SFTPGo as a Debian package: a real 2.6.4 on SQLite in a systemd booted in namespaces, moved to 2.7.5 by
crossgrade, against stop, `dpkg -i` of the same files, start."""
import ctypes
import os
import pathlib
import shutil
import subprocess

import stats
from lab import HERE, Gap, run
from sftpgo import NEW, OLD, SERVER, greets, wait_greeting

SYSTEMD = HERE.parent / "tests/systemd"
DEB = HERE.parent / "tests/real/sftpgo_deb.sh"
FOLDERS = ("/etc", "/usr", "/var/lib")    # on the disk that is measured, not in memory
PORT, USERS = 2022, 10000
UNIT = "sftpgo.service"


def said(*argv):
    return run(*argv, stdout=subprocess.PIPE, text=True).stdout.split()


class Network:
    """with Network(pid): this process and those it starts are in the network of that one."""

    def __init__(self, pid):
        self.there = f"/proc/{pid}/ns/net"

    @staticmethod
    def enter(path):
        with open(path, "rb") as net:
            if ctypes.CDLL(None, use_errno=True).setns(net.fileno(), 0):
                raise OSError(ctypes.get_errno(), "setns")

    def __enter__(self):
        self.own = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.enter(self.there)

    def __exit__(self, *_):
        self.enter(f"/proc/self/fd/{self.own}")
        os.close(self.own)


class Lab:
    def __init__(self, build, disk):
        self.build, self.disk = pathlib.Path(build), pathlib.Path(disk) / "sftpgo-packages"
        shutil.rmtree(self.disk, ignore_errors=True)
        self.disk.mkdir()
        self.old, self.new, self.state = self.disk / "old.deb", self.disk / "new.deb", self.disk / "state"
        run(DEB, OLD, self.old, stdout=subprocess.DEVNULL)
        run(DEB, NEW, self.new, stdout=subprocess.DEVNULL)
        tree = pathlib.Path(said(SYSTEMD / "root.sh")[0])
        own = []
        for folder in FOLDERS:
            copy = self.disk / "inside" / folder[1:]
            copy.parent.mkdir(parents=True, exist_ok=True)
            run("cp", "-a", f"{tree}{folder}", copy)
            own.append(f"{folder}={copy}")
        self.init = said(SYSTEMD / "boot.sh", tree, self.build, self.disk, *own)[0]

    def end(self):
        run(SYSTEMD / "stop.sh", self.init)

    def inside(self, *argv, **options):
        return run("nsenter", "-t", self.init, "-a", "-r", "-w", *argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)

    def begin(self):
        """The old package, its server with its users, and what the way by hand goes back by."""
        server = pathlib.Path(f"{self.disk}/package.server")
        server.write_text(f"pid={self.init}\nconf=/etc/sftpgo\nadmin=admin\npassword=pass-admin\nsrv=/srv/sftpgo\nhttp=8080\nsftp={PORT}\n",
                          encoding="ascii")
        variables = self.disk / "inside/etc/sftpgo/env.d"
        variables.mkdir(parents=True)
        (variables / "bench.env").write_text("SFTPGO_DATA_PROVIDER__CREATE_DEFAULT_ADMIN=true\nSFTPGO_DEFAULT_ADMIN_USERNAME=admin\n"
                                             "SFTPGO_DEFAULT_ADMIN_PASSWORD=pass-admin\n"
                                             "SFTPGO_COMMON__EVENT_MANAGER__ENABLED_COMMANDS=/usr/bin/true\n", encoding="ascii")
        self.install(self.old)
        wait_greeting(PORT)
        run(SERVER, "seed", self.disk / "package", USERS, stdout=subprocess.DEVNULL)
        self.systemctl("stop")
        self.kept = self.disk / "kept.db"
        shutil.copyfile(self.database(), self.kept)
        self.systemctl("start")
        wait_greeting(PORT)

    def database(self):
        return self.disk / "inside/var/lib/sftpgo/sftpgo.db"

    def systemctl(self, verb):
        self.inside("systemctl", verb, UNIT)

    def install(self, deb):
        self.inside("dpkg", "--force-confold,downgrade", "-i", deb)

    def by_hand(self):
        """Downtime of the vendor's own way; then back by the copy of the database, which it does not make."""
        with Gap(PORT, greets) as gap:
            self.systemctl("stop")
            self.install(self.new)
            self.systemctl("start")
            wait_greeting(PORT)
        self.systemctl("stop")
        shutil.copyfile(self.kept, self.database())
        self.install(self.old)
        self.systemctl("start")
        wait_greeting(PORT)
        return gap.longest

    def cg(self, *words):
        program = self.build / "src/cli/crossgrade"
        call = subprocess.run(["nsenter", "-t", self.init, "-a", "-r", "-w", program, "--state-dir", self.state, *words], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if call.returncode:
            raise SystemExit(f"crossgrade {' '.join(map(str, words))}: {call.returncode}: {call.stdout[-900:]}")

    def apply(self, gate):
        plan, goal = self.disk / "plan.json", self.disk / "goal.yaml"
        plan.unlink(missing_ok=True)
        goal.write_text(f"product: sftpgo\nsource: {{root: /etc/sftpgo, package_file: {self.old}}}\ntarget: {{artifact: {self.new}}}\n"
                        f"settings: {{gate: {gate}}}\n", encoding="ascii")
        self.cg("plan", "-f", goal, "-o", plan)
        with Gap(PORT, greets) as gap:
            self.cg("apply", plan, "--yes", *(["--accept-open"] if gate == "none" else []))
        return gap.longest

    def rollback(self):
        self.cg("rollback", "--yes", "--accept-loss", "new-writes")
        wait_greeting(PORT)
        for folder in ("etc", "var/lib"):
            for point in (self.disk / "inside" / folder).glob(".crossgrade-*"):
                shutil.rmtree(point)
        shutil.rmtree(self.state)


def rows(build, disk, pairs):
    lab = Lab(build, disk)
    hand, none, verify = [], [], []
    try:
        with Network(lab.init):
            lab.begin()
            for _ in range(pairs):
                hand.append(lab.by_hand())
                for gate, into in (("none", none), ("verify", verify)):
                    into.append(lab.apply(gate))
                    lab.rollback()
    finally:
        lab.end()
    stats.line("sftpgo packages, no gate", none, hand, "stop, dpkg -i, start", 1.2, note="10,000 users, SQLite")
    stats.line("sftpgo packages, gate", verify, hand, "stop, dpkg -i, start", None, note="10,000 users, SQLite")
