/* Comparing the installation now with facts frozen before. The baseline of schema and shape is read
 * offline from the stopped tree; that of the values was read by SQL from the old server, and holds
 * where nothing moved since. */
#include "products/questdb/verify.h"

#include <inttypes.h>
#include <string.h>

#include "engine/plan.h"
#include "io/file.h"
#include "products/questdb/compare.h"
#include "products/questdb/files.h"
#include "products/questdb/version.h"

#define APPLY_WITHIN (2 * NS_PER_S)  /* the start applies what the stop left; seen: 0.3 s */
#define SETTLE_WITHIN (5 * NS_PER_S) /* for the looks again at all tables that look different */
#define MOVING "it was written to all the while it was looked at"

/* ---- who answers ---- */

const char *proof_pinned(const struct proof *p, const char *key)
{
	const json_t *pinned = p->c->plan ? plan_pinned(p->c->plan) : NULL;
	const char *value = json_str(pinned, key, NULL);

	return value ? value : facts_str(p->frozen, key, NULL);
}

static const char *expected(const struct proof *p, const char *asked, const char *target_key,
			    const char *source_key)
{
	if (!p->to)
		return proof_pinned(p, source_key);
	return asked ? asked : proof_pinned(p, target_key);
}

static void compare_text(struct proof *p, const char *what, const char *want, const char *is)
{
	if (want)
		cmp_text(p->ret, "server", what, want, is);
	else
		cmp_add(p->ret, CMP_UNPROVED, "server", what, NULL, is, NULL,
			"nothing says which one is expected");
}

/* The build of 7.x tells its version by SQL only. */
static int learn_version(struct proof *p, struct err *e)
{
	autofree char *line = NULL;

	if (p->settings.version[0])
		return 0;
	return sql_build(&p->sql, &line, p->settings.version, e);
}

static int compare_server(struct proof *p, struct err *e)
{
	const char *edition, *version;

	if (sql_settings(&p->sql, ASK_WITHIN, &p->settings, e) < 0 || learn_version(p, e) < 0) {
		if (p->to)
			return err_wrap(e, "ask the new server");
		cmp_add(p->ret, CMP_UNPROVED, "server", "edition and version", NULL, NULL, NULL,
			e->msg);
		err_clear(e);
		return 0;
	}
	p->answers = true;
	edition = expected(p, p->to ? goal_edition(p->to) : NULL, QF_TARGET_EDITION, QF_EDITION);
	version = expected(p, p->to ? goal_version(p->to) : NULL, QF_TARGET_VERSION, QF_VERSION);
	if (p->settings.edition[0])
		compare_text(p, "edition", edition, p->settings.edition);
	compare_text(p, "version", version, p->settings.version);
	return 0;
}

/* ---- the database itself ---- */

static void compare_identity(struct proof *p)
{
	const char *was = facts_str(p->frozen, QF_DB_DATA_ID, NULL),
		   *is = p->db.data_id[0] ? p->db.data_id : NULL;
	int64_t migration = facts_int(p->frozen, QF_DB_MIGRATION, 0);

	cmp_text(p->ret, "database", "identity", facts_str(p->frozen, QF_DB_INSTANCE, NULL),
		 p->db.instance);
	cmp_int(p->ret, "database", "table version", facts_int(p->frozen, QF_DB_TABLE_VERSION, 0),
		p->db.table_version);
	if (!was && is)
		cmp_add(p->ret, CMP_EXPLAINED, "database", "data id", NULL, is,
			"questdb.data-id-created", NULL);
	else
		cmp_text(p->ret, "database", "data id", was, is);
	if (migration != p->db.migration_version) {
		autofree char *a = xasprintf("%" PRId64, migration),
			      *b = xasprintf("%d", p->db.migration_version);

		cmp_add(p->ret, CMP_EXPLAINED, "database", "migration version", a, b,
			"questdb.migration-version", NULL);
	}
}

/* What the server counts and rewrites at each start. */
static void compare_bookkeeping(struct proof *p)
{
	const char *was = facts_str(p->frozen, QF_DB_REGISTRY, NULL), *is = p->tables.registry;
	int64_t ids = facts_int(p->frozen, QF_DB_LAST_ID, 0);

	if (was && is && strcmp(was, is) != 0)
		cmp_add(p->ret, CMP_EXPLAINED, "database", "registry of tables", was, is,
			"questdb.registry-compacted", NULL);
	else if (was)
		cmp_text(p->ret, "database", "registry of tables", was, is);
	if (p->db.last_table_id > ids) {
		autofree char *a = xasprintf("%" PRId64, ids),
			      *b = xasprintf("%" PRId64, p->db.last_table_id);

		cmp_add(p->ret, CMP_EXPLAINED, "database", "counter of table ids", a, b,
			"questdb.table-counter", NULL);
	} else {
		cmp_int(p->ret, "database", "counter of table ids", ids, p->db.last_table_id);
	}
}

