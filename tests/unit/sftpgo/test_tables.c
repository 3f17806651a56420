/* Which tables go with SFTPGo's on a way back, and which stay. */
#include "engine/plan.h"
#include "products/sftpgo/facts.h"
#include "products/sftpgo/tables_made.h"

#include "../io/place.h"

/* Of now: one that was there at the dump, two that were there when the new release had migrated, two that came later; one of each
 * pair leans. */
static const char now[] = "[\"before\", \"in-leans\", \"in-plain\", \"late-leans\", \"late-plain\"]";
static const char noted[] = "[\"before\", \"in-leans\", \"in-plain\"]";

static const struct {
	const char *target, *note, *go, *stay;
} cases[] = {
	{ "2.7.5", noted, "[\"in-leans\"]", "[\"in-plain\",\"late-leans\",\"late-plain\"]" },
	{ "2.7.20260705", noted, "[\"in-leans\",\"in-plain\"]", "[\"late-leans\",\"late-plain\"]" },
	/* It never got so far. */
	{ "2.7.5", NULL, "[\"in-leans\",\"late-leans\"]", "[\"in-plain\",\"late-plain\"]" },
	{ "2.7.20260705", NULL, "[\"in-leans\",\"in-plain\",\"late-leans\",\"late-plain\"]", "[]" },
	{ "3.0.0", noted, "[\"in-leans\",\"in-plain\"]", "[\"late-leans\",\"late-plain\"]" },
	{ "2.7.20260705", "damaged", "[]", "[\"in-leans\",\"in-plain\",\"late-leans\",\"late-plain\"]" },
};

static void assert_json(const json_t *is, const char *want)
{
	autobuf struct buf text = BUF_MAX(4096);

	json_canonical(is, &text);
	assert_string_equal(buf_str(&text), want);
}

static json_t *list_of(const char *text)
{
	struct err e = ERR_INIT;
	json_t *list = NULL;

	assert_ok(json_parse(sv_of(text), "a list", &list, &e), &e);
	return list;
}

static void what_goes_and_what_stays(void **state)
{
	const struct place *p = *state;
	autojson json_t *before = list_of("[\"before\"]"), *all = list_of(now), *leaning = list_of("[\"in-leans\", \"late-leans\"]");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct plan plan = { .doc = json_pack("{s{ss}}", "pinned", SF_TARGET_VERSION, cases[i].target) };
		struct ctx c = { .plan = &plan, .blobs = p->dir };
		autojson json_t *left = NULL, *made = NULL;
		struct err e = ERR_INIT;

		if (cases[i].note)
			put_file(p, "tables.migrated", cases[i].note);
		made = tables_made(&c, before, all, leaning, &left);
		assert_json(made, cases[i].go);
		assert_json(left, cases[i].stay);
		if (cases[i].note)
			assert_ok(dir_unlink(&p->dir, "tables.migrated", &e), &e);
		json_decref(plan.doc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { in_place(what_goes_and_what_stays) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
