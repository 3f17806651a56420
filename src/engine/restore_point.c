/* A restore point: where it lies, what its point.json says, and what is kept beside its copies. */
#include "engine/point_leaving.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "data/out.h"

static const char *const state_names[] = { "open", "complete", "proved", "spent" };

const char *point_state_name(enum point_state s) { return state_names[s]; }

void point_done(struct point *p)
{
	dir_close(&p->dir);
	json_decref(p->doc);
	free(p->id);
	*p = (struct point){ .dir = DIR_NONE };
}

char *point_beside(const struct scope_root *r)
{
	const char *slash = strrchr(r->path, '/');

	if (r->mount_point)
		return xasprintf("%s/.crossgrade", r->path);
	return xasprintf("%.*s/.crossgrade-%s", (int)(slash - r->path), r->path, slash + 1);
}

int point_home(const struct goal *g, const struct scope *s, char **ret, struct err *e)
{
	const char *store = json_str(g->restore_point, "store", "beside");

	if (!s->n)
		return err_set(e, ERR_BUG, "the scope of a restore point is empty");
	if (!strcmp(store, "beside"))
		*ret = point_beside(&s->v[0]);
	else
		*ret = xasprintf("%s/crossgrade-%s", store + strlen("file://"), g->name);
	return 0;
}

int point_apart(const json_t *roots, const char *path, struct err *e)
{
	autofree char *real = dir_real_path(path);
	json_t *root;
	size_t at;

	json_array_foreach((json_t *)roots, at, root) {
		autofree char *held = dir_real_path(json_str(root, "path", ""));
		const char *rest = path_behind(real, held);

		if (!rest || (*rest && !scope_holds(root, rest + 1)))
			continue;
		return err_set(e, ERR_REFUSED, "'%s' lies inside '%s', which the restore point holds", path, held);
	}
	return 0;
}

int point_home_apart(const char *home, const json_t *roots, struct err *e)
{
	json_t *root;
	size_t at;
	int r = point_apart(roots, home, e);

	json_array_foreach((json_t *)roots, at, root)
		if (r >= 0)
			r = point_apart(roots, json_str(root, "keep", ""), e);
	return r < 0 ? err_hint(e, "name another restore_point.store, outside of it") : 0;
}

/* Where the copy of root r is kept: an exchange needs the file system of r itself, so with the store beside, each root has
 * a home of its own; a store the operator names holds them all. */
static char *keep_path(const char *home, const char *first_home, const char *id, const struct scope_root *r)
{
	autofree char *own = point_beside(r);
	const char *under = strcmp(home, first_home) ? home : own;

	return xasprintf("%s/%s/data/%s", under, id, r->name);
}

static json_t *root_doc(const char *home, const char *first_home, const char *id, const struct scope_root *r)
{
	autofree char *keep = keep_path(home, first_home, id, r);
	autofree char *own = point_beside(r);

	return json_pack("{ss ss ss ss sO* sO*}", "name", r->name, "path", r->path, "keep", keep, "beside", own, "leave_out",
	                 json_array_size(r->leave_out) ? r->leave_out : NULL, "only", r->only);
}

static json_t *roots_doc(const char *home, const char *id, const struct scope *s)
{
	autofree char *first_home = point_beside(&s->v[0]);
	json_t *roots = json_array();

	vec_each(s, r)
		json_array_append_new(roots, root_doc(home, first_home, id, r));
	return roots;
}

int point_make(const char *home, const char *id, const struct scope *s, const json_t *about, struct point *ret,
               struct err *e)
{
	autofree char *path = xasprintf("%s/%s", home, id);
	struct point p = { .dir = DIR_NONE, .state = POINT_OPEN };
	json_t *roots, *root;
	char now[40];
	size_t at;

	if (scope_check(s, e) < 0)
		goto fail;
	roots = roots_doc(home, id, s);
	p.doc = json_pack("{ss ss ss ss sO so}", "schema", "crossgrade/restore-point/1", "id", id, "state", "open",
	                  "created", clock_rfc3339(clock_wall_ns(), now, sizeof now), "about", about, "roots", roots);
	p.id = xstrdup(id);
	if (point_home_apart(home, roots, e) < 0)
		goto fail;
	json_array_foreach(roots, at, root) {
		autodir struct dir keep = DIR_NONE;

		if (dir_make_path(json_str(root, "keep", ""), HOME_MODE, &keep, e) < 0)
			goto fail;
	}
	if (dir_make_path(path, HOME_MODE, &p.dir, e) < 0 ||
	    point_save(&p, e) < 0)
		goto fail;
	*ret = p;
	return 0;
fail:
	point_done(&p);
	return err_wrap(e, "make restore point '%s'", path);
}

/* Whoever makes the directory has the name. */
static int claim(const char *home, const char *stem, char **ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;

	if (dir_make_path(home, HOME_MODE, &d, e) < 0)
		return -e->kind;
	for (unsigned n = 1; n < 1000; n++) {
		autofree char *id = n == 1 ? xstrdup(stem) : xasprintf("%s-%u", stem, n);

		if (mkdirat(d.fd, id, HOME_MODE) == 0) {
			*ret = take_ptr(id);
			return 0;
		}
		if (errno != EEXIST)
			return err_sys(e, errno, "make directory '%s/%s'", home, id);
	}
	return err_set(e, ERR_EXISTS, "'%s/%s' and all that follow it are taken", home, stem);
}

