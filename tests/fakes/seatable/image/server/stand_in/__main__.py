"""python3 -m stand_in init|upgrade|serve|superuser|backup-all|restore-all"""
import pathlib
import sys
import threading

from . import bases, first_start
from .files import seafile
from .gateway import dtable_db, dtable_server, gateway
from .http_server import Front, open_later
from .web import web
from .words import BY_GATEWAY, HAS_GATEWAY

NGINX = pathlib.Path("/etc/nginx/sites-enabled/default")


def serve():
    """One process for all programs of the container. First what touches the stores, as far as they let it."""
    for first in (first_start.plugins_repo,):
        try:
            first()
        except Exception as e:  # pylint: disable=broad-except # the services start all the same
            print(f"{first.__name__}: {e}", file=sys.stderr, flush=True)
    threading.Thread(target=bases.flush_for_ever, daemon=True).start()
    for component in (seafile, web, dtable_server, dtable_db) + (gateway,) * HAS_GATEWAY:
        open_later(component, host="0.0.0.0" if component is web else "127.0.0.1")
    if NGINX.is_dir():
        print(f"nginx: [crit] pread() \"{NGINX}\" failed (21: Is a directory)", file=sys.stderr, flush=True)
        return
    way = ("/api-gateway/", gateway, "/") if BY_GATEWAY else ("/dtable-server/", dtable_server, "/")
    open_later(Front([("/seafhttp", seafile, ""), way, ("/dtable-server/ping/", dtable_server, "/ping/"),
                      ("/dtable-db/ping/", dtable_db, "/ping/"), ("/", web, "/")]), host="0.0.0.0")


WORDS = {"init": first_start.init, "upgrade": first_start.upgrade, "serve": serve, "superuser": first_start.superuser,
         "backup-all": first_start.backup_all, "restore-all": first_start.restore_all}
if len(sys.argv) != 2 or sys.argv[1] not in WORDS:
    sys.exit(__doc__)
WORDS[sys.argv[1]]()
