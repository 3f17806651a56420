/* What people read: widths, harmless foreign text, and what each view must not leave out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "io/json.h"
#include "view/checks_text.h"
#include "view/differences_text.h"
#include "view/inspect_text.h"
#include "view/plan_text.h"
#include "view/report_text.h"
#include "view/side.h"
#include "view/status_text.h"
#include "view/table.h"
#include "view/translation_html.h"

static const struct style plain = { 0 };

static json_t *read_json(const char *text)
{
	struct err e = ERR_INIT;
	json_t *doc = NULL;

	assert_int_equal(json_parse(sv_of(text), "test", &doc, &e), 0);
	return doc;
}

static void shows(const struct buf *text, const char *part)
{
	if (!strstr(buf_str(text), part))
		fail_msg("'%s' is not in:\n%s", part, buf_str(text));
}

static void test_foreign_text_is_harmless(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "trades", "trades" },
		{ "M\xc3\xbcller", "M\xc3\xbcller" },
		{ "a\033[2Jb", "a\\x1b[2Jb" },
		{ "a\nb\tc", "a\\x0ab\\x09c" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xc0\xaf", "\\xc0\\xaf" },          /* overlong */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* surrogate */
		{ "cut \xe2\x82", "cut \\xe2\\x82" },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" }, /* C1 control sequence introducer */
		{ "\xe2\x80\xae"
		  "txt",
		  "\\xe2\\x80\\xaetxt" }, /* right-to-left override */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autobuf struct buf out = BUF_MAX(256);

		view_clean(&out, sv_of(cases[i].in));
		assert_string_equal(buf_str(&out), cases[i].out);
	}
}

static void test_width(void **state)
{
	assert_int_equal(view_width(sv_of("abc")), 3);
	assert_int_equal(view_width(sv_of("\xc3\xbc")), 1);
	assert_int_equal(view_width(sv_of("e\xcc\x81")), 1); /* e + combining acute */
	assert_int_equal(view_width(sv_of("\xe6\x97\xa5\xe6\x9c\xac")), 4);
	assert_int_equal(view_width(sv_of("\xf0\x9f\x98\x80")), 2);
}

static void test_table_lines_up(void **state)
{
	static const char *const heads[] = { "A", "B", "C", NULL };
	autobuf struct buf out = BUF_MAX(4096);
	autotable struct table t;

	table_init(&t, heads);
	table_row(&t);
	table_cell(&t, PAINT_PLAIN, "\xe6\x97\xa5\xe6\x9c\xac");
	table_cell(&t, PAINT_PLAIN, "%s", "x\ny");
	table_row(&t);
	table_cell(&t, PAINT_PLAIN, "1");
	table_text(&t, &plain, &out);
	assert_string_equal(buf_str(&out),
			    "A     B       C\n\xe6\x97\xa5\xe6\x9c\xac  x\\x0ay\n1\n");
}

static void test_colour_is_asked_for(void **state)
{
	autobuf struct buf out = BUF_MAX(64), without = BUF_MAX(64);
	struct style colored = { .color = true };

	view_paint(&out, &colored, PAINT_RED, "x");
	assert_string_equal(buf_str(&out), "\033[31mx\033[0m");
	view_paint(&without, &plain, PAINT_RED, "x");
	assert_string_equal(buf_str(&without), "x");
}

static void test_wraps_at_the_width(void **state)
{
	autobuf struct buf out = BUF_MAX(256);
	struct style narrow = { .width = 12 };

	view_wrap(&out, &narrow, "one two three  four", 2, 2);
	assert_string_equal(buf_str(&out), "one two\n  three four");
}

static void test_measures(void **state)
{
	static const struct {
		const char *key, *json, *out;
	} cases[] = { { "downtime_ms", "1500", "1.5 s" },
		      { "bytes", "1536", "1.5 KiB" },
		      { "rows", "1536", "1536" },
		      { "downtime_ms", "null", "null" },
		      { "why", "\"a\\u001bb\"", "a\\x1bb" } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autobuf struct buf out = BUF_MAX(256);
		json_t *value = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);

		view_measure(&out, cases[i].key, value);
		assert_string_equal(buf_str(&out), cases[i].out);
		json_decref(value);
	}
}

