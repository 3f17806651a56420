#include "net/tcp.h"

#include "double.h"

#include <string.h>

static void says_a_banner(int fd) { (void)!write(fd, "SSH-2.0-SFTPGo_2.7.5\r\nmore", 26); }
static void says_half_a_line(int fd) { (void)!write(fd, "SSH-2", 5); }
static void says_too_much(int fd)
{
	char noise[4096];

	memset(noise, 'x', sizeof noise);
	(void)!write(fd, noise, sizeof noise);
}
static void says_nothing(int fd) { sleep(300); }

static int ask(void (*talk)(int fd), struct buf *line, int64_t within_ns, struct err *e)
{
	struct double_server s = double_start(talk);
	int r = tcp_banner("127.0.0.1", s.port, 0, deadline_in(within_ns), line, e);

	double_stop(&s);
	return r;
}

static void the_first_line(void **state)
{
	autobuf struct buf line = BUF_MAX(256);
	struct err e = ERR_INIT;

	assert_int_equal(ask(says_a_banner, &line, NS_PER_S * 60, &e), 0);
	assert_string_equal(buf_str(&line), "SSH-2.0-SFTPGo_2.7.5");
}

static void half_a_line_is_none(void **state)
{
	autobuf struct buf line = BUF_MAX(256);
	struct err e = ERR_INIT;

	assert_int_equal(ask(says_half_a_line, &line, NS_PER_S * 60, &e), -ERR_REFUSED);
}

static void a_line_has_a_ceiling(void **state)
{
	autobuf struct buf line = BUF_MAX(256);
	struct err e = ERR_INIT;

	assert_int_equal(ask(says_too_much, &line, NS_PER_S * 60, &e), -ERR_SPACE);
}

static void silence_has_a_deadline(void **state)
{
	autobuf struct buf line = BUF_MAX(256);
	struct err e = ERR_INIT;

	assert_int_equal(ask(says_nothing, &line, 50 * NS_PER_MS, &e), -ERR_TIMEOUT);
}

static void nobody_listens(void **state)
{
	autobuf struct buf line = BUF_MAX(256);
	struct err e = ERR_INIT;
	uint16_t port;

	close(double_listen(&port));
	assert_int_equal(tcp_banner("127.0.0.1", port, 0, deadline_in(60 * NS_PER_S), &line, &e),
			 -ERR_REFUSED);
	assert_int_equal(tcp_connect("localhost", port, 0, deadline_in(60 * NS_PER_S), &e), -ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_line),	  cmocka_unit_test(half_a_line_is_none),
		cmocka_unit_test(a_line_has_a_ceiling),	  cmocka_unit_test(silence_has_a_deadline),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
