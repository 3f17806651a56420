#include "products/seatable/license.h"

#include <stdlib.h>

#include "base/mem.h"
#include "engine/step.h"
#include "io/json.h"
#include "laws/bench.h"
#include "unit.h"

#define TODAY "2026-11-22"

static const char vendors[] = "#SeaTable server licence\nName=\"Example GmbH\"\nLicencetype=\"User\"\nLicenceKEY=\"x\"\nProductID=\"SeaTable server\"\n"
			      "Expiration=\"2027-05-31\"\nMaxUsers=\"3\"\nMode=\"subscription\"\nHash=\"abcdef\"\n";

static enum sea_starts starts(const char *text, const char *today, struct buf *why)
{
	autojson json_t *l = sea_license_of(sv_of(text));

	json_object_set_new(l, "state", json_string(*text ? "file" : "empty"));
	buf_reset(why);
	return sea_license_starts(l, today, why);
}

/* The table of facts/seatable 3.3, measured with the vendor's start script. */
static void starts_as_the_script_says(void **state)
{
	static const struct {
		const char *text;
		enum sea_starts starts;
	} files[] = {
		{ vendors, SEA_STARTS },
		{ "", SEA_STARTS_NOT },
		{ "Mode=\"subscription\"\n", SEA_STARTS_NOT },
		{ "Mode=\"life-time\"\n", SEA_STARTS },
		{ "Mode=\"subscription\"\nExpiration=\"2026-11-22\"\n", SEA_STARTS_NOT },
		{ "Mode=\"subscription\"\nExpiration=\"2026-11-23\"\n", SEA_STARTS },
		{ "Mode=\"subscription\"\nExpiration=\"2026-11-21\"\n", SEA_STARTS_NOT },
		{ "Mode=\"life-time\"\nExpiration=\"2020-01-01\"\n", SEA_STARTS },
		{ "Mode=\"subscription\"\r\nExpiration=\"2027-05-31\"\r\n", SEA_STARTS },
		{ "Mode=\"life-time\"\r\nExpiration=\"2020-01-01\"\r\n", SEA_STARTS_NOT },
		{ "Mode=\"subscription\"\nExpiration=\"2027-05-31\"\nExpiration=\"2028-05-31\"\n", SEA_STARTS_NOT },
		{ "Mode=\"subscription\"\nExpiration=\"never\"\n", SEA_STARTS_NOT },
		{ "Mode='subscription'\nExpiration='2027-05-31'\n", SEA_STARTS_NOT },
		{ "Name=\"Mode Design GmbH\"\nMode=\"life-time\"\nExpiration=\"2020-01-01\"\n", SEA_STARTS_NOT },
		{ "Name=\"Mode Design GmbH\"\nMode=\"life-time\"\nExpiration=\"2027-01-01\"\n", SEA_STARTS },
		{ "Mode = \"subscription\"\nExpiration = \"2027-05-31\"\n", SEA_STARTS },
		{ "Mode=\"subscription\"\nExpiration=\"May 31 2027\"\n", SEA_STARTS_UNSURE },
	};
	autobuf struct buf why = BUF_MAX(1024);

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (starts(files[i].text, TODAY, &why) != files[i].starts)
			fail_msg("'%s': %s", files[i].text, buf_str(&why));
}

static void says_why_not(void **state)
{
	autobuf struct buf why = BUF_MAX(1024);

	assert_int_equal(starts("Mode=\"subscription\"\nExpiration=\"2026-11-22\"\n", TODAY, &why), SEA_STARTS_NOT);
	assert_non_null(strstr(buf_str(&why), "today"));
	assert_int_equal(starts("Mode=\"life-time\"\r\n", TODAY, &why), SEA_STARTS_NOT);
	assert_non_null(strstr(buf_str(&why), "CRLF"));
}

static void other_things_in_its_place(void **state)
{
	static const char *const states[] = { "absent", "empty", "directory", "full directory", "dangling", "refused" };
	autobuf struct buf why = BUF_MAX(1024);

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		autojson json_t *l = json_pack("{ss}", "state", states[i]);

		assert_int_equal(sea_license_starts(l, TODAY, &why), SEA_STARTS_NOT);
	}
}

