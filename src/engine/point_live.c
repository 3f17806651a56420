/* A restore point going live, and back. */
#include "engine/point_leaving.h"

#include <string.h>

#include "data/exchange.h"
#include "data/tree.h"

#define STAGE_SPARE (64u << 20)
#define LOOK_MAX    (64u << 20)         /* as many entries as can be exchanged take some 20 MiB, with names of usual length */

/* On one mount with its root: an exchange can put it live. */
static int exchangeable(const json_t *root, bool *ret, struct err *e)
{
	autodir struct dir live = DIR_NONE, keep = DIR_NONE;

	if (dir_open(json_str(root, "path", ""), &live, e) < 0 || dir_open(json_str(root, "keep", ""), &keep, e) < 0)
		return -e->kind;
	return dir_share_fs(&live, &keep, ret, e);
}

int point_is_unused(const struct point *p, const char *run, struct err *e)
{
	const char *by = json_str(p->doc, POINT_LIVE_BY, run);

	if (p->state != POINT_SPENT || !strcmp(by, run))
		return 0;
	err_set(e, ERR_CHANGED, "restore point '%s' went live by run %s: it is no longer what was copied, and its server wrote to it", p->id, by);
	return err_hint(e, "what is live stays; 'crossgrade finalize %s' ends the run, 'crossgrade backup list' shows other restore points", run);
}

struct going {                  /* a restore point going live, or back */
	const char *run;
	bool        back, in_place;
};

static int look_root(const json_t *root, const char *kept_path, json_t **ret, struct err *e)
{
	autodir struct dir live = DIR_NONE, kept = DIR_NONE;

	if (dir_open(json_str(root, "path", ""), &live, e) < 0 || dir_open(kept_path, &kept, e) < 0)
		return -e->kind;
	return exchange_look(&live, &kept, leave_out_name, (json_t *)root, ret, e);
}

int point_look(struct point *p, json_t **ret, struct err *e)
{
	autojson json_t *looks = json_object();
	json_t *root;
	size_t at;

	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		const char *name = json_str(root, "name", "");
		json_t *look = NULL;
		bool same = false;

		if (exchangeable(root, &same, e) < 0)
			return -e->kind;
		if (!same)
			continue;       /* looked at when it has been copied beside the data */
		if (look_root(root, json_str(root, "keep", ""), &look, e) < 0)
			return err_wrap(e, "look at '%s'", json_str(root, "path", ""));
		json_object_set_new(looks, name, look);
	}
	*ret = take_ptr(looks);
	return 0;
}

static char *staged_path(const char *run, const char *beside, const char *name)
{
	return xasprintf("%s/staged/%s/%s", beside, run, name);
}

static char *look_of(const char *run, const char *name)
{
	return xasprintf("staged-%s-%s.json", run, name);
}

/* A point kept on another file system is copied beside the data first, so that going live is still an exchange. The look at
 * the copy is written beside it before the first rename: it is what makes a repetition safe. */
static int stage_beside(const struct going *g, const json_t *root, const char *staged, const struct dir *home,
                        const char *look_name, json_t **ret, struct err *e)
{
	struct pass_opts o = { .leave_out = leave_out_entry, .data = (json_t *)root, .distrust_times = true };
	autodir struct dir from = DIR_NONE, to = DIR_NONE;
	autobuf struct buf text = BUF_MAX(LOOK_MAX);
	struct pass_stats stats;
	struct pass_index *ix;
	int r, has = dir_has(home, look_name, e);

	if (has < 0)
		return has;
	if (has)
		return json_read(home, look_name, LOOK_MAX, ret, e);
	if (dir_open(json_str(root, "keep", ""), &from, e) < 0 || dir_make_path(staged, HOME_MODE, &to, e) < 0)
		return -e->kind;
	ix = pass_index_new();
	r = pass_run(&from, &to, ix, PASS_FINAL, &o, &stats, e);
	pass_index_free(ix);
	if (r < 0 || look_root(root, staged, ret, e) < 0)
		return -e->kind;
	json_canonical(*ret, &text);
	if (buf_check(&text, "the look at what is staged", e) < 0)
		return -e->kind;
	return file_replace(home, look_name, buf_sv(&text), FILE_PRIVATE, e);
}

