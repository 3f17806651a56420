/* What clients wrote since the switch, before the way back is gone: counted, named, saved aside, agreed to. */
#include <stdio.h>
#include <string.h>

#include "engine/gate_of.h"
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

/* Close the gate the plan has, or let clients in again: 1 done, 0 the plan has none, or who asked before it was closed may still be
 * answered. No proxy: it is not in the journal that it is down, and a call that is killed would leave it so, over every boot. */
static int set_gate(struct world *w, bool closed, struct err *e)
{
	vec_each(&w->plan.steps, s) {
		struct gate_of g;

		if (strcmp(s->kind->name, "gate_close"))
			continue;
		if (gate_of_site(&w->ctx, s->params, &g, e) < 0)
			return -e->kind;
		if (g.proxy)
			return 0;
		return closed ? gate_of_close(&g, e) : gate_of_open(&g, e);
	}
	return 0;
}

/* Is what clients wrote kept whole by the way back itself? A snapshot is put back over it. */
static bool sets_aside(const struct world *w)
{
	return !strcmp(json_str(json_object_get(w->plan.doc, "restore_point"), "kind", "tree"), "tree");
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
		return sets_aside(w) ? 1 : err_set(e, ERR_REFUSED, "%s has no export", w->product->title);
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

/* 1 when nobody could write any more, 0 when somebody could, -kind. */
static int save_behind_gate(struct world *w, const struct facts *frozen, struct writes *since, struct err *e)
{
	struct err own = ERR_INIT;
	int settled, gated = set_gate(w, true, e);

	settled = gated < 0 ? gated : save_writes(w, frozen, since, e);
	if (!settled && !sets_aside(w))
		settled = err_set(e, ERR_REFUSED, "clients went on writing while their writes were exported");
	if (settled < 0) {
		if (set_gate(w, false, &own) < 0)
			event_emit(w->o->events, "note", json_pack("{ss ss}", "text", "the gate stays closed", "why", own.msg));
		err_wrap(e, "save new writes");
		return err_hint(e, "%s; '--accept-loss new-writes' goes on without the export",
		                sets_aside(w) ? "the new world's data is set aside whole in any case" :
		                                "the snapshot is put back over what was written");
	}
	return settled && gated;
}

/* Where they are, and without a gate those of the time between the export and the stop, which nobody counted: for the report. */
static json_t *where_kept(struct world *w, bool all)
{
	autofree char *trash = world_trash(w);
	autofree char *aside = trash && sets_aside(w) && !w->ctx.accept_in_place ?
	                               xasprintf("only in the new world's data, which is set aside whole below '%s': the new build reads it; what a database server "
	                                         "has of it goes into a dump in the restore point, where one can be made", trash) :
	                               xstrdup("in no copy");

	if (!w->o->save_writes)
		return json_sprintf("they were given up as agreed, and are %s", aside);
	if (all)
		return json_sprintf("they are saved in '%s/%s'", w->o->save_writes, w->run);
	return json_sprintf("they are saved in '%s/%s'; what clients write from then until the server is stopped is %s", w->o->save_writes, w->run, aside);
}

static int keep_writes(struct world *w, const struct writes *since, bool all, struct err *e)
{
	autojson json_t *doc = writes_json(since);

	json_object_set_new(doc, "kept", where_kept(w, all));
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

int run_account_for_writes(struct world *w, struct run_end *ret)
{
	autofacts struct facts frozen = { 0 };
	struct writes since = { 0 };
	struct err e = ERR_INIT;
	int code = 0, all = 0;

	if (run_puts_back(&w->plan))
		return account_for_restored(w, ret);
	if (!w->ctx.point_passed || ctx_keeps_data(&w->ctx) || !w->product->since || run_frozen(w, &frozen, &e) < 0)
		return 0;
	count_writes(w, &frozen, &since);
	if (since.transactions && !w->o->save_writes && !loss_accepted(w->o, "new-writes")) {
		say_writes(&since, &e);
		code = run_says(ret, EXIT_LOSS, &e, "%s", e.msg);
	} else if (since.transactions && w->o->save_writes && (all = save_behind_gate(w, &frozen, &since, &e)) < 0) {
		code = run_says(ret, EXIT_LOSS, &e, "%s", e.msg);
	}
	if (!code && since.transactions && keep_writes(w, &since, all, &e) < 0)
		code = run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	writes_done(&since);
	return code;
}
