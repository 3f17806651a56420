/* cmd, process and crossgrade-exec. */
#include "io/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "io/memory.h"
#include "place.h"

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define SHELL(script) ARGV("/bin/sh", "-c", script)

static struct cmd_result result;

static const char *run_out(const struct cmd *c)
{
	struct err e = ERR_INIT;

	cmd_result_done(&result);
	assert_ok(cmd_run(c, &result, &e), &e);
	return buf_str(&result.out);
}

static int forget_result(void **state)
{
	cmd_result_done(&result);
	return 0;
}

static void streams_and_status_come_back(void **state)
{
	struct err e = ERR_INIT;

	assert_string_equal(run_out(&(struct cmd){ .argv = ARGV("cat"), .in = SV("hel\0lo") }),
	                    "hel");
	assert_int_equal(result.out.len, 6);
	assert_string_equal(
	    run_out(&(struct cmd){ .argv = SHELL("echo out; echo err >&2; exit 7") }), "out\n");
	assert_string_equal(buf_str(&result.err), "err\n");
	assert_int_equal(result.status, 7);
	assert_string_equal(result.unset, "");
	assert_fails(cmd_said_no(&result, &e), &e, ERR_REFUSED);
	assert_string_equal(e.msg, "status 7: err");
	run_out(&(struct cmd){ .argv = SHELL("kill -9 $$") });
	assert_int_equal(result.status, 128 + SIGKILL);
}

/* Bulk goes from file to file, more than any ceiling; what is said beside it is told as ever. */
static void open_files_are_streams(void **state)
{
	autoclose int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC);
	char last;

	assert_int_equal(ftruncate(in, 1 << 20), 0);
	assert_int_equal(pwrite(in, "z", 1, (1 << 20) - 1), 1);
	assert_string_equal(run_out(&(struct cmd){ .argv = SHELL("cat; echo said >&2"), .in_fd = in, .out_fd = out, .out_max = 1 }), "");
	assert_false(result.cut);
	assert_string_equal(buf_str(&result.err), "said\n");
	assert_int_equal(lseek(out, 0, SEEK_END), 1 << 20);
	assert_int_equal(pread(out, &last, 1, (1 << 20) - 1), 1);
	assert_int_equal(last, 'z');
}

static void arguments_are_not_a_shells(void **state)
{
	assert_string_equal(
	    run_out(&(struct cmd){ .argv = ARGV("printf", "%s|", "a b", "$HOME", "", "*") }),
	    "a b|$HOME||*|");
}

static void the_environment_is_clean(void **state)
{
	setenv("CROSSGRADE_FAULT", "count", 1);
	assert_string_equal(run_out(&(struct cmd){ .argv = ARGV("env") }),
	                    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
	                    "LANG=C.UTF-8\n");
	unsetenv("CROSSGRADE_FAULT");
	assert_string_equal(run_out(&(struct cmd){ .argv = ARGV("env"), .env = ARGV("A=b c") }),
	                    "A=b c\n");
}

/* Only 0, 1, 2 and the one that lists them. */
static void no_descriptor_is_inherited(void **state)
{
	int leak = fcntl(STDIN_FILENO, F_DUPFD, 20);    /* without FD_CLOEXEC */

	assert_true(leak >= 0);
	assert_string_equal(run_out(&(struct cmd){ .argv = ARGV("ls", "/proc/self/fd") }),
	                    "0\n1\n2\n3\n");
	close(leak);
}

/* It lies on no file system, and whoever it is run as need not come to it. */
static void a_program_in_memory_is_run(void **state)
{
	int from = open("/usr/bin/id", O_RDONLY | O_CLOEXEC), program = memfd_create("it", MFD_CLOEXEC);
	struct cmd c = { .argv = ARGV("id", "-u"), .program = program, .set_ids = true, .uid = 65534, .gid = 65534 };
	struct stat st;

	assert_return_code(fstat(from, &st), errno);
	assert_int_equal(sendfile(program, from, NULL, (size_t)st.st_size), st.st_size);
	c.set_ids = geteuid() == 0;
	run_out(&c);
	assert_int_equal(result.status, 0);
	if (c.set_ids)
		assert_string_equal(buf_str(&result.out), "65534\n");
	close(from);
	close(program);
}

