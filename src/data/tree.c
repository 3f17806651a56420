#include "data/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "data/copy.h"

#define LIST_BYTES (256u << 10)

struct walk {
	const struct dir *root;
	const struct tree_opts *o;
	tree_visit *visit;
	void *data;
	uint64_t mount; /* of the root; 0 when the kernel does not say */
	dev_t dev;
	bool sorted;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	VEC(char *) todo; /* directories, last in first out, so the list stays short */
	unsigned busy;
	bool stop;
};

struct raw_dirent {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

static void stat_of_statx(const struct statx *x, struct stat *ret)
{
	*ret = (struct stat){
		.st_dev = makedev(x->stx_dev_major, x->stx_dev_minor),
		.st_ino = x->stx_ino,
		.st_mode = x->stx_mode,
		.st_nlink = x->stx_nlink,
		.st_uid = x->stx_uid,
		.st_gid = x->stx_gid,
		.st_rdev = makedev(x->stx_rdev_major, x->stx_rdev_minor),
		.st_size = (off_t)x->stx_size,
		.st_blksize = x->stx_blksize,
		.st_blocks = (blkcnt_t)x->stx_blocks,
		.st_atim = { x->stx_atime.tv_sec, x->stx_atime.tv_nsec },
		.st_mtim = { x->stx_mtime.tv_sec, x->stx_mtime.tv_nsec },
		.st_ctim = { x->stx_ctime.tv_sec, x->stx_ctime.tv_nsec },
	};
}

static int look(int dirfd, const char *name, struct stat *ret, uint64_t *ret_mount)
{
	struct statx x;
	int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);

	if (statx(dirfd, name, flags, STATX_BASIC_STATS | STATX_MNT_ID, &x) < 0)
		return -errno;
	stat_of_statx(&x, ret);
	*ret_mount = x.stx_mask & STATX_MNT_ID ? x.stx_mnt_id : 0;
	return 0;
}

static bool other_mount(const struct walk *w, const struct stat *st, uint64_t mount)
{
	if (w->mount && mount)
		return mount != w->mount;
	return st->st_dev != w->dev;
}

static void push(struct walk *w, char *rel)
{
	pthread_mutex_lock(&w->lock);
	*vec_push(&w->todo) = rel;
	pthread_cond_signal(&w->moved);
	pthread_mutex_unlock(&w->lock);
}

/* The next directory; NULL when the walk is over. */
static char *pop(struct walk *w)
{
	char *rel = NULL;

	pthread_mutex_lock(&w->lock);
	while (!w->stop && !w->todo.n && w->busy)
		pthread_cond_wait(&w->moved, &w->lock);
	if (!w->stop && w->todo.n) {
		rel = w->todo.v[--w->todo.n];
		w->busy++;
	}
	pthread_mutex_unlock(&w->lock);
	return rel;
}

static void done_with(struct walk *w, bool failed)
{
	pthread_mutex_lock(&w->lock);
	w->busy--;
	w->stop |= failed;
	if (w->stop || !w->busy)
		pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
}

static bool canceled(const struct walk *w)
{
	return w->o->cancel && atomic_load(&w->o->cancel->asked);
}

/* One entry of the open directory: 1 when it is a directory to descend into. */
static int see(struct walk *w, int dirfd, const char *rel, const char *name, struct err *e)
{
	struct tree_entry entry = { .rel = rel, .name = name, .dirfd = dirfd };
	uint64_t mount = 0;
	int r = look(dirfd, name, &entry.st, &mount);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_sys(e, -r, "look at '%s'", rel);
	if (*rel && w->o->leave_out && w->o->leave_out(w->o->data, rel, &entry.st))
		return 0;
	if (!w->o->cross_mounts && other_mount(w, &entry.st, mount))
		return err_set(e, ERR_REFUSED, "'%s' in '%s' is a mount of its own", rel,
			       w->root->path);
	r = w->visit(w->data, &entry, e);
	if (r < 0)
		return r;
	return r == TREE_GO && S_ISDIR(entry.st.st_mode);
}

