#include "checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/checks.h"
#include "golden.h"
#include "io/file.h"

static const struct golden_checks *of;

static const char *short_id(const struct check *c) { return strchr(c->id, '.') + 1; }

static json_t *results_doc(const struct results *r)
{
	json_t *list = json_array();

	vec_each (r, it) {
		json_t *one = json_pack("{ss}", "verdict", verdict_name(it->verdict));

		if (it->subject)
			json_object_set_new(one, "subject", json_string(it->subject));
		json_object_set_new(one, "seen", json_string(it->seen));
		json_array_append_new(list, one);
	}
	return list;
}

static enum verdict worst(const struct results *r)
{
	enum verdict w = VERDICT_PASS;

	vec_each (r, it)
		w = MAX_OF(w, it->verdict);
	return w;
}

/* What a check says in a case, compared with expect.json. */
static enum verdict judge(const struct check *c, const char *kind)
{
	autofree char *dir = xasprintf("%s-%s", short_id(c), kind);
	autobuf struct buf text = BUF_MAX(1 << 20);
	autojson json_t *doc = NULL;
	autofacts struct facts now = { 0 };
	autogoal struct goal to = { 0 };
	struct results found = { 0 };
	enum verdict w;

	if (!golden_has(dir))
		fail_msg("check '%s' has no case '%s'", c->id, dir);
	golden_case(dir, &now, &to);
	c->look(&now, &to, &found);
	vec_each (&found, it)
		if (strcmp(it->id, c->id) != 0)
			fail_msg("check '%s' answers as '%s'", c->id, it->id);
	doc = results_doc(&found);
	json_pretty(doc, &text);
	w = worst(&found);
	results_done(&found);
	golden_same(dir, "expect.json", buf_str(&text));
	return w;
}

static void fires_and_is_quiet(void **state)
{
	for (const struct check *c = of->product->checks; c->id; c++) {
		if (judge(c, "fires") == VERDICT_PASS)
			fail_msg("check '%s' does not fire in its case", c->id);
		if (judge(c, "quiet") != VERDICT_PASS)
			fail_msg("check '%s' is not quiet in its case", c->id);
	}
}

/* Cases beyond the one that fires and the one that does not. */
static void tells_degrees_apart(void **state)
{
	for (const struct golden_degree *d = of->degrees; d->id; d++) {
		const struct check *c = of->product->checks;

		while (c->id && strcmp(c->id, d->id) != 0)
			c++;
		assert_non_null(c->id);
		assert_int_equal(judge(c, d->kind), d->worst);
	}
}

static void has_texts(void **state)
{
	const struct sheet *sheet;
	struct err e = ERR_INIT;
	size_t n = 0;

	if (sheet_of(of->product->name, &sheet, &e) < 0)
		fail_msg("%s", e.msg);
	for (const struct check *c = of->product->checks; c->id; c++, n++) {
		struct sheet_check about = { 0 };

		if (!sheet_check(sheet, c->id, &about))
			fail_msg("check '%s' is not in the sheet", c->id);
		if (!*about.title || !*about.reason || !*about.remedy || !*about.source ||
		    strlen(about.seen) != 10)
			fail_msg("check '%s' lacks a text", c->id);
		for (const struct check *other = of->product->checks; other != c; other++)
			assert_string_not_equal(other->id, c->id);
	}
	assert_int_equal(n, json_object_size(json_object_get(sheet->doc, "checks")));
}

