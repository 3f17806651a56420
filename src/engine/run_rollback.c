/* The call that goes back: the restore point is proved and what was written since is accounted for before anything is touched. */
#include <string.h>

#include "engine/point_of.h"
#include "engine/run_world.h"

/* As a client sees it: what only speaks to us, behind the gate or with one of its doors shut, serves nobody. */
static bool still_serves(struct world *w)
{
	struct probe seen = { 0 };
	struct err e = ERR_INIT;

	return w->product->probe && w->product->probe(&w->ctx.sites[0], true, NS_PER_S, &seen, &e) >= 0 && seen.serving;
}

static int make_ready(struct world *w, struct point *p, const struct pass_opts *o, struct run_end *ret)
{
	struct err e = ERR_INIT;
	int r = point_stage(p, w->run, o, &e);

	if (r < 0)
		return run_says(ret, e.kind == ERR_CANCELED ? EXIT_INTERRUPTED : EXIT_FAILED, &e,
		                "nothing changed: the old data could not be made ready beside the server: %s", e.msg);
	if (r > 0)
		event_emit(w->o->events, "warning",
		           json_pack("{ss}", "text", "what is kept on another file system is copied while the server is down: "
		                                     "beside it there is no room for that"));
	return 0;
}

/* Prove the restore point before anything is touched: in full while the target still serves; with the server down the run's
 * own proof holds for files that did not move, because every second of reading is a second without service. What can be made ready to
 * go live is, then, too. Exit code, 0 to go on. */
static int prove_first(struct world *w, bool begun, struct run_end *ret)
{
	bool serves = false, leaving = false;
	struct point_told told = { .events = w->o->events, .what = "prove the restore point" };
	struct pass_opts opts = { .cancel = w->o->cancel, .progress = point_tell, .progress_data = &told };
	manifest_diffs diffs = { 0 };
	struct point p = { .dir = DIR_NONE };
	autofree char *home = NULL;
	struct err e = ERR_INIT;
	int code = 0, r;

	if (!w->ctx.point_passed || ctx_keeps_data(&w->ctx) || world_home(w, &home, &e) < 0)
		return 0;
	if (point_open(home, w->run, &p, &e) < 0)
		return run_says(ret, e.kind == ERR_FORMAT || e.kind == ERR_ABSENT ? EXIT_DIGEST : EXIT_FAILED, &e, "%s",
		                e.msg);
	/* Either it is being repeated, or 'backup restore' took what it needs. */
	r = begun ? point_unstage(&p, w->run, &e) : 0;
	if (r >= 0)
		r = point_is_leaving(&p, w->run, &leaving, &e);
	if (r < 0)
		code = run_says(ret, e.kind == ERR_CHANGED ? EXIT_DIGEST : EXIT_FAILED, &e, "nothing changed: %s", e.msg);
	if (r < 0 || leaving) {
		point_done(&p);
		return code;
	}
	serves = still_serves(w);
	opts.limit_bytes_per_s = serves ? w->o->io_limit : 0;
	opts.idle_io = opts.beside_server = serves;
	told.total = w->o->prove_all || serves ? point_bytes(&p) : 0;
	r = point_prove(&p, w->o->prove_all || serves, &opts, &diffs, &e);
	if (r > 0) {
		err_set(&e, ERR_CHANGED, "restore point '%s' does not match its manifest: %s: %s", p.id,
		        diffs.v[0].rel, diffs.v[0].what);
		code = run_says(ret, EXIT_DIGEST, &e, "%s", e.msg);
	} else if (r < 0) {
		code = run_says(ret, e.kind == ERR_CANCELED ? EXIT_INTERRUPTED : EXIT_FAILED, &e,
		                "nothing changed: the restore point could not be proved: %s", e.msg);
	} else if (serves && step_of_kind(w, "data_point")) {
		told.what = "make the old data ready";
		code = make_ready(w, &p, &opts, ret);
	}
	manifest_diffs_done(&diffs);
	point_done(&p);
	return code;
}

