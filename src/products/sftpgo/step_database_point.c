/* database_point: stands before the first start of the target and does nothing; its undo puts the dump back, so that the old release
 * never meets the new schema. params {"what","tools","within","dump": of database_dump,"node": where the others reach this
 * one, of a shared provider}; result {}.
 *
 * Other nodes that are alive would go on writing as the new release to the old schema: they are looked for before a way back, by their
 * signs of life and by their sessions, and by these once more when this server is stopped. --force puts the database back all the same.
 * Undo looks first: a database that is as it was is left alone. What goes is dumped beside the dump before: tables that the dump does
 * not hold in any case, for that the new release made them only the time tells; the others where that can be. Which are left is said.
 * What it puts back it reads afterwards. PostgreSQL is the one database or the other at each moment; MariaDB is in between while its tables are put back,
 * which the next call then does again. */
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/event.h"
#include "io/file.h"
#include "products/sftpgo/database_copy.h"
#include "products/sftpgo/frozen.h"
#include "products/sftpgo/nodes.h"
#include "products/sftpgo/objects_compare.h"
#include "products/sftpgo/sessions.h"
#include "products/sftpgo/tables_made.h"

#define NAMES_MAX (1u << 20)

#define DROPPED_NEW "tables-dropped.new"
#define OWN_WITHIN  (120 * NS_PER_S)
#define DROPPED_MAX 1000        /* dumps of one run: each call of its way back may make one */

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "the dump is the way back of %s", json_str(params, "what", "the database"));
	return buf_check(ret, "the description", e);
}

/* ---- looking ---- */

static int count_difference(void *data, const struct object_difference *d unused_arg, struct err *e unused_arg)
{
	++*(int *)data;
	return 0;
}

/* Objects that are not what the stopped server left. 0 none; ERR_ABSENT when nothing was written down of them. */
static int compare_objects(struct ctx *c, const struct database_copy *d, int *ret, struct err *e)
{
	autoprovider struct provider *p = NULL;
	struct object_tally unused;
	autofacts struct facts none = { 0 };
	autoclose int frozen = -1;

	facts_init(&none, c->goal->product, c->goal->name);
	frozen = frozen_open(c, &none, e);
	if (frozen < 0 || provider_open(&d->at, &p, e) < 0)
		return -(int)e->kind;
	*ret = 0;
	return objects_compare(frozen, "what was written down", p, count_difference, ret, &unused, e);
}

/* 1 it is as it was, 0 it is not or cannot be told. */
static int is_as_it_was(struct ctx *c, const struct database_copy *d, const json_t *dump, struct err *e)
{
	struct err why = ERR_INIT;
	int different = 0;

	if (d->number != json_int(dump, "schema", -1) || strcmp(d->shape, json_str(dump, "shape", "")) != 0)
		return 0;
	if (compare_objects(c, d, &different, &why) >= 0)
		return !different;
	if (why.kind == ERR_ABSENT)
		return 0;
	*e = why;
	return -(int)e->kind;
}

static int prove_dump(const struct database_copy *d, const json_t *dump, struct err *e)
{
	autoclose int fd = dir_openat(&d->point.dir, DATABASE_DUMP, O_RDONLY, 0, e);
	char digest[DIGEST_TEXT];

	if (fd < 0 || file_digest(fd, DATABASE_DUMP, digest, e) < 0)
		return -(int)e->kind;
	if (strcmp(digest, json_str(dump, "sha256", "")) != 0)
		return err_set(e, ERR_FORMAT, "'%s/%s' is not the dump that was taken", d->point.dir.path, DATABASE_DUMP);
	return 0;
}

/* ---- the way back ---- */

/* Under a name that no call before this one gave: what that dropped is nowhere else. */
static int name_dropped(const struct dir *d, char **ret, struct err *e)
{
	for (int i = 1; i <= DROPPED_MAX; i++) {
		autofree char *name = xasprintf("tables-dropped-%d.dump", i);

		err_clear(e);
		if (dir_rename(d, DROPPED_NEW, d, name, RENAME_NOREPLACE, e) >= 0) {
			*ret = take_ptr(name);
			return dir_sync(d, "", e);
		}
		if (e->kind != ERR_EXISTS)
			return -(int)e->kind;
	}
	return -(int)e->kind;
}

/* The restore point says that it is kept before anything in it is nowhere else. */
static int settle_dropped(struct point *p, char **ret_name, struct err *e)
{
	autoclose int fd = dir_openat(&p->dir, DROPPED_NEW, O_RDONLY, 0, e);

	if (fd < 0 || file_sync(fd, DROPPED_NEW, e) < 0 ||
	    (!point_kept(p) && point_keep(p, "tables-dropped-N.dump are the tables that a way back dropped", e) < 0))
		return -(int)e->kind;
	return name_dropped(&p->dir, ret_name, e);
}

