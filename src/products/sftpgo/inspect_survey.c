/* What checks ask of all objects, out of one pass over them. */
#include <string.h>

#include "io/file.h"
#include "products/sftpgo/action_remarks.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/named.h"
#include "products/sftpgo/rules_waiting.h"
#include "products/sftpgo/side_list.h"
#include "products/sftpgo/trial_fit.h"

#define KEY_MAX   (64u << 10)
#define HOMES_MAX 100 /* directories that are named */
#define HEARD_MAX 100 /* rules that are named */

struct survey {
	struct look *look;
	const char *login; /* administrator of source.login, NULL none */
	struct named remarks[REMARK__MAX];
	struct named names, action_names; /* refused by later releases */
	struct named removed, partial;    /* administrators by their permissions */
	json_t *login_admin;
	json_t *types, *statuses;
	struct rules_waiting waiting;
	json_t *sizes;     /* {action: bytes of its options} */
	int64_t dump_bytes; /* of actions and rules: each rule of a dump has its actions' options again */
	json_t *hearing;   /* [rule]: active, and told when an event rule or action is saved */
	json_t *gcs_types; /* {type of a key: n} */
	struct named elsewhere; /* users, groups, folders whose files are not on this host */
	struct side_list *list; /* of each of them, wherever; NULL: none is kept */
	json_t *homes;          /* {directory: n} of those that are, SF_HOMES */
	int64_t more_homes;
	char *first_shut;
};

static void add_count(json_t *counts, const char *name, int64_t n)
{
	if (n)
		json_object_set_new(counts, name, json_integer(json_int(counts, name, 0) + n));
}

static void count_up(json_t *counts, const char *name)
{
	add_count(counts, name, 1);
}

/* ---- storage ---- */

static void add_home(struct survey *s, const char *home)
{
	const char *slash = strrchr(home, '/');
	autofree char *above = slash > home ? xstrndup(home, (size_t)(slash - home)) : xstrdup("/");

	if (json_object_get(s->homes, above) || json_object_size(s->homes) < HOMES_MAX)
		count_up(s->homes, above);
	else
		s->more_homes++;
}

static void list_storage(struct side_list *list, const struct storage_use *u)
{
	struct buf *line = side_list_line(list);

	buf_addf(line, "%s %s ", object_kind_name(u->kind), storage_name(u->provider));
	side_list_quote(line, u->key);
	buf_addc(line, ' ');
	side_list_quote(line, *u->local ? u->local : u->remote);
	side_list_add(list);
}

static int survey_storage(void *arg, const struct storage_use *u, struct err *e unused_arg)
{
	struct survey *s = arg;

	if (s->list)
		list_storage(s->list, u);
	if (*u->local == '/')
		add_home(s, u->local);
	if (u->provider != STORAGE_LOCAL && u->provider != STORAGE_LOCAL_ENCRYPTED)
		named_add(&s->elsewhere, "%s %s: %s %s", object_kind_name(u->kind), u->key, storage_name(u->provider), u->remote);
	return 0;
}

/* ---- events ---- */

static const json_t *enabled_commands(const struct look *k)
{
	const struct sftpgo_setting *s =
	    sftpgo_config_get(&k->l.conf, "common.event_manager.enabled_commands");

	return s ? s->value : NULL;
}

static json_int_t size_of(const json_t *options)
{
	return options ? (json_int_t)json_dumpb(options, NULL, 0, JSON_COMPACT) : 0;
}

static int survey_action(void *arg, const struct action_use *a, struct err *e unused_arg)
{
	struct survey *s = arg;
	unsigned found = action_remarks(a, enabled_commands(s->look));

	count_up(s->types, action_type_name(a->type));
	rules_waiting_action(&s->waiting, a, found);
	json_object_set_new(s->sizes, a->name, json_integer(size_of(a->options)));
	s->dump_bytes += size_of(a->options);
	for (int i = 0; i < REMARK__MAX; i++)
		if (found & 1u << i)
			named_add(&s->remarks[i], "%s", a->name);
	return 0;
}

