#include "products/questdb/launch.h"

#include "base/vec.h"
#include "io/json.h"
#include "products/questdb/version.h"

#define WORDS_MAX 1000

static const char oss_main[] = "io.questdb/io.questdb.ServerMain";
static const char ent_main[] = "com.questdb/com.questdb.EntServerMain";

const char *launch_main_class(bool enterprise) { return enterprise ? ent_main : oss_main; }

static const char *class_part(const char *named)
{
	const char *slash = strchr(named, '/');

	return slash ? slash + 1 : named;
}

bool launch_same_class(const char *named, const char *wanted)
{
	return named && !strcmp(class_part(named), class_part(wanted));
}

/* ---- words of ExecStart
 * ------------------------------------------------------------------------------------------ */

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

/* One word; quotes are taken off, a backslash keeps the next character. systemd.service(5),
 * "Command lines". */
static int word_of(struct sv *rest, struct buf *word, struct err *e)
{
	char quote = '\0';
	size_t i = 0;

	for (; i < rest->n && (quote || !blank(rest->p[i])); i++) {
		char c = rest->p[i];

		if (c == '\\' && i + 1 < rest->n)
			buf_addc(word, rest->p[++i]);
		else if (quote && c == quote)
			quote = '\0';
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
		else
			buf_addc(word, c);
	}
	if (quote)
		return err_set(e, ERR_FORMAT, "a quote in the start command is not closed");
	*rest = (struct sv){ rest->p + i, rest->n - i };
	return buf_check(word, "a word of the start command", e);
}

int launch_split(const char *exec_start, json_t **ret, struct err *e)
{
	struct sv rest = sv_trim(sv_of(exec_start));
	autojson json_t *words = json_array();

	while (rest.n) {
		autobuf struct buf word = BUF_MAX(64 << 10);

		if (word_of(&rest, &word, e) < 0)
			return -e->kind;
		if (json_array_size(words) == WORDS_MAX ||
		    json_array_append_new(words, json_string(buf_str(&word))) < 0)
			return err_set(
			    e, ERR_FORMAT,
			    "the start command has too many words, or bytes that are no UTF-8");
		rest = sv_trim(rest);
	}
	*ret = take_ptr(words);
	return 0;
}

void launch_join(const json_t *argv, struct buf *ret)
{
	const json_t *word;
	size_t i;

	json_array_foreach((json_t *)argv, i, word)
	{
		const char *w = json_string_value(word);
		bool quoted = !*w || strpbrk(w, " \t\"'\\;");

		if (i)
			buf_addc(ret, ' ');
		if (quoted)
			buf_addc(ret, '"');
		for (; *w; w++) {
			if (quoted && (*w == '"' || *w == '\\'))
				buf_addc(ret, '\\');
			buf_addc(ret, *w);
		}
		if (quoted)
			buf_addc(ret, '"');
	}
}

/* ---- the command line
 * -------------------------------------------------------------------------------------------- */

/* Options of java whose value is the next word. */
static const char *const next_word_options[] = { "--add-exports",   "--add-opens",
						 "--add-reads",     "--add-modules",
						 "--limit-modules", "--enable-native-access",
						 "--source",        "--upgrade-module-path",
						 "--patch-module",  NULL };
static const char *const module_flags[] = { "--add-exports", "--add-opens",
					    "--enable-native-access", NULL };

struct line {
	const json_t *argv;
	const struct launch_want *want;
	json_t *out;
	json_t *kept; /* the target's own flags that were there already, without their values */
	size_t at;
	bool flags_done, path_done, main_done;
};

static const char *word_at(const struct line *l, size_t i)
{
	return json_string_value(json_array_get(l->argv, i));
}

static void put(struct line *l, const char *word)
{
	json_array_append_new(l->out, json_string(word));
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (size_t i = 0; list[i]; i++)
		if (!strcmp(word, list[i]))
			return true;
	return false;
}

