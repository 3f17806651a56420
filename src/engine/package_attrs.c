#include "engine/package_attrs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/file.h"
#include "io/json.h"

/* Its parents may be links of the distribution's (/lib). ERR_ABSENT when there is no such file. */
static int open_of(const struct packager *p, const char *path, struct err *e)
{
	autofree char *named = xasprintf("%s%s", p->inst, path), *real = realpath(named, NULL);
	autodir struct dir root = DIR_NONE;

	if (!real)
		return err_sys(e, errno, "look at '%s'", named);
	if (dir_open("/", &root, e) < 0)
		return -(int)e->kind;
	return dir_openat(&root, real + 1, O_RDONLY | O_NONBLOCK, 0, e);
}

/* 1 and it, open; 0: it is not there. */
static int look_at(const struct packager *p, const char *path, int *ret_fd, struct stat *ret, struct err *e)
{
	autoclose int fd = open_of(p, path, e);

	if (fd < 0 && e->kind == ERR_ABSENT) {
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, ret) < 0)
		return err_sys(e, errno, "look at '%s'", path);
	*ret_fd = take_fd(fd);
	return 1;
}

static int note(const struct packager *p, const char *path, json_t *ret, struct err *e)
{
	autoclose int fd = -1;
	struct stat st;
	int r = look_at(p, path, &fd, &st, e);

	if (r <= 0)
		return r;
	json_object_set_new(ret, path, json_pack("{si si si}", "mode", (int)(st.st_mode & 07777), "uid", (int)st.st_uid, "gid",
						 (int)st.st_gid));
	return 0;
}

/* ".M...UG..    /srv/sftpgo", "..5......  d /usr/share/man/man1/x.gz": mode, owner or group are not as packed. rpm(8) */
static bool is_of_attributes(struct sv flags)
{
	return flags.n >= 7 && (flags.p[1] == 'M' || flags.p[5] == 'U' || flags.p[6] == 'G');
}

int package_attrs_read(const struct packager *p, const char *name, const char *odd, json_t *ret, struct err *e)
{
	autojson json_t *folders = NULL;
	struct sv rest = sv_of(odd);
	const json_t *one;
	size_t i;

	if (!p->ops->folders)
		return 0;
	if (p->ops->folders(p, name, &folders, e) < 0)
		return -(int)e->kind;
	json_array_foreach(folders, i, one)
	{
		if (note(p, json_string_value(one), ret, e) < 0)
			return -(int)e->kind;
	}
	while (rest.n) {
		struct sv line = sv_line(&rest), flags = sv_word(&line);
		const char *slash = memchr(line.p, '/', line.n);
		autofree char *path = slash ? sv_dup((struct sv){ slash, (size_t)(line.p + line.n - slash) }) : NULL;

		if (path && is_of_attributes(flags) && note(p, path, ret, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

static int put_back(const struct packager *p, const char *path, const json_t *was, struct err *e)
{
	struct file_attr attr = { (mode_t)json_int(was, "mode", 0), (uid_t)json_int(was, "uid", 0), (gid_t)json_int(was, "gid", 0) };
	autoclose int fd = -1;
	struct stat st;
	int r = look_at(p, path, &fd, &st, e);

	if (r <= 0)
		return r;
	if ((st.st_mode & 07777) == attr.mode && st.st_uid == attr.uid && st.st_gid == attr.gid)
		return 0;
	return file_set_attr(fd, attr, path, e) < 0 ? -(int)e->kind : file_sync(fd, path, e);
}

int package_attrs_write(const struct packager *p, const json_t *attrs, struct err *e)
{
	const char *path;
	json_t *was;

	json_object_foreach((json_t *)attrs, path, was)
		if (put_back(p, path, was, e) < 0)
			return -(int)e->kind;
	return 0;
}
