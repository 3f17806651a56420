"""Kills at fault points: a call is killed at point n, what follows is killed at m or left alone, and the world that the tool
names at the end must be the one that is there."""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import itertools
import json
import pathlib
import random
import signal
import traceback

import oracle
from lab import BOOT_ID, Builds, Call, Lab, Scenario, run
from scenario import SCENARIOS

HOME = pathlib.Path("/mnt/lab")
NO_RECORDS, TURNED, UNFINISHED, HELD = 1, 5, 6, 13
LOOKED_AGAIN = (3, 4)       # a resume before the window that finds a changed world: nothing is touched, rollback drops the run

# Killed from outside, without fault points. What the threads that copy do is followed; not the rest, or the server would be killed.
STRACE = "strace."
CALLS = ("fchmod", "fchown", "fdatasync", "fsync", "ftruncate", "mkdirat", "openat", "openat2", "pwrite64",
         "renameat", "renameat2", "sendmsg", "sendto", "syncfs", "unlinkat", "utimensat", "write")
FOLLOW = {"utimensat": ("-f",)}

STEP_ENDS = ("journal.did", "journal.undid")
MAY_FAIL = "="              # src/base/fault.h

# How a struck run is ended. The first of two is the one a second kill strikes.
UNATTENDED = "unattended"   # as the boot service does it
LOST = "lost"               # the state directory is lost: by what stands beside the data
ENDS = {"resume": ("resume",), "rollback": ("rollback",), "resume-rollback": ("resume", "rollback"),
        "rollback-resume": ("rollback", "resume"), UNATTENDED: (UNATTENDED,), LOST: (LOST,)}


@dataclasses.dataclass(frozen=True)
class Case:
    scenario: Scenario
    first: str                  # the struck call is killed here: the number of a point, name~k for its k-th pass, or
                                # strace.name~k: the packaged program, at the k-th system call of that name
    second: int                 # so is the call that ends the run; 0: it is not
    end: str
    boot: str = ""              # "boot": the machine starts again; "init": and something starts the server as it was

    @classmethod
    def parse(cls, text: str) -> Case:
        name, first, second, end, *boot = text.split(":")
        return cls(SCENARIOS[name], first, int(second), end, *boot)

    def __str__(self) -> str:
        words = [self.scenario.name, self.first, str(self.second), self.end]
        return ":".join(words + ([self.boot] if self.boot else []))


class Bench:
    """The labs of one worker, one a scenario, with both worlds as references."""

    def __init__(self, builds: Builds) -> None:
        self.builds = builds
        self.labs: dict[Scenario, tuple[Lab, oracle.Reference]] = {}
        self.lab: Lab | None = None

    def of(self, scenario: Scenario) -> tuple[Lab, oracle.Reference]:
        if self.lab:
            self.lab.clear()
        key = scenario.installation
        if key not in self.labs:
            # Named after the first of those that share it, so that a case says the same in every worker.
            name = next(each.name for each in SCENARIOS.values() if each.installation == key)
            lab = scenario.lab(scenario, self.builds, HOME / name)
            lab.prepare()
            self.labs[key] = lab, references(lab)
        self.lab = self.labs[key][0]
        self.lab.scenario = scenario
        return self.labs[key]


def references(lab: Lab) -> oracle.Reference:
    lab.fresh()
    lab.settle()
    lab.end_servers(signal.SIGTERM)
    old = oracle.tree(lab)
    lab.fresh()
    undisturbed = [lab.apply()]
    if lab.scenario.held:
        undisturbed.append(lab.crossgrade("resume"))
    if undisturbed[-1].exit:
        raise RuntimeError("an undisturbed run fails: " + "\n".join(call.said() for call in undisturbed))
    lab.settle("new")
    lab.end_servers(signal.SIGTERM)
    return oracle.Reference(old, oracle.tree(lab))