/* As vm.memfd_noexec=2 has it: no file in memory may become a program. */
static bool forbid_programs_in_memory(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 8 /* MFD_NOEXEC_SEAL */, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog all = { ARRAY_LEN(rules), rules };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all);
}

/* 0 it ran, 77 not to be forbidden here. */
static int run_where_memory_is_forbidden(void)
{
	int from = open("/usr/bin/true", O_RDONLY | O_CLOEXEC), program;
	struct cmd c = { .argv = ARGV("true"), .set_ids = geteuid() == 0, .uid = 65534, .gid = 65534 };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;

	if (!forbid_programs_in_memory())
		return 77;
	program = memory_program("it", &e);
	if (program < 0 || sendfile(program, from, NULL, 16 << 20) <= 0 || memory_program_ready(&program, &e) < 0)
		return 1;
	c.program = program;
	if (cmd_run(&c, &r, &e) < 0)
		print_message("# %s\n", e.msg);
	return e.kind ? 2 : r.status ? 3 : 0;
}

static void a_program_is_run_where_memory_may_hold_none(void **state)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(run_where_memory_is_forbidden());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void signals_are_as_at_first(void **state)
{
	signal(SIGTERM, SIG_IGN);
	run_out(&(struct cmd){ .argv = SHELL("kill -TERM $$; exit 3") });
	signal(SIGTERM, SIG_DFL);
	assert_int_equal(result.status, 128 + SIGTERM);
}

static void output_has_a_ceiling(void **state)
{
	struct cmd c = { .argv = SHELL("head -c 1000000 /dev/zero | tr '\\0' x; echo end >&2"),
		         .out_max = 1000 };

	assert_int_equal(strlen(run_out(&c)), 1000);
	assert_true(result.cut);
	assert_string_equal(buf_str(&result.err), "end\n");
	assert_int_equal(result.status, 0);
}

static void much_input_is_given(void **state)
{
	size_t n = 3 << 20;
	autofree char *in = xmalloc(n);
	struct cmd c = { .argv = ARGV("wc", "-c"), .in = { in, n } };

	memset(in, 'x', n);
	assert_string_equal(run_out(&c), "3145728\n");
}

/* It was killed; who buries it is another. */
static bool goes(pid_t pid)
{
	struct err e = ERR_INIT;
	uint64_t ticks;

	for (int i = 0; i < 6000; i++) {
		err_clear(&e);
		if (process_start_ticks(pid, &ticks, &e) == -ERR_ABSENT)
			return true;
		clock_sleep_ns(10 * NS_PER_MS);
	}
	return false;
}

static void a_deadline_ends_it_with_all_it_started(void **state)
{
	struct place *p = *state;
	char script[300];
	struct cmd_result r = { 0 };
	struct cmd c = { .argv = SHELL(script), .within_ns = 200 * NS_PER_MS };
	struct err e = ERR_INIT;
	int64_t begin = clock_mono_ns();
	autobuf struct buf pid = BUF_MAX(100);
	uint64_t number = 0;

	snprintf(script, sizeof script, "sleep 600 & echo $! > %s; wait", below(p, "pid"));
	/* It has to come so far as to say it. */
	for (; c.within_ns < 60 * NS_PER_S && !number; c.within_ns *= 4) {
		err_clear(&e);
		assert_fails(cmd_run(&c, &r, &e), &e, ERR_TIMEOUT);
		if (has(p, "pid") && file_read(&p->dir, "pid", &pid, &e) >= 0)
			(void)sv_u64(sv_trim(buf_sv(&pid)), &number);
	}
	assert_true(number > 0);
	assert_true(clock_mono_ns() - begin < 300 * NS_PER_S);
	assert_non_null(strstr(e.msg, "/bin/sh"));
	assert_true(goes((pid_t)number));
}

