"""Cases of errors.py with QuestDB's stand-in."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import time

from disturb import (CROWD, DEAF, DONE, FAILED, FAILING_CALLS, FILL, INTERRUPTED, MUTE, RELOAD, STANDS, STUCK, TURNED, Case, asked, deep, finalize_killed,
                     interrupt, killed_at, left_alone, proof_interrupted, second_call, stopped_at, undisturbed, wait_stopped,
                     written_by_halves)
from lab import KILLED, Call, Lab, run

SERVER_REFUSES = 55     # what a QuestDB ends with when somebody holds its lock


def start_behind_our_back(lab: Lab, _: int) -> None:
    try:
        code = subprocess.run(lab.scenario.command(lab), capture_output=True, check=False, timeout=60).returncode
    except subprocess.TimeoutExpired:
        code = 0
    if code != SERVER_REFUSES:
        raise RuntimeError(f"a server could be started in the window: {code}")


def hook_on_failure(lab: Lab) -> Call:
    """It runs when the way back is behind us: its time is no downtime."""
    call = lab.apply()
    ALARM.unlink()
    return call


def hook_on_failure_at_boot(lab: Lab) -> Call:
    """Of a run that was killed the boot's call raises the alarm."""
    if not lab.apply(env={"CROSSGRADE_FAULT": "dir.exchange:1"}).killed:
        raise RuntimeError("nothing was killed")
    call = lab.crossgrade("resume", "--unattended")
    ALARM.unlink()
    return call


def copy_touched_after_kill(lab: Lab) -> Call:
    """Before the point the way back needs no copy: what happened to it keeps nobody's server down."""
    call = lab.apply(env={"CROSSGRADE_FAULT": "dir.exchange:1"})
    for path in (lab.world / ".crossgrade-root").glob("*/data/root/db/*"):
        path.chmod(0o700)
    if (back := lab.crossgrade("rollback")).exit != DONE:
        raise RuntimeError(f"a rollback ended with {back.exit}")
    return call


def backup_killed(lab: Lab) -> Call:
    """With its watcher: what is left of its checkpoint is ended by the next one, and by nobody who cannot know whose it is."""
    argv = lab.argv("backup", "create", "-f", lab.outside / "migration.yaml")
    env = lab.call_environment() | {"CROSSGRADE_FAULT": "data.copy.create:3", "CROSSGRADE_FAULT_ACT": "stop"}
    with subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_stopped(process.pid)
        for watcher in pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            os.kill(int(watcher), signal.SIGKILL)
        process.kill()
    left = next((lab.world / ".crossgrade-root").glob("backup-*"))
    elsewhere = left.rename(lab.home / left.name)
    call = lab.crossgrade("backup", "create", "-f", lab.outside / "migration.yaml")
    if call.exit != FAILED or "somebody else" not in call.said():
        raise RuntimeError(f"the checkpoint of nobody known was ended: {call.exit}")
    elsewhere.rename(left)
    call = lab.crossgrade("backup", "create", "-f", lab.outside / "migration.yaml")
    if call.exit != DONE:
        raise RuntimeError(f"the checkpoint that was left is in the way: {call.exit}")
    for point in (lab.world / ".crossgrade-root").glob("backup-*"):
        lab.crossgrade("backup", "prune", "questdb", point.name, "-f", lab.outside / "migration.yaml", "--yes")
    return Call(argv, KILLED, "", "")


def dead_at_an_open_door(lab: Lab) -> Call:
    """Of a server that ended nobody says that it serves: not by the records while it has not answered, and not at the end."""
    def dies(lab: Lab, _: int) -> None:
        if (clients := lab.status()["runs"][0]["clients"]) != "unanswered":
            raise RuntimeError(f"status tells of one that was only started: {clients}")
        for _ in range(1000):
            if not run(*WRITE, check=False).returncode:
                break
            time.sleep(0.01)
        lab.end_servers()
    call = stopped_at("journal.did:11", dies)(lab)
    if "its server is down" not in call.said():
        raise RuntimeError("it is not said that nobody is served")
    return call


def edit_configuration(lab: Lab, _: int) -> None:
    with open(lab.root / "conf/server.conf", "a") as file:
        file.write("acl.enabled=maybe\n")


WRITE = ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9000/write', b't0 writer=5i,seq=1i,v=1 "
         "1767500000000000000\\n', timeout=30)"]
ALARM = pathlib.Path("/mnt/alarm")
RAISE = ["python3", "-c", f"import urllib.request as u; u.urlopen('http://127.0.0.1:9000/ping', timeout=30); open('{ALARM}', 'w')"]

