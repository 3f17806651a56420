/* seatable_wait: until the server answers at all its doors, three times in a row, as the edition and version wanted. Its container being
 * up says nothing: without a licence it idles for ever, and its health is dtable-web's alone (facts/seatable 6.4).
 * params {"container","edition","version","within":"5m","stall":"3m"}; result {"edition","version","ready_ms","started": when its container was}.
 *
 * The container's own log is its progress: what is new of it is told. Its own upgrade of the databases writes into a file, so that counts,
 * too; a server that neither says nor answers anything new for `stall` is given up. What only a start says, and means its end, ends the wait
 * at once. */
#include <string.h>

#include "base/mem.h"
#include "engine/container_logs.h"
#include "engine/event.h"
#include "engine/serve.h"
#include "products/seatable/log_files.h"
#include "products/seatable/seatable.h"
#include "products/seatable/server.h"
#include "products/seatable/version.h"
#include "svc/container.h"

#define WITHIN    (300 * NS_PER_S)
#define STALL     (180 * NS_PER_S)
#define ASK_EVERY (100 * NS_PER_MS)
#define LOOK_EVERY NS_PER_S     /* into the container: programs started there are work beside a server that starts */
#define ONE_PROBE NS_PER_S
#define TIMES     3
#define LOG_MAX   (256u << 10)
#define LINE_TOLD 300
#define TOLD_MAX  60    /* lines of the log that are told */
#define UPGRADE   "init.log" /* where the container's own upgrade writes; the other files grow by the questions asked here, too */

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "wait until every door of SeaTable answers as %s edition %s", json_str(params, "edition", "the same"),
		 json_str(params, "version", ""));
	return buf_check(ret, "the description", e);
}

struct wait {
	struct ctx *c;
	const json_t *params;
	struct site *site;
	char *last_line;        /* of the log, that was told */
	json_t *pings;          /* last seen */
	json_t *files, *upgrade; /* sea_log_marks() of the beginning; of UPGRADE, last seen */
	int told, in_row;
	bool alive;             /* something is new since the look before, however long that took */
	struct deadline until, stall, look;
	char why[300];          /* it is not ready */
};

static void wait_done(struct wait *w)
{
	free(w->last_line);
	json_decref(w->pings);
	json_decref(w->files);
	json_decref(w->upgrade);
}

static void is_alive(struct wait *w)
{
	w->alive = true;
	w->stall = deadline_in(params_span(w->params, "stall", STALL));
}

/* ---- the log ---- */

static const struct {
	const char *words, *cause;
} ends[] = {
	{ "Missing SeaTable License!", "it finds no licence" },
	{ "SeaTable License Expired!", "its licence has run out, or has no date that it can read" },
	{ "seatable-license.txt: Is a directory", "its licence is a directory" },
};

static int judge_line(struct sv line, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (memmem(line.p, line.n, ends[i].words, strlen(ends[i].words)))
			return err_set(e, ERR_REFUSED, "the server will not start: %s ('" SV_FMT "')", ends[i].cause,
				       (int)MIN_OF(line.n, 120u), line.p);
	return 0;
}

static void tell_line(struct wait *w, struct sv line)
{
	autofree char *text = xstrndup(line.p, MIN_OF(line.n, (size_t)LINE_TOLD));
	autojson json_t *clean = json_text(text);

	is_alive(w);
	if (w->told++ < TOLD_MAX)
		event_emit(w->c->events, "note", json_pack("{so}", "text", json_sprintf("the container says: %s", json_string_value(clean))));
}

/* Where what was told ends; the beginning when it is out of sight. */
static struct sv untold(const struct wait *w, struct sv log)
{
	struct sv rest = log, after = log;

	while (w->last_line && rest.n) {
		struct sv line = sv_trim(sv_line(&rest));

		if (sv_eq(line, w->last_line))
			after = rest;
	}
	return after;
}