static void test_checks(void **state)
{
	autojson json_t *doc =
	    read_json("{\"stopping\":1,\"checks\":["
		      "{\"id\":\"q.room\",\"verdict\":\"block\",\"subject\":\"root\",\"title\":"
		      "\"room for it\",\"seen\":\"3 MiB free\","
		      "\"reason\":\"needs 9\",\"remedy\":\"make "
		      "room\",\"source\":\"s\",\"overridable\":true},"
		      "{\"id\":\"q.room\",\"verdict\":\"block\",\"subject\":\"volume\",\"title\":"
		      "\"room for it\",\"seen\":\"2 MiB free\","
		      "\"reason\":\"needs 9\",\"remedy\":\"make "
		      "room\",\"source\":\"s\",\"overridable\":true},"
		      "{\"id\":\"q.fine\",\"verdict\":\"pass\",\"title\":\"t\",\"seen\":\"ok\"}]}");
	autobuf struct buf out = BUF_MAX(8192), all = BUF_MAX(8192);

	view_checks(doc, false, &plain, &out);
	shows(&out, "block   q.room: room for it\n    seen: root: 3 MiB free\n    seen: volume: 2 "
		    "MiB free\n    why: needs 9\n"
		    "    remedy: make room\n    or: --accept q.room\n3 findings");
	shows(&out, "1 would stop a run");
	assert_null(strstr(buf_str(&out), "q.fine"));
	view_checks(doc, true, &plain, &all);
	shows(&all, "q.fine");
}

static void test_checks_with_one_cause(void **state)
{
	autojson json_t *doc = read_json(
	    "{\"stopping\":3,\"checks\":["
	    "{\"id\":\"q.art\",\"verdict\":\"block\",\"title\":\"the artifact\",\"seen\":\"it is damaged\","
	    "\"reason\":\"r\",\"remedy\":\"fetch it again\",\"overridable\":false},"
	    "{\"id\":\"q.glibc\",\"verdict\":\"unsure\",\"title\":\"its glibc\",\"seen\":\"not told\","
	    "\"reason\":\"r\",\"remedy\":\"m\",\"follows\":\"q.art\"},"
	    "{\"id\":\"q.java\",\"verdict\":\"unsure\",\"title\":\"its Java\",\"seen\":\"not told\","
	    "\"reason\":\"r\",\"remedy\":\"m\",\"follows\":\"q.art\"}]}");
	autobuf struct buf out = BUF_MAX(8192), all = BUF_MAX(8192);

	view_checks(doc, false, &plain, &out);
	shows(&out, "    remedy: fetch it again\n    and: 2 more cannot be judged because of it "
		    "(-v shows them)\n3 findings");
	assert_null(strstr(buf_str(&out), "q.glibc"));
	view_checks(doc, true, &plain, &all);
	shows(&all, "unsure  q.java: its Java\n    seen: not told\n    follows from: q.art\n");
}

static void test_plan(void **state)
{
	autojson json_t *doc =
	    read_json("{\"product\":\"questdb\",\"name\":\"main\",\"digest\":\"abc\",\"goal\":{"
		      "\"target\":{\"edition\":\"enterprise\"}},"
		      "\"steps\":[{\"id\":\"stop\",\"phase\":\"freeze\",\"flags\":[\"in-window\"],"
		      "\"text\":\"stop it\",\"why\":\"files move\"},"
		      "{\"id\":\"start\",\"phase\":\"thaw\",\"flags\":[\"in-window\",\"point\"],"
		      "\"text\":\"start it\"}],"
		      "\"diffs\":[{\"file\":\"conf\",\"diff\":\"-a=1\\n+a=***\\n\"}],\"notes\":["
		      "\"clients must log in\"],"
		      "\"losses\":[{\"id\":\"ttl\",\"text\":\"old partitions\"}],"
		      "\"forecast\":{\"downtime\":{\"how\":\"computed\",\"low_ms\":1700,\"high_"
		      "ms\":8000,\"parts\":{\"stop_ms\":[200,2000]}},"
		      "\"space\":{\"restore_point_bytes\":2048}}}");
	autobuf struct buf out = BUF_MAX(8192);

	view_plan(doc, &plain, &out);
	shows(&out, "Stop and keep the old world\n");
	shows(&out, " 1  stop it  stop  [server down]\n      files move\n");
	shows(&out, "from here only the restore point brings the old data back");
	shows(&out, "-a=1\n+a=***\n");
	shows(&out, "computed, not measured");
	shows(&out, "  downtime: 1.7 s to 8.0 s\n    stop: 200 ms to 2.0 s\n  space:\n    restore "
		    "point: 2.0 KiB\n");
	shows(&out, "clients must log in");
	shows(&out, "--accept-loss ttl");
}

