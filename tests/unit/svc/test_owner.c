#include "svc/service.h"

#include "locking.h"

#include "io/file.h"
#include "io/json.h"
#include "svc/container.h"
#include "svc/owner.h"

static int start(void **state)
{
	make_folder();
	return 0;
}

static int stop(void **state)
{
	remove_folder();
	return 0;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	autodir struct dir d = DIR_NONE;
	struct file_attr attr = { .mode = mode, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	struct err e = ERR_INIT;

	assert_int_equal(dir_open(folder, &d, &e), 0);
	assert_int_equal(file_replace(&d, name, sv_of(text), attr, &e), 0);
}

/* It is no child of ours, and its lock is free only once it is gone: the next locker would end at once. */
static void end_stranger(struct process_id id)
{
	struct err e = ERR_INIT;

	kill(id.pid, SIGKILL);
	assert_int_equal(process_wait(id, deadline_in(60 * NS_PER_S), &e), 0);
}

/* Run argv, look at what runs the process that then holds the lock, and end both. */
static struct svc_state owner_of(const char *const *argv)
{
	pid_t parent = run_child(argv), pid = wait_for_locker();
	autojson json_t *config = NULL;
	struct svc_state st, seen;
	struct service *s = open_process();
	struct err e = ERR_INIT;

	if (service_of_process(pid, &config, &st, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(json_str(config, "kind", ""), "process");
	assert_int_equal(st.id.pid, pid);
	/* A service of kind process tells the same. */
	assert_int_equal(s->ops->state(s, &seen, &e), 0);
	assert_int_equal(seen.restarts, st.restarts);
	assert_string_equal(seen.by, st.by);
	service_close(s);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	if (pid != parent)
		end_stranger(st.id);
	forget_locker();
	return st;
}

static void nobody_owns_a_plain_process(void **state)
{
	const char *argv[] = { LOCKER, lock_path, NULL };
	struct svc_state st = owner_of(argv);

	assert_false(st.restarts);
	assert_string_equal(st.by, "");
}

/* Of a process put into the cgroup of that unit; false: there is no cgroup to be made. */
static bool owner_in(const char *unit, struct owner *ret)
{
	autofree char *at = xasprintf("/sys/fs/cgroup/%s%s", access("/sys/fs/cgroup/unified", F_OK) ? "" : "unified/", unit);
	autofree char *procs = xasprintf("%s/cgroup.procs", at);
	const char *argv[] = { "/bin/sleep", "60", NULL };
	struct err e = ERR_INIT;
	bool moved = false;
	pid_t pid;
	FILE *f;

	if (mkdir(at, 0755) < 0)
		return false;
	pid = run_child(argv);
	f = fopen(procs, "w");
	if (f) {
		fprintf(f, "%d", (int)pid);
		moved = fclose(f) == 0;
	}
	if (moved)
		assert_int_equal(owner_find(pid, ret, &e), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int i = 0; i < 100 && rmdir(at) < 0; i++)
		usleep(10000);
	return moved;
}

/* What is in the cgroup of a unit with no process of its own is that unit's: but ours keeps nobody up. */
static void what_the_boot_service_started_is_nobodys(void **state)
{
	struct owner owner = { 0 };

	if (!owner_in("crossgrade-unit-test.service", &owner) || owner.kind != OWNER_UNIT) {
		print_message("# skip: no process can be put into a unit's cgroup\n");
		skip();
	}
	assert_string_equal(owner.name, "crossgrade-unit-test.service");
	assert_true(owner_in("crossgrade-resume.service", &owner));
	assert_int_equal(owner.kind, OWNER_NOBODY);
}

static void a_shell_loop_restarts(void **state)
{
	autofree char *script = xasprintf("%s/keep.sh", folder);
	autofree char *text =
	    xasprintf("#!/bin/sh\n# keeps it up\nwhile :; do\n\t%s %s\ndone\n", LOCKER, lock_path);
	const char *argv[] = { "/bin/sh", script, NULL };
	struct svc_state st;

	write_file("keep.sh", text, 0755);
	st = owner_of(argv);
	assert_true(st.restarts);
	assert_ptr_equal(strstr(st.by, "a loop of "), st.by);
}

static void a_loop_on_the_command_line_restarts(void **state)
{
	autofree char *text = xasprintf("until %s %s; do :; done", LOCKER, lock_path);
	const char *argv[] = { "/bin/sh", "-ec", text, NULL };

	assert_true(owner_of(argv).restarts);
}

static void a_wrapper_does_not(void **state)
{
	autofree char *text =
	    xasprintf("# runs it while it lasts\n%s %s\necho ended\n", LOCKER, lock_path);
	autofree char *script = xasprintf("%s/wrap.sh", folder);
	const char *argv[] = { "/bin/sh", script, NULL };

	write_file("wrap.sh", text, 0755);
	assert_false(owner_of(argv).restarts);
}

static void a_supervisor_among_the_parents(void **state)
{
	autofree char *runsv = xasprintf("%s/runsv", folder);
	const char *copy[] = { "/bin/cp", LOCKER, runsv, NULL };
	const char *argv[] = { runsv, lock_path, "spawn", NULL };
	struct svc_state st;
	pid_t pid = run_child(copy);

	assert_int_equal(waitpid(pid, NULL, 0), pid);
	st = owner_of(argv);
	assert_true(st.restarts);
	assert_ptr_equal(strstr(st.by, "runsv (pid "), st.by);
}

static void traces_in_the_environment(void **state)
{
	const char *argv[] = { "/usr/bin/env", "MONIT_SERVICE=db", LOCKER, lock_path, NULL };
	struct svc_state st = owner_of(argv);

	assert_true(st.restarts);
	assert_string_equal(st.by, "monit");
}

static void a_stopped_process_that_comes_back_is_said(void **state)
{
	autofree char *text = xasprintf("while :; do %s %s; done", LOCKER, lock_path);
	/* Of a group of its own, which ends at once. */
	const char *argv[] = { "/usr/bin/setsid", "/bin/sh", "-c", text, NULL };
	pid_t parent = run_child(argv), pid = wait_for_locker();
	struct service *s = open_process();
	struct svc_state st;
	struct err e = ERR_INIT;
	int r;

	r = s->ops->want(s, SVC_STOPPED, 60 * NS_PER_S, &st, &e);
	/* The loop may not have got round yet when it is looked at. */
	assert_true(r == -ERR_CHANGED || (r == 0 && st.run == SVC_STOPPED));
	kill(-parent, SIGKILL);
	waitpid(parent, NULL, 0);
	err_clear(&e);
	assert_int_equal(s->ops->want(s, SVC_STOPPED, 60 * NS_PER_S, &st, &e), 0);
	assert_true(pid > 0);
	forget_locker();
	service_close(s);
}

static json_t *parse(const char *text)
{
	json_t *j = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(json_parse(sv_of(text), "test", &j, &e), 0);
	return j;
}

static void what_docker_says_is_read(void **state)
{
	autojson json_t *seen = parse(
	    "{\"Name\":\"/shop-db-1\",\"State\":{\"Status\":\"exited\",\"Pid\":0,\"ExitCode\":143},"
	    "\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"unless-stopped\"}},"
	    "\"Config\":{\"Labels\":{\"com.docker.compose.project\":\"shop\","
	    "\"com.docker.compose.service\":\"db\"}}}");
	autojson json_t *config = container_config_of(seen);
	autojson json_t *expected =
	    parse("{\"kind\":\"compose\",\"project\":\"shop\",\"service\":\"db\"}");
	struct svc_state st;
	struct err e = ERR_INIT;

	assert_int_equal(container_state_of(seen, &st, &e), 0);
	assert_int_equal(st.run, SVC_STOPPED);
	assert_true(st.enabled && st.restarts);
	assert_string_equal(st.by, "docker: shop-db-1");
	assert_string_equal(st.detail, "exited, exit status 143, restart unless-stopped");
	assert_true(json_equal(config, expected));
	json_object_del(json_object_get(seen, "State"), "Status");
	assert_int_equal(container_state_of(seen, &st, &e), -ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_owns_a_plain_process),
		cmocka_unit_test(what_the_boot_service_started_is_nobodys),
		cmocka_unit_test(a_shell_loop_restarts),
		cmocka_unit_test(a_loop_on_the_command_line_restarts),
		cmocka_unit_test(a_wrapper_does_not),
		cmocka_unit_test(a_supervisor_among_the_parents),
		cmocka_unit_test(traces_in_the_environment),
		cmocka_unit_test(a_stopped_process_that_comes_back_is_said),
		cmocka_unit_test(what_docker_says_is_read),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