/* Not at the gate, and not on the way back: an operator's edit since is not the old world's fault.
 */
static int compare_settings(struct proof *p, struct err *e)
{
	const struct step *s = p->c->plan ? plan_step(p->c->plan, "server-conf") : NULL;
	autodir struct dir root = DIR_NONE;

	if (p->depth == DEPTH_GATE || !p->to)
		return 0;
	if (site_root(ctx_site(p->c, NULL), "root", &root, e) < 0)
		return -e->kind;
	if (facts_get(p->frozen, QF_FROZEN_FILES))
		compare_small_files(facts_get(p->frozen, QF_FROZEN_FILES), &root, &p->dbdir,
				    p->ret);
	return compare_config(p->frozen, &root, s ? json_object_get(s->params, "edits") : NULL,
			      p->ret, e);
}

/* ---- tables by their files ---- */

static bool conversion_pending(const struct proof *p, const char *table)
{
	return json_object_get(facts_get(p->frozen, QF_TABLE_CONVERT), table) != NULL;
}

/* A look at one table, compared. */
struct look {
	struct proof *p;
	const struct shape *then;
	struct comparisons found;
	bool files; /* these were compared, too */
};

static const char *fault_of(const struct tables *now, const struct shape *then)
{
	vec_each (&now->broken, b) {
		if (!strcmp(b->dir, then->dir))
			return b->why;
	}
	return "absent";
}

/* What the metadata name is there: of the whole table by its directories, of partitions that stand
 * as they stood file by file. */
static void compare_files(struct look *k, const struct table *t, const struct shape *now)
{
	autofree char *subject = xasprintf("table %s", k->then->name);
	const char *gone = t->lost ? t->lost : t->parquet_bad;

	if (gone)
		cmp_add(&k->found, CMP_DIFFERENT, subject, "files of its partitions", "there", gone,
			NULL, NULL);
	else if (t->moving)
		cmp_add(&k->found, CMP_UNPROVED, subject, "files of its partitions", NULL, NULL,
			NULL, MOVING);
	else if (k->p->depth == DEPTH_DEEP)
		k->files = files_compare(&k->p->dbdir, t, k->then, now, &k->found);
}

static void compare_look(struct look *k, const struct tables *tables)
{
	const struct shape *then = k->then;
	const struct table *t = tables_named(tables, then->name);
	autofree char *subject = xasprintf("table %s", then->name);
	autoshape struct shape now = { 0 };
	const char *rule;

	if (!t) {
		cmp_add(&k->found, CMP_DIFFERENT, subject, "its files", "there",
			fault_of(tables, then), NULL, NULL);
		return;
	}
	shape_of_table(t, &now);
	rule = compare_rule(then, &now, conversion_pending(k->p, then->name));
	compare_schema(then, t, rule, &k->found);
	compare_transactions(then, &now, &k->found);
	if (compare_unapplied(then, &now)) {
		autofree char *why =
		    xasprintf("%" PRId64 " transactions of the log are not applied yet",
			      compare_unapplied(then, &now));

		cmp_add(&k->found, CMP_UNPROVED, subject, "rows", NULL, NULL, NULL, why);
		return;
	}
	compare_rows(then, &now, rule, &k->found);
	compare_files(k, t, &now);
}

static bool looks_different(const struct tables *tables, void *data)
{
	struct look *k = data;

	comparisons_done(&k->found);
	k->found = (struct comparisons){ 0 };
	k->files = false;
	compare_look(k, tables);
	return cmp_worst(&k->found) == CMP_DIFFERENT;
}

static void compare_table(struct proof *p, const struct shape *then)
{
	const struct table *t = tables_named(&p->tables, then->name);
	struct look k = { .p = p, .then = then };
	autotables struct tables again = { 0 };

	if (looks_different(&p->tables, &k) &&
	    !table_settle(&p->dbdir, t ? t->dir : then->dir, p->settle, looks_different, &k,
			  &again))
		cmp_doubt(&k.found, MOVING);
	cmp_move(&k.found, p->ret);
	p->with.files += k.files;
}

static const char *made_by(const struct proof *p, const struct table *t)
{
	bool theirs = edition_is_enterprise(p->settings.edition) &&
		      (t->name[0] == '_' || !strncmp(t->name, "acl_", 4));

	return theirs ? "questdb.enterprise-tables" : "questdb.written-since";
}

