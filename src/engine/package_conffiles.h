/* Configuration files of packages while they are installed, and on the way back: what the operator has there stays, every byte. */
#pragma once

#include "engine/step.h"
#include "svc/packager.h"

/* All of it borrowed. params and undo are those of the step package_install: "conffiles" of both in the same order, "beside" and
 * "old_conffiles". */
struct package_conffiles {
	struct ctx *c;
	struct site *site;
	const struct packager *p;
	const json_t *params, *undo;
};

/* Images of them and of what may come to lie beside them, appended to "conffiles" and "beside" of ret. */
int package_conffiles_take(const struct package_conffiles *w, json_t *ret, struct err *e) must_check;
/* Once the new packages are there: one that they replaced is put back, theirs laid beside it. ERR_CHANGED: a third value. */
int package_conffiles_keep(const struct package_conffiles *w, struct err *e) must_check;
/* Would the way back meet a third value? ERR_CHANGED, unless ctx->force. */
int package_conffiles_look(const struct package_conffiles *w, struct err *e) must_check;
/* As they were, nothing of ours or the manager's beside them; those that the restore point brings back are left to it. */
int package_conffiles_put_back(const struct package_conffiles *w, struct err *e) must_check;
