"""QuestDB's installations: a stand-in (tests/fakes/questdb_double), its scenarios, and what its server is asked for."""

from __future__ import annotations

import base64
import dataclasses
import http.client
import json
import re
import shutil
import time
import typing
import urllib.parse

from lab import Lab, Scenario, run

HTTP_PORT = 9000
MIN_PORT = 9003
OLD, NEW = "9.0.3", "9.3.4"
ACKNOWLEDGED = 7        # rows a client is told are stored before each case
ADMIN = ("dba", "correct-horse")
RUNTIME = "-DQuestDB-Runtime-66535"
# What a server makes for itself at its first start and need not sync: struck by a boot in the middle, it is made again, under other
# numbers.
SERVERS_OWN = re.compile(r'"root/(db/(_tab_index\.d|tables\.d\.\d+|sys\.[^"]*)|public[^"]*|conf/mime\.types)"$')
# What a new server applied from the WAL, and had no time to cut to its length when the machine went down. Its rows are asked for.
APPLIED = re.compile(r'"root/db/t0~\d+/2026-01-01/[^"/]*\.d"$')


class QuestdbLab(Lab):
    old, new = OLD, NEW
    accepted = ("questdb.art-glibc", "questdb.store-place")
    left_out = (
        "log",              # each start rolls the log files
        "hello.txt",        # made at each start and removed at each stop
        ".data_id",         # random, made by the first start of a new release, emptied by the old one
        "sys.acl_entities~8",   # made by the first start of the other edition; its commit time is in it
    )

    def install(self) -> None:
        self.scenario.install(self)
        run(self.builds.questdb, "init", self.root, "--tables", "4", "--version", OLD,
            "--http", f"127.0.0.1:{HTTP_PORT}", "--min", f"127.0.0.1:{MIN_PORT}")

    def seed(self) -> None:
        """Commit times are part of the files, so rows are written once, here."""
        self.write_rows()

    # ---- the server

    def ask(self, path: str, body: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=30)
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
        for _ in range(12_000):
            lag = self.query("select name, sequencerTxn, writerTxn from wal_tables()")
            if all(row[1] == row[2] for row in lag):
                return
            time.sleep(0.005)
        raise RuntimeError(f"the WAL is not applied: {lag}")

    def facts_wrong(self, world: str) -> list[str]:
        """What the running server says that its world should not."""
        wrong = []
        version = self.scenario.new_version if world == "new" else OLD
        said = self.ask("/settings")[1]
        if f'"release.version":"{version}"' not in said:
            wrong.append(f"the server is not {version}: {said}")
        for table, rows in (("t0", 72), ("t1", 72), ("t2", 72), ("t3", 0)):
            applied = table == "t1" or (table == "t0" and (world == "new" or not self.scenario.lagging))
            more = ACKNOWLEDGED if applied else 0
            found = int(self.query(f"select count() from {table}")[0][0])
            if found != rows + more:
                wrong.append(f"{table} has {found} rows, not {rows + more}")
        return wrong

    def acknowledged_missing(self, writer: int, sequence: set[int]) -> list[str]:
        """Rows a client was told are stored that are not there."""
        found = {int(row[1]) for row in self.query("select writer, seq from t0") if int(row[0]) == writer}
        lost = sorted(sequence - found)
        return [f"acknowledged rows lost: {lost[:10]} ({len(lost)} of {len(sequence)})"] if lost else []

    def without_servers_own(self, tree: str) -> str:
        lines = [line for line in tree.splitlines() if not SERVERS_OWN.search(line)]
        return "\n".join(line for line in lines if not (self.scenario.lagging and APPLIED.search(line)))


