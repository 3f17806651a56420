#include "cli/blocked.h"

#include "engine/checks.h"

bool blocked_by_checks(struct call *c, const struct goal *g, const struct facts *now, struct err *e)
{
	autobuf struct buf which = BUF_MAX(4096);
	struct results found = { 0 };
	const struct err why = *e;
	struct err none = ERR_INIT;
	const struct sheet *texts;
	size_t stopping;

	if (why.kind == ERR_CANCELED || sheet_of(g->product, &texts, &none) < 0)
		return false;
	checks_run(product_named(g->product), now, g, &found);
	stopping = checks_stopping(&found, texts, c->opts.accept, true, &which);
	results_done(&found);
	if (!stopping)
		return false;
	err_clear(e);
	err_set(e, ERR_REFUSED, "blocked by %s", buf_str(&which));
	err_hint(e, "'crossgrade check' tells what is in the way and the remedies");
	return true;
}
