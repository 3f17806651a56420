#include "net/pgwire.h"

#include "double.h"

#include <string.h>

/* Messages of a server, written out: type, length with itself, body. */
#define AUTH_CLEAR "R\0\0\0\x08\0\0\0\x03"
#define AUTH_MD5                \
	"R\0\0\0\x0c\0\0\0\x05" \
	"salt"
#define AUTH_OK   "R\0\0\0\x08\0\0\0\0"
#define AUTH_SASL "R\0\0\0\x08\0\0\0\x0a"
#define STATUS        \
	"S\0\0\0\x10" \
	"TimeZone\0"  \
	"\0"          \
	"\0\0"
#define READY         \
	"Z\0\0\0\x05" \
	"I"
#define NO_LOGIN        \
	"E\0\0\0\x1f"   \
	"SERROR\0"      \
	"C28P01\0"      \
	"Mwrong pass\0" \
	"\0"
#define NO_QUERY      \
	"E\0\0\0\x1e" \
	"SERROR\0"    \
	"C42000\0"    \
	"Mno table\0" \
	"\0\0"
#define ROW_OF_42                     \
	"D\0\0\0\x0c\0\x01\0\0\0\x02" \
	"42"
#define ROW_NULL "D\0\0\0\x0a\0\x01\xff\xff\xff\xff"
#define HALF_ROW                        \
	"D\0\0\0\x0c\0\x01\0\0\xff\x02" \
	"42"
#define COMPLETE      \
	"C\0\0\0\x0d" \
	"SELECT 1\0"

#define SAY(fd, text) double_say(fd, text, sizeof(text) - 1)

static struct double_server server;

static size_t hear(int fd, char *in, size_t n)
{
	ssize_t got = recv(fd, in, n - 1, 0);

	in[got > 0 ? got : 0] = '\0';
	return got > 0 ? (size_t)got : 0;
}

/* What the login is to be, and what the query brings, is chosen by the user's name. */
static void talk(int fd)
{
	char hello[1024], in[1024];
	size_t n = hear(fd, hello, sizeof hello);
	const char *user = n > 13 ? hello + 13 : "";

	if (n < 13 || memcmp(hello + 4, "\0\x03\0\0user\0", 9))
		return;
	if (!strcmp(user, "reset"))
		return double_reset(fd);
	if (!strcmp(user, "html"))
		return SAY(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
	if (!strcmp(user, "slow")) {
		sleep(300);
		return;
	}
	if (!strcmp(user, "sasl"))
		SAY(fd, AUTH_SASL);
	if (!strcmp(user, "clear")) {
		SAY(fd, AUTH_CLEAR);
		n = hear(fd, in, sizeof in);
		if (n != 11 || memcmp(in, "p\0\0\0\x0aquest\0", 11))
			return SAY(fd, NO_LOGIN);
	}
	if (!strcmp(user, "md5")) {
		SAY(fd, AUTH_MD5);
		n = hear(fd, in, sizeof in);
		/* md5(md5("quest" "md5") "salt"), by md5sum. */
		if (n != 41 || memcmp(in + 5, "md5094f07accb839c589bf52c6fbb0b42d2", 36))
			return SAY(fd, NO_LOGIN);
	}
	SAY(fd, AUTH_OK STATUS READY);
	n = hear(fd, in, sizeof in);
	if (!strcmp(user, "half"))
		return SAY(fd, HALF_ROW COMPLETE READY);
	if (!strcmp(user, "cut"))
		return SAY(fd, "D\0\0");
	if (strstr(in + 5, "missing"))
		return SAY(fd, NO_QUERY READY);
	if (strstr(in + 5, "null"))
		SAY(fd, ROW_NULL COMPLETE READY);
	else
		SAY(fd, ROW_OF_42 ROW_OF_42 COMPLETE READY);
	hear(fd, in, sizeof in);
}

static int start(void **state unused_arg)
{
	server = double_start(talk);
	return 0;
}

static int stop(void **state unused_arg)
{
	double_stop(&server);
	return 0;
}

static int ask(const char *user, const char *password, const char *query, struct buf *ret,
	       struct err *e)
{
	autosecret struct secret s = { 0 };
	struct pgwire to = {
		.host = "127.0.0.1", .port = server.port, .user = user, .password = &s
	};

	err_clear(e);
	assert_int_equal(secret_set(&s, password, strlen(password), e), 0);
	return pgwire_ask(&to, query, 60 * NS_PER_S, ret, e);
}

static void logins(void **state unused_arg)
{
	static const char *const users[] = { "trust", "clear", "md5" };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(users); i++) {
		autobuf struct buf value = BUF_MAX(64);

		assert_int_equal(ask(users[i], "quest", "select 42", &value, &e), 2);
		assert_string_equal(buf_str(&value), "42");
	}
	assert_int_equal(ask("clear", "other", "select 42", NULL, &e), -ERR_DENIED);
	assert_string_equal(e.msg, "the server refuses the login: wrong pass (28P01)");
	assert_int_equal(ask("md5", "other", "select 42", NULL, &e), -ERR_DENIED);
	/* Who knows none sends none: an empty one would be a failed login. */
	for (size_t i = 1; i < ARRAY_LEN(users); i++) {
		struct pgwire to = { .host = "127.0.0.1", .port = server.port, .user = users[i] };

		err_clear(&e);
		assert_int_equal(pgwire_ask(&to, "select 42", 60 * NS_PER_S, NULL, &e), -ERR_DENIED);
		assert_string_equal(e.msg, "the server asks for a password");
	}
	assert_int_equal(ask("sasl", "quest", "select 42", NULL, &e), -ERR_REFUSED);
}

