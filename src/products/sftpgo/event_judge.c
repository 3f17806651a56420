#include "products/sftpgo/event_judge.h"

#include <assert.h>
#include <string.h>

#include "products/sftpgo/action_remarks.h"
#include "products/sftpgo/event_secret.h"

#define RULES_NAMED 100 /* of those that use an action */

/* ---- agreed to ---- */

static const char *condition_name(const struct template_finding *f)
{
	return f->condition == TEMPLATE_IF_NONE ? "" : template_condition_about(f->condition)->name;
}

/* A restore stops at what Enterprise refuses to save. */
static bool is_blocking(const struct template_finding *f)
{
	return template_reason_about(f->reason)->blocking || f->reason == TEMPLATE_PATTERN_TOKEN;
}

/* "FINDING", or "FINDING:NAME" of that action or rule alone. */
static bool is_meant(const char *accepted, const char *finding, const char *name)
{
	size_t n = strlen(finding);

	return n && !strncmp(accepted, finding, n) && (!accepted[n] || (accepted[n] == ':' && !strcmp(accepted + n + 1, name)));
}

/* Whoever knows that it holds wants another text than stands there. */
static bool is_seen_only(enum template_condition c)
{
	return c == TEMPLATE_IF_HTTP_USER;
}

/* Loss of data is agreed to by its own name alone: whoever agrees to a condition thinks of something else. */
static bool agreed(const struct event_judge *j, const char *name, const struct template_finding *f)
{
	for (const char *const *it = j->accept; it && *it; it++) {
		if (is_meant(*it, template_reason_about(f->reason)->name, name) ||
		    (!is_blocking(f) && !is_seen_only(f->condition) && is_meant(*it, condition_name(f), name)))
			return true;
	}
	return false;
}

/* What is exact by its nature is nothing to agree to, and what only says that a condition is open would agree to all of them. */
static bool can_be_agreed_to(enum template_reason r)
{
	return r != TEMPLATE_HANGS && template_reason_about(r)->class != TEMPLATE_EXACT;
}

static size_t names_to_accept(const char **ret)
{
	size_t n = 0;

	for (int i = 0; i < TEMPLATE_REASON__MAX; i++) {
		if (can_be_agreed_to((enum template_reason)i))
			ret[n++] = template_reason_about((enum template_reason)i)->name;
	}
	for (int i = TEMPLATE_IF_NONE + 1; i < TEMPLATE_IF__MAX; i++) {
		if (!is_seen_only((enum template_condition)i))
			ret[n++] = template_condition_about((enum template_condition)i)->name;
	}
	ret[n] = NULL;
	return n;
}

static int want_known(const char *finding, struct err *e)
{
	const char *known[TEMPLATE_REASON__MAX + TEMPLATE_IF__MAX + 1], *near;
	size_t n = names_to_accept(known);

	for (size_t i = 0; i < n; i++) {
		if (!strcmp(known[i], finding))
			return 0;
	}
	near = nearest_word(finding, known);
	err_set(e, ERR_USAGE, "--accept does not know the finding '%s'", finding);
	return near ? err_hint(e, "did you mean '%s'?", near) : err_hint(e, "the report names the findings there are");
}

