/* What is said of what was found: one row a reason, one a condition. */
#include "products/sftpgo/template_in.h"

#define DOCS(page_) "documentation of Enterprise, " page_

/* What a probe would have to do to the server that it asks. */
#define OF_DATA "only the operator can know: it is of the accounts, files and readers there are"
#define OF_RELEASE "only the operator can know: it is of the old server"
#define NEEDS_ACCOUNT                                                                     \
	"cannot be asked: it needs an account of our own, and making one sets off the rules " \
	"for new accounts"

static const struct template_condition_about conditions[TEMPLATE_IF__MAX] = {
	[TEMPLATE_IF_NONE] = { "none", "", true, "", "" },
	[TEMPLATE_IF_RELEASE] = { "release", "the release that ran the actions knows this token",
				  false, OF_RELEASE, "facts sftpgo 5.4; sftpgo-real 8.9" },
	[TEMPLATE_IF_JSON_ESCAPE] = { "json-escape",
				      "toJsonUnquoted and toJson write <, > and & as \\u003c, "
				      "\\u003e and \\u0026; "
				      "a reader of JSON sees the same either way",
				      true, NULL, "facts sftpgo 5.7" },
	[TEMPLATE_IF_NAME] = { "provider-name",
			       ".Name of provider events is who did it, and not the object", false,
			       NULL,
			       "facts sftpgo 0: placeholders.md against template-context.md" },
	[TEMPLATE_IF_INITIATOR] = { "initiator",
				    ".Initiator.Admin and .Initiator.User tell who did it in "
				    "provider events",
				    false, NULL,
				    "facts sftpgo 5.8, row Role; " DOCS("placeholders") },
	[TEMPLATE_IF_ONE_EMAIL] = { "one-email",
				    "the accounts have one e-mail address each: Enterprise joins "
				    "all of an account with commas",
				    false, OF_DATA, "facts sftpgo 5.8, row Email" },
	[TEMPLATE_IF_ERROR_TEXT] = { "error-text", "both editions word their errors alike", true,
				     OF_DATA, "facts sftpgo 5.8, row ErrorString" },
	[TEMPLATE_IF_UID] = { "uid", "nobody looks into identifiers of events", true, OF_DATA,
			      "facts sftpgo 5.8, row UID" },
	[TEMPLATE_IF_OBJECT_NAME] = { "object-name",
				      ".ObjectName and .Email stay as the event had them while a "
				      "retention check runs",
				      false, NEEDS_ACCOUNT,
				      "facts sftpgo 5.8, rows ObjectName and Email" },
	[TEMPLATE_IF_BACKUP] = { "after-backup",
				 "after a backup the event has the backup file's path, name, size "
				 "and time, as up to 2.7",
				 false,
				 "cannot be asked: it needs a backup, which leaves a dump of all "
				 "accounts, in place of the server's own of that hour",
				 "sftpgo-real 8.7" },
	[TEMPLATE_IF_IDP_FLAT] = { "idp-flat",
				   ".IDPFields has the configured names for its keys, those with "
				   "dots too",
				   false,
				   "cannot be asked: it needs somebody who logs in at the identity "
				   "provider",
				   "facts sftpgo 5.8, row IDPField; sftpgo-real 8.11" },
	[TEMPLATE_IF_NO_NUL] = { "no-nul", "the claim has no NUL byte", true, OF_DATA,
				 "facts sftpgo 5.7" },
	[TEMPLATE_IF_ENDPOINT] = { "endpoint",
				   "the endpoint is run as one template, and its result is used "
				   "as it is",
				   false, NULL,
				   "facts sftpgo 0: eventmanager.md against "
				   "action-types.md" },
	[TEMPLATE_IF_PATH_ESCAPE] = { "path-escape", "urlPathEscape writes / as %2F", false, NULL,
				      "facts sftpgo 0: placeholders.md against "
				      "template-functions.md" },
	[TEMPLATE_IF_COMPONENT] = { "component",
				    "no part of the endpoint's path comes out empty, as . or .., "
				    "as a token without a value, or the first one with a slash",
				    false, OF_DATA, "sftpgo-real 6.3, 8.1-8.5" },
	[TEMPLATE_IF_OBJECT] = { "object",
				 "the object's JSON of Enterprise has the members that its reader "
				 "wants",
				 false, OF_DATA, "facts sftpgo 5.8, row ObjectData" },
	[TEMPLATE_IF_REPORTS] = { "reports",
				  "the report's CSV has the columns that its reader wants", true,
				  OF_DATA, "facts sftpgo 5.8, row RetentionReports" },
	[TEMPLATE_IF_PATTERN_FREE] = { "pattern-free",
				       "no value has *, ? or [ in it, or values are not taken for "
				       "patterns",
				       false, NEEDS_ACCOUNT,
				       "facts sftpgo 5.9; " DOCS("filesystem-actions") },
	[TEMPLATE_IF_BACKSLASH] = { "no-backslash",
				    "no value has a backslash: in a path 2.6 left it alone, and "
				    "Enterprise takes it for a slash",
				    false, OF_DATA, "facts sftpgo 5.3; sftpgo-real 6.3, 8.14" },
	[TEMPLATE_IF_MINUTE] = { "schedule-minute", "a schedule without a minute runs at minute 0",
				 false, NULL, "facts sftpgo 5.9, 5.10" },
	[TEMPLATE_IF_UTC] = { "utc",
			      "common.tz of the old server was not 'local': a dump does not tell, "
			      "and this is the time in UTC",
			      false, OF_RELEASE, "facts sftpgo 5.4" },
	[TEMPLATE_IF_RECIPIENT] = { "empty-recipient",
				    "no recipient comes out empty, or Enterprise drops one that "
				    "does, as up to 2.7",
				    false,
				    "cannot be asked: it needs a mail sent by the server",
				    "facts sftpgo 5.3; sftpgo-real 6.3" },
	[TEMPLATE_IF_HTTP_USER] = { "http-user",
				    "a probe sees that Enterprise runs templates in HTTP user names, against its "
				    "documentation: then they are translated",
				    false, NULL, "facts sftpgo 5.6, 5.10" },
};

