/* A procedure: what a person does by hand on a host where crossgrade does not run, and how he goes back, as a part of a plan.
 *
 * A product whose by_hand() says so (engine/product.h) fills it instead of steps. It stands in the plan's document and in its
 * digest: {"host","shell","forward":[step],"back":[step]}, a step {"id","title","why"|null,"down","point","commands":[text],
 * "expect":[text]}. "down": clients are not served while it is done. "point": the first start of the new build; plan_seal() names it
 * as the point of no return. Commands are pasted by an administrator: whoever writes one answers for every character that comes from
 * elsewhere. `apply` refuses such a plan.
 *
 *	procedure_begin(plan, "the Windows host", "PowerShell, run as administrator");
 *	json_t *stop = procedure_add(plan, PROCEDURE_FORWARD, "stop", "Stop the server", NULL, PROCEDURE_DOWN);
 *	procedure_do(stop, "Stop-Service -Name 'SFTPGo'");
 *	procedure_expect(stop, "no error"); */
#pragma once

#include "engine/plan.h"

enum procedure_way { PROCEDURE_FORWARD, PROCEDURE_BACK };
enum procedure_flags { PROCEDURE_DOWN = 1 << 0, PROCEDURE_POINT = 1 << 1 };

void procedure_begin(struct plan *p, const char *host, const char *shell);
/* Order is the order of adding. why may be NULL. Borrowed: it is the plan's. */
json_t *procedure_add(struct plan *p, enum procedure_way way, const char *id, const char *title, const char *why, unsigned flags);
void procedure_do(json_t *step, const char *fmt, ...) printf_like(2, 3);        /* one line to be pasted */
void procedure_expect(json_t *step, const char *fmt, ...) printf_like(2, 3);    /* what must be seen before going on */

/* Of a plan's document; NULL: it is carried out by apply. */
const json_t *procedure_of(const json_t *doc);
/* Id of its point of no return, or NULL. */
const char *procedure_point(const json_t *doc);
