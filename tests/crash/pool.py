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
            return {"case": case, "wrong": [f"the worker ended: {broken!r}"], "ended": True}
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
        print(json.dumps({"case": line.strip(), **carry_out(line.strip())}), flush=True)


def each(suite: str, cases: list[str], until: float | None = None) -> collections.abc.Iterator[dict]:
    """Answers as they come, until all cases are done or the time (monotonic) is up."""
    todo: queue.SimpleQueue[str] = queue.SimpleQueue()
    answers: queue.SimpleQueue[dict | None] = queue.SimpleQueue()
    for case in cases:
        todo.put(case)

    def work() -> None:
        worker = Worker(suite)
        while not todo.empty() and (until is None or time.monotonic() < until):
            try:
                answer = worker.ask(todo.get_nowait())
            except queue.Empty:
                break
            if answer.pop("ended", False):
                worker.close()
                worker = Worker(suite)
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
