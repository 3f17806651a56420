/* SFTP where no server speaks it: what a refused, silent and foreign one is to the caller. Real servers answer in tests/e2e. */
#include "net/sftp.h"

#include "double.h"

#include <string.h>

#include "base/mem.h"

static void speaks_http(int fd) { (void)!write(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28); }
static void says_nothing(int fd) { sleep(300); }

static int list_at(uint16_t port, int64_t within_ns, struct err *e)
{
	struct secret password = { (char *)"secret", 6 };
	struct sftp_to to = { .host = "127.0.0.1", .port = port, .user = "anna", .password = &password, .within_ns = within_ns };
	autosftp struct sftp *s = NULL;

	assert_int_equal(sftp_new(&to, &s, e), 0);
	return sftp_list(s, "/", e);
}

static int list(void (*talk)(int fd), struct err *e)
{
	struct double_server s = double_start(talk);
	int r = list_at(s.port, talk == says_nothing ? NS_PER_S / 2 : 60 * NS_PER_S, e);

	double_stop(&s);
	return r;
}

static void nobody_listens(void **state)
{
	struct err e = ERR_INIT;
	uint16_t port;

	close(double_listen(&port));
	assert_int_equal(list_at(port, 60 * NS_PER_S, &e), -ERR_REFUSED);
	assert_non_null(strstr(e.msg, "nobody listens"));
}

static void silence_has_a_deadline(void **state)
{
	struct err e = ERR_INIT;

	assert_int_equal(list(says_nothing, &e), -ERR_TIMEOUT);
	assert_null(strstr(e.msg, "secret"));
}

static void another_language_is_no_login(void **state)
{
	struct err e = ERR_INIT;

	assert_int_equal(list(speaks_http, &e), -ERR_IO);
}

/* Whatever stands in it, it is asked for. */
static void any_path_can_be_listed(void **state)
{
	static const char *const paths[] = { "/Kunden Daten", "/\303\244+&?#%41", "/a\nb" };
	struct err e = ERR_INIT;
	uint16_t port;

	close(double_listen(&port));
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct sftp_to to = { .host = "127.0.0.1", .port = port, .user = "anna", .key_file = "/nowhere" };
		autosftp struct sftp *s = NULL;

		err_clear(&e);
		assert_int_equal(sftp_new(&to, &s, &e), 0);
		assert_int_equal(sftp_list(s, paths[i], &e), -ERR_REFUSED);
	}
}

static void a_path_in_a_command_is_plain(void **state)
{
	struct sftp_to to = { .host = "127.0.0.1", .port = 1, .user = "anna", .key_file = "/nowhere" };
	autosftp struct sftp *s = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(sftp_new(&to, &s, &e), 0);
	assert_int_equal(sftp_remove(s, "/a b", &e), -ERR_USAGE);
	assert_int_equal(sftp_remove(s, "/a\nrm /b", &e), -ERR_USAGE);
	assert_int_equal(sftp_list(s, "a", &e), -ERR_USAGE);
}

/* Of `ssh-keygen -lf` for the key that this blob is. */
static void a_key_is_told_as_others_tell_it(void **state)
{
	static const unsigned char key[] = { 0,	   0,	 0,    11,   's',  's',	 'h',  '-',  'e',  'd',	 '2',  '5',  '5',
					     '1',  '9',	 0,    0,    0,	   32,	 1,    2,    3,	   4,	 5,    6,    7,
					     8,	   9,	 10,   11,   12,   13,	 14,   15,   16,   17,	 18,   19,   20,
					     21,   22,	 23,   24,   25,   26,	 27,   28,   29,   30,	 31,   32 };
	struct sv whole = { (const char *)key, sizeof key };
	char text[SFTP_HOST_KEY];

	sftp_fingerprint(whole, text);
	assert_string_equal(text, "ssh-ed25519 SHA256:mKqU+0K8OhKmA8bBQi9Rz0Q5l7/g160hIP+rJYSTNj4");
}

static void what_is_no_key_has_no_fingerprint(void **state)
{
	static const struct sv bad[] = { { "", 0 }, { "\0\0\0\4ab", 6 }, { "\0\0\0\2\33[", 6 }, { "\377\377\377\377a", 5 } };
	char text[SFTP_HOST_KEY];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		sftp_fingerprint(bad[i], text);
		assert_string_equal(text, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(silence_has_a_deadline),
		cmocka_unit_test(another_language_is_no_login),
		cmocka_unit_test(any_path_can_be_listed),
		cmocka_unit_test(a_path_in_a_command_is_plain),
		cmocka_unit_test(a_key_is_told_as_others_tell_it),
		cmocka_unit_test(what_is_no_key_has_no_fingerprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
