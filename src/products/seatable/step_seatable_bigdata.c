/* seatable_bigdata: rows that were archived lie in db-data, which no copy holds; the server's own backup-all writes them into storage-data, of
 * which one is made then. It needs the services to run (docs/maintenance/backup-recovery of the vendor's admin docs).
 *
 * params {"container","within":"1h"}; result {}. Its undo is nothing: what it wrote is what the server writes each night, too. */
#include "engine/serve.h"
#include "products/seatable/inside.h"

#define WITHIN (3600 * NS_PER_S)

static int describe(const json_t *params unused_arg, struct buf *ret, struct err *e)
{
	buf_adds(ret, "let the server write archived rows into storage-data (backup-all)");
	return buf_check(ret, "the description", e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo unused_arg, json_t **ret_result, struct err *e)
{
	static const char *const argv[] = { "/opt/seatable/scripts/seatable.sh", "backup-all", NULL };
	struct inside what = { .container = json_str(params, "container", ""),
			       .argv = argv,
			       .within_ns = params_span(params, "within", WITHIN),
			       .cancel = c->cancel };

	if (inside_run(&what, NULL, e) < 0)
		return err_hint(e, "'settings.big_data: none' goes without: archived rows are then in no copy");
	*ret_result = json_object();
	return 0;
}

static int undo(struct ctx *c unused_arg, const json_t *params unused_arg, const json_t *undo unused_arg, struct err *e unused_arg)
{
	return 0;
}

const struct step_kind step_seatable_bigdata = { "seatable_bigdata", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, step_verify_result,
						 undo, .served = true };
