/* questdb-double: a stand-in for a QuestDB server, for thousands of crash runs. Never for a
 * benchmark, never called QuestDB.
 *
 * What it shares with the real one is what a migration can get wrong: it writes through shared
 * maps, grows its files in pages and truncates them when it closes them, holds flock on
 * db/tables.d.lock, leaves unapplied WAL behind at SIGTERM, upgrades what 9.3.4 upgrades at its
 * first start, and refuses a server.conf it does not know. Its files are of QuestDB's layout: the
 * real server opens a root of it. Every table has the columns ts, writer, seq and v and daily
 * partitions. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/vec.h"

#define DOUBLE_EXIT_REFUSED 55 /* what QuestDB exits with when it cannot start */
#define DOUBLE_EXIT_TERM 143
#define N_COLUMNS 4
#define US_PER_DAY INT64_C(86400000000)

enum { COL_TS, COL_WRITER, COL_SEQ, COL_V };

struct column_kind {
	const char *name, *type;
	int32_t code;
};
extern const struct column_kind column_kinds[N_COLUMNS];

struct row {
	int64_t ts, writer, seq;
	double v;
};

/* ---- files.c: files written through shared maps ---- */
struct mapped {
	int fd;
	char *p;
	size_t size; /* of file and map */
};
#define MAPPED_NONE      \
	{                \
		.fd = -1 \
	}

bool mapped_open(struct mapped *m, int dirfd, const char *rel, size_t least);
void mapped_need(struct mapped *m, size_t bytes);   /* grows the file by pages */
void mapped_close(struct mapped *m, size_t length); /* truncates to length */
void put32(struct mapped *m, size_t at, int32_t v);
void put64(struct mapped *m, size_t at, int64_t v);
int32_t get32(const struct mapped *m, size_t at);
int64_t get64(const struct mapped *m, size_t at);
bool file_put(int dirfd, const char *rel, const void *p,
	      size_t n); /* plain write, as at creation */
bool file_put_text(int dirfd, const char *rel, const char *text);
bool file_get(const char *path, struct buf *ret);
void utf16_add(struct buf *b, const char *ascii); /* i32 count, then units */
void le_add(struct buf *b, int64_t v, size_t bytes);

/* ---- table.c: one table ---- */
struct partition {
	int64_t ts, rows;
};

struct table {
	char *name, *dir;
	int32_t id;
	bool wal;
	bool suspended;
	int dirfd;
	struct mapped txn_file, seq_log;
	/* the committed state, also in _txn */
	int64_t txn, seq_txn, min, max;
	VEC(struct partition) partitions;
	struct mapped column[N_COLUMNS]; /* of the partition open for writing */
	int64_t open_ts;                 /* its day; INT64_MIN: none */
	/* the WAL segment open for writing */
	int32_t wal_id; /* 0: none */
	int32_t wal_txns;
	int64_t wal_rows;
	struct mapped wal_column[N_COLUMNS], wal_event, wal_index;
};

bool table_make(int dbfd, const char *dir, const char *name, int32_t id, bool wal);
struct table *table_open(int dbfd, const char *dir);
void table_close(struct table *t);
bool table_add(struct table *t, const struct row *rows, size_t n); /* one transaction */
int64_t table_pending(const struct table *t); /* sequencer transactions not applied */
int64_t table_sequencer(const struct table *t);
bool table_apply_one(struct table *t); /* false: nothing was pending */
int64_t table_rows(const struct table *t);
/* Damage for tests: the last row, or the value v of the first one. */
bool table_lose_row(struct table *t);
bool table_change_value(struct table *t);
/* All rows of a partition, heap; NULL when its files are short. */
struct row *table_read(const struct table *t, const struct partition *p);
void day_name(int64_t ts, char *ret, size_t n);
char *stamp_text(int64_t us, char *ret, size_t n); /* "2026-01-01T00:00:00.000000Z" */

/* ---- root.c: a root directory and the life of the server on it ---- */
struct server {
	const char *root;
	int rootfd, dbfd, lockfd;
	char edition[8]; /* "OSS" or "EE" */
	char version[32];
	int number;         /* 90304 for 9.3.4; of the core for an EE version */
	struct map conf;    /* server.conf, then QDB_ environment: key to text */
	struct map control; /* what it shall do wrong */
	VEC(struct table *) tables;
	size_t listed; /* answers to tables(): with control "late_tables" N each Nth knows one table more */
	VEC(char *) system_tables;
	int64_t last_id;
	char registry[24]; /* "tables.d.1" */
	bool checkpoint;
	char *user, *password; /* NULL: open */
	volatile int *stopping;
};

bool root_make(const char *root, int tables, const char *version, const char *http,
	       const char *min);
int root_start(struct server *s); /* 0, or the exit status */
void root_stop(struct server *s);
struct table *server_table(const struct server *s, struct sv name);
struct table *server_make_table(struct server *s, const char *name);
void server_log(struct server *s, char level, const char *component, const char *fmt, ...)
    printf_like(4, 5);
int version_number(const char *version);

/* ---- config.c ---- */
void config_read(struct server *s);
const char *config(const struct server *s, const char *key, const char *absent);
bool config_known(struct server *s); /* false: a key that this edition refuses, told on stdout */
void config_address(const struct server *s, const char *key, const char *alias, const char *absent,
		    char *host, size_t n, int *ret_port);
/* Misbehaviour asked for: key of ROOT/.double.json or DOUBLE_<KEY> of the environment; NULL: none.
 * With "when" (DOUBLE_WHEN) it holds for that edition or version only. */
void control_read(struct server *s);
const char *control(const struct server *s, const char *key);
int64_t control_ms(const struct server *s, const char *key); /* 0: none */

/* ---- sql.c, catalog.c ---- */
struct answer_column {
	char *name, *type;
};
struct answer {
	VEC(struct answer_column) columns;
	VEC(char **) rows; /* a text a column, NULL: null */
	char error[256];   /* "" when fine */
	char done[16];     /* "ddl": a statement without rows */
};
void answer_done(struct answer *a);
void answer_column(struct answer *a, const char *name, const char *type);
/* Texts, one a column, copied. */
void answer_row(struct answer *a, const char *const *texts);
void sql_run(struct server *s, struct sv text, struct answer *ret);
/* Rows of a function, SHOW or table; false: there is no such thing, ret->error says so. */
bool catalog_rows(struct server *s, const char *source, const char *argument, struct answer *ret);
const char *build_text(const struct server *s);

/* ---- ilp.c ---- */
bool ilp_write(struct server *s, struct sv body, char *error, size_t n); /* all of it, or nothing */

/* ---- http.c ---- */
int http_listen(const char *host, int port);               /* -1: busy */
int http_serve(struct server *s, int http_fd, int min_fd); /* until stopping */

/* ---- artifact.c: what stands for a release ---- */
bool artifact_jar(const char *out, const char *version, const char *edition);
bool artifact_install(const char *dir, const char *version, const char *edition, bool runtime);
/* Version and whether Enterprise is in it. */
bool artifact_read(const char *jar, char *version, size_t n, bool *ret_enterprise);
