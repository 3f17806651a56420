#include "net/http.h"

#include "double_tls.h"

#include <stdio.h>
#include <string.h>

static struct double_server server;

static void say_text(int fd, const char *text)
{
	double_say(fd, text, strlen(text));
}

static void say_back(int fd, const char *request)
{
	char head[128];

	snprintf(head, sizeof head,
		 "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
		 strlen(request));
	say_text(fd, head);
	say_text(fd, request);
}

static void say_much(int fd)
{
	static const char block[8192];

	say_text(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	for (int i = 0; i < 256; i++)
		double_say(fd, block, sizeof block);
}

static void talk(int fd)
{
	char in[65536];
	size_t n = 0;
	ssize_t got;

	while (n < sizeof in - 1 && (got = recv(fd, in + n, sizeof in - 1 - n, 0)) > 0) {
		n += (size_t)got;
		in[n] = '\0';
		if (strstr(in, "\r\n\r\n") && (strncmp(in, "POST", 4) || strstr(in, "<end>")))
			break;
	}
	if (strstr(in, " /missing "))
		say_text(fd, "HTTP/1.1 404 Not Found\r\nSERVER: SFTPGo/2.7.5\r\nContent-Length: 4\r\n\r\ngone");
	else if (strstr(in, " /moved "))
		say_text(fd, "HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n");
	else if (strstr(in, " /much "))
		say_much(fd);
	else if (strstr(in, " /slow "))
		sleep(300);
	else if (strstr(in, " /half "))
		say_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	else if (strstr(in, " /reset "))
		double_reset(fd);
	else
		say_back(fd, in);
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

static struct http to_server(void)
{
	return (struct http){ .host = "127.0.0.1", .port = server.port };
}

static int get(const struct http *h, const char *path, struct http_answer *ret, struct err *e)
{
	struct http_ask ask = { .method = "GET", .path = path, .within_ns = 60 * NS_PER_S };

	return http_do(h, &ask, ret, e);
}

static void any_status_is_an_answer(void **state unused_arg)
{
	struct http h = to_server();
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(get(&h, "/missing", &a, &e), 0);
	assert_int_equal(a.status, 404);
	assert_string_equal(buf_str(&a.body), "gone");
	assert_string_equal(a.server, "SFTPGo/2.7.5");
	http_answer_done(&a);
}

static void redirects_are_not_followed(void **state unused_arg)
{
	struct http h = to_server();
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(get(&h, "/moved", &a, &e), 0);
	assert_int_equal(a.status, 302);
	http_answer_done(&a);
}

static void query_is_encoded_and_headers_sent(void **state unused_arg)
{
	const char *query[] = { "query", "select 'ä&=' from t;", "limit", "0,1", NULL };
	const char *headers[] = { "Statement-Timeout: 1000", NULL };
	struct http_ask ask = { .path = "/exec", .query = query, .headers = headers };
	struct http h = to_server();
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(http_do(&h, &ask, &a, &e), 0);
	assert_ptr_equal(
	    strstr(
		buf_str(&a.body),
		"GET /exec?query=select%20%27%C3%A4%26%3D%27%20from%20t%3B&limit=0%2C1 HTTP/1.1"),
	    buf_str(&a.body));
	assert_non_null(strstr(buf_str(&a.body), "\r\nStatement-Timeout: 1000\r\n"));
	assert_null(strstr(buf_str(&a.body), "Content-Type"));
	assert_null(strstr(buf_str(&a.body), "Authorization"));
	http_answer_done(&a);
}

static void body_is_sent_as_it_is(void **state unused_arg)
{
	struct http_ask ask = { .method = "POST",
				.path = "/write",
				.body = SV("a=1\nb=\"x\"<end>") };
	struct http h = to_server();
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(http_do(&h, &ask, &a, &e), 0);
	assert_non_null(strstr(buf_str(&a.body), "POST /write HTTP/1.1\r\n"));
	assert_non_null(strstr(buf_str(&a.body), "\r\n\r\na=1\nb=\"x\"<end>"));
	assert_null(strstr(buf_str(&a.body), "urlencoded"));
	assert_null(strstr(buf_str(&a.body), "Expect"));
	http_answer_done(&a);
}

static void logins(void **state unused_arg)
{
	autosecret struct secret s = { 0 };
	struct http h = to_server();
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(secret_set(&s, "quest", 5, &e), 0);
	h.user = "admin";
	h.password = &s;
	assert_int_equal(get(&h, "/echo", &a, &e), 0);
	assert_non_null(strstr(buf_str(&a.body), "\r\nAuthorization: Basic YWRtaW46cXVlc3Q=\r\n"));
	http_answer_done(&a);
	h.user = NULL;
	h.bearer = &s;
	assert_int_equal(get(&h, "/echo", &a, &e), 0);
	assert_non_null(strstr(buf_str(&a.body), "\r\nAuthorization: Bearer quest\r\n"));
	http_answer_done(&a);
}

static void a_secret_is_in_no_message(void **state unused_arg)
{
	autosecret struct secret s = { 0 };
	struct http h = to_server();
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(secret_set(&s, "hunter2", 7, &e), 0);
	h.user = "admin";
	h.password = &s;
	assert_int_equal(get(&h, "/half", &a, &e), -ERR_IO);
	assert_null(strstr(e.msg, "hunter2"));
	assert_null(strstr(e.hint, "hunter2"));
}

static void the_environment_leads_nowhere_else(void **state unused_arg)
{
	struct http h = to_server();
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("all_proxy", "http://127.0.0.1:1/", 1);
	assert_int_equal(get(&h, "/echo", &a, &e), 0);
	assert_int_equal(a.status, 200);
	http_answer_done(&a);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

static void a_body_above_its_ceiling_is_refused(void **state unused_arg)
{
	struct http_ask ask = { .path = "/much", .max = 65536 };
	struct http h = to_server();
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(http_do(&h, &ask, &a, &e), -ERR_SPACE);
	assert_null(a.body.data);
	ask.max = 4 << 20;
	err_clear(&e);
	assert_int_equal(http_do(&h, &ask, &a, &e), 0);
	assert_int_equal(a.body.len, 256 * 8192);
	http_answer_done(&a);
}

static int count(void *data, struct sv piece, struct err *e)
{
	size_t *seen = data;

	*seen += piece.n;
	return *seen > 100000 ? err_set(e, ERR_CANCELED, "seen enough") : 0;
}

static void a_sink_sees_pieces_and_can_stop(void **state unused_arg)
{
	size_t seen = 0;
	struct http_ask ask = { .path = "/much", .sink = count, .sink_data = &seen };
	struct http h = to_server();
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(http_do(&h, &ask, &a, &e), -ERR_CANCELED);
	assert_true(seen > 100000 && seen < 256 * 8192);
	assert_non_null(strstr(e.msg, "seen enough"));
}

static void a_slow_server_meets_the_deadline(void **state unused_arg)
{
	struct http_ask ask = { .path = "/slow", .within_ns = 200 * NS_PER_MS };
	struct http h = to_server();
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;
	int64_t before = clock_mono_ns();

	assert_int_equal(http_do(&h, &ask, &a, &e), -ERR_TIMEOUT);
	assert_true(clock_mono_ns() - before < 60 * NS_PER_S);
	/* The double talks to one at a time. */
	double_stop(&server);
	server = double_start(talk);
}

static void nobody_listens(void **state unused_arg)
{
	struct http h = { .host = "127.0.0.1" };
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;
	int fd = double_listen(&h.port);

	close(fd);
	assert_int_equal(get(&h, "/", &a, &e), -ERR_REFUSED);
}

static void a_reset_is_a_no_and_half_an_answer_a_fault(void **state unused_arg)
{
	struct http h = to_server();
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(get(&h, "/reset", &a, &e), -ERR_REFUSED);
	err_clear(&e);
	assert_int_equal(get(&h, "/half", &a, &e), -ERR_IO);
}

static void addresses_that_are_none(void **state unused_arg)
{
	struct http h = { .host = "127.0.0.1/x?", .port = 1 };
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(get(&h, "/", &a, &e), -ERR_USAGE);
	h = to_server();
	err_clear(&e);
	assert_int_equal(get(&h, "/exec?query=1", &a, &e), -ERR_USAGE);
	err_clear(&e);
	assert_int_equal(get(&h, "exec", &a, &e), -ERR_USAGE);
}

static void a_header_cannot_smuggle_another(void **state unused_arg)
{
	const char *headers[] = { "A: b\r\nC: d", NULL };
	struct http_ask ask = { .path = "/", .headers = headers };
	struct http h = to_server();
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(http_do(&h, &ask, &a, &e), -ERR_USAGE);
}

static void talk_tls(int fd)
{
	static const char fine[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	SSL *s = SSL_new(served);
	char in[4096];

	signal(SIGPIPE, SIG_IGN);
	SSL_set_fd(s, fd);
	if (SSL_accept(s) > 0 && SSL_read(s, in, sizeof in) > 0) {
		(void)SSL_write(s, fine, sizeof fine - 1);
		(void)SSL_shutdown(s);
	}
	SSL_free(s);
}

/* A second one of loopback's device, that is of this host as that of any card is. */
static bool take_address(const char *address)
{
	struct ifreq r = { .ifr_name = "lo:1" };
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), took;

	inet_pton(AF_INET, address, &at.sin_addr);
	memcpy(&r.ifr_addr, &at, sizeof at);
	took = network_is_own ? ioctl(fd, SIOCSIFADDR, &r) : -1;
	close(fd);
	return took == 0;
}

/* The certificate is nobody's but the server's own: that counts at an address that is this host's, and nowhere else. */
static void whose_certificate_is_asked_for(void **state)
{
	static const char own[] = "192.0.2.9";
	static const struct {
		const char *host;
		bool trusted;
	} cases[] = { { "127.0.0.1", true }, { own, true }, { "localhost", false } };
	bool took = take_address(own);
	struct double_server over_tls;

	make_certificate(state);
	double_address = INADDR_ANY;
	over_tls = double_start(talk_tls);
	double_address = INADDR_LOOPBACK;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http h = { .port = over_tls.port, .tls = true };
		struct http_answer a = { 0 };
		struct err e = ERR_INIT;

		if (cases[i].host == own && !took)
			continue;
		snprintf(h.host, sizeof h.host, "%s", cases[i].host);
		assert_int_equal(get(&h, "/healthz", &a, &e), cases[i].trusted ? 0 : -ERR_REFUSED);
		if (!cases[i].trusted)
			assert_non_null(strstr(e.msg, "not to be trusted"));
		http_answer_done(&a);
	}
	double_stop(&over_tls);
	drop_certificate(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_status_is_an_answer),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(query_is_encoded_and_headers_sent),
		cmocka_unit_test(body_is_sent_as_it_is),
		cmocka_unit_test(logins),
		cmocka_unit_test(a_secret_is_in_no_message),
		cmocka_unit_test(the_environment_leads_nowhere_else),
		cmocka_unit_test(a_body_above_its_ceiling_is_refused),
		cmocka_unit_test(a_sink_sees_pieces_and_can_stop),
		cmocka_unit_test(a_slow_server_meets_the_deadline),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(a_reset_is_a_no_and_half_an_answer_a_fault),
		cmocka_unit_test(addresses_that_are_none),
		cmocka_unit_test(whose_certificate_is_asked_for),
		cmocka_unit_test(a_header_cannot_smuggle_another),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
