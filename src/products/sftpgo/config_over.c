/* Variables over the file: those of plain keys as viper takes them, those of list elements as
 * SFTPGo does. */
#include "products/sftpgo/config_in.h"

char *sftpgo_variable_name(const char *key)
{
	struct buf name = BUF_MAX(4096);

	buf_adds(&name, "SFTPGO_");
	for (; *key; key++) {
		if (*key == '.')
			buf_adds(&name, "__");
		else
			buf_addc(&name, (char)(*key >= 'a' && *key <= 'z' ? *key - 32 : *key));
	}
	return buf_take(&name);
}

static struct sftpgo_variable *variable_of(struct sftpgo_config *cfg, const char *key)
{
	autofree char *name = sftpgo_variable_name(key);

	return map_get(&cfg->variables, name);
}

static int apply_plain(struct sftpgo_config *cfg, const struct sftpgo_key *key,
		       const struct map *file_has, struct err *e)
{
	struct sftpgo_variable *v = variable_of(cfg, key->name);
	autojson json_t *text = NULL;
	json_t *value;

	if (!v)
		return 0;
	v->used = true;
	if (key->flags & KEY_FILE && cfg->unsure)
		return 0;
	if (key->flags & KEY_FILE && !map_has(file_has, key->name)) {
		sftpgo_ignore(cfg, key->name, v->where,
			      "a variable counts only where the file has the key, too");
		return 0;
	}
	text = json_text(v->value);
	value = sftpgo_convert(key->type, text);
	if (!value)
		return err_set(e, ERR_FORMAT, "%s: the value is of another type than '%s'",
			       v->where, key->name);
	sftpgo_set(cfg, key->name, value, v->from, v->where);
	return 0;
}

/* An element that variables speak of: the keys they set, by number, and what stands there now. */
struct element {
	struct sftpgo_config *cfg;
	const struct sftpgo_list *list;
	char *named; /* "httpd.bindings.3", as the variables number it */
	char *at;    /* "httpd.bindings.1", where it is or will be */
	bool there;
};

/* What a list's own key is behind "list.#.", NULL for another list's or a nested one's. */
static const char *leaf_of(const struct sftpgo_list *list, const struct sftpgo_key *key)
{
	size_t n = strlen(list->name);

	if (strncmp(key->name, list->name, n) != 0 || strncmp(key->name + n, ".#.", 3) != 0 ||
	    strchr(key->name + n + 3, '#'))
		return NULL;
	return key->name + n + 3;
}

/* The value that a key's variable sets, new reference; NULL when there is none that counts. */
static json_t *element_value(const struct element *el, const struct sftpgo_key *key,
			     const char *leaf, struct sftpgo_variable **ret_from)
{
	autofree char *path = xasprintf("%s.%s", el->named, leaf);
	struct sftpgo_variable *v = variable_of(el->cfg, path);

	if (!v || key->flags & KEY_FILE)
		return NULL;
	*ret_from = v;
	return sftpgo_convert_variable(key->type, v->value);
}

static bool is_empty(const json_t *v)
{
	const char *s = json_string_value(v);

	return !v || (s && !*s) || (json_is_array(v) && !json_array_size(v));
}

/* Would it have what an element of this list must have? */
static bool stands(const struct element *el)
{
	for (size_t i = 0; i < sftpgo_keys_n; i++) {
		const struct sftpgo_key *key = &sftpgo_keys[i];
		const char *leaf = leaf_of(el->list, key);
		autofree char *path = leaf ? xasprintf("%s.%s", el->at, leaf) : NULL;
		const struct sftpgo_setting *now;
		struct sftpgo_variable *from;
		autojson json_t *value = NULL;

		if (!leaf || !(key->flags & KEY_NEEDED))
			continue;
		value = element_value(el, key, leaf, &from);
		now = el->there ? sftpgo_config_get(el->cfg, path) : NULL;
		if (value ? is_empty(value) : !now || is_empty(now->value))
			return false;
	}
	return true;
}

/* Does any variable name it, or something nested in it? */
static bool is_named(const struct element *el)
{
	autofree char *prefix = sftpgo_variable_name(el->named);
	size_t n = strlen(prefix);

	map_each (&el->cfg->variables, it)
		if (!strncmp(it->key, prefix, n) && !strncmp(it->key + n, "__", 2))
			return true;
	return false;
}

static bool sets_any(const struct element *el)
{
	for (size_t i = 0; i < sftpgo_keys_n; i++) {
		const char *leaf = leaf_of(el->list, &sftpgo_keys[i]);
		struct sftpgo_variable *from;
		autojson json_t *value =
		    leaf ? element_value(el, &sftpgo_keys[i], leaf, &from) : NULL;

		if (value)
			return true;
	}
	return false;
}

