/* Whose checkpoint the watcher releases, where the call that made it ends early: a server that is as
 * slow as this one, or as quick to be asked by another, is not to be had on demand. */
#include "net/double.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "engine/event.h"
#include "products/questdb/questdb.h"

#define REFUSED "400 Bad Request"
#define STATUS                                                                                     \
	"{\"columns\":[{\"name\":\"in_progress\"},{\"name\":\"started_at\"}],\"dataset\":[[%s]],"         \
	"\"count\":1}"

static struct shared {
	bool in_progress, refuses; /* refuses: to make one, as another's was just made */
	int refusals, asked;       /* to release it: still to come; and how often that was asked */
} *is;

static void answer(int fd, const char *status, const char *body)
{
	autofree char *text = xasprintf("HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
					"Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
					status, strlen(body), body);

	double_say(fd, text, strlen(text));
}

static void release(int fd)
{
	is->asked++;
	if (is->refusals && is->refusals--) {
		answer(fd, REFUSED, "{\"error\":\"Another checkpoint command is in progress\"}");
		return;
	}
	is->in_progress = false;
	answer(fd, "200 OK", "{\"ddl\":\"OK\"}");
}

/* One that is made is not answered: who asked for it knows nothing. */
static void talk(int fd)
{
	char request[4096];
	ssize_t n = read(fd, request, sizeof request - 1);
	autofree char *status = NULL;

	request[n > 0 ? n : 0] = '\0';
	if (strstr(request, "checkpoint%20create")) {
		is->in_progress = true;
		if (is->refuses)
			answer(fd, REFUSED,
			       "{\"error\":\"Waiting for CHECKPOINT RELEASE to be called\"}");
	} else if (strstr(request, "checkpoint%20release")) {
		release(fd);
	} else {
		status = xasprintf(STATUS, is->in_progress ? "true,\"2026-11-23T18:04:40.720718Z\""
							   : "false,null");
		answer(fd, "200 OK", status);
	}
}

static void begin_fails(enum err_kind kind)
{
	struct double_server server = double_start(talk);
	autojson json_t *doc = json_pack("{s{ss} s{ss si}}", "roots", "root", "/nowhere", "probe",
					 "host", "127.0.0.1", "http", (int)server.port);
	struct ctx ctx = { .n_sites = 1, .events = events_new() };
	autojson json_t *hold = NULL;
	struct site site = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(site_bind("main", doc, &site, &e), 0);
	ctx.sites = &site;
	assert_int_equal(questdb_copy_begin(&ctx, NULL, &hold, &e), -(int)kind);
	double_stop(&server);
	site_done(&site);
	events_free(ctx.events);
	free(ctx.held);
}

static void one_that_was_still_being_made_is_released(void **state)
{
	*is = (struct shared){ .refusals = 2 };
	begin_fails(ERR_IO);
	assert_false(is->in_progress);
	assert_int_equal(is->asked, 3);
}

static void one_of_somebody_else_is_not(void **state)
{
	*is = (struct shared){ .refuses = true };
	begin_fails(ERR_REFUSED);
	assert_true(is->in_progress);
	assert_int_equal(is->asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_was_still_being_made_is_released),
		cmocka_unit_test(one_of_somebody_else_is_not),
	};

	is = mmap(NULL, sizeof *is, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (is == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests_name("questdb checkpoint", tests, NULL, NULL);
}
