"""Full disks, failing system calls, servers and operators that misbehave, Ctrl-C: each case states the exit code it expects, and
the world that code names must be the one that is there."""

from __future__ import annotations

import collections.abc
import dataclasses
import itertools
import json
import os
import pathlib
import pty
import random
import signal
import subprocess
import threading
import time
import traceback

import kills
import oracle
import powercut
from lab import KILLED, Builds, Call, Lab, run
from scenario import SCENARIOS

DONE, FAILED, TURNED, STUCK, STANDS, LOCKED, INTERRUPTED = 0, 1, 5, 7, 8, 11, 130
WRITER = 7              # the number of the client that writes during a run
SERVER_REFUSES = 55     # what a QuestDB ends with when somebody holds its lock
NAMED = {DONE: "new", FAILED: "old", 3: "old", 4: "old", TURNED: "old", INTERRUPTED: "old"}
SHORT = {"start_timeout": "3s", "stall": "2s", "stop_timeout": "500ms"}


@dataclasses.dataclass(frozen=True)
class Case:
    expect: tuple[int, ...]
    disturb: collections.abc.Callable[[Lab], Call]
    scenario: str = "jar"
    double: dict[str, str] = dataclasses.field(default_factory=dict)        # how the new server misbehaves
    hooks: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    on_disk: bool = False               # the world on an ext4 of its own
    when: str = "9.3.4"                 # the server that misbehaves
    writing: bool = False               # a client writes until the old server is gone


# ---- ways to disturb

def undisturbed(lab: Lab) -> Call:
    return lab.apply()


def deep(lab: Lab) -> Call:
    """By a plan in a file, whose deep facts find a value that another one took the place of."""
    lab.crossgrade("plan", "-f", lab.outside / "migration.yaml", "-o", lab.outside / "plan.json")
    call = lab.crossgrade("apply", lab.outside / "plan.json")
    (lab.outside / "plan.json").unlink()
    return call


def failing(at: int, act: str) -> collections.abc.Callable[[Lab], Call]:
    return lambda lab: lab.apply(env={"CROSSGRADE_FAULT": str(at), "CROSSGRADE_FAULT_ACT": act})


def injected(what: str) -> collections.abc.Callable[[Lab], Call]:
    """The packaged program, with a system call of it failing."""
    return lambda lab: lab.traced("-f", "-e", f"inject={what}", "-o", "/dev/null")


def stopped_at(point: str, then: collections.abc.Callable[[Lab, int], None]) -> collections.abc.Callable[[Lab], Call]:
    """Stopped at a fault point, something happens, and it goes on."""
    def disturb(lab: Lab) -> Call:
        env = lab.call_environment() | {"CROSSGRADE_FAULT": point, "CROSSGRADE_FAULT_ACT": "stop"}
        argv = lab.argv("apply", "-f", lab.outside / "migration.yaml")
        process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        try:
            wait_stopped(process.pid)
            then(lab, process.pid)
        finally:
            os.kill(process.pid, signal.SIGCONT)
        out, err = process.communicate(timeout=60)
        call = Call(argv, process.returncode, out, err)
        lab.calls.append(call)
        return call
    return disturb


def wait_stopped(pid: int) -> None:
    for _ in range(4000):
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state in "TZ":
            return
        time.sleep(0.005)
    raise RuntimeError("the point is not passed")


def interrupt(_: Lab, pid: int) -> None:
    os.kill(pid, signal.SIGINT)


def start_behind_our_back(lab: Lab, _: int) -> None:
    try:
        code = subprocess.run(lab.scenario.command(lab), capture_output=True, check=False, timeout=3).returncode
    except subprocess.TimeoutExpired:
        code = 0
    if code != SERVER_REFUSES:
        raise RuntimeError(f"a server could be started in the window: {code}")


def killed_at(point: str, then: str) -> collections.abc.Callable[[Lab], Call]:
    def disturb(lab: Lab) -> Call:
        lab.apply(env={"CROSSGRADE_FAULT": point})
        return lab.crossgrade(then)
    return disturb


def proof_interrupted(lab: Lab) -> Call:
    """Nothing is touched by a rollback that was told to stop before its restore point was proved."""
    call = lab.apply()
    if (back := lab.crossgrade("rollback", "--timeout", "1ms")).exit != INTERRUPTED:
        raise RuntimeError(f"an interrupted proof ended with {back.exit}")
    return call


def hook_on_failure(lab: Lab) -> Call:
    """It runs when the way back is behind us: its time is no downtime."""
    call = lab.apply()
    ALARM.unlink()
    return call


