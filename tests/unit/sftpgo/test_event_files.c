/* Dumps and reports as files: which sections a dump has, what of them is kept in memory, what a run settled. */
#include <ctype.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/place.h"
#include "products/sftpgo/event_dump.h"
#include "products/sftpgo/event_kept.h"
#include "products/sftpgo/event_settled.h"

static int file_of(struct sv text)
{
	struct err e = ERR_INIT;
	int fd = memfd_create("dump", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_ok(file_write_all(fd, text.p, text.n, "a dump", &e), &e);
	return fd;
}

/* ---- sections ---- */

static int count(void *arg, struct sv text, const json_t *value, struct buf *ret, struct err *e)
{
	++*(int *)arg;
	return 0;
}

static int actions_in(const char *text, struct err *e)
{
	autoclose int fd = file_of(sv_of(text));
	int n = 0, r;
	struct event_dump_watch watch = { .action = count, .arg = &n };

	r = event_dump_walk(fd, "a dump", &watch, e);
	return r < 0 ? r : n;
}

static void sections_are_found_as_go_finds_them(void **state)
{
	static const char *const same[] = { "event_actions", "Event_Actions", "event\\u005factions", "EVENT\\u005FActions" },
				 *const others[] = { "event_action", "x\\\\event_actions", "event\\n_actions", "" };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		autofree char *one = xasprintf("{\"version\":17,\"%s\":[{\"name\":\"a\"}]}", same[i]);
		autofree char *two = xasprintf("{\"version\":17,\"event_actions\":[],\"%s\":[{\"name\":\"a\"}]}", same[i]);
		autofree char *other = xasprintf("{\"version\":17,\"%s\":[{\"name\":\"a\"}]}", others[i]);

		assert_int_equal(actions_in(one, &e), 1);
		assert_fails(actions_in(two, &e), &e, ERR_FORMAT);
		assert_int_equal(actions_in(other, &e), 0);
	}
}

/* Whatever is translated, its way to it spelled otherwise: never passed over, never taken for text that stays. */
static void members_are_spelled_as_the_translation_reads_them(void **state)
{
	static const char *const others[] = { "Options", "option\\u017f", "\\u212aey", "OPTIONS" };
	const struct template_field *fields;
	struct err e = ERR_INIT;
	size_t n;

	fields = template_fields(&n);
	for (size_t i = 0; i < n; i++) {
		autofree char *path = xstrdup(fields[i].path);

		for (char *rest = path, *part; (part = strsep(&rest, ".[]"));) {
			autofree char *text = xasprintf("{\"version\":17,\"event_actions\":[{\"name\":\"a\",\"x\":[{\"%c%s\":1}]}]}",
							*part ? toupper((unsigned char)*part) : 'x', *part ? part + 1 : "");

			if (*part)
				assert_fails(actions_in(text, &e), &e, ERR_FORMAT);
			else
				assert_int_equal(actions_in(text, &e), 1);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		autofree char *text = xasprintf("{\"version\":17,\"event_rules\":[{\"name\":\"a\",\"%s\":1}]}", others[i]);

		assert_fails(actions_in(text, &e), &e, ERR_FORMAT);
	}
	assert_int_equal(actions_in("{\"version\":17,\"event_actions\":[{\"name\":\"a\",\"X-Token\":1,\"bodies\":2}]}", &e), 1);
}

/* ---- what is kept ---- */

static void what_is_kept_has_a_ceiling(void **state)
{
	const struct place *p = *state;
	autobuf struct buf text = BUF_MAX(80u << 20);
	struct event_kept k = { 0 };
	struct err e = ERR_INIT;

	buf_adds(&text, "{\"version\":17,\"event_actions\":[{\"name\":\"0\"}");
	for (int i = 1; i < 24; i++) {
		autofree char *x = xcalloc(1, (3u << 20) + 1);

		memset(x, 'x', 3u << 20);
		buf_addf(&text, ",{\"name\":\"%d\",\"x\":\"", i);
		buf_adds(&text, x);
		buf_adds(&text, "\"}");
	}
	buf_adds(&text, "]}");
	assert_ok(file_replace(&p->dir, "dump.json", buf_sv(&text), FILE_PRIVATE, &e), &e);
	assert_fails(event_kept_read(&p->dir, "dump.json", &k, &e), &e, ERR_SPACE);
	assert_non_null(strstr(e.hint, "convert"));
}

static void rules_are_known_that_the_run_set_inactive(void **state)
{
	const struct place *p = *state;
	json_t *dump = json_loads("{\"version\":17,\"event_actions\":[],\"event_rules\":[{\"name\":\"a\",\"trigger\":1},{\"name\":\"b\",\"trigger\":1}]}", 0, NULL);
	json_t *paused = json_pack("[s]", "b"), *kept = event_kept_of(dump, "2.7.5", "run", paused);
	static const char *const wrong[] = { "\"b\"", "[1]", "{}" };
	autobuf struct buf text = BUF_MAX(4096);
	struct event_kept k = { 0 };
	struct err e = ERR_INIT;

	json_pretty(kept, &text);
	assert_ok(file_replace(&p->dir, "dump.json", buf_sv(&text), FILE_PRIVATE, &e), &e);
	assert_ok(event_kept_read(&p->dir, "dump.json", &k, &e), &e);
	assert_false(event_kept_paused(&k, json_array_get(k.rules, 0)));
	assert_true(event_kept_paused(&k, json_array_get(k.rules, 1)));
	event_kept_done(&k);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		autofree char *bad = xasprintf("{\"version\":17,\"paused\":%s}", wrong[i]);

		assert_ok(file_replace(&p->dir, "dump.json", sv_of(bad), FILE_PRIVATE, &e), &e);
		assert_fails(event_kept_read(&p->dir, "dump.json", &k, &e), &e, ERR_FORMAT);
	}
	json_decref(kept);
	json_decref(paused);
	json_decref(dump);
}