/* ret_name: in the restore point; heap. */
static int keep_some(struct point *p, const struct dump_job *job, const json_t *some, char **ret_name, struct err *e)
{
	struct err ignored = ERR_INIT;
	int r;

	if (dump_take(job, some, DROPPED_NEW, e) < 0)
		return -(int)e->kind;
	r = settle_dropped(p, ret_name, e);
	if (r < 0 && dir_unlink(job->dir, DROPPED_NEW, &ignored) < 0)
		err_hint(e, "'%s/%s' is left of it", job->dir->path, DROPPED_NEW);
	return r;
}

/* Those that the new release made, or somebody else meanwhile: never dropped before they are kept. */
static int keep_made(struct ctx *c, struct point *p, const struct dump_job *job, const json_t *made, struct err *e)
{
	size_t n = json_array_size(made);

	for (size_t i = 0; i < n; i += DUMP_TABLES_MAX) {
		autojson json_t *some = json_array();
		autofree char *name = NULL;

		for (size_t k = i; k < n && k < i + DUMP_TABLES_MAX; k++)
			json_array_append(some, json_array_get(made, k));
		if (keep_some(p, job, some, &name, e) < 0)
			return err_wrap(e, "keep the tables that are dropped");
		event_emit(c->events, "warning",
			   json_pack("{so sO}", "text", json_sprintf("%zu tables that came with the new release are dropped; '%s/%s' "
								     "holds them", json_array_size(some), job->dir->path, name),
				     "tables", some));
	}
	return 0;
}

/* What the new release's clients wrote until its last moment. The way back does not wait long for it, nor fail for its sake: what was
 * changed was saved before, or given up. Its name, heap; NULL: there is none. */
static char *keep_own(struct ctx *c, struct point *p, struct dump_job job, const json_t *tables)
{
	autofree char *name = NULL;
	struct err why = ERR_INIT;

	job.within_ns = MIN_OF(job.within_ns, OWN_WITHIN);
	if (!json_array_size(tables))
		return NULL;
	if (keep_some(p, &job, tables, &name, &why) < 0) {
		event_emit(c->events, "warning", json_pack("{so}", "text", json_sprintf("the new release's tables are not kept: %s", why.msg)));
		return NULL;
	}
	event_emit(c->events, "note", json_pack("{so}", "text", json_sprintf("'%s/%s' holds the new release's tables", job.dir->path, name)));
	return take_ptr(name);
}

/* Room is for the way back first. kept: there is more than `own` in the restore point that is nowhere else. */
static int load(struct ctx *c, struct point *p, const struct dump_job *job, const json_t *drop, const char *own, bool kept, struct err *e)
{
	int r = dump_load(job, drop, DATABASE_DUMP, e);
	struct err ignored = ERR_INIT;

	if (r >= 0 || e->kind != ERR_SPACE || !own)
		return r;
	err_clear(e);
	if (dir_unlink(job->dir, own, e) < 0)
		return -(int)e->kind;
	if (!kept && point_keep(p, NULL, &ignored) < 0)
		log_debug("restore point '%s' stays for nothing: %s", p->id, ignored.msg);
	event_emit(c->events, "warning",
		   json_pack("{so}", "text", json_sprintf("'%s/%s' is removed again: the disk is full", job->dir->path, own)));
	return dump_load(job, drop, DATABASE_DUMP, e);
}

/* Of now and of the dump, and those that came since. */
static json_t *all_tables(const struct database_copy *d, const json_t *dump, const json_t *made)
{
	json_t *all = json_copy(d->tables), *one, *other;
	size_t i, k;

	json_array_foreach(json_object_get(dump, "tables"), i, one)
	{
		bool there = false;

		json_array_foreach(d->tables, k, other)
			there |= json_equal(one, other);
		if (!there)
			json_array_append(all, one);
	}
	json_array_extend(all, (json_t *)made);
	return all;
}

static void say_left(struct ctx *c, const json_t *left)
{
	if (json_array_size(left))
		event_emit(c->events, "warning",
			   json_pack("{so sO}", "text", json_sprintf("%zu tables that came since are left where they are, for nothing says "
								     "that the new release made them", json_array_size(left)),
				     "tables", left));
}

/* PostgreSQL lets no table go to which another leads; MariaDB puts the tie back with the table. */
static int nothing_leans(const struct database_copy *d, const json_t *made, struct err *e)
{
	autobuf struct buf names = BUF_MAX(NAMES_MAX);
	const json_t *one;
	size_t i;

	if (strcmp(d->at.driver, "postgresql") != 0)
		return 0;
	json_array_foreach(d->leaning, i, one)
		if (!json_lists(made, json_string_value(one)))
			buf_addf(&names, "%s'%s'", names.len ? ", " : "", json_string_value(one));
	if (!names.len)
		return 0;
	err_set(e, ERR_CHANGED, "foreign keys of %s lead to SFTPGo's tables, which cannot be put back with them", buf_str(&names));
	return err_hint(e, "they are not SFTPGo's: drop these foreign keys, or have their owner do it; then 'crossgrade rollback' again");
}