static int see_named(struct walk *w, int dirfd, const char *rel, const char *name, struct err *e)
{
	char *below = *rel ? xasprintf("%s/%s", rel, name) : xstrdup(name);
	int r = canceled(w) ? err_set(e, ERR_CANCELED, "canceled") : see(w, dirfd, below, name, e);

	if (r > 0)
		push(w, below);
	else
		free(below);
	return r < 0 ? r : 0;
}

static bool dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* getdents64 in large batches; 0 at the end, -errno. A directory removed meanwhile ends. */
static long read_batch(int fd, void *list)
{
	long n = syscall(SYS_getdents64, fd, list, LIST_BYTES);

	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	return n;
}

static int see_batches(struct walk *w, int fd, const char *rel, struct err *e)
{
	autofree char *list = xmalloc(LIST_BYTES);
	long n;

	while ((n = read_batch(fd, list)) > 0) {
		for (long at = 0; at < n; at += ((struct raw_dirent *)(list + at))->len) {
			const struct raw_dirent *d = (struct raw_dirent *)(list + at);

			if (!dots(d->name) && see_named(w, fd, rel, d->name, e) < 0)
				return -(int)e->kind;
		}
	}
	return n < 0 ? err_sys(e, (int)-n, "list '%s'", rel) : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int see_sorted(struct walk *w, int fd, const char *rel, struct err *e)
{
	autofree char *list = xmalloc(LIST_BYTES);
	VEC(char *) names = { 0 };
	size_t from = w->todo.n;
	long n;
	int r = 0;

	while ((n = read_batch(fd, list)) > 0) {
		for (long at = 0; at < n; at += ((struct raw_dirent *)(list + at))->len) {
			const struct raw_dirent *d = (struct raw_dirent *)(list + at);

			if (!dots(d->name))
				*vec_push(&names) = xstrdup(d->name);
		}
	}
	if (n < 0)
		r = err_sys(e, (int)-n, "list '%s'", rel);
	vec_sort(&names, by_name);
	vec_each (&names, it) {
		if (r == 0)
			r = see_named(w, fd, rel, *it, e);
		free(*it);
	}
	vec_done(&names);
	/* Last in, first out: turn what this directory added, so that it is taken in order of
	 * names. */
	for (size_t a = from, b = w->todo.n; a + 1 < b; a++, b--) {
		char *swap = w->todo.v[a];

		w->todo.v[a] = w->todo.v[b - 1];
		w->todo.v[b - 1] = swap;
	}
	return r;
}

static bool gone_meanwhile(const struct err *e)
{
	return e->sys == ENOENT || e->sys == ENOTDIR || e->sys == ELOOP || e->sys == ESTALE;
}

static int enter(struct walk *w, const char *rel, struct err *e)
{
	autoclose int fd = dir_openat(w->root, rel, O_RDONLY | O_DIRECTORY, 0, e);

	if (fd < 0 && gone_meanwhile(e)) {
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return fd;
	return w->sorted ? see_sorted(w, fd, rel, e) : see_batches(w, fd, rel, e);
}

static int walker(void *arg, struct err *e)
{
	struct walk *w = arg;
	char *rel;
	int r = 0;

	while (r == 0 && (rel = pop(w))) {
		r = enter(w, rel, e);
		free(rel);
		done_with(w, r < 0);
	}
	return r;
}

static int walk_parallel(struct walk *w, struct err *e)
{
	struct pool *pool = pool_new(w->o->workers, 64, w->o->cancel);
	unsigned n = pool_workers(pool);

	for (unsigned i = 0; i < n; i++)
		pool_add(pool, walker, w);

	int r = pool_wait(pool, e);

	pool_free(pool);
	return r;
}

int tree_walk(const struct dir *root, const struct tree_opts *o, tree_visit *visit, void *data,
	      struct err *e)
{
	static const struct tree_opts plain = { 0 };
	struct walk w = { .root = root,
			  .o = o ? o : &plain,
			  .visit = visit,
			  .data = data,
			  .lock = PTHREAD_MUTEX_INITIALIZER,
			  .moved = PTHREAD_COND_INITIALIZER };
	struct stat st = { 0 };
	int r = look(root->fd, "", &st, &w.mount);

	if (r < 0)
		return err_sys(e, -r, "look at '%s'", root->path);
	w.dev = st.st_dev;
	w.sorted = w.o->workers == 1;
	r = see(&w, root->fd, "", "", e);
	if (r > 0) {
		push(&w, xstrdup(""));
		r = w.sorted ? walker(&w, e) : walk_parallel(&w, e);
	}
	vec_each (&w.todo, it)
		free(*it);
	vec_done(&w.todo);
	return r;
}

struct linked_file {
	struct file_id id;
	uint64_t bytes, allocated, data;
};

struct measure {
	pthread_mutex_t lock;
	struct tree_size size;
	VEC(struct linked_file) linked; /* regular files with more than one name */
};

/* A file that cannot be opened is taken for full. */
static uint64_t data_of(const struct tree_entry *entry)
{
	uint64_t size = (uint64_t)entry->st.st_size;

	if (!S_ISREG(entry->st.st_mode))
		return (uint64_t)entry->st.st_blocks * 512;
	if (size <= BLOCK_BYTES)
		return (size + 4095) / 4096 * 4096;

	autoclose int fd = openat(entry->dirfd, entry->name,
				  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC);

	return fd < 0 ? size : copy_need(fd, size);
}

static int measure_one(void *data, const struct tree_entry *entry, struct err *e unused_arg)
{
	struct measure *m = data;
	const struct stat *st = &entry->st;
	uint64_t allocated = (uint64_t)st->st_blocks * 512, need = data_of(entry);

	pthread_mutex_lock(&m->lock);
	m->size.files += S_ISREG(st->st_mode);
	m->size.dirs += S_ISDIR(st->st_mode);
	m->size.links += S_ISLNK(st->st_mode);
	m->size.others += !S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode) && !S_ISLNK(st->st_mode);
	if (S_ISREG(st->st_mode) && st->st_nlink > 1) {
		*vec_push(&m->linked) = (struct linked_file){ { .dev = st->st_dev, .ino = st->st_ino },
							      (uint64_t)st->st_size,
							      allocated, need };
	} else {
		m->size.bytes += S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
		m->size.allocated += allocated;
		m->size.data += need;
	}
	pthread_mutex_unlock(&m->lock);
	return TREE_GO;
}

static int by_file_id(const void *a, const void *b)
{
	const struct linked_file *x = a, *y = b;

	if (x->id.dev != y->id.dev)
		return x->id.dev < y->id.dev ? -1 : 1;
	return (x->id.ino > y->id.ino) - (x->id.ino < y->id.ino);
}

static void count_linked_once(struct measure *m)
{
	vec_sort(&m->linked, by_file_id);
	for (size_t i = 0; i < m->linked.n; i++) {
		if (i && file_id_eq(m->linked.v[i].id, m->linked.v[i - 1].id))
			continue;
		m->size.bytes += m->linked.v[i].bytes;
		m->size.allocated += m->linked.v[i].allocated;
		m->size.data += m->linked.v[i].data;
	}
	vec_done(&m->linked);
}

int tree_measure(const struct dir *root, const struct tree_opts *o, struct tree_size *ret,
		 struct err *e)
{
	struct measure m = { .lock = PTHREAD_MUTEX_INITIALIZER };
	int r = tree_walk(root, o, measure_one, &m, e);

	count_linked_once(&m);
	if (r == 0)
		*ret = m.size;
	return r;
}
