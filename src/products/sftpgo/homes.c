#include "products/sftpgo/homes.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/path.h"
#include "data/tree.h"
#include "products/sftpgo/named.h"
#include "products/sftpgo/objects_census.h"
#include "products/sftpgo/places.h"
#include "products/sftpgo/side_list.h"

#define ROOTS_MAX 200000
#define OWNERS_MAX 100

struct roots {
	VEC(char *) all; /* real, absolute */
	bool more;
};

struct walked {
	const char *path; /* of roots.all */
	dev_t dev;
};

struct listing {
	pthread_mutex_t lock;
	struct roots roots;
	struct homes_limits limits;
	struct deadline end;
	uint64_t seen, files, dirs, links, others, bytes;
	json_t *owners;
	int64_t absent;
	struct named left_out; /* in words */
	bool ended;            /* by a limit: no further home is looked into */
	const char *root;      /* the one that is walked */
	dev_t dev;
	struct side_list to;
	bool lists; /* into it */
};

/* ---- which ---- */

static int note_root(void *arg, const struct storage_use *u, struct err *e unused_arg)
{
	struct roots *r = arg;

	if (*u->local != '/' || strchr(u->local, '%'))
		return 0;
	if (r->all.n == ROOTS_MAX)
		r->more = true;
	else
		*vec_push(&r->all) = place_real(u->local);
	return 0;
}

static int rank(char c) { return c == '/' ? 1 : (unsigned char)c + (c ? 1 : 0); }

/* What lies in a directory comes right behind it: a slash before any other character. */
static int by_place(const void *a, const void *b)
{
	const char *one = *(char *const *)a, *other = *(char *const *)b;

	while (*one && *one == *other) {
		one++;
		other++;
	}
	return rank(*one) - rank(*other);
}

static void roots_done(struct roots *r)
{
	vec_each (&r->all, path)
		free(*path);
	vec_done(&r->all);
}

/* ---- one home ---- */

static char type_of(mode_t mode)
{
	return (char)(S_ISREG(mode) ? 'f' : S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : 'o');
}

static void list(struct listing *l, const struct tree_entry *entry)
{
	autofree char *path = xasprintf("%s%s%s", l->root, *entry->rel ? "/" : "", entry->rel);
	const struct stat *st = &entry->st;
	struct buf *line = side_list_line(&l->to);

	buf_addf(line, "%c %o %u %u %lld %lld ", type_of(st->st_mode), (unsigned)st->st_mode & 07777, st->st_uid, st->st_gid,
		 (long long)st->st_size, (long long)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec);
	side_list_quote(line, path);
	side_list_add(&l->to);
}

static void add_owner(struct listing *l, const struct stat *st)
{
	char who[32];

	(void)snprintf(who, sizeof who, "%u:%u", st->st_uid, st->st_gid);
	if (json_object_get(l->owners, who) || json_object_size(l->owners) < OWNERS_MAX)
		json_object_set_new(l->owners, who, json_integer(json_int(l->owners, who, 0) + 1));
	else
		named_add(&l->left_out, "owner %s of '%s'", who, l->root);
}

static int add(struct listing *l, const struct tree_entry *entry, struct err *e)
{
	const struct stat *st = &entry->st;

	if (l->seen >= l->limits.entries)
		return err_set(e, ERR_SPACE, "more than %llu entries",
			       (unsigned long long)l->limits.entries);
	if (deadline_passed(l->end))
		return err_set(e, ERR_TIMEOUT, "it took too long");
	l->seen++;
	l->files += S_ISREG(st->st_mode);
	l->dirs += S_ISDIR(st->st_mode);
	l->links += S_ISLNK(st->st_mode);
	l->others += type_of(st->st_mode) == 'o';
	l->bytes += S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	add_owner(l, st);
	if (l->lists)
		list(l, entry);
	return 0;
}

static int see(void *data, const struct tree_entry *entry, struct err *e)
{
	struct listing *l = data;
	int r;

	pthread_mutex_lock(&l->lock);
	r = add(l, entry, e);
	pthread_mutex_unlock(&l->lock);
	return r < 0 ? r : TREE_GO;
}

static bool is_root(const struct roots *r, const char *path)
{
	return bsearch(&path, r->all.v, r->all.n, sizeof(char *), by_place) != NULL;
}

/* A mount that is a home of its own is walked as one. */
static bool is_elsewhere(void *data, const char *rel, const struct stat *st)
{
	struct listing *l = data;
	autofree char *path = NULL;

	if (st->st_dev == l->dev)
		return false;
	path = xasprintf("%s/%s", l->root, rel);
	if (is_root(&l->roots, path))
		return true;
	pthread_mutex_lock(&l->lock);
	named_add(&l->left_out, "'%s/%s' is a mount of its own", l->root, rel);
	pthread_mutex_unlock(&l->lock);
	return true;
}

