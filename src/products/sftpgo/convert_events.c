#include "products/sftpgo/convert_events.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/map.h"
#include "io/json_splice.h"
#include "products/sftpgo/event_dump.h"
#include "products/sftpgo/event_judge.h"

#define NAMES_MAX   1000000            /* actions, and rules */
#define REPORT_MAX  (24u << 20)        /* bytes of the actions that the document tells one by one */
#define DUMP_2_6    16                 /* `version` of the dumps of 2.6, */
#define DUMP_2_7    17                 /* and of those from 2.7 on: no dots are put in when it is loaded */

enum { EVIDENCES = TEMPLATE_OPEN + 1 };

struct rule_fate {
	bool active;
	bool stays;             /* nothing of its own holds it */
	json_t *findings;       /* NULL none */
	json_t *because;        /* names of its actions that are held; NULL none */
};

struct conversion {
	const struct convert_ask *ask;
	struct event_judge judge;
	struct template_world *world;
	struct map actions;     /* name: itself */
	struct map rules;       /* name: struct rule_fate */
	struct new_file *out;
	json_t *told;           /* "actions" of the document */
	size_t told_bytes, untold;
	int64_t dump_version;
	size_t by_class[TEMPLATE_CLASS__MAX], by_evidence[EVIDENCES], held, blocking, inexact, fields, unchanged;
};

static void free_fate(void *p)
{
	struct rule_fate *f = p;

	json_decref(f->findings);
	json_decref(f->because);
	free(f);
}

static void conversion_done(struct conversion *c)
{
	template_world_free(c->world);
	map_done(&c->actions, NULL);
	map_done(&c->rules, free_fate);
	json_decref(c->told);
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
	struct template_findings found = { 0 };
	struct conversion *c = arg;
	struct rule_fate *fate;
	unsigned verdict;

	if (template_world_rule(c->world, rule, e) < 0 || template_rule(&c->judge.asked, rule, &found, e) < 0)
		return err_wrap(e, "event rule '%s'", json_str(rule, "name", ""));
	fate = xcalloc(1, sizeof *fate);
	verdict = event_verdict(&c->judge, &found);
	fate->active = json_int(rule, "status", 0) == 1;
	fate->stays = !(verdict & EVENT_HELD);
	fate->findings = found.n ? event_findings_json(&c->judge, &found) : NULL;
	c->inexact += (verdict & EVENT_INEXACT) != 0;
	c->blocking += (verdict & EVENT_BLOCKING) != 0;
	template_findings_done(&found);
	if (add_name(&c->rules, "rule", json_str(rule, "name", ""), fate, e) < 0) {
		free_fate(fate);
		return -(int)e->kind;
	}
	return 0;
}

/* ---- second: what becomes of each ---- */

static void tell(struct conversion *c, json_t *about)
{
	size_t bytes;

	if (!about) {
		c->unchanged++;
		return;
	}
	bytes = json_dumpb(about, NULL, 0, JSON_COMPACT);
	if (c->told_bytes + bytes <= REPORT_MAX) {
		c->told_bytes += bytes;
		json_array_append_new(c->told, about);
		return;
	}
	c->untold++;
	json_decref(about);
}

static void hold_rules(struct conversion *c, const char *action)
{
	size_t n = template_world_rules(c->world, action, NULL, 0);
	const char **names = xcalloc(n + 1, sizeof *names);

	n = template_world_rules(c->world, action, names, n);
	for (size_t i = 0; i < n; i++) {
		struct rule_fate *fate = map_get(&c->rules, names[i]);

		if (!fate->because)
			fate->because = json_array();
		json_array_append_new(fate->because, json_string(action));
	}
	free(names);
}

