/* What clients wrote since the switch, before the way back is gone: counted, named, saved aside, agreed to. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/run_world.h"

#define SAVE_ROUNDS 3           /* with clients at the door each round finds more; the directory set aside has it all */

static int say_writes(const struct writes *since, struct err *e)
{
	autobuf struct buf names = BUF_MAX(400);

	vec_each(since, it)
		buf_addf(&names, "%s%s (%lld)", names.len ? ", " : "", it->subject, (long long)it->transactions);
	if (since->transactions < 0)
		err_set(e, ERR_REFUSED, "what clients wrote since the switch could not be counted: %s", since->why);
	else
		err_set(e, ERR_REFUSED, "clients wrote %lld transactions since the switch: %.300s",
		        (long long)since->transactions, buf_str(&names));
	if (since->transactions < 0)
		return err_hint(e, "'--accept-loss new-writes' gives up what cannot be counted; with '--save-new-writes DIR', too, what can is saved aside first");
	return err_hint(e, "'--save-new-writes DIR' saves them aside first, '--accept-loss new-writes' gives them up");
}

bool loss_accepted(const struct run_opts *o, const char *id)
{
	for (const char *const *it = o->accept_loss; it && *it; it++)
		if (!strcmp(*it, id))
			return true;
	return false;
}

/* What was written is counted as -1 transactions, with the reason, when it cannot be. */
static void count_writes(struct world *w, const struct facts *frozen, struct writes *ret)
{
	struct err e = ERR_INIT;

	if (w->product->since(&w->ctx, frozen, ret, &e) < 0) {
		ret->transactions = -1;
		snprintf(ret->why, sizeof ret->why, "%.190s", e.msg);
	}
}

/* Is what clients wrote kept whole by the way back itself? A snapshot is put back over it, and so, where that was agreed to, is data that
 * finds no room beside it. */
static bool sets_aside(struct world *w)
{
	struct err none = ERR_INIT;

	return !strcmp(json_str(json_object_get(w->plan.doc, "restore_point"), "kind", "tree"), "tree") &&
	       !(w->ctx.accept_in_place && loop_look_at_room(w, &none) < 0);
}

/* Save and count in turns: what was accepted but not yet applied shows its partitions only after the product's save has waited
 * for it, and without a gate clients go on writing. *ret becomes the count that was saved; 1 when it was the last word. */
static int save_writes(struct world *w, const struct facts *frozen, struct writes *ret, struct err *e)
{
	/* A directory for each run: the export of an earlier one is somebody's only copy. */
	autofree char *path = xasprintf("%s/%s", w->o->save_writes, w->run);
	autodir struct dir to = DIR_NONE;
	bool settled = false;

	if (!w->product->save_since)
		return err_set(e, ERR_REFUSED, "%s has no export", w->product->title);
	if (dir_make_path(path, 0700, &to, e) < 0)
		return -e->kind;
	for (int round = 0; !settled && round < SAVE_ROUNDS; round++) {
		struct writes now = { 0 };
		autojson json_t *saved = writes_json(ret), *found = NULL;

		if (w->product->save_since(&w->ctx, ret, &to, e) < 0)
			return -e->kind;
		count_writes(w, frozen, &now);
		found = writes_json(&now);
		settled = json_equal(saved, found);
		writes_done(ret);
		*ret = now;
	}
	return settled;
}

/* 1 they are all saved, 0 clients could go on writing, or not all could be counted, -kind. */
static int save_all(struct world *w, const struct facts *frozen, bool shut, struct writes *since, struct err *e)
{
	int settled = save_writes(w, frozen, since, e);

	if (!settled && !sets_aside(w))
		settled = err_set(e, ERR_REFUSED, "clients went on writing while their writes were exported");
	if (settled < 0) {
		err_wrap(e, "save new writes");
		return err_hint(e, "%s; '--accept-loss new-writes' goes on without the export",
		                sets_aside(w) ? "the new world's data is set aside whole in any case" :
		                                "the old data is put back over what was written");
	}
	return settled && shut && since->transactions >= 0;
}

/* Which build reads what is set aside: the old one may not, and the new one's programs go away with it. */
static char *reader_of_new(const struct world *w)
{
	const struct step *ready = step_of_kind(w, "wait_ready");
	const char *version = ready ? json_str(ready->params, "version", "") : "";

	if (!*version)
		return xstrdup("the new build reads it");
	return xasprintf("%s %s (%s) reads it", w->product->title, version, json_str(ready->params, "edition", "of the same edition"));
}

