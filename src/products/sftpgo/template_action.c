/* An action's options: which texts are replaced, and how their values go in. Source: facts sftpgo
 * 5.3, 5.6; SFTPGo 2.6.4 and 2.7.5, eventrule.go and eventmanager.go. */
#include "products/sftpgo/template_in.h"

#include <strings.h>

static const struct template_field fields[] = {
	{ "http_config.endpoint", ACTION_HTTP, 0 },
	{ "http_config.query_parameters[].value", ACTION_HTTP, 0 },
	{ "http_config.headers[].value", ACTION_HTTP, 0 },
	{ "http_config.username", ACTION_HTTP, 0 },
	{ "http_config.body", ACTION_HTTP, 0 },
	{ "http_config.parts[].headers[].value", ACTION_HTTP, 0 },
	{ "http_config.parts[].body", ACTION_HTTP, 0 },
	{ "http_config.parts[].filepath", ACTION_HTTP, 0 },
	{ "cmd_config.args[]", ACTION_COMMAND, 0 },
	{ "cmd_config.env_vars[].value", ACTION_COMMAND, 0 },
	{ "email_config.recipients[]", ACTION_EMAIL, 0 },
	{ "email_config.bcc[]", ACTION_EMAIL, 0 },
	{ "email_config.subject", ACTION_EMAIL, 0 },
	{ "email_config.body", ACTION_EMAIL, 0 },
	{ "email_config.attachments[]", ACTION_EMAIL, 0 },
	{ "fs_config.renames[].key", ACTION_FILESYSTEM, FS_RENAME },
	{ "fs_config.renames[].value", ACTION_FILESYSTEM, FS_RENAME },
	{ "fs_config.deletes[]", ACTION_FILESYSTEM, FS_DELETE },
	{ "fs_config.mkdirs[]", ACTION_FILESYSTEM, FS_MKDIRS },
	{ "fs_config.exist[]", ACTION_FILESYSTEM, FS_EXIST },
	{ "fs_config.compress.name", ACTION_FILESYSTEM, FS_COMPRESS },
	{ "fs_config.compress.paths[]", ACTION_FILESYSTEM, FS_COMPRESS },
	{ "fs_config.copy[].key", ACTION_FILESYSTEM, FS_COPY },
	{ "fs_config.copy[].value", ACTION_FILESYSTEM, FS_COPY },
	{ "idp_config.template_user", ACTION_IDP_CHECK, 0 },
	{ "idp_config.template_admin", ACTION_IDP_CHECK, 0 },
};

const struct template_field *template_fields(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(fields);
	return fields;
}

/* ---- walking ---- */

struct walk {
	struct template_asked asked;
	const json_t *config; /* "http_config" and the like, as it was */
	struct template_action *ret;
	struct err *e;
	size_t part; /* the part of a request that is being walked */
	bool unread; /* the old release does not read what is being walked */
};

static bool is_unset(const json_t *text)
{
	return !json_is_string(text) || !json_string_length(text);
}

/* ---- how a field is read ---- */

static bool says_json(const char *value) { return strcasestr(value, "application/json"); }

/* The first header of that name counts for a request, the last one for a part. */
static const char *content_type(const json_t *headers, bool last)
{
	const char *found = NULL;
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)headers, i, one)
	{
		if (strcasecmp(json_str(one, "key", ""), "Content-Type") || (found && !last))
			continue;
		found = json_str(one, "value", "");
	}
	return found ? found : "";
}

static const json_t *part_of(const struct walk *w)
{
	return json_array_get(json_object_get(w->config, "parts"), w->part);
}

/* Not a letter of it is known before the event is there. */
static bool type_has_token(const struct walk *w, const char *type)
{
	struct token_found t;

	for (const char *p = strstr(type, "{{"); p; p = strstr(p + 1, "{{")) {
		if (token_at(&w->asked.release, sv_of(p), &t))
			return true;
	}
	return false;
}

static enum template_context context_of(const struct walk *w, const char *path)
{
	const json_t *part = part_of(w);

	if (!strcmp(path, "http_config.endpoint"))
		return TEMPLATE_URL;
	if (!strcmp(path, "http_config.body"))
		return says_json(content_type(json_object_get(w->config, "headers"), false))
			   ? TEMPLATE_JSON
			   : TEMPLATE_PLAIN;
	if (!strcmp(path, "http_config.parts[].body"))
		return says_json(content_type(json_object_get(part, "headers"), true))
			   ? TEMPLATE_JSON
			   : TEMPLATE_PLAIN;
	if (!strcmp(path, "email_config.body"))
		return w->asked.release.minor == 7 && json_int(w->config, "content_type", 0) == 1
			   ? TEMPLATE_HTML
			   : TEMPLATE_PLAIN;
	if (!strncmp(path, "idp_config.", 11))
		return TEMPLATE_JSON;
	if (!strncmp(path, "fs_config.", 10) || !strcmp(path, "email_config.attachments[]") ||
	    !strcmp(path, "http_config.parts[].filepath"))
		return TEMPLATE_PATH;
	return TEMPLATE_PLAIN;
}

