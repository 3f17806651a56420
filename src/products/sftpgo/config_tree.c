/* A configuration file as a tree: what of it can be read as the server does, value by value. */
#include "products/sftpgo/config_in.h"

#include <ctype.h>

void flats_done(struct flats *all)
{
	vec_each (all, one) {
		free(one->key);
		json_decref(one->value);
	}
	vec_done(all);
}

void sftpgo_unsure(struct sftpgo_config *cfg, const char *why)
{
	if (!cfg->unsure)
		cfg->unsure = xasprintf("'%s' cannot be read: %s", cfg->file, why);
}

char *sftpgo_folded(const char *key)
{
	char *ret = xstrdup(key);

	for (char *p = ret; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return ret;
}

size_t sftpgo_flat_cost(const char *key) { return strlen(key) + sizeof(struct flat); }

void sftpgo_flat_add(struct flats *all, const char *key, json_t *value, size_t line, const char *lost)
{
	all->kept += sftpgo_flat_cost(key);
	if (all->kept <= FLATS_MAX)
		*vec_push(all) = (struct flat){ sftpgo_folded(key), value, line, lost };
	else
		json_decref(value);
}

static char *below(const char *way, const char *name)
{
	return xasprintf("%s%s%s", way, *way ? "." : "", name);
}

static char *element_of(const char *way, size_t i) { return xasprintf("%s.%zu", way, i); }

static bool differ_in_case(const json_t *object)
{
	struct map seen = { 0 };
	bool found = false;
	const char *name;
	json_t *item;

	json_object_foreach((json_t *)object, name, item)
	{
		autofree char *key = sftpgo_folded(name);

		found |= map_put(&seen, key, item) != NULL;
	}
	map_done(&seen, NULL);
	return found;
}

static bool is_shorter_than_built_in(const char *key, const json_t *v)
{
	autojson json_t *built_in = json_loads(sftpgo_key_of(key)->absent, JSON_DECODE_ANY, NULL),
			*given = sftpgo_convert(KEY_LIST, v);

	return given && json_array_size(given) < json_array_size(built_in);
}

/* Where mapstructure of 2.6 takes the first elements from the file, and the rest from what is built
 * in. */
static bool is_laid_over(enum sftpgo_form form, const char *key, const json_t *v)
{
	static const char protocols[] = "common.rate_limiters.0.protocols",
			  scopes[] = "httpd.bindings.0.oidc.scopes";

	if (!strcmp(key, "mfa.totp"))
		return json_is_object(v);
	if (!strcmp(key, "common.rate_limiters.protocols") ||
	    (!strcmp(key, protocols) && form == FORM_HCL))
		return is_shorter_than_built_in(protocols, v);
	return !strcmp(key, "httpd.bindings.oidc.scopes") && is_shorter_than_built_in(scopes, v);
}

/* What viper reads in an order of its own, or mapstructure bends; NULL: nothing of the kind. */
static const char *oddity(enum sftpgo_form form, const char *way, const json_t *v)
{
	autofree char *key = sftpgo_folded(way);
	const char *name, *found = NULL;
	json_t *item;
	size_t i;

	if (json_is_object(v) && sftpgo_list_of(key) && form == FORM_TREE)
		return "a list of objects is written as one object";
	if (is_laid_over(form, key, v))
		return "2.6 lays a list or an object in it over the one that is built in";
	if (json_is_object(v) && differ_in_case(v))
		return "two names in it differ in case alone";
	json_object_foreach((json_t *)v, name, item)
	{
		autofree char *inner = below(way, name);

		found = found ? found : oddity(form, inner, item);
	}
	json_array_foreach(v, i, item)
	{
		autofree char *inner = element_of(way, i);

		found = found ? found : oddity(form, inner, item);
	}
	return found;
}

static bool has_object(const json_t *v)
{
	json_t *item;
	size_t i;

	json_array_foreach(v, i, item) if (json_is_object(item) || has_object(item)) return true;
	return json_is_object(v);
}

/* Elements of lists that are empty objects: they have no value to be seen by, and count. */
static void add_empty(struct flats *all, const char *way, json_t *v, bool element)
{
	const char *name;
	json_t *item;
	size_t i;

	if (element && json_is_object(v) && !json_object_size(v))
		sftpgo_flat_add(all, way, json_object(), 0, NULL);
	json_object_foreach(v, name, item)
	{
		autofree char *inner = below(way, name);

		add_empty(all, inner, item, false);
	}
	json_array_foreach(v, i, item)
	{
		autofree char *inner = element_of(way, i);

		add_empty(all, inner, item, true);
	}
}

static size_t line_of(const struct map *lines, const char *way)
{
	autofree char *key = sftpgo_folded(way);
	const size_t *line = map_get(lines, key);

	return line ? *line : 0;
}

/* What is set and looked for by nobody, each value. */
static void add_lost(struct flats *all, const char *way, json_t *v, const struct map *lines,
		     const char *why)
{
	const char *name;
	json_t *item;

	if (!json_is_object(v))
		sftpgo_flat_add(all, way, json_incref(v), line_of(lines, way), why);
	json_object_foreach(v, name, item)
	{
		autofree char *inner = below(way, name);

		add_lost(all, inner, item, lines, why);
	}
}

/* Where a value is told: its key, and its way in the file, which has no number where an object
 * stands for a list. */
struct place {
	const char *key, *way;
	bool element; /* of a list: names with dots are those of nobody there */
};

static void add_values(struct flats *all, struct place at, json_t *v, const struct map *lines);

static void add_member(struct flats *all, struct place at, const char *name, json_t *v,
		       const struct map *lines)
{
	autofree char *key = below(at.key, name), *way = below(at.way, name);

	if (at.element && strchr(name, '.'))
		add_lost(all, way, v, lines,
			 "a name with a dot, within a list, is no way to a key");
	else
		add_values(all, (struct place){ key, way, at.element }, v, lines);
}

/* The first element, over what is built in. A number is a name there, of no key. */
static void add_as_element(struct flats *all, struct place at, json_t *v, const struct map *lines)
{
	autofree char *key = element_of(at.key, 0);
	const char *name;
	uint64_t number;
	json_t *item;

	if (json_object_size(v))
		sftpgo_flat_add(all, key, json_object(), 0, NULL);
	json_object_foreach(v, name, item)
	{
		autofree char *way = below(at.way, name);

		if (sv_u64(sv_of(name), &number))
			add_lost(all, way, item, lines,
				 "the elements of a list have no numbers in this format");
		else
			add_member(all, (struct place){ key, at.way, at.element }, name, item,
				   lines);
	}
}

static void add_list(struct flats *all, struct place at, json_t *v, const struct map *lines)
{
	json_t *item;
	size_t i;

	json_array_foreach(v, i, item)
	{
		autofree char *key = element_of(at.key, i), *way = element_of(at.way, i);

		add_values(all, (struct place){ key, way, true }, item, lines);
	}
}

static void add_values(struct flats *all, struct place at, json_t *v, const struct map *lines)
{
	autofree char *key = sftpgo_folded(at.key);
	bool is_list = sftpgo_list_of(key);
	const char *name;
	json_t *item;

	if (json_is_object(v) && is_list)
		add_as_element(all, at, v, lines);
	else if (json_is_object(v))
		json_object_foreach(v, name, item) add_member(all, at, name, item, lines);
	else if (is_list && has_object(v))
		add_list(all, at, v, lines);
	else
		sftpgo_flat_add(all, at.key, json_incref(v), line_of(lines, at.way), NULL);
}

void sftpgo_tree_check(struct sftpgo_config *cfg, enum sftpgo_form form, json_t *tree,
		       struct flats *ret)
{
	const char *odd = oddity(form, "", tree);

	if (odd)
		sftpgo_unsure(cfg, odd);
	add_empty(ret, "", tree, false);
}

void sftpgo_tree_take(struct sftpgo_config *cfg, enum sftpgo_form form, json_t *tree,
		      const struct map *lines, struct flats *ret)
{
	add_values(ret, (struct place){ "", "", false }, tree, lines);
	sftpgo_tree_check(cfg, form, tree, ret);
}
