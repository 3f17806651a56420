/* Facts: typed, with source; absent is never a guess; only pinned ones are what a plan rests on. */
#include "engine/facts.h"

#include <string.h>

#include "unit/unit.h"

static void fill(struct facts *f)
{
	facts_init(f, "toy", "main");
	facts_put_str(f, FACT_PINNED, "server.version", "9.0.3", "/settings");
	facts_put_int(f, FACT_OBSERVED, "disk.free", 5000000000, "statfs");
	facts_put_bool(f, FACT_PINNED, "conf.secure", true, "conf");
}

static void values_keep_type_and_source(void **state)
{
	autofacts struct facts f = { 0 };

	fill(&f);
	assert_string_equal(facts_str(&f, "server.version", ""), "9.0.3");
	assert_int_equal(facts_int(&f, "disk.free", -1), 5000000000);
	assert_true(facts_bool(&f, "conf.secure", false));
	assert_string_equal(facts_source(&f, "disk.free"), "statfs");
	/* Another type counts as absent. */
	assert_int_equal(facts_int(&f, "server.version", -1), -1);
	assert_string_equal(facts_str(&f, "disk.free", "?"), "?");
	assert_true(facts_bool(&f, "server.version", true));
}

static void absent_says_why(void **state)
{
	autofacts struct facts f = { 0 };

	fill(&f);
	facts_miss(&f, "tables", "the server wants a login");
	assert_null(facts_get(&f, "tables"));
	assert_string_equal(facts_why_missing(&f, "tables"), "the server wants a login");
	assert_null(facts_why_missing(&f, "server.version"));
	assert_null(facts_source(&f, "tables"));
	facts_put_int(&f, FACT_PINNED, "tables", 3, "tables.d");
	assert_null(facts_why_missing(&f, "tables"));
}

/* Database, its tables and what is in them: one that is down is one cause. */
static void a_cause_is_followed_to_its_end(void **state)
{
	static const struct fact_origin origins[] = {
		{ "schema", "database" }, { "users", "schema" }, { "names", "users" }, { "rows", "disk.free" }, { NULL, NULL }
	};
	autofacts struct facts f = { 0 };

	fill(&f);
	facts_miss(&f, "database", "refused");
	facts_miss(&f, "users", "no table");
	facts_trace(&f, origins);
	assert_string_equal(facts_cause(&f, "names"), "database");
	assert_string_equal(facts_cause(&f, "database"), "database");
	assert_string_equal(facts_why_missing(&f, "schema"), "refused");
	/* A reason of its own stays. */
	assert_string_equal(facts_why_missing(&f, "users"), "no table");
	assert_string_equal(facts_why_missing(&f, "names"), "no table");
	assert_null(facts_why_missing(&f, "rows"));
	facts_put_int(&f, FACT_PINNED, "names", 3, "database");
	assert_string_equal(facts_cause(&f, "names"), "names");
	assert_null(facts_why_missing(&f, "names"));
}

static void only_pinned_facts_are_pinned(void **state)
{
	autofacts struct facts f = { 0 };
	autojson json_t *pinned = NULL, *again = NULL;

	fill(&f);
	pinned = facts_pinned(&f);
	assert_int_equal(json_object_size(pinned), 2);
	assert_null(json_object_get(pinned, "disk.free"));
	facts_put_int(&f, FACT_OBSERVED, "disk.free", 1, "statfs");
	facts_unconfirmed(&f, "server.version");
	again = facts_pinned(&f);
	assert_true(json_equal(pinned, again));
}

static void what_nobody_ever_saw_is_marked(void **state)
{
	static const char *const others[] = { "host", "fs", NULL };
	autofacts struct facts f = { 0 };
	const char *key;
	json_t *entry;

	facts_init(&f, "toy", "toy");
	facts_put_int(&f, FACT_PINNED, "host.cpus", 2, "test");
	facts_put_int(&f, FACT_PINNED, "fs", 2, "test");
	facts_put_int(&f, FACT_PINNED, "hosts", 2, "test");
	facts_put_int(&f, FACT_PINNED, "server.version", 2, "test");
	facts_unconfirmed_but(&f, others);
	json_object_foreach(json_object_get(f.doc, "facts"), key, entry)
		assert_int_equal(json_bool(entry, "unconfirmed", false), !strcmp(key, "hosts") || !strcmp(key, "server.version"));
}

