#include "products/seatable/envfile.h"

#include <ctype.h>
#include <string.h>

#include "conf/editor.h"
#include "io/json.h"

#define KEYS_MAX 500 /* of a file that has more the rest is not compared with bash */

const char *const sea_default_files[] = { "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml", NULL };
const char *const sea_override_files[] = { "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
					   "docker-compose.override.yaml", NULL };

static int keep(void *data, const char *key, const char *value, size_t line unused_arg, struct err *e unused_arg)
{
	free(map_put(data, key, xstrdup(value)));
	return 0;
}

int sea_env_read(struct sv text, struct map *ret, struct err *e)
{
	struct map values = { 0 };

	if (dialect_env.each(text, keep, &values, e) < 0) {
		map_done(&values, free);
		return -(int)e->kind;
	}
	*ret = values;
	return 0;
}

static size_t occurrences(struct sv text, const char *word)
{
	size_t n = 0, length = strlen(word);

	while (text.n >= length) {
		const char *at = memmem(text.p, text.n, word, length);

		if (!at)
			break;
		n++;
		text = (struct sv){ at + length, (size_t)(text.p + text.n - at) - length };
	}
	return n;
}

/* The values that do not win, in the order of the file: those of what is left when the winner is cut out, over and over. */
static int others_of(struct sv text, json_t *ret, struct err *e)
{
	autobuf struct buf left = BUF_MAX(SEA_ENV_MAX);
	struct span at = { 0 };

	buf_add_sv(&left, text);
	for (;;) {
		autobuf struct buf value = BUF_MAX(SEA_ENV_MAX);

		if (buf_check(&left, ".env", e) < 0 || dialect_env.cut(buf_sv(&left), SEA_VARIABLE, &at, e) < 0)
			return -(int)e->kind;
		memmove(left.data + at.from, left.data + at.to, left.len - at.to);
		left.len -= at.to - at.from;
		if (dialect_env.span(buf_sv(&left), SEA_VARIABLE, &at, e) < 0)
			return -(int)e->kind;
		if (!at.present)
			return 0;
		if (dialect_env.value(buf_sv(&left), &at, &value, e) < 0)
			return -(int)e->kind;
		json_array_insert_new(ret, 0, json_text(buf_str(&value)));
	}
}

int sea_env_image(struct sv text, json_t **ret, struct err *e)
{
	autobuf struct buf value = BUF_MAX(SEA_ENV_MAX);
	autojson json_t *others = json_array();
	size_t assigned, words = occurrences(text, SEA_VARIABLE);
	struct span at = { 0 };

	if (dialect_env.span(text, SEA_VARIABLE, &at, e) < 0 || (at.present && dialect_env.value(text, &at, &value, e) < 0))
		return -(int)e->kind;
	assigned = at.present ? 1 + at.also : 0;
	if (at.also && others_of(text, others, e) < 0)
		return -(int)e->kind;
	*ret = json_pack("{sb sO sb}", "present", (int)at.present, "others", others, "words", (int)(words > assigned));
	if (at.present) {
		json_object_set_new(*ret, "value", json_text(buf_str(&value)));
		json_object_set_new(*ret, "line", json_integer((json_int_t)at.line));
	}
	return 0;
}

/* ---- as bash reads it ---- */

static bool is_bash_name(const char *key)
{
	if (!isalpha((unsigned char)*key) && *key != '_')
		return false;
	for (; *key; key++)
		if (!isalnum((unsigned char)*key) && *key != '_')
			return false;
	return true;
}

static bool has_any(struct sv s, const char *set)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(set, s.p[i]))
			return true;
	return false;
}

static struct sv inside(struct sv quoted)
{
	return (struct sv){ quoted.p + 1, quoted.n - 2 };
}

/* `written` is the value with its quotes. What bash expands, splits or unescapes itself is not alike. */
static bool value_is_alike(struct sv written)
{
	if (!written.n)
		return true;
	if (written.p[0] == '\'')
		return !has_any(inside(written), "'\\");
	if (written.p[0] == '"')
		return !has_any(inside(written), "\\$`\"");
	return !has_any(written, " \t\\$`'\"&|;<>()*?[]{}~!#\r\v\f");
}

static bool is_alike(struct sv text, const char *key)
{
	struct err ignored = ERR_INIT;
	struct span at = { 0 };

	if (dialect_env.span(text, key, &at, &ignored) < 0 || !at.present)
		return true;
	return is_bash_name(key) && at.from && text.p[at.from - 1] == '=' && at.from >= 1 + strlen(key) &&
	       !memcmp(text.p + at.from - 1 - strlen(key), key, strlen(key)) &&
	       value_is_alike((struct sv){ text.p + at.from, at.to - at.from });
}

json_t *sea_env_bash(struct sv text, const struct map *values)
{
	json_t *keys = json_array();
	size_t n = 0;

	map_each (values, it)
		if (n++ < KEYS_MAX && !is_alike(text, it->key))
			json_array_append_new(keys, json_text(it->key));
	return keys;
}

/* ---- the files of the project ---- */

static json_t *split(const char *list, const char *separator)
{
	json_t *names = json_array();
	size_t n = strlen(separator);

	for (;;) {
		const char *end = strstr(list, separator);

		json_array_append_new(names, json_stringn(list, end ? (size_t)(end - list) : strlen(list)));
		if (!end)
			return names;
		list = end + n;
	}
}

json_t *sea_env_files(const struct map *values)
{
	const char *list = map_get(values, "COMPOSE_FILE"), *separator = map_get(values, "COMPOSE_PATH_SEPARATOR");

	return list ? split(list, separator && *separator ? separator : ":") : NULL;
}

json_t *sea_env_profiles(const struct map *values)
{
	const char *list = map_get(values, "COMPOSE_PROFILES");

	return list && *list ? split(list, ",") : json_array();
}
