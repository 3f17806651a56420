/* What a translation means for who puts it to work, what is shown of it, and that the operator's page names every finding. */
#include <string.h>

#include "io/file.h"
#include "products/sftpgo/event_judge.h"
#include "products/sftpgo/event_kept.h"
#include "products/sftpgo/event_secret.h"
#include "unit.h"

static void the_page_names_every_finding(void **state)
{
	autobuf struct buf page = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_ok(file_read_path(DOCS "/sftpgo-events.md", &page, &e), &e);
	for (int i = 0; i < TEMPLATE_REASON__MAX; i++) {
		autofree char *name = xasprintf("`%s`", template_reason_about((enum template_reason)i)->name);

		if (!strstr(buf_str(&page), name))
			fail_msg("docs/sftpgo-events.md says nothing of %s", name);
	}
	for (int i = TEMPLATE_IF_NONE + 1; i < TEMPLATE_IF__MAX; i++) {
		autofree char *name = xasprintf("`%s`", template_condition_about((enum template_condition)i)->name);

		if (!strstr(buf_str(&page), name))
			fail_msg("docs/sftpgo-events.md says nothing of %s", name);
	}
}

static unsigned verdict(enum template_reason reason, enum template_class class, enum template_condition condition, const char *accept)
{
	const char *const accepted[] = { accept, NULL };
	struct event_judge j = { .accept = accepted };
	struct template_findings found = { 0 };
	unsigned is;

	*vec_push(&found) = (struct template_finding){ .reason = reason, .class = class, .condition = condition };
	is = event_verdict(&j, "mail: owner", &found);
	vec_done(&found);
	return is;
}

static void what_is_not_the_same_is_held(void **state)
{
	assert_int_equal(verdict(TEMPLATE_SAME, TEMPLATE_EXACT, TEMPLATE_IF_NONE, NULL), EVENT_CLEAN);
	assert_int_equal(verdict(TEMPLATE_HANGS, TEMPLATE_EXACT_IF, TEMPLATE_IF_JSON_ESCAPE, NULL), EVENT_INEXACT);
	assert_int_equal(verdict(TEMPLATE_HANGS, TEMPLATE_EXACT_IF, TEMPLATE_IF_NAME, NULL), EVENT_INEXACT | EVENT_HELD);
	assert_int_equal(verdict(TEMPLATE_SOME_RELEASES, TEMPLATE_EXACT_IF, TEMPLATE_IF_RELEASE, NULL), EVENT_INEXACT | EVENT_HELD);
	assert_int_equal(verdict(TEMPLATE_TIMEOUT, TEMPLATE_EXACT_IF, TEMPLATE_IF_NONE, NULL), EVENT_INEXACT);
	assert_int_equal(verdict(TEMPLATE_NO_TEMPLATE_HERE, TEMPLATE_NOT, TEMPLATE_IF_NONE, NULL), EVENT_INEXACT | EVENT_HELD);
	assert_int_equal(verdict(TEMPLATE_BACKUP_NAME, TEMPLATE_NOT, TEMPLATE_IF_NONE, NULL), EVENT_INEXACT);
	assert_int_equal(verdict(TEMPLATE_DELETES_TREES, TEMPLATE_NOT, TEMPLATE_IF_NONE, NULL),
			 EVENT_INEXACT | EVENT_HELD | EVENT_BLOCKING);
	assert_int_equal(verdict(TEMPLATE_PATTERN_TOKEN, TEMPLATE_NOT, TEMPLATE_IF_NONE, NULL),
			 EVENT_INEXACT | EVENT_HELD | EVENT_BLOCKING);
	/* Settled: no value becomes a pattern. */
	assert_int_equal(verdict(TEMPLATE_DELETES_VALUE, TEMPLATE_EXACT, TEMPLATE_IF_PATTERN_FREE, NULL), EVENT_CLEAN);
}

