/* Databases then and now. Users write all the time: what grew since is theirs, what shrank may be, and what a minor release must not move is
 * different when it moved (facts/seatable 10). */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "products/seatable/baseline.h"
#include "products/seatable/bases.h"
#include "products/seatable/verify.h"

#define RULE_SINCE "seatable.written-since"
#define RULE_OWN   "seatable.own-writes"
#define FEW        10   /* rows that users can have deleted all of, while the server still served */

static void compare_shapes(struct sea_proof *p)
{
	const char *schema;
	const json_t *was;

	json_object_foreach((json_t *)facts_get(p->frozen, BASE_SHAPES), schema, was)
	{
		autofree char *subject = xasprintf("schema %s", schema);

		cmp_text(p->ret, subject, "columns and indexes", json_string_value(was), json_str(facts_get(p->now, BASE_SHAPES), schema, NULL));
	}
}

static const char *table_of(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot ? dot + 1 : name;
}

static void compare_rows(struct sea_proof *p)
{
	const json_t *now = facts_get(p->now, BASE_TABLES), *was;
	const char *name;

	json_object_foreach((json_t *)facts_get(p->frozen, BASE_TABLES), name, was)
	{
		int64_t before = json_integer_value(was), after = json_int(now, name, -1);
		autofree char *subject = xasprintf("table %s", name);
		autofree char *a = xasprintf("%" PRId64, before), *b = after < 0 ? NULL : xasprintf("%" PRId64, after);
		const char *uncounted = json_str(facts_get(p->now, BASE_UNCOUNTED), name, NULL);

		if (before == after)
			cmp_same(p->ret, 1);
		else if (after < 0)
			cmp_add(p->ret, uncounted ? CMP_UNPROVED : CMP_DIFFERENT, subject, "rows", a, b, NULL, uncounted);
		else if (sea_is_written_always(table_of(name)))
			cmp_add(p->ret, CMP_EXPLAINED, subject, "rows", a, b, RULE_OWN, NULL);
		else if (after > before)
			cmp_add(p->ret, CMP_EXPLAINED, subject, "rows", a, b, RULE_SINCE, NULL);
		else
			sea_lost(p, !after && before > FEW, subject, "rows", a, b, "fewer than before: users can have deleted them");
	}
}

/* Of some rows alone were counted, then or now. */
static void say_unsummed(struct sea_proof *p)
{
	const char *name;
	const json_t *unused;

	json_object_foreach((json_t *)facts_get(p->frozen, BASE_TABLES), name, unused)
	{
		const struct facts *f = json_object_get(facts_get(p->frozen, BASE_SUMS), name) ? p->now : p->frozen;
		const char *why = json_str(facts_get(f, BASE_UNSUMMED), name, f == p->now ? NULL : "its rows were counted and not read");
		autofree char *subject = xasprintf("table %s", name);

		if (why && !sea_is_written_always(table_of(name)))
			sea_unproved(p, subject, "content", why);
	}
}

/* Where rows came or went, another sum says nothing more. */
static void compare_sums(struct sea_proof *p)
{
	const char *missing = facts_why_missing(p->frozen, BASE_SUMS) ?: facts_why_missing(p->now, BASE_SUMS), *name;
	const json_t *sums = facts_get(p->now, BASE_SUMS), *was;

	if (missing) {
		sea_unproved(p, "tables", "content", missing);
		return;
	}
	say_unsummed(p);

	json_object_foreach((json_t *)facts_get(p->frozen, BASE_SUMS), name, was)
	{
		const json_t *is = json_object_get(sums, name);
		autofree char *subject = xasprintf("table %s", name);

		if (json_equal(was, is))
			cmp_same(p->ret, 1);
		else if (is && json_equal(json_object_get(facts_get(p->frozen, BASE_TABLES), name),
					  json_object_get(facts_get(p->now, BASE_TABLES), name)))
			cmp_add(p->ret, CMP_UNPROVED, subject, "content", NULL, NULL, NULL,
				"as many rows as before, and some say something else: whether users changed them is not told");
	}
}

/* Every edit is in operation_log until it is in the base: one that is gone from its end was lost. */
static void compare_edits(struct sea_proof *p)
{
	const json_t *now = facts_get(p->now, BASE_EDITS), *was;
	const char *uuid;

	json_object_foreach((json_t *)facts_get(p->frozen, BASE_EDITS), uuid, was)
	{
		const json_t *is = json_object_get(now, uuid);
		autofree char *subject = xasprintf("base %s", uuid);

		if (is && json_int(is, "newest", -1) >= json_int(was, "newest", 0))
			cmp_same(p->ret, 1);
		else
			sea_lost(p, !json_object_size(now), subject, "newest edit", NULL, NULL,
				 "operation_log ends before it: the base can have been deleted");
	}
}

/* Of others that went, their rows are told. */
static void compare_bases(struct sea_proof *p)
{
	const json_t *then = facts_get(p->frozen, BASE_BASES), *now = facts_get(p->now, BASE_BASES), *unused;
	const char *uuid;

	if (!now)
		return;
	json_object_foreach(json_object_get(then, "bases"), uuid, unused)
	{
		autofree char *subject = xasprintf("base %s", uuid);

		if (sea_base_vanished(then, now, uuid))
			sea_moved(p, subject, "is there", "yes", "no", "one that a user deletes is marked and stays, until the trash is cleared");
	}
}

void sea_compare_databases(struct sea_proof *p)
{
	compare_shapes(p);
	compare_rows(p);
	sea_unread(p, BASE_UNCOUNTED, "table", "rows");
	compare_edits(p);
	compare_bases(p);
	if (!sea_at_gate(p))
		compare_sums(p);
}
