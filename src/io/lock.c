#include "io/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/spec.h"
#include "io/cmd.h"
#include "io/file.h"
#include "io/proc.h"

#define TRIES 8
#define GONE_WITHIN_NS (2 * NS_PER_S)
#define LOOK_EVERY_NS  (10 * NS_PER_MS)

static int held = -1;

int lock_held(void) { return held; }

/* The file may have been cleaned away between open and flock: then another holder can have a new
 * one. */
static bool has_name_still(const struct dir *d, const char *name, int fd)
{
	struct err ignored = ERR_INIT;
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && dir_stat(d, name, &there, &ignored) == 0 &&
	       mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

static int busy(int fd, const char *path, struct err *e)
{
	autobuf struct buf who = BUF_MAX(512);
	struct err ignored = ERR_INIT;
	struct sv line;

	if (file_read_fd(fd, path, &who, &ignored) < 0)
		buf_reset(&who);
	line = sv_trim(buf_sv(&who));
	if (!line.n)
		return err_set(e, ERR_BUSY, "another run holds '%s'", path);
	return err_set(e, ERR_BUSY, "another run is at work here: " SV_FMT, SV_ARG(line));
}

static int sign(int fd, const char *path, const char *who, struct err *e)
{
	char line[256];
	int n = snprintf(line, sizeof line, "pid %d, %s", (int)getpid(), who);

	if (ftruncate(fd, 0) < 0)
		return err_sys(e, errno, "write '%s'", path);
	return file_write_all(fd, line, MIN_OF((size_t)n, sizeof line - 1), path, e);
}

/* 0 taken, 1 the file lost its name meanwhile. */
static int try_once(const struct dir *d, const char *name, const char *path, const char *who,
                    int *ret_fd, struct err *e)
{
	autoclose int fd = dir_openat(d, name, O_RDWR | O_CREAT, 0600, e);

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? busy(fd, path, e)
		                            : err_sys(e, errno, "lock '%s'", path);
	if (!has_name_still(d, name, fd))
		return 1;
	if (sign(fd, path, who, e) < 0)
		return -(int)e->kind;
	*ret_fd = take_fd(fd);
	return 0;
}

/* He was killed, or let it go and took his name out: who is on his way out has the descriptor for a moment longer. */
static bool holder_is_gone(const struct dir *d, const char *name)
{
	autobuf struct buf line = BUF_MAX(512);
	struct err ignored = ERR_INIT;
	struct process_id id = { 0 };
	struct sv rest;
	uint64_t pid;

	if (file_read(d, name, &line, &ignored) < 0)
		return false;
	rest = buf_sv(&line);
	if (!rest.n)
		return true;
	(void)sv_cut(&rest, ' ');
	if (!sv_u64(sv_cut(&rest, ','), &pid))
		return false;
	id.pid = (pid_t)pid;
	if (process_start_ticks(id.pid, &id.start_ticks, &ignored) < 0)
		return ignored.kind == ERR_ABSENT;
	return process_alive(id, &ignored) == 0;
}

/* Crossgrade-exec stands by with the lock, and has the program open (src/exec/main.c). */
static int still_at_work(const char *path, struct err *e)
{
	struct err ignored = ERR_INIT;
	struct proc p = { 0 };
	pid_list pids = { 0 };
	pid_t program = 0;

	if (proc_file_writers(path, &pids, &ignored) >= 0 && pids.n)
		program = proc_pidfd(pids.v[0], PROGRAM_FD);
	vec_done(&pids);
	err_clear(e);
	if (program && proc_read(program, &p, &ignored) >= 0 && p.argv[0])
		err_set(e, ERR_TIMEOUT, "what a killed run started is still at work: '%s' (process %d)", p.argv[0], (int)program);
	else
		err_set(e, ERR_TIMEOUT, "what a killed run started is still at work");
	proc_done(&p);
	return -(int)e->kind;
}

static int try_for_a_while(const struct dir *d, const char *name, const char *path, const char *who,
                           int *ret_fd, struct err *e)
{
	struct deadline until = deadline_in(GONE_WITHIN_NS);
	int r, tries = 0;

	for (;;) {
		r = try_once(d, name, path, who, ret_fd, e);
		if (r == 1 && ++tries < TRIES)
			continue;
		if (r != -ERR_BUSY || !holder_is_gone(d, name))
			return r;
		if (deadline_passed(until))
			return still_at_work(path, e);
		clock_sleep_ns(LOOK_EVERY_NS);
		err_clear(e);
	}
}

int lock_take(const char *dir_path, const char *name, const char *who, struct lock *ret,
              struct err *e)
{
	autofree char *path = xasprintf("%s/%s", dir_path, name);
	autodir struct dir d = DIR_NONE;
	int fd = -1, r;

	if (dir_make_path(dir_path, 0700, &d, e) < 0)
		return -(int)e->kind;
	r = try_for_a_while(&d, name, path, who, &fd, e);
	if (r == 1)
		return err_set(e, ERR_BUSY, "'%s' is removed again and again", path);
	if (r < 0)
		return r;
	*ret = (struct lock){ .fd = fd, .path = take_ptr(path) };
	held = fd;
	return 0;
}

int lock_holder(const char *dir_path, const char *name, struct buf *ret, struct err *e)
{
	autofree char *path = xasprintf("%s/%s", dir_path, name);
	autodir struct dir d = DIR_NONE;
	struct err own = ERR_INIT;
	pid_t pid = 0;

	if (proc_lock_holder_of(path, &pid, &own) < 0 || dir_open(dir_path, &d, &own) < 0)
		return own.kind == ERR_ABSENT ? 0 : err_set(e, own.kind, "%s", own.msg);
	if (!pid || holder_is_gone(&d, name))
		return 0;
	return file_read_path(path, ret, e) < 0 ? -(int)e->kind : 1;
}

void lock_release(struct lock *l)
{
	if (l->fd >= 0) {
		/* Only words for a message: the lock itself ends with the descriptor. */
		if (ftruncate(l->fd, 0) < 0)
			log_debug("'%s' keeps the name of its last holder", l->path);
		close(l->fd);
		held = held == l->fd ? -1 : held;
	}
	free(l->path);
	*l = (struct lock)LOCK_NONE;
}
