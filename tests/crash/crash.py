"""tests/crash/run.sh: see there."""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import functools
import os
import pathlib
import random
import re
import sys
import time
import typing

import broken
import errors
import kills
import pool
import powercut
import sftpgo_errors
import unit
from lab import Scenario
from scenario import SCENARIOS, few

MINUTE = 60.0
SYSTEM_CALLS = 1000         # of a campaign, at which the packaged program is killed
SUITES = {"kills": kills, "powercut": powercut, "errors": errors}


def pool_of(suite: str) -> pool.Pool:
    return pool.Pool(suite, SUITES[suite].lab_of)


def seed() -> int:
    value = int(os.environ.get("SEED") or random.SystemRandom().getrandbits(32))
    print(f"seed {value}", flush=True)
    return value


def report(answer: dict) -> None:
    print(f"not ok {answer['case']}\n  repeat: tests/crash/run.sh case {answer['case']}")
    for line in answer["wrong"] + answer.get("said", []):
        print("  " + line.rstrip().replace("\n", "\n  "))
    sys.stdout.flush()


def scenario_of(case: str) -> str:
    """Whose installation a case of any suite is about."""
    if case in errors.CASES:
        return errors.CASES[case].scenario
    return next(word for word in re.split("[:@]", case) if word in SCENARIOS)


def asked(labs: pool.Pool, question: str, names: collections.abc.Iterable[str]) -> dict[str, typing.Any]:
    """What it is of each of these scenarios, by name: of "points" its fault points in order, of "calls" how often it makes which system
    call. Who cannot tell is reported, and not there."""
    found = {}
    for answer in labs.each([f"{question} {name}" for name in names]):
        if question in answer:
            found[answer["case"].split()[1]] = answer[question]
        else:
            report(answer)
    return {name: found[name] for name in names if name in found}


def at_system_calls(labs: pool.Pool, names: collections.abc.Iterable[str], count: int, rng: random.Random) -> tuple[list[str], int]:
    """So many cases, of scenarios drawn from these, and how many of the drawn cannot tell their calls: others are not asked."""
    drawn = kills.draw_followed(names, count, rng)
    calls = asked(labs, "calls", dict.fromkeys(drawn))
    return kills.sample_calls([name for name in drawn if name in calls], calls, rng), len(set(drawn) - set(calls))


@dataclasses.dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    killed_twice: int = 0
    seconds: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)      # of workers, by lab

    def add(self, answer: dict, lab: str) -> None:
        self.failed += bool(answer["wrong"])
        self.passed += not answer["wrong"]
        self.killed_twice += answer.get("kills", 0) > 1
        self.seconds[lab] += answer["seconds"]

    def tell_longest(self) -> None:
        longest = ", ".join(f"{lab} {seconds:.0f}" for lab, seconds in self.seconds.most_common(12))
        print(f"  seconds of {pool.WORKERS} workers: {self.seconds.total():.0f}; the longest: {longest}")


def tally(labs: pool.Pool, cases: list[str], within: float | None, first: int = 1) -> Tally:
    """Of these cases, the first of which has that number; each failed one is told."""
    found = Tally()
    began = time.monotonic()
    # A campaign, which has so much time, is to go on where it ended: in order.
    for answer in labs.each(cases, began + within if within else None, in_order=bool(within)):
        found.add(answer, scenario_of(answer["case"]))
        if answer["wrong"]:
            report(answer)
        if answer.get("again"):
            print(f"  tried again, its worker had ended: {answer['case']}")
        if not (done := found.passed + found.failed) % 100:
            # Those still under way are not counted: to go on from there leaves none out.
            left = (time.monotonic() - began) / done * (len(cases) - done) / MINUTE
            print(f"  {done} of {len(cases)} cases, {found.failed} failed, {left:.0f} min left; goes on with --from "
                  f"{max(1, first + done - pool.WORKERS + 1)}", flush=True)
    found.tell_longest()
    return found


