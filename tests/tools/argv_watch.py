#!/usr/bin/env python3
"""What every process of a PID namespace is called with, for who looks for secrets there: anybody on the host can read it.

    argv_watch.py INIT FILE

Each command line that is seen of a process in the namespace of INIT, a process id, is a line of FILE, once. Ends on SIGTERM."""
import os
import sys
import time


def namespace(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return None


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").strip()
    except OSError:
        return b""


def main():
    ours, seen = namespace(sys.argv[1]), set()
    with open(sys.argv[2], "wb", buffering=0) as out:
        while True:
            for pid in filter(str.isdigit, os.listdir("/proc")):
                one = (pid, command_line(pid))
                if one[1] and one not in seen:
                    seen.add(one)
                    if namespace(pid) == ours:
                        out.write(one[1].replace(b"\n", b" ") + b"\n")
            time.sleep(0.02)


if __name__ == "__main__":
    main()
