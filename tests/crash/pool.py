"""Workers, each in namespaces of its own: network (fixed ports, firewall), mounts, and processes, which end with it."""

from __future__ import annotations

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
CASE_WITHIN = 240.0     # more than that hangs; no case comes near it
LAB = "/mnt"
ROOM = 1 << 30          # less than that, and a worker ends: the next one begins with an empty lab
WORKERS = int(os.environ.get("CRASH_WORKERS", "2"))

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


def each(suite: str, cases: list[str], until: float | None = None) -> collections.abc.Iterator[dict]:
    """Answers as they come, until all cases are done or the time (monotonic) is up."""
    todo: queue.SimpleQueue[str] = queue.SimpleQueue()
    answers: queue.SimpleQueue[dict | None] = queue.SimpleQueue()
    for case in cases:
        todo.put(case)

    def ask(worker: Worker, case: str) -> tuple[Worker, dict]:
        answer = worker.ask(case)
        if answer.pop("ended", False):
            worker.close()
            worker = Worker(suite)
        return worker, answer

    def work() -> None:
        worker = Worker(suite)
        while until is None or time.monotonic() < until:
            try:
                case = todo.get_nowait()
            except queue.Empty:
                break
            worker, answer = ask(worker, case)
            # The machine may have ended it; a case that ends two is a finding.
            if answer.pop("died", False):
                worker, answer = ask(worker, case)
                answer["again"] = not answer.pop("died", False)
            answers.put(answer)
        worker.close()
        answers.put(None)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(WORKERS, len(cases)))]
    for thread in threads:
        thread.start()
    running = len(threads)
    while running:
        answer = answers.get()
        if answer is None:
            running -= 1
        else:
            yield answer
