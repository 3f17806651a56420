"""The installations a run is tried on, and the call that is struck in each."""

from __future__ import annotations

import dataclasses
import shutil
import typing

if typing.TYPE_CHECKING:
    from lab import Lab

ADMIN = ("dba", "correct-horse")
RUNTIME = "-DQuestDB-Runtime-66535"


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A jar started by hand beside a Java of the host, unless a flag says otherwise."""
    name: str
    gate: str = "verify"
    struck: str = "apply"               # the call a kill strikes
    after_apply: bool = False           # an undisturbed apply comes before it
    held: bool = False                  # apply does what needs no window and waits
    archive: bool = False               # versioned archives behind a link, the launcher follows the link
    mounted: bool = False               # the root is a mount point
    script: bool = False                # started and stopped by the operator's own commands: the jars exchange names
    enterprise: bool = False            # to the other edition: server.conf is edited, an administrator is named
    unit: bool = False                  # a unit of a systemd that boots for each case
    lagging: bool = False               # the WAL is not applied when the server stops
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def apply_flags(self) -> tuple[str, ...]:
        return ("--hold",) if self.held else ()

    @property
    def environment(self) -> dict[str, str]:
        return {"DOUBLE_HOLD_WAL": "yes", "DOUBLE_WHEN": "9.0.3"} if self.lagging else {}

    @property
    def login(self) -> str:
        """Of the new world; the old one is open and does not look at it."""
        return ":".join(ADMIN) if self.enterprise else ""

    @property
    def new_version(self) -> str:
        return "3.2.4" if self.enterprise else "9.3.4"

    # ---- what stands on the disk

    def install(self, lab: Lab) -> None:
        from lab import OLD, run
        double, programs = lab.builds.double, lab.world / "opt"
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
        from lab import run
        double, edition = lab.builds.double, "EE" if self.enterprise else "OSS"
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


SCENARIOS = {s.name: s for s in (
    Scenario("jar"),
    Scenario("open", gate="none"),
    Scenario("link", archive=True),
    Scenario("mount", mounted=True),
    Scenario("script", script=True),
    Scenario("edition", archive=True, enterprise=True),
    Scenario("lag", lagging=True),
    Scenario("hold", held=True),
    Scenario("held", held=True, struck="resume", after_apply=True),
    Scenario("back", struck="rollback", after_apply=True),
    Scenario("unit", unit=True),
)}
