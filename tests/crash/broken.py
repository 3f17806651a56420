"""Builds with a planted mistake: the cases named here must fail on them. What finds nothing proves nothing."""

from __future__ import annotations

import os
import pathlib
import subprocess
import tempfile

from lab import run

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
BUILD = pathlib.Path(os.environ["CROSSGRADE_FAULT_BUILD"]).resolve()
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
    """The tree and its build with fault points, copied so that they can be spoiled, and mounted where they lie: what was compiled is
    compiled. The mounts are this process's own, see run.sh."""

    def __init__(self, home: pathlib.Path) -> None:
        source, build = home / "source", home / "build"
        source.mkdir()
        files = run("git", "-C", SOURCE, "ls-files", "-z").stdout
        there = "\0".join(name for name in files.split("\0") if name and (SOURCE / name).exists())
        subprocess.run(["bash", "-c", 'tar -C "$1" --null -T - -c | tar -C "$2" -x', "copy", SOURCE, source],
                       input=there.encode(), check=True)
        run("cp", "-a", BUILD, build)
        run("mount", "--bind", source, SOURCE)
        BUILD.mkdir(parents=True, exist_ok=True)        # it may lie in the tree
        run("mount", "--bind", build, BUILD)

    def unmount(self) -> None:
        """A build that lies in the tree is mounted in the tree's copy, which could not be removed."""
        for there in (BUILD, SOURCE):
            run("umount", "--lazy", there)

    def patch(self, name: str, *how: str) -> None:
        run("patch", "-p1", "-s", "-d", SOURCE, *how, "-i", HERE / "broken" / f"{name}.patch")

    def make(self) -> None:
        run("ninja", "-C", BUILD, *TARGETS)

    def failures(self, cases: list[str]) -> tuple[int, str]:
        env = os.environ | {"CROSSGRADE_BUILD": str(BUILD)}
        done = subprocess.run([HERE / "run.sh", "case", *cases], env=env, capture_output=True, text=True, check=False)
        counts = done.stdout.splitlines()[-1].split() if done.stdout else ["0", "passed,", "-1"]
        return int(counts[2]), done.stdout


def found(copy: Copy, name: str) -> bool:
    try:
        copy.patch(name)
        try:
            copy.make()
            failed, said = copy.failures(list(FOUND_BY[name]))
        finally:
            copy.patch(name, "-R")      # made with the next one
    except RuntimeError as broken:
        print(f"not ok {name}: {broken}")
        return False
    if failed > 0:
        print(f"ok {name}: found by {failed} of {len(FOUND_BY[name])} cases", flush=True)
        return True
    print(f"not ok {name}: no case noticed it\n{said}", flush=True)
    return False


def find_in(copy: Copy, mistakes: list[str]) -> tuple[int, int]:
    copy.make()
    cases = sorted({case for name in mistakes for case in FOUND_BY[name]})
    failed, said = copy.failures(cases)
    if failed:
        print(f"not ok as it is: the unspoiled build fails\n{said}")
        return 0, 1
    results = [found(copy, name) for name in mistakes]
    return sum(results) + 1, len(results) - sum(results)


def find_all(mistakes: list[str]) -> tuple[int, int]:
    """Passed and failed."""
    with tempfile.TemporaryDirectory(prefix="crossgrade-broken-") as home:
        copy = Copy(pathlib.Path(home))
        try:
            return find_in(copy, mistakes)
        finally:
            copy.unmount()
