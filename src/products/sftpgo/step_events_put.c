/* events_put: event actions of a running Enterprise server get the translations of what they were before its migration, and the rules
 * that were set inactive for it are set active again.
 * params {"file":place of the dump,"sha256","release":"2.7.5"|null,"accept":[name],"settled":{condition: bool},"local_time"?: bool,
 * "rules"?:[name]: those to set active, as the dump has them, for whoever reads the plan}; undo record {"old": name of a blob
 * {name: action},"actions":{name:{"before","after": digests}},"rules":{name: digest},"left":[text]}; result {"put":[name],
 * "active":[name],"notes":[text]}. An action that is held back, was edited since the migration or is gone is left alone, and so are
 * its rules; one that has its translation already is done. */
#include "engine/step.h"

#include <string.h>

#include "io/file.h"
#include "products/sftpgo/dot_pass.h"
#include "products/sftpgo/event_goal.h"
#include "products/sftpgo/event_kept.h"
#include "products/sftpgo/event_rest.h"
#include "products/sftpgo/event_settled.h"
#include "products/sftpgo/objects.h"

#define OLD_MAX (64u << 20)

struct put {
	struct rest api;
	struct event_kept kept;
	struct event_judge judge;
	const char **accept;
};

static void put_done(struct put *p)
{
	rest_done(&p->api);
	event_kept_done(&p->kept);
	free(p->accept);
}
#define autoput cleanup_with(put_done)

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	const json_t *rules = json_object_get(params, "rules"), *name;
	size_t i;

	buf_addf(ret, "put the event actions of %s, translated", json_str(json_object_get(params, "file"), "path", "?"));
	json_array_foreach(rules, i, name)
		buf_addf(ret, "%s '%s'", i ? "," : ", and set these of their rules active again:",
			 json_string_value(name));
	return buf_check(ret, "the description", e);
}

/* ---- what is worked with ---- */

static int open_dump(struct site *s, const json_t *params, struct event_kept *ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *rel;

	if (site_place(s, json_object_get(params, "file"), &d, &rel, e) < 0 || event_kept_read(&d, rel, ret, e) < 0)
		return -(int)e->kind;
	if (strcmp(ret->sha256, json_str(params, "sha256", "")))
		return err_set(e, ERR_CHANGED, "'%s/%s' is another dump than the plan's", d.path, rel);
	return 0;
}

static int put_open(struct ctx *c, const json_t *params, struct put *p, struct err *e)
{
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 || open_dump(s, params, &p->kept, e) < 0)
		return -(int)e->kind;
	p->accept = events_accepted(json_object_get(params, "accept"));
	if (event_kept_judge(&p->kept, json_str(params, "release", NULL), p->accept, &p->judge, e) < 0)
		return -(int)e->kind;
	event_judge_settle(&p->judge, json_object_get(params, "settled"));
	event_judge_zone(&p->judge, json_object_get(params, "local_time"));
	return rest_login(s, &p->api, e);
}

static const json_t *kept_action(const struct put *p, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(p->kept.actions, i, one)
	{
		if (!strcmp(json_str(one, "name", ""), name))
			return one;
	}
	return NULL;
}

/* ---- before ---- */

static bool same_options(const json_t *current, const json_t *options)
{
	autojson json_t *as_was = options ? event_action_with(current, options) : NULL;
	char is[65], was[65];

	if (!as_was)
		return false;
	event_action_digest(current, is);
	event_action_digest(as_was, was);
	return !strcmp(is, was);
}

/* As it was dumped, or as the migration's own pass leaves that. */
static bool is_untouched(const json_t *current, const json_t *kept)
{
	const json_t *options = json_object_get(kept, "options");
	autojson json_t *dotted = dot_pass(options);

	return same_options(current, options) || same_options(current, dotted);
}

static int leave(json_t *undo, const char *name, const char *why)
{
	autofree char *note = xasprintf("event action '%s' is left as it is: %s", name, why);

	json_array_append_new(json_object_get(undo, "left"), json_string(note));
	json_object_set_new(json_object_get(undo, "held"), name, json_true());
	return 0;
}

static void plan_action(json_t *undo, json_t *old, const json_t *current, const json_t *options)
{
	autojson json_t *made = event_action_with(current, options);
	const char *name = json_str(current, "name", "");
	char before[65], after[65];

	event_action_digest(current, before);
	event_action_digest(made, after);
	json_object_set(old, name, (json_t *)current);
	json_object_set_new(json_object_get(undo, "actions"), name, json_pack("{ss ss}", "before", before, "after", after));
}

