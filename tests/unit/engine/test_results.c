/* What checks and comparisons found: worst first, nothing lost, and what stops a run. */
#include "engine/results.h"

#include <string.h>

#include "engine/checks.h"
#include "engine/need.h"
#include "unit/unit.h"

static const char sheet_text[] = "checks:\n"
				 "  toy.a: {title: A, reason: r, remedy: m, source: s, seen: 2026-11-21, overridable: true}\n"
				 "  toy.b: {title: B, reason: r, remedy: m, source: s, seen: 2026-11-21}\n";

static void look_a(const struct facts *now, const struct goal *to, struct results *ret)
{
	results_add(ret, "toy.a", VERDICT_WARN, "table z", "seen %d", 1);
	results_add(ret, "toy.a", VERDICT_WARN, "table b", "seen %d", 2);
}

static void look_b(const struct facts *now, const struct goal *to, struct results *ret)
{
	results_add(ret, "toy.b", VERDICT_BLOCK, NULL, "no");
}

static void look_quiet(const struct facts *now, const struct goal *to, struct results *ret)
{
}

static const struct check checks[] = { { "toy.quiet", look_quiet }, { "toy.a", look_a }, { "toy.b", look_b }, { NULL } };

static void checks_come_worst_first(void **state)
{
	static const struct product toy = { .name = "toy", .checks = checks };
	struct results found = { 0 };

	checks_run(&toy, NULL, NULL, &found);
	assert_int_equal(found.n, 4);
	assert_string_equal(found.v[0].id, "toy.b");
	assert_string_equal(found.v[1].subject, "table b");
	assert_string_equal(found.v[1].seen, "seen 2");
	assert_string_equal(found.v[2].subject, "table z");
	/* A check that finds nothing passed. */
	assert_string_equal(found.v[3].id, "toy.quiet");
	assert_int_equal(found.v[3].verdict, VERDICT_PASS);
	results_done(&found);
}

static size_t stopping(enum verdict v, const char *id, const char *const *accepted, bool yes)
{
	autobuf struct buf ids = BUF_MAX(256);
	struct results found = { 0 };
	struct sheet texts = { 0 };
	struct err e = ERR_INIT;
	size_t n;

	assert_ok(sheet_load("test", SV(sheet_text), &texts, &e), &e);
	results_add(&found, id, v, NULL, "x");
	results_add(&found, id, v, "again", "x");
	n = checks_stopping(&found, &texts, accepted, yes, &ids);
	if (n)
		assert_memory_equal(buf_str(&ids), id, strlen(id));
	assert_int_equal(ids.len > 0, n > 0);
	results_done(&found);
	sheet_done(&texts);
	return n;
}

static void what_stops_a_run(void **state)
{
	static const char *const a[] = { "toy.a", NULL }, *const b[] = { "toy.b", NULL };

	assert_int_equal(stopping(VERDICT_PASS, "toy.a", NULL, false), 0);
	assert_int_equal(stopping(VERDICT_NOTE, "toy.a", NULL, false), 0);
	assert_int_equal(stopping(VERDICT_WARN, "toy.a", NULL, false), 2);
	assert_int_equal(stopping(VERDICT_WARN, "toy.a", NULL, true), 0);
	assert_int_equal(stopping(VERDICT_WARN, "toy.b", b, false), 0);
	assert_int_equal(stopping(VERDICT_UNSURE, "toy.b", NULL, true), 2);
	assert_int_equal(stopping(VERDICT_UNSURE, "toy.b", b, false), 0);
	/* A block passes only when the sheet lets it and somebody asked for it by name. */
	assert_int_equal(stopping(VERDICT_BLOCK, "toy.a", NULL, true), 2);
	assert_int_equal(stopping(VERDICT_BLOCK, "toy.a", b, true), 2);
	assert_int_equal(stopping(VERDICT_BLOCK, "toy.a", a, false), 0);
	assert_int_equal(stopping(VERDICT_BLOCK, "toy.b", b, true), 2);
}

/* ---- one trouble, told once ---- */

static void look_artifact(const struct facts *now, const struct goal *to, struct results *ret)
{
	if (facts_str(now, "finding", NULL))
		results_add(ret, "toy.a", VERDICT_BLOCK, NULL, "it is damaged");
}

static void look_version(const struct facts *now, const struct goal *to, struct results *ret)
{
	need_text(now, "version", "toy.version", ret);
}

static void look_pair(const struct facts *now, const struct goal *to, struct results *ret)
{
	need_text(now, "schema", "toy.pair", ret);
	need_text(now, "version", "toy.pair", ret);
}

static void look_schema(const struct facts *now, const struct goal *to, struct results *ret)
{
	need_text(now, "schema", "toy.schema", ret);
}

static void look_untold(const struct facts *now, const struct goal *to, struct results *ret)
{
	untold_by(now, "artifact", "toy.untold", "it does not tell its age", ret);
}

static const struct check followers[] = {
	{ "toy.pair", look_pair },     { "toy.version", look_version },
	{ "toy.untold", look_untold }, { "toy.a", look_artifact, .judges = "artifact" },
	{ "toy.schema", look_schema }, { NULL }
};

