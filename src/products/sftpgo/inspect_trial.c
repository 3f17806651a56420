/* Logins that the goal asks to try: who may be tried, with a file or without, and whether the server takes them. */
#include <string.h>
#include <sys/stat.h>

#include "products/sftpgo/account.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/rest.h"
#include "products/sftpgo/trial.h"
#include "products/sftpgo/trial_fit.h"
#include "products/sftpgo/trial_objects.h"

/* Objects of the database that a trial is judged by. */
struct judged {
	const struct look *look;
	struct trial_objects db;
};

static const json_t *asked_users(const struct look *k)
{
	return json_object_get(k->to->settings, "probe_users");
}

/* ---- users ---- */

/* The one that the operator named may fire. */
static bool is_named(const struct judged *j, const json_t *rule)
{
	const char *name = trial_rule(j->look->to);

	return name && !strcmp(json_str(rule, "name", ""), name);
}

/* What would be told of a file that is not there for its own sake; NULL: nothing would. Heap. */
static char *set_off_by_file(const struct judged *j, const char *user)
{
	const char *hook = trial_hook_on_files(&j->look->l.conf);
	const json_t *rule;
	size_t i;

	json_array_foreach(j->db.rules, i, rule)
	{
		if (trial_fires_on_files(rule, user) && !is_named(j, rule))
			return xasprintf("event rule '%s' would fire", json_str(rule, "name", "?"));
	}
	return hook ? xasprintf("%s would be told", hook) : NULL;
}

static json_t *judge_user(const struct judged *j, const char *name)
{
	json_t *fit = trial_objects_user(&j->db, name);
	const char *home = json_str(fit, "home", NULL);
	autofree char *told = set_off_by_file(j, name), *here = home ? layout_here(&j->look->l, home) : NULL;
	json_t *remote = trial_objects_remote(&j->db, name);

	if (json_array_size(remote))
		json_object_set(fit, "remote", remote);
	json_decref(remote);
	if (!home)
		return fit;
	json_object_del(fit, "home");
	if (!told && here)
		json_object_set_new(fit, "home", json_text(here));
	else
		json_object_set_new(fit, "no_files", json_text(told ? told : "its home lies in no volume of the container"));
	return fit;
}

static void put_users(struct look *k, const struct judged *j)
{
	json_t *users = json_object(), *one;
	size_t i;

	json_array_foreach(asked_users(k), i, one)
	{
		const char *name = json_str(one, "user", "");

		json_object_set_new(users, name, judge_user(j, name));
	}
	look_pin_some(k, SF_TRIAL_USERS, users, "data provider and configuration");
}

/* ---- an account of our own ---- */

static char *set_off_by_account(const struct judged *j)
{
	const char *hook = trial_hook_on_account(&j->look->l.conf);
	/* Another administrator may make it at the new server. */
	const char *admin = json_object_get(j->look->to->target, "login") ? NULL : json_str(j->look->site->login, "user", NULL);
	autofree char *name = account_name("0");
	const json_t *rule;
	size_t i;

	json_array_foreach(j->db.rules, i, rule)
	{
		if (trial_fires_on_account(rule, admin))
			return xasprintf("event rule '%s' would fire when it is made", json_str(rule, "name", "?"));
	}
	return hook ? xasprintf("%s would be told of it", hook) : set_off_by_file(j, name);
}

/* Why none can be made; NULL: it can. Heap. */
static char *no_account(const struct judged *j, const char *below)
{
	struct stat st;

	if (!j->look->l.proc.id.pid)
		return xstrdup("the server is not running");
	if (!rest_has_login(j->look->site))
		return xstrdup("it needs source.login, an administrator who makes and removes it");
	if (j->look->l.container)
		return xstrdup("in a container its folder would have two names: name accounts in settings.probe_users");
	if (!below)
		return xstrdup("data_provider.users_base_dir is not set: there is no place for its folder");
	if (stat(below, &st) < 0 || !S_ISDIR(st.st_mode))
		return xasprintf("data_provider.users_base_dir '%s' is no directory", below);
	return set_off_by_account(j);
}

