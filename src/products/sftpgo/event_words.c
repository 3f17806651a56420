#include "products/sftpgo/event_words.h"

#include <string.h>

/* clang-format off: texts as they stand in actions, before and after, one below the other */
static const struct event_words of_reasons[TEMPLATE_REASON__MAX] = {
	[TEMPLATE_SAME] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_FS,
		"{{StatusString}}", "{{ if eq .Status 1 }}OK{{ else }}KO{{ end }}",
		"nothing is to be done" },
	[TEMPLATE_HANGS] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_PROVIDER,
		"{{Name}}", "{{ .Name }}",
		"the condition has a name of its own, which tells what to do" },
	[TEMPLATE_LITERAL] = { "email_config.subject", { 6, 4 }, TEMPLATE_ON_FS,
		"{{Year}}", "{{ \"{\" }}{{ \"{\" }}Year}}",
		"if the token was meant, write its template by hand: {{ .Timestamp.UTC.Format \"2006\" }}" },
	[TEMPLATE_FOREIGN] = { "http_config.body", { 6, 6 }, TEMPLATE_ON_FS,
		"{{#each x}}", "{{ \"{\" }}{{ \"{\" }}#each x}}",
		"nothing is to be done: the receiver gets the braces it got" },
	[TEMPLATE_DOT_PASS] = { "http_config.body", { 7, 5 }, TEMPLATE_ON_FS,
		"{{.#each x}}", "{{ \"{\" }}{{ \"{\" }}.#each x}}",
		"compare with the text of before the upgrade to 2.7; without that dot the receiver may want it back" },
	[TEMPLATE_SOME_RELEASES] = { "email_config.subject", { 6, -1 }, TEMPLATE_ON_FS,
		"{{Year}}", "{{ .Timestamp.UTC.Format \"2006\" }}",
		"give all three numbers to --from-version; the server's page and its log tell them" },
	[TEMPLATE_EMPTY_HERE] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_SCHEDULE | TEMPLATE_AFTER_RETENTION,
		"{{ObjectName}}", "{{ \"\" }}",
		"nothing is to be done" },
	[TEMPLATE_BUG_KEPT] = { "http_config.body", { 7, 5 }, TEMPLATE_ON_PROVIDER,
		"{{.ObjectData}}", "{}",
		"if the receiver is to get the object at last, write {{ .Object.JSON }} by hand" },
	[TEMPLATE_OBJECT] = { "http_config.body", { 6, 6 }, TEMPLATE_ON_PROVIDER,
		"{{ObjectData}}", "{{ if .Object.JSON }}{{ .Object.JSON }}{{ else }}{}{{ end }}",
		"look which members the receiver reads, in the object as Enterprise's API gives it; then --accept object-data:ACTION" },
	[TEMPLATE_ZERO_TIME] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_DEMAND,
		"{{Timestamp}}", "-6795364578871345152",
		"if the time is wanted, write {{ .Timestamp.UnixNano }} by hand" },
	[TEMPLATE_REPORTS] = { "email_config.attachments[0]", { 6, 6 }, TEMPLATE_ON_SCHEDULE | TEMPLATE_AFTER_RETENTION,
		"{{RetentionReports}}", "{{.RetentionReports}}",
		"nothing is to be done, but for a reader of the columns" },
	[TEMPLATE_REPORTS_LOST] = { "email_config.attachments[0]", { 7, 5 }, TEMPLATE_ON_SCHEDULE | TEMPLATE_AFTER_RETENTION,
		"/{{.RetentionReports}}", "{{.RetentionReports}}",
		"the report is what was meant: --accept reports-lost:ACTION" },
	[TEMPLATE_PROVIDER_ROLE] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_PROVIDER,
		"{{Role}}", "{{ $r := \"\" }}{{ if .Initiator.Admin }}{{ $r = .Initiator.Admin.Role }}{{ else if .Initiator.User }}{{ $r = .Initiator.User.Role }}{{ end }}{{ $r }}",
		"if the role of the object does as well, write {{ .Role }}; else try it on the new server, then --accept provider-role:ACTION" },
	[TEMPLATE_HOST_TOKEN] = { "http_config.endpoint", { 6, 6 }, TEMPLATE_ON_FS,
		"https://{{Name}}.example.com/", "https://{{ \"{\" }}{{ \"{\" }}Name}}.example.com/",
		"the action never worked: write the host, or remove the action" },
	[TEMPLATE_ENDPOINT_LOST] = { "http_config.endpoint", { 6, 6 }, TEMPLATE_ON_FS,
		"https://h.example/a%25/{{Name}}", "https://h.example/a%25/{{ \"{\" }}{{ \"{\" }}Name}}",
		"look in the receiver's log for the path that came, and write that" },
	[TEMPLATE_CLAIM_NAME] = { "fs_config.mkdirs[0]", { 6, 6 }, TEMPLATE_ON_IDP_LOGIN,
		"/{{IDPFielda//b}}", "/{{ \"{\" }}{{ \"{\" }}IDPFielda//b}}",
		"rename the claim at the identity provider, and write {{ index .IDPFields \"name\" }}" },
	[TEMPLATE_BACKSLASH] = { "fs_config.mkdirs[0]", { 6, 6 }, TEMPLATE_ON_FS,
		"/a\\b/{{ObjectName}}", "/a\\b/{{ .ObjectName }}",
		"write the path that is wanted, without a backslash" },
	[TEMPLATE_NO_TEMPLATE_HERE] = { "http_config.username", { 6, 6 }, TEMPLATE_ON_FS,
		"{{Name}}", "{{Name}}",
		"write the user name, or send who it was in a header or the body; a probe sees whether the page is right (settings.events_probe)" },
	[TEMPLATE_CONTENT_TYPE] = { "http_config.parts[0].body", { 6, 6 }, TEMPLATE_ON_FS,
		"{{Name}}", "{{ .Name }}",
		"write the Content-Type that the part has; if it is JSON, {{ toJsonUnquoted .Name }}" },
	[TEMPLATE_DEAD_FIELD] = { "http_config.body", { 6, 6 }, TEMPLATE_ON_FS,
		"{{Name}}", "{{ .Name }}",
		"nothing is to be done; take the text out if nobody needs it" },
	[TEMPLATE_DELETES_TREES] = { "fs_config.deletes[0]", { 6, 6 }, TEMPLATE_ON_FS,
		"/{{VirtualPath}}", "/{{ .VirtualPath }}",
		"see that the rule hears of files alone (no mkdir, rmdir or rename of a folder), then --accept deletes-trees:ACTION" },
	[TEMPLATE_DELETES_PATTERN] = { "fs_config.deletes[0]", { 6, 6 }, TEMPLATE_ON_FS,
		"/in/*.tmp", "/in/*.tmp",
		"if the pattern was meant, --accept deletes-pattern:ACTION; else take the action out" },
	[TEMPLATE_DELETES_VALUE] = { "fs_config.deletes[0]", { 6, 6 }, TEMPLATE_ON_FS,
		"/in/{{ObjectName}}", "/in/{{ .ObjectName }}",
		"forbid *, ? and [ in names of files (file patterns of the users), then --accept deletes-value:ACTION" },
	[TEMPLATE_PATTERN] = { "fs_config.copy[0].key", { 6, 6 }, TEMPLATE_ON_FS,
		"/out/*.csv", "/out/*.csv",
		"if the pattern was meant, --accept pattern:ACTION" },
	[TEMPLATE_PATTERN_TOKEN] = { "fs_config.copy[0].key", { 6, 6 }, TEMPLATE_ON_FS,
		"/out/*_{{Name}}", "/out/*_{{ .Name }}",
		"put the star or the token into another part of the path" },
	[TEMPLATE_PATTERN_VALUE] = { "fs_config.copy[0].key", { 6, 6 }, TEMPLATE_ON_FS,
		"/in/{{ObjectName}}", "/in/{{ .ObjectName }}",
		"forbid *, ? and [ in names of files, then --accept pattern-value:ACTION" },
	[TEMPLATE_CHAIN] = { NULL, { 0 }, 0,
		"a retention check deletes a file, and the rule for deleted files runs", "it does not run",
		"let the rule of the check do it by an action of its own" },
	[TEMPLATE_EMAIL_LIST] = { "email_config.recipients[0]", { 6, 6 }, TEMPLATE_ON_FS,
		"{{Email}}", "{{ .Email }}",
		"see that the accounts have one address each, then --accept email-list:ACTION --accept one-email:ACTION" },
	[TEMPLATE_BACKUP_NAME] = { NULL, { 0 }, 0,
		"backup_1_10.json", "backup_1_10_00.json",
		"see that old backups are removed, and that whoever reads them finds the new names" },
	[TEMPLATE_LICENSE] = { NULL, { 0 }, 0,
		"an identity provider's login makes the account", "with a Premium licence it does",
		"have the licence before users log in by an identity provider" },
	[TEMPLATE_TIMEOUT] = { NULL, { 0 }, 0,
		"a request may wait 150 seconds", "the action may be refused when it is saved",
		"set the timeout to at most 120" },
	[TEMPLATE_FAN_OUT] = { NULL, { 0 }, 0,
		"a group is changed, and the rule for changed users runs for each of its users", "it does not run",
		"let the rule hear of groups, too" },
	[TEMPLATE_MINUTE] = { NULL, { 0 }, 0,
		"hour 3", "hour 3, minute 0",
		"look at the rule on the new server" },
	[TEMPLATE_HTTP_ANSWER] = { NULL, { 0 }, 0,
		"an answer of 200 to 204 is a success, of 205 or 304 a failure", "which answers are a success nobody has documented",
		"see which answer the receiver gives: 200 is a success everywhere" },
};

