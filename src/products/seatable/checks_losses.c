/* From Enterprise to Developer Edition: what is lost or cannot be reached. The plan asks for each loss by its name (--accept-loss); here it
 * is counted. Source: facts/seatable 3.6. */
#include "products/seatable/checks.h"

#include <string.h>

static bool to_developer(const struct facts *now, const struct goal *to, const char *id, struct results *ret)
{
	return sea_goes_to(now, to, SEA_DEVELOPER, id, ret);
}

/* What was counted under a name; false after an UNSURE. Of a table that the installation never had there is nothing. */
static bool can_tell(const struct facts *now, const char *key, const char *name, const char *id, struct results *ret, const json_t **n)
{
	const json_t *counts, *missing = facts_get(now, SEA_UNCOUNTED);
	autofree char *label = strcmp(key, SEA_USERS) ? xstrdup(name) : xasprintf("users.%s", name);
	const char *why = json_str(missing, label, NULL);

	if (!need(now, key, id, ret, &counts))
		return false;
	*n = json_object_get(counts, name);
	if (!why || !strncmp(why, "there is no table", 17))
		return true;
	results_add(ret, id, VERDICT_UNSURE, NULL, "'%s' could not be counted: %s", name, why);
	return false;
}

static bool counted(const struct facts *now, const char *key, const char *name, const char *id, struct results *ret, int64_t *n)
{
	const json_t *found;

	if (!can_tell(now, key, name, id, ret, &found))
		return false;
	*n = json_integer_value(found);
	return true;
}

CHECK(storage)
{
	static const char id[] = "seatable.storage";
	const json_t *storage;

	if (!need(now, SEA_STORAGE, id, ret, &storage) || !to_developer(now, to, id, ret))
		return;
	if (!strcmp(json_str(storage, "kind", ""), "s3"))
		results_add(ret, id, VERDICT_BLOCK, NULL, "data lies in S3, by %s; Developer Edition has local storage alone",
			    json_str(storage, "by", "?"));
	else
		results_add(ret, id, VERDICT_PASS, NULL, "local");
}

static const char *feature(const struct facts *now, const char *name)
{
	return json_str(facts_get(now, SEA_FEATURES), name, NULL);
}

CHECK(teams)
{
	static const char id[] = "seatable.teams";
	const json_t *features;
	int64_t members;

	if (!need(now, SEA_FEATURES, id, ret, &features) || !to_developer(now, to, id, ret) ||
	    !counted(now, SEA_USERS, "orgs", id, ret, &members))
		return;
	if (members || feature(now, "teams"))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%lld users are in teams%s%s", (long long)members, feature(now, "teams") ? ", by " : "",
			    feature(now, "teams") ? feature(now, "teams") : "");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "none");
}

/* ---- logins ---- */

static const char *sso_by(const struct facts *now)
{
	static const char *const ways[] = { "ldap", "oauth", "saml", "sso" };

	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		if (feature(now, ways[i]))
			return feature(now, ways[i]);
	return NULL;
}

CHECK(local_admin)
{
	static const char id[] = "seatable.local-admin";
	int64_t local, sso;

	if (!to_developer(now, to, id, ret) || !counted(now, SEA_USERS, "local_staff", id, ret, &local) ||
	    !counted(now, SEA_USERS, "sso", id, ret, &sso))
		return;
	if (!local && (sso || sso_by(now)))
		results_add(ret, id, VERDICT_BLOCK, NULL, "no administrator has a password of SeaTable's own: nobody could log in to mend anything");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%lld administrators with a password", (long long)local);
}

CHECK(sso_users)
{
	static const char id[] = "seatable.sso-users";
	int64_t sso;

	if (!to_developer(now, to, id, ret) || !counted(now, SEA_USERS, "sso", id, ret, &sso))
		return;
	if (sso || sso_by(now))
		results_add(ret, id, VERDICT_WARN, NULL, "%lld users have no password of their own and cannot log in%s%s", (long long)sso,
			    sso_by(now) ? "; in use is " : "", sso_by(now) ? sso_by(now) : "");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "none");
}

/* ---- data and rights ---- */

CHECK(archives)
{
	static const char id[] = "seatable.archives";
	int64_t rows, bases;
	const json_t *folders;

	if (!to_developer(now, to, id, ret) || !counted(now, SEA_COUNTS, "archived_rows", id, ret, &rows) ||
	    !counted(now, SEA_COUNTS, "archived_bases", id, ret, &bases) || !need(now, SEA_ARCHIVES, id, ret, &folders))
		return;
	if (rows || json_integer_value(folders))
		results_add(ret, id, VERDICT_WARN, NULL, "%lld archived rows of %lld bases cannot be reached; %lld folders in db-data", (long long)rows,
			    (long long)bases, (long long)json_integer_value(folders));
	else
		results_add(ret, id, VERDICT_PASS, NULL, "none");
}