static int read_log(struct wait *w, struct err *e)
{
	const char *container = json_str(w->params, "container", "");
	autobuf struct buf log = BUF_MAX(LOG_MAX);
	struct err quiet = ERR_INIT;
	autojson json_t *seen = NULL;
	struct sv rest;

	if (container_inspect(container, &seen, &quiet) < 0 || container_logs(container, &log, &quiet) < 0)
		return 0;       /* that it is gone is told by its state */
	container_log_cut(&product_seatable, seen, &log);
	rest = untold(w, buf_sv(&log));
	while (rest.n) {
		struct sv line = sv_trim(sv_line(&rest));

		if (!line.n)
			continue;
		tell_line(w, line);
		free(w->last_line);
		w->last_line = sv_dup(line);
		if (judge_line(line, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

static void watch_upgrade(struct wait *w)
{
	autojson json_t *marks = sea_log_marks(w->site);
	json_t *now = json_object_get(marks, UPGRADE);

	if (!now || json_equal(now, w->upgrade))
		return;
	is_alive(w);
	json_decref(w->upgrade);
	w->upgrade = json_incref(now);
}

/* What its programs complain of in files behind the reason: docker's log has the start script's words alone. */
static int not_ready(const struct wait *w, const char *what, struct err *e)
{
	struct err quiet = ERR_INIT;
	autojson json_t *seen = NULL, *clean = NULL;
	autofree char *line = NULL;

	if (container_inspect(json_str(w->params, "container", ""), &seen, &quiet) >= 0)
		line = sea_log_last_error(w->site, seen, w->files);
	clean = json_text(line ? line : "");
	return err_set(e, ERR_TIMEOUT, "%s: %s%s%s%s", what, w->why, line ? " (seatable/logs/" : "", json_string_value(clean), line ? ")" : "");
}

/* ---- the doors ---- */

static bool all_open(struct wait *w, const json_t *pings)
{
	const char *door;
	const json_t *why;

	json_object_foreach((json_t *)pings, door, why)
	{
		if (!*json_string_value(why) || !sea_door_is_wanted(door, json_str(w->params, "version", NULL)))
			continue;
		snprintf(w->why, sizeof w->why, "'%s': %s", door, json_string_value(why));
		return false;
	}
	return json_object_size(pings) > 0;
}

/* An edition in words that nobody knows is not held against it: the release and the doors are right. */
static int answers_as(const struct wait *w, const json_t *says, struct err *e)
{
	const char *version = json_str(w->params, "version", ""), *edition = json_str(w->params, "edition", "");
	const char *is = sea_edition_of(json_str(says, "edition", ""));

	if (*version && strcmp(json_str(says, "version", ""), version) != 0)
		return err_set(e, ERR_CHANGED, "the server answers as version '%s', not '%s'", json_str(says, "version", "?"), version);
	if (*edition && is && strcmp(is, edition) != 0)
		return err_set(e, ERR_CHANGED, "the server answers as %s edition, not %s", is, edition);
	return 0;
}

static void ask_doors(struct wait *w, json_t **ret_says)
{
	autobuf struct buf said = BUF_MAX(LOG_MAX);
	autojson json_t *pings = NULL;
	struct err quiet = ERR_INIT;
	bool open;

	*ret_says = NULL;
	if (sea_server_ask(json_str(w->params, "container", ""), &said, &quiet) < 0) {
		snprintf(w->why, sizeof w->why, "%s", quiet.msg);
		w->in_row = 0;
		return;
	}
	sea_server_read(buf_sv(&said), ret_says, &pings);
	if (!json_equal(pings, w->pings))
		is_alive(w);
	json_decref(w->pings);
	w->pings = json_incref(pings);
	open = all_open(w, pings) && *ret_says;
	w->in_row = open ? w->in_row + 1 : 0;
}

static int has_ended(struct wait *w, struct err *e)
{
	struct svc_state now = { 0 };
	struct service *service;

	if (site_service(w->site, &service, e) < 0 || service->ops->state(service, &now, e) < 0)
		return -(int)e->kind;
	return now.run == SVC_STOPPED || now.run == SVC_FAILED ?
		       err_set(e, ERR_REFUSED, "the server ended before it answered: %s", now.detail) :
		       0;
}

static int may_wait_on(struct wait *w, struct err *e)
{
	if (has_ended(w, e) < 0)
		return -(int)e->kind;
	if (deadline_passed(w->until))
		return not_ready(w, "the server is not ready", e);
	if (!w->alive && deadline_passed(w->stall))
		return not_ready(w, "the server says nothing new and is not ready", e);
	return 0;
}

/* By its address, which costs nothing: worth a look inside? */
static bool answers_outside(const struct wait *w)
{
	struct probe seen = { 0 };
	struct err ignored = ERR_INIT;

	return w->c->product->probe(w->site, false, ONE_PROBE, &seen, &ignored) >= 0 && seen.serving;
}

/* All that is to be seen of it at once. */
static int look_inside(struct wait *w, json_t **ret_says, struct err *e)
{
	w->look = deadline_in(LOOK_EVERY);
	w->alive = false;
	ask_doors(w, ret_says);
	if (read_log(w, e) < 0)
		return -(int)e->kind;
	watch_upgrade(w);
	return w->in_row >= TIMES ? 0 : may_wait_on(w, e);
}

/* ret_says: what it answered at last. */
static int wait_on(struct wait *w, json_t **ret_says, struct err *e)
{
	for (;;) {
		autojson json_t *says = NULL;

		if ((deadline_passed(w->look) || answers_outside(w)) && look_inside(w, &says, e) < 0)
			return -(int)e->kind;
		if (w->in_row >= TIMES) {
			*ret_says = json_incref(says);
			return answers_as(w, says, e);
		}
		if (w->c->cancel && atomic_load(&w->c->cancel->asked) && !w->c->backward)
			return err_set(e, ERR_CANCELED, "interrupted while the server started");
		clock_sleep_ns(ASK_EVERY);
	}
}

/* "": docker does not say. */
static json_t *started(const json_t *params)
{
	autojson json_t *seen = NULL;
	struct err ignored = ERR_INIT;

	if (container_inspect(json_str(params, "container", ""), &seen, &ignored) < 0)
		return json_string("");
	return json_string(json_str(json_object_get(seen, "State"), "StartedAt", ""));
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo unused_arg, json_t **ret_result, struct err *e)
{
	cleanup_with(wait_done) struct wait w = { .c = c,
						  .params = params,
						  .until = deadline_in(params_span(params, "within", WITHIN)),
						  .stall = deadline_in(params_span(params, "stall", STALL)),
						  .look = deadline_in(LOOK_EVERY) };
	autojson json_t *says = NULL;
	int64_t began = clock_mono_ns();

	if (ctx_site_of(c, params, &w.site, e) < 0)
		return -(int)e->kind;
	w.files = sea_log_marks(w.site);
	if (wait_on(&w, &says, e) < 0)
		return -(int)e->kind;
	*ret_result = json_pack("{ss ss sI so}", "edition", json_str(says, "edition", ""), "version", json_str(says, "version", ""), "ready_ms",
				(json_int_t)((clock_mono_ns() - began) / NS_PER_MS), "started", started(params));
	return 0;
}

static int undo(struct ctx *c unused_arg, const json_t *params unused_arg, const json_t *undo unused_arg, struct err *e unused_arg)
{
	return 0;
}

const struct step_kind step_seatable_wait = { "seatable_wait", 1, LIFE_BOOT, describe, step_capture_nothing, apply,
					      step_verify_result, undo, .harmless = true };
