"""Builds with a planted mistake: the cases named here must fail on them. What finds nothing proves nothing."""

from __future__ import annotations

import collections.abc
import os
import pathlib
import subprocess
import tempfile

from lab import run

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
TARGETS = ("src/cli/crossgrade", "src/exec/crossgrade-exec", "tests/fakes/questdb-double", "tests/fakes/sftpgo-double",
           "tests/fakes/docker-client", "tests/tools/tree-oracle")
# Patch below broken/: cases of which at least one must fail with it, and all pass without.
FOUND_BY = {
    "undo-record-late": ("jar:step.applied~10:0:rollback",),
    "no-fsync": ("xfs:one:edition:step.applied~10:cut:resume", "xfs:one:edition:step.applied~10:cut:rollback"),
    # The announcement of a step that does need its undo record is lost with the power.
    "swap-forgotten": ("xfs:both:jar:step.applied~10:cut:rollback",),
    "proof-unseen": ("loses-a-table", "loses-rows"),
    "lock-ignored": ("second-call",),
    "exchange-blindly": ("jar:step.applied~10:0:resume",),
    "server-lock-not-taken": ("operator-starts",),
    "hold-in-run": ("unit:journal.did~7:0:resume:boot",),
    # Docker's daemon starts it with the machine.
    "container-unheld": ("compose:journal.did~8:0:resume:boot",),
    # The old release on the new schema.
    "database-left": ("sftpgo-postgresql:step.applied~13:0:rollback",),
    # What the new database is compared with is written down from itself.
    "frozen-of-new": ("sftpgo-loses-a-user", "sftpgo-changes-a-user"),
}
# Scenarios that not every machine has.
NEEDS = {"hold-in-run": "unit", "database-left": "sftpgo-postgresql"}


class Copy:
    """The sources, copied so that they can be spoiled, with one build directory for all patches."""

    def __init__(self, home: pathlib.Path) -> None:
        self.source = home / "source"
        self.build = home / "build"
        self.source.mkdir()
        files = run("git", "-C", SOURCE, "ls-files", "-z").stdout
        there = "\0".join(name for name in files.split("\0") if name and (SOURCE / name).exists())
        subprocess.run(["bash", "-c", 'tar -C "$1" --null -T - -c | tar -C "$2" -x', "copy", SOURCE, self.source],
                       input=there.encode(), check=True)
        run("meson", "setup", self.build, self.source, "-Dfault=true", "-Doptimization=0")
        self.make()

    def make(self) -> None:
        run("ninja", "-C", self.build, *TARGETS)

    def patch(self, name: str, *how: str) -> None:
        run("patch", "-p1", "-s", "-d", self.source, *how, "-i", HERE / "broken" / f"{name}.patch")
        self.make()

    def failures(self, cases: list[str]) -> tuple[int, str]:
        env = os.environ | {"CROSSGRADE_FAULT_BUILD": str(self.build), "CROSSGRADE_BUILD": str(self.build)}
        done = subprocess.run([HERE / "run.sh", "case", *cases], env=env, capture_output=True, text=True, check=False)
        counts = done.stdout.splitlines()[-1].split() if done.stdout else ["0", "passed,", "-1"]
        return int(counts[2]), done.stdout


def found(copy: Copy, name: str) -> bool:
    try:
        copy.patch(name)
        failed, said = copy.failures(list(FOUND_BY[name]))
        copy.patch(name, "-R")
    except RuntimeError as broken:
        print(f"not ok {name}: {broken}")
        return False
    if failed > 0:
        print(f"ok {name}: found by {failed} of {len(FOUND_BY[name])} cases", flush=True)
        return True
    print(f"not ok {name}: no case noticed it\n{said}", flush=True)
    return False


def find_all(skipped: collections.abc.Container[str]) -> tuple[int, int]:
    """Passed and failed."""
    with tempfile.TemporaryDirectory(prefix="crossgrade-broken-") as home:
        copy = Copy(pathlib.Path(home))
        mistakes = [name for name in FOUND_BY if name not in skipped]
        cases = sorted({case for name in mistakes for case in FOUND_BY[name]})
        failed, said = copy.failures(cases)
        if failed:
            print(f"not ok as it is: the unspoiled build fails\n{said}")
            return 0, 1
        results = [found(copy, name) for name in mistakes]
    return sum(results) + 1, len(results) - sum(results)
