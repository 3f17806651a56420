#include "products/sftpgo/objects_census.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "products/sftpgo/objects_names.h"

#define LOCAL 0
#define LOCAL_ENCRYPTED 4
#define PRIMARY 1

/* A value below an object by its way there, "a.b"; NULL where there is none. */
static json_t *at(const json_t *o, const char *way)
{
	struct sv rest = sv_of(way);
	json_t *v = (json_t *)o; /* lookups take const, what they return is not */

	while (rest.n && v) {
		autofree char *name = sv_dup(sv_cut(&rest, '.'));

		v = json_object_get(v, name);
	}
	return v;
}

static const char *text_at(const json_t *o, const char *way)
{
	const char *text = json_string_value(at(o, way));

	return text ? text : "";
}

static bool is_true_at(const json_t *o, const char *way) { return json_is_true(at(o, way)); }

/* ---- placeholders ---- */

unsigned text_placeholders(struct sv text)
{
	unsigned found = 0;
	const char *open;

	while ((open = memmem(text.p, text.n, "{{", 2))) {
		size_t left = text.n - (size_t)(open - text.p);

		if (left > 2 && isalpha((unsigned char)open[2]))
			found |= TEXT_UNDOTTED;
		else if (left > 3 && open[2] == '.' && isalpha((unsigned char)open[3]))
			found |= TEXT_DOTTED;
		else
			found |= TEXT_OTHER;
		text = (struct sv){ open + 1, left - 1 };
	}
	return found;
}

unsigned placeholders_below(const json_t *v)
{
	unsigned found = 0;
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_string(v))
		return text_placeholders(
		    (struct sv){ json_string_value(v), json_string_length(v) });
	json_array_foreach(v, i, member) found |= placeholders_below(member);
	json_object_foreach((json_t *)v, name, member) found |= placeholders_below(member);
	return found;
}

/* ---- each kind ---- */

static const char *primary_group(const json_t *fields)
{
	json_t *group;
	size_t i;

	json_array_foreach(json_object_get(fields, "groups"), i, group)
	{
		if (json_int(group, "type", 0) == PRIMARY)
			return json_str(group, "name", NULL);
	}
	return NULL;
}

static const char *remote_of(const json_t *filesystem)
{
	static const char *const ways[] = { "s3config.bucket",        "gcsconfig.bucket",
					    "azblobconfig.container", "sftpconfig.endpoint",
					    "httpconfig.endpoint",    "ftpconfig.endpoint" };
	const char *remote = "";

	for (size_t i = 0; i < ARRAY_LEN(ways) && !*remote; i++)
		remote = text_at(filesystem, ways[i]);
	return remote;
}

const char *storage_name(int provider)
{
	static const char *const names[STORAGE_LAST + 1] = { "local", "s3", "gcs", "azblob", "encrypted", "sftp", "http", "ftp" };

	return provider >= 0 && provider <= STORAGE_LAST ? names[provider] : "other";
}

static int add_storage(const struct census_watch *w, const struct object *o, const char *filesystem,
		       const char *home, struct census *c, struct err *e)
{
	const json_t *fs = at(o->fields, filesystem);
	int64_t provider = json_int(fs, "provider", LOCAL);
	bool local = provider == LOCAL || provider == LOCAL_ENCRYPTED;
	struct storage_use use = {
		.kind = o->kind,
		.key = o->key,
		.provider = (int)provider,
		.local = local ? text_at(o->fields, home) : "",
		.remote = remote_of(fs),
		.primary = primary_group(o->fields),
	};

	c->storage[o->kind][provider >= 0 && provider < STORAGE_MAX ? provider : STORAGE_MAX - 1]++;
	return w->storage ? w->storage(w->arg, &use, e) : 0;
}

static bool may_link(const json_t *permissions)
{
	const char *path;
	json_t *list;

	json_object_foreach((json_t *)permissions, path, list)
	{
		if (json_lists(list, "create_symlinks"))
			return true;
	}
	return false;
}

/* Each single method denied, and nothing said of the orders that Enterprise adds. */
static bool two_steps_alone(const json_t *denied)
{
	return json_lists(denied, "publickey") && json_lists(denied, "keyboard-interactive") &&
	       (json_lists(denied, "password") || json_lists(denied, "password-over-SSH")) &&
	       !(json_lists(denied, "password+publickey") && json_lists(denied, "keyboard-interactive+publickey"));
}

static bool has_backslash(const json_t *fields, const char *permissions)
{
	const char *path;
	json_t *member;
	size_t i;

	json_object_foreach(at(fields, permissions), path, member)
	{
		if (strchr(path, '\\'))
			return true;
	}
	json_array_foreach(json_object_get(fields, "virtual_folders"), i, member)
	{
		if (strchr(json_str(member, "virtual_path", ""), '\\'))
			return true;
	}
	return false;
}

static int add_user(const struct census_watch *w, const struct object *o, struct census *c,
		    struct err *e)
{
	c->users_active += json_int(o->fields, "status", 0) == 1;
	c->users_two_factor += is_true_at(o->fields, "filters.totp_config.enabled");
	c->users_extra_emails += at(o->fields, "filters.additional_emails") != NULL;
	c->users_symlinks += may_link(json_object_get(o->fields, "permissions"));
	c->users_two_steps += two_steps_alone(at(o->fields, "filters.denied_login_methods"));
	c->paths_backslash += has_backslash(o->fields, "permissions");
	return add_storage(w, o, "filesystem", "home_dir", c, e);
}

