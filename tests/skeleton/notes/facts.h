/* The vocabulary of the facts of Notes. P pinned, O observed (engine/facts.h); [where it is seen]. */
#pragma once

#define NF_RUNNING        "server.running"      /* O bool [flock of ROOT/lock] */
#define NF_VERSION        "server.version"      /* P str "1" [/version, else VERSION beside the program] */
#define NF_PORT           "server.port"         /* P int [ROOT/notes.conf, port] */
#define NF_ROOT           "root.path"           /* P str */
#define NF_INSTALL        "install.path"        /* P str: directory of the program [command line] */
#define NF_SERVICE        "service.config"      /* P object for service_open() */
#define NF_SERVICE_KIND   "service.kind"        /* P str */
#define NF_NOTES          "data.notes"          /* O {name: sha256} [ROOT/data] */
#define NF_TARGET_VERSION "target.version"      /* P str [VERSION in the artifact] */
