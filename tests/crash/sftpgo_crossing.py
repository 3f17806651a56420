"""SFTPGo from open source to Enterprise, both stand-ins: another edition, a schema step more, a write-ahead log, a licence that is put
before the first start; and a rule with placeholders that is set inactive through the old server, and back to work by it."""

from __future__ import annotations

import dataclasses
import typing

import sftpgo_stores
from lab import Lab
from sftpgo import Sftpgo, SftpgoLab

LICENCE = "ABCD-EFGH-IJKL-MNOP"
RULE = "uploads"        # sends its event to an endpoint, with placeholders


class CrossingLab(SftpgoLab):
    old, new = "2.7.5", "2.7.20260705"
    schema: typing.ClassVar[dict[str, int]] = {"old": 33, "new": 34}
    saves = True
    left_out = (*SftpgoLab.left_out, "sftpgo.db-wal", "sftpgo.db-shm")      # of the new world; the old one has none

    def make_files(self) -> None:
        super().make_files()
        self.store.sql(f"UPDATE events_rules SET status = (name = '{RULE}');")
        for name, text in (("licence", LICENCE), ("password", sftpgo_stores.PASSWORD)):
            (self.outside / name).write_text(f"{text}\n")
            (self.outside / name).chmod(0o600)

    def facts_wrong(self, world: str) -> list[str]:
        wrong = super().facts_wrong(world)
        if world == "old":
            wrong += [f"{path} is left" for path in self.root.glob("sftpgo.db-[ws]*")]
            wrong += [f"{path} is left" for path in (self.root / "env.d").glob("*license*")]
        [active] = self.store.rows("SELECT name FROM events_rules WHERE status = 1")
        if active != ([(RULE,)] if world == "old" else []):
            wrong.append(f"active rules: {active}")
        return wrong


@dataclasses.dataclass(frozen=True)
class Crossing(Sftpgo):
    lab: typing.ClassVar[type[Lab]] = CrossingLab

    def goal(self, lab: CrossingLab) -> dict:
        goal = super().goal(lab)
        goal["target"]["edition"] = "enterprise"
        goal["source"]["login"] = {"user": "admin", "password_file": str(lab.outside / "password")}
        goal["settings"]["license_file"] = str(lab.outside / "licence")
        return goal


SCENARIOS = (
    Crossing("sftpgo-crossing", weight=0.3, cuts=0.3),
    Crossing("sftpgo-crossing-back", struck="rollback", after_apply=True, weight=0.3, cuts=0.3),
)
