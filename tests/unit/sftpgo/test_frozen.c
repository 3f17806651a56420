/* What was written down of a stopped database, when the state directory is lost. */
#include <sys/stat.h>

#include "base/mem.h"
#include "engine/plan.h"
#include "engine/restore_point.h"
#include "products/sftpgo/facts.h"
#include "products/sftpgo/frozen.h"
#include "products/sftpgo/objects_compare.h"
#include "products/sftpgo/rules_waiting.h"
#include "products/sftpgo/sftpgo.h"

#include "golden_db.h"

#define RUN "20261121-120000-0001"

struct bench {
	struct goal goal;
	struct plan plan;
	struct facts seen;
	struct ctx c;
};

/* A database of which the restore point, where the run has one, holds no file. */
static void bench_init(struct bench *b, const struct place *p, const char *file, const char *home)
{
	struct err e = ERR_INIT;

	*b = (struct bench){ .plan.doc = json_pack("{s{ss} s{ss? s[{ss ss}]}}", "pinned", SF_DRIVER, "sqlite", "restore_point", "home",
						   home, "scope", "name", "root", "path", below(p, "root")),
			     .goal = { .product = "sftpgo", .name = "sftpgo", .restore_point = json_pack("{ss}", "kind", "tree") } };
	facts_init(&b->seen, "sftpgo", "sftpgo");
	facts_put_str(&b->seen, FACT_PINNED, SF_DB_FILE, file, "test");
	b->c = (struct ctx){ .goal = &b->goal, .plan = &b->plan, .run = RUN, .state = DIR_NONE, .blobs = DIR_NONE };
	assert_ok(dir_make_path(below(p, "undo"), 0700, &b->c.blobs, &e), &e);
}

static void bench_done(struct bench *b)
{
	dir_close(&b->c.blobs);
	facts_done(&b->seen);
	json_decref(b->plan.doc);
	json_decref(b->goal.restore_point);
}

static void make_point(const struct place *p, const char *home)
{
	struct scope_root root = { .name = (char *)"root", .path = (char *)below(p, "root") };
	const struct scope scope = { .v = &root, .n = 1 };
	autojson json_t *about = json_pack("{ss}", "product", "sftpgo");
	struct point made = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	assert_int_equal(mkdir(root.path, 0700), 0);
	assert_ok(point_make(home, RUN, &scope, about, &made, &e), &e);
	point_done(&made);
}

static void lose_records(struct bench *b, const struct place *p)
{
	struct err e = ERR_INIT;

	dir_close(&b->c.blobs);
	assert_ok(dir_remove_tree(&p->dir, "undo", &e), &e);
	assert_ok(dir_make_path(below(p, "undo"), 0700, &b->c.blobs, &e), &e);
}

static int count(void *n, const struct object_difference *d, struct err *e)
{
	++*(int *)n;
	return 0;
}

static int differences(struct bench *b, const char *file)
{
	struct provider_at at = { .driver = "sqlite", .path = file };
	autoprovider struct provider *now = NULL;
	struct object_tally unused;
	struct err e = ERR_INIT;
	autoclose int frozen = frozen_open(&b->c, &b->seen, &e);
	int n = 0;

	assert_ok(frozen, &e);
	assert_ok(provider_open(&at, &now, &e), &e);
	assert_ok(objects_compare(frozen, "what was written down", now, count, &n, &unused, &e), &e);
	return n;
}

static void the_restore_point_has_it_too(void **state)
{
	autofree char *file = xstrdup(golden_db(*state, "a.db", "provider-29.sql")), *home = xstrdup(below(*state, ".crossgrade-root"));
	struct err e = ERR_INIT;
	struct bench b;

	make_point(*state, home);
	bench_init(&b, *state, file, home);
	run_sql_on(file, "UPDATE users SET description = 'before the last pass' WHERE id = 1");
	assert_ok(frozen_make(&b.c, &b.seen, &e), &e);
	run_sql_on(file, "UPDATE users SET description = 'as it was stopped' WHERE id = 1");
	assert_ok(frozen_make(&b.c, &b.seen, &e), &e);          /* a step made again */
	lose_records(&b, *state);
	assert_int_equal(differences(&b, file), 0);
	run_sql_on(file, "UPDATE users SET description = 'by a client' WHERE id = 1");
	assert_int_equal(differences(&b, file), 1);
	bench_done(&b);
}

static void without_a_restore_point_it_is_lost(void **state)
{
	autofree char *file = xstrdup(golden_db(*state, "a.db", "provider-29.sql"));
	struct err e = ERR_INIT;
	struct bench b;

	bench_init(&b, *state, file, NULL);
	assert_ok(frozen_make(&b.c, &b.seen, &e), &e);
	lose_records(&b, *state);
	assert_fails(frozen_open(&b.c, &b.seen, &e), &e, ERR_ABSENT);
	bench_done(&b);
}

