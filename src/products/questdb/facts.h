/* The vocabulary of QuestDB's facts: every key that inspect writes and that checks, scope, plan
 * and verify read.
 *
 * One comment a key: class, type, meaning, source in brackets. P pinned, O observed, Deep
 * (engine/facts.h). Depths: Q quick, L live (and everything of Q), D deep (and everything of L),
 * F frozen. A key without depth letters is of Q and up. A key that could not be seen is absent
 * and facts_miss() says why; "absent when none" marks the ones whose absence means no.
 *
 * Objects are keyed by name, so that drift names the one member that moved. Paths are absolute
 * and canonical. Secrets: `conf` holds the name and the origin of a secret key, never its value. */
#pragma once

/* clang-format off: a table */

/* ---- who runs ---- */
#define QF_RUNNING           "server.running"        /* O bool: a process holds DB/tables.d.lock
                                                        [/proc/locks] */
#define QF_PID               "server.pid"            /* O int; absent when stopped */
#define QF_START_TICKS       "server.start_ticks"    /* O int [/proc/pid/stat] */
#define QF_EDITION           "server.edition"        /* P str "open-source" | "enterprise"
                                                        [/settings, else the main class] */
#define QF_VERSION           "server.version"        /* P str "9.0.3" [/settings, build(), else
                                                        jar manifest] */
#define QF_BUILD             "server.build"          /* P str, text of build(); absent when
                                                        stopped. L */
#define QF_MAIN_CLASS        "server.main_class"     /* P str "io.questdb/io.questdb.ServerMain"
                                                        as started [cmdline] */
#define QF_MAIN_SAYS         "server.main_says"      /* P str: edition by that main class,
                                                        "open-source" | "enterprise" */
#define QF_ARGV              "server.argv"           /* P [str]: command line, values of secret
                                                        -D options masked */
#define QF_USER              "server.user"           /* P str: user name or number of the process */
#define QF_UID               "server.uid"            /* P int */
#define QF_GID               "server.gid"            /* P int */
#define QF_RSS               "server.rss"            /* O int bytes */
#define QF_ANSWERS           "server.answers"        /* O bool: /settings answered */
#define QF_LOGIN             "server.login"          /* O str "none needed" | "accepted" |
                                                        "refused" | "not given" */
#define QF_ACCEPTS_WRITES    "server.accepts_writes" /* O bool [/settings accepting.writes];
                                                        absent where not told */
#define QF_JAVA              "server.java"           /* P {"exe","home","version","major",
                                                        "bundled"}: of the process or launcher;
                                                        major int, bundled: below install */
#define QF_ENV_KEYS          "server.env"            /* P {name: value or null}: QDB_*,
                                                        JVM_PREPEND, JAVA_HOME, QUESTDB_* and
                                                        LD_PRELOAD of the process; null: a
                                                        secret */
#define QF_WARNINGS          "server.warnings"       /* O [{"tag","warning"}] [/warnings]. L */

/* ---- where it stands ---- */
#define QF_ROOT              "root.path"             /* P str: directory of -d */
#define QF_ROOT_ID           "root.id"               /* P str "ino:born_ns" */
#define QF_ROOT_OWNER        "root.owner"            /* P {"uid","gid","mode"} of ROOT; mode
                                                        "0755" */
#define QF_ROOT_MOUNT        "root.mount_point"      /* P bool */
#define QF_ROOT_ENTRIES      "root.entries"          /* O {name: "dir"|"file"|"link"|"other"}:
                                                        top level of ROOT */
#define QF_ROOT_MOUNTS       "root.mounts_below"     /* P [path]: mounts strictly below ROOT or
                                                        DB */
#define QF_ROOT_FOREIGN      "root.foreign_owned"    /* O {"count","first"}: entries of ROOT,
                                                        conf, db (one level) whose owner is not
                                                        the server's user; absent when none */
#define QF_DB                "db.path"               /* P str: cairo.root resolved */
#define QF_DB_ID             "db.id"                 /* P str "ino:born_ns" */
#define QF_DB_REL            "db.rel"                /* P str: DB below ROOT ("db"), absent when
                                                        it lies elsewhere */
