#include "io/proc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "place.h"

static void a_process_is_read(void **state)
{
	struct proc p = { 0 };
	struct err e = ERR_INIT;
	char exe[PATH_MAX] = "", cwd[PATH_MAX] = "";

	assert_true(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
	assert_non_null(getcwd(cwd, sizeof cwd));
	assert_ok(proc_read(getpid(), &p, &e), &e);
	assert_int_equal(p.id.pid, getpid());
	assert_int_equal(p.ppid, getppid());
	assert_int_equal(p.uid, geteuid());
	assert_int_equal(p.gid, getegid());
	assert_string_equal(p.exe, exe);
	assert_string_equal(p.cwd, cwd);
	assert_non_null(strstr(p.argv[0], "test_proc"));
	assert_null(p.argv[1]);
	assert_non_null(p.env);
	assert_non_null(p.cgroup);
	proc_done(&p);
	assert_fails(proc_read(4000000, &p, &e), &e, ERR_ABSENT);
}

/* A child in a namespace of its own, or not, that does this with SIGTERM and SIGUSR1. -1: no namespace can be had. */
static pid_t child_that(void (*with_term)(int), bool blocks, bool first)
{
	int ours = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC), ready[2];
	bool apart = first && unshare(CLONE_NEWPID) == 0;
	pid_t pid = -1;
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	if (!first || apart)
		pid = fork();
	if (!pid) {
		sigset_t term;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigemptyset(&term);
		sigaddset(&term, SIGTERM);
		signal(SIGTERM, with_term);
		if (blocks)
			sigprocmask(SIG_BLOCK, &term, NULL);
		_exit(write(ready[1], "x", 1) != 1 || pause());
	}
	if (apart)
		assert_int_equal(setns(ours, CLONE_NEWPID), 0);
	close(ours);
	close(ready[1]);
	if (pid > 0)
		assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void nothing(int sig)
{
}

static void what_the_kernel_drops(void **state)
{
	static const struct {
		void (*with_term)(int);
		bool blocks, first, drops;
	} cases[] = {
		{ SIG_DFL, false, false, false }, { SIG_IGN, false, false, true },  { nothing, false, false, false },
		{ SIG_DFL, false, true, true },   { SIG_IGN, true, true, false },   { nothing, false, true, false },
		{ SIG_DFL, true, true, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		pid_t pid = child_that(cases[i].with_term, cases[i].blocks, cases[i].first);

		if (pid < 0)
			skip();
		if (proc_drops(pid, SIGTERM) != cases[i].drops || proc_is_init(pid) != cases[i].first)
			fail_msg("case %zu", i);
		assert_false(proc_drops(pid, SIGKILL) || proc_drops(pid, 0) || proc_drops(pid, 100));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	assert_false(proc_drops(4000000, SIGTERM));
}

static void an_environment_is_split_at_its_ends(void **state)
{
	const char *argv[] = { "sleep", "60", NULL },
		   *env[] = { "A=b c", "EMPTY=", "D=e\nf", NULL };
	struct cmd c = { .argv = argv, .env = env };
	struct process_id id;
	struct proc p = { 0 };
	struct err e = ERR_INIT;

	assert_ok(cmd_start(&c, &id, NULL, 0, &e), &e);
	assert_ok(proc_read(id.pid, &p, &e), &e);
	assert_string_equal(p.argv[1], "60");
	assert_string_equal(p.env[0], "A=b c");
	assert_string_equal(p.env[1], "EMPTY=");
	assert_string_equal(p.env[2], "D=e\nf");
	assert_null(p.env[3]);
	assert_true(p.id.start_ticks == id.start_ticks);
	assert_ok(process_signal(id, SIGKILL, &e), &e);
	proc_done(&p);
}

static void all_are_listed_in_order(void **state)
{
	pid_list all = { 0 };
	struct err e = ERR_INIT;
	pid_t last = 0;
	bool me = false;

	assert_ok(proc_all(&all, &e), &e);
	vec_each(&all, it) {
		assert_true(*it > last);
		last = *it;
		me = me || last == getpid();
	}
	assert_true(me);
	vec_done(&all);
}

static pid_t holder_of(const struct stat *st)
{
	struct err e = ERR_INIT;
	pid_t pid = -7;
	int r = proc_lock_holder(st->st_dev, st->st_ino, &pid, &e);

	assert_ok(r, &e);
	assert_int_equal(r, pid != 0);
	return pid;
}

static void holders_of_locks_are_found(void **state)
{
	struct place *p = *state;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat st;
	int fd = openat(p->dir.fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(holder_of(&st), 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(holder_of(&st), getpid());
	assert_int_equal(flock(fd, LOCK_UN), 0);
	assert_int_equal(holder_of(&st), 0);
	assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
	assert_int_equal(holder_of(&st), getpid());
	close(fd);
}

/* Who waits for a lock does not hold it. */
static void who_waits_is_no_holder(void **state)
{
	struct place *p = *state;
	struct stat st;
	int fd = openat(p->dir.fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	pid_t pid;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	pid = fork();
	if (pid == 0) {
		int own = openat(p->dir.fd, "f", O_RDWR | O_CLOEXEC);

		close(fd);                      /* else the lock would be the child's too */
		_exit(flock(own, LOCK_EX));
	}
	clock_sleep_ns(50 * NS_PER_MS);
	assert_int_equal(holder_of(&st), getpid());
	close(fd);
	waitpid(pid, NULL, 0);
	assert_int_equal(holder_of(&st), 0);
}

static uint16_t listen_on(int family, int *ret_fd)
{
	struct sockaddr_storage all = { .ss_family = (sa_family_t)family };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&all;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&all;
	socklen_t n = family == AF_INET ? sizeof *v4 : sizeof *v6;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (family == AF_INET)
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		v6->sin6_addr = in6addr_loopback;
	if (fd < 0 || bind(fd, (struct sockaddr *)&all, n) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&all, &n) < 0)
		return 0;
	*ret_fd = fd;
	return ntohs(family == AF_INET ? v4->sin_port : v6->sin6_port);
}

static void only_the_listener(const proc_sockets *all, uint16_t port, ino_t inode)
{
	assert_int_equal(all->n, 1);
	assert_true(all->v[0].listening && all->v[0].family == AF_INET);
	assert_string_equal(all->v[0].local, "127.0.0.1");
	assert_int_equal(all->v[0].local_port, port);
	assert_true(all->v[0].inode == inode);
}

/* For this process and its children socket(AF_NETLINK) fails from now on. */
static void forbid_netlink(unsigned sys)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | sys),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog all = { ARRAY_LEN(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) < 0)
		_exit(77);
}

static void listeners_are_seen_without_netlink(void **state)
{
	struct stat st;
	int fd = -1, status;
	uint16_t port = listen_on(AF_INET, &fd);
	pid_t child;

	assert_true(port > 0 && fstat(fd, &st) == 0);
	child = fork();
	if (child == 0) {
		proc_sockets all = { 0 };
		struct err e = ERR_INIT;

		forbid_netlink(EACCES);
		if (socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG) >= 0 || proc_tcp_listening(&port, 1, &all, &e) < 0)
			_exit(1);
		_exit(all.n == 1 && all.v[0].inode == st.st_ino ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	close(fd);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("# skipped: no seccomp filter may be set here\n");
		skip();
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void without_sock_diag_nothing_is_cut(void **state)
{
	uint16_t port = 1;
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct err e = ERR_INIT;

		forbid_netlink(EPROTONOSUPPORT);
		_exit(proc_tcp_cut(&port, 1, 1, &e) < 0 && proc_tcp_cannot_cut(&e) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("# skipped: no seccomp filter may be set here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A server that has said all and gone: its last words are on their way still. */
static void last_words_are_not_cut(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = -1, small = 4096, client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;
	uint16_t port = listen_on(AF_INET, &fd);
	struct err e = ERR_INIT;
	char words[4096] = "";
	ssize_t said = 0, heard = 0, n;

	assert_true(port > 0);
	to.sin_port = htons(port);
	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof to), 0);
	server = accept(fd, NULL, NULL);
	while ((n = send(server, words, sizeof words, MSG_DONTWAIT)) > 0)
		said += n;
	close(server);
	n = proc_tcp_cut(&port, 1, 1, &e);
	if (n < 0 && e.sys)
		skip();
	assert_int_equal(n, 0);
	while ((n = recv(client, words, sizeof words, 0)) > 0)
		heard += n;
	assert_int_equal(n, 0);
	assert_int_equal(heard, said);
	close(client);
	close(fd);
}

static void listeners_and_connections_are_seen(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	proc_sockets all = { 0 };
	struct err e = ERR_INIT;
	struct stat st;
	int fd = -1, client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint16_t port = listen_on(AF_INET, &fd);

	assert_true(port > 0);
	assert_ok(proc_tcp(0, &port, 1, &all, &e), &e);
	assert_int_equal(all.n, 1);
	assert_string_equal(all.v[0].local, "127.0.0.1");
	assert_int_equal(all.v[0].local_port, port);
	assert_true(all.v[0].listening);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(all.v[0].inode == st.st_ino);
	vec_done(&all);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons(port);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof to), 0);
	assert_ok(proc_tcp(getpid(), &port, 1, &all, &e), &e);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.v[0].listening + all.v[1].listening, 1);
	vec_done(&all);
	assert_ok(proc_tcp_listening(&port, 1, &all, &e), &e);
	only_the_listener(&all, port, st.st_ino);
	vec_done(&all);
	close(client);
	close(fd);
	port = 0;
	assert_ok(proc_tcp(0, &port, 0, &all, &e), &e);
	assert_int_equal(all.n, 0);
	assert_fails(proc_tcp(4000000, &port, 1, &all, &e), &e, ERR_ABSENT);
}

#define LINE(local, peer, state, inode) \
	"   0: " local " " peer " " state " 00000000:00000000 00:00000000 00000000     0        0 " inode " 1 0000000000000000 100 0 0 10 0\n"

/* The kernel did so while connections came and went: what has one pair of ends is one connection, whoever shares the port. */
static void what_the_kernel_tells_twice_is_one(void **state)
{
	static const char table[] = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
				    LINE("0100007F:1F90", "00000000:0000", "0A", "71")
				    LINE("0100007F:1F90", "00000000:0000", "0A", "72")
				    LINE("0100007F:1F90", "0100007F:B8BE", "01", "0")
				    LINE("0100007F:1F90", "0100007F:B8BE", "01", "0")
				    LINE("0100007F:1F90", "0100007F:B8C0", "01", "0")
				    LINE("0100007F:1F90", "0200007F:B8C0", "01", "0")
				    LINE("0100007F:1F91", "0100007F:B8BE", "01", "0");
	static const uint16_t port = 8080;
	proc_sockets all = { 0 };
	struct err e = ERR_INIT;

	assert_ok(proc_tcp_table(SV(table), AF_INET, &port, 1, &all, &e), &e);
	assert_int_equal(all.n, 5);
	vec_done(&all);
	assert_fails(proc_tcp_table(SV("head\n 0: 0100007F:1F90\n"), AF_INET, &port, 1, &all, &e), &e, ERR_FORMAT);
}

static void a_connection_of_our_own_is_known(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET }, here = { 0 };
	socklen_t n = sizeof here;
	int fd = -1, client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint16_t port = listen_on(AF_INET, &fd), from;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons(port);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(getsockname(client, (struct sockaddr *)&here, &n), 0);
	from = ntohs(here.sin_port);
	assert_true(proc_connected(from, port));
	assert_false(proc_connected(from, (uint16_t)(port + 1)));
	assert_false(proc_connected((uint16_t)(from + 1), port));
	close(client);
	assert_false(proc_connected(from, port));
	close(fd);
}

static void ipv6_is_seen(void **state)
{
	proc_sockets all = { 0 };
	struct err e = ERR_INIT;
	int fd = -1;
	uint16_t port = listen_on(AF_INET6, &fd);

	if (!port) {
		print_message("# skipped: no IPv6 loopback here\n");
		skip();
	}
	assert_ok(proc_tcp(0, &port, 1, &all, &e), &e);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.v[0].family, AF_INET6);
	assert_string_equal(all.v[0].local, "::1");
	vec_done(&all);
	assert_ok(proc_tcp_listening(&port, 1, &all, &e), &e);
	assert_int_equal(all.n, 1);
	assert_string_equal(all.v[0].local, "::1");
	vec_done(&all);
	close(fd);
}

/* A child has what it inherited; a socket that nobody has open is nobody's. */
static void sockets_are_found_by_who_has_them(void **state)
{
	socket_holders all = { 0 };
	struct err e = ERR_INIT;
	uint64_t which = 0, inodes[2] = { 1 };
	struct stat st;
	int fd = -1;
	pid_t child;

	assert_true(listen_on(AF_INET, &fd) > 0);
	assert_int_equal(fstat(fd, &st), 0);
	inodes[1] = st.st_ino;
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_ok(proc_socket_holders(inodes, 2, &all, &e), &e);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.v[0].pid, MIN_OF(getpid(), child));
	assert_int_equal(all.v[1].pid, MAX_OF(getpid(), child));
	assert_true(all.v[0].which == 2 && all.v[1].which == 2);
	vec_done(&all);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_ok(proc_has_sockets(getpid(), inodes, 2, &which, &e), &e);
	assert_true(which == 2);
	assert_ok(proc_has_sockets(child, inodes, 2, &which, &e), &e);
	assert_true(which == 0);
	close(fd);
	assert_ok(proc_socket_holders(inodes, 2, &all, &e), &e);
	assert_int_equal(all.n, 0);
	assert_fails(proc_socket_holders(inodes, PROC_SOCKETS_MAX + 1, &all, &e), &e, ERR_SPACE);
}

