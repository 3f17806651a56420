#include "engine/point_of.h"

#include <string.h>

#include "engine/event.h"
#include "engine/plan.h"

#define RESERVE_MAX (2ull << 30)

static int scope_of_plan(const struct ctx *c, struct scope *ret, const char **ret_home, struct err *e)
{
	const json_t *about = json_object_get(c->plan->doc, "restore_point");
	json_t *roots;

	if (json_want_str(about, "home", ret_home, e) < 0 || json_want_arr(about, "scope", &roots, e) < 0 ||
	    scope_of_json(roots, ret, e) < 0)
		return err_wrap(e, "restore point of the plan");
	return 0;
}

static int is_there(const char *home, const char *id, struct err *e)
{
	struct err absent = ERR_INIT;
	autodir struct dir d = DIR_NONE;
	autofree char *rel = xasprintf("%s/point.json", id);

	if (dir_open(home, &d, &absent) < 0)
		return absent.kind == ERR_ABSENT ? 0 : err_set(e, absent.kind, "%s", absent.msg);
	return dir_has(&d, rel, e);
}

int point_is_there(const struct run_rec *r, const json_t *plan, struct err *e)
{
	const char *home = json_str(json_object_get(plan, "restore_point"), "home", NULL);
	bool needed = r->state == RUN_OPEN || r->state == RUN_STANDS || (r->state == RUN_CLOSED_NEW && !r->finalized);
	struct point p = { .dir = DIR_NONE };
	int used;

	if (!home || !needed || plan_keeps_data(plan))
		return 0;
	if (point_open(home, r->id, &p, e) < 0)
		return -(int)e->kind;
	used = point_is_unused(&p, r->id, e);
	point_done(&p);
	return used;
}

/* With the plan, and so with the facts it rests on. */
static int make_of_run(struct ctx *c, const char *home, const struct scope *s, const json_t *about, struct point *ret, struct err *e)
{
	struct point p = { .dir = DIR_NONE };

	if (point_make(home, c->run, s, about, &p, e) < 0)
		return -e->kind;
	if (point_put(&p, "plan.json", c->plan->doc, e) < 0 || point_save(&p, e) < 0) {
		point_done(&p);
		return -e->kind;
	}
	*ret = p;
	return 0;
}

int point_of_run(struct ctx *c, bool make, struct point *ret, struct err *e)
{
	autojson json_t *about = NULL;
	struct scope s = { 0 };
	const char *home;
	int r;

	if (scope_of_plan(c, &s, &home, e) < 0)
		return -e->kind;
	r = is_there(home, c->run, e);
	about = json_pack("{ss ss ss ss}", "run", c->run, "product", c->goal->product, "name", c->goal->name,
	                  "plan_digest", c->plan->digest);
	if (r == 0 && make)
		r = make_of_run(c, home, &s, about, ret, e);
	else if (r >= 0)
		r = point_open(home, c->run, ret, e);
	scope_done(&s);
	return r;
}

/* The old world is live by it, itself or what was made of it. */
static bool went_live(const struct ctx *c)
{
	if (c->point_passed && !ctx_keeps_data(c))
		vec_each(&c->plan->steps, s)
			if (!strcmp(s->kind->name, "data_point"))
				return true;
	return false;
}

/* 1 it stays. */
static int stays(struct ctx *c, const char *home, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	const char *why;
	int r;

	if (point_open(home, c->run, &p, e) < 0)
		return -(int)e->kind;
	why = point_kept(&p);
	if (why)
		event_emit(c->events, "note", json_pack("{so}", "text", json_sprintf("restore point '%s' stays: %s", p.dir.path, why)));
	/* The new world lies in the trash until finalize, and the point, whole or what the exchange left of it, is given up with it. */
	r = why || p.state == POINT_SPENT || went_live(c);
	point_done(&p);
	return r;
}

int point_forget(struct ctx *c, struct err *e)
{
	const char *home = json_str(json_object_get(c->plan->doc, "restore_point"), "home", "");
	int r = is_there(home, c->run, e);

	if (r > 0)
		r = stays(c, home, e);
	return r < 0 ? r : r > 0 ? 0 : point_remove(home, c->run, e);
}

void point_tell(void *told, const struct pass_stats *so_far)
{
	const struct point_told *t = told;
	uint64_t done = so_far->copied_bytes + so_far->compared_bytes;

	event_emit(t->events, "progress",
	           json_pack("{sI sI ss ss*}", "done", (json_int_t)done, "total", (json_int_t)(t->total ? MAX_OF(t->total, done) : 0), "unit",
	                     "bytes", "what", t->what));
}

uint64_t point_bytes(const struct point *p)
{
	uint64_t sum = 0;
	json_t *root;
	size_t at;

	json_array_foreach(json_object_get(p->doc, "roots"), at, root)
		sum += (uint64_t)json_int(root, "bytes", 0);
	return sum;
}

uint64_t point_reserve_of(const struct fs_room *room)
{
	return MIN_OF(room->total_bytes / 20, RESERVE_MAX);
}

uint64_t point_reserve(const struct point *p)
{
	struct err e = ERR_INIT;
	struct fs_room room;

	return dir_room(&p->dir, &room, &e) < 0 ? RESERVE_MAX : point_reserve_of(&room);
}
