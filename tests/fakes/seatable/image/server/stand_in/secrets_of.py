"""Passwords, tokens and signed access tokens; the keys are those of the installation, so they outlive a restart."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import secrets
import time

CONF = pathlib.Path("/opt/seatable/conf")


def password_hash(password, salt=None):
    salt = salt or secrets.token_hex(8)
    return f"PBKDF2SHA256$1000${salt}${hashlib.pbkdf2_hmac('sha256', password.encode(), bytes.fromhex(salt), 1000).hex()}"


def password_fits(password, known):
    """'!' marks who logs in elsewhere."""
    parts = known.split("$")
    return len(parts) == 4 and hmac.compare_digest(password_hash(password, parts[2]), known)


def private_key():
    """In the environment since 5.3, before that in a file of conf."""
    found = os.environ.get("JWT_PRIVATE_KEY")
    return found or json.loads((CONF / "dtable_server_config.json").read_text(encoding="utf-8"))["private_key"]


def setting(name):
    found = re.search(rf"^{name}\s*=\s*'([^']*)'", (CONF / "dtable_web_settings.py").read_text(encoding="utf-8"), re.M)
    return found and found[1]


def _encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signature(text):
    return _encoded(hmac.new(private_key().encode(), text.encode(), hashlib.sha256).digest())


def signed(**what):
    """A JSON web token, good for three days."""
    parts = ({"typ": "JWT", "alg": "HS256"}, dict(what, exp=int(time.time()) + 3 * 86400))
    text = ".".join(_encoded(json.dumps(p).encode()) for p in parts)
    return f"{text}.{_signature(text)}"


def read_signed(token):
    """What it says, or None."""
    text, _, signature = token.rpartition(".")
    if text.count(".") != 1 or not hmac.compare_digest(signature, _signature(text)):
        return None
    said = text.split(".")[1]
    what = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    return what if what["exp"] > time.time() else None
