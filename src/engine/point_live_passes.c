/* The passes of a restore point while the server writes. */
#include "engine/point_leaving.h"

#include "base/clock.h"
#include "data/tree.h"

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
static int live_pass(struct point *p, const struct pass_opts *o, struct pass_stats *all, struct point_pass *ret, struct err *e)
{
	if (point_fill(p, PASS_LIVE, o, ret, e) < 0)
		return -e->kind;
	pass_stats_add(all, &ret->total);
	ret->total.copied_bytes = all->copied_bytes;
	return 0;
}

/* What is written during a pass is left for the one in the window: the shorter the last one, the less. */
static int shorten(struct point *p, const struct pass_opts *o, struct pass_stats *all, struct point_pass *ret, struct err *e)
{
	int64_t before = INT64_MAX;

	for (int i = 0; i < MORE_PASSES && ret->total.took_ns > SHORT_NS && ret->total.took_ns < before / 3 * 2; i++) {
		before = ret->total.took_ns;
		if (live_pass(p, o, all, ret, e) < 0)
			return -e->kind;
	}
	return 0;
}

int point_measure(const struct point *p, const struct cancel *cancel, uint64_t *ret, struct err *e)
{
	uint64_t sum = 0;
	json_t *root;
	size_t at;

	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		struct tree_opts o = { .cancel = cancel, .leave_out = leave_out_entry, .data = root };
		autodir struct dir live = DIR_NONE;
		struct tree_size size;

		if (dir_open(json_str(root, "path", ""), &live, e) < 0 || tree_measure(&live, &o, &size, e) < 0)
			return err_wrap(e, "measure '%s'", json_str(root, "path", ""));
		sum += size.data;
	}
	*ret = sum;
	return 0;
}

bool point_is_begun(const struct point *p)
{
	return json_object_get(json_array_get(json_object_get(p->doc, "roots"), 0), "bytes");
}

int point_fill_live(struct point *p, int64_t passes, const struct pass_opts *o,
                    struct point_pass *ret, struct err *e)
{
	struct pass_stats all = { 0 };
	struct pass_opts told = *o;
	struct point_pass back;

	told.before = &all;
	*ret = (struct point_pass){ 0 };
	/* At least one, for a copy that a killed pass left may not be what its index says. */
	for (int64_t i = 1; i == 1 || i < passes; i++) {
		if (live_pass(p, &told, &all, ret, e) < 0)
			return -e->kind;
		if (ret->total.copied_files == 0)
			break;
	}
	/* Before the last pass, because reading takes long: what that one copies is read back when the point is sealed. */
	if (point_read_back(p, &told, &back, e) < 0)
		return -e->kind;
	pass_stats_add(&all, &back.total);
	if (settle(p, e) < 0 || live_pass(p, &told, &all, ret, e) < 0 || shorten(p, &told, &all, ret, e) < 0)
		return -e->kind;
	ret->cached = back.cached;
	return 0;
}
