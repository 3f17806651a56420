/* Logins that are tried: with accounts that the operator named, and nobody else's. */
#include "products/sftpgo/checks.h"

#include <string.h>

#include "products/sftpgo/trial_fit.h"
#include "products/sftpgo/trial_goal.h"

static void judge_user(const struct facts *now, const char *user, const json_t *fit, struct results *ret)
{
	static const char id[] = "sftpgo.probe-users";
	const char *shut = json_str(fit, "no_login", NULL), *no_files = json_str(fit, "no_files", NULL);
	const char *said = json_str(facts_get(now, SF_TRIAL_LOGINS), user, NULL), *no_proof = json_str(facts_get(now, SF_TRIAL_UNPROVED), user, NULL);

	if (shut)
		results_add(ret, id, VERDICT_BLOCK, user, "%s", shut);
	else if (no_proof)
		results_add(ret, id, VERDICT_NOTE, user, "its login is not proved: %s", no_proof);
	else if (!said)
		results_add(ret, id, VERDICT_NOTE, user, "not tried: %s", facts_why_missing(now, SF_TRIAL_LOGINS) ?: "nobody did");
	else if (*said)
		results_add(ret, id, VERDICT_BLOCK, user, "%s", said);
	else if (no_files)
		results_add(ret, id, VERDICT_NOTE, user, "login only, no file is sent: %s", no_files);
	else if (json_bool(fit, "encrypted", false))
		results_add(ret, id, VERDICT_PASS, user,
			    "the server takes its login; a small file is sent, read back and removed, and another left until the new server has "
			    "read it; a way back, or finalize, removes it, and the quota may count it until it is counted again");
	else
		results_add(ret, id, VERDICT_PASS, user, "the server takes its login; a small file is sent, read back and removed");
}

/* What the new release reads of that is seen by an account alone. */
static void judge_encrypted(const struct facts *now, struct results *ret)
{
	int64_t n = json_int(facts_get(now, SF_BACKENDS), "encrypted", 0);
	const json_t *fit;
	const char *name;

	json_object_foreach((json_t *)facts_get(now, SF_TRIAL_USERS), name, fit)
		if (json_bool(fit, "encrypted", false) && !json_object_get(facts_get(now, SF_TRIAL_UNPROVED), name))
			return;
	if (n)
		results_add(ret, "sftpgo.probe-users", VERDICT_NOTE, NULL,
			    "%lld users, groups and folders encrypt their files on this host: that the new release reads them is not "
			    "proved, unless one with such a home is named",
			    (long long)n);
}

CHECK(probe_users)
{
	static const char id[] = "sftpgo.probe-users";
	const json_t *users, *fit;
	const char *name;

	if (!to) {
		results_add(ret, id, VERDICT_UNSURE, NULL, "no goal was given");
		return;
	}
	judge_encrypted(now, ret);
	if (!json_array_size(json_object_get(to->settings, "probe_users"))) {
		results_add(ret, id, VERDICT_PASS, NULL, "none are named: hashes, keys and permissions must be equal, no login is tried");
		return;
	}
	if (!need(now, SF_TRIAL_USERS, id, ret, &users))
		return;
	json_object_foreach((json_t *)users, name, fit)
		judge_user(now, name, fit, ret);
}

CHECK(probe_account)
{
	static const char id[] = "sftpgo.probe-account";
	const json_t *account;
	const char *no;

	if (!to) {
		results_add(ret, id, VERDICT_UNSURE, NULL, "no goal was given");
		return;
	}
	if (!trial_wants_account(to)) {
		results_add(ret, id, VERDICT_PASS, NULL, "none is asked for");
		return;
	}
	if (!need(now, SF_TRIAL_ACCOUNT, id, ret, &account))
		return;
	no = json_str(account, "no", NULL);
	results_add(ret, id, no ? VERDICT_BLOCK : VERDICT_PASS, NULL, "%s%s", no ? no : "made for the moment, in a folder of its own below ",
		    no ? "" : json_str(account, "below", "?"));
}

/* Why the rule that is named cannot be fired; NULL: it can. */
static const char *no_rule(const struct facts *now, const char *name, const json_t *rule)
{
	int64_t trigger = json_int(rule, "trigger", 0);

	if (!json_bool(rule, "found", false))
		return "there is no such event rule";
	if (!json_bool(rule, "active", false))
		return "it is switched off";
	if (json_object_get(facts_get(now, SF_RULES), name))
		return "its actions hold placeholders, delete or copy patterns: it is set inactive before the stop, until somebody has looked";
	if (trigger != TRIAL_ON_DEMAND && trigger != TRIAL_FS_EVENT)
		return "it is neither started on demand nor by what happens to files";
	if (trigger == TRIAL_ON_DEMAND && !facts_bool(now, SF_LOGIN, false))
		return "it is started through the running server, which needs a login";
	return NULL;
}

CHECK(probe_rule)
{
	static const char id[] = "sftpgo.probe-rule";
	const char *name = to ? trial_rule(to) : NULL, *no;
	const json_t *rule;

	if (!to) {
		results_add(ret, id, VERDICT_UNSURE, NULL, "no goal was given");
		return;
	}
	if (!name) {
		results_add(ret, id, VERDICT_PASS, NULL, "none is named: no event is fired");
		return;
	}
	if (!need(now, SF_TRIAL_RULE, id, ret, &rule))
		return;
	no = no_rule(now, name, rule);
	if (no)
		results_add(ret, id, VERDICT_BLOCK, name, "%s", no);
	else if (json_int(rule, "trigger", 0) == TRIAL_ON_DEMAND)
		results_add(ret, id, VERDICT_PASS, name, "started once at the new server, after clients were let in");
	else
		results_add(ret, id, VERDICT_PASS, name, "fired by the file that a trial sends, before the stop and after");
}