/* Deep facts go from the look that took them to one that did not, with their date; own ones stay. */
static void deep_facts_are_carried(void **state)
{
	autofacts struct facts then = { 0 }, now = { 0 };
	autojson json_t *deep = NULL, *pinned = NULL;

	fill(&then);
	json_object_set_new(then.doc, "taken", json_string("2026-11-20T12:00:00Z"));
	facts_put_int(&then, FACT_DEEP, "sum", 42, "a full read");
	facts_put_int(&then, FACT_DEEP, "other", 1, "a full read");
	deep = facts_deep(&then);
	assert_int_equal(json_object_size(deep), 2);
	fill(&now);
	json_object_set_new(now.doc, "taken", json_string("2026-11-21T12:00:00Z"));
	facts_miss(&now, "sum", "not read");
	facts_put_int(&now, FACT_DEEP, "other", 2, "a full read");
	facts_carry(&now, deep);
	assert_int_equal(facts_int(&now, "sum", 0), 42);
	assert_null(facts_why_missing(&now, "sum"));
	assert_string_equal(facts_taken(&now, "sum"), "2026-11-20T12:00:00Z");
	assert_int_equal(facts_int(&now, "other", 0), 2);
	assert_string_equal(facts_taken(&now, "other"), "2026-11-21T12:00:00Z");
	assert_string_equal(facts_taken(&now, "disk.free"), "2026-11-21T12:00:00Z");
	assert_null(facts_taken(&now, "absent"));
	facts_carry(&now, NULL);
	pinned = facts_pinned(&now);
	assert_null(json_object_get(pinned, "sum"));
}

static void a_file_brings_them_back(void **state)
{
	autofacts struct facts f = { 0 }, back = { 0 };
	autobuf struct buf text = BUF_MAX(64 << 10);
	struct err e = ERR_INIT;

	fill(&f);
	facts_miss(&f, "tables", "no login");
	json_canonical(f.doc, &text);
	assert_ok(facts_parse(buf_sv(&text), "facts.json", &back, &e), &e);
	assert_true(json_equal(f.doc, back.doc));
}

static void other_documents_are_refused(void **state)
{
	static const char *const bad[] = { "{}", "[]", "{\"schema\":\"crossgrade/facts/2\",\"facts\":{}}", "{\"sch",
		                           "{\"schema\":\"crossgrade/facts/1\",\"facts\":[]}", "" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct facts f = { 0 };
		struct err e = ERR_INIT;

		assert_fails(facts_parse(sv_of(bad[i]), "bad.json", &f, &e), &e, ERR_FORMAT);
		assert_null(f.doc);
	}
}

static void there_is_a_ceiling(void **state)
{
	autofacts struct facts f = { 0 };
	struct err e = ERR_INIT;
	autofree char *text = xcalloc(1, (5 << 20) + 1);

	fill(&f);
	assert_ok(facts_check_size(&f, &e), &e);
	memset(text, 'x', 5 << 20);
	facts_put_str(&f, FACT_OBSERVED, "big", text, "test");
	assert_fails(facts_check_size(&f, &e), &e, ERR_SPACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_keep_type_and_source), cmocka_unit_test(absent_says_why),
		cmocka_unit_test(a_cause_is_followed_to_its_end),
		cmocka_unit_test(only_pinned_facts_are_pinned),
		cmocka_unit_test(what_nobody_ever_saw_is_marked),
		cmocka_unit_test(deep_facts_are_carried), cmocka_unit_test(a_file_brings_them_back),
		cmocka_unit_test(other_documents_are_refused),  cmocka_unit_test(there_is_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
