/* What holds of the registry as a whole: it has every kind and product there is a file for, every check and rule can be
 * explained, plans are deterministic, and the journal moves as its table says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/checks.h"
#include "engine/journal.h"
#include "engine/run.h"
#include "unit/golden/golden.h"
#include "unit/unit.h"

#define NAMES_MAX 1000

/* Calls back with every entry of a directory of the source whose name has this start and this end, both cut off. */
static size_t each_name(const char *rel, const char *start, const char *end,
                        void (*seen)(const char *name, const char *rel))
{
	cleanup_with(dir_names_done) struct dir_names names = { 0 };
	autodir struct dir src = DIR_NONE;
	struct err e = ERR_INIT;
	size_t n = 0;

	assert_ok(dir_open(SOURCE_DIR, &src, &e), &e);
	assert_ok(dir_list(&src, rel, NAMES_MAX, &names, &e), &e);
	vec_each(&names, it) {
		autofree char *bare = NULL;

		if (!sv_starts(sv_of(it->name), start) || !sv_ends(sv_of(it->name), end))
			continue;
		bare = xstrndup(it->name + strlen(start), strlen(it->name) - strlen(start) - strlen(end));
		seen(bare, rel);
		n++;
	}
	return n;
}

static void kind_is_registered(const char *name, const char *rel)
{
	if (!step_kind_named(name))
		fail_msg("%s has '%s', the registry does not", rel, name);
}

static void product_is_registered(const char *name, const char *rel)
{
	autofree char *dir = xasprintf("%s/%s", rel, name);

	if (!sv_ends(sv_of(name), ".build") && !product_named(name))
		fail_msg("%s has '%s', the registry does not", rel, name);
	if (product_named(name))
		each_name(dir, "step_", ".c", kind_is_registered);
}

static void every_file_is_registered(void **state)
{
	size_t kinds = 0;

	assert_true(each_name("src/engine/steps", "", ".c", kind_is_registered) > 10);
	assert_true(each_name("src/products", "", "", product_is_registered) > 0);
	while (step_kinds[kinds])
		kinds++;
	assert_true(kinds > 10);
}

static void kinds_are_whole(void **state)
{
	for (size_t i = 0; step_kinds[i]; i++) {
		const struct step_kind *k = step_kinds[i];

		if (!k->version || !k->describe || !k->capture || !k->apply || !k->verify || !k->undo)
			fail_msg("step kind '%s' is not whole", k->name);
		assert_ptr_equal(step_kind_named(k->name), k);
	}
}

static void products_are_whole(void **state)
{
	for (size_t i = 0; products[i]; i++) {
		const struct product *p = products[i];

		if (!p->title || !p->checks || !p->editions || !p->sheet || !p->find || !p->site || !p->inspect ||
		    !p->scope || !p->plan || !p->verify || !p->probe || !p->since)
			fail_msg("product '%s' is not whole", p->name);
		assert_ptr_equal(product_named(p->name), p);
	}
}

/* ---- sheets ---- */

static void check_has_texts(const struct product *p, const struct sheet *texts, const char *id)
{
	struct sheet_check about;

	if (strncmp(id, p->name, strlen(p->name)) || id[strlen(p->name)] != '.')
		fail_msg("check '%s' does not begin with '%s.'", id, p->name);
	if (!sheet_check(texts, id, &about))
		fail_msg("check '%s' has no texts", id);
	if (!*about.title || !*about.reason || !*about.remedy || !*about.source || !*about.seen)
		fail_msg("check '%s' lacks one of title, reason, remedy, source, seen", id);
}

static bool is_a_check(const struct product *p, const char *id)
{
	for (const struct check *c = p->checks; c->id; c++)
		if (!strcmp(c->id, id))
			return true;
	return false;
}