/* By another name, too; who only reads is none. */
static void writers_of_a_file_are_found(void **state)
{
	char path[] = "/tmp/crossgrade-test-writers.XXXXXX", other[64];
	pid_list all = { 0 };
	struct err e = ERR_INIT;
	int fd = mkstemp(path), reader;
	pid_t child;

	assert_true(fd >= 0);
	(void)snprintf(other, sizeof other, "%s.link", path);
	assert_int_equal(link(path, other), 0);
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	close(fd);
	reader = open(path, O_RDONLY | O_CLOEXEC);
	assert_ok(proc_file_writers(other, &all, &e), &e);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.v[0], child);
	vec_done(&all);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_ok(proc_file_writers(path, &all, &e), &e);
	assert_int_equal(all.n, 0);
	close(reader);
	unlink(path);
	unlink(other);
	assert_fails(proc_file_writers(path, &all, &e), &e, ERR_ABSENT);
}

static void limits_and_the_boot_are_read(void **state)
{
	uint64_t soft = 0, hard = 0;
	struct err e = ERR_INIT;
	struct rlimit now;
	char id[64] = "";

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_ok(proc_limit(getpid(), "Max open files", &soft, &hard, &e), &e);
	assert_true(soft == now.rlim_cur && hard == now.rlim_max);
	assert_int_equal(getrlimit(RLIMIT_CPU, &now), 0);
	assert_ok(proc_limit(getpid(), "Max cpu time", &soft, &hard, &e), &e);
	assert_true(soft == now.rlim_cur);              /* RLIM_INFINITY is UINT64_MAX */
	assert_fails(proc_limit(getpid(), "Max nonsense", &soft, &hard, &e), &e, ERR_ABSENT);
	assert_fails(proc_limit(getpid(), "Max open", &soft, &hard, &e), &e, ERR_ABSENT);
	assert_ok(proc_boot_id(id, &e), &e);
	assert_int_equal(strlen(id), 36);
}

