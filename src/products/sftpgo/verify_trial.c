#include "products/sftpgo/verify_trial.h"

#include "engine/plan.h"
#include "products/sftpgo/facts.h"
#include "products/sftpgo/trial.h"

static void compare_login(const struct site *s, const json_t *user, const char *host_key, struct comparisons *ret)
{
	struct trial_as as = trial_of(user);
	autofree char *subject = xasprintf("users %s", as.user);
	autotrial struct trial t = { 0 };
	struct err why = ERR_INIT;

	if (trial_open(s, &as, host_key, &t, &why) >= 0)
		cmp_same(ret, 1);
	else if (why.kind == ERR_DENIED || why.kind == ERR_CHANGED)
		cmp_add(ret, CMP_DIFFERENT, subject, "login", "taken", why.msg, NULL, NULL);
	else
		cmp_add(ret, CMP_UNPROVED, subject, "login", NULL, NULL, NULL, why.msg);
}

void compare_logins(const struct site *s, const struct goal *g, const json_t *pinned, struct comparisons *ret)
{
	const char *host_key = json_str(pinned, SF_HOST_KEY, NULL);
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(g->settings, "probe_users"), i, one)
		compare_login(s, one, host_key, ret);
}
