/* What of the server's log is told, and what of it is never shown. */
#include "products/sftpgo/own_log.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "products/sftpgo/verify.h"

#define LINE(level, more, message) "{\"level\":\"" level "\",\"time\":\"2026-11-22T05:00:00.000\"," more "\"message\":\"" message "\"}"
#define DB "\"sender\":\"dataprovider_sqlite\","

static bool parse(const char *line, struct own_line *ret)
{
	return own_log_parse(sv_of(line), ret);
}

static void steps_of_the_schema_are_seen(void **state)
{
	struct own_line l;

	assert_true(parse(LINE("info", DB, "updating database schema version: 29 -> 30"), &l));
	assert_true(l.migrates && !l.told);
	assert_string_equal(l.words, "updating database schema version: 29 -> 30");
	/* No step of the server's, whatever a client called his file. */
	assert_false(parse(LINE("info", DB, "updating database <b>"), &l));
	assert_false(parse(LINE("info", DB, "sql database is up to date, current version: 33"), &l));
	assert_false(parse("updating database schema version: 29 -> 30", &l));
}

static void lines_as_docker_keeps_them(void **state)
{
	static const char kept[] = "{\"log\":\"{\\\"level\\\":\\\"info\\\",\\\"sender\\\":\\\"%s\\\",\\\"message\\\":\\\"%s\\\"}\\n\","
				   "\"stream\":\"stdout\",\"time\":\"2026-11-22T05:00:00.000000001Z\"}";
	autofree char *step = xasprintf(kept, "dataprovider_sqlite", "updating database schema version: 29 -> 30"),
		      *first = xasprintf(kept, "service", "starting SFTPGo 2.7.5"), *other = xasprintf(kept, "service", "server stopped");
	struct own_line l;

	assert_true(parse(step, &l));
	assert_true(l.migrates);
	assert_string_equal(l.words, "updating database schema version: 29 -> 30");
	assert_true(own_log_begins(sv_of(first)));
	assert_false(own_log_begins(sv_of(other)));
	/* As a terminal ends them. */
	assert_true(own_log_begins(SV("{\"log\":\"{\\\"sender\\\":\\\"service\\\",\\\"message\\\":\\\"starting SFTPGo 2.7.5\\\"}\\r\\n\"}")));
	assert_false(parse("{\"log\":\"no JSON\\n\",\"stream\":\"stdout\"}", &l));
}

