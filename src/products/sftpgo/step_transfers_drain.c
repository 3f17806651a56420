/* transfers_drain: wait, for a bounded time, until no client uploads or downloads; what is still under way then is named, and cut
 * by the stop that follows. The server has no way to refuse new ones meanwhile. params {"within":"10m"}; result
 * {"asked","cut":[{"user","protocol","type","path","bytes","dir"}],"total","waited_ms","why","notes":[text]}: dir is where an
 * upload leaves its file behind; at most 100 of the total are named. A question that fails is asked again until the time is up,
 * a refused login now and then; without asked, why the last one failed. */
#include "engine/step.h"

#include "engine/container_move.h"
#include "engine/event.h"
#include "products/sftpgo/transfers.h"
#include "svc/container.h"

#define POLL         (500 * NS_PER_MS)
#define REFUSED_POLL (30 * NS_PER_S) /* a refused login counts with the server's defender */
#define NAMED        100

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "wait at most %s until no transfer is under way", json_str(params, "within", "0s"));
	return buf_check(ret, "the description", e);
}

/* A login that ended is taken anew: the file of a token may hold another by now. */
static int look(const struct site *s, struct rest *api, json_t **ret, struct err *e)
{
	if (!api->login && rest_login(s, api, e) < 0)
		return -(int)e->kind;
	if (transfers_now(api, ret, e) >= 0)
		return 0;
	rest_done(api);
	return -(int)e->kind;
}

static void say_unasked(struct ctx *c, const struct err *why)
{
	event_emit(c->events, "warning",
		   json_pack("{ss ss}", "text", "the server does not tell what is under way: it is asked again until the time is up", "why",
			     why->msg));
}

static int linger(struct ctx *c, int64_t for_ns, struct deadline until, struct err *e)
{
	struct deadline next = deadline_in(for_ns);

	do {
		if (c->cancel && atomic_load(&c->cancel->asked))
			return err_set(e, ERR_CANCELED, "interrupted");
		clock_sleep_ns(POLL);
	} while (!deadline_passed(next) && !deadline_passed(until));
	return 0;
}

/* One question that fails says nothing of the transfers: what counts is the last one. */
static int wait_idle(struct ctx *c, const struct site *s, struct rest *api, int64_t within_ns, json_t **ret, struct err *e)
{
	struct deadline until = deadline_in(within_ns);
	size_t most = 0, n;
	bool told = false;

	for (;;) {
		autojson json_t *active = NULL;
		struct err why = ERR_INIT;
		int got = look(s, api, &active, &why);

		n = json_array_size(active);
		most = MAX_OF(most, n);
		if (got >= 0)
			ctx_progress(c, most - n, most, "transfers");
		if (deadline_passed(until) || (got >= 0 && !n)) {
			*ret = take_ptr(active);
			*e = why;
			return got;
		}
		if (got < 0 && !told)
			say_unasked(c, &why);
		told = told || got < 0;
		if (linger(c, why.kind == ERR_DENIED ? REFUSED_POLL : POLL, until, e) < 0)
			return -(int)e->kind;
	}
}

/* Where an upload leaves its file, as this host calls it: the user's home, while the server can still be asked for it. */
static void name_dir(struct rest *api, const json_t *container, json_t *transfer)
{
	autofree char *path = rest_path("/api/v2/users/", json_str(transfer, "user", ""));
	autofree char *named = NULL, *dir = NULL;
	autojson json_t *user = NULL;
	struct err none = ERR_INIT;

	if (rest_get(api, path, &user, &none) >= 0)
		named = transfer_dir(user, json_str(transfer, "path", ""));
	if (named)
		dir = container ? container_outside(container, named) : take_ptr(named);
	if (dir)
		json_object_set_new(transfer, "dir", json_text(dir));
}

/* Of docker; {}, in which no path lies on this host, where it does not tell. NULL: the server runs in none. */
static json_t *container_seen(const struct site *s)
{
	const json_t *service = json_object_get(s->doc, "service");
	struct err none = ERR_INIT;
	json_t *seen = NULL;

	if (!container_is(json_str(service, "kind", NULL)))
		return NULL;
	return container_of(service, &seen, &none) < 0 ? json_object() : seen;
}

static void name_cut(struct ctx *c, const struct site *s, struct rest *api, json_t *cut)
{
	autojson json_t *container = json_array_size(cut) ? container_seen(s) : NULL;
	json_t *one;
	size_t i;

	json_array_foreach(cut, i, one)
	{
		name_dir(api, container, one);
		event_emit(c->events, "note",
			   json_pack("{so}", "text",
				     json_sprintf("cut by the stop: %s of '%s' by %s over %s", json_str(one, "type", "?"),
						  json_str(one, "path", "?"), json_str(one, "user", "?"),
						  json_str(one, "protocol", "?"))));
	}
}

static void note(struct ctx *c, json_t *notes, const char *kind, json_t *text)
{
	json_array_append(notes, text);
	event_emit(c->events, kind, json_pack("{so}", "text", text));
}

/* *ret_cut NULL: the server could not be asked to the end. */
static int drain(struct ctx *c, struct site *s, int64_t within_ns, json_t **ret_cut, size_t *ret_total, json_t *notes, struct err *e)
{
	autorest struct rest api = { 0 };

	if (wait_idle(c, s, &api, within_ns, ret_cut, e) < 0)
		return -(int)e->kind;
	*ret_total = json_array_size(*ret_cut);
	while (json_array_size(*ret_cut) > NAMED)
		json_array_remove(*ret_cut, NAMED);
	name_cut(c, s, &api, *ret_cut);
	if (*ret_total > NAMED)
		note(c, notes, "note", json_sprintf("cut by the stop: %zu transfers, of which the first %d are named", *ret_total, NAMED));
	return 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	const char *span = json_str(params, "within", "0s");
	int64_t within, began = clock_mono_ns();
	autojson json_t *cut = NULL, *notes = json_array();
	struct err why = ERR_INIT;
	size_t total = 0;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0)
		return -(int)e->kind;
	if (!clock_parse_span(span, &within))
		return err_set(e, ERR_USAGE, "'%s' is not a span of time", span);
	/* A server that does not answer is stopped all the same. */
	if (drain(c, s, within, &cut, &total, notes, &why) < 0) {
		if (why.kind == ERR_CANCELED)
			return err_set(e, ERR_CANCELED, "%s", why.msg);
		note(c, notes, "warning",
		     json_sprintf("the server did not tell what is under way: what the stop cuts is not named (%s)", why.msg));
	}
	*ret_result = json_pack("{sb so sI sI ss? sO}", "asked", cut != NULL, "cut", cut ? json_incref(cut) : json_array(), "total",
				(json_int_t)total, "waited_ms", (json_int_t)((clock_mono_ns() - began) / NS_PER_MS), "why",
				cut ? NULL : why.msg, "notes", notes);
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	/* A wait leaves nothing behind; its result says what was seen. */
	*ret = result ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;
}

const struct step_kind step_transfers_drain = { "transfers_drain", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, verify, undo };
