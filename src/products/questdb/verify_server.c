/* What the server itself says of its tables: that it knows and opens them, and their values. */
#include "products/questdb/verify.h"

#include <string.h>

#include "engine/plan.h"
#include "products/questdb/fingerprint.h"
#include "products/questdb/proof.h"
#include "products/questdb/version.h"

#define KNOWN_WITHIN (10 * NS_PER_S)  /* for the next table to come into the server's list */
#define GATE_BUDGET (300 * NS_PER_MS) /* for opening tables while clients wait */
#define TEXT_CELLS 20000
#define AGAIN (50 * NS_PER_MS)
#define ALTERED "it was dropped or altered while it was looked at"

/* A client dropped or altered it since the look: what the server then says of it is no fault. */
static bool altered(const struct proof *p, const struct shape *then)
{
	const struct table *t = tables_named(&p->tables, then->name);
	autotables struct tables now = { 0 };

	if (!t)
		return false; /* told already */
	table_look(&p->dbdir, t->dir, &now);
	return !now.v.n || strcmp(now.v.v[0].name, t->name) ||
	       now.v.v[0].meta.metadata_version != t->meta.metadata_version;
}

static void compare_by_word(struct proof *p, const struct shape *then, const char *what,
			    const char *was, const char *is)
{
	autofree char *subject = xasprintf("table %s", then->name);

	if (altered(p, then))
		cmp_add(p->ret, CMP_UNPROVED, subject, what, NULL, NULL, NULL, ALTERED);
	else
		cmp_add(p->ret, CMP_DIFFERENT, subject, what, was, is, NULL, NULL);
}

static int known_tables(struct proof *p, json_t *names, struct err *e)
{
	autorows struct sql_rows r = { 0 };

	if (sql_ask(&p->sql, "select table_name from tables()", ASK_WITHIN, &r, e) < 0)
		return err_wrap(e, "list the tables");
	for (size_t i = 0; i < r.n; i++) {
		if (sql_text(&r, i, "table_name"))
			json_object_set_new(names, sql_text(&r, i, "table_name"), json_true());
	}
	return 0;
}

static bool all_known(const struct proof *p, const json_t *names)
{
	vec_each (&p->then, then) {
		if (strcmp(then->kind, "view") && tables_named(&p->tables, then->name) &&
		    !json_object_get(names, then->name))
			return false;
	}
	return true;
}

/* A server that just started fills that list while it serves already (seen: 743 of 1500 tables in
 * the first answer of 9.3.4): wait as long as it grows. */
static int compare_known(struct proof *p, struct err *e)
{
	autojson json_t *names = json_object();
	struct deadline d = deadline_in(KNOWN_WITHIN);

	for (size_t before = 0;; before = json_object_size(names)) {
		if (known_tables(p, names, e) < 0)
			return -e->kind;
		if (json_object_size(names) > before)
			d = deadline_in(KNOWN_WITHIN);
		if (all_known(p, names) || deadline_passed(d))
			break;
		clock_sleep_ns(AGAIN);
	}
	vec_each (&p->then, then) {
		if (!strcmp(then->kind, "view"))
			continue;
		if (json_object_get(names, then->name))
			cmp_same(p->ret, 1);
		else
			compare_by_word(p, then, "known to the server", "yes", "no");
	}
	return 0;
}

static int compare_suspended(struct proof *p, struct err *e)
{
	autorows struct sql_rows r = { 0 };

	if (sql_ask(&p->sql, "select * from wal_tables()", ASK_WITHIN, &r, e) < 0)
		return err_wrap(e, "ask for suspended tables");
	for (size_t i = 0; i < r.n; i++) {
		const char *name = sql_text(&r, i, "name"),
			   *words = sql_text(&r, i, "errorMessage");
		autofree char *subject = xasprintf("table %s", name ? name : "?");

		if (!name || questdb_system_table(name))
			continue;
		if (sql_bool(&r, i, "suspended", false))
			cmp_add(p->ret, CMP_DIFFERENT, subject, "applies what is written", "yes",
				words && *words ? words : "suspended", NULL, NULL);
		else
			cmp_same(p->ret, 1);
	}
	return 0;
}

/* A row of it opens its reader; 0: refused, with the server's words in e. Once more where it is
 * refused: a reader may lose a race with a writer. */
static int opens(const struct proof *p, const struct shape *then, struct err *e)
{
	autofree char *name = sql_quote(then->name);

	for (int more = 1;; more--) {
		autorows struct sql_rows r = { 0 };

		if (sql_askf(&p->sql, ASK_WITHIN, &r, e, "select * from %s limit 1", name) >= 0)
			return 1;
		if (e->kind != ERR_REFUSED)
			return err_wrap(e, "open table '%s'", then->name);
		if (!more)
			return 0;
		err_clear(e);
		clock_sleep_ns(AGAIN);
	}
}

/* At the gate as far as the budget goes; the deep comparison opens the rest. */
static int compare_opens(struct proof *p, struct err *e)
{
	struct deadline d = deadline_in(p->depth == DEPTH_GATE ? GATE_BUDGET : INT64_MAX / 4);

	vec_each (&p->then, then) {
		int r;

		if (!strcmp(then->kind, "view"))
			continue;
		if (deadline_passed(d))
			return 0;
		r = opens(p, then, e);
		if (r < 0)
			return r;
		if (r)
			cmp_same(p->ret, 1);
		else
			compare_by_word(p, then, "opens", "yes", e->msg);
		err_clear(e);
	}
	return 0;
}

