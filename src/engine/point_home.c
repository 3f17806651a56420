/* What stands in a directory of restore points: the marker of an open run, the points, and how they go. */
#include "engine/point_leaving.h"

#include <dirent.h>
#include <libgen.h>
#include <string.h>

#define MARKER      "run.json"
#define ENTRIES_MAX 10000

int point_marker_put(const char *home, const char *state_dir, const char *run, const char *plan_digest, const char *point,
                     json_t *homes, struct err *e)
{
	autojson json_t *doc = json_pack("{ss ss ss ss? sO?}", "state_dir", state_dir, "run", run, "plan_digest", plan_digest, "point", point,
	                                 "homes", homes);
	autobuf struct buf text = BUF_MAX(64 << 10);
	autodir struct dir d = DIR_NONE;

	json_pretty(doc, &text);
	if (dir_make_path(home, HOME_MODE, &d, e) < 0)
		return -e->kind;
	return file_replace(&d, MARKER, buf_sv(&text), FILE_PRIVATE, e);
}

/* As far as it can be had: an empty one harms nobody. */
static void drop_empty_home(const char *home)
{
	autofree char *parent = xstrdup(home);
	autodir struct dir d = DIR_NONE;
	struct err none = ERR_INIT;
	char *slash = strrchr(parent, '/');

	*slash = '\0';
	if (dir_open(*parent ? parent : "/", &d, &none) < 0 || dir_unlink(&d, slash + 1, &none) < 0)
		err_clear(&none);
}

int point_marker_drop(const char *home, struct err *e)
{
	struct err absent = ERR_INIT;
	autodir struct dir d = DIR_NONE;

	if (dir_open(home, &d, &absent) < 0)
		return absent.kind == ERR_ABSENT ? 0 : err_set(e, absent.kind, "%s", absent.msg);
	if (dir_unlink(&d, MARKER, e) < 0 || dir_sync(&d, "", e) < 0)
		return -e->kind;
	drop_empty_home(home);
	return 0;
}

int point_marker_read(const char *home, json_t **ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;

	if (dir_open(home, &d, e) < 0)
		return -e->kind;
	return json_read(&d, MARKER, 64 << 10, ret, e);
}

int point_list(const char *home, json_t **ret, struct err *e)
{
	autojson json_t *list = json_array();
	struct err absent = ERR_INIT;
	autodir struct dir d = DIR_NONE;
	struct dir_names names = { 0 };

	if (dir_open(home, &d, &absent) < 0) {
		if (absent.kind != ERR_ABSENT)
			return err_set(e, absent.kind, "%s", absent.msg);
		*ret = take_ptr(list);
		return 0;
	}
	if (dir_list(&d, "", ENTRIES_MAX, &names, e) < 0)
		return -e->kind;
	vec_each(&names, it) {
		struct err broken = ERR_INIT;
		struct point p = { .dir = DIR_NONE };

		if (it->type != DT_DIR || !strcmp(it->name, "trash") || !strcmp(it->name, "staged"))
			continue;
		if (point_open(home, it->name, &p, &broken) < 0) {
			json_array_append_new(list, json_pack("{ss ss ss}", "id", it->name, "state", "broken", "why",
			                                      broken.msg));
			continue;
		}
		json_array_append(list, p.doc);
		point_done(&p);
	}
	dir_names_done(&names);
	*ret = take_ptr(list);
	return 0;
}

/* A root with a home of its own keeps its copy in <home>/<id>/data/<name>. */
static int remove_apart(const char *home, const char *id, const json_t *root, struct err *e)
{
	autofree char *keep = xstrdup(json_str(root, "keep", ""));
	const char *own = dirname(dirname(dirname(keep)));
	autodir struct dir d = DIR_NONE;
	struct err absent = ERR_INIT;

	if (!strcmp(own, home) || dir_open(own, &d, &absent) < 0)
		return 0;
	return dir_remove_tree(&d, id, e) < 0 ? -(int)e->kind : dir_sync(&d, "", e);
}

static int remove_indexes(struct point *p, struct err *e)
{
	json_t *root;
	size_t at;

	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		autofree char *name = xasprintf("index-%s", json_str(root, "name", ""));

		if (dir_unlink(&p->dir, name, e) < 0)
			return -e->kind;
	}
	return dir_sync(&p->dir, "", e);
}

