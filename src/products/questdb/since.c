/* Writes of clients since the frozen facts, read from the files alone: with the server up or down.
 *
 * Counted: sequencer transactions above the frozen maximum (WAL tables), moves of _txn (others),
 * tables made or dropped. Not counted, because no client wrote them: system tables, refreshes of
 * materialized views, and what the frozen log held and the next start applied. */
#include "products/questdb/baseline.h"

#include <inttypes.h>
#include <string.h>

static struct write_count *count_of(struct writes *w, const char *table, int64_t transactions)
{
	struct write_count *c = vec_push(w);

	*c = (struct write_count){ .subject = xasprintf("table %s", table),
				   .transactions = transactions,
				   .rows_before = -1,
				   .rows_now = -1 };
	if (transactions > 0 && w->transactions >= 0)
		w->transactions += transactions;
	return c;
}

static void unknown(struct writes *w, const char *table, const char *why)
{
	if (w->transactions >= 0)
		snprintf(w->why, sizeof w->why, "table '%s' %s", table, why);
	w->transactions = -1;
}

static int64_t transactions_since(const struct shape *then, const struct shape *now)
{
	if (!then->wal && !now->wal)
		return now->txn - then->txn;
	return now->log_txn - then->log_txn;
}

static void add_name(struct buf *names, const char *key)
{
	if (names->len)
		buf_addc(names, ',');
	buf_adds(names, key);
}

/* Partitions whose state is another one than then, and their rows. */
static void changed_parts(const struct shape *then, const struct shape *now, struct write_count *c)
{
	autobuf struct buf names = BUF_MAX(4 << 20);
	int64_t before = 0, after = 0;

	vec_each (&now->parts, p) {
		const struct part *was = shape_part(then, p->key);

		if (was && !strcmp(was->state, p->state) &&
		    then->column_version == now->column_version)
			continue;
		add_name(&names, p->key);
		before += was ? was->rows : 0;
		after += p->rows;
	}
	vec_each (&then->parts, p) {
		if (shape_part(now, p->key))
			continue;
		add_name(&names, p->key);
		before += p->rows;
	}
	if (names.len && !names.full)
		c->partitions = xstrdup(buf_str(&names));
	c->rows_before = then->has_parts ? before : then->rows;
	/* What the sequencer holds and nobody applied yet cannot be counted in rows. */
	if (now->seq_txn >= now->log_txn)
		c->rows_now = then->has_parts ? after : now->rows;
}

/* A table that was not there: making it is a write, and so is each of its transactions. */
static void count_new(const struct table *t, struct writes *w)
{
	autoshape struct shape now = { 0 }, none = { .has_parts = true };

	shape_of_table(t, &now);
	changed_parts(&none, &now, count_of(w, t->name, 1 + (now.wal ? now.log_txn : now.txn)));
}

static void count_dropped(const struct shape *then, struct writes *w)
{
	struct write_count *c = count_of(w, then->name, 1);

	c->rows_before = then->rows;
	c->rows_now = 0;
	c->traceless = true;
}

static void count_table(const struct shape *then, const struct tables *tables, struct writes *w)
{
	const struct table *t = tables_named(tables, then->name);
	autoshape struct shape now = { 0 };
	int64_t n;

	if (!strcmp(then->kind, "matview") || !strcmp(then->kind, "view"))
		return;
	vec_each (&tables->broken, b) {
		if (strcmp(b->dir, then->dir))
			continue;
		(void)count_of(w, then->name, -1);
		unknown(w, then->name, b->why);
		return;
	}
	/* One of the same name in another directory is another table, whatever the number of its transactions. */
	if (!t || strcmp(t->dir, then->dir) != 0) {
		count_dropped(then, w);
		if (t)
			count_new(t, w);
		return;
	}
	shape_of_table(t, &now);
	n = transactions_since(then, &now);
	if (n)
		changed_parts(then, &now, count_of(w, then->name, n));
	if (n < 0)
		unknown(w, then->name, "has fewer transactions than when it was stopped");
}

static bool known(const shapes *then, const char *name)
{
	vec_each (then, s) {
		if (!strcmp(s->name, name))
			return true;
	}
	return false;
}

int questdb_since(struct ctx *c, const struct facts *frozen, struct writes *ret, struct err *e)
{
	autotables struct tables tables = { 0 };
	autoshapes shapes then = { 0 };
	autodir struct dir db = DIR_NONE;
	struct writes found = { 0 };

	if (shapes_of_facts(frozen, &then, e) < 0 || baseline_db(c, frozen, &db, e) < 0 ||
	    tables_scan(&db, c->cancel, &tables, e) < 0)
		return err_wrap(e, "count the writes since the stop");
	vec_each (&then, s)
		count_table(s, &tables, &found);
	vec_each (&tables.v, t) {
		if (!t->internal && !known(&then, t->name) && strcmp(t->kind, "matview") &&
		    strcmp(t->kind, "view"))
			count_new(t, &found);
	}
	*ret = found;
	return 0;
}