static char *where_aside(struct world *w)
{
	autofree char *trash = world_trash(w), *reader = reader_of_new(w);

	if (!trash || !sets_aside(w))
		return xstrdup("in no copy");
	return xasprintf("only in the new world's data, which is set aside whole below '%s': %s; what a database server has of it goes into "
	                 "a dump in the restore point, where one can be made", trash, reader);
}

/* Where they are, and without a gate those of the time between the export and the stop, which nobody counted: for the report. */
static json_t *where_kept(struct world *w, bool counted, bool all)
{
	autofree char *aside = where_aside(w);

	if (!w->o->save_writes)
		return json_sprintf("they were given up as agreed, and are %s", aside);
	if (!counted)
		return json_sprintf("not all could be counted: what could is saved in '%s/%s', the rest is %s", w->o->save_writes, w->run, aside);
	if (all)
		return json_sprintf("they are saved in '%s/%s'", w->o->save_writes, w->run);
	return json_sprintf("they are saved in '%s/%s'; what clients write from then until the server is stopped is %s", w->o->save_writes, w->run, aside);
}

static int keep_writes(struct world *w, const struct writes *since, bool all, struct err *e)
{
	autojson json_t *doc = writes_json(since);

	json_object_set_new(doc, "kept", where_kept(w, since->transactions >= 0, all));
	if (w->o->save_writes && !all)
		event_emit(w->o->events, "warning", json_pack("{so}", "text", json_sprintf("new writes: %s", json_str(doc, "kept", ""))));
	return journal_put_doc(w->journal, w->run, "writes", doc, e);
}

