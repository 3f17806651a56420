/* A run that is taken up again over another directory than it began on, as under a mount that is missing: nothing is touched, a late disk
 * is waited for, and who knows better can say so. */
#include "toy_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/restore_point.h"
#include "engine/run_world.h"

static char *below(const char *name)
{
	return xasprintf("%s/%s", getenv("TOY_ROOT"), name);
}

static void moves(const char *from, const char *to)
{
	autofree char *a = below(from), *b = below(to);

	assert_int_equal(rename(a, b), 0);
}

static bool exists(const char *name)
{
	autofree char *path = below(name);

	return access(path, F_OK) == 0;
}

/* Mounted one higher up. */
static void disk_goes(void)
{
	moves("root", "disk");
	if (exists(".crossgrade-root"))
		moves(".crossgrade-root", "disk-marker");
	assert_int_equal(mkdir(toy_root, 0755), 0);
}

/* False where something was made that it hides. */
static bool is_mounted(void)
{
	autofree char *disk = below("disk"), *marker = below("disk-marker"), *beside = below(".crossgrade-root");

	if (rmdir(toy_root) < 0 || exists(".crossgrade-root"))
		return false;
	return (!exists("disk-marker") || rename(marker, beside) == 0) && rename(disk, toy_root) == 0;
}

static void disk_comes(void)
{
	assert_true(is_mounted());
}

/* As at a boot; who is interrupted does not wait. */
static int boot(struct run_end *end, bool waits)
{
	static const struct cancel interrupted = { .asked = true };
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	int code;

	o.unattended = true;
	o.cancel = waits ? NULL : &interrupted;
	code = run_resume(NULL, &o, end);
	events_free(ev);
	return code;
}

static int rollback_of(const char *run, bool force, struct run_end *end)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	int code;

	o.force = force;
	code = run_rollback(run, &o, end);
	events_free(ev);
	return code;
}

static void refused(int code, const struct run_end *end)
{
	assert_int_equal(code, EXIT_FAILED);
	assert_non_null(strstr(end->line, "nothing changed"));
	assert_non_null(strstr(end->line, "is not the directory that this run began on"));
	assert_non_null(strstr(end->err.hint, "mount it"));
}

static void no_verb_touches_what_is_under_a_mount(void **state)
{
	autofree char *alarm = below("alarm");
	struct run_end end;

	toy_put("alarm", alarm);
	toy_put("fail-start", "yes");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	toy_drop("fail-start");
	assert_int_equal(unlink(alarm), 0);
	assert_false(is_away());
	disk_goes();
	assert_true(is_away());
	refused(resume(&end, false), &end);
	refused(rollback(&end), &end);
	assert_false(exists("alarm"));
	refused(boot(&end, false), &end);
	assert_true(exists("alarm"));
	disk_comes();
	assert_int_equal(boot(&end, true), EXIT_DONE);
	assert_string_equal(toy_world(), "new");
}

static void a_held_run_does_not_start_its_server_there(void **state)
{
	struct run_end end;

	assert_int_equal(apply(&end, true), EXIT_HELD);
	disk_goes();
	refused(boot(&end, false), &end);
	disk_comes();
	assert_int_equal(boot(&end, true), EXIT_HELD);
	assert_int_equal(resume(&end, false), EXIT_DONE);
}

static void a_late_disk_is_waited_for(void **state)
{
	struct run_end end;
	int status;
	pid_t pid;

	assert_int_equal(apply(&end, true), EXIT_HELD);
	disk_goes();
	pid = fork();
	if (!pid) {
		clock_sleep_ns(700 * NS_PER_MS);
		_exit(is_mounted() ? 0 : 1);
	}
	assert_int_equal(boot(&end, true), EXIT_HELD);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(was_told(end.run, "it is waited for"));
	assert_true(was_told(end.run, "is there now"));
}

static void keep_order(void *data, const json_t *event)
{
	const char *run = json_str(event, "run", NULL);

	if (run && strstr(json_str(event, "text", ""), "run "))
		json_array_append_new(data, json_string(run));
}

