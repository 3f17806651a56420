"""SFTPGo's installations: a stand-in on SQLite (tests/fakes/sftpgo_double), or real servers (tests/real) on each kind of database where
a scenario says so."""

from __future__ import annotations

import dataclasses
import functools
import http.client
import json
import pathlib
import socket
import time
import typing

import sftpgo_stores
from lab import Lab, Scenario, run

HTTP_PORT, SFTP_PORT = 8080, 2022
OLD, NEW = "2.6.4", "2.7.5"
TESTS = sftpgo_stores.TESTS
# Of the secrets in what a real 2.6.4 left.
MASTER_KEY = "my-master-key"


@functools.cache
def no_builds() -> str:
    """Why no real server can be had on this machine, or nothing."""
    made = [run(TESTS / "real/sftpgo.sh", "build", version, check=False) for version in (OLD, NEW)]
    return "".join(each.stderr.strip().split("\n")[-1] for each in made if each.returncode)


class SftpgoLab(Lab):
    old, new = OLD, NEW
    schema: typing.ClassVar[dict[str, int]] = {"old": 29, "new": 33}
    http_port = HTTP_PORT
    saves = False                   # a run saves something by the old server's API
    left_out = ("sftpgo.db",)       # see contents()

    @functools.cached_property
    def store(self) -> sftpgo_stores.Store:
        return sftpgo_stores.STORES[self.scenario.driver](self)

    @property
    def programs(self) -> pathlib.Path:
        """The directory that holds the program, as the launcher names it."""
        return self.root if self.scenario.mixed else self.world / "opt/sftpgo"

    # ---- making it

    def install(self) -> None:
        scenario = self.scenario
        (self.world / "opt").mkdir()
        self.root.mkdir(mode=0o750)
        if scenario.link:
            scenario.make_build(self, self.old, self.world / f"opt/sftpgo-{self.old}")
            self.programs.symlink_to(f"sftpgo-{self.old}")
        else:
            scenario.make_build(self, self.old, self.programs)
        scenario.make_artifact(self)
        self.make_configuration()
        self.store.make()
        self.make_files()

    def seed(self) -> None:
        self.store.seed()

    def prepare(self) -> None:
        super().prepare()
        self.store.keep()

    def fill(self) -> None:
        super().fill()
        self.store.fill()

    def make_configuration(self) -> None:
        binding = {"address": "127.0.0.1"}
        web = {"enable_web_admin": False, "enable_web_client": False, "render_openapi": False}
        document = {
            "sftpd": {"bindings": [{"port": SFTP_PORT, **binding}]},
            "httpd": {"bindings": [{"port": HTTP_PORT, **binding, **web}]},
            "common": {"event_manager": {"enabled_commands": ["/usr/bin/true"]}},
            "data_provider": {**self.store.provider(), "create_default_admin": True, "users_base_dir": f"{self.root}/data"},
            "kms": {"secrets": {"master_key_path": f"{self.root}/master.key"}},
            "smtp": {"templates_path": f"{self.programs}/templates"},
        }
        (self.root / "sftpgo.json").write_text(json.dumps(document, indent=2))
        (self.root / "env.d").mkdir()
        (self.root / "env.d/admin.env").write_text("SFTPGO_DEFAULT_ADMIN_USERNAME=admin\n"
                                                   f"SFTPGO_DEFAULT_ADMIN_PASSWORD='{sftpgo_stores.PASSWORD}'\n")
        (self.root / "master.key").write_text(MASTER_KEY)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.root / "id_ed25519")     # a real server makes the others

    def make_files(self) -> None:
        """Users' files: below the configuration directory, which leaves them out of the restore point, and beside it."""
        for place in ("root/data/user-00001", "root/data/user-00002/in", "srv/folders/1"):
            (self.world / place).mkdir(parents=True)
            (self.world / place / "upload.txt").write_text(f"what a user put into {place}\n")

    # ---- the server

    def ask(self, path: str, body: str | None = None) -> tuple[int, str]:
        """Status, and what the server calls itself."""
        connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=30)
        try:
            connection.request("POST" if body else "GET", path, body)
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers.get("Server", "")
        finally:
            connection.close()

    def banner(self) -> str:
        with socket.create_connection(("127.0.0.1", SFTP_PORT), timeout=30) as connection:
            return connection.makefile("r").readline().strip()

    def serving(self) -> bool:
        try:
            return self.ask("/healthz")[0] == 200 and self.banner().startswith("SSH-2.0-")
        except (OSError, http.client.HTTPException):
            return False

    def write_until_refused(self, acknowledged: set[int], writer: int) -> None:
        """An administrator who adds users."""
        for n in range(1, 100_000):
            try:
                if self.ask("/api/v2/users", json.dumps({"username": f"w{writer}-{n}"}, separators=(",", ":")))[0] != 201:
                    return
            except (OSError, http.client.HTTPException):
                return
            acknowledged.add(n)
            time.sleep(0.001)

    # ---- what it holds

    def contents(self) -> str:
        return self.store.contents()

    def facts_wrong(self, world: str) -> list[str]:
        wrong, version = [], self.new if world == "new" else self.old
        for said in (self.ask("/healthz")[1], self.banner()):
            if not said.endswith(version):
                wrong.append(f"the server is not {version}: {said}")
        if (schema := self.store.schema()) != self.schema[world]:
            wrong.append(f"the schema is {schema}")
        if self.store.objects() != self.store.objects_kept():
            wrong.append("users, folders, shares, administrators or API keys differ from those of the template")
        return wrong

    def acknowledged_missing(self, writer: int, sequence: set[int]) -> list[str]:
        [found] = self.store.rows("SELECT username FROM users")
        lost = sorted(n for n in sequence if (f"w{writer}-{n}",) not in found)
        return [f"acknowledged users lost: {lost[:10]} ({len(lost)} of {len(sequence)})"] if lost else []


