#include "products/sftpgo/convert_events.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/map.h"
#include "io/json_splice.h"
#include "products/sftpgo/convert_told.h"
#include "products/sftpgo/event_dump.h"
#include "products/sftpgo/event_rest.h"
#include "products/sftpgo/event_settled.h"
#include "products/sftpgo/event_words.h"

#define NAMES_MAX  1000000            /* actions, and rules */
#define DUMP_2_6   16                 /* `version` of the dumps of 2.6, */
#define DUMP_2_7   17                 /* and of those from 2.7 on: no dots are put in when it is loaded */

struct conversion {
	const struct convert_ask *ask;
	struct event_judge judge;
	struct template_world *world;
	struct map actions;     /* name: itself */
	struct map rules;       /* name: struct rule_fate */
	struct map copies;      /* that rules hold of actions that are not in the dump, and were told; name: digest */
	VEC(char *) held;       /* names of actions, and of those that are not in the dump */
	struct new_file *out;
	struct convert_told told;
	int64_t dump_version;
};

static void conversion_done(struct conversion *c)
{
	template_world_free(c->world);
	map_done(&c->actions, NULL);
	map_done(&c->rules, rule_fate_free);
	map_done(&c->copies, free);
	convert_told_done(&c->told);
	vec_each (&c->held, name)
		free(*name);
	vec_done(&c->held);
}

/* ---- first: who is there ---- */

static int hear_version(void *arg, struct sv text unused_arg, const json_t *value, struct buf *ret unused_arg, struct err *e)
{
	struct conversion *c = arg;
	int64_t wanted = c->judge.asked.release.minor == 6 ? DUMP_2_6 : DUMP_2_7;

	c->dump_version = json_integer_value(value);
	if (c->dump_version == wanted)
		return 0;
	err_set(e, ERR_USAGE, "'%s' has version %lld, and 2.%d writes %lld", c->ask->file, (long long)c->dump_version,
		c->judge.asked.release.minor, (long long)wanted);
	return err_hint(e, "--from-version names the release that the dump was taken from");
}

static int add_name(struct map *names, const char *what, const char *name, void *value, struct err *e)
{
	if (map_has(names, name))
		return err_set(e, ERR_FORMAT, "two event %ss have the name '%s'", what, name);
	if (names->n == NAMES_MAX)
		return err_set(e, ERR_SPACE, "there are more than %d event %ss", NAMES_MAX, what);
	map_put(names, name, value);
	return 0;
}

static int hear_action(void *arg, struct sv text unused_arg, const json_t *action, struct buf *ret unused_arg, struct err *e)
{
	struct conversion *c = arg;

	if (add_name(&c->actions, "action", json_str(action, "name", ""), c, e) < 0)
		return -(int)e->kind;
	return template_world_action(c->world, action, e) < 0 ? err_wrap(e, "event action '%s'", json_str(action, "name", "")) : 0;
}

static int hear_rule(void *arg, struct sv text unused_arg, const json_t *rule, struct buf *ret unused_arg, struct err *e)
{
	const char *name = json_str(rule, "name", "");
	struct template_findings found = { 0 };
	struct conversion *c = arg;
	struct rule_fate *fate;

	if (template_world_rule(c->world, rule, e) < 0 || template_rule(&c->judge.asked, rule, &found, e) < 0)
		return err_wrap(e, "event rule '%s'", name);
	fate = convert_told_rule(&c->told, &c->judge, rule, &found);
	template_findings_done(&found);
	if (add_name(&c->rules, "rule", name, fate, e) < 0) {
		rule_fate_free(fate);
		return -(int)e->kind;
	}
	return 0;
}

static bool is_there(const struct conversion *c, const char *name)
{
	return map_has(&c->actions, name) || map_has(&c->rules, name) || template_world_rules(c->world, name, NULL, 0);
}

/* Whoever agrees to a finding of one action or rule means one that is there. */
static int want_accepted(const struct conversion *c, struct err *e)
{
	for (const char *const *it = c->ask->accept; it && *it; it++) {
		const char *name = event_accepted_name(*it);

		if (name && !is_there(c, name))
			return err_set(e, ERR_USAGE, "--accept %s: no event action or rule of '%s' has the name '%s'", *it, c->ask->file,
				       name);
	}
	return 0;
}

/* ---- second: what becomes of each ---- */

