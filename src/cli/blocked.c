#include "cli/blocked.h"

#include "engine/checks.h"

#define NAMED 4

/* The worst come first. */
static void name_few(struct sv ids, size_t all, struct buf *ret)
{
	size_t n = 0;

	for (; ids.n && n < NAMED; n++) {
		buf_adds(ret, n ? ", " : "");
		buf_add_sv(ret, sv_trim(sv_cut(&ids, ',')));
	}
	if (ids.n)
		buf_addf(ret, " and %zu more", all - n);
}

bool blocked_by_checks(struct call *c, const struct goal *g, const struct facts *now, struct err *e)
{
	autobuf struct buf ids = BUF_MAX(1u << 20), few = BUF_MAX(4096);
	struct results found = { 0 };
	const struct err why = *e;
	struct err none = ERR_INIT;
	const struct sheet *texts;
	size_t stopping;

	if (why.kind == ERR_CANCELED || sheet_of(g->product, &texts, &none) < 0)
		return false;
	checks_run(product_named(g->product), now, g, &found);
	stopping = checks_stopping(&found, texts, c->opts.accept, true, &ids);
	results_done(&found);
	if (!stopping)
		return false;
	err_clear(e);
	name_few(buf_sv(&ids), stopping, &few);
	err_set(e, ERR_REFUSED, "%s; blocked by %s", why.msg, buf_str(&few));
	err_hint(e, "'crossgrade check' tells what is in the way and the remedies");
	return true;
}
