#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "products/questdb/confkeys.h"
#include "products/questdb/version.h"

static void parses(void **state)
{
	struct version v;

	assert_true(version_parse("9.3.4", &v) && v.major == 9 && v.minor == 3 && v.patch == 4);
	assert_true(version_parse("10.0", &v) && v.major == 10 && v.patch == 0);
	assert_true(version_parse("9.3.4-SNAPSHOT", &v));
	assert_false(version_parse("[DEVELOPMENT]", &v));
	assert_false(version_parse("9", &v));
	assert_false(version_parse("9.3.4.5", &v));
	assert_false(version_parse("99999999.1", &v));
	assert_false(version_parse(NULL, &v));
}

static void has_core(const char *enterprise, int major, int minor, int patch)
{
	struct version v;

	assert_int_equal(core_of("enterprise", enterprise, &v), CORE_INFERRED);
	assert_int_equal(version_cmp(v, (struct version){ major, minor, patch }), 0);
}

static void pairs_editions(void **state)
{
	struct version v;

	has_core("3.2.4", 9, 3, 4);
	has_core("3.2.2", 9, 3, 2);
	has_core("3.3.4", 9, 4, 3);
	assert_int_equal(core_of("enterprise", "3.4.0", &v), CORE_UNKNOWN);
	assert_int_equal(core_of("open-source", "9.9.9", &v), CORE_EXACT);
	assert_int_equal(core_of(NULL, "9.9.9", &v), CORE_UNKNOWN);
}

static void needs_java(void **state)
{
	assert_int_equal(core_java((struct version){ 8, 2, 0 }), 11);
	assert_int_equal(core_java((struct version){ 9, 0, 3 }), 11);
	assert_int_equal(core_java((struct version){ 9, 3, 4 }), 17);
	assert_int_equal(core_java((struct version){ 10, 0, 0 }), 25);
	assert_int_equal(core_java((struct version){ 6, 0, 0 }), 0);
}

static enum conf_key of(const char *edition, const char *version, const char *key)
{
	struct version core;
	enum core_by by = core_of(edition, version, &core);

	return conf_key_in(edition, by, core, key);
}

/* Each line was seen on a real start, or read from PropertyKey of the release's jar. */
static void knows_keys(void **state)
{
	assert_int_equal(of("open-source", "8.2.0", "query.timeout.sec"), CONF_KNOWN);
	assert_int_equal(of("open-source", "8.2.0", "query.timeout"), CONF_UNKNOWN);
	assert_int_equal(of("open-source", "9.3.4", "query.timeout"), CONF_KNOWN);
	assert_int_equal(of("open-source", "9.3.4", "query.timeout.sec"), CONF_KNOWN);
	assert_int_equal(of("open-source", "9.3.4", "cairo.sql.backup.root"), CONF_UNKNOWN);
	assert_int_equal(of("open-source", "9.0.3", "cairo.sql.backup.root"), CONF_KNOWN);
	assert_int_equal(of("open-source", "9.3.1", "cairo.sql.backup.root"), CONF_UNSURE);
	assert_int_equal(of("open-source", "9.3.4", "shared.worker.affinity"), CONF_UNKNOWN);
	assert_int_equal(of("open-source", "9.3.4", "pg.password.file"), CONF_UNKNOWN);
	assert_int_equal(of("open-source", "9.3.4", "acl.enabled"), CONF_UNKNOWN);
	assert_int_equal(of("open-source", "9.4.1", "acl.enabled"), CONF_UNKNOWN);
	assert_int_equal(of("open-source", "9.4.1", "some.new.key"), CONF_UNSURE);
	assert_int_equal(of("open-source", "9.4.1", "http.user"), CONF_KNOWN);
	assert_int_equal(of("enterprise", "3.2.4", "acl.enabled"), CONF_KNOWN);
	assert_int_equal(of("enterprise", "3.2.4", "http.user"), CONF_KNOWN);
	assert_int_equal(of("enterprise", "3.9.0", "http.user"), CONF_UNSURE);
	assert_int_equal(of("open-source", "9.3.4", "readonly"), CONF_KNOWN);
	assert_true(conf_key_uncarried("replication.role") && !conf_key_uncarried("acl.enabled"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(pairs_editions),
		cmocka_unit_test(needs_java),
		cmocka_unit_test(knows_keys),
	};

	return cmocka_run_group_tests_name("questdb version", tests, NULL, NULL);
}
