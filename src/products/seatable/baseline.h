/* The baseline of the proof: what an installation is just before the switch, and the same looked at again after it. Databases are asked in
 * their own container, which runs all the time; files are read on this host. The running server is asked as its clients ask it. */
#pragma once

#include "engine/product.h"

#define BASE_STILL      "base.still"      /* O bool: nobody could write, for the server was stopped */
#define BASE_TABLES     "base.tables"     /* O {"schema.table": rows} */
#define BASE_UNCOUNTED  "base.uncounted"  /* O {"schema.table": why}: large ones whose rows are not in BASE_TABLES; absent: none */
#define BASE_SUMS       "base.sums"       /* O {"schema.table": CHECKSUM TABLE}, of those that are not written all the time */
#define BASE_UNSUMMED   "base.unsummed"   /* O {"schema.table": why}: large ones that are not in BASE_SUMS; absent: none */
#define BASE_SHAPES     "base.shapes"     /* O {schema: digest of columns and indexes} */
#define BASE_EDITS      "base.edits"      /* O {uuid of a base: {"edits": rows in operation_log,"newest": op_id}} */
#define BASE_BASES      "base.bases"      /* O sea_bases_look(); of a later look only where some went */
#define BASE_RELEASE    "base.release"    /* O str: current_version.txt */
#define BASE_CONF       "base.conf"       /* O {file: sha256} of the configuration */
#define BASE_SETTINGS   "base.settings"   /* O sha256 of dtable_web_settings.py without the lines that a start appends */
#define BASE_FOLDERS    "base.folders"    /* O {folder: {"files","bytes","digest": of names, sizes and times}} */
#define BASE_UNWALKED   "base.unwalked"   /* O {folder: why}: of those that are there and could not be read; absent: none */
#define BASE_CONTENT    "base.content"    /* O {folder: sea_content_of()}: what files of it hold */
#define BASE_SEATS      "base.seats"      /* O {"active": users,"licensed": seats of the licence in place|absent} */
#define BASE_RUNNING    "base.running"    /* O sea_running_of() the server's container */
#define BASE_HEALTH     "base.health"     /* O sea_health_of() it, waited for when it is compared whole */
#define BASE_LOG        "base.log"        /* O sea_running_log() of it */
#define BASE_LOG_FILES  "base.log_files"  /* O sea_log_files() */
#define BASE_OUTSIDE    "base.outside"    /* O sea_outside_look() */
#define BASE_CONTAINERS "base.containers" /* O {name: {"id","image"}}: of the project, without the server's */

/* Called at DEPTH_FROZEN. What cannot be read is missing with the reason; only a database that cannot be asked is an error. quick: without
 * checksums, folders and the rows of large tables, whose cost grows with the data. before: what it will be compared with, where that says
 * which of it is looked at; NULL: it is the baseline. No statement takes longer than settings.dump_timeout. */
int sea_baseline(struct ctx *c, bool quick, const struct facts *before, struct facts *ret, struct err *e) must_check;
/* Databases and data folders of it alone: what clients write to. */
int sea_baseline_data(struct ctx *c, const struct facts *before, struct facts *ret, struct err *e) must_check;

/* Tables that a server writes by itself, or for every look of a client: rows and checksums of theirs prove nothing. */
bool sea_is_written_always(const char *table);

/* Edits of operation_log per base as BASE_EDITS has them. */
struct sea_db;
int sea_edits(const struct sea_db *db, const char *schema, json_t **ret, struct err *e) must_check;
