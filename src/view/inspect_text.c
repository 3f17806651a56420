#include "view/inspect_text.h"

#include <string.h>

#include "io/json.h"
#include "view/table.h"

#define VALUE_MAX 72

static void instance_row(struct table *t, const json_t *it)
{
	static const char *const keys[] = { "product", "edition", "version", "root",
					    "install", "kind",    "by" };

	table_row(t);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		table_cell(t, PAINT_PLAIN, "%s", json_str(it, keys[i], "?"));
	table_cell(t, PAINT_PLAIN, "%s", json_bool(it, "running", false) ? "running" : "stopped");
}

void view_instances(const json_t *doc, const struct style *s, struct buf *ret)
{
	static const char *const heads[] = { "PRODUCT", "EDITION", "VERSION", "ROOT", "INSTALL",
					     "LAYOUT",  "RUN BY",  "STATE",   NULL };
	autotable struct table t;
	size_t at;
	json_t *it;

	if (!json_array_size(json_object_get(doc, "instances"))) {
		buf_adds(ret, "no installation was found on this host\n");
		return;
	}
	table_init(&t, heads);
	json_array_foreach(json_object_get(doc, "instances"), at, it) { instance_row(&t, it); }
	table_text(&t, s, ret);
}

/* What cannot be seen is told as such, with why; what moves is set apart from what a plan rests on.
 */
static void add_facts(struct table *t, const json_t *facts, const char *class)
{
	const char *key;
	json_t *entry;

	json_object_foreach((json_t *)facts, key, entry)
	{
		autobuf struct buf value = BUF_MAX(4096);

		if (strcmp(json_str(entry, "class", ""), class))
			continue;
		view_value(&value, json_object_get(entry, "value"), VALUE_MAX);
		table_row(t);
		table_cell(t, PAINT_PLAIN, "%s", key);
		table_cell(t, PAINT_PLAIN, "%s", buf_str(&value));
		table_cell(t, PAINT_DIM, "%s%s", json_str(entry, "source", ""),
			   json_bool(entry, "unconfirmed", false) ? " (unconfirmed)" : "");
	}
}

static void section(const json_t *facts, const char *title, const char *class,
		    const struct style *s, struct buf *ret)
{
	static const char *const heads[] = { "FACT", "VALUE", "SEEN IN", NULL };
	autotable struct table t;

	view_heading(ret, s, title);
	table_init(&t, heads);
	add_facts(&t, facts, class);
	table_text(&t, s, ret);
}

void view_facts(const json_t *doc, const struct style *s, struct buf *ret)
{
	const json_t *facts = json_object_get(doc, "facts"),
		     *missing = json_object_get(doc, "missing");
	const char *key;
	json_t *why;

	view_paint(ret, s, PAINT_BOLD, json_str(doc, "product", "?"));
	buf_adds(ret, " '");
	view_clean(ret, sv_of(json_str(doc, "name", "?")));
	buf_addf(ret, "', looked at %s\n", json_str(doc, "taken", "?"));
	section(facts, "What a plan rests on", "pinned", s, ret);
	section(facts, "What moves", "observed", s, ret);
	if (!json_object_size(missing))
		return;
	view_heading(ret, s, "What could not be seen");
	json_object_foreach((json_t *)missing, key, why)
	{
		view_field(ret, s, key, json_string_value(why));
	}
}
