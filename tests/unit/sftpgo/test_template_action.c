/* Whole actions: which fields are replaced and how, what changes beside the text, and the rules. */
#include "template_unit.h"

static json_t *parsed(const char *text)
{
	json_error_t where;
	json_t *doc = json_loads(text, 0, &where);

	if (!doc)
		fail_msg("%s at %d: %s", where.text, where.position, text);
	return doc;
}

static const struct template_asked of_26 = { .release = { 6, 4 }, .triggers = TEMPLATE_ON_FS };
static const struct template_asked of_27 = { .release = { 7, 5 }, .triggers = TEMPLATE_ON_FS };

static void action_of(const struct template_asked *a, const char *text, struct template_action *ret)
{
	autojson json_t *action = parsed(text);
	struct err e = ERR_INIT;

	assert_ok(template_action(a, action, ret, &e), &e);
}

static const struct template_change *change_of(const struct template_action *t, const char *field)
{
	for (size_t i = 0; i < t->changes.n; i++) {
		if (!strcmp(t->changes.v[i].field, field))
			return &t->changes.v[i];
	}
	return NULL;
}

static void assert_change(const struct template_action *t, const char *field,
			  enum template_context c, const char *after)
{
	const struct template_change *change = change_of(t, field);

	if (!change)
		fail_msg("no change of %s", field);
	assert_string_equal(change->after, after);
	assert_int_equal(change->context, c);
}

#define NAME "{{ .Name }}"
#define HEADERS(type) "\"headers\":[{\"key\":\"content-type\",\"value\":\"" type "\"}]"

