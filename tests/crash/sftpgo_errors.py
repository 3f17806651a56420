"""Cases of errors.py with SFTPGo's stand-in, and with real servers on what is no SQLite."""

from __future__ import annotations

import collections
import collections.abc
import contextlib
import dataclasses
import datetime
import json
import sqlite3
import subprocess
import threading

from disturb import (BLOCKED, DEAF, DONE, FAILED, FAILING_CALLS, FILL, INTERRUPTED, MUTE, RELOAD, STANDS, STRANGERS, STUCK, TURNED, Case,
                     failing, finalize_killed, interrupt, killed_at, left_alone, proof_interrupted, second_call,
                     stopped_at, undisturbed, written_by_halves)
from lab import Call, Lab, run
from sftpgo_package import SCRIPTS
from sftpgo_rpm import SCRIPTLETS
from sftpgo_stores import MIGRATED_FIRST, MIGRATED_LAST, PASSWORD

WRITE = ["python3", "-c", "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8080/api/v2/users', "
         f"b'{{\"username\":\"w{STRANGERS}-1\"}}', method='POST'), timeout=30)"]


def start_behind_our_back(lab: Lab, _: int) -> None:
    """Nothing keeps an operator from it: no lock is held. He starts the program by its name, whichever it is by now."""
    lab.start_old()
    if lab.ask("/api/v2/users", f'{{"username":"w{STRANGERS}-1"}}')[0] != 201:
        raise RuntimeError("the operator's server takes no user")


def half_migrated(lab: Lab) -> Call:
    """A database between two releases: the old one starts on it with a warning only."""
    before = lab.store.path.read_bytes()
    with contextlib.closing(sqlite3.connect(lab.store.path)) as db:
        db.execute("UPDATE schema_version SET version = 31")
        db.commit()
    call = lab.apply()
    lab.store.path.write_bytes(before)
    return call


def no_room_to_look(lab: Lab) -> Call:
    """What the machine refuses says nothing of the artifact: neither a finding nor a change since the plan."""
    call = failing("sftpgo.build.bring:1", "err:ENOSPC")(lab)
    error = next(event["document"] for event in call.events() if event.get("type") == "result")
    if error.get("kind") != "space" or "memory" not in error.get("hint", ""):
        raise RuntimeError(f"neither what is full nor what to do is said: {error}")
    return call


# ---- on real servers

def column_in_the_way(lab: Lab) -> Call:
    """What the last step of the schema adds is there already. MariaDB keeps three of its four columns, and is between two schemas for
    good: every later start of the new release fails, too (facts: seen)."""
    lab.store.sql(f"ALTER TABLE {MIGRATED_LAST} ADD COLUMN sort_order int;")
    call = lab.apply()
    lab.store.sql(f"ALTER TABLE {MIGRATED_LAST} DROP COLUMN sort_order;")
    return call


def column_in_the_way_of_a_file(lab: Lab) -> Call:
    before = lab.store.path.read_bytes()
    lab.store.sql(f"ALTER TABLE {MIGRATED_LAST} ADD COLUMN sort_order int;")
    call = lab.apply()
    lab.store.path.write_bytes(before)
    return call


GIVEN_UP_WITHIN = 40        # the hung server itself ends a minute after it began to wait


def apply_while_held(lab: Lab, let_go: collections.abc.Callable[[], None], longer: float) -> Call:
    """What holds up the new server is let go of so much later than it was given up."""
    old, over = set(lab.servers()), threading.Event()

    def watch() -> None:
        new: set[int] = set()
        while not new and not over.wait(0.02):
            new = set(lab.servers()) - old
        while new & set(lab.servers()) and not over.wait(0.02):
            pass
        over.wait(longer)
        let_go()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        return lab.apply()
    finally:
        over.set()
        watcher.join()


def seconds_given_up(call: Call) -> float:
    """From the moment the new server was given up until the old one served again."""
    at = {event["state"]: datetime.datetime.fromisoformat(event["time"]) for event in call.events()
          if event["type"] in ("step", "run") and (event["state"] == "closed-old" or event.get("step") == "ready")}
    return (at["closed-old"] - at["failed"]).total_seconds()


def while_read(table: str, told: bool = True) -> collections.abc.Callable[[Lab], Call]:
    """Somebody reads a table until the new server was given up, and a little longer: what he held up then comes too late, and must not
    come at all."""
    def disturb(lab: Lab) -> Call:
        lab.store.begin_reading(table)
        call = apply_while_held(lab, lab.store.end_readers, 1)
        if call.exit == TURNED and seconds_given_up(call) > GIVEN_UP_WITHIN:
            raise RuntimeError(f"the way back took {seconds_given_up(call)} s")
        if told and not any("updating database schema version" in event.get("text", "") for event in call.events()):
            raise RuntimeError("the step that hangs was not told")
        return call
    return disturb


