"""Cases of errors.py with servers in containers: QuestDB's stand-in, and SeaTable's on a real MariaDB."""

from __future__ import annotations

import collections.abc
import dataclasses
import time

from containers import Contained
from disturb import DONE, FILL, INTERRUPTED, STANDS, STUCK, TURNED, Case, NotReached, failing, interrupt, killed_at, stopped_at, undisturbed
from lab import Call, run

Disturb = collections.abc.Callable[[Contained], Call]


# ---- docker

def compose_dies(then: str = "", boot: bool = False) -> Disturb:
    """Compose, between taking the old container away and naming the new one; then: and crossgrade with it, which is ended so; boot: and
    the machine."""
    def disturb(lab: Contained) -> Call:
        told = lab.docker_home / "misbehave"
        told.write_text("compose dies" + " with its caller" * bool(then))
        call = lab.apply()
        if told.exists() or call.killed != bool(then):
            raise NotReached("nothing died")
        if boot:
            lab.start_machine_again()
            lab.services_start()
        try:
            return lab.crossgrade(then) if then else call
        finally:
            if boot:
                lab.machine_as_before()
    return disturb


def away(calls: int) -> collections.abc.Callable[[Contained, int], None]:
    """Docker's daemon, of so many calls: it starts anew."""
    def then(lab: Contained, _: int) -> None:
        (lab.docker_home / "away").write_text(str(calls))
    return then


def start_behind_our_back(lab: Contained, _: int) -> None:
    """The server finds its lock held, and ends."""
    lab.docker("container", "start", lab.server()["Id"])
    until = time.monotonic() + 60
    while not lab.held():
        if time.monotonic() > until:
            raise RuntimeError("a server could be started in the window")
        time.sleep(0.02)


def up_behind_our_back(lab: Contained, _: int) -> None:
    """Somebody's Compose finds the file edited: it makes the new server's container, and starts it."""
    lab.scenario.make_containers(lab)
    lab.docker("container", "start", lab.server()["Id"])


OF_BOTH = {
    "start-refused": Case((TURNED,), undisturbed, double={"start": "fail"}),
    "hold-fails": Case((TURNED,), failing("container.update:1", "err:EIO")),
    "stop-fails": Case((TURNED,), failing("svc.stop:1", "err:EIO")),
    "start-fails": Case((TURNED,), failing("svc.start:1", "err:EIO")),
    "docker-away": Case((DONE,), stopped_at("svc.start:1", away(3))),
    "disk-full": Case((TURNED,), undisturbed, hooks={"before_stop": FILL}, on_disk=True),
}
ALONE = {
    "load-fails": Case((TURNED,), failing("image.load:1", "err:ENOSPC")),
    "rename-fails": Case((TURNED,), failing("container.rename:1", "err:EIO")),
    "create-fails": Case((TURNED,), failing("container.create:1", "err:ENOSPC")),
    "connect-fails": Case((TURNED,), failing("container.connect:1", "err:EIO")),
    "remove-fails": Case((STUCK,), failing("container.remove:1", "err:EIO"), double={"start": "fail"}),
    "ctrl-c": Case((INTERRUPTED,), stopped_at("container.create:1", interrupt)),
    "operator-starts": Case((DONE,), stopped_at("container.rename:1", start_behind_our_back)),
}
COMPOSE = {
    "pull-fails": Case((TURNED,), failing("image.pull:1", "err:EIO")),
    "recreate-fails": Case((TURNED,), failing("compose.recreate:1", "err:EIO")),
    "recreate-fails-back": Case((STUCK,), failing("compose.recreate:2", "err:EIO"), double={"start": "fail"}),
    "dies": Case((TURNED,), compose_dies()),
    "dies-with-us-back": Case((DONE,), compose_dies("rollback")),
    "dies-at-boot": Case((DONE,), compose_dies("rollback", boot=True)),
    "dies-with-us-forward": Case((DONE,), compose_dies("resume")),
    "operator-starts": Case((DONE,), stopped_at("compose.recreate:1", start_behind_our_back)),
}


# ---- the databases of SeaTable

def fill(*_: object) -> None:
    run(*FILL)


def restore_data(lab: Contained, env: dict[str, str] | None = None) -> Call:
    return lab.crossgrade("rollback", "--restore-data", "--accept-loss", "new-writes", env=env)


def put_back_failing(lab: Contained) -> Call:
    """Repeated, it goes on where it ended."""
    if (call := lab.apply()).exit:
        return call
    lab.use()
    if (call := restore_data(lab, {"CROSSGRADE_FAULT": "dumps.load:1", "CROSSGRADE_FAULT_ACT": "err:EIO"})).exit != STUCK:
        raise NotReached(f"a database that cannot be put back ended with {call.exit}")
    return restore_data(lab)


def put_back_on_a_full_disk(lab: Contained) -> Call:
    """What goes cannot be kept, so it stays: the way back is gone when there is room."""
    if (call := lab.apply()).exit:
        return call
    fill()
    if (call := restore_data(lab)).exit in (DONE, None):
        raise NotReached("the disk was not full")
    run("find", lab.world.parent, "-maxdepth", "1", "-name", "filler*", "-delete")
    return restore_data(lab)


def migrated_after_an_edit(lab: Contained) -> Call:
    """It is in no dump: the new server stays until somebody agrees."""
    if (call := stopped_at("svc.start:1", lambda one, _: one.use())(lab)).exit != STANDS:
        raise NotReached(f"what was written before the migration ended with {call.exit}")
    return restore_data(lab)


SEATABLE = {
    "idles": Case((TURNED,), undisturbed, double={"start": "idle"}),
    "dump-fails": Case((TURNED,), failing("dumps.take:1", "err:EIO")),
    "dump-disk-full": Case((TURNED,), stopped_at("dumps.open:1", fill), on_disk=True),
    "put-back-disk-full": Case((DONE,), put_back_on_a_full_disk, on_disk=True),
    "put-back-fails": Case((DONE,), put_back_failing),
    "migrates": Case((TURNED,), undisturbed, double={"start": "migrate"}),
    "migrates-after-an-edit": Case((DONE,), migrated_after_an_edit, double={"start": "migrate"}),
    "migrates-killed-dropped": Case((DONE,), killed_at("dumps.dropped:3", "rollback"), double={"start": "migrate"}),
    "migrates-killed-kept": Case((DONE,), killed_at("dumps.taken:4", "rollback"), double={"start": "migrate"}),
    "recreate-fails": Case((TURNED,), failing("compose.recreate:1", "err:EIO")),
    "recreate-fails-back": Case((STUCK,), failing("compose.recreate:2", "err:EIO"), double={"start": "fail"}),
    "dies-with-us-back": Case((DONE,), compose_dies("rollback")),
    "dies-at-boot": Case((DONE,), compose_dies("resume", boot=True)),
    "operator-ups": Case((TURNED,), stopped_at("compose.recreate:1", up_behind_our_back)),
    "docker-away": Case((DONE,), stopped_at("svc.start:1", away(3))),
}

CASES = {f"{scenario}-{name}": dataclasses.replace(case, scenario=scenario)
         for scenario, cases in (("container", OF_BOTH | ALONE), ("compose", OF_BOTH | COMPOSE), ("seatable", SEATABLE))
         for name, case in cases.items()}
