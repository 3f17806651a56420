#include "golden.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/run.h"
#include "io/file.h"
#include "io/yaml.h"

#define FILE_MAX (4u << 20)

/* RFC 7396; both are borrowed, the result is new. */
static json_t *patched(const json_t *target, const json_t *patch)
{
	json_t *out = json_is_object(target) ? json_copy((json_t *)target) : json_object();
	const char *key;
	json_t *value;

	if (!json_is_object(patch)) {
		json_decref(out);
		return json_incref((json_t *)patch);
	}
	json_object_foreach((json_t *)patch, key, value)
	{
		if (json_is_null(value))
			json_object_del(out, key);
		else
			json_object_set_new(out, key, patched(json_object_get(out, key), value));
	}
	return out;
}

static char *path_of(const char *dir, const char *file)
{
	return *dir ? xasprintf("%s/%s/%s", GOLDEN_DIR, dir, file)
		    : xasprintf("%s/%s", GOLDEN_DIR, file);
}

/* The document in a file; an empty object when there is none. */
static json_t *doc_in(const char *dir, const char *file, bool yaml)
{
	autofree char *path = path_of(dir, file);
	struct err e = ERR_INIT;
	json_t *doc = NULL;
	int r = yaml ? yaml_read_path(path, FILE_MAX, &doc, &e)
		     : json_read_path(path, FILE_MAX, &doc, &e);

	if (r < 0 && e.kind == ERR_ABSENT)
		return json_object();
	if (r < 0)
		fail_msg("%s", e.msg);
	return doc;
}

bool golden_has(const char *dir)
{
	autofree char *path = path_of(dir, "facts.json");
	struct stat st;

	return stat(path, &st) == 0;
}

static json_t *over_base(const char *dir, const char *file, const char *base, bool yaml)
{
	autojson json_t *target = doc_in("", base, yaml), *patch = doc_in(dir, file, yaml);

	return patched(target, patch);
}

void golden_case(const char *dir, struct facts *now, struct goal *to)
{
	autobuf struct buf text = BUF_MAX(FILE_MAX);
	autojson json_t *facts = over_base(dir, "facts.json", "base-facts.json", false);
	struct err e = ERR_INIT;

	json_canonical(facts, &text);
	if (facts_parse(buf_sv(&text), dir, now, &e) < 0 ||
	    goal_of_doc(over_base(dir, "goal.yaml", "base-goal.yaml", true), to, &e) < 0)
		fail_msg("case '%s': %s", dir, e.msg);
}

void golden_same(const char *dir, const char *file, const char *text)
{
	autofree char *path = path_of(dir, file);
	autobuf struct buf want = BUF_MAX(FILE_MAX);
	struct err e = ERR_INIT;
	FILE *out;

	if (getenv("UPDATE_GOLDEN")) {
		out = fopen(path, "w");
		assert_non_null(out);
		assert_true(fputs(text, out) >= 0);
		assert_int_equal(fclose(out), 0);
		return;
	}
	if (file_read_path(path, &want, &e) < 0)
		fail_msg("%s", e.msg);
	if (strcmp(buf_str(&want), text) != 0)
		fail_msg("'%s' is another; now:\n%s", path, text);
}

static void plan_of(const char *dir, struct buf *text)
{
	autofacts struct facts now = { 0 };
	autogoal struct goal to = { 0 };
	autoplan struct plan plan = { 0 };
	struct err e = ERR_INIT;

	golden_case(dir, &now, &to);
	if (world_plan(&to, &now, &plan, &e) < 0)
		fail_msg("plan of '%s': %s (%s)", dir, e.msg, e.hint);
	json_object_set_new(plan.doc, "pinned", json_object());
	plan_text(&plan, text);
}

void golden_plan(const char *dir)
{
	autobuf struct buf text = BUF_MAX(4 << 20), again = BUF_MAX(4 << 20);

	plan_of(dir, &text);
	plan_of(dir, &again);
	assert_string_equal(buf_str(&text), buf_str(&again));
	golden_same(dir, "plan.json", buf_str(&text));
}

void golden_no_plan(const char *dir, enum err_kind kind, const char *words)
{
	autofacts struct facts now = { 0 };
	autogoal struct goal to = { 0 };
	autoplan struct plan plan = { 0 };
	struct err e = ERR_INIT;

	golden_case(dir, &now, &to);
	assert_int_equal(world_plan(&to, &now, &plan, &e), -(int)kind);
	if (!strstr(e.msg, words))
		fail_msg("'%s' is refused with: %s", dir, e.msg);
}
