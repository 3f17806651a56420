#include "io/room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define AGE         600 /* s: a younger one may not be locked yet */
#define ENTRIES_MAX 10000

/* Nobody holds it, and it is too old to be one that is just being made. */
static bool is_left(const struct dir *above, const char *kind, const char *name, int *ret_fd)
{
	struct err ignored = ERR_INIT;
	int fd = strncmp(name, kind, strlen(kind)) ? -1 : dir_openat(above, name, O_RDONLY | O_DIRECTORY, 0, &ignored);
	struct stat st;

	*ret_fd = fd;
	return fd >= 0 && fstat(fd, &st) >= 0 && st.st_uid == geteuid() && st.st_mtime < time(NULL) - AGE &&
	       flock(fd, LOCK_EX | LOCK_NB) >= 0;
}

static void sweep(const struct dir *above, const char *kind)
{
	struct dir_names names = { 0 };
	struct err e = ERR_INIT;

	if (dir_list(above, "", ENTRIES_MAX, &names, &e) < 0)
		return;
	vec_each(&names, it) {
		autoclose int fd = -1;

		if (is_left(above, kind, it->name, &fd) && dir_remove_tree(above, it->name, &e) < 0)
			log_debug("'%s/%s' stays: %s", above->path, it->name, e.msg);
	}
	dir_names_done(&names);
}

int room_make(const char *kind, struct dir *ret, struct err *e)
{
	autofree char *path = xasprintf(ROOM_ABOVE "/%sXXXXXX", kind);
	autodir struct dir above = DIR_NONE, room = DIR_NONE;

	if (dir_open(ROOM_ABOVE, &above, e) < 0)
		return -(int)e->kind;
	sweep(&above, kind);
	if (!mkdtemp(path))
		return err_sys(e, errno, "make a directory below " ROOM_ABOVE);
	if (dir_open(path, &room, e) < 0)
		return -(int)e->kind;
	if (flock(room.fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(e, errno, "hold '%s'", path);
	*ret = room;
	room = (struct dir)DIR_NONE;
	return 0;
}

int room_drop(struct dir *room, struct err *e)
{
	autodir struct dir above = DIR_NONE;
	int r = 0;

	if (room->fd >= 0 && (dir_open(ROOM_ABOVE, &above, e) < 0 || dir_remove_tree(&above, strrchr(room->path, '/') + 1, e) < 0))
		r = -(int)e->kind;
	dir_close(room);
	return r;
}