#define QF_DB_INSTANCE       "db.instance"           /* P str: instance hash of _tab_index.d,
                                                        hex: the identity */
#define QF_DB_TABLE_VERSION  "db.table_version"      /* P int: _upgrade.d i32@0, 426 */
#define QF_DB_MIGRATION      "db.migration_version"  /* P int: _upgrade.d i32@4 */
#define QF_DB_LAST_ID        "db.last_table_id"      /* O int: _tab_index.d counter */
#define QF_DB_DATA_ID        "db.data_id"            /* P str: 32 hex digits of .data_id; absent
                                                        when not initialised */
#define QF_DB_REGISTRY       "db.registry"           /* O str: name of the newest tables.d.N */
#define QF_LINKS             "root.links"            /* P [{"path","target","kind"}]: tables,
                                                        partitions or top entries that are
                                                        links; kind "table" | "partition" |
                                                        "entry" */
#define QF_VOLUMES           "root.volumes"          /* P {alias: {"path","id","mount_point"}}
                                                        of cairo.volumes */
#define QF_SCOPE             "root.scope"            /* P {"root": path, "volume-a": path, ...}:
                                                        what holds the data */
#define QF_IN_USE_BY         "root.in_use_by"        /* O [{"pid","what"}]: others that hold
                                                        files of DB open */
#define QF_LOCK_HOLDER       "lock.holder"           /* O int pid holding tables.d.lock; 0 nobody */

/* ---- how it is installed and started ---- */
#define QF_INSTALL_KIND      "install.kind"          /* P str "runtime" (bundled Java) | "no-
                                                        jre" (questdb.jar) | "container" |
                                                        "unknown" */
#define QF_INSTALL           "install.path"          /* P str: top directory of the installation
                                                        (holds bin/ or the jar) */
#define QF_INSTALL_LINK      "install.link"          /* P str: path as the launcher names it,
                                                        when a link on the way leads to
                                                        install.path; absent when none */
#define QF_INSTALL_JAR       "install.jar"           /* P str: the jar of -p; absent for a
                                                        runtime */
#define QF_INSTALL_OWNER     "install.owner"         /* P {"uid","gid"} of install.path */
#define QF_INSTALL_MOUNT     "install.mount_point"   /* P bool */
#define QF_INSTALL_SHARED    "install.shared_with"   /* O [root]: other instances that start
                                                        from it; absent when none */
#define QF_INSTALL_ARTIFACT  "install.artifact"      /* P object as QF_ARTIFACT, of the
                                                        installed thing. L */
#define QF_SERVICE_KIND      "service.kind"          /* P str "systemd" | "process" | "command"
                                                        | "compose" | "container" */
#define QF_SERVICE           "service.config"        /* P object for service_open(); of
                                                        `source.service` if given */
#define QF_SERVICE_BY        "service.by"            /* O str: who runs it, for people */
#define QF_SERVICE_RESTARTS  "service.restarts"      /* P bool: somebody starts it again when it
                                                        ends */
#define QF_SERVICE_ENABLED   "service.enabled"       /* P bool: starts at boot */
#define QF_UNIT              "unit.name"             /* P str "questdb.service"; absent when
                                                        there is no unit */
#define QF_UNIT_FILES        "unit.files"            /* P {path: sha256}: unit file and drop-
                                                        ins, in order of reading */
#define QF_UNIT_KEYS         "unit.keys"             /* P {"Service.ExecStart": [str], ...}:
                                                        effective lists by section and key over
                                                        file and drop-ins, a line that holds a
                                                        secret is "***" */
#define QF_UNIT_ENV_FILES    "unit.environment_files" /* P [path] */
#define QF_LAUNCH_FILE       "launch.file"           /* P str: the file that names the main
                                                        class (unit, env.sh, script, compose
                                                        file); absent when only the command line
                                                        is known */
#define QF_LAUNCH_SCRIPT     "launch.script"         /* P str: bin/questdb.sh of the
                                                        installation; absent when none */
#define QF_LAUNCH_ARGV       "launch.argv"           /* P [str]: ExecStart of the unit, or the
                                                        process' command line; values of secret
                                                        -D options masked as "***" */
