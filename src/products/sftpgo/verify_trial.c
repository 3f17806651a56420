#include "products/sftpgo/verify_trial.h"

#include <string.h>

#include "base/mem.h"
#include "products/sftpgo/trial.h"
#include "products/sftpgo/trial_fit.h"
#include "products/sftpgo/trial_goal.h"
#include "products/sftpgo/trial_objects.h"

static void unproved(struct comparisons *ret, const char *subject, const char *what, const char *why)
{
	cmp_add(ret, CMP_UNPROVED, subject, what, NULL, NULL, NULL, why);
}

/* A run turned back before it let clients in where it could be listed before: what refuses by now may be what is far away. */
static void compare_listing(struct trial *t, const char *subject, const char *path, struct comparisons *ret)
{
	autofree char *what = xasprintf("listing of '%s'", path);
	struct err why = ERR_INIT;

	if (trial_list(t, path, &why) >= 0)
		cmp_same(ret, 1);
	else
		unproved(ret, subject, what, why.msg);
}

/* Before the stop; where that is not at hand (later), when the plan was made. */
static bool was_taken(const struct ctx *c, const char *name)
{
	const struct step *before = plan_step(c->plan, TRIAL_BEFORE);
	const json_t *tried = json_object_get(c->results, TRIAL_BEFORE), *one;
	size_t i;

	if (tried)
		return json_object_get(json_object_get(tried, "seen"), name);
	json_array_foreach(json_object_get(before ? before->params : NULL, "users"), i, one)
	{
		if (!strcmp(json_str(one, "user", ""), name))
			return true;
	}
	return false;
}

/* What was taken before has to be; where nobody knows, a code may be what is wanted. */
static bool wants_code(const struct proof *p, const struct trial_as *as)
{
	bool taken = p->c->plan ? was_taken(p->c, as->user)
				: json_object_get(proof_fact(p, SF_TRIAL_USERS), as->user) &&
					  !json_object_get(proof_fact(p, SF_TRIAL_UNPROVED), as->user);

	return as->two_factor && as->password_file && !taken;
}

static void compare_login(const struct proof *p, const struct trial_as *as, const json_t *remote, const char *subject)
{
	const char *host_key = json_string_value(proof_fact(p, SF_HOST_KEY));
	autotrial struct trial t = { 0 };
	struct err why = ERR_INIT;
	const json_t *path;
	size_t i;

	if (trial_open(ctx_site(p->c, NULL), as, host_key, &t, &why) < 0) {
		if (why.kind == ERR_DENIED && wants_code(p, as))
			unproved(p->ret, subject, "login", TRIAL_NO_CODE);
		else if (why.kind == ERR_DENIED || why.kind == ERR_CHANGED)
			cmp_add(p->ret, CMP_DIFFERENT, subject, "login", "taken", why.msg, NULL, NULL);
		else
			unproved(p->ret, subject, "login", why.msg);
		return;
	}
	cmp_same(p->ret, 1);
	if (!t.listed)
		unproved(p->ret, subject, "listing of '/'", "the server does not let it list its home");
	json_array_foreach((json_t *)remote, i, path)
		compare_listing(&t, subject, json_string_value(path), p->ret);
}

static void compare_user(const struct proof *p, const struct trial_objects *o, const json_t *user)
{
	const char *name = json_str(user, "user", "");
	autojson json_t *fit = trial_objects_user(o, name), *remote = trial_objects_remote(o, name);
	struct trial_as as = trial_of(user, fit);
	autofree char *subject = xasprintf("users %s", name);

	if (p->c->plan && wants_code(p, &as))
		unproved(p->ret, subject, "login", TRIAL_NO_CODE);
	else
		compare_login(p, &as, remote, subject);
}

void compare_logins(const struct proof *p, struct provider *db)
{
	const json_t *users = json_object_get(p->to->settings, "probe_users"), *one;
	autotrialobjects struct trial_objects o = { 0 };
	struct err why = ERR_INIT;
	size_t i;

	if (!json_array_size(users))
		return;
	if (trial_objects_read(db, users, &o, &why) < 0) {
		unproved(p->ret, "users", "logins", why.msg);
		return;
	}
	json_array_foreach((json_t *)users, i, one)
		compare_user(p, &o, one);
}
