/* uploads_left: name what the uploads that were cut left behind. They are the users' files: nothing is removed. params
 * {"cut": the result of transfers_drain}; result {"left":[path]}, at most 100. */
#include "engine/step.h"

#include <string.h>

#include "engine/event.h"
#include "io/dir.h"
#include "products/sftpgo/transfers.h"

#define NAMED       100
#define ENTRIES_MAX 100000

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "name what cut uploads left behind");
	return buf_check(ret, "the description", e);
}

static void look_in(struct ctx *c, const char *path, const char *name, json_t *left)
{
	cleanup_with(dir_names_done) struct dir_names names = { 0 };
	autodir struct dir d = DIR_NONE;
	struct err none = ERR_INIT;

	if (dir_open(path, &d, &none) < 0 || dir_list(&d, "", ENTRIES_MAX, &names, &none) < 0)
		return;
	vec_each (&names, it) {
		autofree char *file = xasprintf("%s/%s", path, it->name);

		if (!transfer_left(it->name, name) || json_array_size(left) >= NAMED)
			continue;
		json_array_append_new(left, json_text(file));
		event_emit(c->events, "note", json_pack("{so}", "text", json_sprintf("left of a cut upload: %s", file)));
	}
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	json_t *left = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(params, "cut"), i, one)
	{
		const char *dir = json_str(one, "dir", NULL), *slash = strrchr(json_str(one, "path", ""), '/');

		if (dir && slash && !strcmp(json_str(one, "type", ""), "upload"))
			look_in(c, dir, slash + 1, left);
	}
	*ret_result = json_pack("{so}", "left", left);
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;
}

const struct step_kind step_uploads_left = { "uploads_left", 1, LIFE_DURABLE, describe,
					     step_capture_nothing, apply, step_verify_result, undo };
