#include "engine/compose_files.h"

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/json.h"
#include "unit/unit.h"

static bool take_more(const char *path)
{
	autojson json_t *project = json_pack("{s[s]}", "files", path);

	return compose_files_take_more(project);
}

static void what_brings_other_files_in(void **state)
{
	static const struct {
		const char *text;
		bool more;
	} all[] = {
		{ "services:\n  a:\n    env_file: .env\n", true },
		{ "services:\n  a:\n    \"env_file\" : .env\n", true },
		{ "services: {a: {extends: {file: b.yml, service: b}}}\n", true },
		{ "include:\n  - b.yml\n", true },
		{ "services:\n  a:\n    'label_file':\n      - labels\n", true },
		{ "services:\n  a:\n    ? env_file\n    : .env\n", true },
		{ "# extends: nothing\n", true },
		{ "services:\n  a:\n    labels:\n      h.Strict-Transport-Security: \"`max-age=1; includeSubdomains; preload`\"\n", false },
		{ "services:\n  a:\n    labels:\n      x.include: y\n      x-include: y\n      my_env_file: includes\n", false },
		{ "services:\n  a:\n    command: include extends\n", false },
		{ "", false },
	};
	char path[] = "/tmp/compose_files.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		FILE *file = fopen(path, "we");

		assert_non_null(file);
		fputs(all[i].text, file);
		fclose(file);
		if (take_more(path) != all[i].more)
			fail_msg("of %s", all[i].text);
	}
	unlink(path);
	assert_true(take_more(path));
}

static void the_vendors_files_are_all(void **state)
{
	static const char *const of[] = { "4.4", "5.1", "5.3", "6.1", "6.2" };

	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		autofree char *server = xasprintf(LAYOUTS "/%s/seatable-server.yml", of[i]), *proxy = xasprintf(LAYOUTS "/%s/caddy.yml", of[i]);

		assert_false(take_more(server));
		assert_false(take_more(proxy));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_brings_other_files_in),
		cmocka_unit_test(the_vendors_files_are_all),
	};

	return cmocka_run_group_tests_name("compose_files", tests, NULL, NULL);
}
