/* Servers that hold no lock, and are known by the ports they listen on. */
#include "svc/service.h"

#include "locking.h"

#include "io/json.h"
#include "io/proc.h"
#include "../../tools/port.h"

static uint16_t port[2];
static char port_text[2][8];
static char other_lock[160];

static int start(void **state)
{
	make_folder();
	snprintf(other_lock, sizeof other_lock, "%s/other", folder);
	for (size_t i = 0; i < ARRAY_LEN(port); i++) {
		port[i] = port_take();
		snprintf(port_text[i], sizeof port_text[i], "%u", port[i]);
	}
	return 0;
}

static int stop(void **state)
{
	remove_folder();
	return 0;
}

static struct service *open_ports(const char *with_lock)
{
	autojson json_t *config = json_pack("{s:s, s:[i,i]}", "kind", "process", "ports", port[0], port[1]);
	struct service *s = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(service_open(config, with_lock, &s, &e), 0);
	return s;
}

static struct svc_state look(struct service *s)
{
	struct svc_state st;
	struct err e = ERR_INIT;

	if (s->ops->state(s, &st, &e) < 0)
		fail_msg("%s", e.msg);
	return st;
}

/* A locker with these words behind its lock, listening. */
static pid_t run_server(const char *lock, const char *a, const char *b, const char *c, const char *d)
{
	const char *argv[] = { LOCKER, lock, a, b, c, d, NULL };
	autofree char *pid_path = xasprintf("%s.pid", lock);
	pid_t pid = run_child(argv);

	for (int i = 0; i < 6000 && access(pid_path, F_OK) < 0; i++)
		usleep(10000);
	assert_int_equal(access(pid_path, F_OK), 0);
	return pid;
}

static void end_server(pid_t pid, const char *lock)
{
	autofree char *pid_path = xasprintf("%s.pid", lock);

	end_child(pid);
	unlink(pid_path);
}

static json_t *record_of(const char *a, const char *b, const char *c, const char *d)
{
	return json_pack("{s[ssssss] s[s] ss si si s[]}", "argv", LOCKER, lock_path, a, b, c, d, "env", "WHO=test", "cwd",
			 "/", "uid", 0, "gid", 0, "groups");
}

static void start_it(struct service *s, const json_t *record, struct svc_state *ret)
{
	struct err e = ERR_INIT;

	service_set_launch(s, record);
	if (s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, ret, &e) < 0)
		fail_msg("%s", e.msg);
}