static void copies_without_a_type_are_of_their_action(void **state)
{
	static const char copy[] = "{\"name\":\"a\",\"options\":{\"email_config\":{\"subject\":\"{{Name}}\"}}}";
	json_t *action = json_pack("{ss si}", "name", "a", "type", 3), *one = json_loads(copy, 0, NULL),
	       *bare = json_loads("{\"name\":\"gone\",\"options\":{}}", 0, NULL);
	struct template_world *w = template_world_new();
	struct event_judge j = { .world = w, .asked.release = { 6, 4 } };
	struct template_action t;
	struct err e = ERR_INIT;

	assert_fails(event_translate(&j, one, &t, &e), &e, ERR_FORMAT);
	assert_ok(template_world_action(w, action, &e), &e);
	assert_ok(event_translate(&j, one, &t, &e), &e);
	assert_int_equal(t.changes.n, 1);
	template_action_done(&t);
	assert_ok(event_translate(&j, bare, &t, &e), &e);
	assert_int_equal(t.changes.n, 0);
	template_action_done(&t);
	template_world_free(w);
	json_decref(action);
	json_decref(one);
	json_decref(bare);
}

/* ---- what is told ---- */

static void bytes_that_are_no_text_are_told_all_the_same(void **state)
{
	static const char action[] = "{\"name\":\"a\",\"type\":1,\"options\":{\"http_config\":{\"endpoint\":\"http://h/{{IDPField%ff}}/x\"}}}";
	struct template_world *w = template_world_new();
	struct event_judge j = { .world = w, .asked = { .release = { 6, 4 } } };
	json_t *doc = json_loads(action, 0, NULL), *told;
	struct template_action t;
	struct err e = ERR_INIT;

	assert_ok(event_translate(&j, doc, &t, &e), &e);
	told = event_action_json(&j, doc, &t);
	assert_int_equal(json_array_size(json_object_get(told, "findings")), t.findings.n);
	assert_true(t.findings.n > 2);
	json_decref(told);
	template_action_done(&t);
	template_world_free(w);
	json_decref(doc);
}

/* ---- what a run settled ---- */

