/* finalize: giving up the way back. verify: comparing again, as often as somebody wants. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/hash.h"
#include "engine/container_move.h"
#include "engine/restore_point.h"
#include "engine/run_world.h"
#include "io/cmd.h"
#include "io/image.h"

/* Remove what is there below a home of restore points; *found says that there was something. */
static int remove_left(const char *home, const char *rel, bool *found, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct err absent = ERR_INIT;
	int has;

	if (dir_open(home, &d, &absent) < 0)
		return absent.kind == ERR_ABSENT ? 0 : err_set(e, absent.kind, "%s", absent.msg);
	has = dir_has(&d, rel, e);
	if (has <= 0)
		return has;
	*found = true;
	return dir_remove_tree(&d, rel, e) < 0 ? -(int)e->kind : dir_sync(&d, "", e);
}

/* The run's trash, one per file system, and what was staged beside the data for it. */
static int empty_trash(struct world *w, bool *found, struct err *e)
{
	json_t *root;
	size_t at;

	json_array_foreach(json_object_get(json_object_get(w->plan.doc, "restore_point"), "scope"), at, root) {
		struct scope_root r = { .name = (char *)json_str(root, "name", ""),
			                .path = (char *)json_str(root, "path", ""),
			                .mount_point = json_bool(root, "mount_point", false) };
		autofree char *home = point_beside(&r);
		autofree char *trash = xasprintf("trash/%s", w->run);
		autofree char *staged = xasprintf("staged/%s", w->run);
		autofree char *look = point_look_name(w->run, r.name);

		if (remove_left(home, trash, found, e) < 0 || remove_left(home, look, found, e) < 0 || remove_left(home, staged, found, e) < 0)
			return err_wrap(e, "empty the trash of run '%s'", w->run);
	}
	return 0;
}

static int run_release(const json_t *words, struct err *e)
{
	const char *argv[65] = { 0 };
	struct cmd cmd = { .argv = argv, .within_ns = 600 * NS_PER_S };
	struct cmd_result out = { 0 };
	int r;

	for (size_t i = 0; i < json_array_size(words) && i + 1 < ARRAY_LEN(argv); i++)
		argv[i] = json_string_value(json_array_get(words, i));
	r = cmd_run(&cmd, &out, e);
	if (r >= 0 && out.status) {
		cmd_said_no(&out, e);
		r = err_wrap(e, "release the snapshot");
	}
	cmd_result_done(&out);
	return r;
}

/* The operator's command need not bear a second call: that it succeeded is kept. */
static int release_snapshot(struct world *w, bool *found, struct err *e)
{
	const json_t *words = json_object_get(w->goal.restore_point, "release");
	autojson json_t *released = NULL;
	struct err absent = ERR_INIT;

	if (!words || journal_get_doc(w->journal, w->run, "released", &released, &absent) >= 0)
		return 0;
	*found = true;
	released = json_pack("{sb}", "released", true);
	return run_release(words, e) < 0 ? -(int)e->kind :
	                                   journal_put_doc(w->journal, w->run, "released", released, e);
}

/* What 'backup restore' put live: its directory is what the exchange left of it. */
static int give_up_restored(struct world *w, bool *found, struct err *e)
{
	vec_each(&w->plan.steps, s)
		if (!strcmp(s->kind->name, "tree_restore") &&
		    point_give_up(json_str(s->params, "home", ""), json_str(s->params, "id", ""), w->run, found, e) < 0)
			return err_wrap(e, "give up the restore point that went live");
	return 0;
}

/* One that was never whole goes, unless what it holds is nowhere else. Of one in removal point.json says "open" and nothing of keeping, and
 * at the very end it is gone. */
static int give_up_point(struct world *w, bool point_too, bool *found, bool *ret_remains, struct err *e)
{
	autofree char *home = NULL;
	struct err none = ERR_INIT;
	struct point p = { .dir = DIR_NONE };

	*ret_remains = false;
	if (give_up_restored(w, found, e) < 0)
		return -e->kind;
	if (world_home(w, &home, &none) < 0)
		return 0;
	if (point_give_up(home, w->run, w->run, found, e) < 0)
		return -e->kind;
	if (point_open(home, w->run, &p, &none) >= 0) {
		/* What another run put live that run's way back needs. */
		*ret_remains = (p.state != POINT_OPEN || point_kept(&p)) && (!point_too || point_is_unused(&p, w->run, &none) < 0);
		point_done(&p);
		if (*ret_remains)
			return 0;
		*found = true;
		return point_remove(home, w->run, e);
	}
	if (none.kind != ERR_ABSENT)
		return err_set(e, none.kind, "%s", none.msg);
	return remove_left(home, w->run, found, e);
}