def impossible(scenario: Scenario) -> str:
    """Why it cannot be tried on this machine, or nothing."""
    return (scenario.unit and unit.impossible()) or scenario.impossible()


def possible(names: collections.abc.Iterable[str]) -> tuple[list[str], int]:
    """Which of these scenarios can be tried on this machine, and how many cannot."""
    names = list(names)
    reasons = {name: impossible(SCENARIOS[name]) for name in names}
    for name, reason in reasons.items():
        if reason:
            print(f"skip scenario {name}: {reason}")
    found = [name for name in names if not reasons[name]]
    return found, len(names) - len(found)


def among_all(among: str) -> list[str]:
    return [name for name in SCENARIOS if name.startswith(among)]


def all_wanted(among: str) -> bool:
    """A suite takes all there is of what was asked for by name, or with WHOLE set; else what the seed draws."""
    return bool(among or os.environ.get("WHOLE"))


def tell_left(what: str, names: collections.abc.Iterable[str], drawn: collections.abc.Container[str]) -> int:
    """How many of these the lot did not fall on."""
    left = [name for name in names if name not in drawn]
    if left:
        print(f"skip {what} {', '.join(left)}: drawn by lot")
    return len(left)


def run_sample(among: str = "") -> int:
    rng = random.Random(seed())
    drawn = among_all(among) if all_wanted(among) else few(SCENARIOS, rng)
    left = tell_left("scenarios", among_all(among), drawn)
    names, skipped = possible(drawn)
    with pool_of("kills") as labs:
        traces = asked(labs, "points", names)
        for name, trace in traces.items():
            print(f"  {name}: {len(trace)} points")
        followed, missing = at_system_calls(labs, traces, len(names), rng)
        cases = kills.sample(traces, 4, 1, rng) + followed
        rng.shuffle(cases)
        found = tally(labs, cases, None)
    failed = found.failed + len(names) - len(traces) + missing
    print(f"kill points: {sum(map(len, traces.values()))}, sampled {len(cases)}, of these killed twice {found.killed_twice}, "
          f"illegal ends {failed}")
    print(f"{found.passed} passed, {failed} failed, {skipped + left} skipped")
    return failed


def traces_of_cuts(labs: pool.Pool, names: list[str]) -> dict[tuple[str, str], list[str]]:
    traces = {}
    for answer in labs.each([f"points {kind} {name}" for kind in powercut.KINDS for name in names]):
        if "trace" in answer:
            traces[tuple(answer["case"].split()[1:])] = answer["trace"]
        else:
            report(answer)
    return dict(sorted(traces.items()))


def run_powercut(among: str = "") -> int:
    if why := powercut.impossible():
        print(f"skip powercut: {why}\n0 passed, 0 failed, 1 skipped")
        return 0
    rng = random.Random(seed())
    asked_for = [name for name in powercut.NAMES if name.startswith(among)]
    drawn = asked_for if all_wanted(among) else few(asked_for, rng)
    left = tell_left("scenarios", asked_for, drawn)
    names, skipped = possible(drawn)
    with pool_of("powercut") as labs:
        traces = traces_of_cuts(labs, names)
        cases = powercut.sample(traces, 4, rng)
        found = tally(labs, cases, None)
    failed = found.failed + len(powercut.KINDS) * len(names) - len(traces)
    print(f"cut points: {sum(map(len, traces.values()))}, sampled {len(cases)}, illegal ends {failed}")
    print(f"{found.passed} passed, {failed} failed, {skipped + left} skipped")
    return failed


def campaign_cases(labs: pool.Pool, name: str, listed: pathlib.Path, among: str) -> list[str]:
    """All cases in a seeded order, kept in a file: a campaign that goes on goes on with the same list."""
    if listed.exists():
        return listed.read_text().splitlines()
    rng = random.Random(seed())
    if name == "powercut":
        cases = powercut.every(traces_of_cuts(labs, possible(name for name in powercut.NAMES if name.startswith(among))[0]), rng)
    else:
        traces = asked(labs, "points", possible(among_all(among))[0])
        cases = kills.every(traces, rng) + at_system_calls(labs, traces, SYSTEM_CALLS, rng)[0]
    listed.write_text("\n".join(cases) + "\n")
    return cases


