#!/usr/bin/python3 -SB
"""seatable_project.py DIRECTORY: a SeaTable project for the stand-in of docker beside it, Developer Edition 6.1.0, all services up.

DIRECTORY/{seatable-compose,seatable-server}; what the stand-in knows goes to $DOCKER_CONFIG."""
import json
import os
import sys

LABEL = "com.docker.compose."
ENV = """\
SEATABLE_IMAGE='seatable/seatable-developer:6.1.0'
COMPOSE_FILE='seatable-server.yml'
COMPOSE_PATH_SEPARATOR=','
SEATABLE_SERVER_HOSTNAME='seatable.test'
MARIADB_PASSWORD='s3cret'
"""
YML = """\
services:
  seatable-server:
    image: ${SEATABLE_IMAGE:-seatable/seatable-enterprise:6.1.8}
    container_name: seatable-server
    environment:
      SEATABLE_MYSQL_DB_HOST: ${MARIADB_HOST:-mariadb}
      SEATABLE_MYSQL_DB_PASSWORD: ${MARIADB_PASSWORD}
      SEATABLE_SERVER_HOSTNAME: ${SEATABLE_SERVER_HOSTNAME}
      REDIS_HOST: redis
      TIME_ZONE: UTC
    volumes: %s
  mariadb:
    image: mariadb:11.8.5-noble
    container_name: mariadb
  redis:
    image: redis:8.4.0-bookworm
    container_name: redis
"""
VARIABLES = {"SEATABLE_MYSQL_DB_HOST": "mariadb", "SEATABLE_MYSQL_DB_PASSWORD": "s3cret", "SEATABLE_SERVER_HOSTNAME": "seatable.test",
             "REDIS_HOST": "redis", "TIME_ZONE": "UTC"}
TABLES = {
    "dtable_db": {"dtables": ["id", "uuid"], "operation_log": ["op_id", "operation"]},
    "ccnet_db": {"EmailUser": ["email", "passwd", "is_active", "is_staff"]},
    "seafile_db": {"Repo": ["repo_id"]},
}


def put(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def image(number, reference, *env):
    return {"Id": "sha256:%064x" % number, "RepoTags": [reference], "RepoDigests": [], "Architecture": "amd64", "Os": "linux", "Size": 1000,
            "Config": {"Env": list(env), "Labels": {}}}


def container(number, service, made_of, directory, env, mounts):
    labels = {"project": "seatable-compose", "service": service, "project.working_dir": directory, "version": "2.26.1",
              "project.config_files": directory + "/seatable-server.yml"}
    return {"Id": "%064x" % number, "Name": "/" + service, "Image": made_of["Id"], "RestartCount": 0, "Mounts": mounts,
            "Config": {"Image": made_of["RepoTags"][0], "Env": env, "Labels": {LABEL + key: value for key, value in labels.items()}},
            "HostConfig": {"RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0}},
            "State": {"Status": "running", "Running": True, "Pid": 0, "ExitCode": 0, "StartedAt": "2026-01-01T00:00:00Z",
                      "ByHand": False},
            "NetworkSettings": {"Networks": {}}}


def main(home):
    directory, data, known = home + "/seatable-compose", home + "/seatable-server", os.environ["DOCKER_CONFIG"]
    license_file = "/seatable-license.txt"
    binds = {"/shared": data, "/shared/seatable" + license_file: directory + license_file}
    images = [image(1, "seatable/seatable-developer:6.1.0", "server_version=6.1.0"), image(2, "mariadb:11.8.5-noble"),
              image(3, "redis:8.4.0-bookworm"), image(4, "seatable/seatable-enterprise:6.1.8", "server_version=6.1.8")]
    mounts = [{"Type": "bind", "Source": source, "Destination": target} for target, source in binds.items()]
    containers = [container(0xC0DE01, "seatable-server", images[0], directory, ["%s=%s" % one for one in VARIABLES.items()], mounts),
                  container(0xC0DE02, "mariadb", images[1], directory, [], []), container(0xC0DE03, "redis", images[2], directory, [], [])]
    put(directory + "/.env", ENV, 0o600)
    put(directory + "/seatable-server.yml", YML % json.dumps([{"type": "bind", "source": s, "target": t} for t, s in binds.items()]))
    put(directory + license_file, "")
    put(data + "/seatable/conf/dtable_web_settings.py", "DEBUG = False\n")
    put(data + "/seatable/conf/current_version.txt", "6.1.0")
    put(known + "/state.json", json.dumps({"made": 0, "images": images, "containers": containers}, indent=1, sort_keys=True))
    put(known + "/server.json", json.dumps({"edition": "developer", "version": "6.1.0"}))
    put(known + "/databases.json", json.dumps({"password": "s3cret", "schemas": {
        name: {"charset": "utf8mb3", "collation": "utf8mb3_general_ci", "tables": tables, "rows": {table: [1] for table in tables}}
        for name, tables in TABLES.items()}}))


main(sys.argv[1])