#define QF_LAUNCH_MAIN       "launch.main_class"     /* P str: main class that launcher names */
#define QF_LAUNCH_MODULES    "launch.modules"        /* P [str]: module names in the values of its
                                                        --add-opens, --add-exports and
                                                        --enable-native-access, sorted */
#define QF_CONTAINER         "container"             /* P container_about() but for container.now, and
                                                        "root" (as it is called inside) or "error":
                                                        the server is one's; absent no */
#define QF_CONTAINER_NOW     "container.now"         /* O container_take_passing() of it */
#define QF_KUBERNETES        "host.kubernetes"       /* P bool */

/* ---- configuration ---- */
#define QF_CONF_FILE         "conf.file"             /* P str: conf/server.conf */
#define QF_CONF_SHA          "conf.sha256"           /* P str: digest of its bytes */
#define QF_CONF_OWNER        "conf.owner"            /* P {"uid","gid","mode"} */
#define QF_CONF              "conf"                  /* P {key:
                                                        {"value","from","env","secret","file"}}:
                                                        effective settings that are set
                                                        somewhere; canonical key (aliases
                                                        mapped); from "conf" | "env" | "file";
                                                        env: variable name; secret true: no
                                                        value; file: path of the secret file;
                                                        "overrides": true when it hides another
                                                        value of the file */
#define QF_CONF_DUPLICATES   "conf.duplicates"       /* P {key: how many others}; absent when
                                                        none */
#define QF_CONF_ALIASES      "conf.aliases"          /* P {written key: canonical key}: old
                                                        names in use; absent when none */
#define QF_CONF_ERROR        "conf.error"            /* O str: why server.conf could not be
                                                        read; absent when fine */
#define QF_CONF_STRICT       "conf.strict"           /* P bool: config.validation.strict */
#define QF_CONF_UNKNOWN      "conf.unknown"          /* O [key]: keys SHOW PARAMETERS does not
                                                        know. L, absent when none */
#define QF_CONF_LIVE         "conf.live"             /* O {key: {"value","from"}}: SHOW
                                                        PARAMETERS not default, sensitive left
                                                        out. L */
#define QF_SNAPSHOT_ID       "conf.snapshot_id"      /* P str: cairo.snapshot.instance.id; ""
                                                        when empty */
#define QF_READONLY          "conf.readonly"         /* P [str]: of "instance", "http", "pg" the
                                                        ones that are; absent none */
#define QF_AUTH              "conf.auth"             /* P {"http": "open"|"user", "pg":
                                                        "default"|"user", "pg_readonly": bool,
                                                        "ilp": "open"|"keys"|"off", "health":
                                                        "open"|"user"} */
#define QF_AUTH_USERS        "conf.auth_users"       /* P {"http": name, "pg": name,
                                                        "pg_readonly": name}: names only */
#define QF_ILP_KEYS          "conf.ilp_keys"         /* P [kid]: key ids of
                                                        line.tcp.auth.db.path; absent when none */
#define QF_TELEMETRY         "conf.telemetry"        /* P bool */

/* P {path: text}: server.conf, the launcher's file (unit, drop-in, env.sh), as they are, with
 * each value of a secret key written "***"; for the diffs of a plan, which cannot read. At most
 * 256 KiB each; absent members: no diff is shown. Bytes that are no UTF-8 are written "?". */
#define QF_TEXTS            "texts"

/* ---- ports and clients ---- */
#define QF_PORTS             "ports"                 /* P {"http"|"min"|"pg"|"ilp":
                                                        {"host","port","enabled"}} as configured */
#define QF_LISTENING         "ports.listening"       /* O {"9000": {"address"}}: ports of
                                                        QF_PORTS somebody listens on */
#define QF_CLIENTS           "clients"               /* O [{"port","peer","connections"}]: peers
                                                        not of this host. L */
#define QF_LOCAL_CLIENTS     "clients.local"         /* O [{"port","connections"}]: over
                                                        loopback, ours not. L */
#define QF_HEALTH_STATUS     "health.status"         /* O int: HTTP status of the min server
                                                        without login. L */