/* At a boot one that is on its way forward starts the new server again: it is ended before a backup is put back. */
static int point_has_return(struct world *w, const struct run_rec *rec, struct run_end *ret)
{
	struct err e = ERR_INIT;

	if (!w->ctx.point_passed || plan_has_return(w->plan.doc))
		return 0;
	err_set(&e, ERR_REFUSED, "the new server was started and the run has no restore point of its own");
	err_hint(&e, rec->state == RUN_OPEN || rec->state == RUN_STANDS ?
	                     "'crossgrade resume' finishes it; or stop the new server, then 'crossgrade finalize', then restore your own backup" :
	                     RUN_LEFT_TO_HAND);
	return run_says(ret, EXIT_LOSS, &e, "%s", e.msg);
}

int run_is_left_to_hand(struct world *w, const struct run_rec *rec, bool *ret, struct err *e)
{
	bool passed, ended = rec->state == RUN_CLOSED_NEW && rec->outcome && !strcmp(rec->outcome, RUN_CLOSED_BY_HAND);

	if (run_point_passed(w, &passed, e) < 0)
		return -e->kind;
	*ret = passed && !plan_has_return(w->plan.doc) &&
	       (rec->state == RUN_OPEN || rec->state == RUN_TURNED || rec->state == RUN_STUCK || ended);
	return 0;
}

/* Found out in the middle of the way back, it would leave a server stopped that serves now. */
static int nobody_edited(struct world *w, struct run_end *ret)
{
	struct err e = ERR_INIT;

	return loop_look_back(w, &e) < 0 ? run_says(ret, EXIT_FAILED, &e, "nothing changed: %s", e.msg) : 0;
}

/* Is this way back begun by this call? One that was, without the data, is another with it: nobody has agreed to that yet. So is one
 * that needed no copy until somebody started the new build. */
static int is_begun(struct world *w, const struct run_rec *rec, bool *ret, struct err *e)
{
	bool wished, since;

	if (loop_data_wished(w, &wished, e) < 0 || run_started_since(w, &since, e) < 0)
		return -e->kind;
	*ret = (rec->state != RUN_TURNED && rec->state != RUN_STUCK) || since ||
	       (w->o->restore_data && !wished && plan_keeps_data(w->plan.doc));
	w->ctx.restore_data |= wished;  /* that is then put back, whatever this call was told */
	return 0;
}

/* Nothing is put back of which there is no copy, whatever the count says. */
static int data_is_there(struct world *w, struct run_end *ret)
{
	const char *kind = json_str(json_object_get(w->plan.doc, "restore_point"), "kind", "tree");
	struct err e = ERR_INIT;

	if (!w->o->restore_data || !w->ctx.point_passed || !plan_keeps_data(w->plan.doc) ||
	    (strcmp(kind, "external") && strcmp(kind, "none")))
		return 0;
	err_set(&e, ERR_USAGE, "the run made no copy of the data: its restore point is '%s'", kind);
	err_hint(&e, "'crossgrade rollback' without '--restore-data' goes back and keeps the data as it is");
	return run_says(ret, EXIT_USAGE, &e, "%s", e.msg);
}

/* What goes away with the new world, now or at finalize: the data, and where its restore points and its trash lie. Heap. */
static json_t *what_goes(const struct world *w)
{
	const json_t *about = json_object_get(w->plan.doc, "restore_point");
	json_t *list = json_copy(json_object_get(about, "scope")) ?: json_array();
	const char *home = json_str(about, "home", NULL);
	struct scope scope = { 0 };
	struct err none = ERR_INIT;

	if (home)
		json_array_append_new(list, json_pack("{ss}", "path", home));
	if (scope_of_json(json_object_get(about, "scope"), &scope, &none) >= 0)
		vec_each(&scope, it) {
			autofree char *beside = point_beside(it);

			json_array_append_new(list, json_pack("{ss}", "path", beside));
		}
	scope_done(&scope);
	return list;
}

