#include <stdlib.h>

#include "products/notes/notes.h"

static void unsure(const struct facts *now, const char *key, const char *id, struct results *ret)
{
	const char *why = facts_why_missing(now, key);

	results_add(ret, id, VERDICT_UNSURE, NULL, "%s is not known: %s", key, why ? why : "nobody looked");
}

static void check_running(const struct facts *now, const struct goal *to, struct results *ret)
{
	if (!facts_get(now, NF_RUNNING))
		unsure(now, NF_RUNNING, "notes.running", ret);
	else if (facts_bool(now, NF_RUNNING, false))
		results_add(ret, "notes.running", VERDICT_PASS, NULL, "it runs");
	else
		results_add(ret, "notes.running", VERDICT_BLOCK, NULL, "nobody holds its lock");
}

static void check_not_older(const struct facts *now, const struct goal *to, struct results *ret)
{
	const char *is = facts_str(now, NF_VERSION, NULL), *wanted = facts_str(now, NF_TARGET_VERSION, NULL);

	if (!is || !wanted)
		unsure(now, is ? NF_TARGET_VERSION : NF_VERSION, "notes.not-older", ret);
	else
		results_add(ret, "notes.not-older",
		            strtol(wanted, NULL, 10) < strtol(is, NULL, 10) ? VERDICT_BLOCK : VERDICT_PASS, NULL,
		            "%s to %s", is, wanted);
}

const struct check notes_checks[] = {
	{ "notes.running", check_running },
	{ "notes.not-older", check_not_older },
	{ NULL, NULL },
};
