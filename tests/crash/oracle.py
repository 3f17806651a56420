"""Which world is it? By every file of it, and by what its server says."""

from __future__ import annotations

import dataclasses
import difflib
import fcntl
import signal

from lab import LOCKS, Lab, run

# What is not the installation's:
LEFT_OUT = (
    ".double.json",     # how a case makes the stand-in misbehave
    ".crossgrade-run",  # names the run that staged a build
    ".crossgrade",      # our own store: its restore points and trash stay until finalize, by design
    ".crossgrade-root",
    "disk",             # the directory behind the mount point, listed as root already
)


@dataclasses.dataclass
class Reference:
    """Both worlds as undisturbed runs left them, with their servers stopped."""
    old: str
    new: str


def tree(lab: Lab) -> str:
    """Names, types, owners, modes, sizes, attributes, links and contents of root and programs."""
    words = [word for name in LEFT_OUT + lab.left_out for word in ("--leave-out", name)]
    return run(lab.builds.tree_oracle, lab.world, *words).stdout + lab.contents()


def difference(expected: str, found: str) -> str:
    lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), "expected", "found", n=0, lineterm="")
    return "\n".join(list(lines)[:24])


def left_behind(lab: Lab) -> list[str]:
    """What no finished run may leave: a hold, a gate, a marker, a lock."""
    wrong = lab.left_behind()
    tables = run("nft", "list", "tables").stdout.strip()
    if tables:
        wrong.append(f"a firewall table is left: {tables}")
    wrong += [f"a hold is left: {path}" for path in (lab.state / "hold").glob("[!.]*")]
    if marker := lab.marker():
        wrong.append(f"a marker is left: {marker}")
    for path in LOCKS.glob("*"):
        with open(path) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                wrong.append(f"a lock is held: {path}")
    return wrong


def judge(lab: Lab, world: str, reference: Reference | None, may_be_down: bool = False, power_lost: bool = False) -> list[str]:
    """Everything that is wrong with what should be this world, whole."""
    wrong = left_behind(lab)
    serving = lab.serving()
    if not serving and not may_be_down:
        return [*wrong, "no server answers"]
    if not serving and world == "old":
        lab.start_old()
    if serving or world == "old":
        wrong += lab.facts_wrong(world)
        lab.settle(world)
    if reference:
        lab.end_servers(signal.SIGTERM)
        expected, found = reference.new if world == "new" else reference.old, tree(lab)
        if power_lost and world == "new":
            expected, found = lab.without_servers_own(expected), lab.without_servers_own(found)
        if diff := difference(expected, found):
            wrong.append(f"files differ from the {world} world:\n{diff}")
    return wrong
