/* The vocabulary of SeaTable's facts. P pinned, O observed (engine/facts.h); [where it is seen]. An absent list or object means
 * none, where the witness beside it is there. Paths are this host's, canonical, unless they are said to be the container's. */
#pragma once

/* ---- the installation */
#define SEA_ROOT           "root.path"          /* P str: directory of the Compose project */
#define SEA_LAYOUT         "layout.kind"        /* P "modern"|"legacy"|"cluster"|"unknown" [merged configuration; layout.h] */
#define SEA_SHAPE          "layout.shape"       /* P {"release": "5.3" that the vendor's file is of, by the default image; absent: not told,
                                                 * "license_mount","nginx_mount","create_host_path": bool [merged configuration]} */
#define SEA_ENV            "env.file"           /* P {"path","sha256","mode","uid","gid"}; absent: there is no .env */
#define SEA_ENV_ERROR      "env.error"          /* P str: why Compose cannot read it; absent: it can */
#define SEA_ENV_STATE      "env.state"          /* O {"link","hard_links","immutable","read_only"}: what is in the way of an edit */
#define SEA_ENV_IMAGE      "env.image"          /* P {"present","value","line","others": [values of further assignments, which do not win],"words": it
                                                 * stands in comments or in other values}: SEATABLE_IMAGE in .env */
#define SEA_ENV_BASH       "env.bash"           /* P [key]: whose values bash reads otherwise */
#define SEA_ENV_SHADOWED   "env.shadowed"       /* O [key]: set in our own environment, to something else than in .env, or deciding and not in .env */

#define SEA_PROJECT        "compose.project"    /* P {"name","files": [name as listed],"separator","profiles": [..],"dir": as SEA_LABELS may have it|absent: root.path} [.env]: where
                                                 * it is reached by a link, Compose's paths begin with that */
#define SEA_FILES          "compose.files"      /* P [{"name","path","state": "there"|"absent"|"blanks"|"empty"|"directory","sha256"|absent,
                                                 * "image": it gives the server an image of its own,"tags": !override or !reset}] */
#define SEA_CONFIG_ERROR   "compose.error"      /* P str: why `docker compose config` refuses; absent: it does not */
#define SEA_SERVER         "compose.server"     /* P str: name of the server's service: "seatable-server", legacy "seatable" */
#define SEA_SERVICES       "compose.services"   /* P {service: {"image","container": container_name|absent}} [merged, undoubled $] */
#define SEA_ENVIRONMENT    "compose.environment" /* P {key: value} of the server's service that decide how it runs, none a secret:
                                                 * MARIADB_*, REDIS_HOST, *_START_MODE, ENABLE_*, protocol, hostname, TIME_ZONE */
#define SEA_BINDS          "compose.binds"      /* P {target in the container: {"source","read_only","create_host_path"}} of the server */
#define SEA_PUBLISHED      "compose.published"  /* P {service: ["0.0.0.0:443/tcp"]}: doors that clients come through */

/* ---- images */
#define SEA_IMAGE          "image.configured"   /* P sea_image_facts(): {"reference","name": without tag and digest,"tag"|absent,"digest"|absent,
                                                 * "edition"|absent,"version"|absent} of the merged configuration: what `up` would start */
#define SEA_IMAGE_FROM     "image.from"         /* P {"where": "env"|"default"|"override"|"file"|"environment","file"|absent}: who decides it.
                                                 * override: a yml of the list pins it; file: the legacy yml's own line */
#define SEA_IMAGE_DEFAULT  "image.default"      /* P sea_image_facts(): in force without SEATABLE_IMAGE; absent: no such default */
#define SEA_IMAGES         "images.configured"  /* P {service: {"reference","id"|absent: not on this host}} [docker image inspect] */
#define SEA_RUNNING        "images.running"     /* P {service: {"reference","id","container": name,"container_id"}} [docker inspect];
                                                 * a service without a container is not in it */
#define SEA_PENDING        "server.pending"     /* O sea_pending() of the server: what the files say and its container does not have yet */
#define SEA_IMAGE_SIZE     "image.size"         /* O int: bytes of the running image */
#define SEA_IMAGE_VERSION  "image.version"      /* P str: server_version in the environment of the running image */

/* ---- the server */
#define SEA_SERVICE        "service.config"     /* P object for service_open(): {"kind":"compose","project","service"} */
#define SEA_SERVICE_KIND   "service.kind"       /* P str */
#define SEA_UP             "server.running"     /* O bool [State.Running] */
#define SEA_STATES         "server.states"      /* O {service: {"status","health"|absent,"restarts","started","restart": its policy}} */
#define SEA_EDITED         "server.edited"      /* O bool: by Compose's own sum its definition is not what its container was made of; missing: why that
                                                 * cannot be told */