def asked(*answers: str) -> collections.abc.Callable[[Lab], Call]:
    """At a terminal, without --yes: each question gets the next answer."""
    def disturb(lab: Lab) -> Call:
        argv = [word for word in lab.argv("apply", "-f", lab.outside / "migration.yaml") if word != "--yes"]
        master, slave = pty.openpty()
        process = subprocess.Popen(argv, env=lab.call_environment(), stdin=slave, stdout=subprocess.PIPE, stderr=slave,
                                   text=True)
        os.close(slave)
        talk, left = "", list(answers)
        try:
            while chunk := os.read(master, 4096).decode("utf-8", "replace"):
                talk += chunk
                if left and talk.rstrip().endswith("? [no]"):
                    os.write(master, (left.pop(0) + "\n").encode())
        except OSError:
            pass                # its end
        os.close(master)
        call = Call(argv, process.wait(60), process.stdout.read(), talk)
        lab.calls.append(call)
        if left:
            raise RuntimeError(f"not asked: {left}")
        return call
    return disturb


def left_alone(lab: Lab) -> Call:
    """A server that does not end is named and goes on living."""
    before = lab.servers()
    call = lab.apply()
    error = next(event["document"]["error"] for event in call.events() if event.get("type") == "result")
    if not any(f"kill -9 {pid}" in error["hint"] for pid in before):
        raise RuntimeError(f"it is not said which process does not end, and what can be done: {error}")
    if lab.servers() != before:
        raise RuntimeError("somebody was killed unasked")
    return call


def finalize_killed(lab: Lab) -> Call:
    """Killed anywhere, a finalize that is repeated finds what the first one left."""
    store = lab.world / ".crossgrade-root"
    for at in itertools.count(1, 9):
        lab.fresh()
        call = lab.apply()
        if call.exit:
            return call
        if not lab.finalize({"CROSSGRADE_FAULT": str(at)}).killed:
            return call
        again = lab.finalize()
        left = [path for path in store.glob("**/*") if path != store / "trash" and path != store / "staged"]
        if again.exit or left:
            raise RuntimeError(f"killed at {at} and repeated, finalize ended with {again.exit} and left {left[:3]}")


def copy_touched_after_kill(lab: Lab) -> Call:
    """Before the point the way back needs no copy: what happened to it keeps nobody's server down."""
    call = lab.apply(env={"CROSSGRADE_FAULT": "dir.exchange:1"})
    for path in (lab.world / ".crossgrade-root").glob("*/data/root/db/*"):
        path.chmod(0o700)
    if (back := lab.crossgrade("rollback")).exit != DONE:
        raise RuntimeError(f"a rollback ended with {back.exit}")
    return call


def second_call(lab: Lab, _: int) -> None:
    if (call := lab.crossgrade("rollback")).exit != LOCKED:
        raise RuntimeError(f"a second call was let in beside a living run: {call.exit}")
    told = lab.status()["runs"][0]
    if told["clients"] != "gated" or "crossgrade apply" not in (told["at_work"] or "") or "resume" in told["possible"]:
        raise RuntimeError(f"status tells another story: {told}")


def edit_configuration(lab: Lab, _: int) -> None:
    with open(lab.root / "conf/server.conf", "a") as file:
        file.write("acl.enabled=maybe\n")


RELOAD = ["nft", "flush", "ruleset"]
WRITE = ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9000/write', b't0 writer=5i,seq=1i,v=1 "
         "1767500000000000000\\n', timeout=3)"]
ALARM = pathlib.Path("/mnt/alarm")
RAISE = ["python3", "-c", f"import urllib.request as u; u.urlopen('http://127.0.0.1:9000/ping', timeout=3); open('{ALARM}', 'w')"]
FILL = ["sh", "-c", f"fallocate -l $(df --output=avail -B1 {powercut.DATA} | tail -n 1) {powercut.DATA}/filler; "
        f"dd if=/dev/zero of={powercut.DATA}/filler2 bs=4k status=none; true"]

