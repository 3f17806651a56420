/* Administrators, users, names. */
#include "products/sftpgo/checks.h"

#include <string.h>

#include "products/sftpgo/named.h"

static bool version_of(const struct facts *now, const char *key, const char *id,
		       struct results *ret, struct sftpgo_version *v)
{
	const char *text = need_text(now, key, id, ret);

	if (!text)
		return false;
	if (sftpgo_version_parse(text, v))
		return true;
	results_add(ret, id, VERDICT_UNSURE, NULL, "'%s' is no version that is known here", text);
	return false;
}

static bool is_since(const struct sftpgo_version *v, int minor, int patch)
{
	struct sftpgo_version from = { .major = 2, .minor = minor, .patch = patch };

	return sftpgo_version_cmp(v, &from) >= 0;
}

CHECK(names)
{
	static const char id[] = "sftpgo.names";
	const json_t *names, *schema;
	struct sftpgo_version v;

	if (!version_of(now, SF_TARGET_VERSION, id, ret, &v) ||
	    !need(now, SF_NAMES, id, ret, &names) || !need(now, SF_SCHEMA, id, ret, &schema))
		return;

	autofree char *actions = named_text(json_object_get(names, "event_actions")),
		      *others = named_text(json_object_get(names, "objects"));
	bool saved_anew = json_integer_value(schema) < DOTTED_SCHEMA;

	if (!is_since(&v, 7, 1) || (!actions && !others)) {
		results_add(ret, id, VERDICT_PASS, NULL, "%s",
			    actions || others ? "the target refuses none" : "all are accepted");
		return;
	}
	if (actions)
		results_add(ret, id, saved_anew ? VERDICT_BLOCK : VERDICT_WARN, "event actions",
			    "%s%s", actions,
			    saved_anew ? "; the schema step saves each anew, and fails" : "");
	if (others)
		results_add(ret, id, VERDICT_WARN, "objects",
			    "%s; they stay, and cannot be saved again", others);
}

static void judge_login_admin(const struct facts *now, struct results *ret)
{
	static const char id[] = "sftpgo.super-admin";
	const json_t *a = facts_get(now, SF_LOGIN_ADMIN);
	const char *user = json_str(a, "user", "?");

	if (!json_bool(a, "found", false))
		results_add(ret, id, VERDICT_BLOCK, user, "there is no such administrator");
	else if (!json_bool(a, "active", false))
		results_add(ret, id, VERDICT_BLOCK, user, "it is switched off");
	else if (!json_bool(a, "super", false))
		results_add(ret, id, VERDICT_WARN, user, "it has not every permission");
	else if (json_bool(a, "two_factor", false) || json_bool(a, "needs_two_factor", false))
		results_add(ret, id, VERDICT_BLOCK, user,
			    "it has a second factor, which nobody can give in a run");
	else if (json_bool(a, "needs_password", false))
		results_add(ret, id, VERDICT_BLOCK, user, "it has to change its password first");
	else if (json_bool(a, "allow_list", false))
		results_add(ret, id, VERDICT_WARN, user,
			    "it may log in from listed addresses only");
	else
		results_add(ret, id, VERDICT_PASS, user, "every permission, no second factor");
}

CHECK(super_admin)
{
	static const char id[] = "sftpgo.super-admin";
	const json_t *admins;

	if (!need(now, SF_ADMINS, id, ret, &admins))
		return;
	if (facts_get(now, SF_LOGIN_ADMIN))
		judge_login_admin(now, ret);
	results_add(
	    ret, id, json_bool(admins, "super", false) ? VERDICT_PASS : VERDICT_WARN, NULL, "%s",
	    json_bool(admins, "super", false) ? "there is one with every permission"
					      : "no active administrator has every permission");
}

CHECK(admin_permissions)
{
	static const char id[] = "sftpgo.admin-permissions";
	const json_t *admins;

	if (!need(now, SF_ADMINS, id, ret, &admins))
		return;

	autofree char *which = named_text(json_object_get(admins, "removed"));

	results_add(ret, id, which ? VERDICT_WARN : VERDICT_PASS, NULL, "%s",
		    which ? which : "none");
}

CHECK(admin_groups)
{
	static const char id[] = "sftpgo.admin-groups";
	const json_t *admins, *conf;

	if (!goes_to_enterprise(now, to, id, ret) || !need(now, SF_ADMINS, id, ret, &admins) ||
	    !need(now, SF_CONF, id, ret, &conf))
		return;

	autofree char *which = named_text(json_object_get(admins, "partial"));
	const json_t *bridge =
	    json_object_get(json_object_get(conf, "variables"), "SFTPGO_HOOK__LEGACY_ADMIN_PERMS");
	bool bridged = !strcmp(json_str(bridge, "value", ""), "1");

	results_add(ret, id,
		    !which    ? VERDICT_PASS
		    : bridged ? VERDICT_NOTE
			      : VERDICT_WARN,
		    NULL, "%s%s", which ? which : "none",
		    which && bridged ? "; SFTPGO_HOOK__LEGACY_ADMIN_PERMS keeps their rights" : "");
}

/* How many users something befalls that only Enterprise does. */
static void judge_users(const struct facts *now, const struct goal *to, const char *id,
			const char *member, const char *means, struct results *ret)
{
	const json_t *users;
	long long n;

	if (!goes_to_enterprise(now, to, id, ret) || !need(now, SF_USERS, id, ret, &users))
		return;
	n = (long long)json_int(users, member, 0);
	results_add(ret, id, n ? VERDICT_WARN : VERDICT_PASS, NULL, n ? "%lld %s" : "none", n,
		    means);
}

CHECK(login_methods)
{
	judge_users(now, to, "sftpgo.login-methods", "two_steps",
		    "are denied each single method; Enterprise adds password before key, and "
		    "keyboard-interactive before key",
		    ret);
}

CHECK(backslashes)
{
	judge_users(now, to, "sftpgo.backslashes", "backslashes",
		    "users and groups have one in a path of a permission or virtual folder, where "
		    "it becomes a separator",
		    ret);
}

CHECK(symlinks)
{
	static const char id[] = "sftpgo.symlinks";
	struct sftpgo_version from, want;
	const json_t *users, *conf;
	long long n;

	if (!version_of(now, SF_VERSION, id, ret, &from) ||
	    !version_of(now, SF_TARGET_VERSION, id, ret, &want) ||
	    !need(now, SF_USERS, id, ret, &users) || !need(now, SF_CONF, id, ret, &conf))
		return;
	n = (long long)json_int(users, "symlinks", 0);
	if (is_since(&from, 7, 4) || !is_since(&want, 7, 4))
		results_add(ret, id, VERDICT_PASS, NULL, "both releases treat it alike");
	else if (json_integer_value(conf_value(now, "common.symlink_mode")))
		results_add(ret, id, VERDICT_PASS, NULL, "common.symlink_mode is set");
	else
		results_add(
		    ret, id, n ? VERDICT_WARN : VERDICT_PASS, NULL,
		    n ? "%lld users have create_symlinks: the target lets nobody create links"
		      : "nobody is given create_symlinks by name",
		    n);
}
