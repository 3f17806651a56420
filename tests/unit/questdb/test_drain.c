/* wal_drain against a server that answers as a test says: how far behind tables are is nothing a
 * real one shows on demand. */
#include "net/double.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/event.h"
#include "engine/step.h"

extern const struct step_kind step_wal_drain;

/* Transactions applied so far, in the child: grows with each poll where the test wants it. */
static int applied = 40, step_of = 0;

static void answer(int fd, const char *body)
{
	autofree char *text = xasprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
					"Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
					strlen(body), body);

	double_say(fd, text, strlen(text));
}

/* Table a is behind, b is suspended far behind, c has everything applied. */
static void talk(int fd)
{
	char request[4096];
	ssize_t n = read(fd, request, sizeof request - 1);
	autofree char *body = NULL;

	request[n > 0 ? n : 0] = '\0';
	if (strstr(request, "sequencerTxn")) {
		answer(fd, "{\"columns\":[{\"name\":\"name\"},{\"name\":\"suspended\"},{\"name\":"
			   "\"writerTxn\"},"
			   "{\"name\":\"sequencerTxn\"}],\"dataset\":[[\"a\",false,\"40\",\"57\"],"
			   "[\"b\",true,\"1\",\"900\"],[\"c\",false,\"3\",\"3\"]],\"count\":3}");
		return;
	}
	body = xasprintf("{\"columns\":[{\"name\":\"name\"},{\"name\":\"writerTxn\"}],\"dataset\":["
			 "[\"a\",\"%d\"],"
			 "[\"b\",\"1\"],[\"c\",\"3\"]],\"count\":3}",
			 applied);
	answer(fd, body);
	applied += step_of;
}

struct fixture {
	struct double_server server;
	struct site site;
	struct ctx ctx;
};

static void begin(struct fixture *f, int each_poll)
{
	struct err e = ERR_INIT;
	autojson json_t *doc = NULL;

	step_of = each_poll;
	f->server = double_start(talk);
	doc = json_pack("{s{ss} s{ss si}}", "roots", "root", "/nowhere", "probe", "host",
			"127.0.0.1", "http", (int)f->server.port);
	assert_int_equal(site_bind("main", doc, &f->site, &e), 0);
	f->ctx = (struct ctx){ .sites = &f->site, .n_sites = 1, .events = events_new() };
}

static void end(struct fixture *f)
{
	double_stop(&f->server);
	site_done(&f->site);
	events_free(f->ctx.events);
}

static json_t *drain(struct fixture *f, const char *within)
{
	autojson json_t *params = json_pack("{ss}", "within", within);
	json_t *result = NULL;
	struct err e = ERR_INIT;

	if (step_wal_drain.apply(&f->ctx, params, NULL, &result, &e) < 0)
		fail_msg("%s", e.msg);
	return result;
}

static void waits_until_applied(void **state)
{
	struct fixture f;
	json_t *result;

	begin(&f, 9);
	result = drain(&f, "30s");
	end(&f);
	assert_true(json_bool(result, "asked", false));
	assert_int_equal(json_int(result, "pending", -1), 0);
	assert_int_equal(json_object_size(json_object_get(result, "lag")), 0);
	assert_true(json_int(result, "waited_ms", 0) >= 100);
	json_decref(result);
}

static void records_what_remains(void **state)
{
	struct fixture f;
	json_t *result;

	begin(&f, 0);
	result = drain(&f, "300ms");
	end(&f);
	assert_int_equal(json_int(result, "pending", -1), 17);
	assert_int_equal(json_int(json_object_get(result, "lag"), "a", 0), 17);
	assert_int_equal(json_object_size(json_object_get(result, "lag")), 1);
	json_decref(result);
}

static void bears_a_stopped_server(void **state)
{
	struct fixture f;
	json_t *result;

	begin(&f, 0);
	double_stop(&f.server);
	result = drain(&f, "300ms");
	site_done(&f.site);
	events_free(f.ctx.events);
	assert_false(json_bool(result, "asked", true));
	assert_int_equal(json_int(result, "pending", 0), -1);
	assert_non_null(json_str(result, "why", NULL));
	json_decref(result);
}

static void stops_when_asked(void **state)
{
	autojson json_t *params = json_pack("{ss}", "within", "30s");
	struct cancel cancel = { .asked = true };
	json_t *result = NULL;
	struct err e = ERR_INIT;
	struct fixture f;

	begin(&f, 0);
	f.ctx.cancel = &cancel;
	assert_int_equal(step_wal_drain.apply(&f.ctx, params, NULL, &result, &e), -ERR_CANCELED);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_until_applied),
		cmocka_unit_test(records_what_remains),
		cmocka_unit_test(bears_a_stopped_server),
		cmocka_unit_test(stops_when_asked),
	};

	return cmocka_run_group_tests_name("questdb drain", tests, NULL, NULL);
}