static int settled_in(const struct place *p, const char *text, json_t **ret, struct err *e)
{
	autofree char *path = xasprintf("%s/report.json", p->path);

	assert_ok(file_replace(&p->dir, "report.json", sv_of(text), FILE_PRIVATE, e), e);
	return event_settled_read(path, ret, e);
}

#define REPORT(steps_) "{\"schema\":\"crossgrade/report/1\",\"product\":\"sftpgo\",\"steps\":[" steps_ "]}"

static void a_report_tells_what_was_settled(void **state)
{
	static const char report[] = REPORT("{\"kind\":\"gate_open\"},{\"kind\":\"events_probe\",\"settled\":{\"json-escape\":true,"
					    "\"provider-name\":false,\"of-later\":true,\"endpoint\":7}}");
	struct event_judge j = { .world = NULL };
	json_t *settled;
	struct err e = ERR_INIT;

	assert_ok(settled_in(*state, report, &settled, &e), &e);
	event_judge_settle(&j, settled);
	assert_int_equal(j.asked.settled[TEMPLATE_IF_JSON_ESCAPE], TEMPLATE_HOLDS);
	assert_int_equal(j.asked.settled[TEMPLATE_IF_NAME], TEMPLATE_FAILS);
	assert_int_equal(j.asked.settled[TEMPLATE_IF_ENDPOINT], TEMPLATE_UNSETTLED);
	assert_int_equal(j.asked.settled[TEMPLATE_IF_PATH_ESCAPE], TEMPLATE_UNSETTLED);
	json_decref(settled);
}

/* Loss of data by a value with a star in it is agreed to by an operator, and by nobody's file. */
static void what_no_probe_asks_is_settled_by_no_report(void **state)
{
	autojson json_t *made = json_pack("{sb sb}", "pattern-free", 1, "json-escape", 1);
	struct event_judge j = { .world = NULL };
	json_t *settled = NULL;
	struct err e = ERR_INIT;

	assert_fails(settled_in(*state, REPORT("{\"kind\":\"events_probe\",\"settled\":{\"json-escape\":true,\"pattern-free\":true}}"),
				&settled, &e),
		     &e, ERR_FORMAT);
	assert_non_null(strstr(e.msg, "'pattern-free'"));
	assert_null(settled);
	event_judge_settle(&j, made);
	assert_int_equal(j.asked.settled[TEMPLATE_IF_PATTERN_FREE], TEMPLATE_UNSETTLED);
	assert_int_equal(j.asked.settled[TEMPLATE_IF_JSON_ESCAPE], TEMPLATE_HOLDS);
}

static void what_is_no_report_settles_nothing(void **state)
{
	json_t *settled = NULL;
	struct err e = ERR_INIT;

	assert_fails(settled_in(*state, REPORT("{\"kind\":\"events_probe\"}"), &settled, &e), &e, ERR_USAGE);
	assert_fails(settled_in(*state, REPORT("{\"kind\":\"gate_open\",\"settled\":{\"utc\":true}}"), &settled, &e), &e, ERR_USAGE);
	assert_fails(settled_in(*state, "{\"settled\":{\"utc\":true}}", &settled, &e), &e, ERR_FORMAT);
	assert_fails(settled_in(*state, "[]", &settled, &e), &e, ERR_FORMAT);
	assert_fails(settled_in(*state, "{", &settled, &e), &e, ERR_FORMAT);
	assert_null(settled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_are_found_as_go_finds_them),
		cmocka_unit_test(members_are_spelled_as_the_translation_reads_them),
		cmocka_unit_test_setup_teardown(what_is_kept_has_a_ceiling, place_make, place_remove),
		cmocka_unit_test_setup_teardown(rules_are_known_that_the_run_set_inactive, place_make, place_remove),
		cmocka_unit_test(copies_without_a_type_are_of_their_action),
		cmocka_unit_test(bytes_that_are_no_text_are_told_all_the_same),
		cmocka_unit_test_setup_teardown(a_report_tells_what_was_settled, place_make, place_remove),
		cmocka_unit_test_setup_teardown(what_no_probe_asks_is_settled_by_no_report, place_make, place_remove),
		cmocka_unit_test_setup_teardown(what_is_no_report_settles_nothing, place_make, place_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