/* "--opt=value" or "--opt value" of an option in `list`: its name's length and its value, and how
 * many words it takes. */
static size_t option_value(const struct line *l, const char *const *list, const char **ret_name,
			   const char **ret_value)
{
	const char *word = word_at(l, l->at), *next = word_at(l, l->at + 1);

	for (size_t i = 0; list[i]; i++) {
		size_t n = strlen(list[i]);

		if (strncmp(word, list[i], n) != 0)
			continue;
		*ret_name = list[i];
		if (word[n] == '=') {
			*ret_value = word + n + 1;
			return 1;
		}
		if (!word[n] && next) {
			*ret_value = next;
			return 2;
		}
	}
	return 0;
}

/* Modules that flags of the target's edition open things to. */
static const char *modules_of(const struct line *l)
{
	return l->want->enterprise ? "io.questdb,com.questdb" : "io.questdb";
}

static const char *family_of(const struct line *l)
{
	return l->want->java_needed >= 25 ? "java25" : "java17";
}

/* What a flag of the sheet is without what it is set to: "--add-opens=java.base/java.lang". */
static char *flag_name(const char *flag)
{
	const char *last = strrchr(flag, '=');

	return last ? xstrndup(flag, (size_t)(last - flag)) : xstrdup(flag);
}

/* Flags the target's family of releases wants and that were not there: before the module path. */
static void put_flags(struct line *l)
{
	const json_t *flag;
	size_t i;

	if (l->flags_done || !l->want->java_needed)
		return;
	l->flags_done = true;
	json_array_foreach((json_t *)json_object_get(questdb_value("launch_flags"), family_of(l)),
			   i, flag)
	{
		const char *text = json_string_value(flag), *mark = strstr(text, "MODULES");
		autofree char *name = flag_name(text);
		autofree char *word =
		    mark ? xasprintf("%.*s%s", (int)(mark - text), text, modules_of(l))
			 : xstrdup(text);

		if (!json_object_get(l->kept, name))
			put(l, word);
	}
}

static bool in_family(const char *family, const char *name)
{
	const json_t *flag;
	size_t i;

	json_array_foreach((json_t *)json_object_get(questdb_value("launch_flags"), family), i,
			   flag)
	{
		autofree char *known = flag_name(json_string_value(flag));

		if (!strcmp(known, name))
			return true;
	}
	return false;
}

/* One that only the other family of releases wants: it goes. Remembers the ones that stay. */
static bool outdated(struct line *l, const char *name)
{
	if (!l->want->java_needed)
		return false;
	if (in_family(family_of(l), name)) {
		json_object_set_new(l->kept, name, json_true());
		return false;
	}
	return in_family("java17", name) || in_family("java25", name);
}

static bool names_questdb(const char *value)
{
	const char *to = strchr(value, '=');
	struct sv rest = sv_of(to ? to + 1 : value), one;

	while (rest.n) {
		one = sv_cut(&rest, ',');
		if (sv_eq(one, "io.questdb") || sv_eq(one, "com.questdb"))
			return true;
	}
	return false;
}

/* The value with QuestDB's modules as the target has them; other modules stay. */
static char *with_modules(const struct line *l, const char *value)
{
	autobuf struct buf text = BUF_MAX(8192);
	const char *to = strchr(value, '=');
	struct sv rest = sv_of(to ? to + 1 : value), one;

	buf_addf(&text, "%.*s%s", to ? (int)(to + 1 - value) : 0, value, modules_of(l));
	while (rest.n) {
		one = sv_cut(&rest, ',');
		if (one.n && !sv_eq(one, "io.questdb") && !sv_eq(one, "com.questdb"))
			buf_addf(&text, "," SV_FMT, SV_ARG(one));
	}
	return xstrdup(buf_str(&text));
}

/* A flag that opens something to QuestDB's modules follows the edition, unless the target has no
 * use for it. */
