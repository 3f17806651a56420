#include "products/sftpgo/database_copy.h"

#include <string.h>

#include "base/mem.h"
#include "engine/serve.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/tables.h"

#define WITHIN (3600 * NS_PER_S)

void database_copy_done(struct database_copy *d)
{
	database_at_done(&d->at);
	dump_tool_done(&d->tool);
	point_done(&d->point);
	json_decref(d->tables);
	json_decref(d->unknown);
	json_decref(d->leaning);
	free(d->schema);
	free(d->server);
	*d = (struct database_copy){ .point = { .dir = DIR_NONE } };
}

/* A database half way between two schemas, or half put back, may have no number at all. */
static int read_number(struct database_copy *d, struct err *e)
{
	autoprovider struct provider *p = NULL;
	struct err why = ERR_INIT;

	if (provider_open(&d->at, &p, &why) >= 0)
		d->number = provider_schema(p);
	else if (why.kind != ERR_FORMAT)
		*e = why;
	return why.kind && why.kind != ERR_FORMAT ? -(int)e->kind : 0;
}

static int look(struct database_copy *d, struct err *e)
{
	autoprovider struct provider *p = NULL;

	if (provider_connect(&d->at, &p, e) < 0)
		return -(int)e->kind;
	d->server = xstrdup(provider_server_version(p));
	if (!strcmp(d->at.driver, "postgresql") && tables_schema(p, &d->schema, e) < 0)
		return -(int)e->kind;
	return tables_list(p, &d->tables, e) < 0 || tables_unknown(p, &d->unknown, e) < 0 ||
			       tables_leaning(p, &d->leaning, e) < 0 || tables_shape(p, d->shape, e) < 0 ?
		       -(int)e->kind :
		       0;
}

int database_copy_open(struct ctx *c, const json_t *params, bool make, struct database_copy *ret, struct err *e)
{
	autodatabasecopy struct database_copy d = { .point = { .dir = DIR_NONE } };

	if (database_at(c, NULL, NULL, &d.at, e) < 0 || look(&d, e) < 0 || read_number(&d, e) < 0 ||
	    dump_tool_find(d.at.driver, d.server, json_str(params, "tools", NULL), &d.tool, e) < 0 ||
	    point_of_run(c, make, &d.point, e) < 0)
		return -(int)e->kind;
	*ret = d;
	d = (struct database_copy){ .point = { .dir = DIR_NONE } };
	return 0;
}

struct dump_job database_copy_job(const struct database_copy *d, const json_t *params)
{
	return (struct dump_job){ .at = &d->at,
				  .tool = &d->tool,
				  .dir = &d->point.dir,
				  .schema = d->schema,
				  .server = d->server,
				  .within_ns = params_span(params, "within", WITHIN) };
}