/* No room to stage a copy beside the data: differing files are written back one by one. Not atomic, the new world cannot be set
 * aside, and a kill inside it is repaired by repeating it; so only when asked for. */
static int write_back(const struct going *g, const json_t *root, const struct dir *live, struct err *e)
{
	struct pass_opts o = { .leave_out = leave_out_entry, .data = (json_t *)root, .distrust_times = true };
	autodir struct dir kept = DIR_NONE;
	struct pass_stats stats;

	if (dir_open(json_str(root, "keep", ""), &kept, e) < 0)
		return -e->kind;
	return manifest_write_back(&kept, live, &o, &stats, e);
}

/* What a call that was killed has staged takes its room already: all of it where the look at it is written. */
static int left_to_stage(const char *run, const json_t *root, uint64_t *ret, struct err *e)
{
	const char *name = json_str(root, "name", ""), *beside = json_str(root, "beside", "");
	autofree char *staged = staged_path(run, beside, name), *look_name = look_of(run, name);
	uint64_t all = (uint64_t)json_int(root, "bytes", 0);
	autodir struct dir home = DIR_NONE, d = DIR_NONE;
	struct tree_size there = { 0 };
	struct err absent = ERR_INIT;
	int whole = 0;

	*ret = all;
	if (dir_open(beside, &home, &absent) < 0 || dir_open(staged, &d, &absent) < 0)
		return absent.kind == ERR_ABSENT ? 0 : err_set(e, absent.kind, "%s", absent.msg);
	whole = dir_has(&home, look_name, e);
	if (whole < 0 || tree_measure(&d, &(struct tree_opts){ 0 }, &there, e) < 0)
		return -e->kind;
	*ret = whole || there.bytes > all ? 0 : all - there.bytes;
	return 0;
}

bool point_exchanges(const json_t *store, const json_t *root)
{
	json_int_t dev = json_int(store, "dev", -1), mount = json_int(store, "mount", -1);

	return dev != -1 && dev == json_int(root, "dev", -1) && mount == json_int(root, "mount", -1);
}

int64_t point_room_staged(int64_t bytes)
{
	return bytes ? bytes + (int64_t)STAGE_SPARE : 0;
}

static int no_room(const char *path, struct err *e)
{
	err_set(e, ERR_SPACE, "there is no room beside '%s' for the old world", path);
	return err_hint(e, "make room, or '--accept-in-place-restore': it overwrites the new world, file by file");
}

static int room_to_stage(const char *run, const json_t *root, const struct dir *live, bool *ret, struct err *e)
{
	struct fs_room room;
	uint64_t left;

	if (dir_room(live, &room, e) < 0 || left_to_stage(run, root, &left, e) < 0)
		return -e->kind;
	*ret = point_room_staged((int64_t)left) <= (int64_t)room.free_bytes;
	return 0;
}

/* Roots of one file system share its room. */
int point_room_back(struct point *p, const json_t *record, const char *run, struct err *e)
{
	json_t *root, *other;
	size_t at, i;

	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		const char *path = json_str(root, "path", "");
		autodir struct dir live = DIR_NONE;
		uint64_t left, sum = 0;
		struct file_id id, its;
		struct fs_room room;

		if (json_object_get(record, json_str(root, "name", "")))
			continue;       /* exchanged */
		if (dir_open(path, &live, e) < 0 || dir_file_id(&live, "", &id, e) < 0 || dir_room(&live, &room, e) < 0)
			return -e->kind;
		json_array_foreach(json_object_get(p->doc, "roots"), i, other) {
			autodir struct dir d = DIR_NONE;

			if (json_object_get(record, json_str(other, "name", "")))
				continue;
			if (dir_open(json_str(other, "path", ""), &d, e) < 0 || dir_file_id(&d, "", &its, e) < 0 ||
			    left_to_stage(run, other, &left, e) < 0)
				return -e->kind;
			sum += its.dev == id.dev ? left : 0;
		}
		if (point_room_staged((int64_t)sum) > (int64_t)room.free_bytes)
			return no_room(path, e);
	}
	return 0;
}