static const struct {
	const char *field, *action;
	enum template_context context;
} places[] = {
	{ "http_config.endpoint",
	  "{\"type\":1,\"options\":{\"http_config\":{\"endpoint\":\"http://h/{{Name}}\"}}}",
	  TEMPLATE_URL },
	{ "http_config.query_parameters[].value",
	  "{\"type\":1,\"options\":{\"http_config\":{\"query_parameters\":[{\"key\":\"{{Name}}\","
	  "\"value\":\"{{Name}}\"}]}}}",
	  TEMPLATE_PLAIN },
	{ "http_config.headers[].value",
	  "{\"type\":1,\"options\":{\"http_config\":{\"headers\":[{\"key\":\"a\",\"value\":"
	  "\"{{Name}}\"}]}}}",
	  TEMPLATE_PLAIN },
	{ "http_config.body",
	  "{\"type\":1,\"options\":{\"http_config\":{" HEADERS(
	      "Application/JSON; x") ",\"body\":\"{{Name}}\"}}}",
	  TEMPLATE_JSON },
	{ "http_config.parts[].headers[].value",
	  "{\"type\":1,\"options\":{\"http_config\":{\"parts\":[{\"headers\":[{\"key\":\"a\","
	  "\"value\":\"{{Name}}\"}]}]}}}",
	  TEMPLATE_PLAIN },
	{ "http_config.parts[].body",
	  "{\"type\":1,\"options\":{\"http_config\":{\"parts\":[{" HEADERS(
	      "application/json") ",\"body\":\"{{Name}}\"}]}}}",
	  TEMPLATE_JSON },
	{ "http_config.parts[].filepath",
	  "{\"type\":1,\"options\":{\"http_config\":{\"parts\":[{\"filepath\":\"/{{Name}}\"}]}}}",
	  TEMPLATE_PATH },
	{ "cmd_config.args[]",
	  "{\"type\":2,\"options\":{\"cmd_config\":{\"args\":[\"{{Name}}\"]}}}", TEMPLATE_PLAIN },
	{ "cmd_config.env_vars[].value",
	  "{\"type\":2,\"options\":{\"cmd_config\":{\"env_vars\":[{\"key\":\"A\",\"value\":"
	  "\"{{Name}}\"}]}}}",
	  TEMPLATE_PLAIN },
	{ "email_config.recipients[]",
	  "{\"type\":3,\"options\":{\"email_config\":{\"recipients\":[\"{{Name}}\"]}}}",
	  TEMPLATE_PLAIN },
	{ "email_config.bcc[]",
	  "{\"type\":3,\"options\":{\"email_config\":{\"bcc\":[\"{{Name}}\"]}}}", TEMPLATE_PLAIN },
	{ "email_config.subject",
	  "{\"type\":3,\"options\":{\"email_config\":{\"subject\":\"{{Name}}\"}}}",
	  TEMPLATE_PLAIN },
	{ "email_config.body",
	  "{\"type\":3,\"options\":{\"email_config\":{\"body\":\"{{Name}}\",\"content_type\":1}}}",
	  TEMPLATE_PLAIN },
	{ "email_config.attachments[]",
	  "{\"type\":3,\"options\":{\"email_config\":{\"attachments\":[\"/{{Name}}\"]}}}",
	  TEMPLATE_PATH },
	{ "fs_config.renames[].key",
	  "{\"type\":9,\"options\":{\"fs_config\":{\"type\":1,\"renames\":[{\"key\":\"/{{Name}}\"}]"
	  "}}}",
	  TEMPLATE_PATH },
	{ "fs_config.renames[].value",
	  "{\"type\":9,\"options\":{\"fs_config\":{\"type\":1,\"renames\":[{\"value\":\"/"
	  "{{Name}}\"}"
	  "]}}}",
	  TEMPLATE_PATH },
	{ "fs_config.deletes[]",
	  "{\"type\":9,\"options\":{\"fs_config\":{\"type\":2,\"deletes\":[\"/{{Name}}\"]}}}",
	  TEMPLATE_PATH },
	{ "fs_config.mkdirs[]",
	  "{\"type\":9,\"options\":{\"fs_config\":{\"type\":3,\"mkdirs\":[\"/{{Name}}\"]}}}",
	  TEMPLATE_PATH },
	{ "fs_config.exist[]",
	  "{\"type\":9,\"options\":{\"fs_config\":{\"type\":4,\"exist\":[\"/{{Name}}\"]}}}",
	  TEMPLATE_PATH },
	{ "fs_config.compress.name",
	  "{\"type\":9,\"options\":{\"fs_config\":{\"type\":5,\"compress\":{\"name\":\"/"
	  "{{Name}}\"}}"
	  "}}",
	  TEMPLATE_PATH },
	{ "fs_config.compress.paths[]",
	  "{\"type\":9,\"options\":{\"fs_config\":{\"type\":5,\"compress\":{\"paths\":[\"/"
	  "{{Name}}\""
	  "]}}}}",
	  TEMPLATE_PATH },
	{ "fs_config.copy[].key",
	  "{\"type\":9,\"options\":{\"fs_config\":{\"type\":6,\"copy\":[{\"key\":\"/{{Name}}/\"}]}}"
	  "}",
	  TEMPLATE_PATH },
	{ "fs_config.copy[].value",
	  "{\"type\":9,\"options\":{\"fs_config\":{\"type\":6,\"copy\":[{\"value\":\"/"
	  "{{Name}}\"}]}}"
	  "}",
	  TEMPLATE_PATH },
	{ "idp_config.template_user",
	  "{\"type\":13,\"options\":{\"idp_config\":{\"template_user\":\"{{Name}}\"}}}",
	  TEMPLATE_JSON },
	{ "idp_config.template_admin",
	  "{\"type\":13,\"options\":{\"idp_config\":{\"template_admin\":\"{{Name}}\"}}}",
	  TEMPLATE_JSON },
};

/* "parts[0].headers[0].value" is a place of "parts[].headers[].value". */
static bool is_at(const char *field, const char *place)
{
	for (; *field && *place; field++) {
		if (*field >= '0' && *field <= '9')
			continue;
		if (*field != *place++)
			return false;
	}
	return !*field && !*place;
}

static void every_field_has_its_context(void **state)
{
	size_t n;
	const struct template_field *fields = template_fields(&n);

	for (size_t i = 0; i < n; i++) {
		bool shown = !strcmp(fields[i].path, "http_config.username");

		for (size_t k = 0; k < ARRAY_LEN(places); k++) {
			struct template_action t;

			if (strcmp(fields[i].path, places[k].field))
				continue;
			action_of(&of_26, places[k].action, &t);
			assert_int_equal(t.changes.n, 1);
			assert_true(is_at(t.changes.v[0].field, places[k].field));
			assert_int_equal(t.changes.v[0].context, places[k].context);
			shown = true;
			template_action_done(&t);
		}
		if (!shown)
			print_error("no case for %s\n", fields[i].path);
		assert_true(shown);
	}
}

