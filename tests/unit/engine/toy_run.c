#include "toy_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <cmocka.h>

int toy_test_begins(void **state)
{
	toy_setup();
	return 0;
}

int toy_test_ends(void **state)
{
	toy_done();
	return 0;
}

int apply_as(const struct run_opts *o, struct run_end *end)
{
	autogoal struct goal g = { 0 };
	autoplan struct plan p = { 0 };

	toy_goal(&g);
	toy_plan(&g, &p);
	return run_apply(&p, &g, o, end);
}

int apply(struct run_end *end, bool hold)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	int code;

	o.hold = hold;
	code = apply_as(&o, end);
	events_free(ev);
	return code;
}

int apply_in(const char *state_dir, struct run_end *end)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	int code;

	o.state_dir = state_dir;
	code = apply_as(&o, end);
	events_free(ev);
	return code;
}

int apply_elsewhere(struct run_end *end)
{
	autofree char *elsewhere = xasprintf("%s/../state-2", toy_root);

	return apply_in(elsewhere, end);
}

int resume(struct run_end *end, bool unattended)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	int code;

	o.unattended = unattended;
	code = run_resume(NULL, &o, end);
	events_free(ev);
	return code;
}

int rollback(struct run_end *end)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	int code = run_rollback(NULL, &o, end);

	events_free(ev);
	return code;
}

int finalize_it(bool point_too, struct run_end *end)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	int code = run_finalize(NULL, point_too, &o, end);

	events_free(ev);
	return code;
}

void gate(const char *closed, const char *opened_in)
{
	toy_put("gated", closed);
	toy_put("gate", "old");
	toy_put("opens-in", opened_in);
}

bool is_at(const char *file, const char *what)
{
	autofree char *now = toy_get(file);

	return !strcmp(now, what);
}

/* Of the newest run; new reference. */
static json_t *status_now(void)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(world_status(&o, &doc, &e), 0);
	events_free(ev);
	return json_incref(json_array_get(json_object_get(doc, "runs"), 0));
}

bool is_possible(const char *verb)
{
	autojson json_t *run = status_now();
	bool found = false;
	json_t *it;
	size_t at;

	json_array_foreach(json_object_get(run, "possible"), at, it)
		found |= !strcmp(json_string_value(it), verb);
	return found;
}

bool clients_are(const char *how)
{
	autojson json_t *run = status_now();

	return !strcmp(json_str(run, "clients", ""), how);
}

bool is_away(void)
{
	autojson json_t *run = status_now();

	return json_object_get(run, "away") != NULL;
}

bool was_told(const char *run, const char *words)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	autodir struct dir d = DIR_NONE;
	autojson json_t *all = NULL;
	struct journal *j = NULL;
	struct err e = ERR_INIT;
	bool found = false;
	json_t *one;
	size_t at;

	assert_int_equal(dir_open(o.state_dir, &d, &e), 0);
	assert_int_equal(journal_open(&d, DB_READ, &j, &e), 0);
	assert_int_equal(journal_events(j, run, &all, &e), 0);
	json_array_foreach(all, at, one)
		found |= strstr(json_str(one, "text", ""), words) != NULL;
	journal_close(j);
	events_free(ev);
	return found;
}

bool is_marked(void)
{
	autofree char *marker = xasprintf("%s/../.crossgrade-root/run.json", toy_root);

	return access(marker, F_OK) == 0;
}

#ifdef CROSSGRADE_FAULT
int struck_at(const char *point, const char *act, const char *verb)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		setenv("CROSSGRADE_FAULT", point, 1);
		setenv("CROSSGRADE_FAULT_ACT", act, 1);
		execl("/proc/self/exe", "test", verb, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

bool killed_at(int n, const char *verb)
{
	char number[16];

	snprintf(number, sizeof number, "%d", n);
	return WIFSIGNALED(struck_at(number, "kill", verb));
}
#endif

int one_verb(const char *verb)
{
	struct run_end end;

	toy_again();
	if (!strcmp(verb, "finalize"))
		return finalize_it(false, &end);
	if (!strcmp(verb, "rollback"))
		return rollback(&end);
	return strcmp(verb, "apply") ? resume(&end, false) : apply(&end, false);
}