static void set_all(const struct element *el)
{
	for (size_t i = 0; i < sftpgo_keys_n; i++) {
		const char *leaf = leaf_of(el->list, &sftpgo_keys[i]);
		autofree char *path = leaf ? xasprintf("%s.%s", el->at, leaf) : NULL;
		struct sftpgo_variable *from = NULL;
		json_t *value = leaf ? element_value(el, &sftpgo_keys[i], leaf, &from) : NULL;

		if (!value)
			continue;
		from->used = true;
		sftpgo_set(el->cfg, path, value, from->from, from->where);
	}
}

static void apply_list(struct sftpgo_config *cfg, const struct sftpgo_list *list, const char *named,
		       const char *at);

/* A list in the element, "httpd.bindings.#.security.https_proxy_headers", named from the element
 * on; NULL when it is another's. */
static const char *nested_of(const struct element *el, const struct sftpgo_list *list)
{
	size_t n = strlen(el->list->name);

	return !strncmp(list->name, el->list->name, n) && !strncmp(list->name + n, ".#.", 3)
		   ? list->name + n + 3
		   : NULL;
}

static void apply_nested(const struct element *el)
{
	for (size_t i = 0; i < sftpgo_lists_n; i++) {
		const char *leaf = nested_of(el, &sftpgo_lists[i]);
		autofree char *named = leaf ? xasprintf("%s.%s", el->named, leaf) : NULL,
			      *at = leaf ? xasprintf("%s.%s", el->at, leaf) : NULL;

		if (leaf)
			apply_list(el->cfg, &sftpgo_lists[i], named, at);
	}
}

/* Would a list in it get an element? That alone adds it, too. */
static bool nested_stands(const struct element *el)
{
	for (size_t i = 0; i < sftpgo_lists_n; i++) {
		const struct sftpgo_list *list = &sftpgo_lists[i];
		const char *leaf = nested_of(el, list);

		for (size_t number = 0; leaf && number < list->max; number++) {
			autofree char *named = xasprintf("%s.%s.%zu", el->named, leaf, number);
			struct element inner = {
				.cfg = el->cfg, .list = list, .named = named, .at = named
			};

			if (sets_any(&inner) && stands(&inner))
				return true;
		}
	}
	return false;
}

/* A number beyond the last element adds one, whatever the number is. */
static void apply_element(struct element *el, const char *at)
{
	if (!is_named(el))
		return;
	if ((sets_any(el) || nested_stands(el)) && stands(el)) {
		if (!el->there)
			sftpgo_add_element(el->cfg, at, true);
		el->there = true;
		set_all(el);
	}
	if (el->there)
		apply_nested(el);
}

static void apply_list(struct sftpgo_config *cfg, const struct sftpgo_list *list, const char *named,
		       const char *at)
{
	/* What is the first element is so in any file; which others are, is not known without it.
	 */
	for (size_t i = 0; i < (cfg->unsure ? 1 : list->max); i++) {
		size_t n = cfg->unsure ? 1 : sftpgo_config_count(cfg, at);
		autofree char *name = xasprintf("%s.%zu", named, i),
			      *place = xasprintf("%s.%zu", at, i < n ? i : n);
		struct element el = {
			.cfg = cfg, .list = list, .named = name, .at = place, .there = i < n
		};

		apply_element(&el, at);
	}
}

static void list_unused(struct sftpgo_config *cfg)
{
	map_each (&cfg->variables, it) {
		const struct sftpgo_variable *v = it->value;

		if (!v->used && !v->own && !strncmp(it->key, "SFTPGO_", strlen("SFTPGO_")))
			sftpgo_ignore(cfg, it->key, v->where, "no key takes it, or not this value");
	}
}

int sftpgo_variables_apply(struct sftpgo_config *cfg, const struct map *file_has, struct err *e)
{
	for (size_t i = 0; i < sftpgo_keys_n; i++)
		if (!strchr(sftpgo_keys[i].name, '#') &&
		    apply_plain(cfg, &sftpgo_keys[i], file_has, e) < 0)
			return -(int)e->kind;
	for (size_t i = 0; i < sftpgo_lists_n; i++)
		if (!strchr(sftpgo_lists[i].name, '#'))
			apply_list(cfg, &sftpgo_lists[i], sftpgo_lists[i].name,
				   sftpgo_lists[i].name);
	list_unused(cfg);
	return 0;
}