static int survey_rule(void *arg, const struct rule_use *u, struct err *e unused_arg)
{
	struct survey *s = arg;
	const json_t *one;
	size_t i;

	rules_waiting_rule(&s->waiting, u);
	json_array_foreach((json_t *)u->actions, i, one)
		s->dump_bytes += json_int(s->sizes, json_str(one, "name", ""), 0);
	if (u->active && hears_saved_events(u->trigger, u->conditions) && json_array_size(s->hearing) < HEARD_MAX)
		json_array_append_new(s->hearing, json_text(u->name));
	return 0;
}

/* ---- administrators ---- */

/* Permissions that 2.6.3 took away: an administrator that has one cannot be saved any more. */
static bool has_removed(const json_t *permissions)
{
	static const char *const removed[] = { "manage_admins",      "manage_apikeys",
					       "manage_system",      "retention_checks",
					       "manage_event_rules", "manage_roles",
					       "manage_ip_lists" };

	for (size_t i = 0; i < ARRAY_LEN(removed); i++)
		if (json_lists(permissions, removed[i]))
			return true;
	return false;
}

/* Enterprise took listing and deleting out of manage_groups and manage_folders. */
static bool loses_some(const json_t *p)
{
	return (json_lists(p, "manage_groups") &&
		!(json_lists(p, "view_groups") && json_lists(p, "del_groups") && json_lists(p, "view_folders"))) ||
	       (json_lists(p, "manage_folders") &&
		!(json_lists(p, "view_folders") && json_lists(p, "del_folders")));
}

static int survey_admin(void *arg, const struct admin_use *a, struct err *e unused_arg)
{
	struct survey *s = arg;

	if (has_removed(a->permissions))
		named_add(&s->removed, "%s", a->name);
	if (!a->super && loses_some(a->permissions))
		named_add(&s->partial, "%s", a->name);
	if (s->login && !strcmp(a->name, s->login))
		s->login_admin =
		    json_pack("{ss sb sb sb sb sb sb sb}", "user", a->name, "found", 1, "active",
			      (int)a->active, "super", (int)a->super, "two_factor",
			      (int)a->two_factor, "needs_two_factor", (int)a->needs_two_factor,
			      "needs_password", (int)a->needs_password, "allow_list",
			      (int)(json_array_size(a->allow_list) > 0));
	return 0;
}

/* ---- names and secrets ---- */

static int survey_name(void *arg, enum object_kind kind, const char *name, const char *why,
		       struct err *e unused_arg)
{
	struct survey *s = arg;

	named_add(kind == OBJ_EVENT_ACTIONS ? &s->action_names : &s->names, "%s '%s': %s",
		  object_kind_name(kind), name, why);
	return 0;
}

static int survey_secret(void *arg, const struct secret_use *u, struct err *e unused_arg)
{
	struct survey *s = arg;

	count_up(s->statuses, u->status);
	if (u->key_type)
		count_up(s->gcs_types, *u->key_type ? u->key_type : "?");
	if ((u->state == SECRET_SHUT || u->state == SECRET_KEYLESS) && !s->first_shut)
		s->first_shut = xasprintf("%s %s: %s", object_kind_name(u->kind), u->key, u->where);
	return 0;
}

/* The file's text without the blanks around it, as the server reads it; it wins over the text in
 * the configuration. */
static int read_master_key(const struct sftpgo_config *c, struct secret *ret, struct err *e)
{
	autofree char *path = sftpgo_config_path(c, "kms.secrets.master_key_path");
	const char *said = sftpgo_config_str(c, "kms.secrets.master_key");
	autobuf struct buf text = BUF_MAX(KEY_MAX);
	struct sv key = sv_of(said);
	int r;

	if (path && file_read_path(path, &text, e) < 0)
		return err_wrap(e, "read the master key");
	if (path)
		key = sv_trim(buf_sv(&text));
	r = secret_set(ret, key.p, key.n, e);
	if (text.data)
		secret_wipe(text.data, text.len);
	return r;
}

