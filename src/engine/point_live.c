/* A restore point going live, and back. */
#include "engine/point_leaving.h"
#include "engine/point_of.h"

#include <string.h>

#include "base/log.h"
#include "data/copy.h"
#include "data/exchange.h"
#include "data/tree.h"

#define STAGE_SPARE (64u << 20)
#define CLONE_NEEDS 4096u             /* of metadata, a file; generously */
#define CLONE_SPARE (16u << 20)
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
	bool        back, in_place, staged;     /* staged: clones go, not the copies */
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

char *point_look_name(const char *run, const char *name)
{
	return xasprintf("staged-%s-%s.json", run, name);
}

/* A point kept on another file system is copied beside the data first, so that going live is still an exchange. Or it is cloned. The look at
 * what is staged is written beside it before the first rename: it is what makes a repetition safe. */
static int stage_beside(const json_t *root, const char *staged, const struct dir *home, const char *look_name, const struct pass_opts *how,
                        json_t **ret, struct err *e)
{
	struct pass_opts o = *how;
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
	o.leave_out = leave_out_entry;
	o.data = (json_t *)root;
	o.distrust_times = true;
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
	autofree char *staged = staged_path(run, beside, name), *look_name = point_look_name(run, name);
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

/* Below `beside` of the root. */
static char *trash_of(const json_t *root, const char *run) { return xasprintf("trash/%s/%s", run, json_str(root, "name", "")); }

/* The trash is made here alone: of what is written over nothing is set aside, and there is none to be named. */
static int exchange(const struct going *g, const json_t *root, const struct dir *live, const struct dir *kept,
                    const json_t *look, struct err *e)
{
	autofree char *rel = trash_of(root, g->run), *path = xasprintf("%s/%s", json_str(root, "beside", ""), rel);
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
	autofree char *look_name = point_look_name(g->run, name);
	autodir struct dir kept = DIR_NONE, home = DIR_NONE;
	autojson json_t *look = NULL;

	if (dir_make_path(beside, HOME_MODE, &home, e) < 0 ||
	    stage_beside(root, staged, &home, look_name, &(struct pass_opts){ 0 }, &look, e) < 0 || dir_open(staged, &kept, e) < 0)
		return -e->kind;
	return exchange(g, root, live, &kept, look, e);
}

static int is_staged(const json_t *root, const char *run, bool *ret, struct err *e)
{
	autofree char *look_name = point_look_name(run, json_str(root, "name", ""));
	autodir struct dir home = DIR_NONE;
	struct err absent = ERR_INIT;
	int has;

	*ret = false;
	if (dir_open(json_str(root, "beside", ""), &home, &absent) < 0)
		return absent.kind == ERR_ABSENT ? 0 : err_set(e, absent.kind, "%s", absent.msg);
	has = dir_has(&home, look_name, e);
	*ret = has > 0;
	return has < 0 ? has : 0;
}

static int go_live_elsewhere(const struct going *g, const json_t *root, const struct dir *live, struct err *e)
{
	bool room = true, staged;

	if (g->back && is_staged(root, g->run, &staged, e) < 0)
		return -e->kind;
	if (g->back)    /* Before it was staged whole nothing was exchanged. */
		return staged ? go_live_staged(g, root, live, e) : 0;
	if (room_to_stage(g->run, root, live, &room, e) < 0)
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
	if (!look || g->staged)
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

/* Whether a copy itself goes: one on the data's mount of which no clone is staged. */
static int takes_copy(const struct point *p, const json_t *record, const char *run, bool *ret, struct err *e)
{
	json_t *root;
	size_t at;

	*ret = false;
	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		bool staged;

		if (!json_object_get(record, json_str(root, "name", "")))
			continue;
		if (is_staged(root, run, &staged, e) < 0)
			return -e->kind;
		*ret |= !staged;
	}
	return 0;
}

int point_go_live(struct point *p, const json_t *record, const char *run, bool in_place,
                  struct err *e)
{
	static const struct pass_opts plain = { 0 };
	struct going g = { .run = run, .in_place = in_place };
	bool copy = true;

	if (point_is_unused(p, run, e) < 0)
		return -e->kind;
	/* Before it is spent its manifest, which nobody could write of what has been moved. */
	if (p->state != POINT_SPENT && (point_seal(p, &plain, e) < 0 || takes_copy(p, record, run, &copy, e) < 0))
		return -e->kind;
	/* Spent first: a point that may be half live must never be pruned or proved. */
	if (p->state != POINT_SPENT && copy) {
		p->state = POINT_SPENT;
		json_object_set_new(p->doc, POINT_LIVE_BY, json_string(run));
		if (point_save(p, e) < 0)
			return -e->kind;
	}
	g.staged = p->state != POINT_SPENT;
	return go_live_all(p, &g, record, e);
}

int point_go_back(struct point *p, const json_t *record, const char *run, bool used, struct err *e)
{
	struct going g = { .run = run, .back = true, .staged = p->state != POINT_SPENT };

	if (point_is_unused(p, run, e) < 0 || go_live_all(p, &g, record, e) < 0)
		return -e->kind;
	if (p->state != POINT_SPENT || used)
		return 0;
	p->state = POINT_COMPLETE;
	json_object_del(p->doc, POINT_LIVE_BY);
	return point_save(p, e);
}

int point_is_leaving(struct point *p, const char *run, bool *ret, struct err *e)
{
	json_t *root;
	size_t at;

	*ret = true;
	if (p->state == POINT_SPENT)
		return point_is_unused(p, run, e);
	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		bool staged;

		if (is_staged(root, run, &staged, e) < 0)
			return -e->kind;
		*ret &= staged;
	}
	return 0;
}

