#include "io/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/spec.h"
#include "io/file.h"
#include "io/lock.h"
#include "io/memory.h"

#define WITHIN_DEFAULT (60 * NS_PER_S)
#define OUT_DEFAULT    (64u << 10)
#define REPORT_MAX     (16u << 10)
#define TERM_GRACE     (2 * NS_PER_S)
#define KILL_GRACE     (10 * NS_PER_S)
#define CANCEL_LOOK_MS 100      /* how often somebody is looked for who asks for an end */
#define FIRST_OWN_FD   10       /* above those the child's are put on */

/* The descriptors that make a child, and what is left of it in our hands. */
struct child {
	pid_t pid;
	int   pidfd, out, err, report;
};
#define CHILD_NONE { .pid = -1, .pidfd = -1, .out = -1, .err = -1, .report = -1 }

static void child_done(struct child *c)
{
	own_close(&c->pidfd);
	own_close(&c->out);
	own_close(&c->err);
	own_close(&c->report);
}

static bool beside_program(char *path, size_t n)
{
	ssize_t len = readlink("/proc/self/exe", path, n);
	char *slash;

	if (len < 0 || (size_t)len >= n)
		return false;
	path[len] = '\0';
	slash = strrchr(path, '/');
	len = slash - path;
	if (snprintf(slash, n - (size_t)len, "/../exec/crossgrade-exec") >= (int)(n - (size_t)len))
		return false;
	return access(path, X_OK) == 0;
}

const char *cmd_exec_path(void)
{
	static _Thread_local char path[PATH_MAX];
	const char *dir = getenv("CROSSGRADE_LIBEXEC");

	if (dir && *dir)
		(void)snprintf(path, sizeof path, "%s/crossgrade-exec", dir);
	else if (!beside_program(path, sizeof path))
		(void)snprintf(path, sizeof path, "%s", CROSSGRADE_LIBEXEC_DIR "/crossgrade-exec");
	return path;
}

static void spec_of(const struct cmd *c, bool server, struct buf *ret)
{
	static const char *const plain[] = { "PATH=" SPEC_PATH, "LANG=C.UTF-8", NULL };

	for (const char *const *it = c->argv; *it; it++)
		spec_add_text(ret, SPEC_ARG, *it);
	for (const char *const *it = c->env ? c->env : plain; *it; it++)
		spec_add_text(ret, SPEC_ENV, *it);
	if (c->cwd)
		spec_add_text(ret, SPEC_CWD, c->cwd);
	if (c->stdout_path)
		spec_add_text(ret, SPEC_OUT, c->stdout_path);
	if (c->set_ids) {
		spec_add_numbers(ret, SPEC_IDS, (uint64_t[]){ c->uid, c->gid }, 2);
		for (size_t i = 0; i < c->n_groups; i++)
			spec_add_numbers(ret, SPEC_GROUP, (uint64_t[]){ c->groups[i] }, 1);
	}
	for (const struct cmd_limit *l = c->limits; l && l < c->limits + c->n_limits; l++)
		spec_add_numbers(ret, SPEC_LIMIT,
		                 (uint64_t[]){ (uint64_t)l->resource, l->soft, l->hard }, 3);
	if (c->set_umask)
		spec_add_numbers(ret, SPEC_UMASK, (uint64_t[]){ (uint64_t)c->umask }, 1);
	if (c->set_oom)
		spec_add_numbers(ret, SPEC_OOM, (uint64_t[]){ (uint64_t)c->oom_score_adj }, 1);
	if (c->die_with_us && !server)
		spec_add_numbers(ret, SPEC_DIE, (uint64_t[]){ (uint64_t)getpid() }, 1);
	if (server)
		spec_add_text(ret, SPEC_SERVER, "");
	if (c->strict)
		spec_add_text(ret, SPEC_STRICT, "");
	if (c->program > 0)
		spec_add_text(ret, SPEC_PROGRAM, "");
	if (c->outlives_us && lock_held() > 0)
		spec_add_text(ret, SPEC_LOCK, "");
}

/* Out of the way of the numbers that the child's descriptors get. */
static int move_up(int fd, const char *what, struct err *e)
{
	autoclose int old = fd;
	int up = old < 0 ? -1 : fcntl(old, F_DUPFD_CLOEXEC, FIRST_OWN_FD);

	return up < 0 ? err_sys(e, errno, "%s", what) : up;
}