/* What a restore point holds hangs on where homes lie: no second pass for that. */
static int survey_object(void *arg, const struct object *o, struct err *e unused_arg)
{
	struct survey *s = arg;

	look_note_home(s->look, o);
	return 0;
}

/* ---- as facts ---- */

static void put_counts(struct look *k, const struct census *c)
{
	json_t *counts = json_object();

	for (int i = 0; i < OBJ__MAX; i++)
		json_object_set_new(counts, object_kind_name((enum object_kind)i),
				    json_integer(c->objects.n[i]));
	look_observe(k, SF_COUNTS, counts, "data provider");
}

static void put_backends(struct look *k, struct survey *s, const struct census *c)
{
	static const enum object_kind kinds[] = { OBJ_USERS, OBJ_GROUPS, OBJ_FOLDERS };
	json_t *all = json_object(), *by_kind = json_object();

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		json_t *of_kind = json_object();

		for (int p = 0; p < STORAGE_MAX; p++) {
			add_count(of_kind, storage_name(p), c->storage[kinds[i]][p]);
			add_count(all, storage_name(p), c->storage[kinds[i]][p]);
		}
		json_object_set_new(by_kind, object_kind_name(kinds[i]), of_kind);
	}
	json_object_set_new(by_kind, "elsewhere", named_json(&s->elsewhere));
	look_observe(k, SF_BACKENDS, all, "data provider");
	look_observe(k, SF_STORAGE, by_kind, "data provider");
	look_observe(k, SF_HOMES, json_pack("{sO sI}", "below", s->homes, "more", (json_int_t)s->more_homes), "data provider");
}

static void put_list(struct look *k, struct side_list *list)
{
	struct err e = ERR_INIT;
	char *name = NULL;

	if (side_list_keep(list, &name, &e) < 0)
		look_missing(k, SF_STORAGE_LIST, &e);
	else
		look_observe(k, SF_STORAGE_LIST, json_text(name), "data provider");
	free(name);
}

static void put_actions(struct look *k, struct survey *s, const struct census *c)
{
	json_t *doc = json_pack("{sI sO sI}", "total", (json_int_t)c->objects.n[OBJ_EVENT_ACTIONS],
				"types", s->types, "dump_bytes", (json_int_t)s->dump_bytes);

	for (int i = 0; i < REMARK__MAX; i++)
		if (s->remarks[i].n)
			json_object_set_new(doc, action_remark_name((enum action_remark)i),
					    named_json(&s->remarks[i]));
	look_observe(k, SF_ACTIONS, doc, "data provider");
}

static void put_hearing(struct look *k, struct survey *s)
{
	look_observe(k, SF_HEARD, json_pack("{sO ss*}", "rules", s->hearing, "hook", hook_on_saved_events(&k->l.conf)),
		     "data provider and configuration");
}

static void put_accounts(struct look *k, struct survey *s, const struct census *c)
{
	look_observe(k, SF_ADMINS,
		     json_pack("{sb so so}", "super", (int)c->super_admin, "removed",
			       named_json(&s->removed), "partial", named_json(&s->partial)),
		     "data provider");
	look_observe(k, SF_NAMES,
		     json_pack("{so so}", "objects", named_json(&s->names), "event_actions",
			       named_json(&s->action_names)),
		     "data provider");
	look_observe(k, SF_USERS,
		     json_pack("{sI sI sI sI}", "extra_emails", (json_int_t)c->users_extra_emails,
			       "symlinks", (json_int_t)c->users_symlinks, "two_steps",
			       (json_int_t)c->users_two_steps, "backslashes",
			       (json_int_t)c->paths_backslash),
		     "data provider");
	if (s->login)
		look_observe(k, SF_LOGIN_ADMIN,
			     s->login_admin ? json_incref(s->login_admin)
					    : json_pack("{ss sb}", "user", s->login, "found", 0),
			     "data provider");
	if (c->acme_domain[0])
		look_observe(k, SF_ACME, json_text(c->acme_domain), "data provider");
}

