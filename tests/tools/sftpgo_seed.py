#!/usr/bin/env python3
"""Fill a running SFTPGo of a test: every kind of object, USERS users, in a few large calls.

    sftpgo_seed.py --port N --password P --srv DIR --key FILE.pub [--users 1000]

What is loaded is written as a release 2.6 would dump it; a 2.7 translates the placeholders while loading. The same call gives
the same objects. Of all that is a secret the server makes an envelope: mode 0, or mode 1 with a master key; user
early and SMTP hold envelopes of mode 0 in either case, as a server has them whose master key came later. Password of an account: pass-NAME.
Users by number: every 10th has the key of FILE.pub, every 20th from 7 an encrypted home, every 50th from 9 an S3 bucket, which
no slim build can open; every 25th from 3 is disabled, every 25th from 4 expired, every 50th from 11 has 2FA for HTTP.
"""
import argparse
import base64
import hashlib
import http.client
import json
import sys

CHUNK = 1000  # users a call: the server takes 20 MiB and gives itself 60 seconds
TOTP = "JBSWY3DPEHPK3PXP"
# Made by a 2.6.4 without a master key: the passphrase "early-passphrase" of user early, the password "smtp-secret". A server
# whose key does not open the latter does not start at all; one that cannot open a user's looks healthy.
EARLY_SMTP = {"status": "Secretbox", "payload": "vOblPKCCUHqSZreEwwsGeHhPZICaoAQtuSz2YFnZrfers9k3SkUpmuRFyfHx6Omb7gts",
              "key": "5b483624fda76492e23c78e8df409ffb5efa7a1660d0dbff149233575cedf4b6", "additional_data": "smtp"}
EARLY = {"status": "Secretbox", "payload": "RCwANCbVM3gDrOLvxsVmnMQqILeY6N12sijh29yGcGAzvq+pkvly/8HkhDv3tj7Ch46O9lB5J9Y=",
         "key": "dbc35705e5328acd6d2de5523ef6ed074bc56b96a103a46df04122c75f7cb83e", "additional_data": "early"}


def secret(text):
    return {"status": "Plain", "payload": text}


def two_factor(**more):
    return {"totp_config": {"enabled": True, "config_name": "Default", "secret": secret(TOTP), **more},
            "recovery_codes": [{"secret": secret(f"RC-{n}")} for n in range(1, 4)]}


def hashed(name):
    """One of the formats that SFTPGo reads; its own, bcrypt, would take minutes for a thousand users."""
    salt = hashlib.md5(name.encode()).hexdigest()[:16]
    word = hashlib.pbkdf2_hmac("sha256", f"pass-{name}".encode(), salt.encode(), 1000)
    return f"$pbkdf2-sha256$1000${salt}${base64.b64encode(word).decode()}"


def public_key(name):
    raw = hashlib.sha256(name.encode()).digest()
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (b"ssh-ed25519", raw))
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} {name}"


def s3(bucket):
    return {"provider": 1, "s3config": {"bucket": bucket, "region": "eu-west-1", "access_key": f"AK{bucket}",
                                        "access_secret": secret(f"s3-{bucket}"), "endpoint": "https://s3.example.com"}}


def crypt(name):
    """2.7 refuses passphrases that a person could remember."""
    return {"provider": 4, "cryptconfig": {"passphrase": secret(hashlib.sha256(f"crypt-{name}".encode()).hexdigest())}}


def sftp_fs():
    return {"provider": 5, "sftpconfig": {"endpoint": "127.0.0.1:9", "username": "far", "password": secret("far-secret"),
                                          "prefix": "/in"}}


def username(number):
    return f"user-{number:05d}"