const struct template_condition_about *template_condition_about(enum template_condition c)
{
	return &conditions[c];
}

/* class, blocking, remark */
#define EXACT TEMPLATE_EXACT, false, false
#define UNDER TEMPLATE_EXACT_IF, false, false
#define NEVER TEMPLATE_NOT, false, false
#define LOSES TEMPLATE_NOT, true, false
#define NOTED TEMPLATE_NOT, false, true

static const struct template_reason_about reasons[TEMPLATE_REASON__MAX] = {
	[TEMPLATE_SAME] = { "same", EXACT, "a token and its translation", "", "facts sftpgo 5.8" },
	[TEMPLATE_HANGS] = { "condition", UNDER,
			     "the translation holds under a condition that nobody has settled",
			     "the value of this token", "facts sftpgo 0, 5.8" },
	[TEMPLATE_LITERAL] = { "literal", EXACT,
			       "looks like a token and is none, in this release or for these "
			       "events: it went out as this text, and still does",
			       "", "facts sftpgo 5.1, 5.2; sftpgo-real 6.2, 8.9" },
	[TEMPLATE_FOREIGN] = { "braces", EXACT, "braces that are no token: they go out as they are",
			       "", "facts sftpgo 5.7" },
	[TEMPLATE_DOT_PASS] = { "dot-pass", EXACT,
				"the upgrade to 2.7 put this dot before what was no token, or "
				"before another brace: what stood here before it may have been one",
				"", "facts sftpgo 5.5" },
	[TEMPLATE_SOME_RELEASES] = { "some-releases", UNDER,
				     "a token in some releases of this line, and which one ran it "
				     "is not known",
				     "the token's own text in place of its value",
				     "facts sftpgo 5.4; sftpgo-real 8.9" },
	[TEMPLATE_EMPTY_HERE] = { "empty", EXACT,
				  "had no value in any of these events: what stood for none, mostly "
				  "nothing, stands there now",
				  "", "facts sftpgo 5.4" },
	[TEMPLATE_BUG_KEPT] = { "object-data-bug", EXACT,
				"2.7 sends an empty object here, for it looks for the token's "
				"spelling of 2.6; so does the translation, where Enterprise would "
				"send the object",
				"", "facts sftpgo 5.3; sftpgo-real 6.2" },
	[TEMPLATE_OBJECT] = { "object-data", UNDER,
			      "an object's JSON follows the schema of the edition that writes it",
			      "members of the object", "facts sftpgo 5.8, row ObjectData" },
	[TEMPLATE_ZERO_TIME] = { "zero-time", EXACT,
				 "some of these events had no time and printed the year 1: so does "
				 "the translation, where Enterprise would have the time",
				 "", "facts sftpgo 5.4; sftpgo-real 6.2, 8.10" },
	[TEMPLATE_REPORTS] = { "reports", UNDER, "the retention reports, as a whole value",
			       "columns of the reports", "facts sftpgo 5.8, row RetentionReports" },
	[TEMPLATE_REPORTS_LOST] = { "reports-lost", NEVER,
				    "the old release does not know this spelling and took it for "
				    "a path or text; Enterprise puts the retention reports here",
				    "the reports in place of a failure or of this text",
				    "facts sftpgo 5.1, 5.5" },
	[TEMPLATE_PROVIDER_ROLE] = { "provider-role", UNDER,
				     "the role was that of who did it; Enterprise has that of the "
				     "object in .Role",
				     "the role in events of accounts and other objects",
				     "facts sftpgo 5.8, row Role; sftpgo-real 8.8" },
	[TEMPLATE_HOST_TOKEN] = { "host", NEVER,
				  "braces in the endpoint's host or user: the action failed each "
				  "time it ran",
				  "a request where there was none", "sftpgo-real 6.3, 7.3" },
	[TEMPLATE_ENDPOINT_LOST] = { "endpoint-lost", NEVER,
				     "the old release could not parse this endpoint, or lost its "
				     "path on the way",
				     "the request's path", "sftpgo-real 8.3" },
	[TEMPLATE_CLAIM_NAME] = { "claim-name", NEVER,
				  "a claim's name that a path cannot hold: saving would change it",
				  "the token's text in place of the claim", "facts sftpgo 5.3" },
	[TEMPLATE_BACKSLASH] = { "backslash", NEVER,
				 "2.6 left a backslash in a path alone; Enterprise makes a slash "
				 "of it when the action is saved",
				 "the path", "facts sftpgo 5.3; sftpgo-real 6.3" },
	[TEMPLATE_NO_TEMPLATE_HERE] = { "not-run", NEVER,
					"Enterprise runs no template here: what the old release "
					"replaced stays as text",
					"the token's text in place of its value",
					"facts sftpgo 5.6" },
	[TEMPLATE_CONTENT_TYPE] = { "content-type", NEVER,
				    "the part's Content-Type has a token, so that only the event "
				    "told whether its body was JSON",
				    "escaping of values", "facts sftpgo 5.3" },
	[TEMPLATE_DEAD_FIELD] = { "not-read", EXACT,
				  "the old release never read this field; Enterprise parses it, so "
				  "it is translated all the same",
				  "", "facts sftpgo 5.3; sftpgo-real 6.3" },
	[TEMPLATE_DELETES_TREES] = { "deletes-trees", LOSES,
				     "a directory that was not empty stayed; Enterprise deletes it "
				     "with all that it holds",
				     "what is deleted",
				     "facts sftpgo 5.9: SFTPGo 2.7.5, eventmanager.go; " DOCS(
					 "filesystem-actions") },
	[TEMPLATE_DELETES_PATTERN] = { "deletes-pattern", LOSES,
				       "*, ? or [ in the last part of this path meant itself; in "
				       "Enterprise it is a pattern",
				       "what is deleted",
				       "facts sftpgo 5.9: " DOCS("filesystem-actions, changelog") },
	[TEMPLATE_DELETES_VALUE] = { "deletes-value", TEMPLATE_EXACT_IF, true, false,
				     "a value with *, ? or [ in it may become a pattern of what to "
				     "delete: whoever names files would choose it",
				     "what is deleted",
				     "facts sftpgo 5.9: " DOCS("filesystem-actions, changelog") },
	[TEMPLATE_PATTERN] = { "pattern", NEVER,
			       "*, ? or [ in the last part of this path meant itself; in "
			       "Enterprise "
			       "it is a pattern",
			       "what is copied",
			       "facts sftpgo 5.9: " DOCS("filesystem-actions, changelog") },
	[TEMPLATE_PATTERN_TOKEN] = { "pattern-token", NEVER,
				     "a pattern and a template in one last part of a path: "
				     "Enterprise refuses to save it",
				     "the action cannot be saved",
				     "facts sftpgo 5.9: changelog "
				     "20260626" },
	[TEMPLATE_PATTERN_VALUE] = { "pattern-value", UNDER,
				     "a value with *, ? or [ in it may become a pattern of what to "
				     "copy",
				     "what is copied",
				     "facts sftpgo 5.9: " DOCS("filesystem-actions, changelog") },
	[TEMPLATE_CHAIN] = { "chain", NOTED,
			     "what this action does set off other rules; Enterprise fires none for "
			     "what its own actions do",
			     "rules that do not run any more",
			     "facts sftpgo 5.9: " DOCS("eventmanager") },
	[TEMPLATE_EMAIL_LIST] = { "email-list", UNDER,
				  "the recipient becomes all addresses of an account in one text",
				  "who gets the mail",
				  "facts sftpgo 5.8, row Email: changelog "
				  "20250308" },
	[TEMPLATE_BACKUP_NAME] = { "backup-name", NOTED,
				   "backups are named backup_<weekday>_<hour>_<minute>.json, up to "
				   "2.7 without the minute: more of them stay",
				   "names and number of the files",
				   "facts sftpgo 5.9: SFTPGo 2.7.5, dataprovider.go; " DOCS(
				       "eventmanager-backup") },
	[TEMPLATE_LICENSE] = { "licence", NOTED, "Enterprise does this with a Premium licence only",
			       "the action fails", "facts sftpgo 5.9" },
	[TEMPLATE_TIMEOUT] = { "timeout", TEMPLATE_EXACT_IF, false, true,
			       "waits longer than the documentation of Enterprise allows (120 s)",
			       "the action may be refused when it is saved", "facts sftpgo 5.9" },
	[TEMPLATE_HTTP_ANSWER] = { "http-answer", TEMPLATE_EXACT_IF, false, true,
				   "an answer of 200 to 204 was a success and any other a "
				   "failure; what Enterprise takes for one is not documented, and "
				   "a rule that uses this action asks",
				   "whether actions for failures run, or what waits for it",
				   "facts sftpgo 5.9: SFTPGo 2.7.5, eventmanager.go" },
	[TEMPLATE_FAN_OUT] = { "fan-out", NOTED,
			       "the removal or change of a group or role was also an update of "
			       "each "
			       "of its users; from 20260528 on it is not",
			       "rules that do not run any more",
			       "facts sftpgo 5.9: changelog 20260528" },
	[TEMPLATE_MINUTE] = { "minute", TEMPLATE_EXACT_IF, false, true,
			      "schedules have a minute now; up to 2.7 they ran at minute 0",
			      "when the rule runs",
			      "facts sftpgo 5.9: SFTPGo 2.7.5, eventrule.go" },
};