static void look(struct facts *now, bool damaged)
{
	facts_init(now, "toy", "toy");
	facts_put_str(now, FACT_PINNED, "artifact", "x", "test");
	if (damaged)
		facts_put_str(now, FACT_PINNED, "finding", "x", "test");
	facts_miss_after(now, "version", "artifact", "the artifact does not tell");
	facts_miss(now, "schema", "no database");
}

static const char *follows(const struct results *r, const char *id)
{
	vec_each(r, it)
		if (!strcmp(it->id, id))
			return it->follows ? it->follows : "";
	return NULL;
}

/* Without a database and with a damaged artifact two things are to be mended, whatever else hangs on them. */
static void what_hangs_on_another_follows_from_it(void **state)
{
	static const struct product toy = { .name = "toy", .checks = followers };
	static const char *const schema[] = { "toy.pair", NULL };
	autobuf struct buf which = BUF_MAX(512), rest = BUF_MAX(512);
	autofacts struct facts now = { 0 };
	struct results found = { 0 };
	struct sheet texts = { 0 };

	look(&now, true);
	checks_run(&toy, &now, NULL, &found);
	assert_string_equal(follows(&found, "toy.a"), "");
	assert_string_equal(follows(&found, "toy.version"), "toy.a");
	assert_string_equal(follows(&found, "toy.untold"), "toy.a");
	/* Nobody judges the schema: the first that lacks it speaks for the others. */
	assert_string_equal(follows(&found, "toy.pair"), "");
	assert_string_equal(follows(&found, "toy.schema"), "toy.pair");
	assert_int_equal(checks_stopping(&found, &texts, NULL, true, &which), 6);
	assert_string_equal(buf_str(&which), "toy.a, toy.pair; 3 more cannot be judged because of them");
	/* Who accepts the cause is told what follows from it. */
	assert_int_equal(checks_stopping(&found, &texts, schema, true, &rest), 4);
	assert_string_equal(buf_str(&rest), "toy.a, toy.schema; 2 more cannot be judged because of them");
	results_done(&found);
}

static void a_cause_that_nobody_objects_to_is_none(void **state)
{
	static const struct product toy = { .name = "toy", .checks = followers };
	autofacts struct facts now = { 0 };
	struct results found = { 0 };

	look(&now, false);
	checks_run(&toy, &now, NULL, &found);
	assert_string_equal(follows(&found, "toy.version"), "");
	assert_string_equal(follows(&found, "toy.untold"), "");
	results_done(&found);
}

static void the_only_one_is_told_whole(void **state)
{
	autobuf struct buf which = BUF_MAX(512);
	struct results found = { 0 };
	struct sheet texts = { 0 };

	results_add(&found, "toy.a", VERDICT_BLOCK, "file x", "it is gone");
	assert_int_equal(checks_stopping(&found, &texts, NULL, true, &which), 1);
	assert_string_equal(buf_str(&which), "toy.a: file x: it is gone");
	results_done(&found);
}

static void a_comparison_loses_nothing(void **state)
{
	struct comparisons c = { 0 };
	autojson json_t *doc = NULL;
	json_t *list;

	cmp_same(&c, 10);
	cmp_text(&c, "server", "version", "1", "1");
	cmp_text(&c, "server", "x", NULL, NULL);
	cmp_int(&c, "table t", "rows", 5, 5);
	assert_int_equal(c.same, 13);
	assert_int_equal(cmp_worst(&c), CMP_SAME);
	cmp_add(&c, CMP_EXPLAINED, "table sys", "rows", "1", "2", "toy.rule", NULL);
	assert_int_equal(cmp_worst(&c), CMP_EXPLAINED);
	cmp_add(&c, CMP_UNPROVED, "table u", "rows", NULL, NULL, NULL, "no answer");
	assert_int_equal(cmp_worst(&c), CMP_UNPROVED);
	cmp_int(&c, "table t", "rows", 5, 4);
	cmp_text(&c, "table gone", "exists", "yes", NULL);
	assert_int_equal(cmp_worst(&c), CMP_DIFFERENT);
	doc = comparisons_json(&c);
	list = json_object_get(doc, "differences");
	assert_int_equal(json_array_size(list), 4);
	assert_string_equal(json_str(doc, "worst", ""), "different");
	assert_int_equal(json_int(doc, "same", 0), 13);
	assert_string_equal(json_str(json_array_get(list, 2), "is", ""), "4");
	assert_null(json_str(json_array_get(list, 3), "is", NULL));
	comparisons_done(&c);
}

/* A name that is not UTF-8 must not take its difference out of the report. */
static void a_strange_name_is_reported_too(void **state)
{
	struct comparisons c = { 0 };
	autojson json_t *doc = NULL;

	cmp_text(&c, "file caf\xe9.d", "size", "1", "2");
	doc = comparisons_json(&c);
	assert_int_equal(json_array_size(json_object_get(doc, "differences")), 1);
	comparisons_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_come_worst_first),
		cmocka_unit_test(what_stops_a_run),
		cmocka_unit_test(what_hangs_on_another_follows_from_it),
		cmocka_unit_test(a_cause_that_nobody_objects_to_is_none),
		cmocka_unit_test(the_only_one_is_told_whole),
		cmocka_unit_test(a_comparison_loses_nothing),
		cmocka_unit_test(a_strange_name_is_reported_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
