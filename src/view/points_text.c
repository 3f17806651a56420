#include "view/points_text.h"

#include <string.h>

#include "io/json.h"
#include "view/table.h"

/* Sum of a number over the roots of a point; -1 when a root does not tell it. */
static int64_t total(const json_t *point, const char *key)
{
	int64_t sum = 0;
	size_t at;
	json_t *root;

	json_array_foreach(json_object_get(point, "roots"), at, root)
	{
		int64_t n = json_int(root, key, -1);

		if (n < 0)
			return -1;
		sum += n;
	}
	return sum;
}

static enum paint paint_of(const char *state)
{
	if (!strcmp(state, "proved"))
		return PAINT_GREEN;
	return !strcmp(state, "broken") ? PAINT_RED
	       : !strcmp(state, "open") ? PAINT_YELLOW
					: PAINT_PLAIN;
}

void view_points(const json_t *doc, const struct style *s, struct buf *ret)
{
	static const char *const heads[] = {
		"ID", "STATE", "CREATED", "FILES", "SIZE", "NOTE", NULL
	};
	const json_t *points = json_object_get(doc, "restore_points");
	autotable struct table t;
	char size[32];
	size_t at;
	json_t *p;

	if (!json_array_size(points)) {
		buf_adds(ret, "no restore points in ");
		view_clean(ret, sv_of(json_str(doc, "home", "?")));
		buf_addc(ret, '\n');
		return;
	}
	table_init(&t, heads);
	json_array_foreach(points, at, p)
	{
		int64_t files = total(p, "files"), bytes = total(p, "bytes");
		const char *state = json_str(p, "state", "?");

		table_row(&t);
		table_cell(&t, PAINT_BOLD, "%s", json_str(p, "id", "?"));
		table_cell(&t, paint_of(state), "%s", state);
		table_cell(&t, PAINT_PLAIN, "%s", json_str(p, "created", "?"));
		if (files < 0)
			table_cell(&t, PAINT_PLAIN, "?");
		else
			table_cell(&t, PAINT_PLAIN, "%lld", (long long)files);
		table_cell(&t, PAINT_PLAIN, "%s",
			   bytes < 0 ? "?" : view_bytes((uint64_t)bytes, size, sizeof size));
		table_cell(&t, PAINT_DIM, "%s", json_str(p, "why", NULL) ?: json_str(p, "keep", ""));
	}
	table_text(&t, s, ret);
}

static void root_text(const json_t *root, const struct style *s, struct buf *ret)
{
	autobuf struct buf left = BUF_MAX(4096);
	char size[32];

	buf_adds(ret, "  ");
	view_paint(ret, s, PAINT_BOLD, json_str(root, "name", "?"));
	buf_addf(ret, ": %lld files, %s\n", (long long)json_int(root, "files", 0),
		 view_bytes((uint64_t)json_int(root, "bytes", 0), size, sizeof size));
	view_field(ret, s, "of", json_str(root, "path", NULL));
	view_field(ret, s, "kept in", json_str(root, "keep", NULL));
	view_field(ret, s, "manifest", json_str(root, "manifest", NULL));
	if (json_array_size(json_object_get(root, "leave_out"))) {
		view_value(&left, json_object_get(root, "leave_out"), 200);
		view_field(ret, s, "without", buf_str(&left));
	}
}

void view_point(const json_t *doc, const struct style *s, struct buf *ret)
{
	const json_t *about = json_object_get(doc, "about");
	const char *state = json_str(doc, "state", "?"), *key;
	json_t *value;
	size_t at;
	json_t *root;

	buf_adds(ret, "Restore point ");
	view_paint(ret, s, PAINT_BOLD, json_str(doc, "id", "?"));
	buf_adds(ret, ", ");
	view_paint(ret, s, paint_of(state), state);
	buf_addf(ret, ", made %s\n", json_str(doc, "created", "?"));
	json_object_foreach((json_t *)about, key, value)
	{
		autobuf struct buf text = BUF_MAX(4096);

		view_value(&text, value, 200);
		view_field(ret, s, key, buf_str(&text));
	}
	view_field(ret, s, "kept", json_str(doc, "keep", NULL));
	json_array_foreach(json_object_get(doc, "roots"), at, root) { root_text(root, s, ret); }
}