static const struct event_words of_conditions[TEMPLATE_IF__MAX] = {
	[TEMPLATE_IF_RELEASE] = { "email_config.subject", { 6, -1 }, TEMPLATE_ON_FS,
		"{{Year}}", "{{ .Timestamp.UTC.Format \"2006\" }}",
		"give all three numbers to --from-version" },
	[TEMPLATE_IF_JSON_ESCAPE] = { "http_config.body", { 6, 6 }, TEMPLATE_ON_FS,
		"{\"user\":\"{{Name}}\"}", "{\"user\":\"{{ toJsonUnquoted .Name }}\"}",
		"nothing is to be done, but for a receiver that compares bytes; a probe settles it" },
	[TEMPLATE_IF_NAME] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_PROVIDER,
		"{{Name}}", "{{ .Name }}",
		"a probe sees it for administrators (settings.events_probe); or write {{ .Initiator.Admin.Username }} and try it" },
	[TEMPLATE_IF_INITIATOR] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_PROVIDER,
		"{{Role}}", "{{ $r := \"\" }}{{ if .Initiator.Admin }}{{ $r = .Initiator.Admin.Role }}{{ else if .Initiator.User }}{{ $r = .Initiator.User.Role }}{{ end }}{{ $r }}",
		"try it on the new server: change an account, and look whose role comes" },
	[TEMPLATE_IF_ONE_EMAIL] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_FS,
		"{{Email}}", "{{ .Email }}",
		"see that the accounts have no additional addresses (check sftpgo.recipients tells), then --accept one-email" },
	[TEMPLATE_IF_ERROR_TEXT] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_FS,
		"{{ErrorString}}", "{{ stringJoin .Errors \", \" }}",
		"nothing is to be done, but for a receiver that looks for certain words" },
	[TEMPLATE_IF_UID] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_FS,
		"{{UID}}", "{{ .UID }}",
		"nothing is to be done" },
	[TEMPLATE_IF_OBJECT_NAME] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_FS | TEMPLATE_AFTER_RETENTION,
		"{{ObjectName}}", "{{ .ObjectName }}",
		"let the retention check be the last action of its rule" },
	[TEMPLATE_IF_BACKUP] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_SCHEDULE | TEMPLATE_AFTER_BACKUP,
		"{{ObjectName}}", "{{ .ObjectName }}",
		"start the rule by hand on the new server, and look what it prints" },
	[TEMPLATE_IF_IDP_FLAT] = { "email_config.subject", { 6, 6 }, TEMPLATE_ON_IDP_LOGIN,
		"{{IDPFieldmail}}", "{{ $v := 0 }}{{ with .IDPFields }}{{ $v = index . \"mail\" }}{{ end }}{{ if eq (printf \"%T\" $v) \"string\" }}{{ $v }}{{ else }}{{ \"{\" }}{{ \"{\" }}IDPFieldmail}}{{ end }}",
		"log in by the identity provider once, with {{ toJson .IDPFields }} in a mail to yourself" },
	[TEMPLATE_IF_NO_NUL] = { "email_config.body", { 7, 5 }, TEMPLATE_ON_IDP_LOGIN,
		"{{.IDPFieldmail}}", "{{ $v := 0 }}{{ with .IDPFields }}{{ $v = index . \"mail\" }}{{ end }}{{ if eq (printf \"%T\" $v) \"string\" }}{{ html $v }}{{ else }}{{ \"{\" }}{{ \"{\" }}.IDPFieldmail}}{{ end }}",
		"nothing is to be done" },
	[TEMPLATE_IF_ENDPOINT] = { "http_config.endpoint", { 6, 6 }, TEMPLATE_ON_FS,
		"https://h.example/{{Name}}", "https://h.example/{{ urlPathEscape .Name }}",
		"let a probe settle it, or send the value as a query parameter, which is escaped by the server" },
	[TEMPLATE_IF_PATH_ESCAPE] = { "http_config.endpoint", { 6, 6 }, TEMPLATE_ON_FS,
		"https://h.example/{{Name}}", "https://h.example/{{ urlPathEscape .Name }}",
		"let a probe settle it" },
	[TEMPLATE_IF_COMPONENT] = { "http_config.endpoint", { 6, 6 }, TEMPLATE_ON_FS,
		"https://h.example/{{Name}}", "https://h.example/{{ urlPathEscape .Name }}",
		"where the value has always a name in it, --accept component:ACTION" },
	[TEMPLATE_IF_OBJECT] = { "http_config.body", { 6, 6 }, TEMPLATE_ON_PROVIDER,
		"{{ObjectData}}", "{{ if .Object.JSON }}{{ .Object.JSON }}{{ else }}{}{{ end }}",
		"look which members the receiver reads, in the object as Enterprise's API gives it" },
	[TEMPLATE_IF_REPORTS] = { "email_config.attachments[0]", { 6, 6 }, TEMPLATE_ON_SCHEDULE | TEMPLATE_AFTER_RETENTION,
		"{{RetentionReports}}", "{{.RetentionReports}}",
		"nothing is to be done, but for a reader of the columns" },
	[TEMPLATE_IF_PATTERN_FREE] = { "fs_config.copy[0].key", { 6, 6 }, TEMPLATE_ON_FS,
		"/in/{{ObjectName}}", "/in/{{ .ObjectName }}",
		"forbid *, ? and [ in names of files" },
	[TEMPLATE_IF_BACKSLASH] = { "fs_config.mkdirs[0]", { 6, 6 }, TEMPLATE_ON_FS,
		"/done/{{Name}}", "/done/{{ .Name }}",
		"see that no account, role or claim has a backslash in its name, as those of Active Directory have" },
	[TEMPLATE_IF_MINUTE] = { NULL, { 0 }, 0,
		"hour 3", "hour 3, minute 0",
		"look at the rule on the new server" },
	[TEMPLATE_IF_UTC] = { "fs_config.mkdirs[0]", { 7, 5 }, TEMPLATE_ON_FS,
		"/day/{{.Day}}", "/day/{{ .Timestamp.UTC.Format \"02\" }}",
		"look at common.tz in the old server's configuration: if it is not local, --accept utc; if it is, write .Timestamp.Local" },
	[TEMPLATE_IF_RECIPIENT] = { "email_config.recipients[0]", { 6, 6 }, TEMPLATE_ON_FS,
		"{{Email}}", "{{ .Email }}",
		"see that every account has an address, or name a second recipient" },
	[TEMPLATE_IF_HTTP_USER] = { "http_config.username", { 6, 6 }, TEMPLATE_ON_FS,
		"{{Name}}", "{{Name}}",
		"let a probe settle it" },
};
/* clang-format on */

