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

#define HEAD "crossgrade-"
#define TAIL "XXXXXX"

static const char *const kinds[] = { "build", "apt", "dnf" };

/* mkdtemp() fills the tail with letters and digits. */
static bool is_of(const char *kind, const char *name)
{
	static const char drawn[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	autofree char *head = xasprintf(HEAD "%s-", kind);
	size_t n = strlen(head);

	return !strncmp(name, head, n) && strlen(name) == n + strlen(TAIL) && strspn(name + n, drawn) == strlen(TAIL);
}

/* Too old to be one that is just being made. */
static bool is_old(time_t made)
{
	struct timespec up;
	time_t now = time(NULL);

	return made < now - AGE || (clock_gettime(CLOCK_BOOTTIME, &up) == 0 && made < now - up.tv_sec);
}

static bool is_left(const struct dir *above, const char *kind, const char *name, int *ret_fd)
{
	struct err ignored = ERR_INIT;
	int fd = is_of(kind, name) ? dir_openat(above, name, O_RDONLY | O_DIRECTORY, 0, &ignored) : -1;
	struct stat st;

	*ret_fd = fd;
	return fd >= 0 && fstat(fd, &st) >= 0 && st.st_uid == geteuid() && (st.st_mode & 07777) == 0700 && is_old(st.st_mtime) &&
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
	autofree char *path = xasprintf(ROOM_ABOVE "/" HEAD "%s-" TAIL, kind);
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

void room_sweep(void)
{
	autodir struct dir above = DIR_NONE;
	struct err ignored = ERR_INIT;

	if (dir_open(ROOM_ABOVE, &above, &ignored) < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		sweep(&above, kinds[i]);
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
