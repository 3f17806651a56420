#!/usr/bin/env python3
"""Clients that upload to an SFTPGo over SFTP all the while, and the judge of what became of their files.

    sftp_writer.py write --port N --key FILE --log FILE --users NAME... [--size 20000] [--limit KBIT] [--pause 0.1] [--seconds S]
    sftp_writer.py check --log FILE --home DIR
    sftp_writer.py check --log FILE --port N --key FILE

`write` ends on SIGTERM. Every user has one connection of OpenSSH's sftp, opened again when it was cut. A file is new each time,
PREFIX-NUMBER in the user's root; one that the server took whole is logged as "user name sha256 time", one that failed is
never sent again: it may be there or not. --limit makes transfers long: 160 is 20,000 bytes a second. `check` wants every
logged file as it was sent, below the homes of DIR, or downloaded. Both print one line; `check` ends with 1 when a file
is missing or differs.
"""
import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

stopping = threading.Event()
PATIENCE = 3  # seconds for a transfer to end by itself


def sftp(args, user, batch=subprocess.PIPE, **more):
    command = ["sftp", "-q", "-P", str(args.port), "-i", args.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
               "-o", "UserKnownHostsFile=/dev/null", "-o", "PasswordAuthentication=no", "-o", "ConnectTimeout=60",
               "-o", "ServerAliveInterval=5"]
    if getattr(args, "limit", None):
        command += ["-l", str(args.limit)]
    return subprocess.Popen([*command, "-b", "-", f"{user}@127.0.0.1"], stdin=batch, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, bufsize=1, **more)


class Uploader:
    """One user's connection. In a batch sftp ends at the first command that fails: what comes after it was done."""

    def __init__(self, args, user):
        self.args, self.user, self.link = args, user, None

    def put(self, path, name):
        """True when the server closed the file and said so."""
        try:
            self.link = self.link or sftp(self.args, self.user)
            self.link.stdin.write(f"put {path} {name}\n!echo acknowledged {name}\n")
            self.link.stdin.flush()
            for line in self.link.stdout:
                if line.strip() == f"acknowledged {name}":
                    return True
        except OSError:
            pass
        self.close()
        return False

    def cut(self):
        link = self.link
        if link:
            link.kill()

    def close(self):
        if self.link:
            self.link.kill()
            self.link.wait()
            self.link.stdout.close()
            self.link = None


def write_one(args, up, log, lock, counts):
    prefix = f"live{os.getpid()}"
    number = 0
    with tempfile.NamedTemporaryFile() as file:
        while not stopping.is_set():
            content = os.urandom(args.size)
            file.seek(0)
            file.write(content)
            file.flush()
            name = f"{prefix}-{number}"
            stored = up.put(file.name, name)
            with lock:
                counts["acknowledged" if stored else "failed"] += 1
                if stored:
                    log.write(f"{up.user} {name} {hashlib.sha256(content).hexdigest()} {time.time():.3f}\n")
                    log.flush()
            number += 1
            stopping.wait(args.pause)


def write(args):
    lock = threading.Lock()
    counts = {"acknowledged": 0, "failed": 0}
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    with open(args.log, "a", encoding="utf-8") as log:
        clients = [Uploader(args, user) for user in args.users]
        threads = [threading.Thread(target=write_one, args=(args, up, log, lock, counts)) for up in clients]
        for thread in threads:
            thread.start()
        stopping.wait(args.seconds)
        stopping.set()
        for thread, up in zip(threads, clients):
            thread.join(PATIENCE)
            up.cut()
            thread.join()
            up.close()
    print(f"{counts['acknowledged']} uploads acknowledged, {counts['failed']} failed")
    return 0


def acknowledged(path):
    with open(path, encoding="utf-8") as log:
        return [tuple(line.split()[:3]) for line in log]


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def download(args, sent, into):
    """All logged files of each user in one connection, a folder a user."""
    for user in sorted({user for user, _, _ in sent}):
        os.mkdir(os.path.join(into, user))
        batch = "".join(f"-get {name} {into}/{user}/{name}\n" for owner, name, _ in sent if owner == user)
        sftp(args, user).communicate(batch, timeout=300)


def check(args):
    sent = acknowledged(args.log)
    with tempfile.TemporaryDirectory() as into:
        home = args.home or into
        if not args.home:
            download(args, sent, into)
        missing = [f"{user} {name}" for user, name, _ in sent if not os.path.exists(f"{home}/{user}/{name}")]
        differ = [f"{user} {name}" for user, name, want in sent
                  if os.path.exists(f"{home}/{user}/{name}") and digest(f"{home}/{user}/{name}") != want]
    print(f"{len(sent)} uploads acknowledged, {len(missing)} missing, {len(differ)} differ")
    for line in (missing + differ)[:3]:
        print(f"missing or different: {line}", file=sys.stderr)
    return 1 if missing or differ else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["write", "check"])
    parser.add_argument("--log", required=True)
    parser.add_argument("--port", type=int)
    parser.add_argument("--key")
    parser.add_argument("--users", nargs="+")
    parser.add_argument("--home")
    parser.add_argument("--size", type=int, default=20000)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--pause", type=float, default=0.1)
    parser.add_argument("--seconds", type=float)
    args = parser.parse_args()
    if not (args.port and args.key) and (args.verb == "write" or not args.home):
        parser.error("--port and --key are needed")
    if args.verb == "write" and not args.users:
        parser.error("--users are needed")
    return write(args) if args.verb == "write" else check(args)


if __name__ == "__main__":
    sys.exit(main())