CASES: dict[str, Case] = {
    "start-refused": Case((TURNED,), undisturbed, double={"start": "fail"}),
    "start-crashed": Case((TURNED,), undisturbed, double={"start": "crash"}),
    "migration-hangs": Case((TURNED,), undisturbed, double={"start": "hang"}, settings=MUTE),
    "wrong-edition": Case((TURNED,), undisturbed, double={"edition": "EE"}),
    "answers-garbage": Case((TURNED,), undisturbed, double={"answers": "garbage"}, settings=MUTE),
    "answers-errors": Case((TURNED,), undisturbed, double={"answers": "500"}, settings=MUTE),
    "loses-a-table": Case((TURNED,), undisturbed, double={"lose_table": "t0"}),
    "loses-rows": Case((TURNED, STANDS), undisturbed, double={"lose_rows": "t0"}),
    "changes-a-value": Case((STANDS,), deep, double={"change_value": "t1"}),
    "edition-refused": Case((TURNED,), undisturbed, scenario="edition", double={"start": "fail"}, when="EE"),
    "never-stops": Case((STUCK,), left_alone, double={"stop": "never"}, when="9.0.3", settings=DEAF),
    "deaf": Case((STUCK,), left_alone, double={"stop": "ignore"}, when="9.0.3", settings=DEAF),
    "deaf-not-killed": Case((STUCK,), asked("yes", "no", "no"), double={"stop": "ignore"}, when="9.0.3", settings=DEAF),
    "deaf-killed": Case((DONE,), asked("yes", "yes"), double={"stop": "ignore"}, when="9.0.3", settings=DEAF),
    "finalize-killed": Case((DONE,), finalize_killed),
    "gate-gone": Case((DONE,), undisturbed, hooks={"after_ready": RELOAD}),
    # Without the gate a client may have dropped the table.
    "gate-gone-and-lost": Case((STANDS,), undisturbed, hooks={"after_ready": RELOAD}, double={"lose_table": "t2"}),
    "gate-gone-and-written": Case((STANDS,), undisturbed, double={"lose_table": "t2"},
                                  hooks={"after_ready": ["sh", "-c", f"{' '.join(RELOAD)} && exec \"$@\"", "hook", *WRITE]}),
    "dead-and-open": Case((STANDS,), dead_at_an_open_door, scenario="open"),
    "gate-holds": Case((TURNED,), undisturbed, hooks={"after_ready": WRITE}),
    "hook-refuses": Case((TURNED,), undisturbed, hooks={"before_stop": ["false"]}),
    "hook-on-failure": Case((TURNED,), hook_on_failure, hooks={"on_failure": RAISE}, double={"start": "fail"}),
    "hook-on-failure-boot": Case((TURNED,), hook_on_failure_at_boot, hooks={"on_failure": RAISE}),
    "backup-killed": Case((KILLED,), backup_killed),
    "copy-touched": Case((KILLED,), copy_touched_after_kill),
    "proof-interrupted": Case((DONE,), proof_interrupted),
    "handover-fails": Case((STANDS,), undisturbed, hooks={"handover": ["false"]}),
    "disk-full": Case((TURNED,), undisturbed, hooks={"before_stop": FILL}, on_disk=True),
    "disk-full-later": Case((DONE, TURNED, STANDS), undisturbed, hooks={"after_ready": FILL}, on_disk=True),
    # A copy from afar would have to be staged first: found out on the way back, it would leave no server at all.
    "disk-full-afar": Case((STANDS,), undisturbed, scenario="afar", hooks={"after_ready": CROWD}, double={"lose_table": "t2"},
                           on_disk=True),
    "operator-starts": Case((DONE,), stopped_at("gate.close:1", start_behind_our_back)),
    "second-call": Case((DONE,), stopped_at("svc.start:1", second_call)),
    # What was edited after the start is set aside with the new world; the old one comes whole from the restore point.
    "operator-edits": Case((TURNED,), stopped_at("svc.start:1", edit_configuration), scenario="edition", double={"start": "fail"},
                           when="EE"),
    "reload-before-start": Case((DONE,), stopped_at("svc.start:1", lambda lab, pid: run(*RELOAD))),
    "ctrl-c-stage": Case((INTERRUPTED,), stopped_at("journal.did:1", interrupt)),
    "ctrl-c-copy": Case((INTERRUPTED,), stopped_at("data.copy.create:20", interrupt)),
    "ctrl-c-stop": Case((INTERRUPTED,), stopped_at("svc.stop:1", interrupt)),
    "ctrl-c-point": Case((INTERRUPTED,), stopped_at("svc.start:1", interrupt)),
    "ctrl-c-prove": Case((INTERRUPTED,), stopped_at("journal.did:13", interrupt)),
    "ctrl-c-open": Case((STANDS,), stopped_at("journal.did:15", interrupt)),
    "written-forward": Case((DONE,), undisturbed, writing=True),
    "written-turned": Case((TURNED,), undisturbed, writing=True, double={"start": "fail"}),
    "written-killed": Case((DONE,), killed_at("step.applied:7", "resume"), writing=True),
    "written-back": Case((DONE,), killed_at("step.applied:12", "rollback"), writing=True),
    "written-by-halves": Case((DONE,), written_by_halves("apply"), scenario="link"),
    "written-back-by-halves": Case((DONE,), written_by_halves("rollback")),
    **{f"strace-{name}": case for name, case in FAILING_CALLS.items()},
}
