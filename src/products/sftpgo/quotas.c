#include "products/sftpgo/quotas.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "io/file.h"

#define MOVED_FILE "quotas.moved"
#define LEFT_FILE  "quotas.left"
#define FILE_MAX   (8u << 20)
#define TOLD       100
#define BEYOND     "beyond"

static const char *const kinds[] = { "users", "folders" };

json_t *quotas_new(void)
{
	return json_pack("{s[] s[] s{}}", kinds[0], kinds[1], BEYOND);
}

static bool is_used_quota(const char *field)
{
	return field && (!strcmp(field, "used_quota_size") || !strcmp(field, "used_quota_files"));
}

/* {"last": name, "n"}: differences of one object come one after another. */
static void note_beyond(json_t *moved, const char *kind, const char *key)
{
	json_t *beyond = json_object_get(moved, BEYOND), *of = json_object_get(beyond, kind);

	if (!strcmp(json_str(of, "last", ""), key))
		return;
	json_object_set_new(beyond, kind, json_pack("{so sI}", "last", json_text(key), "n", (json_int_t)json_int(of, "n", 0) + 1));
}

void quotas_note(json_t *moved, const struct object_difference *d)
{
	const char *kind = object_kind_name(d->kind);
	json_t *list = json_object_get(moved, kind);
	size_t n = json_array_size(list);
	const char *last = n ? json_string_value(json_array_get(list, n - 1)) : "";

	if (!json_is_array(list) || !is_used_quota(d->field) || !strcmp(last, d->key))
		return;
	if (n < QUOTAS_MAX)
		json_array_append_new(list, json_string(d->key));
	else
		note_beyond(moved, kind, d->key);
}

static int64_t beyond_of(const json_t *moved, const char *kind)
{
	return json_int(json_object_get(json_object_get(moved, BEYOND), kind), "n", 0);
}

int64_t quotas_beyond(const json_t *moved)
{
	return beyond_of(moved, kinds[0]) + beyond_of(moved, kinds[1]);
}

void quotas_beyond_left(const json_t *moved, json_t *left)
{
	json_object_set(left, BEYOND, json_object_get(moved, BEYOND));
	if (quotas_beyond(moved) && !json_object_get(left, "why"))
		json_object_set_new(left, "why", json_sprintf("no more than %d users and folders are scanned again", QUOTAS_MAX));
}

static int put(struct ctx *c, const char *name, const json_t *doc, struct err *e)
{
	autobuf struct buf text = BUF_MAX(FILE_MAX);

	if (c->blobs.fd < 0)
		return err_set(e, ERR_ABSENT, "this call keeps no records of a run");
	json_canonical(doc, &text);
	if (buf_check(&text, name, e) < 0)
		return -(int)e->kind;
	return file_replace(&c->blobs, name, buf_sv(&text), FILE_PRIVATE, e);
}

static int get(struct ctx *c, const char *name, json_t **ret, struct err *e)
{
	if (c->blobs.fd < 0)
		return err_set(e, ERR_ABSENT, "this call has no records of a run");
	return json_read(&c->blobs, name, FILE_MAX, ret, e);
}

int quotas_put(struct ctx *c, const json_t *moved, struct err *e)
{
	return put(c, MOVED_FILE, moved, e);
}

int quotas_get(struct ctx *c, json_t **ret, struct err *e)
{
	return get(c, MOVED_FILE, ret, e);
}

int quotas_left_put(struct ctx *c, const json_t *left, struct err *e)
{
	return put(c, LEFT_FILE, left, e);
}

static void tell_one(struct comparisons *ret, const char *kind, const char *name, const char *why)
{
	autofree char *subject = xasprintf("%s %s", kind, name);

	cmp_add(ret, CMP_UNPROVED, subject, "used quota", NULL, NULL, NULL, why);
}

static void tell_more(const struct ctx *c, const json_t *left, const char *kind, struct comparisons *ret)
{
	size_t listed = json_array_size(json_object_get(left, kind));
	autofree char *why = NULL, *more = NULL;
	int64_t beyond = beyond_of(left, kind);

	if (listed > TOLD) {
		more = xasprintf("(%zu more)", listed - TOLD);
		why = xasprintf("their names: %s/" LEFT_FILE, c->blobs.path);
		tell_one(ret, kind, more, why);
	}
	if (beyond > 0) {
		autofree char *unnamed = xasprintf("(%" PRId64 " beyond those)", beyond);

		tell_one(ret, kind, unnamed, "only counted: scan the quotas of all");
	}
}

void quotas_left_tell(struct ctx *c, struct comparisons *ret)
{
	autojson json_t *left = NULL;
	struct err none = ERR_INIT;
	const json_t *name;
	size_t i;

	if (get(c, LEFT_FILE, &left, &none) < 0)
		return;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		json_array_foreach(json_object_get(left, kinds[k]), i, name)
		{
			if (i < TOLD)
				tell_one(ret, kinds[k], json_string_value(name), json_str(left, "why", ""));
		}
		tell_more(c, left, kinds[k], ret);
	}
}