/* ---- clones in place of the copies ---- */

/* The look goes first: it says that what it is of is whole. Nothing goes of what has its trash, which is made before the first rename: it may be
 * live in part, whatever a journal knows of it. */
static int drop_staged(const json_t *root, const char *run, struct err *e)
{
	const char *name = json_str(root, "name", "");
	autofree char *staged = xasprintf("staged/%s/%s", run, name), *look_name = point_look_name(run, name), *trash = trash_of(root, run);
	autodir struct dir home = DIR_NONE;
	struct err absent = ERR_INIT;
	int has;

	if (dir_open(json_str(root, "beside", ""), &home, &absent) < 0)
		return absent.kind == ERR_ABSENT ? 0 : err_set(e, absent.kind, "%s", absent.msg);
	has = dir_has(&home, trash, e);
	if (has)
		return has < 0 ? has : 0;
	if (dir_unlink(&home, look_name, e) < 0 || dir_sync(&home, "", e) < 0)
		return -e->kind;
	return dir_remove_tree(&home, staged, e);
}

/* only_clones: of those whose copy would go itself. */
static int unstage(struct point *p, const char *run, bool only_clones, struct err *e)
{
	json_t *root;
	size_t at;

	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		bool here = true;

		if ((only_clones && exchangeable(root, &here, e) < 0) || (here && drop_staged(root, run, e) < 0))
			return err_wrap(e, "remove what was staged beside '%s'", json_str(root, "path", ""));
	}
	return 0;
}

int point_unstage(struct point *p, const char *run, struct err *e) { return unstage(p, run, false, e); }

/* Clones take no room but for what names them; a server beside them must not run out of it. */
static int may_clone(const json_t *root, bool *ret, struct err *e)
{
	uint64_t need = (uint64_t)json_int(root, "files", 0) * CLONE_NEEDS + CLONE_SPARE;
	autodir struct dir live = DIR_NONE;
	struct fs_room room;

	if (dir_open(json_str(root, "path", ""), &live, e) < 0 || dir_room(&live, &room, e) < 0)
		return -e->kind;
	*ret = room.free_bytes >= need;
	return 0;
}

static int clone_beside(const json_t *root, const char *run, const struct pass_opts *how, bool *ret, struct err *e)
{
	const char *name = json_str(root, "name", ""), *beside = json_str(root, "beside", "");
	autofree char *staged = staged_path(run, beside, name), *look_name = point_look_name(run, name);
	struct pass_opts o = *how;
	autodir struct dir home = DIR_NONE;
	autojson json_t *look = NULL;

	if (may_clone(root, ret, e) < 0 || (*ret && dir_make_path(beside, HOME_MODE, &home, e) < 0))
		return -e->kind;
	o.only_clones = true;
	*ret = *ret && copy_clones_in(&home);
	return *ret ? stage_beside(root, staged, &home, look_name, &o, &look, e) : 0;
}

