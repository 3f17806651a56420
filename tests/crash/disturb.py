"""What a case of errors.py states, and ways to disturb a run."""

from __future__ import annotations

import collections.abc
import contextlib
import dataclasses
import itertools
import os
import pathlib
import pty
import signal
import subprocess
import time

import powercut
from lab import Call, Lab

DONE, FAILED, BLOCKED, DRIFTED, TURNED, STUCK, STANDS, LOCKED, INTERRUPTED = 0, 1, 3, 4, 5, 7, 8, 11, 130
ANY = (DONE, FAILED, DRIFTED, TURNED, STANDS, STUCK)      # of a call that failed somewhere: any end but a lie
# Of servers that do not start, and of such that do not stop.
MUTE, DEAF = {"start_timeout": "10s", "stall": "2s"}, {"stop_timeout": "500ms"}


@dataclasses.dataclass(frozen=True)
class Case:
    expect: tuple[int, ...]
    disturb: collections.abc.Callable[[Lab], Call]
    scenario: str = "jar"
    double: dict[str, str] = dataclasses.field(default_factory=dict)        # how the new server misbehaves
    settings: dict[str, str] = dataclasses.field(default_factory=dict)      # how long it is waited for one that does
    hooks: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    on_disk: bool = False               # the world on an ext4 of its own
    when: str = ""                      # the server that misbehaves, as the stand-in names it; the new one
    writing: bool = False               # a client writes until the old server is gone
    told: bool = False                  # so does one of a server that somebody else starts in the window


MADE_TO_FAIL = "!\n"     # src/base/fault.h
STRANGERS = 5           # the number of the client of a server that somebody else started


# ---- ways to disturb

def undisturbed(lab: Lab) -> Call:
    return lab.apply()


def deep(lab: Lab) -> Call:
    """By a plan in a file, whose deep facts find a value that another one took the place of."""
    lab.crossgrade("plan", "-f", lab.outside / "migration.yaml", "-o", lab.outside / "plan.json")
    call = lab.crossgrade("apply", lab.outside / "plan.json")
    (lab.outside / "plan.json").unlink()
    return call


class NotReached(Exception):
    """What a case was to disturb did not happen: it proves nothing."""


def failing(at: int | str, act: str) -> collections.abc.Callable[[Lab], Call]:
    def disturb(lab: Lab) -> Call:
        told = lab.home / "failing"
        told.unlink(missing_ok=True)
        call = lab.apply(env={"CROSSGRADE_FAULT": str(at), "CROSSGRADE_FAULT_ACT": act, "CROSSGRADE_FAULT_TRACE": str(told)})
        if not told.exists() or MADE_TO_FAIL not in told.read_text():
            raise NotReached(f"no call was made to fail at {at}")
        return call
    return disturb


