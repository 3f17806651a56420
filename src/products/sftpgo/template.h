/* From the placeholders of SFTPGo 2.6 and 2.7 to the Go templates of Enterprise (2.7.20250726 and
 * later). Pure: no files, no server, no memory between calls.
 *
 * Up to 2.7 a text is run once through a list of tokens ("{{Name}}" in 2.6, "{{.Name}}" in 2.7):
 * exact matches are replaced, all else stays as it is, values are escaped as the field asks (enum
 * template_context). Enterprise parses the same fields as text/template. The translation of a text
 * is a template that, for every event of the triggers given, prints what the old release printed;
 * where there is none, or where it hangs on something that the vendor does not document, a finding
 * says so. No open source release executes the target language: "exact" means that the template
 * agrees with the vendor's documentation, never that a server was seen to do so, unless a probe
 * saw it (template_asked.settled).
 *
 *	struct template_asked asked = { .release = { 6, 4 }, .triggers = TEMPLATE_ON_FS };
 *	struct template_text got = { .text = BUF_MAX(TEMPLATE_MAX) };
 *
 *	if (template_translate(&asked, SV("{{Name}}"), TEMPLATE_JSON, &got, e) < 0) ...
 *	... buf_str(&got.text) is {{ toJsonUnquoted .Name }}; got.class, vec_each (&got.findings, f)
 *	template_text_done(&got);
 *
 * Laws, tested: every "{{" of a translation is followed by a blank (or the text is
 * {{.RetentionReports}}), so the dot pass (dot_pass.h) leaves it alone; no quoted string in it
 * holds "{{"; it parses as a template; a text without "{{" is its own translation.
 *
 * In bulk, for tests: tests/tools/template_lines.c.
 *
 * Source: facts sftpgo 5, sftpgo-real 6 and 8; SFTPGo 2.6.4 and 2.7.5,
 * internal/common/eventmanager.go. */
#pragma once

#include "base/vec.h"
#include "io/json.h"

#define TEMPLATE_MAX (8u << 20)     /* bytes of one translated text */
/* Of one text or action; of those beyond, the first of each class, reason and condition is listed. */
#define TEMPLATE_FINDINGS_MAX 10000

/* ---- what is asked ---- */

/* The release that executed the texts: 2.minor.patch. patch -1: not known; tokens that only some
 * releases of the line know then hang on TEMPLATE_IF_RELEASE. */
struct template_release {
	int minor; /* 6 or 7 */
	int patch;
};
/* "2.6.4", "v2.7.5", "2.6" (patch not known). ERR_USAGE: another line, an Enterprise release, no
 * version. */
int template_release_parse(const char *text, struct template_release *ret,
			   struct err *e) must_check;

/* Bits: which events run the action. The last two say what ran before it in the same rule. */
enum template_trigger {
	TEMPLATE_ON_FS = 1 << 1, /* 1 << EventTrigger */
	TEMPLATE_ON_PROVIDER = 1 << 2,
	TEMPLATE_ON_SCHEDULE = 1 << 3,
	TEMPLATE_ON_IP_BLOCKED = 1 << 4,
	TEMPLATE_ON_CERTIFICATE = 1 << 5,
	TEMPLATE_ON_DEMAND = 1 << 6,
	TEMPLATE_ON_IDP_LOGIN = 1 << 7,
	TEMPLATE_ON_ANY = 0xfe,         /* also taken for an action that no rule uses: triggers 0 */
	TEMPLATE_AFTER_BACKUP = 1 << 8, /* sets VirtualPath, ObjectName, FileSize, Timestamp */
	TEMPLATE_AFTER_RETENTION = 1 << 9,
};