static bool may_be_reports(const char *path)
{
	return !strcmp(path, "email_config.attachments[]") ||
	       !strcmp(path, "http_config.parts[].filepath") || !strcmp(path, "http_config.body");
}

/* The body of a GET; parts beside a body; a part's file beside its body. */
static bool is_unread(const struct walk *w, const char *path)
{
	bool body = !is_unset(json_object_get(w->config, "body"));

	if (strncmp(path, "http_config.body", 16) && strncmp(path, "http_config.parts", 17))
		return false;
	if (!strcmp(json_str(w->config, "method", ""), "GET"))
		return true;
	if (!strcmp(path, "http_config.body"))
		return false;
	return body || (!strcmp(path, "http_config.parts[].filepath") &&
			!is_unset(json_object_get(part_of(w), "body")));
}

/* ---- one text ---- */

static void absorb(struct walk *w, const char *field, struct template_text *t)
{
	struct template_action *r = w->ret;

	vec_each (&t->findings, f) {
		f->field = xstrdup(field);
		if (w->unread) {
			f->class = TEMPLATE_EXACT;
			f->evidence = TEMPLATE_DOCUMENTED;
		}
		finding_move(&r->findings, &r->listed, f);
	}
	vec_done(&t->findings);
	if (w->unread)
		return;
	r->class = MAX_OF(r->class, t->class);
	r->held = r->held || t->held;
}

static void change_add(struct walk *w, const char *field, enum template_context c,
		       const json_t *before, const struct buf *after)
{
	*vec_push(&w->ret->changes) = (struct template_change){
		.field = xstrdup(field),
		.context = c,
		.before = xmemdup(json_string_value(before), json_string_length(before) + 1),
		.before_len = json_string_length(before),
		.after = xmemdup(buf_str(after), after->len + 1),
		.after_len = after->len,
	};
}

static bool reports_of(struct walk *w, const char *path, struct sv text, struct template_text *t)
{
	static const char template[] = "{{.RetentionReports}}";
	struct finding_at where = { .len = text.n,
				    .token = text,
				    .template = SV("{{.RetentionReports}}") };
	struct sv bare = text;

	if (!may_be_reports(path))
		return false;
	if (sv_starts(bare, "/"))
		bare = (struct sv){ bare.p + 1, bare.n - 1 };
	if (template_is_reports(&w->asked, text))
		text_finding(t, &w->asked, TEMPLATE_REPORTS, TEMPLATE_IF_REPORTS, &where);
	else if (sv_eq(bare, template) || sv_eq(bare, "{{RetentionReports}}"))
		text_finding(t, &w->asked, TEMPLATE_REPORTS_LOST, TEMPLATE_IF_NONE, &where);
	else
		return false;
	buf_adds(&t->text, template);
	return true;
}

/* A user name stays as it is: what was replaced in it is lost. But for a server that was seen to execute it. */
static bool user_name_of(struct walk *w, const char *path, struct sv text, struct template_text *t)
{
	struct template_text tried = { .text = BUF_MAX(TEMPLATE_MAX) };
	struct err ignored = ERR_INIT;

	if (strcmp(path, "http_config.username"))
		return false;
	if (template_translate(&w->asked, text, TEMPLATE_PLAIN, &tried, &ignored) == 0) {
		vec_each (&tried.findings, f) {
			struct finding_at where = { .at = f->at,
						    .len = f->len,
						    .token = sv_of(f->token) };

			if (f->reason != TEMPLATE_LITERAL && f->reason != TEMPLATE_FOREIGN)
				text_finding(t, &w->asked, TEMPLATE_NO_TEMPLATE_HERE,
					     TEMPLATE_IF_HTTP_USER, &where);
		}
	}
	template_text_done(&tried);
	if (w->asked.settled[TEMPLATE_IF_HTTP_USER] == TEMPLATE_HOLDS)
		return false;
	buf_add_sv(&t->text, text);
	return true;
}

static void content_type_finding(struct walk *w, const char *path, struct template_text *t)
{
	struct finding_at where = { .field = NULL };
	const char *type = content_type(json_object_get(part_of(w), "headers"), true);

	if (!strcmp(path, "http_config.parts[].body") && type_has_token(w, type))
		text_finding(t, &w->asked, TEMPLATE_CONTENT_TYPE, TEMPLATE_IF_NONE, &where);
}

