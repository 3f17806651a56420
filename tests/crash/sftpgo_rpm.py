"""SFTPGo as an RPM package, a unit of a booted systemd: packages of the stand-in, installed by rpm itself, its database in the lab.

The scriptlets are those of the .deb (sftpgo_package.py), under the names that rpm gives them."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import shutil
import subprocess
import typing

from lab import Lab, run
from sftpgo import NEW, OLD
from sftpgo_package import SCRIPT, RESTART, Package, PackageLab
from unit import SYSTEMD

PACKAGES = ("rpm", "dnf", "dnf-plugins-core", "createrepo-c")       # as the end-to-end tests have it: made once
# rpm runs them in this order: before the new files are unpacked, when they are, when the old ones are gone.
SCRIPTLETS = {"pre": "", "post": "", "postun": RESTART}
SPEC = """Name: sftpgo
Version: {version}
Release: 1
Summary: x
License: x
BuildArch: noarch
AutoReqProv: no
Provides: /bin/sh
%define _binary_payload w0.gzdio
%define __os_install_post %{{nil}}
%define debug_package %{{nil}}
%define _binaries_in_noarch_packages_terminate_build 0
%define _build_id_links none
%description
x
%files
/usr/bin/sftpgo
{world}/opt/sftpgo
%config(noreplace) {root}/sftpgo.json
{scriptlets}"""


@functools.cache
def made() -> subprocess.CompletedProcess:
    return run(SYSTEMD / "root.sh", *PACKAGES, check=False)


class RpmLab(PackageLab):
    beside = ".rpmnew"
    left_out = (
        *PackageLab.left_out,
        "rpmdb.sqlite", "rpmdb.sqlite-shm", "rpmdb.sqlite-wal",     # times and numbers of transactions; says() reads it
        ".rpm.lock",
    )

    def own(self) -> list[str]:
        return [f"/usr/bin={self.layers}/merged", f"/var/lib/rpm={self.world}/rpm", f"/etc/rpm={self.home}/rpm"]

    def tree(self) -> pathlib.Path:
        return pathlib.Path(made().stdout.strip())

    # ---- the manager

    def make_database(self) -> None:
        """Debian's rpm would have it in root's home."""
        (self.world / "rpm").mkdir()
        (self.home / "rpm").mkdir(exist_ok=True)
        (self.home / "rpm/macros").write_text("%_dbpath /var/lib/rpm\n")

    def install_by_hand(self, package: pathlib.Path) -> None:
        self.inside("rpm", "--install", package)

    def package(self, version: str) -> pathlib.Path:
        return self.outside / f"sftpgo-{version}-1.noarch.rpm"

    def pack(self, tree: pathlib.Path, version: str) -> None:
        scriptlets = "".join(f"%{name}\n{SCRIPT.format(trap=self.trap(name), then=then)}" for name, then in SCRIPTLETS.items())
        spec = self.outside / "spec"
        spec.write_text(SPEC.format(version=version, world=self.world, root=self.root, scriptlets=scriptlets))
        run("rpmbuild", "--quiet", "-bb", "--define", f"_topdir {self.outside}/rpmbuild", "--define", f"_rpmdir {self.outside}", "--define",
            "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm", "--buildroot", tree, spec)
        run("rm", "-rf", self.outside / "rpmbuild")

    def says(self, version: str) -> list[str]:
        said = self.inside("rpm", "--query", "--queryformat", "%{VERSION}-%{RELEASE}\n", "sftpgo", check=False).stdout
        return [] if said == f"{version}-1\n" else [f"rpm says '{said}'"]

    def verifies(self) -> str:
        return self.inside("rpm", "--verify", "--nodeps", "--noscripts", "sftpgo", check=False).stdout


@dataclasses.dataclass(frozen=True)
class Rpm(Package):
    lab: typing.ClassVar[type[Lab]] = RpmLab

    def impossible(self) -> str:
        if not shutil.which("rpmbuild"):
            return "no rpmbuild"
        return made().stderr.strip().split("\n")[-1] if made().returncode else super().impossible()


SCENARIOS = (
    Rpm("sftpgo-rpm", weight=0.25),
    Rpm("sftpgo-rpm-back", struck="rollback", after_apply=True, weight=0.25),
)
