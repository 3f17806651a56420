#include "products/sftpgo/config_in.h"
#include "products/sftpgo/windows.h"
#include "svc/container.h"

static void setting_free(void *p)
{
	struct sftpgo_setting *s = p;

	if (!s)
		return;
	json_decref(s->value);
	free(s->where);
	free(s);
}

static void variable_free(void *p)
{
	struct sftpgo_variable *v = p;

	free(v->value);
	free(v->where);
	free(v);
}

void sftpgo_config_done(struct sftpgo_config *cfg)
{
	free(cfg->root);
	free(cfg->dir);
	free(cfg->folder);
	free(cfg->file);
	free(cfg->unsure);
	map_done(&cfg->settings, setting_free);
	map_done(&cfg->variables, variable_free);
	map_done(&cfg->counts, free);
	json_decref(cfg->ignored);
	json_decref(cfg->emptied);
	json_decref(cfg->container);
	*cfg = (struct sftpgo_config){ 0 };
}

/* "a.10.b" is "a.#.b". */
static char *pattern_of(const char *key)
{
	struct buf pattern = BUF_MAX(64u << 10);
	struct sv rest = sv_of(key);
	bool first = true;

	while (rest.n) {
		struct sv name = sv_cut(&rest, '.');
		uint64_t n;

		buf_adds(&pattern, first ? "" : ".");
		buf_add_sv(&pattern, sv_u64(name, &n) ? SV("#") : name);
		first = false;
	}
	return buf_take(&pattern);
}

const struct sftpgo_key *sftpgo_key_of(const char *key)
{
	autofree char *pattern = pattern_of(key);

	for (size_t i = 0; i < sftpgo_keys_n; i++)
		if (!strcmp(sftpgo_keys[i].name, pattern))
			return &sftpgo_keys[i];
	return NULL;
}

const struct sftpgo_list *sftpgo_list_of(const char *key)
{
	autofree char *pattern = pattern_of(key);

	for (size_t i = 0; i < sftpgo_lists_n; i++)
		if (!strcmp(sftpgo_lists[i].name, pattern))
			return &sftpgo_lists[i];
	return NULL;
}

bool sftpgo_key_is_above(const char *key)
{
	autofree char *pattern = pattern_of(key);
	size_t n = strlen(pattern);

	for (size_t i = 0; i < sftpgo_keys_n; i++)
		if (!strncmp(sftpgo_keys[i].name, pattern, n) && sftpgo_keys[i].name[n] == '.')
			return true;
	return false;
}

static json_t *built_in_of(const struct sftpgo_key *key)
{
	autojson json_t *value = json_loads(key->absent, JSON_DECODE_ANY, NULL);

	return sftpgo_convert(key->type, value);
}

static bool is_built_in(const struct sftpgo_key *key, const json_t *value)
{
	autojson json_t *built_in = built_in_of(key);

	return json_equal(built_in, value);
}

void sftpgo_set(struct sftpgo_config *cfg, const char *key, json_t *value, enum sftpgo_from from,
		const char *where)
{
	const struct sftpgo_key *known = sftpgo_key_of(key);
	unsigned flags = known ? known->flags : 0;
	struct sftpgo_setting *s = xcalloc(1, sizeof *s);

	*s = (struct sftpgo_setting){
		.value = value,
		.from = from,
		.where = xstrdup(where),
		.secret = flags & KEY_SECRET,
		.only_2_6 = flags & KEY_OLD,
		.only_2_7 = flags & KEY_2_7 && !is_built_in(known, value),
		.only_enterprise = flags & KEY_NEW,
	};
	setting_free(map_put(&cfg->settings, key, s));
}

void sftpgo_ignore(struct sftpgo_config *cfg, const char *what, const char *where, const char *why)
{
	json_array_append_new(cfg->ignored, json_pack("{so ss so}", "what", json_text(what),
						      "where", where, "why", json_text(why)));
}

static json_t *zero_of(enum key_type type)
{
	switch (type) {
	case KEY_INT:
		return json_integer(0);
	case KEY_REAL:
		return json_real(0);
	case KEY_BOOL:
		return json_false();
	case KEY_STR:
		return json_string("");
	case KEY_LIST:
	case KEY_INTS:
		break;
	}
	return json_array();
}

static void set_default(struct sftpgo_config *cfg, const struct sftpgo_key *key, const char *path,
			bool built_in)
{
	if (key->absent)
		sftpgo_set(cfg, path, built_in ? built_in_of(key) : zero_of(key->type), SFTPGO_DEFAULT, "default");
}

static size_t *count_of(struct sftpgo_config *cfg, const char *list)
{
	size_t *n = map_get(&cfg->counts, list);

	if (!n) {
		n = xcalloc(1, sizeof *n);
		map_put(&cfg->counts, list, n);
	}
	return n;
}