static void put_secrets(struct look *k, const struct survey *s, const struct census *c)
{
	json_t *doc;

	if (c->secrets_untried.kind) {
		look_missing(k, SF_SECRETS, &c->secrets_untried);
		return;
	}
	doc = json_pack("{sO sO}", "statuses", s->statuses, "gcs_types", s->gcs_types);
	for (int i = 0; i < SECRET__MAX; i++)
		if (c->secrets[i])
			json_object_set_new(doc, secret_state_name((enum secret_state)i),
					    json_integer(c->secrets[i]));
	if (s->first_shut)
		json_object_set_new(doc, "first_shut", json_text(s->first_shut));
	look_observe(k, SF_SECRETS, doc, "data provider and master key");
}

static void miss_all(struct look *k, const struct err *why)
{
	static const char *const keys[] = { SF_COUNTS, SF_BACKENDS, SF_STORAGE, SF_HOMES, SF_ACTIONS,
					    SF_ADMINS, SF_NAMES,    SF_USERS,   SF_SECRETS };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		look_missing(k, keys[i], why);
}

static void survey_done(struct survey *s)
{
	struct named *all[] = { &s->names, &s->action_names, &s->removed, &s->partial, &s->elsewhere };

	for (int i = 0; i < REMARK__MAX; i++)
		named_done(&s->remarks[i]);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		named_done(all[i]);
	json_decref(s->login_admin);
	json_decref(s->types);
	json_decref(s->statuses);
	json_decref(s->gcs_types);
	json_decref(s->homes);
	rules_waiting_done(&s->waiting);
	json_decref(s->sizes);
	json_decref(s->hearing);
	free(s->first_shut);
}

void look_at_objects(struct look *k)
{
	const struct goal *g = k->to ? k->to : k->c->goal;
	struct survey s = { .look = k,
			    .login = g ? json_str(json_object_get(g->source, "login"), "user", NULL)
				       : NULL,
			    .types = json_object(),
			    .statuses = json_object(),
			    .gcs_types = json_object(),
			    .homes = json_object(),
			    .sizes = json_object(),
			    .hearing = json_array() };
	autosecret struct secret key = { 0 };
	struct census_watch w = { .storage = survey_storage,
				  .action = survey_action,
				  .rule = survey_rule,
				  .admin = survey_admin,
				  .name = survey_name,
				  .secret = survey_secret,
				  .object = survey_object,
				  .arg = &s,
				  .master_key = &key };
	autosidelist struct side_list list = SIDE_LIST;
	struct err e = ERR_INIT, keyless = ERR_INIT;
	struct census c = { 0 };

	rules_waiting_init(&s.waiting);
	if (k->c->side && side_list_open(&list, k->c->side, "storage", &e) < 0)
		look_missing(k, SF_STORAGE_LIST, &e);
	else if (k->c->side)
		s.list = &list;
	err_clear(&e);
	bool has_key = read_master_key(&k->l.conf, &key, &keyless) >= 0;

	if (census_take(k->db, &w, &c, &e) < 0) {
		miss_all(k, &e);
	} else {
		if (!has_key)
			c.secrets_untried = keyless;
		put_counts(k, &c);
		put_backends(k, &s, &c);
		if (s.list)
			put_list(k, s.list);
		put_actions(k, &s, &c);
		put_hearing(k, &s);
		put_accounts(k, &s, &c);
		put_secrets(k, &s, &c);
		k->rules = json_incref(s.waiting.rules);
		k->all_noted = true;
	}
	survey_done(&s);
}
