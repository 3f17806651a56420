/* crossgrade-exec: becomes the program that a spec on descriptor 3 describes, and tells on
 * descriptor 4 what it could not set. A process of its own, so that none of this happens between
 * fork and exec of a program with threads. */
#include "base/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/vec.h"

struct limit {
	int      resource;
	uint64_t soft, hard;
};

struct spec {
	VEC(char *) argv, env;
	VEC(gid_t) groups;
	VEC(struct limit) limits;
	char    *cwd, *out;
	bool     set_ids, set_umask, set_oom, server, strict, open_program, locked;
	uid_t    uid;
	gid_t    gid;
	mode_t   umask;
	int      oom;
	pid_t    parent;                /* 0: its end is not ours */
};

static _Noreturn void fail(int sys, const char *what)
{
	(void)dprintf(REPORT_FD, "fail %d %s\n", sys, what);
	_exit(127);
}

static void cannot_set(const struct spec *s, int sys, const char *what)
{
	if (s->strict)
		fail(sys, what);
	(void)dprintf(REPORT_FD, "unset %s: %s\n", what, strerror(sys));
}

static const char *limit_name(int resource)
{
	static const char *const names[] = {
		[RLIMIT_AS] = "as",           [RLIMIT_CORE] = "core",
		[RLIMIT_CPU] = "cpu",         [RLIMIT_DATA] = "data",
		[RLIMIT_FSIZE] = "fsize",     [RLIMIT_LOCKS] = "locks",
		[RLIMIT_MEMLOCK] = "memlock", [RLIMIT_MSGQUEUE] = "msgqueue",
		[RLIMIT_NICE] = "nice",       [RLIMIT_NOFILE] = "nofile",
		[RLIMIT_NPROC] = "nproc",     [RLIMIT_RSS] = "rss",
		[RLIMIT_RTPRIO] = "rtprio",   [RLIMIT_RTTIME] = "rttime",
		[RLIMIT_SIGPENDING] = "sigpending", [RLIMIT_STACK] = "stack",
	};

	if (resource < 0 || (size_t)resource >= ARRAY_LEN(names) || !names[resource])
		return "limit";
	return names[resource];
}

static bool take_record(struct spec *s, enum spec_tag tag, struct sv value)
{
	uint64_t v[3] = { 0 };

	switch (tag) {
	case SPEC_ARG:
		*vec_push(&s->argv) = sv_dup(value);
		return true;
	case SPEC_ENV:
		*vec_push(&s->env) = sv_dup(value);
		return true;
	case SPEC_CWD:
		s->cwd = sv_dup(value);
		return true;
	case SPEC_OUT:
		s->out = sv_dup(value);
		return true;
	case SPEC_IDS:
		s->set_ids = spec_numbers(value, v, 2);
		s->uid = (uid_t)v[0];
		s->gid = (gid_t)v[1];
		return s->set_ids;
	case SPEC_GROUP:
		*vec_push(&s->groups) = spec_numbers(value, v, 1) ? (gid_t)v[0] : 0;
		return value.n == sizeof *v;
	case SPEC_LIMIT:
		if (!spec_numbers(value, v, 3))
			return false;
		*vec_push(&s->limits) = (struct limit){ (int)v[0], v[1], v[2] };
		return true;
	case SPEC_UMASK:
		s->set_umask = spec_numbers(value, v, 1);
		s->umask = (mode_t)v[0];
		return s->set_umask;
	case SPEC_OOM:
		s->set_oom = spec_numbers(value, v, 1);
		s->oom = (int)v[0];
		return s->set_oom;
	case SPEC_DIE:
		s->parent = spec_numbers(value, v, 1) ? (pid_t)v[0] : -1;
		return s->parent > 0;
	case SPEC_SERVER:
		return s->server = true;
	case SPEC_STRICT:
		return s->strict = true;
	case SPEC_LOCK:
		return s->locked = fcntl(LOCK_FD, F_SETFD, FD_CLOEXEC) >= 0;
	case SPEC_PROGRAM:
		return s->open_program = fcntl(PROGRAM_FD, F_SETFD, FD_CLOEXEC) >= 0;
	}
	return false;
}

