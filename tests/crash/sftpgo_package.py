"""SFTPGo as a Debian package, a unit of a booted systemd: packages of the stand-in, installed by dpkg itself. What dpkg changes lies
in the lab, for it outlives the booted system: its database, /usr/bin above a layer that nobody writes to, and the package's own files.

The maintainer scripts start the unit again, as the vendor's do. One that finds a file of its name in the lab kills dpkg, once."""

from __future__ import annotations

import atexit
import dataclasses
import json
import pathlib
import signal
import typing

from lab import Lab, run
from sftpgo import NEW, OLD, SFTP_PORT, Sftpgo, SftpgoLab
from unit import Booted

SCRIPT = """#!/bin/sh
if [ -e {trap} ]; then
	rm {trap}
	kill -9 $PPID
fi
{then}
"""
RESTART = "[ ! -d /run/systemd/system ] || systemctl restart sftpgo.service || true"
# dpkg runs them in this order: before the new files are unpacked, when they are, when it configures.
SCRIPTS = {"preinst": "", "postrm": "", "postinst": RESTART}
FILES = 12                  # beside the program


class PackageLab(Booted, SftpgoLab):
    """By dpkg; what another manager does otherwise is said below "the manager"."""
    unit = "sftpgo.service"
    beside = ".dpkg-dist"       # what it lays beside a configuration file that it keeps
    left_out = (
        *SftpgoLab.left_out,
        "status-old",       # dpkg's, of the state before
        "lock-frontend",    # made by who takes it first
    )

    @property
    def programs(self) -> pathlib.Path:
        return pathlib.Path("/usr/bin")

    @property
    def layers(self) -> pathlib.Path:
        return self.home / "bin"

    def own(self) -> list[str]:
        return [f"/usr/bin={self.layers}/merged", f"/var/lib/dpkg={self.world}/dpkg"]

    def boot(self) -> None:
        for name in ("merged", "work"):
            (self.layers / name).mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={self.tree()}/usr/bin,upperdir={self.world}/bin,workdir={self.layers}/work", self.layers / "merged")
        super().boot()

    def power_off(self) -> None:
        was_on = self.init
        super().power_off()
        if was_on:
            run("umount", "-l", self.layers / "merged")

    # ---- making it

    def prepare(self) -> None:
        """The package comes in by dpkg, into a system that runs."""
        self.home.mkdir(parents=True, exist_ok=True)
        run("find", self.home, "-mindepth", "1", "-delete", check=False)
        for each in (self.world, self.outside, self.world / "bin", self.world / "opt"):
            each.mkdir(parents=True)
        self.make_database()
        for version in (OLD, NEW):
            self.make_package(version)
        (self.outside / "migration.yaml").write_text(json.dumps(self.scenario.goal(self)))
        self.root.mkdir(mode=0o750)
        self.make_configuration()
        self.store.make()
        self.make_files()
        self.write_unit()
        self.boot()
        atexit.register(self.power_off)
        self.install_by_hand(self.package(OLD))
        (self.root / f"sftpgo.json{self.beside}").unlink()
        self.start_old()
        self.end_servers(signal.SIGTERM)
        self.power_off()
        run("cp", "-a", self.world, self.template)

    def trap(self, script: str) -> pathlib.Path:
        return self.home / f"kill-in-{script}"

    def make_package(self, version: str) -> None:
        """With a configuration file that the operator edited since."""
        tree = self.outside / "tree"
        for name in ("usr/bin", f"./{self.root}", f"./{self.world}/opt/sftpgo"):
            (tree / name).mkdir(parents=True)
        build = self.outside / "build"
        run(self.builds.sftpgo, "install", build, version)
        run("cp", build / "sftpgo", tree / "usr/bin")
        run("cp", "-r", build / "templates", build / "static", tree / f"./{self.world}/opt/sftpgo")
        for n in range(FILES):
            (tree / f"./{self.world}/opt/sftpgo/static/{n}.css").write_text(f"of {version}\n")
        (tree / f"./{self.world}/opt/sftpgo/static/only-{version}.css").write_text("of no other\n")
        (tree / f"./{self.root}/sftpgo.json").write_text(f'{{"shipped with": "{version}"}}\n')
        self.pack(tree, version)
        run("rm", "-rf", tree, build)

    # ---- the manager

    def make_database(self) -> None:
        """Of nothing that is installed."""
        dpkg = self.world / "dpkg"
        for name in ("info", "updates", "triggers", "alternatives", "parts"):
            (dpkg / name).mkdir(parents=True)
        (dpkg / "info/format").write_text("1\n")
        (dpkg / "status").write_text("")

    def install_by_hand(self, package: pathlib.Path) -> None:
        self.inside("dpkg", "--force-confold", "--install", package)

    def package(self, version: str) -> pathlib.Path:
        return self.outside / f"sftpgo_{version}-1_all.deb"

    def pack(self, tree: pathlib.Path, version: str) -> None:
        """The files of a tree."""
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN/conffiles").write_text(f"{self.root}/sftpgo.json\n")
        (tree / "DEBIAN/control").write_text(f"Package: sftpgo\nVersion: {version}-1\nArchitecture: all\nMaintainer: x\nDescription: x\n")
        for name, then in SCRIPTS.items():
            script = tree / "DEBIAN" / name
            script.write_text(SCRIPT.format(trap=self.trap(name), then=then))
            script.chmod(0o755)
        run("dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, self.package(version))

    def says(self, version: str) -> list[str]:
        """What is wrong in its own words: the package of that version, configured, every file of it as packed; and its wish."""
        said = self.inside("dpkg-query", "-W", "-f", "${Version} ${db:Status-Abbrev}", "sftpgo", check=False).stdout
        return [] if said == f"{version}-1 ii " else [f"dpkg says '{said}'"]

    def verifies(self) -> str:
        return self.inside("dpkg", "--verify", "sftpgo", check=False).stdout

    # ---- the server

    def ask(self, path: str, body: str | None = None) -> tuple[int, str]:
        code, server = self.curl(path, body, "%{http_code} %header{server}").rsplit("\n", 1)[1].split(" ", 1)
        return int(code), server

    def banner(self) -> str:
        done = run("nsenter", "-t", str(self.init), "-n", "timeout", "30", "bash", "-c",
                   f"head -n 1 </dev/tcp/127.0.0.1/{SFTP_PORT}", check=False)
        if done.returncode:
            raise OSError(done.stderr)
        return done.stdout.strip()

    def facts_wrong(self, world: str) -> list[str]:
        """The manager's word, too."""
        wrong = super().facts_wrong(world) + self.says(NEW if world == "new" else OLD)
        if odd := [line for line in self.verifies().splitlines() if " c " not in line]:
            wrong.append(f"changed files: {odd}")
        return wrong


@dataclasses.dataclass(frozen=True)
class Package(Sftpgo):
    lab: typing.ClassVar[type[Lab]] = PackageLab
    unit: bool = True

    def command(self, lab: PackageLab) -> list[str]:
        return ["/usr/bin/sftpgo", "serve", "-c", str(lab.root)]

    def goal(self, lab: PackageLab) -> dict:
        return {"crossgrade": 1, "product": "sftpgo", "source": {"root": str(lab.root), "package_file": str(lab.package(OLD))},
                "target": {"artifact": str(lab.package(NEW))}, "settings": {"gate": self.gate}}


SCENARIOS = (
    Package("sftpgo-package", weight=0.6),
    Package("sftpgo-package-back", struck="rollback", after_apply=True, weight=0.6),
)
