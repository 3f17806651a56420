/* Logins that are tried: before the stop, and again at the new server before clients are let in. */
#include "products/sftpgo/draft.h"

#include "base/mem.h"
#include "products/sftpgo/trial_fit.h"
#include "products/sftpgo/trial_goal.h"

#define AGAIN "logins"

/* Those the operator named, each with what is known of it, its home where a file may be tried; a check blocks the plan of one that cannot log in. */
static json_t *users_of(const struct draft *d)
{
	const json_t *fit = facts_get(d->now, SF_TRIAL_USERS), *one;
	static const char *const keys[] = { "home", "encrypted", "two_factor", "remote" };
	json_t *users = json_array();
	size_t i;

	json_array_foreach(json_object_get(d->to->settings, "probe_users"), i, one)
	{
		const char *name = json_str(one, "user", "");
		const json_t *is = json_object_get(fit, name);
		json_t *user;

		if (json_object_get(facts_get(d->now, SF_TRIAL_UNPROVED), name))
			continue;
		user = json_copy((json_t *)one);
		for (size_t k = 0; k < ARRAY_LEN(keys); k++)
			json_object_set(user, keys[k], json_object_get(is, keys[k]));
		json_array_append_new(users, user);
	}
	return users;
}

static json_t *params_of(const struct draft *d)
{
	return json_pack("{so sO* sO* ss}", "users", users_of(d), "account", facts_get(d->now, SF_TRIAL_ACCOUNT), "host_key",
			 facts_get(d->now, SF_HOST_KEY), "within", "1m");
}

/* A check blocks such a plan. */
static bool refuses_account(const struct draft *d)
{
	return json_object_get(facts_get(d->now, SF_TRIAL_ACCOUNT), "no") != NULL;
}

static bool somebody_is_tried(const struct draft *d)
{
	autojson json_t *users = users_of(d);

	return json_array_size(users) > 0 || trial_wants_account(d->to);
}

void sftpgo_draft_trial(struct draft *d)
{
	if (somebody_is_tried(d) && facts_bool(d->now, SF_RUNNING, false) && !refuses_account(d))
		sftpgo_draft_step(d, PHASE_FREEZE, TRIAL_BEFORE, "login_trial", 0, params_of(d),
				  "what works before is what must work after");
}

void sftpgo_draft_trial_again(struct draft *d)
{
	json_t *params;

	if (!plan_step(d->plan, TRIAL_BEFORE))
		return;
	params = params_of(d);
	json_object_set_new(params, "then", plan_from(TRIAL_BEFORE, "seen"));
	json_object_set_new(params, "then_folders", plan_from(TRIAL_BEFORE, "folders"));
	json_object_set_new(params, "then_kept", plan_from(TRIAL_BEFORE, "kept"));
	json_object_set_new(params, "host_key", plan_from(TRIAL_BEFORE, "host_key"));
	sftpgo_draft_step(d, PHASE_PROVE, AGAIN, "login_trial", json_array_size(d->ports) ? STEP_IN_WINDOW : 0, params,
			  "logins that worked before work at the new server");
}

void sftpgo_draft_rule(struct draft *d)
{
	const json_t *rule = facts_get(d->now, SF_TRIAL_RULE);

	if (json_int(rule, "trigger", 0) == TRIAL_ON_DEMAND && json_bool(rule, "active", false))
		sftpgo_draft_step(d, PHASE_AFTER, "fire-rule", "rule_fire", STEP_NO_UNDO,
				  json_pack("{ss}", "rule", trial_rule(d->to)),
				  "the one event that is fired, because it was asked for by name");
}

size_t sftpgo_draft_logins(const struct draft *d)
{
	const struct step *s = plan_step(d->plan, AGAIN);

	if (!s || !(s->flags & STEP_IN_WINDOW))
		return 0;
	return json_array_size(json_object_get(s->params, "users")) + (json_object_get(s->params, "account") != NULL);
}
