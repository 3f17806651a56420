#!/usr/bin/env python3
"""Two dumps of SFTPGo: are they of the same objects?

    sftpgo_dumps.py [--used] BEFORE AFTER

--used passes over what moves whenever clients come: last logins, used quota and tokens.

Absent, null, zero and empty are one. Event actions, alone and in rules, may differ in how their text is spelled: a release
2.7 writes {{.Name}} where 2.6 has {{Name}}, and cleans paths; it does so once, which shows in the rules' updated_at. With
bolt SFTPGo keeps roles and IP lists in one bucket and dumps each as the other, too, without a name: those are left out.
One line of counts; ends with 1 when something differs, and says what.
"""
import json
import sys

KEYS = {"users": "username", "groups": "name", "folders": "name", "admins": "username", "api_keys": "id", "shares": "id",
        "event_actions": "name", "event_rules": "name", "roles": "name", "ip_lists": "ipornet"}
USED = {"last_login", "last_use_at", "last_quota_update", "used_quota_size", "used_quota_files", "used_upload_data_transfer",
        "used_download_data_transfer", "first_download", "first_upload", "used_tokens"}


def canonical(value):
    """Without what is empty; lists in order of their text."""
    if isinstance(value, dict):
        kept = {key: canonical(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part}
    if isinstance(value, list):
        return sorted((canonical(part) for part in value), key=json.dumps)
    return value or None


def text(kind, one, without):
    """An object as one line, its placeholders in the spelling of 2.6."""
    kept = {key: part for key, part in one.items() if (kind, key) != ("event_rules", "updated_at") and key not in without}
    return json.dumps(canonical(kept), sort_keys=True).replace("{{.", "{{").replace('"/{{', '"{{')


def load(path, without):
    with open(path, encoding="utf-8") as file:
        dump = json.load(file)
    found = {kind: {one[key]: text(kind, one, without) for one in dump[kind] or [] if one[key]} for kind, key in KEYS.items()}
    return {**found, "configs": {"": text("configs", dump["configs"], without)}}


def main():
    without = USED if sys.argv[1] == "--used" else set()
    before, after = (load(path, without) for path in sys.argv[-2:])
    differ = [f"{kind} {name}: {before[kind].get(name)}\n  now {after[kind].get(name)}" for kind in before
              for name in before[kind].keys() | after[kind].keys() if before[kind].get(name) != after[kind].get(name)]
    print(", ".join(f"{len(of)} {kind}" for kind, of in after.items()) + f"; {len(differ)} differ")
    for line in sorted(differ)[:5]:
        print(line[:1000], file=sys.stderr)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
