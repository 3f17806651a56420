#include "io/json.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "io/file.h"

#define TEXT_MAX  (64u << 20)
#define WORD_MAX  64
#define CANONICAL (JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17))
#define PRETTY    (JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17))

int json_parse(struct sv text, const char *what, json_t **ret, struct err *e)
{
	json_error_t at;
	json_t *j;

	if (text.n > TEXT_MAX)
		return err_set(e, ERR_SPACE, "%s is larger than the %u bytes allowed", what,
		               TEXT_MAX);
	j = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
	if (!j)
		return err_set(e, ERR_FORMAT, "%s, line %d, column %d: %s", what, at.line,
		               at.column, at.text);
	*ret = j;
	return 0;
}

int json_read(const struct dir *d, const char *rel, size_t max, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(max);

	if (file_read(d, rel, &text, e) < 0)
		return -(int)e->kind;
	return json_parse(buf_sv(&text), rel, ret, e);
}

int json_read_path(const char *path, size_t max, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(max);

	if (file_read_path(path, &text, e) < 0)
		return -(int)e->kind;
	return json_parse(buf_sv(&text), path, ret, e);
}

static int want(const json_t *o, const char *key, json_type type, const char *type_name,
                json_t **ret, struct err *e)
{
	json_t *v = json_object_get(o, key);

	if (!v)
		return err_set(e, ERR_FORMAT, "key '%s' is missing", key);
	if (json_typeof(v) != type)
		return err_set(e, ERR_FORMAT, "key '%s' is not %s", key, type_name);
	*ret = v;
	return 0;
}

int json_want_str(const json_t *o, const char *key, const char **ret, struct err *e)
{
	json_t *v = NULL;

	if (want(o, key, JSON_STRING, "a string", &v, e) < 0)
		return -(int)e->kind;
	*ret = json_string_value(v);
	return 0;
}

int json_want_int(const json_t *o, const char *key, int64_t *ret, struct err *e)
{
	json_t *v = NULL;

	if (want(o, key, JSON_INTEGER, "an integer", &v, e) < 0)
		return -(int)e->kind;
	*ret = json_integer_value(v);
	return 0;
}

int json_want_obj(const json_t *o, const char *key, json_t **ret, struct err *e)
{
	return want(o, key, JSON_OBJECT, "an object", ret, e);
}

int json_want_arr(const json_t *o, const char *key, json_t **ret, struct err *e)
{
	return want(o, key, JSON_ARRAY, "an array", ret, e);
}

const char *json_str(const json_t *o, const char *key, const char *absent)
{
	const json_t *v = json_object_get(o, key);

	return json_is_string(v) ? json_string_value(v) : absent;
}

int64_t json_int(const json_t *o, const char *key, int64_t absent)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : absent;
}

bool json_bool(const json_t *o, const char *key, bool absent)
{
	const json_t *v = json_object_get(o, key);

	return json_is_boolean(v) ? json_is_true(v) : absent;
}

bool json_lists(const json_t *list, const char *text)
{
	const json_t *one;
	size_t at;

	json_array_foreach((json_t *)list, at, one) {
		if (json_is_string(one) && !strcmp(json_string_value(one), text))
			return true;
	}
	return false;
}

static int into_buf(const char *bytes, size_t n, void *data)
{
	struct buf *b = data;

	buf_add(b, bytes, n);
	return b->full ? -1 : 0;
}

json_t *json_of_file_id(struct file_id id)
{
	return json_pack("{sI sI}", "ino", (json_int_t)id.ino, "born_ns", (json_int_t)id.born_ns);
}

int json_want_file_id(const json_t *o, const char *key, struct file_id *ret, struct err *e)
{
	json_t *id;
	int64_t ino, born_ns;

	if (json_want_obj(o, key, &id, e) < 0 || json_want_int(id, "ino", &ino, e) < 0 ||
	    json_want_int(id, "born_ns", &born_ns, e) < 0)
		return -(int)e->kind;
	*ret = (struct file_id){ .ino = (uint64_t)ino, .born_ns = born_ns };
	return 0;
}

json_t *json_text(const char *text)
{
	json_t *value = text ? json_string(text) : json_null();
	autofree char *plain = NULL;

	if (value)
		return value;
	plain = xstrdup(text);
	for (char *c = plain; *c; c++)
		if ((unsigned char)*c > 0x7f)
			*c = '?';
	return json_string(plain);
}

void json_canonical(const json_t *j, struct buf *ret)
{
	(void)json_dump_callback(j, into_buf, ret, CANONICAL);
}

void json_pretty(const json_t *j, struct buf *ret)
{
	(void)json_dump_callback(j, into_buf, ret, PRETTY);
	buf_addc(ret, '\n');
}

void json_digest(const json_t *j, char ret[65])
{
	autobuf struct buf text = BUF_MAX(SIZE_MAX / 2);

	json_canonical(j, &text);
	digest_text(buf_sv(&text), ret);
}

int json_only_keys(const json_t *o, const char *where, const char *const *known, struct err *e)
{
	const char *key, *near;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		const char *const *it = known;

		while (*it && strcmp(*it, key) != 0)
			it++;
		if (*it)
			continue;
		(void)err_set(e, ERR_USAGE, "unknown key '%s' in %s", key, where);
		near = nearest_word(key, known);
		return near ? err_hint(e, "did you mean '%s'?", near) : -ERR_USAGE;
	}
	return 0;
}

/* Levenshtein, one row at a time. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t above_left = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = above_left + (a[i - 1] != b[j - 1]);
			size_t add_or_drop = MIN_OF(row[j], row[j - 1]) + 1;

			above_left = row[j];
			row[j] = MIN_OF(change, add_or_drop);
		}
	}
	return row[m];
}

const char *nearest_word(const char *word, const char *const *known)
{
	size_t n = strlen(word), best = n / 3 + 2;
	const char *near = NULL;

	if (n > WORD_MAX)
		return NULL;
	for (; *known; known++) {
		size_t m = strlen(*known), d = m > WORD_MAX ? best : distance(word, n, *known, m);

		if (d < best && d < MAX_OF(n, m)) {
			best = d;
			near = *known;
		}
	}
	return near;
}
