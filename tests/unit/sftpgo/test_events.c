/* What a translation means for who puts it to work, what is shown of it, and that the operator's page names every finding. */
#include <string.h>

#include "io/file.h"
#include "products/sftpgo/event_judge.h"
#include "products/sftpgo/event_kept.h"
#include "products/sftpgo/event_report.h"
#include "products/sftpgo/event_secret.h"
#include "products/sftpgo/event_words.h"
#include "unit.h"

/* ---- the words ---- */

/* A row of a table of the page: | `name` | in | before | after | ... */
static bool page_has(struct sv page, const char *name, const struct event_words *w)
{
	const char *quote = w->field ? "`" : "";
	autofree char *row = xasprintf("| `%s` | %s%s%s | %s%s%s | %s%s%s |", name, quote, w->field ?: "the server", quote, quote, w->before,
				       quote, quote, w->after, quote);

	while (page.n) {
		if (sv_starts(sv_line(&page), row))
			return true;
	}
	return false;
}

static void the_page_tells_every_finding(void **state)
{
	autobuf struct buf page = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_ok(file_read_path(DOCS "/sftpgo-events.md", &page, &e), &e);
	for (int i = 0; i < TEMPLATE_REASON__MAX; i++) {
		if (!page_has(buf_sv(&page), template_reason_about(i)->name, event_words_of_reason(i)))
			fail_msg("docs/sftpgo-events.md has not the words of the reason %s", template_reason_about(i)->name);
	}
	for (int i = TEMPLATE_IF_NONE + 1; i < TEMPLATE_IF__MAX; i++) {
		if (!page_has(buf_sv(&page), template_condition_about(i)->name, event_words_of_condition(i)))
			fail_msg("docs/sftpgo-events.md has not the words of the condition %s", template_condition_about(i)->name);
	}
}

/* An action with the text in the field; of some findings it is of a kind of its own. */
static json_t *example(const char *finding, const struct event_words *w)
{
	const char *text = w->before;

	if (!strcmp(finding, "content-type"))
		return json_pack("{si s{s{s[{s[{ss ss}] ss}]}}}", "type", 1, "options", "http_config", "parts", "headers", "key",
				 "Content-Type", "value", "{{Ext}}", "body", text);
	if (!strcmp(w->field, "http_config.body"))
		return json_pack("{si s{s{ss s[{ss ss}] ss}}}", "type", 1, "options", "http_config", "method",
				 strcmp(finding, "not-read") ? "POST" : "GET", "headers", "key", "Content-Type", "value",
				 text[1] == '"' ? "application/json" : "text/plain", "body", text);
	if (sv_starts(sv_of(w->field), "http_config."))
		return json_pack("{si s{s{ss}}}", "type", 1, "options", "http_config", strchr(w->field, '.') + 1, text);
	if (!strcmp(w->field, "email_config.recipients[0]") || !strcmp(w->field, "email_config.attachments[0]"))
		return json_pack("{si s{s{s[s]}}}", "type", 3, "options", "email_config", w->field[13] == 'r' ? "recipients" : "attachments",
				 text);
	if (sv_starts(sv_of(w->field), "email_config."))
		return json_pack("{si s{s{si ss}}}", "type", 3, "options", "email_config", "content_type", 1, strchr(w->field, '.') + 1, text);
	if (!strcmp(w->field, "fs_config.copy[0].key"))
		return json_pack("{si s{s{si s[{ss ss}]}}}", "type", 9, "options", "fs_config", "type", 6, "copy", "key", text, "value", "/x");
	if (!strcmp(w->field, "fs_config.deletes[0]"))
		return json_pack("{si s{s{si s[s]}}}", "type", 9, "options", "fs_config", "type", 2, "deletes", text);
	assert_string_equal(w->field, "fs_config.mkdirs[0]");
	return json_pack("{si s{s{si s[s]}}}", "type", 9, "options", "fs_config", "type", 3, "mkdirs", text);
}

static const char *text_after(const struct template_action *t, const struct event_words *w)
{
	vec_each (&t->changes, it) {
		if (!strcmp(it->field, w->field))
			return it->after;
	}
	return w->before;
}

