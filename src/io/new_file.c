#include "io/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"

static const char *leaf_of(const struct new_file *f)
{
	return strrchr(f->path, '/') + 1;
}

static int open_parent(const char *path, struct dir *ret, struct err *e)
{
	const char *slash = strrchr(path, '/');
	autofree char *parent = slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));

	if (!slash[1])
		return err_set(e, ERR_USAGE, "'%s' names a directory, not a file", path);
	return dir_open(parent, ret, e);
}

static int want_absent(const struct new_file *f, struct err *e)
{
	int there = f->over ? 0 : dir_has(&f->dir, leaf_of(f), e);

	return there > 0 ? err_set(e, ERR_EXISTS, "'%s' is there already", f->path) : there;
}

/* Without a name, so that nothing stays whatever ends us; under a temporary one where the file system knows no such files. */
static int open_nameless(struct new_file *f, mode_t mode, struct err *e)
{
	struct err refused = ERR_INIT;
	int fd = dir_openat(&f->dir, ".", O_WRONLY | O_TMPFILE, mode, &refused);

	if (fd >= 0)
		return fd;
	file_temp_name(f->temp);
	return dir_openat(&f->dir, f->temp, O_WRONLY | O_CREAT | O_EXCL, mode, e);
}

static int open_new(const char *path, mode_t mode, bool over, struct new_file *ret, struct err *e)
{
	struct new_file f = { .dir = DIR_NONE, .fd = -1, .over = over, .chunk = BUF_MAX(NEW_FILE_CHUNK) };

	if (open_parent(path, &f.dir, e) < 0)
		return -(int)e->kind;
	f.path = xstrdup(path);
	if (want_absent(&f, e) >= 0)
		f.fd = open_nameless(&f, mode, e);
	if (f.fd < 0) {
		new_file_done(&f);
		return -(int)e->kind;
	}
	*ret = f;
	return 0;
}

int new_file_open(const char *path, mode_t mode, struct new_file *ret, struct err *e)
{
	return open_new(path, mode, false, ret, e);
}

int new_file_open_over(const char *path, mode_t mode, struct new_file *ret, struct err *e)
{
	return open_new(path, mode, true, ret, e);
}

static int write_out(struct new_file *f, struct sv bytes, struct err *e)
{
	int sys = fault_errno("new_file.write");

	if (sys)
		return err_sys(e, sys, "write '%s'", f->path);
	return file_write_all(f->fd, bytes.p, bytes.n, f->path, e);
}

static int flush(struct new_file *f, struct err *e)
{
	int r = f->chunk.len ? write_out(f, buf_sv(&f->chunk), e) : 0;

	buf_reset(&f->chunk);
	return r;
}

int new_file_write(struct new_file *f, struct sv bytes, struct err *e)
{
	if (f->chunk.len + bytes.n > f->chunk.max && flush(f, e) < 0)
		return -(int)e->kind;
	if (bytes.n > f->chunk.max)
		return write_out(f, bytes, e);
	buf_add_sv(&f->chunk, bytes);
	return 0;
}

int new_file_finish(struct new_file *f, struct err *e)
{
	return flush(f, e) < 0 || file_sync(f->fd, f->path, e) < 0 ? -(int)e->kind : 0;
}

/* linkat(2) never writes over. */
static int give_name(struct new_file *f, const char *leaf, struct err *e)
{
	int sys = fault_errno("new_file.link");
	char open[40];

	snprintf(open, sizeof open, "/proc/self/fd/%d", f->fd);
	if (!sys && linkat(AT_FDCWD, open, f->dir.fd, leaf, AT_SYMLINK_FOLLOW) < 0)
		sys = errno;
	return sys ? err_sys(e, sys, "put '%s' in place", f->path) : 0;
}

static int put_in_place(struct new_file *f, struct err *e)
{
	char temp[FILE_TEMP_NAME];

	memcpy(temp, f->temp, sizeof temp);
	f->temp[0] = '\0';
	return file_install(f->dir.fd, temp, leaf_of(f), f->over ? 0 : RENAME_NOREPLACE, f->path, e);
}

int new_file_keep(struct new_file *f, struct err *e)
{
	if (new_file_finish(f, e) < 0)
		return -(int)e->kind;
	if (!f->temp[0] && !f->over)
		return give_name(f, leaf_of(f), e) < 0 ? -(int)e->kind : dir_sync(&f->dir, "", e);
	if (!f->temp[0]) {
		char temp[FILE_TEMP_NAME];

		file_temp_name(temp);
		if (give_name(f, temp, e) < 0)
			return -(int)e->kind;
		memcpy(f->temp, temp, sizeof temp);
	}
	return put_in_place(f, e);
}

void new_file_done(struct new_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->fd >= 0 && f->temp[0])
		(void)unlinkat(f->dir.fd, f->temp, 0);
	dir_close(&f->dir);
	free(f->path);
	buf_done(&f->chunk);
	*f = (struct new_file)NEW_FILE_NONE;
}
