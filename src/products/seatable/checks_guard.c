/* What stands between others and the run: the gate. */
#include "products/seatable/checks.h"

#include <string.h>

#include "products/seatable/gate.h"

CHECK(gate)
{
	static const char id[] = "seatable.gate";
	const char *asked = to ? goal_setting(to, "gate", NULL) : NULL, *none;
	const json_t *public;

	if (!need(now, SEA_PUBLIC, id, ret, &public))
		return;
	none = sea_no_gate(now);
	if (asked && !strcmp(asked, "none"))
		results_add(ret, id, VERDICT_NOTE, NULL, "none asked for: clients come in with the new server's first answer");
	else if (none)
		results_add(ret, id, asked ? VERDICT_BLOCK : VERDICT_WARN, NULL, "there is none: %s", none);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s is stopped before the server, and started when the checks have passed",
			    json_str(public, "proxy", "?"));
}