def strike(lab: Lab, at: str, env: dict[str, str] | None = None) -> Call:
    if at.startswith(STRACE):
        call, number = at[len(STRACE):].split("~")
        return lab.traced(*FOLLOW.get(call, ()), "-e", f"inject={call}:signal=KILL:when={number}", "-o", "/dev/null")
    env = {"CROSSGRADE_FAULT": at.replace("~", ":"), **(env or {})}
    if lab.scenario.struck == "apply":
        return lab.apply(env=env)
    return lab.crossgrade(lab.scenario.struck, *lab.scenario.flags, env=env)


def lead_up(lab: Lab) -> None:
    lab.fresh()
    if lab.scenario.after_apply:
        lab.apply()
        lab.use()


def strike_dead(lab: Lab, at: str, env: dict[str, str] | None = None, before: collections.abc.Callable[[], None] = lambda: None) -> Call:
    """How many points there are depends on how long things take: a blow that comes too late is struck again, earlier. What kills
    nothing proves nothing."""
    name, tilde, number = at.rpartition("~")        # "310", "step.applied~10", "strace.fsync~3"
    for earlier in (0, 5, 20, int(number) // 2, int(number) * 9 // 10):
        lead_up(lab)
        before()
        struck = strike(lab, f"{name}{tilde}{max(1, int(number) - earlier)}", env)
        if struck.killed:
            return struck
    raise RuntimeError(f"nothing was killed at {at} or earlier; the last call ended with {struck.exit}")


def marked_trace(lab: Lab) -> list[str]:
    """Names of the fault points the struck call passes, in order, each with MAY_FAIL where a call can be made to fail."""
    lead_up(lab)
    path = lab.home / "trace"
    strike(lab, "count", env={"CROSSGRADE_FAULT_TRACE": str(path)})
    return path.read_text().split()


def trace(lab: Lab) -> list[str]:
    return [name.rstrip(MAY_FAIL) for name in marked_trace(lab)]


def system_calls(lab: Lab) -> dict[str, int]:
    """How often the packaged program makes each of CALLS in the struck call; the thread that makes the most of those in FOLLOW."""
    lead_up(lab)
    path = lab.home / "calls"
    lab.traced("-f", "-o", path, "-e", f"trace={','.join(CALLS)}")
    made: dict[str, collections.Counter[str]] = {}      # by thread, the program's first
    for line in path.read_text(errors="replace").splitlines():
        thread, _, call = line.partition(" ")
        made.setdefault(thread, collections.Counter())[call.lstrip().split("(")[0]] += 1
    first = next(iter(made.values()))
    return {name: max(of[name] for of in made.values()) if name in FOLLOW else first[name] for name in CALLS}


def start_machine_again(lab: Lab) -> None:
    lab.start_machine_again()


def old_boot_id() -> None:
    run("umount", BOOT_ID)


def call(lab: Lab, verb: str, env: dict[str, str] | None = None) -> Call:
    if verb == LOST:
        run("rm", "-rf", lab.state)
        marker = lab.marker()
        return lab.crossgrade("rollback", *(("--from", json.loads(marker.read_text())["point"]) if marker else ()), env=env)
    return lab.crossgrade("resume", "--unattended", env=env) if verb == UNATTENDED else lab.crossgrade(verb, env=env)


def end_run(lab: Lab, case: Case) -> list[Call]:
    """The calls that end the run, the first of them struck when the case says so."""
    calls = []
    verbs = list(ENDS[case.end])
    if case.second:
        struck = call(lab, verbs[0], {"CROSSGRADE_FAULT": str(case.second)})
        calls.append(struck)
        verbs = verbs[1:] or verbs
    for verb in verbs:
        calls.append(call(lab, verb))
    if calls[-1].argv[1] == "resume" and calls[-1].exit in (UNFINISHED, HELD, *(LOOKED_AGAIN if case.boot else ())):
        calls.append(lab.crossgrade("rollback"))
    return calls


def named_world(lab: Lab, last: Call) -> tuple[str | None, str]:
    """The world the tool says is there, by exit code and by status; None with the reason when they do not fit."""
    runs = lab.status().get("runs", [])
    state = runs[0]["state"] if runs else "no run"
    verb = last.argv[1]
    legal = {("resume", 0, "closed-new"): "new", ("resume", 0, "closed-old"): "old", ("resume", 0, "no run"): "old",
             ("resume", TURNED, "closed-old"): "old", ("rollback", 0, "closed-old"): "old",
             ("rollback", 0, "no run"): "old", ("apply", 0, "closed-new"): "new"}
    return legal.get((verb, last.exit, state)), f"{verb} ended with {last.exit}, status says '{state}'"


def without_records(lab: Lab, struck: Call, calls: list[Call]) -> str | None:
    """The world of a run that kept no records beside its data, or keeps none any more: it had not stopped the old server, or had
    started it again; or it was as good as closed. The operator is told which marker to remove."""
    marker, last = lab.marker(), calls[-1]
    if not marker and "--from" not in last.argv:
        if any("--from" in call.argv for call in calls):
            return "old"
        new = not struck.begun("stage", "undone") if lab.scenario.struck == "rollback" else struck.begun("open", "done")
        return "new" if new else "old"
    if last.exit != NO_RECORDS or not marker or any(f"'{path}'" not in last.out + last.err for path in lab.markers()):
        return None
    for path in lab.markers():
        path.unlink()
    return "old"


def is_closed(struck: Call) -> bool:
    return any(str(event.get("state")).startswith("closed") for event in struck.events())


def may_be_down(scenario: Scenario, struck: Call) -> bool:
    """After a boot: is it nobody's to start a server? A run knows from its begin on what ran; once it was closed, and until it
    begins to go back, that is the operator's."""
    steps = {str(event.get("state")) for event in struck.events() if event.get("type") == "step"}
    if scenario.struck == "rollback":
        return "undo" not in steps or is_closed(struck)
    return is_closed(struck) or not (steps or scenario.after_apply)


def carry_out(bench: Bench, case: Case) -> list[str]:
    lab, reference = bench.of(case.scenario)
    struck = strike_dead(lab, case.first)
    if case.boot:
        lab.start_machine_again()
        lab.services_start()
    try:
        # Of a closed run the plan has told what is to be started at boot from now on.
        if case.boot == "init" and not is_closed(struck):
            lab.init_starts()
        if wrong := came_up_wrong(lab, case, struck):
            return wrong
        calls = end_run(lab, case)
        if case.end == LOST and (world := without_records(lab, struck, calls)):
            return oracle.judge(lab, world, None, may_be_down=bool(case.boot))
        world, ended = named_world(lab, calls[-1])
        if world is None:
            return [f"illegal end: {ended}"]
        return oracle.judge(lab, world, reference, may_be_down=bool(case.boot) and may_be_down(case.scenario, struck),
                            power_lost=bool(case.boot))
    finally:
        if case.boot:
            lab.machine_as_before()


def came_up_wrong(lab: Lab, case: Case, struck: Call) -> list[str]:
    """Between the stop and the opening no boot may start the server: only the moment of its own start is another matter."""
    stopped = struck.begun("stop", "done") and not struck.begun("start")
    behind_the_gate = struck.begun("start", "done") and not struck.begun("open")
    if not (case.boot and case.scenario.comes_up and (stopped or behind_the_gate)) or struck.begun("stop", "undo"):
        return []
    return [] if lab.held() else ["the boot started a server that was held"]


def answer(bench: Bench, text: str) -> dict:
    try:
        wrong = carry_out(bench, Case.parse(text))
    except Exception:       # noqa: BLE001: whatever breaks a case is a finding, the next case goes on
        wrong = ["the case broke: " + traceback.format_exc()]
    calls = bench.lab.calls if bench.lab else []
    return {"wrong": wrong, "said": [call.said() for call in calls] if wrong else [], "kills": sum(call.killed for call in calls)}


# "points NAME", "calls NAME": of the struck call of that scenario.
QUESTIONS = {"points": trace, "calls": system_calls}


def lab_of(text: str) -> str:
    """Names the lab a case or a question is about."""
    return str(SCENARIOS[text.split(" ")[-1].split(":")[0]].installation)


def worker(text: str, bench: Bench = Bench(Builds.from_environment())) -> dict:
    question, _, name = text.rpartition(" ")
    return {question: QUESTIONS[question](bench.of(SCENARIOS[name])[0])} if question else answer(bench, text)


# ---- the sample

def places(names: list[str], may: collections.abc.Callable[[int], bool]) -> dict[tuple[str, int], list[int]]:
    """The points of each name in each step of a run, of those that may be picked."""
    found: dict[tuple[str, int], list[int]] = {}
    step = 0
    for at, name in enumerate(names, 1):
        if may(at):
            found.setdefault((name, step), []).append(at)
        step += name in STEP_ENDS
    return found


def pick(names: list[str], k: int, rng: random.Random, may: collections.abc.Callable[[int], bool] = lambda _: True) -> list[int]:
    """k points: one of each name first, then one of each name in each step, since copying one file is like copying another."""
    found = places(names, may)
    order = rng.sample(sorted(found), len(found))
    of_each_name = {name: (name, step) for name, step in order}
    others = [place for place in order if of_each_name[place[0]] != place]
    turns = itertools.chain(of_each_name.values(), others, rng.choices(order, k=k))
    return [rng.choice(found[place]) for place in itertools.islice(turns, k)]


def share(count: int, weight: float) -> int:
    """Of what a scenario of weight 1 has so many of. None that is drawn goes without: what was not tried would read as passed."""
    return max(1, round(count * weight))


def sample(traces: dict[str, list[str]], singles: int, doubles: int, rng: random.Random) -> list[str]:
    """So many of each kind for a scenario of weight 1. What a case is ended by goes in turns, which begin anywhere: a light scenario
    has but one or two."""
    cases = []
    for name, names in traces.items():
        for i, first in enumerate(pick(names, share(singles, SCENARIOS[name].weight), rng), rng.randrange(5)):
            boot = rng.choice(("boot", "init")) if i % 5 == 4 or SCENARIOS[name].unit else ""
            end = rng.choice(("resume", "rollback", UNATTENDED)) if boot else ("resume", "rollback", "resume", LOST, "rollback")[i % 5]
            cases.append(Case(SCENARIOS[name], str(first), 0, end, boot))
        for i, first in enumerate(pick(names, share(doubles, SCENARIOS[name].weight), rng), rng.randrange(7)):
            boot = rng.choice(("boot", "init")) if i % 7 == 6 else ""
            end = rng.choice([end for end in ENDS if boot or end != UNATTENDED])
            goes_on = end.startswith("resume") or end == UNATTENDED or SCENARIOS[name].struck == "rollback"
            reach = len(names) - first + 40 if goes_on else 200
            cases.append(Case(SCENARIOS[name], str(first), rng.randint(1, reach), end, boot))
    return [str(case) for case in cases]


def draw_followed(names: collections.abc.Iterable[str], count: int, rng: random.Random) -> list[str]:
    """Whose packaged program is killed at system calls, each as often as its weight says: none that a booted systemd belongs to."""
    followed = [name for name in names if not SCENARIOS[name].unit]
    return rng.choices(followed, [SCENARIOS[name].weight for name in followed], k=count) if followed else []


def sample_calls(names: list[str], calls: dict[str, dict[str, int]], rng: random.Random) -> list[str]:
    """The packaged program of each of these killed at a system call: by name first, since most are writes."""
    cases = []
    for i, name in enumerate(names):
        call = rng.choice([call for call, times in calls[name].items() if times])
        first = f"{STRACE}{call}~{rng.randint(1, calls[name][call])}"
        cases.append(Case(SCENARIOS[name], first, 0, ("resume", "rollback")[i % 2]))
    return [str(case) for case in cases]


def every(traces: dict[str, list[str]], rng: random.Random) -> list[str]:
    """Every point of every scenario, ended in every way; then half as many double kills."""
    cases = [Case(SCENARIOS[name], str(at), 0, end, boot) for name, names in traces.items()
             for at in range(1, len(names) + 1) for end, boot in (("resume", ""), ("rollback", ""), (LOST, ""), ("resume", "boot"))]
    rng.shuffle(cases)
    doubles = round(len(cases) / 2 / sum(SCENARIOS[name].weight for name in traces))
    return [str(case) for case in cases] + sample(traces, 0, doubles, rng)
