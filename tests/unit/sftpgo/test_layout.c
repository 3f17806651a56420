#include "products/sftpgo/layout.h"

#include "unit.h"

static void a_command_line_that_serves(void **state)
{
	static const char *const lines[][6] = {
		{ "/usr/bin/sftpgo", "serve", "-c", "/etc/sftpgo", NULL },
		{ "/usr/bin/sftpgo", "serve", "-c/etc/sftpgo", NULL },
		{ "/usr/bin/sftpgo", "serve", "--config-dir=/etc/sftpgo", NULL },
		{ "sftpgo", "--config-dir", "/etc/sftpgo", "serve", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct serve_line l = { 0 };

		assert_true(serve_line_parse((char *const *)lines[i], &l));
		assert_string_equal(l.config_dir, "/etc/sftpgo");
		assert_null(l.config_file);
	}
}

static void the_file_of_the_configuration(void **state)
{
	const char *const line[] = { "./sftpgo", "serve", "--config-file", "a.yaml", "-c", ".", NULL };
	struct serve_line l = { 0 };

	assert_true(serve_line_parse((char *const *)line, &l));
	assert_string_equal(l.config_file, "a.yaml");
	assert_string_equal(l.config_dir, ".");
}

static void what_does_not_serve(void **state)
{
	static const char *const lines[][5] = {
		{ "/usr/bin/sftpgo", "initprovider", "-c", "/etc/sftpgo", NULL },
		{ "/usr/bin/vim", "serve", "-c", "/etc/sftpgo", NULL },
		{ "/usr/bin/sftpgo", "-c", "serve", NULL },
		{ "sftpgo", "-c", NULL },
		{ NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct serve_line l = { 0 };

		assert_false(serve_line_parse((char *const *)lines[i], &l));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_line_that_serves),
		cmocka_unit_test(the_file_of_the_configuration),
		cmocka_unit_test(what_does_not_serve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