static void other_members_stay(void **state)
{
	static const char text[] =
	    "{\"name\":\"{{Name}}\",\"type\":3,\"options\":{\"email_config\":{\"subject\":\"x\","
	    "\"other\":\"{{Name}}\"},\"http_config\":{\"body\":\"{{Name}}\"},\"x\":[1,2.5]}}";
	autojson json_t *action = parsed(text), *before = json_deep_copy(action);
	struct template_action t;
	struct err e = ERR_INIT;

	assert_ok(template_action(&of_26, action, &t, &e), &e);
	assert_true(json_equal(action, before));
	assert_true(json_equal(t.options, json_object_get(action, "options")));
	assert_int_equal(t.changes.n, 0);
	template_action_done(&t);
}

/* The documentation has no template there. Where a probe saw one run, the name is translated like any text. */
static void user_names_are_as_was_seen(void **state)
{
	static const struct {
		enum template_settled is;
		enum template_class class;
		enum template_evidence evidence;
		const char *after;
	} cases[] = {
		{ TEMPLATE_UNSETTLED, TEMPLATE_NOT, TEMPLATE_DOCUMENTED, NULL },
		{ TEMPLATE_FAILS, TEMPLATE_NOT, TEMPLATE_SEEN, NULL },
		{ TEMPLATE_HOLDS, TEMPLATE_EXACT, TEMPLATE_SEEN, "u" NAME },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct template_asked a = of_26;
		struct template_action t;

		a.settled[TEMPLATE_IF_HTTP_USER] = cases[i].is;
		action_of(&a, "{\"type\":1,\"options\":{\"http_config\":{\"username\":\"u{{Name}}\"}}}", &t);
		assert_int_equal(t.class, cases[i].class);
		assert_int_equal(t.held, !cases[i].after);
		assert_int_equal(t.findings.v[0].evidence, cases[i].evidence);
		assert_true(has_reason(&t.findings, TEMPLATE_NO_TEMPLATE_HERE));
		if (cases[i].after)
			assert_change(&t, "http_config.username", TEMPLATE_PLAIN, cases[i].after);
		else
			assert_null(change_of(&t, "http_config.username"));
		template_action_done(&t);
	}
}

static void bodies_are_json_by_their_type(void **state)
{
	struct template_action t;

	action_of(
	    &of_26,
	    "{\"type\":1,\"options\":{\"http_config\":{\"headers\":[{\"key\":\"X-A\",\"value\":"
	    "\"application/json\"},{\"key\":\"Content-Type\",\"value\":\"text/plain\"},"
	    "{\"key\":\"Content-Type\",\"value\":\"application/json\"}],\"body\":\"{{Name}}\","
	    "\"username\":\"u{{Name}}\"}}}",
	    &t);
	assert_change(&t, "http_config.body", TEMPLATE_PLAIN, NAME);
	assert_null(change_of(&t, "http_config.username"));
	assert_true(has_reason(&t.findings, TEMPLATE_NO_TEMPLATE_HERE) && t.held);
	template_action_done(&t);
	action_of(&of_26,
		  "{\"type\":1,\"options\":{\"http_config\":{" HEADERS(
		      "application/vnd.api+json") ",\"body\":\"{{Name}}\"}}}",
		  &t);
	assert_change(&t, "http_config.body", TEMPLATE_PLAIN, NAME);
	template_action_done(&t);
	action_of(&of_26,
		  "{\"type\":1,\"options\":{\"http_config\":{\"parts\":[{\"headers\":[{\"key\":"
		  "\"Content-Type\",\"value\":\"application/{{Ext}}\"}],\"body\":\"{{Name}}\"}]}}}",
		  &t);
	assert_true(has_reason(&t.findings, TEMPLATE_CONTENT_TYPE));
	assert_int_equal(t.class, TEMPLATE_NOT);
	template_action_done(&t);
}