def while_locked(lab: Lab) -> Call:
    """A backup program takes bolt's file as soon as the old server lets go of it, for longer than the new one waits."""
    with subprocess.Popen(["flock", "-x", "--no-fork", lab.store.path, "sleep", "900"]) as backup:
        return apply_while_held(lab, backup.kill, 0)


def dump_fills_the_disk(lab: Lab) -> Call:
    """The dump tool finds no room: somebody else took it since the last copy."""
    tools = lab.outside / "tools"
    tools.mkdir(exist_ok=True)
    for name in ("pg_dump", "psql", "pg_restore", "mariadb-dump", "mariadb"):
        fill = f"case \"$*\" in *--version*) ;; *) {FILL[2]} ;; esac\n" if name.endswith("dump") else ""
        (tools / name).write_text(f"#!/bin/sh\n{fill}exec /usr/bin/{name} \"$@\"\n")
        (tools / name).chmod(0o755)
    migration = lab.outside / "migration.yaml"
    goal = json.loads(migration.read_text())
    goal["settings"]["dump_tools"] = str(tools)
    migration.write_text(json.dumps(goal))
    return lab.apply()


# The last of all event actions; 2.7 takes no such name when it saves it again.
REFUSED_ACTION = "z*z"
REST = "http://127.0.0.1:8080/api/v2"
ASK = f"""
import base64, json, sys, urllib.request as u
def ask(method, path, word, body=None):
    return u.urlopen(u.Request('{REST}' + path, data=body, method=method, headers={{'Authorization': word}}), timeout=60).read()
word = 'Basic ' + base64.b64encode(b'admin:{PASSWORD}').decode()
word = 'Bearer ' + json.loads(ask('GET', '/token', word))['access_token']
"""
ADD_ACTION = ["python3", "-c", f"{ASK}ask('POST', '/eventactions', word, json.dumps({{'name': '{REFUSED_ACTION}', 'type': 4}}).encode())"]
DROP_ACTION = ["python3", "-c", f"{ASK}ask('DELETE', '/eventactions/z%2Az', word)"]


def action_in_the_way(lab: Lab) -> Call:
    """Added by an administrator when all checks are over."""
    call = lab.apply()
    run(*DROP_ACTION)
    return call


# ---- as a package

def manager_killed_in(script: str) -> collections.abc.Callable[[Lab], Call]:
    def disturb(lab: Lab) -> Call:
        lab.trap(script).touch()
        call = lab.apply()
        if lab.trap(script).exists():
            raise RuntimeError("nothing came so far")
        return call
    return disturb


def traced_renames(lab: Lab, *strace: str) -> tuple[Call, str]:
    """Of all programs of a run. crossgrade itself makes none, dpkg does."""
    told = lab.home / "renames"
    return lab.traced("-f", "-e", "trace=rename", *strace, "-o", told), told.read_text(errors="replace")


def renames_of_dpkg(lab: Lab) -> int:
    """As many as the one that makes the most of them in an undisturbed run."""
    lab.fresh()
    _, told = traced_renames(lab)
    return max(collections.Counter(line.split()[0] for line in told.splitlines() if "rename(" in line).values())


def dpkg_killed_at(rename: int) -> collections.abc.Callable[[Lab], Call]:
    """Each dpkg of the run, there and back, at that of its calls of rename."""
    def disturb(lab: Lab) -> Call:
        call, told = traced_renames(lab, "-e", f"inject=rename:signal=KILL:when={rename}")
        if "killed by SIGKILL" not in told:
            raise RuntimeError(f"no dpkg came to its rename {rename}")
        return call
    return disturb


PACKAGED = "sftpgo-package"
PACKAGE = {
    **{f"package-dpkg-killed-in-{script}": Case((TURNED,), manager_killed_in(script), PACKAGED) for script in SCRIPTS},
    **{f"package-rpm-killed-in-{script}": Case((TURNED,), manager_killed_in(script), "sftpgo-rpm") for script in SCRIPTLETS},
}

ON_REAL_SERVERS = {
    **{f"{driver}-{name}": Case((TURNED,), disturb, f"sftpgo-{driver}", on_disk=name == "dump-disk-full")
       for driver in ("postgresql", "mysql")
       for name, disturb in (("migration-fails", column_in_the_way), ("dump-disk-full", dump_fills_the_disk),
                             ("migration-hangs", while_read(MIGRATED_LAST)), ("migration-hangs-at-once", while_read(MIGRATED_FIRST)))},
    "sqlite-migration-fails": Case((TURNED,), column_in_the_way_of_a_file, "sftpgo-real"),
    # Before it migrates a file 2.7.5 has SQLite tidy it up (PRAGMA optimize, seen): who reads it stops it there, with nothing told, for
    # the five seconds after which it ends by itself.
    "sqlite-migration-hangs": Case((TURNED,), while_read(MIGRATED_LAST, told=False), "sftpgo-real", settings={"stall": "3s"}),
    "bolt-migration-fails": Case((TURNED,), action_in_the_way, "sftpgo-bolt", hooks={"before_stop": ADD_ACTION}),
    "bolt-migration-hangs": Case((TURNED,), while_locked, "sftpgo-bolt"),
}