static void put_account(struct look *k, const struct judged *j)
{
	autofree char *below = sftpgo_config_path(&k->l.conf, "data_provider.users_base_dir"), *no = no_account(j, below);
	json_t *account = no ? json_pack("{so}", "no", json_text(no))
			     : json_pack("{so si si}", "below", json_text(below), "uid", (int)k->l.proc.uid, "gid",
					 (int)k->l.proc.gid);

	if (trial_wants_account(k->to))
		look_pin(k, SF_TRIAL_ACCOUNT, account, "data provider and configuration");
	else
		json_decref(account);
}

/* ---- the rule that may be fired ---- */

static void put_rule(struct look *k, const struct judged *j)
{
	const json_t *rule, *found = NULL;
	size_t i;

	if (!trial_rule(k->to))
		return;
	json_array_foreach(j->db.rules, i, rule)
		found = is_named(j, rule) ? rule : found;
	look_pin(k, SF_TRIAL_RULE,
		 json_pack("{sb sb si}", "found", found != NULL, "active", json_int(found, "status", 0) == 1, "trigger",
			   (int)json_int(found, "trigger", 0)),
		 "data provider");
}

/* ---- logins ---- */

struct tried {
	json_t *logins;         /* SF_TRIAL_LOGINS */
	json_t *unproved;       /* SF_TRIAL_UNPROVED */
	char host_key[SFTP_HOST_KEY];
};

static void try_login(struct look *k, const json_t *user, struct tried *t)
{
	const char *name = json_str(user, "user", "");
	const json_t *fit = json_object_get(facts_get(k->f, SF_TRIAL_USERS), name);
	struct trial_as as = trial_of(user, fit);
	autotrial struct trial link = { 0 };
	struct err why = ERR_INIT;

	if (json_object_get(fit, "no_login"))
		return;
	if (trial_open(k->site, &as, *t->host_key ? t->host_key : NULL, &link, &why) >= 0)
		snprintf(t->host_key, sizeof t->host_key, "%s", trial_host_key(&link));
	if (trial_lacks_code(&as, &why))
		json_object_set_new(t->unproved, name, json_string(TRIAL_NO_CODE));
	else
		json_object_set_new(t->logins, name, json_text(why.msg));
}

static void put_logins(struct look *k)
{
	struct tried t = { json_object(), json_object(), "" };
	const json_t *one;
	size_t i;

	json_array_foreach(asked_users(k), i, one)
		try_login(k, one, &t);
	look_observe(k, SF_TRIAL_LOGINS, t.logins, "SFTP");
	if (json_object_size(t.unproved))
		look_observe(k, SF_TRIAL_UNPROVED, json_incref(t.unproved), "SFTP");
	json_decref(t.unproved);
	if (*t.host_key)
		look_pin_str(k, SF_HOST_KEY, t.host_key, "SFTP");
}

/* ---- all ---- */

static void miss_all(struct look *k, const char *why)
{
	facts_miss(k->f, SF_TRIAL_USERS, why);
	facts_miss(k->f, SF_TRIAL_ACCOUNT, why);
	facts_miss(k->f, SF_TRIAL_RULE, why);
}

static void look_at_database(struct look *k)
{
	struct judged j = { .look = k };
	struct err why = ERR_INIT;

	if (!k->db) {
		miss_all(k, facts_why_missing(k->f, SF_SCHEMA));
	} else if (trial_objects_read(k->db, asked_users(k), &j.db, &why) < 0) {
		miss_all(k, why.msg);
	} else {
		put_users(k, &j);
		put_account(k, &j);
		put_rule(k, &j);
	}
	trial_objects_done(&j.db);
}

int look_at_trials(struct look *k, struct err *e)
{
	if (trial_settings(k->to, e) < 0)
		return -(int)e->kind;
	if (!trial_wanted(k->to) && !trial_rule(k->to))
		return 0;
	look_at_database(k);
	if (!k->l.proc.id.pid)
		facts_miss(k->f, SF_TRIAL_LOGINS, "the server is not running");
	else if (facts_get(k->f, SF_TRIAL_USERS))
		put_logins(k);
	return 0;
}
