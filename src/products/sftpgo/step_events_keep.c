/* events_keep: keep the event actions and rules of the running server in a file, before a migration rewrites their texts.
 * params {"file":place,"release":"2.7.5","accept"?:[name],"local_time"?: bool,"paused"?:[rule]: that this run sets
 * inactive}; undo record {}: the file was not there; result {"sha256","notes":[text]}.
 * No encrypted password of an action is kept. The way back removes the file, if it is the run's own: it says so in itself. */
#include "engine/step.h"

#include <string.h>

#include "engine/file_undo.h"
#include "io/file.h"
#include "products/sftpgo/event_goal.h"
#include "products/sftpgo/event_report.h"
#include "products/sftpgo/event_rest.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "keep the event actions as they are in %s", json_str(json_object_get(params, "file"), "path", "?"));
	return buf_check(ret, "the description", e);
}

static const char *run_of(const struct ctx *c) { return c->run ? c->run : ""; }

static int open_place(struct ctx *c, const json_t *params, struct site **ret_site, struct dir *ret, const char **ret_rel, struct err *e)
{
	return ctx_site_of(c, params, ret_site, e) < 0 ? -(int)e->kind
						       : site_place(*ret_site, json_object_get(params, "file"), ret, ret_rel, e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct site *s;
	int there;

	if (open_place(c, params, &s, &d, &rel, e) < 0)
		return -(int)e->kind;
	there = dir_has(&d, rel, e);
	if (there > 0)
		return err_set(e, ERR_CHANGED, "'%s' is there by now", rel);
	*ret_undo = json_object();
	return there;
}

/* 1 the file is there and this run made it, 0 it is somebody else's; ERR_ABSENT there is none. */
static int is_ours(const struct ctx *c, const struct dir *d, const char *rel, struct err *e)
{
	autojson json_t *doc = NULL;
	struct err why = ERR_INIT;

	if (json_read(d, rel, EVENT_KEPT_MAX, &doc, &why) >= 0)
		return !strcmp(json_str(doc, EVENT_KEPT_BY, ""), run_of(c));
	if (why.kind == ERR_FORMAT || why.kind == ERR_SPACE || why.kind == ERR_REFUSED)
		return 0;
	*e = why;
	return -(int)e->kind;
}

/* Made by this run before it was killed, it is as good as made now. */
static int create(const struct ctx *c, const struct dir *d, const char *rel, struct sv text, struct err *e)
{
	int ours;

	if (file_create(d, rel, text, FILE_PRIVATE, e) >= 0)
		return 0;
	if (e->kind != ERR_EXISTS)
		return -(int)e->kind;
	err_clear(e);
	ours = is_ours(c, d, rel, e);
	return ours ? MIN_OF(ours, 0) : err_set(e, ERR_CHANGED, "'%s' is there by now", rel);
}

static int keep(struct ctx *c, struct site *s, const json_t *params, const struct dir *d, const char *rel, struct err *e)
{
	autobuf struct buf text = BUF_MAX(EVENT_KEPT_MAX);
	autojson json_t *dump = NULL, *kept = NULL;
	autorest struct rest api = { 0 };

	if (rest_login(s, &api, e) < 0 || events_dump_get(&api, &dump, e) < 0)
		return err_wrap(e, "ask for the event actions");
	kept = event_kept_of(dump, json_str(params, "release", ""), run_of(c), json_object_get(params, "paused"));
	json_pretty(kept, &text);
	if (buf_check(&text, "what is kept of the event actions", e) < 0)
		return -(int)e->kind;
	return create(c, d, rel, buf_sv(&text), e);
}

static int tell(const json_t *params, const struct event_kept *k, json_t **ret_result, struct err *e)
{
	autofree const char **accept = events_accepted(json_object_get(params, "accept"));
	struct event_judge j = { 0 };
	json_t *notes = NULL;

	if (event_kept_judge(k, NULL, accept, &j, e) < 0)
		return -(int)e->kind;
	event_judge_zone(&j, json_object_get(params, "local_time"));
	if (event_report(k, &j, json_str(json_object_get(params, "file"), "path", "?"), &notes, e) < 0)
		return -(int)e->kind;
	*ret_result = json_pack("{ss so}", "sha256", k->sha256, "notes", notes);
	return 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	auto_event_kept struct event_kept k = { 0 };
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct site *s;

	if (open_place(c, params, &s, &d, &rel, e) < 0 || file_drop_temps(&d, file_parent(rel), e) < 0 || keep(c, s, params, &d, rel, e) < 0 ||
	    event_kept_read(&d, rel, &k, e) < 0)
		return -(int)e->kind;
	return tell(params, &k, ret_result, e);
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	auto_event_kept struct event_kept k = { 0 };
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct site *s;

	*ret = STEP_NOT_DONE;
	if (!json_object_get(result, "sha256"))
		return 0;
	if (open_place(c, params, &s, &d, &rel, e) < 0 || event_kept_read(&d, rel, &k, e) < 0)
		return -(int)e->kind;
	*ret = strcmp(k.sha256, json_str(result, "sha256", "")) ? STEP_NOT_DONE : STEP_IS_DONE;
	return 0;
}

/* What somebody else put there meanwhile stays. */
static int undo_keep(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct site *s;
	int has_parent, ours;

	if (open_place(c, params, &s, &d, &rel, e) < 0)
		return -(int)e->kind;
	has_parent = dir_has(&d, file_parent(rel), e);
	if (has_parent < 0 || (has_parent && file_drop_temps(&d, file_parent(rel), e) < 0))
		return -(int)e->kind;
	ours = has_parent ? is_ours(c, &d, rel, e) : 0;
	if (ours == -ERR_ABSENT)
		err_clear(e);
	return ours > 0 ? dir_unlink(&d, rel, e) : ours == -ERR_ABSENT ? 0 : ours;
}

const struct step_kind step_events_keep = { "events_keep", 1, LIFE_DURABLE, describe, capture, apply, verify, undo_keep };
