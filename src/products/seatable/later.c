/* What this product cannot do yet, and says so. */
#include "products/seatable/seatable.h"

static int not_built(const char *what, struct err *e)
{
	return err_set(e, ERR_REFUSED, "%s of SeaTable is not built yet: it can be inspected and checked", what);
}

int seatable_scope(const struct facts *now unused_arg, const struct goal *to unused_arg, struct scope *ret unused_arg, struct err *e)
{
	return not_built("the switch", e);
}

int seatable_plan(const struct facts *now unused_arg, const struct goal *to unused_arg, struct plan *ret unused_arg, struct err *e)
{
	return not_built("the switch", e);
}

int seatable_verify(struct ctx *c unused_arg, const struct facts *frozen unused_arg, const struct goal *to unused_arg,
		    enum depth d unused_arg, struct comparisons *ret unused_arg, struct err *e)
{
	return not_built("the comparison", e);
}

int seatable_since(struct ctx *c unused_arg, const struct facts *frozen unused_arg, struct writes *ret unused_arg, struct err *e)
{
	return not_built("the comparison", e);
}

int seatable_save_since(struct ctx *c unused_arg, const struct writes *w unused_arg, const struct dir *to unused_arg, struct err *e)
{
	return not_built("the comparison", e);
}