/* Bytes to be read by a child: in memory only, never on a disk. */
static int memory_of(struct sv bytes, const char *what, struct err *e)
{
	autoclose int fd = move_up(memory_open("crossgrade", e), what, e);

	if (fd < 0)
		return fd;
	for (size_t done = 0; done < bytes.n;) {
		ssize_t n = write(fd, bytes.p + done, bytes.n - done);

		if (n < 0 && errno != EINTR)
			return err_sys(e, errno, "%s", what);
		done += n > 0 ? (size_t)n : 0;
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "%s", what);
	return take_fd(fd);
}

static int make_pipe(int *ret_read, int *ret_write, struct err *e)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe");
	*ret_read = move_up(p[0], "make a pipe", e);
	*ret_write = move_up(p[1], "make a pipe", e);
	if (*ret_read < 0 || *ret_write < 0)
		return -(int)e->kind;
	return fcntl(*ret_read, F_SETFL, O_NONBLOCK) < 0 ? err_sys(e, errno, "make a pipe") : 0;
}

static int open_null(int flags, struct err *e)
{
	return move_up(open("/dev/null", flags | O_CLOEXEC), "open '/dev/null'", e);
}

/* An open file of the caller's, who keeps it. */
static int lend(int fd, struct err *e)
{
	int up = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OWN_FD);

	return up < 0 ? err_sys(e, errno, "hand over an open file") : up;
}

static int open_input(const struct cmd *c, struct err *e)
{
	if (c->in_fd > 0)
		return lend(c->in_fd, e);
	return c->in.n ? memory_of(c->in, "hand over the input", e) : open_null(O_RDONLY, e);
}

/* What the child gets as its descriptors 0 to 6. */
struct ends {
	int fd[LOCK_FD + 1];
};
#define ENDS_NONE { .fd = { -1, -1, -1, -1, -1, -1, -1 } }

static void ends_done(struct ends *ends)
{
	for (size_t i = 0; i < ARRAY_LEN(ends->fd); i++)
		own_close(&ends->fd[i]);
}

static int open_output(const struct cmd *c, struct ends *ends, struct child *child, struct err *e)
{
	if (c->out_fd <= 0)
		return make_pipe(&child->out, &ends->fd[1], e);
	ends->fd[1] = lend(c->out_fd, e);
	return ends->fd[1] < 0 ? -(int)e->kind : 0;
}

static int make_ends(const struct cmd *c, bool server, struct ends *ends, struct child *child,
                     struct err *e)
{
	autobuf struct buf spec = BUF_MAX(SPEC_MAX);

	spec_of(c, server, &spec);
	if (buf_check(&spec, "the command with its environment", e) < 0)
		return -(int)e->kind;
	ends->fd[SPEC_FD] = memory_of(buf_sv(&spec), "hand over a command", e);
	if (ends->fd[SPEC_FD] < 0)
		return -(int)e->kind;
	if (c->program > 0 && (ends->fd[PROGRAM_FD] = lend(c->program, e)) < 0)
		return -(int)e->kind;
	if (c->outlives_us && lock_held() > 0 && (ends->fd[LOCK_FD] = lend(lock_held(), e)) < 0)
		return -(int)e->kind;
	ends->fd[0] = open_input(c, e);
	if (ends->fd[0] < 0 || make_pipe(&child->report, &ends->fd[REPORT_FD], e) < 0)
		return -(int)e->kind;
	if (server) {
		ends->fd[1] = open_null(O_WRONLY, e);
		ends->fd[2] = ends->fd[1] < 0 ? -1 : open_null(O_WRONLY, e);
		return ends->fd[2] < 0 ? -(int)e->kind : 0;
	}
	if (open_output(c, ends, child, e) < 0)
		return -(int)e->kind;
	return make_pipe(&child->err, &ends->fd[2], e);
}

static int spawn_with(const struct ends *ends, pid_t *ret)
{
	char *argv[] = { (char *)"crossgrade-exec", NULL }, *env[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int sys;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attr) != 0)
		return ENOMEM;
	for (int i = 0; i < (int)ARRAY_LEN(ends->fd); i++)
		if (ends->fd[i] >= 0)
			(void)posix_spawn_file_actions_adddup2(&actions, ends->fd[i], i);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	sys = posix_spawn(ret, cmd_exec_path(), &actions, &attr, argv, env);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attr);
	return sys;
}

static int spawn_child(const struct cmd *c, bool server, struct child *child, struct err *e)
{
	cleanup_with(ends_done) struct ends ends = ENDS_NONE;
	int sys;

	if (!c->argv || !c->argv[0] || !*c->argv[0])
		return err_set(e, ERR_USAGE, "a command without a name");
	if (strchr(c->argv[0], '/') && c->argv[0][0] != '/')
		return err_set(e, ERR_USAGE, "'%s' is not an absolute path", c->argv[0]);
	if (make_ends(c, server, &ends, child, e) < 0)
		return -(int)e->kind;
	sys = spawn_with(&ends, &child->pid);
	if (sys) {
		child->pid = -1;
		return err_sys(e, sys, "start '%s'", cmd_exec_path());
	}
	child->pidfd = pidfd_open(child->pid, 0);
	return child->pidfd < 0 ? err_sys(e, errno, "watch '%s'", c->argv[0]) : 0;
}

