#include "products/seatable/dumps.h"

#include <fcntl.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "io/file.h"
#include "products/seatable/dump_rows.h"
#include "products/seatable/version.h"

#define FRESH "dump.new"

/* ---- what a schema is ---- */

int dumps_shape(const struct sea_db *db, const char *schema, char ret[DIGEST_TEXT], struct err *e)
{
	autofree char *name = sea_db_text(schema);
	autofree char *sql = xasprintf(
		"SELECT CONCAT_WS('|', 'column', table_name, ordinal_position, column_name, column_type, is_nullable, "
		"IFNULL(column_default, '-'), IFNULL(collation_name, '-'), extra) AS line FROM information_schema.columns "
		"WHERE table_schema = %s UNION ALL SELECT CONCAT_WS('|', 'index', table_name, index_name, seq_in_index, column_name, "
		"non_unique, IFNULL(sub_part, '-')) FROM information_schema.statistics WHERE table_schema = %s ORDER BY line", name, name);
	autojson json_t *rows = NULL;

	if (sea_db_rows(db, sql, &rows, e) < 0)
		return err_wrap(e, "read what schema '%s' is made of", schema);
	if (json_array_size(rows))
		json_digest(rows, ret);
	else
		ret[0] = '\0';
	return 0;
}

int dumps_edits(const struct sea_db *db, const char *schema, char **ret, struct err *e)
{
	autofree char *name = sea_db_name(schema);
	autofree char *sql = xasprintf("SELECT COUNT(*), IFNULL(MAX(op_id), 0) FROM %s.operation_log", name);
	autojson json_t *rows = NULL;
	const json_t *row;

	if (sea_db_rows(db, sql, &rows, e) < 0)
		return err_wrap(e, "count the edits in operation_log");
	row = json_array_get(rows, 0);
	if (json_array_size(row) != 2)
		return err_set(e, ERR_FORMAT, "operation_log cannot be counted");
	*ret = xasprintf("%s edits, the newest %s", json_string_value(json_array_get(row, 0)), json_string_value(json_array_get(row, 1)));
	return 0;
}

int dumps_release(struct site *s, const json_t *place, char **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(4096);
	autodir struct dir d = DIR_NONE;
	const char *rel;
	int has;

	if (site_place(s, place, &d, &rel, e) < 0)
		return -(int)e->kind;
	has = dir_has(&d, rel, e);
	if (has < 0 || (has && file_read(&d, rel, &text, e) < 0))
		return -(int)e->kind;
	*ret = sv_dup(sv_trim(buf_sv(&text)));
	return 0;
}

bool dumps_release_moved(const char *then, const char *now)
{
	struct sea_version a, b;

	if (!strcmp(then, now))
		return false;
	return !sea_version_parse(then, &a) || !sea_version_parse(now, &b) || !sea_version_same_minor(&a, &b);
}

int dumps_about(const struct sea_db *db, const char *schema, json_t *about, struct err *e)
{
	autofree char *name = sea_db_text(schema);
	autofree char *sql = xasprintf("SELECT default_character_set_name, default_collation_name, (SELECT COUNT(*) FROM "
				       "information_schema.tables WHERE table_schema = %s AND table_type = 'BASE TABLE') "
				       "FROM information_schema.schemata WHERE schema_name = %s", name, name);
	autojson json_t *rows = NULL;
	char shape[DIGEST_TEXT];
	const json_t *row;

	if (sea_db_rows(db, sql, &rows, e) < 0 || dumps_shape(db, schema, shape, e) < 0)
		return -(int)e->kind;
	row = json_array_get(rows, 0);
	if (json_array_size(row) != 3)
		return err_set(e, ERR_ABSENT, "there is no schema '%s'", schema);
	json_object_set(about, "charset", json_array_get(row, 0));
	json_object_set(about, "collation", json_array_get(row, 1));
	json_object_set(about, "tables", json_array_get(row, 2));
	json_object_set_new(about, "shape", json_string(shape));
	return 0;
}

