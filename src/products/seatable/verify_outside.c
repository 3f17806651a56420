/* What clients see, then and now: the certificate, a base opened by one of ours, and the programs beside the server. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "products/seatable/baseline.h"
#include "products/seatable/verify.h"

#define RULE_SINCE   "seatable.written-since"
#define RULE_RENEWED "seatable.certificate-renewed"

struct view {
	struct sea_proof *p;
	const json_t *then, *now;
};

static const char *why_missing(const struct view *v, const char *part, bool then)
{
	const struct facts *f = then ? v->p->frozen : v->p->now;

	return json_str(json_object_get(then ? v->then : v->now, "missing"), part, facts_why_missing(f, BASE_OUTSIDE));
}

/* ---- the certificate ---- */

/* The same names and a later end: who holds the site's door renews it by itself. */
static bool is_renewed(const json_t *was, const json_t *is)
{
	return !strcmp(json_str(was, "names", ""), json_str(is, "names", "")) && json_int(is, "not_after", 0) > json_int(was, "not_after", 0);
}

static void compare_certificate(struct view *v)
{
	const json_t *was = json_object_get(v->then, "certificate"), *is = json_object_get(v->now, "certificate");
	const char *then = json_str(was, "sha256", ""), *now = json_str(is, "sha256", "");
	autofree char *subject = xasprintf("site %s", json_str(was, "name", "?"));

	if (v->then && !was && !json_object_get(json_object_get(v->then, "missing"), "certificate"))
		return; /* the site is plain http */
	if (was && !is && v->p->depth == DEPTH_GATE && v->p->to)
		return; /* who shows it may be the gate: the deep comparison looks again */
	if (!was || !is)
		sea_unproved(v->p, "site", "certificate", why_missing(v, "certificate", !was));
	else if (json_bool(was, "fits", false) && !json_bool(is, "fits", false))
		cmp_add(v->p->ret, v->p->to ? CMP_DIFFERENT : CMP_UNPROVED, subject, "names of the certificate", json_str(was, "names", ""),
			json_str(is, "names", ""), NULL, "it is not for the site any more");
	else if (!strcmp(then, now))
		cmp_same(v->p->ret, 1);
	else if (is_renewed(was, is))
		cmp_add(v->p->ret, CMP_EXPLAINED, subject, "certificate", then, now, RULE_RENEWED, NULL);
	else
		sea_moved(v->p, subject, "certificate", then, now, "it is another one, and ends no later");
}

/* ---- the client ---- */

/* Whoever takes a base or a file away, or the right to them, makes the server say so. The token is the operator's, made for this: one
 * that is not taken any more is what a server that takes no token at all looks like. */
static bool may_be_users(const char *part, int64_t status)
{
	return strcmp(part, "login") && (status == 401 || status == 403 || status == 404);
}

/* A part that worked before and does not now: refused by the server, or not to be asked. */
static bool has_failed(struct view *v, const json_t *is, const char *part, const char *what)
{
	const json_t *failed = json_object_get(json_object_get(is, "failed"), part);
	const char *why = json_str(failed, "why", "it was not tried, for what comes before it failed");
	int64_t status = json_int(failed, "status", 0);

	if (json_object_get(is, part))
		return false;
	if (may_be_users(part, status))
		sea_lost(v->p, false, "client", what, "yes", "no", why);
	else if (status)
		sea_moved(v->p, "client", what, "yes", "no", why);
	else
		sea_unproved(v->p, "client", what, why);
	return true;
}

static bool is_same_base(const struct view *v)
{
	const json_t *was = json_object_get(json_object_get(v->then, "client"), "base"),
		     *is = json_object_get(json_object_get(v->now, "client"), "base");

	return !strcmp(json_str(was, "uuid", ""), json_str(is, "uuid", ""));
}

/* One table, or its rows, can go by one user's hand, or be made anew by a synchronization: only of several is it no user's. */
static bool is_all_gone(const struct view *v, size_t tables, size_t left)
{
	return is_same_base(v) && tables > 1 && !left;
}

static size_t tables_left(const json_t *was, const json_t *is)
{
	const char *name;
	const json_t *unused;
	size_t n = 0;

	json_object_foreach((json_t *)was, name, unused)
		n += json_object_get(is, name) != NULL;
	return n;
}

static void compare_base(struct view *v, const json_t *was, const json_t *is)
{
	const json_t *before_tables = json_object_get(was, "tables"), *tables = json_object_get(is, "tables"), *columns;
	bool all = is_all_gone(v, json_object_size(before_tables), tables_left(before_tables, tables));
	const char *name;

	if (!is_same_base(v))
		sea_lost(v->p, false, "client", "uuid of the base", json_str(was, "uuid", ""), json_str(is, "uuid", ""),
			  "users can have made another of that name");
	json_object_foreach((json_t *)before_tables, name, columns)
	{
		autofree char *what = xasprintf("columns of table %s", name);
		int64_t before = json_integer_value(columns), after = json_int(tables, name, 0);
		autofree char *a = xasprintf("%" PRId64, before), *b = xasprintf("%" PRId64, after);

		if (after == before)
			cmp_same(v->p->ret, 1);
		else if (after > before)
			cmp_add(v->p->ret, CMP_EXPLAINED, "client", what, a, b, RULE_SINCE, NULL);
		else
			sea_lost(v->p, all, "client", what, a, b, "fewer than before: users can have deleted them");
	}
}

