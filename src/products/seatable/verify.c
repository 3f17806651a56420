/* Comparing the installation now with its baseline. Users write all the time: what grew since is theirs, what shrank is told at the gate of the
 * new server and doubted later, and what a minor release must not move is different when it moved (facts/seatable 10). */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "engine/plan.h"
#include "products/seatable/baseline.h"
#include "products/seatable/dumps.h"
#include "products/seatable/server.h"
#include "products/seatable/verify.h"

#define RULE_SINCE   "seatable.written-since"
#define RULE_OWN     "seatable.own-writes"
#define RULE_PATCH   "seatable.release-patch"
#define RULE_PLUGINS "seatable.plugins-repo"

#define SETTINGS "dtable_web_settings.py"
#define ANSWER_MAX (256u << 10)

static const char *word_of(const struct sea_proof *p, const char *key)
{
	const json_t *value = p->c->plan ? json_object_get(plan_pinned(p->c->plan), key) : NULL;

	return value ? json_string_value(value) : facts_str(p->frozen, key, NULL);
}

static bool at_gate(const struct sea_proof *p)
{
	return p->depth == DEPTH_GATE;
}

/* What users could have done just as well: at the gate of the new server there was hardly time for it, before a way back weeks. */
static void doubt(struct sea_proof *p, const char *subject, const char *what, const char *was, const char *is, const char *why)
{
	cmp_add(p->ret, at_gate(p) && p->to ? CMP_DIFFERENT : CMP_UNPROVED, subject, what, was, is, NULL, why);
}

/* ---- the server ---- */

static void compare_word(struct sea_proof *p, const char *what, const char *want, const char *is)
{
	if (!is || !*is)
		cmp_add(p->ret, CMP_UNPROVED, "server", what, want, NULL, NULL, "the server tells none that is known");
	else if (!want)
		cmp_add(p->ret, CMP_UNPROVED, "server", what, NULL, is, NULL, "nothing says which one is expected");
	else
		cmp_text(p->ret, "server", what, want, is);
}

static void compare_doors(struct sea_proof *p, const json_t *pings)
{
	const char *door;
	const json_t *why;

	/* The old server was waited for at the door of clients alone. */
	json_object_foreach((json_t *)pings, door, why)
	{
		if (p->to || !*json_string_value(why))
			cmp_text(p->ret, "server", door, "", json_string_value(why));
		else
			cmp_add(p->ret, CMP_UNPROVED, "server", door, NULL, NULL, NULL, json_string_value(why));
	}
}

static int compare_server(struct sea_proof *p, struct err *e)
{
	autobuf struct buf said = BUF_MAX(ANSWER_MAX);
	autojson json_t *says = NULL, *pings = NULL;
	struct err why = ERR_INIT;

	if (sea_server_ask(json_str(ctx_site(p->c, NULL)->doc, "container", ""), &said, &why) >= 0)
		sea_server_read(buf_sv(&said), &says, &pings);
	if (!says && p->to)
		return err_set(e, ERR_REFUSED, "the server does not say who it is%s%s", why.kind ? ": " : "", why.msg);
	if (!says) {
		cmp_add(p->ret, CMP_UNPROVED, "server", "edition and version", NULL, NULL, NULL, why.kind ? why.msg : "it does not answer");
		return 0;
	}
	compare_word(p, "edition", p->edition, sea_edition_of(json_str(says, "edition", "")));
	compare_word(p, "version", p->version, json_str(says, "version", ""));
	compare_doors(p, pings);
	return 0;
}

/* ---- the other containers ---- */

static void compare_containers(struct sea_proof *p)
{
	const json_t *then = facts_get(p->frozen, BASE_CONTAINERS), *now = facts_get(p->now, BASE_CONTAINERS), *was;
	const char *name;

	if (!then || !now) {
		cmp_add(p->ret, CMP_UNPROVED, "other containers", "ids and images", NULL, NULL, NULL,
			facts_why_missing(then ? p->now : p->frozen, BASE_CONTAINERS) ?: "nobody looked");
		return;
	}
	json_object_foreach((json_t *)then, name, was)
	{
		const json_t *is = json_object_get(now, name);
		autofree char *subject = xasprintf("container %s", name);

		if (json_equal(was, is))
			cmp_same(p->ret, 2);
		else
			doubt(p, subject, is && !strcmp(json_str(was, "image", ""), json_str(is, "image", "")) ? "id" : "image",
			      json_str(was, "image", ""), is ? json_str(is, "image", "") : NULL,
			      "somebody made it anew; the switch touches the server's alone");
	}
}