CASES: dict[str, Case] = {
    "start-refused": Case((TURNED,), undisturbed, double={"start": "fail"}),
    "start-crashed": Case((TURNED,), undisturbed, double={"start": "crash"}),
    "migration-hangs": Case((TURNED,), undisturbed, double={"start": "hang"}),
    "wrong-edition": Case((TURNED,), undisturbed, double={"edition": "EE"}),
    "answers-garbage": Case((TURNED,), undisturbed, double={"answers": "garbage"}),
    "answers-errors": Case((TURNED,), undisturbed, double={"answers": "500"}),
    "loses-a-table": Case((TURNED,), undisturbed, double={"lose_table": "t0"}),
    "loses-rows": Case((TURNED, STANDS), undisturbed, double={"lose_rows": "t0"}),
    "changes-a-value": Case((STANDS,), deep, double={"change_value": "t1"}),
    "edition-refused": Case((TURNED,), undisturbed, scenario="edition", double={"start": "fail"}, when="3.2.4"),
    "never-stops": Case((STUCK,), left_alone, double={"stop": "never"}, when="9.0.3"),
    "deaf": Case((TURNED,), left_alone, double={"stop": "ignore"}, when="9.0.3"),
    "deaf-not-killed": Case((TURNED,), asked("yes", "no"), double={"stop": "ignore"}, when="9.0.3"),
    "deaf-killed": Case((DONE,), asked("yes", "yes"), double={"stop": "ignore"}, when="9.0.3"),
    "finalize-killed": Case((DONE,), finalize_killed),
    "gate-gone": Case((DONE,), undisturbed, hooks={"after_ready": RELOAD}),
    # Without the gate a client may have dropped the table.
    "gate-gone-and-lost": Case((STANDS,), undisturbed, hooks={"after_ready": RELOAD}, double={"lose_table": "t2"}),
    "gate-gone-and-written": Case((STANDS,), undisturbed, double={"lose_table": "t2"},
                                  hooks={"after_ready": ["sh", "-c", f"{' '.join(RELOAD)} && exec \"$@\"", "hook", *WRITE]}),
    "gate-holds": Case((TURNED,), undisturbed, hooks={"after_ready": WRITE}),
    "hook-refuses": Case((TURNED,), undisturbed, hooks={"before_stop": ["false"]}),
    "hook-on-failure": Case((TURNED,), hook_on_failure, hooks={"on_failure": RAISE}, double={"start": "fail"}),
    "copy-touched": Case((KILLED,), copy_touched_after_kill),
    "proof-interrupted": Case((DONE,), proof_interrupted),
    "handover-fails": Case((STANDS,), undisturbed, hooks={"handover": ["false"]}),
    "disk-full": Case((TURNED,), undisturbed, hooks={"before_stop": FILL}, on_disk=True),
    "disk-full-later": Case((DONE, TURNED, STANDS), undisturbed, hooks={"after_ready": FILL}, on_disk=True),
    "operator-starts": Case((DONE,), stopped_at("gate.close:1", start_behind_our_back)),
    "second-call": Case((DONE,), stopped_at("svc.start:1", second_call)),
    # What was edited after the start is set aside with the new world; the old one comes whole from the restore point.
    "operator-edits": Case((TURNED,), stopped_at("svc.start:1", edit_configuration), scenario="edition", double={"start": "fail"},
                           when="3.2.4"),
    "reload-before-start": Case((DONE,), stopped_at("svc.start:1", lambda lab, pid: run(*RELOAD))),
    "ctrl-c-stage": Case((INTERRUPTED,), stopped_at("journal.did:1", interrupt)),
    "ctrl-c-copy": Case((INTERRUPTED,), stopped_at("data.copy.create:20", interrupt)),
    "ctrl-c-stop": Case((INTERRUPTED,), stopped_at("svc.stop:1", interrupt)),
    "ctrl-c-point": Case((INTERRUPTED,), stopped_at("svc.start:1", interrupt)),
    "ctrl-c-prove": Case((INTERRUPTED,), stopped_at("journal.did:13", interrupt)),
    "ctrl-c-open": Case((STANDS,), stopped_at("journal.did:15", interrupt)),
    "written-forward": Case((DONE,), undisturbed, writing=True),
    "written-turned": Case((TURNED,), undisturbed, writing=True, double={"start": "fail"}),
    "written-killed": Case((DONE,), killed_at("step.applied:7", "resume"), writing=True),
    "written-back": Case((DONE,), killed_at("step.applied:12", "rollback"), writing=True),
    **{f"strace-{name}": Case((DONE, FAILED, TURNED, STANDS, STUCK), injected(what)) for name, what in (
        ("fsync-eio", "fsync:error=EIO:when=9"), ("rename-eio", "renameat2:error=EIO:when=1"),
        ("rename-eacces", "renameat:error=EACCES:when=2"), ("mkdir-enospc", "mkdirat:error=ENOSPC:when=6"),
        ("copy-enospc", "copy_file_range:error=ENOSPC:when=7"), ("write-enospc", "pwrite64:error=ENOSPC:when=40"),
        ("syncfs-eio", "syncfs:error=EIO:when=2"), ("unlink-eacces", "unlinkat:error=EACCES:when=3"),
        ("short-copy", "copy_file_range:retval=0:when=3"))},
}