/* The trash is made here alone: of what is written over nothing is set aside, and there is none to be named. */
static int exchange(const struct going *g, const json_t *root, const struct dir *live, const struct dir *kept,
                    const json_t *look, struct err *e)
{
	autofree char *path = xasprintf("%s/trash/%s/%s", json_str(root, "beside", ""), g->run, json_str(root, "name", ""));
	autodir struct dir trash = DIR_NONE;

	if (dir_make_path(path, HOME_MODE, &trash, e) < 0)
		return -e->kind;
	return g->back ? exchange_back(live, kept, &trash, look, leave_out_name, (json_t *)root, e) :
	                 exchange_in(live, kept, &trash, look, leave_out_name, (json_t *)root, e);
}

static int go_live_staged(const struct going *g, const json_t *root, const struct dir *live, struct err *e)
{
	const char *name = json_str(root, "name", ""), *beside = json_str(root, "beside", "");
	autofree char *staged = staged_path(g->run, beside, name);
	autofree char *look_name = look_of(g->run, name);
	autodir struct dir kept = DIR_NONE, home = DIR_NONE;
	autojson json_t *look = NULL;

	if (dir_make_path(beside, HOME_MODE, &home, e) < 0 ||
	    stage_beside(g, root, staged, &home, look_name, &look, e) < 0 || dir_open(staged, &kept, e) < 0)
		return -e->kind;
	return exchange(g, root, live, &kept, look, e);
}

static int go_live_elsewhere(const struct going *g, const json_t *root, const struct dir *live, struct err *e)
{
	bool room = true;

	if (!g->back && room_to_stage(g->run, root, live, &room, e) < 0)
		return -e->kind;
	if (room)
		return go_live_staged(g, root, live, e);
	if (g->in_place)
		return write_back(g, root, live, e);
	return no_room(json_str(root, "path", ""), e);
}

static int go_live(const struct going *g, const json_t *root, const json_t *look, struct err *e)
{
	autodir struct dir live = DIR_NONE, kept = DIR_NONE;

	if (dir_open(json_str(root, "path", ""), &live, e) < 0)
		return -e->kind;
	if (!look)
		return go_live_elsewhere(g, root, &live, e);
	if (dir_open(json_str(root, "keep", ""), &kept, e) < 0)
		return -e->kind;
	return exchange(g, root, &live, &kept, look, e);
}

static int go_live_all(struct point *p, const struct going *g, const json_t *record, struct err *e)
{
	json_t *root;
	size_t at;

	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		if (go_live(g, root, json_object_get(record, json_str(root, "name", "")), e) < 0)
			return err_wrap(e, "put the old world of '%s' live", json_str(root, "path", ""));
	}
	return 0;
}

int point_go_live(struct point *p, const json_t *record, const char *run, bool in_place,
                  struct err *e)
{
	static const struct pass_opts plain = { 0 };
	struct going g = { .run = run, .in_place = in_place };

	if (point_is_unused(p, run, e) < 0)
		return -e->kind;
	/* Spent first: a point that may be half live must never be pruned or proved. Before that its manifest, which nobody
	 * could write of what has been moved. */
	if (p->state != POINT_SPENT) {
		if (point_seal(p, &plain, e) < 0)
			return -e->kind;
		p->state = POINT_SPENT;
		json_object_set_new(p->doc, POINT_LIVE_BY, json_string(run));
		if (point_save(p, e) < 0)
			return -e->kind;
	}
	return go_live_all(p, &g, record, e);
}

int point_go_back(struct point *p, const json_t *record, const char *run, bool used, struct err *e)
{
	struct going g = { .run = run, .back = true };

	if (point_is_unused(p, run, e) < 0 || go_live_all(p, &g, record, e) < 0)
		return -e->kind;
	if (p->state != POINT_SPENT || used)
		return 0;
	p->state = POINT_COMPLETE;
	json_object_del(p->doc, POINT_LIVE_BY);
	return point_save(p, e);
}
