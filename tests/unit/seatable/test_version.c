#include "products/seatable/image.h"

#include "base/mem.h"
#include "unit.h"

static enum sea_move moved(const char *from_edition, const char *from, const char *to_edition, const char *to)
{
	struct sea_side a = { from_edition, from }, b = { to_edition, to };

	return sea_move_of(&a, &b);
}

static void what_is_a_version(void **state)
{
	static const char *const good[] = { "6.1.8", "v6.1.8", "0.9.3", "4.4.10", "7.0.0-testing", "999999.0.0" };
	static const char *const bad[] = { "", "latest", "6.1", "6.1.8.1", "06.1.8", "6.01.8", "6.1.8 ", "6.1.x", "1000000.1.1", "6.1.8-", "v", NULL };
	struct sea_version v;

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!sea_version_parse(good[i], &v))
			fail_msg("'%s' is one", good[i]);
	for (size_t i = 0; bad[i]; i++)
		if (sea_version_parse(bad[i], &v))
			fail_msg("'%s' is none", bad[i]);
	assert_false(sea_version_parse(NULL, &v));
	assert_true(sea_version_parse("v6.12.30-testing", &v));
	assert_int_equal(v.major * 10000 + v.minor * 100 + v.patch, 61230);
	assert_string_equal(v.suffix, "-testing");
}

/* admin docs, upgrade/migrate-seatable-editions */
static void the_published_examples(void **state)
{
	assert_int_equal(moved(SEA_ENTERPRISE, "3.3.7", SEA_DEVELOPER, "3.3.0"), SEA_MOVE_EDITION);
	assert_int_equal(moved(SEA_DEVELOPER, "3.2.0", SEA_ENTERPRISE, "3.2.6"), SEA_MOVE_EDITION);
	assert_int_equal(moved(SEA_ENTERPRISE, "3.3.7", SEA_DEVELOPER, "3.4.0"), SEA_MOVE_MINOR);
	assert_int_equal(moved(SEA_DEVELOPER, "3.2.0", SEA_ENTERPRISE, "3.3.7"), SEA_MOVE_MINOR);
}

static void the_derived_rows(void **state)
{
	assert_int_equal(moved(SEA_ENTERPRISE, "6.1.8", SEA_DEVELOPER, "6.1.0"), SEA_MOVE_EDITION);
	assert_int_equal(moved(SEA_DEVELOPER, "6.1.0", SEA_ENTERPRISE, "6.1.8"), SEA_MOVE_EDITION);
	assert_int_equal(moved(SEA_DEVELOPER, "6.1.0", SEA_ENTERPRISE, "6.2.12"), SEA_MOVE_MINOR);
	assert_int_equal(moved(SEA_ENTERPRISE, "6.1.8", SEA_DEVELOPER, "6.10.0"), SEA_MOVE_MINOR);
	assert_int_equal(moved(SEA_ENTERPRISE, "4.4.10", SEA_DEVELOPER, "4.4.1"), SEA_MOVE_EDITION);
}

/* Of one commit: Developer's release, and the Enterprise patches made of the same source. */
static const struct {
	const char *developer;
	const char *enterprise[4];
} pairs[] = {
	{ "4.3.0", { "4.3.7", "4.3.8", "4.3.9", "4.3.10" } },
	{ "4.4.0", { "4.4.9" } },
	{ "4.4.1", { "4.4.10" } },
	{ "5.0.0", { "5.0.7", "5.0.8" } },
	{ "5.1.0", { "5.1.8", "5.1.9", "5.1.10", "5.1.11" } },
	{ "5.2.0", { "5.2.6", "5.2.7" } },
	{ "5.3.0", { "5.3.11", "5.3.12" } },
	{ "6.0.0", { "6.0.8", "6.0.9", "6.0.10" } },
	{ "6.1.0", { "6.1.8", "6.1.9" } },
	{ "6.2.0", { "6.2.11", "6.2.12" } },
};

