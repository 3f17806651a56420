#include "svc/rpm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/cmd.h"
#include "io/file.h"

#define LOOK_EVERY (100 * NS_PER_MS)
#define DNF_STATE  "/var/lib/dnf"
#define DNF_LOCK   "rpmdb_lock.pid"

/* dnf's lock is the process id in the file, of a process that lives; while somebody has an flock on it, dnf waits.
 * dnf 4, lock.py */
static bool is_of_the_living(int fd)
{
	autobuf struct buf text = BUF_MAX(64);
	struct err ignored = ERR_INIT;
	uint64_t pid;
	uint64_t ticks;

	if (file_read_fd(fd, DNF_LOCK, &text, &ignored) < 0 || !sv_u64(sv_trim(buf_sv(&text)), &pid) || pid > INT32_MAX)
		return false;
	return process_start_ticks((pid_t)pid, &ticks, &ignored) >= 0;
}

/* dnf removes the file when it ends: what we hold must still be the file of that name. */
static bool is_still_there(const struct dir *d, int fd)
{
	struct err ignored = ERR_INIT;
	struct stat held, there;

	return fstat(fd, &held) == 0 && dir_stat(d, DNF_LOCK, &there, &ignored) >= 0 && held.st_ino == there.st_ino &&
	       held.st_dev == there.st_dev;
}

/* 1 with a descriptor, 0 when dnf is at work, -kind. */
static int take_dnf(const struct dir *d, int *ret, struct err *e)
{
	autoclose int fd = dir_openat(d, DNF_LOCK, O_RDWR | O_CREAT, 0644, e);

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || is_of_the_living(fd) || !is_still_there(d, fd))
		return 0;
	*ret = take_fd(fd);
	return 1;
}

/* rpm(8) keeps a record lock on it for as long as a transaction lasts. */
static int rpm_is_idle(const struct dir *admin, struct err *e)
{
	autoclose int fd = dir_openat(admin, ".rpm.lock", O_RDWR, 0, e);

	if (fd < 0 && e->kind == ERR_ABSENT) {
		err_clear(e);
		return 1;
	}
	return fd < 0 ? fd : packager_lock_is_free(fd);
}

/* Where there is no dnf nobody but rpm is to be kept out, who waits by himself: then the descriptor holds nothing. */
static int try(const struct dir *admin, const struct dir *dnf, int *ret, struct err *e)
{
	autoclose int held = -1;
	int got = 1, idle;

	if (dnf->fd >= 0)
		got = take_dnf(dnf, &held, e);
	else
		held = dir_openat(admin, "", O_RDONLY | O_DIRECTORY, 0, e);
	if (got <= 0 || held < 0)
		return got < 0 || held < 0 ? -(int)e->kind : 0;
	idle = rpm_is_idle(admin, e);
	if (idle > 0)
		*ret = take_fd(held);
	return idle;
}

int rpm_lock(const struct packager *p, struct deadline until, struct err *e)
{
	autofree char *state = xasprintf("%s" DNF_STATE, p->inst);
	autodir struct dir admin = DIR_NONE, dnf = DIR_NONE;
	int fd = -1, got;

	if (dir_open(p->admin, &admin, e) < 0)
		return -(int)e->kind;
	if (dir_open(state, &dnf, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
	}
	while (!(got = try(&admin, &dnf, &fd, e))) {
		if (deadline_passed(until)) {
			err_set(e, ERR_BUSY, "somebody else installs packages");
			return err_hint(e, "wait for dnf or rpm to end: 'fuser %s/.rpm.lock' or %s/%s names it", p->admin, state, DNF_LOCK);
		}
		clock_sleep_ns(LOOK_EVERY);
	}
	return got < 0 ? got : fd;
}
