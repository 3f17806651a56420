#include "cli/save.h"
#include "cli/subject.h"
#include "engine/product.h"
#include "view/differences_text.h"

#define FACTS_MAX (8u << 20)
#define TEXT_MAX (8u << 20)

static int read_facts(const char *path, struct facts *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(FACTS_MAX);

	if (file_read_path(path, &text, e) < 0 || facts_parse(buf_sv(&text), path, ret, e) < 0) {
		e->kind = ERR_USAGE;
		return err_hint(e, "name a file that 'crossgrade inspect --save FACTS' wrote");
	}
	return 0;
}

static int tell(struct call *c, const struct comparisons *cmp, const struct run_end *end)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	struct style style = out_style(&c->out);
	autojson json_t *doc = comparisons_json(cmp);

	/* Nothing was compared: the end is all there is to tell. */
	if (end->exit != EXIT_DONE && end->exit != EXIT_STANDS)
		return call_end(c, end);
	json_object_set_new(doc, "run", *end->run ? json_string(end->run) : json_null());
	json_object_set_new(doc, "exit", json_integer(end->exit));
	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "differences", take_ptr(doc));
		return end->exit;
	}
	view_differences(doc, &style, &text);
	out_text(&c->out, buf_sv(&text));
	return end->exit;
}

int cmd_verify(struct call *c, struct err *e)
{
	const char *word = call_operand(c, 0), *against = c->args.value[OPT_AGAINST];
	enum depth depth = args_has(&c->args, OPT_DEEP) ? DEPTH_DEEP : DEPTH_LIVE;
	autofree char *side = against ? save_side(against) : NULL;
	struct run_opts opts = c->opts;
	bool about_subject = args_has(&c->args, OPT_FILE) || (word && product_named(word));
	autogoal struct goal g = { 0 };
	autofacts struct facts facts = { 0 };
	struct comparisons cmp = { 0 };
	struct run_end end = { 0 };
	int exit;

	if (args_has(&c->args, OPT_PROBE_ACCOUNT)) {
		err_set(e, ERR_USAGE, "verify changes nothing, and makes no account");
		err_hint(e, "a run tries it before its stop and at the new server: 'crossgrade apply --probe-account'");
		return EXIT_USAGE;
	}
	if (against && !about_subject) {
		err_set(e, ERR_USAGE, "--against compares one installation with facts");
		err_hint(e, "name the product and its --root, or a migration file");
		return EXIT_USAGE;
	}
	if (against && read_facts(against, &facts, e) < 0)
		return exit_of(e);
	if (about_subject && subject_goal(c, &g, e) < 0)
		return EXIT_USAGE;
	if (about_subject && !against) {
		err_set(e, ERR_USAGE, "there is nothing to compare with");
		err_hint(e, "give --against FACTS, or name a run instead");
		return EXIT_USAGE;
	}
	opts.side = side;
	run_verify(about_subject ? NULL : word, against ? &facts : NULL, about_subject ? &g : NULL,
		   depth, &opts, &cmp, &end);
	exit = tell(c, &cmp, &end);
	comparisons_done(&cmp);
	return exit;
}