/* Each rule explains something: a comparison names it. */
static void rules_are_used(void **state)
{
	autobuf struct buf code = BUF_MAX(4 << 20);
	autodir struct dir source = DIR_NONE;
	struct dir_names names = { 0 };
	const struct sheet *sheet;
	struct err e = ERR_INIT;
	const char *id;
	json_t *rule;

	if (sheet_of(of->product->name, &sheet, &e) < 0 || dir_open(PRODUCT_SOURCE, &source, &e) < 0 ||
	    dir_list(&source, "", 1000, &names, &e) < 0)
		fail_msg("%s", e.msg);
	vec_each (&names, n) {
		bool is_code = sv_ends(sv_of(n->name), ".c") || sv_ends(sv_of(n->name), ".h");

		if (is_code && file_read(&source, n->name, &code, &e) < 0)
			fail_msg("%s", e.msg);
	}
	json_object_foreach(json_object_get(sheet->doc, "rules"), id, rule)
	{
		autofree char *quoted = xasprintf("\"%s\"", id);

		if (!strstr(buf_str(&code), quoted))
			fail_msg("no comparison names rule '%s'", id);
	}
	dir_names_done(&names);
}

static bool judges_the_goal(const char *id)
{
	for (const char *const *it = of->goal_checks; *it; it++)
		if (!strcmp(*it, id))
			return true;
	return false;
}

static void never_passes_unseen(void **state)
{
	autofacts struct facts now = { 0 }, nothing = { 0 };
	autogoal struct goal to = { 0 };

	golden_case("", &now, &to);
	facts_init(&nothing, of->product->name, of->product->name);
	for (const struct check *c = of->product->checks; c->id; c++) {
		struct results found = { 0 };

		c->look(&nothing, &to, &found);
		if (!judges_the_goal(c->id) && (!found.n || worst(&found) < VERDICT_UNSURE))
			fail_msg("check '%s' says %s of facts nobody saw", c->id,
				 verdict_name(worst(&found)));
		results_done(&found);
	}
}

/* One fact at a time is taken away, with a reason: nothing breaks, and what rested on it is no
 * worse than unsure. */
static void bears_each_missing_fact(void **state)
{
	autofacts struct facts base = { 0 };
	autogoal struct goal to = { 0 };
	const char *key;
	json_t *entry;

	golden_case("", &base, &to);
	json_object_foreach(json_object_get(base.doc, "facts"), key, entry)
	{
		autofacts struct facts now = { .doc = json_deep_copy(base.doc) };
		struct results found = { 0 };

		json_object_del(json_object_get(now.doc, "facts"), key);
		facts_miss(&now, key, "taken away");
		checks_run(of->product, &now, &to, &found);
		vec_each (&found, it)
			if (it->verdict == VERDICT_BLOCK)
				fail_msg("without '%s' check '%s' blocks: %s", key, it->id,
					 it->seen);
		results_done(&found);
	}
}

/* A fact of another type than it should be, as a hand-made file may have it. */
static void bears_wrong_types(void **state)
{
	autofacts struct facts base = { 0 };
	autogoal struct goal to = { 0 };
	const char *key;
	json_t *entry;

	golden_case("", &base, &to);
	json_object_foreach(json_object_get(base.doc, "facts"), key, entry)
	{
		json_t *const wrong[] = { json_integer(7), json_string("x"), json_pack("[{}, 1]"),
					  json_pack("{s[], si}", "a", "b", 1) };

		for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
			autofacts struct facts now = { .doc = json_deep_copy(base.doc) };
			struct results found = { 0 };
			autoplan struct plan plan = { 0 };
			struct err e = ERR_INIT;

			json_object_set_new(json_object_get(json_object_get(now.doc, "facts"), key),
					    "value", wrong[i]);
			checks_run(of->product, &now, &to, &found);
			results_done(&found);
			plan_init(&plan, &to);
			(void)!of->product->plan(&now, &to, &plan, &e);
		}
	}
}

int golden_checks_run(const struct golden_checks *g)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_texts),           cmocka_unit_test(fires_and_is_quiet),
		cmocka_unit_test(never_passes_unseen), cmocka_unit_test(bears_each_missing_fact),
		cmocka_unit_test(bears_wrong_types),   cmocka_unit_test(tells_degrees_apart),
		cmocka_unit_test(rules_are_used),
	};

	of = g;
	return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