/* How a value goes into the field. */
enum template_context {
	TEMPLATE_PLAIN, /* as it is: other bodies, headers, query values, arguments, environment,
			   mail text, subjects */
	TEMPLATE_JSON,  /* as the inside of a JSON string: JSON bodies and parts, accounts of
			   identity providers */
	TEMPLATE_HTML,  /* escaped for HTML: HTML mails of 2.7 (those of 2.6 are plain) */
	TEMPLATE_URL,   /* the endpoint: tokens in its path alone, each component escaped whole */
	TEMPLATE_PATH,  /* as it is, then made absolute and cleaned: paths, attachments, files of
			   parts */
	TEMPLATE_CONTEXT__MAX
};
const char *
template_context_name(enum template_context c); /* "plain", "json", "html", "url", "path" */

/* Points that no documentation settles, or where two of the vendor's disagree. A probe of the
 * target (facts 5.10) may. */
enum template_condition {
	TEMPLATE_IF_NONE,
	TEMPLATE_IF_RELEASE,     /* the release within the line is known */
	TEMPLATE_IF_JSON_ESCAPE, /* toJsonUnquoted writes < > & as \u003c \u003e \u0026 */
	TEMPLATE_IF_NAME,        /* .Name of provider events is the executor, not the object */
	TEMPLATE_IF_INITIATOR,  /* .Initiator.Admin and .Initiator.User are there in provider events
				 */
	TEMPLATE_IF_ONE_EMAIL,  /* the account has no additional e-mail addresses */
	TEMPLATE_IF_ERROR_TEXT, /* both editions word their errors alike */
	TEMPLATE_IF_UID,        /* identifiers of events are opaque to whoever reads them */
	TEMPLATE_IF_OBJECT_NAME, /* .ObjectName and .Email are the event's while a retention check runs
				  */
	TEMPLATE_IF_BACKUP, /* after a backup .VirtualPath, .ObjectName and .Timestamp are those of
			       its file */
	TEMPLATE_IF_IDP_FLAT,    /* .IDPFields has the names as configured for its keys, nested ones
				    too */
	TEMPLATE_IF_NO_NUL,      /* the value has no NUL byte */
	TEMPLATE_IF_ENDPOINT,    /* the endpoint is executed as one template, then parsed */
	TEMPLATE_IF_PATH_ESCAPE, /* urlPathEscape "/" is %2F */
	TEMPLATE_IF_COMPONENT, /* the value leaves no component of the endpoint's path empty, "." or
				  ".." */
	TEMPLATE_IF_OBJECT, /* the object's JSON of Enterprise has the members that its reader wants
			     */
	TEMPLATE_IF_REPORTS, /* the retention report's CSV has the columns that its reader wants */
	TEMPLATE_IF_PATTERN_FREE, /* no value has * ? or [ where Enterprise takes a path for a
				     pattern */
	TEMPLATE_IF_BACKSLASH, /* no value has a backslash, where one in a path becomes a slash */
	TEMPLATE_IF_MINUTE,    /* a schedule without a minute fires at minute 0 */
	TEMPLATE_IF_UTC,       /* common.tz of 2.7 is not "local"; .local_time says that it is */
	TEMPLATE_IF_RECIPIENT, /* no recipient comes out empty, or one that does is dropped */
	TEMPLATE_IF_HTTP_USER, /* the HTTP user name is executed, against the documentation: until that is seen it stays as it is */
	TEMPLATE_IF__MAX
};
struct template_condition_about {
	const char *name; /* "json-escape": in reports, probes, plans */
	const char *text; /* "toJsonUnquoted writes <, > and & as \u003c, \u003e and \u0026": a
			     sentence's end after "if" */
	/* No reason to hold an action back: either way what the other side reads has the same
	 * meaning (a JSON value with < written either way), or the case is a curiosity. Not so
	 * where template_finding.apart. */
	bool same_meaning;
	/* Why no probe asks the target (step_events_probe.c); NULL: one does. */
	const char *unasked;
	const char *source;
};
const struct template_condition_about *
template_condition_about(enum template_condition c); /* never NULL */

enum template_settled { TEMPLATE_UNSETTLED, TEMPLATE_HOLDS, TEMPLATE_FAILS };

