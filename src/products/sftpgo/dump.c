#include "products/sftpgo/dump.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "io/cmd.h"
#include "io/file.h"
#include "products/sftpgo/tables.h"

#define DROP_MAX (1u << 20)
#define OUT_MAX  (1u << 20)

/* ---- words ---- */

void dump_word(struct dump_words *w, const char *word)
{
	if (w->n < DUMP_WORDS_MAX)
		w->v[w->n++] = word;
}

void dump_wordf(struct dump_words *w, const char *fmt, ...)
{
	char *word = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&word, fmt, ap) < 0)
		abort();
	va_end(ap);
	if (w->n == DUMP_WORDS_MAX) {
		free(word);
		return;
	}
	w->owned[w->n_owned++] = word;
	dump_word(w, word);
}

void dump_variable(struct dump_words *w, const char *name, const char *value)
{
	if (value && *value)
		dump_wordf(w, "%s=%s", name, value);
}

void dump_words_done(struct dump_words *w)
{
	for (size_t i = 0; i < w->n_owned; i++) {
		secret_wipe(w->owned[i], strlen(w->owned[i]));
		free(w->owned[i]);
	}
	*w = (struct dump_words){ 0 };
}

/* ---- programs ---- */

int dump_run(const struct dump_job *j, const struct dump_words *argv, const struct dump_words *env, struct buf *ret_out,
             struct err *e)
{
	struct cmd c = { .argv = argv->v,
			 .env = env->v,
			 .cwd = j->dir->path,
			 .within_ns = j->within_ns,
			 .out_max = OUT_MAX,
			 .umask = 077,
			 .set_umask = true,
			 .die_with_us = true };
	struct cmd_result r = { 0 };
	int ret = cmd_run(&c, &r, e);

	if (ret >= 0 && r.status)
		ret = cmd_said_no(&r, e);
	if (ret >= 0 && ret_out)
		buf_add_sv(ret_out, buf_sv(&r.out));
	if (ret >= 0 && ret_out && (r.cut || buf_check(ret_out, "what it says", e) < 0))
		ret = err_set(e, ERR_SPACE, "'%s' says more than %u bytes", argv->v[0], OUT_MAX);
	cmd_result_done(&r);
	return ret;
}

int dump_write_drop(const struct dump_job *j, const json_t *tables, const char *before, const char *after, const char *name,
                    struct err *e)
{
	autobuf struct buf sql = BUF_MAX(DROP_MAX);
	const json_t *table;
	size_t i;

	buf_adds(&sql, before);
	json_array_foreach(tables, i, table)
	{
		buf_adds(&sql, i ? ", " : "DROP TABLE IF EXISTS ");
		if (j->schema) {
			tables_quote(j->at->driver, j->schema, &sql);
			buf_addc(&sql, '.');
		}
		tables_quote(j->at->driver, json_string_value(table), &sql);
	}
	buf_adds(&sql, json_array_size(tables) ? ";\n" : "");
	buf_adds(&sql, after);
	if (buf_check(&sql, "the names of the tables", e) < 0)
		return -(int)e->kind;
	return file_replace(j->dir, name, buf_sv(&sql), FILE_PRIVATE, e);
}

/* ---- there and back ---- */

static const struct dump_ops *ops_of(const struct dump_job *j)
{
	return strcmp(j->at->driver, "postgresql") ? &dump_mysql : &dump_postgresql;
}

int dump_take(const struct dump_job *j, const json_t *tables, const char *name, struct err *e)
{
	struct err ignored = ERR_INIT;
	int sys = fault_errno("dump.take"), r;

	if (sys)
		return err_sys(e, sys, "dump the database");
	r = ops_of(j)->take(j, tables, name, e);
	if (r >= 0)
		r = ops_of(j)->prove(j, tables, name, e);
	fault_point("dump.taken");
	if (r < 0 && dir_unlink(j->dir, name, &ignored) < 0)
		err_hint(e, "'%s/%s' is left of it", j->dir->path, name);
	return r < 0 ? err_wrap(e, "dump the database with %s", j->tool->name) : 0;
}

int dump_load(const struct dump_job *j, const json_t *drop, const char *name, struct err *e)
{
	int sys = fault_errno("dump.load");

	if (sys)
		return err_sys(e, sys, "put the database back");
	return ops_of(j)->load(j, drop, name, e) < 0 ? err_wrap(e, "put the database back") : 0;
}