static int add_group(const struct census_watch *w, const struct object *o, struct census *c,
		     struct err *e)
{
	c->paths_backslash += has_backslash(o->fields, "user_settings.permissions");
	return add_storage(w, o, "user_settings.filesystem", "user_settings.home_dir", c, e);
}

static int add_admin(const struct census_watch *w, const struct object *o, struct census *c,
		     struct err *e)
{
	const json_t *permissions = json_object_get(o->fields, "permissions");
	struct admin_use use = {
		.name = o->key,
		.role = json_str(o->fields, "role", ""),
		.active = json_int(o->fields, "status", 0) == 1,
		.super = json_lists(permissions, "*"),
		.two_factor = is_true_at(o->fields, "filters.totp_config.enabled"),
		.needs_two_factor = is_true_at(o->fields, "filters.require_two_factor"),
		.needs_password = is_true_at(o->fields, "filters.require_password_change"),
		.api_key = is_true_at(o->fields, "filters.allow_api_key_auth"),
		.permissions = permissions,
		.allow_list = at(o->fields, "filters.allow_list"),
	};

	c->super_admin = c->super_admin || (use.super && use.active);
	return w->admin ? w->admin(w->arg, &use, e) : 0;
}

static int add_action(const struct census_watch *w, const struct object *o, struct err *e)
{
	const json_t *options = json_object_get(o->fields, "options");
	struct action_use use = {
		.name = o->key,
		.type = (int)json_int(o->fields, "type", 0),
		.fs_type = (int)json_int(at(options, "fs_config"), "type", 0),
		.texts = placeholders_below(options),
		.command = text_at(options, "cmd_config.cmd"),
		.options = options,
	};

	return w->action ? w->action(w->arg, &use, e) : 0;
}

static int add_rule(const struct census_watch *w, const struct object *o, struct err *e)
{
	struct rule_use use = {
		.name = o->key,
		.active = json_int(o->fields, "status", 0) == 1,
		.trigger = (int)json_int(o->fields, "trigger", 0),
		.actions = json_object_get(o->fields, "actions"),
		.conditions = json_object_get(o->fields, "conditions"),
	};

	return w->rule ? w->rule(w->arg, &use, e) : 0;
}

/* API keys and shares have a name beside the id that is their key; lists and configs have none. */
static int add_name(const struct census_watch *w, const struct object *o, struct census *c,
		    struct err *e)
{
	bool named = o->kind == OBJ_API_KEYS || o->kind == OBJ_SHARES;
	const char *name = named ? json_str(o->fields, "name", "") : o->key;
	const char *why =
	    o->kind == OBJ_IP_LISTS || o->kind == OBJ_CONFIGS ? NULL : name_refused(name);

	if (!why)
		return 0;
	c->names_refused++;
	return w->name ? w->name(w->arg, o->kind, name, why, e) : 0;
}

/* ---- secrets ---- */

struct trying {
	const struct census_watch *watch;
	const struct object *object;
	struct census *census;
};

static int add_secret(void *arg, const char *where, const json_t *secret, struct err *e)
{
	const struct trying *t = arg;
	struct secret_use use = {
		.kind = t->object->kind,
		.key = t->object->key,
		.where = where,
		.status = json_str(secret, "status", ""),
		.master = json_int(secret, "mode", 0) == 1,
	};

	char type[KEY_TYPE_ROOM];

	/* Without its library the rest of the pass is still worth having. */
	if (secret_box_try(secret, t->watch->master_key, &use.state, &t->census->secrets_untried) < 0)
		return 0;
	if (strstr(where, "gcsconfig.credentials")) {
		if (secret_box_key_type(secret, t->watch->master_key, type, e) < 0)
			return -(int)e->kind;
		use.key_type = type;
	}
	t->census->secrets[use.state]++;
	t->census->secrets_master += use.master;
	return t->watch->secret ? t->watch->secret(t->watch->arg, &use, e) : 0;
}

/* ---- all ---- */

static int add_of_kind(const struct census_watch *w, const struct object *o, struct census *c,
		       struct err *e)
{
	switch (o->kind) {
	case OBJ_USERS:
		return add_user(w, o, c, e);
	case OBJ_GROUPS:
		return add_group(w, o, c, e);
	case OBJ_FOLDERS:
		return add_storage(w, o, "filesystem", "mapped_path", c, e);
	case OBJ_ADMINS:
		return add_admin(w, o, c, e);
	case OBJ_EVENT_ACTIONS:
		return add_action(w, o, e);
	case OBJ_EVENT_RULES:
		return add_rule(w, o, e);
	case OBJ_CONFIGS:
		snprintf(c->acme_domain, sizeof c->acme_domain, "%s", text_at(o->fields, "acme.domain"));
		return 0;
	default:
		return 0;
	}
}

int census_add(const struct census_watch *w, const struct object *o, struct census *c,
	       struct err *e)
{
	struct trying t = { w, o, c };

	c->objects.n[o->kind]++;
	if (add_of_kind(w, o, c, e) < 0 || add_name(w, o, c, e) < 0 || (w->object && w->object(w->arg, o, e) < 0))
		return -(int)e->kind;
	return secrets_each(o, add_secret, &t, e);
}

struct counting {
	const struct census_watch *watch;
	struct census *census;
};

static int count_one(void *arg, const struct object *o, struct err *e)
{
	const struct counting *c = arg;

	return census_add(c->watch, o, c->census, e);
}

int census_take(struct provider *p, const struct census_watch *w, struct census *ret, struct err *e)
{
	struct census made = { 0 };
	struct counting c = { w, &made };

	if (objects_each(p, count_one, &c, e) < 0)
		return -(int)e->kind;
	*ret = made;
	return 0;
}