/* All that a translation hangs on besides the text. {0} but release is a sound start. */
struct template_asked {
	struct template_release release;
	unsigned triggers; /* enum template_trigger of all rules that use it; 0: none does, then any
			      may */
	bool object_data;  /* {{ObjectData}} is filled in this action, */
	bool object_lost;  /* or would be, if 2.7 did not look for the spelling of 2.6; both
			      template_action() finds out itself */
	bool local_time;   /* common.tz is "local", of 2.7; that it is not: settled, as IF_UTC */
	bool outcome;      /* a rule makes something of it whether the action fails */
	unsigned heard;    /* enum template_heard of all active rules, for what sets off
			      other rules */
	unsigned char settled[TEMPLATE_IF__MAX]; /* enum template_settled */
};

/* ---- what is found ---- */

enum template_class {
	TEMPLATE_EXACT,    /* the same bytes for every event of these triggers */
	TEMPLATE_EXACT_IF, /* the same under a condition that nobody has settled yet */
	TEMPLATE_NOT, /* no template does the same; what stands there is the nearest, or the text as
			 a literal */
	TEMPLATE_CLASS__MAX
};
const char *
template_class_name(enum template_class c); /* "exact", "conditional", "not-translatable" */

enum template_evidence {
	TEMPLATE_DOCUMENTED, /* agrees with the vendor's documentation */
	TEMPLATE_SEEN,       /* what it hangs on was seen on the target */
	TEMPLATE_OPEN,       /* documentation is silent or at odds with itself, and nobody looked */
	TEMPLATE_EVIDENCE__MAX
};
const char *template_evidence_name(enum template_evidence v); /* "documented", "seen", "open" */

/* Why a finding is there. One row of about each: template_reason_about(). */
enum template_reason {
	/* of texts */
	TEMPLATE_SAME,    /* a token with its translation: exact */
	TEMPLATE_HANGS,   /* the same, under .condition */
	TEMPLATE_LITERAL, /* looks like a token, is none in this release: kept as the text it was */
	TEMPLATE_FOREIGN, /* other "{{": kept as the text it was */
	TEMPLATE_DOT_PASS,      /* the same, of 2.7, as the upgrade from 2.6 leaves other braces */
	TEMPLATE_SOME_RELEASES, /* a token in some releases of the line, and the release is not
				   known */
	TEMPLATE_EMPTY_HERE,    /* never a value for these triggers: nothing, 0 or {} stands there, exact
				 */
	TEMPLATE_BUG_KEPT,  /* 2.7 sends {} for {{.ObjectData}} in bodies of HTTP: so does the
			       translation, exact */
	TEMPLATE_OBJECT,    /* the object's JSON follows each edition's schema */
	TEMPLATE_ZERO_TIME, /* prints the year 1 as it did, exact; the operator may want the time */
	TEMPLATE_REPORTS,   /* {{RetentionReports}}: the whole value */
	TEMPLATE_REPORTS_LOST,  /* 2.7 does not know {{.RetentionReports}} and fails; Enterprise
				   attaches the report */
	TEMPLATE_PROVIDER_ROLE, /* role of who did it, where .Role is that of the object */
	TEMPLATE_HOST_TOKEN,    /* braces in an endpoint's host: every run failed, and no template
				   fails so */
	TEMPLATE_ENDPOINT_LOST, /* an endpoint that the old release does not parse, or whose path it
				   loses */
	TEMPLATE_CLAIM_NAME,    /* a claim's name that cannot be written in a path */
	TEMPLATE_BACKSLASH,     /* a backslash in a path of 2.6: Enterprise makes it a slash */
	TEMPLATE_NO_TEMPLATE_HERE, /* Enterprise does not execute this field: HTTP user name */
	TEMPLATE_CONTENT_TYPE, /* a part's Content-Type holds a token: JSON or not shows at run time
				*/
	TEMPLATE_DEAD_FIELD,   /* the old release never read the field: body of a GET, body beside
				  parts; kept as text */
	/* of actions: what changes although the text does not (facts 5.9) */
	TEMPLATE_DELETES_TREES,   /* deletes directories with all they hold: blocking */
	TEMPLATE_DELETES_PATTERN, /* * ? [ in the last part of a path to delete: blocking */
	TEMPLATE_DELETES_VALUE, /* a value with * ? [ becomes a pattern of what to delete: blocking
				 */
	TEMPLATE_PATTERN,       /* * ? [ in the last part of a path to copy */
	TEMPLATE_PATTERN_TOKEN, /* the same beside a token: refused when saved */
	TEMPLATE_PATTERN_VALUE, /* a value with * ? [ becomes a pattern of what to copy */
	TEMPLATE_CHAIN,         /* its own file events set off rules, and will not any more */
	TEMPLATE_EMAIL_LIST,    /* {{Email}} among recipients: one text with all addresses of the
				   account */
	TEMPLATE_BACKUP_NAME,   /* backup files are named otherwise */
	TEMPLATE_LICENSE,       /* needs a Premium licence */
	TEMPLATE_TIMEOUT,       /* a longer wait than documentation allows */
	TEMPLATE_HTTP_ANSWER,   /* which answers of a request are a success, where a rule asks */
	/* of rules */
	TEMPLATE_FAN_OUT, /* a group's or folder's change sets off no rule for each user any more */
	TEMPLATE_MINUTE,  /* schedules gain a minute */
	TEMPLATE_REASON__MAX
};
struct template_reason_about {
	const char *name; /* "deletes-trees" */
	enum template_class class;
	bool blocking;       /* loses data: no migration goes on before an operator has said so */
	bool remark;         /* said, and no reason to hold an action back: template_is_remark() */
	const char *text;    /* what and why, one sentence */
	const char *differs; /* what comes out otherwise; "" nothing does */
	const char *source;  /* "facts sftpgo 5.9: SFTPGo 2.7.5 eventmanager.go; documentation,
				filesystem-actions" */
};
const struct template_reason_about *template_reason_about(enum template_reason r); /* never NULL */

