/* Comparing the installation now with what was written down of the stopped database. */
#include "products/sftpgo/verify.h"

#include <inttypes.h>
#include <string.h>

#include "engine/container_move.h"
#include "engine/event.h"
#include "products/sftpgo/alone.h"
#include "products/sftpgo/build.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/frozen.h"
#include "products/sftpgo/objects_compare.h"
#include "products/sftpgo/quotas.h"
#include "products/sftpgo/tables_made.h"
#include "products/sftpgo/talk.h"
#include "products/sftpgo/verify_trial.h"

#define ASK_WITHIN (20 * NS_PER_S)

const json_t *proof_fact(const struct proof *p, const char *key)
{
	const json_t *value = p->c->plan ? json_object_get(plan_pinned(p->c->plan), key) : NULL;

	return value ? value : facts_get(p->frozen, key);
}

const char *proof_word(const struct proof *p, const char *key)
{
	return json_string_value(proof_fact(p, key));
}

/* ---- the server ---- */

static void compare_word(struct proof *p, const char *what, const char *want, const char *is)
{
	if (!*is)
		cmp_add(p->ret, CMP_UNPROVED, "server", what, want, NULL, NULL, "the server does not tell it");
	else if (!want)
		cmp_add(p->ret, CMP_UNPROVED, "server", what, NULL, is, NULL, "nothing says which one is expected");
	else
		cmp_text(p->ret, "server", what, want, is);
}

static bool is_copy(const struct proof *p)
{
	return !strcmp(json_str(json_object_get(ctx_site(p->c, NULL)->doc, "service"), "kind", ""), "windows");
}

/* Of a Windows host: its log tells which release ran last, and nobody answers here. */
static int compare_copied_server(struct proof *p, struct err *e)
{
	autofacts struct facts now = { 0 };

	if (sftpgo_inspect(p->c, NULL, DEPTH_QUICK, &now, e) < 0)
		return -(int)e->kind;
	compare_word(p, "edition", p->edition, facts_str(&now, SF_EDITION, ""));
	compare_word(p, "version", p->version, facts_str(&now, SF_VERSION, ""));
	cmp_add(p->ret, CMP_UNPROVED, "server", "what clients see", NULL, NULL, NULL, "it runs on the Windows host: look there");
	return 0;
}

static int compare_server(struct proof *p, struct err *e)
{
	struct probe seen;

	if (is_copy(p))
		return compare_copied_server(p, e);
	if (sftpgo_probe(ctx_site(p->c, NULL), false, ASK_WITHIN, &seen, e) < 0)
		return -(int)e->kind;
	if (!seen.serving && p->to)
		return err_set(e, ERR_REFUSED, "the new server does not answer: %s", seen.detail);
	if (!seen.serving) {
		cmp_add(p->ret, CMP_UNPROVED, "server", "edition and version", NULL, NULL, NULL, seen.detail);
		return 0;
	}
	compare_word(p, "edition", p->edition, seen.edition);
	compare_word(p, "version", p->version, seen.version);
	compare_outside(p);
	/* That waited for its doors: what is not active now is not about to be. */
	if (p->to)
		compare_rest(p);
	if (p->to && p->depth != DEPTH_GATE)
		compare_log(p);
	return 0;
}

/* ---- the database ---- */

static int64_t schema_before(const struct proof *p)
{
	return json_integer_value(proof_fact(p, SF_SCHEMA));
}

void compare_schema_number(struct proof *p, int is)
{
	int64_t was = schema_before(p);
	struct sftpgo_version v = { 0 };
	int want = p->version && sftpgo_version_parse(p->version, &v) ? sftpgo_version_schema(&v) : 0;
	autofree char *a = xasprintf("%" PRId64, was), *b = xasprintf("%d", is);
	autofree char *other = xasprintf("of this release %d is known, by its documentation alone", want);

	if (!p->to && was != is && sftpgo_follows(p->c->goal))
		cmp_add(p->ret, CMP_UNPROVED, "database", "schema", a, b, NULL, "the way back of this node leaves the database alone");
	else if (!p->to || (want == is && was == is))
		cmp_int(p->ret, "database", "schema", was, is);
	else if (want == is)
		cmp_add(p->ret, CMP_EXPLAINED, "database", "schema", a, b, "sftpgo.schema-step", NULL);
	else if (!want)
		cmp_add(p->ret, CMP_UNPROVED, "database", "schema", a, b, NULL, "which schema this release writes is not known here");
	else if (was <= is && sftpgo_version_may_write(&v, is))
		cmp_add(p->ret, CMP_UNPROVED, "database", "schema", a, b, NULL, other);
	else
		cmp_add(p->ret, CMP_DIFFERENT, "database", "schema", a, b, NULL, was == is ?
			"the release expected writes another: it never started here, or the server has its data in another database" : NULL);
}

