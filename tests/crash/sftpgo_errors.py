"""Cases of errors.py with SFTPGo's stand-in."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3

from disturb import (BLOCKED, DONE, FAILING_CALLS, FILL, INTERRUPTED, RELOAD, STANDS, STRANGERS, STUCK, TURNED, Case, finalize_killed, interrupt,
                     killed_at, left_alone, proof_interrupted, second_call, stopped_at, undisturbed)
from lab import Call, Lab, run

WRITE = ["python3", "-c", "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8080/api/v2/users', "
         f"b'{{\"username\":\"w{STRANGERS}-1\"}}', method='POST'), timeout=3)"]


def start_behind_our_back(lab: Lab, _: int) -> None:
    """Nothing keeps an operator from it: no lock is held. He starts the program by its name, whichever it is by now."""
    lab.start_old()
    if lab.ask("/api/v2/users", f'{{"username":"w{STRANGERS}-1"}}')[0] != 201:
        raise RuntimeError("the operator's server takes no user")


def half_migrated(lab: Lab) -> Call:
    """A database between two releases: the old one starts on it with a warning only."""
    before = lab.database.read_bytes()
    with contextlib.closing(sqlite3.connect(lab.database)) as db:
        db.execute("UPDATE schema_version SET version = 31")
        db.commit()
    call = lab.apply()
    lab.database.write_bytes(before)
    return call


CASES: dict[str, Case] = {
    "start-refused": Case((TURNED,), undisturbed, double={"start": "refuse"}),
    "start-crashed": Case((TURNED,), undisturbed, double={"start": "crash"}),
    "migration-fails": Case((TURNED,), undisturbed, double={"migration": "half"}),
    "migration-killed": Case((TURNED,), undisturbed, double={"migration": "crash"}),
    "migration-hangs": Case((TURNED,), undisturbed, double={"migration": "hang"}),
    "sftp-deaf": Case((TURNED,), undisturbed, double={"sftp": "deaf"}),
    "sftp-mute": Case((TURNED,), undisturbed, double={"sftp": "mute"}),
    "answers-errors": Case((TURNED,), undisturbed, double={"healthz": "500"}),
    "answers-garbage": Case((TURNED,), undisturbed, double={"healthz": "garbage"}),
    "another-version": Case((TURNED,), undisturbed, double={"version": "2.7.4"}),
    "another-edition": Case((TURNED,), undisturbed, double={"version": "2.7.20260601"}),
    "loses-a-user": Case((TURNED,), undisturbed, double={"damage": "lose_user"}),
    "changes-a-user": Case((TURNED,), undisturbed, double={"damage": "change_user"}),
    "open-loses-a-user": Case((STANDS,), undisturbed, "sftpgo-open", double={"damage": "lose_user"}),
    "never-stops": Case((STUCK,), left_alone, double={"stop": "never"}, when="2.6.4"),
    "deaf": Case((TURNED,), left_alone, double={"stop": "ignore"}, when="2.6.4"),
    "half-migrated": Case((BLOCKED,), half_migrated),
    "finalize-killed": Case((DONE,), finalize_killed),
    "gate-gone": Case((DONE,), undisturbed, hooks={"after_ready": RELOAD}),
    "gate-gone-and-written": Case((STANDS,), undisturbed, double={"damage": "lose_user"},
                                  hooks={"after_ready": ["sh", "-c", f"{' '.join(RELOAD)} && exec \"$@\"", "hook", *WRITE]}),
    "gate-holds": Case((TURNED,), undisturbed, hooks={"after_ready": WRITE}),
    "proof-interrupted": Case((DONE,), proof_interrupted),
    "disk-full": Case((TURNED,), undisturbed, hooks={"before_stop": FILL}, on_disk=True),
    "disk-full-later": Case((DONE, TURNED, STANDS), undisturbed, hooks={"after_ready": FILL}, on_disk=True),
    "operator-starts-old": Case((TURNED,), stopped_at("journal.did:4", start_behind_our_back), told=True),
    "operator-starts-copied": Case((TURNED,), stopped_at("journal.did:5", start_behind_our_back), told=True),
    "operator-starts-frozen": Case((TURNED,), stopped_at("journal.did:6", start_behind_our_back), told=True),
    "operator-starts-swapped": Case((TURNED,), stopped_at("dir.exchange:1", start_behind_our_back), told=True),
    # The new build has passed the point, and clients came in: nobody gives that up unasked.
    "operator-starts-new": Case((STANDS,), stopped_at("gate.close:1", start_behind_our_back), told=True),
    "second-call": Case((DONE,), stopped_at("svc.start:1", second_call)),
    "reload-before-start": Case((DONE,), stopped_at("svc.start:1", lambda lab, pid: run(*RELOAD))),
    "ctrl-c-stage": Case((INTERRUPTED,), stopped_at("journal.did:1", interrupt)),
    "ctrl-c-copy": Case((INTERRUPTED,), stopped_at("data.copy.create:3", interrupt)),
    "ctrl-c-stop": Case((INTERRUPTED,), stopped_at("svc.stop:1", interrupt)),
    "ctrl-c-point": Case((INTERRUPTED,), stopped_at("svc.start:1", interrupt)),
    "written-forward": Case((DONE,), undisturbed, writing=True),
    "written-turned": Case((TURNED,), undisturbed, writing=True, double={"start": "refuse"}),
    "written-killed": Case((DONE,), killed_at("step.applied:7", "resume"), writing=True),
    "written-back": Case((DONE,), killed_at("step.applied:10", "rollback"), writing=True),
    **{f"strace-{name}": case for name, case in FAILING_CALLS.items()},
}
# By the exchange unless they say otherwise.
CASES = {name: dataclasses.replace(case, scenario="sftpgo") if case.scenario == "jar" else case for name, case in CASES.items()}