def run_campaign(name: str, start: str, seconds: str, listed: str, among: str = "") -> int:
    """All cases of a suite, from case `start` on, as many as the time allows. Ends with a row for docs/proof.md."""
    with pool_of("powercut" if name == "powercut" else "kills") as labs:
        cases = campaign_cases(labs, name, pathlib.Path(listed), among)
        drawn = os.environ["SEED"]
        began = time.monotonic()
        found = tally(labs, cases[int(start) - 1:], float(seconds), int(start))
    done = found.passed + found.failed
    print(f"cases {start} to {int(start) - 1 + done} of {len(cases)}, seed {drawn}, "
          f"{(time.monotonic() - began) / MINUTE:.0f} min")
    named = f"{name} --among {among}" if among else name
    print(f"| `tools/campaign.sh {named}`, from case {start} | {done:,} | {len(cases):,} | {drawn} | {found.failed} |")
    print(f"{found.passed} passed, {found.failed} failed, 0 skipped")
    return found.failed


def run_errors(among: str = "") -> int:
    rng = random.Random(seed())
    traces, renames, missing = {}, 0, 0
    whole = [[name for name in of if name.startswith(among)] for of in (errors.CASES, errors.SAMPLED)]
    names, sampled = whole if all_wanted(among) else errors.drawn(rng)
    left = tell_left("cases", whole[0], names) + tell_left("samples of", whole[1], sampled)
    wanted = {name: errors.CASES[name].scenario for name in names}
    can, skipped = possible(sorted({*wanted.values(), *sampled}))
    with pool_of("errors") as labs:
        for answer in labs.each([f"points {name}" for name in sampled if name in can]):
            if "trace" in answer:
                traces[answer["case"].split()[1]] = answer["trace"]
                renames = answer.get("renames", renames)
            else:
                report(answer)
                missing += 1
        cases = [name for name, scenario in wanted.items() if scenario in can] + errors.sample(dict(sorted(traces.items())), rng)
        cases += errors.sample_dpkg(renames, rng)
        found = tally(labs, cases, None)
    print(f"{found.passed} passed, {found.failed + missing} failed, {skipped + left} skipped")
    return found.failed + missing


def suite_of(case: str) -> str:
    if case in errors.CASES or "@" in case:
        return "errors"
    return "powercut" if case.split(":")[0] in powercut.KINDS else "kills"


def run_cases(*cases: str) -> int:
    passed = failed = 0
    for suite in ("kills", "powercut", "errors"):
        if mine := [case for case in cases if suite_of(case) == suite]:
            with pool_of(suite) as labs:
                found = tally(labs, mine, None)
            passed, failed = passed + found.passed, failed + found.failed
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed


def run_broken() -> int:
    skipped = {name: why for name, scenario in broken.NEEDS.items() if (why := impossible(SCENARIOS[scenario]))}
    for name, why in skipped.items():
        print(f"skip planted mistake {name}: {why}")
    passed, failed = broken.find_all([name for name in broken.FOUND_BY if name not in skipped])
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return failed


def run_worker(suite: str) -> int:
    pool.serve(SUITES[suite].worker)
    return 0


def main(argv: list[str]) -> int:
    suites = {
        "sample": run_sample,
        "powercut": run_powercut,
        "errors": run_errors,
        "case": run_cases,
        "broken": run_broken,
        "campaign": run_campaign,
        "worker": run_worker,
    }
    if not argv or argv[0] not in suites:
        print("usage: run.sh sample|powercut|errors|broken|case ID", file=sys.stderr)
        return 2
    return 1 if functools.partial(suites[argv[0]], *argv[1:])() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