static void every_pair_goes_both_ways(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		for (size_t j = 0; j < 4 && pairs[i].enterprise[j]; j++) {
			const char *developer = pairs[i].developer, *enterprise = pairs[i].enterprise[j];
			struct sea_version v;

			assert_int_equal(moved(SEA_DEVELOPER, developer, SEA_ENTERPRISE, enterprise), SEA_MOVE_EDITION);
			assert_int_equal(moved(SEA_ENTERPRISE, enterprise, SEA_DEVELOPER, developer), SEA_MOVE_EDITION);
			assert_true(sea_version_parse(enterprise, &v));
			assert_in_range(sea_version_together(&v), 1, v.patch);
		}
}

/* The last Enterprise patch of each minor release and Developer's first. */
static void the_last_patch_of_each_minor(void **state)
{
	static const char *const last[][2] = { { "3.3.7", "3.3.0" },   { "3.4.9", "3.4.0" },   { "3.5.13", "3.5.0" }, { "4.0.7", "4.0.0" },
					       { "4.1.10", "4.1.0" },  { "4.2.11", "4.2.0" },  { "4.3.10", "4.3.0" }, { "4.4.10", "4.4.1" },
					       { "5.0.8", "5.0.0" },   { "5.1.11", "5.1.0" },  { "5.2.7", "5.2.0" },  { "5.3.12", "5.3.0" },
					       { "6.0.10", "6.0.0" },  { "6.1.9", "6.1.0" },   { "6.2.12", "6.2.1" } };

	for (size_t i = 0; i < ARRAY_LEN(last); i++) {
		assert_int_equal(moved(SEA_ENTERPRISE, last[i][0], SEA_DEVELOPER, last[i][1]), SEA_MOVE_EDITION);
		if (i)
			assert_int_equal(moved(SEA_ENTERPRISE, last[i - 1][0], SEA_DEVELOPER, last[i][1]), SEA_MOVE_MINOR);
	}
}

static void what_else_there_is(void **state)
{
	assert_int_equal(moved(SEA_ENTERPRISE, "6.1.6", SEA_ENTERPRISE, "6.1.8"), SEA_MOVE_PATCH);
	assert_int_equal(moved(SEA_ENTERPRISE, "6.1.8", SEA_ENTERPRISE, "6.1.6"), SEA_MOVE_PATCH);
	assert_int_equal(moved(SEA_DEVELOPER, "6.1.0", SEA_DEVELOPER, "6.1.0"), SEA_MOVE_NOTHING);
	assert_int_equal(moved(SEA_ENTERPRISE, "6.2.12", SEA_ENTERPRISE, "6.1.9"), SEA_MOVE_MINOR);
	assert_int_equal(moved(SEA_ENTERPRISE, "7.0.4", SEA_DEVELOPER, "7.0.0"), SEA_MOVE_TOO_NEW);
	assert_int_equal(moved(SEA_ENTERPRISE, "6.2.12", SEA_ENTERPRISE, "7.0.4"), SEA_MOVE_TOO_NEW);
	assert_int_equal(moved(SEA_ENTERPRISE, "1.9.2", SEA_DEVELOPER, "1.9.0"), SEA_MOVE_NO_DEVELOPER);
	assert_int_equal(moved(SEA_ENTERPRISE, "6.1.8", SEA_DEVELOPER, "latest"), SEA_MOVE_UNKNOWN);
	assert_int_equal(moved(NULL, "6.1.8", SEA_DEVELOPER, "6.1.0"), SEA_MOVE_UNKNOWN);
}

static void stops_are_named(void **state)
{
	struct sea_side from = { SEA_DEVELOPER, "6.0.0" }, to = { SEA_ENTERPRISE, "6.2.12" }, old = { SEA_ENTERPRISE, "5.3.12" };
	autobuf struct buf text = BUF_MAX(4096);

	sea_move_stops(&from, &to, &text);
	assert_non_null(strstr(buf_str(&text), "first to enterprise 6.0"));
	assert_non_null(strstr(buf_str(&text), "steps for 6.1, 6.2"));
	buf_reset(&text);
	sea_move_stops(&to, &old, &text);
	assert_non_null(strstr(buf_str(&text), "no way from 6.2 down to 5.3"));
}

/* ---- references ---- */

static struct sea_image image(const char *reference)
{
	struct sea_image i;

