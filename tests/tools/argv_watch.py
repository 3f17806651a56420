#!/usr/bin/env python3
"""What every process of a PID namespace is called with, for who looks for secrets there: anybody on the host can read it.

    argv_watch.py INIT FILE

Each command line that is seen of a process in the namespace of INIT, a process id, is a line of FILE, once. Ends on SIGTERM."""
import os
import sys
import time


def command_line(path):
    try:
        with open(path, "rb") as file:
            return file.read().replace(b"\0", b" ").strip()
    except OSError:
        return b""


def main():
    seen = set()
    with open(sys.argv[2], "wb", buffering=0) as out:
        os.chdir(f"/proc/{sys.argv[1]}/root/proc")      # which has the processes of its namespace, and no others
        while True:
            for pid in filter(str.isdigit, os.listdir()):
                one = (pid, command_line(f"{pid}/cmdline"))
                if one[1] and one not in seen:
                    seen.add(one)
                    out.write(one[1].replace(b"\n", b" ") + b"\n")
            time.sleep(0.02)


if __name__ == "__main__":
    main()
