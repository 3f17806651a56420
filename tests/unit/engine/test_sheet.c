/* Sheets, and what a file of the operator may override in them. Its directory is /etc/crossgrade: the test has a mount
 * namespace of its own with an empty one there. */
#include "engine/sheet.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "unit/unit.h"

#define OVERRIDES "/etc/crossgrade/sheets.d"

static const char built_in[] = "checks:\n"
			       "  toy.a: {title: A, reason: r, remedy: m, source: s, seen: 2026-11-21}\n"
			       "  toy.b: {title: B, reason: r, remedy: m, source: s, seen: 2026-11-21}\n"
			       "rules:\n"
			       "  toy.rule: {text: it is so, source: s}\n"
			       "values:\n"
			       "  versions: [1, 2]\n";

static char no_namespace[200];

static int own_etc(void **state)
{
	struct err e = ERR_INIT;
	struct dir d;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		snprintf(no_namespace, sizeof no_namespace, "no mount namespace to be had: %s", strerror(errno));
		return 0;
	}
	if ((mkdir("/etc/crossgrade", 0755) < 0 && errno != EEXIST) ||
	    mount("none", "/etc/crossgrade", "tmpfs", 0, "mode=0755") < 0) {
		snprintf(no_namespace, sizeof no_namespace, "no /etc/crossgrade to be had: %s", strerror(errno));
		return 0;
	}
	if (dir_make_path(OVERRIDES, 0755, &d, &e) < 0)
		return -1;
	dir_close(&d);
	return 0;
}

static void override(const char *text, mode_t mode, uid_t uid)
{
	struct file_attr attr = { .mode = mode, .uid = uid, .gid = 0 };
	struct err e = ERR_INIT;
	autodir struct dir d = DIR_NONE;

	if (no_namespace[0]) {
		print_message("# skip: %s\n", no_namespace);
		skip();
	}
	assert_ok(dir_open(OVERRIDES, &d, &e), &e);
	assert_ok(file_replace(&d, "toy.yaml", sv_of(text), attr, &e), &e);
}

static int load(struct sheet *ret, struct err *e)
{
	return sheet_load("toy", SV(built_in), ret, e);
}

static void entries_are_found(void **state)
{
	struct sheet s = { 0 };
	struct sheet_check about;
	struct err e = ERR_INIT;

	assert_ok(load(&s, &e), &e);
	assert_true(sheet_check(&s, "toy.a", &about));
	assert_string_equal(about.title, "A");
	assert_string_equal(about.seen, "2026-11-21");
	assert_false(about.overridable);
	assert_false(sheet_check(&s, "toy.c", &about));
	assert_string_equal(sheet_rule(&s, "toy.rule"), "it is so");
	assert_null(sheet_rule(&s, "toy.a"));
	assert_int_equal(json_array_size(sheet_value(&s, "versions")), 2);
	assert_null(sheet_value(&s, "absent"));
	sheet_done(&s);
}

static void single_entries_are_overridden(void **state)
{
	struct sheet s = { 0 };
	struct sheet_check about;
	struct err e = ERR_INIT;

	override("checks:\n  toy.a: {title: ours, overridable: true}\nvalues: {versions: [3]}\n", 0644, 0);
	assert_ok(load(&s, &e), &e);
	assert_true(sheet_check(&s, "toy.a", &about));
	assert_string_equal(about.title, "ours");
	assert_true(about.overridable);
	assert_true(sheet_check(&s, "toy.b", &about));
	assert_string_equal(about.title, "B");
	assert_int_equal(json_array_size(sheet_value(&s, "versions")), 1);
	assert_string_equal(sheet_rule(&s, "toy.rule"), "it is so");
	sheet_done(&s);
}

static void refused(const char *text, mode_t mode, uid_t uid, enum err_kind kind, const char *said)
{
	struct sheet s = { 0 };
	struct err e = ERR_INIT;

	override(text, mode, uid);
	assert_fails(load(&s, &e), &e, kind);
	if (!strstr(e.msg, said) && !strstr(e.hint, said))
		fail_msg("'%s' (%s) does not say '%s'", e.msg, e.hint, said);
	assert_null(s.doc);
}

static void a_file_that_others_can_write_is_refused(void **state)
{
	refused("checks: {}\n", 0646, 0, ERR_REFUSED, "root's alone");
	refused("checks: {}\n", 0664, 0, ERR_REFUSED, "root's alone");
	refused("checks: {}\n", 0644, 65534, ERR_REFUSED, "root's alone");
}

static void a_wrong_file_is_refused(void **state)
{
	refused("cheks: {}\n", 0644, 0, ERR_USAGE, "did you mean 'checks'");
	refused("checks: [a\n", 0644, 0, ERR_FORMAT, "toy.yaml");
	refused("- a list\n", 0644, 0, ERR_USAGE, "toy.yaml");
	refused("checks: nonsense\n", 0644, 0, ERR_USAGE, "'checks'");
	refused("values: [1]\n", 0644, 0, ERR_USAGE, "'values'");
}

static void a_file_of_another_product_is_not_read(void **state)
{
	struct sheet s = { 0 };
	struct err e = ERR_INIT;

	override("no: sheet\n", 0644, 0);
	assert_ok(sheet_load("other", SV(built_in), &s, &e), &e);
	sheet_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_found),
		cmocka_unit_test(single_entries_are_overridden),
		cmocka_unit_test(a_file_that_others_can_write_is_refused),
		cmocka_unit_test(a_wrong_file_is_refused),
		cmocka_unit_test(a_file_of_another_product_is_not_read),
	};

	return cmocka_run_group_tests(tests, own_etc, NULL);
}
