#include "products/questdb/confkeys.h"

#include "products/questdb/conf.h"

/* Is `key` one of the blank-separated words of a text value? */
static bool word_in(const char *words, const char *key)
{
	struct sv rest = sv_of(words), word;

	while (rest.n) {
		word = sv_trim(sv_cut(&rest, ' '));
		if (word.n && sv_eq(word, key))
			return true;
	}
	return false;
}

/* "acl." is a prefix, "pg.password" is a key. */
static bool listed(const char *value_name, const char *key)
{
	const json_t *word;
	size_t i;

	json_array_foreach((json_t *)questdb_value(value_name), i, word)
	{
		const char *w = json_string_value(word);
		size_t n = w ? strlen(w) : 0;

		if (n && (w[n - 1] == '.' ? !strncmp(w, key, n) : !strcmp(w, key)))
			return true;
	}
	return false;
}

bool conf_key_enterprise(const char *key) { return listed("enterprise_keys", key); }

bool conf_key_uncarried(const char *key) { return listed("uncarried_keys", key); }

/* `<key>.file` names a file that holds the secret. 9.3.4 reads it, and still refuses the key under
 * strict validation (seen); how later releases judge it was not seen. */
static bool secret_from_file(const char *key)
{
	return conf_is_secret(key) && sv_ends(sv_of(key), ".file");
}

/* Known, by the rows up to and including the given one: each tells what it added and dropped
 * against the one before. */
static bool known_at(const json_t *releases, size_t last, const char *key)
{
	bool known = false;

	for (size_t i = 0; i <= last && i < json_array_size(releases); i++) {
		const json_t *row = json_array_get(releases, i);

		if (word_in(json_str(row, "added", ""), key))
			known = true;
		if (word_in(json_str(row, "dropped", ""), key))
			known = false;
	}
	return known;
}

/* Rows are releases that were read; those around `core` frame it: at both known or at both unknown
 * is an answer. */
static enum conf_key in_core(struct version core, const char *key)
{
	const json_t *releases = questdb_value("config_keys");
	size_t n = json_array_size(releases), below = n, above = n;
	struct version read;
	bool before, after;

	for (size_t i = 0; i < n; i++) {
		if (!version_parse(json_str(json_array_get(releases, i), "release", NULL), &read))
			continue;
		if (version_cmp(read, core) <= 0)
			below = i;
		if (version_cmp(read, core) >= 0 && above == n)
			above = i;
	}
	if (below == n && above == n)
		return CONF_UNSURE;
	before = below < n ? known_at(releases, below, key) : known_at(releases, above, key);
	after = above < n ? known_at(releases, above, key) : before;
	if (before != after)
		return CONF_UNSURE;
	if (!before && above == n)
		return CONF_UNSURE;
	return before ? CONF_KNOWN : CONF_UNKNOWN;
}

enum conf_key conf_key_in(const char *edition, enum core_by by, struct version core,
			  const char *key)
{
	if (edition_is_enterprise(edition) && conf_key_enterprise(key))
		return CONF_KNOWN;
	if (by == CORE_UNKNOWN)
		return CONF_UNSURE;
	if (conf_key_enterprise(key))
		return CONF_UNKNOWN;
	if (secret_from_file(key))
		return version_cmp(core, (struct version){ 9, 3, 4 }) <= 0 ? CONF_UNKNOWN
									   : CONF_UNSURE;
	return in_core(core, key);
}