/* Whose disk is there is served first. */
static void no_installation_waits_for_the_disk_of_another(void **state)
{
	static const struct cancel interrupted = { .asked = true };
	autojson json_t *order = json_array();
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end first, second, end;

	o.unattended = true;
	o.cancel = &interrupted;
	assert_int_equal(apply(&first, true), EXIT_HELD);
	toy_second();
	assert_int_equal(apply(&second, true), EXIT_HELD);
	moves("root-2", "disk");
	moves(".crossgrade-root-2", "disk-marker");
	events_to(ev, keep_order, order);
	assert_int_equal(run_resume(NULL, &o, &end), EXIT_FAILED);
	assert_string_equal(end.run, second.run);
	assert_string_equal(json_string_value(json_array_get(order, 0)), first.run);
	events_free(ev);
	toy_again();
}

static void an_absent_directory_is_none_to_agree_to(void **state)
{
	struct run_end end;

	assert_int_equal(apply(&end, true), EXIT_HELD);
	disk_goes();
	assert_int_equal(rmdir(toy_root), 0);
	assert_int_equal(rollback_of(NULL, true, &end), EXIT_FAILED);
	assert_non_null(strstr(end.line, "nothing changed: the data that this run began on"));
	assert_int_equal(mkdir(toy_root, 0755), 0);
	disk_comes();
	assert_int_equal(rollback(&end), EXIT_DONE);
}

/* Restored from the operator's backup, say. */
static void another_directory_can_be_agreed_to(void **state)
{
	static const char *const files[] = { "stage", "stop", "final", "switch", "start", "open" };
	struct run_end end;

	assert_int_equal(apply(&end, true), EXIT_HELD);
	disk_goes();
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		toy_put(files[i], i ? "old" : "new");
	toy_put("stick-stage", "yes");
	refused(rollback(&end), &end);
	assert_int_equal(rollback_of(NULL, true, &end), EXIT_STUCK);
	toy_drop("stick-stage");
	assert_int_equal(rollback(&end), EXIT_DONE);    /* for the later ones, too */
	assert_string_equal(toy_world(), "old");
}

/* By a package that was exchanged, or a file system that numbers anew what it mounts again. */
static void one_made_anew_beside_its_marker_is_the_same(void **state)
{
	struct run_end end;

	assert_int_equal(apply(&end, true), EXIT_HELD);
	moves("root", "gone");
	assert_int_equal(mkdir(toy_root, 0755), 0);
	toy_put("stage", "new");
	assert_int_equal(boot(&end, true), EXIT_HELD);
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_true(is_at("stage", "old"));
}

/* Its marker is gone. */
static void a_closed_run_knows_its_data(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	disk_goes();
	refused(rollback(&end), &end);
	disk_comes();
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_string_equal(toy_world(), "old");
}

static void a_run_that_turned_back_needs_no_data(void **state)
{
	struct run_end end, again;

	toy_put("fail-switch", "yes");
	assert_int_equal(apply(&end, false), EXIT_TURNED);
	disk_goes();
	assert_int_equal(rollback_of(end.run, false, &again), EXIT_DONE);
	assert_non_null(strstr(again.line, "nothing to do"));
	disk_comes();
}

static void what_cannot_be_given_up_now_is_told(void **state)
{
	struct run_end end;

	assert_int_equal(apply(&end, false), EXIT_DONE);
	disk_goes();
	assert_int_equal(finalize_it(false, &end), EXIT_DONE);
	assert_true(was_told(end.run, "stays until 'crossgrade finalize' is repeated"));
	disk_comes();
}

/* The operator's program was killed between umount and mount: it is called again. */
static void what_a_snapshot_is_put_back_into_is_not_looked_for(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	toy_put("stick-switch", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	assert_int_equal(rollback(&end), EXIT_STUCK);
	disk_goes();
	toy_put("start", "old");        /* the snapshot's; the others the toy puts back */
	toy_put("open", "old");
	assert_int_equal(rollback(&end), EXIT_DONE);
}

/* A scope that calls no root a mount point has the marker beside it, on the file system that stays. */
static void a_marker_on_another_file_system_tells_nothing(void **state)
{
	autofree char *away = below("away");
	struct run_end end;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", toy_root, "tmpfs", 0, NULL) < 0) {
		print_message("# skip: nothing can be mounted\n");
		skip();
	}
	toy_put("stage", "old");
	assert_int_equal(apply(&end, true), EXIT_HELD);
	assert_int_equal(mkdir(away, 0755), 0);
	assert_int_equal(mount(toy_root, away, NULL, MS_MOVE, NULL), 0);
	assert_true(is_marked());
	refused(boot(&end, false), &end);
	assert_int_equal(mount(away, toy_root, NULL, MS_MOVE, NULL), 0);
	assert_int_equal(boot(&end, true), EXIT_HELD);
	assert_int_equal(umount(toy_root), 0);
}