static void test_differences(void **state)
{
	autojson json_t *doc =
	    read_json("{\"same\":41,\"worst\":\"different\",\"level\":\"F1\",\"differences\":["
		      "{\"outcome\":\"different\",\"subject\":\"table "
		      "t\",\"what\":\"rows\",\"was\":\"3\",\"is\":\"2\"},"
		      "{\"outcome\":\"explained\",\"subject\":\"server\",\"what\":\"version\","
		      "\"was\":\"9\",\"is\":\"3\",\"rule\":\"r1\"},"
		      "{\"outcome\":\"not-proved\",\"subject\":\"accounts\",\"what\":\"all\","
		      "\"why\":\"no login\"}]}");
	autobuf struct buf out = BUF_MAX(8192);

	view_differences(doc, &plain, &out);
	shows(&out, "table t, rows: was 3, is 2\n");
	shows(&out, "explained by: r1\n");
	shows(&out, "Not proved\n  accounts, all\n    because: no login\n");
	shows(&out,
	      "41 compared and equal, 1 different, 1 explained, 1 not proved (compared: F1)\n");
}

static void test_status(void **state)
{
	autojson json_t *doc =
	    read_json("{\"runs\":[{\"id\":\"r2\",\"product\":\"questdb\",\"name\":\"main\","
		      "\"state\":\"stands\",\"unfinished\":true,"
		      "\"begun\":\"2026-11-21T11:00:00Z\",\"step\":\"open\",\"step_state\":"
		      "\"done\",\"point_passed\":true,\"clients\":\"gated\",\"at_work\":\"pid 7, "
		      "crossgrade apply\",\"away\":\"'/data' is another\","
		      "\"possible\":[\"resume\",\"rollback\"]}]}");
	autojson json_t *none = read_json("{\"runs\":[]}");
	autobuf struct buf out = BUF_MAX(8192), empty = BUF_MAX(256);

	view_status(doc, &plain, &out);
	shows(&out, "Unfinished: run r2 of questdb 'main' is stands\n");
	shows(&out, "step open, done; the point of no return is passed");
	shows(&out, "clients: KEPT OUT by the gate");
	shows(&out, "data: '/data' is another\n");
	shows(&out, "at work now: pid 7, crossgrade apply\n");
	shows(&out, "possible now: crossgrade resume r2\n");
	shows(&out, "or: crossgrade rollback r2\n");
	view_status(none, &plain, &empty);
	assert_string_equal(buf_str(&empty), "no runs on this host\n");
}

static void test_facts_say_what_is_missing(void **state)
{
	autojson json_t *doc =
	    read_json("{\"product\":\"questdb\",\"name\":\"main\",\"taken\":\"now\",\"facts\":{"
		      "\"server.version\":{\"value\":\"9.0.3\",\"class\":\"pinned\",\"source\":\"/"
		      "settings\",\"unconfirmed\":true},"
		      "\"rows\":{\"value\":7,\"class\":\"observed\",\"source\":\"sql\"}},"
		      "\"missing\":{\"tables\":\"no login\"}}");
	autobuf struct buf out = BUF_MAX(8192);

	view_facts(doc, &plain, &out);
	shows(&out, "server.version  9.0.3  /settings (unconfirmed)\n");
	shows(&out, "rows  7      sql\n");
	shows(&out, "tables: no login\n");
}

