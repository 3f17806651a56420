#include "cli/save.h"
#include "cli/subject.h"
#include "engine/product.h"
#include "view/inspect_text.h"

#define TEXT_MAX (16u << 20)

static void instances_done(struct instances *all)
{
	vec_each (all, it) {
		free(it->root);
		json_decref(it->doc);
	}
	vec_done(all);
}

static int find_all(struct call *c, json_t **ret, struct err *e)
{
	struct host host = { .only_root = c->args.value[OPT_ROOT] };
	json_t *list = json_array();

	if (want_root(host.only_root, e) < 0) {
		json_decref(list);
		return -e->kind;
	}
	for (size_t i = 0; products[i]; i++) {
		struct instances found = { 0 };

		if (products[i]->find(&host, &found, e) < 0) {
			instances_done(&found);
			json_decref(list);
			return err_wrap(e, "look for %s", products[i]->title);
		}
		vec_each (&found, it)
			json_array_append(list, it->doc);
		instances_done(&found);
	}
	*ret = json_pack("{so}", "instances", list);
	return 0;
}

static int tell_instances(struct call *c, struct err *e)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	struct style style = out_style(&c->out);
	autojson json_t *doc = NULL;

	if (find_all(c, &doc, e) < 0)
		return exit_of(e);
	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "instances", take_ptr(doc));
		return EXIT_DONE;
	}
	view_instances(doc, &style, &text);
	out_text(&c->out, buf_sv(&text));
	return EXIT_DONE;
}

static int save_facts(const char *path, const struct facts *f, struct err *e)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);

	json_pretty(f->doc, &text);
	return save_text(path, buf_sv(&text), 0600, e);
}

static int tell_facts(struct call *c, const struct goal *g, struct err *e)
{
	enum depth depth = args_has(&c->args, OPT_DEEP) ? DEPTH_DEEP : DEPTH_LIVE;
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	struct style style = out_style(&c->out);
	autofacts struct facts now = { 0 };
	const char *path = c->args.value[OPT_SAVE];
	autofree char *side = path ? save_side(path) : NULL;
	struct run_opts opts = c->opts;

	opts.side = side;
	if (world_inspect(g, depth, &opts, &now, e) < 0 ||
	    (path && save_facts(path, &now, e) < 0))
		return exit_of(e);
	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "facts", json_incref(now.doc));
		return EXIT_DONE;
	}
	view_facts(now.doc, &style, &text);
	out_text(&c->out, buf_sv(&text));
	if (path)
		ui_say(&c->ui, "facts written to %s", path);
	return EXIT_DONE;
}

int cmd_inspect(struct call *c, struct err *e)
{
	autogoal struct goal g = { 0 };

	if (!subject_given(c)) {
		if (!args_has(&c->args, OPT_SAVE))
			return tell_instances(c, e);
		err_set(e, ERR_USAGE, "--save needs one installation");
		err_hint(e, "name the product and its --root, or a migration file");
		return EXIT_USAGE;
	}
	if (subject_goal(c, &g, e) < 0)
		return EXIT_USAGE;
	return tell_facts(c, &g, e);
}