static void *ask_for_an_end(void *cancel)
{
	clock_sleep_ns(50 * NS_PER_MS);
	atomic_store(&((struct cancel *)cancel)->asked, true);
	return NULL;
}

static void an_end_that_is_asked_for_comes_at_once(void **state)
{
	struct cancel cancel = { false };
	struct cmd c = { .argv = ARGV("sleep", "1000"), .within_ns = 1000 * NS_PER_S, .cancel = &cancel };
	int64_t began = clock_mono_ns();
	struct err e = ERR_INIT;
	pthread_t other;

	assert_int_equal(pthread_create(&other, NULL, ask_for_an_end, &cancel), 0);
	assert_fails(cmd_run(&c, &result, &e), &e, ERR_CANCELED);
	assert_true(clock_mono_ns() - began < 100 * NS_PER_S);
	assert_int_equal(pthread_join(other, NULL), 0);
}

static void who_ignores_sigterm_is_killed(void **state)
{
	struct cmd_result r = { 0 };
	struct cmd c = { .argv = SHELL("trap '' TERM; sleep 60; sleep 60"),
			 .within_ns = 100 * NS_PER_MS };
	struct err e = ERR_INIT;
	int64_t begin = clock_mono_ns();

	assert_fails(cmd_run(&c, &r, &e), &e, ERR_TIMEOUT);
	assert_in_range(clock_mono_ns() - begin, 0, 50 * NS_PER_S);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);       /* no zombie of ours */
}

static void a_background_child_is_not_waited_for(void **state)
{
	int64_t begin = clock_mono_ns();
	long child = strtol(run_out(&(struct cmd){ .argv = SHELL("sleep 300 & echo $!") }), NULL, 10);

	assert_true(child > 1);
	assert_true(clock_mono_ns() - begin < 100 * NS_PER_S);
	assert_int_equal(kill((pid_t)child, SIGKILL), 0);
}

static void what_cannot_be_run_is_said(void **state)
{
	struct place *p = *state;
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;

	put_file(p, "f", "#!/bin/sh\n");
	assert_fails(cmd_run(&(struct cmd){ .argv = ARGV("no-such-program") }, &r, &e), &e,
		     ERR_ABSENT);
	assert_non_null(strstr(e.msg, "no-such-program"));
	assert_fails(cmd_run(&(struct cmd){ .argv = ARGV("/none/x") }, &r, &e), &e, ERR_ABSENT);
	assert_fails(cmd_run(&(struct cmd){ .argv = ARGV(below(p, "f")) }, &r, &e), &e, ERR_DENIED);
	assert_fails(cmd_run(&(struct cmd){ .argv = ARGV("./x") }, &r, &e), &e, ERR_USAGE);
	assert_fails(cmd_run(&(struct cmd){ .argv = ARGV("") }, &r, &e), &e, ERR_USAGE);
	assert_fails(cmd_run(&(struct cmd){ .argv = ARGV("true"), .cwd = "/none" }, &r, &e), &e,
	             ERR_ABSENT);
	setenv("CROSSGRADE_LIBEXEC", "/none", 1);
	assert_fails(cmd_run(&(struct cmd){ .argv = ARGV("true") }, &r, &e), &e, ERR_ABSENT);
	assert_string_equal(cmd_exec_path(), "/none/crossgrade-exec");
}

static char *libexec;

static int keep_libexec(void **state)
{
	libexec = xstrdup(getenv("CROSSGRADE_LIBEXEC"));
	return place_make(state);
}

static int restore_libexec(void **state)
{
	if (libexec)
		setenv("CROSSGRADE_LIBEXEC", libexec, 1);
	free(libexec);
	return place_remove(state);
}

