#include <string.h>

#include "io/json.h"
#include "products/questdb/layout.h"

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool names_server(const char *word)
{
	return strstr(word, "questdb.") && strstr(word, "ServerMain") && word[0] != '-';
}

const char *edition_of_main(const char *main_class)
{
	if (!main_class || !names_server(main_class))
		return NULL;
	return strstr(main_class, "com.questdb") ? "enterprise" : "open-source";
}

/* "java.base/java.lang=io.questdb,com.questdb", "io.questdb,com.questdb": the modules that get
 * something. */
static void add_modules(json_t *set, const char *value)
{
	const char *eq = strchr(value, '=');
	struct sv rest = sv_of(eq ? eq + 1 : value);

	while (rest.n) {
		struct sv module = sv_cut(&rest, ',');
		autofree char *name = sv_dup(module);

		if (module.n)
			json_object_set_new(set, name, json_true());
	}
}

/* Value of an option given as "--opt value" or "--opt=value"; NULL when argv[i] is another one. */
static const char *option(char *const *argv, size_t i, const char *name)
{
	size_t n = strlen(name);

	if (!strcmp(argv[i], name))
		return argv[i + 1];
	return !strncmp(argv[i], name, n) && argv[i][n] == '=' ? argv[i] + n + 1 : NULL;
}

static const char *first_of(char *const *argv, size_t i, const char *const *names)
{
	const char *value = NULL;

	for (; *names && !value; names++)
		value = option(argv, i, *names);
	return value;
}

static void take_options(char *const *argv, size_t i, struct launch_line *l, json_t *modules)
{
	static const char *const given[] = { "--add-opens", "--add-exports",
					     "--enable-native-access", NULL };
	static const char *const paths[] = { "-p",         "--module-path", "-cp",
					     "-classpath", "--class-path",  NULL };
	const char *value;

	if ((value = first_of(argv, i, given)))
		add_modules(modules, value);
	if (!l->jar && (value = first_of(argv, i, paths)) && strstr(value, ".jar"))
		l->jar = value;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *sorted_keys(json_t *set)
{
	VEC(const char *) names = { 0 };
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach(set, name, value) * vec_push(&names) = name;
	vec_sort(&names, by_text);
	vec_each (&names, it)
		json_array_append_new(list, json_string(*it));
	vec_done(&names);
	return list;
}

bool launch_line_parse(char *const *argv, struct launch_line *ret)
{
	struct launch_line l = { 0 };
	autojson json_t *modules = json_object();

	for (size_t i = 0; argv && argv[i]; i++) {
		bool started = l.main_class || l.script;

		if (started && !l.root && !strcmp(argv[i], "-d"))
			l.root = argv[i + 1];
		else if (!started && names_server(argv[i]))
			l.main_class = argv[i];
		else if (!started && !strcmp(base_of(argv[i]), "questdb.sh"))
			l.script = argv[i];
		else if (!started)
			take_options(argv, i, &l, modules);
	}
	if (!l.main_class && !l.script)
		return false;
	if (l.main_class)
		l.java = argv[0];
	l.modules = sorted_keys(modules);
	*ret = l;
	return true;
}

void launch_line_done(struct launch_line *l)
{
	json_decref(l->modules);
	*l = (struct launch_line){ 0 };
}