static void every_check_can_be_explained(void **state)
{
	for (size_t i = 0; products[i]; i++) {
		const struct product *p = products[i];
		const struct sheet *texts;
		struct err e = ERR_INIT;
		const char *id;
		json_t *unused;

		assert_ok(sheet_of(p->name, &texts, &e), &e);
		for (const struct check *c = p->checks; c->id; c++) {
			check_has_texts(p, texts, c->id);
			for (const struct check *d = p->checks; d != c; d++)
				assert_string_not_equal(c->id, d->id);
		}
		json_object_foreach(json_object_get(texts->doc, "checks"), id, unused) {
			if (!is_a_check(p, id))
				fail_msg("the sheet explains '%s', which is no check", id);
		}
	}
}

static void every_rule_has_text_and_source(void **state)
{
	for (size_t i = 0; products[i]; i++) {
		const struct sheet *texts;
		struct err e = ERR_INIT;
		const char *id;
		json_t *rule;

		assert_ok(sheet_of(products[i]->name, &texts, &e), &e);
		json_object_foreach(json_object_get(texts->doc, "rules"), id, rule) {
			if (!*json_str(rule, "text", "") || !*json_str(rule, "source", ""))
				fail_msg("rule '%s' lacks text or source", id);
			assert_string_equal(sheet_rule(texts, id), json_str(rule, "text", ""));
		}
	}
}

/* ---- plans ---- */

static char *planned(const char *dir, char digest[DIGEST_TEXT])
{
	autobuf struct buf text = BUF_MAX(16 << 20);
	autofacts struct facts now = { 0 };
	autogoal struct goal to = { 0 };
	autoplan struct plan p = { 0 };
	struct err e = ERR_INIT;

	golden_case(dir, &now, &to);
	assert_ok(world_plan(&to, &now, &p, &e), &e);
	plan_text(&p, &text);
	assert_ok(buf_check(&text, "the plan", &e), &e);
	memcpy(digest, p.digest, sizeof p.digest);
	return buf_take(&text);
}

static void same_bytes_twice(const char *name, const char *rel)
{
	autofree char *dir = xasprintf("plan-%s", name);
	char one[DIGEST_TEXT], other[DIGEST_TEXT];
	autofree char *first = planned(dir, one), *second = planned(dir, other);

	if (strcmp(first, second) || strcmp(one, other))
		fail_msg("two plans of '%s/%s' differ", rel, dir);
}

static void plans_are_deterministic(void **state)
{
	assert_true(each_name("tests/golden/questdb", "plan-", "", same_bytes_twice) > 3);
}

/* ---- the journal's table ---- */

/* Row: from, column: to, in the order of the enums. */
static const char *const run_moves[RUN__MAX] = {
	/* open held turned stands stuck new old */
	".xxxxx.",      /* open */
	"x.x....",      /* held */
	"....x.x",      /* turned */
	"x.x..x.",      /* stands */
	"x.x..x.",      /* stuck; new: finalize, where neither way goes on */
	"..x....",      /* closed-new */
	".......",      /* closed-old: the end */
};
static const char *const rec_moves[REC__MAX] = {
	/* none intended done skipped undone */
	".x.x.",        /* none */
	".xx.x",        /* intended */
	".x..x",        /* done */
	".....",        /* skipped */
	"....x",        /* undone: again, when what the undo keeps up is gone */
};

static void moves_are_as_decided(void **state)
{
	for (int from = 0; from < RUN__MAX; from++)
		for (int to = 0; to < RUN__MAX; to++)
			if (run_move_legal(from, to) != (run_moves[from][to] == 'x'))
				fail_msg("a run from %s to %s", run_state_name(from), run_state_name(to));
	for (int from = 0; from < REC__MAX; from++)
		for (int to = 0; to < REC__MAX; to++)
			if (rec_move_legal(from, to) != (rec_moves[from][to] == 'x'))
				fail_msg("a step from %s to %s", rec_state_name(from), rec_state_name(to));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_is_registered),
		cmocka_unit_test(kinds_are_whole),
		cmocka_unit_test(products_are_whole),
		cmocka_unit_test(every_check_can_be_explained),
		cmocka_unit_test(every_rule_has_text_and_source),
		cmocka_unit_test(plans_are_deterministic),
		cmocka_unit_test(moves_are_as_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