static void conditions_are_set(void **state)
{
	struct cmd c = { .argv = SHELL(
			     "pwd; umask; ulimit -Sn; ulimit -Hn; ps -o sid= -p $$ | tr -d ' ';"
			     "echo $$; cat /proc/self/oom_score_adj"),
			 .cwd = "/usr",
			 .set_umask = true,
			 .umask = 027,
			 .limits = &(struct cmd_limit){ RLIMIT_NOFILE, 100, 200 },
			 .n_limits = 1,
			 .set_oom = true,
			 .oom_score_adj = 500 };
	struct sv rest, sid;

	rest = sv_of(run_out(&c));
	assert_true(sv_eq(sv_line(&rest), "/usr"));
	assert_true(sv_eq(sv_line(&rest), "0027"));
	assert_true(sv_eq(sv_line(&rest), "100"));
	assert_true(sv_eq(sv_line(&rest), "200"));
	sid = sv_line(&rest);
	assert_int_equal(sv_line(&rest).n, sid.n);      /* leader of its own session */
	assert_true(sv_eq(sv_line(&rest), "500"));
	assert_string_equal(result.unset, "");
}

static void what_cannot_be_set_is_reported(void **state)
{
	struct rlimit now;
	struct cmd c = { .argv = SHELL("ulimit -Hn"), .n_limits = 1 };
	struct cmd_limit more;
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	char hard[32];

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	more = (struct cmd_limit){ RLIMIT_NOFILE, UINT64_MAX, UINT64_MAX };
	c.limits = &more;
	snprintf(hard, sizeof hard, "%llu\n", (unsigned long long)now.rlim_max);
	assert_string_equal(run_out(&c), hard);
	assert_string_equal(result.unset, "nofile: Operation not permitted");
	c.strict = true;
	assert_fails(cmd_run(&c, &r, &e), &e, ERR_DENIED);
}

static void ids_are_taken_for_good(void **state)
{
	gid_t groups[] = { 8, 9 };
	struct cmd c = { .argv = SHELL(
			     "id -u; id -g; id -G; grep -E '^(Uid|CapEff)' /proc/self/status"),
			 .set_ids = true,
			 .uid = 65534,
			 .gid = 7,
			 .groups = groups,
			 .n_groups = 2 };

	if (geteuid() != 0) {
		print_message("# skipped: wants root\n");
		skip();
	}
	assert_string_equal(run_out(&c), "65534\n7\n7 8 9\nUid:\t65534\t65534\t65534\t65534\n"
	                                 "CapEff:\t0000000000000000\n");
}

/* A parent that starts a helper and dies. */
static void helpers_die_with_us(void **state)
{
	struct place *p = *state;
	char script[300];
	autobuf struct buf text = BUF_MAX(100);
	struct err e = ERR_INIT;
	uint64_t number = 0, ticks = 0;
	pid_t pid;

	snprintf(script, sizeof script, "echo $$ > %s; exec sleep 60", below(p, "pid"));
	pid = fork();
	if (pid == 0) {
		struct cmd_result r = { 0 };

		_exit(cmd_run(&(struct cmd){ .argv = SHELL(script), .die_with_us = true }, &r, &e) <
		      0);
	}
	for (int i = 0; i < 3000 && number == 0; i++) {
		clock_sleep_ns(20 * NS_PER_MS);
		buf_reset(&text);
		if (has(p, "pid") && file_read(&p->dir, "pid", &text, &e) == 0)
			(void)sv_u64(sv_trim(buf_sv(&text)), &number);
	}
	assert_true(number > 0);
	assert_ok(process_start_ticks((pid_t)number, &ticks, &e), &e);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_ok(process_wait((struct process_id){ (pid_t)number, ticks },
			       deadline_in(60 * NS_PER_S), &e),
		  &e);
}

static void start_sleep(struct process_id *ret)
{
	struct err e = ERR_INIT;
	char unset[100];

	assert_ok(
	    cmd_start(&(struct cmd){ .argv = ARGV("sleep", "60") }, ret, unset, sizeof unset, &e),
	    &e);
	assert_string_equal(unset, "");
}

static pid_t parent_of(pid_t pid)
{
	char path[64];
	autobuf struct buf text = BUF_MAX(4096);
	struct err e = ERR_INIT;
	struct sv rest;
	uint64_t ppid = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	assert_ok(file_read_path(path, &text, &e), &e);
	rest = sv_of(strrchr(buf_str(&text), ')') + 4);
	assert_true(sv_u64(sv_cut(&rest, ' '), &ppid));
	return (pid_t)ppid;
}

