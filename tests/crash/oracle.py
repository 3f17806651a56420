"""Which world is it? By every file of it, and by what its server says."""

from __future__ import annotations

import dataclasses
import difflib
import fcntl
import pathlib
import signal

from lab import ACKNOWLEDGED, OLD, Lab, run

# What differs between two undisturbed runs, and so proves nothing:
LEFT_OUT = (
    "log",              # each start rolls the log files
    "hello.txt",        # made at each start and removed at each stop
    ".data_id",         # random, made by the first start of a new release, emptied by the old one
    "sys.acl_entities~8",   # made by the first start of the other edition; its commit time is in it
    ".crossgrade-run",  # names the run that staged a build
    ".crossgrade",      # our own store: its restore points and trash stay until finalize, by design
    ".crossgrade-root",
    "disk",             # the directory behind the mount point, listed as root already
)
LOCKS = pathlib.Path("/run/lock/crossgrade")


@dataclasses.dataclass
class Reference:
    """Both worlds as undisturbed runs left them, with their servers stopped."""
    old: str
    new: str


def tree(lab: Lab) -> str:
    """Names, types, owners, modes, sizes, attributes, links and contents of root and programs."""
    words = [word for name in LEFT_OUT for word in ("--leave-out", name)]
    return run(lab.builds.tree_oracle, lab.world, *words).stdout


def difference(expected: str, found: str) -> str:
    lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), "expected", "found", n=0, lineterm="")
    return "\n".join(list(lines)[:24])


def facts_wrong(lab: Lab, world: str) -> list[str]:
    """What the running server says that its world should not."""
    wrong = []
    version = lab.scenario.new_version if world == "new" else OLD
    said = lab.ask("/settings")[1]
    if f'"release.version":"{version}"' not in said:
        wrong.append(f"the server is not {version}: {said}")
    for table, rows in (("t0", 72), ("t1", 72), ("t2", 72), ("t3", 0)):
        applied = table == "t1" or (table == "t0" and (world == "new" or not lab.scenario.lagging))
        more = ACKNOWLEDGED if applied else 0
        found = int(lab.query(f"select count() from {table}")[0][0])
        if found != rows + more:
            wrong.append(f"{table} has {found} rows, not {rows + more}")
    return wrong


def acknowledged_missing(lab: Lab, writer: int, sequence: set[int]) -> list[str]:
    """Rows a client was told are stored that are not there."""
    found = {int(row[1]) for row in lab.query("select writer, seq from t0") if int(row[0]) == writer}
    lost = sorted(sequence - found)
    return [f"acknowledged rows lost: {lost[:10]} ({len(lost)} of {len(sequence)})"] if lost else []


def left_behind(lab: Lab) -> list[str]:
    """What no finished run may leave: a hold, a gate, a marker, a lock."""
    wrong = []
    tables = run("nft", "list", "tables").stdout.strip()
    if tables:
        wrong.append(f"a firewall table is left: {tables}")
    wrong += [f"a hold is left: {path}" for path in (lab.state / "hold").glob("*")]
    stores = (lab.world / ".crossgrade-root", lab.root / ".crossgrade")
    wrong += [f"a marker is left: {store / 'run.json'}" for store in stores if (store / "run.json").exists()]
    for path in LOCKS.glob("*"):
        with open(path) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                wrong.append(f"a lock is held: {path}")
    return wrong


def judge(lab: Lab, world: str, reference: Reference | None, may_be_down: bool = False) -> list[str]:
    """Everything that is wrong with what should be this world, whole."""
    wrong = left_behind(lab)
    if not lab.serving():
        if world == "new" or not may_be_down:
            return [*wrong, "no server answers"]
        lab.start_old()
    wrong += facts_wrong(lab, world)
    if reference:
        lab.settle()
        lab.end_servers(signal.SIGTERM)
        expected = reference.new if world == "new" else reference.old
        if diff := difference(expected, tree(lab)):
            wrong.append(f"files differ from the {world} world:\n{diff}")
    return wrong