def user(args, n):
    name = username(n)
    made = {
        "username": name, "status": 0 if n % 25 == 3 else 1, "email": f"{name}@example.com",
        "password": hashed(name) if n > 3 else f"pass-{name}", "home_dir": f"{args.srv}/data/{name}",
        "expiration_date": 1577836800000 if n % 25 == 4 else 0, "quota_size": (n % 5) * 1048576000,
        "permissions": {"/": ["*"]} if n % 3 else {"/": ["list", "download", "upload", "overwrite", "create_dirs"],
                                                   "/read only": ["list", "download"]},
        "public_keys": [args.key] if n % 10 == 0 else [public_key(name)] if n % 2 else [],
        "description": f"seeded, number {n} <&> \"ü\"", "max_sessions": n % 7, "filesystem": {"provider": 0}, "filters": {},
    }
    if n % 4 == 0:
        made["groups"] = [{"name": f"primary-{n % 3 + 1}", "type": 1}, {"name": f"secondary-{n % 4 + 1}", "type": 2}]
    if n % 6 == 0:
        made.setdefault("groups", []).append({"name": "members", "type": 3})
    if n % 5 == 0:
        made["virtual_folders"] = [{"name": f"folder-{n % 8 + 1}", "virtual_path": "/shared", "quota_size": -1, "quota_files": -1}]
    if n % 9 == 0:
        made["role"] = f"role-{n % 3 + 1}"
    if n % 20 == 7:
        made["filesystem"] = crypt(name)
    if n % 50 == 9:
        made["filesystem"] = s3(f"bucket-{n}")
    if n % 50 == 11:
        made["filters"] = two_factor(protocols=["HTTP"])
    if n % 50 in (2, 30):
        made["filters"] = two_factor(protocols=["SSH"])
    if n % 8 == 5:
        made["filters"] |= {"allowed_ip": ["127.0.0.0/8", "192.0.2.0/24"], "denied_protocols": ["FTP"],
                            "file_patterns": [{"path": "/", "denied_patterns": ["*.exe"], "deny_policy": 0}],
                            "web_client": ["shares-disabled"], "max_upload_file_size": 10485760}
    return made


def early(args):
    return {"username": "early", "status": 1, "password": hashed("early"), "home_dir": f"{args.srv}/data/early",
            "permissions": {"/": ["*"]}, "filesystem": {"provider": 4, "cryptconfig": {"passphrase": EARLY}}}


def folders(args):
    made = [{"name": f"folder-{n}", "mapped_path": f"{args.srv}/folders/{n}", "description": f"shared {n}",
             "filesystem": {"provider": 0}} for n in range(1, 9)]
    made.append({"name": "folder-crypt", "mapped_path": f"{args.srv}/folders/crypt", "filesystem": crypt("folder-crypt")})
    made.append({"name": "folder-far", "mapped_path": f"{args.srv}/folders/far", "filesystem": sftp_fs()})
    return made


def groups(args):
    made = [{"name": f"primary-{n}", "description": "primary of some",
             "user_settings": {"max_sessions": 20, "upload_bandwidth": 0, "filesystem": {"provider": 0},
                               "filters": {"max_upload_file_size": 1073741824}},
             "virtual_folders": [{"name": f"folder-{n}", "virtual_path": f"/group{n}", "quota_size": 0, "quota_files": 0}]}
            for n in range(1, 4)]
    made += [{"name": f"secondary-{n}", "user_settings": {"permissions": {f"/secondary{n}": ["list", "download"]},
                                                          "filesystem": {"provider": 0}}} for n in range(1, 5)]
    made.append({"name": "members", "user_settings": {"filesystem": {"provider": 0}}})
    made.append({"name": "with-bucket", "user_settings": {"home_dir": f"{args.srv}/data/%username%", "filesystem": s3("group")}})
    return made


def shares():
    return [{"id": f"share{n:017d}", "name": f"share {n}", "username": username(n), "scope": n % 3 + 1,
             "paths": ["/out"], "password": f"pass-share{n}" if n % 10 == 4 else "", "max_tokens": n, "used_tokens": n // 2,
             "expires_at": 4102444800000 if n % 2 else 0, "allow_from": ["127.0.0.0/8"] if n % 5 == 0 else []}
            for n in range(1, 21)]


def api_keys():
    """A plain key is hashed by the server: the whole of each is ID.KEY, to be sent as X-SFTPGO-API-KEY."""
    made = [{"id": f"adminkey{n:014d}", "key": f"key-of-admin-{n}", "name": f"admin key {n}", "scope": 1, "admin": "second"}
            for n in range(1, 3)]
    made += [{"id": f"userkey{n:015d}", "key": f"key-of-user-{n}", "name": f"user key {n}", "scope": 2, "user": username(n)}
             for n in range(1, 4)]
    return made


