/* What a token prints where the old release had nothing for it, and points that more than one text hangs on. */
#include "template_unit.h"

#define FS TEMPLATE_ON_FS
#define PROVIDER TEMPLATE_ON_PROVIDER
#define SCHEDULE TEMPLATE_ON_SCHEDULE
#define BLOCKED TEMPLATE_ON_IP_BLOCKED
#define DEMAND TEMPLATE_ON_DEMAND
#define LOGIN TEMPLATE_ON_IDP_LOGIN
#define BACKUP TEMPLATE_AFTER_BACKUP
#define CHECK TEMPLATE_AFTER_RETENTION
#define PLAIN TEMPLATE_PLAIN
#define EXACT TEMPLATE_EXACT
#define UNDER TEMPLATE_EXACT_IF
#define NOTHING "{{ \"\" }}"
#define LITERAL "{{ \"{\" }}{{ \"{\" }}"

static void what_no_event_has_is_nothing(void **state)
{
	static const struct template_case cases[] = {
		{ NULL, 6, 4, SCHEDULE, PLAIN, "{{Email}}", NOTHING, EXACT },
		{ NULL, 6, 4, SCHEDULE | CHECK, PLAIN, "{{Email}}", NOTHING, EXACT },
		{ NULL, 6, 4, DEMAND | LOGIN, PLAIN, "{{Role}}", NOTHING, EXACT },
		{ NULL, 6, 4, FS, PLAIN, "{{ObjectType}}", NOTHING, EXACT },
		{ NULL, 6, 4, PROVIDER, PLAIN, "{{Protocol}}", NOTHING, EXACT },
		{ NULL, 6, 4, LOGIN, PLAIN, "{{Protocol}}", "{{ .Protocol }}", EXACT },
		{ NULL, 7, 5, SCHEDULE, PLAIN, "{{.IP}}", NOTHING, EXACT },
		{ NULL, 7, 5, SCHEDULE | BLOCKED, PLAIN, "{{.IP}}", "{{ .IP }}", EXACT },
		{ NULL, 6, 4, BLOCKED, PLAIN, "{{Name}}", NOTHING, EXACT },
		{ NULL, 6, 4, BLOCKED, PLAIN, "{{Event}}", "{{ .Event }}", EXACT },
		{ NULL, 6, 4, DEMAND, PLAIN, "{{VirtualPath}}{{FsPath}}{{FsTargetPath}}", NOTHING,
		  EXACT },
		{ NULL, 6, 4, DEMAND | BACKUP, PLAIN, "{{FsPath}}", "{{ .FsPath }}", UNDER },
		{ NULL, 6, 4, DEMAND, PLAIN, "{{VirtualDirPath}}", LITERAL "VirtualDirPath}}",
		  EXACT },
		{ NULL, 6, 4, SCHEDULE, PLAIN, "{{FileSize}} {{Elapsed}}", "0 0", EXACT },
		{ NULL, 6, 4, SCHEDULE | BACKUP, PLAIN, "{{FileSize}} {{Elapsed}}",
		  "{{ .FileSize }} 0", UNDER },
		{ NULL, 6, 4, PROVIDER, PLAIN, "{{Metadata}}{{MetadataString}}", "{}", EXACT },
		{ NULL, 6, 4, SCHEDULE, TEMPLATE_PATH, "/{{Role}}", "/", EXACT },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		case_holds(&cases[i]);
}

/* Enterprise's documentation has a list in .Email there. */
static void nobody_s_address_after_a_check(void **state)
{
	static const struct template_case mixed = {
		NULL, 6, 4, FS | SCHEDULE | CHECK, PLAIN, "{{Email}}",
		"{{ if ne .Event \"Schedule\" }}{{ .Email }}{{ end }}", UNDER
	};
	struct template_asked a = { .release = { 6, 4 }, .triggers = FS | CHECK };
	struct template_text t;

	case_holds(&mixed);
	translated(&a, PLAIN, "{{Email}}", &t);
	assert_true(has_condition(&t.findings, TEMPLATE_IF_OBJECT_NAME));
	template_text_done(&t);
}

/* Where nothing is filled in, that is no fault of 2.7. */
static void only_bodies_of_requests_keep_a_bug(void **state)
{
	static const struct {
		const char *action;
		unsigned triggers;
		bool bug;
	} cases[] = {
		{ "{\"type\":1,\"options\":{\"http_config\":{\"body\":\"{{.ObjectData}}\"}}}", PROVIDER, true },
		{ "{\"type\":1,\"options\":{\"http_config\":{\"body\":\"{{.ObjectData}}\"}}}", FS, false },
		{ "{\"type\":1,\"options\":{\"http_config\":{\"headers\":[{\"value\":\"{{.ObjectData}}\"}]}}}", PROVIDER, false },
		{ "{\"type\":3,\"options\":{\"email_config\":{\"subject\":\"{{.ObjectData}}\"}}}", PROVIDER, false },
		{ "{\"type\":9,\"options\":{\"fs_config\":{\"type\":3,\"mkdirs\":[\"/{{.ObjectDataString}}\"]}}}", PROVIDER, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct template_asked a = { .release = { 7, 5 }, .triggers = cases[i].triggers };
		json_t *action = json_loads(cases[i].action, 0, NULL);
		struct template_action t;
		struct err e = ERR_INIT;

		assert_ok(template_action(&a, action, &t, &e), &e);
		assert_int_equal(has_reason(&t.findings, TEMPLATE_BUG_KEPT), cases[i].bug);
		assert_int_equal(has_reason(&t.findings, TEMPLATE_EMPTY_HERE), !cases[i].bug);
		template_action_done(&t);
		json_decref(action);
	}
}

/* Old releases drop a recipient that comes out empty; of Enterprise nobody knows. */
static void recipients_may_come_out_empty(void **state)
{
	static const struct {
		unsigned triggers;
		const char *text;
		bool may;
	} cases[] = {
		{ FS, "{{Email}}", true },	  { FS, "{{Name}}", false },
		{ FS, "{{Ext}}{{Role}}", true },  { FS, "{{Role}}@example.com", false },
		{ SCHEDULE, "{{Name}}", true },	  { PROVIDER, "{{VirtualDirPath}}", false },
		{ FS, "{{TargetName}}", false },  { FS, "ops@example.com", false },
		{ BLOCKED | FS, "{{Name}}", true }, { FS, "{{Role}}{{Status}}", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct template_asked a = { .release = { 6, 4 }, .triggers = cases[i].triggers };
		json_t *action = json_pack("{si s{s{s[s] ss}}}", "type", 3, "options", "email_config", "bcc", cases[i].text, "subject",
					   cases[i].text);
		struct template_action t;
		struct err e = ERR_INIT;

		assert_ok(template_action(&a, action, &t, &e), &e);
		if (has_condition(&t.findings, TEMPLATE_IF_RECIPIENT) != cases[i].may)
			fail_msg("of %s", cases[i].text);
		assert_true(t.held || !cases[i].may);
		template_action_done(&t);
		json_decref(action);
	}
}

/* A backslash of ours would be a slash once the path is saved. */
static void no_marks_are_put_into_paths(void **state)
{
	struct template_asked a = { .release = { 7, 5 }, .triggers = FS };
	struct template_text t;

	a.settled[TEMPLATE_IF_JSON_ESCAPE] = TEMPLATE_FAILS;
	translated(&a, TEMPLATE_PATH, "/x/{{.MetadataString}}/y", &t);
	assert_string_equal(buf_str(&t.text),
			    "/x/{{ if .Metadata }}{{ toJsonUnquoted (toJson .Metadata) }}{{ end }}/y");
	assert_int_equal(t.class, TEMPLATE_NOT);
	template_text_done(&t);
	a.settled[TEMPLATE_IF_JSON_ESCAPE] = TEMPLATE_HOLDS;
	translated(&a, TEMPLATE_PATH, "/x/{{.MetadataString}}/y", &t);
	assert_int_equal(t.class, TEMPLATE_EXACT);
	template_text_done(&t);
}

static void another_directory_is_not_the_same(void **state)
{
	struct template_asked a = { .release = { 6, 4 }, .triggers = FS };
	struct template_text t;

	translated(&a, TEMPLATE_PATH, "/archive/{{Name}}", &t);
	assert_true(has_condition(&t.findings, TEMPLATE_IF_BACKSLASH) && t.held);
	template_text_done(&t);
}

static void a_schedule_seen_otherwise_is_no_remark(void **state)
{
	struct template_asked a = { .release = { 6, 4 } };
	json_t *rule = json_pack("{si}", "trigger", 3);
	static const enum template_class is[] = { TEMPLATE_EXACT_IF, TEMPLATE_EXACT, TEMPLATE_NOT };

	for (int settled = TEMPLATE_UNSETTLED; settled <= TEMPLATE_FAILS; settled++) {
		struct template_findings f = { 0 };
		struct err e = ERR_INIT;

		a.settled[TEMPLATE_IF_MINUTE] = (unsigned char)settled;
		assert_ok(template_rule(&a, rule, &f, &e), &e);
		assert_int_equal(f.n, 1);
		assert_int_equal(f.v[0].class, is[settled]);
		assert_int_equal(template_is_remark(f.v), settled != TEMPLATE_FAILS);
		template_findings_done(&f);
	}
	json_decref(rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_event_has_is_nothing),
		cmocka_unit_test(nobody_s_address_after_a_check),
		cmocka_unit_test(only_bodies_of_requests_keep_a_bug),
		cmocka_unit_test(recipients_may_come_out_empty),
		cmocka_unit_test(no_marks_are_put_into_paths),
		cmocka_unit_test(another_directory_is_not_the_same),
		cmocka_unit_test(a_schedule_seen_otherwise_is_no_remark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