static void read_spec(struct spec *s)
{
	struct stat st;
	enum spec_tag tag;
	struct sv rest, value;
	char *bytes;

	if (fstat(SPEC_FD, &st) < 0)
		fail(errno, "read the spec");
	if (st.st_size <= 0 || st.st_size > SPEC_MAX)
		fail(EINVAL, "read the spec");
	bytes = xmalloc((size_t)st.st_size);
	if (pread(SPEC_FD, bytes, (size_t)st.st_size, 0) != st.st_size)
		fail(EIO, "read the spec");
	close(SPEC_FD);
	rest = (struct sv){ bytes, (size_t)st.st_size };
	while (spec_next(&rest, &tag, &value))
		if (!take_record(s, tag, value))
			fail(EINVAL, "understand the spec");
	if (rest.n || !s->argv.n)
		fail(EINVAL, "understand the spec");
	*vec_push(&s->argv) = NULL;
	*vec_push(&s->env) = NULL;
}

/* Field 22 of stat; the command's name before it may hold blanks and parentheses. */
static unsigned long long own_start_ticks(void)
{
	char text[1024], *at;
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	unsigned long long ticks = 0;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		ticks = strtoull(at, NULL, 10);
	return ticks;
}

/* The child goes on; the parent ends at once, so that the server belongs to init and not to
 * crossgrade. */
static void detach(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail(errno, "fork");
	if (pid > 0)
		_exit(0);
	if (setsid() < 0)
		fail(errno, "start a session");
	(void)dprintf(REPORT_FD, "pid %d %llu\n", (int)getpid(), own_start_ticks());
}

/* Where the hard limit cannot be raised, as near to what was asked as is allowed. */
static void set_limit(const struct spec *s, const struct limit *l)
{
	struct rlimit now, want = { .rlim_cur = l->soft, .rlim_max = l->hard };
	int sys;

	if (setrlimit((__rlimit_resource_t)l->resource, &want) == 0)
		return;
	sys = errno;
	if (getrlimit((__rlimit_resource_t)l->resource, &now) == 0) {
		want.rlim_max = MIN_OF(want.rlim_max, now.rlim_max);
		want.rlim_cur = MIN_OF(want.rlim_cur, want.rlim_max);
		(void)setrlimit((__rlimit_resource_t)l->resource, &want);
	}
	cannot_set(s, sys, limit_name(l->resource));
}

static void set_oom(const struct spec *s)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || dprintf(fd, "%d", s->oom) < 0)
		cannot_set(s, errno, "oom_score_adj");
	if (fd >= 0)
		close(fd);
}

