/* What a configuration file says, in each of the formats that viper reads for SFTPGo. */
#include "products/sftpgo/config_in.h"

#include <ctype.h>
#include <strings.h>

#include "conf/editor.h"
#include "conf/gotenv.h"
#include "conf/hcl.h"
#include "conf/ini.h"
#include "conf/toml.h"
#include "io/yaml.h"

/* ---- JSON ---- */

/* One value of the dialect "json". A number beyond 64 bits is a double, as all are to viper. */
static int add_json(void *data, const char *key, const char *value, size_t line, struct err *e)
{
	json_t *j = json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	sftpgo_flat_add(data, key, j ? j : json_real(strtod(value, NULL)), line, NULL);
	return 0;
}

/* What the editor will not edit, a reader may still read: in which way, we cannot know. */
static int read_json(struct sftpgo_config *cfg, struct sv text, struct flats *ret, struct err *e)
{
	autojson json_t *tree = NULL;
	struct err why = ERR_INIT;
	int r = dialect_json.each(text, add_json, ret, &why);

	if (r == -ERR_REFUSED) {
		sftpgo_unsure(cfg, why.msg);
		return 0;
	}
	if (r < 0)
		return err_set(e, why.kind, "%s", why.msg);
	tree = json_loadb(text.p, text.n, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	if (!tree) {
		sftpgo_unsure(cfg, "it holds a number or a text that other programs do not take");
		return 0;
	}
	sftpgo_tree_check(cfg, FORM_TREE, tree, ret);
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
		sftpgo_unsure(cfg, why.msg);
		return 0;
	}
	if (json_is_null(tree))
		return 0;
	if (!json_is_object(tree))
		return err_set(e, ERR_FORMAT, "line 1: this is no mapping");
	if (has_odd_number(text))
		sftpgo_unsure(cfg, "it has a number with a leading zero or with '_'");
	sftpgo_tree_take(cfg, FORM_TREE, tree, &no_lines, ret);
	return 0;
}

static void note_line(struct map *lines, const char *way, size_t line)
{
	autofree char *key = sftpgo_folded(way);
	size_t *kept = xmalloc(sizeof *kept);

	*kept = line;
	free(map_put(lines, key, kept));
}

static void note_lines(struct map *lines, const struct map *as_written)
{
	map_each (as_written, it)
		note_line(lines, it->key, *(const size_t *)it->value);
}

static void lines_done(struct map *lines) { map_done(lines, free); }

static void read_toml(struct sftpgo_config *cfg, struct sv text, struct flats *ret)
{
	cleanup_with(toml_lines_done) struct map as_written = { 0 };
	cleanup_with(lines_done) struct map lines = { 0 };
	autojson json_t *tree = NULL;
	struct err why = ERR_INIT;

	if (toml_read(text, &tree, &as_written, &why) < 0) {
		sftpgo_unsure(cfg, why.msg);
		return;
	}
	note_lines(&lines, &as_written);
	sftpgo_tree_take(cfg, FORM_TREE, tree, &lines, ret);
}

/* ---- variables, properties: names with dots, and texts ---- */

#define NAME_PARTS_MAX 64
#define NAME_MAX_BYTES 1024

struct named_texts {
	struct sftpgo_config *cfg;
	json_t *tree;
	struct map lines;
	size_t kept;                    /* as sftpgo_flat_cost() counts */
};

#define NAMED_TEXTS(c)                            \
	{                                         \
		.cfg = (c), .tree = json_object() \
	}

static void named_texts_done(struct named_texts *all)
{
	json_decref(all->tree);
	lines_done(&all->lines);
}

/* Which counts of "a" and "a.b", and what an empty part is, is not known here. */
static void put_value(struct named_texts *all, const char *key, json_t *value)
{
	struct sv rest = sv_of(key);
	json_t *at = all->tree;

	for (;;) {
		autofree char *name = sv_dup(sv_cut(&rest, '.'));
		json_t *there = json_object_get(at, name);

		if (!*name || (there && !(rest.n && json_is_object(there))))
			break;
		if (!rest.n) {
			json_object_set(at, name, value);
			return;
		}
		if (!there)
			json_object_set_new(at, name, json_object());
		at = json_object_get(at, name);
	}
	sftpgo_unsure(all->cfg, "a name in it has an empty part, stands within another or comes twice");
}

/* Each part is a level of a tree that is walked by recursion, and each level holds the name as far as it goes. */
static int admit_name(struct named_texts *all, const char *key, size_t line, struct err *e)
{
	size_t parts = 1;

	for (const char *dot = key; (dot = strchr(dot, '.')); dot++)
		parts++;
	all->kept += sftpgo_flat_cost(key);
	if (parts > NAME_PARTS_MAX)
		return err_set(e, ERR_SPACE, "line %zu: a name of more than %d parts", line, NAME_PARTS_MAX);
	if (strlen(key) > NAME_MAX_BYTES)
		return err_set(e, ERR_SPACE, "line %zu: a name of more than %d bytes", line, NAME_MAX_BYTES);
	return all->kept <= FLATS_MAX ? 0 : err_set(e, ERR_SPACE, "line %zu: too many values", line);
}

