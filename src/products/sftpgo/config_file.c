/* Which configuration file the server reads, and what it says. */
#include "products/sftpgo/config_in.h"

#include <ctype.h>

#include "conf/editor.h"
#include "conf/gotenv.h"
#include "io/yaml.h"

#define FILE_MAX ((size_t)4 << 20)

/* The endings that viper looks for, in its order. */
static const char *const ENDINGS[] = { "json", "toml", "yaml",   "yml",    "properties", "props",
				       "prop", "hcl",  "tfvars", "dotenv", "env",        "ini" };

void flats_done(struct flats *all)
{
	vec_each (all, one) {
		free(one->key);
		json_decref(one->value);
	}
	vec_done(all);
}

static void unsure(struct sftpgo_config *cfg, const char *why)
{
	if (!cfg->unsure)
		cfg->unsure = xasprintf("'%s' cannot be read: %s", cfg->file, why);
}

/* Steals value. */
static void add(struct flats *all, const char *key, json_t *value, size_t line)
{
	char *folded = xstrdup(key);

	for (char *p = folded; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	*vec_push(all) = (struct flat){ folded, value, line };
}

/* One value of the dialect "json". A number beyond 64 bits is a double, as all are to viper. */
static int add_json(void *data, const char *key, const char *value, size_t line, struct err *e)
{
	json_t *j = json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	add(data, key, j ? j : json_real(strtod(value, NULL)), line);
	return 0;
}

static void add_empty(struct flats *all, const char *path, json_t *v, bool element);

static void add_empty_below(struct flats *all, const char *path, const char *name, json_t *v,
			    bool element)
{
	autofree char *key = xasprintf("%s%s%s", path, *path ? "." : "", name);

	add_empty(all, key, v, element);
}

/* Elements of lists that are empty objects: they have no value to be seen by, and count. */
static void add_empty(struct flats *all, const char *path, json_t *v, bool element)
{
	const char *name;
	char number[24];
	json_t *item;
	size_t i;

	if (element && json_is_object(v) && !json_object_size(v))
		add(all, path, json_object(), 0);
	json_object_foreach(v, name, item) add_empty_below(all, path, name, item, false);
	json_array_foreach(v, i, item) {
		(void)snprintf(number, sizeof number, "%zu", i);
		add_empty_below(all, path, number, item, true);
	}
}

/* What the editor will not edit, a reader may still read: in which way, we cannot know. */
static int read_json(struct sftpgo_config *cfg, struct sv text, struct flats *ret, struct err *e)
{
	struct err why = ERR_INIT;
	int r = dialect_json.each(text, add_json, ret, &why);

	autojson json_t *tree = NULL;

	if (r == -ERR_REFUSED) {
		unsure(cfg, why.msg);
		return 0;
	}
	if (r < 0)
		return err_set(e, why.kind, "%s", why.msg);
	tree = json_loadb(text.p, text.n, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	if (tree)
		add_empty(ret, "", tree, false);
	return 0;
}

static bool has_object(const json_t *v)
{
	json_t *item;
	size_t i;

	json_array_foreach(v, i, item) if (json_is_object(item) || has_object(item)) return true;
	return json_is_object(v);
}

static void add_tree(struct flats *all, const char *path, json_t *v)
{
	const char *name;
	json_t *item;
	size_t i;

	if (json_is_object(v)) {
		json_object_foreach(v, name, item) {
			autofree char *key = xasprintf("%s%s%s", path, *path ? "." : "", name);

			add_tree(all, key, item);
		}
	} else if (json_is_array(v) && has_object(v)) {
		json_array_foreach(v, i, item) {
			autofree char *key = xasprintf("%s.%zu", path, i);

			add_tree(all, key, item);
		}
	} else {
		add(all, path, json_incref(v), 0);
	}
}

/* Number-like words that Go's YAML reads otherwise than YAML 1.2: 022, 1_000. */
static bool has_odd_number(struct sv text)
{
	for (size_t i = 0; i < text.n; i++) {
		struct sv rest = { text.p + i, text.n - i }, word;

		if (i && !strchr(" \t\n[,:", text.p[i - 1]))
			continue;
		if (rest.n && strchr("+-", rest.p[0]))
			rest = (struct sv){ rest.p + 1, rest.n - 1 };
		if (!rest.n || !isdigit((unsigned char)rest.p[0]))
			continue;
		for (word = rest, word.n = 0;
		     word.n < rest.n && !strchr(" \t\r\n,]}#", rest.p[word.n]);)
			word.n++;
		if ((word.n > 1 && word.p[0] == '0' && word.p[1] != '.') ||
		    memchr(word.p, '_', word.n))
			return true;
	}
	return false;
}

static bool same_key_twice(const struct flats *all)
{
	struct map seen = { 0 };
	bool twice = false;

	vec_each (all, one)
		twice |= map_put(&seen, one->key, one) != NULL;
	map_done(&seen, NULL);
	return twice;
}

/* Our YAML is stricter than the server's: what we refuse, it may read. */
static int read_yaml(struct sftpgo_config *cfg, struct sv text, struct flats *ret, struct err *e)
{
	autojson json_t *tree = NULL;
	struct err why = ERR_INIT;

	if (yaml_parse(text, "the file", &tree, &why) < 0) {
		unsure(cfg, why.msg);
		return 0;
	}
	if (json_is_null(tree))
		return 0;
	if (!json_is_object(tree))
		return err_set(e, ERR_FORMAT, "line 1: this is no mapping");
	if (has_odd_number(text))
		unsure(cfg, "it has a number with a leading zero or with '_'");
	add_tree(ret, "", tree);
	add_empty(ret, "", tree, false);
	if (same_key_twice(ret))
		unsure(cfg, "it has two keys that differ in case alone");
	return 0;
}

static const char *variable(const char *name, void *data)
{
	const struct sftpgo_variable *v = map_get(&((struct sftpgo_config *)data)->variables, name);

	return v ? v->value : NULL;
}

static int read_env(struct sftpgo_config *cfg, struct sv text, struct flats *ret, struct err *e)
{
	autogotenv struct gotenv env = { 0 };
	struct err why = ERR_INIT;
	int r = gotenv_read(text, variable, cfg, &env, &why);

	if (r == -ERR_REFUSED) {
		unsure(cfg, why.msg);
		return 0;
	}
	if (r < 0)
		return err_set(e, why.kind, "%s", why.msg);
	map_each (&env.vars, it) {
		const struct gotenv_var *var = it->value;

		add(ret, it->key, json_text(var->value), var->line);
	}
	if (same_key_twice(ret))
		unsure(cfg, "it has two keys that differ in case alone");
	return 0;
}

static int read_text(struct sftpgo_config *cfg, const char *ending, struct sv text,
		     struct flats *ret, struct err *e)
{
	if (!strcmp(ending, "json"))
		return read_json(cfg, text, ret, e);
	if (!strcmp(ending, "yaml") || !strcmp(ending, "yml"))
		return read_yaml(cfg, text, ret, e);
	if (!strcmp(ending, "env") || !strcmp(ending, "dotenv"))
		return read_env(cfg, text, ret, e);
	unsure(cfg, ending);
	return 0;
}

static char *lower_ending(const char *path)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
	char *ending = xstrdup(dot ? dot + 1 : "");

	for (char *p = ending; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return ending;
}

static bool is_known_ending(const char *ending)
{
	for (size_t i = 0; i < ARRAY_LEN(ENDINGS); i++)
		if (!strcmp(ENDINGS[i], ending))
			return true;
	return false;
}

/* 1 read, 0 there is none. */
static int try_file(struct sftpgo_config *cfg, const char *path, struct flats *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(FILE_MAX);
	autofree char *below = sftpgo_read_at(cfg, path), *ending = lower_ending(path);
	struct stat st;

	if (!below || stat(below, &st) < 0 || S_ISDIR(st.st_mode))
		return 0;
	cfg->file = xstrdup(path);
	if (!is_known_ending(ending))
		return err_set(e, ERR_FORMAT, "'%s' has no ending that tells a format", path);
	if (file_read_path(below, &text, e) < 0)
		return -(int)e->kind;
	return read_text(cfg, ending, buf_sv(&text), ret, e) < 0 ? err_wrap(e, "'%s'", path) : 1;
}

static int search_in(struct sftpgo_config *cfg, const char *dir, struct flats *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(ENDINGS); i++) {
		autofree char *path =
		    xasprintf("%s/sftpgo.%s", strcmp(dir, "/") != 0 ? dir : "", ENDINGS[i]);
		int r = try_file(cfg, path, ret, e);

		if (r != 0)
			return r;
	}
	return 0;
}

static int search(const struct sftpgo_config_where *w, struct sftpgo_config *cfg, struct flats *ret,
		  struct err *e)
{
	const char *home = variable("HOME", cfg);
	autofree char *of_home = xasprintf("%s/.config/sftpgo", home ? home : "");
	const char *const dirs[] = { cfg->dir, of_home, "/etc/sftpgo", "/usr/local/etc/sftpgo",
				     w->cwd ? w->cwd : cfg->dir };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(dirs); i++)
		r = search_in(cfg, dirs[i], ret, e);
	if (r == 0 && cfg->container)
		cfg->unsure = xstrdup("the container does not run, and which file its image brings cannot be seen");
	return r < 0 ? r : 0;
}

/* The command line's word comes first, the variable's then, which may stand in env.d. */
static const char *named_file(const struct sftpgo_config_where *w, struct sftpgo_config *cfg)
{
	struct sftpgo_variable *v = map_get(&cfg->variables, "SFTPGO_CONFIG_FILE");

	if (w->config_file)
		return w->config_file;
	return v ? v->value : "";
}

int sftpgo_file_read(const struct sftpgo_config_where *w, struct sftpgo_config *cfg,
		     struct flats *ret, struct err *e)
{
	const char *name = named_file(w, cfg);
	autofree char *path = *name == '/' ? xstrdup(name) : xasprintf("%s/%s", cfg->dir, name);
	int r;

	if (!*name)
		return search(w, cfg, ret, e);
	r = try_file(cfg, path, ret, e);
	return r == 0  ? err_set(e, ERR_ABSENT,
				 "there is no '%s', the configuration file that is named", path)
	       : r < 0 ? r
		       : 0;
}
