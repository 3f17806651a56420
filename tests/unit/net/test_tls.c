#include "net/tls.h"

#include "double_tls.h"

#include <string.h>

#include "unit.h"

/* ---- the server's side ---- */

/* One that lets nobody in without a certificate of his. */
static void tls_for_members(int fd)
{
	SSL_CTX_set_verify(served, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_max_proto_version(served, TLS1_2_VERSION);
	tls(fd);
}

static bool hears(int fd, const char *want)
{
	char in[64] = "";
	ssize_t n = recv(fd, in, sizeof in - 1, 0);

	return n == (ssize_t)strlen(want) && !strcmp(in, want);
}

static void ftp(int fd)
{
	static const char greeting[] = "220-Welcome\r\n 220 hours a day\r\n220 Ready\r\n";

	double_say(fd, greeting, sizeof greeting - 1);
	if (hears(fd, "AUTH TLS\r\n")) {
		double_say(fd, "234 AUTH command ok\r\n", 21);
		tls(fd);
	}
}

static void plain_ftp(int fd)
{
	double_say(fd, "220 Ready\r\n", 11);
	if (hears(fd, "AUTH TLS\r\n"))
		double_say(fd, "502 no such command\r\n", 21);
}

static void plain_http(int fd)
{
	char in[4096];

	if (recv(fd, in, sizeof in, 0) > 0)
		double_say(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
}

static void nothing(int fd) {}

static void silence(int fd)
{
	sleep(300);
}

/* As a proxy of many sites: who names none of them is shown nothing. */
static int by_name(SSL *s, int *alert, void *data)
{
	const char *name = SSL_get_servername(s, TLSEXT_NAMETYPE_host_name);

	return name && !strcmp(name, "site.test") ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void tls_by_name(int fd)
{
	SSL_CTX_set_tlsext_servername_callback(served, by_name);
	tls(fd);
}

/* ---- what is seen ---- */

static int ask_for(void (*talk)(int fd), enum tls_start how, const char *name, struct tls_certificate *ret, struct err *e)
{
	struct double_server s = double_start(talk);
	struct tls_door door = { .host = "127.0.0.1", .port = s.port, .how = how, .name = name };
	int r = tls_certificate(&door, deadline_in(talk == silence ? 50 * NS_PER_MS : 30 * NS_PER_S), ret, e);

	double_stop(&s);
	return r;
}

static int ask(void (*talk)(int fd), enum tls_start how, struct tls_certificate *ret, struct err *e)
{
	return ask_for(talk, how, NULL, ret, e);
}

static void the_certificate(void **state)
{
	static const struct {
		void (*talk)(int fd);
		enum tls_start how;
	} cases[] = { { tls, TLS_AT_ONCE }, { tls_for_members, TLS_AT_ONCE }, { ftp, TLS_AFTER_AUTH } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tls_certificate c = { 0 };
		struct err e = ERR_INIT;

		assert_ok(ask(cases[i].talk, cases[i].how, &c, &e), &e);
		assert_string_equal(c.sha256, fingerprint);
		assert_int_equal(c.not_after, NOT_AFTER);
	}
}

static void names_of_the_certificate(void **state)
{
	static const struct {
		const char *name;
		bool fits;
	} cases[] = { { "site.test", true },  { "a.sites.test", true },  { "SITE.test", true }, { "127.0.0.1", true },
		      { "other.test", false }, { "a.b.sites.test", false }, { "127.0.0.2", false }, { "double", false }, { NULL, false } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tls_certificate c = { 0 };
		struct err e = ERR_INIT;

		assert_ok(ask_for(tls, TLS_AT_ONCE, cases[i].name, &c, &e), &e);
		assert_string_equal(c.names, NAMES);
		assert_int_equal(c.fits, cases[i].fits);
	}
}

static void the_site_is_asked_for_by_name(void **state)
{
	struct tls_certificate c = { 0 };
	struct err e = ERR_INIT;

	assert_fails(ask_for(tls_by_name, TLS_AT_ONCE, NULL, &c, &e), &e, ERR_ABSENT);
	err_clear(&e);
	assert_fails(ask_for(tls_by_name, TLS_AT_ONCE, "127.0.0.1", &c, &e), &e, ERR_ABSENT);
	err_clear(&e);
	assert_ok(ask_for(tls_by_name, TLS_AT_ONCE, "site.test", &c, &e), &e);
	assert_string_equal(c.sha256, fingerprint);
}

static void no_certificate(void **state)
{
	static const struct {
		void (*talk)(int fd);
		enum tls_start how;
		enum err_kind kind;
	} cases[] = { { plain_http, TLS_AT_ONCE, ERR_ABSENT },   { plain_ftp, TLS_AFTER_AUTH, ERR_ABSENT },
		      { nothing, TLS_AT_ONCE, ERR_REFUSED },     { nothing, TLS_AFTER_AUTH, ERR_REFUSED },
		      { silence, TLS_AT_ONCE, ERR_TIMEOUT } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tls_certificate c = { 0 };
		struct err e = ERR_INIT;

		assert_fails(ask(cases[i].talk, cases[i].how, &c, &e), &e, cases[i].kind);
		assert_int_equal(c.sha256[0], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_certificate),
		cmocka_unit_test(names_of_the_certificate),
		cmocka_unit_test(the_site_is_asked_for_by_name),
		cmocka_unit_test(no_certificate),
	};

	return cmocka_run_group_tests(tests, make_certificate, drop_certificate);
}