/* One that has its translation, by a run before this one, is done; its rules may go to work. */
static int look_at_current(struct put *p, const json_t *kept, const json_t *options, json_t *undo, json_t *old, struct err *e)
{
	const char *name = json_str(kept, "name", "");
	autojson json_t *current = NULL;
	struct err gone = ERR_INIT;

	if (event_action_get(&p->api, name, &current, &gone) < 0) {
		if (gone.kind == ERR_ABSENT)
			return leave(undo, name, "it is gone");
		*e = gone;
		return -(int)e->kind;
	}
	if (same_options(current, options))
		return 0;
	if (!is_untouched(current, kept))
		return leave(undo, name, "it is no longer as it was dumped, nor as the migration would leave that");
	plan_action(undo, old, current, options);
	return 0;
}

static int look_at_action(struct put *p, const json_t *kept, json_t *undo, json_t *old, struct err *e)
{
	const char *name = json_str(kept, "name", "");
	struct template_action t = { 0 };
	unsigned verdict;
	int r = 0;

	if (event_translate(&p->judge, kept, &t, e) < 0)
		return -(int)e->kind;
	verdict = event_verdict(&p->judge, name, &t.findings);
	if (verdict & EVENT_HELD)
		r = leave(undo, name, verdict & EVENT_BLOCKING ? "data may be lost by it" : "its translation is not the same");
	else if (t.changes.n)
		r = look_at_current(p, kept, t.options, undo, old, e);
	template_action_done(&t);
	return r;
}

static bool uses_any(const json_t *rule, const json_t *names)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(rule, "actions"), i, one)
	{
		if (json_object_get(names, json_str(one, "name", "")))
			return true;
	}
	return false;
}

static bool rule_is_held(const struct put *p, const json_t *rule)
{
	struct template_findings found = { 0 };
	struct err ignored = ERR_INIT;
	bool held = template_rule(&p->judge.asked, rule, &found, &ignored) < 0 ||
		    event_verdict(&p->judge, json_str(rule, "name", ""), &found) & EVENT_HELD;

	template_findings_done(&found);
	return held;
}

static void leave_inactive(json_t *undo, const char *name, const char *why)
{
	json_array_append_new(json_object_get(undo, "left"), json_sprintf("event rule '%s' stays inactive%s", name, why));
}

static bool uses_held(const json_t *kept, const json_t *current, const json_t *undo)
{
	const json_t *held = json_object_get(undo, "held");

	return uses_any(kept, held) || uses_any(current, held);
}

/* It runs by somebody's hand, or no run of ours set it inactive: said, and left to him. */
static void look_at_active(const json_t *kept, const json_t *current, json_t *undo)
{
	if (json_int(current, "status", -1) == EVENT_RULE_ON && uses_held(kept, current, undo))
		json_array_append_new(json_object_get(undo, "left"),
				      json_sprintf("event rule '%s' is active, and uses an action that is left as it is",
						   json_str(kept, "name", "")));
}

/* One that the migration set inactive and that is so still. Any other was switched off by somebody, who had a reason. */
static int look_at_rule(struct put *p, const json_t *kept, json_t *undo, struct err *e)
{
	const char *name = json_str(kept, "name", "");
	autojson json_t *current = NULL;
	struct err gone = ERR_INIT;
	char digest[65];

	if (json_int(kept, "status", 0) != EVENT_RULE_ON)
		return 0;
	if (event_rule_get(&p->api, name, &current, &gone) < 0 && gone.kind == ERR_CHANGED)
		return 0;
	if (gone.kind != ERR_OK) {
		*e = gone;
		return -(int)e->kind;
	}
	look_at_active(kept, current, undo);
	if (json_int(current, "status", -1) != EVENT_RULE_OFF)
		return 0;
	if (!event_kept_paused(&p->kept, kept)) {
		leave_inactive(undo, name, ": no migration is known to have switched it off");
		return 0;
	}
	if (uses_held(kept, current, undo) || rule_is_held(p, kept)) {
		leave_inactive(undo, name, "");
		return 0;
	}
	event_rule_digest(current, digest);
	json_object_set_new(json_object_get(undo, "rules"), name, json_string(digest));
	return 0;
}

static void note_nothing(json_t *undo)
{
	if (!json_object_size(json_object_get(undo, "actions")) && !json_object_size(json_object_get(undo, "rules")))
		json_array_append_new(json_object_get(undo, "left"),
				      json_string("nothing to do: no translation is to be put, and no rule to be set active"));
}

