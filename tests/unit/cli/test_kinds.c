/* Every step kind there is has words for 'crossgrade explain', and no words stand for a kind there
 * is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/kinds.h"
#include "engine/step.h"

static const struct kind_text *text_of(const char *kind)
{
	for (const struct kind_text *it = kind_texts; it->kind; it++)
		if (!strcmp(it->kind, kind))
			return it;
	return NULL;
}

static void test_every_kind_has_words(void **state)
{
	for (size_t i = 0; step_kinds[i]; i++) {
		const struct kind_text *it = text_of(step_kinds[i]->name);

		if (!it)
			fail_msg("step kind '%s' has no words", step_kinds[i]->name);
		assert_true(strlen(it->does) > 20 && *it->undo);
	}
}

static void test_no_words_without_a_kind(void **state)
{
	for (const struct kind_text *it = kind_texts; it->kind; it++)
		if (!step_kind_named(it->kind))
			fail_msg("'%s' is no step kind", it->kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_has_words),
		cmocka_unit_test(test_no_words_without_a_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
