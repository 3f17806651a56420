#include "products/sftpgo/quotas.h"

#include <string.h>

#include "base/mem.h"
#include "io/file.h"

#define MOVED_FILE "quotas.moved"
#define LEFT_FILE  "quotas.left"
#define FILE_MAX   (8u << 20)
#define TOLD       100

static const char *const kinds[] = { "users", "folders" };

json_t *quotas_new(void)
{
	return json_pack("{s[] s[]}", kinds[0], kinds[1]);
}

static bool is_used_quota(const char *field)
{
	return field && (!strcmp(field, "used_quota_size") || !strcmp(field, "used_quota_files"));
}

void quotas_note(json_t *moved, const struct object_difference *d)
{
	json_t *list = json_object_get(moved, object_kind_name(d->kind));
	size_t n = json_array_size(list);
	const char *last = n ? json_string_value(json_array_get(list, n - 1)) : "";

	if (list && is_used_quota(d->field) && n < QUOTAS_MAX && strcmp(last, d->key) != 0)
		json_array_append_new(list, json_string(d->key));
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

void quotas_left_tell(struct ctx *c, struct comparisons *ret)
{
	autojson json_t *left = NULL;
	struct err none = ERR_INIT;
	const json_t *name;
	size_t i;

	if (get(c, LEFT_FILE, &left, &none) < 0)
		return;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		json_array_foreach(json_object_get(left, kinds[k]), i, name)
		{
			autofree char *subject = xasprintf("%s %s", kinds[k], json_string_value(name));

			if (i < TOLD)
				cmp_add(ret, CMP_UNPROVED, subject, "used quota", NULL, NULL, NULL, json_str(left, "why", ""));
		}
}
