#include "products/sftpgo/tables_made.h"

#include "io/file.h"
#include "products/sftpgo/tables.h"

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

json_t *tables_made(struct ctx *c, const json_t *before, const json_t *now)
{
	autojson json_t *after = NULL;
	json_t *made = json_array(), *name;
	struct err none = ERR_INIT;
	size_t i;

	if (c->blobs.fd >= 0 && json_read(&c->blobs, MADE_FILE, FILE_MAX, &after, &none) < 0 && none.kind != ERR_ABSENT)
		return made;    /* it cannot be told from somebody else's */
	json_array_foreach((json_t *)now, i, name)
		if (before && !json_lists(before, json_string_value(name)) && (!after || json_lists(after, json_string_value(name))))
			json_array_append(made, name);
	return made;
}
