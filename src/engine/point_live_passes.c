/* The passes of a restore point while the server writes. */
#include "engine/restore_point.h"

#include "base/clock.h"

#define SETTLED_NS (50 * NS_PER_MS)     /* a syncfs this quick has nothing left to write (seen) */
#define SETTLE_WITHIN (30 * NS_PER_S)
#define SHORT_NS (250 * NS_PER_MS)      /* a pass this quick leaves nothing worth another one */
#define MORE_PASSES 4

/* Dirty pages are written out before the last pass, so that it is short, and the one syncfs in the window too. */
static int settle(const struct point *p, struct err *e)
{
	struct deadline d = deadline_in(SETTLE_WITHIN);
	int64_t began;

	do {
		began = clock_mono_ns();
		if (file_sync_fs(&p->dir, e) < 0)
			return -e->kind;
	} while (clock_mono_ns() - began > SETTLED_NS && !deadline_passed(d));
	return 0;
}

/* What was copied is told of all passes together, everything else of the last one. */
static int live_pass(struct point *p, const struct pass_opts *o, struct point_pass *ret,
                     struct err *e)
{
	uint64_t before = ret->total.copied_bytes;

	if (point_fill(p, PASS_LIVE, o, ret, e) < 0)
		return -e->kind;
	ret->total.copied_bytes += before;
	return 0;
}

/* What is written during a pass is left for the one in the window: the shorter the last one, the less. */
static int shorten(struct point *p, const struct pass_opts *o, struct point_pass *ret,
                   struct err *e)
{
	int64_t before = INT64_MAX;

	for (int i = 0; i < MORE_PASSES && ret->total.took_ns > SHORT_NS && ret->total.took_ns < before / 3 * 2; i++) {
		before = ret->total.took_ns;
		if (live_pass(p, o, ret, e) < 0)
			return -e->kind;
	}
	return 0;
}

int point_fill_live(struct point *p, int64_t passes, const struct pass_opts *o,
                    struct point_pass *ret, struct err *e)
{
	struct point_pass back;

	*ret = (struct point_pass){ 0 };
	/* At least one, for a copy that a killed pass left may not be what its index says. */
	for (int64_t i = 1; i == 1 || i < passes; i++) {
		if (live_pass(p, o, ret, e) < 0)
			return -e->kind;
		if (ret->total.copied_files == 0)
			break;
	}
	/* Before the last pass, because reading takes long: what that one copies is read back when the point is sealed. */
	if (point_read_back(p, o, &back, e) < 0 || settle(p, e) < 0 || live_pass(p, o, ret, e) < 0 ||
	    shorten(p, o, ret, e) < 0)
		return -e->kind;
	ret->cached = back.cached;
	return 0;
}