static void null_is_nothing(void **state unused_arg)
{
	autobuf struct buf value = BUF_MAX(64);
	struct err e = ERR_INIT;

	assert_int_equal(ask("trust", "", "select null", &value, &e), 1);
	assert_int_equal(value.len, 0);
}

static void a_refused_query_has_the_servers_words(void **state unused_arg)
{
	struct err e = ERR_INIT;

	assert_int_equal(ask("trust", "", "select missing", NULL, &e), -ERR_REFUSED);
	assert_string_equal(e.msg, "the server refuses the query: no table (42000)");
}

static void misbehaviour(void **state unused_arg)
{
	autobuf struct buf value = BUF_MAX(64);
	struct err e = ERR_INIT;

	assert_int_equal(ask("reset", "", "select 1", &value, &e), -ERR_REFUSED);
	assert_int_equal(ask("html", "", "select 1", &value, &e), -ERR_FORMAT);
	assert_int_equal(ask("half", "", "select 1", &value, &e), -ERR_FORMAT);
	assert_int_equal(ask("cut", "", "select 1", &value, &e), -ERR_IO);
}

static void a_slow_server_meets_the_deadline(void **state unused_arg)
{
	struct pgwire to = { .host = "127.0.0.1", .port = server.port, .user = "slow" };
	int64_t before = clock_mono_ns();
	struct err e = ERR_INIT;

	assert_int_equal(pgwire_ask(&to, "select 1", 200 * NS_PER_MS, NULL, &e), -ERR_TIMEOUT);
	assert_true(clock_mono_ns() - before < 60 * NS_PER_S);
	/* The double talks to one at a time. */
	double_stop(&server);
	server = double_start(talk);
}

static void nobody_listens(void **state unused_arg)
{
	struct pgwire to = { .host = "127.0.0.1", .user = "x" };
	struct err e = ERR_INIT;

	close(double_listen(&to.port));
	assert_int_equal(pgwire_ask(&to, "select 1", 60 * NS_PER_S, NULL, &e), -ERR_REFUSED);
	memcpy(to.host, "host.invalid", sizeof "host.invalid");
	err_clear(&e);
	assert_int_equal(pgwire_ask(&to, "select 1", 60 * NS_PER_S, NULL, &e), -ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logins),
		cmocka_unit_test(null_is_nothing),
		cmocka_unit_test(a_refused_query_has_the_servers_words),
		cmocka_unit_test(misbehaviour),
		cmocka_unit_test(a_slow_server_meets_the_deadline),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
