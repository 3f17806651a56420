"""An installation whose server is a unit of a booted systemd (tests/systemd): what a boot brings back, and what keeps it away.

The lab, the state directory and /etc/systemd/system are outside what the booted system loses; everything else, /run above all, is
gone when it is struck."""

from __future__ import annotations

import atexit
import functools
import os
import pathlib
import signal
import subprocess
import time

from lab import Builds, Scenario, run
from questdb import HTTP_PORT, QuestdbLab

SYSTEMD = pathlib.Path(__file__).resolve().parent.parent / "systemd"
HOME = pathlib.Path("/srv/lab")         # boot.sh covers /mnt, where the other labs are
UNITS = pathlib.Path("/etc/systemd/system")
UNIT = "questdb.service"
LINK = UNITS / "multi-user.target.wants" / UNIT
BOOTED_WITHIN = 20.0

TEXT = """[Unit]
Description=QuestDB, a stand-in
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


class UnitLab(QuestdbLab):
    def __init__(self, scenario: Scenario, builds: Builds) -> None:
        own_units()
        super().__init__(scenario, builds, HOME)
        self.init = 0
        self.group = pathlib.Path()

    # ---- the machine

    def boot(self) -> None:
        build = self.builds.crossgrade.parent.parent.parent
        tree = run(SYSTEMD / "root.sh").stdout.strip()
        self.init = int(run(SYSTEMD / "boot.sh", tree, build, HOME, UNITS).stdout.split()[0])
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
        HOME.mkdir(exist_ok=True)
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
        (UNITS / UNIT).write_text(TEXT.format(command=" ".join(self.scenario.command(self))))
        LINK.parent.mkdir()
        LINK.symlink_to(UNITS / UNIT)
        self.boot()

    def start(self, argv: list[str]) -> None:
        if (UNITS / UNIT).exists():
            self.inside("systemctl", "start", UNIT)
        else:
            subprocess.run([*self.entering(), "setsid", "-f", *argv], check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_serving()

    def init_starts(self) -> None:
        self.inside("systemctl", "start", UNIT)

    def held(self) -> bool:
        """The unit was not started by the boot."""
        return self.inside("systemctl", "is-active", UNIT, check=False).stdout.strip() == "inactive"

    def ask(self, path: str, body: str | None = None) -> tuple[int, str]:
        data = ["--data-binary", body] if body else []
        done = run("nsenter", "-t", str(self.init), "-n", "curl", "-s", "-S", "--max-time", "5", "-w", "\n%{http_code}", *data,
                   f"http://127.0.0.1:{HTTP_PORT}{path}", check=False)
        if done.returncode:
            raise OSError(done.stderr)
        text, code = done.stdout.rsplit("\n", 1)
        return int(code), text

    def left_behind(self) -> list[str]:
        wrong = [] if self.inside("nft", "list", "tables").stdout == "" else ["a firewall table is left"]
        there = sorted(str(path.relative_to(UNITS)) for path in UNITS.rglob("*"))
        expected = sorted([UNIT, str(LINK.parent.relative_to(UNITS)), str(LINK.relative_to(UNITS))])
        return wrong + ([f"units are {there}"] if there != expected else [])
