#include "products/questdb/conf.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "conf/editor.h"

/* Old names that the server still takes; the new one wins wherever both stand.
 * PropServerConfiguration */
static const struct {
	const char *old, *now;
} aliases[] = {
	{ "http.bind.to", "http.net.bind.to" },
	{ "http.min.bind.to", "http.min.net.bind.to" },
	{ "cairo.snapshot.recovery.enabled", "cairo.checkpoint.recovery.enabled" },
};

/* Variables of launchers, not of the server's configuration. */
static const char *const not_keys[] = { "QDB_ROOT", "QDB_JEMALLOC", "QDB_PACKAGE", NULL };

bool conf_is_secret(const char *key)
{
	static const char *const words[] = { "password",    "secret",       "token",
					     "credential",  "object.store", "access.key",
					     "private.key", "apikey",       "api.key",
					     NULL };
	char flat[256];
	size_t n = 0;

	for (; key[n] && n + 1 < sizeof flat; n++)
		flat[n] = key[n] == '_' ? '.' : (char)tolower((unsigned char)key[n]);
	flat[n] = '\0';
	/* Where a secret is kept, and how strong or long-lived it is, is none. */
	if (strstr(flat, "tls.private.key.path") || strstr(flat, "hash.iteration") ||
	    strstr(flat, "token.refresh"))
		return false;
	for (size_t i = 0; words[i]; i++)
		if (strstr(flat, words[i]))
			return true;
	return false;
}

static const char *canonical(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (!strcmp(aliases[i].old, key))
			return aliases[i].now;
	return key;
}

char *conf_key_of_env(const char *name)
{
	char *key;

	if (strncmp(name, "QDB_", 4) != 0)
		return NULL;
	for (size_t i = 0; not_keys[i]; i++)
		if (!strcmp(not_keys[i], name))
			return NULL;
	key = xstrdup(name + 4);
	for (char *p = key; *p; p++)
		*p = *p == '_' ? '.' : (char)tolower((unsigned char)*p);
	return key;
}

static json_t *text_json(const char *text)
{
	json_t *j = json_string(text);

	return j ? j : json_string("(not text in UTF-8)");
}

/* `pg.password.file`, and QDB_PG_PASSWORD_FILE likewise, names a file that holds the secret and
 * wins over the value. */
static bool names_a_file(const char *key)
{
	return sv_ends(sv_of(key), ".password.file") || sv_ends(sv_of(key), ".object.store.file");
}

static json_t *entry_of(const char *key, const char *value, const char *env)
{
	json_t *entry = json_object();

	if (names_a_file(key)) {
		json_object_set_new(entry, "from", json_string("file"));
		json_object_set_new(entry, "file", text_json(value));
		json_object_set_new(entry, "secret", json_true());
	} else {
		json_object_set_new(entry, "from", json_string(env ? "env" : "conf"));
		if (conf_is_secret(key))
			json_object_set_new(entry, "secret", json_true());
		else
			json_object_set_new(entry, "value", text_json(value));
	}
	if (env)
		json_object_set_new(entry, "env", json_string(env));
	return entry;
}

/* Rank of what sets a key: a file beats a value, the new name the old one, the environment the
 * file. */
static int rank(const char *written, const char *name, bool env)
{
	return names_a_file(written) * 4 + !strcmp(written, name) * 2 + env;
}

struct filling {
	struct conf *c;
	json_t *ranks;
	const char *env;
};