/* The old texts go to a file of the run: they may hold what nobody else is to read. */
static int keep_old(struct ctx *c, const json_t *old, json_t *undo, struct err *e)
{
	autobuf struct buf text = BUF_MAX(OLD_MAX);
	char digest[DIGEST_TEXT];

	json_canonical(old, &text);
	if (buf_check(&text, "the old event actions", e) < 0)
		return -(int)e->kind;
	digest_text(buf_sv(&text), digest);
	json_object_set_new(undo, "old", json_string(digest));
	return file_replace(&c->blobs, digest, buf_sv(&text), FILE_PRIVATE, e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autojson json_t *undo = json_pack("{s{} s{} s{} s[]}", "actions", "rules", "held", "left"), *old = json_object();
	autoput struct put p = { 0 };
	const json_t *one;
	size_t i;

	if (put_open(c, params, &p, e) < 0)
		return -(int)e->kind;
	json_array_foreach(p.kept.actions, i, one)
	{
		if (look_at_action(&p, one, undo, old, e) < 0)
			return -(int)e->kind;
	}
	json_array_foreach(p.kept.rules, i, one)
	{
		if (look_at_rule(&p, one, undo, e) < 0)
			return -(int)e->kind;
	}
	note_nothing(undo);
	if (keep_old(c, old, undo, e) < 0)
		return -(int)e->kind;
	*ret_undo = take_ptr(undo);
	return 0;
}

/* ---- there ---- */

enum { IS_BEFORE, IS_AFTER, IS_THIRD };

static int action_state(struct put *p, const char *name, const json_t *digests, json_t **ret, struct err *e)
{
	char digest[65];

	if (event_action_get(&p->api, name, ret, e) < 0)
		return -(int)e->kind;
	event_action_digest(*ret, digest);
	if (!strcmp(digest, json_str(digests, "after", "")))
		return IS_AFTER;
	return strcmp(digest, json_str(digests, "before", "")) ? IS_THIRD : IS_BEFORE;
}

static int save_translated(struct put *p, const json_t *current, struct err *e)
{
	const json_t *kept = kept_action(p, json_str(current, "name", ""));
	struct template_action t = { 0 };
	autojson json_t *made = NULL;

	if (!kept)
		return err_set(e, ERR_CHANGED, "event action '%s' is not in the dump", json_str(current, "name", ""));
	if (event_translate(&p->judge, kept, &t, e) < 0)
		return -(int)e->kind;
	made = event_action_with(current, t.options);
	template_action_done(&t);
	return event_action_save(&p->api, made, e);
}

static int put_action(struct put *p, const char *name, const json_t *digests, struct err *e)
{
	autojson json_t *current = NULL;
	int is = action_state(p, name, digests, &current, e);

	if (is == IS_THIRD)
		return err_set(e, ERR_CHANGED, "somebody edited event action '%s' meanwhile", name);
	return is == IS_BEFORE ? save_translated(p, current, e) : is < 0 ? is : 0;
}

static int set_rule(struct put *p, const char *name, const char *captured, int status, bool force, struct err *e)
{
	autojson json_t *rule = NULL;
	struct err gone = ERR_INIT;
	char digest[65];

	if (event_rule_get(&p->api, name, &rule, &gone) < 0) {
		if (gone.kind == ERR_CHANGED && force)
			return 0;
		*e = gone;
		return -(int)e->kind;
	}
	event_rule_digest(rule, digest);
	if (strcmp(digest, captured) && !force)
		return err_set(e, ERR_CHANGED, "somebody edited event rule '%s' meanwhile", name);
	return event_rule_save(&p->api, name, rule, status, e);
}

static json_t *names_of(const json_t *object)
{
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach((json_t *)object, name, value) json_array_append_new(list, json_string(name));
	return list;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autoput struct put p = { 0 };
	const char *name;
	json_t *value;

	if (put_open(c, params, &p, e) < 0)
		return -(int)e->kind;
	json_object_foreach(json_object_get(undo, "actions"), name, value)
	{
		if (put_action(&p, name, value, e) < 0)
			return -(int)e->kind;
	}
	json_object_foreach(json_object_get(undo, "rules"), name, value)
	{
		if (set_rule(&p, name, json_string_value(value), EVENT_RULE_ON, false, e) < 0)
			return -(int)e->kind;
	}
	*ret_result = json_pack("{so so sO}", "put", names_of(json_object_get(undo, "actions")), "active",
				names_of(json_object_get(undo, "rules")), "notes", json_object_get(undo, "left"));
	return 0;
}

/* Read back: what the server keeps is what was put. */
static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	autoput struct put p = { 0 };
	const json_t *name;
	size_t i;

	*ret = STEP_NOT_DONE;
	if (!json_object_get(result, "put"))
		return 0;
	if (put_open(c, params, &p, e) < 0)
		return -(int)e->kind;
	json_array_foreach(json_object_get(result, "put"), i, name)
	{
		const json_t *kept = kept_action(&p, json_string_value(name));
		struct template_action t = { 0 };
		autojson json_t *current = NULL;
		bool same;

		if (event_action_get(&p.api, json_string_value(name), &current, e) < 0 || event_translate(&p.judge, kept, &t, e) < 0)
			return -(int)e->kind;
		same = same_options(current, t.options);
		template_action_done(&t);
		if (!same)
			return err_set(e, ERR_CHANGED, "the server keeps event action '%s' otherwise than it was put",
				       json_string_value(name));
	}
	json_array_foreach(json_object_get(result, "active"), i, name)
	{
		autojson json_t *rule = NULL;

		if (event_rule_get(&p.api, json_string_value(name), &rule, e) < 0)
			return -(int)e->kind;
		if (json_int(rule, "status", -1) != EVENT_RULE_ON)
			return 0;
	}
	*ret = STEP_IS_DONE;
	return 0;
}

