#include <string.h>

#include "cli/subject.h"
#include "engine/point_of.h"
#include "engine/product.h"
#include "view/points_text.h"

#define TEXT_MAX (8u << 20)

static const char *id_operand(const struct call *c, struct err *e)
{
	size_t n = c->args.operands.n;
	const char *id = n ? c->args.operands.v[n - 1] : NULL;

	if (id && !strchr(id, '/') && id[0] != '.')
		return id;
	if (id)
		err_set(e, ERR_USAGE, "'%s' is not the id of a restore point", id);
	else
		err_set(e, ERR_USAGE, "no restore point is named");
	err_hint(e, "'crossgrade backup list' tells their ids");
	return NULL;
}

/* Where the restore points of the installation are kept. Heap. */
static int find_home(struct call *c, char **ret, struct err *e)
{
	autogoal struct goal g = { 0 };
	autofacts struct facts now = { 0 };
	struct scope scope = { 0 };
	int r;

	if (subject_goal(c, &g, e) < 0 || world_inspect(&g, DEPTH_QUICK, &c->opts, &now, e) < 0)
		return -e->kind;
	r = product_named(g.product)->scope(&now, &g, &scope, e);
	if (r >= 0)
		r = point_home(&g, &scope, ret, e);
	scope_done(&scope);
	return r;
}

static int open_point(struct call *c, struct point *ret, struct err *e)
{
	const char *id = id_operand(c, e);
	autofree char *home = NULL;

	if (!id || find_home(c, &home, e) < 0)
		return -e->kind;
	return point_open(home, id, ret, e);
}

static int tell_point(struct call *c, const json_t *point)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	struct style style = out_style(&c->out);

	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "restore-point", json_incref((json_t *)point));
		return EXIT_DONE;
	}
	view_point(point, &style, &text);
	out_text(&c->out, buf_sv(&text));
	return EXIT_DONE;
}

int cmd_backup_create(struct call *c, struct err *e)
{
	autogoal struct goal g = { 0 };
	autojson json_t *point = NULL;
	struct run_end end = { 0 };

	if (subject_goal(c, &g, e) < 0)
		return EXIT_USAGE;
	if (backup_create(&g, &c->opts, &point, &end) != EXIT_DONE || !point)
		return call_end(c, &end);
	return tell_point(c, point);
}

int cmd_backup_list(struct call *c, struct err *e)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	struct style style = out_style(&c->out);
	autojson json_t *doc = NULL, *points = NULL;
	autofree char *home = NULL;

	if (find_home(c, &home, e) < 0 || point_list(home, &points, e) < 0)
		return exit_of(e);
	doc = json_pack("{ss sO}", "home", home, "restore_points", points);
	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "restore-points", take_ptr(doc));
		return EXIT_DONE;
	}
	view_points(doc, &style, &text);
	out_text(&c->out, buf_sv(&text));
	return EXIT_DONE;
}

int cmd_backup_show(struct call *c, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	int exit;

	if (open_point(c, &p, e) < 0)
		return exit_of(e);
	exit = tell_point(c, p.doc);
	point_done(&p);
	return exit;
}

/* What moved in the copy, as an answer: exit 12 when anything did. */
static int tell_proof(struct call *c, const struct point *p, const manifest_diffs *diffs)
{
	autobuf struct buf line = BUF_MAX(8192);
	struct run_end end = { .exit = diffs->n ? EXIT_DIGEST : EXIT_DONE };

	if (diffs->n) {
		err_set(&end.err, ERR_CHANGED,
			"restore point '%s' does not match its manifest: %zu differences, first "
			"'%s': %s",
			p->id, diffs->n, diffs->v[0].rel, diffs->v[0].what);
		err_hint(&end.err, "do not use it; make another one");
		buf_adds(&line, end.err.msg);
	} else {
		buf_addf(&line, "restore point '%s' was read in full and matches its manifest",
			 p->id);
	}
	snprintf(end.line, sizeof end.line, "%s", buf_str(&line));
	return call_end(c, &end);
}

int cmd_backup_prove(struct call *c, struct err *e)
{
	struct point_told told = { .events = c->events, .what = "prove the restore point" };
	struct pass_opts how = { .cancel = c->opts.cancel,
				 .limit_bytes_per_s = c->opts.io_limit,
				 .idle_io = true,
				 .progress = point_tell,
				 .progress_data = &told };
	struct point p = { .dir = DIR_NONE };
	manifest_diffs diffs = { 0 };
	int exit, r;

	if (open_point(c, &p, e) < 0)
		return exit_of(e);
	told.total = point_bytes(&p);
	/* What lies beside the copies first: the other proof ends in a restore point that calls itself proved. */
	r = point_prove_beside(&p, &diffs, e);
	if (r == 0)
		r = point_prove(&p, true, &how, &diffs, e);
	exit = r < 0 ? exit_of(e) : tell_proof(c, &p, &diffs);
	manifest_diffs_done(&diffs);
	point_done(&p);
	return exit;
}

int cmd_backup_restore(struct call *c, struct err *e)
{
	const char *id = id_operand(c, e);
	autogoal struct goal g = { 0 };
	struct run_end end = { 0 };

	if (!id || subject_goal(c, &g, e) < 0)
		return EXIT_USAGE;
	if (call_confirm(c, "stop the server and put the data of the restore point in its place?",
			 e) < 0)
		return exit_of(e);
	backup_restore(&g, id, &c->opts, &end);
	return call_end(c, &end);
}

/* By the journal: is it what 'crossgrade rollback' would put back? A state directory that cannot be read knows of none. */
static bool is_way_back(const struct call *c, const char *id)
{
	autojson json_t *doc = NULL;
	struct err none = ERR_INIT;
	json_t *run;
	size_t at;

	if (world_status(&c->opts, &doc, &none) < 0)
		return false;
	json_array_foreach(json_object_get(doc, "runs"), at, run)
		if (!strcmp(json_str(run, "id", ""), id))
			return json_lists(json_object_get(run, "possible"), "rollback");
	return false;
}

int cmd_backup_prune(struct call *c, struct err *e)
{
	const char *id = id_operand(c, e);
	struct run_end end = { .exit = EXIT_DONE };
	autofree char *home = NULL;
	bool way_back;

	if (!id)
		return EXIT_USAGE;
	if (find_home(c, &home, e) < 0)
		return exit_of(e);
	way_back = is_way_back(c, id);
	if (call_confirm(c, way_back ? "remove the restore point for good? It is the way back of a run that was not finalized"
				     : "remove the restore point for good?", e) < 0 ||
	    point_prune(home, id, e) < 0)
		return exit_of(e);
	snprintf(end.line, sizeof end.line, "restore point '%s' is removed%s", id,
		 way_back ? ": its run has no way back any more" : "");
	return call_end(c, &end);
}
