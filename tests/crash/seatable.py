"""SeaTable from Developer to Enterprise Edition and the other way, behind the proxy of its project: docker, server and proxy are stand-ins
(tests/fakes/docker); MariaDB is real, one a worker, and is asked as if it ran in a container. Databases keep their own power."""

from __future__ import annotations

import dataclasses
import functools
import http.client
import json
import pathlib
import subprocess
import typing

import sftpgo_stores
from containers import DOCKERD, Contained, image_record
from lab import Call, Lab, Scenario

TESTS = sftpgo_stores.TESTS
SERVER, PROXY = DOCKERD.parent / "seatable_server.py", DOCKERD.parent / "seatable_proxy.py"
SQL = TESTS / "fakes/seatable/image/server/sql"
DEVELOPER, ENTERPRISE = ("developer", "6.1.0"), ("enterprise", "6.1.8")
HTTP_PORT, DOOR = 80, 8080       # of the server's container, and of the proxy that clients come through
PASSWORD = "pass-db"
SCHEMAS = {"dtable_db": "dtable.sql", "ccnet_db": "ccnet.sql", "seafile_db": "seafile.sql"}
EDITS = 3               # in operation_log of the old world
EDIT = "of-a-user-since-the-switch"
LICENSE = "seatable-license.txt"
PUT_BACK = "put back from their dumps"      # what crossgrade says when it did

ENV = f"""# as the vendor's
COMPOSE_FILE='seatable-server.yml'
COMPOSE_PATH_SEPARATOR=','
SEATABLE_IMAGE='seatable/seatable-{{}}:{{}}'
TIME_ZONE='UTC'
SEATABLE_SERVER_HOSTNAME='seatable.test'
MARIADB_PASSWORD='{PASSWORD}'
REDIS_PASSWORD='pass-redis'
"""
EARLIER = "SEATABLE_IMAGE='seatable/seatable-developer:6.0.0'\n"     # an assignment that does not win
LICENSE_TEXT = """#SeaTable server licence
Name = "Tests Ltd"
Licencetype = "User"
LicenceKEY = "0123456789abcdef"
ProductID = "SeaTable server"
Expiration = "2099-12-31"
MaxUsers = "25"
Mode = "subscription"
Hash = "{hash}"
""".format(hash="ab" * 256)