/* ---- databases ---- */

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

		if (before == after)
			cmp_same(p->ret, 1);
		else if (after < 0)
			cmp_add(p->ret, CMP_DIFFERENT, subject, "rows", a, b, NULL, NULL);
		else if (sea_is_written_always(table_of(name)))
			cmp_add(p->ret, CMP_EXPLAINED, subject, "rows", a, b, RULE_OWN, NULL);
		else if (after > before)
			cmp_add(p->ret, CMP_EXPLAINED, subject, "rows", a, b, RULE_SINCE, NULL);
		else
			doubt(p, subject, "rows", a, b, "fewer than before: users can have deleted them");
	}
}

/* Where rows came or went, another sum says nothing more. */
static void compare_sums(struct sea_proof *p)
{
	const json_t *sums = facts_get(p->now, BASE_SUMS), *was;
	const char *name;

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
			doubt(p, subject, "newest edit", NULL, NULL, "operation_log ends before it: the base can have been deleted");
	}
}

/* ---- files ---- */

static void compare_release(struct sea_proof *p)
{
	const char *was = facts_str(p->frozen, BASE_RELEASE, NULL), *is = facts_str(p->now, BASE_RELEASE, NULL);

	if (!was || !is)
		cmp_add(p->ret, CMP_UNPROVED, "data", "current_version.txt", was, is, NULL, "it cannot be read");
	else if (strcmp(was, is) != 0 && !dumps_release_moved(was, is))
		cmp_add(p->ret, CMP_EXPLAINED, "data", "current_version.txt", was, is, RULE_PATCH, NULL);
	else
		cmp_text(p->ret, "data", "current_version.txt", was, is);
}

static void compare_conf(struct sea_proof *p)
{
	const json_t *now = facts_get(p->now, BASE_CONF), *was;
	const char *name;

	json_object_foreach((json_t *)facts_get(p->frozen, BASE_CONF), name, was)
	{
		const json_t *is = json_object_get(now, name);
		autofree char *subject = xasprintf("configuration %s", name);

		if (!strcmp(name, "current_version.txt"))
			continue;
		if (json_equal(was, is))
			cmp_same(p->ret, 1);
		else if (is && !strcmp(name, SETTINGS))
			cmp_add(p->ret, CMP_EXPLAINED, subject, "content", NULL, NULL, RULE_PLUGINS, NULL);
		else
			doubt(p, subject, "content", json_string_value(was), json_string_value(is), "somebody can have edited it");
	}
}

static void compare_folders(struct sea_proof *p)
{
	const json_t *now = facts_get(p->now, BASE_FOLDERS), *was;
	const char *name;

	json_object_foreach((json_t *)facts_get(p->frozen, BASE_FOLDERS), name, was)
	{
		const json_t *is = json_object_get(now, name);
		int64_t before = json_int(was, "files", 0), after = json_int(is, "files", -1);
		autofree char *subject = xasprintf("folder %s", name);
		autofree char *a = xasprintf("%" PRId64 " files", before), *b = xasprintf("%" PRId64 " files", after);

		if (json_equal(was, is))
			cmp_same(p->ret, (uint64_t)before);
		else if (after >= before)
			cmp_add(p->ret, CMP_EXPLAINED, subject, "files", a, b, RULE_SINCE, NULL);
		else
			doubt(p, subject, "files", a, b, "fewer than before: users can have deleted them");
	}
}

/* ---- all of it ---- */

static void compare_data(struct sea_proof *p)
{
	compare_shapes(p);
	compare_rows(p);
	compare_edits(p);
	compare_release(p);
	compare_conf(p);
	if (!at_gate(p)) {
		compare_sums(p);
		compare_folders(p);
	}
}

int seatable_verify(struct ctx *c, const struct facts *frozen, const struct goal *to, enum depth d, struct comparisons *ret, struct err *e)
{
	autofacts struct facts now = { 0 };
	struct sea_proof p = { .c = c, .frozen = frozen, .now = &now, .to = to, .depth = d, .ret = ret };

	p.edition = word_of(&p, to ? SEA_TO_EDITION : SEA_EDITION);
	p.version = word_of(&p, to ? SEA_TO_VERSION : SEA_VERSION);
	ret->level = xstrdup(at_gate(&p) ? "server, schemas, rows and configuration" : "server, schemas, rows, sums, configuration and folders");
	if (!facts_get(frozen, BASE_TABLES))
		return err_set(e, ERR_ABSENT, "no baseline was read before the switch");
	facts_init(&now, frozen->doc ? json_str(frozen->doc, "product", "seatable") : "seatable", json_str(frozen->doc, "name", "seatable"));
	if (compare_server(&p, e) < 0 || sea_baseline(c, at_gate(&p), &now, e) < 0)
		return -(int)e->kind;
	compare_containers(&p);
	compare_data(&p);
	if (!at_gate(&p))
		cmp_add(ret, CMP_UNPROVED, "client", "login, a base and an attachment", NULL, NULL, NULL,
			"no client of ours logs in: 'settings.probe' is not used yet");
	return 0;
}
