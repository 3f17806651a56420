/* The vocabulary of SFTPGo's facts. P pinned, O observed (engine/facts.h); [where it is seen]. An absent list or object means
 * none, where the witness beside it is there. */
#pragma once

/* ---- the server */
#define SF_RUNNING         "server.running"     /* O bool [/proc] */
#define SF_PID             "server.pid"         /* O int */
#define SF_OTHERS          "server.others"      /* O int: more processes that serve with the same directory */
#define SF_EDITION         "server.edition"     /* P "open-source"|"enterprise" [by the version] */
#define SF_VERSION         "server.version"     /* P str [running: header Server, SSH banner; else --version] */
#define SF_SHORT           "server.hides_version" /* P bool: common.server_version is not "" */
#define SF_HEALTHY         "server.healthy"     /* O bool [/healthz] */
#define SF_ARGV            "server.argv"        /* P [str]: what starts it, argv[0] as the launcher names it */

#define SF_LISTENS         "server.listens"     /* P [door]: those it listens on [/proc/net/tcp]; names as in doors.h */
#define SF_HOST_KEYS       "server.host_keys"   /* P {"ssh-ed25519": "SHA256:..."} [SSH key exchange] */
#define SF_CERTIFICATES    "server.certificates" /* P {door: {"sha256","not_after"} or "plain"} [TLS handshake] */
#define SF_RENEWS          "server.renews_certificates" /* P bool: by ACME */
#define SF_PAGES           "server.pages"       /* P {door: {"WebAdmin"|"WebClient"|"REST": status}} [HTTP] */
#define SF_LOGIN           "server.login"       /* O true: the server takes source.login [/api/v2/status] */
#define SF_SERVER_LICENSE  "server.license"     /* O {"valid_from","valid_to","features"} as the server tells them, or {"none": true}; no
						 * key. Of Enterprise, with source.login [/api/v2/license] */
#define SF_TRANSFERS       "server.transfers"   /* O int: under way [/api/v2/connections] */

/* ---- the installation */
#define SF_ROOT            "root.path"          /* P str: configuration directory, canonical */
#define SF_SCOPE           "scope.roots"        /* P {name: {"path","mount_point","only":[top-level names]}}: what a restore point
                                                 * holds; of "windows" "leave_out": users' files */
#define SF_SCOPE_BAD       "scope.bad"          /* P [str]: users' files that lie in what it holds, in words */
#define SF_SCOPE_BESIDE    "scope.beside"       /* O [str]: files that the configuration names and no restore point holds, in words */
#define SF_KIND            "install.kind"       /* P "package"|"archive"|"container"|"windows"|"unknown" */
#define SF_INSTALL         "install.path"       /* P str: directory of the program, canonical */
#define SF_INSTALL_LINK    "install.link"       /* P str: the link through which the launcher names it; absent: none */
#define SF_INSTALL_MOUNT   "install.mount_point" /* P bool */
#define SF_INSTALL_ENTRIES "install.entries"    /* P [str]: of program, templates, static, openapi those that lie in it */
#define SF_INSTALL_MIXED   "install.holds_data" /* P bool: configuration, data or what no build brings lie below it: it cannot be exchanged whole */
#define SF_PROGRAM         "install.program"    /* P str: canonical */
#define SF_PACKAGE         "install.package"    /* P packager_owner(); absent: of no package */
#define SF_BUILD           "install.build"      /* P {"version","edition","features"} [--version] */
#define SF_EDITED          "install.edited"     /* O [path]: configuration files that are not as the package brought them */
#define SF_ALTERED         "install.altered"    /* O [path]: other files of the package that are not */
#define SF_CONTAINER       "install.container"  /* P container_about() but for container.now, and "root": as it calls it, "conf_of_image":
                                                 * bool, or "error": why docker told nothing; absent: none */
#define SF_CONTAINER_NOW   "container.now"      /* O container_take_passing() of it */
#define SF_LAYER           "container.changes"  /* O {"some":[path],"n"}: changed in the container itself, in no volume [docker diff] */
#define SF_VOLUMES         "container.volumes"  /* O {name: driver, or type of its device}: of configuration and database, those that docker
                                                 * mounts only while a container runs; absent: none [docker volume inspect] */
