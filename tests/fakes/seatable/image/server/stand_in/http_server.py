"""The servers of one container: a component is a port with routes, opened after its delay; port 80 hands on to them as the vendor's nginx does."""
import dataclasses
import email.parser
import email.policy
import http.server
import json
import re
import sys
import threading
import time
import traceback
import urllib.parse

from .words import EDITION, number, word

LIMIT = 200  # connections to dtable-server that Developer Edition takes


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


@dataclasses.dataclass
class Request:
    method: str
    path: str
    query: dict
    headers: object
    body: bytes

    def form(self):
        """Fields of a body, however it is encoded; files as (name, bytes)."""
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            return json.loads(self.body or b"{}")
        if not kind.startswith("multipart/"):
            return dict(urllib.parse.parse_qsl(self.body.decode()))
        parts = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + self.body)
        return dict(_part(p) for p in parts.iter_parts())

    def token(self):
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() if kind in ("Token", "Bearer") else ""

    def public(self):
        """The address that links in answers begin with: the one that the client called."""
        return f"{self.headers.get('X-Forwarded-Proto', 'http')}://{self.headers.get('X-Forwarded-Host') or self.headers.get('Host')}"


def _part(part):
    name = part.get_param("name", header="content-disposition")
    file = part.get_filename()
    data = part.get_payload(decode=True)
    return (name, (file, data)) if file else (name, data.decode())


class Component:
    """Routes of one program. What a route returns is JSON, or (status, type, bytes); it may raise Refused."""

    def __init__(self, name, port, limited=False):
        self.name, self.port, self.limited = name, port, limited
        self.routes, self.open, self.connections = [], False, 0

    def route(self, method, pattern):
        def put(function):
            self.routes.append((method, re.compile(pattern), function))
            return function
        return put

    def answer(self, request):
        for method, pattern, function in self.routes:
            found = pattern.fullmatch(request.path)
            if found and method in (request.method, "ANY"):
                return function(request, *map(urllib.parse.unquote, found.groups()))
        raise Refused(404, "Not found.")


class Handler(http.server.BaseHTTPRequestHandler):
    component = None
    timeout = 60

    def handle_any(self):
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer = self.component.answer(Request(self.command, url.path, dict(urllib.parse.parse_qsl(url.query)), self.headers, body))
        except Refused as e:
            answer = e.status, "application/json", json.dumps({"error_msg": e.message}).encode()
        except Exception as e:  # pylint: disable=broad-except # as Django does
            traceback.print_exc()
            answer = 500, "application/json", json.dumps({"error_msg": f"Internal Server Error: {e}"}).encode()
        if not isinstance(answer, tuple):
            answer = 200, "application/json", json.dumps(answer).encode()
        self.reply(*answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

    def reply(self, status, kind, data):
        self.send_response(status)
        self.send_header("Location" if status in (301, 302) else "Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_request(self, code="-", size="-"):
        if str(int(code))[:1] not in "23":
            super().log_request(code, size)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        print(f"[{time.strftime('%F %T')}] {self.component.name}: {format % args}", file=sys.stderr, flush=True)


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512

    def __init__(self, component, host):
        self.component = component
        super().__init__((host, component.port), type("Own", (Handler,), {"component": component}))

    def process_request(self, request, client_address):
        if self.component.limited and EDITION == "developer" and self.component.connections >= LIMIT:
            self.shutdown_request(request)
            return
        self.component.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request, client_address):
        """A client that leaves is nothing that the vendor's programs log, behind their nginx."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.component.connections -= 1


def open_later(component, host="127.0.0.1"):
    """Its port opens after its delay, in a thread of its own."""
    def run():
        if word("never-ready"):
            return
        time.sleep(number(f"delay-{component.port}"))
        server = Server(component, host)
        component.open = True
        server.serve_forever()
    threading.Thread(target=run, name=component.name).start()


class Front(Component):
    """nginx: the public paths; 502 for a program that does not listen yet."""

    def __init__(self, ways):
        super().__init__("nginx", 80)
        self.ways = ways

    def answer(self, request):
        if word("flap") and int(time.time()) % 2:
            raise Refused(502, "Bad Gateway")
        for prefix, component, instead in self.ways:
            if request.path.startswith(prefix):
                if not component.open:
                    raise Refused(502, "Bad Gateway")
                request.path = instead + request.path[len(prefix):]
                return component.answer(request)
        raise Refused(404, "Not found.")