int event_judge_accepts(const char *const *accept, struct err *e)
{
	for (; accept && *accept; accept++) {
		struct sv name = sv_of(*accept), finding = sv_cut(&name, ':');
		autofree char *id = sv_dup(finding);

		if (want_known(id, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

const char *event_finding_name(const struct template_finding *f)
{
	return f->reason == TEMPLATE_HANGS ? condition_name(f) : template_reason_about(f->reason)->name;
}

const char *event_accepted_name(const char *accepted)
{
	const char *colon = strchr(accepted, ':');

	return colon ? colon + 1 : NULL;
}

/* ---- verdicts ---- */

static bool means_the_same(const struct template_finding *f)
{
	return f->class == TEMPLATE_EXACT_IF && f->condition != TEMPLATE_IF_NONE && !f->apart &&
	       template_condition_about(f->condition)->same_meaning;
}

unsigned event_finding_verdict(const struct event_judge *j, const char *name, const struct template_finding *f)
{
	if (f->class == TEMPLATE_EXACT || agreed(j, name, f))
		return EVENT_CLEAN;
	if (is_blocking(f))
		return EVENT_INEXACT | EVENT_HELD | EVENT_BLOCKING;
	return template_is_remark(f) || means_the_same(f) ? EVENT_INEXACT : EVENT_INEXACT | EVENT_HELD;
}

unsigned event_verdict(const struct event_judge *j, const char *name, const struct template_findings *f)
{
	unsigned all = EVENT_CLEAN;

	vec_each (f, it)
		all |= event_finding_verdict(j, name, it);
	return all;
}

/* Copies of actions that rules hold may be without their type, where a person wrote the dump: it is that of the action. */
static json_t *with_type(const struct event_judge *j, const json_t *action)
{
	int type = template_world_type(j->world, json_str(action, "name", ""));
	json_t *typed;

	if (!type || json_int(action, "type", 0))
		return json_incref((json_t *)action);
	typed = json_copy((json_t *)action);
	json_object_set_new(typed, "type", json_integer(type));
	return typed;
}

int event_translate(const struct event_judge *j, const json_t *action, struct template_action *ret, struct err *e)
{
	autojson json_t *typed = with_type(j, action);
	const char *name = json_str(action, "name", "");
	struct template_asked asked = j->asked;

	if (!json_int(typed, "type", 0) && !json_object_size(json_object_get(action, "options"))) {
		*ret = (struct template_action){ .options = json_incref(json_object_get(action, "options")) };
		return 0;
	}
	template_world_ask(j->world, name, &asked);
	return template_action(&asked, typed, ret, e) < 0 ? err_wrap(e, "event action '%s'", name) : 0;
}

/* ---- telling ---- */

/* Of texts that are all UTF-8 there is no JSON that cannot be made: what is told is never less than what was found. */
static json_t *made(json_t *value)
{
	assert(value);
	return value;
}

static json_t *finding_json(const struct event_judge *j, const char *name, const struct template_finding *f)
{
	const struct template_reason_about *about = template_reason_about(f->reason);
	const struct template_condition_about *when = template_condition_about(f->condition);
	bool hangs = f->condition != TEMPLATE_IF_NONE;

	return made(json_pack("{ss ss ss ss? ss? sI sI so so ss ss ss ss? ss? sb sb}", "reason", about->name, "class",
			      template_class_name(f->class), "evidence", template_evidence_name(f->evidence), "condition",
			      hangs ? when->name : NULL, "field", f->field, "at", (json_int_t)f->at, "length", (json_int_t)f->len,
			      "token", json_text(f->token), "template", json_text(f->template), "text", about->text, "differs",
			      about->differs, "source", hangs ? when->source : about->source, "if", hangs ? when->text : NULL,
			      "unasked", hangs ? when->unasked : NULL, "blocking", is_blocking(f), "agreed", agreed(j, name, f)));
}

json_t *event_findings_json(const struct event_judge *j, const char *name, const struct template_findings *f)
{
	json_t *list = json_array();

	vec_each (f, it)
		json_array_append_new(list, finding_json(j, name, it));
	return list;
}

static json_t *changes_json(const json_t *action, const struct template_action *t)
{
	json_t *list = json_array();

	vec_each (&t->changes, it) {
		struct sv before = { it->before, it->before_len }, after = { it->after, it->after_len };

		json_array_append_new(list, made(json_pack("{ss ss so so}", "field", it->field, "context",
							   template_context_name(it->context), "before",
							   event_secret_shown(action, it->field, before), "after",
							   event_secret_shown(action, it->field, after))));
	}
	return list;
}

static json_t *rules_json(const struct event_judge *j, const char *action)
{
	const char *names[RULES_NAMED];
	size_t n = template_world_rules(j->world, action, names, RULES_NAMED);
	json_t *list = json_array();

	for (size_t i = 0; i < MIN_OF(n, (size_t)RULES_NAMED); i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

json_t *event_action_json(const struct event_judge *j, const json_t *action, const struct template_action *t)
{
	const char *name = json_str(action, "name", "");
	unsigned verdict = event_verdict(j, name, &t->findings);

	if (!t->changes.n && !t->findings.n)
		return NULL;
	return made(json_pack("{ss ss ss sb sb so sI so so}", "name", name, "type", action_type_name((int)json_int(action, "type", 0)),
			      "class", template_class_name(t->class), "held", (verdict & EVENT_HELD) != 0, "blocking",
			      (verdict & EVENT_BLOCKING) != 0, "used_by", rules_json(j, name), "used_by_in_all",
			      (json_int_t)template_world_rules(j->world, name, NULL, 0), "changes", changes_json(action, t), "findings",
			      event_findings_json(j, name, &t->findings)));
}
