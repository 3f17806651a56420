#include "products/sftpgo/trial_goal.h"

#define USERS_MAX 16

static int check_file(const json_t *user, const char *key, struct err *e)
{
	const json_t *path = json_object_get(user, key);

	if (!path || (json_is_string(path) && *json_string_value(path) == '/'))
		return 0;
	return err_set(e, ERR_USAGE, "'%s' of 'settings.probe_users' is not an absolute path", key);
}

static int check_user(const json_t *user, struct err *e)
{
	static const char *const keys[] = { "user", "password_file", "private_key_file", NULL };

	if (!json_is_object(user))
		return err_set(e, ERR_USAGE, "'settings.probe_users' is not a list of mappings");
	if (json_object_get(user, "password")) {
		err_set(e, ERR_USAGE, "'settings.probe_users' holds a secret itself");
		return err_hint(e, "put it into a file of mode 0600 and name that: password_file, private_key_file");
	}
	if (json_only_keys(user, "settings.probe_users", keys, e) < 0 || check_file(user, "password_file", e) < 0 ||
	    check_file(user, "private_key_file", e) < 0)
		return -(int)e->kind;
	if (!*json_str(user, "user", ""))
		return err_set(e, ERR_USAGE, "an element of 'settings.probe_users' names no 'user'");
	if (!json_object_get(user, "password_file") == !json_object_get(user, "private_key_file"))
		return err_set(e, ERR_USAGE, "'%s' of 'settings.probe_users' wants either password_file or private_key_file",
			       json_str(user, "user", ""));
	return 0;
}

int trial_settings(const struct goal *g, struct err *e)
{
	const json_t *users = json_object_get(g->settings, "probe_users"), *one;
	const json_t *account = json_object_get(g->settings, "probe_account"), *rule = json_object_get(g->settings, "probe_rule");
	size_t i;

	if (rule && (!json_is_string(rule) || !json_string_length(rule)))
		return err_set(e, ERR_USAGE, "'settings.probe_rule' is not the name of an event rule");
	if (account && !json_is_boolean(account))
		return err_set(e, ERR_USAGE, "'settings.probe_account' is neither true nor false");
	if (users && !json_is_array(users)) {
		err_set(e, ERR_USAGE, "'settings.probe_users' is not a list");
		return err_hint(e, "write [{user: anna, password_file: /root/anna.pw}]");
	}
	if (json_array_size(users) > USERS_MAX)
		return err_set(e, ERR_USAGE, "'settings.probe_users' names more than %d users", USERS_MAX);
	json_array_foreach((json_t *)users, i, one)
	{
		if (check_user(one, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

bool trial_wants_account(const struct goal *g) { return json_is_true(json_object_get(g->settings, "probe_account")); }

const char *trial_rule(const struct goal *g) { return goal_setting(g, "probe_rule", NULL); }

bool trial_wanted(const struct goal *g)
{
	return json_array_size(json_object_get(g->settings, "probe_users")) > 0 || trial_wants_account(g);
}

struct trial_as trial_of(const json_t *user, const json_t *fit)
{
	return (struct trial_as){ .user = json_str(user, "user", ""),
				  .password_file = json_str(user, "password_file", NULL),
				  .key_file = json_str(user, "private_key_file", NULL),
				  .two_factor = json_bool(fit, "two_factor", false) };
}