/* ---- answers of the kernel's, as it could give them ---- */

struct answer {
	struct {
		struct nlmsghdr head;
		struct inet_diag_msg socket;
	} listens;
	struct {
		struct nlmsghdr head;
		int said;
	} last;
};

static struct answer answer(uint16_t port)
{
	struct answer a = { .listens.head = { .nlmsg_len = sizeof a.listens, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_MULTI },
			    .last.head = { .nlmsg_len = sizeof a.last, .nlmsg_type = NLMSG_DONE, .nlmsg_flags = NLM_F_MULTI } };

	a.listens.socket.idiag_family = AF_INET;
	a.listens.socket.id.idiag_sport = htons(port);
	return a;
}

static int told(const struct answer *a, size_t *ret_n)
{
	static const uint16_t ports[] = { 2022 };
	proc_sockets all = { 0 };
	struct err e = ERR_INIT;
	int r = proc_tcp_told(a, sizeof *a, ports, 1, &all, &e);

	*ret_n = all.n;
	vec_done(&all);
	return r;
}

static void a_list_that_is_whole_is_believed(void **state)
{
	struct answer ours = answer(2022), others = answer(2023);
	size_t n;

	assert_int_equal(told(&ours, &n), 1);
	assert_int_equal(n, 1);
	assert_int_equal(told(&others, &n), 1);
	assert_int_equal(n, 0);
	others.last.head = others.listens.head;
	others.last.head.nlmsg_len = 1000;
	assert_int_equal(told(&others, &n), 0);
}