void sftpgo_add_element(struct sftpgo_config *cfg, const char *list, bool built_in)
{
	autofree char *pattern = pattern_of(list);
	size_t n = strlen(pattern), *count = count_of(cfg, list), at = (*count)++;

	for (size_t i = 0; i < sftpgo_keys_n; i++) {
		const struct sftpgo_key *key = &sftpgo_keys[i];
		const char *leaf = key->name + n + strlen(".#.");
		autofree char *path = NULL;

		if (strncmp(key->name, pattern, n) != 0 || strncmp(key->name + n, ".#.", 3) != 0 ||
		    strchr(leaf, '#'))
			continue;
		path = xasprintf("%s.%zu.%s", list, at, leaf);
		set_default(cfg, key, path, built_in);
	}
}

void sftpgo_drop_elements(struct sftpgo_config *cfg, const char *list)
{
	struct map kept = { 0 };
	size_t n = strlen(list);

	map_each (&cfg->settings, it) {
		if (!strncmp(it->key, list, n) && it->key[n] == '.')
			setting_free(it->value);
		else
			map_put(&kept, it->key, it->value);
	}
	map_done(&cfg->settings, NULL);
	cfg->settings = kept;
	*count_of(cfg, list) = 0;
}

static void set_defaults(struct sftpgo_config *cfg)
{
	for (size_t i = 0; i < sftpgo_keys_n; i++)
		if (!strchr(sftpgo_keys[i].name, '#'))
			set_default(cfg, &sftpgo_keys[i], sftpgo_keys[i].name, true);
	for (size_t i = 0; i < sftpgo_lists_n; i++)
		if (sftpgo_lists[i].built_in)
			sftpgo_add_element(cfg, sftpgo_lists[i].name, true);
}

/* Elements up to the ones that a key of the file names. */
static int make_room(struct sftpgo_config *cfg, const char *key, struct err *e)
{
	struct sv rest = sv_of(key);

	while (rest.n) {
		struct sv part = sv_cut(&rest, '.');
		size_t above = (size_t)(part.p - key);
		uint64_t number;
		autofree char *list = above ? xstrndup(key, above - 1) : NULL;

		if (!list || !sv_u64(part, &number) || !sftpgo_list_of(list))
			continue;
		if (number >= 10000)
			return err_set(e, ERR_SPACE, "'%s' has more than 10000 elements", list);
		while (sftpgo_config_count(cfg, list) <= number)
			sftpgo_add_element(cfg, list, false);
	}
	return 0;
}

/* As 2.7 does; 2.6 goes on with the door that is built in. Which of them reads the file, a check judges. */
static void drop_built_in(struct sftpgo_config *cfg, const char *list, const char *where)
{
	autofree char *port = xasprintf("%s.0.port", list);
	int64_t opens = sftpgo_config_int(cfg, port, 0);

	if (opens)
		json_array_append_new(cfg->emptied, json_pack("{ss ss sI}", "what", list, "where", where, "port",
							      (json_int_t)opens));
	sftpgo_drop_elements(cfg, list);
}

/* A variable may have given the list an element, of which both releases take the port. */
static void keep_emptied(struct sftpgo_config *cfg)
{
	for (size_t i = json_array_size(cfg->emptied); i--;)
		if (sftpgo_config_count(cfg, json_str(json_array_get(cfg->emptied, i), "what", "")))
			json_array_remove(cfg->emptied, i);
}

/* A list of objects without any, which a format of texts writes as "". The elements that are built in remain with 2.6
 * (mapstructure 1), but for those that it takes away itself, and go with 2.7. */
static int take_empty_list(struct sftpgo_config *cfg, const struct flat *one, const char *where,
			   struct err *e)
{
	const char *text = json_string_value(one->value);

	if (text ? *text : !json_is_array(one->value) || json_array_size(one->value))
		return err_set(e, ERR_FORMAT, "%s: '%s' is no list of objects", where, one->key);
	if (sftpgo_config_gone_format(cfg->file) && strcmp(one->key, "mfa.totp") != 0)
		sftpgo_ignore(cfg, one->key, where, "2.6 keeps the elements that are built in");
	else
		drop_built_in(cfg, one->key, where);
	return 0;
}

/* A key that no setting has: a list of objects that is empty, a name in the way, one that nobody
 * knows. */
static int take_other(struct sftpgo_config *cfg, const struct flat *one, const char *where,
		      struct err *e)
{
	if (json_is_null(one->value))
		return 0;
	if (json_is_object(one->value))
		return make_room(cfg, one->key, e);
	if (sftpgo_list_of(one->key))
		return take_empty_list(cfg, one, where, e);
	if (sftpgo_key_is_above(one->key))
		return err_set(e, ERR_FORMAT, "%s: '%s' is no object%s", where, one->key,
			       json_is_array(one->value) ? " but a list, as a block of HCL is" : "");
	sftpgo_ignore(cfg, one->key, where, "no such key");
	return 0;
}

static int take_one(struct sftpgo_config *cfg, const struct flat *one, struct err *e)
{
	const struct sftpgo_key *key = sftpgo_key_of(one->key);
	autofree char *where =
	    one->line ? xasprintf("%s:%zu", cfg->file, one->line) : xstrdup(cfg->file);
	json_t *value;

	if (one->lost) {
		sftpgo_ignore(cfg, one->key, where, one->lost);
		return 0;
	}
	if (!key)
		return take_other(cfg, one, where, e);
	if (make_room(cfg, one->key, e) < 0)
		return -(int)e->kind;
	if (json_is_null(one->value))
		return 0;
	value = sftpgo_convert(key->type, one->value);
	if (!value)
		return err_set(e, ERR_FORMAT,
			       "%s: the value of '%s' has another type than the server takes",
			       where, one->key);
	sftpgo_set(cfg, one->key, value, SFTPGO_FILE, where);
	return 0;
}