static bool has_login(const struct proof *p)
{
	const struct site *s = ctx_site(p->c, NULL);

	return s->login || json_object_get(s->doc, "target_login");
}

int compare_by_server(struct proof *p, struct err *e)
{
	int r = compare_known(p, e);

	if (r >= 0)
		r = compare_suspended(p, e);
	if (r >= 0)
		r = compare_opens(p, e);
	/* No login given: what it would tell is not proved. A new world that refuses the one it was
	 * given is none. */
	if (r < 0 && e->kind == ERR_DENIED && !(p->to && has_login(p))) {
		cmp_add(p->ret, CMP_UNPROVED, "server", "tables open", NULL, NULL, NULL, e->msg);
		err_clear(e);
		p->answers = false;
		return 0;
	}
	return r;
}

/* ---- values ---- */

/* Of facts that were taken deep, or of the plan's. */
static const json_t *prints_of(const struct proof *p)
{
	const json_t *prints = facts_get(p->frozen, QF_FINGERPRINTS);
	const json_t *deep = p->c->plan ? plan_deep(p->c->plan) : NULL;

	return prints ? prints : json_object_get(json_object_get(deep, QF_FINGERPRINTS), "value");
}

static bool has_content(const json_t *print)
{
	const char *key;
	json_t *part;

	json_object_foreach(json_object_get(print, "aggregates"), key, part)
	{
		if (json_object_get(part, "content"))
			return true;
	}
	return false;
}

static bool same_major(const struct proof *p)
{
	const char *was = proof_pinned(p, QF_VERSION), *edition = proof_pinned(p, QF_EDITION);
	struct version a, b;

	return was && core_of(edition ? edition : "open-source", was, &a) != CORE_UNKNOWN &&
	       core_of(p->settings.edition, p->settings.version, &b) != CORE_UNKNOWN &&
	       a.major == b.major;
}

static unsigned how_to_compare(const struct proof *p)
{
	struct proof_asked asked = { 0 };
	struct err ignored = ERR_INIT;
	bool content = proof_of(p->to, &asked, &ignored) >= 0 && asked.level == PROOF_F3;

	return (same_major(p) ? FINGERPRINT_SAME_MAJOR : 0) | (content ? FINGERPRINT_CONTENT : 0);
}

/* Once more where they are refused, as opens(). */
static int take_values(const struct proof *p, const struct table *t,
		       const struct fingerprint_opts *o, json_t **ret, struct err *e)
{
	int r = fingerprint_take(&p->sql, &p->dbdir, t, o, ret, e);

	if (r >= 0 || e->kind != ERR_REFUSED)
		return r;
	err_clear(e);
	clock_sleep_ns(AGAIN);
	return fingerprint_take(&p->sql, &p->dbdir, t, o, ret, e);
}

static int values_unread(struct proof *p, const struct shape *then, struct err *e)
{
	autofree char *subject = xasprintf("table %s", then->name);

	if (e->kind == ERR_REFUSED || (e->kind == ERR_ABSENT && altered(p, then)))
		compare_by_word(p, then, "values", "readable", e->msg);
	else if (e->kind == ERR_TIMEOUT ||
		 e->kind == ERR_SPACE) /* one slow table is not a mute world */
		cmp_add(p->ret, CMP_UNPROVED, subject, "values", NULL, NULL, NULL, e->msg);
	else
		return -e->kind;
	err_clear(e);
	return 0;
}

static int compare_values_of(struct proof *p, const struct shape *then, const json_t *before,
			     struct err *e)
{
	const struct table *t = tables_named(&p->tables, then->name);
	size_t texts = TEXT_CELLS;
	struct proof_asked asked = { 0 };
	struct err ignored = ERR_INIT;
	struct fingerprint_opts o = { .cancel = p->c->cancel,
				      .within_ns = proof_of(p->to, &asked, &ignored) < 0
						       ? 0
						       : asked.within_ns,
				      .texts_left = &texts,
				      .fold = fingerprint_folded(before),
				      .content = has_content(before),
				      .like = json_object_get(before, "aggregates") };
	autoshape struct shape now = { 0 };
	autojson json_t *print = NULL;

	if (!t)
		return 0; /* told already */
	if (take_values(p, t, &o, &print, e) < 0)
		return values_unread(p, then, e);
	shape_of_table(t, &now);
	fingerprint_compare(before, print, then, &now, how_to_compare(p), p->ret);
	return 0;
}

int compare_values(struct proof *p, struct err *e)
{
	const json_t *prints = prints_of(p);

	vec_each (&p->then, then) {
		const json_t *before = json_object_get(prints, then->name);
		autofree char *subject = xasprintf("table %s", then->name);

		if (!prints || !strcmp(then->kind, "view"))
			continue;
		if (!before || !p->answers) {
			cmp_add(p->ret, CMP_UNPROVED, subject, "values", NULL, NULL, NULL,
				before ? "the server does not tell them"
				       : "they were not read before the stop");
			continue;
		}
		if (compare_values_of(p, then, before, e) < 0)
			return -e->kind;
		p->with.values++;
		p->with.contents += has_content(before);
	}
	return 0;
}