/* A kernel with inet_diag and without tcp_diag tells of nobody, and why in its last word. */
static void a_list_that_is_not_whole_tells_nothing(void **state)
{
	struct answer none = answer(2023), moved = answer(2023), refused = answer(2023), cut = answer(2023);
	size_t n;

	none.last.said = -ENOENT;
	assert_int_equal(told(&none, &n), -ERR_ABSENT);
	moved.last.head.nlmsg_flags |= NLM_F_DUMP_INTR;
	assert_int_equal(told(&moved, &n), -ERR_CHANGED);
	refused.listens.head.nlmsg_type = NLMSG_ERROR;
	((struct nlmsgerr *)NLMSG_DATA(&refused.listens.head))->error = -EPERM;
	assert_int_equal(told(&refused, &n), -ERR_DENIED);
	cut.listens.head.nlmsg_len = NLMSG_LENGTH(4);
	assert_int_equal(told(&cut, &n), -ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_read),
		cmocka_unit_test(what_the_kernel_drops),
		cmocka_unit_test(an_environment_is_split_at_its_ends),
		cmocka_unit_test(all_are_listed_in_order),
		in_place(holders_of_locks_are_found),
		in_place(who_waits_is_no_holder),
		cmocka_unit_test(listeners_and_connections_are_seen),
		cmocka_unit_test(what_the_kernel_tells_twice_is_one),
		cmocka_unit_test(a_connection_of_our_own_is_known),
		cmocka_unit_test(listeners_are_seen_without_netlink),
		cmocka_unit_test(without_sock_diag_nothing_is_cut),
		cmocka_unit_test(last_words_are_not_cut),
		cmocka_unit_test(a_list_that_is_whole_is_believed),
		cmocka_unit_test(a_list_that_is_not_whole_tells_nothing),
		cmocka_unit_test(ipv6_is_seen),
		cmocka_unit_test(sockets_are_found_by_who_has_them),
		cmocka_unit_test(writers_of_a_file_are_found),
		cmocka_unit_test(limits_and_the_boot_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