/* ---- the data ---- */
/* P {name: {...}}: tables, views and materialized views of users, by logical name. System ones
 * stand in QF_SYSTEM.
 *   "dir"       directory below DB              "id"      table id of _meta
 *   "kind" "table"|"view"|"matview"|"live" "wal" bool "partition_by" "DAY", "NONE", ...
 *   "timestamp" designated column or null       "dedup"   bool
 *   "ttl" hours, negative: months, 0 none "columns" ["name TYPE [INDEXED] [UPSERT KEY]", ...]
 *   "structure" structure version of _txn       "link"    target when the directory is a link
 *   "schema"    sha256 of the canonical form of the above without dir, id, structure and link
 * "columns" is left out of all (schema stays) when the facts would not fit otherwise. */
#define QF_TABLES           "tables"
/* O {name: {...}}: what moves.
 *   "rows" "min" "max" (us, or ns) "txn" "seq_txn" (applied) "log_txn" (sequencer, WAL only)
 *     "lag_txns" "lag_rows"
 *   "partitions" from the files; "suspended", "writer_txn", "sequencer_txn" of wal_tables (L)
 *   "parquet": number of Parquet partitions "fd": open files a reader of every partition and
 *     column needs */
#define QF_TABLE_STATE      "tables.state"
#define QF_SYSTEM            "tables.system"         /* O [name]: sys.*, telemetry*,
                                                        _query_trace: never compared */
#define QF_TABLE_BROKEN      "tables.broken"         /* O {dir: why}: its files could not be
                                                        read or do not agree. absent none */
#define QF_TABLE_UNREADABLE  "tables.unreadable"     /* Deep {name: server's words}: it cannot read
                                                        the table to the end. D, {} none */
#define QF_TABLE_NO_META     "tables.incomplete"     /* O [dir]: directories of DB without _meta
                                                        or _txn. absent when none */
#define QF_TABLE_ID_TWICE    "tables.id_twice"       /* O {id: [dir, dir]}; absent when none */
#define QF_TABLE_ID_ABOVE    "tables.id_above"       /* O [dir]: id greater than
                                                        db.last_table_id; absent when none */
#define QF_TABLE_UNREGISTERED "tables.unregistered"   /* O [dir]: WAL table unknown to tables()
                                                         of the server. L, absent none */
#define QF_TABLE_CONVERT     "tables.convert"        /* O {name: "wal"|"bypass wal"|"?"}:
                                                        _convert is pending; absent none */
#define QF_TABLE_TODO        "tables.todo"           /* O {name: "_meta.swp"|"_todo_"} of a
                                                        stopped server; absent none */
#define QF_TABLE_DETACHED    "tables.detached"       /* O {name: count} of *.detached and
                                                        *.attachable; absent when none */
#define QF_TABLE_ORPHAN_WAL  "tables.orphan_wal"     /* O [dir]: wal<N> without txn_seq, or the
                                                        WAL flag without; absent none */
#define QF_TABLE_SUSPECT     "tables.reserved_names" /* O [name]: names an Enterprise server
                                                        might use; absent none */
#define QF_PARQUET_BAD       "tables.parquet_bad"    /* O {"name/partition": why}: missing or
                                                        short data.parquet; absent none */
#define QF_VIEWS_INVALID     "views.invalid"         /* O {name: reason}: invalid views and mat
                                                        views. L, absent when none */
#define QF_VIEWS             "views"                 /* P {name:
                                                        {"kind","base","status","sql"}}; status
                                                        moves: not here but in QF_VIEWS_INVALID.
                                                        L */
#define QF_WAL_SUSPENDED     "wal.suspended"         /* O {name: {"tag","message","writer_txn","
                                                        sequencer_txn"}}. L, {} none */
#define QF_WAL_PENDING       "wal.pending"           /* O {name: transactions not yet applied}:
                                                        live by wal_tables(), cold by _txnlog -
                                                        _txn; {} when none */
#define QF_WAL_PENDING_SUM   "wal.pending_sum"       /* O int */
#define QF_FD_ESTIMATE       "tables.fd_estimate"    /* O int: sum of "fd" of all tables */
#define QF_TABLES_COUNT      "tables.count"          /* P int: user tables and views */
#define QF_ROWS              "tables.rows"           /* O int: all user tables */
#define QF_PARTITIONS        "tables.partitions"     /* O int */
/* Deep {name: {"txn": n, "wal": bool, "aggregates": ...}}: values of a full read at that
 * transaction, the shape of fingerprint.h. D */