/* Going back from a restored restore point: clients may have written to it. */
static int account_for_restored(struct world *w, struct run_end *ret)
{
	struct err e = ERR_INIT;
	bool served;

	if (run_restored_served(w, &served, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	if (!served || loss_accepted(w->o, "new-writes"))
		return 0;
	err_set(&e, ERR_REFUSED, "what clients wrote since the restore point went live cannot be counted");
	err_hint(&e, "'--accept-loss new-writes' gives it up");
	return run_says(ret, EXIT_LOSS, &e, "%s", e.msg);
}

/* Was it agreed to by the call that began this way back? Then only what came since is to be asked about. */
static bool agreed_before(struct world *w, const struct writes *since)
{
	autojson json_t *then = NULL, *now = writes_json(since);
	struct err none = ERR_INIT;

	if (since->transactions < 0 || journal_get_doc(w->journal, w->run, "writes", &then, &none) < 0)
		return false;
	json_object_del(then, "kept");
	return json_equal(then, now);
}

/* What nobody can have asked for is not asked about, either. What cannot be counted is in no export. */
static bool is_agreed(struct world *w, const struct writes *since)
{
	return !since->transactions || loss_accepted(w->o, "new-writes") || (since->transactions > 0 && w->o->save_writes);
}

/* 1 there is something to be accounted for, 0 nothing, -kind: that is not agreed to. */
static int count_agreed(struct world *w, const struct facts *frozen, bool begun, struct writes *ret, struct err *e)
{
	writes_done(ret);
	*ret = (struct writes){ 0 };
	count_writes(w, frozen, ret);
	if (run_own_doing(w, ret) || (!begun && agreed_before(w, ret)))
		return 0;
	if (is_agreed(w, ret))
		return ret->transactions != 0;
	say_writes(ret, e);
	return -(int)e->kind;
}

static bool is_interrupted(const struct world *w)
{
	return w->ctx.cancel && atomic_load(&w->ctx.cancel->asked);
}

/* Counted with clients at the door first: who does not agree has shut out nobody. Exit code, 0 to go on. Interrupted, nobody has refused a loss,
 * or agreed to one: nothing goes back. */
static int account(struct world *w, const struct facts *frozen, bool begun, struct writes *since, struct err *e)
{
	int r = count_agreed(w, frozen, begun, since, e), shut = 0, all = 0;

	if (r >= 0) {
		shut = run_shut_out(w, e);
		if (shut < 0)
			return EXIT_FAILED;
		if (ctx_gate_holds(&w->ctx))
			r = count_agreed(w, frozen, begun, since, e);
		w->counted = shut;
	}
	if (r > 0 && w->o->save_writes)
		all = save_all(w, frozen, shut, since, e);
	if (is_interrupted(w))
		return EXIT_INTERRUPTED;
	if (r < 0 || all < 0)
		return EXIT_LOSS;
	return r && keep_writes(w, since, all, e) < 0 ? EXIT_FAILED : 0;
}

static int ask(struct world *w, const struct facts *frozen, bool begun, struct writes *since, struct err *e)
{
	int r = count_agreed(w, frozen, begun, since, e);

	if (is_interrupted(w))
		return EXIT_INTERRUPTED;
	return r < 0 ? EXIT_LOSS : 0;
}

/* A run that was on its way back before this call stays there, and its gate stays closed. */
static int interrupted(struct world *w, struct run_end *ret)
{
	struct err e = ERR_INIT, none = ERR_INIT;
	struct run_rec rec = { 0 };
	bool turned, kept_out;

	turned = journal_run(w->journal, w->run, &rec, &none) >= 0 && (rec.state == RUN_TURNED || rec.state == RUN_STUCK);
	kept_out = ctx_gate_holds(&w->ctx) && !run_is_shut(w, &rec);
	run_rec_done(&rec);
	err_set(&e, ERR_CANCELED, "interrupted");
	if (turned)
		err_hint(&e, "'crossgrade rollback' goes on");
	return run_says(ret, EXIT_INTERRUPTED, &e, "%s: %s%s", turned ? "the run stays on its way back" : "nothing changed", e.msg,
	                kept_out ? "; clients are kept out by the gate" : "");
}

/* Is there anybody's writing to be counted? */
static int is_counted(struct world *w, bool begun, struct facts *ret_frozen, bool *ret, struct err *e)
{
	struct err none = ERR_INIT;

	*ret = w->ctx.point_passed && !ctx_keeps_data(&w->ctx) && w->product->since && run_frozen(w, ret_frozen, &none) >= 0;
	if (!*ret || begun)
		return 0;
	return run_started(w, ret, e);
}

int run_account_for_writes(struct world *w, bool begun, bool only_ask, struct run_end *ret)
{
	autofacts struct facts frozen = { 0 };
	struct writes since = { 0 };
	struct err e = ERR_INIT;
	bool counted;
	int code;

	if (run_puts_back(&w->plan))
		return begun ? account_for_restored(w, ret) : 0;
	if (is_counted(w, begun, &frozen, &counted, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	if (!counted)
		return 0;
	code = only_ask ? ask(w, &frozen, begun, &since, &e) : account(w, &frozen, begun, &since, &e);
	writes_done(&since);
	if (code == EXIT_INTERRUPTED)
		return interrupted(w, ret);
	return code ? run_says(ret, code, &e, "%s", e.msg) : 0;
}

int run_overwrites(struct world *w, const struct run_rec *rec, bool *ret, struct err *e)
{
	bool started, opened;

	if (run_started(w, &started, e) < 0 || run_reached(w, PHASE_OPEN, &opened, e) < 0 || run_point_passed(w, &w->ctx.point_passed, e) < 0)
		return -(int)e->kind;
	*ret = started && opened && rec->let_in && !ctx_keeps_data(&w->ctx) && !sets_aside(w);
	return 0;
}

void run_count_last(struct world *w)
{
	autofacts struct facts frozen = { 0 };
	autojson json_t *then = NULL, *doc = NULL;
	autofree char *aside = NULL;
	struct writes since = { 0 };
	struct err e = ERR_INIT;
	int64_t told = 0;

	if (ctx_keeps_data(&w->ctx) || !w->product->since || run_puts_back(&w->plan) || run_frozen(w, &frozen, &e) < 0)
		return;
	count_writes(w, &frozen, &since);
	if (journal_get_doc(w->journal, w->run, "writes", &then, &e) >= 0)
		told = json_int(then, "transactions", 0);
	if (told >= 0 && (since.transactions > told || since.transactions < 0) && !run_own_doing(w, &since)) {
		autofree char *n = since.transactions < 0 ? xstrdup("what can no more be counted") :
		                                            xasprintf("%lld transactions", (long long)(since.transactions - told));

		aside = where_aside(w);
		doc = writes_json(&since);
		json_object_set_new(doc, "kept", json_sprintf("%s%s%s came after the last count, until the server was stopped: it is %s",
		                                              json_str(then, "kept", ""), then ? "; " : "", n, aside));
		event_emit(w->o->events, "warning", json_pack("{so}", "text", json_sprintf("new writes: %s", json_str(doc, "kept", ""))));
		if (journal_put_doc(w->journal, w->run, "writes", doc, &e) < 0)
			log_warn("%s", e.msg);
	}
	writes_done(&since);
}