/* The export is there to outlive this way back, and finalize. */
static int is_saved_apart(struct world *w, struct run_end *ret)
{
	autojson json_t *list = w->o->save_writes ? what_goes(w) : NULL;
	struct err e = ERR_INIT, why = ERR_INIT;

	if (!list || point_apart(list, w->o->save_writes, &why) >= 0)
		return 0;
	err_set(&e, ERR_USAGE, "--save-new-writes: '%s' goes away with the new world, or with its restore point", w->o->save_writes);
	err_hint(&e, "name a directory outside the data");
	return run_says(ret, EXIT_USAGE, &e, "nothing changed: %s", e.msg);
}

static int turn(struct world *w, const struct run_rec *rec, struct err *e)
{
	static const char why[] = "rollback asked";

	if (run_counted_since(w, e) < 0 || run_keep_in_place(w, e) < 0)
		return -(int)e->kind;
	if (w->o->restore_data)
		return loop_restore_data(w, why, e);
	return rec->state == RUN_TURNED ? 0 : run_turn(w, RUN_TURNED, why, e);
}

/* On a full disk. One that was on its way back already may have left its server down. */
static int not_turned(struct world *w, const struct run_rec *rec, const struct err *why, struct run_end *ret)
{
	if (rec->state == RUN_TURNED || rec->state == RUN_STUCK)
		return run_ends(w, ret, EXIT_STUCK, why, why->msg);
	return run_says(ret, EXIT_FAILED, why, "nothing changed: %s", why->msg);
}

/* Of a way back that is not begun after all: it takes room, keeps the blocks of a restore point that is removed instead, and grows old. */
static int drop_ready(struct world *w, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	autofree char *home = NULL;
	struct err none = ERR_INIT;
	int r;

	if (world_home(w, &home, &none) < 0 || point_open(home, w->run, &p, &none) < 0)
		return 0;
	r = point_unstage(&p, w->run, e);
	point_done(&p);
	return r;
}

