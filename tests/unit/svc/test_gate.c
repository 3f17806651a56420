#include "svc/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../network.h"
#include "base/sv.h"
#include "io/cmd.h"

/* All of it in a network namespace of its own: a firewall rule of a test has no business on the
 * machine. */
static char skip_reason[1024];
static struct gate gate = { .name = "crossgrade_test", .n_ports = 1 };
static uint16_t other_port;
static pid_t echo_pids[2];

/* A server on every address that sends back what it hears. */
static pid_t start_echo(uint16_t *ret_port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	*ret_port = ntohs(at.sin6_port);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		for (;;) {
			int c = accept(fd, NULL, NULL);
			char byte;

			if (fork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				while (recv(c, &byte, 1, 0) == 1 &&
				       send(c, &byte, 1, MSG_NOSIGNAL) == 1)
					;
				_exit(0);
			}
			close(c);
		}
	}
	close(fd);
	return pid;
}

static int start(void **state unused_arg)
{
	char why[256] = "";
	struct err e = ERR_INIT;

	signal(SIGCHLD, SIG_DFL);
	if (!network_is_own)
		snprintf(skip_reason, sizeof skip_reason, "no network namespace to be had");
	else if (gate_usable(why, sizeof why, &e) != 1)
		snprintf(skip_reason, sizeof skip_reason, "no nftables: %s%s", why, e.msg);
	if (skip_reason[0])
		return 0;
	echo_pids[0] = start_echo(&gate.ports[0]);
	echo_pids[1] = start_echo(&other_port);
	return 0;
}

static int stop(void **state unused_arg)
{
	for (size_t i = 0; i < ARRAY_LEN(echo_pids); i++)
		if (echo_pids[i] > 0) {
			kill(echo_pids[i], SIGKILL);
			waitpid(echo_pids[i], NULL, 0);
		}
	return 0;
}

static void need_namespace(void)
{
	if (skip_reason[0]) {
		print_message("# skip: %s\n", skip_reason);
		skip();
	}
}

static int connect_to(uint16_t port, bool v6, bool marked, int *ret_sys)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons(port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct timeval patience = { .tv_sec = 2 };
	struct err e = ERR_INIT;
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (marked)
		assert_int_equal(gate_mark_socket(fd, &e), 0);
	r = v6 ? connect(fd, (struct sockaddr *)&a6, sizeof a6)
	       : connect(fd, (struct sockaddr *)&a4, sizeof a4);
	*ret_sys = r < 0 ? errno : 0;
	return fd;
}

/* 0 when a byte went there and back, else the errno of what failed. */
static int exchange(int fd)
{
	char byte = 'x';

	if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
		return errno;
	if (recv(fd, &byte, 1, 0) != 1)
		return errno;
	return 0;
}

static int try_client(uint16_t port, bool v6, bool marked)
{
	int sys = 0, fd = connect_to(port, v6, marked, &sys);

	if (!sys)
		sys = exchange(fd);
	close(fd);
	return sys;
}

static void run_nft(const char *rules)
{
	const char *argv[] = { "nft", "-f", "-", NULL };
	struct cmd c = { .argv = argv, .in = sv_of(rules) };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(cmd_run(&c, &r, &e), 0);
	assert_int_equal(r.status, 0);
	cmd_result_done(&r);
}

static void only_marked_clients_pass(void **state unused_arg)
{
	struct err e = ERR_INIT;

	need_namespace();
	assert_int_equal(try_client(gate.ports[0], false, false), 0);
	assert_int_equal(gate_close(&gate, &e), 1);
	assert_int_equal(try_client(gate.ports[0], false, false), ECONNREFUSED);
	assert_int_equal(try_client(gate.ports[0], true, false), ECONNREFUSED);
	assert_int_equal(try_client(gate.ports[0], false, true), 0);
	assert_int_equal(try_client(gate.ports[0], true, true), 0);
	assert_int_equal(try_client(other_port, false, false), 0);
	assert_int_equal(gate_open(&gate, &e), 0);
	assert_int_equal(try_client(gate.ports[0], false, false), 0);
}

static void a_connection_made_before_is_reset(void **state unused_arg)
{
	struct err e = ERR_INIT;
	int sys = 0, fd;

	need_namespace();
	fd = connect_to(gate.ports[0], false, false, &sys);
	assert_int_equal(sys, 0);
	assert_int_equal(exchange(fd), 0);
	assert_int_equal(gate_close(&gate, &e), 1);
	assert_int_equal(exchange(fd), ECONNRESET);
	close(fd);
	assert_int_equal(gate_open(&gate, &e), 0);
}