/* Translated, the example becomes what the words say, and that finding is there. */
static void example_holds(const char *name, enum template_reason r, enum template_condition c, const struct event_words *w)
{
	struct template_asked a = { .release = w->release, .triggers = w->triggers };
	autojson json_t *action = w->field ? example(name, w) : NULL;
	struct template_action t = { 0 };
	struct err e = ERR_INIT;
	bool found = false;

	if (!w->before || !w->after || !w->remedy)
		fail_msg("%s has no words", name);
	if (!action)
		return;
	assert_ok(template_action(&a, action, &t, &e), &e);
	vec_each (&t.findings, f)
		found = found || (c ? f->condition == c : f->reason == r);
	if (!found || strcmp(text_after(&t, w), w->after))
		fail_msg("%s is not found in '%s', or it becomes '%s'", name, w->before, text_after(&t, w));
	template_action_done(&t);
}

static void every_example_holds(void **state)
{
	for (int i = 0; i < TEMPLATE_REASON__MAX; i++)
		example_holds(template_reason_about(i)->name, i, TEMPLATE_IF_NONE, event_words_of_reason(i));
	for (int i = TEMPLATE_IF_NONE + 1; i < TEMPLATE_IF__MAX; i++)
		example_holds(template_condition_about(i)->name, TEMPLATE_SAME, i, event_words_of_condition(i));
}

static void every_finding_is_explained(void **state)
{
	const char *name;
	size_t n = 0;

	for (; (name = event_words_name(n)); n++) {
		autojson json_t *told = event_words_explain(name);

		assert_non_null(told);
		assert_true(*json_str(told, "text", "") && *json_str(told, "remedy", "") && *json_str(told, "source", ""));
	}
	assert_int_equal(n, TEMPLATE_REASON__MAX + TEMPLATE_IF__MAX - 1);
	assert_null(event_words_explain("none"));
}

/* ---- verdicts ---- */

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
	/* The text that stands there is wrong where this holds: only a probe settles it. */
	assert_int_equal(verdict(TEMPLATE_NO_TEMPLATE_HERE, TEMPLATE_NOT, TEMPLATE_IF_HTTP_USER, "http-user"), EVENT_INEXACT | EVENT_HELD);
	assert_int_equal(verdict(TEMPLATE_NO_TEMPLATE_HERE, TEMPLATE_NOT, TEMPLATE_IF_HTTP_USER, "not-run"), EVENT_CLEAN);
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