/* Take what is there; closes *fd at its end. What does not fit is dropped, for the child must not
 * stand still. */
static void drain(int *fd, struct buf *into, bool *cut)
{
	char piece[16 << 10];

	while (*fd >= 0) {
		ssize_t n = read(*fd, piece, sizeof piece);
		size_t fits;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close(*fd);
			*fd = -1;
			return;
		}
		fits = MIN_OF((size_t)n, into->max - into->len);
		buf_add(into, piece, fits);
		if (fits < (size_t)n)
			*cut = true;
	}
}

static bool ended_within(int pidfd, int64_t ns)
{
	struct deadline d = deadline_in(ns);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, deadline_left_ms(d));
	while (n <= 0 && !deadline_passed(d));
	return n > 0;
}

/* The child leads a session of its own, so its group holds all that it started and did not hide. */
static void put_down(struct child *c)
{
	siginfo_t info;

	if (c->pid < 0)
		return;
	(void)kill(c->pid, SIGTERM);
	(void)kill(-c->pid, SIGTERM);
	if (c->pidfd >= 0 && !ended_within(c->pidfd, TERM_GRACE)) {
		(void)kill(c->pid, SIGKILL);
		(void)ended_within(c->pidfd, KILL_GRACE);
	}
	(void)kill(-c->pid, SIGKILL);
	(void)waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG);
}

struct pump {
	struct buf *out, *err, report;
	bool        cut;
};

static void drain_all(struct child *c, struct pump *p)
{
	bool report_cut = false;

	drain(&c->out, p->out, &p->cut);
	drain(&c->err, p->err, &p->cut);
	drain(&c->report, &p->report, &report_cut);
}

static bool is_canceled(const struct cancel *c)
{
	return c && atomic_load(&c->asked);
}

/* Until the child has ended. What others still hold of its pipes is not waited for. */
static int pump_to_end(struct child *c, struct pump *p, struct deadline d, const struct cancel *cancel, struct err *e)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = c->pidfd, .events = POLLIN },
			                { .fd = c->out, .events = POLLIN },
			                { .fd = c->err, .events = POLLIN },
			                { .fd = c->report, .events = POLLIN } };
		int left = deadline_left_ms(d);
		int n = poll(fds, ARRAY_LEN(fds), cancel ? MIN_OF(left, CANCEL_LOOK_MS) : left);

		if (n < 0 && errno != EINTR)
			return err_sys(e, errno, "wait for a command");
		drain_all(c, p);
		if (n > 0 && fds[0].revents)
			return 0;
		if (is_canceled(cancel))
			return err_set(e, ERR_CANCELED, "interrupted");
		if (deadline_passed(d))
			return err_set(e, ERR_TIMEOUT, "did not end in time");
	}
}