def admin(name, **more):
    return {"username": name, "status": 1, "password": f"pass-{name}", "permissions": ["*"], "email": f"{name}@example.com",
            **more}


def admins():
    return [
        admin("second", filters={"allow_api_key_auth": True, **two_factor()}),
        admin("third", filters={"require_two_factor": True, **two_factor()},
              groups=[{"name": "members", "options": {"add_to_users_as": 2}}]),
        admin("of-role", permissions=["add_users", "edit_users", "view_users"], role="role-1"),
        admin("watcher", permissions=["view_conns", "view_status"], filters={"allow_list": ["127.0.0.0/8"]}, status=0),
    ]


def ip_lists():
    made = [{"ipornet": f"198.51.100.{n}/32", "type": 2, "mode": 2, "protocols": 0, "description": "banned"} for n in range(1, 6)]
    made.append({"ipornet": "192.0.2.0/24", "type": 1, "mode": 1, "protocols": 0, "description": "office"})
    made.append({"ipornet": "2001:db8::/32", "type": 3, "mode": 1, "protocols": 3})
    return made


def http_action(name, **config):
    return {"name": name, "type": 1, "options": {"http_config": {
        "endpoint": "http://127.0.0.1:9/hook/{{Name}}", "method": "POST", "timeout": 5, **config}}}


def actions():
    """One of every type; names of all that 2.6 replaces, in its spelling."""
    return [
        http_action("post-json", username="u{{Name}}", password=secret("http-secret"),
                    headers=[{"key": "Content-Type", "value": "application/json"}, {"key": "X-Event", "value": "{{Event}}"}],
                    query_parameters=[{"key": "path", "value": "{{VirtualPath}}"}],
                    body='{"name":"{{Name}}","path":"{{VirtualPath}}","size":{{FileSize}},"status":"{{StatusString}}",'
                         '"at":{{Timestamp}},"protocol":"{{Protocol}}","ip":"{{IP}}","error":"{{ErrorString}}"}'),
        http_action("post-object", body="{{ObjectData}}"),
        http_action("post-parts", parts=[{"name": "meta", "headers": [{"key": "Content-Type", "value": "application/json"}],
                                          "body": '{"dir":"{{VirtualDirPath}}","ext":"{{Ext}}"}'},
                                         {"name": "file", "filepath": "{{VirtualPath}}"}]),
        {"name": "run", "type": 2, "options": {"cmd_config": {
            "cmd": "/usr/bin/true", "args": ["{{FsPath}}"], "timeout": 5, "env_vars": [{"key": "NAME", "value": "{{Name}}"}]}}},
        {"name": "mail", "type": 3, "options": {"email_config": {
            "recipients": ["ops@example.com", "{{Email}}"], "subject": "{{Event}} of {{ObjectName}}", "content_type": 1,
            "body": "<p>{{Name}} {{ObjectType}} {{DateTime}} {{UID}} {{Role}}</p>", "attachments": ["{{VirtualPath}}"]}}},
        {"name": "backup", "type": 4}, {"name": "quota", "type": 5}, {"name": "folder quota", "type": 6},
        {"name": "transfer quota", "type": 7},
        {"name": "retention", "type": 8, "options": {"retention_config": {
            "folders": [{"path": "/old", "retention": 720, "delete_empty_dirs": True}]}}},
        {"name": "mail retention", "type": 3, "options": {"email_config": {
            "recipients": ["ops@example.com"], "subject": "retention", "body": "see there",
            "attachments": ["{{RetentionReports}}"]}}},
        {"name": "archive", "type": 9, "options": {"fs_config": {
            "type": 3, "mkdirs": ["/arch/{{Name}}", "/arch/{{ObjectName}}"]}}},
        {"name": "move", "type": 9, "options": {"fs_config": {
            "type": 1, "renames": [{"key": "{{VirtualPath}}", "value": "/done/{{ObjectName}}"}]}}},
        {"name": "password expiration", "type": 11, "options": {"pwd_expiration_config": {"threshold": 10}}},
        {"name": "user expiration", "type": 12},
        {"name": "idp", "type": 13, "options": {"idp_config": {
            "mode": 0, "template_user": '{"username":"{{Name}}","email":"{{IDPFieldmail}}","home_dir":"/srv/{{Name}}"}'}}},
        {"name": "inactivity", "type": 14, "options": {"user_inactivity_config": {"disable_threshold": 400}}},
        {"name": "rotate", "type": 15},
    ]