struct template_finding {
	enum template_reason reason;
	enum template_class class;         /* with .settled taken into account */
	enum template_condition condition; /* of TEMPLATE_HANGS and some others; IF_NONE none */
	enum template_evidence evidence;
	bool apart; /* no JSON is read there: each answer to .condition is another page or file */
	char *field; /* "http_config.parts[1].body"; NULL in template_translate(), and for a whole
			action or rule */
	size_t at, len; /* bytes of the old text; 0, 0 for the whole field or action */
	char *token;    /* "{{Name}}" as it stood; NULL none */
	char *template; /* what stands for it now; NULL where nothing of its own does */
};
struct template_findings { /* a vec, see base/vec.h; template_findings_done() */
	struct template_finding *v;
	size_t n, room;
};
void template_findings_done(struct template_findings *f);
struct template_listed {
	/* by .apart; 1 << enum template_condition */
	uint32_t bits[2][TEMPLATE_CLASS__MAX][TEMPLATE_REASON__MAX];
};

/* ---- one text ---- */

struct template_text {
	struct buf text;                   /* ceiling set by the caller, at most TEMPLATE_MAX */
	struct template_findings findings; /* in order of .at, those of the whole last */
	enum template_class class;         /* worst of the findings' */
	bool held; /* not exact, and not only for conditions of the same meaning: not to be put to
		      work unseen */
	struct template_listed listed; /* of .findings */
};
void template_text_done(struct template_text *t);

/* Added to *ret, which may be used again after template_text_reset(). ERR_SPACE: over a ceiling;
 * ERR_USAGE: a release that is none. A text of any bytes is fine otherwise; what is no UTF-8 stays.
 */
int template_translate(const struct template_asked *a, struct sv text, enum template_context c,
		       struct template_text *ret, struct err *e) must_check;