static size_t still_there(const json_t *was, const json_t *is)
{
	const json_t *id;
	size_t i, n = 0;

	json_array_foreach((json_t *)was, i, id)
		n += json_lists(is, json_string_value(id));
	return n;
}

/* No table has any of its rows. */
static bool all_rows_gone(const struct view *v, const json_t *was, const json_t *is)
{
	size_t tables = 0, left = 0;
	const char *table;
	const json_t *ids;

	json_object_foreach((json_t *)was, table, ids)
	{
		tables += json_array_size(ids) > 0;
		left += still_there(ids, json_object_get(is, table));
	}
	return is_all_gone(v, tables, left);
}

/* Of the rows of a first page: others may have come before them. */
static void compare_rows(struct view *v, const json_t *was, const json_t *is)
{
	bool all = all_rows_gone(v, was, is);
	const char *table;
	const json_t *ids;

	json_object_foreach((json_t *)was, table, ids)
	{
		size_t before = json_array_size(ids), after = still_there(ids, json_object_get(is, table));
		autofree char *what = xasprintf("rows of table %s", table);
		autofree char *a = xasprintf("%zu", before), *b = xasprintf("%zu", after);

		if (after == before)
			cmp_same(v->p->ret, before);
		else
			sea_lost(v->p, all, "client", what, a, b, "users can have deleted or moved them");
	}
}

/* Nobody changes a file of a base: it is put under another name. */
static void compare_file(struct view *v, const json_t *was, const json_t *is)
{
	autofree char *subject = xasprintf("attachment %s", json_str(was, "path", "?"));
	const char *then = json_str(was, "sha256", ""), *now = json_str(is, "sha256", "");

	if (!strcmp(then, now))
		cmp_same(v->p->ret, 1);
	else
		cmp_add(v->p->ret, v->p->to ? CMP_DIFFERENT : CMP_UNPROVED, subject, "content", then, now, NULL,
			"as it was downloaded before and after");
}

static const struct {
	const char *part, *what;
	void (*compare)(struct view *v, const json_t *was, const json_t *is);
} parts[] = {
	{ "login", "login", NULL },
	{ "base", "a base opened", compare_base },
	{ "rows", "rows read", compare_rows },
	{ "file", "an attachment downloaded", compare_file },
};

static void compare_part(struct view *v, size_t i, const json_t *then, const json_t *now)
{
	const json_t *was = json_object_get(then, parts[i].part), *failed = json_object_get(json_object_get(then, "failed"), parts[i].part);
	autofree char *why = xasprintf("before the switch: %s", json_str(failed, "why", "what comes before it failed"));

	if (!was)
		sea_unproved(v->p, "client", parts[i].what, why);
	else if (!has_failed(v, now, parts[i].part, parts[i].what) && parts[i].compare)
		parts[i].compare(v, was, json_object_get(now, parts[i].part));
	else if (json_object_get(now, parts[i].part))
		cmp_same(v->p->ret, 1);
}

/* That nobody asked for a client is told once, by the whole comparison. */
static void compare_client(struct view *v)
{
	const json_t *then = json_object_get(v->then, "client"), *now = json_object_get(v->now, "client");

	if (then && now)
		for (size_t i = 0; i < ARRAY_LEN(parts); i++)
			compare_part(v, i, then, now);
	else if (!sea_at_gate(v->p))
		sea_unproved(v->p, "client", "login, a base and an attachment", why_missing(v, "client", !then));
}

/* ---- the programs beside the server ---- */

/* The switch touches none of them, so one that keeps silent is no fault of the new server; not being told of one is. */
static void compare_helpers(struct view *v)
{
	const json_t *now = json_object_get(v->now, "helpers"), *was;
	const char *name;

	json_object_foreach(json_object_get(v->then, "helpers"), name, was)
	{
		const char *is = json_str(now, name, NULL);
		autofree char *subject = xasprintf("program %s", name);

		if (*json_string_value(was))
			sea_unproved(v->p, subject, "answer", "it did not answer before the switch either");
		else if (!now)
			sea_unproved(v->p, subject, "answer", facts_why_missing(v->p->now, BASE_OUTSIDE));
		else if (!is)
			sea_moved(v->p, subject, "use", "yes", "no", "the new server is not told to use it");
		else if (*is)
			sea_unproved(v->p, subject, "answer", is);
		else
			cmp_same(v->p->ret, 1);
	}
}

/* What clients see was looked at before the stop, with all of them at work. */
void sea_compare_outside(struct sea_proof *p)
{
	struct sea_proof served = *p;
	struct view v = { .p = &served, .then = facts_get(p->frozen, BASE_OUTSIDE), .now = facts_get(p->now, BASE_OUTSIDE) };

	served.still = false;
	compare_certificate(&v);
	compare_client(&v);
	compare_helpers(&v);
}
