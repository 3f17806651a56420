#!/usr/bin/env python3
"""The configuration of a test's SFTPGo, as an operator has it: the release's own sftpgo.json, changed where he must.

    sftpgo_config.py SHIPPED CONF         print it; SFTP_PORT, HTTP_PORT and SRV from the environment
    sftpgo_config.py --ports FILE         the ports of a configuration, as lines http=N and sftp=N
"""
import json
import os
import sys


def provider():
    """The data provider that SFTPGO_DRIVER names; a server's place and account from SFTPGO_DB.server."""
    driver = os.environ.get("SFTPGO_DRIVER") or "sqlite"
    if driver in ("sqlite", "bolt"):
        return {"driver": driver, "name": "sftpgo.db"}
    with open(os.environ["SFTPGO_DB"] + ".server", encoding="utf-8") as file:
        server = dict(line.rstrip("\n").split("=", 1) for line in file)
    return {"driver": driver, "name": server["database"], "host": "127.0.0.1", "port": int(server["port"]),
            "username": server["user"], "password": server["password"]}


def change(config, conf):
    srv = os.environ["SRV"]
    config["sftpd"]["bindings"][0].update(port=int(os.environ["SFTP_PORT"]), address="127.0.0.1")
    config["httpd"]["bindings"][0].update(port=int(os.environ["HTTP_PORT"]), address="127.0.0.1")
    config["data_provider"].update(provider(), create_default_admin=True, users_base_dir=f"{srv}/data",
                                   backups_path=f"{srv}/backups")
    config["common"].update(upload_mode=1, max_per_host_connections=0)
    config["common"]["event_manager"]["enabled_commands"] = ["/usr/bin/true"]
    if os.path.exists(f"{conf}/master.key"):
        config["kms"]["secrets"]["master_key_path"] = f"{conf}/master.key"


def main():
    with open(sys.argv[2 if sys.argv[1] == "--ports" else 1], encoding="utf-8") as file:
        config = json.load(file)
    if sys.argv[1] == "--ports":
        for name in ("http", "sftp"):
            print(f"{name}={config[name + 'd']['bindings'][0]['port']}")
        return 0
    change(config, sys.argv[2])
    print(json.dumps(config, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
