/* Plans: the digest covers what matters and nothing else, and a plan that was touched, or is of another crossgrade, is refused. */
#include <string.h>

#include "toy.h"
#include "unit/unit.h"

static char *text_of(const struct plan *p)
{
	autobuf struct buf text = BUF_MAX(1 << 20);

	plan_text(p, &text);
	return buf_take(&text);
}

static void make(struct plan *p, struct facts *now, const char *version, int64_t free_bytes)
{
	autogoal struct goal g = { 0 };
	struct err e = ERR_INIT;

	toy_goal(&g);
	facts_init(now, "toy", "toy");
	facts_put_str(now, FACT_PINNED, "version", version, "test");
	facts_put_int(now, FACT_OBSERVED, "free", free_bytes, "test");
	plan_init(p, &g);
	plan_site(p, "main", json_pack("{s{ss}}", "roots", "root", "/srv"));
	plan_add(p, PHASE_STAGE, "stage", "toy", 0, json_pack("{ss}", "file", "stage"), "needed");
	plan_add(p, PHASE_THAW, "start", "toy_boot", STEP_IN_WINDOW | STEP_POINT,
	         json_pack("{so}", "file", plan_from("stage", "file")), NULL)
		->weight = 3;
	plan_forecast(p, "downtime", json_integer(free_bytes));
	plan_note(p, "know this");
	plan_loss(p, "no-return", "no way back");
	plan_diff(p, "/srv/conf", "-a\n+b\n");
	assert_ok(plan_seal(p, now, &e), &e);
}

static void the_digest_sees_pinned_facts_only(void **state)
{
	autofacts struct facts f1 = { 0 }, f2 = { 0 }, f3 = { 0 };
	autoplan struct plan a = { 0 }, b = { 0 }, c = { 0 };

	make(&a, &f1, "1", 100);
	make(&b, &f2, "1", 200);
	make(&c, &f3, "2", 100);
	assert_string_equal(a.digest, b.digest);
	assert_string_not_equal(a.digest, c.digest);
}

/* They stand outside the plan's digest and under one of their own. */
static void deep_facts_have_a_digest_of_their_own(void **state)
{
	autofacts struct facts f1 = { 0 }, f2 = { 0 }, now = { 0 };
	autoplan struct plan a = { 0 }, b = { 0 }, back = { 0 };
	autofree char *text = NULL, *touched = NULL;
	struct err e = ERR_INIT;

	make(&a, &f1, "1", 100);
	assert_null(plan_deep(&a));
	make(&b, &f2, "1", 100);
	facts_put_str(&f2, FACT_DEEP, "sum", "forty-two", "a full read");
	assert_ok(plan_seal(&b, &f2, &e), &e);
	assert_string_equal(a.digest, b.digest);
	text = text_of(&b);
	assert_ok(plan_parse(sv_of(text), "plan.json", &back, &e), &e);
	facts_init(&now, "toy", "toy");
	facts_carry(&now, plan_deep(&back));
	assert_string_equal(facts_str(&now, "sum", ""), "forty-two");
	touched = xstrdup(text);
	memcpy(strstr(touched, "forty-two"), "forty-one", strlen("forty-one"));
	plan_done(&back);
	assert_fails(plan_parse(sv_of(touched), "plan.json", &back, &e), &e, ERR_FORMAT);
}

static void a_file_brings_it_back(void **state)
{
	autofacts struct facts now = { 0 };
	autoplan struct plan p = { 0 }, back = { 0 };
	autofree char *text = NULL, *again = NULL;
	struct err e = ERR_INIT;

	make(&p, &now, "1", 100);
	text = text_of(&p);
	assert_ok(plan_parse(sv_of(text), "plan.json", &back, &e), &e);
	again = text_of(&back);
	assert_string_equal(text, again);
	assert_string_equal(p.digest, back.digest);
	assert_int_equal(back.steps.n, 2);
	assert_string_equal(plan_point(&back)->id, "start");
	assert_int_equal(plan_step(&back, "start")->flags, STEP_IN_WINDOW | STEP_POINT);
	assert_int_equal(plan_step(&back, "start")->weight, 3);
	assert_null(plan_step(&back, "stop"));
}