/* Is a root left whose copy would go itself? Where none is, clones may be going live already: nothing of them is touched any more. */
static int is_unstaged(const struct point *p, const char *run, bool *ret, struct err *e)
{
	bool here, staged;
	json_t *root;
	size_t at;

	*ret = false;
	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		if (exchangeable(root, &here, e) < 0 || is_staged(root, run, &staged, e) < 0)
			return -e->kind;
		*ret |= here && !staged;
	}
	return 0;
}

static int clone_all(const struct point *p, const char *run, const struct pass_opts *o, bool *ret, struct err *e)
{
	json_t *root;
	bool here;
	size_t at;

	*ret = true;
	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		if (*ret && (exchangeable(root, &here, e) < 0 || (here && clone_beside(root, run, o, ret, e) < 0)))
			return -e->kind;
	}
	return 0;
}

/* All of the copies that would go themselves, or none. */
static int stage_clones(struct point *p, const char *run, const struct pass_opts *o, struct err *e)
{
	struct err why = ERR_INIT;
	bool todo, all;

	if (is_unstaged(p, run, &todo, e) < 0)
		return -e->kind;
	if (!todo || (clone_all(p, run, o, &all, &why) >= 0 && all))
		return 0;
	if (why.kind)
		log_debug("restore point '%s' goes live itself: %s", p->id, why.msg);
	if (unstage(p, run, true, e) < 0)
		return -e->kind;
	return why.kind == ERR_CANCELED ? err_set(e, why.kind, "%s", why.msg) : 0;
}

/* With the reserve that a server beside it is left. */
static int may_copy(const json_t *root, const char *run, uint64_t *ret_reserve, bool *ret, struct err *e)
{
	autodir struct dir live = DIR_NONE;
	struct fs_room room;
	uint64_t left;

	if (dir_open(json_str(root, "path", ""), &live, e) < 0 || dir_room(&live, &room, e) < 0 || left_to_stage(run, root, &left, e) < 0)
		return -e->kind;
	*ret_reserve = point_reserve_of(&room);
	*ret = point_room_staged((int64_t)left) + (int64_t)*ret_reserve <= (int64_t)room.free_bytes;
	return 0;
}

static int copy_beside(const json_t *root, const char *run, const struct pass_opts *how, struct err *e)
{
	const char *name = json_str(root, "name", ""), *beside = json_str(root, "beside", "");
	autofree char *staged = staged_path(run, beside, name), *look_name = point_look_name(run, name);
	struct pass_opts o = *how;
	autodir struct dir home = DIR_NONE;
	autojson json_t *look = NULL;
	bool room = false;

	if (may_copy(root, run, &o.reserve_bytes, &room, e) < 0)
		return -e->kind;
	if (!room)
		return err_set(e, ERR_SPACE, "there is no room for it beside the server");
	return dir_make_path(beside, HOME_MODE, &home, e) < 0 ? -(int)e->kind : stage_beside(root, staged, &home, look_name, &o, &look, e);
}

/* 1: want of room leaves one to be copied when the server is down. */
static int stage_copies(struct point *p, const char *run, const struct pass_opts *o, struct err *e)
{
	json_t *root;
	int left = 0;
	size_t at;

	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		struct err why = ERR_INIT;
		bool here, staged;

		if (exchangeable(root, &here, e) < 0 || is_staged(root, run, &staged, e) < 0)
			return -e->kind;
		if (here || staged || copy_beside(root, run, o, &why) >= 0)
			continue;
		if (drop_staged(root, run, e) < 0)
			return -e->kind;
		if (why.kind != ERR_SPACE)
			return err_set(e, why.kind, "%s", why.msg);
		left = 1;
	}
	return left;
}

int point_stage(struct point *p, const char *run, const struct pass_opts *o, struct err *e)
{
	if (p->state == POINT_SPENT)
		return 0;
	if (stage_clones(p, run, o, e) < 0)
		return -e->kind;
	return o->beside_server ? stage_copies(p, run, o, e) : 0;
}