static void stop_it(struct service *s)
{
	struct svc_state st;
	struct err e = ERR_INIT;

	if (s->ops->want(s, SVC_STOPPED, 60 * NS_PER_S, &st, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(st.run, SVC_STOPPED);
	forget_locker();
}

static bool is_gone(struct process_id id)
{
	struct err e = ERR_INIT;

	return process_alive(id, &e) == 0;
}

static void who_listens_is_the_server(void **state)
{
	struct service *s = open_ports(NULL);
	struct svc_state st = look(s);
	uint64_t ticks = 0;
	struct err e = ERR_INIT;
	pid_t pid;

	assert_int_equal(st.run, SVC_STOPPED);
	assert_int_equal(st.id.pid, 0);
	pid = run_server(lock_path, "port", port_text[1], NULL, NULL); /* one of them is enough */
	st = look(s);
	assert_int_equal(st.run, SVC_RUNNING);
	assert_int_equal(st.id.pid, pid);
	assert_int_equal(process_start_ticks(pid, &ticks, &e), 0);
	assert_int_equal(st.id.start_ticks, ticks);
	assert_false(st.stranger);
	assert_non_null(strstr(s->name, port_text[0]));
	assert_int_equal(look(s).id.pid, pid);
	end_server(pid, lock_path);
	assert_int_equal(look(s).run, SVC_STOPPED);
	service_close(s);
}

/* The first port opens long before the second: one server, and the same one. */
static void ports_open_one_after_the_other(void **state)
{
	autojson json_t *record = json_pack("{s[ssssssss] s[] ss si si s[]}", "argv", LOCKER, lock_path, "port", port_text[0],
					    "delay", "300", "port", port_text[1], "env", "cwd", "/", "uid", 0, "gid", 0,
					    "groups");
	struct service *s = open_ports(NULL);
	struct svc_state st, seen;

	start_it(s, record, &st);
	for (int i = 0; i < 12000 && look(s).run != SVC_RUNNING; i++)
		usleep(5000);
	seen = look(s);
	assert_int_equal(seen.run, SVC_RUNNING);
	assert_int_equal(seen.id.pid, st.id.pid);
	assert_int_equal(wait_for_locker(), st.id.pid);
	seen = look(s);
	assert_int_equal(seen.id.pid, st.id.pid);
	assert_false(seen.stranger);
	stop_it(s);
	assert_true(is_gone(st.id));
	service_close(s);
}

/* Started by a run that was killed since, and at its database still. */
static void what_does_not_listen_yet_is_starting(void **state)
{
	autojson json_t *record = record_of("delay", "1500", "port", port_text[0]), *other = NULL;
	struct service *ours = open_ports(NULL), *next = open_ports(NULL);
	struct svc_state st;
	struct err e = ERR_INIT;

	start_it(ours, record, &st);
	assert_int_equal(look(ours).run, SVC_STARTING);
	assert_int_equal(look(ours).id.pid, st.id.pid);
	for (int i = 0; i < 30000 && look(next).run != SVC_STARTING; i++) {
		service_set_launch(next, record);
		usleep(2000); /* not yet executed */
	}
	assert_int_equal(look(next).id.pid, st.id.pid);
	/* Another installation, told apart by its environment alone. */
	other = json_deep_copy(record);
	json_array_set_new(json_object_get(other, "env"), 0, json_string("WHO=somebody"));
	service_set_launch(next, other);
	service_close(next);
	next = open_ports(NULL);
	service_set_launch(next, other);
	assert_int_equal(look(next).run, SVC_STOPPED);
	/* It is ended all the same. */
	service_set_launch(next, record);
	assert_int_equal(next->ops->want(next, SVC_STOPPED, 60 * NS_PER_S, &st, &e), 0);
	assert_int_equal(look(ours).run, SVC_STOPPED);
	forget_locker();
	service_close(ours);
	service_close(next);
}

static void two_servers_are_not_guessed_at(void **state)
{
	autojson json_t *record = record_of("delay", "1500", "port", port_text[1]);
	struct service *s = open_ports(NULL);
	pid_t pid = run_server(other_lock, "port", port_text[0], NULL, NULL);
	pid_t second = run_server(lock_path, "port", port_text[1], NULL, NULL);
	autofree char *pids = xasprintf("%d, %d", MIN_OF(pid, second), MAX_OF(pid, second));
	struct svc_state st = look(s);
	struct err e = ERR_INIT;

	assert_int_equal(st.run, SVC_UNKNOWN);
	assert_false(st.stranger);
	assert_non_null(strstr(st.detail, pids));
	assert_int_equal(s->ops->want(s, SVC_STOPPED, 60 * NS_PER_S, &st, &e), -ERR_REFUSED);
	err_clear(&e);
	assert_int_equal(s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e), -ERR_REFUSED);
	assert_int_equal(waitpid(pid, NULL, WNOHANG) + waitpid(second, NULL, WNOHANG), 0);
	end_server(second, lock_path);
	end_server(pid, other_lock);

	/* One of them was started by us. */
	start_it(s, record, &st);
	pid = run_server(other_lock, "port", port_text[0], NULL, NULL);
	st = look(s);
	assert_int_equal(st.id.pid, pid);
	assert_true(st.stranger);
	(void)wait_for_locker();
	st = look(s);
	assert_int_equal(st.run, SVC_UNKNOWN);
	assert_true(st.stranger);
	end_server(pid, other_lock);
	assert_false(look(s).stranger);
	stop_it(s);
	service_close(s);
}

/* Of a parent and a child that has its sockets, too, the parent is the server. */
static void a_child_shares_its_parents_port(void **state)
{
	struct service *s = open_ports(NULL);
	pid_t pid = run_server(lock_path, "port", port_text[0], "spawn", NULL), child = wait_for_locker();

	assert_int_not_equal(pid, child);
	assert_int_equal(look(s).id.pid, pid);
	kill(child, SIGKILL);
	end_server(pid, lock_path);
	for (int i = 0; i < 6000 && look(s).run != SVC_STOPPED; i++)
		usleep(10000);
	assert_int_equal(look(s).run, SVC_STOPPED);
	service_close(s);
}

/* Its ports are free at once; its data is at rest when it is gone. */
static void a_server_without_its_ports_is_stopping(void **state)
{
	autojson json_t *record = record_of("port", port_text[0], "linger", "2000");
	struct service *s = open_ports(NULL), *next = open_ports(NULL);
	struct svc_state first, st;
	struct err e = ERR_INIT;

	start_it(s, record, &first);
	assert_int_equal(wait_for_locker(), first.id.pid);
	assert_int_equal(look(s).run, SVC_RUNNING);
	assert_int_equal(s->ops->want(s, SVC_STOPPED, 50 * NS_PER_MS, &st, &e), -ERR_TIMEOUT);
	err_clear(&e);
	assert_int_equal(look(s).run, SVC_STOPPING);
	assert_int_equal(look(s).id.pid, first.id.pid);
	/* Another look, after a kill of who asked it to end: it has to be told of whom. */
	assert_int_equal(look(next).run, SVC_STOPPED);
	service_set_known(next, first.id);
	assert_int_equal(look(next).run, SVC_STOPPING);
	assert_int_equal(next->ops->want(next, SVC_STOPPED, 60 * NS_PER_S, &st, &e), 0);
	assert_true(is_gone(first.id));
	assert_int_equal(look(next).run, SVC_STOPPED);
	forget_locker();
	service_close(s);
	service_close(next);
}

static void nothing_is_started_beside_one_that_ends(void **state)
{
	autojson json_t *record = record_of("port", port_text[0], "linger", "2000");
	struct service *s = open_ports(NULL);
	struct svc_state first, st;
	struct err e = ERR_INIT;

	start_it(s, record, &first);
	assert_int_equal(wait_for_locker(), first.id.pid);
	assert_int_equal(look(s).run, SVC_RUNNING);
	forget_locker();
	assert_int_equal(process_signal(first.id, SIGTERM, &e), 0);
	for (int i = 0; i < 30000 && look(s).run == SVC_RUNNING; i++)
		usleep(2000);
	assert_int_equal(look(s).run, SVC_STOPPING);
	start_it(s, record, &st);
	assert_true(is_gone(first.id));
	assert_int_equal(wait_for_locker(), st.id.pid);
	assert_int_not_equal(st.id.pid, first.id.pid);
	assert_false(look(s).stranger);
	stop_it(s);
	service_close(s);
}

static void a_lock_wins_over_ports(void **state)
{
	struct service *s = open_ports(lock_path);
	pid_t pid = run_server(other_lock, "port", port_text[0], NULL, NULL), holder;

	assert_int_equal(look(s).run, SVC_STOPPED);
	holder = run_server(lock_path, NULL, NULL, NULL, NULL);
	assert_int_equal(look(s).id.pid, holder);
	end_server(pid, other_lock);
	end_server(holder, lock_path);
	service_close(s);
}

static void ports_that_are_none(void **state)
{
	json_t *const lists[] = { json_string("22"), json_array(), json_pack("[i]", 0), json_pack("[i]", 65536),
				  json_pack("[s]", "22") };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		autojson json_t *config = json_pack("{s:s, s:o}", "kind", "process", "ports", lists[i]);
		struct service *s = NULL;
		struct err e = ERR_INIT;

		assert_int_equal(service_open(config, NULL, &s, &e), -ERR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_listens_is_the_server),
		cmocka_unit_test(ports_open_one_after_the_other),
		cmocka_unit_test(what_does_not_listen_yet_is_starting),
		cmocka_unit_test(two_servers_are_not_guessed_at),
		cmocka_unit_test(a_child_shares_its_parents_port),
		cmocka_unit_test(a_server_without_its_ports_is_stopping),
		cmocka_unit_test(nothing_is_started_beside_one_that_ends),
		cmocka_unit_test(a_lock_wins_over_ports),
		cmocka_unit_test(ports_that_are_none),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
