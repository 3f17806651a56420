"""Installations whose server is a unit of a booted systemd (tests/systemd): what a boot brings back, and what keeps it away.

The lab, the state directory and /etc/systemd/system are outside what the booted system loses; everything else, /run above all, is
gone when it is struck."""

from __future__ import annotations

import atexit
import dataclasses
import functools
import os
import pathlib
import signal
import subprocess
import time
import typing

from lab import Builds, Lab, Scenario, run
from questdb import HTTP_PORT, Questdb, QuestdbLab

SYSTEMD = pathlib.Path(__file__).resolve().parent.parent / "systemd"
HOME = pathlib.Path("/srv/lab")         # boot.sh covers /mnt, where the other labs are
UNITS = pathlib.Path("/etc/systemd/system")
BOOTED_WITHIN = 60.0

TEXT = """[Unit]
Description=A stand-in
[Service]
ExecStart={command}
Restart=on-failure
RestartSec=1
SuccessExitStatus=143
[Install]
WantedBy=multi-user.target
"""


@functools.cache
def impossible() -> str:
    """Why no systemd boots on this machine, or nothing."""
    made = run(SYSTEMD / "root.sh", check=False)
    booted = made if made.returncode else run(SYSTEMD / "boot.sh", made.stdout.strip(), check=False)
    if booted.returncode:
        return booted.stderr.strip().split("\n")[-1] or "no systemd boots here"
    run(SYSTEMD / "stop.sh", booted.stdout.split()[0])
    return ""


def own_units() -> None:
    """In this worker's mounts: an /etc/systemd/system of its own, and a place that boot.sh leaves visible."""
    if not os.path.ismount(UNITS):
        run("mount", "-t", "tmpfs", "none", "/srv")
        units = HOME.parent / "units"
        units.mkdir()
        run("mount", "--bind", units, UNITS)


class Booted(Lab):
    """Stands before a product's lab."""
    unit = ""

    def __init__(self, scenario: Scenario, builds: Builds, home: pathlib.Path) -> None:
        own_units()
        super().__init__(scenario, builds, HOME / home.name)
        self.init = 0
        self.group = pathlib.Path()

    @property
    def link(self) -> pathlib.Path:
        return UNITS / "multi-user.target.wants" / self.unit

    # ---- the machine

    def own(self) -> list[str]:
        """More folders of the booted system that outlive it, as boot.sh names them."""
        return []

    def tree(self) -> pathlib.Path:
        return pathlib.Path(run(SYSTEMD / "root.sh").stdout.strip())

    def boot(self) -> None:
        builds = {program.parent.parent.parent for program in (self.builds.crossgrade, self.builds.packaged)}
        self.init = int(run(SYSTEMD / "boot.sh", self.tree(), *sorted(builds), HOME, UNITS, *self.own()).stdout.split()[0])
        group = pathlib.Path(f"/proc/{self.init}/cgroup").read_text().split("0::")[1].split("/")[1]
        unified = pathlib.Path("/sys/fs/cgroup/unified")
        self.group = (unified if unified.is_dir() else unified.parent) / group

    def power_off(self) -> None:
        if not self.init:
            return
        os.kill(self.init, signal.SIGKILL)      # and with it every process of its namespace
        until = time.monotonic() + BOOTED_WITHIN
        while self.group.exists() and time.monotonic() < until:
            for at, _, _ in os.walk(self.group, topdown=False):
                run("rmdir", at, check=False)
        self.init = 0

    def start_machine_again(self) -> None:
        self.power_off()
        self.boot()
        another = HOME / "boot_id"
        another.write_bytes(os.urandom(8).hex().encode() + b"-0000-4000-8000-000000000000\n")
        self.inside("mount", "--bind", another, "/proc/sys/kernel/random/boot_id")

    def machine_as_before(self) -> None:
        pass                            # the other boot id went with the machine

    def inside(self, *argv: str | pathlib.Path, check: bool = True) -> subprocess.CompletedProcess:
        return run(*self.entering(), *argv, check=check)

    def entering(self) -> list[str]:
        return ["nsenter", "-t", str(self.init), "-a", "-r", "-w"]

    # ---- the installation

    def prepare(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.boot()
        atexit.register(self.power_off)
        super().prepare()
        self.power_off()

    def clear(self) -> None:
        self.power_off()
        super().clear()
        for path in UNITS.iterdir():
            run("rm", "-rf", path)

    def fill(self) -> None:
        super().fill()
        self.write_unit()
        self.boot()

    def write_unit(self) -> None:
        (UNITS / self.unit).write_text(TEXT.format(command=" ".join(self.scenario.command(self))))
        self.link.parent.mkdir()
        self.link.symlink_to(UNITS / self.unit)

    def start(self, argv: list[str]) -> None:
        if (UNITS / self.unit).exists():
            self.inside("systemctl", "start", self.unit)
        else:
            subprocess.run([*self.entering(), "setsid", "-f", *argv], check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_serving()

    def init_starts(self) -> None:
        self.inside("systemctl", "start", self.unit)

    def held(self) -> bool:
        """The unit was not started by the boot."""
        return self.inside("systemctl", "is-active", self.unit, check=False).stdout.strip() == "inactive"

    def left_behind(self) -> list[str]:
        wrong = [] if self.inside("nft", "list", "tables").stdout == "" else ["a firewall table is left"]
        there = sorted(str(path.relative_to(UNITS)) for path in UNITS.rglob("*"))
        expected = sorted([self.unit, str(self.link.parent.relative_to(UNITS)), str(self.link.relative_to(UNITS))])
        return wrong + ([f"units are {there}"] if there != expected else [])

    def curl(self, path: str, body: str | None, tell: str) -> str:
        """`tell`: what curl writes of the answer behind its text, on a line of its own."""
        data = ["--data-binary", body] if body else []
        done = run("nsenter", "-t", str(self.init), "-n", "curl", "-s", "-S", "--max-time", "30", "-w", f"\n{tell}", *data,
                   f"http://127.0.0.1:{self.http_port}{path}", check=False)
        if done.returncode:
            raise OSError(done.stderr)
        return done.stdout

    http_port: int


class UnitLab(Booted, QuestdbLab):
    unit, http_port = "questdb.service", HTTP_PORT

    def ask(self, path: str, body: str | None = None) -> tuple[int, str]:
        text, code = self.curl(path, body, "%{http_code}").rsplit("\n", 1)
        return int(code), text


@dataclasses.dataclass(frozen=True)
class Unit(Questdb):
    lab: typing.ClassVar[type[Lab]] = UnitLab
    unit: bool = True


SCENARIOS = (Unit("unit", weight=1.3),)