@dataclasses.dataclass(frozen=True)
class Sftpgo(Scenario):
    """A plain process on SQLite, the program in a directory that exchanges names, unless a flag says otherwise."""
    lab: typing.ClassVar[type[Lab]] = SftpgoLab
    driver: str = "sqlite"              # of the data provider; real servers where it is another
    link: bool = False                  # versioned directories behind a link that the launcher follows
    mixed: bool = False                 # program and data in one directory: entries exchange names

    @property
    def environment(self) -> dict[str, str]:
        return {"SFTPGO_LOG_FILE_PATH": ""}

    def impossible(self) -> str:
        return (self.real and no_builds()) or sftpgo_stores.impossible(self.driver)

    def make_build(self, lab: SftpgoLab, version: str, to: pathlib.Path) -> None:
        """What the vendor's archive holds; of a real one as much as a server without web pages needs."""
        if not self.real:
            run(lab.builds.sftpgo, "install", to, version)
            return
        build = run(TESTS / "real/sftpgo.sh", "build", version).stdout.strip()
        to.mkdir(exist_ok=True)
        run("cp", "-r", f"{build}/sftpgo", f"{build}/templates", to)

    def make_artifact(self, lab: SftpgoLab) -> None:
        """Flat, as the vendor packs it, or below one top directory."""
        build = lab.outside / f"sftpgo-{lab.new}"
        self.make_build(lab, lab.new, build)
        inside = [build.name] if self.link else [path.name for path in sorted(build.iterdir())]
        run("tar", "-C", build.parent if self.link else build, "-I", "gzip -1", "-cf", self.artifact(lab), *inside)
        run("rm", "-rf", build)

    def artifact(self, lab: SftpgoLab) -> pathlib.Path:
        return lab.outside / f"sftpgo_v{lab.new}_linux_x86_64.tar.gz"

    def command(self, lab: SftpgoLab) -> list[str]:
        log = ["-l", str(lab.home / "server.log")] if self.real else []
        return [str(lab.programs / "sftpgo"), "serve", "-c", str(lab.root), *log]

    def goal(self, lab: SftpgoLab) -> dict:
        return {"crossgrade": 1, "product": "sftpgo", "source": {"root": str(lab.root)},
                "target": {"artifact": str(self.artifact(lab))}, "settings": {"gate": self.gate}}


def on(driver: str) -> tuple[Sftpgo, ...]:
    """Real servers on another database, forward and back."""
    plain = Sftpgo(f"sftpgo-{driver}", real=True, driver=driver, weight=0.35, cuts=0.3)
    return plain, dataclasses.replace(plain, name=f"{plain.name}-back", struck="rollback", after_apply=True)


SCENARIOS = (
    Sftpgo("sftpgo", weight=2.6, cuts=1),
    Sftpgo("sftpgo-link", link=True, weight=1.2),
    Sftpgo("sftpgo-mixed", mixed=True, weight=1.2),
    Sftpgo("sftpgo-open", gate="none", weight=1.2),
    Sftpgo("sftpgo-held", link=True, held=True, struck="resume", after_apply=True, weight=1.2),
    Sftpgo("sftpgo-back", struck="rollback", after_apply=True, weight=1.2, cuts=1),
    Sftpgo("sftpgo-real", real=True, weight=0.4),
    Sftpgo("sftpgo-real-back", real=True, struck="rollback", after_apply=True, weight=0.4),
    *on("bolt"), *on("postgresql"), *on("mysql"),
)