@dataclasses.dataclass(frozen=True)
class Questdb(Scenario):
    """A jar started by hand beside a Java of the host, unless a flag says otherwise."""
    lab: typing.ClassVar[type[Lab]] = QuestdbLab
    archive: bool = False               # versioned archives behind a link, the launcher follows the link
    script: bool = False                # started and stopped by the operator's own commands: the jars exchange names
    enterprise: bool = False            # to the other edition: server.conf is edited, an administrator is named
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        return {"DOUBLE_HOLD_WAL": "yes", "DOUBLE_WHEN": "9.0.3"} if self.lagging else {}

    @property
    def login(self) -> str:
        """Of the new world; the old one is open and does not look at it."""
        return ":".join(ADMIN) if self.enterprise else ""

    @property
    def new_version(self) -> str:
        return "3.2.4" if self.enterprise else NEW

    # ---- what stands on the disk

    def install(self, lab: Lab) -> None:
        double, programs = lab.builds.questdb, lab.world / "opt"
        programs.mkdir()
        if self.archive:
            run(double, "make-install", programs / f"questdb-{OLD}", "--version", OLD, "--runtime")
            (programs / "questdb").symlink_to(f"questdb-{OLD}")
        else:
            run(double, "make-install", programs / "questdb", "--version", OLD)
            java = lab.outside / "jvm"
            (java / "bin").mkdir(parents=True)
            shutil.move(programs / "questdb/bin/java", java / "bin/java")
            shutil.move(programs / "questdb/release", java / "release")
        self.make_artifact(lab)
        if self.script:
            self.make_scripts(lab)

    def make_artifact(self, lab: Lab) -> None:
        double, edition = lab.builds.questdb, "EE" if self.enterprise else "OSS"
        if not self.archive:
            run(double, "make-jar", self.artifact(lab), "--version", self.new_version, "--edition", edition)
            return
        top = lab.outside / self.top()
        run(double, "make-install", top, "--version", self.new_version, "--edition", edition, "--runtime")
        (top / "lib/modules").write_text("what makes a directory a runtime\n")
        run("tar", "-C", lab.outside, "-czf", self.artifact(lab), top.name)
        run("rm", "-rf", top)

    def top(self) -> str:
        return f"questdb-{'enterprise-' if self.enterprise else ''}{self.new_version}-rt-linux-x86-64"

    def artifact(self, lab: Lab):
        return lab.outside / (f"{self.top()}.tar.gz" if self.archive else f"questdb-{self.new_version}.jar")

    def make_scripts(self, lab: Lab) -> None:
        start = " ".join(self.command(lab))
        texts = {"start": f"exec setsid -f {start} >/dev/null 2>&1\n",
                 "stop": f"pkill -TERM -f -- '-d {lab.root}$' || true\n"}
        for name, text in texts.items():
            path = lab.outside / name
            path.write_text(f"#!/bin/sh\n{text}")
            path.chmod(0o755)

    # ---- how it is started, and what is wanted

    def command(self, lab: Lab) -> list[str]:
        if self.archive:
            head = [str(lab.world / "opt/questdb/bin/java"), RUNTIME]
        else:
            head = [str(lab.outside / "jvm/bin/java"), RUNTIME, "-p", str(lab.world / "opt/questdb/questdb.jar")]
        return [*head, "-m", "io.questdb/io.questdb.ServerMain", "-d", str(lab.root)]

    def goal(self, lab: Lab) -> dict:
        settings = {"gate": self.gate, **dict(self.settings)}
        if self.lagging:
            settings["drain"] = "100ms"
        goal = {"crossgrade": 1, "product": "questdb", "source": {"root": str(lab.root)},
                "target": {"artifact": str(self.artifact(lab))}, "settings": settings}
        if self.afar:
            goal["restore_point"] = {"store": f"file://{lab.outside / 'store'}"}
        if self.script:
            argv = {verb: [str(lab.outside / verb)] for verb in ("start", "stop")}
            goal["source"]["service"] = {"kind": "command", **argv}
        if self.enterprise:
            password = lab.outside / "password"
            password.write_text(ADMIN[1] + "\n")
            password.chmod(0o600)
            goal["target"]["edition"] = "enterprise"
            settings["access"] = "closed"
            settings["admin"] = {"user": ADMIN[0], "password_file": str(password)}
        return goal


SCENARIOS = (
    Questdb("jar", weight=3, cuts=3),
    Questdb("open", gate="none", weight=2),
    Questdb("afar", afar=True, weight=0.2),
    Questdb("afar-back", afar=True, struck="rollback", after_apply=True, weight=0.2),
    Questdb("link", archive=True, weight=3),
    Questdb("mount", mounted=True, weight=3),
    Questdb("script", script=True, weight=3),
    Questdb("edition", archive=True, enterprise=True, weight=4, cuts=3),
    Questdb("lag", lagging=True, weight=2),
    Questdb("hold", held=True, weight=1.2),
    Questdb("held", held=True, struck="resume", after_apply=True, weight=2.6),
    Questdb("back", struck="rollback", after_apply=True, weight=3, cuts=2),
)
