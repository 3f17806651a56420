"""Power cuts: file systems are shut down at a fault point without flushing their logs, everything dies, and after the next mount
the run is ended. The old world is what the server had made durable: its root is synced before the run."""

from __future__ import annotations

import dataclasses
import pathlib
import random
import shutil
import traceback

import kills
import oracle
from lab import Builds, Call, Lab, Scenario, run
from scenario import SCENARIOS

KINDS = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
DATA, STATE = pathlib.Path("/mnt/data"), pathlib.Path("/mnt/state")
# What is cut: journal and data on one file system, or on two, of which one or both lose power.
CUTS = {"one": (DATA,), "both": (DATA, STATE), "data": (DATA,), "state": (STATE,)}
APART = ("both", "data", "state")
# What the new server wrote before it was proved may be lost with the power; the tool then cannot count what clients wrote, says
# so, and goes back only when told that this is agreed to.
UNSURE = (8, 9)
DURABLE = ("file.sync", "file.rename", "file.syncfs", "dir.sync", "db.commit", "db.committed")


@dataclasses.dataclass(frozen=True)
class Cut:
    kind: str
    what: str
    scenario: Scenario
    at: str
    act: str
    end: str

    @classmethod
    def parse(cls, text: str) -> Cut:
        kind, what, name, at, act, end = text.split(":")
        return cls(kind, what, SCENARIOS[name], at, act, end)

    def __str__(self) -> str:
        return f"{self.kind}:{self.what}:{self.scenario.name}:{self.at}:{self.act}:{self.end}"


class Disk:
    """A file system on an image; its power can be cut."""

    def __init__(self, kind: str, at: pathlib.Path) -> None:
        self.at = at
        self.image = at.with_suffix(".image")
        self.image.unlink(missing_ok=True)
        run("truncate", "-s", "3G", self.image)     # sparse; less is refused as too little room
        run(*KINDS[kind], self.image)
        at.mkdir(exist_ok=True)
        self.mount(self.device())

    def device(self) -> str:
        return run("losetup", "--find", "--show", self.image).stdout.strip()

    def mount(self, device: str) -> None:
        run("mount", device, self.at)
        run("losetup", "--detach", device)      # when it is unmounted, even by the end of the worker

    def start_again(self) -> None:
        """Under another device number, as may happen at a boot: the new one is taken while the old one is in use."""
        device = self.device()
        run("umount", self.at)
        self.mount(device)

    def close(self) -> None:
        run("umount", self.at)
        self.image.unlink()


def impossible() -> str:
    """Why power cannot be cut on this machine, or nothing."""
    missing = [make[0] for make in KINDS.values() if not shutil.which(make[0])]
    if missing:
        return f"no {' and no '.join(missing)}"
    if run("losetup", "--find", check=False).returncode:
        return "no loop device can be had"
    return ""


class Machine:
    """Two disks and the labs on them."""

    def __init__(self, builds: Builds) -> None:
        self.builds = builds
        self.kind = ""
        self.disks: list[Disk] = []
        self.labs: dict[tuple[Scenario, bool], tuple[Lab, oracle.Reference]] = {}
        self.lab: Lab | None = None

    def of(self, kind: str, scenario: Scenario, apart: bool) -> tuple[Lab, oracle.Reference]:
        if self.lab:
            self.lab.clear()
        if kind != self.kind:
            self.change_disks(kind)
        key = scenario.installation, apart
        if key not in self.labs:
            home = pathlib.Path("/mnt/lab") / f"{kind}-{scenario.name}-{'apart' if apart else 'together'}"
            state = (STATE if apart else DATA) / "crossgrade"
            lab = scenario.lab(scenario, self.builds, home, state=state, world=DATA / "world")
            lab.prepare()
            self.labs[key] = lab, kills.references(lab)
        self.lab = self.labs[key][0]
        self.lab.scenario = scenario
        return self.labs[key]

    def change_disks(self, kind: str) -> None:
        for disk in self.disks:
            disk.close()
        for lab, _ in self.labs.values():
            shutil.rmtree(lab.home, ignore_errors=True)
        self.labs.clear()
        self.disks = [Disk(kind, DATA), Disk(kind, STATE)]
        self.kind = kind

    def lose_power(self) -> None:
        kills.start_machine_again(self.lab)
        for disk in self.disks:
            disk.start_again()
        self.lab.services_start()


