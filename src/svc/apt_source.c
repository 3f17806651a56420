#include "svc/apt_source.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "svc/front.h"

#define ENTRIES_MAX 100
#define WORDS_MAX   100

static bool is(struct sv a, const char *b)
{
	return a.n == strlen(b) && !strncasecmp(a.p, b, a.n);
}

/* Words between blanks or, in a one-line option, commas. */
static void add_words(json_t *entry, const char *key, struct sv value, bool commas)
{
	json_t *list = json_object_get(entry, key);

	if (!list) {
		list = json_array();
		json_object_set_new(entry, key, list);
	}
	while (value.n && json_array_size(list) < WORDS_MAX) {
		struct sv word = commas ? sv_cut(&value, ',') : sv_word(&value);

		if (word.n)
			json_array_append_new(list, json_stringn(word.p, word.n));
	}
}

/* ---- options, which both forms have under two names each ---- */

static bool is_one_of(struct sv value, const char *const *words)
{
	for (; *words; words++)
		if (is(value, *words))
			return true;
	return false;
}

static bool is_yes(struct sv value)
{
	static const char *const words[] = { "yes", "true", "with", "on", "enable", "1", NULL };

	return is_one_of(value, words);
}

/* A word that is neither leaves things as they are when nothing is said. */
static bool is_no(struct sv value)
{
	static const char *const words[] = { "no", "false", "without", "off", "disable", "0", NULL };

	return is_one_of(value, words);
}

static void set_text(json_t *entry, const char *key, struct sv value)
{
	json_object_set_new(entry, key, json_stringn(value.p, value.n));
}

static void take_option(json_t *entry, struct sv name, struct sv value, bool commas)
{
	static const char *const unsafe[] = { "trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure" };

	if (is(name, "arch") || is(name, "architectures"))
		add_words(entry, "architectures", value, commas);
	if (is(name, "signed-by"))
		set_text(entry, "signed_by", value);
	for (size_t i = 0; i < ARRAY_LEN(unsafe); i++)
		if (is(name, unsafe[i]) && is_yes(value))
			json_object_set_new(entry, "unsafe", json_string(unsafe[i]));
}

/* ---- "deb [arch=amd64 signed-by=/k.gpg] https://h/apt suite main" ---- */

static int take_options(json_t *entry, struct sv *rest, struct err *e)
{
	struct sv all, word;

	*rest = sv_trim(*rest);
	if (!sv_starts(*rest, "["))
		return 0;
	if (!memchr(rest->p, ']', rest->n))
		return err_set(e, ERR_FORMAT, "'[' without ']'");
	all = sv_cut(rest, ']');
	all = (struct sv){ all.p + 1, all.n - 1 };
	while ((word = sv_word(&all)).n) {
		struct sv value = word, name = sv_cut(&value, '=');

		take_option(entry, name, value, true);
	}
	return 0;
}

static int take_line(struct sv line, json_t *entries, struct err *e)
{
	struct sv rest = line, type = sv_word(&rest), uri, suite;
	autojson json_t *entry = json_object();

	if (!is(type, "deb") && !is(type, "deb-src"))
		return err_set(e, ERR_FORMAT, "'%.*s' is neither 'deb' nor 'deb-src'", (int)MIN_OF(type.n, (size_t)40), type.p);
	if (take_options(entry, &rest, e) < 0)
		return -(int)e->kind;
	uri = sv_word(&rest);
	suite = sv_word(&rest);
	if (!suite.n)
		return err_set(e, ERR_FORMAT, "it names no suite");
	add_words(entry, "types", type, false);
	add_words(entry, "uris", uri, false);
	add_words(entry, "suites", suite, false);
	add_words(entry, "components", rest, false);
	json_array_append(entries, entry);
	return 0;
}

static int parse_lines(struct sv text, json_t *entries, struct err *e)
{
	for (int n = 1; text.n; n++) {
		struct sv rest = sv_line(&text), line = sv_trim(sv_cut(&rest, '#'));

		if (!line.n)
			continue;
		if (json_array_size(entries) == ENTRIES_MAX)
			return err_set(e, ERR_FORMAT, "more than %d entries", ENTRIES_MAX);
		if (take_line(line, entries, e) < 0)
			return err_wrap(e, "line %d", n);
	}
	return 0;
}

/* ---- stanzas of fields ---- */

struct stanza {
	json_t *entry;          /* NULL between two */
	struct sv field;
	struct buf value;
	bool off;
};

static void end_field(struct stanza *s)
{
	static const char *const words[] = { "types", "uris", "suites", "components" };
	struct sv value = sv_trim(buf_sv(&s->value));

	if (!s->field.n)
		return;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (is(s->field, words[i]))
			add_words(s->entry, words[i], value, false);
	s->off |= is(s->field, "enabled") && is_no(value);
	take_option(s->entry, s->field, value, false);
	s->field.n = 0;
	buf_reset(&s->value);
}

static int end_stanza(struct stanza *s, json_t *entries, struct err *e)
{
	autojson json_t *entry = NULL;

	if (!s->entry)
		return 0;
	end_field(s);
	entry = take_ptr(s->entry);
	if (s->off)
		return 0;
	if (!json_object_get(entry, "types") || !json_object_get(entry, "uris") || !json_object_get(entry, "suites"))
		return err_set(e, ERR_FORMAT, "a stanza without Types, URIs or Suites");
	if (json_array_size(entries) == ENTRIES_MAX)
		return err_set(e, ERR_FORMAT, "more than %d entries", ENTRIES_MAX);
	json_array_append(entries, entry);
	return 0;
}

