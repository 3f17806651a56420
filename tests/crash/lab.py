"""One installation with its server, made anew from a template for each case, and the calls a case makes on it. What a product is to
its lab stands in questdb.py and sftpgo.py.

A lab lives in namespaces of its worker (see pool.py): ports, firewall, process ids and mounts are its own, so paths and ports are
the same in every worker and a case means the same everywhere."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import time
import typing

CALL_WITHIN = 240.0     # a call that takes longer hangs
KILLED = -signal.SIGKILL

Path = pathlib.Path
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LOCKS = Path("/run/lock/crossgrade")


def run(*argv: str | Path, check: bool = True, **more) -> subprocess.CompletedProcess:
    done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **more)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(map(str, argv))} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done


class Builds:
    """The programs under test."""

    def __init__(self, fault: Path, packaged: Path) -> None:
        self.crossgrade = fault / "src/cli/crossgrade"
        self.packaged = packaged / "src/cli/crossgrade"
        self.questdb = fault / "tests/fakes/questdb-double"
        self.sftpgo = fault / "tests/fakes/sftpgo-double"
        self.docker = fault / "tests/fakes/docker-client"
        self.tree_oracle = fault / "tests/tools/tree-oracle"
        self.short_io = fault / "tests/tools/short-io.so"

    @classmethod
    def from_environment(cls) -> Builds:
        return cls(Path(os.environ["CROSSGRADE_FAULT_BUILD"]), Path(os.environ["CROSSGRADE_BUILD"]))


@dataclasses.dataclass
class Call:
    """How a call of crossgrade ended."""
    argv: list[str]
    exit: int
    out: str
    err: str

    @property
    def killed(self) -> bool:
        return self.exit == KILLED

    def events(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{") and line.endswith("}")]

    def begun(self, step: str, *states: str) -> bool:
        return any(e.get("step") == step and e.get("state") in (states or ("begin", "done")) for e in self.events())

    def said(self) -> str:
        outcome = [str(e.get("document", {}).get("outcome", "")) for e in self.events() if e.get("type") == "result"]
        talk = "".join(f"{line}\n" for line in self.err.splitlines()[-4:])       # a plan may stand before it
        return f"$ {' '.join(self.argv)}\n{talk}exit {self.exit} {' '.join(outcome)}"


@dataclasses.dataclass(frozen=True)
class Scenario:
    """An installation that a run is tried on, and the call that is struck in it."""
    name: str
    gate: str = "verify"
    struck: str = "apply"               # the call a kill strikes
    after_apply: bool = False           # an undisturbed apply comes before it
    flags: tuple[str, ...] = ()         # of that call
    held: bool = False                  # apply does what needs no window and waits
    mounted: bool = False               # the root is a mount point
    afar: bool = False                  # its restore points are kept on another file system
    unit: bool = False                  # a unit of a systemd that boots for each case
    lagging: bool = False               # what was written is not applied when the server stops
    real: bool = False                  # real servers, no stand-ins; of these, too, a suite takes one
    patient: bool = False               # it takes its time to start
    slow: bool = False                  # a suite takes one of these, whichever the seed draws; all where they are asked for by name
    weight: float = 1                   # its share of a sample of kills
    cuts: float = 0                     # its share of a sample of power cuts

    @property
    def apply_flags(self) -> tuple[str, ...]:
        return ("--hold",) if self.held else ()

    @property
    def comes_up(self) -> bool:
        """Does a boot start the server?"""
        return self.unit

    # ---- what a product adds

    lab: typing.ClassVar[type[Lab]]

    def impossible(self) -> str:
        """Why it cannot be tried on this machine, or nothing."""
        return ""

    @property
    def installation(self) -> Scenario:
        """What is struck in it set aside: scenarios of the same share a lab and its references."""
        return dataclasses.replace(self, name="", struck="apply", flags=(), after_apply=False, weight=1, cuts=0)

    @property
    def environment(self) -> dict[str, str]:
        """Of the old server."""
        return {}

    def command(self, lab: Lab) -> list[str]:
        """How the server is started by hand, old or new."""
        raise NotImplementedError

    def goal(self, lab: Lab) -> dict:
        """The migration file."""
        raise NotImplementedError


class Lab:
    def __init__(self, scenario: Scenario, builds: Builds, home: Path, state: Path | None = None,
                 world: Path | None = None) -> None:
        self.scenario = scenario
        self.builds = builds
        self.home = home
        self.world = world or home / "world"    # what a run may change: root and programs
        self.root = self.world / "root"
        self.outside = home / "outside"         # artifact and migration file: never changed
        self.state = state or home / "state"
        self.template = home / "template"
        self.calls: list[Call] = []

    # ---- what a product adds

    old, new = "", ""                   # versions, as the stand-in names them in what makes it misbehave
    accepted: tuple[str, ...] = ()      # checks that find something in every lab
    left_out: tuple[str, ...] = ()      # names of files that differ between two undisturbed runs, and so prove nothing

    def install(self) -> None:
        """The old installation and the artifact."""
        raise NotImplementedError

    def seed(self) -> None:
        """What the old server is told to store, once."""

    def serving(self) -> bool:
        raise NotImplementedError

    def use(self) -> None:
        """What users do between an apply and the call that is struck after it."""

    def settle(self, world: str = "old") -> None:
        """Waits until trees can be compared."""

    def contents(self) -> str:
        """Of the stopped server: what files that are left out hold, in words that can be compared."""
        return ""

    def without_servers_own(self, tree: str) -> str:
        """The tree of a new world whose first start a power cut struck: without what its server need not sync."""
        return tree

    def facts_wrong(self, world: str) -> list[str]:
        """What the running server says that its world should not."""
        raise NotImplementedError

    def write_until_refused(self, acknowledged: set[int], writer: int) -> None:
        """A client that writes until the server is gone, and remembers what it was told is stored."""
        raise NotImplementedError

    def acknowledged_missing(self, writer: int, sequence: set[int]) -> list[str]:
        """What a client was told is stored and is not there."""
        raise NotImplementedError

    def not_durable(self, struck: Call) -> list[str]:
        """What should have outlived the power cut that struck this call and did not, before anything is put right."""
        return []

    # ---- making it

    def prepare(self) -> None:
        """The template: an installation whose clients were told that what they wrote is stored."""
        run("find", self.home, self.world, "-mindepth", "1", "-delete", check=False)     # of an attempt that broke
        for each in (self.world, self.outside):
            each.mkdir(parents=True, exist_ok=True)
        self.install()
        (self.outside / "migration.yaml").write_text(json.dumps(self.scenario.goal(self)))
        self.start_old()
        self.seed()
        self.settle()
        self.end_servers(signal.SIGTERM)
        run("cp", "-a", self.world, self.template)

    def fresh(self) -> None:
        """A case begins: the old server runs."""
        self.clear()
        self.calls.clear()
        self.fill()
        self.start_old()

    def clear(self) -> None:
        self.end_servers()
        if self.scenario.mounted:
            run("umount", self.root, check=False)
        if self.scenario.afar:
            run("umount", self.outside / "store", check=False)
        run("rm", "-rf", self.world, self.state)
        run("nft", "flush", "ruleset")

    def fill(self) -> None:
        if self.scenario.afar:
            (self.outside / "store").mkdir(exist_ok=True)
            run("mount", "-t", "tmpfs", "-o", "size=4g,mode=700", "store", self.outside / "store")
        if self.scenario.mounted:
            self.mount_root()
            run("cp", "-a", f"{self.template}/.", self.world)
        else:
            run("cp", "-a", self.template, self.world)

    def mount_root(self) -> None:
        (self.world / "disk").mkdir(parents=True)
        self.root.mkdir()
        run("mount", "--bind", self.world / "disk", self.root)

    # ---- the machine

    def start_machine_again(self) -> None:
        """Everything that does not outlive a boot is gone: processes, firewall, locks below /run, the boot id."""
        self.end_servers()
        run("nft", "flush", "ruleset")
        for lock in LOCKS.glob("*"):
            lock.unlink()
        another = Path("/mnt/boot_id")
        another.write_text(f"{os.urandom(4).hex()}-0000-4000-8000-{os.urandom(6).hex()}\n")
        run("mount", "--bind", another, BOOT_ID)

    def services_start(self) -> None:
        """What a boot starts by itself, of a server that comes up with it."""

    def machine_as_before(self) -> None:
        run("umount", BOOT_ID)

    def entering(self) -> list[str]:
        """What is put before a command so that it runs where the server is."""
        return []

    def left_behind(self) -> list[str]:
        return []

    # ---- the server

    def start_old(self) -> None:
        self.start(self.scenario.command(self))

    def init_starts(self) -> None:
        """What starts services at boot, and knows of no run, starts the server as it was."""
        self.start_old()

    def start(self, argv: list[str]) -> None:
        env = {"PATH": os.environ["PATH"], **self.scenario.environment}
        subprocess.run(["setsid", "-f", *argv], env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        self.wait_serving()

    def wait_serving(self, within: float = 60.0) -> None:
        until = time.monotonic() + within
        while not self.serving():
            if time.monotonic() > until:
                raise RuntimeError("the server of the lab does not answer")
            time.sleep(0.004)

    def servers(self) -> list[int]:
        """Process ids of servers of this namespace."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(self.root).encode() in words:
                found.append(int(pid))
        return found

    def end_servers(self, how: int = signal.SIGKILL) -> None:
        until = time.monotonic() + 60
        sent: set[int] = set()
        while pids := self.servers():
            if time.monotonic() > until:
                how, sent, until = signal.SIGKILL, set(), until + 10
            for pid in set(pids) - sent:
                os.kill(pid, how)
                sent.add(pid)
            time.sleep(0.003)

    # ---- crossgrade

    def crossgrade(self, verb: str, *more: str | Path, env: dict[str, str] | None = None) -> Call:
        argv = self.argv(verb, *more)
        try:
            done = subprocess.run([*self.entering(), *argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=CALL_WITHIN,
                                  env=self.call_environment() | (env or {}))
            call = Call(argv, done.returncode, done.stdout, done.stderr)
        except subprocess.TimeoutExpired as hang:
            call = Call(argv, -1000, "", f"hangs: {(hang.stderr or b'').decode()}\n")
        self.calls.append(call)
        return call

    def argv(self, verb: str, *more: str | Path, program: Path | None = None) -> list[str]:
        argv = [program or self.builds.crossgrade, verb, *more, "--state-dir", self.state]
        if verb in ("apply", "resume", "rollback"):
            argv += ["--yes", "--quiet", "--output", "jsonl"]
        if verb in ("apply", "resume"):
            argv += [word for check in self.accepted for word in ("--accept", check)]
        return [str(word) for word in argv]

    def call_environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": "/root"}

    def apply(self, env: dict[str, str] | None = None) -> Call:
        return self.crossgrade("apply", "-f", self.outside / "migration.yaml", *self.scenario.apply_flags, env=env)

    def traced(self, *strace: str | Path) -> Call:
        """The call that is struck, by the packaged program, under strace. The tracer may stay as long as the server that is started,
        so it is detached, and the talk goes to files, not to pipes that it would keep open."""
        verb = self.scenario.struck
        more = ("-f", self.outside / "migration.yaml", *self.scenario.apply_flags) if verb == "apply" else self.scenario.flags
        argv = self.argv(verb, *more, program=self.builds.packaged)
        with open(self.home / "out", "w+") as out, open(self.home / "err", "w+") as err:
            code = subprocess.call(["strace", "-D", "-qq", *map(str, strace), *self.entering(), *argv], stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=err, env=self.call_environment(), timeout=CALL_WITHIN)
            out.seek(0)
            err.seek(0)
            self.calls.append(Call(argv, code, out.read(), err.read()))
        return self.calls[-1]

    def finalize(self, env: dict[str, str] | None = None) -> Call:
        return self.crossgrade("finalize", "--yes", "--with-restore-point", env=env)

    def marker(self) -> Path | None:
        """Of an open run, beside the data."""
        return next((path for store in (self.world / ".crossgrade-root", self.root / ".crossgrade")
                     if (path := store / "run.json").exists()), None)

    def markers(self) -> list[Path]:
        """That, and those that stand elsewhere."""
        return [*([marker] if (marker := self.marker()) else []), *self.outside.glob("store/*/run.json")]

    def status(self) -> dict:
        return json.loads(self.crossgrade("status", "--output", "json").out)