static void mails_of_27_escape_for_html(void **state)
{
	static const char text[] =
	    "{\"type\":3,\"options\":{\"email_config\":{\"body\":\"{{.Name}}\","
	    "\"content_type\":1,\"subject\":\"{{.Name}}\"}}}";
	struct template_action t;

	action_of(&of_27, text, &t);
	assert_change(&t, "email_config.body", TEMPLATE_HTML, "{{ html .Name }}");
	assert_change(&t, "email_config.subject", TEMPLATE_PLAIN, NAME);
	assert_int_equal(t.class, TEMPLATE_EXACT);
	template_action_done(&t);
}

static void unread_fields_hold_nothing_back(void **state)
{
	struct template_action t;

	action_of(
	    &of_26,
	    "{\"type\":1,\"options\":{\"http_config\":{\"method\":\"GET\",\"body\":\"{{Email}}"
	    "\"}}}",
	    &t);
	assert_change(&t, "http_config.body", TEMPLATE_PLAIN, "{{ .Email }}");
	assert_true(has_reason(&t.findings, TEMPLATE_DEAD_FIELD));
	assert_int_equal(t.class, TEMPLATE_EXACT);
	template_action_done(&t);
}

#define ATTACH(text) "{\"type\":3,\"options\":{\"email_config\":{\"attachments\":[\"" text "\"]}}}"

static void a_variable_is_not_copied_by_chance(void **state)
{
	struct template_asked a = { .release = { 6, 4 }, .triggers = TEMPLATE_ON_DEMAND };
	struct template_action t;

	action_of(&a,
		  "{\"type\":2,\"options\":{\"cmd_config\":{\"env_vars\":[{\"key\":\"A\",\"value\":"
		  "\"${{Name}}\"},{\"key\":\"B\",\"value\":\"$\"}]}}}",
		  &t);
	assert_change(&t, "cmd_config.env_vars[0].value", TEMPLATE_PLAIN, "{{ \"$\" }}");
	assert_int_equal(t.changes.n, 1);
	template_action_done(&t);
}

static void retention_reports(void **state)
{
	static const char *const lost[] = { ATTACH("/{{.RetentionReports}}"),
					    ATTACH("{{.RetentionReports}}") };
	struct template_action t;

	action_of(&of_26, ATTACH("{{RetentionReports}}"), &t);
	assert_change(&t, "email_config.attachments[0]", TEMPLATE_PATH, "{{.RetentionReports}}");
	assert_true(has_reason(&t.findings, TEMPLATE_REPORTS) && !t.held);
	template_action_done(&t);
	for (size_t i = 0; i < ARRAY_LEN(lost); i++) {
		action_of(&of_27, lost[i], &t);
		assert_string_equal(
		    json_string_value(json_array_get(
			json_object_get(json_object_get(t.options, "email_config"), "attachments"),
			0)),
		    "{{.RetentionReports}}");
		assert_true(has_reason(&t.findings, TEMPLATE_REPORTS_LOST) && t.held);
		template_action_done(&t);
	}
	action_of(&of_26, ATTACH("/x{{RetentionReports}}"), &t);
	assert_change(&t, "email_config.attachments[0]", TEMPLATE_PATH,
		      "/x{{ \"{\" }}{{ \"{\" }}RetentionReports}}");
	template_action_done(&t);
}