/* The text of a plan with one thing replaced, its digest put right when asked. */
static char *bent(const char *from, const char *to, bool redigest)
{
	autofacts struct facts now = { 0 };
	autoplan struct plan p = { 0 };
	autofree char *text = NULL;
	autobuf struct buf out = BUF_MAX(1 << 20);
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;
	char digest[DIGEST_TEXT];
	char *at;

	make(&p, &now, "1", 100);
	text = text_of(&p);
	at = strstr(text, from);
	assert_non_null(at);
	buf_add(&out, text, (size_t)(at - text));
	buf_adds(&out, to);
	buf_adds(&out, at + strlen(from));
	if (!redigest)
		return buf_take(&out);
	assert_ok(json_parse(buf_sv(&out), "bent", &doc, &e), &e);
	json_object_del(doc, "digest");
	json_object_del(doc, "forecast");
	json_digest(doc, digest);
	json_object_set_new(doc, "digest", json_string(digest));
	buf_reset(&out);
	json_pretty(doc, &out);
	return buf_take(&out);
}

static void refused(const char *from, const char *to, bool redigest, enum err_kind kind, const char *said)
{
	autofree char *text = bent(from, to, redigest);
	struct plan p = { 0 };
	struct err e = ERR_INIT;

	assert_fails(plan_parse(sv_of(text), "plan.json", &p, &e), &e, kind);
	if (!strstr(e.msg, said) && !strstr(e.hint, said))
		fail_msg("'%s' (%s) does not say '%s'", e.msg, e.hint, said);
	assert_null(p.doc);
}

static void a_touched_plan_is_refused(void **state)
{
	refused("\"know this\"", "\"know that\"", false, ERR_FORMAT, "does not match its digest");
	refused("\"/srv\"", "\"/etc\"", false, ERR_FORMAT, "does not match its digest");
	refused("\"no way back\"", "\"a way back\"", false, ERR_FORMAT, "does not match its digest");
	refused("\"crossgrade/plan/1\"", "\"crossgrade/plan/2\"", true, ERR_FORMAT, "not a plan of version 1");
	refused("{", "[", false, ERR_FORMAT, "line");
}

static void the_forecast_may_move(void **state)
{
	autofree char *text = bent("\"downtime\": 100", "\"downtime\": 7", false);
	autoplan struct plan p = { 0 };
	struct err e = ERR_INIT;

	assert_ok(plan_parse(sv_of(text), "plan.json", &p, &e), &e);
}

static void what_this_crossgrade_does_not_know_is_refused(void **state)
{
	refused("\"kind\": \"toy\"", "\"kind\": \"toys\"", true, ERR_REFUSED, "'toys' version 1");
	refused("\"version\": 1,", "\"version\": 2,", true, ERR_REFUSED, "version 2");
	refused("\"phase\": \"stage\"", "\"phase\": \"later\"", true, ERR_FORMAT, "phase 'later'");
	refused("\"point\"\n", "\"pint\"\n", true, ERR_FORMAT, "unknown flag");
	refused("\"steps\": [", "\"strides\": [", true, ERR_FORMAT, "steps");
}

static void a_product_cannot_seal_nonsense(void **state)
{
	autogoal struct goal g = { 0 };
	autofacts struct facts now = { 0 };
	autoplan struct plan twice = { 0 }, back = { 0 }, unknown = { 0 };
	struct err e = ERR_INIT;

	toy_goal(&g);
	facts_init(&now, "toy", "toy");
	plan_init(&twice, &g);
	plan_add(&twice, PHASE_STAGE, "a", "toy", 0, json_object(), "x");
	plan_add(&twice, PHASE_STAGE, "a", "toy", 0, json_object(), "x");
	assert_fails(plan_seal(&twice, &now, &e), &e, ERR_BUG);
	plan_init(&back, &g);
	plan_add(&back, PHASE_CHANGE, "a", "toy", 0, json_object(), "x");
	plan_add(&back, PHASE_STAGE, "b", "toy", 0, json_object(), "x");
	err_clear(&e);
	assert_fails(plan_seal(&back, &now, &e), &e, ERR_BUG);
	plan_init(&unknown, &g);
	plan_add(&unknown, PHASE_CHANGE, "a", "conjure", 0, json_object(), "x");
	err_clear(&e);
	assert_fails(plan_seal(&unknown, &now, &e), &e, ERR_BUG);
}

