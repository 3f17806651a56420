/* Whose file stands where a repository was taken away: the look before a way back, with all steps of the plan still done. */
#include "engine/step.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/plan.h"
#include "io/file.h"
#include "unit/unit.h"

#define OLD   "deb https://vendor.example/enterprise stable main\n"
#define NEW   "deb https://vendor.example/open stable main\n"
#define THIRD "deb https://mirror.example/ stable main\n"

extern const struct step_kind step_package_source;

static char base[] = "/tmp/crossgrade-source-XXXXXX";
static struct site site;
static struct ctx ctx;
static struct plan plan;

static json_t *place(void)
{
	return place_of("root", "vendor.list");
}

static void write_file(const char *content)
{
	struct err e = ERR_INIT;

	assert_ok(file_replace(&ctx.state, "root/vendor.list", sv_of(content), FILE_PRIVATE, &e), &e);
}

static void add_step(json_t *params)
{
	*vec_push(&plan.steps) = (struct step){ .kind = &step_package_source, .params = params };
}

/* The repository goes, and another comes under its name. */
static int setup(void **state)
{
	char was[DIGEST_TEXT], becomes[DIGEST_TEXT];
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;

	snprintf(base, sizeof base, "/tmp/crossgrade-source-XXXXXX");
	assert_non_null(mkdtemp(base));
	ctx = (struct ctx){ .sites = &site, .n_sites = 1, .plan = &plan, .state = DIR_NONE, .blobs = DIR_NONE };
	assert_ok(dir_open(base, &ctx.state, &e), &e);
	assert_ok(dir_make(&ctx.state, "blobs", 0700, &e), &e);
	assert_ok(dir_make(&ctx.state, "root", 0755, &e), &e);
	assert_ok(dir_open_at(&ctx.state, "blobs", &ctx.blobs, &e), &e);
	doc = json_pack("{s{so}}", "roots", "root", json_sprintf("%s/root", base));
	assert_ok(site_bind("main", doc, &site, &e), &e);
	write_file(OLD);
	digest_text(sv_of(OLD), was);
	digest_text(sv_of(NEW), becomes);
	add_step(json_pack("{s[{so ss}] s[]}", "off", "file", place(), "was", was, "put"));
	add_step(json_pack("{s[] s[{so sn ss ss}]}", "off", "put", "file", place(), "was", "from", "/new.list", "sha256", becomes));
	return 0;
}

static int teardown(void **state)
{
	autodir struct dir tmp = DIR_NONE;
	struct err e = ERR_INIT;

	vec_each(&plan.steps, s)
		json_decref(s->params);
	vec_done(&plan.steps);
	dir_close(&ctx.state);
	dir_close(&ctx.blobs);
	site_done(&site);
	assert_ok(dir_open("/tmp", &tmp, &e), &e);
	assert_ok(dir_remove_tree(&tmp, base + strlen("/tmp/"), &e), &e);
	return 0;
}

static void take_away(json_t **ret_undo)
{
	const json_t *off = plan.steps.v[0].params;
	autojson json_t *result = NULL;
	struct err e = ERR_INIT;

	assert_ok(step_package_source.capture(&ctx, off, ret_undo, &e), &e);
	assert_ok(step_package_source.apply(&ctx, off, *ret_undo, &result, &e), &e);
}

static void what_the_plan_puts_in_its_place_is_no_third_hand(void **state)
{
	const json_t *off = plan.steps.v[0].params;
	autojson json_t *undo = NULL;
	struct err e = ERR_INIT;

	take_away(&undo);
	assert_ok(step_package_source.undo_look(&ctx, off, undo, &e), &e);
	write_file(NEW);
	assert_ok(step_package_source.undo_look(&ctx, off, undo, &e), &e);
	write_file(THIRD);
	assert_fails(step_package_source.undo_look(&ctx, off, undo, &e), &e, ERR_CHANGED);
}

/* On the way back itself it is gone by then: whoever put it there again is another. */
static void what_still_stands_there_on_the_way_back_is_one(void **state)
{
	const json_t *off = plan.steps.v[0].params;
	autojson json_t *undo = NULL;
	struct err e = ERR_INIT;

	take_away(&undo);
	write_file(NEW);
	assert_fails(step_package_source.undo(&ctx, off, undo, &e), &e, ERR_CHANGED);
	assert_ok(dir_unlink(&ctx.state, "root/vendor.list", &e), &e);
	e = (struct err)ERR_INIT;
	assert_ok(step_package_source.undo(&ctx, off, undo, &e), &e);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_the_plan_puts_in_its_place_is_no_third_hand),
		T(what_still_stands_there_on_the_way_back_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