/* The path is real: whoever makes a link of a part of it meanwhile leads nowhere. */
static int open_root(const char *path, struct dir *ret, dev_t *ret_dev, struct err *e)
{
	autodir struct dir top = DIR_NONE;
	struct stat st;

	if (dir_open("/", &top, e) < 0 || dir_open_at(&top, path + 1, ret, e) < 0 ||
	    dir_stat(ret, "", &st, e) < 0)
		return -(int)e->kind;
	*ret_dev = st.st_dev;
	return 0;
}

static int walk_root(const struct ctx *c, struct listing *l, const char *path, struct err *e)
{
	struct tree_opts o = {
		.workers = 2, .cancel = c->cancel, .leave_out = is_elsewhere, .data = l
	};
	autodir struct dir d = DIR_NONE;
	struct err why = ERR_INIT;

	l->root = strcmp(path, "/") != 0 ? path : "";
	if (open_root(path, &d, &l->dev, &why) >= 0 && tree_walk(&d, &o, see, l, &why) >= 0)
		return 0;
	if (why.kind == ERR_CANCELED) {
		*e = why;
		return -(int)e->kind;
	}
	l->ended = why.kind == ERR_SPACE || why.kind == ERR_TIMEOUT;
	if (why.kind == ERR_ABSENT)
		l->absent++;
	else
		named_add(&l->left_out, "%s: %s", path, why.msg);
	return 0;
}

/* ---- all ---- */

/* What is mounted in a home was left out of it. */
static bool is_on_another(const char *path, dev_t dev)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_dev != dev;
}

static int walk_all(const struct ctx *c, struct listing *l, int64_t *ret_homes, struct err *e)
{
	struct roots *r = &l->roots;
	VEC(struct walked) around = { 0 }; /* each in the one before it */
	int failed = 0;

	vec_sort(&r->all, by_place);
	vec_each (&r->all, path) {
		while (around.n && !path_is_in(*path, around.v[around.n - 1].path))
			around.n--;
		if (around.n && !is_on_another(*path, around.v[around.n - 1].dev))
			continue;
		failed = walk_root(c, l, *path, e);
		if (failed < 0 || l->ended)
			break;
		*vec_push(&around) = (struct walked){ *path, l->dev };
		++*ret_homes;
	}
	vec_done(&around);
	if (failed < 0)
		return failed;
	if (r->more)
		named_add(&l->left_out, "more than %d homes", ROOTS_MAX);
	return 0;
}

static json_t *told(struct listing *l, int64_t homes)
{
	json_t *doc =
	    json_pack("{sI sI sI sI sI sI sI sO}", "homes", (json_int_t)(homes - l->absent),
		      "absent", (json_int_t)l->absent, "files", (json_int_t)l->files, "directories",
		      (json_int_t)l->dirs, "links", (json_int_t)l->links, "others",
		      (json_int_t)l->others, "bytes", (json_int_t)l->bytes, "owners", l->owners);

	if (l->left_out.n)
		json_object_set_new(doc, "incomplete", named_json(&l->left_out));
	return doc;
}

static int look(const struct ctx *c, struct provider *db, struct listing *l, json_t **ret,
		struct err *e)
{
	struct census_watch w = { .storage = note_root, .arg = &l->roots };
	struct census unused = { 0 };
	int64_t homes = 0;

	if (census_take(db, &w, &unused, e) < 0 || walk_all(c, l, &homes, e) < 0)
		return -(int)e->kind;
	*ret = told(l, homes);
	return 0;
}

static int look_and_list(const struct ctx *c, struct provider *db, struct listing *l,
			 const char *side, json_t **ret, struct err *e)
{
	autojson json_t *doc = NULL;
	autofree char *name = NULL;

	if (side_list_open(&l->to, side, "files", e) < 0)
		return -(int)e->kind;
	l->lists = true;
	if (look(c, db, l, &doc, e) < 0 || side_list_keep(&l->to, &name, e) < 0)
		return -(int)e->kind;
	json_object_set_new(doc, "list", json_string(name));
	*ret = take_ptr(doc);
	return 0;
}

int homes_look(const struct ctx *c, struct provider *db, struct homes_limits limits,
	       const char *side, json_t **ret, struct err *e)
{
	struct listing l = { .lock = PTHREAD_MUTEX_INITIALIZER,
			     .limits = limits,
			     .end = deadline_in(limits.within_ns),
			     .owners = json_object(),
			     .to = SIDE_LIST };
	int r = side ? look_and_list(c, db, &l, side, ret, e) : look(c, db, &l, ret, e);

	json_decref(l.owners);
	named_done(&l.left_out);
	roots_done(&l.roots);
	side_list_close(&l.to);
	return r;
}
