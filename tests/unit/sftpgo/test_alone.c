/* Whose database it is before a start: who holds its file, and whether the old release knows what lies in it. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "engine/plan.h"
#include "products/sftpgo/alone.h"
#include "products/sftpgo/facts.h"
#include "products/sftpgo/sftpgo.h"

#include "golden_db.h"

struct bench {
	struct goal goal;
	struct plan plan;
	struct ctx c;
};

/* A run of 2.6.4 on this file. */
static void bench_init(struct bench *b, const char *file, const char *point, const char *role)
{
	*b = (struct bench){ .plan.doc = json_pack("{s{ss ss ss si}}", "pinned", SF_DRIVER, "sqlite", SF_DB_FILE, file, SF_VERSION, "2.6.4",
						   SF_SCHEMA, 29),
			     .goal = { .settings = json_pack("{ss}", "role", role), .restore_point = json_pack("{ss}", "kind", point) } };
	b->c = (struct ctx){ .goal = &b->goal, .plan = &b->plan, .point_passed = true, .state = DIR_NONE, .blobs = DIR_NONE };
}

static void bench_done(struct bench *b)
{
	json_decref(b->plan.doc);
	json_decref(b->goal.settings);
	json_decref(b->goal.restore_point);
}

/* Somebody who has it open to write. */
static pid_t hold(const char *file)
{
	int ready[2];
	char told;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails ends him, too */
		if (open(file, O_RDWR) >= 0)
			(void)!write(ready[1], "", 1);
		pause();
	}
	assert_int_equal(read(ready[0], &told, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void a_held_file_keeps_the_new_server_down(void **state)
{
	const char *file = golden_db(*state, "a.db", "provider-29.sql");
	pid_t pid = hold(file);
	autofree char *who = xasprintf("pid %d", (int)pid);
	struct err e = ERR_INIT;
	struct bench b;

	bench_init(&b, file, "tree", "leader");
	assert_fails(sftpgo_may_start(&b.c, &e), &e, ERR_CHANGED);
	assert_non_null(strstr(e.msg, who));
	assert_non_null(strstr(e.msg, "its database"));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	err_clear(&e);
	assert_ok(sftpgo_may_start(&b.c, &e), &e);
	bench_done(&b);
}

/* What came back, by whom, and whether 2.6.4 may be started on it. */
static const struct {
	const char *golden, *point, *role;
	bool passed, may;
} backs[] = {
	{ "provider-29.sql", "snapshot", "leader", true, true },
	{ "provider-33.sql", "snapshot", "leader", true, false },
	/* The new server was never started: what is there was there before. */
	{ "provider-33.sql", "snapshot", "leader", false, true },
	/* Put back from a copy that is proved. */
	{ "provider-33.sql", "tree", "leader", true, true },
	/* Another node has migrated it, whatever this one did. */
	{ "provider-33.sql", "snapshot", "follower", false, false },
	{ "provider-29.sql", "snapshot", "follower", true, true },
};

static void an_old_release_meets_no_newer_schema(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(backs); i++) {
		autofree char *name = xasprintf("%zu.db", i);
		struct err e = ERR_INIT;
		struct bench b;

		bench_init(&b, golden_db(*state, name, backs[i].golden), backs[i].point, backs[i].role);
		b.c.backward = true;
		b.c.point_passed = backs[i].passed;
		if (backs[i].may) {
			assert_ok(sftpgo_may_start(&b.c, &e), &e);
		} else {
			assert_fails(sftpgo_may_start(&b.c, &e), &e, ERR_CHANGED);
			assert_non_null(strstr(e.msg, "has schema 33, and 2.6.4 knows 29"));
			assert_non_null(strstr(e.hint, strcmp(backs[i].role, "follower") ? "database of before" : "that went first"));
		}
		bench_done(&b);
	}
}

/* Of Enterprise another number than the known one may be its own: then what was there before is what it knows. */
static void the_old_number_of_an_enterprise_build(void **state)
{
	static const struct { const char *version; int was, knows; } cases[] = {
		{ "2.7.20260705", 35, 35 }, { "2.7.20260705", 34, 34 }, { "2.7.20260705", 29, 34 }, { "2.6.4", 33, 29 }
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bench b;
		json_t *pinned;

		bench_init(&b, "x", "snapshot", "leader");
		pinned = json_object_get(b.plan.doc, "pinned");
		json_object_set_new(pinned, SF_VERSION, json_string(cases[i].version));
		json_object_set_new(pinned, SF_SCHEMA, json_integer(cases[i].was));
		assert_int_equal(alone_old_schema(&b.c), cases[i].knows);
		bench_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_held_file_keeps_the_new_server_down),
		in_place(an_old_release_meets_no_newer_schema),
		cmocka_unit_test(the_old_number_of_an_enterprise_build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
