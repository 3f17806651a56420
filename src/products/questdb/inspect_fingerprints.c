#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "engine/event.h"
#include "products/questdb/change.h"
#include "products/questdb/fingerprint.h"
#include "products/questdb/inspect.h"
#include "products/questdb/proof.h"

/* What of it fits into facts of 4 MiB beside all else. */
#define TEXTS_MAX 10000
#define CELLS_MAX 20000 /* of about 105 bytes: half of what facts may hold */
#define CONTENTS_MAX 5000
/* What `auto` reads a second time, as text: it costs about ten times what the aggregates do. */
#define SMALL_TABLE (16 << 20)
#define SMALL_ALL (256 << 20)

struct reading {
	struct look *k;
	struct proof_asked how;
	struct deadline until;
	size_t texts, cells, contents;
	int64_t small_left; /* bytes that `auto` may still read as text */
	int64_t fds;        /* files the server has open, about */
	json_t *prints, *unread, *bad;
};

/* The smallest first: when the time is up, it is one large table that is missing and not all. */
static int by_bytes(const void *a, const void *b)
{
	int64_t x = fingerprint_bytes(*(const struct table *const *)a),
		y = fingerprint_bytes(*(const struct table *const *)b);

	return x < y ? -1 : x > y;
}

static size_t tables_to_read(const struct look *k, const struct table **ret)
{
	size_t n = 0;

	vec_each (&k->tables.v, t)
		if (!t->internal && strcmp(t->kind, "view") != 0)
			ret[n++] = t;
	if (n)
		qsort(ret, n, sizeof(struct table *), by_bytes);
	return n;
}

static bool reads_content(struct reading *r, const struct table *t)
{
	int64_t bytes = fingerprint_bytes(t);

	if (r->how.level != PROOF_AUTO)
		return r->how.level == PROOF_F3;
	if (bytes > SMALL_TABLE || bytes > r->small_left)
		return false;
	r->small_left -= bytes;
	return true;
}

static int64_t open_files(const struct look *k)
{
	autofree char *path = xasprintf("/proc/%d/fd", (int)k->l.proc.id.pid);
	DIR *d = opendir(path);
	int64_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* A reader that was used stays open for minutes, and a server without files left suspends tables
 * (seen): a quarter of its limit is never touched. */
static bool has_files_left(struct reading *r, const struct table *t)
{
	int64_t limit = facts_int(r->k->f, QF_NOFILE_SOFT, -1);
	const json_t *state = json_object_get(facts_get(r->k->f, QF_TABLE_STATE), t->name);
	int64_t wants = json_int(state, "fd", 0), most = limit / 4 * 3;

	if (limit < 0)
		return true;
	if (r->fds + wants > most)
		r->fds = open_files(r->k);
	r->fds += wants;
	return r->fds <= most;
}

static void tell_progress(struct reading *r, size_t done, size_t n)
{
	if (r->k->c->events)
		event_emit(r->k->c->events, "progress",
			   json_pack("{sI sI ss ss}", "done", (json_int_t)done, "total",
				     (json_int_t)n, "unit", "tables", "what",
				     "reading every table"));
}

/* A failure of one table is a fact; only being asked to stop ends the reading. */
static int read_one(struct reading *r, const struct table *t, struct err *ret)
{
	struct fingerprint_opts o = { .cancel = r->k->c->cancel,
				      .within_ns = deadline_left_ns(r->until),
				      .texts_left = &r->texts,
				      .cells_left = &r->cells,
				      .contents_left = &r->contents,
				      .content = reads_content(r, t) };
	struct err e = ERR_INIT;
	json_t *print = NULL;

	if (!o.within_ns)
		err_set(&e, ERR_TIMEOUT, "the time for reading was up (settings.proof.within)");
	else if (!has_files_left(r, t))
		err_set(&e, ERR_SPACE,
			"the server is too near its limit of open files to be asked");
	else if (!r->cells)
		err_set(&e, ERR_SPACE, "there are more partitions than values can be kept of");
	else if (fingerprint_take(&r->k->sql, &r->k->db, t, &o, &print, &e) >= 0)
		json_object_set_new(r->prints, t->name, print);
	if (e.kind == ERR_REFUSED)
		json_object_set_new(r->bad, t->name, text_json(e.msg));
	else if (e.kind)
		json_object_set_new(r->unread, t->name, text_json(e.msg));
	if (e.kind == ERR_CANCELED)
		*ret = e;
	return -ret->kind;
}

static void put(struct reading *r)
{
	static const char source[] = "aggregates of all columns, /exp";

	facts_put(r->k->f, FACT_DEEP, QF_FINGERPRINTS, r->prints, source);
	facts_put(r->k->f, FACT_DEEP, QF_UNREAD, r->unread, source);
	facts_put(r->k->f, FACT_DEEP, QF_TABLE_UNREADABLE, r->bad, source);
}

/* Every table read once, so that values can be compared after the switch, and so that a table the
 * old server cannot read is not blamed on it. */
int inspect_fingerprints(struct look *k, struct err *e)
{
	autofree const struct table **list = xcalloc(k->tables.v.n + 1, sizeof(struct table *));
	size_t n = tables_to_read(k, list);
	struct reading r = { .k = k,
			     .texts = TEXTS_MAX,
			     .cells = CELLS_MAX,
			     .contents = CONTENTS_MAX,
			     .small_left = SMALL_ALL };
	struct change change;

	if (proof_of(k->to ? k->to : k->c->goal, &r.how, e) < 0)
		return -e->kind;
	change_of(k->f, k->to, &change);
	if (change.nothing) {
		facts_miss(k->f, QF_FINGERPRINTS, "nothing is to be done: no table was read");
		return 0;
	}
	if (r.how.level == PROOF_F1) {
		facts_miss(k->f, QF_FINGERPRINTS, "settings.proof.level is F1: no table is read");
		return 0;
	}
	r.until = deadline_in(r.how.within_ns);
	r.fds = open_files(k);
	r.prints = json_object();
	r.unread = json_object();
	r.bad = json_object();
	for (size_t i = 0; i < n; i++) {
		tell_progress(&r, i, n);
		if (read_one(&r, list[i], e) < 0)
			break;
	}
	if (n)
		tell_progress(&r, n, n);
	put(&r);
	return -e->kind;
}