#define SEA_LABELS         "server.labels"      /* P {"dir","files": [path],"compose": version,"env_file": named with --env-file|absent}: who made
                                                 * the container */
#define SEA_EDITION        "server.edition"     /* P "developer"|"enterprise" [/server-info/, else image's name, else source.edition] */
#define SEA_VERSION        "server.version"     /* P str "6.1.8" [/server-info/, else image, tag, current_version.txt, source.version] */
#define SEA_SAYS           "server.says"        /* O {"edition","version": as answered}: /server-info/ itself */
#define SEA_NAMED          "server.named"       /* P {"tag","image","volume": version|absent,"edition"|absent: of the image's name}: what other sources say */
#define SEA_PINGS          "server.pings"       /* O {"server-info"|"api2"|"dtable-server"|"dtable-db"|"api-gateway"|"nginx": "" | why not} */
#define SEA_PROBE          "server.probe"       /* P {"host","http","name": of the Host header,"secure": it is https for clients,"proxy": service that
                                                 * holds that door|absent}: where the server itself answers on this host; "door": {"host",
                                                 * "port"} of the proxy that clients come through|absent */
#define SEA_CLIENT         "probe.client"       /* O {"asked": by settings.probe} and, where it is, sea_client_look() without rows */
#define SEA_PUBLIC         "server.public"      /* P {"protocol","hostname","proxy": service that clients come through|absent} */

/* ---- data */
#define SEA_DATA           "data.path"          /* P str: source of the server's /shared [merged] */
#define SEA_DATA_MOUNTED   "data.mounted"       /* P str: source of /shared of the container that runs [Mounts] */
#define SEA_DATA_CONF      "data.conf"          /* P {"entries": n,"settings": dtable_web_settings.py is there,"sha256": of that,
                                                 * "is_pro": bool|absent,"plugins_repo": n assignments,"plugins_commented": bool,
                                                 * "current_version": str|absent,"controller": seatable-controller.conf is there,
                                                 * "old": [files that 6.2 no longer reads]} */
#define SEA_CONF_SYNTAX    "data.conf_syntax"   /* O "" | what Python says against dtable_web_settings.py [in the container] */
#define SEA_FOLDERS        "data.folders"       /* O {"storage-data"|"seafile-data"|"seahub-data"|"conf"|"db-data": {"bytes","files"}} */
#define SEA_FOLDERS_ODD    "data.folders_odd"   /* O {folder: why a copy would not have what is in it}: links, mounts; absent: none */
#define SEA_VOLUMES        "data.volumes"       /* O {service: [{"at": in the container,"source","volume": its name|absent,"bytes","files" or "unmeasured": path of a
                                                 * mount in it or above it that another host or a program answers for}]}: folders that
                                                 * containers write to, beside data.path; each once */
#define SEA_STORAGE        "data.storage"       /* P {"kind": "local"|"s3","by": what says so} */
#define SEA_NGINX          "data.nginx"         /* P "file"|"absent"|"directory"|"empty": source of the nginx mount; absent: not mounted */

/* ---- licence */
#define SEA_LICENSE        "license.file"       /* P of the file that is mounted: {"path","mount": its mount point in the volume,"state": "file"|"empty"|"absent"|"directory"|
                                                 * "full directory"|"dangling"|"refused","sha256"} and, of a file, what sea_license_of() says */
#define SEA_LICENSE_MOUNT  "license.mount"      /* P "file"|"empty"|"absent"|"directory"|"full directory": its mount point in the volume */
#define SEA_TODAY          "host.today"         /* O "2026-11-22": in the time zone of the server */
#define SEA_TIME           "host.time"          /* O {"host","container": seconds of the epoch,"zone": of the server} */

/* ---- databases */
#define SEA_DB             "db.server"          /* P {"where": "compose"|"external","host","port","user" and, in compose, "service","db",
                                                 * "server": containers, as sea_db_open() takes them} */
#define SEA_DB_VERSION     "db.version"         /* P str "11.8.5-MariaDB-..." */
#define SEA_DB_LOGIN       "db.login"           /* O true: the configured password is taken */
#define SEA_DB_SCHEMAS     "db.schemas"         /* P [names], sorted, without the server's own */
#define SEA_DB_OWN         "db.own"             /* P {"dtable"|"ccnet"|"seafile": name of its schema,"log": of operation_log|absent: it is in
                                                 * dtable's|false: in one of its own, which cannot be told} */
