/* wal_drain: wait, for a bounded time, until the server has applied the transactions it had when
 * the step began. A stop does not apply them (seen on 9.0.3 and 9.3.4), the next start does; so
 * what remains is recorded and is no failure. Under live writers the sequencer moves on: drained
 * means what it was at the beginning. params {"within":"30s"}; result
 * {"asked","pending","waited_ms","lag":{table: transactions},"why"}: pending -1, and why, when the
 * server could not be asked. */
#include "engine/step.h"

#include "base/clock.h"
#include "products/questdb/sql.h"

#define WITHIN (30 * NS_PER_S)
#define ASK_WITHIN (5 * NS_PER_S)
#define POLL (100 * NS_PER_MS)
#define SHOWN_TABLES 100

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "wait at most %s until the WAL is applied",
		 json_str(params, "within", "30s"));
	return buf_check(ret, "the description", e);
}

/* {table: sequencerTxn} as it is now; suspended tables apply nothing and are not waited for. */
static int ask_goal(const struct sql *db, json_t **ret, struct err *e)
{
	autorows struct sql_rows r = { 0 };
	autojson json_t *goal = json_object();

	if (sql_ask(db, "select name, suspended, writerTxn, sequencerTxn from wal_tables()",
		    ASK_WITHIN, &r, e) < 0)
		return -e->kind;
	for (size_t i = 0; i < r.n; i++) {
		const char *name = sql_text(&r, i, "name");

		if (name && !sql_bool(&r, i, "suspended", false))
			json_object_set_new(goal, name,
					    json_integer(sql_int(&r, i, "sequencerTxn", 0)));
	}
	*ret = take_ptr(goal);
	return 0;
}

/* What is still to be applied of the goal, in transactions; the tables of it into lag. */
static int ask_lag(const struct sql *db, const json_t *goal, json_t *lag, int64_t *ret,
		   struct err *e)
{
	autorows struct sql_rows r = { 0 };
	int64_t sum = 0;

	json_object_clear(lag);
	if (sql_ask(db, "select name, writerTxn from wal_tables()", ASK_WITHIN, &r, e) < 0)
		return -e->kind;
	for (size_t i = 0; i < r.n; i++) {
		const char *name = sql_text(&r, i, "name");
		int64_t left = name ? json_int(goal, name, 0) - sql_int(&r, i, "writerTxn", 0) : 0;

		if (left <= 0)
			continue;
		sum += left;
		if (json_object_size(lag) < SHOWN_TABLES)
			json_object_set_new(lag, name, json_integer(left));
	}
	*ret = sum;
	return 0;
}

static int wait_drained(struct ctx *c, const struct sql *db, int64_t within_ns, json_t *lag,
			int64_t *ret, struct err *e)
{
	struct deadline d = deadline_in(within_ns);
	autojson json_t *goal = NULL;
	int64_t total = -1;

	if (ask_goal(db, &goal, e) < 0)
		return -e->kind;
	for (;;) {
		if (ask_lag(db, goal, lag, ret, e) < 0)
			return -e->kind;
		if (total < 0)
			total = *ret;
		ctx_progress(c, (uint64_t)(total > *ret ? total - *ret : 0), (uint64_t)total,
			     "transactions");
		if (*ret == 0 || deadline_passed(d))
			return 0;
		if (c->cancel && atomic_load(&c->cancel->asked))
			return err_set(e, ERR_CANCELED, "interrupted");
		clock_sleep_ns(POLL);
	}
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result,
		 struct err *e)
{
	const char *span = json_str(params, "within", NULL);
	int64_t within = WITHIN, pending = -1, began = clock_mono_ns();
	autojson json_t *lag = json_object();
	autosql struct sql db = { 0 };
	struct err why = ERR_INIT;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0)
		return -e->kind;
	if (span && !clock_parse_span(span, &within))
		return err_set(e, ERR_USAGE, "'%s' is not a span of time", span);
	/* A server that is stopped or wants another login cannot be asked; its tree is read when it
	 * stands still. */
	if (sql_open(s, &db, &why) < 0 || wait_drained(c, &db, within, lag, &pending, &why) < 0) {
		if (why.kind == ERR_CANCELED)
			return err_set(e, ERR_CANCELED, "%s", why.msg);
		pending = -1;
	}
	*ret_result =
	    json_pack("{sb sI sI sO ss?}", "asked", pending >= 0, "pending", (json_int_t)pending,
		      "waited_ms", (json_int_t)((clock_mono_ns() - began) / NS_PER_MS), "lag", lag,
		      "why", pending < 0 ? why.msg : NULL);
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret,
		  struct err *e)
{
	/* A wait leaves nothing behind; its result says what was seen. */
	*ret = result ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;
}

const struct step_kind step_wal_drain = { "wal_drain", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, verify, undo };
