/* The baseline of the proof, of the stopped database. */
#include "engine/plan.h"
#include "products/sftpgo/frozen.h"
#include "products/sftpgo/holders.h"
#include "products/sftpgo/inspect.h"

int look_at_frozen(struct look *k, struct err *e)
{
	const char *file = json_str(plan_pinned(k->c->plan), SF_DB_FILE, NULL);
	struct err why = ERR_INIT;

	if (file && holders_none(file, e) < 0)
		return -(int)e->kind;
	if (frozen_can_wait(k->c))
		look_observe(k, SF_FROZEN_OBJECTS, json_string("restore point"), "plan");
	else if (frozen_make(k->c, k->f, &why) >= 0)
		look_observe(k, SF_FROZEN_OBJECTS, json_string("records"), "data provider");
	else if (why.kind == ERR_ABSENT)
		look_missing(k, SF_FROZEN_OBJECTS, &why);
	else
		*e = why;
	return why.kind && why.kind != ERR_ABSENT ? -(int)e->kind : 0;
}
