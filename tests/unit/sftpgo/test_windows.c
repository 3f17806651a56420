/* Paths of a Windows host in a copy of its folder, and what the copy tells of its server. */
#include "products/sftpgo/windows.h"

#include "../io/place.h"

#define FOLDER "C:\\ProgramData\\SFTPGo"

static void assert_here(const char *path, const char *want)
{
	autofree char *is = windows_here("/copy", FOLDER, path);

	if (want)
		assert_string_equal(is, want);
	else
		assert_null(is);
}

static void a_path_in_the_copy(void **state)
{
	assert_here("sftpgo.db", "/copy/sftpgo.db");
	assert_here("db\\sftpgo.db", "/copy/db/sftpgo.db");
	assert_here("C:\\ProgramData\\SFTPGo\\data\\alice", "/copy/data/alice");
	assert_here("c:/programdata/sftpgo/data", "/copy/data");
	assert_here("C:\\ProgramData\\SFTPGo\\", "/copy");
	assert_here("C:\\ProgramData\\SFTPGo Enterprise\\x", NULL);
	assert_here("D:\\data", NULL);
	assert_here("\\\\host\\share\\x", NULL);
	assert_here("\\windows", NULL);
	assert_here("..\\x", NULL);
	assert_here("a\\..\\..\\x", NULL);
	assert_here("a..b\\x", "/copy/a..b/x");
}

static void a_path_on_its_host(void **state)
{
	autofree char *below_it = windows_there(FOLDER, "db/sftpgo.db"), *whole = windows_there(FOLDER, "D:/x.db");

	assert_string_equal(below_it, FOLDER "\\db\\sftpgo.db");
	assert_string_equal(whole, "D:\\x.db");
}

/* PowerShell ends a quoted text at curly quotes, too. */
static void what_a_command_may_hold(void **state)
{
	static const char *const bad[] = { "", "a'b", "a\"b", "$x", "a`b", "a;b", "a\nb", "\xe2\x80\x99", "a|b", "a&b", "a*b", "a[b" };

	assert_true(windows_is_plain(FOLDER " Enterprise\\sftpgo_v2.7.5~1 (x86).exe"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(windows_is_plain(bad[i]));
}

static bool is_windows(const struct place *p, const char *config, char **ret_folder)
{
	struct sftpgo_config_where where = { .config_dir = p->path };
	autosftpgoconfig struct sftpgo_config conf = { 0 };
	const char *from;
	struct err e = ERR_INIT;

	put_file(p, "sftpgo.json", config);
	assert_ok(sftpgo_config_read(&where, &conf, &e), &e);
	return windows_folder_of(p->path, &conf, ret_folder, &from);
}

static void how_a_copy_is_known(void **state)
{
	const struct place *p = *state;
	autofree char *by_drive = NULL, *by_installer = NULL, *by_log = NULL;
	struct err e = ERR_INIT;
	char *none = NULL;

	assert_false(is_windows(p, "{\"data_provider\":{\"name\":\"/var/lib/sftpgo/sftpgo.db\"}}", &none));
	assert_true(is_windows(p, "{\"data_provider\":{\"name\":\"D:\\\\sftpgo.db\"}}", &by_drive));
	assert_string_equal(by_drive, FOLDER);
	assert_ok(dir_make(&p->dir, "logs", 0755, &e), &e);
	put_file(p, "logs/sftpgo.log", "{\"message\":\"starting SFTPGo 2.6.4, config dir: /etc/sftpgo, config file: \"}\n");
	assert_false(is_windows(p, "{}", &none));
	put_file(p, "sftpgo_default.json", "{}");
	assert_true(is_windows(p, "{}", &by_installer));
	assert_string_equal(by_installer, FOLDER);
	put_file(p, "logs/sftpgo.log", "{\"message\":\"starting SFTPGo 2.6.4, config dir: E:\\\\sftp\\\\, config file: \"}\n{\"torn");
	assert_true(is_windows(p, "{}", &by_log));
	assert_string_equal(by_log, "E:\\sftp");
}

static void which_release_wrote_it(void **state)
{
	const struct place *p = *state;
	struct err e = ERR_INIT;
	const char *from;
	char version[48];

	assert_false(windows_version_of(p->path, version, &from));
	assert_ok(dir_make(&p->dir, "openapi", 0755, &e), &e);
	put_file(p, "openapi/openapi.yaml", "info:\n  title: SFTPGo\n  version: v2.7.5\npaths:\n  /version:\n");
	assert_true(windows_version_of(p->path, version, &from));
	assert_string_equal(version, "2.7.5");
	assert_ok(dir_make(&p->dir, "logs", 0755, &e), &e);
	put_file(p, "logs/sftpgo.log",
		 "{\"message\":\"starting SFTPGo 2.6.2, config dir: C:\\\\x, config file: \"}\n"
		 "{\"message\":\"starting SFTPGo 2.6.4-abcdef12, config dir: C:\\\\x, config file: \"}\n{\"message\":\"more\"}\n");
	assert_true(windows_version_of(p->path, version, &from));
	assert_string_equal(version, "2.6.4");
	assert_string_equal(from, "logs/sftpgo.log");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_in_the_copy),
		cmocka_unit_test(a_path_on_its_host),
		cmocka_unit_test(what_a_command_may_hold),
		in_place(how_a_copy_is_known),
		in_place(which_release_wrote_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
