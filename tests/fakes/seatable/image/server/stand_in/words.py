"""How the stand-in misbehaves: the words of STAND_IN, and those of /shared/stand-in for its edition ("enterprise flap", "all flush=1").

    crash-on-start      process 1 ends with 1
    pause=N             the container's own upgrade takes N seconds longer
    moves-schema        ... and moves the schema, though the minor is the same
    full-conf           ... and finds no room in conf
    never-ready         no port is ever opened
    delay-PORT=N        this port is opened N seconds late
    slow-stop=N         SIGTERM is heeded after N seconds
    version=V edition=E what /server-info/ says, whatever is true
    unhealthy           / on port 8000 answers 500, all else is well
    flap                port 80 answers 502 in every other second
    crashed-table       the database's answers are errors
    refuse-writes       the gateway takes no row
    no-base             no base is found by any token
    wrong-file          a file that is fetched holds something else
    flush=N             rows lie in memory and in operation_log for N seconds, not 300

Read anew at every question.
"""
import os
import pathlib

EDITION = pathlib.Path("/etc/stand-in-edition").read_text(encoding="ascii").strip()
VERSION = os.environ.get("server_version", "None")
FILE = pathlib.Path("/shared/stand-in")
RELEASE = tuple(int(number) for number in VERSION.split(".")[:2] if number.isdigit())
BY_GATEWAY = RELEASE >= (5, 3)  # before, clients were sent straight to dtable-server
HAS_GATEWAY = RELEASE >= (5, 0)  # of earlier ones nothing says that they have one


def word(name, default=None):
    """Its value; True when it has none; DEFAULT when it is not said."""
    said = os.environ.get("STAND_IN", "").split()
    if FILE.exists():
        for line in FILE.read_text(encoding="utf-8").splitlines():
            edition, *more = line.split() or [""]
            said += more if edition in ("all", EDITION) else []
    for one in said:
        key, _, value = one.partition("=")
        if key == name:
            return value or True
    return default


def number(name, default=0.0):
    return float(word(name, default))