static bool module_flag(struct line *l)
{
	const char *name, *value;
	size_t words = option_value(l, module_flags, &name, &value);
	const char *to = words ? strchr(value, '=') : NULL;
	autofree char *flag = !words ? NULL
			      : to   ? xasprintf("%s=%.*s", name, (int)(to - value), value)
				     : xstrdup(name);

	if (!words || !names_questdb(value))
		return false;
	if (!outdated(l, flag)) {
		autofree char *now = with_modules(l, value);
		autofree char *joined = xasprintf("%s=%s", name, now);

		if (words == 2)
			put(l, name);
		put(l, words == 2 ? now : joined);
	}
	l->at += words;
	return true;
}

/* Java below 23 does not start with it. */
static bool unsafe_flag(struct line *l)
{
	const char *word = word_at(l, l->at);

	if (strncmp(word, "--sun-misc-unsafe-memory-access=", 32) != 0)
		return false;
	if (!outdated(l, "--sun-misc-unsafe-memory-access"))
		put(l, word);
	l->at++;
	return true;
}

static void put_path(struct line *l)
{
	if (l->path_done)
		return;
	put_flags(l);
	l->path_done = true;
	if (l->want->jar) {
		put(l, "-p");
		put(l, l->want->jar);
	}
}

static bool module_path(struct line *l)
{
	const char *word = word_at(l, l->at);

	if (!strcmp(word, "-p") || !strcmp(word, "--module-path"))
		l->at += 2;
	else if (!strncmp(word, "--module-path=", 14))
		l->at++;
	else
		return false;
	put_path(l);
	return true;
}

static void put_main(struct line *l)
{
	put_path(l);
	put(l, "-m");
	put(l, launch_main_class(l->want->enterprise));
	l->main_done = true;
}

/* -m module/class; --module=...; -jar file. Everything behind it is the server's. */
static bool main_option(struct line *l)
{
	const char *word = word_at(l, l->at);

	if (!strcmp(word, "-m") || !strcmp(word, "--module") || !strcmp(word, "-jar"))
		l->at += 2;
	else if (!strncmp(word, "--module=", 9))
		l->at++;
	else
		return false;
	put_main(l);
	return true;
}

static int class_path(struct line *l, struct err *e)
{
	const char *word = word_at(l, l->at);

	if (strcmp(word, "-cp") != 0 && strcmp(word, "-classpath") != 0 &&
	    strncmp(word, "--class-path", 12) != 0)
		return 0;
	err_set(e, ERR_REFUSED,
		"it is started from a class path ('%s'), which cannot be carried over", word);
	return err_hint(e, "start it once with '-p questdb.jar -m %s', as the documentation does",
			oss_main);
}

static int option(struct line *l, struct err *e)
{
	const char *word = word_at(l, l->at);

	if (class_path(l, e) < 0)
		return -e->kind;
	if (module_flag(l) || unsafe_flag(l) || module_path(l) || main_option(l))
		return 0;
	put(l, word);
	l->at++;
	if (is_one_of(word, next_word_options) && word_at(l, l->at))
		put(l, word_at(l, l->at++));
	return 0;
}

int launch_rewrite(const json_t *argv, const struct launch_want *want, json_t **ret, struct err *e)
{
	autojson json_t *out = json_array(), *kept = json_object();
	struct line l = { .argv = argv, .want = want, .out = out, .kept = kept };

	if (!word_at(&l, 0))
		return err_set(e, ERR_FORMAT, "the command line is empty");
	put(&l, want->java ? want->java : word_at(&l, l.at));
	l.at++;
	while (!l.main_done && word_at(&l, l.at) && word_at(&l, l.at)[0] == '-')
		if (option(&l, e) < 0)
			return -e->kind;
	if (!l.main_done)
		return err_set(e, ERR_FORMAT, "no main class is in the command line of '%s'",
			       word_at(&l, 0));
	for (; word_at(&l, l.at); l.at++)
		put(&l, word_at(&l, l.at));
	*ret = take_ptr(out);
	return 0;
}