static bool names_totp(const struct flats *all)
{
	vec_each (all, one)
		if (!strncmp(one->key, "mfa.totp.", strlen("mfa.totp.")))
			return true;
	return false;
}

static int take_all(struct sftpgo_config *cfg, const struct flats *all, struct map *file_has,
		    struct err *e)
{
	/* The one built-in list that a file does not begin on top of. */
	if (names_totp(all))
		sftpgo_drop_elements(cfg, "mfa.totp");
	vec_each (all, one) {
		map_put(file_has, one->key, one);
		if (take_one(cfg, one, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

static void file_has_done(struct map *file_has)
{
	map_done(file_has, NULL);
}

static int read_into(const struct sftpgo_config_where *w, struct sftpgo_config *cfg, struct err *e)
{
	cleanup_with(flats_done) struct flats all = { 0 };
	cleanup_with(file_has_done) struct map file_has = { 0 };

	if (sftpgo_variables_read(w, cfg, e) < 0 || sftpgo_file_read(w, cfg, &all, e) < 0)
		return -(int)e->kind;
	/* What is built in counts only where it is known that nothing else is said. */
	if (!cfg->unsure) {
		set_defaults(cfg);
		if (take_all(cfg, &all, &file_has, e) < 0)
			return -(int)e->kind;
	}
	if (sftpgo_variables_apply(cfg, &file_has, e) < 0)
		return -(int)e->kind;
	keep_emptied(cfg);
	sftpgo_reset(cfg);
	return 0;
}

int sftpgo_config_read(const struct sftpgo_config_where *w, struct sftpgo_config *ret,
		       struct err *e)
{
	autosftpgoconfig struct sftpgo_config cfg = {
		.root = xstrdup(w->root ? w->root : ""),
		.dir = xstrdup(w->config_dir),
		.ignored = json_array(),
		.emptied = json_array(),
		.inside = w->inside,
		.container = json_incref(w->container),
	};

	/* "/etc/sftpgo/" is what the package's unit says */
	for (size_t n = strlen(cfg.dir); n > 1 && cfg.dir[n - 1] == '/';)
		cfg.dir[--n] = '\0';
	if (read_into(w, &cfg, e) < 0)
		return err_wrap(e, "read SFTPGo's configuration");
	*ret = cfg;
	cfg = (struct sftpgo_config){ 0 };
	return 0;
}

const struct sftpgo_setting *sftpgo_config_get(const struct sftpgo_config *cfg, const char *key)
{
	return map_get(&cfg->settings, key);
}

static const json_t *value_of(const struct sftpgo_config *cfg, const char *key)
{
	const struct sftpgo_setting *s = sftpgo_config_get(cfg, key);

	return s ? s->value : NULL;
}

const char *sftpgo_config_str(const struct sftpgo_config *cfg, const char *key)
{
	return json_string_value(value_of(cfg, key));
}

int64_t sftpgo_config_int(const struct sftpgo_config *cfg, const char *key, int64_t absent)
{
	const json_t *v = value_of(cfg, key);

	return json_is_integer(v) ? json_integer_value(v) : absent;
}

bool sftpgo_config_bool(const struct sftpgo_config *cfg, const char *key, bool absent)
{
	const json_t *v = value_of(cfg, key);

	return json_is_boolean(v) ? json_is_true(v) : absent;
}

const char *sftpgo_config_from(const struct sftpgo_config *cfg, const char *key)
{
	const struct sftpgo_setting *s = sftpgo_config_get(cfg, key);

	return s ? s->where : NULL;
}

size_t sftpgo_config_count(const struct sftpgo_config *cfg, const char *list)
{
	const size_t *n = map_get(&cfg->counts, list);

	return n ? *n : json_array_size(value_of(cfg, list));
}

const struct sftpgo_variable *sftpgo_config_variable(const struct sftpgo_config *cfg,
						     const char *name)
{
	return map_get(&cfg->variables, name);
}

char *sftpgo_read_at(const struct sftpgo_config *cfg, const char *path)
{
	return cfg->container ? container_outside(cfg->container, path) : xasprintf("%s%s", cfg->root, path);
}

char *sftpgo_config_path(const struct sftpgo_config *cfg, const char *key)
{
	const char *said = sftpgo_config_str(cfg, key);
	autofree char *path = NULL;

	if (!said || !*said)
		return NULL;
	if (cfg->folder)
		return windows_here(cfg->dir, cfg->folder, said);
	path = *said == '/' ? xstrdup(said) : xasprintf("%s/%s", cfg->dir, said);
	if (cfg->container)
		return container_outside(cfg->container, path);
	return cfg->inside ? container_path_here(cfg->inside, path) : take_ptr(path);
}
