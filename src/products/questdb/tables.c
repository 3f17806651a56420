#include "products/questdb/tables.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>

#include "io/file.h"
#include "products/questdb/questdb.h"
#include "products/questdb/schema.h"

#define TABLES_MAX 200000
#define ENTRIES_MAX 2000000
#define SETTLE_WITHIN (2 * NS_PER_S) /* for the looks again of one pass */
#define SETTLE_PAUSE (50 * NS_PER_MS)
/* Unmoved ones that agree: a _meta between two names has no transaction, and a busy machine may
 * stop its server right there. */
#define SETTLE_LOOKS 5

static void table_done(struct table *t)
{
	free(t->name);
	free(t->dir);
	free(t->target);
	free(t->parquet_bad);
	free(t->lost);
	disk_meta_done(&t->meta);
	disk_txn_done(&t->txn);
	*t = (struct table){ 0 };
}

void tables_done(struct tables *t)
{
	vec_each (&t->v, it)
		table_done(it);
	vec_each (&t->broken, it) {
		free(it->dir);
		free(it->why);
	}
	vec_each (&t->incomplete, it)
		free(*it);
	vec_each (&t->unregistered, it)
		free(*it);
	vec_each (&t->files, it)
		free(*it);
	vec_each (&t->links, it) {
		free(it->rel);
		free(it->target);
	}
	vec_done(&t->v);
	vec_done(&t->broken);
	vec_done(&t->incomplete);
	vec_done(&t->unregistered);
	vec_done(&t->files);
	vec_done(&t->links);
	free(t->registry);
	*t = (struct tables){ 0 };
}

bool questdb_system_table(const char *name)
{
	return !strncmp(name, "sys.", 4) || !strncmp(name, "telemetry", 9) ||
	       !strcmp(name, "_query_trace");
}

int64_t table_pending(const struct table *t)
{
	return t->sequenced && t->seq.max_txn > t->txn.seq_txn ? t->seq.max_txn - t->txn.seq_txn
							       : 0;
}

/* What the names in a table's directory tell, before any file is opened. */
struct contents {
	bool meta, txn, seq, wal, matview, view, live, convert, swp, todo;
	size_t detached;
};

static bool is_wal_dir(const char *name)
{
	return !strncmp(name, "wal", 3) && isdigit((unsigned char)name[3]) && !strchr(name, '.');
}

static void note_file(struct contents *c, const char *name)
{
	if (!strcmp(name, "_meta"))
		c->meta = true;
	else if (!strcmp(name, "_txn"))
		c->txn = true;
	else if (!strcmp(name, "_mv"))
		c->matview = true;
	else if (!strcmp(name, "_view"))
		c->view = true;
	else if (!strcmp(name, "_lv"))
		c->live = true;
	else if (!strcmp(name, "_convert"))
		c->convert = true;
	else if (!strcmp(name, "_todo_"))
		c->todo = true;
	else if (!strncmp(name, "_meta.swp", 9))
		c->swp = true;
}

static void note(struct contents *c, const struct dir_entry *n)
{
	struct sv name = sv_of(n->name);

	if (n->type == DT_REG)
		note_file(c, n->name);
	else if (sv_ends(name, ".detached") || sv_ends(name, ".attachable"))
		c->detached++;
	else if (!strcmp(n->name, "txn_seq"))
		c->seq = true;
	else if (is_wal_dir(n->name))
		c->wal = true;
}

static int look_in(const struct dir *table, struct contents *ret, struct dir_names *names,
		   struct err *e)
{
	if (dir_list(table, "", ENTRIES_MAX, names, e) < 0)
		return -e->kind;
	vec_each (names, n)
		note(ret, n);
	return 0;
}

static void add_links(const struct dir *table, const char *dir, const struct dir_names *names,
		      table_links *ret)
{
	vec_each (names, n) {
		struct err ignored = ERR_INIT;
		char *target = NULL;

		if (n->type != DT_LNK || dir_readlink(table, n->name, &target, &ignored) < 0)
			continue;
		*vec_push(ret) = (struct table_link){ xasprintf("%s/%s", dir, n->name), target };
	}
}