static void drift_names_what_moved(void **state)
{
	autofacts struct facts then = { 0 }, now = { 0 };
	autobuf struct buf said = BUF_MAX(4096);
	autoplan struct plan p = { 0 };

	make(&p, &then, "1", 100);
	facts_init(&now, "toy", "toy");
	facts_put_str(&now, FACT_PINNED, "version", "1", "test");
	facts_put_int(&now, FACT_OBSERVED, "free", 7, "test");
	assert_int_equal(plan_drift(&p, &now, &said), 0);
	assert_int_equal(said.len, 0);
	facts_put_str(&now, FACT_PINNED, "version", "2", "test");
	facts_put_str(&now, FACT_PINNED, "edition", "new", "test");
	assert_int_equal(plan_drift(&p, &now, &said), 2);
	assert_string_equal(buf_str(&said), "version: was \"1\", is \"2\"; edition: was absent, is \"new\"");
}

static void seal(struct plan *p, struct goal *g, const struct facts *then)
{
	struct err e = ERR_INIT;

	toy_goal(g);
	plan_init(p, g);
	plan_site(p, "main", json_pack("{s{ss}}", "roots", "root", "/srv"));
	assert_ok(plan_seal(p, then, &e), &e);
}

/* Its edition goes with an artifact that is gone, and is not told beside it. */
static void drift_tells_why_something_is_gone(void **state)
{
	autogoal struct goal g = { 0 };
	autofacts struct facts then = { 0 }, now = { 0 };
	autobuf struct buf said = BUF_MAX(4096);
	autoplan struct plan p = { 0 };

	facts_init(&then, "toy", "toy");
	facts_put_str(&then, FACT_PINNED, "artifact", "x", "");
	facts_put_str(&then, FACT_PINNED, "edition", "new", "");
	seal(&p, &g, &then);
	facts_init(&now, "toy", "toy");
	facts_miss(&now, "artifact", "open '/srv/a': No such file or directory");
	facts_miss_after(&now, "edition", "artifact", "nobody tells");
	assert_int_equal(plan_drift(&p, &now, &said), 2);
	assert_string_equal(buf_str(&said), "artifact cannot be seen any more: open '/srv/a': No such file or directory");
}

/* Of a long object what moved is said, not the first two hundred characters of both. */
static void drift_names_the_member_that_moved(void **state)
{
	autogoal struct goal g = { 0 };
	autofacts struct facts then = { 0 }, now = { 0 };
	autobuf struct buf said = BUF_MAX(4096);
	autoplan struct plan p = { 0 };

	facts_init(&then, "toy", "toy");
	facts_put(&then, FACT_PINNED, "artifact", json_pack("{ss s{si si}}", "path", "/srv/a", "digests", "a", 1, "b", 2), "");
	seal(&p, &g, &then);
	facts_init(&now, "toy", "toy");
	facts_put(&now, FACT_PINNED, "artifact", json_pack("{ss s{si si}}", "path", "/srv/a", "digests", "a", 1, "b", 3), "");
	assert_int_equal(plan_drift(&p, &now, &said), 1);
	assert_string_equal(buf_str(&said), "artifact.digests.b: was 2, is 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_digest_sees_pinned_facts_only),
		cmocka_unit_test(deep_facts_have_a_digest_of_their_own),
		cmocka_unit_test(a_file_brings_it_back),
		cmocka_unit_test(a_touched_plan_is_refused),
		cmocka_unit_test(the_forecast_may_move),
		cmocka_unit_test(what_this_crossgrade_does_not_know_is_refused),
		cmocka_unit_test(a_product_cannot_seal_nonsense),
		cmocka_unit_test(drift_names_what_moved),
		cmocka_unit_test(drift_tells_why_something_is_gone),
		cmocka_unit_test(drift_names_the_member_that_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
