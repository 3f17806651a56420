#include "products/sftpgo/version.h"

#include "unit.h"

static void assert_version(const char *said, const char *version, const char *edition)
{
	char is[48] = "";

	assert_true(sftpgo_version_of(sv_of(said), is));
	assert_string_equal(is, version);
	assert_string_equal(sftpgo_edition_of(is), edition);
}

/* As real servers and builds said it; Enterprise as documented. */
static void what_servers_and_builds_say(void **state)
{
	assert_version("SFTPGo 2.6.4 -metrics -azblob -gcs -s3 +bolt", "2.6.4", "open-source");
	assert_version("SFTPGo 2.7.5-abc12345-2026-07-17T00:00:00Z -metrics", "2.7.5", "open-source");
	assert_version("SFTPGo/2.7.5", "2.7.5", "open-source");
	assert_version("SSH-2.0-SFTPGo_2.6.4", "2.6.4", "open-source");
	assert_version("SFTPGo v2.7.20260705", "2.7.20260705", "enterprise");
	assert_version("SFTPGo 2.7.99-dev-42f7a4d4", "2.7.99-dev", "open-source");
}

static void what_tells_no_version(void **state)
{
	static const char *const said[] = { "SFTPGo", "SSH-2.0-OpenSSH_9.2", "SFTPGo 2.7", "SFTPGo x.y.z", "" };
	char is[48];

	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		assert_false(sftpgo_version_of(sv_of(said[i]), is));
	assert_null(sftpgo_edition_of("2.7"));
	assert_null(sftpgo_edition_of(NULL));
}

static struct sftpgo_version of(const char *text)
{
	struct sftpgo_version v = { 0 };

	assert_true(sftpgo_version_parse(text, &v));
	return v;
}

static void an_enterprise_release_follows_the_open_source_ones(void **state)
{
	struct sftpgo_version old = of("2.6.4"), new = of("2.7.5"), paid = of("v2.7.20260705");

	assert_true(sftpgo_version_cmp(&old, &new) < 0);
	assert_true(sftpgo_version_cmp(&new, &paid) < 0);
	assert_int_equal(sftpgo_version_cmp(&new, &new), 0);
}

static void each_release_has_its_schema(void **state)
{
	static const struct {
		const char *version;
		int schema;
	} known[] = { { "2.5.6", 28 }, { "2.6.0", 29 }, { "2.6.6", 29 }, { "2.7.5", 33 }, { "2.7.20260705", 34 },
		      { "2.7.99-dev", 0 }, { "2.8.0", 0 }, { "3.0.0", 0 } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct sftpgo_version v = of(known[i].version);

		assert_int_equal(sftpgo_version_schema(&v), known[i].schema);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_servers_and_builds_say),
		cmocka_unit_test(what_tells_no_version),
		cmocka_unit_test(an_enterprise_release_follows_the_open_source_ones),
		cmocka_unit_test(each_release_has_its_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