static void hold_rules(struct conversion *c, const char *action)
{
	size_t n = template_world_rules(c->world, action, NULL, 0);
	const char **names = xcalloc(n + 1, sizeof *names);

	n = template_world_rules(c->world, action, names, n);
	*vec_push(&c->held) = xstrdup(action);
	for (size_t i = 0; i < n; i++)
		convert_told_because(&c->told, map_get(&c->rules, names[i]), *vec_last(&c->held), true);
	free(names);
}

static int judge_action(void *arg, struct sv text unused_arg, const json_t *action, struct buf *ret unused_arg, struct err *e)
{
	struct template_action t = { 0 };
	struct conversion *c = arg;

	if (event_translate(&c->judge, action, &t, e) < 0)
		return -(int)e->kind;
	if (convert_told_action(&c->told, &c->judge, action, &t) & EVENT_HELD)
		hold_rules(c, json_str(action, "name", ""));
	template_action_done(&t);
	return 0;
}

/* The copies of one action are mostly the same one: each other one is told once. */
static bool is_told(struct conversion *c, const json_t *copy)
{
	const char *name = json_str(copy, "name", ""), *was = map_get(&c->copies, name);
	char digest[65];

	event_action_digest(copy, digest);
	if (was && !strcmp(was, digest))
		return true;
	free(map_put(&c->copies, name, xstrdup(digest)));
	return false;
}

static int judge_copy(struct conversion *c, const json_t *copy, unsigned *ret, struct err *e)
{
	const char *name = json_str(copy, "name", "");
	struct template_action t = { 0 };

	if (event_translate(&c->judge, copy, &t, e) < 0)
		return -(int)e->kind;
	*ret = is_told(c, copy) ? event_verdict(&c->judge, name, &t.findings) : convert_told_action(&c->told, &c->judge, copy, &t);
	template_action_done(&t);
	return 0;
}

/* Of an action that is not in the dump the rule's copy is judged; one that has none may do anything. */
static int judge_rule(void *arg, struct sv text unused_arg, const json_t *rule, struct buf *ret unused_arg, struct err *e)
{
	struct conversion *c = arg;
	struct rule_fate *fate = map_get(&c->rules, json_str(rule, "name", ""));
	const json_t *use;
	size_t i;

	json_array_foreach(json_object_get(rule, "actions"), i, use)
	{
		const char *name = json_str(use, "name", "");
		bool copied = json_object_size(json_object_get(use, "options"));
		unsigned verdict = EVENT_CLEAN;

		if (map_has(&c->actions, name))
			continue;
		if (copied && judge_copy(c, use, &verdict, e) < 0)
			return err_wrap(e, "event rule '%s'", json_str(rule, "name", ""));
		if (copied && !(verdict & EVENT_HELD))
			continue;
		*vec_push(&c->held) = xstrdup(name);
		convert_told_because(&c->told, fate, *vec_last(&c->held), copied);
	}
	return 0;
}

/* ---- third: the new dump ---- */

static int to_file(void *arg, struct sv bytes, struct err *e)
{
	struct conversion *c = arg;

	return new_file_write(c->out, bytes, e);
}

static int write_version(void *arg unused_arg, struct sv text unused_arg, const json_t *value, struct buf *ret, struct err *e unused_arg)
{
	if (json_integer_value(value) < DUMP_2_7)
		buf_addf(ret, "%d", DUMP_2_7);
	return 0;
}

/* An action where it stands, or the copy of it that a rule holds. */
static int translated(struct conversion *c, const json_t *action, json_t **ret, struct err *e)
{
	struct template_action t = { 0 };

	if (!json_object_get(action, "options")) {
		*ret = json_copy((json_t *)action);
		return 0;
	}
	if (event_translate(&c->judge, action, &t, e) < 0)
		return -(int)e->kind;
	*ret = json_copy((json_t *)action);
	json_object_set(*ret, "options", t.options);
	template_action_done(&t);
	return 0;
}

static int write_action(void *arg, struct sv text, const json_t *action, struct buf *ret, struct err *e)
{
	autojson json_t *made = NULL;

	if (translated(arg, action, &made, e) < 0)
		return -(int)e->kind;
	json_splice(text, action, made, ret);
	return 0;
}