static void no_value_of_a_message_is_shown(void **state)
{
	static const struct {
		const char *message, *words;
	} cases[] = {
		{ "unable to load initial data: user 'x' pw", "unable to load initial data" },
		{ "unable to add host key \\\"/etc/key\\\": no such file", "unable to add host key" },
		{ "error posting to https://a:secret@b/", "error posting to https" },
		{ "config {Password:secret}", "config" },
		{ "token=secret", "token" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autofree char *line = xasprintf(LINE("error", DB, "%s"), cases[i].message);
		struct own_line l;

		assert_true(parse(line, &l));
		assert_true(l.told);
		assert_string_equal(l.words, cases[i].words);
		assert_null(strstr(l.words, "secret"));
	}
}

static void what_is_worth_telling(void **state)
{
	struct own_line l;

	assert_true(parse(LINE("error", DB, "database schema version 33 is newer than the supported one: 29"), &l) && l.spoilt);
	assert_true(parse(LINE("error", DB, "database migration error: x"), &l) && l.spoilt);
	/* In what somebody else was told. */
	assert_true(parse(LINE("error", "\"sender\":\"eventmanager\",", "database migration error: x"), &l) && !l.spoilt);
	assert_true(parse(LINE("error", DB, "answered: database migration error"), &l) && !l.spoilt);
	assert_true(parse(LINE("error", DB, "x"), &l) && l.told && !l.spoilt);
	assert_true(parse(LINE("error", "\"sender\":\"a\\u001b[2Jb\",", "x"), &l));
	assert_string_equal(l.sender, "a [2Jb");
	assert_true(parse(LINE("warn", DB, "unable to x"), &l) && l.told && !l.spoilt);
	assert_false(parse(LINE("warn", DB, "x"), &l));
	assert_false(parse(LINE("debug", DB, "unable to x"), &l));
	assert_true(parse(LINE("error", DB "\"connection_id\":\"SFTP_1\",", "x"), &l) && l.of_client);
	/* A request that failed, of HTTP: it has no message. */
	assert_true(parse("{\"level\":\"error\",\"sender\":\"httpd\",\"remote_addr\":\"10.0.0.1:5\",\"resp_status\":500}", &l) && l.of_client);
	assert_true(parse("{\"level\":\"error\",\"sender\":\"httpd\",\"remote_addr\":\"10.0.0.1:5\",\"panic\":\"x\"}", &l) && !l.of_client);
}

/* ---- compared ---- */

static void compare_at(const char *text, bool later, struct comparisons *ret)
{
	char path[] = "/tmp/own_log.XXXXXX";
	int fd = mkstemp(path);
	struct server_log_of of = { .file = path, .first = "starting SFTPGo ", .begins = own_log_begins };
	autoserverlog struct server_log *log = NULL;
	struct err e = ERR_INIT;

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	assert_ok(server_log_open(&of, &log, &e), &e);
	compare_log_lines(log, later, ret);
	close(fd);
	unlink(path);
}

static void compare(const char *text, struct comparisons *ret) { compare_at(text, false, ret); }

#define START LINE("info", "\"sender\":\"service\",", "starting SFTPGo 2.7.5, config dir: /x") "\n"

static void errors_since_its_start_are_not_proved(void **state)
{
	struct comparisons found = { 0 };

	compare(LINE("error", DB, "before: x") "\n" START LINE("error", DB, "unable to a: 1") "\n" LINE("error", DB, "unable to a: 2") "\n"
		LINE("error", DB "\"connection_id\":\"1\",", "of a client") "\n" LINE("info", DB, "fine") "\n", &found);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.v[0].outcome, CMP_UNPROVED);
	assert_string_equal(found.v[0].what, "dataprovider_sqlite: unable to a");
	assert_string_equal(found.v[0].is, "2 times");
	assert_non_null(strstr(found.v[0].why, "/tmp/own_log."));
	comparisons_done(&found);
}

/* Whatever a client calls himself, or his file. */
static void no_client_can_begin_it_anew(void **state)
{
	struct comparisons found = { 0 };

	compare(START LINE("error", DB, "unable to a: 1") "\n" LINE("info", "\"sender\":\"Upload\",\"file_path\":\"/starting SFTPGo x\",", "")
		"\n" LINE("info", "\"sender\":\"httpd\",", "starting SFTPGo x") "\n"
		LINE("warn", "\"sender\":\"service\",", "user starting SFTPGo x") "\n", &found);
	assert_int_equal(found.n, 1);
	assert_string_equal(found.v[0].what, "dataprovider_sqlite: unable to a");
	comparisons_done(&found);
}

static void another_schema_is_a_difference(void **state)
{
	struct comparisons found = { 0 };

	compare(START LINE("error", DB, "database schema version 34 is newer than the supported one: 33") "\n", &found);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.v[0].outcome, CMP_DIFFERENT);
	comparisons_done(&found);
}

/* A server has its daily errors; a database of another release is none of them. */
static void an_error_of_later_decides_nothing(void **state)
{
	struct comparisons found = { 0 };

	compare_at(START LINE("error", DB, "unable to a: 1") "\n" LINE("error", DB, "database schema version 34 is newer than the supported one: 33")
		   "\n", true, &found);
	assert_int_equal(found.n, 2);
	assert_int_equal(found.v[0].outcome, CMP_EXPLAINED);
	assert_string_equal(found.v[0].rule, "sftpgo.log-later");
	assert_int_equal(found.v[1].outcome, CMP_DIFFERENT);
	comparisons_done(&found);
}

