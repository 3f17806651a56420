/* verify_world: compare the new world with the facts frozen in the window.
 * params {"depth":"gate|deep","within":"5m","frozen":as facts_freeze gives them}; result {"worst","different","unproved","same",
 * "differences":digest,"level","compared"}. At the gate a difference fails the step; after opening it is for the run to say. A fault that is not
 * the new world's (our own timeout, a broken connection) is retried to the deadline and then counts as not proved. */
#include "engine/product.h"

#include <string.h>

#include "engine/event.h"
#include "io/image.h"

#define WITHIN (300 * NS_PER_S)
#define AGAIN  (500 * NS_PER_MS)

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	bool gate = !strcmp(json_str(params, "depth", "deep"), "gate");

	buf_adds(ret, gate ? "check the new world before clients are let in" : "compare the new world with the old one");
	return buf_check(ret, "the description", e);
}

static bool not_the_worlds_fault(const struct err *e)
{
	return e->kind == ERR_TIMEOUT || e->kind == ERR_IO || e->kind == ERR_BUSY;
}

/* 1 compared, 0 the new world could not be asked. */
static int compare(struct ctx *c, const json_t *params, struct comparisons *ret, struct err *e)
{
	const char *span = json_str(params, "within", NULL);
	enum depth depth = strcmp(json_str(params, "depth", "deep"), "gate") ? DEPTH_DEEP : DEPTH_GATE;
	autofacts struct facts frozen = { 0 };
	int64_t within = WITHIN;
	struct deadline until;

	if (facts_kept(json_object_get(params, "frozen"), &c->blobs, "the frozen facts", &frozen, e) < 0)
		return -e->kind;
	if (span && !clock_parse_span(span, &within))
		return err_set(e, ERR_BUG, "'%s' is not a span of time", span);
	until = deadline_in(within);
	for (;;) {
		if (c->product->verify(c, &frozen, c->goal, depth, ret, e) >= 0)
			return 1;
		if (!not_the_worlds_fault(e))
			return -e->kind;
		comparisons_done(ret);
		*ret = (struct comparisons){ 0 };
		if (deadline_passed(until))
			break;
		err_clear(e);
		clock_sleep_ns(AGAIN);
	}
	cmp_add(ret, CMP_UNPROVED, "the new world", "comparison", NULL, NULL, NULL, e->msg);
	err_clear(e);
	return 0;
}

static int count(const struct comparisons *cmp, enum outcome o)
{
	int n = 0;

	vec_each(cmp, it)
		n += it->outcome == o;
	return n;
}

static int keep(struct ctx *c, const struct comparisons *cmp, bool compared, json_t **ret_result, struct err *e)
{
	autobuf struct buf text = BUF_MAX(16u << 20);
	autojson json_t *doc = comparisons_json(cmp);
	char digest[DIGEST_TEXT];

	json_canonical(doc, &text);
	if (buf_check(&text, "the differences", e) < 0 || blob_put(&c->blobs, buf_sv(&text), digest, e) < 0)
		return -e->kind;
	*ret_result = json_pack("{ss si si sI ss ss? sb}", "worst", json_str(doc, "worst", "same"), "different",
	                        count(cmp, CMP_DIFFERENT), "unproved", count(cmp, CMP_UNPROVED), "same",
	                        (json_int_t)cmp->same, "differences", digest, "level", cmp->level, "compared", compared);
	return 0;
}

static int refuse(const struct comparisons *cmp, struct err *e)
{
	vec_each(cmp, it)
		if (it->outcome == CMP_DIFFERENT)
			return err_set(e, ERR_CHANGED, "%s: %s was '%s', is '%s'", it->subject, it->what,
			               it->was ? it->was : "absent", it->is ? it->is : "absent");
	return 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct comparisons cmp = { 0 };
	int r = compare(c, params, &cmp, e);

	if (r >= 0)
		r = keep(c, &cmp, r > 0, ret_result, e);
	if (r >= 0 && !strcmp(json_str(params, "depth", "deep"), "gate"))
		r = refuse(&cmp, e);
	comparisons_done(&cmp);
	return r;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	*ret = json_object_get(result, "differences") ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;
}

const struct step_kind step_verify_world = { "verify_world", 1, LIFE_BOOT, describe, step_capture_nothing, apply, verify, undo, .harmless = true };
