#include "products/questdb/object_store.h"

#include <string.h>

#include "base/secret.h"
#include "conf/editor.h"
#include "io/file.h"

#define CONF_MAX (4u << 20)

/* What tells one place from another, by the documentation of the four schemes. */
static const char *const parts[] = { "bucket", "container", "endpoint", "root" };

static struct sv part_of(struct sv text, const char *key)
{
	while (text.n) {
		struct sv value = sv_cut(&text, ';'), name = sv_cut(&value, '=');

		if (sv_eq(sv_trim(name), key))
			return sv_trim(value);
	}
	return (struct sv){ 0 };
}

static struct sv without_slashes(struct sv v)
{
	while (v.n && v.p[0] == '/') {
		v.p++;
		v.n--;
	}
	while (v.n && v.p[v.n - 1] == '/')
		v.n--;
	return v;
}

char *object_store_place(struct sv text)
{
	const char *mark = memmem(text.p, text.n, "::", 2);
	autobuf struct buf place = BUF_MAX(64 << 10);
	struct sv scheme = { text.p, mark ? (size_t)(mark - text.p) : 0 };
	struct sv rest;

	if (!mark || !scheme.n)
		return NULL;
	rest = (struct sv){ mark + 2, text.n - scheme.n - 2 };
	buf_addf(&place, SV_FMT, SV_ARG(sv_trim(scheme)));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		buf_addf(&place, " %s=" SV_FMT, parts[i],
			 SV_ARG(without_slashes(part_of(rest, parts[i]))));
	return xstrdup(buf_str(&place));
}

int object_store_of_file(const char *path, char **ret, struct err *e)
{
	struct secret text = { 0 };

	if (file_read_secret(path, &text, e) < 0)
		return -e->kind;
	*ret = object_store_place(sv_trim((struct sv){ text.bytes, text.len }));
	secret_done(&text);
	return *ret != NULL;
}

int object_store_of_conf(const char *path, char **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(CONF_MAX), value = BUF_MAX(64 << 10);
	int r;

	if (file_read_path(path, &text, e) < 0)
		return -e->kind;
	r = editor_get(&dialect_properties, buf_sv(&text), "replication.object.store.file", &value,
		       e);
	if (r > 0)
		return object_store_of_file(buf_str(&value), ret, e);
	if (r >= 0)
		r = editor_get(&dialect_properties, buf_sv(&text), "replication.object.store",
			       &value, e);
	if (r > 0)
		*ret = object_store_place(buf_sv(&value));
	if (text.data)
		secret_wipe(text.data, text.len);
	if (value.data)
		secret_wipe(value.data, value.len);
	return r <= 0 ? r : *ret != NULL;
}