# Nothing but the stall clock gives up a new server that answers our questions and does not serve: they keep it at work.
STALLS = {"start_timeout": "2h", "stall": "2s"}

CASES: dict[str, Case] = {
    **PACKAGE,
    **ON_REAL_SERVERS,
    "no-room-to-look": Case((FAILED,), no_room_to_look),
    "written-by-halves": Case((DONE,), written_by_halves("apply"), scenario="sftpgo-link"),
    "written-back-by-halves": Case((DONE,), written_by_halves("rollback")),
    "start-refused": Case((TURNED,), undisturbed, double={"start": "refuse"}),
    "start-crashed": Case((TURNED,), undisturbed, double={"start": "crash"}),
    "migration-fails": Case((TURNED,), undisturbed, double={"migration": "half"}),
    "migration-killed": Case((TURNED,), undisturbed, double={"migration": "crash"}),
    "migration-hangs": Case((TURNED,), undisturbed, double={"migration": "hang"}, settings=MUTE),
    "sftp-deaf": Case((TURNED,), undisturbed, double={"sftp": "deaf"}, settings=STALLS),
    "sftp-mute": Case((TURNED,), undisturbed, double={"sftp": "mute"}, settings=MUTE),
    "answers-errors": Case((TURNED,), undisturbed, double={"healthz": "500"}, settings=STALLS),
    "answers-garbage": Case((TURNED,), undisturbed, double={"healthz": "garbage"}, settings=MUTE),
    "another-version": Case((TURNED,), undisturbed, double={"version": "2.7.4"}),
    "another-edition": Case((TURNED,), undisturbed, double={"version": "2.7.20260601"}),
    "loses-a-user": Case((TURNED,), undisturbed, double={"damage": "lose_user"}),
    "changes-a-user": Case((TURNED,), undisturbed, double={"damage": "change_user"}),
    # No rule that is active there counts: it is the new server's loss.
    "zeroes-quotas": Case((TURNED,), undisturbed, "sftpgo-crossing", double={"damage": "zero_quotas"}, when="2.7.20260705"),
    "zeroes-tokens": Case((TURNED,), undisturbed, double={"damage": "zero_tokens"}),
    "open-loses-a-user": Case((STANDS,), undisturbed, "sftpgo-open", double={"damage": "lose_user"}),
    "never-stops": Case((STUCK,), left_alone, double={"stop": "never"}, when="2.6.4", settings=DEAF),
    "deaf": Case((STUCK,), left_alone, double={"stop": "ignore"}, when="2.6.4", settings=DEAF),
    "half-migrated": Case((BLOCKED,), half_migrated),
    "finalize-killed": Case((DONE,), finalize_killed),
    "gate-gone": Case((DONE,), undisturbed, hooks={"after_ready": RELOAD}),
    "gate-gone-and-written": Case((STANDS,), undisturbed, double={"damage": "lose_user"},
                                  hooks={"after_ready": ["sh", "-c", f"{' '.join(RELOAD)} && exec \"$@\"", "hook", *WRITE]}),
    "gate-holds": Case((TURNED,), undisturbed, hooks={"after_ready": WRITE}),
    "proof-interrupted": Case((DONE,), proof_interrupted),
    "disk-full": Case((TURNED,), undisturbed, hooks={"before_stop": FILL}, on_disk=True),
    "disk-full-later": Case((DONE, TURNED, STANDS), undisturbed, hooks={"after_ready": FILL}, on_disk=True),
    "operator-starts-old": Case((TURNED,), stopped_at("journal.did:5", start_behind_our_back), told=True),
    "operator-starts-copied": Case((TURNED,), stopped_at("journal.did:6", start_behind_our_back), told=True),
    "operator-starts-frozen": Case((TURNED,), stopped_at("journal.did:7", start_behind_our_back), told=True),
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
    "written-killed": Case((DONE,), killed_at("step.applied:8", "resume"), writing=True),
    "written-back": Case((DONE,), killed_at("step.applied:11", "rollback"), writing=True),
    **{f"strace-{name}": case for name, case in FAILING_CALLS.items()},
}
# By the exchange unless they say otherwise.
CASES = {name: dataclasses.replace(case, scenario="sftpgo") if case.scenario == "jar" else case for name, case in CASES.items()}