/* ---- the comparison alone ---- */

static int compare(struct journal *j, const char *run, const char *path)
{
	autojson json_t *plan = json_pack("{s{s[{ss ss sb}]}}", "restore_point", "scope", "name", "root", "path", path, "mount_point", 1);
	struct err e = ERR_INIT;

	return -run_roots_there(j, run, plan, &e);
}

static void note_as(struct journal *j, const char *run, const char *path, struct file_id id)
{
	autojson json_t *doc = json_pack("{so}", path, json_of_file_id(id));
	struct err e = ERR_INIT;

	json_object_set_new(json_object_get(doc, path), "by_marker", json_true());
	assert_int_equal(journal_put_doc(j, run, "roots", doc, &e), 0);
}

static void a_directory_is_known_by_birth_or_by_marker(void **state)
{
	autofree char *at = below("mounted"), *home = below("mounted/.crossgrade"), *run = NULL;
	autodir struct dir d = DIR_NONE, where = DIR_NONE;
	struct journal *j = NULL;
	struct err e = ERR_INIT;
	struct file_id id;

	assert_int_equal(mkdir(at, 0755), 0);
	assert_int_equal(dir_open(toy_root, &where, &e), 0);
	assert_int_equal(journal_open(&where, DB_WRITE, &j, &e), 0);
	assert_int_equal(journal_begin(j, "toy", "toy", "0", sv_of("{}"), "digest", sv_of("{}"), &run, &e), 0);
	assert_int_equal(compare(j, run, at), 0);               /* of an older release */
	assert_int_equal(dir_open(at, &d, &e), 0);
	assert_int_equal(dir_file_id(&d, "", &id, &e), 0);
	note_as(j, run, toy_root, id);
	assert_int_equal(compare(j, run, at), 0);               /* it was not there */
	note_as(j, run, at, id);
	assert_int_equal(compare(j, run, at), 0);
	id.born_ns++;
	note_as(j, run, at, id);
	assert_int_equal(compare(j, run, at), ERR_CHANGED);
	assert_int_equal(point_marker_put(home, "/state", "another", "digest", NULL, NULL, &e), 0);
	assert_int_equal(compare(j, run, at), ERR_CHANGED);
	assert_int_equal(point_marker_put(home, "/state", run, "digest", NULL, NULL, &e), 0);
	assert_int_equal(compare(j, run, at), 0);
	moves("mounted", "gone");
	assert_int_equal(compare(j, run, at), ERR_ABSENT);
	journal_close(j);
}

#ifdef CROSSGRADE_FAULT
static void a_run_killed_in_its_window_waits_for_its_data(void **state)
{
	struct run_end end;

	assert_true(WIFSIGNALED(struck_at("step.applied:3", "kill", "apply")));
	disk_goes();
	refused(boot(&end, false), &end);
	refused(resume(&end, false), &end);
	disk_comes();
	assert_int_equal(boot(&end, true), EXIT_TURNED);
	assert_string_equal(toy_world(), "old");
}
#endif

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, toy_test_begins, toy_test_ends)
	const struct CMUnitTest tests[] = {
		T(no_verb_touches_what_is_under_a_mount),
		T(a_held_run_does_not_start_its_server_there),
		T(a_late_disk_is_waited_for),
		T(no_installation_waits_for_the_disk_of_another),
		T(an_absent_directory_is_none_to_agree_to),
		T(another_directory_can_be_agreed_to),
		T(one_made_anew_beside_its_marker_is_the_same),
		T(a_closed_run_knows_its_data),
		T(a_run_that_turned_back_needs_no_data),
		T(what_cannot_be_given_up_now_is_told),
		T(what_a_snapshot_is_put_back_into_is_not_looked_for),
		T(a_directory_is_known_by_birth_or_by_marker),
#ifdef CROSSGRADE_FAULT
		T(a_run_killed_in_its_window_waits_for_its_data),
#endif
		T(a_marker_on_another_file_system_tells_nothing),
	};

	if (argc > 1)
		return one_verb(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