/* A follower goes back alone, and stays stopped: whoever starts it must know. */
static void warn_of_schema(const struct proof *p, int is)
{
	int own = !p->to && p->c->plan && sftpgo_follows(p->c->goal) ? alone_old_schema(p->c) : 0;

	if (own && is > own)
		event_emit(p->c->events, "warning",
			   json_pack("{so}", "text", json_sprintf("the database has schema %d, and %s knows %d: it must not be started before "
								  "the node that went first is rolled back", is, p->version, own)));
}

/* The frozen database has the rules as the run paused them; with the old world they are active again. */
static bool was_paused(const struct proof *p, const struct object_difference *d)
{
	const json_t *rules = p->c->plan ? json_object_get(plan_pinned(p->c->plan), SF_RULES) : NULL;

	return !p->to && d->kind == OBJ_EVENT_RULES && json_object_get(rules, d->key) &&
	       (!strcmp(d->field, "status") || !strcmp(d->field, "updated_at"));
}

static int record(void *data, const struct object_difference *d, struct err *e unused_arg)
{
	static const char *const there[] = { [OBJECT_MISSING] = "there", [OBJECT_NEW] = NULL };
	autofree char *subject = xasprintf("%s %s", object_kind_name(d->kind), d->key);
	struct proof *p = data;
	const char *rule = d->rule, *why = NULL;
	enum outcome kind = CMP_DIFFERENT;

	if (d->change == OBJECT_CHANGED && !rule && was_paused(p, d))
		rule = "sftpgo.rules-paused";
	if (rule)
		kind = strcmp(rule, RULE_USED) != 0 ? CMP_EXPLAINED : used_judge(p, d, &why);
	if (kind != CMP_EXPLAINED)
		rule = NULL;
	if (kind == CMP_DIFFERENT && sftpgo_follows(p->c->goal)) {
		kind = CMP_UNPROVED;
		why = "another node of the same provider may have changed it";
	}
	if (d->change == OBJECT_CHANGED)
		cmp_add(p->ret, kind, subject, d->field, d->was, d->is, rule, why);
	else
		cmp_add(p->ret, kind, subject, "object", there[d->change], d->change == OBJECT_NEW ? "there" : NULL, rule, why);
	return 0;
}

/* 1 compared, 0 it is not at hand, or holds what cannot be read: that is no fault of the new server's, and nothing is said of it. */
static int compare_at_gate(struct proof *p, struct provider *db, struct object_tally *ret, struct err *e)
{
	autoprovider struct provider *then = NULL;
	struct comparisons found = { 0 };
	struct proof at_gate = *p;
	struct err why = ERR_INIT;
	int r;

	if (!p->to || p->depth != DEPTH_GATE || frozen_database(p->c, &then, &why) < 0)
		return 0;
	at_gate.ret = &found;
	r = objects_compare_two(then, db, record, &at_gate, ret, e);
	if (!r)
		cmp_move(&found, p->ret);
	comparisons_done(&found);
	if (r > 0)
		err_clear(e);
	return r < 0 ? r : !r;
}

/* 1 compared, 0 what could not be is said. */
static int compare_written_down(struct proof *p, struct provider *db, struct object_tally *ret, struct err *e)
{
	struct err why = ERR_INIT;
	autoclose int frozen = frozen_open(p->c, p->frozen, &why);

	if (frozen < 0) {
		cmp_add(p->ret, CMP_UNPROVED, "database", "objects", NULL, NULL, NULL, why.msg);
		return 0;
	}
	return objects_compare(frozen, "what was written down", db, record, p, ret, e) < 0 ? -(int)e->kind : 1;
}

/* On the way back what the run set inactive must be active again. The frozen database cannot tell: it has it inactive, too. Later it is
 * the operator's. */