static void what_is_agreed_to_is_not(void **state)
{
	assert_int_equal(verdict(TEMPLATE_DELETES_TREES, TEMPLATE_NOT, TEMPLATE_IF_NONE, "deletes-trees"), EVENT_CLEAN);
	assert_int_equal(verdict(TEMPLATE_HANGS, TEMPLATE_EXACT_IF, TEMPLATE_IF_NAME, "provider-name"), EVENT_CLEAN);
	assert_int_equal(verdict(TEMPLATE_HANGS, TEMPLATE_EXACT_IF, TEMPLATE_IF_NAME, "deletes-trees"), EVENT_INEXACT | EVENT_HELD);
}

static void one_action_is_agreed_to_alone(void **state)
{
	const unsigned blocks = EVENT_INEXACT | EVENT_HELD | EVENT_BLOCKING;

	assert_int_equal(verdict(TEMPLATE_DELETES_TREES, TEMPLATE_NOT, TEMPLATE_IF_NONE, "deletes-trees:mail: owner"), EVENT_CLEAN);
	assert_int_equal(verdict(TEMPLATE_DELETES_TREES, TEMPLATE_NOT, TEMPLATE_IF_NONE, "deletes-trees:mail"), blocks);
	assert_int_equal(verdict(TEMPLATE_DELETES_TREES, TEMPLATE_NOT, TEMPLATE_IF_NONE, "deletes-trees:"), blocks);
	assert_int_equal(verdict(TEMPLATE_HANGS, TEMPLATE_EXACT_IF, TEMPLATE_IF_NAME, "provider-name:mail: owner"), EVENT_CLEAN);
	assert_string_equal(event_accepted_name("uid:mail: owner"), "mail: owner");
	assert_null(event_accepted_name("uid"));
}

static void loss_of_data_is_agreed_to_by_its_own_name(void **state)
{
	const unsigned blocks = EVENT_INEXACT | EVENT_HELD | EVENT_BLOCKING;

	assert_int_equal(verdict(TEMPLATE_DELETES_VALUE, TEMPLATE_NOT, TEMPLATE_IF_PATTERN_FREE, "pattern-free"), blocks);
	assert_int_equal(verdict(TEMPLATE_DELETES_VALUE, TEMPLATE_NOT, TEMPLATE_IF_PATTERN_FREE, "deletes-value"), EVENT_CLEAN);
	assert_int_equal(verdict(TEMPLATE_PATTERN_VALUE, TEMPLATE_EXACT_IF, TEMPLATE_IF_PATTERN_FREE, "pattern-free"), EVENT_CLEAN);
}

static void no_name_agrees_to_everything(void **state)
{
	static const char *const refused[] = { "condition", "same", "literal", "condition:a", ":a" },
				 *const known[] = { "uid", "deletes-trees", "object-data", "uid:a", "uid:a:b" };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		const char *const accept[] = { refused[i], NULL };

		assert_fails(event_judge_accepts(accept, &e), &e, ERR_USAGE);
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const char *const accept[] = { known[i], NULL };

		assert_ok(event_judge_accepts(accept, &e), &e);
	}
}

static void only_what_a_migration_pauses_was_paused(void **state)
{
	static const struct {
		const char *rule;
		bool paused;
	} cases[] = {
		{ "{'status':1,'actions':[{'name':'plain'},{'name':'token'}]}", true },
		{ "{'status':0,'actions':[{'name':'token'}]}", false },
		{ "{'status':1,'actions':[{'name':'plain'}]}", false },
		{ "{'status':1,'actions':[{'name':'gone'}]}", false },
		{ "{'status':1}", false },
	};
	struct event_kept k = { .actions = json_pack("[{ss s{ss}} {ss s{s[s]}}]", "name", "plain", "options", "a", "text", "name", "token",
						     "options", "a", "in {{Name}}") };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autofree char *text = xstrdup(cases[i].rule);
		autojson json_t *rule = NULL;

		for (char *p = text; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		rule = json_loads(text, 0, NULL);
		assert_int_equal(event_kept_paused(&k, rule), cases[i].paused);
	}
	event_kept_done(&k);
}

static void shown(const char *action, const char *field, const char *text, const char *expected)
{
	json_t *doc = json_loads(action, 0, NULL), *is = event_secret_shown(doc, field, sv_of(text));

	assert_string_equal(json_string_value(is), expected);
	json_decref(is);
	json_decref(doc);
}