int dumps_size(const struct sea_db *db, const json_t *schemas, int64_t *ret, struct err *e)
{
	autobuf struct buf sql = BUF_MAX(64 << 10);
	autojson json_t *rows = NULL;
	const json_t *one;
	const char *sum;
	size_t i;

	buf_adds(&sql, "SELECT IFNULL(SUM(data_length + index_length), 0) FROM information_schema.tables WHERE table_schema IN (''");
	json_array_foreach((json_t *)schemas, i, one)
	{
		autofree char *name = sea_db_text(json_string_value(one));

		buf_addf(&sql, ", %s", name);
	}
	buf_adds(&sql, ")");
	if (buf_check(&sql, "the names of the schemas", e) < 0 || sea_db_rows(db, buf_str(&sql), &rows, e) < 0)
		return err_wrap(e, "ask how large the databases are");
	sum = json_string_value(json_array_get(json_array_get(rows, 0), 0));
	if (!sum || !sv_i64(sv_of(sum), ret))
		return err_set(e, ERR_FORMAT, "how large the databases are is not told");
	return 0;
}

/* ---- there ---- */

/* What was written must come back from the disk, past the page cache as far as the kernel can be told so. */
static int read_it_back(const struct dumps_job *j, int fd, char ret[DIGEST_TEXT], struct err *e)
{
	char written[DIGEST_TEXT];

	if (file_digest(fd, FRESH, written, e) < 0 || file_sync(fd, FRESH, e) < 0)
		return -(int)e->kind;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (file_digest(fd, FRESH, ret, e) < 0)
		return -(int)e->kind;
	return strcmp(written, ret) ? err_set(e, ERR_IO, "'%s/" FRESH "' does not read back as it was written", j->dir->path) : 0;
}

/* Durable, under its name. */
static int keep(const struct dumps_job *j, int fd, const char *file, json_t *about, struct err *e)
{
	char digest[DIGEST_TEXT];
	json_t *rows = NULL;
	struct stat st;

	if (dump_rows(fd, FRESH, &rows, e) < 0)
		return -(int)e->kind;
	json_object_set_new(about, "rows", rows);
	if (read_it_back(j, fd, digest, e) < 0 || dir_stat(j->dir, FRESH, &st, e) < 0 ||
	    dir_rename(j->dir, FRESH, j->dir, file, 0, e) < 0)
		return -(int)e->kind;
	json_object_set_new(about, "file", json_string(file));
	json_object_set_new(about, "sha256", json_string(digest));
	json_object_set_new(about, "bytes", json_integer((json_int_t)st.st_size));
	return 0;
}

static int take_one(const struct dumps_job *j, const char *schema, const char *prefix, json_t *about, struct err *e)
{
	autofree char *file = xasprintf("%s%s.sql", prefix, schema);
	autoclose int fd = -1;

	if (strchr(schema, '/'))
		return err_set(e, ERR_REFUSED, "schema '%s' cannot be the name of a file", schema);
	if (dumps_about(j->db, schema, about, e) < 0 || dir_unlink(j->dir, FRESH, e) < 0)
		return -(int)e->kind;
	fd = dir_openat(j->dir, FRESH, O_RDWR | O_CREAT | O_EXCL, 0600, e);
	fault_point("dumps.open");
	if (fd < 0 || sea_db_dump(j->db, schema, fd, e) < 0)
		return -(int)e->kind;
	fault_point("dumps.taken");
	return keep(j, fd, file, about, e);
}

/* The edits are counted before: a dump that has later ones, too, is not taken for one that has all of them. */
static int add_edits(const struct dumps_job *j, const char *schema, json_t *about, struct err *e)
{
	autofree char *edits = NULL;

	if (!j->log || strcmp(j->log, schema) != 0)
		return 0;
	if (dumps_edits(j->db, schema, &edits, e) < 0)
		return -(int)e->kind;
	json_object_set_new(about, "edits", json_string(edits));
	return 0;
}

int dumps_take(const struct dumps_job *j, const json_t *schemas, const char *prefix, json_t **ret, struct err *e)
{
	autojson json_t *dumps = json_object();
	struct err ignored = ERR_INIT;
	const json_t *one;
	int sys = fault_errno("dumps.take");
	size_t i;

	if (sys)
		return err_sys(e, sys, "dump the databases");
	json_array_foreach((json_t *)schemas, i, one)
	{
		const char *schema = json_string_value(one);
		autojson json_t *about = json_object();

		if (add_edits(j, schema, about, e) < 0 || take_one(j, schema, prefix, about, e) < 0) {
			(void)!dir_unlink(j->dir, FRESH, &ignored);
			return err_wrap(e, "dump the databases");
		}
		json_object_set(dumps, schema, about);
	}
	*ret = take_ptr(dumps);
	return 0;
}