static int put_back(struct ctx *c, struct database_copy *d, const json_t *params, const json_t *dump, struct err *e)
{
	autojson json_t *left = NULL, *made = tables_made(c, json_object_get(dump, "unknown"), d->unknown, d->leaning, &left),
		 *drop = all_tables(d, dump, made);
	struct dump_job job = database_copy_job(d, params);
	autofree char *own = NULL;
	bool kept;

	say_left(c, left);
	if (nothing_leans(d, made, e) < 0 || keep_made(c, &d->point, &job, made, e) < 0)
		return -(int)e->kind;
	kept = point_kept(&d->point) != NULL;
	own = keep_own(c, &d->point, job, d->tables);
	return load(c, &d->point, &job, drop, own, kept, e);
}

static int see_it_back(struct ctx *c, const json_t *params, const json_t *dump, struct err *e)
{
	autodatabasecopy struct database_copy now = { .point = { .dir = DIR_NONE } };
	struct err why = ERR_INIT;
	int different = 0;

	if (database_copy_open(c, params, false, &now, e) < 0)
		return -(int)e->kind;
	if (now.number != json_int(dump, "schema", -1) || strcmp(now.shape, json_str(dump, "shape", "")) != 0)
		return err_set(e, ERR_CHANGED, "the dump was put back, and the database has schema %d, not %d as before", now.number,
			       (int)json_int(dump, "schema", -1));
	if (compare_objects(c, &now, &different, &why) >= 0 && different)
		return err_set(e, ERR_CHANGED, "the dump was put back, and %d fields of objects are not what they were", different);
	return 0;
}

static bool is_shared(const json_t *params)
{
	return json_object_get(params, "node") != NULL;
}

/* Whoever else is logged in would write on as the new release. stopped: our own server is. */
static int nobody_else_is_in(struct ctx *c, bool stopped, struct err *e)
{
	struct err why = ERR_INIT;

	if (c->force || (stopped ? sessions_none(c, NULL, &why) : sessions_own(c, &why)) >= 0)
		return 0;
	err_set(e, why.kind, "%s", why.msg);
	return why.kind == ERR_CHANGED ? err_hint(e, "another node? stop it, and whatever else logs in with that account; or put the "
						  "database back under them: 'crossgrade rollback --force'") :
					 -(int)e->kind;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo unused_arg, struct err *e)
{
	const json_t *dump = json_object_get(params, "dump");
	autodatabasecopy struct database_copy d = { .point = { .dir = DIR_NONE } };
	int same;

	if (!c->point_passed)
		return 0;       /* no target build was ever started: the database is the old one */
	if (database_copy_open(c, params, false, &d, e) < 0)
		return -(int)e->kind;
	same = is_as_it_was(c, &d, dump, e);
	if (same < 0)
		return same;
	if (same) {
		event_emit(c->events, "note", json_pack("{ss}", "text", "the database is as it was: nothing is put back"));
		return 0;
	}
	if (is_shared(params) && nobody_else_is_in(c, true, e) < 0)
		return -(int)e->kind;
	if (prove_dump(&d, dump, e) < 0 || put_back(c, &d, params, dump, e) < 0 || see_it_back(c, params, dump, e) < 0)
		return -(int)e->kind;
	event_emit(c->events, "note", json_pack("{ss si sO}", "text", "the database was put back from its dump", "schema_found",
						d.number, "schema", json_object_get(dump, "schema")));
	return 0;
}

static int no_other_node(struct ctx *c, const json_t *params, const char *own, struct err *e)
{
	struct err why = ERR_INIT;

	/* Where they cannot be asked for, the undo itself tells why. */
	if (nodes_none(c, own, json_str(params, "what", "the database"), &why) < 0 && why.kind == ERR_CHANGED) {
		*e = why;
		return -(int)e->kind;
	}
	return nobody_else_is_in(c, false, e);
}

/* What would keep the way back from its end is told while the new server still serves. */
static int can_be_put_back(struct ctx *c, const json_t *params, struct err *e)
{
	autodatabasecopy struct database_copy d = { .point = { .dir = DIR_NONE } };
	autojson json_t *left = NULL, *made = NULL;

	if (database_copy_open(c, params, false, &d, e) < 0)
		return -(int)e->kind;
	made = tables_made(c, json_object_get(json_object_get(params, "dump"), "unknown"), d.unknown, d.leaning, &left);
	return nothing_leans(&d, made, e);
}

static int undo_look(struct ctx *c, const json_t *params, const json_t *undo unused_arg, struct err *e)
{
	const char *own = json_str(params, "node", NULL);

	if (!c->point_passed)
		return 0;
	if (own && no_other_node(c, params, own, e) < 0)
		return -(int)e->kind;
	return can_be_put_back(c, params, e);
}

const struct step_kind step_database_point = { "database_point", 1, LIFE_DURABLE, describe,
					       step_capture_nothing, step_apply_nothing, step_verify_result, undo, undo_look };
