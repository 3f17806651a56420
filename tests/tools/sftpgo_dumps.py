#!/usr/bin/env python3
"""Two dumps of SFTPGo: are they of the same objects?

    sftpgo_dumps.py BEFORE AFTER

Absent, null, zero and empty are one. Event actions, alone and in rules, may differ in how their text is spelled: a release
2.7 writes {{.Name}} where 2.6 has {{Name}}, and cleans paths; it does so once, which shows in the rules' updated_at. With
bolt SFTPGo keeps roles and IP lists in one bucket and dumps each as the other, too, without a name: those are left out.
One line of counts; ends with 1 when something differs, and says what.
"""
import json
import sys

KEYS = {"users": "username", "groups": "name", "folders": "name", "admins": "username", "api_keys": "id", "shares": "id",
        "event_actions": "name", "event_rules": "name", "roles": "name", "ip_lists": "ipornet"}


def canonical(value):
    """Without what is empty; lists in order of their text."""
    if isinstance(value, dict):
        kept = {key: canonical(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part}
    if isinstance(value, list):
        return sorted((canonical(part) for part in value), key=json.dumps)
    return value or None


def text(kind, one):
    """An object as one line, its placeholders in the spelling of 2.6."""
    kept = {key: part for key, part in one.items() if (kind, key) != ("event_rules", "updated_at")}
    return json.dumps(canonical(kept), sort_keys=True).replace("{{.", "{{").replace('"/{{', '"{{')


def load(path):
    with open(path, encoding="utf-8") as file:
        dump = json.load(file)
    found = {kind: {one[key]: text(kind, one) for one in dump[kind] or [] if one[key]} for kind, key in KEYS.items()}
    return {**found, "configs": {"": text("configs", dump["configs"])}}


def main():
    before, after = load(sys.argv[1]), load(sys.argv[2])
    differ = [f"{kind} {name}: {before[kind].get(name)}\n  now {after[kind].get(name)}" for kind in before
              for name in before[kind].keys() | after[kind].keys() if before[kind].get(name) != after[kind].get(name)]
    print(", ".join(f"{len(of)} {kind}" for kind, of in after.items()) + f"; {len(differ)} differ")
    for line in sorted(differ)[:5]:
        print(line[:1000], file=sys.stderr)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