/* Of a text with ' for ". */
static json_t *json_of(const char *text)
{
	autofree char *quoted = xstrdup(text);
	json_t *made;

	for (char *p = quoted; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	made = json_loads(quoted, 0, NULL);
	assert_non_null(made);
	return made;
}

static void a_report_names_what_a_translation_would_do(void **state)
{
	static const char actions[] =
		"[{'name':'hook','type':1,'options':{'http_config':{'body':'{{ObjectData}}'}}},"
		"{'name':'gone','type':9,'options':{'fs_config':{'type':2,'deletes':['/in/*']}}},"
		"{'name':'still','type':3,'options':{'email_config':{'subject':'{{Event}}'}}}]",
			  rules[] = "[{'name':'r','status':1,'trigger':2,'actions':[{'name':'hook'}]},"
				    "{'name':'s','status':1,'trigger':2,'actions':[{'name':'still'}]}]";
	struct event_kept k = { .world = template_world_new(), .actions = json_of(actions), .rules = json_of(rules),
				.paused = json_of("{'r':true,'s':true}") };
	struct event_judge j = { 0 };
	autojson json_t *notes = NULL;
	struct err e = ERR_INIT;
	json_t *one;
	size_t i;

	json_array_foreach(k.actions, i, one) assert_ok(template_world_action(k.world, one, &e), &e);
	json_array_foreach(k.rules, i, one) assert_ok(template_world_rule(k.world, one, &e), &e);
	assert_ok(event_kept_judge(&k, "2.6.6", NULL, &j, &e), &e);
	assert_ok(event_report(&k, &j, "/root/kept", &notes, &e), &e);

	static const char *const said[] = {
		"event actions with placeholders: 3; 1 exact, 1 under a condition, 1 not translatable; '/root/kept' keeps them",
		"exact: 'still'",
		"exact under a condition: 'hook'",
		"not translatable: 'gone'",
		"would block: 'gone' (deletes-trees, deletes-pattern)",
		"would be held back: 'hook' (object-data)",
		"rules that would stay inactive: 'r'",
	};

	assert_int_equal(json_array_size(notes), ARRAY_LEN(said));
	for (i = 0; i < ARRAY_LEN(said); i++)
		assert_string_equal(json_string_value(json_array_get(notes, i)), said[i]);
	event_kept_done(&k);
}

static void a_report_is_bounded(void **state)
{
	struct event_kept k = { .world = template_world_new(), .actions = json_array(), .rules = json_array() };
	struct event_judge j = { 0 };
	autojson json_t *notes = NULL;
	struct err e = ERR_INIT;

	for (int i = 0; i < 200; i++)
		json_array_append_new(k.actions, json_pack("{so si s{s{ss}}}", "name", json_sprintf("mail %d", i), "type", 3, "options",
							   "email_config", "subject", "{{Event}}"));
	assert_ok(event_kept_judge(&k, "2.6.6", NULL, &j, &e), &e);
	assert_ok(event_report(&k, &j, "/root/kept", &notes, &e), &e);
	assert_int_equal(json_array_size(notes), 2);
	assert_non_null(strstr(json_string_value(json_array_get(notes, 1)), "'mail 49' and 150 more"));
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

static void values_of_such_names_in_texts_are_not_shown(void **state)
{
	static const char args[] = "{\"options\":{\"cmd_config\":{\"args\":[\"--api-key\",\"\",\"--user\",\"\",\"--token=x\",\"\"]}}}";
	static const char *const cases[][2] = {
		{ "{\"routing_key\":\"R0\",\"payload\":{\"summary\":\"{{Name}} put\"}}",
		  "{\"routing_key\":\"***\",\"payload\":{\"summary\":\"{{Name}} put\"}}" },
		{ "token=abc&user=u&message={{Name}}", "token=***&user=u&message={{Name}}" },
		{ "{\"username\":\"{{Name}}\",\"access_secret\" : {\"status\":\"Plain\",\"payload\":\"a}\\\"b\"},\"x\":\"y\"}",
		  "{\"username\":\"{{Name}}\",\"access_secret\" : ***,\"x\":\"y\"}" },
		{ "{\"password\":\"a\\\"{{ toJsonUnquoted .Name }}b\",\"pin\":12,\"n\":3}",
		  "{\"password\":\"***{{ toJsonUnquoted .Name }}***\",\"pin\":***,\"n\":3}" },
		{ "{\\\"token\\\":\\\"a\\\",\\\"b\\\":\\\"c\\\"}", "{\\\"token\\\":\\\"***\\\",\\\"b\\\":\\\"c\\\"}" },
		{ "Authorization: Bearer a b\nX: {{Name}}", "Authorization: ***\nX: {{Name}}" },
		{ "passwords: ['a', 'b'] of {{Name}}", "passwords: *** of {{Name}}" },
		{ "{{Name}} has the key {{Path}}: see https://h/?a=b", "{{Name}} has the key {{Path}}: see https://h/?a=b" },
		{ "token={{Name}}", "token={{Name}}" },
		{ "{\"secret\":\"a", "{\"secret\":\"***" },
		{ "{\"secret\":{\"a", "{\"secret\":***" },
		{ "token=", "token=" },
		{ "{{", "{{" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		shown("{}", "http_config.body", cases[i][0], cases[i][1]);
		shown("{}", "idp_config.template_user", cases[i][0], cases[i][1]);
		shown("{}", "fs_config.mkdirs[0]", cases[i][0], cases[i][0]);
	}
	shown(args, "cmd_config.args[1]", "a {{Name}}", "***{{Name}}");
	shown(args, "cmd_config.args[3]", "a {{Name}}", "a {{Name}}");
	shown(args, "cmd_config.args[5]", "a {{Name}}", "a {{Name}}");
	shown(args, "cmd_config.args[4]", "--token=a b&c {{Name}}", "--token=***{{Name}}");
	shown(args, "cmd_config.args[0]", "--name=a b&c", "--name=a b&c");
	shown(args, "cmd_config.args[0]", "token: a {{Name}}", "token: ***{{Name}}");
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
		cmocka_unit_test(the_page_tells_every_finding),
		cmocka_unit_test(every_example_holds),
		cmocka_unit_test(every_finding_is_explained),
		cmocka_unit_test(what_is_not_the_same_is_held),
		cmocka_unit_test(what_is_agreed_to_is_not),
		cmocka_unit_test(one_action_is_agreed_to_alone),
		cmocka_unit_test(loss_of_data_is_agreed_to_by_its_own_name),
		cmocka_unit_test(no_name_agrees_to_everything),
		cmocka_unit_test(a_report_names_what_a_translation_would_do),
		cmocka_unit_test(a_report_is_bounded),
		cmocka_unit_test(secrets_are_not_shown),
		cmocka_unit_test(addresses_that_are_passwords_are_not_shown),
		cmocka_unit_test(values_of_such_names_in_texts_are_not_shown),
		cmocka_unit_test(names_of_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
