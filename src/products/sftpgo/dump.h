/* A database server's tables to a file and back, by the driver's own programs (dump_tool.h).
 *
 * The password reaches them by their environment, which root alone can read; all else that they are told is no secret. */
#pragma once

#include "engine/step.h"
#include "io/dir.h"
#include "products/sftpgo/dump_tool.h"
#include "products/sftpgo/provider.h"

struct dump_job {
	const struct provider_at *at;
	const struct dump_tool *tool;
	const struct dir *dir;  /* our own: the dump lies in it, and what is made on the way */
	const char *schema;     /* of PostgreSQL, that the tables lie in */
	const char *server;     /* its version */
	int64_t within_ns;
};

/* The tables, as of one moment, to dir/name; proved to be whole by what the program itself says of it. Not durable. On failure there is
 * no such file. ERR_SPACE the disk is full; ERR_TIMEOUT; ERR_REFUSED the program's own words. */
int dump_take(const struct dump_job *j, const json_t *tables, const char *name, struct err *e) must_check;
/* The tables `drop` go, those of the dump come. PostgreSQL: in one transaction; MariaDB: one after the other, so that a repetition has to
 * finish what a kill cut short. */
int dump_load(const struct dump_job *j, const json_t *drop, const char *name, struct err *e) must_check;

/* What the drivers implement. */
struct dump_ops {
	const char *driver;
	int (*take)(const struct dump_job *j, const json_t *tables, const char *name, struct err *e);
	int (*prove)(const struct dump_job *j, const json_t *tables, const char *name, struct err *e);
	int (*load)(const struct dump_job *j, const json_t *drop, const char *name, struct err *e);
};
extern const struct dump_ops dump_postgresql, dump_mysql;

#define DUMP_WORDS_MAX 256
#define DUMP_TABLES_MAX (DUMP_WORDS_MAX - 64) /* that one command line names */
/* Words of a command line and of an environment, and what they need to live. */
struct dump_words {
	const char *v[DUMP_WORDS_MAX + 1];
	char *owned[DUMP_WORDS_MAX];
	size_t n, n_owned;
};
void dump_word(struct dump_words *w, const char *word);                                 /* borrowed */
void dump_wordf(struct dump_words *w, const char *fmt, ...) printf_like(2, 3);
/* "NAME=value" when there is a value. */
void dump_variable(struct dump_words *w, const char *name, const char *value);
void dump_words_done(struct dump_words *w);                                             /* wiped */
/* Run a program in the job's directory. ret_out: what it says, at most its ceiling; NULL. */
int dump_run(const struct dump_job *j, const struct dump_words *argv, const struct dump_words *env, struct buf *ret_out,
             struct err *e) must_check;
/* DROP TABLE IF EXISTS of these, with `before` and `after` around it, as file dir/name. */
int dump_write_drop(const struct dump_job *j, const json_t *tables, const char *before, const char *after, const char *name,
                    struct err *e) must_check;
