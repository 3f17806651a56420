#!/usr/bin/env python3
"""One configuration of SFTPGo in each format that a release reads, and the judge of who read it how.

    sftpgo_formats.py write FORMAT <JSON          json, yaml, toml, hcl, hcl-json, env, properties, ini
    sftpgo_formats.py write FORMAT all <JSON      the same with what a server does not start on: plugins, doors beside the first
    sftpgo_formats.py same FACTS FACTS            do two answers of inspect tell the same value of every key?
    sftpgo_formats.py loaded LOG FACTS            does the server's own log, level debug, tell what the answer of inspect does?
    sftpgo_formats.py loaded LOG FACTS all        and did both have what a move looks at from the file?

Variables, properties and INI hold one element of a list of objects; `loaded` compares field by field, in both directions.
"""
import json
import re
import sys

NAMED = ("env", "properties", "ini")

# What a move looks at, each kind: the database, its secrets, doors, keys, paths, hooks, plugins.
MATTERS = """
data_provider.driver data_provider.name data_provider.host data_provider.port data_provider.username data_provider.password
data_provider.sslmode data_provider.connection_string data_provider.sql_tables_prefix data_provider.root_cert
data_provider.users_base_dir data_provider.backups_path data_provider.is_shared data_provider.naming_rules
data_provider.actions.hook data_provider.external_auth_hook data_provider.pre_login_hook data_provider.post_login_hook
data_provider.check_password_hook common.actions.hook common.startup_hook common.post_connect_hook common.post_disconnect_hook
common.data_retention_hook common.temp_path common.defender.enabled common.event_manager.enabled_commands
sftpd.bindings.0.port sftpd.bindings.0.address sftpd.host_keys sftpd.host_certificates sftpd.trusted_user_ca_keys
sftpd.revoked_user_certs_file sftpd.login_banner_file sftpd.keyboard_interactive_auth_hook
ftpd.bindings.0.port ftpd.bindings.0.tls_mode ftpd.bindings.0.certificate_file ftpd.passive_port_range.start ftpd.certificate_file
webdavd.bindings.0.port webdavd.bindings.0.prefix webdavd.certificate_key_file
httpd.bindings.0.port httpd.bindings.0.address httpd.bindings.0.enable_https httpd.bindings.0.certificate_file
httpd.templates_path httpd.static_files_path httpd.openapi_path httpd.web_root httpd.signing_passphrase httpd.ca_certificates
telemetry.bind_port telemetry.auth_user_file acme.domains acme.certs_path smtp.host smtp.password smtp.templates_path
kms.secrets.url kms.secrets.master_key kms.secrets.master_key_path command.commands.0.path command.commands.0.args command.env
http.headers.0.key http.headers.0.value plugins.0.type plugins.0.cmd plugins.0.args plugins.0.sha256sum plugins.0.auto_mtls
""".split()

# Fields of the server's that have another name than the key.
FIELDS = {"defenderconfig": "defender", "httpconfig": "http", "httpdconfig": "httpd", "kmsconfig": "kms", "mfaconfig": "mfa",
          "commandconfig": "command", "keyboardinteractivehook": "keyboardinteractiveauthhook", "masterkeystring": "masterkey",
          "pluginsconfig": "plugins", "providerconf": "dataprovider", "ratelimitersconfig": "ratelimiters", "smtpconfig": "smtp",
          "telemetryconfig": "telemetry"}

# In the file of 2.6.4 itself, and in none of its fields.
UNREAD = ["sftpd.folder_prefix"]

# Where nobody says anything: what 2.7 does not read is no setting, and 2.6.4 has 1 where 2.7 has 5.
OLD = ["common.dataretentionhook", "ftpd.bindings.0.ignoreasciitransfertype", "ftpd.bindings.0.tlssessionreuse",
       "sftpd.mindhgroupexchangekeysize"]
BUILT_IN = {"data_provider.naming_rules": "1"}

# Fields that 2.7 fills in itself.
ITS_OWN = re.compile(r".*\.branding\.web(admin|client)\.default(logo|favicon)path")


def changed(config):
    """Values that no default is, of each type, and texts that a format has to quote."""
    config["common"].update(idle_timeout=17, umask="022", proxy_skipped=["10.0.0.1", "10.0.0.2"], startup_hook="/usr/bin/true")
    config["common"].update({name: v for name, v in {"tz": "local", "secret_min_entropy": 77.5}.items() if name in config["common"]})
    config["common"]["defender"].update(enabled=True, ban_time=33, login_delay={"success": 2, "password_failed": 1003})
    config["sftpd"].update(max_auth_tries=6, password_authentication=False)
    config["data_provider"]["password_validation"]["users"].update(min_entropy=50.5)
    config["data_provider"]["password_hashing"]["argon2_options"].update(memory=65537, iterations=3)
    config["smtp"].update({"from": "SFTPGo: # one = two", "domain": "a 'b' c"})
    config["telemetry"].update(auth_user_file="/nowhere/a b")
    return config


