/* What a client finds: which doors of a server answer. */
#include "net/double.h"

#include <string.h>

#include "base/clock.h"
#include "products/questdb/questdb.h"

static void ping(int fd)
{
	static const char answer[] = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
	char request[4096];

	if (read(fd, request, sizeof request) > 0)
		double_say(fd, answer, strlen(answer));
}

/* ErrorResponse 28P01: the login is refused, which is an answer. */
static void refuse(int fd)
{
	static const char answer[] = "E\0\0\0\x17SERROR\0C28P01\0Mno\0";
	char request[4096];

	if (read(fd, request, sizeof request) > 0)
		double_say(fd, answer, sizeof answer);
}

static unsigned doors(int http, int pg)
{
	autojson json_t *doc = json_pack("{s{ss} s{ss si si}}", "roots", "root", "/nowhere", "probe", "host", "127.0.0.1", "http", http,
					 "pg", pg);
	struct site site = { 0 };
	struct probe p = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(site_bind("main", doc, &site, &e), 0);
	assert_int_equal(questdb_probe(&site, true, 10 * NS_PER_S, &p, &e), 0);
	site_done(&site);
	assert_true(p.serving);
	return p.doors;
}

static void each_open_door_is_told(void **state)
{
	struct double_server http = double_start(ping), pg = double_start(refuse);
	unsigned both = doors(http.port, pg.port), one;

	double_stop(&pg);
	one = doors(http.port, pg.port);
	assert_int_equal(doors(http.port, 0), one);
	assert_true(one && both != one && (both & one) == one);
	double_stop(&http);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_open_door_is_told) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
