/* map and vec. */
#include "base/map.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"

#include "../unit.h"

#define MANY 5000

static void keys_are_found_and_replaced(void **state)
{
	struct map m = { 0 };
	char key[] = "one";
	int a = 1, b = 2;

	assert_null(map_get(&m, "one"));
	assert_false(map_has(&m, "one"));
	assert_null(map_put(&m, key, &a));
	key[0] = 'x';                           /* the map has a copy */
	assert_ptr_equal(map_get(&m, "one"), &a);
	assert_ptr_equal(map_put(&m, "one", &b), &a);
	assert_ptr_equal(map_get(&m, "one"), &b);
	assert_int_equal(m.n, 1);
	assert_null(map_put(&m, "null", NULL));
	assert_true(map_has(&m, "null"));
	map_done(&m, NULL);
	assert_int_equal(m.n, 0);
}

static void many_keys_keep_their_order(void **state)
{
	struct map m = { 0 };
	char key[16];
	int i = 0;

	for (i = 0; i < MANY; i++) {
		snprintf(key, sizeof key, "key%d", i);
		assert_null(map_put(&m, key, xmemdup(&i, sizeof i)));
	}
	for (i = 0; i < MANY; i++) {
		snprintf(key, sizeof key, "key%d", i);
		assert_int_equal(*(int *)map_get(&m, key), i);
	}
	i = 0;
	map_each(&m, it)
		assert_int_equal(*(int *)it->value, i++);
	assert_int_equal(i, MANY);
	assert_null(map_get(&m, "key5000"));
	map_done(&m, free);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void a_vector_grows_zeroed_and_sorts(void **state)
{
	VEC(int) v = { 0 };
	int last = -1;

	vec_sort(&v, by_number);
	vec_each(&v, it)
		fail();
	for (int i = 0; i < 1000; i++) {
		int *at = vec_push(&v);

		assert_int_equal(*at, 0);
		*at = 999 - i;
	}
	assert_int_equal(*vec_last(&v), 0);
	vec_sort(&v, by_number);
	vec_each(&v, it) {
		assert_int_equal(*it, last + 1);
		last = *it;
	}
	vec_done(&v);
	assert_null(v.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_found_and_replaced),
		cmocka_unit_test(many_keys_keep_their_order),
		cmocka_unit_test(a_vector_grows_zeroed_and_sorts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
