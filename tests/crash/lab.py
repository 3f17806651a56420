"""One installation with its stand-in server, made anew from a template for each case, and the calls a case makes on it.

A lab lives in namespaces of its worker (see pool.py): ports, firewall, process ids and mounts are its own, so paths and ports are
the same in every worker and a case means the same everywhere."""

from __future__ import annotations

import base64
import dataclasses
import http.client
import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.parse

from scenario import Scenario

HTTP_PORT = 9000
MIN_PORT = 9003
OLD, NEW = "9.0.3", "9.3.4"
CALL_WITHIN = 90.0      # a call that takes longer hangs
ACKNOWLEDGED = 7        # rows a client is told are stored before each case
ACCEPTED = ("questdb.art-glibc", "questdb.store-place")
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
        self.double = fault / "tests/fakes/questdb-double"
        self.tree_oracle = fault / "tests/tools/tree-oracle"

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

    # ---- making it

    def prepare(self) -> None:
        """The template: an installation whose clients were told that their rows are stored. Commit times are part of the files, so
        the rows are written once, here."""
        run("find", self.home, self.world, "-mindepth", "1", "-delete", check=False)     # of an attempt that broke
        for each in (self.world, self.outside):
            each.mkdir(parents=True, exist_ok=True)
        self.scenario.install(self)
        run(self.builds.double, "init", self.root, "--tables", "4", "--version", OLD,
            "--http", f"127.0.0.1:{HTTP_PORT}", "--min", f"127.0.0.1:{MIN_PORT}")
        (self.outside / "migration.yaml").write_text(json.dumps(self.scenario.goal(self)))
        self.start_old()
        self.write_rows()
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
        run("rm", "-rf", self.world, self.state)
        run("nft", "flush", "ruleset")

    def fill(self) -> None:
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

    def wait_serving(self, within: float = 10.0) -> None:
        until = time.monotonic() + within
        while not self.serving():
            if time.monotonic() > until:
                raise RuntimeError("the server of the lab does not answer")
            time.sleep(0.004)

    def ask(self, path: str, body: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=5)
        try:
            connection.request("POST" if body else "GET", path, body, self.login())
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def login(self) -> dict[str, str]:
        words = base64.b64encode(self.scenario.login.encode()).decode()
        return {"Authorization": f"Basic {words}"} if self.scenario.login else {}

    def serving(self) -> bool:
        try:
            return self.ask("/ping")[0] == 204
        except OSError:
            return False

    def query(self, sql: str) -> list[list]:
        status, text = self.ask("/exec?query=" + urllib.parse.quote(sql))
        if status != 200:
            raise RuntimeError(f"{sql}: {status} {text}")
        return json.loads(text)["dataset"]

    def write_rows(self, first: int = 1, count: int = ACKNOWLEDGED, writer: int = 9) -> None:
        """Rows to a WAL table and to one that is none."""
        at = 1_767_300_000_000_000_000
        lines = [f"{table} writer={writer}i,seq={n}i,v=0.5 {at + n * 1_000_000_000}\n" for table in ("t0", "t1")
                 for n in range(first, first + count)]
        status, text = self.ask("/write", "".join(lines))
        if status != 204:
            raise RuntimeError(f"the old server refused rows: {status} {text}")

    def write_until_refused(self, acknowledged: set[int], writer: int) -> None:
        """A client that writes rows to a WAL table until the server is gone, and remembers what it was told is stored."""
        for n in range(1, 100_000):
            try:
                body = f"t0 writer={writer}i,seq={n}i,v=1 {1_767_600_000_000_000_000 + n * 1_000_000}\n"
                if self.ask("/write", body)[0] != 204:
                    return
            except (OSError, http.client.HTTPException):
                return
            acknowledged.add(n)
            time.sleep(0.001)

    def settle(self, world: str = "old") -> None:
        """Waits until the server has applied its WAL, so that trees can be compared; that of a lagging old world never does."""
        if self.scenario.lagging and world == "old":
            return
        for _ in range(400):
            lag = self.query("select name, sequencerTxn, writerTxn from wal_tables()")
            if all(row[1] == row[2] for row in lag):
                return
            time.sleep(0.005)
        raise RuntimeError(f"the WAL is not applied: {lag}")

    def servers(self) -> list[int]:
        """Process ids of stand-in servers of this namespace."""
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
        until = time.monotonic() + 10
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
            argv += [word for check in ACCEPTED for word in ("--accept", check)]
        return [str(word) for word in argv]

    def call_environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": "/root"}

    def apply(self, env: dict[str, str] | None = None) -> Call:
        return self.crossgrade("apply", "-f", self.outside / "migration.yaml", *self.scenario.apply_flags, env=env)

    def traced(self, *strace: str | Path) -> Call:
        """The call that is struck, by the packaged program, under strace. The tracer may stay as long as the server that is started,
        so it is detached, and the talk goes to files, not to pipes that it would keep open."""
        verb = self.scenario.struck
        more = ("-f", self.outside / "migration.yaml", *self.scenario.apply_flags) if verb == "apply" else ()
        argv = self.argv(verb, *more, program=self.builds.packaged)
        with open(self.home / "out", "w+") as out, open(self.home / "err", "w+") as err:
            code = subprocess.call(["strace", "-D", "-qq", *map(str, strace), *argv], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   env=self.call_environment(), timeout=CALL_WITHIN)
            out.seek(0)
            err.seek(0)
            self.calls.append(Call(argv, code, out.read(), err.read()))
        return self.calls[-1]

    def finalize(self, env: dict[str, str] | None = None) -> Call:
        return self.crossgrade("finalize", "--yes", "--with-restore-point", env=env)

    def status(self) -> dict:
        return json.loads(self.crossgrade("status", "--output", "json").out)