/* What makes an action's objects be filled in, by type and release. */
static void objects_are_live_where_the_release_looks(void **state)
{
	static const struct {
		int minor;
		const char *action;
		bool live;
	} cases[] = {
		{ 6, "{\"type\":3,\"options\":{\"email_config\":{\"body\":\"{{ObjectData}}\"}}}",
		  true },
		{ 6, "{\"type\":3,\"options\":{\"email_config\":{\"subject\":\"{{ObjectData}}\"}}}",
		  false },
		{ 6,
		  "{\"type\":1,\"options\":{\"http_config\":{\"body\":\"{{ObjectDataString}}\"}}}",
		  true },
		{ 7, "{\"type\":1,\"options\":{\"http_config\":{\"body\":\"{{.ObjectData}}\"}}}",
		  false },
		{ 7,
		  "{\"type\":1,\"options\":{\"http_config\":{\"body\":\"{{.ObjectData}}"
		  "{{ObjectData}}\"}}}",
		  true },
		{ 7, "{\"type\":3,\"options\":{\"email_config\":{\"body\":\"{{.ObjectData}}\"}}}",
		  true },
		{ 7,
		  "{\"type\":2,\"options\":{\"cmd_config\":{\"args\":[\"{{.ObjectData}}\"],"
		  "\"env_vars\":[{\"key\":\"A\",\"value\":\"{{.ObjectDataString}}\"}]}}}",
		  true },
		{ 7, "{\"type\":2,\"options\":{\"cmd_config\":{\"args\":[\"{{.ObjectData}}\"]}}}",
		  false },
		{ 6,
		  "{\"type\":1,\"options\":{\"http_config\":{\"parts\":[{\"body\":"
		  "\"{{ObjectData}}\"}]}}}",
		  true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct template_asked a = { .release = { cases[i].minor, 5 },
					    .triggers = TEMPLATE_ON_PROVIDER };
		struct template_action t;

		action_of(&a, cases[i].action, &t);
		if (has_condition(&t.findings, TEMPLATE_IF_OBJECT) != cases[i].live)
			fail_msg("of 2.%d: %s", cases[i].minor, cases[i].action);
		if (cases[i].minor == 7 && !cases[i].live && i == 3)
			assert_true(has_reason(&t.findings, TEMPLATE_BUG_KEPT));
		template_action_done(&t);
	}
}

/* ---- beside the text ---- */

#define DELETE(path) \
	"{\"type\":9,\"options\":{\"fs_config\":{\"type\":2,\"deletes\":[\"" path "\"]}}}"
#define COPY(path)                                                                      \
	"{\"type\":9,\"options\":{\"fs_config\":{\"type\":6,\"copy\":[{\"key\":\"" path \
	"\",\"value\":\"/x\"}]}}}"

static void what_loses_data_blocks(void **state)
{
	static const struct {
		const char *action;
		enum template_reason reason;
		bool blocking;
	} cases[] = {
		{ DELETE("/a"), TEMPLATE_DELETES_TREES, true },
		{ DELETE("/a/*.tmp"), TEMPLATE_DELETES_PATTERN, true },
		{ DELETE("/a/{{ObjectName}}"), TEMPLATE_DELETES_VALUE, true },
		{ DELETE("/a/*{{ObjectName}}"), TEMPLATE_PATTERN_TOKEN, true },
		{ COPY("/a/x[1]"), TEMPLATE_PATTERN, false },
		{ COPY("/a/{{ObjectName}}/"), TEMPLATE_PATTERN_VALUE, false },
		{ COPY("/a?/*{{ObjectName}}"), TEMPLATE_PATTERN_TOKEN, false },
		{ COPY("/a?{{x/"), TEMPLATE_PATTERN_TOKEN, false },
		{ COPY("/{{ObjectName}}?/{{ObjectDataString}}"), TEMPLATE_PATTERN_TOKEN, false },
	};
	struct template_action t;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		action_of(&of_26, cases[i].action, &t);
		if (!has_reason(&t.findings, cases[i].reason))
			fail_msg("of %s", cases[i].action);
		assert_int_equal(t.blocking, cases[i].blocking);
		assert_true(t.held);
		template_action_done(&t);
	}
	action_of(&of_26, COPY("/a*/{{ObjectName}}/b"), &t);
	assert_int_equal(t.class, TEMPLATE_EXACT);
	template_action_done(&t);
}