def everything(config):
    """What a move looks at, and a second element where a list has one."""
    config["data_provider"].update(driver="postgresql", name="a database", host="db.example", port=5433, username="a user",
                                   password="p;a#s's", sslmode=2, connection_string="x=y z", sql_tables_prefix="t_",
                                   root_cert="/c/root.pem", is_shared=1, naming_rules=7, external_auth_hook="http://127.0.0.1:1/auth",
                                   pre_login_hook="/h/pre login", post_login_hook="/h/post", check_password_hook="/h/check")
    config["data_provider"]["actions"].update(hook="http://127.0.0.1:1/act", execute_on=["add", "update"], execute_for=["user"])
    config["common"].update(post_connect_hook="/h/connect", post_disconnect_hook="/h/disconnect", data_retention_hook="/h/retention",
                            temp_path="/srv/t m p")
    config["common"]["actions"].update(hook="/h/action", execute_on=["upload", "pre-delete"], execute_sync=["upload"])
    config["sftpd"].update(host_keys=["id_ed25519", "/k/host key"], host_certificates=["/k/cert.pub"], trusted_user_ca_keys=["/k/ca"],
                           revoked_user_certs_file="/k/revoked", login_banner_file="banner.txt",
                           keyboard_interactive_auth_hook="/h/keyboard")
    config["ftpd"].update(certificate_file="ftp.crt", certificate_key_file="ftp.key", passive_port_range={"start": 50010, "end": 50020})
    config["ftpd"]["bindings"][0].update(port=2121, tls_mode=1, certificate_file="one.crt")
    config["webdavd"].update(certificate_file="dav.crt", certificate_key_file="dav.key")
    config["webdavd"]["bindings"][0].update(port=8088, prefix="/dav")
    config["httpd"].update(web_root="/sub", signing_passphrase="a %pass phrase", ca_certificates=["/c/one", "/c/two"], token_validation=1,
                           templates_path="/t/templates", static_files_path="/t/static", openapi_path="/t/openapi")
    config["httpd"]["bindings"][0].update(enable_https=True, certificate_file="tls.crt", certificate_key_file="tls.key")
    config["telemetry"].update(bind_port=10000)
    config["acme"].update(domains=["one.example", "two.example"], certs_path="/c/acme")
    config["smtp"].update(host="mail.example", password="mail;pass", templates_path="/t/mail")
    config["kms"]["secrets"].update(url="awskms:///key", master_key="master;key", master_key_path="/k/master")
    config["command"].update(env=["A=1", "B=2"], commands=[{"path": "/h/command", "timeout": 11, "env": ["C=3"], "args": ["-x", "y"]}])
    config["http"].update(headers=[{"key": "X-Key", "value": "v", "url": ""}])
    config["plugins"] = [{"type": "kms", "cmd": "/p/plug in", "args": ["serve", "--all"], "sha256sum": "ab", "auto_mtls": True}]
    return config


def beside(config):
    config["sftpd"]["bindings"].append({"port": 2222, "address": "127.0.0.2", "apply_proxy_config": False})
    config["httpd"]["bindings"].append({"port": 8081, "address": "127.0.0.2"})
    config["plugins"].append({"type": "notifier", "cmd": "/p/second", "args": []})
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
    """An object where a list is looked for is its first element. mfa.totp is not read so: what is built in shines through."""
    for name, v in table.items():
        path = (*way, name)
        if is_objects(v):
            v = v[0] if path != ("mfa", "totp") else None
        if isinstance(v, dict):
            yield from texts(v, path)
        elif isinstance(v, list):
            if v:
                yield ".".join(path), ",".join(map(str, v))
        elif v is not None:
            yield ".".join(path), str(v).lower() if isinstance(v, bool) else str(v)


def ini(config):
    """A value in backquotes is whole."""
    for name, v in texts(config):
        section, key = name.rsplit(".", 1)
        yield f"[{section}]\n{key} = `{v}`"


def in_full(table, way=()):
    """HCL, where every object is a list: names in full, and of objects in lists what is no object itself."""
    for name, v in table.items():
        path = (*way, name)
        if isinstance(v, dict):
            yield from in_full(v, path)
        elif is_objects(v):
            yield ".".join(path), [{n: x for n, x in one.items() if x is not None and not isinstance(x, dict)} for one in v]
        elif v is not None:
            yield ".".join(path), v