const struct template_reason_about *template_reason_about(enum template_reason r)
{
	return &reasons[r];
}

const char *template_class_name(enum template_class c)
{
	static const char *const names[] = { "exact", "conditional", "not-translatable" };

	return names[c];
}

const char *template_evidence_name(enum template_evidence v)
{
	static const char *const names[] = { "documented", "seen", "open" };

	return names[v];
}

const char *template_context_name(enum template_context c)
{
	static const char *const names[] = { "plain", "json", "html", "url", "path" };

	return names[c];
}

/* ---- findings ---- */

/* The writer has allowed for either answer, where it says nothing else. */
static bool allowed_for(enum template_condition c)
{
	return c == TEMPLATE_IF_JSON_ESCAPE || c == TEMPLATE_IF_PATH_ESCAPE;
}

static void judge(struct template_finding *f, const struct template_asked *a, bool unmarked)
{
	int settled = a->settled[f->condition];
	bool marked = !unmarked && allowed_for(f->condition);

	f->class = reasons[f->reason].class;
	f->evidence = f->class == TEMPLATE_EXACT_IF ? TEMPLATE_OPEN : TEMPLATE_DOCUMENTED;
	if (!f->condition || settled == TEMPLATE_UNSETTLED)
		return;
	/* What no probe asks is known otherwise, as from the server's configuration. */
	f->evidence = conditions[f->condition].unasked ? TEMPLATE_DOCUMENTED : TEMPLATE_SEEN;
	f->class = settled == TEMPLATE_HOLDS || marked ? TEMPLATE_EXACT : TEMPLATE_NOT;
}

