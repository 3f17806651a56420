#include "products/seatable/bases.h"

#include <string.h>

#include "base/mem.h"

#define BASES_MAX 20000

static void add_row(const json_t *row, json_t *bases, json_t *workspaces)
{
	const char *id = sea_db_cell(row, 1);

	if (strcmp(sea_db_cell(row, 0), "base") != 0)
		json_object_set_new(workspaces, id, json_true());
	else
		json_object_set_new(bases, id,
				    json_pack("{ss sb}", "in", sea_db_cell(row, 2), "deleted", (int)(sea_db_number(row, 3) != 0)));
}

int sea_bases_look(const struct sea_db *db, const char *schema, json_t **ret, struct err *e)
{
	autofree char *name = sea_db_name(schema);
	autofree char *sql = xasprintf("SELECT 'base', uuid, workspace_id, deleted FROM %s.dtables LIMIT %d;\n"
				       "SELECT 'workspace', id, '', '' FROM %s.workspaces LIMIT %d;", name, BASES_MAX + 1, name, BASES_MAX + 1);
	autojson json_t *rows = NULL, *bases = json_object(), *workspaces = json_object();
	const json_t *row;
	size_t i;

	if (sea_db_rows(db, sql, &rows, e) < 0)
		return err_wrap(e, "list the bases");
	json_array_foreach(rows, i, row)
		add_row(row, bases, workspaces);
	if (json_object_size(bases) > BASES_MAX || json_object_size(workspaces) > BASES_MAX)
		return err_set(e, ERR_SPACE, "there are more than %d bases, or workspaces", BASES_MAX);
	*ret = json_pack("{sO sO}", "bases", bases, "workspaces", workspaces);
	return 0;
}

bool sea_base_vanished(const json_t *then, const json_t *now, const char *uuid)
{
	const json_t *was = json_object_get(json_object_get(then, "bases"), uuid), *is = json_object_get(json_object_get(now, "bases"), uuid);

	return was && !is && !json_bool(was, "deleted", false) && json_object_get(json_object_get(now, "workspaces"), json_str(was, "in", ""));
}
