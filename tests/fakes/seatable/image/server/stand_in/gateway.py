"""api-gateway and the two programs behind it: rows, tables and columns of a base, by its access token."""
import pathlib
import re

from . import bases
from .http_server import Component, Refused
from .secrets_of import read_signed
from .stores import one, write
from .words import BY_GATEWAY, EDITION, word

gateway = Component("api-gateway", 7780, limited=True)
dtable_server = Component("dtable-server", 5000, limited=True)
dtable_db = Component("dtable-db", 7777)
ARCHIVES = pathlib.Path("/opt/seatable/db-data")
OF_BASE = r"/api/v[12]/dtables/([0-9a-f-]+)"  # v1: of dtable-server itself


@dtable_server.route("GET", r"/ping/")
@dtable_db.route("GET", r"/ping/")
@gateway.route("GET", r"/api/v2/ping/")
def ping(_request):
    return {"ret": "pong"}


def opened(request, name):
    """The base and who asks for it."""
    said = read_signed(request.token())
    if not said or said.get("dtable_uuid") != name:
        raise Refused(403, "You don't have permission to access this base.")
    if request.method != "GET" and word("refuse-writes"):
        raise Refused(503, "dtable-server is not available")
    return bases.base(name), said["username"]


def table_of(base, said):
    return base.table(said.get("table_name") or said.get("table_id"))


@gateway.route("GET", OF_BASE + r"/metadata/")
def metadata(request, name):
    base, _ = opened(request, name)
    return {"metadata": {"version": base.content["version"], "format_version": 9, "tables": [
        {key: table[key] for key in ("_id", "name", "columns", "views")} for table in base.content["tables"]]}}


@gateway.route("POST", OF_BASE + r"/tables/")
def add_table(request, name):
    base, user = opened(request, name)
    form = request.form()
    table = bases.new_table(form["table_name"], len(base.content["tables"]))
    for column in form.get("columns") or []:
        table["columns"] += [new_column(table, column)] if column["column_name"] != "Name" else []
    base.do(user, {"op_type": "add_table", "table": table})
    return table


def new_column(table, said):
    return {"key": f"{len(table['columns']):04d}", "name": said["column_name"], "type": said.get("column_type", "text"),
            "data": said.get("column_data"), "width": 200, "editable": True}


@gateway.route("GET", OF_BASE + r"/columns/")
def columns(request, name):
    return {"columns": table_of(opened(request, name)[0], request.query)["columns"]}


@gateway.route("POST", OF_BASE + r"/columns/")
def add_column(request, name):
    base, user = opened(request, name)
    form = request.form()
    column = new_column(table_of(base, form), form)
    base.do(user, {"op_type": "add_column", "table_name": form["table_name"], "column": column})
    return column


@gateway.route("GET", OF_BASE + r"/rows/")
def rows(request, name):
    found = table_of(opened(request, name)[0], request.query)["rows"]
    start, limit = int(request.query.get("start", 0)), min(int(request.query.get("limit", 1000)), 1000)
    return {"rows": found[start:start + limit]}


@gateway.route("GET", OF_BASE + r"/rows/([^/]+)/")
def row(request, name, row_id):
    for one_row in table_of(opened(request, name)[0], request.query)["rows"]:
        if one_row["_id"] == row_id:
            return one_row
    raise Refused(404, f"row {row_id} not found.")


@gateway.route("POST", OF_BASE + r"/(?:batch-append-)?rows/")
def append_rows(request, name):
    base, user = opened(request, name)
    form, when = request.form(), bases.now()
    new = [dict(values, _id=bases.row_id(), _ctime=when, _mtime=when, _creator=user, _last_modifier=user)
           for values in form.get("rows") or [form["row"]]]
    base.do(user, {"op_type": "append_rows", "table_name": table_of(base, form)["name"], "rows": new})
    return {"inserted_row_count": len(new), "row_ids": [{"_id": r["_id"]} for r in new], "first_row": new[0]}


@gateway.route("PUT", OF_BASE + r"/rows/")
def update_rows(request, name):
    base, user = opened(request, name)
    form = request.form()
    table = table_of(base, form)
    known = {r["_id"] for r in table["rows"]}
    updates = [dict(update, _mtime=bases.now()) for update in form.get("updates") or [{"row_id": form["row_id"], "row": form["row"]}]]
    for update in updates:
        if update["row_id"] not in known:
            raise Refused(404, f"row {update['row_id']} not found.")
    base.do(user, {"op_type": "update_rows", "table_name": table["name"], "updates": updates})
    return {"success": True}


@gateway.route("DELETE", OF_BASE + r"/rows/")
def delete_rows(request, name):
    base, user = opened(request, name)
    form = request.form()
    base.do(user, {"op_type": "delete_rows", "table_name": table_of(base, form)["name"], "row_ids": form["row_ids"]})
    return {"deleted_rows": len(form["row_ids"])}


# ---- big data: rows in db-data, which Enterprise alone serves

def archive(name):
    return ARCHIVES / name / "rows"


@gateway.route("POST", OF_BASE + r"/add-archived-rows/")
def add_archived_rows(request, name):
    opened(request, name)
    if EDITION != "enterprise":
        raise Refused(403, "Big data storage is not available.")
    new = request.form()["rows"]
    archive(name).parent.mkdir(parents=True, exist_ok=True)
    with open(archive(name), "a", encoding="utf-8") as file:
        file.writelines(f"{r}\n" for r in new)
    write("dtable", "INSERT INTO big_data_storage_stats (dtable_uuid, total_rows, total_storage) VALUES (%s, %s, %s) "
          "ON DUPLICATE KEY UPDATE total_rows = total_rows + VALUES(total_rows), total_storage = VALUES(total_storage)",
          name, len(new), archive(name).stat().st_size)
    return {"insert_count": len(new)}


@gateway.route("POST", OF_BASE + r"/sql/?")
def query(request, name):
    """SELECT COUNT(*) or SELECT * of a table, the archived rows with it on Enterprise."""
    base, _ = opened(request, name)
    found = re.fullmatch(r"\s*select\s+(count\(\*\)|\*)\s+from\s+[`\"]?([^`\"]+?)[`\"]?(?:\s+limit\s+(\d+))?\s*", request.form()["sql"], re.I)
    if not found:
        raise Refused(400, "this stand-in reads only: SELECT COUNT(*)|* FROM table [LIMIT n]")
    table = base.table(found[2])
    if found[1] != "*":
        archived = one("dtable", "SELECT total_rows FROM big_data_storage_stats WHERE dtable_uuid = %s", name) or 0
        count = len(table["rows"]) + (archived if EDITION == "enterprise" else 0)
        return {"success": True, "metadata": [{"key": "COUNT(*)", "name": "COUNT(*)", "type": "number"}], "results": [{"COUNT(*)": count}]}
    results = table["rows"][:int(found[3] or 100)]
    return {"success": True, "metadata": table["columns"], "results": results}


if not BY_GATEWAY:
    dtable_server.routes += gateway.routes