void template_text_reset(struct template_text *t);
/* The whole values where retention reports may stand: attachments, files and bodies of parts,
 * bodies of requests. */
bool template_is_reports(const struct template_asked *a, struct sv text);

/* ---- one action ---- */

struct template_change {
	char *field; /* as in findings */
	enum template_context context;
	char *before, *after;
	size_t before_len, after_len;
};
struct template_action {
	json_t *options; /* as asked for, translated; NULL: the action has none */
	VEC(struct template_change) changes; /* fields whose text became another */
	struct template_findings findings;   /* by field, then .at; of the whole action last */
	struct template_listed listed;       /* of .findings */
	enum template_class class;
	bool held;     /* as of a text */
	bool blocking; /* a finding is */
};
void template_action_done(struct template_action *t);

/* An action as dumps and the API have it: {"name", "type", "options": {"http_config": {...}, ...}}.
 * Its options come back whole; what is no text of a templated field is as it was. Only the
 * configuration of its own type is read. ERR_FORMAT: no such object. The caller's object is left
 * alone. */
int template_action(const struct template_asked *a, const json_t *action,
		    struct template_action *ret, struct err *e) must_check;

/* ---- the rules around it ---- */

/* What an action makes happen by itself, as events that rules listen to: bits. File actions of 2.6
 * and 2.7 set off no rule (their protocol is left out); retention checks and changes of accounts
 * do.
 */
enum template_heard {
	TEMPLATE_HEARS_DELETE = 1 << 0, /* files and directories that a retention check deletes */
	TEMPLATE_HEARS_RMDIR = 1 << 1,
	TEMPLATE_HEARS_USER = 1 << 2, /* users added, changed, deleted by the system */
	TEMPLATE_HEARS_ADMIN = 1 << 3,
};

/* What all actions and rules of a server say of one another; two passes: first every action and
 * rule is added, in any order, then each action is asked for. Holds names and bits, not the
 * objects. */
struct template_world;
struct template_world *template_world_new(void);
void template_world_free(struct template_world *w);
int template_world_action(struct template_world *w, const json_t *action, struct err *e) must_check;
int template_world_rule(struct template_world *w, const json_t *rule, struct err *e) must_check;

/* Sets .triggers, .outcome and .heard of *a for the action of that name. */
void template_world_ask(const struct template_world *w, const char *action,
			struct template_asked *a);
/* Its type; 0: no action of that name was added. */
int template_world_type(const struct template_world *w, const char *action);
/* Names of the rules that use it, borrowed from w, in order of adding; at most max are written,
 * returns how many there are. */
size_t template_world_rules(const struct template_world *w, const char *action, const char **ret,
			    size_t max);
/* What changes for a rule itself although nothing in it does: added to *ret. Of *a only what is
 * settled counts. */
int template_rule(const struct template_asked *a, const json_t *rule, struct template_findings *ret,
		  struct err *e) must_check;
/* Is it only said? What was seen to be otherwise is more than that. */
bool template_is_remark(const struct template_finding *f);

/* ---- the tables, for reports and tests ---- */

/* A row of the mapping (facts 5.8), in its order. */
struct template_row {
	const char *name;       /* "Name"; "IDPField" stands for IDPField<claim> */
	const char *expression; /* "stringJoin .Errors \", \"" without the wrapper of a context; of
				   reference only */
	bool escaped;           /* by the field's context (class E); else never (class R) */
	bool conditional;       /* left in the output as it stands where it has no value */
	int since_6, since_7;   /* first patch of 2.6 and of 2.7 that knows it; -1 none */
};
const struct template_row *template_rows(size_t *ret_n);

/* A field that the old release replaces tokens in (facts 5.3). */
struct template_field {
	const char *path;  /* "http_config.headers[].value" */
	int type, fs_type; /* of the action; fs_type 0: not of type 9 */
};
const struct template_field *template_fields(size_t *ret_n);