static int open_strictly(const char *path, int more_flags)
{
	struct open_how how = {
		.flags = (unsigned)(O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | more_flags),
		.mode = more_flags & O_CREAT ? 0640 : 0,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

/* With root's rights: no symbolic link on the way, no hard link to something else at its end. */
static int open_as_root(const struct spec *s)
{
	int fd = open_strictly(s->out, O_CREAT | O_EXCL);
	struct stat st;

	if (fd >= 0) {
		if (s->set_ids && fchown(fd, s->uid, s->gid) < 0)
			cannot_set(s, errno, "owner of the output");
		return fd;
	}
	fd = open_strictly(s->out, 0);
	if (fd >= 0 && (fstat(fd, &st) < 0 || (S_ISREG(st.st_mode) && st.st_nlink != 1)))
		fail(ELOOP, "open the file for the output");
	return fd;
}

/* The way to the file may belong to the server's user, so the file is opened with his rights; with
 * ours only where his do not suffice, and then no link may be on the way. */
static void open_output(const struct spec *s)
{
	int fd = -1;
	bool lend = s->set_ids && geteuid() == 0 && s->uid != 0;

	if (lend) {
		if (setgroups(s->groups.n, s->groups.v) < 0 || setegid(s->gid) < 0 ||
		    seteuid(s->uid) < 0)
			fail(errno, "become the user");
		fd = open(s->out, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
		if (seteuid(0) < 0 || setegid(0) < 0)
			fail(errno, "become root again");
	}
	if (fd < 0)
		fd = open_as_root(s);
	if (fd < 0)
		fail(errno, "open the file for the output");
	if (dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		fail(errno, "redirect the output");
	close(fd);
}

/* Never reported as "unset" and gone on: a server that was to lose root and keeps it would write
 * root's files. */
static void set_ids(const struct spec *s)
{
	if (geteuid() == 0 && setgroups(s->groups.n, s->groups.v) < 0)
		fail(errno, "set the groups");
	if (setresgid(s->gid, s->gid, s->gid) < 0)
		fail(errno, "set the group");
	if (setresuid(s->uid, s->uid, s->uid) < 0)
		fail(errno, "set the user");
}

/* After the ids, whose change forgets it. */
static void die_with(const struct spec *s)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		cannot_set(s, errno, "pdeathsig");
	if (getppid() != s->parent)
		_exit(127);
}

/* Who started us may be killed, and who comes next must not look before the program has ended. The program does not have the lock itself:
 * a server that it starts would have it for life. So somebody stands by who is nobody's child, and knows the program by PROGRAM_FD. */
static void stand_by(void)
{
	struct pollfd program = { .fd = pidfd_open(getpid(), 0), .events = POLLIN };
	pid_t pid = program.fd < 0 ? -1 : fork();
	int status = 0;

	if (pid > 0 && waitpid(pid, &status, 0) == pid && !status) {
		(void)close(program.fd);
		return;
	}
	if (pid)
		fail(errno, "fork");
	pid = fork();
	if (pid)
		_exit(pid < 0);
	(void)setsid();
	program.fd = dup2(program.fd, PROGRAM_FD);
	(void)close_range(0, PROGRAM_FD - 1, 0);
	(void)close_range(LOCK_FD + 1, ~0u, 0);
	while (poll(&program, 1, -1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static _Noreturn void execute(const struct spec *s)
{
	struct sv rest = SV(SPEC_PATH);
	const char *name = s->argv.v[0];
	int sys = ENOENT;

	if (s->open_program) {
		(void)execveat(PROGRAM_FD, "", s->argv.v, s->env.v, AT_EMPTY_PATH);
		fail(errno, name);
	}
	if (strchr(name, '/')) {
		(void)execve(name, s->argv.v, s->env.v);
		fail(errno, name);
	}
	while (rest.n) {
		struct sv place = sv_cut(&rest, ':');
		char *path = xasprintf(SV_FMT "/%s", SV_ARG(place), name);

		(void)execve(path, s->argv.v, s->env.v);
		if (errno != ENOENT && errno != ENOTDIR)
			sys = errno;
		free(path);
	}
	fail(sys, name);
}

int main(void)
{
	struct spec s = { 0 };

	if (fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC) < 0) {
		(void)fputs("crossgrade-exec is started by crossgrade only\n", stderr);
		return 127;
	}
	(void)close_range(LOCK_FD + 1, ~0u, 0);
	read_spec(&s);
	if (s.locked)
		stand_by();
	else
		(void)close(LOCK_FD);
	if (!s.open_program)
		(void)close(PROGRAM_FD);
	if (s.server)
		detach();
	else if (setsid() < 0)
		cannot_set(&s, errno, "session");
	vec_each(&s.limits, it)
		set_limit(&s, it);
	if (s.set_oom)
		set_oom(&s);
	if (s.set_umask)
		(void)umask(s.umask);
	if (s.out)
		open_output(&s);
	if (s.cwd && chdir(s.cwd) < 0)
		fail(errno, s.cwd);
	if (s.set_ids)
		set_ids(&s);
	if (s.parent)
		die_with(&s);
	execute(&s);
}