def hcl(config):
    for name, v in in_full(config):
        if is_objects(v):
            for one in v:
                yield name + " {"
                yield from (f"  {n} = {json.dumps(x)}" for n, x in one.items())
                yield "}"
        else:
            yield name + " = " + json.dumps(v)


def write(form, config):
    if form == "toml":
        return "\n".join(toml(config))
    if form == "env":
        return "\n".join(f"{name}=" + json.dumps(v) for name, v in texts(config))
    if form == "ini":
        return "\n".join(ini(config))
    if form == "hcl":
        return "\n".join(hcl(config))
    if form == "hcl-json":
        return json.dumps(dict(in_full(config)), indent=2)
    if form == "properties":
        return "\n".join(f"{name} = {v}" for name, v in texts(config))
    return json.dumps(config, indent=2)  # which is YAML, too


def settings(file):
    with open(file, encoding="utf-8") as facts:
        return json.load(facts)["facts"]["conf"]["value"]["settings"]


def same(one, other):
    one, other = ({key: s["value"] for key, s in settings(file).items()} for file in (one, other))
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


class Told:
    """Go's %+v of the configuration: {Name:value Name:value}, lists in brackets, nothing quoted. No value here has " name:" in it,
    nor a bracket, nor ends with a brace. Fields that no key is begin with a small letter."""

    def __init__(self, text):
        self.text, self.at, self.leaves = text, 0, {}
        self.struct(())

    def struct(self, way):
        self.at += 1
        while self.text[self.at] != "}":
            end = self.text.index(":", self.at)
            name, self.at = self.text[self.at:end].strip(), end + 1
            self.value((*way, FIELDS.get(name.lower(), name.lower())) if name[0].isupper() and way is not None else None)
        self.at += 1

    def value(self, way):
        if self.text[self.at] == "{":
            self.struct(way)
        elif self.text.startswith("[{", self.at):
            self.structs(way)
        else:
            value = re.compile(r"\[(\[redacted\]|[^][])*\]|.*?(?=\}[] }]| \w+:)", re.S).match(self.text, self.at).group()
            self.at += len(value)
            if way is not None:
                self.leaves[".".join(way)] = value

    def structs(self, way):
        n = 0
        while self.text[self.at] != "]":
            self.at += 1
            self.struct(None if way is None else (*way, str(n)))
            n += 1
        self.at += 1


def told_by(log):
    with open(log, encoding="utf-8") as lines:
        return Told([json.loads(line)["message"] for line in lines if "config loaded: " in line][-1].split("config loaded: ", 1)[1]).leaves


def is_told(value, told):
    """A secret is told by that it is there; the server keeps some to itself, too. An empty one is no list in facts."""
    if value == "***":
        return told not in ("", "[]")
    return told == shown(value) or (value == "" and told == "[]")


def field_of(key):
    key = key.replace("_", "")
    return re.sub(r"(bindings\.\d+|telemetry)\.tlsprotocols$", r"\1.protocols", key)


def elements(fields):
    """Of lists of objects."""
    return {field[:found.end()] for field in fields for found in re.finditer(r"\.\d+(?=\.)", field)}


def loaded(log, facts, matters=()):
    ours, told = settings(facts), told_by(log)
    fields = {field_of(key): key for key in ours}
    lists = {of.rsplit(".", 1)[0] for of in elements(fields)}
    bad = [f"{of}: one of them alone has this element" for of in elements(fields) ^ elements(told)]
    bad += [f"{field}: the server alone has it" for field in told
            if field not in fields and field not in OLD and not ITS_OWN.fullmatch(field) and (told[field] != "[]" or field in lists)]
    for key, s in ours.items():
        field = field_of(key)
        if field in told and not is_told(s["value"], told[field]) and (s["from"] != "default" or told[field] != BUILT_IN.get(key)):
            bad.append(f"{key}: {shown(s['value'])} here, {told[field]} there")
        if field not in told and s["from"] != "default" and key not in UNREAD:
            bad.append(f"{key}: the server has no such field")
    for key in matters:
        if ours.get(key, {}).get("from") != "file" or field_of(key) not in told:
            bad.append(f"{key}: not of the file for both")
    print(len(told), "fields are in the log", *sorted(bad), sep="\n")
    return bool(bad)


def main():
    verb, *rest = sys.argv[1:]
    if verb == "same":
        return same(*rest)
    is_all = rest[-1] == "all"
    if verb == "loaded":
        return loaded(rest[0], rest[1], MATTERS if is_all else ())
    config = changed(json.load(sys.stdin))
    if is_all:
        config = everything(config)
    if is_all and rest[0] not in NAMED:
        config = beside(config)
    print(write(rest[0], config))
    return 0


if __name__ == "__main__":
    sys.exit(main())