/* ---- and back ---- */

static int edited_since(const char *what, const char *name, struct err *e)
{
	err_set(e, ERR_CHANGED, "somebody edited event %s '%s' since", what, name);
	return err_hint(e, "--force keeps the edit");
}

/* All of it, before any is touched. */
static int look_back(struct put *p, const json_t *undo, struct err *e)
{
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(undo, "actions"), name, value)
	{
		autojson json_t *current = NULL;
		int is = action_state(p, name, value, &current, e);

		if (is == IS_THIRD || is == -ERR_ABSENT)
			return edited_since("action", name, e);
		if (is < 0)
			return is;
	}
	json_object_foreach(json_object_get(undo, "rules"), name, value)
	{
		autojson json_t *rule = NULL;
		char digest[65];

		if (event_rule_get(&p->api, name, &rule, e) < 0)
			return e->kind == ERR_CHANGED ? err_hint(e, "--force goes back without it") : -(int)e->kind;
		event_rule_digest(rule, digest);
		if (strcmp(digest, json_string_value(value)) != 0)
			return edited_since("rule", name, e);
	}
	return 0;
}

static int open_server(struct ctx *c, const json_t *params, struct rest *ret, struct err *e)
{
	struct site *s;

	return ctx_site_of(c, params, &s, e) < 0 ? -(int)e->kind : rest_login(s, ret, e);
}

static int undo_look(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autoput struct put p = { 0 };

	if (c->force)
		return 0;
	return open_server(c, params, &p.api, e) < 0 ? -(int)e->kind : look_back(&p, undo, e);
}

/* An edit is kept by --force, and what is gone stays gone. */
static int put_back(struct put *p, const char *name, const json_t *digests, const json_t *old, struct err *e)
{
	autojson json_t *current = NULL;
	int is = action_state(p, name, digests, &current, e);

	if (is == IS_AFTER)
		return event_action_save(&p->api, json_object_get(old, name), e);
	if (is == -ERR_ABSENT)
		err_clear(e);
	return is < 0 && is != -ERR_ABSENT ? is : 0;
}

static int undo_put(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autojson json_t *old = NULL;
	autoput struct put p = { 0 };
	const char *name;
	json_t *value;

	if (open_server(c, params, &p.api, e) < 0 || json_read(&c->blobs, json_str(undo, "old", ""), OLD_MAX, &old, e) < 0 ||
	    (!c->force && look_back(&p, undo, e) < 0))
		return -(int)e->kind;
	json_object_foreach(json_object_get(undo, "rules"), name, value)
	{
		if (set_rule(&p, name, json_string_value(value), EVENT_RULE_OFF, c->force, e) < 0)
			return -(int)e->kind;
	}
	json_object_foreach(json_object_get(undo, "actions"), name, value)
	{
		if (put_back(&p, name, value, old, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

const struct step_kind step_events_put = { "events_put", 1, LIFE_DURABLE, describe, capture, apply, verify, undo_put, undo_look };
