#include "products/sftpgo/event_report.h"

#include <string.h>

#include "products/sftpgo/event_tally.h"

#define NOTE_MAX (16u << 10)

struct names {
	struct buf text;
	size_t n, named;
};

static void add(struct names *to, const char *name, const json_t *findings)
{
	struct buf *b = &to->text;
	json_t *finding;
	size_t i;

	if (to->n++ >= EVENT_REPORT_NAMES)
		return;
	to->named++;
	buf_addf(b, "%s'%s'", b->len ? ", " : "", name);
	json_array_foreach((json_t *)findings, i, finding) buf_addf(b, "%s%s", i ? ", " : " (", json_string_value(finding));
	buf_adds(b, json_array_size(findings) ? ")" : "");
}

/* Nothing of none. */
static void note(json_t *notes, const char *what, struct names *of)
{
	if (of->n > of->named)
		buf_addf(&of->text, " and %zu more", of->n - of->named);
	if (of->n)
		json_array_append_new(notes, json_sprintf("%s: %s", what, buf_str(&of->text)));
	buf_done(&of->text);
}

#define NAMES { .text = BUF_MAX(NOTE_MAX) }

static void note_list(json_t *notes, const char *what, const json_t *list)
{
	struct names all = NAMES;
	json_t *one;
	size_t i;

	json_array_foreach((json_t *)list, i, one) add(&all, json_str(one, "name", ""), json_object_get(one, "findings"));
	note(notes, what, &all);
}

static bool uses_held(const json_t *rule, const json_t *held)
{
	const json_t *use;
	size_t i;

	json_array_foreach(json_object_get(rule, "actions"), i, use)
	{
		if (json_object_get(held, json_str(use, "name", "")))
			return true;
	}
	return false;
}

static void note_rules(json_t *notes, const struct event_kept *k, const json_t *held)
{
	struct names all = NAMES;
	json_t *rule;
	size_t i;

	json_array_foreach(k->rules, i, rule)
	{
		if (event_kept_paused(k, rule) && uses_held(rule, held))
			add(&all, json_str(rule, "name", ""), NULL);
	}
	note(notes, "rules that would stay inactive", &all);
}

struct found {
	struct event_tally tally;
	struct names by_class[TEMPLATE_CLASS__MAX]; /* of those of which something is to be told */
	size_t told;
	json_t *held; /* {name: true} */
};

static int look_at(const struct event_judge *j, const json_t *action, struct found *f, struct err *e)
{
	const char *name = json_str(action, "name", "");
	struct template_action t = { 0 };

	if (event_translate(j, action, &t, e) < 0)
		return -(int)e->kind;
	if (event_tally_add(&f->tally, j, name, &t) & EVENT_HELD)
		json_object_set_new(f->held, name, json_true());
	if (t.changes.n || t.class != TEMPLATE_EXACT) {
		add(&f->by_class[t.class], name, NULL);
		f->told++;
	}
	template_action_done(&t);
	return 0;
}

static json_t *notes_of(const struct event_kept *k, struct found *f, const char *file)
{
	static const char *const classes[] = { [TEMPLATE_EXACT] = "exact", [TEMPLATE_EXACT_IF] = "exact under a condition",
					       [TEMPLATE_NOT] = "not translatable" };
	json_t *notes = json_array();

	json_array_append_new(notes, json_sprintf("event actions with placeholders: %zu; %zu exact, %zu under a condition, %zu not "
						  "translatable; '%s' keeps them",
						  f->told, f->by_class[TEMPLATE_EXACT].n, f->by_class[TEMPLATE_EXACT_IF].n,
						  f->by_class[TEMPLATE_NOT].n, file));
	for (int i = 0; i < TEMPLATE_CLASS__MAX; i++)
		note(notes, classes[i], &f->by_class[i]);
	note_list(notes, "would block", f->tally.blocking_list);
	note_list(notes, "would be held back", f->tally.held_list);
	note_rules(notes, k, f->held);
	return notes;
}

int event_report(const struct event_kept *k, const struct event_judge *j, const char *file, json_t **ret, struct err *e)
{
	struct found f = { .by_class = { NAMES, NAMES, NAMES }, .held = json_object() };
	json_t *action;
	size_t i;
	int r = 0;

	event_tally_init(&f.tally);
	json_array_foreach(k->actions, i, action)
	{
		if (r >= 0)
			r = look_at(j, action, &f, e);
	}
	if (r >= 0)
		*ret = notes_of(k, &f, file);
	for (i = 0; i < TEMPLATE_CLASS__MAX; i++)
		buf_done(&f.by_class[i].text);
	event_tally_done(&f.tally);
	json_decref(f.held);
	return r;
}