static char *dup_of(struct sv s) { return s.p ? sv_dup(s) : NULL; }

void finding_add(struct template_findings *all, const struct template_asked *a,
		 enum template_reason reason, enum template_condition condition,
		 const struct finding_at *at)
{
	struct template_finding f = {
		.reason = reason,
		.condition = condition,
		.apart = at->apart,
		.field = xstrdup(at->field),
		.at = at->at,
		.len = at->len,
		.token = dup_of(at->token),
		.template = dup_of(at->template),
	};

	judge(&f, a, at->unmarked);
	*vec_push(all) = f;
}

bool template_is_remark(const struct template_finding *f)
{
	return reasons[f->reason].remark && !(f->condition && f->class == TEMPLATE_NOT);
}

bool finding_holds_back(const struct template_finding *f)
{
	if (template_is_remark(f))
		return false;
	if (f->class == TEMPLATE_EXACT_IF)
		return !f->condition || f->apart || !conditions[f->condition].same_meaning;
	return f->class == TEMPLATE_NOT;
}

/* Whoever judges by the list alone must come to the same: no kind of finding is missing in it. */
static bool is_listed(struct template_listed *l, const struct template_finding *f)
{
	uint32_t bit = UINT32_C(1) << f->condition, was = l->bits[f->apart][f->class][f->reason];

	_Static_assert(TEMPLATE_IF__MAX <= 32, "a bit for each condition");
	l->bits[f->apart][f->class][f->reason] = was | bit;
	return was & bit;
}

void text_finding(struct template_text *t, const struct template_asked *a,
		  enum template_reason reason, enum template_condition condition,
		  const struct finding_at *at)
{
	struct template_finding f = { .reason = reason, .condition = condition, .apart = at->apart };

	judge(&f, a, at->unmarked);
	t->class = MAX_OF(t->class, f.class);
	t->held = t->held || finding_holds_back(&f);
	if (!is_listed(&t->listed, &f) || t->findings.n < TEMPLATE_FINDINGS_MAX)
		finding_add(&t->findings, a, reason, condition, at);
}

static void finding_done(struct template_finding *f)
{
	free(f->field);
	free(f->token);
	free(f->template);
}

void finding_move(struct template_findings *to, struct template_listed *listed,
		  struct template_finding *f)
{
	if (!is_listed(listed, f) || to->n < TEMPLATE_FINDINGS_MAX)
		*vec_push(to) = *f;
	else
		finding_done(f);
	*f = (struct template_finding){ 0 };
}

void template_findings_done(struct template_findings *f)
{
	vec_each (f, it)
		finding_done(it);
	vec_done(f);
}