static void a_server_is_not_our_child(void **state)
{
	struct process_id id = { 0 };
	struct err e = ERR_INIT;

	start_sleep(&id);
	assert_int_equal(process_alive(id, &e), 1);
	assert_int_equal(getsid(id.pid), id.pid);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_true(parent_of(id.pid) != getpid());
	assert_ok(process_signal(id, SIGTERM, &e), &e);
	assert_ok(process_wait(id, deadline_in(60 * NS_PER_S), &e), &e);
	assert_int_equal(process_alive(id, &e), 0);
	assert_fails(process_signal(id, SIGTERM, &e), &e, ERR_ABSENT);
	assert_ok(process_wait(id, deadline_in(0), &e), &e);
}

static void a_server_outlives_us(void **state)
{
	struct process_id id = { 0 };
	struct err e = ERR_INIT;
	int p[2], status = 0;
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		start_sleep(&id);
		_exit(write(p[1], &id, sizeof id) != sizeof id);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(read(p[0], &id, sizeof id), sizeof id);
	clock_sleep_ns(50 * NS_PER_MS);
	assert_int_equal(process_alive(id, &e), 1);
	assert_ok(process_signal(id, SIGKILL, &e), &e);
	close(p[0]);
	close(p[1]);
}

static void a_failed_start_is_known(void **state)
{
	struct process_id id = { 0 };
	struct err e = ERR_INIT;
	char unset[100];

	assert_fails(
	    cmd_start(&(struct cmd){ .argv = ARGV("/none/server") }, &id, unset, sizeof unset, &e),
	    &e, ERR_ABSENT);
	assert_int_equal(id.pid, 0);
}

static void a_servers_output_goes_to_its_file(void **state)
{
	struct place *p = *state;
	char path[64];
	struct cmd c = { .argv = SHELL("echo out; echo err >&2"), .stdout_path = path };
	struct process_id id = { 0 };
	struct err e = ERR_INIT;
	struct stat st;

	snprintf(path, sizeof path, "%s", below(p, "log"));
	if (geteuid() == 0) {
		assert_int_equal(chown(p->path, 65534, 65534), 0);
		c.set_ids = true;
		c.uid = c.gid = 65534;
	}
	for (int i = 0; i < 2; i++) {
		assert_ok(cmd_start(&c, &id, NULL, 0, &e), &e);
		assert_ok(process_wait(id, deadline_in(60 * NS_PER_S), &e), &e);
	}
	assert_content(p, "log", "out\nerr\nout\nerr\n");
	assert_ok(dir_stat(&p->dir, "log", &st, &e), &e);
	assert_int_equal(st.st_mode & 07777, 0640 & ~027 & 07777);
	if (geteuid() == 0)
		assert_int_equal(st.st_uid, 65534);
}

/* The user of the server owns the way to its log, and points it at a file of root's. */
static void a_log_is_not_a_way_to_roots_files(void **state)
{
	struct place *p = *state;
	char path[64];
	struct cmd c = { .argv = ARGV("echo", "x"),
			 .stdout_path = path,
			 .set_ids = true,
			 .uid = 65534,
			 .gid = 65534 };
	struct process_id id = { 0 };
	struct err e = ERR_INIT;

	if (geteuid() != 0) {
		print_message("# skipped: wants root\n");
		skip();
	}
	assert_ok(dir_make(&p->dir, "home", 0755, &e), &e);
	put_file(p, "precious", "mine");
	assert_int_equal(fchmodat(p->dir.fd, "home", 0777, 0), 0);
	assert_int_equal(fchmod(p->dir.fd, 0755), 0);
	assert_int_equal(symlinkat("../precious", p->dir.fd, "home/log"), 0);
	snprintf(path, sizeof path, "%s", below(p, "home/log"));
	assert_fails(cmd_start(&c, &id, NULL, 0, &e), &e, ERR_REFUSED);
	assert_int_equal(unlinkat(p->dir.fd, "home/log", 0), 0);
	assert_int_equal(linkat(p->dir.fd, "precious", p->dir.fd, "home/log", 0), 0);
	assert_fails(cmd_start(&c, &id, NULL, 0, &e), &e, ERR_REFUSED);
	assert_content(p, "precious", "mine");
}