static int reap(struct child *c, int *ret_status, struct err *e)
{
	siginfo_t info = { 0 };

	while (waitid(P_PID, (id_t)c->pid, &info, WEXITED) < 0)
		if (errno != EINTR)
			return err_sys(e, errno, "wait for a command");
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

static void add_unset(struct sv line, char *unset, size_t n)
{
	size_t have = strlen(unset);

	(void)snprintf(unset + have, n - have, "%s" SV_FMT, have ? ", " : "", SV_ARG(line));
}

static int failed(struct sv line, struct err *e)
{
	uint64_t sys = 0;

	(void)sv_u64(sv_cut(&line, ' '), &sys);
	return err_sys(e, (int)sys, "run: " SV_FMT, SV_ARG(line));
}

static bool parse_id(struct sv line, struct process_id *ret)
{
	uint64_t pid;

	if (!sv_u64(sv_cut(&line, ' '), &pid) || pid > INT_MAX || !sv_u64(line, &ret->start_ticks))
		return false;
	ret->pid = (pid_t)pid;
	return true;
}

/* What crossgrade-exec had to say. ret_id may be NULL. */
static int read_report(struct sv rest, struct process_id *ret_id, char *unset, size_t unset_n,
                       struct err *e)
{
	while (rest.n) {
		struct sv line = sv_line(&rest), word = sv_cut(&line, ' ');

		if (sv_eq(word, "fail"))
			return failed(line, e);
		if (sv_eq(word, "unset") && unset_n)
			add_unset(line, unset, unset_n);
		if (sv_eq(word, "pid") && ret_id && !parse_id(line, ret_id))
			return err_set(e, ERR_BUG, "a report that is not understood");
	}
	return 0;
}

static int run(const struct cmd *c, struct child *child, struct cmd_result *r, struct err *e)
{
	struct deadline d = deadline_in(c->within_ns ? c->within_ns : WITHIN_DEFAULT);
	struct pump p = { .out = &r->out, .err = &r->err, .report = BUF_MAX(REPORT_MAX) };
	int result = spawn_child(c, false, child, e);

	if (result == 0)
		result = pump_to_end(child, &p, d, c->cancel, e);
	if (result < 0)
		put_down(child);
	else if (reap(child, &r->status, e) < 0)
		result = -(int)e->kind;
	else
		result = read_report(buf_sv(&p.report), NULL, r->unset, sizeof r->unset, e);
	r->cut = p.cut;
	buf_done(&p.report);
	return result;
}

int cmd_run(const struct cmd *c, struct cmd_result *ret, struct err *e)
{
	cleanup_with(child_done) struct child child = CHILD_NONE;
	struct cmd_result r = {
		.out = BUF_MAX(c->out_max ? c->out_max : OUT_DEFAULT),
		.err = BUF_MAX(c->err_max ? c->err_max : OUT_DEFAULT),
	};

	if (run(c, &child, &r, e) < 0) {
		cmd_result_done(&r);
		return err_wrap(e, "'%s'", c->argv && c->argv[0] ? c->argv[0] : "");
	}
	*ret = r;
	return 0;
}

int cmd_said_no(const struct cmd_result *r, struct err *e)
{
	struct sv words = sv_trim(buf_sv(&r->err));

	if (!words.n)
		return err_set(e, ERR_REFUSED, "status %d", r->status);
	err_set(e, ERR_REFUSED, "status %d: %.*s", r->status, (int)MIN_OF(words.n, 200u), words.p);
	/* The second as mysqldump says it. */
	if (strstr(buf_str(&r->err), "No space left on device") || strstr(buf_str(&r->err), "Errcode: 28")) {
		e->kind = ERR_SPACE;
		e->sys = ENOSPC;
	}
	return -(int)e->kind;
}

void cmd_result_done(struct cmd_result *r)
{
	buf_done(&r->out);
	buf_done(&r->err);
}

/* The report ends when the server is executed: its descriptor closes then. */
static int await_report(struct child *c, struct buf *report, struct deadline d, struct err *e)
{
	bool cut = false;

	for (;;) {
		struct pollfd p = { .fd = c->report, .events = POLLIN };

		if (poll(&p, 1, deadline_left_ms(d)) < 0 && errno != EINTR)
			return err_sys(e, errno, "wait for a server's start");
		drain(&c->report, report, &cut);
		if (c->report < 0)
			return 0;
		if (deadline_passed(d))
			return err_set(e, ERR_TIMEOUT, "did not start in time");
	}
}

/* A server that hangs before it is executed has left our child's group already. */
static void put_down_detached(struct sv report)
{
	struct process_id id = { 0 };
	struct err e = ERR_INIT;

	if (read_report(report, &id, NULL, 0, &e) < 0 || id.pid <= 0)
		return;
	if (process_signal(id, SIGKILL, &e) < 0)
		log_debug("%s", e.msg);
}

static int start(const struct cmd *c, struct child *child, struct process_id *ret, char *unset,
                 size_t unset_n, struct err *e)
{
	struct deadline d = deadline_in(c->within_ns ? c->within_ns : WITHIN_DEFAULT);
	autobuf struct buf report = BUF_MAX(REPORT_MAX);
	struct process_id id = { 0 };
	int status;

	if (spawn_child(c, true, child, e) < 0 || await_report(child, &report, d, e) < 0) {
		put_down(child);
		put_down_detached(buf_sv(&report));
		return -(int)e->kind;
	}
	if (reap(child, &status, e) < 0 || read_report(buf_sv(&report), &id, unset, unset_n, e) < 0)
		return -(int)e->kind;
	if (id.pid <= 0)
		return err_set(e, ERR_IO, "ended before it was started");
	*ret = id;
	return 0;
}

int cmd_start(const struct cmd *c, struct process_id *ret, char *unset, size_t unset_n,
              struct err *e)
{
	cleanup_with(child_done) struct child child = CHILD_NONE;

	if (unset_n)
		unset[0] = '\0';
	if (start(c, &child, ret, unset, unset_n, e) < 0)
		return err_wrap(e, "start '%s'", c->argv && c->argv[0] ? c->argv[0] : "");
	return 0;
}