/* A server that is slow to answer: its client asked before the gate stood. */
static void who_asked_before_is_answered_no_more(void **state unused_arg)
{
	struct err e = ERR_INIT;
	char byte = 'x';
	int sys = 0, fd, ours;
	ssize_t n;

	need_namespace();
	fd = connect_to(gate.ports[0], false, false, &sys);
	assert_int_equal(exchange(fd), 0);
	ours = connect_to(gate.ports[0], true, true, &sys);
	assert_int_equal(exchange(ours), 0);
	kill(-echo_pids[0], SIGSTOP);
	assert_int_equal(send(fd, &byte, 1, MSG_NOSIGNAL), 1);
	n = gate_close(&gate, &e);
	kill(-echo_pids[0], SIGCONT);
	assert_int_equal(n, 1);
	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(exchange(ours), 0);
	close(fd);
	close(ours);
	assert_int_equal(gate_open(&gate, &e), 0);
	assert_int_equal(try_client(gate.ports[0], false, false), 0);
}

static void closing_and_opening_may_be_repeated(void **state unused_arg)
{
	struct err e = ERR_INIT;

	need_namespace();
	assert_int_equal(gate_closed(&gate, &e), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(gate_close(&gate, &e), 1);
		assert_int_equal(gate_closed(&gate, &e), 1);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(gate_open(&gate, &e), 0);
		assert_int_equal(gate_closed(&gate, &e), 0);
	}
}

static void several_ports(void **state unused_arg)
{
	struct gate both = { .name = "crossgrade_test",
			     .ports = { gate.ports[0], other_port },
			     .n_ports = 2 };
	struct err e = ERR_INIT;

	need_namespace();
	assert_int_equal(gate_close(&both, &e), 1);
	assert_int_equal(gate_closed(&both, &e), 1);
	assert_int_equal(gate_closed(&gate, &e), 0);
	assert_int_equal(try_client(other_port, false, false), ECONNREFUSED);
	assert_int_equal(gate_close(&gate, &e), 1);
	assert_int_equal(gate_closed(&both, &e), 0);
	assert_int_equal(try_client(other_port, false, false), 0);
	assert_int_equal(gate_open(&gate, &e), 0);
}

static void a_gate_that_is_not_ours_any_more_is_open(void **state unused_arg)
{
	static const char *const meddling[] = {
		"flush ruleset",
		"insert rule inet crossgrade_test input accept",
		"add chain inet crossgrade_test other { type filter hook input priority -400; }",
		"flush chain inet crossgrade_test input",
		"add table inet crossgrade_test { flags dormant; }",
	};
	struct err e = ERR_INIT;

	need_namespace();
	for (size_t i = 0; i < ARRAY_LEN(meddling); i++) {
		assert_int_equal(gate_close(&gate, &e), 1);
		assert_int_equal(gate_closed(&gate, &e), 1);
		run_nft(meddling[i]);
		assert_int_equal(gate_closed(&gate, &e), 0);
		/* Whatever was done to it, closing makes it whole. */
		assert_int_equal(gate_close(&gate, &e), 1);
		assert_int_equal(gate_closed(&gate, &e), 1);
		assert_int_equal(try_client(gate.ports[0], false, false), ECONNREFUSED);
	}
	assert_int_equal(gate_open(&gate, &e), 0);
}

static void other_tables_are_left_alone(void **state unused_arg)
{
	struct gate mine = { .name = "somebody", .ports = { 1 }, .n_ports = 1 };
	struct err e = ERR_INIT;

	need_namespace();
	assert_int_equal(gate_close(&mine, &e), 1);
	assert_int_equal(gate_close(&gate, &e), 1);
	assert_int_equal(gate_open(&gate, &e), 0);
	assert_int_equal(gate_closed(&mine, &e), 1);
	assert_int_equal(gate_open(&mine, &e), 0);
}

static void without_the_right_it_is_not_usable(void **state unused_arg)
{
	pid_t pid;
	int status = 0;

	need_namespace();
	pid = fork();
	if (pid == 0) {
		char why[256] = "";
		struct err e = ERR_INIT;

		/* Not another user: he might not reach the programs of a build below /root. */
		if (prctl(PR_CAPBSET_DROP, CAP_NET_ADMIN) < 0)
			_exit(2);
		_exit(gate_usable(why, sizeof why, &e) == 0 && why[0] ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void nonsense_reaches_no_firewall(void **state unused_arg)
{
	struct gate bad = { .name = "x { } ; flush ruleset", .ports = { 1 }, .n_ports = 1 };
	struct err e = ERR_INIT;

	assert_int_equal(gate_close(&bad, &e), -ERR_BUG);
	bad = (struct gate){ .name = "fine" };
	err_clear(&e);
	assert_int_equal(gate_close(&bad, &e), -ERR_BUG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_marked_clients_pass),
		cmocka_unit_test(a_connection_made_before_is_reset),
		cmocka_unit_test(who_asked_before_is_answered_no_more),
		cmocka_unit_test(closing_and_opening_may_be_repeated),
		cmocka_unit_test(several_ports),
		cmocka_unit_test(a_gate_that_is_not_ours_any_more_is_open),
		cmocka_unit_test(other_tables_are_left_alone),
		cmocka_unit_test(without_the_right_it_is_not_usable),
		cmocka_unit_test(nonsense_reaches_no_firewall),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
