"""Which world is it? By every file of it, and by what its server says."""

from __future__ import annotations

import dataclasses
import difflib
import fcntl
import re
import signal

from lab import ACKNOWLEDGED, LOCKS, OLD, Lab, run

# What differs between two undisturbed runs, and so proves nothing:
LEFT_OUT = (
    "log",              # each start rolls the log files
    "hello.txt",        # made at each start and removed at each stop
    ".data_id",         # random, made by the first start of a new release, emptied by the old one
    "sys.acl_entities~8",   # made by the first start of the other edition; its commit time is in it
    ".double.json",     # how a case makes the stand-in misbehave
    ".crossgrade-run",  # names the run that staged a build
    ".crossgrade",      # our own store: its restore points and trash stay until finalize, by design
    ".crossgrade-root",
    "disk",             # the directory behind the mount point, listed as root already
)
# What a server makes for itself at its first start and need not sync: struck by a boot in the middle, it is made again, under other
# numbers.
SERVERS_OWN = re.compile(r'"root/(db/(_tab_index\.d|tables\.d\.\d+|sys\.[^"]*)|public[^"]*|conf/mime\.types)"$')
# What a new server applied from the WAL, and had no time to cut to its length when the machine went down. Its rows are asked for.
APPLIED = re.compile(r'"root/db/t0~\d+/2026-01-01/[^"/]*\.d"$')


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
    wrong = lab.left_behind()
    tables = run("nft", "list", "tables").stdout.strip()
    if tables:
        wrong.append(f"a firewall table is left: {tables}")
    wrong += [f"a hold is left: {path}" for path in (lab.state / "hold").glob("[!.]*")]
    stores = (lab.world / ".crossgrade-root", lab.root / ".crossgrade")
    wrong += [f"a marker is left: {store / 'run.json'}" for store in stores if (store / "run.json").exists()]
    for path in LOCKS.glob("*"):
        with open(path) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                wrong.append(f"a lock is held: {path}")
    return wrong


def without_servers_own(lab: Lab, tree_text: str) -> str:
    lines = [line for line in tree_text.splitlines() if not SERVERS_OWN.search(line)]
    return "\n".join(line for line in lines if not (lab.scenario.lagging and APPLIED.search(line)))


def judge(lab: Lab, world: str, reference: Reference | None, may_be_down: bool = False, power_lost: bool = False) -> list[str]:
    """Everything that is wrong with what should be this world, whole."""
    wrong = left_behind(lab)
    serving = lab.serving()
    if not serving and not may_be_down:
        return [*wrong, "no server answers"]
    if not serving and world == "old":
        lab.start_old()
    if serving or world == "old":
        wrong += facts_wrong(lab, world)
        lab.settle(world)
    if reference:
        lab.end_servers(signal.SIGTERM)
        expected, found = reference.new if world == "new" else reference.old, tree(lab)
        if power_lost and world == "new":
            expected, found = without_servers_own(lab, expected), without_servers_own(lab, found)
        if diff := difference(expected, found):
            wrong.append(f"files differ from the {world} world:\n{diff}")
    return wrong
