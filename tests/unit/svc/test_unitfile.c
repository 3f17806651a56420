/* Units read from their files, in an empty unit directory of this process alone. */
#include "svc/unitfile.h"

#include "locking.h"

#include <sched.h>
#include <sys/mount.h>

#define UNITS "/etc/systemd/system"

static bool own_units;

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void drop_ins_win(void **state)
{
	autofree char *vars = xasprintf("%s/vars", folder);
	autofree char *drop =
	    xasprintf("[Service]\nExecStart=\nExecStart=/opt/notes/bin/serve --on port -d ${ROOT}\n"
		      "EnvironmentFile=-%s\n",
		      vars);
	autounit struct unitfile u = { 0 };
	char **env, **argv;
	struct err e = ERR_INIT;

	if (!own_units)
		skip();
	write_file(vars, "# comment\nNOTES_B=\"two words\"\nROOT=/srv/n\n");
	write_file(UNITS "/n.service",
		   "[Unit]\nDescription=x\n[Service]\nUser=notes\nExecStart=/bin/false \\\n  now\n"
		   "Environment=NOTES_A=1 \"NOTES_C=a b\"\nEnvironment=ROOT=/wrong\n"
		   "Restart=always\n");
	assert_int_equal(mkdir(UNITS "/n.service.d", 0755), 0);
	write_file(UNITS "/n.service.d/10-line.conf", drop);
	write_file(UNITS "/n.service.d/50-crossgrade-hold.conf", "[Unit]\nConditionPathExists=!/x\n");
	if (unitfile_read("n", &u, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(u.name, "n.service");
	assert_string_equal(u.file, UNITS "/n.service");
	assert_int_equal(json_object_size(u.files), 2);
	assert_string_equal(unitfile_last(&u, "Service.Restart", ""), "always");
	assert_null(unitfile_last(&u, "Unit.ConditionPathExists", NULL));
	env = unitfile_env(&u);
	assert_string_equal(env[0], "NOTES_A=1");
	assert_string_equal(env[1], "NOTES_C=a b");
	assert_string_equal(env[2], "ROOT=/srv/n");
	assert_string_equal(env[3], "NOTES_B=two words");
	assert_null(env[4]);
	argv = unitfile_command(&u, env);
	assert_string_equal(argv[0], "/opt/notes/bin/serve");
	assert_string_equal(argv[4], "/srv/n");
	assert_null(argv[5]);
	words_free(argv);
	words_free(env);
}

static void an_instance_is_made_from_its_template(void **state)
{
	autounit struct unitfile u = { 0 };
	struct err e = ERR_INIT;

	if (!own_units)
		skip();
	write_file(UNITS "/many@.service", "[Service]\nUser=a\n");
	assert_int_equal(mkdir(UNITS "/many@b.service.d", 0755), 0);
	write_file(UNITS "/many@b.service.d/user.conf", "[Service]\nUser=b\n");
	if (unitfile_read("many@b.service", &u, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(u.file, UNITS "/many@.service");
	assert_string_equal(unitfile_last(&u, "Service.User", ""), "b");
}

static void absent_and_no_unit_at_all(void **state)
{
	autounit struct unitfile u = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(unitfile_read("nothing-of-that-name", &u, &e), -ERR_ABSENT);
	err_clear(&e);
	assert_int_equal(unitfile_read("../n.service", &u, &e), -ERR_USAGE);
}

static void units_that_mention_a_word(void **state)
{
	unit_names names = { 0 };
	struct err e = ERR_INIT;

	if (!own_units)
		skip();
	write_file(UNITS "/z.service", "[Service]\nExecStart=/opt/a-word-of-ours/z\n");
	write_file(UNITS "/y.service", "[Service]\nExecStart=/opt/a-word-of-ours/y\n");
	write_file(UNITS "/x.service", "[Service]\nExecStart=/opt/x\n");
	assert_int_equal(unitfile_mentioning("a-word-of-ours", &names, &e), 0);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.v[0], "y.service");
	assert_string_equal(names.v[1], "z.service");
	vec_each(&names, it)
		free(*it);
	vec_done(&names);
}

static bool hide_units(void)
{
	if (geteuid() || access(UNITS, F_OK) || unshare(CLONE_NEWNS) < 0)
		return false;
	return !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", UNITS, "tmpfs", MS_NOSUID, "size=1m");
}

static int start(void **state)
{
	make_folder();
	own_units = hide_units();
	if (!own_units)
		print_message("# skip: no mount namespace of its own for units (%s)\n", strerror(errno));
	return 0;
}

static int stop(void **state)
{
	remove_folder();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drop_ins_win),
		cmocka_unit_test(an_instance_is_made_from_its_template),
		cmocka_unit_test(absent_and_no_unit_at_all),
		cmocka_unit_test(units_that_mention_a_word),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
