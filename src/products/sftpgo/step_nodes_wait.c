/* nodes_wait: wait, for a bounded time and while this server goes on, until no other node is alive on a shared provider: by their signs
 * of life, and by sessions of the same account that are not this server's own. One that is alive when the time is over turns the
 * run back: nothing was changed yet. params {"within":"10m","node": where the others reach this one,"what"};
 * result {"waited_ms"}. */
#include "engine/step.h"

#include <string.h>

#include "engine/event.h"
#include "products/sftpgo/nodes.h"
#include "products/sftpgo/sessions.h"

#define LOOK_AGAIN NS_PER_S
#define TELL_AGAIN (10 * NS_PER_S) /* sessions come and go: not each of them is news */

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "wait at most %s until no other node is alive", json_str(params, "within", "0s"));
	return buf_check(ret, "the description", e);
}

/* ERR_CHANGED, named, while there is one. */
static int nobody_else(struct ctx *c, const json_t *params, struct err *e)
{
	if (nodes_none(c, json_str(params, "node", ""), json_str(params, "what", "the database"), e) < 0)
		return -(int)e->kind;
	return sessions_own(c, e);
}

/* What people were told last. */
struct told {
	char text[sizeof((struct err *)0)->msg];
	struct deadline again;
};

static void tell(struct ctx *c, const struct err *who, struct told *last)
{
	if (!strcmp(who->msg, last->text) || (*last->text && !deadline_passed(last->again)))
		return;
	memcpy(last->text, who->msg, sizeof last->text);
	last->again = deadline_in(TELL_AGAIN);
	event_emit(c->events, "note", json_pack("{so}", "text", json_sprintf("waits: %s", who->msg)));
}

static int await_nobody(struct ctx *c, const json_t *params, const char *span, int64_t within, struct err *e)
{
	struct deadline until = deadline_in(within);
	int64_t began = clock_mono_ns();
	struct told last = { 0 };

	for (;;) {
		struct err who = ERR_INIT;

		if (nobody_else(c, params, &who) >= 0)
			return 0;
		if (who.kind != ERR_CHANGED) {
			*e = who;
			return -(int)e->kind;
		}
		if (deadline_passed(until)) {
			err_set(e, ERR_TIMEOUT, "%s are over: %s", span, who.msg);
			return err_hint(e, "%s", who.hint);
		}
		tell(c, &who, &last);
		ctx_progress(c, (uint64_t)((clock_mono_ns() - began) / NS_PER_S), (uint64_t)(within / NS_PER_S), "s");
		if (c->cancel && atomic_load(&c->cancel->asked))
			return err_set(e, ERR_CANCELED, "interrupted");
		clock_sleep_ns(LOOK_AGAIN);
	}
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo unused_arg, json_t **ret_result, struct err *e)
{
	const char *span = json_str(params, "within", "0s");
	int64_t within, began = clock_mono_ns();

	if (!clock_parse_span(span, &within))
		return err_set(e, ERR_USAGE, "'%s' is not a span of time", span);
	if (await_nobody(c, params, span, within, e) < 0)
		return -(int)e->kind;
	*ret_result = json_pack("{sI}", "waited_ms", (json_int_t)((clock_mono_ns() - began) / NS_PER_MS));
	return 0;
}

static int undo(struct ctx *c unused_arg, const json_t *params unused_arg, const json_t *undo unused_arg, struct err *e unused_arg)
{
	return 0;
}

const struct step_kind step_nodes_wait = { "nodes_wait", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, step_verify_result, undo };