/* Nobody is to take it for a whole one from here, nor to keep it. On a full disk there is room for that when the indexes are gone, without which
 * it is none either. */
static int mark_open(struct point *p, struct err *e)
{
	if (p->state == POINT_OPEN && !point_kept(p))
		return 0;
	p->state = POINT_OPEN;
	json_object_del(p->doc, "keep");
	if (point_save(p, e) >= 0)
		return 0;
	if (e->kind != ERR_SPACE)
		return -e->kind;
	err_clear(e);
	return remove_indexes(p, e) < 0 || point_save(p, e) < 0 ? -(int)e->kind : 0;
}

/* All of it but point.json, which tells the next call where the rest is. */
static int remove_contents(struct point *p, const char *home, struct err *e)
{
	struct dir_names names = { 0 };
	json_t *root;
	size_t at;
	int r = 0;

	if (mark_open(p, e) < 0)
		return -e->kind;
	json_array_foreach(json_object_get(p->doc, "roots"), at, root)
		if (remove_apart(home, p->id, root, e) < 0)
			return -e->kind;
	if (dir_list(&p->dir, "", ENTRIES_MAX, &names, e) < 0)
		return -e->kind;
	vec_each(&names, it)
		if (r >= 0 && strcmp(it->name, POINT_JSON))
			r = dir_remove_tree(&p->dir, it->name, e);
	dir_names_done(&names);
	return r < 0 ? r : dir_sync(&p->dir, "", e);
}

int point_remove(const char *home, const char *id, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct point p = { .dir = DIR_NONE };
	struct err absent = ERR_INIT;
	int r = point_open(home, id, &p, &absent);

	if (r >= 0)
		r = remove_contents(&p, home, e);
	else if (absent.kind == ERR_ABSENT)
		r = 0;
	else
		r = err_set(e, absent.kind, "%s", absent.msg);
	point_done(&p);
	if (r < 0)
		return r;
	if (dir_open(home, &d, &absent) < 0)
		return absent.kind == ERR_ABSENT ? 0 : err_set(e, absent.kind, "%s", absent.msg);
	return dir_remove_tree(&d, id, e) < 0 ? -(int)e->kind : dir_sync(&d, "", e);
}

/* Nobody is to take it for a way back. What is kept in it is for a person to remove. */
static int leave_kept(struct point *p, struct err *e)
{
	p->state = POINT_OPEN;
	return point_save(p, e);
}

int point_give_up(const char *home, const char *id, const char *run, bool *found, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	struct err absent = ERR_INIT;
	bool is_left;
	int r = 0;

	if (point_open(home, id, &p, &absent) < 0)
		return absent.kind == ERR_ABSENT ? 0 : err_set(e, absent.kind, "%s", absent.msg);
	/* Open: being removed already, or left with what is kept. */
	is_left = !strcmp(json_str(p.doc, POINT_LIVE_BY, ""), run) && (p.state == POINT_SPENT || !point_kept(&p));
	if (is_left && point_kept(&p))
		r = leave_kept(&p, e);
	else if (is_left)
		r = point_remove(home, id, e);
	*found |= is_left;
	point_done(&p);
	return r;
}

static bool is_marked(const char *home, const char *id)
{
	autojson json_t *marker = NULL;
	struct err absent = ERR_INIT;

	return point_marker_read(home, &marker, &absent) >= 0 && !strcmp(json_str(marker, "run", ""), id);
}

int point_prune(const char *home, const char *id, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	enum point_state state;

	if (point_open(home, id, &p, e) < 0)
		return -e->kind;
	state = p.state;
	point_done(&p);
	if (state == POINT_SPENT) {
		err_set(e, ERR_REFUSED, "restore point '%s' went live: the other world lies in its trash", id);
		return err_hint(e, "'crossgrade finalize' of that run gives it up");
	}
	if (is_marked(home, id)) {
		err_set(e, ERR_REFUSED, "restore point '%s' is the way back of an unfinished run", id);
		return err_hint(e, "'crossgrade resume' or 'crossgrade rollback' ends it");
	}
	return point_remove(home, id, e);
}