#define SF_ADRIFT          "container.adrift"   /* P [str]: what of the data lies in the container itself, in words; absent: nothing */
#define SF_SERVICE         "service.config"     /* P object for service_open() */
#define SF_SERVICE_KIND    "service.kind"       /* P str */
#define SF_SERVICE_BY      "service.by"         /* P str: who starts it again, in words; absent: nobody */
#define SF_UNIT_FILES      "service.unit_files" /* P {path: sha256}; absent: no unit */

/* Of "windows", a copy of a folder of another host, alone. */
#define SF_FOLDER          "install.folder"     /* P str: where it lies there [its log, else the installer's default] */
#define SF_FOLDER_CONF     "install.folder_conf" /* P {"file": name of the configuration file,"sha256"} */
#define SF_OLD_INSTALLER   "install.old_installer" /* P build_judge() of source.package_file; absent: none given */

#define SF_PACKAGES        "install.packages"   /* P [{"name","version","arch","want","held","status","conffiles","secured_by":{"how",
                                                 * "file"}}]: what is installed of the artifacts, in their order; "name" alone:
                                                 * nothing. Absent: this way is not by packages */

/* ---- configuration */
#define SF_CONF            "conf"               /* P sftpgo_config_facts(): {key: {"value","from"}}, secrets as "***" */
#define SF_CONF_ERROR      "conf.error"         /* P str: why it cannot be read as the server does; absent: it can */
#define SF_CONF_FILE       "conf.file"          /* P str: absolute; absent: there is none */
#define SF_DOORS           "conf.doors"         /* P doors_of() */
#define SF_PROBE           "conf.probe"         /* P doors_probe() */
#define SF_HOOKS           "conf.hooks"         /* O {key: {"path","state"}}: state "there", "absent", "not executable", ... */
#define SF_PLUGINS         "conf.plugins"       /* O [{"type","cmd","state"}] */

/* ---- data provider */
#define SF_DRIVER          "provider.driver"    /* P str */
#define SF_DB_FILE         "provider.file"      /* P str: absolute; sqlite and bolt */
#define SF_DB_AT           "provider.at"        /* P {"host","port","database","user","prefix","sslmode", ...}: where it is, no
                                                 * password; postgresql and mysql */
#define SF_DB_STRING       "provider.connection_string" /* P bool: that key is set, which overrides all of it */
#define SF_DB_SIZE         "provider.size"      /* O int: bytes of its tables, with their indexes */
#define SF_DB_TIED         "provider.tied"      /* O [str]: what of others hangs on its tables, in words */
#define SF_DUMP_TOOL       "provider.dump_tool" /* O {"name","version","server"}: it dumps, and loads */
#define SF_SCHEMA          "provider.schema"    /* P int */
#define SF_COUNTS          "provider.counts"    /* O {kind: objects} */
#define SF_OBJECTS         "provider.objects"   /* O str: file in the directory beside saved facts, "<SHA-256>.objects" (objects_compare.h) */
#define SF_FILES           "provider.files"     /* O homes_look(): users' files on this host; inspect --deep --save alone */
#define SF_SHARED          "provider.shared"    /* P bool: data_provider.is_shared */
#define SF_NODE            "provider.node"      /* O str: "host:port" where the others reach this one */
#define SF_NODES           "provider.nodes"     /* O [str]: other nodes that lived in the last two minutes; shared providers */
#define SF_RIGHT           "provider.right"     /* O {"may": "yes"|"no"|"unknown","why"}: change the schema */
#define SF_SECRETS         "provider.secrets"   /* O {secret_state_name(): n, "first_shut": where, "statuses": {status: n},
                                                 * "gcs_types": {type: n, "?" not to be seen}}; statuses are those stored: "Secretbox", "AWS" */
#define SF_BACKENDS        "provider.backends"  /* O {"local"|"s3"|"gcs"|"azblob"|"encrypted"|"sftp"|"http"|"ftp"|"other":
                                                 * users, folders and groups} */
#define SF_STORAGE         "provider.storage"   /* O {"users"|"groups"|"folders": the same of each, "elsewhere": named_json(): "users u: s3
						 * bucket"} */
#define SF_STORAGE_LIST    "provider.storage_list" /* O str: file in the directory beside saved facts, "<SHA-256>.storage", a line each:
						 * users s3 "anna" "bucket": of what is local its directory; inspect --save alone */
#define SF_HOMES           "provider.homes"     /* O {"below": {directory: homes and mapped paths right below it}, "more": those of
						 * further directories} */
