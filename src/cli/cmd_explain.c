#include <string.h>

#include "cli/command.h"
#include "cli/kinds.h"
#include "engine/product.h"
#include "engine/sheet.h"
#include "view/explain_text.h"

#define TEXT_MAX (64u << 10)
#define EXITS_MAX 131

/* Each returns the explanation, or NULL when the word is not of its sort. */

/* What to do about an exit code. */
static const struct {
	int code;
	const char *remedy;
} exit_remedies[] = {
	{ EXIT_FAILED, "put right what the message names and call again" },
	{ EXIT_USAGE, "the message names the word, file or key; crossgrade-migration(5) and --help tell what may stand there" },
	{ EXIT_BLOCKED, "'crossgrade check' tells each finding with its remedy; '--accept ID' lets an overridable one pass" },
	{ EXIT_DRIFTED, "look at what the message says has changed, then make a new plan" },
	{ EXIT_TURNED, "nothing is to be brought back; 'crossgrade report' tells what failed" },
	{ EXIT_UNFINISHED, "'crossgrade status' names it; 'crossgrade resume' or 'crossgrade rollback' ends it" },
	{ EXIT_STUCK, "put right what the message names and repeat 'crossgrade rollback'; 'crossgrade status' tells whether clients are served" },
	{ EXIT_STANDS, "'crossgrade report' lists what differs or was not proved; then 'crossgrade verify', 'crossgrade rollback "
		       "--save-new-writes DIR' or 'crossgrade finalize'" },
	{ EXIT_LOSS, "save it aside with '--save-new-writes DIR', or agree to it by the option the message names" },
	{ EXIT_PENDING, "'crossgrade apply' carries the plan out" },
	{ EXIT_LOCKED, "wait until the named process has ended" },
	{ EXIT_DIGEST, "do not use it: get the artifact again, or another restore point" },
	{ EXIT_HELD, "'crossgrade resume' goes through the window, 'crossgrade rollback' drops the run" },
	{ EXIT_INTERRUPTED, "'crossgrade status' tells what is left to do, if anything" },
};

static const char *exit_remedy(int code)
{
	for (size_t i = 0; i < ARRAY_LEN(exit_remedies); i++)
		if (exit_remedies[i].code == code)
			return exit_remedies[i].remedy;
	return NULL;
}

static json_t *explain_exit(const char *word)
{
	uint64_t code;
	const char *meaning;

	if (!sv_u64(sv_of(word), &code) || code >= EXITS_MAX)
		return NULL;
	meaning = exit_meaning((int)code);
	return meaning ? json_pack("{ss ss ss ss? ss}", "id", word, "about", "exit code", "text", meaning,
				   "remedy", exit_remedy((int)code), "source", "crossgrade(1), EXIT STATUS")
		       : NULL;
}

static json_t *explain_kind(const char *word)
{
	for (const struct kind_text *it = kind_texts; it->kind; it++)
		if (!strcmp(it->kind, word))
			return json_pack("{ss ss ss ss}", "id", word, "about", "step kind", "text",
					 it->does, "undo", it->undo);
	return NULL;
}

static json_t *explain_check(const char *word, const struct sheet *s)
{
	struct sheet_check c;

	if (!sheet_check(s, word, &c))
		return NULL;
	return json_pack("{ss ss ss ss ss ss ss sb}", "id", word, "about", "check", "text", c.title,
			 "reason", c.reason, "remedy", c.remedy, "source", c.source, "seen", c.seen,
			 "overridable", c.overridable);
}

static json_t *explain_rule(const char *word, const struct sheet *s)
{
	const char *text = sheet_rule(s, word);

	return text ? json_pack("{ss ss ss ss?}", "id", word, "about",
				"rule that explains a difference", "text", text, "source",
				sheet_rule_source(s, word))
		    : NULL;
}

/* "no-backslash", or "sftpgo.events.no-backslash". */
static json_t *explain_finding(const char *word, const struct product *p)
{
	for (const struct converter *it = p->converters; it && it->name; it++) {
		autofree char *of = xasprintf("%s.%s.", p->name, it->name);
		const char *finding = sv_starts(sv_of(word), of) ? word + strlen(of) : word;
		json_t *found = it->explain(finding);
		autofree char *id = found ? xasprintf("%s%s", of, finding) : NULL;

		if (found) {
			json_object_set_new(found, "id", json_string(id));
			return found;
		}
	}
	return NULL;
}

/* A sheet is read only when nothing nearer explains the word. */
static int explain(const char *word, json_t **ret, struct err *e)
{
	*ret = explain_exit(word);
	if (!*ret)
		*ret = explain_kind(word);
	for (size_t i = 0; !*ret && products[i]; i++) {
		const struct sheet *sheet;

		if (sheet_of(products[i]->name, &sheet, e) < 0)
			return -e->kind;
		*ret = explain_check(word, sheet);
		if (!*ret)
			*ret = explain_rule(word, sheet);
		if (!*ret)
			*ret = explain_finding(word, products[i]);
	}
	return 0;
}

struct words {
	const char **v;
	size_t n, room;
};

static void add_words(struct words *known, const struct product *p)
{
	const char *name;

	for (const struct check *c = p->checks; c && c->id; c++)
		*vec_push(known) = c->id;
	for (const struct converter *it = p->converters; it && it->name; it++) {
		for (size_t i = 0; (name = it->finding(i)); i++)
			*vec_push(known) = name;
	}
}

static int unknown(const char *word, struct err *e)
{
	struct words known = { 0 };
	const char *near;

	for (const struct kind_text *it = kind_texts; it->kind; it++)
		*vec_push(&known) = it->kind;
	for (size_t i = 0; products[i]; i++)
		add_words(&known, products[i]);
	*vec_push(&known) = NULL;
	near = nearest_word(word, known.v);
	vec_done(&known);
	err_set(e, ERR_USAGE, "'%s' is neither a check, nor a finding, a step kind or an exit code", word);
	if (near)
		err_hint(e, "did you mean '%s'?", near);
	else
		err_hint(e, "'crossgrade check' and 'crossgrade plan' show the ids there are");
	return EXIT_USAGE;
}

int cmd_explain(struct call *c, struct err *e)
{
	const char *word = call_operand(c, 0);
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	struct style style = out_style(&c->out);
	autojson json_t *doc = NULL;

	if (!word) {
		err_set(e, ERR_USAGE, "there is nothing to explain");
		err_hint(e, "name a check, a finding, a step kind or an exit code");
		return EXIT_USAGE;
	}
	if (explain(word, &doc, e) < 0)
		return exit_of(e);
	if (!doc)
		return unknown(word, e);
	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "explanation", take_ptr(doc));
		return EXIT_DONE;
	}
	view_explanation(doc, &style, &text);
	out_text(&c->out, buf_sv(&text));
	return EXIT_DONE;
}
