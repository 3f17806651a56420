#include "products/sftpgo/tables_made.h"

#include <string.h>

#include "engine/plan.h"
#include "io/file.h"
#include "products/sftpgo/facts.h"
#include "products/sftpgo/tables.h"
#include "products/sftpgo/version.h"

#define MADE_FILE "tables.migrated"
#define FILE_MAX  (4u << 20)

int tables_made_note(struct ctx *c, struct provider *p, struct err *e)
{
	autobuf struct buf text = BUF_MAX(FILE_MAX);
	autojson json_t *now = NULL;
	int has = c->blobs.fd < 0 ? 1 : dir_has(&c->blobs, MADE_FILE, e);

	if (has)
		return has < 0 ? has : 0;
	if (tables_unknown(p, &now, e) < 0)
		return -(int)e->kind;
	json_canonical(now, &text);
	if (buf_check(&text, "the names of the tables", e) < 0)
		return -(int)e->kind;
	return file_replace(&c->blobs, MADE_FILE, buf_sv(&text), FILE_PRIVATE, e);
}

/* An open source release of which the schema is known here: tables.c names all its tables. */
static bool target_is_known(const struct ctx *c)
{
	const char *version = c->plan ? json_str(plan_pinned(c->plan), SF_TARGET_VERSION, NULL) : NULL;
	struct sftpgo_version v;

	return version && sftpgo_version_parse(version, &v) && sftpgo_version_schema(&v) &&
	       !strcmp(sftpgo_version_edition(&v), SFTPGO_OPEN_SOURCE);
}

json_t *tables_made(struct ctx *c, const json_t *before, const json_t *now, const json_t *leaning, json_t **ret_left)
{
	bool known = target_is_known(c), untold = false;
	json_t *made = json_array(), *left = json_array(), *one;
	autojson json_t *after = NULL;
	struct err none = ERR_INIT;
	size_t i;

	/* Of a note that cannot be read nothing is to be told: then none of them goes. */
	if (c->blobs.fd >= 0 && json_read(&c->blobs, MADE_FILE, FILE_MAX, &after, &none) < 0)
		untold = none.kind != ERR_ABSENT;
	json_array_foreach((json_t *)now, i, one)
	{
		const char *name = json_string_value(one);
		bool in_time = !untold && (!after || json_lists(after, name));

		if (before && !json_lists(before, name))
			json_array_append(in_time && (!known || json_lists(leaning, name)) ? made : left, one);
	}
	*ret_left = left;
	return made;
}
