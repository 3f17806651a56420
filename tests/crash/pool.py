"""Workers, each in namespaces of its own: network (fixed ports, firewall), mounts, and processes, which end with it."""

from __future__ import annotations

import collections
import collections.abc
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
CASE_WITHIN = 900.0     # more than that hangs; no case comes near it
LAB = "/mnt"
ROOM = 1 << 30          # less than that, and a worker ends: the next one begins with an empty lab
# A case waits more than it works.
WORKERS = int(os.environ.get("CRASH_WORKERS") or 2 * min(os.cpu_count() or 1, 4))

# Process 1 is a shell that reaps what is orphaned, as an init does: a killed server must not stay a zombie. Devices, locks and
# the lab are the worker's own; what it leaves goes with it.
START = """
ip link set lo up
mkdir -p /run/lock && mount -t tmpfs none /run/lock
mount -t tmpfs -o size=4g none /mnt
/usr/bin/python3 -B "$@"
exit $?
"""


class Worker:
    def __init__(self, suite: str) -> None:
        self.process = subprocess.Popen(
            ["unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc", "bash", "-c", START, "worker",
             str(HERE / "crash.py"), "worker", suite], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, case: str) -> dict:
        hangs = threading.Timer(CASE_WITHIN, self.process.kill)
        hangs.start()
        try:
            self.process.stdin.write(case + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (OSError, json.JSONDecodeError) as broken:
            return {"case": case, "wrong": [f"the worker ended: {broken!r}"], "ended": True, "died": True}
        finally:
            hangs.cancel()

    def close(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


def serve(carry_out: collections.abc.Callable[[str], dict]) -> None:
    """The worker's side: one case a line in, one answer a line out."""
    for line in sys.stdin:
        answer = {"case": line.strip(), **carry_out(line.strip())}
        room = os.statvfs(LAB)
        print(json.dumps(answer | {"ended": room.f_bavail * room.f_frsize < ROOM}), flush=True)


class Pool:
    """Making a lab takes its time, so cases of one lab are one worker's, and it keeps the lab for later questions; who has nothing
    left helps the one who has most."""

    def __init__(self, suite: str, lab_of: collections.abc.Callable[[str], str]) -> None:
        self.suite, self.lab_of = suite, lab_of
        self.lock = threading.Lock()
        self.workers: list[Worker | None] = [None] * WORKERS
        self.homes: dict[str, int] = {}         # the worker of a lab

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in filter(None, self.workers):
            worker.close()

    def share(self, cases: list[str]) -> list[collections.deque[str]]:
        queues: list[collections.deque[str]] = [collections.deque() for _ in self.workers]
        labs: dict[str, list[str]] = {}
        for case in cases:
            labs.setdefault(self.lab_of(case), []).append(case)
        for lab, mine in sorted(labs.items(), key=lambda item: len(item[1]), reverse=True):
            number = self.homes.setdefault(lab, min(range(WORKERS), key=lambda i: len(queues[i])))
            queues[number].extend(mine)
        return [collections.deque(sorted(mine, key=self.lab_of)) for mine in queues]

    def take(self, queues: list[collections.deque[str]], number: int) -> str | None:
        with self.lock:
            if own := queues[number % len(queues)]:
                return own.popleft()
            most = max(queues, key=len)
            return most.pop() if most else None

    def ask_once(self, number: int, case: str) -> dict:
        worker = self.workers[number] = self.workers[number] or Worker(self.suite)
        answer = worker.ask(case)
        if answer.pop("ended", False):
            worker.close()
            self.workers[number] = None
        return answer

    def ask(self, number: int, case: str) -> dict:
        """The machine may have ended a worker; a case that ends two is a finding."""
        began = time.monotonic()
        answer = self.ask_once(number, case)
        if answer.pop("died", False):
            answer = self.ask_once(number, case)
            answer["again"] = not answer.pop("died", False)
        return answer | {"seconds": time.monotonic() - began}

    def each(self, cases: list[str], until: float | None = None, in_order: bool = False) -> collections.abc.Iterator[dict]:
        """Answers as they come, until all cases are done or the time (monotonic) is up."""
        queues = [collections.deque(cases)] if in_order else self.share(cases)
        answers: queue.SimpleQueue[dict | None] = queue.SimpleQueue()

        def work(number: int) -> None:
            while (until is None or time.monotonic() < until) and (case := self.take(queues, number)):
                answers.put(self.ask(number, case))
            answers.put(None)

        for number in range(WORKERS):
            threading.Thread(target=work, args=(number,), daemon=True).start()
        running = WORKERS
        while running:
            answer = answers.get()
            if answer is None:
                running -= 1
            else:
                yield answer
