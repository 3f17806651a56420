#include "data/out.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"

#define OUT_BYTES (256u << 10)

static char *temp_name(const struct out *o) { return xasprintf(".crossgrade-%s.tmp", o->name); }

int out_open(struct out *o, const struct dir *d, const char *name, struct err *e)
{
	*o = (struct out){ .d = d, .name = name, .fd = -1 };

	autofree char *temp = temp_name(o);
	int sys = fault_errno("data.out.create");

	if (sys)
		return err_sys(e, sys, "create '%s'", temp);
	o->fd = dir_openat(d, temp, O_WRONLY | O_CREAT | O_TRUNC, 0600, e);
	if (o->fd < 0)
		return o->fd;
	o->data = xmalloc(OUT_BYTES);
	o->sha = hasher_new();
	hasher_begin(o->sha);
	return 0;
}

static void flush(struct out *o)
{
	if (o->err.kind == ERR_OK && o->n) {
		int sys = fault_errno("data.out.write");

		hasher_add(o->sha, o->data, o->n);
		if (sys)
			err_sys(&o->err, sys, "write '%s'", o->name);
		else if (file_write_all(o->fd, o->data, o->n, o->name, &o->err) < 0)
			err_wrap(&o->err, "write '%s'", o->name);
	}
	o->n = 0;
}

void out_add(struct out *o, const void *p, size_t n)
{
	for (const char *s = p; n;) {
		size_t m = MIN_OF(n, OUT_BYTES - o->n);

		memcpy(o->data + o->n, s, m);
		o->n += m;
		s += m;
		n -= m;
		if (o->n == OUT_BYTES)
			flush(o);
	}
}

void out_adds(struct out *o, const char *s) { out_add(o, s, strlen(s)); }

void out_digest(struct out *o, unsigned char ret[SHA_BYTES])
{
	flush(o);
	hasher_end(o->sha, ret);
	hasher_begin(o->sha);
}

int out_write(struct out *o, struct err *e)
{
	flush(o);
	if (o->err.kind == ERR_OK)
		return 0;
	*e = o->err;
	return -(int)e->kind;
}

int out_install(struct out *o, struct err *e)
{
	autofree char *temp = temp_name(o);

	if (dir_rename(o->d, temp, o->d, o->name, 0, e) < 0)
		return -(int)e->kind;
	close(o->fd);
	o->fd = -1;
	return 0;
}

int out_commit(struct out *o, struct err *e)
{
	if (out_write(o, e) < 0 || file_sync(o->fd, o->name, e) < 0)
		return -(int)e->kind;
	return out_install(o, e);
}

int out_place(struct out *o, struct err *e)
{
	autofree char *temp = temp_name(o);
	int sys;

	if (out_write(o, e) < 0)
		return -(int)e->kind;
	sys = fault_errno("data.out.place");
	if (!sys && renameat(o->d->fd, temp, o->d->fd, o->name) < 0)
		sys = errno;
	if (sys)
		return err_sys(e, sys, "put '%s' in place", o->name);
	close(o->fd);
	o->fd = -1;
	return 0;
}

void out_close(struct out *o)
{
	if (o->fd >= 0) {
		autofree char *temp = temp_name(o);
		struct err ignored = ERR_INIT;

		close(o->fd);
		if (dir_unlink(o->d, temp, &ignored) < 0)
			log_debug("remove '%s': %s", temp, ignored.msg);
	}
	hasher_free(o->sha);
	free(o->data);
	*o = (struct out){ .fd = -1 };
}

void lines_init(struct lines *l, int fd, const char *what, size_t max)
{
	*l = (struct lines){ .fd = fd, .what = what, .max = max, .data = xmalloc(max) };
}

void lines_done(struct lines *l)
{
	free(l->data);
	l->data = NULL;
}

static int refill(struct lines *l, struct err *e)
{
	memmove(l->data, l->data + l->from, l->n);
	l->from = 0;
	if (l->n == l->max)
		return err_set(e, ERR_FORMAT, "a line of '%s' is too long", l->what);

	ssize_t r = read(l->fd, l->data + l->n, l->max - l->n);

	if (r < 0)
		return err_sys(e, errno, "read '%s'", l->what);
	l->n += (size_t)r;
	l->ended = r == 0;
	return 0;
}

int lines_next(struct lines *l, struct sv *ret, struct err *e)
{
	size_t seen = 0;

	for (;;) {
		const char *line = l->data + l->from;
		const char *lf = memchr(line + seen, '\n', l->n - seen);

		if (lf) {
			*ret = (struct sv){ line, (size_t)(lf - line) };
			l->from += ret->n + 1;
			l->n -= ret->n + 1;
			return 1;
		}
		if (l->ended && l->n)
			return err_set(e, ERR_FORMAT, "the last line of '%s' is cut off", l->what);
		if (l->ended)
			return 0;
		seen = l->n;
		if (refill(l, e) < 0)
			return -(int)e->kind;
	}
}