#define QF_FINGERPRINTS     "fingerprints"
#define QF_UNREAD           "fingerprints.unread"    /* Deep {name: why}: tables that were not
                                                        read to the end. D */

/* ---- left over, in the way ---- */
#define QF_CHECKPOINT        "checkpoint.in_progress" /* O bool [checkpoint_status()]. L */
#define QF_CHECKPOINT_SINCE  "checkpoint.started_at" /* O str. L, absent when none */
#define QF_CHECKPOINT_OURS   "checkpoint.ours"       /* O bool: it is held by this very process.
                                                        L */
#define QF_CHECKPOINT_DIRS   "checkpoint.left"       /* O [".checkpoint/db", "snapshot/db"] that
                                                        exist; absent when none */
#define QF_CHECKPOINT_ID     "checkpoint.left_id"    /* O str: instance id stored in it; absent
                                                        when there is none */
#define QF_TRIGGERS          "root.triggers"         /* O [name]: _restore, _backup_restore, ...
                                                        in ROOT; absent when none */
#define QF_CRASH_LOGS        "crash.logs"            /* O [name]: hs_err_pid* of DB newer than
                                                        the server's start; absent none */
#define QF_HELLO_LEFT        "crash.hello_left"      /* O bool: hello.txt without a process */
#define QF_ENTERPRISE_MARKS  "db.enterprise_marks"   /* O [what]: traces of an Enterprise start
                                                        in DB; absent when none */
#define QF_DB_EXTRA_FILES    "db.files"              /* O [name]: plain files directly in DB */

/* ---- host ---- */
#define QF_HOST_ARCH         "host.arch"             /* P str "x86-64" | "aarch64" | uname -m */
#define QF_HOST_GLIBC        "host.glibc"            /* P str "2.36" */
#define QF_HOST_OS           "host.os"               /* P str: PRETTY_NAME of os-release */
#define QF_HOST_KERNEL       "host.kernel"           /* O str */
#define QF_HOST_CPUS         "host.cpus"             /* O int */
#define QF_HOST_MEMORY       "host.memory"           /* O int bytes */
#define QF_HOST_AVAILABLE    "host.memory_available" /* O int bytes */
#define QF_MEMORY_LIMIT      "host.memory_limit"     /* P int bytes: cgroup limit of the server
                                                        or unit; absent when none */
#define QF_HOST_JAVA         "host.java"             /* P {"exe","version","major"}: `java` a
                                                        no-JRE launcher would find */
#define QF_MAX_MAP_COUNT     "host.max_map_count"    /* P int */
#define QF_NOFILE_SOFT       "limits.nofile_soft"    /* P int: of the process; stopped: of the
                                                        unit; -1 unlimited */
#define QF_NOFILE_HARD       "limits.nofile_hard"    /* P int */
#define QF_CLOCK_SYNCED      "host.clock_synced"     /* O bool [adjtimex] */
#define QF_NFT               "host.nft"              /* O bool: a gate can be closed here. L;
                                                        why not: QF_NFT_WHY */
#define QF_NFT_WHY           "host.nft_why"          /* O str; absent when usable */
/* P {"root"|"db"|"volume-a"|"install"|"tmp"|"state"|"store":
 * {"path","magic","type","read_only","noexec"}}; magic int of statfs, type "ext4" ... or "0x..." */
#define QF_FS               "fs"
/* O the same names: {"dev","mount","total","free","reserve": what live passes leave free,"inodes_total","inodes_free"}; dev and mount are
 * others after a boot */
#define QF_FS_ROOM          "fs.room"
/* O {"root"|"volume-a"|...: {"bytes","allocated","data","files","dirs","links"}}; data: what a copy of it takes up; "install" too. L */
#define QF_SIZES            "sizes"
#define QF_ENTRY_TYPES       "fs.entry_types"        /* O bool: directory entries of DB tell their
                                                        type; false on xfs made with ftype=0 */