static void a_process_is_more_than_its_pid(void **state)
{
	struct process_id me = { .pid = getpid() }, other;
	struct err e = ERR_INIT;
	uint64_t ticks = 0;

	assert_ok(process_start_ticks(getpid(), &me.start_ticks, &e), &e);
	assert_int_equal(process_alive(me, &e), 1);
	assert_ok(process_signal(me, 0, &e), &e);
	assert_fails(process_wait(me, deadline_in(20 * NS_PER_MS), &e), &e, ERR_TIMEOUT);
	other = (struct process_id){ me.pid, me.start_ticks + 1 };
	assert_int_equal(process_alive(other, &e), 0);
	assert_fails(process_signal(other, SIGKILL, &e), &e, ERR_ABSENT);
	assert_ok(process_wait(other, deadline_in(0), &e), &e);
	assert_fails(process_start_ticks(4000000, &ticks, &e), &e, ERR_ABSENT);
}

/* A name with a bracket and blanks does not move the fields; a zombie is gone. */
static void odd_names_and_zombies_are_read_right(void **state)
{
	struct process_id id = { 0 };
	struct err e = ERR_INIT;
	siginfo_t info;

	id.pid = fork();
	if (id.pid == 0) {
		prctl(PR_SET_NAME, "a) R 1 (b");
		(void)raise(SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitid(P_PID, (id_t)id.pid, &info, WSTOPPED | WNOWAIT), 0);
	assert_ok(process_start_ticks(id.pid, &id.start_ticks, &e), &e);
	assert_true(id.start_ticks > 100);
	assert_int_equal(process_alive(id, &e), 1);
	kill(id.pid, SIGCONT);
	assert_int_equal(waitid(P_PID, (id_t)id.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(process_alive(id, &e), 0);
	waitpid(id.pid, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(streams_and_status_come_back, forget_result),
		cmocka_unit_test_teardown(open_files_are_streams, forget_result),
		cmocka_unit_test_teardown(arguments_are_not_a_shells, forget_result),
		cmocka_unit_test_teardown(the_environment_is_clean, forget_result),
		cmocka_unit_test_teardown(no_descriptor_is_inherited, forget_result),
		cmocka_unit_test_teardown(a_program_in_memory_is_run, forget_result),
		cmocka_unit_test(a_program_is_run_where_memory_may_hold_none),
		cmocka_unit_test_teardown(signals_are_as_at_first, forget_result),
		cmocka_unit_test_teardown(output_has_a_ceiling, forget_result),
		cmocka_unit_test_teardown(much_input_is_given, forget_result),
		in_place(a_deadline_ends_it_with_all_it_started),
		cmocka_unit_test(an_end_that_is_asked_for_comes_at_once),
		cmocka_unit_test(who_ignores_sigterm_is_killed),
		cmocka_unit_test_teardown(a_background_child_is_not_waited_for, forget_result),
		cmocka_unit_test_setup_teardown(what_cannot_be_run_is_said, keep_libexec,
						restore_libexec),
		cmocka_unit_test_teardown(conditions_are_set, forget_result),
		cmocka_unit_test_teardown(what_cannot_be_set_is_reported, forget_result),
		cmocka_unit_test_teardown(ids_are_taken_for_good, forget_result),
		in_place(helpers_die_with_us),
		cmocka_unit_test(a_server_is_not_our_child),
		cmocka_unit_test(a_server_outlives_us),
		cmocka_unit_test(a_failed_start_is_known),
		in_place(a_servers_output_goes_to_its_file),
		in_place(a_log_is_not_a_way_to_roots_files),
		cmocka_unit_test(a_process_is_more_than_its_pid),
		cmocka_unit_test(odd_names_and_zombies_are_read_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
