#!/usr/bin/env python3
"""One configuration of SFTPGo in each format that a release reads, and the judge of who read it how.

    sftpgo_formats.py write FORMAT <JSON          json, yaml, toml, hcl, env, properties, ini; the last three hold no lists of objects
    sftpgo_formats.py same FACTS FACTS            do two answers of inspect tell the same value of every key?
    sftpgo_formats.py loaded LOG FACTS            does the server's own log, level debug, tell what the answer of inspect does?
"""
import json
import re
import sys


def changed(config):
    """Values that no default is, of each type, and texts that a format has to quote."""
    config["common"].update(idle_timeout=17, umask="022", tz="local", secret_min_entropy=77.5, proxy_skipped=["10.0.0.1", "10.0.0.2"])
    config["common"]["defender"].update(enabled=True, ban_time=33, login_delay={"success": 2, "password_failed": 1003})
    config["sftpd"].update(max_auth_tries=6, password_authentication=False)
    config["data_provider"]["password_hashing"]["argon2_options"].update(memory=65537, iterations=3)
    config["smtp"].update({"from": "SFTPGo: # one = two", "domain": "a 'b' c"})
    config["telemetry"].update(auth_user_file="/nowhere/a b")
    return config


def is_objects(value):
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def toml(table, way=()):
    """Plain values first: what comes behind a header is the header's."""
    below = [(name, v) for name, v in table.items() if isinstance(v, dict) or is_objects(v)]
    lines = [f"{name} = {json.dumps(v)}" for name, v in table.items() if (name, v) not in below and v is not None]
    for name, v in below:
        path = (*way, name)
        mark = "[[{}]]" if is_objects(v) else "[{}]"
        for one in v if is_objects(v) else [v]:
            lines += ["", mark.format(".".join(path)), *toml(one, path)]
    return lines


def texts(table, way=()):
    for name, v in table.items():
        path = (*way, name)
        if isinstance(v, dict):
            yield from texts(v, path)
        elif isinstance(v, list):
            if v and not is_objects(v):
                yield ".".join(path), ",".join(map(str, v))
        elif v is not None:
            yield ".".join(path), str(v).lower() if isinstance(v, bool) else str(v)


def ini(config):
    """A value in backquotes is whole."""
    for name, v in texts(config):
        section, key = name.rsplit(".", 1)
        yield f"[{section}]\n{key} = `{v}`"


def hcl(table, way=()):
    """Every block is a list: names in full, and of objects in lists what is no object itself."""
    for name, v in table.items():
        path = (*way, name)
        if isinstance(v, dict):
            yield from hcl(v, path)
        elif is_objects(v):
            for one in v:
                yield ".".join(path) + " {"
                yield from (f"  {n} = {json.dumps(x)}" for n, x in one.items() if x is not None and not isinstance(x, dict))
                yield "}"
        elif v is not None:
            yield ".".join(path) + " = " + json.dumps(v)


def write(form, config):
    if form == "toml":
        return "\n".join(toml(config))
    if form == "env":
        return "\n".join(f"{name}=" + json.dumps(v) for name, v in texts(config))
    if form == "ini":
        return "\n".join(ini(config))
    if form == "hcl":
        return "\n".join(hcl(config))
    if form == "properties":
        return "\n".join(f"{name} = {v}" for name, v in texts(config))
    return json.dumps(config, indent=2)  # which is YAML, too


def settings(file):
    with open(file, encoding="utf-8") as facts:
        return {key: s["value"] for key, s in json.load(facts)["facts"]["conf"]["value"]["settings"].items()}


def same(one, other):
    one, other = settings(one), settings(other)
    bad = [f"{key}: {one.get(key)!r} {other.get(key)!r}" for key in sorted({*one, *other}) if one.get(key) != other.get(key)]
    print(len(one), "settings", *bad, sep="\n")
    return bool(bad)


def shown(value):
    """As Go's %+v has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + " ".join(map(shown, value)) + "]"
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)


def loaded(log, facts):
    """Names of the server's fields are the keys' but for underscores, and a few."""
    with open(log, encoding="utf-8") as lines:
        said = [json.loads(line)["message"] for line in lines if "config loaded:" in line][-1].lower()
    found, missing = 0, []
    for key, value in settings(facts).items():
        name = key.rsplit(".", 1)[1].replace("_", "")
        if value == "***" or not re.search(rf"[ {{]\w*{re.escape(name)}:", said):
            continue
        found += 1
        told = re.escape(shown(value).lower()) or r"(\[\])?"  # an empty secret is no list in facts
        if not re.search(rf"[ {{]\w*{re.escape(name)}:{told}[ }}]", said):
            missing.append(f"{key}: {shown(value)}")
    print(found, "settings are in the log", *missing, sep="\n")
    return bool(missing) or found < 200


def main():
    verb, *rest = sys.argv[1:]
    if verb == "write":
        print(write(rest[0], changed(json.load(sys.stdin))))
        return 0
    return same(*rest) if verb == "same" else loaded(*rest)


if __name__ == "__main__":
    sys.exit(main())