static void secrets_are_not_shown(void **state)
{
	static const char action[] =
		"{\"options\":{\"http_config\":{\"headers\":[{\"key\":\"X\"},{\"key\":\"Authorization\"}],\"parts\":[{\"headers\":"
		"[{\"key\":\"X-Api-Key\"}]}],\"query_parameters\":[{\"key\":\"access_token\"}]},\"cmd_config\":{\"env_vars\":"
		"[{\"key\":\"DB_PASSWORD\"}]},\"fs_config\":{\"copy\":[{\"key\":\"/secret\"}]}}}";

	shown(action, "http_config.headers[0].value", "open", "open");
	shown(action, "http_config.headers[1].value", "Bearer x", "***");
	shown(action, "http_config.parts[0].headers[0].value", "x", "***");
	shown(action, "http_config.query_parameters[0].value", "x", "***");
	shown(action, "cmd_config.env_vars[0].value", "x", "***");
	shown(action, "fs_config.copy[0].value", "/there", "/there");
	shown(action, "http_config.endpoint", "https://u:p@host/a@b", "https://***@host/a@b");
	shown(action, "http_config.endpoint", "https://host/{{Name}}@b", "https://host/{{Name}}@b");
}

static void addresses_that_are_passwords_are_not_shown(void **state)
{
	static const char *const cases[][2] = {
		{ "https://hooks.example/services/T024BE7LD/B0HU2EV1T/XXXXXXXXXXXXXXXXXXXXXXXX", "https://hooks.example/services/***/***/***" },
		{ "https://api.example/bot123456:AAbbCC-dd_eeFFgg/sendMessage?chat_id={{Name}}",
		  "https://api.example/***/sendMessage?chat_id={{Name}}" },
		{ "https://h/api/v2/files/{{ urlPathEscape .Name }}/s3cr3ts3cr3t{{Ext}}?a=b", "https://h/api/v2/files/{{ urlPathEscape .Name }}/***{{Ext}}?a=b" },
		{ "https://h?sig=x&design=y&code=1&token={{Name}}", "https://h?sig=***&design=y&code=***&token=***" },
		{ "https://h/{{ stringReplace .Name \"/\" \"?sig=\" }}?pwd=x", "https://h/{{ stringReplace .Name \"/\" \"?sig=\" }}?pwd=***" },
		{ "https://u:p@h?a=0123456789abcdef#x", "https://***@h?a=***#x" },
		{ "hook", "hook" },
		{ "", "" },
		{ "{{Name}}", "{{Name}}" },
		{ "https://h/{{", "https://h/{{" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		shown("{}", "http_config.endpoint", cases[i][0], cases[i][1]);
}

static void names_of_secrets(void **state)
{
	static const char *const secret[] = { "X-Pass", "MYSQL_PWD", "Passphrase", "sig", "X-Sig", "X-Auth", "Session-Id", "PIN" },
				 *const open[] = { "X-Author", "Design", "Content-Encoding", "Shipping", "Title" };

	for (int i = 0; i < 13; i++) {
		const char *name = i < 8 ? secret[i] : open[i - 8];
		autofree char *action = xasprintf("{\"options\":{\"http_config\":{\"headers\":[{\"key\":\"%s\"}]}}}", name);

		shown(action, "http_config.headers[0].value", "x", i < 8 ? "***" : "x");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_names_every_finding),
		cmocka_unit_test(what_is_not_the_same_is_held),
		cmocka_unit_test(what_is_agreed_to_is_not),
		cmocka_unit_test(one_action_is_agreed_to_alone),
		cmocka_unit_test(loss_of_data_is_agreed_to_by_its_own_name),
		cmocka_unit_test(no_name_agrees_to_everything),
		cmocka_unit_test(only_what_a_migration_pauses_was_paused),
		cmocka_unit_test(secrets_are_not_shown),
		cmocka_unit_test(addresses_that_are_passwords_are_not_shown),
		cmocka_unit_test(names_of_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
