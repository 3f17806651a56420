"""Full disks, failing system calls, servers and operators that misbehave, Ctrl-C: each case states the exit code it expects, and
the world that code names must be the one that is there."""

from __future__ import annotations

import json
import random
import threading
import time
import traceback

import container_errors
import kills
import oracle
import powercut
import questdb_errors
import sftpgo_errors
from disturb import (ANY, BLOCKED, DONE, DRIFTED, FAILED, INTERRUPTED, STANDS, STRANGERS, STUCK, TURNED, Case,
                     failing_about, undisturbed)
from lab import Builds, Lab
from scenario import SCENARIOS, few

WRITER = 7              # the number of the client that writes during a run
FEW = 20                # rows that it wrote when the run begins
NAMED = {DONE: "new", FAILED: "old", BLOCKED: "old", DRIFTED: "old", TURNED: "old", INTERRUPTED: "old"}
# A machine may be slow: only what is to be waited for in vain is waited for shortly.
PATIENT = {"start_timeout": "2m", "stall": "1m", "stop_timeout": "1m"}
ANY_END = {"start_timeout": "10s", "stall": "5s", "stop_timeout": "5s"}
REAL = {"start_timeout": "90s", "stall": "8s"}
CASES = questdb_errors.CASES | {f"sftpgo-{name}": case for name, case in sftpgo_errors.CASES.items()} | container_errors.CASES


# ---- carrying one out

def find(text: str) -> Case:
    if text in CASES:
        return CASES[text]
    act, at, scenario = text.split("@")     # err:ENOSPC@120@jar, errs:EIO@311@sftpgo, dpkg@7@sftpgo-package
    if act == DPKG:
        return Case(ANY, sftpgo_errors.dpkg_killed_at(int(at)), scenario)
    return Case(ANY, failing_about(int(at), act, lambda lab: prepare(lab, Case(ANY, undisturbed, scenario))), scenario)


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
    goal["settings"].update(REAL if lab.scenario.real or lab.scenario.patient else ANY_END if case.expect == ANY else PATIENT)
    goal["settings"].update(case.settings)
    goal["hooks"] = {name: {"argv": argv, "within": "2m"} for name, argv in case.hooks.items()}
    (lab.outside / "migration.yaml").write_text(json.dumps(goal))
    lab.fresh()
    if case.double:
        # Read at each start, and by a server that stops; the first server started without it.
        (lab.root / ".double.json").write_text(json.dumps({**case.double, "when": case.when or lab.new}))


def tidy(lab: Lab, case: Case) -> None:
    """What the operator puts right before going on."""
    for path in powercut.DATA.glob("filler*"):
        path.unlink()
    if case.when == lab.old:
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
    while len(acknowledged) < FEW and client.is_alive():
        time.sleep(0.01)
    call = case.disturb(lab)
    client.join()
    if call.exit not in case.expect:
        return [f"exit {call.exit}, expected {case.expect}"]
    lab.settle()
    too_few = [] if len(acknowledged) >= FEW else [f"only {len(acknowledged)} rows were written"]
    return too_few + lab.acknowledged_missing(WRITER, acknowledged) + oracle.left_behind(lab)


def carry_out_told(lab: Lab, case: Case, reference: oracle.Reference) -> list[str]:
    """Whoever started the server, what it told a client is stored is there, until its loss is agreed to."""
    call = case.disturb(lab)
    if call.exit not in case.expect:
        return [f"exit {call.exit}, expected {case.expect}"]
    wrong = lab.acknowledged_missing(STRANGERS, {1})
    if call.exit == STANDS:
        return wrong + (go_back(lab, call.exit) or oracle.judge(lab, "old", reference))
    return wrong + oracle.left_behind(lab) + lab.facts_wrong(NAMED[call.exit])


def carry_out(desk: Desk, text: str) -> list[str]:
    case = find(text)
    lab, reference = desk.of(case)
    prepare(lab, case)
    if case.writing:
        return carry_out_writing(lab, case)
    if case.told:
        return carry_out_told(lab, case, reference)
    call = case.disturb(lab)
    tidy(lab, case)
    if call.exit not in case.expect:
        return [f"exit {call.exit}, expected {case.expect}"]
    world = "old" if call.argv[1] == "rollback" else NAMED.get(call.exit, "old")
    if call.exit in (STUCK, STANDS):
        if wrong := go_back(lab, call.exit):
            return wrong
    elif call.exit == FAILED and lab.crossgrade("rollback").exit:
        return ["a run that failed cannot be dropped"]
    (lab.root / ".double.json").unlink(missing_ok=True)
    return oracle.judge(lab, world, reference)


def points(desk: Desk, scenario: str) -> dict:
    lab, _ = desk.of(Case((DONE,), undisturbed, scenario))
    found = {"wrong": [], "trace": kills.marked_trace(lab)}
    return found | {"renames": sftpgo_errors.renames_of_dpkg(lab)} if scenario == sftpgo_errors.PACKAGED else found


def lab_of(text: str) -> str:
    if text.startswith("points "):
        return kills.lab_of(text)
    case = find(text)
    return f"{SCENARIOS[case.scenario].installation} {case.on_disk}"


def worker(text: str, desk: Desk = Desk(Builds.from_environment())) -> dict:
    try:
        if text.startswith("points "):
            return points(desk, text[len("points "):])
        wrong = carry_out(desk, text)
    except Exception:       # noqa: BLE001: whatever breaks a case is a finding, the next case goes on
        wrong = ["the case broke: " + traceback.format_exc()]
    said = [call.said() for call in desk.lab.calls] if wrong and desk.lab else []
    return {"wrong": wrong, "said": said}


# ---- the sample

SAMPLED = {"jar": 48, "compose": 4, "container": 4, "seatable": 12, "sftpgo": 24, "sftpgo-postgresql": 5, "sftpgo-mysql": 5,
           "sftpgo-package": 5}
# So many of the cases of these, which take long, where they were not asked for by name.
DRAWN = {"container": 3, "compose": 3, "seatable": 1}
DPKG, DPKG_CASES = "dpkg", 4


def drawn(rng: random.Random) -> tuple[list[str], list[str]]:
    """Of all cases, and of the scenarios that calls fail in: with one kind of real servers."""
    kept = few([*dict.fromkeys(case.scenario for case in CASES.values())], rng)
    some = {name for of, k in DRAWN.items() for name in rng.sample([name for name, case in CASES.items() if case.scenario == of], k)}
    return ([name for name, case in CASES.items() if case.scenario in kept and (case.scenario not in DRAWN or name in some)],
            [name for name in SAMPLED if name in kept and not SCENARIOS[name].slow])


def pick(marked: list[str], k: int, rng: random.Random) -> list[int]:
    """Of the points at which a call can fail."""
    names = [name.rstrip(kills.MAY_FAIL) for name in marked]
    return kills.pick(names, k, rng, lambda at: marked[at - 1].endswith(kills.MAY_FAIL))


def sample(traces: dict[str, list[str]], rng: random.Random) -> list[str]:
    """Points at which a call fails, once or from there on."""
    acts = ("err:ENOSPC", "err:EIO", "errs:EIO", "errs:ENOSPC")
    return [f"{acts[i % len(acts)]}@{at}@{name}" for name, marked in traces.items()
            for i, at in enumerate(pick(marked, SAMPLED[name], rng))]


def sample_dpkg(renames: int, rng: random.Random) -> list[str]:
    """Those of its calls of rename at which dpkg is killed."""
    return [f"{DPKG}@{at}@{sftpgo_errors.PACKAGED}" for at in sorted(rng.sample(range(1, renames + 1), min(renames, DPKG_CASES)))]