def rule(name, trigger, conditions, *names, status=1):
    return {"name": name, "status": status, "trigger": trigger, "conditions": conditions,
            "actions": [{"name": action, "order": n, "relation_options": {}} for n, action in enumerate(names, 1)]}


def rules():
    """Of users that no test logs in as: what a test transfers fires none of them."""
    absent = {"names": [{"pattern": "absent-*"}]}
    monthly = [{"hour": "3", "day_of_week": "*", "day_of_month": "1", "month": "1"}]
    failed = rule("uploads with a way out", 1, {"fs_events": ["upload"], "options": absent}, "archive", "mail")
    failed["actions"][1]["relation_options"] = {"is_failure_action": True}
    return [
        rule("uploads", 1, {"fs_events": ["upload", "first-upload"], "options": {
            **absent, "fs_paths": [{"pattern": "/in/**"}], "protocols": ["SFTP"], "min_size": 1}}, "post-json", "post-parts"),
        failed,
        rule("objects", 2, {"provider_events": ["delete"], "options": {
            **absent, "provider_objects": ["user", "group"]}}, "post-object"),
        rule("every year", 3, {"schedules": monthly, "options": {}}, "backup", "retention", "mail retention"),
        rule("blocked", 4, {"options": {}}, "run", status=0),
        rule("certificates", 5, {"options": {}}, "mail", status=0),
        rule("by hand", 6, {"options": absent}, "quota", "inactivity"),
        rule("logins", 7, {"idp_login_event": 1, "options": absent}, "idp"),
        rule("switched off", 1, {"fs_events": ["delete"], "options": absent}, "move", status=0),
    ]


def configs():
    return {"sftpd": {"macs": ["hmac-sha2-512-etm@openssh.com", "hmac-sha2-512"]},
            "smtp": {"host": "127.0.0.1", "port": 9, "from": "sftpgo@example.com", "user": "mailer",
                     "password": EARLY_SMTP}}


def small(args):
    return {"configs": configs(), "ip_lists": ip_lists(), "folders": folders(args), "groups": groups(args), "admins": admins(),
            "roles": [{"name": f"role-{n}", "description": f"Role {n}"} for n in range(1, 4)],
            "users": [early(args)]}


class Server:
    def __init__(self, args):
        self.link = http.client.HTTPConnection("127.0.0.1", args.port, timeout=90)
        word = base64.b64encode(f"admin:{args.password}".encode()).decode()
        self.token = "Basic " + word
        self.token = "Bearer " + json.loads(self.call("GET", "/api/v2/token"))["access_token"]

    def call(self, method, path, body=None):
        self.link.request(method, path, body and json.dumps(body), {"Authorization": self.token})
        answer = self.link.getresponse()
        text = answer.read().decode()
        if answer.status >= 300:
            raise SystemExit(f"sftpgo_seed.py: {method} {path}: {answer.status} {text[:300]}")
        return text

    def load(self, what, mode=1):
        self.call("POST", f"/api/v2/loaddata?mode={mode}", {"version": 16, **what})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--srv", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--users", type=int, default=1000)
    args = parser.parse_args()
    with open(args.key, encoding="utf-8") as file:
        args.key = file.read().strip()
    server = Server(args)
    server.load(small(args))
    # The second factor of an admin is not kept by the load that adds him.
    server.load({"admins": [one for one in admins() if "totp_config" in one.get("filters", {})]}, mode=0)
    for first in range(1, args.users + 1, CHUNK):
        server.load({"users": [user(args, n) for n in range(first, min(first + CHUNK, args.users + 1))]})
    server.load({"shares": [s for s in shares() if int(s["username"][5:]) <= args.users],
                 "api_keys": api_keys(), "event_actions": actions(), "event_rules": rules()})
    print(f"{args.users} users")
    return 0


if __name__ == "__main__":
    sys.exit(main())
