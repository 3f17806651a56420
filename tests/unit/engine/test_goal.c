/* Migration files that are wrong, each in one way, and what is said about them. */
#include "engine/goal.h"

#include <string.h>

#include "base/clock.h"
#include "io/yaml.h"
#include "unit/unit.h"

static int read_goal(const char *yaml, struct goal *ret, struct err *e)
{
	json_t *doc;

	return yaml_parse(sv_of(yaml), "the test", &doc, e) < 0 ? -(int)e->kind : goal_of_doc(doc, ret, e);
}

struct bad {
	const char *yaml;
	const char *said;       /* in the message or its hint */
};

static const struct bad bad_files[] = {
	{ "- a list\n", "not a mapping" },
	{ "crossgrade: 2\nproduct: toy\n", "'crossgrade' is not 1" },
	{ "name: x\n", "'product' is missing" },
	{ "product: [toy]\n", "'product' is missing" },
	{ "product: tog\n", "did you mean 'toy'" },
	{ "product: toy\ntaget: {}\n", "did you mean 'target'" },
	{ "product: toy\nsource: [a]\n", "'source' is not a mapping" },
	{ "product: toy\nsource: {rot: /a}\n", "did you mean 'root'" },
	{ "product: toy\ntarget: {artefact: /a}\n", "did you mean 'artifact'" },
	{ "product: toy\nsettings: {gaet: none}\n", "did you mean 'gate'" },
	{ "product: toy\nsource: {root: var/lib}\n", "'source.root' is not an absolute path" },
	{ "product: toy\nsource: {root: 7}\n", "'source.root' is not an absolute path" },
	{ "product: toy\nsource: {install: ./opt}\n", "'source.install' is not an absolute path" },
	{ "product: toy\ntarget: {directory: opt}\n", "'target.directory' is not an absolute path" },
	{ "product: toy\ntarget: {artifact: new.tar.gz}\n", "not an absolute path" },
	{ "product: toy\ntarget: {artifact: [/a.tar.gz, b.jar]}\n", "not an absolute path" },
	{ "product: toy\ntarget: {artifact: 9}\n", "not an absolute path" },
	{ "product: toy\ntarget: {version: 9.3}\n", "'target.version' is not a text" },
	{ "product: toy\ntarget: {sha256: 12}\n", "'target.sha256' is not a text" },
	{ "product: toy\ntarget: {package: [a]}\n", "'target.package' is not a mapping" },
	{ "product: toy\ntarget: {package: {repository: {file: /a, keyring: /b}}}\n", "'target.package.version' is missing" },
	{ "product: toy\ntarget: {package: {version: 2, repository: {file: /a, keyring: /b}}}\n", "is not a text" },
	{ "product: toy\ntarget: {package: {version: '2', repositry: {}}}\n", "did you mean 'repository'" },
	{ "product: toy\ntarget: {package: {version: '2', repository: {file: /a}}}\n", "no mapping of file and keyring" },
	{ "product: toy\ntarget: {package: {version: '2', repository: {file: /a, keyring: b}}}\n", "not an absolute path" },
	{ "product: toy\ntarget: {artifact: /a, package: {version: '2', repository: {file: /a, keyring: /b}}}\n", "both" },
	{ "product: toy\ntarget: {edition: newer}\n", "cannot be 'newer'" },
	{ "product: toy\ntarget: {edition: neu}\n", "did you mean 'new'" },
	{ "product: toy\ntarget: {edition: 3}\n", "'target.edition' cannot be" },
	{ "product: toy\nname: ../../etc\n", "'name' cannot be" },
	{ "product: toy\nname: .hidden\n", "'name' cannot be" },
	{ "product: toy\nname: ''\n", "'name' cannot be" },
	{ "product: toy\nname: 5\n", "'name' is not a text" },
	{ "product: toy\nsource: {login: {user: a, password: hunter2}}\n", "holds a secret itself" },
	{ "product: toy\ntarget: {login: {token: abc}}\n", "holds a secret itself" },
	{ "product: toy\nsource: {login: {passwort_file: /a}}\n", "did you mean 'password_file'" },
	{ "product: toy\nsource: {login: {password_file: secret}}\n", "'login.password_file' is not an absolute path" },
	{ "product: toy\nsource: {login: me}\n", "'source.login' is not a mapping" },
	{ "product: toy\nrestore_point: {kind: tre}\n", "did you mean 'tree'" },
	{ "product: toy\nrestore_point: {kinds: tree}\n", "did you mean 'kind'" },
	{ "product: toy\nrestore_point: {store: /backup}\n", "'restore_point.store' cannot be" },
	{ "product: toy\nrestore_point: {store: 'file://backup'}\n", "'restore_point.store' cannot be" },
	{ "product: toy\nrestore_point: {kind: snapshot}\n", "'restore_point.create' is not a list of words" },
	{ "product: toy\nrestore_point: {kind: snapshot, create: [/a]}\n", "'restore_point.restore'" },
	{ "product: toy\nrestore_point: {kind: snapshot, create: [/a], restore: [/b], release: c d}\n",
	  "'restore_point.release'" },
	{ "product: toy\nhooks: {before_start: [/a]}\n", "before_st" },
	{ "product: toy\nhooks: {before_stop: /bin/true now}\n", "there is no shell" },
	{ "product: toy\nhooks: {before_stop: []}\n", "not a list of words" },
	{ "product: toy\nhooks: {before_stop: [1]}\n", "not a list of words" },
	{ "product: toy\nhooks: {before_stop: {argv: [/a], withn: 3s}}\n", "did you mean 'within'" },
	{ "product: toy\nhooks: {before_stop: {argv: [/a], within: soon}}\n", "is not a span of time" },
	{ "product: toy\nhooks: {before_stop: {argv: [/a], within: 30}}\n", "is not a span of time" },
};

