/* Objects out of bolt buckets: whole JSON objects, as a dump has them, with copies of what they
 * relate to. */
#include <string.h>

#include "base/mem.h"
#include "products/sftpgo/bolt.h"
#include "products/sftpgo/objects_source.h"
#include "products/sftpgo/provider_driver.h"

static const struct bolt_kind {
	const char *bucket;
	const char *derived; /* fields to leave out, words */
} kinds[OBJ__MAX] = {
	[OBJ_ADMINS] = { "admins", "id" },
	[OBJ_API_KEYS] = { "api_keys", "" },
	[OBJ_CONFIGS] = { "configs", "" },
	[OBJ_EVENT_ACTIONS] = { "events_actions", "id rules" },
	[OBJ_EVENT_RULES] = { "events_rules", "id" },
	[OBJ_FOLDERS] = { "folders", "id users groups" },
	[OBJ_GROUPS] = { "groups", "id users admins" },
	[OBJ_IP_LISTS] = { "roles", "first last ip_type" },
	[OBJ_ROLES] = { "roles", "id users admins" },
	[OBJ_SHARES] = { "shares", "" },
	[OBJ_USERS] = { "users", "id has_password" },
};

/* What a relation itself says; the rest is a copy of the object at its other end, of the time it
 * was saved. */
static const struct {
	const char *field;
	const char *keep[6];
} relations[] = {
	{ "virtual_folders", { "name", "virtual_path", "quota_size", "quota_files", NULL } },
	{ "actions", { "name", "order", "relation_options", NULL } },
};

struct bolt_objects {
	struct object_source source;
	enum object_kind kind;
	struct bolt_cursor *cursor; /* NULL: the bucket is not there */
	struct sv value; /* of the object it is at */
};

static void drop_derived(json_t *fields, const char *words)
{
	struct sv rest = sv_of(words), word;

	while ((word = sv_word(&rest)).n) {
		autofree char *name = sv_dup(word);

		json_object_del(fields, name);
	}
}

static json_t *kept(const json_t *item, const char *const *keep)
{
	json_t *only = json_object();

	for (; *keep; keep++) {
		if (json_object_get(item, *keep))
			json_object_set(only, *keep, json_object_get(item, *keep));
	}
	return only;
}

static void reduce_relations(json_t *fields)
{
	for (size_t i = 0; i < ARRAY_LEN(relations); i++) {
		json_t *list = json_object_get(fields, relations[i].field), *item;
		size_t at;

		json_array_foreach(list, at, item)
		    json_array_set_new(list, at, kept(item, relations[i].keep));
	}
}

static int parse(struct bolt_objects *s, json_t **ret, struct err *e)
{
	if (s->value.n > OBJECT_MAX_BYTES)
		return err_set(e, ERR_SPACE, "an object is larger than %d MiB",
			       OBJECT_MAX_BYTES >> 20);
	return json_parse(s->value, "an object", ret, e);
}

/* 2.6.4 and 2.7.5 keep IP lists in the bucket of roles (seen), the one made for them stays empty.
 */
static int belongs(struct bolt_objects *s, bool *ret, struct err *e)
{
	autojson json_t *fields = NULL;

	*ret = true;
	if (s->kind != OBJ_ROLES && s->kind != OBJ_IP_LISTS)
		return 0;
	if (parse(s, &fields, e) < 0)
		return -(int)e->kind;
	*ret = (s->kind == OBJ_IP_LISTS) == (json_object_get(fields, "ipornet") != NULL);
	return 0;
}

static int bolt_objects_next(struct object_source *source, char **ret_key, struct sv *ret_said,
			     struct err *e)
{
	struct bolt_objects *s = (struct bolt_objects *)source;
	bool mine = false;
	struct sv key;

	while (!mine) {
		int r = s->cursor ? bolt_next(s->cursor, &key, &s->value, e) : 0;

		if (r <= 0)
			return r;
		if (belongs(s, &mine, e) < 0)
			return err_wrap(e, "'" SV_FMT "'", SV_ARG(key));
	}
	*ret_key = sv_dup(key);
	*ret_said = s->value;
	return 1;
}

static int bolt_objects_fields(struct object_source *source, json_t **ret, struct err *e)
{
	struct bolt_objects *s = (struct bolt_objects *)source;
	json_t *fields;

	if (parse(s, &fields, e) < 0)
		return -(int)e->kind;
	drop_derived(fields, kinds[s->kind].derived);
	reduce_relations(fields);
	*ret = fields;
	return 0;
}

static void bolt_objects_close(struct object_source *source)
{
	struct bolt_objects *s = (struct bolt_objects *)source;

	bolt_cursor_free(s->cursor);
	free(s);
}

int bolt_source(struct provider *p, enum object_kind kind, struct object_source **ret,
		struct err *e)
{
	struct bolt_objects *s = xcalloc(1, sizeof *s);

	*s = (struct bolt_objects){ .source = { bolt_objects_next, bolt_objects_fields,
						bolt_objects_close },
				    .kind = kind };
	if (bolt_bucket(p->handle, kinds[kind].bucket, &s->cursor, e) < 0) {
		if (e->kind != ERR_ABSENT) {
			free(s);
			return -(int)e->kind;
		}
		err_clear(e);
	}
	*ret = &s->source;
	return 0;
}
