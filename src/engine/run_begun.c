/* What ran when the run began. A plain process that the run has stopped is started again by the undo of the stop; one that a
 * reboot ended before that would be started by nobody. So the undo record of the stop is taken at the begin, too, and kept as
 * the document "began": {"boot","step","undo"}; the launch record it names is a 0600 blob of the run.
 *
 * A server that was down when the run began, or that somebody stopped since and under the same boot, stays down. */
#include "engine/run_world.h"

#include <string.h>

#include "io/proc.h"

#define BEGAN "began"

static const struct step *stop_of(const struct world *w)
{
	vec_each(&w->plan.steps, s)
		if (!strcmp(s->kind->name, "service_stop"))
			return s;
	return NULL;
}

/* A service manager starts at boot what it was told to; what no manager keeps is started by nobody. */
static int is_managed(struct world *w, const struct step *stop, bool *ret, struct err *e)
{
	struct service *service;
	struct site *site;

	if (ctx_site_of(&w->ctx, stop->params, &site, e) < 0 || site_service(site, &service, e) < 0)
		return -e->kind;
	*ret = service->ops->hold != NULL;
	return 0;
}

int run_note_server(struct world *w, struct err *e)
{
	const struct step *stop = stop_of(w);
	autojson json_t *undo = NULL, *doc = NULL;
	struct err why = ERR_INIT;
	bool managed = false;
	char boot[64];

	if (!stop || is_managed(w, stop, &managed, &why) < 0 || managed)
		return 0;
	/* The stop itself will refuse for the same reason, and then with nothing changed. */
	if (stop->kind->capture(&w->ctx, stop->params, &undo, &why) < 0) {
		event_emit(w->o->events, "warning", json_pack("{ss}", "text", why.msg));
		return 0;
	}
	if (proc_boot_id(boot, e) < 0)
		return -e->kind;
	doc = json_pack("{ss ss sO}", "boot", boot, "step", stop->id, "undo", undo);
	return journal_put_doc(w->journal, w->run, BEGAN, doc, e);
}

static bool was_running(const json_t *undo)
{
	return !strcmp(json_str(undo, "was", ""), "running");
}

/* Did a boot end it before the run stopped it? `undo` borrows from `began`. */
static int ended_by_boot(struct world *w, const json_t *began, const struct step *stop, bool *ret, struct err *e)
{
	struct step_rec rec = { 0 };
	char boot[64];

	*ret = false;
	if (!was_running(json_object_get(began, "undo")) || proc_boot_id(boot, e) < 0 ||
	    !strcmp(json_str(began, "boot", boot), boot))
		return -(int)e->kind;
	if (journal_step(w->journal, w->run, stop->id, &rec, e) < 0)
		return -e->kind;
	*ret = !was_running(rec.undo);
	step_rec_done(&rec);
	return 0;
}

int run_start_again(struct world *w, struct err *e)
{
	const struct step *stop = stop_of(w);
	autojson json_t *began = NULL;
	struct err absent = ERR_INIT;
	bool ended = false;

	if (!stop || journal_get_doc(w->journal, w->run, BEGAN, &began, &absent) < 0)
		return 0;
	if (ended_by_boot(w, began, stop, &ended, e) < 0)
		return -e->kind;
	if (!ended)
		return 0;
	w->ctx.backward = true;
	event_emit(w->o->events, "note", json_pack("{ss}", "text", "the server that a reboot ended is started again"));
	return stop->kind->undo(&w->ctx, stop->params, json_object_get(began, "undo"), e);
}