static int put_text(void *data, const char *key, const char *value, size_t line, struct err *e)
{
	struct named_texts *all = data;
	autojson json_t *text = json_text(value);

	if (admit_name(all, key, line, e) < 0)
		return -(int)e->kind;
	note_line(&all->lines, key, line);
	put_value(all, key, text);
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
		sftpgo_unsure(cfg, why.msg);
		return 0;
	}
	if (r < 0)
		return err_set(e, why.kind, "%s", why.msg);
	map_each (&env.vars, it) {
		const struct gotenv_var *var = it->value;
		autofree char *key = sftpgo_folded(it->key); /* its names are whole: "a.b" is no table */

		if (put_text(&all, key, var->value, var->line, &why) < 0) {
			sftpgo_unsure(cfg, why.msg);
			return 0;
		}
	}
	sftpgo_tree_take(cfg, FORM_NAMED, all.tree, &all.lines, ret);
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
		sftpgo_unsure(cfg, odd);
	else if (dialect_properties.each(text, put_text, &all, &why) < 0)
		sftpgo_unsure(cfg, why.msg);
	else
		sftpgo_tree_take(cfg, FORM_NAMED, all.tree, &all.lines, ret);
}

/* ---- INI, HCL ---- */

/* What the library gives up on, the server does; what we refuse, it may read. */
static int given_up(struct sftpgo_config *cfg, const struct err *why, struct err *e)
{
	if (why->kind == ERR_FORMAT)
		return err_set(e, why->kind, "%s", why->msg);
	sftpgo_unsure(cfg, why->msg);
	return 0;
}

static int read_ini(struct sftpgo_config *cfg, struct sv text, struct flats *ret, struct err *e)
{
	cleanup_with(named_texts_done) struct named_texts all = NAMED_TEXTS(cfg);
	struct err why = ERR_INIT;

	if (ini_each(text, put_text, &all, &why) < 0)
		return given_up(cfg, &why, e);
	sftpgo_tree_take(cfg, FORM_NAMED, all.tree, &all.lines, ret);
	return 0;
}

/* viper takes names with dots apart at the top alone, and no block for an object: every one is a list. */
static int read_hcl(struct sftpgo_config *cfg, struct sv text, struct flats *ret, struct err *e)
{
	cleanup_with(named_texts_done) struct named_texts all = NAMED_TEXTS(cfg);
	cleanup_with(hcl_lines_done) struct map lines = { 0 };
	autojson json_t *tree = NULL;
	struct err why = ERR_INIT;
	const char *name;
	json_t *value;

	if (hcl_read(text, &tree, &lines, &why) < 0)
		return given_up(cfg, &why, e);
	json_object_foreach(tree, name, value)
	{
		autofree char *key = sftpgo_folded(name);

		put_value(&all, key, value);
	}
	note_lines(&all.lines, &lines);
	sftpgo_tree_take(cfg, FORM_HCL, all.tree, &all.lines, ret);
	return 0;
}

/* ---- all of them ---- */

static bool is_one_of(const char *ending, const char *const *endings)
{
	while (*endings && strcasecmp(ending, *endings) != 0)
		endings++;
	return *endings;
}

/* Those that viper read until its 1.19, which 2.6 has; 2.7 has 1.21. src: go.mod of 2.6.4 and 2.7.5; run: 2.7.5 ends with
 * "decoder not found for this format" */
static const char *const PROPERTIES[] = { "properties", "props", "prop", NULL };
static const char *const HCL[] = { "hcl", "tfvars", NULL };
static const char *const INI[] = { "ini", NULL };

bool sftpgo_config_gone_format(const char *file)
{
	const char *dot = strrchr(file, '.');

	return dot && (is_one_of(dot + 1, PROPERTIES) || is_one_of(dot + 1, HCL) || is_one_of(dot + 1, INI));
}

static int read_text(struct sftpgo_config *cfg, const char *ending, struct sv text,
		     struct flats *ret, struct err *e)
{
	if (is_one_of(ending, (const char *const[]){ "yaml", "yml", NULL }))
		return read_yaml(cfg, text, ret, e);
	if (is_one_of(ending, (const char *const[]){ "env", "dotenv", NULL }))
		return read_env(cfg, text, ret, e);
	if (is_one_of(ending, HCL))
		return read_hcl(cfg, text, ret, e);
	if (is_one_of(ending, INI))
		return read_ini(cfg, text, ret, e);
	if (is_one_of(ending, PROPERTIES))
		read_properties(cfg, text, ret);
	else if (!strcmp(ending, "toml"))
		read_toml(cfg, text, ret);
	else
		return read_json(cfg, text, ret, e);
	return 0;
}

int sftpgo_text_read(struct sftpgo_config *cfg, const char *ending, struct sv text,
		     struct flats *ret, struct err *e)
{
	if (read_text(cfg, ending, text, ret, e) < 0)
		return -(int)e->kind;
	if (ret->kept > FLATS_MAX)
		sftpgo_unsure(cfg, "it has too many values");
	return 0;
}
