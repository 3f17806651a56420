"""dtable-web: accounts, workspaces, tokens and what the editions say of themselves."""
import json
import pathlib
import re
import secrets
import uuid

from . import bases, files
from .http_server import Component, Refused
from .secrets_of import password_fits, password_hash, read_signed, signed
from .stores import database, one, redis, write
from .words import BY_GATEWAY, EDITION, VERSION, word

web = Component("dtable-web", 8000)
OLDER = pathlib.Path("/run/stand-in-older")  # the image is of an older minor than the data


def works():
    """One question to each store; what is wrong becomes a 500."""
    if OLDER.exists():
        raise RuntimeError("(1054, \"Unknown column 'dtables.color' in 'field list'\")")
    redis("INCR", "requests")
    one("dtable", "SELECT COUNT(*) FROM dtables")


@web.route("GET", r"/")
def start_page(_request):
    if word("unhealthy"):
        raise RuntimeError("TemplateDoesNotExist")
    return 302, "/accounts/login/", b""


@web.route("GET", r"/accounts/login/")
def login_page(_request):
    return 200, "text/html", b"<title>Log In - SeaTable</title>\n"


@web.route("GET", r"(/server-info|/api2/ping|/api2/auth/ping)")
def with_slash(_request, path):
    return 301, f"{path}/", b""


@web.route("GET", r"/server-info/")
def server_info(_request):
    works()
    return {"version": word("version", VERSION), "edition": word("edition", EDITION) + " edition"}


@web.route("GET", r"/api2/ping/")
def ping(_request):
    return "pong"


# ---- accounts

def user_of(request, staff=False):
    user = one("dtable", "SELECT user FROM api2_token WHERE `key` = %s", request.token())
    if not user:
        raise Refused(401, "Invalid token")
    if staff and not one("ccnet", "SELECT is_staff FROM EmailUser WHERE email = %s", user):
        raise Refused(403, "You do not have permission to perform this action.")
    return user


@web.route("POST", r"/api2/auth-token/")
def auth_token(request):
    form = request.form()
    login = form.get("username", "")
    user = one("dtable", "SELECT user FROM profile_profile WHERE contact_email = %s", login) or login
    known = one("ccnet", "SELECT passwd FROM EmailUser WHERE email = %s AND is_active = 1", user)
    if not known or not password_fits(form.get("password", ""), known):
        raise Refused(400, "Unable to login with provided credentials.")
    token = one("dtable", "SELECT `key` FROM api2_token WHERE user = %s", user)
    if not token:
        token = secrets.token_hex(20)
        write("dtable", "INSERT INTO api2_token VALUES (%s, %s, NOW(6))", token, user)
    return {"token": token}


@web.route("GET", r"/api2/auth/ping/")
def auth_ping(request):
    user_of(request)
    return "pong"


@web.route("GET", r"/api2/account/info/")
def account_info(request):
    user = user_of(request)
    contact = one("dtable", "SELECT contact_email FROM profile_profile WHERE user = %s", user)
    return {"email": user, "name": (contact or user).split("@")[0], "contact_email": contact, "login_id": "", "is_staff": bool(
        one("ccnet", "SELECT is_staff FROM EmailUser WHERE email = %s", user))}


def license_fields():
    text = pathlib.Path("/opt/seatable/seatable-license.txt").read_text(encoding="utf-8", errors="replace")
    return {key: value.strip().strip('"') for key, value in re.findall(r"^(\w+)\s*=\s*(.*)$", text, re.M)}


def active_users():
    return one("ccnet", "SELECT COUNT(*) FROM EmailUser WHERE is_active = 1")


def max_users():
    said = license_fields().get("MaxUsers", "")
    return int(said) if said.isdigit() else 3


def create_user(address, password, staff=False):
    user = f"{uuid.uuid4().hex}@auth.local"
    write("ccnet", "INSERT INTO EmailUser (email, passwd, is_staff, is_active, ctime) VALUES (%s, %s, %s, 1, UNIX_TIMESTAMP() * 1000000)",
          user, password_hash(password), staff)
    write("dtable", "INSERT INTO profile_profile (user, nickname, contact_email) VALUES (%s, %s, %s)", user, address.split("@")[0], address)
    return user


@web.route("POST", r"/api/v2.1/admin/users/")
def add_user(request):
    user_of(request, staff=True)
    form = request.form()
    if EDITION == "enterprise" and active_users() >= max_users():
        raise Refused(403, "The number of users exceeds the limit.")
    return {"email": create_user(form["email"], form["password"]), "contact_email": form["email"], "is_active": True}


@web.route("GET", r"/api/v2.1/admin/sysinfo/")
def sysinfo(request):
    user_of(request, staff=True)
    archived = one("dtable", "SELECT COUNT(*), COALESCE(SUM(total_rows), 0) FROM big_data_storage_stats WHERE total_rows > 0")
    said = {"version": word("version", VERSION), "is_pro": EDITION == "enterprise", "with_license": EDITION == "enterprise",
            "users_count": one("ccnet", "SELECT COUNT(*) FROM EmailUser"), "active_users_count": active_users(), "org_count": 0,
            "multi_tenancy_enabled": False, "dtables_count": one("dtable", "SELECT COUNT(*) FROM dtables WHERE deleted = 0"),
            "archived_base_count": archived[0], "archived_row_count": int(archived[1])}
    if EDITION == "enterprise":
        fields = license_fields()
        said.update(license_expiration=fields.get("Expiration"), license_mode=fields.get("Mode"), license_maxusers=max_users(),
                    license_to=fields.get("Name"))
    return said


# ---- workspaces and bases

