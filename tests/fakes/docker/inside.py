"""What runs inside the stand-in's containers: a MariaDB and a Redis of a few words, and curl at a SeaTable server.

$DOCKER_CONFIG/databases.json: {"password", "schemas": {name: {"charset", "collation", "tables": {table: columns}, "rows": {table: [..]}}},
"bytes": all of it, as the database tells, "large": {table: bytes}, "slow": a table that nobody counts in time, "torn": one whose checksum fails, "connections": [{"id", "db"}]:
of others}. An edit of operation_log is its op_id, of the one base "b1".
A load while another is at work in its schema has its rows twice.
$DOCKER_CONFIG/server.json: {"edition", "version", "closed": [door], "late": {address: so many times it is asked before it is up},
"grows": a file that has a line more each time the server is asked}. Both are the test's to write.

Where $DOCKER_CONFIG/real.json is instead, {"socket", "password", "port"}, a MariaDB of this host is asked at its socket, and for curl
the process that runs in the container, which publishes its port."""
import json
import os
import re
import sys
import time
import zlib

MARK = "\n@crossgrade "


def path(name):
    return os.path.join(os.environ["DOCKER_CONFIG"], name)


def load(name):
    with open(path(name)) as f:
        return json.load(f)


def save(name, doc):
    with open(path(name) + ".new", "w") as f:
        json.dump(doc, f, indent=1, sort_keys=True)
    os.rename(path(name) + ".new", path(name))


def columns(schema):
    for table, names in sorted(schema["tables"].items()):
        for name in names:
            print("column|%s|%s" % (table, name))


def survey(db):
    """What there is, all in one answer: a kind and four fields."""
    rows = [("version", "11.8.5-MariaDB", "", "", "")]
    for name, schema in sorted(db["schemas"].items()):
        rows += [("schema", name, "", "", ""), ("size", name, "1000", str(len(schema["tables"])), "1")]
        rows += [("column", name, table, column, "int") for table, names in schema["tables"].items() for column in names]
    print("\n".join("\t".join(row) for row in rows))


def counts(db, sql):
    """Rows of each table that is asked for, whatever the condition."""
    for label, schema, table in re.findall(r"SELECT '([\w.]+)', '', \S+ FROM `(\w+)`\.`(\w+)`", sql):
        print("%s\t\t%d" % (label, len(db["schemas"][schema]["rows"].get(table, []))))


def rows_of(db, schema, table):
    return db["schemas"][schema]["rows"].get(table, [])


def edits_behind(db, schema, op_id):
    return [row for row in rows_of(db, schema, "operation_log") if row > int(op_id)]


def others(db, schema):
    return [c for c in db.get("connections", []) if c["db"] == schema]


# What is asked of whole tables, and who is there. True: it was this.
def asked(db, sql):
    counts = re.findall(r"SELECT '([\w.]+)', COUNT\(\*\) FROM `(\w+)`\.`(\w+)`", sql)
    sums = re.findall(r"CHECKSUM TABLE `(\w+)`\.`(\w+)`;", sql)
    edits = re.match(r"SELECT dtable_uuid, COUNT\(\*\), MAX\(op_id\) FROM `(\w+)`", sql)
    since = re.match(r"SELECT 'b1', COUNT\(\*\) FROM `(\w+)`\.operation_log WHERE dtable_uuid = 'b1' AND op_id > (-?\d+);", sql)
    saved = re.match(r"SELECT dtable_uuid, op_id, .* FROM `(\w+)`\.operation_log WHERE dtable_uuid = 'b1' AND op_id > (-?\d+) ORDER", sql)
    who = re.search(r"processlist WHERE db = '(\w+)'", sql)
    kill = re.match(r"KILL (\d+)", sql)
    for name, schema, table in counts:
        if table == db.get("slow"):
            sys.exit("ERROR 1969 (70100) at line 2: Query execution was interrupted (max_statement_time exceeded)")
        print("%s\t%d" % (name, len(rows_of(db, schema, table))))
    for schema, table in sums:
        if table == db.get("torn"):
            sys.exit("ERROR 1034 (HY000) at line 2: Index for table '%s' is corrupt; try to repair it" % table)
        print("%s.%s\t%d" % (schema, table, zlib.crc32(json.dumps(rows_of(db, schema, table)).encode())))
    if edits and rows_of(db, edits.group(1), "operation_log"):
        rows = rows_of(db, edits.group(1), "operation_log")
        print("b1\t%d\t%d" % (len(rows), max(rows)))
    if saved:
        for row in sorted(edits_behind(db, *saved.groups()), reverse=True):
            print("b1\t%d\t0\tsomebody\t{}" % row)
    if since:
        print("b1\t%d" % len(edits_behind(db, *since.groups())))
    if who:
        for c in others(db, who.group(1)):
            print(c["id"])
    if kill:
        db["connections"] = [c for c in db.get("connections", []) if c["id"] != int(kill.group(1))]
        save("databases.json", db)
    if sql.startswith("SELECT table_schema, table_name, "):
        for schema in sorted(db["schemas"]):
            for table in sorted(db["schemas"][schema]["tables"]):
                print("%s\t%s\t%d" % (schema, table, db.get("large", {}).get(table, 16384)))
    return bool(counts or sums or edits or since or saved or who or kill or sql.startswith("SELECT table_schema, table_name, "))


