#!/usr/bin/env python3
"""Run a program that tells its steps as JSON lines, and kill it with SIGKILL in one of them.

    kill_at.py STEP:STATE DELAY_MS PROGRAM ARGUMENT...

STATE is as the event of that step says: begin, done, undo, undone. Ends with 0 when the program was killed, with 1
when it ended before that; its stderr is passed on.
"""
import json
import os
import signal
import subprocess
import sys
import time


def kill(child):
    """The program; behind nsenter, which waits for it in another pid namespace, its child."""
    pid = child.pid
    if child.args[0] == "nsenter":
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            pid = int(children.read().split()[0])
    os.kill(pid, signal.SIGKILL)


def main():
    step, state = sys.argv[1].split(":")
    with subprocess.Popen(sys.argv[3:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as child:
        for line in child.stdout:
            event = json.loads(line)
            if event.get("step") == step and event.get("state") == state:
                time.sleep(int(sys.argv[2]) / 1000)
                if child.poll() is None:
                    kill(child)
                    print(f"killed {sys.argv[2]} ms after {step} was {state}")
                    return 0
        print(f"ended with {child.wait()} before {step} was {state}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