static int write_rule(void *arg, struct sv text, const json_t *rule, struct buf *ret, struct err *e)
{
	autojson json_t *made = json_copy((json_t *)rule), *actions = json_array();
	struct conversion *c = arg;
	const struct rule_fate *fate = map_get(&c->rules, json_str(rule, "name", ""));
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(rule, "actions"), i, one)
	{
		json_t *other = NULL;

		if (translated(c, one, &other, e) < 0)
			return err_wrap(e, "event rule '%s'", json_str(rule, "name", ""));
		json_array_append_new(actions, other);
	}
	if (json_is_array(json_object_get(rule, "actions")))
		json_object_set(made, "actions", actions);
	if (rule_goes(fate))
		json_object_set_new(made, "status", json_integer(0));
	json_splice(text, rule, made, ret);
	return 0;
}

/* ---- all of it ---- */

/* NULL: the dump may be written. */
static const char *refusal(const struct conversion *c)
{
	if (c->told.actions.blocking)
		return "blocking";
	return c->ask->strict && (c->told.actions.inexact || c->told.inexact_rules) ? "strict" : NULL;
}

static int document(struct conversion *c, json_t **ret, struct err *e)
{
	const char *why = refusal(c);
	autojson json_t *about = json_pack("{so ss sI sb ss ss?}", "file", json_text(c->ask->file), "from_version", c->ask->from_version,
					   "dump_version", (json_int_t)c->dump_version, "strict", c->ask->strict, "outcome",
					   why ? "refused" : "written", "refused_by", why);

	return convert_told_document(&c->told, &c->judge, &c->rules, about, ret, e);
}

static int convert(struct conversion *c, struct err *e)
{
	const struct event_dump_watch first = { .version = hear_version, .action = hear_action, .rule = hear_rule, .arg = c };
	const struct event_dump_watch second = { .action = judge_action, .rule = judge_rule, .arg = c };
	const struct event_dump_watch third = { .version = write_version, .action = write_action, .rule = write_rule, .sink = to_file, .arg = c };

	if (event_dump_walk(c->ask->fd, c->ask->file, &first, e) < 0 || want_accepted(c, e) < 0 ||
	    event_dump_walk(c->ask->fd, c->ask->file, &second, e) < 0)
		return -(int)e->kind;
	return refusal(c) ? 0 : event_dump_walk(c->ask->fd, c->ask->file, &third, e);
}

/* What was read three times must have been one thing. */
static int unmoved(const struct convert_ask *a, const struct stat *was, struct err *e)
{
	struct stat is;

	if (fstat(a->fd, &is) < 0)
		return err_sys(e, errno, "look at '%s'", a->file);
	if (is.st_size != was->st_size || memcmp(&is.st_mtim, &was->st_mtim, sizeof is.st_mtim))
		return err_set(e, ERR_CHANGED, "somebody wrote '%s' while it was read", a->file);
	return 0;
}

static int want_release(const struct convert_ask *a, struct template_release *ret, struct err *e)
{
	if (!a->from_version) {
		err_set(e, ERR_USAGE, "which release the dump is of is not said");
		return err_hint(e, "give --from-version, as 2.6.4: what is a placeholder depends on it, and a dump does not tell");
	}
	return template_release_parse(a->from_version, ret, e);
}

static int convert_events(const struct convert_ask *a, struct new_file *out, json_t **ret, struct err *e)
{
	struct conversion c = { .ask = a, .out = out };
	autojson json_t *settled = NULL;
	struct stat before;
	int r;

	if (want_release(a, &c.judge.asked.release, e) < 0 || event_judge_accepts(a->accept, e) < 0)
		return -(int)e->kind;
	if (a->settled && event_settled_read(a->settled, &settled, e) < 0)
		return -(int)e->kind;
	if (fstat(a->fd, &before) < 0)
		return err_sys(e, errno, "look at '%s'", a->file);
	event_judge_settle(&c.judge, settled);
	c.world = template_world_new();
	c.judge.world = c.world;
	c.judge.accept = a->accept;
	convert_told_init(&c.told);
	r = convert(&c, e);
	if (r >= 0)
		r = unmoved(a, &before, e);
	if (r >= 0)
		r = document(&c, ret, e);
	conversion_done(&c);
	return r;
}

const struct converter sftpgo_converters[] = {
	{ "events", "event actions of a dump, from placeholders to the templates of Enterprise", convert_events, event_words_name,
	  event_words_explain },
	{ 0 },
};
