#include "products/sftpgo/trial_fit.h"

#include <fnmatch.h>
#include <string.h>

#include "base/mem.h"
#include "products/sftpgo/objects_census.h"

#define ACTIVE         1
#define PROVIDER_EVENT 2
#define PLACEHOLDER    "%username%"

/* One of the words, NULL-ended. */
static bool lists_one(const json_t *list, const char *const *words)
{
	for (; *words; words++)
		if (json_lists(list, *words))
			return true;
	return false;
}

static const json_t *below(const json_t *o, const char *a, const char *b)
{
	return json_object_get(json_object_get(o, a), b);
}

/* ---- what listens ---- */

static const char *const of_files[] = { "upload",	"pre-upload",	  "first-upload", "download", "pre-download",
					"first-download", "delete",	  "pre-delete",	  NULL };
static const char *const of_account[] = { "add", "delete", NULL };
static const char *const of_saving[] = { "update", NULL };
static const char *const saved[] = { "event_rule", "event_action", NULL };

/* As path.Match of Go, and wider where patterns are written that it does not have. */
static bool meets(const json_t *pattern, const char *name)
{
	bool is = !fnmatch(json_str(pattern, "pattern", "*"), name, 0);

	return json_bool(pattern, "inverse_match", false) ? !is : is;
}

static bool names_meet(const json_t *rule, const char *name)
{
	const json_t *names = below(json_object_get(rule, "conditions"), "options", "names");
	json_t *one;
	size_t i;

	if (!name || !json_array_size(names))
		return true;
	json_array_foreach((json_t *)names, i, one)
	{
		if (meets(one, name))
			return true;
	}
	return false;
}

static bool is_active(const json_t *rule, int trigger)
{
	return json_int(rule, "status", 0) == ACTIVE && json_int(rule, "trigger", 0) == trigger;
}

bool trial_fires_on_files(const json_t *rule, const char *user)
{
	const json_t *conditions = json_object_get(rule, "conditions"), *protocols = below(conditions, "options", "protocols");

	return is_active(rule, TRIAL_FS_EVENT) && lists_one(json_object_get(conditions, "fs_events"), of_files) &&
	       (!json_array_size(protocols) || json_lists(protocols, "SFTP")) && names_meet(rule, user);
}

bool trial_fires_on_account(const json_t *rule, const char *admin)
{
	const json_t *conditions = json_object_get(rule, "conditions");
	const json_t *objects = below(conditions, "options", "provider_objects");

	return is_active(rule, PROVIDER_EVENT) && lists_one(json_object_get(conditions, "provider_events"), of_account) &&
	       (!json_array_size(objects) || json_lists(objects, "user")) && names_meet(rule, admin);
}

bool hears_saved_events(int trigger, const json_t *conditions)
{
	const json_t *objects = below(conditions, "options", "provider_objects");

	return trigger == PROVIDER_EVENT && lists_one(json_object_get(conditions, "provider_events"), of_saving) &&
	       (!json_array_size(objects) || lists_one(objects, saved));
}

static const json_t *list_of(const struct sftpgo_config *c, const char *key)
{
	const struct sftpgo_setting *s = sftpgo_config_get(c, key);

	return s ? s->value : NULL;
}

static bool is_set(const struct sftpgo_config *c, const char *key)
{
	const char *text = sftpgo_config_str(c, key);

	return text && *text;
}

static bool notifies(const struct sftpgo_config *c, const char *what)
{
	for (size_t i = 0; i < sftpgo_config_count(c, "plugins"); i++) {
		autofree char *type = xasprintf("plugins.%zu.type", i), *events = xasprintf("plugins.%zu.notifier_options.%s", i, what);
		const char *is = sftpgo_config_str(c, type);

		if (is && !strcmp(is, "notifier") && json_array_size(list_of(c, events)))
			return true;
	}
	return false;
}

const char *trial_hook_on_files(const struct sftpgo_config *c)
{
	if (is_set(c, "common.actions.hook") && lists_one(list_of(c, "common.actions.execute_on"), of_files))
		return "common.actions.hook";
	return notifies(c, "fs_events") ? "a notifier plugin" : NULL;
}

