#include "products/sftpgo/objects.h"

#include <string.h>

#include "base/mem.h"
#include "io/file.h"
#include "products/sftpgo/dot_pass.h"
#include "products/sftpgo/objects_source.h"
#include "products/sftpgo/provider_driver.h"

static const char *const names[OBJ__MAX] = {
	[OBJ_ADMINS] = "admins",
	[OBJ_API_KEYS] = "api_keys",
	[OBJ_CONFIGS] = "configs",
	[OBJ_EVENT_ACTIONS] = "event_actions",
	[OBJ_EVENT_RULES] = "event_rules",
	[OBJ_FOLDERS] = "folders",
	[OBJ_GROUPS] = "groups",
	[OBJ_IP_LISTS] = "ip_lists",
	[OBJ_ROLES] = "roles",
	[OBJ_SHARES] = "shares",
	[OBJ_USERS] = "users",
};

const char *object_kind_name(enum object_kind kind) { return names[kind]; }

enum object_kind object_kind_of(const char *name)
{
	enum object_kind kind = 0;

	while (kind < OBJ__MAX && strcmp(names[kind], name))
		kind++;
	return kind;
}

/* ---- one form ---- */

static bool is_nothing(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_NULL:
	case JSON_FALSE:
		return true;
	case JSON_INTEGER:
		return json_integer_value(v) == 0;
	case JSON_STRING:
		return json_string_length(v) == 0;
	case JSON_ARRAY:
		return json_array_size(v) == 0;
	case JSON_OBJECT:
		return json_object_size(v) == 0;
	default:
		return false;
	}
}

json_t *json_prune(json_t *value)
{
	const char *key;
	json_t *v;
	void *next;
	size_t i;

	json_array_foreach(value, i, v) json_prune(v);
	json_object_foreach_safe(value, next, key, v)
	{
		if (strcmp(key, "permissions"))
			json_prune(v);
		if (is_nothing(v))
			json_object_del(value, key);
	}
	return value;
}

void object_digest(const struct object *o, char ret[65]) { json_digest(o->fields, ret); }

void field_digest(const json_t *value, char ret[FIELD_DIGEST])
{
	char digest[DIGEST_TEXT];

	json_digest(value, digest);
	snprintf(ret, FIELD_DIGEST, "%s", digest);
}

/* ---- streams ---- */

struct objects {
	enum object_kind kind;
	struct object_source *source;
	struct object now;
	bool dots; /* the placeholder pass is still to come */
};

static void forget(struct object *o)
{
	free(o->key);
	json_decref(o->fields);
	json_decref(o->dotted);
	*o = (struct object){ .kind = o->kind };
}

int objects_open(struct provider *p, enum object_kind kind, struct objects **ret, struct err *e)
{
	struct object_source *source = NULL;
	struct objects *o;

	if ((p->ops->query ? sql_source : bolt_source)(p, kind, &source, e) < 0)
		return err_wrap(e, "%s", names[kind]);
	o = xcalloc(1, sizeof *o);
	*o = (struct objects){
		.kind = kind,
		.source = source,
		.now.kind = kind,
		.dots = kind == OBJ_EVENT_ACTIONS && p->schema < DOT_PASS_SCHEMA,
	};
	*ret = o;
	return 0;
}

/* Comparing in one pass needs the order, whatever collation the database has. */
static int keep_order(const char *before, const char *key, struct err *e)
{
	if (before && strcmp(before, key) >= 0)
		return err_set(e, ERR_FORMAT, "'%s' comes after '%s'", key, before);
	return 0;
}

static json_t *dotted_options(const json_t *fields)
{
	json_t *dotted = dot_pass(json_object_get(fields, "options"));

	return dotted ? json_prune(dotted) : NULL;
}

int objects_step(struct objects *o, const char **ret_key, struct sv *ret_said, struct err *e)
{
	autofree char *before = take_ptr(o->now.key);
	int r;

	forget(&o->now);
	r = o->source->next(o->source, &o->now.key, ret_said, e);
	if (r > 0 && keep_order(before, o->now.key, e) < 0)
		r = -(int)e->kind;
	if (r < 0)
		return err_wrap(e, "%s", names[o->kind]);
	*ret_key = o->now.key;
	return r;
}

int objects_read(struct objects *o, const struct object **ret, struct err *e)
{
	if (o->source->fields(o->source, &o->now.fields, e) < 0)
		return err_wrap(e, "%s: '%s'", names[o->kind], o->now.key);
	if (o->dots)
		o->now.dotted = dotted_options(o->now.fields);
	json_prune(o->now.fields);
	*ret = &o->now;
	return 0;
}

int objects_next(struct objects *o, const struct object **ret, struct err *e)
{
	const char *key;
	struct sv said;
	int r = objects_step(o, &key, &said, e);

	if (r > 0 && objects_read(o, ret, e) < 0)
		return -(int)e->kind;
	return r;
}

void objects_close(struct objects *o)
{
	if (!o)
		return;
	forget(&o->now);
	o->source->close(o->source);
	free(o);
}

int objects_each(struct provider *p, int (*each)(void *arg, const struct object *o, struct err *e),
		 void *arg, struct err *e)
{
	for (enum object_kind kind = 0; kind < OBJ__MAX; kind++) {
		autoobjects struct objects *all = NULL;
		const struct object *o;
		int r;

		if (objects_open(p, kind, &all, e) < 0)
			return -(int)e->kind;
		while ((r = objects_next(all, &o, e)) > 0) {
			if (each(arg, o, e) < 0)
				return -(int)e->kind;
		}
		if (r < 0)
			return r;
	}
	return 0;
}