static void what_is_wrong_is_named(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_files); i++) {
		struct goal g = { 0 };
		struct err e = ERR_INIT;

		assert_fails(read_goal(bad_files[i].yaml, &g, &e), &e, ERR_USAGE);
		if (!strstr(e.msg, bad_files[i].said) && !strstr(e.hint, bad_files[i].said))
			fail_msg("%s: '%s', hint '%s', not '%s'", bad_files[i].yaml, e.msg, e.hint, bad_files[i].said);
	}
}

static void a_secret_is_not_repeated(void **state)
{
	struct goal g = { 0 };
	struct err e = ERR_INIT;

	assert_fails(read_goal("product: toy\nsource: {login: {password: hunter2}}\n", &g, &e), &e, ERR_USAGE);
	assert_null(strstr(e.msg, "hunter2"));
	assert_null(strstr(e.hint, "hunter2"));
}

static void defaults_are_filled_in(void **state)
{
	autogoal struct goal g = { 0 };
	struct err e = ERR_INIT;
	int64_t ns;

	assert_ok(read_goal("product: toy\ntarget: null\n", &g, &e), &e);
	assert_string_equal(g.name, "toy");
	assert_true(json_is_object(g.source) && json_is_object(g.target) && json_is_object(g.hooks));
	assert_int_equal(json_int(g.doc, "crossgrade", 0), 1);
	assert_null(goal_edition(&g));
	assert_null(goal_version(&g));
	assert_null(goal_artifact(&g, 0));
	assert_null(goal_package(&g));
	assert_string_equal(goal_setting(&g, "gate", "auto"), "auto");
	assert_ok(goal_span(&g, "stall", 7, &ns, &e), &e);
	assert_int_equal(ns, 7);
}

static void what_is_said_is_read(void **state)
{
	autogoal struct goal g = { 0 };
	struct err e = ERR_INIT;
	int64_t ns;

	assert_ok(read_goal("product: toy\nname: main-1.a_b\ntarget: {edition: new, version: '9.3', artifact: [/a, /b]}\n"
	                    "settings: {gate: none, stall: 2m, stop_timeout: later}\n"
	                    "restore_point: {kind: snapshot, create: [/c], restore: [/r], store: file:///b}\n"
	                    "hooks: {before_stop: [/h, x], handover: {argv: [/i], within: 30s}}\n",
	                    &g, &e),
	          &e);
	assert_string_equal(g.name, "main-1.a_b");
	assert_string_equal(goal_edition(&g), "new");
	assert_string_equal(goal_version(&g), "9.3");
	assert_string_equal(goal_artifact(&g, 1), "/b");
	assert_null(goal_artifact(&g, 2));
	assert_string_equal(goal_setting(&g, "gate", "auto"), "none");
	assert_ok(goal_span(&g, "stall", 7, &ns, &e), &e);
	assert_int_equal(ns, 120 * NS_PER_S);
	assert_fails(goal_span(&g, "stop_timeout", 7, &ns, &e), &e, ERR_USAGE);
}

static void a_digest_in_capitals_is_the_same(void **state)
{
	autogoal struct goal g = { 0 };
	struct err e = ERR_INIT;

	assert_ok(read_goal("product: toy\ntarget: {sha256: "
	                    "ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789}\n",
	                    &g, &e),
	          &e);
	assert_string_equal(json_str(g.target, "sha256", ""),
	                    "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_in_capitals_is_the_same),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_secret_is_not_repeated),
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(what_is_said_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
