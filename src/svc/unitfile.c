#include "svc/unitfile.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>

#include "io/file.h"
#include "io/json.h"

#define UNIT_MAX (1u << 20)
#define ENTRIES_MAX 20000
#define WORDS_MAX 4096

/* systemd.unit(5): the earlier wins. */
static const char *const places[] = { "/etc/systemd/system",           "/run/systemd/system",
				      "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
				      "/lib/systemd/system",           NULL };

void words_free(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

void unitfile_done(struct unitfile *u)
{
	free(u->name);
	free(u->file);
	json_decref(u->files);
	json_decref(u->keys);
	*u = (struct unitfile){ 0 };
}

static void put_value(json_t *keys, const char *section, struct sv line)
{
	struct sv value = line, key = sv_trim(sv_cut(&value, '='));
	autofree char *name = xasprintf("%s.%.*s", section, SV_ARG(key));
	json_t *list = json_object_get(keys, name);

	value = sv_trim(value);
	if (!list) {
		list = json_array();
		json_object_set_new(keys, name, list);
	}
	if (value.n)
		json_array_append_new(list, json_stringn(value.p, value.n));
	else
		json_array_clear(list); /* an empty assignment resets a list */
}

/* Lines joined over a trailing backslash; comment lines inside a joined one are dropped, as systemd
 * does. */
static void parse(struct sv text, json_t *keys)
{
	autobuf struct buf joined = BUF_MAX(UNIT_MAX);
	char section[256] = "";

	while (text.n) {
		struct sv line = sv_trim(sv_line(&text));

		if (line.n && (line.p[0] == '#' || line.p[0] == ';'))
			continue;
		if (line.n && line.p[line.n - 1] == '\\') {
			buf_add(&joined, line.p, line.n - 1);
			buf_addc(&joined, ' ');
			continue;
		}
		buf_add_sv(&joined, line);
		line = sv_trim(buf_sv(&joined));
		if (line.n > 2 && line.p[0] == '[' && line.p[line.n - 1] == ']' &&
		    line.n - 2 < sizeof section) {
			memcpy(section, line.p + 1, line.n - 2);
			section[line.n - 2] = '\0';
		} else if (line.n && memchr(line.p, '=', line.n)) {
			put_value(keys, section, line);
		}
		buf_reset(&joined);
	}
}

static int add_file(struct unitfile *u, const char *path, struct err *e)
{
	autobuf struct buf text = BUF_MAX(UNIT_MAX);
	char digest[DIGEST_TEXT];

	if (file_read_path(path, &text, e) < 0)
		return err_wrap(e, "unit '%s'", u->name);
	digest_text(buf_sv(&text), digest);
	json_object_set_new(u->files, path, json_string(digest));
	parse(buf_sv(&text), u->keys);
	return 0;
}

/* "questdb@a.service" is made from "questdb@.service". Heap; NULL for a plain name. */
static char *template_of(const char *name)
{
	const char *at = strchr(name, '@'), *dot = strrchr(name, '.');

	return at && dot && dot > at + 1 ? xasprintf("%.*s%s", (int)(at + 1 - name), name, dot)
					 : NULL;
}

static int find_file(const char *name, char **ret, struct err *e)
{
	autofree char *generic = template_of(name);
	const char *tries[] = { name, generic };

	for (size_t t = 0; t < 2 && tries[t]; t++) {
		for (size_t i = 0; places[i]; i++) {
			char *path = xasprintf("%s/%s", places[i], tries[t]);

			if (!access(path, F_OK)) {
				*ret = path;
				return 0;
			}
			free(path);
		}
	}
	return err_set(e, ERR_ABSENT, "no unit file of '%s'", name);
}

/* Drop-ins by file name, each name once: from the first place that has it. Crossgrade's own hold is
 * none of theirs. */
static void find_dropins(const char *name, json_t *found)
{
	for (size_t i = 0; places[i]; i++) {
		autofree char *path = xasprintf("%s/%s.d", places[i], name);
		struct err ignored = ERR_INIT;
		autodir struct dir d = DIR_NONE;
		struct dir_names names = { 0 };

		if (dir_open(path, &d, &ignored) < 0)
			continue;
		if (dir_list(&d, "", ENTRIES_MAX, &names, &ignored) >= 0) {
			vec_each (&names, n) {
				if (sv_ends(sv_of(n->name), ".conf") &&
				    !strstr(n->name, "crossgrade") &&
				    !json_object_get(found, n->name))
					json_object_set_new(found, n->name,
							    json_sprintf("%s/%s", path, n->name));
			}
		}
		dir_names_done(&names);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_dropins(struct unitfile *u, struct err *e)
{
	autojson json_t *found = json_object();
	autofree char *generic = template_of(u->name);
	VEC(const char *) names = { 0 };
	const char *name;
	json_t *path;
	int r = 0;

	find_dropins(u->name, found);
	if (generic)
		find_dropins(generic, found);
	json_object_foreach(found, name, path) * vec_push(&names) = name;
	vec_sort(&names, by_text);
	for (size_t i = 0; i < names.n && r >= 0; i++)
		r = add_file(u, json_str(found, names.v[i], ""), e);
	vec_done(&names);
	return r;
}

int unitfile_read(const char *name, struct unitfile *ret, struct err *e)
{
	autounit struct unitfile u = { .files = json_object(), .keys = json_object() };

	u.name = strchr(name, '.') ? xstrdup(name) : xasprintf("%s.service", name);
	if (strchr(u.name, '/'))
		return err_set(e, ERR_USAGE, "'%s' is no name of a unit", name);
	if (find_file(u.name, &u.file, e) < 0 || add_file(&u, u.file, e) < 0 ||
	    add_dropins(&u, e) < 0)
		return -e->kind;
	*ret = u;
	u = (struct unitfile){ 0 };
	return 0;
}

const char *unitfile_last(const struct unitfile *u, const char *key, const char *absent)
{
	const json_t *list = json_object_get(u->keys, key);
	size_t n = json_array_size(list);

	return n ? json_string_value(json_array_get(list, n - 1)) : absent;
}

/* One word of a list in systemd's quoting: blanks end it outside quotes, a backslash keeps the next
 * character. False at the end. */
static bool next_word(const char **p, char **ret)
{
	struct buf word = BUF_MAX(UNIT_MAX);
	char quote = 0;

	while (isspace((unsigned char)**p))
		(*p)++;
	if (!**p)
		return false;
	for (; **p && (quote || !isspace((unsigned char)**p)); (*p)++) {
		if (**p == '\\' && (*p)[1] && quote != '\'')
			buf_addc(&word, *++*p);
		else if (quote ? **p == quote : **p == '"' || **p == '\'')
			quote = quote ? 0 : **p;
		else
			buf_addc(&word, **p);
	}
	*ret = word.data ? buf_take(&word) : xstrdup("");
	return true;
}

static const char *env_value(char *const *env, const char *name, size_t n)
{
	for (; env && *env; env++)
		if (!strncmp(*env, name, n) && (*env)[n] == '=')
			return *env + n + 1;
	return "";
}

/* $VAR and ${VAR} of one word; "$$" is a dollar. Splitting of an unbraced $VAR into words is not
 * done. */
static char *expand(const char *word, char *const *env)
{
	struct buf out = BUF_MAX(UNIT_MAX);

	for (const char *p = word; *p; p++) {
		const char *name = p + 1 + (p[1] == '{');
		size_t n = 0;

		if (*p != '$') {
			buf_addc(&out, *p);
			continue;
		}
		while (isalnum((unsigned char)name[n]) || name[n] == '_')
			n++;
		if (!n || (p[1] == '{' && name[n] != '}')) {
			buf_addc(&out, '$');
			p += p[1] == '$';
			continue;
		}
		buf_adds(&out, env_value(env, name, n));
		p = name + n - (p[1] != '{');
	}
	return out.data ? buf_take(&out) : xstrdup("");
}

char **unitfile_command(const struct unitfile *u, char *const *env)
{
	const char *line = unitfile_last(u, "Service.ExecStart", NULL);
	VEC(char *) words = { 0 };
	char *word;

	if (!line)
		return NULL;
	line += strspn(line, "@-:+!|");
	while (words.n < WORDS_MAX && next_word(&line, &word)) {
		*vec_push(&words) = expand(word, env);
		free(word);
	}
	*vec_push(&words) = NULL;
	return words.v;
}

typedef VEC(char *) word_list;

/* A later assignment of a variable replaces an earlier one. */
static void add_assignment(word_list *env, char *word)
{
	const char *eq = strchr(word, '=');

	vec_each (env, it) {
		if (eq && !strncmp(*it, word, (size_t)(eq - word) + 1)) {
			free(*it);
			*it = word;
			return;
		}
	}
	if (eq)
		*vec_push(env) = word;
	else
		free(word);
}

static void add_environment_file(word_list *env, const char *path)
{
	autobuf struct buf text = BUF_MAX(UNIT_MAX);
	struct err ignored = ERR_INIT;
	struct sv rest;

	path += *path == '-';
	if (file_read_path(path, &text, &ignored) < 0)
		return;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_trim(sv_line(&rest)), value = line,
			  key = sv_trim(sv_cut(&value, '='));
		autofree char *raw = sv_dup(sv_trim(value));
		const char *p = raw;
		char *word = NULL;

		if (!line.n || *line.p == '#' || *line.p == ';' || key.n == line.n)
			continue;
		/* Quotes hold the value together; without them it goes to the end of the line. */
		if (*raw != '"' && *raw != '\'')
			word = xstrdup(raw);
		else if (!next_word(&p, &word))
			continue;
		add_assignment(env, xasprintf("%.*s=%s", SV_ARG(key), word));
		free(word);
	}
}

char **unitfile_env(const struct unitfile *u)
{
	word_list env = { 0 };
	json_t *value;
	size_t i;

	json_array_foreach(json_object_get(u->keys, "Service.Environment"), i, value)
	{
		const char *p = json_string_value(value);
		char *word;

		while (env.n < WORDS_MAX && next_word(&p, &word))
			add_assignment(&env, word);
	}
	json_array_foreach(json_object_get(u->keys, "Service.EnvironmentFile"), i, value)
	    add_environment_file(&env, json_string_value(value));
	*vec_push(&env) = NULL;
	return env.v;
}

static bool holds(const char *path, const char *word)
{
	autobuf struct buf text = BUF_MAX(UNIT_MAX);
	struct err ignored = ERR_INIT;

	return file_read_path(path, &text, &ignored) >= 0 && text.len &&
	       memmem(buf_str(&text), text.len, word, strlen(word));
}

static void add_name(unit_names *names, const char *name)
{
	vec_each (names, it)
		if (!strcmp(*it, name))
			return;
	*vec_push(names) = xstrdup(name);
}

static int mentioning_in(const char *place, const char *word, unit_names *ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct dir_names names = { 0 };

	if (dir_open(place, &d, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -e->kind;
		err_clear(e);
		return 0;
	}
	if (dir_list(&d, "", ENTRIES_MAX, &names, e) < 0)
		return -e->kind;
	vec_each (&names, n) {
		autofree char *path = xasprintf("%s/%s", place, n->name);

		if (n->type != DT_DIR && sv_ends(sv_of(n->name), ".service") &&
		    !strstr(n->name, "@.") && holds(path, word))
			add_name(ret, n->name);
	}
	dir_names_done(&names);
	return 0;
}

int unitfile_mentioning(const char *word, unit_names *ret, struct err *e)
{
	for (size_t i = 0; places[i]; i++)
		if (mentioning_in(places[i], word, ret, e) < 0)
			return -e->kind;
	vec_sort(ret, by_text);
	return 0;
}
