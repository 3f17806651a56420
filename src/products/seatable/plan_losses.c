/* From Enterprise to Developer Edition: the data stays where it is, and some of it can be reached by nobody, or is guarded by nothing.
 * Each is named with what was counted, and wants to be agreed to by its own name. Source: facts/seatable 3.6 (the vendor's table of
 * editions). */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "products/seatable/draft.h"
#include "products/seatable/version.h"

static int64_t counted(const struct sea_draft *d, const char *name)
{
	return json_int(facts_get(d->now, SEA_COUNTS), name, 0);
}

static void lose(struct sea_draft *d, const char *id, const char *fmt, ...) printf_like(3, 4);
static void lose(struct sea_draft *d, const char *id, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	plan_loss(d->plan, id, text);
}

static int64_t sum_of(const json_t *counts)
{
	const char *name;
	const json_t *n;
	int64_t sum = 0;

	json_object_foreach((json_t *)counts, name, n) sum += json_integer_value(n);
	return sum;
}

static void lose_archives(struct sea_draft *d)
{
	int64_t rows = counted(d, "archived_rows"), bases = counted(d, "archived_bases");

	if (!bases)
		bases = facts_int(d->now, SEA_ARCHIVES, 0);
	if (rows || bases)
		lose(d, "archived-rows", "%lld archived rows of %lld bases cannot be reached in Developer Edition", (long long)rows,
		     (long long)bases);
}

static void lose_apps(struct sea_draft *d)
{
	int64_t apps = sum_of(json_object_get(facts_get(d->now, SEA_COUNTS), "apps"));

	if (apps)
		lose(d, "apps", "%lld universal and external apps with %lld users cannot be opened in Developer Edition", (long long)apps,
		     (long long)counted(d, "app_users"));
}

/* What of it lies in the bases themselves cannot be counted by anybody. */
static void lose_permissions(struct sea_draft *d)
{
	lose(d, "permissions",
	     "permissions of columns, rows and private views are no longer enforced: %lld view shares with users, %lld with groups; those "
	     "within the bases cannot be counted", (long long)counted(d, "view_shares"), (long long)counted(d, "group_shares"));
}

static void lose_roles(struct sea_draft *d)
{
	const json_t *roles = json_object_get(facts_get(d->now, SEA_USERS), "roles");
	int64_t others = sum_of(roles) - json_int(roles, "default", 0);

	if (others > 0)
		lose(d, "roles", "%lld users have roles of their own, whose rights and quotas no longer hold", (long long)others);
	if (counted(d, "admin_roles"))
		lose(d, "admin-roles", "%lld administrators have limited roles, which no longer limit them", (long long)counted(d, "admin_roles"));
}

static void lose_logins(struct sea_draft *d)
{
	int64_t sso = json_int(facts_get(d->now, SEA_USERS), "sso", 0);

	if (sso)
		lose(d, "sso-users", "%lld users log in by LDAP, OAuth or SAML and have no password here: they cannot log in before they get one",
		     (long long)sso);
}

static const struct {
	const char *feature, *what;
} features[] = {
	{ "office", "documents are no longer opened in OnlyOffice or Collabora" },
	{ "antivirus", "uploads are no longer scanned for viruses" },
	{ "whiteboard", "whiteboards cannot be opened" },
	{ "html", "HTML pages of apps are no longer served" },
};

static void lose_features(struct sea_draft *d)
{
	for (size_t i = 0; i < ARRAY_LEN(features); i++)
		if (json_object_get(facts_get(d->now, SEA_FEATURES), features[i].feature))
			lose(d, features[i].feature, "%s", features[i].what);
}

void sea_draft_losses(struct sea_draft *d)
{
	if (!sea_draft_crosses(d, SEA_DEVELOPER))
		return;
	lose_archives(d);
	lose_apps(d);
	lose_permissions(d);
	lose_roles(d);
	lose_logins(d);
	lose_features(d);
}