	if (!sea_image_parse(reference, &i))
		fail_msg("'%s' is a reference", reference);
	return i;
}

static void what_names_of_images_tell(void **state)
{
	static const struct {
		const char *reference, *name, *tag, *edition;
	} known[] = {
		{ "seatable/seatable-enterprise:6.1.8", "seatable/seatable-enterprise", "6.1.8", SEA_ENTERPRISE },
		{ "seatable/seatable-developer", "seatable/seatable-developer", "", SEA_DEVELOPER },
		{ "seatable/seatable-enterprise-testing:4.3.6", "seatable/seatable-enterprise-testing", "4.3.6", SEA_ENTERPRISE },
		{ "seatable/seatable-ee:2.0.1", "seatable/seatable-ee", "2.0.1", SEA_ENTERPRISE },
		{ "seatable/seatable:1.8.0", "seatable/seatable", "1.8.0", SEA_DEVELOPER },
		{ "docker.io/seatable/seatable-developer:latest", "docker.io/seatable/seatable-developer", "latest", SEA_DEVELOPER },
		{ "registry.example:5000/mirror/seatable/seatable-enterprise:6.1.8", "registry.example:5000/mirror/seatable/seatable-enterprise", "6.1.8",
		  SEA_ENTERPRISE },
		{ "localhost:5000/tables:6.1.8", "localhost:5000/tables", "6.1.8", NULL },
		{ "example/seatable-enterprise:6.1.8", "example/seatable-enterprise", "6.1.8", NULL },
		{ "localhost:5000/seatable/seatable-developer", "localhost:5000/seatable/seatable-developer", "", SEA_DEVELOPER },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct sea_image is = image(known[i].reference);

		assert_string_equal(is.name, known[i].name);
		assert_string_equal(is.tag, known[i].tag);
		assert_string_equal(is.edition ? is.edition : "", known[i].edition ? known[i].edition : "");
	}
	assert_true(image("seatable/seatable-developer:6.1.0").pinned);
	assert_false(image("seatable/seatable-developer:latest").pinned);
}

static void what_is_no_reference(void **state)
{
	static const char *const bad[] = { "", "a b", "${X}", "name:", "name@sha256:12", "a//b", "a/", "name:tag with", "n@md5:aa", ":tag" };
	struct sea_image i;

	for (size_t n = 0; n < ARRAY_LEN(bad); n++)
		if (sea_image_parse(bad[n], &i))
			fail_msg("'%s' is none", bad[n]);
}

static void a_digest_may_follow(void **state)
{
	static const char digest[] = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	autofree char *both = xasprintf("seatable/seatable-developer:6.1.0@%s", digest), *alone = xasprintf("seatable/seatable-developer@%s", digest);

	assert_string_equal(image(both).digest, digest);
	assert_string_equal(image(both).tag, "6.1.0");
	assert_string_equal(image(alone).tag, "");
}

static void the_other_edition_of_an_image(void **state)
{
	autofree char *vendors = sea_image_of("seatable/seatable-enterprise:6.1.8", SEA_DEVELOPER, "6.1.0"),
		      *mirror = sea_image_of("registry.example:5000/seatable/seatable-enterprise:6.1.8", SEA_DEVELOPER, "6.1.0"),
		      *own = sea_image_of("tables:1", SEA_ENTERPRISE, "6.1.8");

	assert_string_equal(vendors, "seatable/seatable-developer:6.1.0");
	assert_string_equal(mirror, "registry.example:5000/seatable/seatable-developer:6.1.0");
	assert_string_equal(own, "seatable/seatable-enterprise:6.1.8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_version),
		cmocka_unit_test(the_published_examples),
		cmocka_unit_test(the_derived_rows),
		cmocka_unit_test(every_pair_goes_both_ways),
		cmocka_unit_test(the_last_patch_of_each_minor),
		cmocka_unit_test(what_else_there_is),
		cmocka_unit_test(stops_are_named),
		cmocka_unit_test(what_names_of_images_tell),
		cmocka_unit_test(what_is_no_reference),
		cmocka_unit_test(a_digest_may_follow),
		cmocka_unit_test(the_other_edition_of_an_image),
	};

	return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