/* {name: number} as results, one each. */
static bool warn_each(const json_t *by, const char *id, const char *noun, const char *without, const char *seen, struct results *ret)
{
	const char *name;
	bool any = false;
	json_t *n;

	json_object_foreach((json_t *)by, name, n) {
		autofree char *subject = xasprintf("%s %s", noun, name);

		if (!json_integer_value(n) || !strcmp(name, without))
			continue;
		results_add(ret, id, VERDICT_WARN, subject, "%lld %s", (long long)json_integer_value(n), seen);
		any = true;
	}
	return any;
}

CHECK(apps)
{
	static const char id[] = "seatable.apps";
	const json_t *apps;

	if (!to_developer(now, to, id, ret) || !can_tell(now, SEA_COUNTS, "apps", id, ret, &apps))
		return;
	if (!warn_each(apps, id, "app type", "", "apps that nobody can open", ret))
		results_add(ret, id, VERDICT_PASS, NULL, "none");
}

/* Which rights they give is in the configuration alone. */
static bool warn_of_roles(const struct facts *now, const char *name, const char *subject, struct results *ret)
{
	const char *by = feature(now, name);

	if (by)
		results_add(ret, "seatable.roles", VERDICT_WARN, subject, "they are configured by role, and no longer hold (by %s)", by);
	return by;
}

CHECK(roles)
{
	static const char id[] = "seatable.roles";
	const json_t *roles, *features;
	int64_t limited;
	bool any;

	if (!to_developer(now, to, id, ret) || !need(now, SEA_FEATURES, id, ret, &features) ||
	    !can_tell(now, SEA_USERS, "roles", id, ret, &roles) || !counted(now, SEA_COUNTS, "admin_roles", id, ret, &limited))
		return;
	any = warn_each(roles, id, "role", "default", "users whose rights and quotas no longer hold", ret);
	any |= warn_of_roles(now, "roles", "rights and quotas of users", ret);
	if (limited)
		results_add(ret, id, VERDICT_WARN, "administrators", "%lld have roles that no longer limit them", (long long)limited);
	if (!warn_of_roles(now, "admin_roles", "rights of administrators", ret) && !any && !limited)
		results_add(ret, id, VERDICT_PASS, NULL, "none");
}

CHECK(permissions)
{
	static const char id[] = "seatable.permissions";
	int64_t users, groups;

	if (!to_developer(now, to, id, ret) || !counted(now, SEA_COUNTS, "view_shares", id, ret, &users) ||
	    !counted(now, SEA_COUNTS, "group_shares", id, ret, &groups))
		return;
	results_add(ret, id, VERDICT_WARN, NULL, "%lld view shares with users and %lld with groups; locks of columns and rows are within the bases and "
		    "cannot be counted, and none of these is enforced any more", (long long)users, (long long)groups);
}

CHECK(lost_features)
{
	static const char id[] = "seatable.lost-features";
	static const struct {
		const char *name;
		enum verdict verdict;
		const char *lost;
	} lost[] = {
		{ "office", VERDICT_WARN, "documents are no longer opened in OnlyOffice or Collabora" },
		{ "antivirus", VERDICT_WARN, "uploads are no longer scanned for viruses" },
		{ "whiteboard", VERDICT_WARN, "whiteboards cannot be opened" },
		{ "seadoc", VERDICT_NOTE, "the vendor's pages disagree on report design in Developer Edition" },
		{ "html", VERDICT_WARN, "HTML pages of apps are no longer served" },
		{ "metrics", VERDICT_NOTE, "metrics are no longer served" },
	};
	int64_t found = json_int(facts_get(now, SEA_COUNTS), "virus", 0);
	const json_t *features;
	size_t before = ret->n;

	if (!need(now, SEA_FEATURES, id, ret, &features) || !to_developer(now, to, id, ret))
		return;
	for (size_t i = 0; i < ARRAY_LEN(lost); i++)
		if (feature(now, lost[i].name))
			results_add(ret, id, lost[i].verdict, lost[i].name, "%s (by %s)", lost[i].lost, feature(now, lost[i].name));
	if (feature(now, "antivirus") && found)
		results_add(ret, id, VERDICT_WARN, "antivirus", "%lld files were found to hold a virus, and are listed nowhere then", (long long)found);
	if (ret->n == before)
		results_add(ret, id, VERDICT_PASS, NULL, "none of them is in use");
}
