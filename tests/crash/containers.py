"""Servers in containers: QuestDB's stand-in alone and as a service of a Compose project, on the stand-in for docker
(tests/fakes/docker). Docker's records lie outside of what a power cut takes: it keeps its own promises."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import typing

from lab import Lab, run
from questdb import HTTP_PORT, MIN_PORT, NEW, OLD, RUNTIME, Questdb, QuestdbLab

DOCKERD = pathlib.Path(__file__).resolve().parent.parent / "fakes/docker/dockerd"
RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
PROJECT, SERVICE, BESIDE = "shop", "db", "web"


def image_record(name: str, command: list[str], environment: list[str], runs: bool = True) -> dict:
    """As the stand-in keeps one; runs: its command is a program of this host."""
    return {"Id": f"sha256:{hashlib.sha256(name.encode()).hexdigest()}", "RepoTags": [name], "Runs": runs, "Architecture": "amd64", "Os": "linux",
            "Size": 1 << 20, "Config": {"Env": environment, "Entrypoint": None, "Cmd": command, "User": "", "Labels": {}}}


class Contained(Lab):
    """Stands before a product's lab."""

    def __init__(self, *args, **more) -> None:
        super().__init__(*args, **more)
        self.docker_home = self.home / "docker"
        self.daemon: subprocess.Popen | None = None
        self.kept = ""                  # docker's records of the old world

    # ---- docker

    def call_environment(self) -> dict[str, str]:
        return super().call_environment() | {"CROSSGRADE_DOCKER": str(self.builds.docker), "DOCKER_CONFIG": str(self.docker_home)}

    def docker(self, *argv: str | pathlib.Path, told: str = "") -> str:
        done = subprocess.run([self.builds.docker, *argv], input=told, capture_output=True, text=True, check=False,
                              env=self.call_environment())
        if done.returncode:
            raise RuntimeError(f"docker {' '.join(map(str, argv))} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def post(self, path: str, body: dict) -> None:
        text = json.dumps(body)
        self.docker("system", "dial-stdio", told=f"POST {path} HTTP/1.0\r\nContent-Length: {len(text)}\r\n\r\n{text}")

    def containers(self) -> list[dict]:
        ids = self.docker("container", "ls", "--all", "--format", "{{.ID}}").split()
        return sorted(json.loads(self.docker("container", "inspect", "--", *ids)), key=lambda one: one["Name"])

    def server(self) -> dict:
        """Of a Compose service there is one, whatever it is called."""
        [own] = [one for one in self.containers() if self.scenario.is_server(one)]
        return own

    def compose_up(self, project: str, file: pathlib.Path, server: str, *others: str) -> None:
        """Makes the containers of a project, and starts all but the server's."""
        for service in (server, *others):
            self.docker("compose", "--project-name", project, "--project-directory", file.parent, "--file", file, "up", "--no-start",
                        "--no-deps", "--pull", "never", service)
        for one in self.containers():
            if not self.scenario.is_server(one):
                self.docker("container", "start", one["Id"])

    def start_daemon(self) -> None:
        self.end_daemon()
        self.daemon = subprocess.Popen([DOCKERD], env=self.call_environment(), stdin=subprocess.DEVNULL, start_new_session=True)
        until = time.monotonic() + 60
        while run(self.builds.docker, "info", check=False, env=self.call_environment()).returncode:
            if time.monotonic() > until:
                raise RuntimeError("docker's stand-in does not answer")
            time.sleep(0.1)

    def end_daemon(self) -> None:
        """With the calls that it still carries out; what runs in containers is in groups of its own."""
        if self.daemon:
            os.killpg(self.daemon.pid, signal.SIGKILL)
            self.daemon.wait()
            self.daemon = None

    def write_records(self, text: str) -> None:
        (self.docker_home / "state.json").write_text(text)
        for name in ("away", "misbehave"):
            (self.docker_home / name).unlink(missing_ok=True)

    # ---- the installation

    def install(self) -> None:
        self.docker_home.mkdir()
        new, *old = self.scenario.images(self)
        self.write_records(json.dumps({"made": 0, "images": old, "registry": [new], "containers": []}))
        (self.outside / "image.tar").write_text(json.dumps(new))
        self.start_daemon()
        self.install_files()
        self.scenario.make_containers(self)

    def install_files(self) -> None:
        raise NotImplementedError

    def prepare(self) -> None:
        self.end_daemon()
        super().prepare()
        self.kept = (self.docker_home / "state.json").read_text()

    def fill(self) -> None:
        super().fill()
        self.write_records(self.kept)

    def start_old(self) -> None:
        self.docker("container", "start", self.server()["Id"])
        self.wait_serving()

    # ---- the machine

    def start_machine_again(self) -> None:
        self.end_daemon()
        super().start_machine_again()

    def services_start(self) -> None:
        self.start_daemon()

    def init_starts(self) -> None:
        pass                            # docker does, and did

    def held(self) -> bool:
        return not any(one["State"]["Running"] for one in self.containers() if self.scenario.is_server(one))

    # ---- what is there

    def ids_kept(self) -> dict[str, str]:
        return {one["Name"]: one["Id"] for one in json.loads(self.kept)["containers"]}

    def left_behind(self) -> list[str]:
        """Nobody but the server gets another container."""
        others = {one["Name"]: one["Id"] for one in self.containers() if not self.scenario.is_server(one)}
        return super().left_behind() + [f"container {name} is another one than it was" for name, was in self.ids_kept().items()
                                        if others.get(name, was) != was]

    def contents(self) -> str:
        """What docker holds, without the ids of containers: the one that Compose makes again has another."""
        lines = [json.dumps({key: one[key] for key in ("Name", "Image", "Config", "HostConfig", "Mounts", "NetworkSettings")},
                            sort_keys=True) for one in self.containers()]
        text = "\n".join([*lines, "images " + self.docker("image", "ls")])
        return super().contents() + RUN_ID.sub("RUN", text) + "\n"


class ContainerLab(Contained, QuestdbLab):
    def install_files(self) -> None:
        QuestdbLab.install(self)

    def facts_wrong(self, world: str) -> list[str]:
        """A lone one is the very one again."""
        wrong = super().facts_wrong(world)
        if world == "old" and not self.scenario.compose and [self.server()["Id"]] != list(self.ids_kept().values()):
            wrong.append("the old container is another one than it was")
        return wrong


@dataclasses.dataclass(frozen=True)
class Container(Questdb):
    """Alone, on two networks, the new image from a file; as a service of Compose it comes from a registry, and .env names it."""
    lab: typing.ClassVar[type[Lab]] = ContainerLab
    gate: str = "none"
    compose: bool = False

    @property
    def comes_up(self) -> bool:
        return True

    # ---- what stands on the disk

    def install(self, lab: ContainerLab) -> None:
        if not self.compose:
            return
        shop = lab.world / PROJECT
        shop.mkdir()
        ports = [{"mode": "ingress", "host_ip": "127.0.0.1", "target": port, "published": str(port), "protocol": "tcp"}
                 for port in (HTTP_PORT, MIN_PORT)]
        services = {SERVICE: {"image": "questdb/questdb:${QDB_TAG}", "restart": "always", "ports": ports,
                              "volumes": [{"type": "bind", "source": str(lab.root), "target": str(lab.root)}]},
                    BESIDE: {"image": "acme/web:1", "restart": "always"}}
        (shop / "compose.yaml").write_text(json.dumps({"services": services}, indent=2))
        (shop / ".env").write_text(f"# the database's tag\nQDB_TAG='{OLD}'\nOTHER=1\n")

    def images(self, lab: ContainerLab) -> list[dict]:
        """The new one first."""
        return [self.image(lab, NEW), self.image(lab, OLD), image_record("acme/web:1", ["serve"], [], runs=False)]

    def image(self, lab: ContainerLab, version: str) -> dict:
        programs = lab.outside / f"image-{version}"
        run(lab.builds.questdb, "make-install", programs, "--version", version)
        command = [f"{programs}/bin/java", RUNTIME, "-p", f"{programs}/questdb.jar", "-m", "io.questdb/io.questdb.ServerMain", "-d",
                   str(lab.root)]
        return image_record(f"questdb/questdb:{version}", command, [f"RELEASE={version}"])

    def make_containers(self, lab: ContainerLab) -> None:
        if self.compose:
            lab.compose_up(PROJECT, lab.world / PROJECT / "compose.yaml", SERVICE, BESIDE)
            return
        ports = {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}] for port in (HTTP_PORT, MIN_PORT)}
        lab.post(f"/containers/create?name={SERVICE}", {
            "Image": f"questdb/questdb:{OLD}", "Env": ["QDB_TELEMETRY_ENABLED=false"],
            "HostConfig": {"Binds": [f"{lab.root}:{lab.root}"], "NetworkMode": "front", "PortBindings": ports,
                           "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0}},
            "NetworkingConfig": {"EndpointsConfig": {"front": {"Aliases": ["quest"]}}}})
        lab.post("/networks/back/connect", {"Container": SERVICE, "EndpointConfig": {"Aliases": None}})

    def is_server(self, container: dict) -> bool:
        if self.compose:
            return container["Config"]["Labels"].get("com.docker.compose.service") == SERVICE
        return container["Name"] == f"/{SERVICE}"

    # ---- what is wanted

    def command(self, lab: ContainerLab) -> list[str]:
        return [str(lab.builds.docker), "container", "start", lab.server()["Id"]]

    def goal(self, lab: ContainerLab) -> dict:
        goal = {"crossgrade": 1, "product": "questdb", "source": {"root": str(lab.root)}, "settings": {"gate": self.gate},
                "target": {"image": f"questdb/questdb:{NEW}"}}
        if self.compose:
            goal["source"]["service"] = {"kind": "compose", "project": PROJECT, "service": SERVICE}
        else:
            goal["source"]["service"] = {"kind": "container", "name": SERVICE}
            goal["target"]["image_archive"] = str(lab.outside / "image.tar")
        return goal


SCENARIOS = (
    Container("compose", compose=True, weight=0.4, cuts=0.2),
    Container("compose-back", compose=True, struck="rollback", after_apply=True, weight=0.25),
    Container("container", weight=0.4, cuts=0.2),
    Container("container-back", struck="rollback", after_apply=True, weight=0.25),
)
