#!/usr/bin/env python3
"""Run a program that tells its steps as JSON lines, and kill it with SIGKILL in one of them.

    kill_at.py STEP:STATE DELAY_MS PROGRAM ARGUMENT...

STATE is as the event of that step says: begin, done, undo, undone. Ends with 0 when the program was killed, with 1
when it ended before that; its stderr is passed on.
"""
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time

PAGE = 4096     # as much as such a pipe holds, and takes at once


def kill(child):
    """The program; behind nsenter, which waits for it in another pid namespace, its child."""
    pid = child.pid
    if child.args[0] == "nsenter":
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            pid = int(children.read().split()[0])
    os.kill(pid, signal.SIGKILL)


def narrow_pipe():
    """One that holds one line: who is told late finds the program no further than two lines on, however long that took."""
    ours, its = os.pipe2(os.O_CLOEXEC | os.O_DIRECT)
    fcntl.fcntl(its, fcntl.F_SETPIPE_SZ, PAGE)
    return ours, its


def lines(pipe):
    rest = b""
    while more := os.read(pipe, PAGE):
        *whole, rest = (rest + more).split(b"\n")
        yield from whole


def go_on_telling(pipe, seconds):
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and select.select([pipe], [], [], left)[0]:
        if not os.read(pipe, PAGE):
            time.sleep(left)


def main():
    step, state = sys.argv[1].split(":")
    ours, its = narrow_pipe()
    with subprocess.Popen(sys.argv[3:], stdin=subprocess.DEVNULL, stdout=its) as child:
        os.close(its)
        for line in lines(ours):
            event = json.loads(line)
            if event.get("step") == step and event.get("state") == state:
                go_on_telling(ours, int(sys.argv[2]) / 1000)
                if child.poll() is None:
                    kill(child)
                    print(f"killed {sys.argv[2]} ms after {step} was {state}")
                    return 0
        print(f"ended with {child.wait()} before {step} was {state}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
