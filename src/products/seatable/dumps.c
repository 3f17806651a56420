#include "products/seatable/dumps.h"

#include <fcntl.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "io/file.h"
#include "products/seatable/version.h"

#define FRESH   "dump.new"
#define LOADING "putting-back"  /* the mark */

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

/* Character set, collation and number of tables. */
static int add_about(const struct sea_db *db, const char *schema, json_t *about, struct err *e)
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

/* ---- there ---- */

/* Durable, under its name. */
static int keep(const struct dumps_job *j, int fd, const char *file, json_t *about, struct err *e)
{
	char digest[DIGEST_TEXT];
	struct stat st;

	if (file_digest(fd, FRESH, digest, e) < 0 || file_sync(fd, FRESH, e) < 0 || dir_stat(j->dir, FRESH, &st, e) < 0 ||
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
	if (add_about(j->db, schema, about, e) < 0 || dir_unlink(j->dir, FRESH, e) < 0)
		return -(int)e->kind;
	fd = dir_openat(j->dir, FRESH, O_RDWR | O_CREAT | O_EXCL, 0600, e);
	fault_point("dumps.open");
	if (fd < 0 || sea_db_dump(j->db, schema, fd, j->within_ns, e) < 0)
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

/* ---- and back ---- */

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

	return sea_db_run(j->db, sql, j->within_ns, e);
}

static int see_it_back(const struct dumps_job *j, const char *schema, const json_t *about, struct err *e)
{
	autojson json_t *now = json_object();

	if (add_about(j->db, schema, now, e) < 0)
		return -(int)e->kind;
	if (strcmp(json_str(now, "shape", ""), json_str(about, "shape", "")) != 0 ||
	    strcmp(json_str(now, "tables", ""), json_str(about, "tables", "")) != 0)
		return err_set(e, ERR_CHANGED, "its dump was loaded, and schema '%s' is not what it was", schema);
	return 0;
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
	if (sea_db_load(j->db, schema, fd, j->within_ns, e) < 0)
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
