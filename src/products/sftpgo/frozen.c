#include "products/sftpgo/frozen.h"

#include <fcntl.h>
#include <string.h>

#include "data/out.h"
#include "engine/plan.h"
#include "engine/point_of.h"
#include "io/image.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/objects_compare.h"

#define OBJECTS_FILE "objects.frozen"

static const char *pinned(const struct ctx *c, const char *key)
{
	return c->plan ? json_str(plan_pinned(c->plan), key, NULL) : NULL;
}

bool frozen_can_wait(const struct ctx *c)
{
	return pinned(c, SF_DB_FILE) && c->goal && !strcmp(json_str(c->goal->restore_point, "kind", "tree"), "tree");
}

static int write_down(const struct dir *d, struct provider *db, struct err *e)
{
	struct object_counts unused;
	struct out to;
	int r;

	if (out_open(&to, d, OBJECTS_FILE, e) < 0)
		return -(int)e->kind;
	r = objects_freeze(db, &to, &unused, e);
	if (r >= 0)
		r = out_commit(&to, e);
	out_close(&to);
	return r < 0 ? err_wrap(e, "write down the objects of the database") : 0;
}

/* ---- beside saved facts ---- */

static char *name_of(const char digest[DIGEST_TEXT])
{
	return xasprintf("%s.objects", digest);
}

static int digest_in(const struct dir *d, const char *name, char ret[DIGEST_TEXT], struct err *e)
{
	autoclose int fd = dir_openat(d, name, O_RDONLY, 0, e);

	return fd < 0 ? fd : file_digest(fd, name, ret, e);
}

int frozen_save(struct provider *db, const char *side, char **ret_name, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	autofree char *name = NULL;
	char digest[DIGEST_TEXT];

	if (dir_make_path(side, 0700, &d, e) < 0 || write_down(&d, db, e) < 0 || digest_in(&d, OBJECTS_FILE, digest, e) < 0)
		return -(int)e->kind;
	name = name_of(digest);
	if (dir_rename(&d, OBJECTS_FILE, &d, name, 0, e) < 0)
		return -(int)e->kind;
	*ret_name = take_ptr(name);
	return 0;
}

static int open_saved(const char *side, const char *name, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	autofree char *is = NULL;
	char digest[DIGEST_TEXT];

	if (!name || !side)
		return err_set(e, ERR_ABSENT, "no objects were saved with the facts");
	if (dir_open(side, &d, e) < 0 || digest_in(&d, name, digest, e) < 0)
		return -(int)e->kind;
	is = name_of(digest);
	if (strcmp(is, name) != 0)
		return err_set(e, ERR_FORMAT, "'%s/%s' is not what was saved", side, name);
	return dir_openat(&d, name, O_RDONLY, 0, e);
}

/* ---- of a run ---- */

/* The copy was made with the server stopped and compared with it byte for byte. */
static int open_copy(struct ctx *c, struct provider **ret, struct err *e)
{
	struct provider_at at = { .driver = pinned(c, SF_DRIVER), .scratch = c->scratch };
	struct point p = { .dir = DIR_NONE };
	autofree char *copy = NULL;
	int r;

	if (point_of_run(c, false, &p, e) < 0)
		return -(int)e->kind;
	r = point_copy_of(&p, pinned(c, SF_DB_FILE), &copy, e);
	point_done(&p);
	if (r < 0)
		return r;
	at.path = copy;
	return provider_open(&at, ret, e);
}

int frozen_database(struct ctx *c, struct provider **ret, struct err *e)
{
	int has = c->blobs.fd < 0 ? 1 : dir_has(&c->blobs, OBJECTS_FILE, e);

	if (has < 0)
		return has;
	if (has || !frozen_can_wait(c))
		return err_set(e, ERR_ABSENT, "the stopped database itself is not at hand");
	return open_copy(c, ret, e);
}

/* 1, or 0: the run has none. */
static int open_point(struct ctx *c, struct point *ret, struct err *e)
{
	if (!json_str(json_object_get(c->plan->doc, "restore_point"), "home", NULL))
		return 0;
	if (point_of_run(c, false, ret, e) >= 0)
		return 1;
	if (e->kind != ERR_ABSENT)
		return -(int)e->kind;
	err_clear(e);
	return 0;
}

/* For a way back from there alone: a dump is no database to read from. */
static int keep_beside(struct ctx *c, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	char name[BLOB_LARGE_NAME];
	autoclose int fd = dir_openat(&c->blobs, OBJECTS_FILE, O_RDONLY, 0, e);
	int r = fd < 0 ? fd : open_point(c, &p, e);

	if (r > 0)
		r = blob_put_large(&p.dir, fd, OBJECTS_FILE, NULL, name, e);
	if (r >= 0 && p.dir.fd >= 0)
		r = dir_rename(&p.dir, name, &p.dir, OBJECTS_FILE, 0, e);
	point_done(&p);
	return r < 0 ? err_wrap(e, "keep the objects of the database beside the restore point") : 0;
}

static int open_kept(struct ctx *c, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	int r = open_point(c, &p, e);

	if (r > 0)
		r = dir_has(&p.dir, OBJECTS_FILE, e);
	if (r > 0)
		r = dir_openat(&p.dir, OBJECTS_FILE, O_RDONLY, 0, e);
	else if (!r)
		r = err_set(e, ERR_ABSENT, "nothing was written down of the stopped database");
	point_done(&p);
	return r;
}

int frozen_make(struct ctx *c, const struct facts *seen, struct err *e)
{
	autoprovider struct provider *db = NULL;

	if (c->blobs.fd < 0)
		return err_set(e, ERR_ABSENT, "this call keeps no records of a run");
	if ((frozen_can_wait(c) ? open_copy(c, &db, e) : database_open(c, seen, &db, e)) < 0)
		return -(int)e->kind;
	if (write_down(&c->blobs, db, e) < 0)
		return -(int)e->kind;
	return frozen_can_wait(c) ? 0 : keep_beside(c, e);
}

int frozen_open(struct ctx *c, const struct facts *frozen, struct err *e)
{
	int has;

	if (!c->plan)
		return open_saved(c->side, facts_str(frozen, SF_OBJECTS, NULL), e);
	if (c->blobs.fd < 0)
		return err_set(e, ERR_ABSENT, "this call has no records of a run");
	has = dir_has(&c->blobs, OBJECTS_FILE, e);
	/* From a copy it can be made at any time; the database itself is by now the one to be compared. */
	if (!has && !frozen_can_wait(c))
		return open_kept(c, e);
	if (has < 0 || (!has && frozen_make(c, frozen, e) < 0))
		return -(int)e->kind;
	return dir_openat(&c->blobs, OBJECTS_FILE, O_RDONLY, 0, e);
}