/* What steps kept for the way back in places of others. Of the old world nothing goes where that way is left to a person. */
static int give_up_kept(struct world *w, bool left, struct buf *gone, struct err *e)
{
	vec_each(&w->plan.steps, s) {
		struct step_rec rec = { 0 };
		autofree char *what = NULL;
		int r = 0;

		if (!s->kind->give_up || (left && s->kind->keeps_old))
			continue;
		if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
			return -e->kind;
		if (rec.state == REC_DONE)
			r = s->kind->give_up(&w->ctx, s->params, rec.undo, &what, e);
		step_rec_done(&rec);
		if (r < 0)
			return err_wrap(e, "what step '%s' kept", s->id);
		if (what)
			buf_addf(gone, "; removed: %s", what);
	}
	return 0;
}

/* One that stands, or is left to hand, may have been left behind its gate, and its server held; a rollback that was killed may have left
 * clients out. */
static int let_in(struct world *w, const struct run_rec *rec, bool left, struct err *e)
{
	if (run_is_shut(w, rec) && run_let_in_again(w, e) < 0)
		return -e->kind;
	return (left || rec->state == RUN_STANDS) && loop_open(w, e) < 0 ? err_wrap(e, "let clients in") : 0;
}

/* Does it leave something where others look? What is staged is ours, and goes; what has no record of before changed nothing that an undo
 * would bring back. */
static bool changes_durably(const struct step *s)
{
	return s->phase > PHASE_STAGE && s->phase < PHASE_OPEN && s->kind->lifetime == LIFE_DURABLE && !s->kind->harmless &&
	       !(s->flags & STEP_NO_UNDO) && s->kind->capture != step_capture_nothing;
}

/* Was what it left given up? One that was killed may have left more. */
static bool leaves_nothing(const struct step *s, const struct step_rec *rec)
{
	return rec->state == REC_DONE && s->kind->give_up && !s->kind->keeps_old;
}

/* What no way back has undone, or will. */
static int name_changes(struct world *w, struct buf *ret, struct err *e)
{
	size_t n = 0;

	vec_each(&w->plan.steps, s) {
		struct step_rec rec = { 0 };

		if (!changes_durably(s))
			continue;
		if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
			return -e->kind;
		if ((rec.state == REC_INTENDED || rec.state == REC_DONE) && !leaves_nothing(s, &rec))
			buf_addf(ret, "%s'%s'%s", n++ ? ", " : "; it was half way, and what these steps changed stays: ", s->id,
			         s->kind->keeps_old ? " (and what it kept of the old world)" : "");
		step_rec_done(&rec);
	}
	return 0;
}

/* First the mark, then the removal: a kill between the two leaves trash, never a promise that cannot be kept. */
static int mark_final(struct world *w, const struct run_rec *rec, bool left, struct err *e)
{
	if (rec->finalized)
		return 0;
	if (left && run_unfinished(rec->state) &&
	    (journal_turn(w->journal, w->run, RUN_STUCK, NULL, e) < 0 ||
	     journal_turn(w->journal, w->run, RUN_CLOSED_NEW, RUN_CLOSED_BY_HAND, e) < 0))
		return -e->kind;
	if (rec->state == RUN_STANDS && journal_turn(w->journal, w->run, RUN_CLOSED_NEW, "accepted as it is", e) < 0)
		return -e->kind;
	return journal_finalize(w->journal, w->run, e);
}

/* The files that a record names, by their digests. */
static int drop_files(struct world *w, const json_t *record, struct err *e)
{
	unsigned char sha[SHA_BYTES];
	const char *key, *text = json_string_value(record);
	json_t *one;
	size_t at;

	if (text && (hash_unhex(text, sha) || blob_is_large(text)))
		return dir_unlink(&w->ctx.blobs, text, e);
	json_array_foreach(record, at, one)
		if (drop_files(w, one, e) < 0)
			return -(int)e->kind;
	json_object_foreach((json_t *)record, key, one)
		if (drop_files(w, one, e) < 0)
			return -(int)e->kind;
	return 0;
}

/* What 'report' and 'verify' read of a run that is final. */
static bool is_read_later(const struct step *s)
{
	return !strcmp(s->kind->name, "facts_freeze") || !strcmp(s->kind->name, "verify_world");
}