# ---- carrying one out

def find(text: str) -> Case:
    if text in CASES:
        return CASES[text]
    act, at = text.split("@")           # err:ENOSPC@120, errs:EIO@311
    return Case((DONE, FAILED, TURNED, STANDS, STUCK), failing(int(at), act))


class Desk:
    """Labs as cases need them; references are those of the plain scenario, since only root and programs are compared."""

    def __init__(self, builds: Builds) -> None:
        self.bench = kills.Bench(builds)
        self.machine = powercut.Machine(builds)
        self.lab: Lab | None = None

    def of(self, case: Case) -> tuple[Lab, oracle.Reference]:
        scenario = SCENARIOS[case.scenario]
        if self.lab:
            self.lab.clear()
        found = self.machine.of("ext4", scenario, True) if case.on_disk else self.bench.of(scenario)
        self.lab = found[0]
        return found


def prepare(lab: Lab, case: Case) -> None:
    goal = lab.scenario.goal(lab)
    goal["settings"].update(SHORT)
    goal["hooks"] = {name: {"argv": argv, "within": "20s"} for name, argv in case.hooks.items()}
    (lab.outside / "migration.yaml").write_text(json.dumps(goal))
    lab.fresh()
    if case.double:
        # Read at each start, and by a server that stops; the first server started without it.
        (lab.root / ".double.json").write_text(json.dumps({**case.double, "when": misbehaving(case)}))


def misbehaving(case: Case) -> str:
    return "EE" if case.when == "3.2.4" else case.when


def tidy(lab: Lab, case: Case) -> None:
    """What the operator puts right before going on."""
    for path in powercut.DATA.glob("filler*"):
        path.unlink()
    if case.when == "9.0.3":
        (lab.root / ".double.json").unlink()


def go_back(lab: Lab, exit_code: int) -> list[str]:
    """Out of every state that needs a person there is a way back, and it is named."""
    force = ("--force",) if exit_code == STUCK else ("--accept-loss", "new-writes")
    call = lab.crossgrade("rollback", *force)
    return [] if call.exit == 0 else [f"no way back: rollback {' '.join(force)} ended with {call.exit}"]


def carry_out_writing(lab: Lab, case: Case) -> list[str]:
    """Whatever world it is in the end: what a client was told is stored is there."""
    acknowledged: set[int] = set()
    client = threading.Thread(target=lab.write_until_refused, args=(acknowledged, WRITER))
    client.start()
    call = case.disturb(lab)
    client.join()
    if call.exit not in case.expect:
        return [f"exit {call.exit}, expected {case.expect}"]
    lab.settle()
    few = [] if len(acknowledged) > 20 else [f"only {len(acknowledged)} rows were written"]
    return few + lab.acknowledged_missing(WRITER, acknowledged) + oracle.left_behind(lab)


def carry_out(desk: Desk, text: str) -> list[str]:
    case = find(text)
    lab, reference = desk.of(case)
    prepare(lab, case)
    if case.writing:
        return carry_out_writing(lab, case)
    call = case.disturb(lab)
    tidy(lab, case)
    if call.exit not in case.expect:
        return [f"exit {call.exit}, expected {case.expect}"]
    world = NAMED.get(call.exit, "old")
    if call.exit in (STUCK, STANDS):
        if wrong := go_back(lab, call.exit):
            return wrong
    elif call.exit == FAILED and lab.crossgrade("rollback").exit:
        return ["a run that failed cannot be dropped"]
    (lab.root / ".double.json").unlink(missing_ok=True)
    return oracle.judge(lab, world, reference)


def points(desk: Desk) -> dict:
    lab, _ = desk.of(Case((DONE,), undisturbed))
    return {"wrong": [], "trace": kills.trace(lab)}


def worker(text: str, desk: Desk = Desk(Builds.from_environment())) -> dict:
    try:
        if text == "points":
            return points(desk)
        wrong = carry_out(desk, text)
    except Exception:       # noqa: BLE001: whatever breaks a case is a finding, the next case goes on
        wrong = ["the case broke: " + traceback.format_exc()]
    said = [call.said() for call in desk.lab.calls] if wrong and desk.lab else []
    return {"wrong": wrong, "said": said}


def sample(names: list[str], rng: random.Random, count: int = 48) -> list[str]:
    acts = ("err:ENOSPC", "err:EIO", "errs:EIO", "errs:ENOSPC")
    return [f"{acts[i % len(acts)]}@{at}" for i, at in enumerate(kills.pick(names, count, rng))]