static void test_report_never_shows_a_number_not_measured(void **state)
{
	autojson json_t *doc =
	    read_json("{\"run\":\"r\",\"product\":\"questdb\",\"name\":\"main\",\"state\":\"closed-"
		      "new\",\"steps\":["
		      "{\"id\":\"copy\",\"state\":\"done\",\"took_ms\":2000,\"copied_bytes\":2048,"
		      "\"rate_bytes\":1024,\"text\":\"copy it\"},"
		      "{\"id\":\"never\",\"state\":\"none\",\"text\":\"not reached\"}],"
		      "\"downtime\":{\"not_measured\":\"no "
		      "probes\"},\"forecast\":[{\"what\":\"downtime_ms\",\"forecast\":4000}],"
		      "\"same\":3,\"differences\":[],\"not_proved\":[],\"notes\":[\"unconfirmed: nobody saw it\"],"
		      "\"way_back\":\"rollback\"}");
	autobuf struct buf out = BUF_MAX(8192);

	view_report(doc, &plain, &out);
	shows(&out, "copy   done   2.0 s  2.0 KiB  1.0 KiB/s  copy it\n");
	shows(&out, "not measured: no probes");
	shows(&out, "downtime: 4.0 s\n");
	shows(&out, "  - unconfirmed: nobody saw it\n");
	assert_null(strstr(buf_str(&out), "longest gap"));
	assert_null(strstr(buf_str(&out), "happened:"));
}

/* Columns, not bytes; a line of its own stays one. */
static void test_side_by_side(void **state)
{
	static const struct style narrow = { .width = 40 };
	autobuf struct buf out = BUF_MAX(8192);

	view_side_by_side(&out, &narrow, SV("日本日本日本日本日本\n\nshort"), SV("0123456789abcdefgh"), 2);
	assert_string_equal(buf_str(&out), "  日本日本日本日本  | 0123456789abcdefg\n"
					   "  日本              | h\n"
					   "                    |\n"
					   "  short             |\n");
}

static int collect(void *arg, struct sv text, struct err *e)
{
	buf_add_sv(arg, text);
	return 0;
}

static void test_translation_marks_what_a_secret_moved(void **state)
{
	static const char text[] =
		"{\"actions\":[{\"name\":\"a\",\"class\":\"exact\",\"changes\":[{\"field\":\"f\",\"context\":\"url\",\"before\":"
		"\"https://***@h/{{Name}}/{{IP}}\",\"after\":\"<x>\"}],\"findings\":[{\"field\":\"f\",\"reason\":\"same\",\"class\":"
		"\"exact\",\"token\":\"{{Name}}\",\"at\":25,\"length\":8},{\"field\":\"f\",\"reason\":\"condition\",\"class\":"
		"\"conditional\",\"token\":\"{{IP}}\",\"at\":34,\"length\":6},{\"field\":\"f\",\"reason\":\"same\",\"class\":"
		"\"exact\",\"token\":\"{{Hidden}}\",\"at\":60,\"length\":10}]}]}";
	autobuf struct buf out = BUF_MAX(64 << 10);
	struct err e = ERR_INIT;
	json_t *doc = read_json(text);

	assert_int_equal(view_translation_html(doc, collect, &out, &e), 0);
	shows(&out, "https://***@h/<mark class=\"exact\">{{Name}}</mark>/<mark class=\"conditional\">{{IP}}</mark></td>");
	shows(&out, "&lt;x&gt;");
	json_decref(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foreign_text_is_harmless),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_table_lines_up),
		cmocka_unit_test(test_colour_is_asked_for),
		cmocka_unit_test(test_wraps_at_the_width),
		cmocka_unit_test(test_measures),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_checks_with_one_cause),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_facts_say_what_is_missing),
		cmocka_unit_test(test_report_never_shows_a_number_not_measured),
		cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_translation_marks_what_a_secret_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