/* How files looked, packages, how the server was started, with the secrets of all of them: for a way back that there is no more. */
static int drop_records(struct world *w, struct err *e)
{
	vec_each(&w->plan.steps, s) {
		struct step_rec rec = { 0 };
		int r;

		if (is_read_later(s))
			continue;
		if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
			return -e->kind;
		r = drop_files(w, rec.undo, e);
		if (r >= 0)
			r = drop_files(w, rec.result, e);
		step_rec_done(&rec);
		if (r < 0)
			return err_wrap(e, "the undo records");
	}
	return dir_sync(&w->ctx.blobs, "", e);
}

/* Was what was staged exchanged with what stood in its place? */
static int was_exchanged(struct world *w, bool *ret, struct err *e)
{
	*ret = false;
	vec_each(&w->plan.steps, s) {
		struct step_rec rec = { 0 };

		if (strcmp(s->kind->name, "file_swap") || !json_object_get(s->params, "b"))
			continue;
		if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
			return -e->kind;
		*ret |= rec.state == REC_DONE;
		step_rec_done(&rec);
	}
	return 0;
}

static void name_old_build(struct world *w, struct buf *ret, struct err *e)
{
	bool exchanged;

	if (was_exchanged(w, &exchanged, e) < 0 || !exchanged)
		return;
	vec_each(&w->plan.steps, s) {
		autofree char *path = NULL;
		struct site *site;

		if (strcmp(s->kind->name, "artifact_stage"))
			continue;
		if (ctx_site_of(&w->ctx, s->params, &site, e) < 0 || site_path(site, json_object_get(s->params, "into"), &path, e) < 0)
			return;
		if (access(path, F_OK) == 0)
			buf_addf(ret, "the old build in '%s', ", path);
	}
}

/* All is done by then: what cannot be told is no failure. `left`: a person may still want what is kept of the old world. */
static void name_rest(struct world *w, bool point, bool left, struct buf *ret)
{
	autofree char *home = NULL;
	struct err none = ERR_INIT;

	name_old_build(w, ret, &none);
	if (none.kind)
		buf_addf(ret, "the old build, which cannot be told (%s), ", none.msg);
	if (point && world_home(w, &home, &none) >= 0)
		buf_addf(ret, "its restore point in '%s', ", home);
	if (left)
		buf_addf(ret, "its undo records in '%s', ", w->ctx.blobs.path);
	buf_adds(ret, "what 'crossgrade report' tells");
}

static int finalize_loaded(struct world *w, const struct run_rec *rec, bool point_too, struct run_end *ret)
{
	autobuf struct buf gone = BUF_MAX(4096), stays = BUF_MAX(4096), rest = BUF_MAX(64 << 10);
	struct err e = ERR_INIT, none = ERR_INIT;
	bool found = !rec->finalized, remains = false, left;

	if (run_is_left_to_hand(w, rec, &left, &e) < 0 || (left && name_changes(w, &stays, &e) < 0))
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	if (rec->state != RUN_STANDS && !left && run_unfinished(rec->state)) {
		err_set(&e, ERR_REFUSED, "run %s is %s", rec->id, run_state_name(rec->state));
		err_hint(&e, "'crossgrade resume' or 'crossgrade rollback' ends it first");
		return run_says(ret, EXIT_UNFINISHED, &e, "%s", e.msg);
	}
	if (run_roots_there(w->journal, w->run, w->plan.doc, &none) < 0)
		event_emit(w->o->events, "warning",
		           json_pack("{so}", "text", json_sprintf("%s; what the run left there stays until 'crossgrade finalize' is repeated", none.msg)));
	/* Of a finalized run, too: the call that marked it may have been killed. */
	if (let_in(w, rec, left, &e) < 0 || mark_final(w, rec, left, &e) < 0 || empty_trash(w, &found, &e) < 0 || release_snapshot(w, &found, &e) < 0 ||
	    give_up_point(w, point_too, &found, &remains, &e) < 0 || give_up_kept(w, left, &gone, &e) < 0 ||
	    (!left && drop_records(w, &e) < 0))
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	name_rest(w, remains, left, &rest);
	if (run_is_marked(w)) {
		found = true;
		if (run_unmark(w, &e) < 0)
			return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	}
	if (!found && !gone.len)
		return run_says(ret, EXIT_DONE, NULL, "nothing to do: run %s is finalized%s", rec->id, buf_str(&stays));
	return run_says(ret, EXIT_DONE, NULL, "run %s is final%s%s; what remains: %s", rec->id, buf_str(&stays), buf_str(&gone), buf_str(&rest));
}