int point_make_new(const char *home, const char *stem, const struct scope *s, const json_t *about, struct point *ret,
                   struct err *e)
{
	autojson json_t *roots = roots_doc(home, stem, s);
	struct err why = ERR_INIT;
	autofree char *id = NULL;

	if (point_home_apart(home, roots, e) < 0 || claim(home, stem, &id, e) < 0)
		return err_wrap(e, "make restore point '%s/%s'", home, stem);
	if (point_make(home, id, s, about, ret, e) < 0 && point_remove(home, id, &why) < 0)
		log_warn("'%s/%s' is left of it: %s", home, id, why.msg);
	return -(int)e->kind;
}

static int state_of(const char *name, enum point_state *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(state_names); i++)
		if (!strcmp(state_names[i], name)) {
			*ret = (enum point_state)i;
			return 0;
		}
	return err_set(e, ERR_FORMAT, "its state '%s' is unknown", name);
}

/* Over all else that point.json says; so, by the digests in it, over what stands beside it. */
static void digest_of(const json_t *doc, char ret[DIGEST_TEXT])
{
	autojson json_t *rest = json_copy((json_t *)doc);

	json_object_del(rest, "digest");
	json_digest(rest, ret);
}

/* One of before it had a digest is as it is. */
static bool is_altered(const json_t *doc)
{
	const char *said = json_str(doc, "digest", NULL);
	char digest[DIGEST_TEXT];

	digest_of(doc, digest);
	return said && strcmp(said, digest);
}

int point_open(const char *home, const char *id, struct point *ret, struct err *e)
{
	autofree char *path = xasprintf("%s/%s", home, id);
	struct point p = { .dir = DIR_NONE };
	struct scope roots = { 0 };

	/* What cannot be read of what it left out is not to be taken for nothing. */
	if (dir_open(path, &p.dir, e) < 0 || json_read(&p.dir, POINT_JSON, POINT_MAX, &p.doc, e) < 0 ||
	    state_of(json_str(p.doc, "state", ""), &p.state, e) < 0 ||
	    scope_of_json(json_object_get(p.doc, "roots"), &roots, e) < 0) {
		point_done(&p);
		return err_wrap(e, "open restore point '%s'", path);
	}
	scope_done(&roots);
	p.id = xstrdup(id);
	p.altered = is_altered(p.doc);
	*ret = p;
	return 0;
}

int point_text(struct point *p, struct buf *ret, struct err *e)
{
	char digest[DIGEST_TEXT];

	json_object_set_new(p->doc, "state", json_string(point_state_name(p->state)));
	digest_of(p->doc, digest);
	if (!p->altered)
		json_object_set_new(p->doc, "digest", json_string(digest));
	json_pretty(p->doc, ret);
	return buf_check(ret, "point.json", e);
}

int point_save(struct point *p, struct err *e)
{
	autobuf struct buf text = BUF_MAX(POINT_MAX);

	if (point_text(p, &text, e) < 0)
		return -e->kind;
	return file_replace(&p->dir, POINT_JSON, buf_sv(&text), FILE_PRIVATE, e);
}

void point_note_file(struct point *p, const char *name, const unsigned char sha[SHA_BYTES])
{
	json_t *files = json_object_get(p->doc, "files");
	char hex[DIGEST_TEXT];

	if (!files) {
		files = json_object();
		json_object_set_new(p->doc, "files", files);
	}
	hash_hex(sha, hex);
	json_object_set_new(files, name, json_string(hex));
}

int point_put(struct point *p, const char *name, const json_t *doc, struct err *e)
{
	autobuf struct buf text = BUF_MAX(POINT_PUT_MAX);
	unsigned char sha[SHA_BYTES];
	struct out out;
	int r;

	json_pretty(doc, &text);
	if (buf_check(&text, name, e) < 0 || out_open(&out, &p->dir, name, e) < 0)
		return -e->kind;
	out_add(&out, text.data, text.len);
	out_digest(&out, sha);
	r = out_commit(&out, e);
	out_close(&out);
	if (r >= 0)
		point_note_file(p, name, sha);
	return r;
}

int point_keep(struct point *p, const char *why, struct err *e)
{
	if (why)
		json_object_set_new(p->doc, "keep", json_text(why));
	else
		json_object_del(p->doc, "keep");
	return point_save(p, e);
}

const char *point_kept(const struct point *p)
{
	return json_str(p->doc, "keep", NULL);
}

bool leave_out_entry(void *root, const char *rel, const struct stat *st unused_arg)
{
	return !scope_holds(root, rel);
}

bool leave_out_name(void *root, const char *name)
{
	return !scope_holds(root, name);
}

/* A link would lead to what is live now. */
static int file_of_copy(const char *keep, const char *rel, char **ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct stat st;

	if (dir_open(keep, &d, e) < 0 || dir_stat(&d, rel, &st, e) < 0)
		return -e->kind;
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_REFUSED, "'%s/%s' is no file", keep, rel);
	*ret = xasprintf("%s/%s", keep, rel);
	return 0;
}

int point_copy_of(const struct point *p, const char *path, char **ret, struct err *e)
{
	json_t *root;
	size_t at;

	if (p->state == POINT_OPEN || p->state == POINT_SPENT)
		return err_set(e, ERR_ABSENT, "restore point '%s' is %s", p->id, point_state_name(p->state));
	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		const char *rest = path_behind(path, json_str(root, "path", NULL));

		if (rest && *rest)
			return file_of_copy(json_str(root, "keep", ""), rest + 1, ret, e);
	}
	return err_set(e, ERR_ABSENT, "restore point '%s' does not hold '%s'", p->id, path);
}
