/* Dumps of a restore point put back into the databases. */
#include <fcntl.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "engine/event.h"
#include "io/file.h"
#include "products/seatable/dumps.h"

#define LOADING "putting-back"  /* the mark */

static int open_proved(const struct dir *dir, const json_t *about, struct err *e)
{
	const char *file = json_str(about, "file", "?");
	autoclose int fd = dir_openat(dir, file, O_RDONLY, 0, e);
	char digest[DIGEST_TEXT];

	if (fd < 0 || file_digest(fd, file, digest, e) < 0)
		return -(int)e->kind;
	if (strcmp(digest, json_str(about, "sha256", "")) != 0)
		return err_set(e, ERR_FORMAT, "'%s/%s' is not the dump that was taken", dir->path, file);
	return lseek(fd, 0, SEEK_SET) < 0 ? err_set(e, ERR_IO, "'%s/%s' cannot be read", dir->path, file) : take_fd(fd);
}

int dumps_prove(const struct dir *dir, const json_t *dumps, struct err *e)
{
	const char *schema;
	const json_t *about;

	json_object_foreach((json_t *)dumps, schema, about)
	{
		autoclose int fd = open_proved(dir, about, e);

		if (fd < 0)
			return -(int)e->kind;
	}
	return 0;
}

static int make_anew(const struct dumps_job *j, const char *schema, const json_t *about, struct err *e)
{
	autofree char *name = sea_db_name(schema);
	autofree char *sql = xasprintf("DROP DATABASE IF EXISTS %s; CREATE DATABASE %s CHARACTER SET %s COLLATE %s", name, name,
				       json_str(about, "charset", "utf8"), json_str(about, "collation", "utf8_general_ci"));

	return sea_db_alone(j->db, schema, e) < 0 ? -(int)e->kind : sea_db_run(j->db, sql, e);
}

static int count_rows(const struct sea_db *db, const char *schema, const json_t *tables, json_t **ret, struct err *e)
{
	autofree char *of = sea_db_name(schema);
	autobuf struct buf sql = BUF_MAX(1 << 20);
	const char *table;
	json_t *unused;

	json_object_foreach((json_t *)tables, table, unused)
	{
		autofree char *name = sea_db_name(table);
		autofree char *text = sea_db_text(table);

		buf_addf(&sql, "%sSELECT %s, COUNT(*) FROM %s.%s", sql.len ? " UNION ALL " : "", text, of, name);
	}
	return buf_check(&sql, "the names of the tables", e) < 0 ? -(int)e->kind : sea_db_rows(db, buf_str(&sql), ret, e);
}

static int compare_rows(const char *schema, const json_t *rows, const json_t *counted, struct err *e)
{
	const json_t *row;
	size_t i;

	json_array_foreach((json_t *)counted, i, row)
	{
		const char *table = json_string_value(json_array_get(row, 0)) ?: "", *is = json_string_value(json_array_get(row, 1)) ?: "";
		int64_t was = json_int(rows, table, 0), now;

		if (!sv_i64(sv_of(is), &now) || now != was)
			return err_set(e, ERR_CHANGED, "its dump was loaded, and table '%s.%s' has %s rows, not %lld", schema, table, is,
				       (long long)was);
	}
	return 0;
}

/* Where two loads ran at a time, or one was cut short, tables have other rows than the dump. */
static int see_rows_back(const struct dumps_job *j, const char *schema, const json_t *about, struct err *e)
{
	const json_t *rows = json_object_get(about, "rows");
	autojson json_t *counted = NULL;

	if (!json_object_size(rows))
		return 0;
	if (count_rows(j->db, schema, rows, &counted, e) >= 0)
		return compare_rows(schema, rows, counted, e);
	if (e->kind != ERR_TIMEOUT)
		return -(int)e->kind;
	event_emit(j->events, "note", json_pack("{so ss}", "text", json_sprintf("the rows of schema '%s' are not proved: counting them takes too "
										"long", schema), "why", e->msg));
	err_clear(e);
	return 0;
}

static int see_it_back(const struct dumps_job *j, const char *schema, const json_t *about, struct err *e)
{
	autojson json_t *now = json_object();

	if (dumps_about(j->db, schema, now, e) < 0)
		return -(int)e->kind;
	if (strcmp(json_str(now, "shape", ""), json_str(about, "shape", "")) != 0 ||
	    strcmp(json_str(now, "tables", ""), json_str(about, "tables", "")) != 0)
		return err_set(e, ERR_CHANGED, "its dump was loaded, and schema '%s' is not what it was", schema);
	return see_rows_back(j, schema, about, e);
}

static int load_one(const struct dumps_job *j, const char *schema, const json_t *about, struct err *e)
{
	autoclose int fd = open_proved(j->dir, about, e);

	if (fd < 0)
		return -(int)e->kind;
	fault_point("dumps.drop");
	if (make_anew(j, schema, about, e) < 0)
		return err_wrap(e, "put schema '%s' back", schema);
	fault_point("dumps.dropped");
	if (sea_db_load(j->db, schema, fd, e) < 0)
		return -(int)e->kind;
	fault_point("dumps.loaded");
	return see_it_back(j, schema, about, e);
}

int dumps_half_loaded(const struct dir *dir, struct err *e)
{
	return dir_has(dir, LOADING, e);
}

static int set_mark(const struct dir *dir, struct err *e)
{
	int has = dumps_half_loaded(dir, e);

	return has ? has : file_create(dir, LOADING, SV(""), FILE_PRIVATE, e);
}

int dumps_load(const struct dumps_job *j, const json_t *dumps, struct err *e)
{
	int sys = fault_errno("dumps.load");
	const char *schema;
	const json_t *about;

	if (sys)
		return err_sys(e, sys, "put the databases back");
	if (set_mark(j->dir, e) < 0)
		return err_wrap(e, "put the databases back");
	json_object_foreach((json_t *)dumps, schema, about)
		if (load_one(j, schema, about, e) < 0)
			return -(int)e->kind;
	fault_point("dumps.back");
	return dir_unlink(j->dir, LOADING, e) < 0 || dir_sync(j->dir, "", e) < 0 ? -(int)e->kind : 0;
}