#define SF_ACTIONS         "provider.actions"   /* O {"total": n, "types": {name: n}, "dump_bytes": of a dump of them and the rules, about,
                                                 * action_remark_name(): named_json()} */
#define SF_ADMINS          "provider.admins"    /* O {"super": an active one has every permission, "removed": named_json() with
                                                 * permissions that are gone, "partial": that Enterprise cuts} */
#define SF_LOGIN_ADMIN     "provider.login_admin" /* O {"user","found","active","super","two_factor","needs_two_factor",
                                                 * "needs_password","allow_list"}: who source.login is; absent: none given */
#define SF_NAMES           "provider.names"     /* O {"objects","event_actions": named_json() that 2.7.1 refuses} */
#define SF_USERS           "provider.users"     /* O {"extra_emails","symlinks","two_steps","backslashes": n}: census */
#define SF_ACME            "provider.acme"      /* O str: domain of the stored configuration; absent: none */
#define SF_DB_OWNER        "provider.owner"     /* O {"server","uid","gid", "file","directory": the server may write it} */
#define SF_DB_BESIDE       "provider.beside"    /* O ["-wal","-shm","-journal"]: files beside SQLite's */

#define SF_DB_HOLDERS      "provider.holders"   /* O [str]: who else has the database's file open to write, in words [/proc/pid/fd] */

/* ---- host */
#define SF_TAKEN           "host.taken_ports"   /* O {port: address}: doors of ours on which somebody else listens */
#define SF_REPOSITORIES    "host.repositories"  /* O {edition: file}: of the vendor's, switched on */
#define SF_NFT             "host.nft"           /* O bool: a gate can be closed here */
#define SF_NFT_WHY         "host.nft_why"       /* O str */
#define SF_ROOM            "host.room"          /* O {root name, and "store" where one is named: {"bytes": of the point, "free","reserve": what live
                                                       passes leave free,"dev","mount","above": of a store that is not there, the
                                                       nearest folder that is}} */

/* ---- target */
#define SF_ARTIFACT        "target.artifact"    /* P build_judge() */
#define SF_MORE            "target.more"        /* P [build_judge()] of the further artifacts; absent: none */
#define SF_REPOSITORY      "target.repository"  /* P repository_judge() of target.package, and "packages": [path] once fetched, or
                                                 * "finding": what is wrong with it; absent: none is given */
#define SF_TARGET_EDITION  "target.edition"     /* P str */
#define SF_TARGET_VERSION  "target.version"     /* P str */

/* ---- from open source to Enterprise */
#define SF_ACCOUNT         "server.account"     /* P {"uid","gid"} of the server */
#define SF_LICENSE         "target.license"     /* P {"file","finding"}: settings.license_file; absent: none given */
#define SF_RULES           "provider.rules"     /* P {rule: {"trigger","actions":[those with placeholders,
						 * or that delete, or copy a pattern]}}: active ones */

#define SF_HEARD           "provider.heard"     /* O {"rules":[active ones],"hook": str?}: what hears a save of an event rule or action */

#define SF_EVENTS          "goal.events_dump"   /* P {"file","found","sha256","from","paused"?: [rule] that its run set inactive}:
						 * settings.events_dump; absent: not asked for */

/* ---- logins that the goal asks to try */
#define SF_TRIAL_USERS     "trial.users"        /* P {user: trial_user() and "remote": trial_objects_remote()}: of settings.probe_users;
						 * absent: none are named */
#define SF_TRIAL_UNPROVED  "trial.unproved"     /* O {user: why no trial of it proves anything}: a server may deny for what passes, too;
						 * absent: none [SFTP] */
#define SF_TRIAL_LOGINS    "trial.logins"       /* O {user: "" taken | why not} [SFTP] */
#define SF_TRIAL_ACCOUNT   "trial.account"      /* P {"below","uid","gid"} for account_make(), or {"no": why}; absent: not asked for */
#define SF_TRIAL_RULE      "trial.rule"         /* P {"found","active","trigger"}: settings.probe_rule; absent: none is named */
#define SF_HOST_KEY        "trial.host_key"     /* P str: what the server presented, sftp_host_key() */

/* ---- frozen */
#define SF_FROZEN_OBJECTS  "frozen.objects"     /* O "records"|"restore point": where the baseline is read (frozen.h) */
