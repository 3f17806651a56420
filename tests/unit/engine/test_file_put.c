/* A secret as a variable of a file: what becomes of its line ends, and that it is nowhere else. */
#include "engine/step.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "unit/unit.h"

#define KEY "5E4F-licence-7731"

extern const struct step_kind step_file_put;

static char base[] = "/tmp/crossgrade-put-XXXXXX";
static struct site site;
static struct ctx ctx;

static int setup(void **state)
{
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;

	snprintf(base, sizeof base, "/tmp/crossgrade-put-XXXXXX");
	assert_non_null(mkdtemp(base));
	ctx = (struct ctx){ .sites = &site, .n_sites = 1, .state = DIR_NONE, .blobs = DIR_NONE };
	assert_ok(dir_open(base, &ctx.state, &e), &e);
	assert_ok(dir_make(&ctx.state, "blobs", 0700, &e), &e);
	assert_ok(dir_make(&ctx.state, "root", 0755, &e), &e);
	assert_ok(dir_open_at(&ctx.state, "blobs", &ctx.blobs, &e), &e);
	doc = json_pack("{s{so}}", "roots", "root", json_sprintf("%s/root", base));
	assert_ok(site_bind("main", doc, &site, &e), &e);
	return 0;
}

static int teardown(void **state)
{
	autodir struct dir tmp = DIR_NONE;
	struct err e = ERR_INIT;

	dir_close(&ctx.state);
	dir_close(&ctx.blobs);
	site_done(&site);
	assert_ok(dir_open("/tmp", &tmp, &e), &e);
	assert_ok(dir_remove_tree(&tmp, base + strlen("/tmp/"), &e), &e);
	return 0;
}

static json_t *params_for(const char *secret, size_t n)
{
	struct err e = ERR_INIT;

	assert_ok(file_replace(&ctx.state, "key", (struct sv){ secret, n }, FILE_PRIVATE, &e), &e);
	return json_pack("{s{ss ss} so ss ss}", "file", "at", "root", "path", "env.d/licence.env", "from",
	                 json_sprintf("%s/key", base), "prefix", "SERVER_KEY=", "mode", "0600");
}

static int put(const json_t *params, json_t **ret_undo, json_t **ret_result, struct err *e)
{
	if (step_file_put.capture(&ctx, params, ret_undo, e) < 0)
		return -(int)e->kind;
	return step_file_put.apply(&ctx, params, *ret_undo, ret_result, e);
}

static bool tells(const json_t *doc)
{
	autobuf struct buf text = BUF_MAX(1 << 20);

	json_canonical(doc, &text);
	return strstr(buf_str(&text), KEY) != NULL;
}

static void a_line_becomes_a_variable(void **state)
{
	static const char *const lines[] = { KEY, KEY "\n", KEY "\r\n" };

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		autojson json_t *params = params_for(lines[i], strlen(lines[i])), *undo = NULL, *result = NULL;
		autobuf struct buf text = BUF_MAX(1024), said = BUF_MAX(1024);
		enum step_state now = STEP_UNSURE;
		struct err e = ERR_INIT;

		assert_ok(put(params, &undo, &result, &e), &e);
		assert_ok(file_read(&ctx.state, "root/env.d/licence.env", &text, &e), &e);
		assert_string_equal(buf_str(&text), "SERVER_KEY=" KEY "\n");
		assert_ok(step_file_put.verify(&ctx, params, result, &now, &e), &e);
		assert_int_equal(now, STEP_IS_DONE);
		assert_ok(step_file_put.describe(params, &said, &e), &e);
		assert_false(tells(params) || tells(undo) || tells(result) || strstr(buf_str(&said), KEY));
		assert_ok(step_file_put.undo(&ctx, params, undo, &e), &e);
		assert_int_equal(dir_has(&ctx.state, "root/env.d", &e), 0);
	}
}

static void what_is_no_line_is_refused(void **state)
{
	static const struct sv none[] = { { "", 0 }, { "\n", 1 }, { "\r\n", 2 }, { KEY "\nmore\n", sizeof KEY "\nmore\n" - 1 },
		                          { KEY "\n\n", sizeof KEY "\n\n" - 1 }, { KEY "\rX=1", sizeof KEY "\rX=1" - 1 },
		                          { KEY "\0X", sizeof KEY "\0X" - 1 } };

	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		autojson json_t *params = params_for(none[i].p, none[i].n), *undo = NULL, *result = NULL;
		struct err e = ERR_INIT;

		assert_fails(put(params, &undo, &result, &e), &e, ERR_FORMAT);
		assert_null(strstr(e.msg, KEY));
		err_clear(&e);
		assert_int_equal(dir_has(&ctx.state, "root/env.d", &e), 0);
	}
}

static void a_whole_file_keeps_its_last_newline(void **state)
{
	autojson json_t *params = params_for("a\nb\n\n", 5), *undo = NULL, *result = NULL;
	autofree char *key = xasprintf("%s/key", base);
	autobuf struct buf text = BUF_MAX(1024);
	struct err e = ERR_INIT;

	json_object_del(params, "prefix");
	json_object_set_new(params, "whole", json_true());
	assert_int_equal(chmod(key, 0644), 0);
	assert_ok(put(params, &undo, &result, &e), &e);
	assert_ok(file_read(&ctx.state, "root/env.d/licence.env", &text, &e), &e);
	assert_string_equal(buf_str(&text), "a\nb\n\n");
}

/* Written anew between a kill and the repetition. */
static void another_content_is_not_put(void **state)
{
	autojson json_t *params = params_for("a\n", 2), *undo = NULL, *result = NULL;
	struct err e = ERR_INIT;

	json_object_del(params, "prefix");
	assert_ok(step_file_put.capture(&ctx, params, &undo, &e), &e);
	assert_ok(file_replace(&ctx.state, "key", SV("b\n"), FILE_PRIVATE, &e), &e);
	assert_fails(step_file_put.apply(&ctx, params, undo, &result, &e), &e, ERR_CHANGED);
	assert_null(result);
	err_clear(&e);
	assert_int_equal(dir_has(&ctx.state, "root/env.d", &e), 0);
	assert_ok(step_file_put.undo(&ctx, params, undo, &e), &e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_becomes_a_variable, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_line_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(another_content_is_not_put, setup, teardown),
		cmocka_unit_test_setup_teardown(a_whole_file_keeps_its_last_newline, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