def statement(db, sql):
    sql = re.sub(r"^SET SESSION max_statement_time = \d+;\n", "", sql)
    if asked(db, sql):
        return
    named = re.search(r"table_schema = '(\w+)'", sql)
    schema = db["schemas"].get(named.group(1)) if named else None
    made = re.match(r"DROP DATABASE IF EXISTS `(\w+)`; CREATE DATABASE `\w+` CHARACTER SET (\w+) COLLATE (\w+)", sql)
    log = re.search(r"FROM `(\w+)`\.operation_log", sql)
    bases = re.match(r"SELECT 'base', uuid, workspace_id, deleted FROM `(\w+)`\.dtables", sql)
    if bases:
        for row in rows_of(db, bases.group(1), "dtables"):
            print("base\tb%d\t1\t0" % row)
        print("workspace\t1\t\t")
    elif sql.strip() == "SELECT 1":
        print("1")
    elif made:
        db["schemas"][made.group(1)] = {"charset": made.group(2), "collation": made.group(3), "tables": {}, "rows": {}}
        save("databases.json", db)
    elif "SUM(data_length + index_length)" in sql:
        print(db.get("bytes", 0))
    elif "default_character_set_name" in sql and schema:
        print("%s\t%s\t%d" % (schema["charset"], schema["collation"], len(schema["tables"])))
    elif "information_schema.columns" in sql:
        if schema:
            columns(schema)
    elif log:
        rows = db["schemas"][log.group(1)]["rows"].get("operation_log", [])
        print("%d\t%d" % (len(rows), max(rows, default=0)))
    elif sql.startswith("SELECT 'version', "):
        survey(db)
    elif re.match(r"SELECT '[\w.]+', '', ", sql):
        counts(db, sql)
    else:
        sys.exit("ERROR 1064 (42000): a statement that the stand-in does not know: " + sql)


def mariadb(argv):
    db = load("databases.json")
    if os.environ.get("MYSQL_PWD") != db["password"]:
        sys.exit("ERROR 1045 (28000): Access denied for user 'root'@'localhost'")
    name = argv[-1] if "--" in argv else None
    if argv[0] == "mariadb-dump":
        if name not in db["schemas"]:
            sys.exit("mariadb-dump: Got error: 1049: Unknown database")
        print("/*M!999999\\- enable the sandbox mode */\n-- %s" % json.dumps(db["schemas"][name], sort_keys=True))
        for table, rows in sorted(db["schemas"][name]["rows"].items()):
            if rows:
                print("INSERT INTO `%s` VALUES\n%s;" % (table, ",\n".join("(%d)" % row for row in rows)))
        print("-- Dump completed")
    elif name:
        dump = json.loads(sys.stdin.read().split("\n")[1][3:])
        for part in ("tables", "rows"):
            db["schemas"][name][part] = dump[part]
            if part == "rows" and others(db, name):
                db["schemas"][name][part] = {table: 2 * rows for table, rows in dump[part].items()}
            save("databases.json", db)
    else:
        statement(db, sys.stdin.read())


def late(server, url):
    """One of the times that it is not up yet: {door: times}."""
    for door, times in server.get("late", {}).items():
        if door in url and times:
            server["late"][door] = times - 1
            save("server.json", server)
            return True
    return False


def curl(argv):
    server = load("server.json")
    if "-o" in argv:
        print("502" if late(server, argv[-1]) else "200", end="")
        return
    if "grows" in server:
        with open(server["grows"], "a") as f:
            f.write("one more\n")
    for url in (a for a in argv if a.startswith("http")):
        answer = "pong"
        if url.endswith("/server-info/"):
            answer = json.dumps({"version": server["version"], "edition": server["edition"] + " edition"})
        closed = any(door in url for door in server.get("closed", []))
        print("%s%s%d %s" % ("" if closed else answer, MARK, 502 if closed else 200, url))


# ---- with a real database

def said_by(port):
    """What the server itself answers to /server-info/; nothing."""
    import socket
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            s.sendall(b"GET /server-info/ HTTP/1.0\r\n\r\n")
            said = b"".join(iter(lambda: s.recv(4096), b""))
    except OSError:
        return ""
    return said.partition(b"\r\n\r\n")[2].decode()


def real_curl(argv, port):
    info = said_by(port)
    for url in (a for a in argv if a.startswith("http")):
        body = info if url.endswith("/server-info/") else "pong" if info else ""
        print("%s%s%s %s" % (body, MARK, "200" if info else "000", url))


def real_client(argv, real):
    """Root by the socket needs no password, and there is one to be known."""
    import subprocess
    if "--version" not in argv and os.environ.get("MYSQL_PWD") != real["password"]:
        sys.exit("ERROR 1045 (28000): Access denied for user 'root'@'localhost'")
    where = ["--no-defaults", "--socket=" + real["socket"]]
    environment = {name: value for name, value in os.environ.items() if name != "MYSQL_PWD"}
    sys.exit(subprocess.run([argv[0], *where, *argv[1 + ("--no-defaults" in argv):]], env=environment, check=False).returncode)


def run_real(argv, real):
    if argv[0] == "curl":
        real_curl(argv, real["port"])
    elif argv[0] in ("mariadb", "mariadb-dump"):
        real_client(argv, real)
    elif argv[0] == "redis-cli":
        print("OK\nPONG")
    elif argv[0] in ("date", "python3"):
        sys.exit(os.system("date '+%Y-%m-%d %s %Z'") if argv[0] == "date" else 0)
    elif argv[1:] == ["backup-all"]:
        print("done")       # as each night: what it writes is there already
    else:
        sys.exit("executable file not found in $PATH")


def run(argv):
    sys.stdout.flush()
    if os.path.exists(path("real.json")):
        run_real(argv, load("real.json"))
    elif argv[0] == "curl":
        curl(argv)
    elif argv[1:] == ["backup-all"]:
        with open(path("backup-all"), "w") as f:
            print("done", file=f)
    elif argv[0] == "date":
        print(time.strftime("%Y-%m-%d %s %Z"))
    elif argv[0] == "redis-cli":
        print("OK\nPONG")
    elif "mariadb" in argv[0] and "--version" not in argv:
        mariadb(argv)