static int rollback_loaded(struct world *w, const struct run_rec *rec, struct run_end *ret)
{
	struct err e = ERR_INIT, why = ERR_INIT;
	bool old_runs, begun = false;
	int code;

	if (rec->finalized) {
		err_set(&e, ERR_REFUSED, "run %s was finalized: its way back was given up", rec->id);
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	}
	if (rec->state == RUN_CLOSED_OLD)
		return run_says(ret, EXIT_DONE, NULL, "nothing to do: the old world of run %s is live", rec->id);
	code = rec->state == RUN_CLOSED_NEW ? run_none_marked(w, ret) : 0;
	if (code)
		return code;
	if (run_strangers(w, &old_runs, &e) < 0 || run_point_passed(w, &w->ctx.point_passed, &e) < 0 ||
	    is_begun(w, rec, &begun, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	/* What was agreed to before is a failing switch. Clients were let in since, and nothing that they wrote would be set aside. */
	if (begun && rec->let_in)
		w->ctx.accept_in_place = run_agrees_in_place(w->o);
	code = point_has_return(w, rec, ret);
	if (!code)
		code = data_is_there(w, ret);
	if (!code)
		code = is_saved_apart(w, ret);
	if (!code && begun)
		code = nobody_edited(w, ret);
	/* Who has not agreed yet is not kept waiting until all of it is read. */
	if (!code)
		code = run_account_for_writes(w, begun, true, ret);
	if (!code && (begun || rec->state != RUN_TURNED))
		code = prove_first(w, begun, ret);
	/* Clients are shut out for the last count, for as long as an export takes. */
	if (!code) {
		run_start_prober(w);
		code = run_account_for_writes(w, begun, false, ret);
	}
	/* The proof took its time, and the export its room. */
	if (!code && begun && !w->ctx.accept_in_place && loop_look_at_room(w, &e) < 0)
		code = run_says(ret, EXIT_FAILED, &e, "nothing changed: %s", e.msg);
	if (!code && turn(w, rec, &e) < 0)
		code = not_turned(w, rec, &e, ret);
	if (code) {
		if (begun && drop_ready(w, &why) < 0)
			event_emit(w->o->events, "warning", json_pack("{ss}", "text", why.msg));
		err_clear(&why);
		if (run_is_shut(w, rec) && run_let_in_again(w, &why) < 0)
			event_emit(w->o->events, "warning", json_pack("{ss}", "text", why.msg));
		return code;
	}
	/* The mark of a closed run is gone: on its way back it is open again, first in the journal, or a kill would leave the mark of
	 * a run that nobody ends. On a full disk it goes back without one. */
	if ((rec->state == RUN_CLOSED_NEW || rec->state == RUN_TURNED) && run_mark(w, &why) < 0)
		event_emit(w->o->events, "warning", json_pack("{ss}", "text", why.msg));
	return run_go_back(w, EXIT_DONE, NULL, ret);
}

/* No run is named: the one that is not finished, as resume would take; else the newest that can go back, if there is only one
 * installation it can be of: a healthy one is not taken back because another is broken. */
static int choose(const struct run_list *all, const char **ret, struct run_end *end)
{
	const struct run_rec *last = NULL;
	struct err e = ERR_INIT;

	vec_each(all, it) {
		if (run_unfinished(it->state) && !*ret)
			*ret = it->id;
	}
	vec_each(all, it) {
		if (*ret || it->finalized || it->state == RUN_CLOSED_OLD)
			continue;
		if (last && strcmp(last->site_hash, it->site_hash)) {
			err_set(&e, ERR_USAGE, "several installations have a run to roll back: %s of '%s', %s of '%s'", last->id,
			        last->name, it->id, it->name);
			err_hint(&e, "name the run: 'crossgrade rollback %s'", last->id);
			return run_says(end, EXIT_USAGE, &e, "%s", e.msg);
		}
		last = last ?: it;
	}
	if (!*ret && last)
		*ret = last->id;
	return 0;
}

/* The newest run that is not finalized; rolling back an older one is refused with the newer named. */
static int newest_id(struct world *w, const char *run, char **ret, struct run_end *end)
{
	struct run_list all = { 0 };
	struct run_rec about = { 0 };
	struct err e = ERR_INIT;
	int code = 0;

	if (run && journal_run(w->journal, run, &about, &e) < 0)
		return run_says(end, EXIT_USAGE, &e, "%s", e.msg);
	if (journal_runs(w->journal, about.site_hash, &all, &e) < 0)
		code = run_says(end, EXIT_FAILED, &e, "%s", e.msg);
	if (!code && !run) {
		const char *chosen = NULL;

		code = choose(&all, &chosen, end);
		*ret = xstrdup(chosen);
	}
	vec_each(&all, it) {
		if (!run || *ret || it->finalized || (it->state == RUN_CLOSED_OLD && strcmp(run, it->id)))
			continue;
		*ret = xstrdup(it->id);
	}
	/* Its way back was given up: that is the answer, not that there is nothing to do. */
	if (!code && !run && !*ret && all.n && all.v[0].finalized && all.v[0].state != RUN_CLOSED_OLD)
		*ret = xstrdup(all.v[0].id);
	if (!code && run && *ret && strcmp(run, *ret) && !about.finalized) {
		err_set(&e, ERR_REFUSED, "run %s is newer and not finalized", *ret);
		err_hint(&e, "roll back or finalize that one first");
		code = run_says(end, EXIT_UNFINISHED, &e, "%s", e.msg);
	}
	if (!code && run && !*ret)
		*ret = xstrdup(run);
	run_list_done(&all);
	run_rec_done(&about);
	return code;
}

int run_rollback(const char *run, const struct run_opts *o, struct run_end *ret)
{
	autofree char *id = NULL;
	struct run_rec rec = { 0 };
	struct err e = ERR_INIT;
	struct world w;
	int code;

	*ret = (struct run_end){ 0 };
	if (world_open(&w, o, WORLD_GO_ON, &e) < 0) {
		code = run_none(run, "nothing to do: no run to roll back", &e, ret);
	} else {
		code = newest_id(&w, run, &id, ret);
		if (!code && !id)
			code = run_says(ret, EXIT_DONE, NULL, "nothing to do: no run to roll back");
		else if (!code)
			code = run_take(&w, id, "rollback", &rec, ret);
		if (!code && id)
			code = rollback_loaded(&w, &rec, ret);
	}
	run_rec_done(&rec);
	world_close(&w);
	return code;
}