static void what_else_changes(void **state)
{
	static const struct {
		const char *action;
		enum template_reason reason;
	} cases[] = {
		{ "{\"type\":4,\"options\":{}}", TEMPLATE_BACKUP_NAME },
		{ "{\"type\":13,\"options\":{\"idp_config\":{}}}", TEMPLATE_LICENSE },
		{ "{\"type\":1,\"options\":{\"http_config\":{\"timeout\":150}}}",
		  TEMPLATE_TIMEOUT },
		{ "{\"type\":3,\"options\":{\"email_config\":{\"bcc\":[\"{{Email}}\"]}}}",
		  TEMPLATE_EMAIL_LIST },
		{ "{\"type\":8,\"options\":{}}", TEMPLATE_CHAIN },
		{ "{\"type\":14,\"options\":{}}", TEMPLATE_CHAIN },
	};
	struct template_asked a = of_26;
	struct template_action t;

	a.heard = TEMPLATE_HEARS_DELETE | TEMPLATE_HEARS_USER;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		action_of(&a, cases[i].action, &t);
		if (!has_reason(&t.findings, cases[i].reason))
			fail_msg("of %s", cases[i].action);
		assert_false(t.blocking);
		assert_int_equal(t.held, cases[i].reason == TEMPLATE_EMAIL_LIST);
		template_action_done(&t);
	}
	action_of(&of_26, "{\"type\":8,\"options\":{}}", &t);
	assert_int_equal(t.findings.n, 0);
	template_action_done(&t);
}

static void rule_add(struct template_world *w, const char *text)
{
	autojson json_t *rule = parsed(text);
	struct err e = ERR_INIT;

	assert_ok(template_world_rule(w, rule, &e), &e);
}

static void action_add(struct template_world *w, const char *text)
{
	autojson json_t *action = parsed(text);
	struct err e = ERR_INIT;

	assert_ok(template_world_action(w, action, &e), &e);
}

static void rules_say_what_runs_an_action(void **state)
{
	struct template_world *w = template_world_new();
	struct template_asked a = of_26;
	const char *names[1];

	rule_add(w, "{\"name\":\"r1\",\"trigger\":3,\"actions\":[{\"name\":\"mail\",\"order\":2},"
		    "{\"name\":\"save\",\"order\":1}]}");
	action_add(w, "{\"name\":\"save\",\"type\":4}");
	action_add(w, "{\"name\":\"mail\",\"type\":3}");
	action_add(w, "{\"name\":\"idle\",\"type\":3}");
	rule_add(w, "{\"name\":\"r2\",\"trigger\":1,\"status\":1,\"actions\":[{\"name\":\"mail\"}],"
		    "\"conditions\":{\"fs_events\":[\"delete\"]}}");
	rule_add(w, "{\"name\":\"r3\",\"trigger\":2,\"status\":0,\"actions\":[]}");
	template_world_ask(w, "mail", &a);
	assert_int_equal(a.triggers, TEMPLATE_ON_SCHEDULE | TEMPLATE_ON_FS | TEMPLATE_AFTER_BACKUP);
	assert_int_equal(a.heard, TEMPLATE_HEARS_DELETE);
	assert_false(a.outcome);
	template_world_ask(w, "save", &a);
	assert_int_equal(a.triggers, TEMPLATE_ON_SCHEDULE);
	template_world_ask(w, "idle", &a);
	assert_int_equal(a.triggers, 0);
	assert_int_equal(template_world_rules(w, "mail", names, 1), 2);
	assert_string_equal(names[0], "r1");
	template_world_free(w);
}

/* What is stopped by it, is waited for, or has actions for failures beside it. */
static void a_rule_may_ask_how_an_action_ends(void **state)
{
	static const struct {
		const char *hook, *mail; /* "relation_options" */
		bool asks;
	} cases[] = {
		{ "{}", "{}", false },
		{ "{\"stop_on_failure\":true}", "{}", true },
		{ "{\"execute_sync\":true}", "{}", true },
		{ "{}", "{\"is_failure_action\":true}", true },
		{ "{\"is_failure_action\":true}", "{}", false },
	};
	static const char hook[] = "{\"name\":\"hook\",\"type\":1,\"options\":{}}";

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct template_world *w = template_world_new();
		struct template_action t = { 0 };
		struct template_asked a = of_26;
		autofree char *rule =
		    xasprintf("{\"name\":\"r\",\"trigger\":1,\"actions\":["
			      "{\"name\":\"hook\",\"relation_options\":%s},"
			      "{\"name\":\"mail\",\"relation_options\":%s}]}",
			      cases[i].hook, cases[i].mail);

		rule_add(w, rule);
		template_world_ask(w, "hook", &a);
		assert_int_equal(a.outcome, cases[i].asks);
		action_of(&a, hook, &t);
		assert_int_equal(has_reason(&t.findings, TEMPLATE_HTTP_ANSWER), cases[i].asks);
		template_action_done(&t);
		template_world_free(w);
	}
}

