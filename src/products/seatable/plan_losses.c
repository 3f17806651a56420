/* From Enterprise to Developer Edition: the data stays where it is, and some of it can be reached by nobody, or is guarded by nothing.
 * Each is named with what was counted, and wants to be agreed to by its own name. Source: facts/seatable 3.6 (the vendor's table of
 * editions). */
#include <stdio.h>
#include <string.h>

#include "products/seatable/seatable.h"

struct losing {
	const struct facts *now;
	struct plan *plan;
};

static int64_t counted(const struct losing *l, const char *name)
{
	return json_int(facts_get(l->now, SEA_COUNTS), name, 0);
}

static void lose(const struct losing *l, const char *id, const char *fmt, ...) printf_like(3, 4);
static void lose(const struct losing *l, const char *id, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	plan_loss(l->plan, id, text);
}

static int64_t sum_of(const json_t *counts)
{
	const char *name;
	const json_t *n;
	int64_t sum = 0;

	json_object_foreach((json_t *)counts, name, n) sum += json_integer_value(n);
	return sum;
}

static void lose_archives(const struct losing *l)
{
	int64_t rows = counted(l, "archived_rows"), bases = counted(l, "archived_bases");

	if (!bases)
		bases = facts_int(l->now, SEA_ARCHIVES, 0);
	if (rows || bases)
		lose(l, "archived-rows", "%lld archived rows of %lld bases cannot be reached in Developer Edition", (long long)rows,
		     (long long)bases);
	else if (facts_why_missing(l->now, SEA_ARCHIVES))
		lose(l, "archived-rows", "archived rows could not be counted in db-data, and cannot be reached in Developer Edition");
}

static void lose_apps(const struct losing *l)
{
	int64_t apps = sum_of(json_object_get(facts_get(l->now, SEA_COUNTS), "apps"));

	if (apps)
		lose(l, "apps", "%lld universal and external apps with %lld users cannot be opened in Developer Edition", (long long)apps,
		     (long long)counted(l, "app_users"));
}

/* What of it lies in the bases themselves cannot be counted by anybody. */
static void lose_permissions(const struct losing *l)
{
	lose(l, "permissions",
	     "permissions of columns, rows and private views are no longer enforced: %lld view shares with users, %lld with groups; those "
	     "within the bases cannot be counted", (long long)counted(l, "view_shares"), (long long)counted(l, "group_shares"));
}

static bool is_configured(const struct losing *l, const char *feature)
{
	return json_object_get(facts_get(l->now, SEA_FEATURES), feature);
}

/* The configuration can give other rights and quotas to 'default', too. */
static void lose_roles(const struct losing *l)
{
	const json_t *roles = json_object_get(facts_get(l->now, SEA_USERS), "roles");
	int64_t others = sum_of(roles) - json_int(roles, "default", 0), limited = counted(l, "admin_roles");

	if (others > 0)
		lose(l, "roles", "%lld users have roles of their own, whose rights and quotas no longer hold", (long long)others);
	else if (is_configured(l, "roles"))
		lose(l, "roles", "rights and quotas of roles are configured, and no longer hold");
	if (limited)
		lose(l, "admin-roles", "%lld administrators have limited roles, which no longer limit them", (long long)limited);
	else if (is_configured(l, "admin_roles"))
		lose(l, "admin-roles", "rights of administrators are configured by role, which no longer limits them");
}

static bool has_logins_elsewhere(const struct losing *l)
{
	return is_configured(l, "ldap") || is_configured(l, "oauth") || is_configured(l, "saml") || is_configured(l, "sso");
}

/* Of whom nobody was counted the configuration tells: who came by LDAP cannot be told for sure in the tables. */
static void lose_logins(const struct losing *l)
{
	int64_t sso = json_int(facts_get(l->now, SEA_USERS), "sso", 0);

	if (sso)
		lose(l, "sso-users", "%lld users log in by LDAP, OAuth or SAML and have no password here: they cannot log in before they get one",
		     (long long)sso);
	else if (has_logins_elsewhere(l))
		lose(l, "sso-users", "logins by LDAP, OAuth or SAML are configured, and no longer work");
}

static const struct {
	const char *feature, *what;
} features[] = {
	{ "office", "documents are no longer opened in OnlyOffice or Collabora" },
	{ "whiteboard", "whiteboards cannot be opened" },
	{ "html", "HTML pages of apps are no longer served" },
};

static void lose_antivirus(const struct losing *l)
{
	if (is_configured(l, "antivirus"))
		lose(l, "antivirus", "uploads are no longer scanned for viruses; %lld files were found to hold one", (long long)counted(l, "virus"));
}

static void lose_features(const struct losing *l)
{
	for (size_t i = 0; i < ARRAY_LEN(features); i++)
		if (is_configured(l, features[i].feature))
			lose(l, features[i].feature, "%s", features[i].what);
}

/* Permissions are always one of them. */
void seatable_losses(const struct facts *now, const struct goal *to, struct plan *ret)
{
	struct losing l = { now, ret };
	struct sea_change change;

	sea_change_of(now, to, &change);
	if (!change.to_developer)
		return;
	lose_archives(&l);
	lose_apps(&l);
	lose_permissions(&l);
	lose_roles(&l);
	lose_logins(&l);
	lose_antivirus(&l);
	lose_features(&l);
}