static int compare_paused(const struct proof *p, struct provider *db, struct err *e)
{
	const json_t *paused = json_object_get(json_object_get(p->c->results, "pause-rules"), "paused");
	autoobjects struct objects *all = NULL;
	const struct object *o;
	int r;

	if (p->to || p->c->afterwards || !json_array_size(paused))
		return 0;
	r = objects_open(db, OBJ_EVENT_RULES, &all, e);
	while (r >= 0 && (r = objects_next(all, &o, e)) > 0) {
		autofree char *subject = xasprintf("%s %s", object_kind_name(o->kind), o->key);

		if (json_lists(paused, o->key) && json_int(o->fields, "status", 0) != 1)
			cmp_add(p->ret, CMP_DIFFERENT, subject, "status", "active", "inactive", NULL, NULL);
	}
	return r;
}

int compare_objects(struct proof *p, struct provider *db, struct err *e)
{
	struct object_tally tally = { 0 };
	int r;

	p->shut = used_is_shut(p);
	r = p->shut ? used_rules_look(db, &p->rules_count, e) : 0;
	if (r >= 0)
		r = compare_at_gate(p, db, &tally, e);
	if (!r)
		r = compare_written_down(p, db, &tally, e);
	if (r >= 0 && compare_paused(p, db, e) < 0)
		r = -(int)e->kind;
	if (r < 0)
		return err_wrap(e, "compare the objects of the database");
	if (!r)
		return 0;
	for (int i = 0; i < OBJ__MAX; i++)
		cmp_same(p->ret, (uint64_t)tally.same.n[i]);
	if (!p->to)
		quotas_left_tell(p->c, p->ret);
	return 0;
}

/* A run's database is where its plan says. By hand it may have been moved: then it is where the server has it now. */
static int compare_database(struct proof *p, struct err *e)
{
	autoprovider struct provider *db = NULL;
	autofacts struct facts now = { 0 };

	if (!p->c->plan && sftpgo_inspect(p->c, NULL, DEPTH_QUICK, &now, e) < 0)
		return -(int)e->kind;
	/* Its address means another host here. */
	if (is_copy(p) && database_is_server(facts_str(&now, SF_DRIVER, NULL))) {
		cmp_add(p->ret, CMP_UNPROVED, "database", "schema and objects", NULL, NULL, NULL, "its server is not asked from here");
		return 0;
	}
	if (database_open(p->c, p->c->plan ? p->frozen : &now, &db, e) < 0)
		return err_wrap(e, "read the database");
	if (p->to && database_is_server(provider_driver(db)) && tables_made_note(p->c, db, e) < 0)
		return err_wrap(e, "read the database");
	compare_schema_number(p, provider_schema(db));
	warn_of_schema(p, provider_schema(db));
	if (compare_license_covers(p, db, e) < 0 || compare_objects(p, db, e) < 0)
		return -(int)e->kind;
	/* At the gate a step of its own tries them. */
	if (p->to && p->depth != DEPTH_GATE)
		compare_logins(p, db);
	return p->c->plan ? 0 : compare_files(p, db, e);
}

/* ---- what is expected ---- */

int proof_expect(struct proof *p, json_t **ret_artifact, struct err *e)
{
	const char *path = p->to && !p->c->plan ? goal_artifact(p->to, 0) : NULL;

	if (path && build_judge(path, proof_fact(p, SF_ARTIFACT), ret_artifact, e) < 0)
		return -(int)e->kind;
	if (!path && p->to && !p->c->plan && goal_image(p->to))
		*ret_artifact = sftpgo_image_artifact(p->to);
	p->edition = proof_word(p, SF_EDITION);
	p->version = proof_word(p, SF_VERSION);
	if (p->to && p->c->plan) {
		p->edition = proof_word(p, SF_TARGET_EDITION);
		p->version = proof_word(p, SF_TARGET_VERSION);
	} else if (p->to) {
		p->edition = goal_edition(p->to) ? goal_edition(p->to) : json_str(*ret_artifact, "edition", p->edition);
		p->version = goal_version(p->to) ? goal_version(p->to) : json_str(*ret_artifact, "version", NULL);
	}
	return 0;
}

int sftpgo_verify(struct ctx *c, const struct facts *frozen, const struct goal *to, enum depth d, struct comparisons *ret,
                  struct err *e)
{
	struct proof p = { .c = c, .frozen = frozen, .to = to, .depth = d, .ret = ret };
	autojson json_t *artifact = NULL;
	int r = proof_expect(&p, &artifact, e);

	if (r >= 0)
		r = compare_server(&p, e);
	if (r >= 0)
		r = compare_database(&p, e);
	json_decref(p.features);
	if (r < 0)
		return r;
	ret->level = xstrdup("objects");
	return 0;
}