/* Failure actions run when all others have, those that are waited for before all others. */
static void order_counts_within_a_turn(void **state)
{
	static const struct {
		const char *mail, *save; /* "relation_options" of order 1 and 2 */
		unsigned before;
	} cases[] = {
		{ "{}", "{}", 0 },
		{ "{\"is_failure_action\":true}", "{}", TEMPLATE_AFTER_BACKUP },
		{ "{}", "{\"is_failure_action\":true}", 0 },
		{ "{\"is_failure_action\":true}", "{\"is_failure_action\":true}", 0 },
		{ "{}", "{\"execute_sync\":true}", TEMPLATE_AFTER_BACKUP },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct template_world *w = template_world_new();
		struct template_asked a = of_26;
		autofree char *rule =
		    xasprintf("{\"name\":\"r\",\"trigger\":6,\"actions\":["
			      "{\"name\":\"mail\",\"order\":1,\"relation_options\":%s},"
			      "{\"name\":\"save\",\"order\":2,\"relation_options\":%s}]}",
			      cases[i].mail, cases[i].save);

		action_add(w, "{\"name\":\"save\",\"type\":4}");
		action_add(w, "{\"name\":\"mail\",\"type\":3}");
		rule_add(w, rule);
		template_world_ask(w, "mail", &a);
		assert_int_equal(a.triggers, TEMPLATE_ON_DEMAND | cases[i].before);
		template_world_free(w);
	}
}

static void rules_change_too(void **state)
{
	static const struct {
		const char *rule;
		enum template_reason reason;
	} cases[] = {
		{ "{\"trigger\":3}", TEMPLATE_MINUTE },
		{ "{\"trigger\":2,\"conditions\":{\"provider_events\":[\"update\"],\"options\":"
		  "{\"provider_objects\":[\"user\"]}}}",
		  TEMPLATE_FAN_OUT },
	};
	struct template_findings f = { 0 };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autojson json_t *rule = parsed(cases[i].rule);

		assert_ok(template_rule(&of_26, rule, &f, &e), &e);
		assert_true(has_reason(&f, cases[i].reason));
		template_findings_done(&f);
	}
	{
		autojson json_t *none = parsed("{\"trigger\":9}");

		assert_fails(template_rule(&of_26, none, &f, &e), &e, ERR_FORMAT);
	}
}

static void what_is_no_action_is_refused(void **state)
{
	autojson json_t *list = parsed("[]"), *odd = parsed("{\"type\":1,\"options\":7}");
	struct template_action t;
	struct err e = ERR_INIT;

	assert_fails(template_action(&of_26, list, &t, &e), &e, ERR_FORMAT);
	assert_ok(template_action(&of_26, odd, &t, &e), &e);
	assert_null(t.options);
	template_action_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_has_its_context),
		cmocka_unit_test(other_members_stay),
		cmocka_unit_test(bodies_are_json_by_their_type),
		cmocka_unit_test(user_names_are_as_was_seen),
		cmocka_unit_test(mails_of_27_escape_for_html),
		cmocka_unit_test(unread_fields_hold_nothing_back),
		cmocka_unit_test(a_variable_is_not_copied_by_chance),
		cmocka_unit_test(retention_reports),
		cmocka_unit_test(objects_are_live_where_the_release_looks),
		cmocka_unit_test(what_loses_data_blocks),
		cmocka_unit_test(what_else_changes),
		cmocka_unit_test(rules_say_what_runs_an_action),
		cmocka_unit_test(a_rule_may_ask_how_an_action_ends),
		cmocka_unit_test(order_counts_within_a_turn),
		cmocka_unit_test(rules_change_too),
		cmocka_unit_test(what_is_no_action_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
