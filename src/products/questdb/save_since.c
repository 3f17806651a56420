/* Saving what was written since: every changed partition as CSV, while the server answers. A
 * partition goes out whole: rows that were in it before are in the file too. */
#include "products/questdb/baseline.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "io/file.h"
#include "products/questdb/content.h"

#define EXPORT_WITHIN (3600 * NS_PER_S)
#define APPLIED_WITHIN (60 * NS_PER_S)
#define NAME_MAX_BYTES 200

struct saving {
	const struct sql *sql;
	const struct dir *to;
	const struct tables *tables;
};

/* A table's name as a file's: bytes that could lead astray are written %XX. */
static void file_name(const char *table, const char *key, struct buf *ret)
{
	for (const char *p = table; *p && ret->len < NAME_MAX_BYTES; p++) {
		if (*p == '/' || *p == '%' || (unsigned char)*p < 0x20 || (p == table && *p == '.'))
			buf_addf(ret, "%%%02X", (unsigned char)*p);
		else
			buf_addc(ret, *p);
	}
	buf_addf(ret, ".%s.csv", key);
}

static int to_file(void *data, struct sv piece, struct err *e)
{
	return file_write_all(*(int *)data, piece.p, piece.n, "an exported partition", e);
}

static int export_part(const struct saving *s, const struct table *t, const char *key,
		       struct err *e)
{
	autobuf struct buf name = BUF_MAX(1024), sql = BUF_MAX(64 << 10);
	autoclose int fd = -1;

	if (content_select(t, key, &sql, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -e->kind;
		err_clear(e); /* dropped since: its rows are gone, the count says so */
		return 0;
	}
	file_name(t->name, key, &name);
	fd = dir_openat(s->to, buf_str(&name), O_WRONLY | O_CREAT | O_TRUNC, 0600, e);
	if (fd < 0 || sql_export(s->sql, buf_str(&sql), EXPORT_WITHIN, to_file, &fd, e) < 0 ||
	    file_sync(fd, buf_str(&name), e) < 0)
		return err_wrap(e, "save '%s'", buf_str(&name));
	return 0;
}

static int export_table(const struct saving *s, const struct write_count *w, struct err *e)
{
	const char *name = strncmp(w->subject, "table ", 6) ? w->subject : w->subject + 6;
	const struct table *t = tables_named(s->tables, name);
	struct sv rest = sv_of(w->partitions);

	if (!t)
		return 0; /* dropped */
	while (rest.n) {
		autofree char *key = sv_dup(sv_cut(&rest, ','));

		if (export_part(s, t, key, e) < 0)
			return -e->kind;
	}
	return 0;
}

/* An acknowledged write may still stand in the log only; a query does not see it before it is
 * applied. */
static int wait_applied(struct ctx *c, const struct dir *db, struct tables *ret, struct err *e)
{
	struct deadline d = deadline_in(APPLIED_WITHIN);

	for (;;) {
		autotables struct tables tables = { 0 };
		const char *behind = NULL;

		if (tables_scan(db, c->cancel, &tables, e) < 0)
			return -e->kind;
		vec_each (&tables.v, t) {
			if (!t->internal && table_pending(t) > 0)
				behind = t->name;
		}
		if (!behind) {
			*ret = tables;
			tables = (struct tables){ 0 };
			return 0;
		}
		if (deadline_passed(d))
			return err_set(e, ERR_TIMEOUT,
				       "table '%s' does not apply what was written to it", behind);
		clock_sleep_ns(50 * NS_PER_MS);
	}
}

static int save_counts(const struct writes *w, const struct dir *to, struct err *e)
{
	autojson json_t *doc = writes_json(w);
	autobuf struct buf text = BUF_MAX(64 << 20);

	json_pretty(doc, &text);
	if (buf_check(&text, "the counts of writes", e) < 0)
		return -e->kind;
	return file_replace(to, "writes.json", buf_sv(&text), FILE_PRIVATE, e);
}

int questdb_save_since(struct ctx *c, const struct writes *w, const struct dir *to, struct err *e)
{
	autofacts struct facts here = { 0 };
	autotables struct tables tables = { 0 };
	autosql struct sql sql = { 0 };
	autodir struct dir db = DIR_NONE;
	struct saving s = { .sql = &sql, .to = to, .tables = &tables };

	if (questdb_inspect(c, NULL, DEPTH_QUICK, &here, e) < 0 ||
	    baseline_db(c, &here, &db, e) < 0 || sql_open(ctx_site(c, NULL), &sql, e) < 0 ||
	    wait_applied(c, &db, &tables, e) < 0)
		return err_wrap(e, "save the new writes");
	vec_each (w, it) {
		if (export_table(&s, it, e) < 0)
			return err_wrap(e, "save the new writes");
	}
	if (save_counts(w, to, e) < 0)
		return -e->kind;
	return dir_sync(to, "", e);
}