static void a_failed_event_is_the_rules_own(void **state)
{
	struct comparisons found = { 0 };

	compare(START LINE("error", "\"sender\":\"eventmanager\",", "unable to execute action \\\"x\\\"") "\n", &found);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.v[0].outcome, CMP_EXPLAINED);
	assert_string_equal(found.v[0].rule, "sftpgo.event-failed");
	assert_string_equal(found.v[0].what, "eventmanager: unable to execute action");
	comparisons_done(&found);
}

/* Not one rule runs then. */
static void that_rules_cannot_run_is_the_servers(void **state)
{
	static const char *const messages[] = { "unable to load event rules: x", "unable to add scheduled rule \\\"a\\\", cron string",
						"unsupported trigger: 9", "on-demand rule \\\"a\\\" has incompatible actions: x" };

	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		autofree char *text = xasprintf("%s" LINE("error", "\"sender\":\"eventmanager\",", "%s") "\n", START, messages[i]);
		struct comparisons found = { 0 };

		compare(text, &found);
		assert_int_equal(found.n, 1);
		assert_int_equal(found.v[0].outcome, CMP_UNPROVED);
		comparisons_done(&found);
	}
}

static void a_quiet_log_is_as_it_should_be(void **state)
{
	struct comparisons found = { 0 };

	compare(LINE("error", DB, "before") "\n" START LINE("info", DB, "fine") "\n", &found);
	assert_int_equal(found.n, 0);
	assert_int_equal(found.same, 1);
}

/* At the end of a run it cannot have been rotated yet; weeks later it says nothing of the move. */
static void a_log_begun_anew_decides_nothing_later(void **state)
{
	static const struct {
		bool later;
		enum outcome is;
	} cases[] = { { false, CMP_UNPROVED }, { true, CMP_EXPLAINED } };
	char path[] = "/tmp/own_log.XXXXXX";
	int fd = mkstemp(path);
	struct server_log_of of = { .file = path, .first = "starting SFTPGo ", .begins = own_log_begins };
	autoserverlog struct server_log *log = NULL;
	struct err e = ERR_INIT;

	assert_ok(server_log_open(&of, &log, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct comparisons found = { 0 };

		compare_log_turned(log, cases[i].later, &found);
		assert_int_equal(found.n, 1);
		assert_int_equal(found.v[0].outcome, cases[i].is);
		comparisons_done(&found);
	}
	close(fd);
	unlink(path);
}

static void many_kinds_are_counted_only(void **state)
{
	autobuf struct buf text = BUF_MAX(64 << 10);
	struct comparisons found = { 0 };

	buf_adds(&text, START);
	for (char c = 'a'; c <= 'z'; c++)
		buf_addf(&text, LINE("error", DB, "trouble %c") "\n", c);
	compare(buf_str(&text), &found);
	assert_int_equal(found.n, 21);
	assert_non_null(strstr(found.v[20].why, "more kinds"));
	comparisons_done(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_of_the_schema_are_seen),
		cmocka_unit_test(lines_as_docker_keeps_them), cmocka_unit_test(no_value_of_a_message_is_shown),
		cmocka_unit_test(what_is_worth_telling),
		cmocka_unit_test(errors_since_its_start_are_not_proved),
		cmocka_unit_test(no_client_can_begin_it_anew),
		cmocka_unit_test(another_schema_is_a_difference),
		cmocka_unit_test(an_error_of_later_decides_nothing),
		cmocka_unit_test(a_failed_event_is_the_rules_own),
		cmocka_unit_test(that_rules_cannot_run_is_the_servers),
		cmocka_unit_test(a_quiet_log_is_as_it_should_be),
		cmocka_unit_test(a_log_begun_anew_decides_nothing_later),
		cmocka_unit_test(many_kinds_are_counted_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