/* A rule that waits for somebody who looks at it, when the plan was made; and what became of it, or of others, by the stop. */
static const struct {
	const char *sql;
	bool pauses, refused;
} rules[] = {
	{ "UPDATE events_rules SET status = 0", true, false },
	{ "UPDATE events_rules SET status = 0 WHERE name != 'uploads'", true, true },
	{ "UPDATE events_rules SET status = 0 WHERE name != 'every year'", true, true },
	{ "UPDATE events_rules SET status = 0 WHERE name != 'uploads'", false, false },
	{ "UPDATE events_rules SET status = 0 WHERE name != 'every year'", false, true },
	{ "UPDATE events_rules SET status = 0 WHERE name != 'every year'; UPDATE events_actions SET options = '{}', type = 4", true, false },
};

static void a_rule_set_active_before_the_stop_is_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		autofree char *name = xasprintf("rules-%zu.db", i), *file = xstrdup(golden_db(*state, name, "provider-33.sql"));
		struct provider_at at = { .driver = "sqlite", .path = file };
		struct site site = { .doc = json_object() };
		autofacts struct facts found = { 0 };
		autoprovider struct provider *db = NULL;
		json_t *planned = NULL, *pinned;
		struct err e = ERR_INIT;
		struct bench b;

		bench_init(&b, *state, file, NULL);
		pinned = json_object_get(b.plan.doc, "pinned");
		run_sql_on(file, "UPDATE events_rules SET status = (name = 'uploads')");
		assert_ok(provider_open(&at, &db, &e), &e);
		assert_ok(rules_waiting_read(db, &planned, &e), &e);
		assert_non_null(json_object_get(planned, "uploads"));
		assert_int_equal(json_object_size(planned), 1);
		json_object_set_new(pinned, SF_RULES, planned);
		json_object_set_new(pinned, SF_DB_FILE, json_string(file));
		run_sql_on(file, "UPDATE events_rules SET status = 1");
		run_sql_on(file, rules[i].sql);
		if (rules[i].pauses)
			*vec_push(&b.plan.steps) = (struct step){ .id = (char *)"pause-rules" };
		b.c.sites = &site;
		b.c.n_sites = 1;
		if (rules[i].refused)
			assert_fails(sftpgo_inspect(&b.c, NULL, DEPTH_FROZEN, &found, &e), &e, ERR_CHANGED);
		else
			assert_ok(sftpgo_inspect(&b.c, NULL, DEPTH_FROZEN, &found, &e), &e);
		vec_done(&b.plan.steps);
		json_decref(site.doc);
		bench_done(&b);
	}
}

static json_t *saved(const struct place *p, const char *golden, const struct writes *w)
{
	autofree char *file = xstrdup(golden_db(p, golden, golden));
	json_t *doc = NULL;
	struct err e = ERR_INIT;
	struct bench b;

	run_sql_on(file, "UPDATE events_rules SET status = 0; UPDATE users SET status = 0;"
			 " UPDATE configurations SET configs = '{\"acme\":{\"domain\":\"x.example\"}}'");
	bench_init(&b, p, file, NULL);
	json_object_set_new(json_object_get(b.plan.doc, "pinned"), SF_DB_FILE, json_string(file));
	assert_ok(sftpgo_save_since(&b.c, w, &p->dir, &e), &e);
	assert_ok(json_read(&p->dir, "changes.json", 1 << 20, &doc, &e), &e);
	bench_done(&b);
	return doc;
}

/* What a load would take otherwise: a list of configs is refused, without a version every rule is set active. */
static void what_is_saved_is_a_dump(void **state)
{
	static const struct { const char *golden; int version; } cases[] = { { "provider-29.sql", 16 }, { "provider-33.sql", 17 } };
	struct write_count some[] = { { .subject = (char *)"configs configs" },
				      { .subject = (char *)"event_rules uploads" },
				      { .subject = (char *)"users user-00001" } };
	const struct writes w = { .v = some, .n = ARRAY_LEN(some) };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autojson json_t *doc = saved(*state, cases[i].golden, &w);
		const json_t *some_rules = json_object_get(doc, "event_rules"), *users = json_object_get(doc, "users");

		assert_int_equal(json_int(doc, "version", 0), cases[i].version);
		assert_string_equal(json_str(json_object_get(json_object_get(doc, "configs"), "acme"), "domain", ""), "x.example");
		assert_int_equal(json_array_size(some_rules), 1);
		assert_int_equal(json_int(json_array_get(some_rules, 0), "status", -1), 0);
		assert_int_equal(json_int(json_array_get(users, 0), "status", -1), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(the_restore_point_has_it_too),
		in_place(without_a_restore_point_it_is_lost),
		in_place(what_is_saved_is_a_dump),
		in_place(a_rule_set_active_before_the_stop_is_refused),
	};

	return cmocka_run_group_tests_name("sftpgo/frozen", tests, NULL, NULL);
}