static void put(struct filling *f, const char *key, const char *value)
{
	autofree char *base = xstrdup(key);
	const char *name;
	json_t *entry, *was;
	int mine = 0;

	if (names_a_file(key))
		base[strlen(base) - strlen(".file")] = '\0';
	name = canonical(base);
	if (name != base)
		json_object_set_new(f->c->aliases, key, json_string(name));
	mine = names_a_file(key) ? rank(key, name, f->env) : rank(base, name, f->env);
	was = json_object_get(f->c->keys, name);
	if (was && json_integer_value(json_object_get(f->ranks, name)) > mine)
		return;
	entry = entry_of(key, value, f->env);
	if (was && f->env &&
	    !json_equal(json_object_get(was, "value"), json_object_get(entry, "value")))
		json_object_set_new(entry, "overrides", json_true());
	json_object_set_new(f->c->keys, name, entry);
	json_object_set_new(f->ranks, name, json_integer(mine));
}

static int seen(void *data, const char *key, const char *value, size_t line unused_arg,
		struct err *e unused_arg)
{
	put(data, key, value);
	return 0;
}

static int count_duplicates(struct sv text, struct conf *c, struct err *e)
{
	const char *key;
	json_t *entry;

	json_object_foreach(c->keys, key, entry)
	{
		struct span at = { 0 };

		if (dialect_properties.span(text, key, &at, e) < 0)
			return -e->kind;
		if (at.present && at.also)
			json_object_set_new(c->duplicates, key, json_integer((json_int_t)at.also));
	}
	return 0;
}

/* A variable cannot say whether a '_' was a '.' or a '-': a key that the file has with a dash is
 * taken for it. */
static char *key_in_file(const struct conf *c, char *key)
{
	const char *known;
	json_t *entry;

	json_object_foreach(c->keys, known, entry)
	{
		size_t i = 0;

		while (known[i] && (known[i] == key[i] || (known[i] == '-' && key[i] == '.')))
			i++;
		if (!known[i] && !key[i]) {
			free(key);
			return xstrdup(known);
		}
	}
	return key;
}

static void add_environment(char *const *env, struct filling *f)
{
	for (; env && *env; env++) {
		const char *eq = strchr(*env, '=');
		autofree char *name = eq ? xstrndup(*env, (size_t)(eq - *env)) : NULL;
		autofree char *key = name ? conf_key_of_env(name) : NULL;

		if (!key)
			continue;
		key = key_in_file(f->c, take_ptr(key));
		f->env = name;
		put(f, key, eq + 1);
		f->env = NULL;
	}
}

int conf_read(struct sv text, char *const *env, struct conf *ret, struct err *e)
{
	autoconf struct conf c = { json_object(), json_object(), json_object() };
	autojson json_t *ranks = json_object();
	struct filling f = { .c = &c, .ranks = ranks };

	if (dialect_properties.each(text, seen, &f, e) < 0 || count_duplicates(text, &c, e) < 0)
		return err_wrap(e, "server.conf");
	add_environment(env, &f);
	*ret = c;
	c = (struct conf){ 0 };
	return 0;
}

void conf_done(struct conf *c)
{
	json_decref(c->keys);
	json_decref(c->aliases);
	json_decref(c->duplicates);
	*c = (struct conf){ 0 };
}

bool conf_has(const struct conf *c, const char *key)
{
	return json_object_get(c->keys, key) != NULL;
}

const char *conf_str(const struct conf *c, const char *key, const char *absent)
{
	return json_str(json_object_get(c->keys, key), "value", absent);
}

bool conf_bool(const struct conf *c, const char *key, bool absent)
{
	const char *v = conf_str(c, key, NULL);

	return v && *v ? !strcasecmp(v, "true") : absent;
}

void conf_bind(const struct conf *c, const char *key, uint16_t absent_port, char *host, size_t n,
	       uint16_t *ret_port)
{
	const char *v = conf_str(c, key, ""), *colon = strrchr(v, ':');
	struct sv port = sv_trim(sv_of(colon ? colon + 1 : v));
	uint64_t number;

	snprintf(host, n, "%.*s", colon ? (int)(colon - v) : 0, v);
	if (!host[0])
		snprintf(host, n, "0.0.0.0");
	*ret_port =
	    sv_u64(port, &number) && number > 0 && number < 65536 ? (uint16_t)number : absent_port;
}