#define QF_REFLINK           "fs.reflink"            /* O {"root": bool, ...}: by file system
                                                        type only, not tried. absent unknown */
/* O [{"root","pid","unit"}]: the other QuestDB installations of this
 * host */
#define QF_OTHERS           "host.others"
/* O [{"with","kind","ours","theirs"}]: directories shared with another instance; kind
 * "same"|"inside"|"around"; what of ours: "root" "db" "volume-a" "import" "export" "log"
 * "public". absent when none */
#define QF_SHARED           "host.shared"
/* O {"ours": place or null, "others": {root: place or null}}: object stores that this instance (or the
 * goal for it) and the others of this host name; null: one is named and cannot be seen. absent none */
#define QF_STORES            "host.object_stores"
#define QF_TIMERS            "host.timers"           /* O [name]: cron files and timers that
                                                        mention the root or questdb. L */

/* ---- target: only when a goal was given ---- */
/* P {"path","sha256","size","form","edition","version","arch","java_major","has_java","build","m
 * odules","top","glibc",
 *    "launcher","damage","unsafe"}:
 *   form "runtime.tar.gz" | "no-jre.tar.gz" | "jar" | "directory" edition by module com.questdb
 *   version of manifest, module or file name arch "x86-64"|"aarch64"|"any"|"" java_major needed,
 *     from class files
 *   has_java bool top: the one top directory, "" launcher: {"main_class","script"} or null
 *   glibc: highest GLIBC_x needed by native code digest: sha256, of a directory over names and
 *     contents
 *   damage, unsafe: why it is not whole / not to be unpacked; absent when fine */
#define QF_ARTIFACT         "target.artifact"
/* target.image, target.image_seen: engine/container_move.h. Of an image QF_ARTIFACT tells "form" "image", and what its name does. */
#define QF_TARGET_EDITION    "target.edition"        /* P str: edition wanted, or the artifact's */
#define QF_TARGET_VERSION    "target.version"        /* P str: version wanted, or the artifact's */
#define QF_TARGET_PORTS      "target.ports"          /* O {"address:port": {"pid"}}: of
                                                        QF_PORTS, held by a process that is not
                                                        the server; absent when none */
#define QF_TARGET_STORE      "target.store"          /* O
                                                        {"path","inside_root","inside_db",
                                                        "above": nearest folder that is there,
                                                        absent: it is}: given store */
#define QF_ACCOUNTS_FILE     "target.accounts"       /* P {"path","sha256"}: settings.accounts.
                                                        absent when none */
/* P {"cert": path, "key": path, "subject","names":[..],"not_after": epoch s,"matches":
 * bool,"key_mode","error"} of settings.tls; "error" instead of what could not be read */
#define QF_TLS              "target.tls"
/* P {"scheme","location","error"} of settings.replication.object_store_file, no secret;
 * emptiness in QF_REPL_STORE */
#define QF_REPL             "target.replication"
#define QF_REPL_STORE        "target.replication_store" /* O {"empty": bool, "foreign": bool,
                                                           "same_device": bool, "error"} */
#define QF_ADMIN             "target.admin"          /* P {"user","password_file","mode"}:
                                                        settings.admin, no secret */

/* ---- frozen: from the stopped tree only. F ---- */
/* O {name: {"dir","id","wal","kind","structure","rows","min","max","txn","seq_txn","log_txn","la
 * g_txns","lag_rows","data_version",
 *    "partition_version","column_version","truncate_version","schema","columns",
 *    "partitions": [[ts, rows, name_txn, "name", parquet_size or 0, flags], ...]}}
 * ts in us (ns for TIMESTAMP_NS tables: "ns": true); rows of the last partition are the
 * transient ones. Where facts would not fit otherwise, "columns" are left out, then "partitions"
 * become "partitions_sha256" and "partitions_count" in all. */
#define QF_FROZEN           "frozen"
#define QF_FROZEN_AT         "frozen.taken"          /* O str RFC 3339 */
#define QF_FROZEN_FILES      "frozen.files"          /* O {"db/_upgrade.d": sha256, ...}: small
                                                        database-level files */