static void recipients_finding(struct walk *w, const char *path, struct sv text,
			       struct template_text *t)
{
	struct finding_at where = { .len = text.n };
	bool dotted = w->asked.release.minor == 7;

	if (strcmp(path, "email_config.recipients[]") && strcmp(path, "email_config.bcc[]"))
		return;
	if (token_mentions(text, "Email", dotted) &&
	    (value_triggers(&w->asked) & (TEMPLATE_ON_FS | TEMPLATE_ON_PROVIDER)))
		text_finding(t, &w->asked, TEMPLATE_EMAIL_LIST, TEMPLATE_IF_ONE_EMAIL, &where);
	if (text_may_be_empty(&w->asked, text))
		text_finding(t, &w->asked, TEMPLATE_HANGS, TEMPLATE_IF_RECIPIENT, &where);
}

/* A variable whose value is "$" is copied from the server's own. */
static void keep_dollar(const char *path, struct sv was, struct template_text *t)
{
	if (strcmp(path, "cmd_config.env_vars[].value") || sv_eq(was, "$") ||
	    !sv_eq(buf_sv(&t->text), "$"))
		return;
	buf_reset(&t->text);
	buf_adds(&t->text, "{{ \"$\" }}");
}

static int text_of(struct walk *w, const char *path, struct sv text, enum template_context c,
		   struct template_text *t)
{
	struct finding_at where = { .len = text.n };

	if (reports_of(w, path, text, t) || user_name_of(w, path, text, t))
		return 0;
	if (template_translate(&w->asked, text, c, t, w->e) < 0)
		return -(int)w->e->kind;
	keep_dollar(path, text, t);
	content_type_finding(w, path, t);
	recipients_finding(w, path, text, t);
	if (w->unread && t->findings.n)
		text_finding(t, &w->asked, TEMPLATE_DEAD_FIELD, TEMPLATE_IF_NONE, &where);
	return 0;
}

/* *ret: a new string, NULL where it stays. */
static int translate_field(struct walk *w, const char *path, const char *field, const json_t *was,
			   json_t **ret)
{
	struct sv text = { json_string_value(was), json_string_length(was) };
	struct template_text t = { .text = BUF_MAX(TEMPLATE_MAX) };
	enum template_context c = context_of(w, path);
	int r;

	*ret = NULL;
	if (!memmem(text.p, text.n, "{{", 2) && c != TEMPLATE_URL && c != TEMPLATE_PATH)
		return 0;
	w->unread = is_unread(w, path);
	r = text_of(w, path, text, c, &t);
	if (r == 0 && (t.text.len != text.n || memcmp(buf_str(&t.text), text.p, text.n))) {
		*ret = json_stringn_nocheck(buf_str(&t.text), t.text.len);
		change_add(w, field, c, was, &t.text);
	}
	absorb(w, field, &t);
	template_text_done(&t);
	return r < 0 ? err_wrap(w->e, "translate '%s'", field) : 0;
}

/* ---- the way to a field ---- */

#define FIELD_MAX 256

/* Descends from a config along the rest of a path; path is the whole one, field what is spelled. */
static int descend(struct walk *w, json_t *at, const char *path, const char *rest,
		   const char *field);

static int each_of(struct walk *w, json_t *list, const char *path, const char *rest,
		   const char *field)
{
	char spelled[FIELD_MAX];
	bool parts = !strcmp(field, "http_config.parts");
	json_t *one, *now;
	size_t i;

	json_array_foreach(list, i, one)
	{
		snprintf(spelled, sizeof spelled, "%s[%zu]", field, i);
		w->part = parts ? i : w->part;
		if (*rest) {
			if (descend(w, one, path, rest, spelled) < 0)
				return -(int)w->e->kind;
			continue;
		}
		if (!json_is_string(one))
			continue;
		if (translate_field(w, path, spelled, one, &now) < 0)
			return -(int)w->e->kind;
		if (now)
			json_array_set_new(list, i, now);
	}
	return 0;
}

static int descend(struct walk *w, json_t *at, const char *path, const char *rest,
		   const char *field)
{
	size_t n = strcspn(rest, ".[");
	char key[64], spelled[FIELD_MAX];
	json_t *member, *now;

	snprintf(key, sizeof key, "%.*s", (int)n, rest);
	snprintf(spelled, sizeof spelled, "%s.%s", field, key);
	member = json_object_get(at, key);
	rest += n;
	if (*rest == '[')
		return each_of(w, member, path, rest[2] ? rest + 3 : rest + 2, spelled);
	if (*rest == '.')
		return descend(w, member, path, rest + 1, spelled);
	if (!json_is_string(member))
		return 0;
	if (translate_field(w, path, spelled, member, &now) < 0)
		return -(int)w->e->kind;
	if (now)
		json_object_set_new(at, key, now);
	return 0;
}