/* They are told the name, may refuse it, and one of them makes users. */
static const char *hook_on_login(const struct sftpgo_config *c)
{
	static const char *const keys[] = { "data_provider.external_auth_hook", "data_provider.pre_login_hook",
					    "data_provider.check_password_hook", "data_provider.post_login_hook" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (is_set(c, keys[i]))
			return keys[i];
	return NULL;
}

const char *trial_hook_on_account(const struct sftpgo_config *c)
{
	const char *on_login = hook_on_login(c);

	if (on_login)
		return on_login;
	if (is_set(c, "data_provider.actions.hook") && lists_one(list_of(c, "data_provider.actions.execute_on"), of_account) &&
	    json_lists(list_of(c, "data_provider.actions.execute_for"), "user"))
		return "data_provider.actions.hook";
	return notifies(c, "provider_events") ? "a notifier plugin" : NULL;
}

const char *hook_on_saved_events(const struct sftpgo_config *c)
{
	if (is_set(c, "data_provider.actions.hook") && lists_one(list_of(c, "data_provider.actions.execute_on"), of_saving) &&
	    lists_one(list_of(c, "data_provider.actions.execute_for"), saved))
		return "data_provider.actions.hook";
	return notifies(c, "provider_events") ? "a notifier plugin" : NULL;
}

/* ---- what a user may ---- */

static bool may_try_files(const json_t *permissions)
{
	const json_t *root = json_object_get(permissions, "/");

	return json_lists(root, "*") || (json_lists(root, "list") && json_lists(root, "download") && json_lists(root, "upload") &&
					 (json_lists(root, "delete") || json_lists(root, "delete_files")));
}

static bool is_encrypted(const json_t *filesystem)
{
	return json_int(filesystem, "provider", STORAGE_LOCAL) == STORAGE_LOCAL_ENCRYPTED;
}

static bool is_local(const json_t *filesystem)
{
	return json_int(filesystem, "provider", STORAGE_LOCAL) == STORAGE_LOCAL || is_encrypted(filesystem);
}

/* The group's own home, where it has one, with the user's name put in; NULL: another placeholder is in it. Heap. */
static char *home_of(const json_t *user, const json_t *settings)
{
	const char *home = json_str(settings, "home_dir", ""), *at = strstr(home, PLACEHOLDER);
	autofree char *text = NULL;

	if (!*home)
		home = json_str(user, "home_dir", ""), at = NULL;
	text = at ? xasprintf("%.*s%s%s", (int)(at - home), home, json_str(user, "username", ""), at + strlen(PLACEHOLDER))
		  : xstrdup(home);
	return *text != '/' || strchr(text, '%') ? NULL : take_ptr(text);
}

static const char *no_login(const json_t *user)
{
	const json_t *filters = json_object_get(user, "filters");

	if (json_int(user, "status", 0) != ACTIVE)
		return "it is switched off";
	if (json_lists(json_object_get(filters, "denied_protocols"), "SSH"))
		return "it may not use SFTP";
	return NULL;
}

static bool has_second_factor(const json_t *user)
{
	const json_t *totp = below(user, "filters", "totp_config");

	return json_bool(totp, "enabled", false) && json_lists(json_object_get(totp, "protocols"), "SSH");
}

static json_t *fit_of(const json_t *user, const json_t *group)
{
	const json_t *settings = json_object_get(group, "user_settings"), *theirs = json_object_get(settings, "filesystem");
	const json_t *permissions = json_object_get(settings, "permissions");
	const json_t *storage = json_int(theirs, "provider", 0) ? theirs : json_object_get(user, "filesystem");
	autofree char *home = home_of(user, settings);
	const char *why = no_login(user);

	if (why)
		return json_pack("{ss}", "no_login", why);
	/* A primary group's storage, and what it says of '/', stand over the user's own. */
	if (!is_local(storage))
		return json_pack("{ss}", "no_files", "its files do not lie on this host");
	if (!may_try_files(json_object_get(permissions, "/") ? permissions : json_object_get(user, "permissions")))
		return json_pack("{ss}", "no_files", "it may not list, upload, download and delete in its home");
	if (!home)
		return json_pack("{ss}", "no_files", "where its home lies is not known");
	return json_pack("{so so*}", "home", json_text(home), "encrypted", is_encrypted(storage) ? json_true() : NULL);
}

json_t *trial_user(const json_t *user, const json_t *group)
{
	json_t *fit = fit_of(user, group);

	if (has_second_factor(user))
		json_object_set_new(fit, "two_factor", json_true());
	return fit;
}