/* True also where the facts of before do not say. */
static bool known_system(const struct proof *p, const char *table)
{
	const json_t *list = facts_get(p->frozen, QF_SYSTEM), *name;
	size_t i;

	json_array_foreach((json_t *)list, i, name)
	{
		if (!strcmp(json_string_value(name) ? json_string_value(name) : "", table))
			return true;
	}
	return !list;
}

static void compare_new_tables(struct proof *p)
{
	vec_each (&p->tables.v, t) {
		autofree char *subject = xasprintf("table %s", t->name);
		bool known = t->internal;

		if (known && !known_system(p, t->name))
			cmp_add(p->ret, CMP_EXPLAINED, subject, "its files", NULL, "there",
				"questdb.telemetry-table", NULL);
		for (size_t i = 0; i < p->then.n && !known; i++)
			known = !strcmp(p->then.v[i].name, t->name);
		if (!known)
			cmp_add(p->ret, CMP_EXPLAINED, subject, "its files", NULL, "there",
				made_by(p, t), NULL);
	}
}

/* What the stop left in the log is applied right after the start. */
static int64_t unapplied(const struct proof *p)
{
	int64_t sum = 0;

	vec_each (&p->then, then) {
		const struct table *t = tables_named(&p->tables, then->name);
		autoshape struct shape now = { 0 };

		if (!t)
			continue;
		shape_of_table(t, &now);
		sum += compare_unapplied(then, &now);
	}
	return sum;
}

static int scan_applied(struct proof *p, struct err *e)
{
	struct deadline d = deadline_in(p->answers ? APPLY_WITHIN : 0);

	for (;;) {
		tables_done(&p->tables);
		if (tables_scan(&p->dbdir, p->c->cancel, &p->tables, e) < 0)
			return -e->kind;
		if (!unapplied(p) || deadline_passed(d))
			return 0;
		clock_sleep_ns(20 * NS_PER_MS);
	}
}

/* ---- all of it ---- */

static int open_worlds(struct proof *p, struct err *e)
{
	if (shapes_of_facts(p->frozen, &p->then, e) < 0 ||
	    baseline_db(p->c, p->frozen, &p->dbdir, e) < 0 ||
	    disk_db_read(&p->dbdir, &p->db, e) < 0)
		return -e->kind;
	return sql_open(ctx_site(p->c, NULL), &p->sql, e);
}

static char *level_text(const struct proof *p)
{
	autobuf struct buf text = BUF_MAX(256);

	buf_addf(&text, "F0+F1 of %zu tables", p->then.n);
	if (p->with.files)
		buf_addf(&text, ", files of %zu", p->with.files);
	if (p->with.values)
		buf_addf(&text, ", F2 of %zu", p->with.values);
	if (p->with.contents)
		buf_addf(&text, ", F3 of %zu", p->with.contents);
	return xstrdup(buf_str(&text));
}

static int compare_worlds(struct proof *p, struct err *e)
{
	if (compare_server(p, e) < 0 || scan_applied(p, e) < 0)
		return -e->kind;
	compare_identity(p);
	compare_bookkeeping(p);
	if (compare_settings(p, e) < 0)
		return -e->kind;
	p->settle = deadline_in(SETTLE_WITHIN);
	vec_each (&p->then, then)
		compare_table(p, then);
	compare_new_tables(p);
	if (p->answers && compare_by_server(p, e) < 0)
		return -e->kind;
	if (p->depth == DEPTH_DEEP && p->answers && unapplied(p) &&
	    cmp_worst(p->ret) != CMP_DIFFERENT)
		return err_set(e, ERR_BUSY,
			       "the server has not yet applied what the log held at the stop");
	if (p->depth == DEPTH_DEEP && compare_values(p, e) < 0)
		return -e->kind;
	free(p->ret->level);
	p->ret->level = level_text(p);
	return 0;
}

int questdb_verify(struct ctx *c, const struct facts *frozen, const struct goal *to, enum depth d,
		   struct comparisons *ret, struct err *e)
{
	struct proof p = {
		.c = c, .frozen = frozen, .to = to, .depth = d, .ret = ret, .dbdir = DIR_NONE
	};
	int r = open_worlds(&p, e);

	if (r >= 0)
		r = compare_worlds(&p, e);
	shapes_done(&p.then);
	tables_done(&p.tables);
	sql_close(&p.sql);
	dir_close(&p.dbdir);
	return r < 0 ? err_wrap(e, "compare the worlds") : 0;
}