static int judge_action(void *arg, struct sv text unused_arg, const json_t *action, struct buf *ret unused_arg, struct err *e)
{
	struct template_action t = { 0 };
	struct conversion *c = arg;
	unsigned verdict;

	if (event_translate(&c->judge, action, &t, e) < 0)
		return -(int)e->kind;
	verdict = event_verdict(&c->judge, &t.findings);
	c->by_class[t.class]++;
	c->fields += t.changes.n;
	vec_each (&t.findings, it)
		c->by_evidence[it->evidence]++;
	c->inexact += (verdict & EVENT_INEXACT) != 0;
	c->blocking += (verdict & EVENT_BLOCKING) != 0;
	if (verdict & EVENT_HELD) {
		c->held++;
		hold_rules(c, json_str(action, "name", ""));
	}
	tell(c, event_action_json(&c->judge, action, &t));
	template_action_done(&t);
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
	if (fate && fate->active && (fate->because || !fate->stays))
		json_object_set_new(made, "status", json_integer(0));
	json_splice(text, rule, made, ret);
	return 0;
}

/* ---- all of it ---- */

static json_t *rules_json(const struct conversion *c, size_t *ret_inactive)
{
	json_t *list = json_array();

	map_each (&c->rules, it) {
		const struct rule_fate *fate = it->value;
		bool goes = fate->active && (fate->because || !fate->stays);

		*ret_inactive += goes;
		if (fate->because || fate->findings)
			json_array_append_new(list, json_pack("{ss sb sb sO? sO?}", "name", it->key, "active", fate->active,
							      "set_inactive", goes, "because", fate->because, "findings",
							      fate->findings));
	}
	return list;
}

/* NULL: the dump may be written. */
static const char *refusal(const struct conversion *c)
{
	if (c->blocking)
		return "blocking";
	return c->ask->strict && c->inexact ? "strict" : NULL;
}

static json_t *document(const struct conversion *c)
{
	const char *why = refusal(c);
	size_t inactive = 0;
	json_t *rules = rules_json(c, &inactive), *evidence = json_object(), *counts;

	counts = json_pack("{sI sI sI sI sI sI sI sI sI sI sI}", "actions", (json_int_t)c->actions.n, "unchanged",
			   (json_int_t)c->unchanged, "exact", (json_int_t)c->by_class[TEMPLATE_EXACT], "conditional",
			   (json_int_t)c->by_class[TEMPLATE_EXACT_IF], "not_translatable", (json_int_t)c->by_class[TEMPLATE_NOT],
			   "held", (json_int_t)c->held, "blocking", (json_int_t)c->blocking, "fields", (json_int_t)c->fields,
			   "rules", (json_int_t)c->rules.n, "rules_set_inactive", (json_int_t)inactive, "not_shown",
			   (json_int_t)c->untold);
	for (int i = 0; i < EVIDENCES; i++)
		json_object_set_new(evidence, template_evidence_name((enum template_evidence)i),
				    json_integer((json_int_t)c->by_evidence[i]));
	return json_pack("{ss ss sI sb ss ss? so so sO so}", "file", c->ask->file, "from_version", c->ask->from_version, "dump_version",
			 (json_int_t)c->dump_version, "strict", c->ask->strict, "outcome", why ? "refused" : "written", "refused_by",
			 why, "counts", counts, "evidence", evidence, "actions", c->told, "rules", rules);
}

static int convert(struct conversion *c, struct err *e)
{
	const struct event_dump_watch first = { .version = hear_version, .action = hear_action, .rule = hear_rule, .arg = c };
	const struct event_dump_watch second = { .action = judge_action, .arg = c };
	const struct event_dump_watch third = { .version = write_version, .action = write_action, .rule = write_rule, .sink = to_file, .arg = c };

	if (event_dump_walk(c->ask->fd, c->ask->file, &first, e) < 0 || event_dump_walk(c->ask->fd, c->ask->file, &second, e) < 0)
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
	struct stat before;
	int r;

	if (want_release(a, &c.judge.asked.release, e) < 0 || event_judge_accepts(a->accept, e) < 0)
		return -(int)e->kind;
	if (fstat(a->fd, &before) < 0)
		return err_sys(e, errno, "look at '%s'", a->file);
	c.world = template_world_new();
	c.judge.world = c.world;
	c.judge.accept = a->accept;
	c.told = json_array();
	r = convert(&c, e);
	if (r >= 0)
		r = unmoved(a, &before, e);
	if (r >= 0)
		*ret = document(&c);
	conversion_done(&c);
	return r;
}

const struct converter sftpgo_converters[] = {
	{ "events", "event actions of a dump, from placeholders to the templates of Enterprise", convert_events },
	{ NULL, NULL, NULL },
};