def workspace_of(user):
    found = one("dtable", "SELECT id FROM workspaces WHERE owner = %s", user)
    if found:
        return found
    repo = str(uuid.uuid4())
    write("seafile", "INSERT INTO Repo (repo_id) VALUES (%s)", repo)
    write("seafile", "INSERT INTO RepoOwner (repo_id, owner_id) VALUES (%s, %s)", repo, user)
    return write("dtable", "INSERT INTO workspaces (name, owner, repo_id, created_at) VALUES ('personal', %s, %s, NOW(6))", user, repo)


def tables_of(workspace):
    with database() as cursor:
        cursor.execute("SELECT id, name, uuid FROM dtables WHERE workspace_id = %s AND deleted = 0 ORDER BY id", (workspace,))
        return [{"id": i, "workspace_id": workspace, "name": name, "uuid": str(uuid.UUID(u))} for i, name, u in cursor.fetchall()]


@web.route("GET", r"/api/v2.1/workspaces/")
def workspaces(request):
    user = user_of(request)
    own = workspace_of(user)
    return {"workspace_list": [{"id": own, "name": "personal", "type": "personal", "repo_id": one(
        "dtable", "SELECT repo_id FROM workspaces WHERE id = %s", own), "table_list": tables_of(own), "folders": []}]}


@web.route("POST", r"/api/v2.1/dtables/")
def add_base(request):
    user, form = user_of(request), request.form()
    if form.get("owner") not in (None, user):
        raise Refused(403, "Permission denied.")
    own, name = workspace_of(user), bases.create()
    number = write("dtable", "INSERT INTO dtables (uuid, name, creator, modifier, created_at, updated_at, workspace_id) "
                   "VALUES (%s, %s, %s, %s, NOW(6), NOW(6), %s)", name.replace("-", ""), form["name"], user, user, own)
    return 201, "application/json", json.dumps({"table": {"id": number, "workspace_id": own, "uuid": name, "name": form["name"]}}).encode()


def base_row(user, workspace, name):
    found = None if word("no-base") else one("dtable", "SELECT d.id, d.uuid FROM dtables d JOIN workspaces w ON w.id = d.workspace_id "
                "WHERE w.owner = %s AND w.id = %s AND d.name = %s AND d.deleted = 0", user, workspace, name)
    if not found:
        raise Refused(404, f"base {name} not found.")
    return found


@web.route("GET", r"/api/v2.1/workspace/(\d+)/dtable/([^/]+)/temp-api-token/")
def temporary_token(request, workspace, name):
    user = user_of(request)
    return {"api_token": signed(api_token=True, user=user, base=base_row(user, workspace, name)[0])}


@web.route("POST", r"/api/v2.1/workspace/(\d+)/dtable/([^/]+)/api-tokens/")
def add_api_token(request, workspace, name):
    user, form, token = user_of(request), request.form(), secrets.token_hex(20)
    write("dtable", "INSERT INTO dtable_api_token (dtable_id, app_name, token, generated_at, generated_by, permission) "
          "VALUES (%s, %s, %s, NOW(), %s, %s)", base_row(user, workspace, name)[0], form["app_name"], token, user, form["permission"])
    return {"app_name": form["app_name"], "api_token": token, "generated_by": user, "permission": form["permission"]}


def base_of(request):
    """The base that an API token is for: (its row, its uuid, workspace, repo, application, user)."""
    said = read_signed(request.token())
    if said and said.get("api_token"):
        found, application, user = said["base"], "temporary", said["user"]
    else:
        row = None if word("no-base") else one(
            "dtable", "SELECT dtable_id, app_name, generated_by FROM dtable_api_token WHERE token = %s", request.token())
        if not row:
            raise Refused(403, "Permission denied.")
        found, application, user = row
    name, title, workspace, repo = one("dtable", "SELECT d.uuid, d.name, w.id, w.repo_id FROM dtables d JOIN workspaces w ON w.id = d.workspace_id "
                                       "WHERE d.id = %s", found)
    return {"uuid": str(uuid.UUID(name)), "name": title, "workspace": workspace, "repo": repo, "application": application, "user": user}


@web.route("GET", r"/api/v2.1/dtable/app-access-token/")
def access_token(request):
    base = base_of(request)
    return {"app_name": base["application"], "dtable_uuid": base["uuid"], "dtable_name": base["name"], "workspace_id": base["workspace"],
            "access_token": signed(dtable_uuid=base["uuid"], username=base["user"], permission="rw", app_name=base["application"]),
            "dtable_server": request.public() + way("dtable-server"), "dtable_socket": request.public() + "/",
            "dtable_db": request.public() + way("dtable-db"), "use_api_gateway": BY_GATEWAY}


def way(program):
    return "/api-gateway/" if BY_GATEWAY else f"/{program}/"


@web.route("GET", r"/api/v2.1/dtable/app-upload-link/")
def upload_link(request):
    base = base_of(request)
    month = bases.now()[:7]
    return {"upload_link": f"{request.public()}/seafhttp/upload-api/{files.link(repo=base['repo'])}", "parent_path": f"/asset/{base['uuid']}",
            "img_relative_path": f"images/{month}", "file_relative_path": f"files/{month}"}


@web.route("GET", r"/api/v2.1/dtable/app-download-link/")
def download_link(request):
    base = base_of(request)
    path = f"/asset/{base['uuid']}/{request.query.get('path', '').lstrip('/')}"
    if not files.exists(base["repo"], path):
        raise Refused(404, f"File {request.query.get('path')} not found.")
    return {"download_link": f"{request.public()}/seafhttp/files/{files.link(repo=base['repo'], path=path)}/{path.rpartition('/')[2]}"}
