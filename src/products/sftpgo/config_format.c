/* What a configuration file says, in each of the formats that viper reads for SFTPGo. */
#include "products/sftpgo/config_in.h"

#include <ctype.h>

#include "conf/editor.h"
#include "conf/gotenv.h"
#include "conf/toml.h"
#include "io/yaml.h"

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

static char *folded(const char *key)
{
	char *ret = xstrdup(key);

	for (char *p = ret; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return ret;
}

/* Steals value. */
static void add(struct flats *all, const char *key, json_t *value, size_t line)
{
	*vec_push(all) = (struct flat){ folded(key), value, line };
}

static char *below(const char *way, const char *name)
{
	return xasprintf("%s%s%s", way, *way ? "." : "", name);
}

static char *element_of(const char *way, size_t i) { return xasprintf("%s.%zu", way, i); }

/* ---- a file as a tree ---- */

static bool differ_in_case(const json_t *object)
{
	struct map seen = { 0 };
	bool found = false;
	const char *name;
	json_t *item;

	json_object_foreach((json_t *)object, name, item)
	{
		autofree char *key = folded(name);

		found |= map_put(&seen, key, item) != NULL;
	}
	map_done(&seen, NULL);
	return found;
}

/* What viper reads in an order of its own, or mapstructure bends; NULL: nothing of the kind. */
static const char *oddity(const char *way, const json_t *v)
{
	autofree char *key = folded(way);
	const char *name, *found = NULL;
	json_t *item;
	size_t i;

	if (json_is_object(v) && sftpgo_list_of(key))
		return "a list of objects is written as one object";
	if (json_is_object(v) && differ_in_case(v))
		return "two names in it differ in case alone";
	json_object_foreach((json_t *)v, name, item)
	{
		autofree char *inner = below(way, name);

		found = found ? found : oddity(inner, item);
	}
	json_array_foreach(v, i, item)
	{
		autofree char *inner = element_of(way, i);

		found = found ? found : oddity(inner, item);
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
		add(all, way, json_object(), 0);
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

/* `lines`: way -> size_t, as far as it is known. */
static void add_values(struct flats *all, const char *way, json_t *v, const struct map *lines)
{
	const size_t *line = map_get(lines, way);
	const char *name;
	json_t *item;
	size_t i;

	if (json_is_object(v)) {
		json_object_foreach(v, name, item)
		{
			autofree char *inner = below(way, name);

			add_values(all, inner, item, lines);
		}
	} else if (json_is_array(v) && has_object(v)) {
		json_array_foreach(v, i, item)
		{
			autofree char *inner = element_of(way, i);

			add_values(all, inner, item, lines);
		}
	} else {
		add(all, way, json_incref(v), line ? *line : 0);
	}
}

static void take_tree(struct sftpgo_config *cfg, json_t *tree, const struct map *lines,
		      struct flats *ret)
{
	const char *odd = oddity("", tree);

	if (odd)
		unsure(cfg, odd);
	add_values(ret, "", tree, lines);
	add_empty(ret, "", tree, false);
}

/* ---- JSON ---- */

/* One value of the dialect "json". A number beyond 64 bits is a double, as all are to viper. */
static int add_json(void *data, const char *key, const char *value, size_t line, struct err *e)
{
	json_t *j = json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	add(data, key, j ? j : json_real(strtod(value, NULL)), line);
	return 0;
}

/* What the editor will not edit, a reader may still read: in which way, we cannot know. */
static int read_json(struct sftpgo_config *cfg, struct sv text, struct flats *ret, struct err *e)
{
	autojson json_t *tree = NULL;
	struct err why = ERR_INIT;
	int r = dialect_json.each(text, add_json, ret, &why);
	const char *odd;

	if (r == -ERR_REFUSED) {
		unsure(cfg, why.msg);
		return 0;
	}
	if (r < 0)
		return err_set(e, why.kind, "%s", why.msg);
	tree = json_loadb(text.p, text.n, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	if (!tree) {
		unsure(cfg, "it holds a number or a text that other programs do not take");
		return 0;
	}
	odd = oddity("", tree);
	if (odd)
		unsure(cfg, odd);
	add_empty(ret, "", tree, false);
	return 0;
}

/* ---- YAML, TOML ---- */

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

/* Our YAML is stricter than the server's: what we refuse, it may read. */
static int read_yaml(struct sftpgo_config *cfg, struct sv text, struct flats *ret, struct err *e)
{
	autojson json_t *tree = NULL;
	const struct map no_lines = { 0 };
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
	take_tree(cfg, tree, &no_lines, ret);
	return 0;
}

static void read_toml(struct sftpgo_config *cfg, struct sv text, struct flats *ret)
{
	cleanup_with(toml_lines_done) struct map lines = { 0 };
	autojson json_t *tree = NULL;
	struct err why = ERR_INIT;

	if (toml_read(text, &tree, &lines, &why) < 0)
		unsure(cfg, why.msg);
	else
		take_tree(cfg, tree, &lines, ret);
}

/* ---- variables, properties: names with dots, and texts ---- */

struct named_texts {
	struct sftpgo_config *cfg;
	json_t *tree;
	struct map lines;
};

#define NAMED_TEXTS(c)                            \
	{                                         \
		.cfg = (c), .tree = json_object() \
	}

static void named_texts_done(struct named_texts *all)
{
	json_decref(all->tree);
	map_done(&all->lines, free);
}

static void note_line(struct named_texts *all, const char *key, size_t line)
{
	size_t *kept = xmalloc(sizeof *kept);

	*kept = line;
	free(map_put(&all->lines, key, kept));
}

/* Which counts of "a" and "a.b", and what an empty part is, is not known here. */
static int put_text(void *data, const char *key, const char *value, size_t line, struct err *e)
{
	struct named_texts *all = data;
	struct sv rest = sv_of(key);
	json_t *at = all->tree;

	note_line(all, key, line);
	for (;;) {
		autofree char *name = sv_dup(sv_cut(&rest, '.'));
		json_t *there = json_object_get(at, name);

		if (!*name || (there && !(rest.n && json_is_object(there))))
			break;
		if (!rest.n) {
			json_object_set_new(at, name, json_text(value));
			return 0;
		}
		if (!there)
			json_object_set_new(at, name, json_object());
		at = json_object_get(at, name);
	}
	unsure(all->cfg, "a name in it has an empty part, stands within another or comes twice");
	return 0;
}

static const char *variable(const char *name, void *data)
{
	const struct sftpgo_variable *v = sftpgo_config_variable(data, name);

	return v ? v->value : NULL;
}

static int read_env(struct sftpgo_config *cfg, struct sv text, struct flats *ret, struct err *e)
{
	cleanup_with(named_texts_done) struct named_texts all = NAMED_TEXTS(cfg);
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
		autofree char *key = folded(it->key); /* its names are whole: "a.b" is no table */

		if (put_text(&all, key, var->value, var->line, e) < 0)
			return -(int)e->kind;
	}
	take_tree(cfg, all.tree, &all.lines, ret);
	return 0;
}

/* Where magiconair/properties reads otherwise than Java, whose way the dialect's is. */
static const char *odd_properties(struct sv text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\\')
			return "it has a backslash";
		if (text.p[i] == '$' && i + 1 < text.n && text.p[i + 1] == '{')
			return "a value in it refers to another";
		if ((unsigned char)text.p[i] >= 0x80)
			return "it has characters beyond ASCII";
	}
	return NULL;
}

static void read_properties(struct sftpgo_config *cfg, struct sv text, struct flats *ret)
{
	cleanup_with(named_texts_done) struct named_texts all = NAMED_TEXTS(cfg);
	const char *odd = odd_properties(text);
	struct err why = ERR_INIT;

	if (odd)
		unsure(cfg, odd);
	else if (dialect_properties.each(text, put_text, &all, &why) < 0)
		unsure(cfg, why.msg);
	else
		take_tree(cfg, all.tree, &all.lines, ret);
}

static bool is_one_of(const char *ending, const char *const *endings)
{
	while (*endings && strcmp(ending, *endings) != 0)
		endings++;
	return *endings;
}

int sftpgo_text_read(struct sftpgo_config *cfg, const char *ending, struct sv text,
		     struct flats *ret, struct err *e)
{
	if (!strcmp(ending, "json"))
		return read_json(cfg, text, ret, e);
	if (is_one_of(ending, (const char *const[]){ "yaml", "yml", NULL }))
		return read_yaml(cfg, text, ret, e);
	if (is_one_of(ending, (const char *const[]){ "env", "dotenv", NULL }))
		return read_env(cfg, text, ret, e);
	if (!strcmp(ending, "toml"))
		read_toml(cfg, text, ret);
	else if (is_one_of(ending, (const char *const[]){ "properties", "props", "prop", NULL }))
		read_properties(cfg, text, ret);
	else
		unsure(cfg,
		       "HCL and INI are not read here, nor by SFTPGo 2.7: write it as sftpgo.json");
	return 0;
}