/* The newest run of this host when none is named. */
static int run_or_newest(struct world *w, const char *run, char **ret, struct err *e)
{
	struct run_list all = { 0 };

	*ret = xstrdup(run);
	if (run)
		return 0;
	if (journal_runs(w->journal, NULL, &all, e) < 0)
		return -e->kind;
	if (all.n)
		*ret = xstrdup(all.v[0].id);
	run_list_done(&all);
	if (*ret)
		return 0;
	err_set(e, ERR_ABSENT, "there is no run on this host");
	return err_hint(e, "'crossgrade apply' makes one; is --state-dir right?");
}

static int open_run(struct world *w, const char *run, const struct run_opts *o, struct run_rec *rec, struct run_end *ret)
{
	autofree char *id = NULL;
	struct err e = ERR_INIT;

	*ret = (struct run_end){ 0 };
	if (world_open(w, o, WORLD_GO_ON, &e) < 0 || run_or_newest(w, run, &id, &e) < 0 ||
	    journal_run(w->journal, id, rec, &e) < 0 || world_load(w, id, &e) < 0 || world_enter(w, &e) < 0)
		return run_says(ret, e.kind == ERR_ABSENT ? EXIT_USAGE : EXIT_FAILED, &e, "%s", e.msg);
	snprintf(ret->run, sizeof ret->run, "%s", id);
	return 0;
}

int run_finalize(const char *run, bool restore_point_too, const struct run_opts *o, struct run_end *ret)
{
	struct run_rec rec = { 0 };
	struct err e = ERR_INIT;
	struct world w;
	int code = open_run(&w, run, o, &rec, ret);

	if (!code && world_lock(&w, "finalize", &e) < 0)
		code = run_says(ret, e.kind == ERR_BUSY ? EXIT_LOCKED : EXIT_FAILED, &e, "%s", e.msg);
	if (!code) {
		/* Who held the lock may have moved it on. */
		run_rec_done(&rec);
		rec = (struct run_rec){ 0 };
		if (journal_run(w.journal, w.run, &rec, &e) < 0)
			code = run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	}
	if (!code)
		code = finalize_loaded(&w, &rec, restore_point_too, ret);
	run_rec_done(&rec);
	world_close(&w);
	return code;
}

static int judge(const struct comparisons *cmp, struct run_end *ret)
{
	switch (cmp_worst(cmp)) {
	case CMP_DIFFERENT:
		return run_says(ret, EXIT_STANDS, NULL, "the installation differs from the facts");
	case CMP_UNPROVED:
		return run_says(ret, EXIT_STANDS, NULL, "no difference was found, but not everything could be proved");
	default:
		return run_says(ret, EXIT_DONE, NULL, "the installation is as the facts say");
	}
}

/* Where none is named, edition and version are to be those of before. */
static bool names_target(const struct goal *g)
{
	return goal_edition(g) || goal_version(g) || goal_artifact(g, 0) || goal_package(g) || goal_image(g);
}

static int verify_against(const struct facts *then, const struct goal *g, enum depth d, const struct run_opts *o,
                          struct comparisons *cmp, struct run_end *ret)
{
	const struct product *p = product_named(g->product);
	struct ctx c = { .product = p,
		         .goal = g,
		         .events = o->events,
		         .cancel = o->cancel,
		         .side = o->side,
		         .state = DIR_NONE,
		         .blobs = DIR_NONE };
	struct err e = ERR_INIT;
	struct site s = { 0 };
	int r = p->site(g, &s, &e);

	c.sites = &s;
	c.n_sites = 1;
	if (r >= 0)
		r = p->verify(&c, then, names_target(g) ? g : NULL, d, cmp, &e);
	site_done(&s);
	return r < 0 ? run_says(ret, EXIT_FAILED, &e, "%s", e.msg) : judge(cmp, ret);
}

int run_verify(const char *run, const struct facts *against, const struct goal *g, enum depth d,
               const struct run_opts *o, struct comparisons *cmp, struct run_end *ret)
{
	autofacts struct facts frozen = { 0 };
	struct run_rec rec = { 0 };
	struct err e = ERR_INIT;
	struct world w;
	int code;

	if (against) {
		*ret = (struct run_end){ 0 };
		return verify_against(against, g, d, o, cmp, ret);
	}
	code = open_run(&w, run, o, &rec, ret);
	if (!code && (run_frozen(&w, &frozen, &e) < 0 || loop_load_results(&w, &e) < 0))
		code = run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	w.ctx.afterwards = true;
	if (!code && w.product->verify(&w.ctx, &frozen, rec.state == RUN_CLOSED_OLD ? NULL : &w.goal, d, cmp, &e) < 0)
		code = run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	else if (!code)
		code = judge(cmp, ret);
	run_rec_done(&rec);
	world_close(&w);
	return code;
}