static bool has_name(const struct dir_names *names, const char *name)
{
	size_t lo = 0, hi = names->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(names->v[mid].name, name);

		if (!c)
			return true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* A link to a partition is followed: data.parquet behind it counts. */
static void check_parquet(const struct dir *table, const char *dir, const struct disk_partition *p,
			  struct table *t)
{
	autofree char *rel = xasprintf("%s/data.parquet", dir),
		      *path = xasprintf("%s/%s", table->path, rel);
	struct err e = ERR_INIT;
	struct stat st;
	int there =
	    dir_stat(table, rel, &st, &e) >= 0 || (e.kind == ERR_REFUSED && !stat(path, &st));

	if (there && S_ISREG(st.st_mode) && st.st_size >= p->parquet_bytes)
		return;
	free(t->parquet_bad);
	t->parquet_bad = there ? xasprintf("%s: data.parquet has %jd bytes of %jd", dir,
					   (intmax_t)st.st_size, (intmax_t)p->parquet_bytes)
			       : xasprintf("%s: data.parquet is missing", dir);
}

static void check_partitions(const struct dir *table, const struct dir_names *names,
			     struct table *t)
{
	vec_each (&t->txn.partitions, p) {
		autobuf struct buf dir = BUF_MAX(256);

		if (t->parquet_bad && t->lost)
			return;
		/* A table that holds no row may have no directory yet. */
		if (!p->rows)
			continue;
		schema_partition_dir(&t->meta, p->ts, p->name_txn, &dir);
		if (!t->lost && !has_name(names, buf_str(&dir)))
			t->lost = xstrdup(buf_str(&dir));
		else if (p->parquet_bytes >= 0 && !t->parquet_bad)
			check_parquet(table, buf_str(&dir), p, t);
	}
}

static char convert_kind(const struct dir *table)
{
	autobuf struct buf b = BUF_MAX(64);
	struct err ignored = ERR_INIT;

	if (file_read(table, "_convert", &b, &ignored) < 0 || !b.len)
		return '?';
	return b.data[0] == 1 ? 'w' : b.data[0] == 0 ? 'b' : '?';
}

static const char *kind_of(const struct contents *c, const struct disk_registered *r)
{
	if (c->view || (r && r->kind == KIND_VIEW))
		return "view";
	if (c->matview || (r && r->kind == KIND_MATVIEW))
		return "matview";
	return c->live ? "live" : "table";
}

static int read_table(const struct dir *table, const struct contents *c, struct table *t,
		      struct err *e)
{
	int64_t todo = 0;

	if (disk_meta_read(table, &t->meta, e) < 0 || disk_txn_read(table, &t->txn, e) < 0)
		return -e->kind;
	if (c->seq) {
		int r = disk_seq_read(table, &t->seq, e);

		if (r < 0 && e->kind != ERR_ABSENT)
			return r;
		t->sequenced = r >= 0;
		err_clear(e);
	}
	if (c->todo && disk_todo_read(table, &todo, e) < 0)
		return -e->kind;
	/* _meta.prev stays after every change of columns and means nothing (seen). */
	t->todo = c->swp ? "_meta.swp" : todo > 0 ? "_todo_" : NULL;
	t->convert = c->convert ? convert_kind(table) : 0;
	t->detached = c->detached;
	t->has_wal = c->wal;
	return 0;
}

static char *table_name(const struct dir *table, const char *dir, const struct disk_registered *r)
{
	struct err ignored = ERR_INIT;
	char *name = NULL;

	if (r)
		return xstrdup(r->name);
	if (disk_name_read(table, &name, &ignored) >= 0)
		return name;
	return xstrndup(dir, strcspn(dir, "~"));
}

static void add_broken(struct tables *all, const char *dir, const struct err *e)
{
	*vec_push(&all->broken) = (struct table_fault){ xstrdup(dir), xstrdup(e->msg) };
}

/* With the directory open: t is filled, or the table went to one of the other lists. */
static bool examine(const struct dir *table, const char *dir, const struct disk_registered *known,
		    struct tables *all, struct table *t)
{
	struct dir_names names = { 0 };
	struct contents c = { 0 };
	struct err e = ERR_INIT;
	bool good = false;

	if (look_in(table, &c, &names, &e) < 0) {
		add_broken(all, dir, &e);
	} else if (!c.meta || !c.txn) {
		*vec_push(&all->incomplete) = xstrdup(dir);
	} else if (read_table(table, &c, t, &e) < 0) {
		/* Dropped while it was read. */
		if (e.kind != ERR_ABSENT || !access(table->path, F_OK))
			add_broken(all, dir, &e);
	} else {
		add_links(table, dir, &names, &all->links);
		t->dir = xstrdup(dir);
		t->name = table_name(table, dir, known);
		t->kind = kind_of(&c, known);
		t->internal = questdb_system_table(t->name);
		check_partitions(table, &names, t);
		good = true;
	}
	dir_names_done(&names);
	return good;
}

/* *ret_target: of the link that it is, NULL none. */
static int open_table(const struct dir *db, const char *dir, char **ret_target, struct dir *ret,
		      struct err *e)
{
	autofree char *target = NULL, *path = NULL;
	struct err none = ERR_INIT;

	if (dir_readlink(db, dir, &target, &none) < 0)
		return dir_open_at(db, dir, ret, e);
	path = *target == '/' ? xstrdup(target) : xasprintf("%s/%s", db->path, target);
	*ret_target = take_ptr(target);
	return dir_open(path, ret, e);
}

static void look_at(const struct dir *db, const char *dir, const struct disk_registry *registry,
		    struct tables *all)
{
	const struct disk_registered *known = map_get(&registry->by_dir, dir);
	autodir struct dir table = DIR_NONE;
	struct table t = { 0 };
	struct err e = ERR_INIT;
	int r;

	if (known && known->dropped)
		return;
	r = open_table(db, dir, &t.target, &table, &e);
	if (t.target)
		*vec_push(&all->links) = (struct table_link){ xstrdup(dir), xstrdup(t.target) };
	if (r < 0) {
		if (e.kind != ERR_ABSENT || t.target)
			add_broken(all, dir, &e);
		table_done(&t);
		return;
	}
	if (!examine(&table, dir, known, all, &t)) {
		table_done(&t);
		return;
	}
	if (registry->file && !known && t.meta.wal && !t.internal) {
		*vec_push(&all->unregistered) = xstrdup(dir);
		table_done(&t);
		return;
	}
	*vec_push(&all->v) = t;
}

/* ---- a table that is written to ---- */

void table_look(const struct dir *db, const char *dir, struct tables *ret)
{
	autoregistry struct disk_registry registry = { 0 };
	struct err e = ERR_INIT;

	*ret = (struct tables){ 0 };
	if (disk_registry_read(db, &registry, &e) < 0)
		add_broken(ret, dir, &e);
	else
		look_at(db, dir, &registry, ret);
}

/* Where it stands: each move of a partition comes with a transaction, and what has none stands
 * still. False: it could not be caught between two of them. */
static bool stands_at(const struct dir *db, const char *dir, int64_t *ret)
{
	autodir struct dir table = DIR_NONE;
	autotxn struct disk_txn txn = { 0 };
	autofree char *target = NULL;
	struct err e = ERR_INIT;
	bool read =
	    open_table(db, dir, &target, &table, &e) >= 0 && disk_txn_read(&table, &txn, &e) >= 0;

	*ret = read ? txn.txn : -1;
	return e.kind != ERR_BUSY;
}

bool table_settle(const struct dir *db, const char *dir, struct deadline until, table_judge *wrong,
		  void *data, struct tables *ret)
{
	for (int still = 0;;) {
		autotables struct tables now = { 0 };
		int64_t before, after;
		bool stood = stands_at(db, dir, &before), is_wrong;

		table_look(db, dir, &now);
		is_wrong = wrong(&now, data);
		stood = stands_at(db, dir, &after) && stood && before == after;
		still += stood;
		if (!is_wrong || still == SETTLE_LOOKS || deadline_passed(until)) {
			*ret = now;
			now = (struct tables){ 0 };
			return !is_wrong || still;
		}
		clock_sleep_ns(SETTLE_PAUSE);
	}
}

static bool looks_wrong(const struct tables *one, void *data unused_arg)
{
	return one->broken.n || one->incomplete.n || one->unregistered.n ||
	       (one->v.n && (one->v.v[0].lost || one->v.v[0].parquet_bad));
}

static void give_up(struct table *t)
{
	free(take_ptr(t->lost));
	free(take_ptr(t->parquet_bad));
	t->moving = true;
}

#define MOVE_ALL(from, to)                   \
	do {                                 \
		vec_each (from, it)          \
			*vec_push(to) = *it; \
		(from)->n = 0;               \
	} while (0)

static void scan_one(const struct dir *db, const char *dir, const struct disk_registry *registry,
		     struct deadline until, struct tables *all)
{
	autotables struct tables one = { 0 };

	look_at(db, dir, registry, &one);
	if (looks_wrong(&one, NULL)) {
		tables_done(&one);
		if (!table_settle(db, dir, until, looks_wrong, NULL, &one) && one.v.n)
			give_up(&one.v.v[0]);
	}
	MOVE_ALL(&one.v, &all->v);
	MOVE_ALL(&one.broken, &all->broken);
	MOVE_ALL(&one.incomplete, &all->incomplete);
	MOVE_ALL(&one.unregistered, &all->unregistered);
	MOVE_ALL(&one.links, &all->links);
}

static int by_name(const void *a, const void *b)
{
	const struct table *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->dir, y->dir);
}

int tables_scan(const struct dir *db, const struct cancel *cancel, struct tables *ret,
		struct err *e)
{
	autoregistry struct disk_registry registry = { 0 };
	autotables struct tables all = { 0 };
	struct deadline until = deadline_in(SETTLE_WITHIN);
	struct dir_names names = { 0 };
	int r = 0;

	if (disk_registry_read(db, &registry, e) < 0 || dir_list(db, "", TABLES_MAX, &names, e) < 0)
		return -e->kind;
	vec_each (&names, n) {
		if (cancel && atomic_load(&cancel->asked)) {
			r = err_set(e, ERR_CANCELED, "asked to stop");
			break;
		}
		if (n->type == DT_DIR || n->type == DT_LNK) {
			if (n->name[0] != '.')
				scan_one(db, n->name, &registry, until, &all);
		} else if (!sv_ends(sv_of(n->name), ".lock")) {
			*vec_push(&all.files) = xstrdup(n->name);
		}
	}
	dir_names_done(&names);
	if (r < 0)
		return r;
	vec_sort(&all.v, by_name);
	all.registry = take_ptr(registry.file);
	*ret = all;
	all = (struct tables){ 0 };
	return 0;
}