static void what_is_read_of_it(void **state)
{
	autojson json_t *l = sea_license_of(sv_of(vendors));
	autofree char *all = json_dumps(l, 0);

	assert_string_equal(json_str(l, "mode", ""), "subscription");
	assert_int_equal(json_int(l, "max_users", 0), 3);
	assert_true(json_bool(l, "hash", false));
	assert_int_equal(sea_license_days_left(l, TODAY), 190);
	assert_null(strstr(all, "Example"));
	assert_null(strstr(all, "abcdef"));
}

static void strange_bytes(void **state)
{
	static const char nul[] = "Mode=\"x\"\n\0Expiration";
	autojson json_t *html = sea_license_of(sv_of("  <!doctype html><p>Mode")), *binary = sea_license_of((struct sv){ nul, sizeof nul - 1 }),
		      *bom = sea_license_of(sv_of("\xef\xbb\xbfMode=\"life-time\"\n")), *equals = sea_license_of(sv_of("=\n==\nMode==\"x\"\n"));

	assert_true(json_bool(html, "html", false));
	assert_true(json_bool(binary, "nul", false));
	assert_true(json_bool(bom, "bom", false));
	assert_null(json_object_get(equals, "mode"));
}

static void days(void **state)
{
	assert_int_equal(sea_day_number("1970-01-01"), 0);
	assert_int_equal(sea_day_number("2000-03-01"), 11017);
	assert_int_equal(sea_day_number("2026-11-22"), 20779);
	assert_int_equal(sea_day_number("2024-02-29"), 19782);
	assert_int_equal(sea_day_number("2023-02-29"), -1);
	assert_int_equal(sea_day_number("2100-02-29"), -1);
	assert_int_equal(sea_day_number("2026-13-01"), -1);
	assert_int_equal(sea_day_number("2026-1-01"), -1);
	assert_int_equal(sea_day_number(NULL), -1);
}

static int looks_back(const char *expiration, const char *mode, bool force, struct err *e)
{
	autojson json_t *params = json_pack("{s{ss ss ss ss s{si si}}}", "license_was", "state", "file", "path", "/srv/license.txt", "expiration",
					    expiration, "mode", mode, "lines", "Expiration", 1, "Mode", 1);
	autojson json_t *doc = json_pack("{ss}", "container", "seatable-server");
	char name[] = "main";
	struct site site = { .name = name, .doc = doc };
	struct ctx c = { .force = force, .sites = &site, .n_sites = 1 };

	return step_kind_named("seatable_point")->undo_look(&c, params, NULL, e);
}

/* The way back puts it there again, and the old Enterprise reads it at its start, by the day in the container. */
static void the_one_that_the_way_back_needs(void **state)
{
	autobench struct bench b;
	autofree char *docker = NULL;
	struct err e = ERR_INIT;

	bench_make(&b);
	docker = bench_path(&b, "docker");
	setenv("CROSSGRADE_DOCKER", docker, 1);
	bench_program(&b, "docker", "echo 'container seatable-server is not running' >&2; exit 1");
	assert_fails(looks_back("2020-01-01", "subscription", false, &e), &e, ERR_REFUSED);
	err_clear(&e);
	assert_ok(looks_back("2020-01-01", "subscription", true, &e), &e);
	assert_ok(looks_back("2999-01-01", "subscription", false, &e), &e);
	assert_ok(looks_back("2020-01-01", "life-time", false, &e), &e);
	bench_program(&b, "docker", "echo 2998-12-31 0 UTC");
	assert_ok(looks_back("2999-01-01", "subscription", false, &e), &e);
	bench_program(&b, "docker", "echo 2999-01-01 0 CET");
	assert_fails(looks_back("2999-01-01", "subscription", false, &e), &e, ERR_REFUSED);
	err_clear(&e);
	bench_program(&b, "docker", "echo 2019-12-31 0 CET");
	assert_ok(looks_back("2020-01-01", "subscription", false, &e), &e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_as_the_script_says), cmocka_unit_test(says_why_not),  cmocka_unit_test(other_things_in_its_place),
		cmocka_unit_test(what_is_read_of_it),        cmocka_unit_test(strange_bytes), cmocka_unit_test(days),
		cmocka_unit_test(the_one_that_the_way_back_needs),
	};

	return cmocka_run_group_tests_name("license", tests, NULL, NULL);
}
