/* Running programs: argument vector, clean environment, deadline, capped output, no shell.
 *
 * Every program is started through libexec/crossgrade-exec, which reads a spec from a descriptor and sets session,
 * groups, user, limits, umask, working directory and signals before it executes; what cannot be set (EPERM) is reported
 * in the result, not fatal unless `strict`; but user and groups always are, as a server must not keep root by mistake.
 * Past the deadline the program's whole session gets SIGTERM, two seconds later SIGKILL. Secrets go in by descriptor
 * (in/env of the spec), never by argv.
 *
 *	const char *argv[] = { "/usr/sbin/nft", "-f", "-", NULL };
 *	struct cmd c = { .argv = argv, .in = rules, .within_ns = 5 * NS_PER_S, .out_max = 64 << 10 };
 *	struct cmd_result r = { 0 };
 *	if (cmd_run(&c, &r, e) < 0) ...            not found, no rights, deadline
 *	if (r.status != 0) ...                     it ran and said no: r.err has its words
 *	cmd_result_done(&r); */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/pool.h"

struct cmd_limit {
	int      resource;                      /* RLIMIT_NOFILE, ... */
	uint64_t soft, hard;
};

struct cmd {
	const char *const *argv;                /* argv[0] is an absolute path, or a name looked up in the fixed PATH
	                                         * /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin */
	int                program;             /* above 0: this open file is executed, argv[0] only names it; one in memory
	                                         * (io/memory.h) can be run whatever the file systems allow */
	const char *const *env;                 /* "K=V"; NULL: only PATH, LANG=C.UTF-8 */
	struct sv          in;                  /* given as standard input */
	int                in_fd, out_fd;       /* above 0: these open files are standard input and output; bulk needs no ceiling there */
	int64_t            within_ns;           /* 0: one minute */
	const struct cancel *cancel;            /* asked: put down as past its deadline, ERR_CANCELED; NULL: never */
	size_t             out_max, err_max;    /* 0: 64 KiB each; what is beyond is dropped and `cut` set */
	/* For servers and for other users; all optional. */
	const char        *cwd;
	bool               set_ids;             /* then uid, gid and groups */
	uid_t              uid;
	gid_t              gid;
	const gid_t       *groups;
	size_t             n_groups;
	const struct cmd_limit *limits;
	size_t             n_limits;
	int                umask;               /* -1 or 0 with set_umask false: leave */
	bool               set_umask;
	bool               die_with_us;         /* PDEATHSIG SIGTERM: helpers, never servers */
	bool               outlives_us;         /* what it changes is not taken back by its end: when we are killed it goes on, and
	                                         * itself, not what it starts, holds the lock that we hold (io/lock.h) until it has ended */
	const char        *stdout_path;         /* for servers: append both streams here (0640, owner as uid) */
	int                oom_score_adj;       /* used when set_oom */
	bool               set_oom;
	bool               strict;              /* what cannot be set is an error */
};

struct cmd_result {
	int        status;                      /* exit status; 128 + signal when killed by one */
	struct buf out, err;
	bool       cut;
	char       unset[256];                  /* what could not be set: "nofile: Operation not permitted" or "" */
};

int  cmd_run(const struct cmd *c, struct cmd_result *ret, struct err *e) must_check;
/* ERR_REFUSED with the status and the last words of a program that ran and said no; ERR_SPACE when these are of a full disk. */
int  cmd_said_no(const struct cmd_result *r, struct err *e);
void cmd_result_done(struct cmd_result *r);

/* Start a server: its own session, detached, not our child's life. Returns when it has executed (or failed to). The
 * pid and its start time (clock ticks since boot, field 22 of /proc/pid/stat) identify it. */
struct process_id {
	pid_t    pid;
	uint64_t start_ticks;
};
int  cmd_start(const struct cmd *c, struct process_id *ret, char *unset, size_t unset_n, struct err *e) must_check;

/* 1 alive, 0 gone or another process now has the pid. A zombie counts as gone. */
int  process_alive(struct process_id id, struct err *e) must_check;
int  process_start_ticks(pid_t pid, uint64_t *ret, struct err *e) must_check;           /* ERR_ABSENT when gone */
/* Signal exactly that process (pidfd, start time compared). ERR_ABSENT when gone. */
int  process_signal(struct process_id id, int sig, struct err *e) must_check;
/* Wait until it is gone; ERR_TIMEOUT. Works for processes that are not our children. */
int  process_wait(struct process_id id, struct deadline d, struct err *e) must_check;

/* Where crossgrade-exec is: CROSSGRADE_LIBEXEC (tests), beside the program in a build tree, else the installed path. */
const char *cmd_exec_path(void);