def cut_power(machine: Machine, lab: Lab, cut: Cut) -> Call:
    def sync() -> None:
        for disk in machine.disks:
            run("sync", "-f", disk.at)
    mounts = ",".join(str(at) for at in CUTS[cut.what])
    return kills.strike_dead(lab, cut.at, {"CROSSGRADE_FAULT_ACT": f"{cut.act}:{mounts}"}, sync)


def carry_out(machine: Machine, cut: Cut) -> list[str]:
    lab, reference = machine.of(cut.kind, cut.scenario, cut.what != "one")
    struck = cut_power(machine, lab, cut)
    machine.lose_power()
    try:
        lost = lab.not_durable(struck)
        calls: list[Call] = kills.end_run(lab, kills.Case(cut.scenario, cut.at, 0, cut.end, "boot"))
        if calls[-1].exit in UNSURE and struck.begun("start"):
            calls.append(lab.crossgrade("rollback", "--accept-loss", "new-writes"))
        world, ended = kills.named_world(lab, calls[-1])
        if world is None:
            return [*lost, f"illegal end: {ended}"]
        return lost + oracle.judge(lab, world, reference, may_be_down=kills.may_be_down(cut.scenario, struck), power_lost=True)
    finally:
        kills.old_boot_id()


def answer(machine: Machine, text: str) -> dict:
    try:
        if text.startswith("points "):
            kind, name = text.split()[1:]
            return {"wrong": [], "trace": kills.trace(machine.of(kind, SCENARIOS[name], SCENARIOS[name].real)[0])}
        wrong = carry_out(machine, Cut.parse(text))
    except Exception:       # noqa: BLE001: whatever breaks a case is a finding, the next case goes on
        wrong = ["the case broke: " + traceback.format_exc()]
    said = [call.said() for call in machine.lab.calls] if wrong and machine.lab else []
    return {"wrong": wrong, "said": said}


def lab_of(text: str) -> str:
    """A kind of file system is one worker's, too: it has one of them at a time."""
    if text.startswith("points "):
        kind, name = text.split()[1:]
        return f"{kind} {SCENARIOS[name].installation} {SCENARIOS[name].real}"
    cut = Cut.parse(text)
    return f"{cut.kind} {cut.scenario.installation} {cut.what != 'one'}"


def worker(text: str, machine: Machine = Machine(Builds.from_environment())) -> dict:
    return answer(machine, text)


# ---- the sample

NAMES = [name for name, scenario in SCENARIOS.items() if scenario.cuts]


def pick(names: list[str], k: int, rng: random.Random) -> list[int]:
    durable = [i + 1 for i, name in enumerate(names) if name in DURABLE]
    return rng.choices(durable, k=k // 2) + kills.pick(names, k - k // 2, rng)


def sample(traces: dict[tuple[str, str], list[str]], cuts: int, rng: random.Random) -> list[str]:
    """So many for a scenario of weight 1."""
    cases = []
    for (kind, name), names in traces.items():
        for i, at in enumerate(pick(names, kills.share(cuts, SCENARIOS[name].cuts), rng), rng.randrange(6)):
            act = "cutlog" if i % 6 == 5 else "cut"
            what = rng.choice(APART if SCENARIOS[name].real else list(CUTS))        # one lab of it is enough
            cases.append(Cut(kind, what, SCENARIOS[name], str(at), act, ("resume", "rollback")[i % 2]))
    rng.shuffle(cases)
    return [str(case) for case in sorted(cases, key=lambda case: case.kind)]


def every(traces: dict[tuple[str, str], list[str]], rng: random.Random) -> list[str]:
    cases = [Cut(kind, what, SCENARIOS[name], str(at), "cut", rng.choice(("resume", "rollback")))
             for (kind, name), names in traces.items() for what in CUTS for at in range(1, len(names) + 1)]
    rng.shuffle(cases)
    return [str(case) for case in sorted(cases, key=lambda case: case.kind)]