class SeatableLab(Contained):
    left_out = (".crossgrade-seatable",)        # our own store, beside the data folders

    @property
    def sides(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Edition and version, old and new."""
        return (ENTERPRISE, DEVELOPER) if self.scenario.to_developer else (DEVELOPER, ENTERPRISE)

    @property
    def old(self) -> str:
        return self.sides[0][1]

    @property
    def new(self) -> str:
        return self.sides[1][1]

    @property
    def data(self) -> pathlib.Path:
        return self.world / "data"

    @functools.cached_property
    def socket(self) -> str:
        return f"{sftpgo_stores.server('mysql')}/s.sock"

    @property
    def envs(self) -> tuple[str, str]:
        """.env of both sides."""
        old, new = (ENV.format(*side) for side in self.sides)
        if not self.scenario.odd:
            return old, new
        return EARLIER + old, "".join(line for line in old.splitlines(keepends=True) if not line.startswith("SEATABLE_IMAGE="))

    # ---- the databases

    def client(self, program: str, *words: str, told: str = "") -> str:
        done = subprocess.run([program, "--no-defaults", "-u", "root", "-S", self.socket, *words], input=told, capture_output=True, text=True,
                              check=False)
        if done.returncode:
            raise RuntimeError(f"{program} {' '.join(words)}: {done.stderr[-1000:]}")
        return done.stdout

    def dump(self, *words: str) -> str:
        return self.client("mariadb-dump", "--skip-comments", "--hex-blob", *words, "--databases", *SCHEMAS)

    def make_databases(self) -> None:
        rows = "".join(f"INSERT INTO operation_log VALUES ({n}, 'b{n}', {1_767_300_000_000 + n}, 'edit {n}', 'a@seatable.test');\n"
                       for n in range(1, EDITS + 1))
        for name, file in SCHEMAS.items():
            self.client("mariadb", told=f"DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4; USE {name};\n"
                        + (SQL / file).read_text() + (rows if name == "dtable_db" else ""))

    def use(self) -> None:
        self.client("mariadb", "dtable_db", told="INSERT INTO operation_log (dtable_uuid, op_time, operation, author) VALUES "
                    f"('b1', 1767400000000, '{EDIT}', 'b@seatable.test');")

    # ---- the installation

    def install_files(self) -> None:
        self.root.mkdir()
        conf = self.data / "seatable/conf"
        for name in ("storage-data", "seafile-data", "seahub-data", "conf"):
            (self.data / "seatable" / name).mkdir(parents=True)
        (self.data / "seatable/storage-data/base.bin").write_bytes(b"what a user attached\n")
        (conf / "dtable_web_settings.py").write_text("SECRET_KEY = 'x'\nPLUGINS_REPO_ID = '6b8e8d5b'\n")
        (conf / "current_version.txt").write_text(f"{self.old}\n")
        (self.root / ".env").write_text(self.envs[0])
        if self.scenario.odd and self.scenario.to_developer:
            (self.data / "seatable/db-data/0f0a").mkdir(parents=True)
        if self.scenario.odd and not self.scenario.to_developer:
            for place in (self.root, self.data / "seatable"):
                (place / LICENSE).mkdir()
        else:
            (self.data / f"seatable/{LICENSE}").write_text("")
            (self.root / LICENSE).write_text(LICENSE_TEXT if self.scenario.to_developer else "")
        (self.root / "seatable-server.yml").write_text(json.dumps({"services": self.scenario.services(self)}, indent=2))
        (self.outside / LICENSE).write_text(LICENSE_TEXT)
        (self.outside / LICENSE).chmod(0o600)
        self.make_databases()
        (self.docker_home / "real.json").write_text(json.dumps({"socket": self.socket, "password": PASSWORD, "port": HTTP_PORT}))

    def prepare(self) -> None:
        super().prepare()
        self.databases = self.dump("--add-drop-database")

    def fill(self) -> None:
        super().fill()
        self.client("mariadb", told=self.databases)

    # ---- the server

    def start_old(self) -> None:
        for one in self.containers():
            self.docker("container", "start", one["Id"])
        self.wait_serving()

    def ask(self) -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", DOOR, timeout=60)
        try:
            connection.request("GET", "/server-info/")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def serving(self) -> bool:
        try:
            return "version" in self.ask()
        except (OSError, ValueError, http.client.HTTPException):
            return False

    def facts_wrong(self, world: str) -> list[str]:
        edition, version = self.sides[world == "new"]
        said = self.ask()
        wrong = [] if said == {"version": version, "edition": f"{edition} edition"} else [f"the server is not {edition} {version}: {said}"]
        down = [f"{one['Name']} does not run" for one in self.containers() if not one["State"]["Running"]]
        return wrong + down + self.edits_wrong()

    def edits_wrong(self) -> list[str]:
        """What users wrote since the switch is there; or its loss was told, and it is in a dump."""
        if not self.scenario.flags:
            return []
        found = EDIT in self.client("mariadb", "-N", "-B", "-e", "SELECT operation FROM dtable_db.operation_log")
        if any(PUT_BACK in call.out + call.err for call in self.calls) == found:
            return [f"the edit is {'there' if found else 'gone'}, and the calls told another story"]
        kept = [path for path in self.world.glob(".crossgrade-root/*/gone-*-dtable_db.sql") if EDIT.encode().hex().upper() in
                path.read_text() or EDIT in path.read_text()]
        return [] if found or kept else ["the edit is gone, and no dump holds it"]

    def not_durable(self, struck: Call) -> list[str]:
        """The project's files are old or new, and dumps that are said to be taken can be loaded."""
        without = None if self.scenario.odd else ""         # a folder, or nothing
        may_be = {".env": self.envs, LICENSE: (LICENSE_TEXT, LICENSE_TEXT if self.scenario.to_developer else without)}
        found = {name: path.read_text() if (path := self.root / name).is_file() else None for name in may_be}
        wrong = [f"{name} is neither old nor new" for name, texts in may_be.items() if found[name] not in texts]
        if not struck.begun("dump", "done"):
            return wrong
        [point] = self.world.glob(".crossgrade-root/*/dtable_db.sql")
        for name in SCHEMAS:
            self.client("mariadb", told="DROP DATABASE IF EXISTS scratch; CREATE DATABASE scratch; USE scratch;\n"
                        + (point.parent / f"{name}.sql").read_text() + "DROP DATABASE scratch;\n")
        return wrong

    def contents(self) -> str:
        """Of the log of edits see edits_wrong()."""
        return super().contents() + self.dump("--ignore-table=dtable_db.operation_log")


@dataclasses.dataclass(frozen=True)
class Seatable(Scenario):
    lab: typing.ClassVar[type[Lab]] = SeatableLab
    patient: bool = True
    slow: bool = True
    to_developer: bool = False
    odd: bool = False       # by the yml's default, with several assignments; a folder for a licence, or archived rows
    settings: tuple[tuple[str, str], ...] = ()          # of the goal, beside the licence
    point: str = "tree"                                 # kind of the restore point

    @property
    def apply_flags(self) -> tuple[str, ...]:
        lost = [*(["permissions"] if self.to_developer else []), *(["archived-rows"] if self.to_developer and self.odd else []),
                *(["no-return"] if self.point == "external" else [])]
        return super().apply_flags + tuple(word for item in lost for word in ("--accept-loss", item))

    @property
    def comes_up(self) -> bool:
        return True

    def impossible(self) -> str:
        return sftpgo_stores.impossible("mysql")

    def images(self, lab: SeatableLab) -> list[dict]:
        servers = [image_record(f"seatable/seatable-{edition}:{version}", [str(SERVER), str(lab.root), str(HTTP_PORT), edition, version,
                                lab.socket], [f"server_version={version}"]) for edition, version in reversed(lab.sides)]
        proxy = image_record("caddy:2.10.2", [str(PROXY), str(lab.root), str(DOOR), str(HTTP_PORT)], [])
        return [*servers, proxy, *(image_record(name, ["serve"], [], runs=False) for name in ("mariadb:11.8.5-noble", "redis:8.4.0-bookworm"))]

    def services(self, lab: SeatableLab) -> dict:
        def bind(source: pathlib.Path, target: str, create: bool = True) -> dict:
            return {"type": "bind", "source": str(source), "target": target, "bind": {"create_host_path": create}}
        environment = {"SEATABLE_MYSQL_DB_HOST": "mariadb", "SEATABLE_MYSQL_DB_PORT": "3306", "SEATABLE_MYSQL_DB_USER": "root",
                       "SEATABLE_MYSQL_DB_PASSWORD": "${MARIADB_PASSWORD}", "SEATABLE_MYSQL_DB_DTABLE_DB_NAME": "dtable_db",
                       "SEATABLE_MYSQL_DB_CCNET_DB_NAME": "ccnet_db", "SEATABLE_MYSQL_DB_SEAFILE_DB_NAME": "seafile_db", "REDIS_HOST": "redis",
                       "REDIS_PASSWORD": "${REDIS_PASSWORD}", "SEATABLE_SERVER_HOSTNAME": "${SEATABLE_SERVER_HOSTNAME}",
                       "SEATABLE_SERVER_PROTOCOL": "http", "TIME_ZONE": "${TIME_ZONE}"}
        ports = [{"mode": "ingress", "host_ip": "127.0.0.1", "target": 80, "published": str(DOOR), "protocol": "tcp"}]
        edition, version = lab.sides[1] if self.odd else ENTERPRISE
        return {"seatable-server": {"image": f"${{SEATABLE_IMAGE:-seatable/seatable-{edition}:{version}}}", "restart": "unless-stopped",
                                    "container_name": "seatable-server", "environment": environment,
                                    "networks": {"default": {"ipv4_address": "127.0.0.1"}},
                                    "volumes": [bind(lab.data, "/shared"),
                                                bind(lab.root / LICENSE, f"/shared/seatable/{LICENSE}", create=False)]},
                "mariadb": {"image": "mariadb:11.8.5-noble", "restart": "unless-stopped", "container_name": "mariadb",
                            "environment": {"MYSQL_ROOT_PASSWORD": "${MARIADB_PASSWORD}"}},
                "caddy": {"image": "caddy:2.10.2", "restart": "unless-stopped", "container_name": "caddy", "ports": ports},
                "redis": {"image": "redis:8.4.0-bookworm", "restart": "unless-stopped", "container_name": "redis"}}

    def make_containers(self, lab: SeatableLab) -> None:
        lab.compose_up(lab.root.name, lab.root / "seatable-server.yml", "seatable-server", "mariadb", "redis", "caddy")

    def is_server(self, container: dict) -> bool:
        return container["Config"]["Labels"].get("com.docker.compose.service") == "seatable-server"

    def goal(self, lab: SeatableLab) -> dict:
        return {"crossgrade": 1, "product": "seatable", "source": {"root": str(lab.root)},
                "target": {"edition": lab.sides[1][0], "version": lab.new, "image_archive": str(lab.outside / "image.tar"),
                           **({"image": "default"} if self.odd else {})},
                "restore_point": {"kind": self.point},
                "settings": {**({} if self.to_developer else {"license_file": str(lab.outside / LICENSE)}), **dict(self.settings)}}


SCENARIOS = (
    Seatable("seatable", weight=0.25, cuts=0.15),
    Seatable("seatable-developer", to_developer=True, weight=0.15, cuts=0.1),
    Seatable("seatable-stopped", settings=(("dump", "stopped"),), weight=0.15, cuts=0.1),
    Seatable("seatable-ungated", settings=(("gate", "none"),), weight=0.15, cuts=0.1),
    Seatable("seatable-external", point="external", weight=0.15, cuts=0.1),
    Seatable("seatable-odd", odd=True, weight=0.15, cuts=0.1),
    Seatable("seatable-odd-developer", odd=True, to_developer=True, weight=0.15, cuts=0.1),
    Seatable("seatable-back", struck="rollback", after_apply=True, weight=0.15),
    Seatable("seatable-stopped-back", struck="rollback", settings=(("dump", "stopped"),), after_apply=True, weight=0.15),
    Seatable("seatable-ungated-back", struck="rollback", settings=(("gate", "none"),), after_apply=True, weight=0.15),
    Seatable("seatable-external-back", struck="rollback", point="external", after_apply=True, weight=0.15),
    Seatable("seatable-developer-back", struck="rollback", to_developer=True, after_apply=True, weight=0.15, cuts=0.1),
    Seatable("seatable-odd-back", struck="rollback", odd=True, after_apply=True, weight=0.15, cuts=0.1),
    Seatable("seatable-data-back", struck="rollback", flags=("--restore-data", "--accept-loss", "new-writes"), after_apply=True, weight=0.25,
             cuts=0.15),
)