def failing_about(at: int, act: str, again: collections.abc.Callable[[Lab], None]) -> collections.abc.Callable[[Lab], Call]:
    """How many points there are depends on how long things take: a run that was over before is tried again, earlier."""
    def disturb(lab: Lab) -> Call:
        for earlier in (0, 5, 20, at // 2):
            with contextlib.suppress(NotReached):
                return failing(max(1, at - earlier), act)(lab)
            again(lab)
        raise NotReached(f"no call was made to fail at {at} or earlier")
    return disturb


def injected(what: str) -> collections.abc.Callable[[Lab], Call]:
    """The packaged program, with a system call of it failing."""
    def disturb(lab: Lab) -> Call:
        told = lab.home / "injected"
        call = lab.traced("-f", "-e", f"trace={what.split(':')[0]}", "-e", f"inject={what}", "-o", told)
        if "INJECTED" not in told.read_text(errors="replace"):
            raise NotReached(f"nothing was injected: {what}")
        return call
    return disturb


def written_by_halves(verb: str) -> collections.abc.Callable[[Lab], Call]:
    """No call writes all that it is told to, from the first to the last of the apply or of the rollback of one."""
    def disturb(lab: Lab) -> Call:
        told = lab.home / "written-by-halves"
        told.unlink(missing_ok=True)
        env = {"LD_PRELOAD": str(lab.builds.short_io), "SHORT_IO_TOLD": str(told)}
        if verb == "apply":
            call = lab.apply(env=env)
        elif (call := lab.apply()).exit == DONE:
            call = lab.crossgrade(verb, env=env)
        if not told.exists() or not int(told.read_text()):
            raise NotReached(f"nothing was written by halves: {call.said()}")
        return call
    return disturb


def stopped_at(point: str, then: collections.abc.Callable[[Lab, int], None]) -> collections.abc.Callable[[Lab], Call]:
    """Stopped at a fault point, something happens, and it goes on."""
    def disturb(lab: Lab) -> Call:
        env = lab.call_environment() | {"CROSSGRADE_FAULT": point, "CROSSGRADE_FAULT_ACT": "stop"}
        argv = lab.argv("apply", "-f", lab.outside / "migration.yaml")
        # Started in the background these tests would hand on that SIGINT is to be ignored.
        process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        try:
            wait_stopped(process.pid)
            then(lab, process.pid)
        finally:
            os.kill(process.pid, signal.SIGCONT)
        out, err = process.communicate(timeout=240)
        call = Call(argv, process.returncode, out, err)
        lab.calls.append(call)
        return call
    return disturb


def wait_stopped(pid: int) -> None:
    for _ in range(24_000):
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state == "T":
            return
        if state == "Z":
            break
        time.sleep(0.005)
    raise NotReached("the point is not passed")


def interrupt(_: Lab, pid: int) -> None:
    os.kill(pid, signal.SIGINT)


def killed_at(point: str, then: str) -> collections.abc.Callable[[Lab], Call]:
    def disturb(lab: Lab) -> Call:
        if not lab.apply(env={"CROSSGRADE_FAULT": point}).killed:
            raise NotReached(f"nothing was killed at {point}")
        return lab.crossgrade(then)
    return disturb


def proof_interrupted(lab: Lab) -> Call:
    """Nothing is touched by a rollback that was told to stop before its restore point was proved."""
    call = lab.apply()
    if (back := lab.crossgrade("rollback", "--timeout", "1ms")).exit != INTERRUPTED:
        raise RuntimeError(f"an interrupted proof ended with {back.exit}")
    return call


def asked(*answers: str) -> collections.abc.Callable[[Lab], Call]:
    """At a terminal, without --yes: each question gets the next answer."""
    def disturb(lab: Lab) -> Call:
        argv = [word for word in lab.argv("apply", "-f", lab.outside / "migration.yaml") if word != "--yes"]
        master, slave = pty.openpty()
        process = subprocess.Popen(argv, env=lab.call_environment(), stdin=slave, stdout=subprocess.PIPE, stderr=slave,
                                   text=True)
        os.close(slave)
        talk, left = "", list(answers)
        try:
            while chunk := os.read(master, 4096).decode("utf-8", "replace"):
                talk += chunk
                if left and talk.rstrip().endswith("? [no]"):
                    os.write(master, (left.pop(0) + "\n").encode())
        except OSError:
            pass                # its end
        os.close(master)
        call = Call(argv, process.wait(240), process.stdout.read(), talk)
        lab.calls.append(call)
        if left:
            raise RuntimeError(f"not asked: {left}")
        return call
    return disturb


def left_alone(lab: Lab) -> Call:
    """A server that does not end is named and goes on living."""
    before = lab.servers()
    call = lab.apply()
    error = next(event["document"]["error"] for event in call.events() if event.get("type") == "result")
    if not any(f"kill -9 {pid}" in error["hint"] for pid in before):
        raise RuntimeError(f"it is not said which process does not end, and what can be done: {error}")
    if lab.servers() != before:
        raise RuntimeError("somebody was killed unasked")
    return call


def finalize_killed(lab: Lab) -> Call:
    """Killed anywhere, a finalize that is repeated finds what the first one left."""
    store = lab.world / ".crossgrade-root"
    for at in itertools.count(1, 9):
        lab.fresh()
        call = lab.apply()
        if call.exit:
            return call
        if not lab.finalize({"CROSSGRADE_FAULT": str(at)}).killed:
            return call
        again = lab.finalize()
        left = [path for path in store.glob("**/*") if path != store / "trash" and path != store / "staged"]
        if again.exit or left:
            raise RuntimeError(f"killed at {at} and repeated, finalize ended with {again.exit} and left {left[:3]}")


def second_call(lab: Lab, _: int) -> None:
    if (call := lab.crossgrade("rollback")).exit != LOCKED:
        raise RuntimeError(f"a second call was let in beside a living run: {call.exit}")
    told = lab.status()["runs"][0]
    if told["clients"] != "gated" or "crossgrade apply" not in (told["at_work"] or "") or "resume" in told["possible"]:
        raise RuntimeError(f"status tells another story: {told}")


# ---- what hooks run

RELOAD = ["nft", "flush", "ruleset"]
FILL = ["sh", "-c", f"fallocate -l $(df --output=avail -B1 {powercut.DATA} | tail -n 1) {powercut.DATA}/filler; "
        f"dd if=/dev/zero of={powercut.DATA}/filler2 bs=4k status=none; true"]
# Room for what is written now and then, and for no copy.
CROWD = ["sh", "-c", f"fallocate -l $(($(df --output=avail -B1 {powercut.DATA} | tail -n 1) - (32 << 20))) {powercut.DATA}/filler"]

# System calls of the packaged program that fail, by name.
FAILING_CALLS = {name: Case(ANY, injected(what)) for name, what in (
    ("fsync-eio", "fsync:error=EIO:when=9"), ("rename-eio", "renameat2:error=EIO:when=1"),
    ("rename-eacces", "renameat:error=EACCES:when=2"), ("mkdir-enospc", "mkdirat:error=ENOSPC:when=6"),
    ("utimensat-eio", "utimensat:error=EIO:when=1"), ("write-enospc", "pwrite64:error=ENOSPC:when=40"),
    ("syncfs-eio", "syncfs:error=EIO:when=2"), ("unlink-eacces", "unlinkat:error=EACCES:when=3"),
    ("ftruncate-enospc", "ftruncate:error=ENOSPC:when=1"))}