/* ---- the action ---- */

static bool mentions_object(const struct walk *w, const json_t *text, bool dotted)
{
	struct sv s = { json_string_value(text), json_string_length(text) };
	bool from_start = w->asked.release.minor == 6 && w->asked.release.patch == 0;

	return json_is_string(text) &&
	       (token_mentions(s, "ObjectData", dotted) ||
		(!from_start && token_mentions(s, "ObjectDataString", dotted)));
}

/* In one of the fields where the old release looks for it. */
static bool has_object_data(const struct walk *w, int type, bool dotted)
{
	bool found;
	const char *lists[] = { "parts", "env_vars" }, *texts[] = { "body", "value" };
	const json_t *one;
	size_t i;

	if (type != ACTION_HTTP && type != ACTION_COMMAND && type != ACTION_EMAIL)
		return false;
	found = type != ACTION_COMMAND &&
		mentions_object(w, json_object_get(w->config, "body"), dotted);
	if (type == ACTION_EMAIL)
		return found;
	json_array_foreach(json_object_get(w->config, lists[type == ACTION_COMMAND]), i, one)
	{
		found =
		    found ||
		    mentions_object(w, json_object_get(one, texts[type == ACTION_COMMAND]), dotted);
	}
	return found;
}

/* In requests 2.7 looks for the spelling of 2.6. */
static void object_data_of(struct walk *w, int type)
{
	bool dotted = w->asked.release.minor == 7, blind = dotted && type == ACTION_HTTP;

	w->asked.object_data = has_object_data(w, type, dotted && !blind);
	w->asked.object_lost = blind && has_object_data(w, type, true);
}

/* ACTION_HTTP: "http_config", ... NULL: nothing is replaced in actions of this type. */
static const char *config_of(int type)
{
	switch (type) {
	case ACTION_HTTP:
		return "http_config";
	case ACTION_COMMAND:
		return "cmd_config";
	case ACTION_EMAIL:
		return "email_config";
	case ACTION_FILESYSTEM:
		return "fs_config";
	case ACTION_IDP_CHECK:
		return "idp_config";
	default:
		return NULL;
	}
}

static int fields_of(struct walk *w, int type, json_t *config)
{
	int fs_type = (int)json_int(w->config, "type", 0);

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const char *rest = strchr(fields[i].path, '.') + 1;

		if (fields[i].type != type || (fields[i].fs_type && fields[i].fs_type != fs_type))
			continue;
		if (descend(w, config, fields[i].path, rest, config_of(type)) < 0)
			return -(int)w->e->kind;
	}
	return 0;
}

int template_action(const struct template_asked *a, const json_t *action,
		    struct template_action *ret, struct err *e)
{
	const json_t *options = json_object_get(action, "options");
	int type = (int)json_int(action, "type", 0);
	const char *name = config_of(type);
	struct template_action got = { .class = TEMPLATE_EXACT };
	struct walk w = { .asked = *a, .ret = &got, .e = e };
	int r = 0;

	if (!json_is_object(action) || !type)
		return err_set(e, ERR_FORMAT, "an event action is no object with a type");
	got.options = json_is_object(options) ? json_deep_copy(options) : NULL;
	w.config = name ? json_object_get(options, name) : NULL;
	object_data_of(&w, type);
	if (json_is_object(w.config))
		r = fields_of(&w, type, json_object_get(got.options, name));
	if (r < 0) {
		template_action_done(&got);
		return err_wrap(e, "event action '%s'", json_str(action, "name", ""));
	}
	action_changes(&w.asked, action, w.config, &got);
	*ret = got;
	return 0;
}

void action_finding(struct template_action *t, const struct template_asked *a,
		    enum template_reason reason, enum template_condition condition,
		    const char *field)
{
	struct finding_at where = { .field = field };
	struct template_findings one = { 0 };
	struct template_finding *f;

	finding_add(&one, a, reason, condition, &where);
	f = vec_last(&one);
	t->class = MAX_OF(t->class, f->class);
	t->held = t->held || finding_holds_back(f);
	t->blocking =
	    t->blocking || (template_reason_about(reason)->blocking && f->class != TEMPLATE_EXACT);
	finding_move(&t->findings, &t->listed, f);
	vec_done(&one);
}

void template_action_done(struct template_action *t)
{
	json_decref(t->options);
	vec_each (&t->changes, c) {
		free(c->field);
		free(c->before);
		free(c->after);
	}
	vec_done(&t->changes);
	template_findings_done(&t->findings);
	memset(t, 0, sizeof *t);
}
