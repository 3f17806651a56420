"""The rows of bench/run.sh for SeaTable in Docker Compose: Developer 6.1.0 moved to Enterprise 6.1.8 by crossgrade, against that one container made
anew by hand, and against the vendor's page. Docker, Compose, MariaDB, Redis and Caddy are real, the server's image is the tests' stand-in."""
import os
import pathlib
import shutil
import subprocess
import time

import stats
from lab import HERE, Gap, ask, run
from packages import Network, said

STACK = HERE.parent / "tests/real/seatable.sh"
CLIENT = HERE.parent / "tests/tools/seatable_client.py"
OLD, NEW = "seatable/seatable-developer:6.1.0", "seatable/seatable-enterprise:6.1.8"
URL, PORT = "http://127.0.0.1", 80
SERVICE = "seatable-server"
CONTAINERS = (SERVICE, "mariadb", "redis", "caddy")


def answers(port):
    """What every client asks of first, and what its rows go through, by the proxy."""
    return ask(port, "/server-info/") == 200 and ask(port, "/api-gateway/api/v2/ping/") == 200


def wait_until(what, reached):
    until = time.monotonic() + 120
    while not reached():
        if time.monotonic() > until:
            raise SystemExit(f"the stack is not {what} within two minutes")
        time.sleep(0.01)


def wait_serving():
    wait_until("serving", lambda: answers(PORT))


class Lab:
    def __init__(self, crossgrade, disk):
        self.crossgrade, self.disk = crossgrade, pathlib.Path(disk) / "seatable"
        self.home, self.state = self.disk / "home", self.disk / "state"
        self.project = self.home / "seatable-compose"
        run(STACK, "daemon", self.disk, stdout=subprocess.DEVNULL)
        told = dict(word.split("=", 1) for word in said(STACK, "env", self.disk)[1:])
        self.env = {**os.environ, **told}
        self.engine = told["dockerd"]
        self.writer = None

    def end(self):
        if self.writer:
            self.writer.terminate()
            self.writer.wait()
        run(STACK, "end", self.disk)

    def begin(self):
        """The stack with users, rows and files, and a client that writes all the time."""
        run(STACK, "make", self.home, "6.1", "developer", "6.1.0", env=self.env)
        run(STACK, "up", self.home, env=self.env)
        self.license = self.disk / "license.txt"
        run(STACK, "license", self.license, "MaxUsers=100")
        client = [said(STACK, "library", "python")[0], CLIENT]
        base = self.disk / "base"
        run(*client, "seed", "--url", URL, "--login", "admin@seatable.test", "--password", "pass-admin", "--base", base,
            "--users", 50, "--rows", 1000, "--files", 50, stdout=subprocess.DEVNULL)
        self.writer = subprocess.Popen([*client, "write", "--url", URL, "--base", base, "--log", f"{base}.log"], stdout=subprocess.DEVNULL)

    def compose(self, *words):
        run("docker", "compose", "--progress", "quiet", *words, cwd=self.project, env=self.env, stderr=subprocess.DEVNULL)

    def edit(self, old, new):
        env = self.project / ".env"
        env.write_text(env.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    def put_license(self, text=b""):
        """Into the same file: it is mounted by its inode."""
        (self.project / "seatable-license.txt").write_bytes(text)

    def recreate(self):
        self.compose("up", "--detach", "--no-deps", SERVICE)
        wait_serving()

    def back(self):
        self.put_license()
        self.edit(NEW, OLD)
        self.recreate()

    def bare_recreate(self):
        """Downtime of one line edited and that container made anew; no dump, no copy, no proof. Then back."""
        self.put_license(self.license.read_bytes())
        with Gap(PORT, answers) as gap:
            self.edit(OLD, NEW)
            self.recreate()
        self.back()
        return gap.longest

    def by_the_page(self):
        """Downtime of the vendor's page: all down, edit, all up. Then back."""
        self.put_license(self.license.read_bytes())
        with Gap(PORT, answers) as gap:
            self.compose("down")
            self.edit(OLD, NEW)
            self.compose("up", "--detach")
            wait_serving()
        self.back()
        return gap.longest

    def healthy(self):
        argv = ["docker", "inspect", "--format", "{{.State.Health.Status}}", *CONTAINERS]
        found = subprocess.run(argv, env=self.env, stdout=subprocess.PIPE, text=True, check=True)
        return set(found.stdout.split()) == {"healthy"}

    def cg(self, *words):
        call = subprocess.run([self.crossgrade, "--state-dir", self.state, *words], env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if call.returncode:
            raise SystemExit(f"crossgrade {' '.join(map(str, words))}: {call.returncode}: {call.stdout[-900:]}")

    def apply(self, gate):
        plan, goal = self.disk / "plan.json", self.disk / "goal.yaml"
        plan.unlink(missing_ok=True)
        goal.write_text(f"product: seatable\nsource: {{root: {self.project}}}\ntarget: {{edition: enterprise, version: 6.1.8}}\n"
                        f"settings: {{license_file: {self.license}, dump: running, gate: {gate}}}\n", encoding="ascii")
        wait_until("healthy", self.healthy)
        self.cg("plan", "-f", goal, "-o", plan)
        with Gap(PORT, answers) as gap:
            self.cg("apply", plan, "--yes")
        return gap.longest

    def rollback(self):
        self.cg("rollback", "--yes")
        wait_serving()
        for folder in (self.home, self.home / SERVICE):
            for point in folder.glob(".crossgrade-*"):
                shutil.rmtree(point)
        shutil.rmtree(self.state)


def rows(crossgrade, disk, pairs):
    lab = Lab(crossgrade, disk)
    bare, page, none, verify = [], [], [], []
    try:
        with Network(lab.engine):
            lab.begin()
            for _ in range(pairs):
                bare.append(lab.bare_recreate())
                for gate, into in (("none", none), ("verify", verify)):
                    into.append(lab.apply(gate))
                    lab.rollback()
                page.append(lab.by_the_page())
    finally:
        lab.end()
    note = "dump: running; a stand-in for the server"
    stats.line("seatable, no gate", none, bare, "bare recreate", 1.10, note=note)
    stats.line("seatable, gate", verify, bare, "bare recreate", None, note=note)
    stats.line("seatable, by the page", verify, page, "down, edit, up -d", None, note=note)