const struct event_words *event_words_of_reason(enum template_reason r)
{
	return &of_reasons[r];
}

const struct event_words *event_words_of_condition(enum template_condition c)
{
	return &of_conditions[c];
}

const char *event_words_name(size_t i)
{
	if (i < TEMPLATE_REASON__MAX)
		return template_reason_about((enum template_reason)i)->name;
	i -= TEMPLATE_REASON__MAX - 1; /* the first condition is none */
	return i < TEMPLATE_IF__MAX ? template_condition_about((enum template_condition)i)->name : NULL;
}

static int reason_named(const char *finding)
{
	for (int i = 0; i < TEMPLATE_REASON__MAX; i++) {
		if (!strcmp(template_reason_about((enum template_reason)i)->name, finding))
			return i;
	}
	return -1;
}

static int condition_named(const char *finding)
{
	for (int i = TEMPLATE_IF_NONE + 1; i < TEMPLATE_IF__MAX; i++) {
		if (!strcmp(template_condition_about((enum template_condition)i)->name, finding))
			return i;
	}
	return -1;
}

static json_t *explanation(const char *text, const char *differs, const char *source, const struct event_words *w)
{
	autofree char *why = *differs ? xasprintf("otherwise comes out: %s", differs) : NULL;

	return json_pack("{ss ss ss? ss? ss? ss ss ss}", "about", "finding", "text", text, "reason", why, "field", w->field, "before",
			 w->before, "after", w->after, "remedy", w->remedy, "source", source);
}

json_t *event_words_explain(const char *finding)
{
	int r = reason_named(finding), c = condition_named(finding);
	const struct template_condition_about *when = c < 0 ? NULL : template_condition_about((enum template_condition)c);
	autofree char *condition = when ? xasprintf("the same if %s", when->text) : NULL, *both = NULL;

	if (r < 0)
		return when ? explanation(condition, "", when->source, event_words_of_condition((enum template_condition)c)) : NULL;

	const struct template_reason_about *about = template_reason_about((enum template_reason)r);

	both = when ? xasprintf("%s; %s", about->text, condition) : NULL;
	return explanation(both ?: about->text, about->differs, about->source, event_words_of_reason((enum template_reason)r));
}
