#!/usr/bin/env python3
"""A small server that keeps notes as files: what the skeleton product moves from one version to the next.

    server.py ROOT      ROOT/notes.conf names the port; PUT /notes/NAME stores, GET /notes/NAME answers, GET /version tells

Holds the flock of ROOT/lock, in which stands its pid. A version writes its number into ROOT/format at its first start, and refuses a higher one.
"""
import fcntl
import http.server
import os
import pathlib
import signal
import sys

VERSION = (pathlib.Path(__file__).resolve().parent / "VERSION").read_text().strip()
ROOT = pathlib.Path(sys.argv[1])


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self) -> pathlib.Path:
        return ROOT / "data" / pathlib.Path(self.path).name

    def do_GET(self) -> None:
        if self.path == "/version":
            self.answer(200, b'{"version": "%s"}\n' % VERSION.encode())
        elif self.note().is_file():
            self.answer(200, self.note().read_bytes())
        else:
            self.answer(404)

    def do_PUT(self) -> None:
        with open(self.note(), "wb") as file:
            file.write(self.rfile.read(int(self.headers["Content-Length"])))
            file.flush()
            os.fsync(file.fileno())
        self.answer(204)

    def log_message(self, *_: object) -> None:
        pass


def main() -> int:
    lock = open(ROOT / "lock", "w")     # held until the process ends
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print(os.getpid(), file=lock, flush=True)
    form = ROOT / "format"
    if form.exists() and int(form.read_text()) > int(VERSION):
        print(f"data of version {form.read_text()}", file=sys.stderr)
        return 1
    form.write_text(VERSION)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    port = dict(line.split("=", 1) for line in (ROOT / "notes.conf").read_text().split())["port"]
    http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
