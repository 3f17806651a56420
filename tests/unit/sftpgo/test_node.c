#include "unit.h"

#include "products/sftpgo/node.h"

/* Both made by another program: FNV-1a of 64 bits, and SHA-256. That a real 2.6.4 and 2.7.5 are known by theirs is shown end to end. */
#define AT     "127.0.0.1:8080"
#define BY_2_6 "2085389477533210572"
#define BY_2_7 "b678fa77dde442f6b0ba2fa3a0f4af238df5790666bfb2414405f2efc01c92c6"

static void test_own(void **state)
{
	assert_true(node_has_name(AT, sv_of(BY_2_6)));
	assert_true(node_has_name(AT, sv_of(BY_2_7)));
}

static void test_others(void **state)
{
	assert_false(node_has_name("127.0.0.1:8081", sv_of(BY_2_6)));
	assert_false(node_has_name("127.0.0.1:8081", sv_of(BY_2_7)));
	assert_false(node_has_name(AT, sv_of("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_own), cmocka_unit_test(test_others) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