#define SEA_LOG_PLACE      "data.operation_log" /* P {"by": what puts operation_log into a schema of its own,"name": of it|absent,"host": its
                                                 * server|absent}; absent: nothing does */
#define SEA_DB_SIZES       "db.sizes"           /* O {schema: {"bytes","tables","rows": as the server estimates}} */
#define SEA_DB_SHAPE       "db.shape"           /* P {schema: dumps_shape()}: unmoved within a minor */
#define SEA_DB_ENGINES     "db.engines"         /* O [schema.table: engine]: of no transactions */
#define SEA_DB_TOOLS       "db.tools"           /* P {"dump": "mariadb-dump"|"mysqldump","client": "mariadb"|"mysql"}: in the container */
#define SEA_DB_FRESH       "db.fresh"           /* O int: age in seconds of the newest row of operation_log; absent: it is empty */
#define SEA_REDIS          "redis.login"        /* O "" | why not: PING with the configured password */

/* ---- features in use that Developer Edition lacks (facts/seatable 3.6) */
#define SEA_USERS          "users"              /* O {"total","active","staff","local_staff","sso","roles": {role: n},"orgs"} */
#define SEA_COUNTS         "counts"             /* O {"bases","groups","repos","apps": {type: n},"app_users","view_shares","group_shares",
                                                 * "archived_bases","archived_rows","sso": {provider: n},"admin_roles","virus"}; one that cannot
                                                 * be counted is not in it */
#define SEA_UNCOUNTED      "counts.missing"     /* O {name in counts or users: why} */
#define SEA_FEATURES       "features"           /* P {name: where it is switched on}: "ldap","oauth","saml","sso","teams","roles","admin_roles",
                                                 * "office","antivirus","whiteboard","seadoc","html","metrics","python","ai","big_data" */
#define SEA_ARCHIVES       "data.archives"      /* O int: bases with rows in db-data; missing: why it cannot be told */
#define SEA_CLUSTER        "cluster.signs"      /* P [str]: why it is taken for a node of a cluster; absent: it is none */
#define SEA_JOBS           "server.jobs"        /* O {"python"|"restic"|"ofelia": {"container","work": what is under way|"" nothing is|absent: not
                                                 * told}}; those whose container runs */

/* ---- host */
#define SEA_DOCKER         "host.docker"        /* P {"version","arch","os","root","swarm","rootless"}; missing: it cannot be asked */
#define SEA_COMPOSE        "host.compose"       /* P {"version"}: of the Compose plugin */
#define SEA_WATCHERS       "host.watchers"      /* O [container]: that update others by themselves */
#define SEA_NEIGHBOURS     "host.neighbours"    /* O [container]: of others, in the server's networks */
#define SEA_ROOM           "host.room"          /* O {"root"|"data": of the folders|"docker"|"store": {"path","free","reserve": what passes beside a writer leave
                                                 * free,"inodes","dev","mount","kind": "btrfs"|"xfs"|"ext4"|"tmpfs"|"another","above": nearest folder of a store
                                                 * that is not there}} */
#define SEA_ACCESS         "host.access"        /* O {"selinux": "enforcing"|"permissive"|absent,"labels": {path: label of SELinux},"lists": [path with an
                                                 * access list, .env too]}: of what the server is given of this host */
#define SEA_STORE          "host.store"         /* O {"path": canonical,"mode"|absent: it is not there yet,"data": canonical source of /shared|absent}: restore_point.store;
                                                 * absent: beside what is copied */

/* ---- target */
#define SEA_TO_EDITION     "target.edition"     /* P str */
#define SEA_TO_VERSION     "target.version"     /* P str */
#define SEA_TO_IMAGE       "target.image"       /* P sea_image_facts() of what will be in force, and "default": the line is taken out */
#define SEA_TO_LOCAL       "target.local"       /* O {"id","arch","os","version": server_version|absent,"size"}: it is on this host; absent: not */
#define SEA_TO_SOURCE      "target.source"      /* O {"from": "local"|"archive"|"registry","file"|absent,"finding": what is wrong|absent,
                                                 * "registry": container_ask_registry()|absent: it was not asked} */
#define SEA_TO_ALIKE       "target.alike"       /* O [reference]: on this host, of the wanted edition and minor */
#define SEA_TO_LICENSE     "target.license"     /* P as SEA_LICENSE, of settings.license_file; absent: none is given */
#define SEA_TO_MOVED       "target.moved"       /* P compose_files_moved() of SEATABLE_IMAGE with that image [docker compose config] */
