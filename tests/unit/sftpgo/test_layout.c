#include "products/sftpgo/layout.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../io/place.h"

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

static void where_it_logs_to(void **state)
{
	static const struct {
		const char *line[6], *env[3], *want;
	} cases[] = {
		{ { "sftpgo", "serve" }, { NULL }, "/run/sftpgo.log" },
		{ { "sftpgo", "serve", "-c", "/etc/sftpgo" }, { NULL }, "/etc/sftpgo/sftpgo.log" },
		{ { "sftpgo", "serve" }, { "SFTPGO_CONFIG_DIR=/etc/sftpgo" }, "/etc/sftpgo/sftpgo.log" },
		{ { "sftpgo", "serve" }, { "SFTPGO_LOG_FILE_PATH=" }, NULL },
		{ { "sftpgo", "serve", "--log-file-path=logs/x" }, { "SFTPGO_LOG_FILE_PATH=" }, "/run/logs/x" },
		{ { "sftpgo", "serve", "-l", "/var/log/x" }, { NULL }, "/var/log/x" },
		{ { "sftpgo", "serve", "-l", "" }, { "SFTPGO_LOG_FILE_PATH=/x" }, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct serve_line l = { 0 };
		autofree char *file = NULL;

		assert_true(serve_line_parse((char *const *)cases[i].line, &l));
		file = serve_log_file(&l, (char *const *)cases[i].env, "/run");
		assert_string_equal(file ?: "none", cases[i].want ?: "none");
	}
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

/* ---- what outlives a container ---- */

/* A container that has all of our files where we have them, and which docker gave this one mount. */
static void in_a_container(struct place *p, const char *source, const char *at, const char *path, const char *want)
{
	autofree char *from = xasprintf("%s/%s", p->path, source), *to = xasprintf("%s/%s", p->path, at),
		      *file = xasprintf("%s/%s", p->path, path), *here = NULL;
	autojson json_t *seen = json_pack("{s[{ss ss}]}", "Mounts", "Source", from, "Destination", to);
	struct layout l = { .inside = p->path, .seen = seen, .proc.id.pid = getpid() };
	const char *why = NULL;

	here = layout_kept(&l, file, &why);
	if (want)
		assert_non_null(strstr(why ?: "nothing", want));
	else
		assert_string_equal(here ?: why, file);
	assert_int_equal(!here, !!want);
}

static void a_database_in_a_container(void **state)
{
	static const char *const dirs[] = { "state", "other", "layer" };
	struct place *p = *state;
	autofree char *link = xasprintf("%s/state/out", p->path), *out = xasprintf("%s/layer", p->path);

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		autofree char *file = xasprintf("%s/a.db", dirs[i]);

		assert_int_equal(mkdir(below(p, dirs[i]), 0700), 0);
		put_file(p, file, dirs[i]);
	}
	assert_int_equal(symlink(out, link), 0);
	in_a_container(p, "state", "state", "state/a.db", NULL);
	/* It shows here, as the layer of every container that runs does. */
	in_a_container(p, "state", "state", "layer/a.db", "in no volume");
	in_a_container(p, "state", "state", "state/out/a.db", "another file");
	in_a_container(p, "other", "state", "state/a.db", "another file");
	in_a_container(p, "state/a.db", "state/a.db", "state/a.db", "mount its folder");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_line_that_serves),
		cmocka_unit_test(the_file_of_the_configuration),
		cmocka_unit_test(where_it_logs_to),
		cmocka_unit_test(what_does_not_serve),
		in_place(a_database_in_a_container),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