static int begin_field(struct stanza *s, struct sv line, struct err *e)
{
	struct sv value = line, name = sv_cut(&value, ':');

	if (name.n == line.n)
		return err_set(e, ERR_FORMAT, "'%.*s' is no field", (int)MIN_OF(line.n, (size_t)40), line.p);
	if (s->entry)
		end_field(s);
	else
		*s = (struct stanza){ .entry = json_object(), .value = s->value };
	s->field = sv_trim(name);
	buf_add_sv(&s->value, value);
	return 0;
}

static int take_stanza_line(struct stanza *s, struct sv line, json_t *entries, struct err *e)
{
	if (sv_starts(line, "#"))
		return 0;
	if (!sv_trim(line).n)
		return end_stanza(s, entries, e);
	if (*line.p != ' ' && *line.p != '\t')
		return begin_field(s, line, e);
	if (!s->field.n)
		return err_set(e, ERR_FORMAT, "it goes on with a field that never began");
	buf_addc(&s->value, ' ');
	buf_add_sv(&s->value, line);
	return 0;
}

static int parse_stanzas(struct sv text, json_t *entries, struct err *e)
{
	struct stanza s = { .value = BUF_MAX(64 << 10) };
	int r = 0;

	for (int n = 1; text.n && r >= 0; n++) {
		r = take_stanza_line(&s, sv_line(&text), entries, e);
		if (r < 0)
			(void)err_wrap(e, "line %d", n);
	}
	if (r >= 0)
		r = end_stanza(&s, entries, e);
	json_decref(s.entry);
	buf_done(&s.value);
	return r;
}

int apt_source_parse(struct sv text, const char *name, json_t **ret, struct err *e)
{
	autojson json_t *entries = json_array();

	if ((sv_ends(sv_of(name), ".sources") ? parse_stanzas(text, entries, e) : parse_lines(text, entries, e)) < 0)
		return -(int)e->kind;
	*ret = json_incref(entries);
	return 0;
}

/* ---- what to think of them ---- */

static bool brings_packages(const json_t *entry)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(entry, "types"), i, one)
	{
		if (!strcasecmp(json_string_value(one), "deb"))
			return true;
	}
	return false;
}

static int judge_uris(const json_t *entry, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(entry, "uris"), i, one)
	{
		if (!front_has_password(json_string_value(one)))
			continue;
		err_set(e, ERR_REFUSED, "it holds a password");
		return err_hint(e, "write it into a file of /etc/apt/auth.conf.d; apt_auth.conf(5)");
	}
	return 0;
}

static int judge_entry(const json_t *entry, const char **keyring, struct err *e)
{
	const char *unsafe = json_str(entry, "unsafe", NULL), *signed_by = json_str(entry, "signed_by", NULL);

	if (unsafe)
		return err_set(e, ERR_REFUSED, "its option '%s' takes packages that nobody signed", unsafe);
	if (!signed_by || *signed_by != '/' || strpbrk(signed_by, " \t,") ||
	    (!sv_ends(sv_of(signed_by), ".gpg") && !sv_ends(sv_of(signed_by), ".asc"))) {
		err_set(e, ERR_REFUSED, "it is not bound to one keyring file");
		return err_hint(e, "name one, absolute and with .gpg or .asc at its end, in the option signed-by");
	}
	if (*keyring && strcmp(*keyring, signed_by) != 0)
		return err_set(e, ERR_REFUSED, "it names two keyrings, '%s' and '%s'", *keyring, signed_by);
	*keyring = signed_by;
	return judge_uris(entry, e);
}

int apt_source_judge(const json_t *entries, const char **ret_keyring, struct err *e)
{
	const char *keyring = NULL;
	const json_t *one;
	bool brings = false;
	size_t i;

	json_array_foreach((json_t *)entries, i, one)
	{
		brings |= brings_packages(one);
		if (judge_entry(one, &keyring, e) < 0)
			return -(int)e->kind;
	}
	if (!brings)
		return err_set(e, ERR_ABSENT, "no packages come from it: it is empty or switched off");
	*ret_keyring = keyring;
	return 0;
}

static void add_field(const json_t *entry, const char *key, const char *field, struct buf *ret)
{
	const json_t *one, *list = json_object_get(entry, key);
	size_t i;

	if (!json_array_size(list))
		return;
	buf_adds(ret, field);
	json_array_foreach((json_t *)list, i, one)
		buf_addf(ret, " %s", json_string_value(one));
	buf_addc(ret, '\n');
}

static bool is_for(const json_t *entry, const char *arch)
{
	const json_t *one, *list = json_object_get(entry, "architectures");
	size_t i;

	json_array_foreach((json_t *)list, i, one)
	{
		if (!strcmp(json_string_value(one), arch))
			return true;
	}
	return !json_array_size(list);
}

void apt_source_text(const json_t *entries, const char *keyring, const char *arch, struct buf *ret)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)entries, i, one)
	{
		if (!brings_packages(one) || !is_for(one, arch))
			continue;
		buf_adds(ret, "Types: deb\n");
		add_field(one, "uris", "URIs:", ret);
		add_field(one, "suites", "Suites:", ret);
		add_field(one, "components", "Components:", ret);
		buf_addf(ret, "Architectures: %s\nSigned-By: %s\n\n", arch, keyring);
	}
}
