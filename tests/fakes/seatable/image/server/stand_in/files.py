"""seaf-server: uploaded files in seafile-data, what they hold by its digest, and which name has it. Links are tokens in Redis."""
import hashlib
import json
import pathlib
import secrets

from .bases import write_whole
from .http_server import Component, Refused
from .stores import redis
from .words import word

seafile = Component("seaf-server", 8082)
STORAGE = pathlib.Path("/opt/seatable/seafile-data/storage")


def link(**what):
    token = secrets.token_hex(16)
    redis("SET", f"seafhttp_{token}", json.dumps(what), "EX", 3600)
    return token


def _linked(token):
    what = redis("GET", f"seafhttp_{token}")
    if not what:
        raise Refused(403, "Access token not found.")
    return json.loads(what)


def _entry(repo, path):
    return STORAGE / "fs" / repo / f"{hashlib.sha1(path.strip('/').encode()).hexdigest()}.json"


def put(repo, path, data):
    digest = hashlib.sha1(data).hexdigest()
    write_whole(STORAGE / "blocks" / repo / digest[:2] / digest[2:], data)
    write_whole(_entry(repo, path), json.dumps({"path": path.strip("/"), "size": len(data), "block": digest}).encode())


def get(repo, path):
    entry = _entry(repo, path)
    if not entry.exists():
        raise Refused(404, "File not found.")
    digest = json.loads(entry.read_text(encoding="utf-8"))["block"]
    return (STORAGE / "blocks" / repo / digest[:2] / digest[2:]).read_bytes()


def exists(repo, path):
    return _entry(repo, path).exists()


@seafile.route("POST", r"/upload-api/(\w+)")
def upload(request, token):
    what, form = _linked(token), request.form()
    name, data = form["file"]
    put(what["repo"], f"{form['parent_dir']}/{form.get('relative_path', '')}/{name}".replace("//", "/"), data)
    return [{"name": name, "id": hashlib.sha1(data).hexdigest(), "size": len(data)}]


@seafile.route("GET", r"/files/(\w+)/([^/]+)")
def download(_request, token, _name):
    what = _linked(token)
    data = get(what["repo"], what["path"])
    return 200, "application/octet-stream", data[::-1] if word("wrong-file") else data
