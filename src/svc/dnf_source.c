#include "svc/dnf_source.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "svc/front.h"

#define SECTIONS_MAX 100
#define MAIN         "main"

/* ---- sections of options ---- */

struct parse {
	json_t *sections;       /* {id: {option: value}} */
	json_t *section;        /* borrowed: the one that goes on; NULL before the first */
	char   *option;         /* heap: the one that goes on, or NULL */
};

static void parse_done(struct parse *p)
{
	json_decref(p->sections);
	free(p->option);
}

static int begin_section(struct parse *p, struct sv line, struct err *e)
{
	struct sv name = { line.p + 1, line.n - 1 };
	autofree char *id = NULL;

	if (!memchr(name.p, ']', name.n))
		return err_set(e, ERR_FORMAT, "'[' without ']'");
	id = sv_dup(sv_cut(&name, ']'));
	p->section = json_object_get(p->sections, id);
	if (!p->section && json_object_size(p->sections) == SECTIONS_MAX)
		return err_set(e, ERR_FORMAT, "more than %d sections", SECTIONS_MAX);
	if (!p->section) {
		p->section = json_object();
		json_object_set_new(p->sections, id, p->section);
	}
	return 0;
}

static int take_option(struct parse *p, struct sv line, struct err *e)
{
	struct sv value = line, name = sv_trim(sv_cut(&value, '='));

	if (name.n == line.n || !memchr(line.p, '=', line.n))
		return err_set(e, ERR_FORMAT, "'%.*s' is no option", (int)MIN_OF(line.n, (size_t)40), line.p);
	if (!p->section)
		return err_set(e, ERR_FORMAT, "an option before the first section");
	value = sv_trim(value);
	p->option = sv_dup(name);
	json_object_set_new(p->section, p->option, json_stringn(value.p, value.n));
	return 0;
}

static int go_on(struct parse *p, struct sv more, struct err *e)
{
	const char *value = p->option ? json_str(p->section, p->option, "") : NULL;

	if (!value)
		return err_set(e, ERR_FORMAT, "it goes on with an option that never began");
	json_object_set_new(p->section, p->option, json_sprintf("%s " SV_FMT, value, SV_ARG(more)));
	return 0;
}

static int take_line(struct parse *p, struct sv line, struct err *e)
{
	struct sv words = sv_trim(line);

	if (!words.n || sv_starts(line, "#") || sv_starts(line, ";"))
		return 0;
	if (*line.p == ' ' || *line.p == '\t')
		return go_on(p, words, e);
	free(take_ptr(p->option));
	return *line.p == '[' ? begin_section(p, words, e) : take_option(p, words, e);
}

static int parse_sections(struct sv text, json_t **ret, struct err *e)
{
	cleanup_with(parse_done) struct parse p = { .sections = json_object() };

	for (int n = 1; text.n; n++)
		if (take_line(&p, sv_line(&text), e) < 0)
			return err_wrap(e, "line %d", n);
	*ret = json_incref(p.sections);
	return 0;
}

/* ---- repositories ---- */

static bool is_one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (!strcasecmp(value, *words))
			return true;
	return false;
}

static bool is_yes(const char *value)
{
	static const char *const words[] = { "1", "yes", "true", "on", NULL };

	return is_one_of(value, words);
}

static bool is_no(const char *value)
{
	static const char *const words[] = { "0", "no", "false", "off", NULL };

	return is_one_of(value, words);
}

/* Between blanks or commas. */
static void add_words(json_t *list, const char *value)
{
	struct sv rest = sv_of(value);

	while (rest.n) {
		struct sv part = sv_cut(&rest, ','), word;

		while ((word = sv_word(&part)).n)
			json_array_append_new(list, json_stringn(word.p, word.n));
	}
}

static const char *const places[] = { "baseurl", "mirrorlist", "metalink" };

static json_t *entry_of(const char *id, json_t *options)
{
	json_t *uris = json_array(), *keys = json_array();

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		add_words(uris, json_str(options, places[i], ""));
	add_words(keys, json_str(options, "gpgkey", ""));
	return json_pack("{ss so so sO}", "id", id, "uris", uris, "keys", keys, "options", options);
}

int dnf_source_parse(struct sv text, const char *name unused_arg, json_t **ret, struct err *e)
{
	autojson json_t *sections = NULL, *entries = json_array();
	const char *id;
	json_t *options;

	if (parse_sections(text, &sections, e) < 0)
		return -(int)e->kind;
	json_object_foreach(sections, id, options)
	{
		if (strcmp(id, MAIN) != 0 && !is_no(json_str(options, "enabled", "1")))
			json_array_append_new(entries, entry_of(id, options));
	}
	*ret = json_incref(entries);
	return 0;
}

/* ---- what to think of them ---- */

static int judge_secrets(const json_t *entry, struct err *e)
{
	static const char *const secrets[] = { "password", "proxy_password" };
	const json_t *options = json_object_get(entry, "options"), *one;
	bool has = false;
	size_t i;

	for (i = 0; i < ARRAY_LEN(secrets); i++)
		has |= json_object_get(options, secrets[i]) != NULL;
	json_array_foreach(json_object_get(entry, "uris"), i, one)
		has |= front_has_password(json_string_value(one));
	if (!has)
		return 0;
	err_set(e, ERR_REFUSED, "it holds a password");
	return err_hint(e, "give target.artifact the package's file instead; dnf's files of repositories are read by everybody");
}

/* file:///etc/pki/rpm-gpg/x, at that place; one of elsewhere dnf fetches and asks for when it first needs it. */
static int judge_keys(const json_t *entry, const char **ret_file, struct err *e)
{
	static const char scheme[] = "file://";
	const json_t *keys = json_object_get(entry, "keys");
	const char *key = json_string_value(json_array_get(keys, 0));

	if (json_array_size(keys) != 1 || strchr(key, '$')) {
		err_set(e, ERR_REFUSED, "it is not bound to one file of keys");
		return err_hint(e, "name one in the option gpgkey, with nothing in it that dnf expands");
	}
	*ret_file = sv_starts(sv_of(key), scheme) ? key + strlen(scheme) : NULL;
	if (*ret_file && **ret_file != '/')
		return err_set(e, ERR_REFUSED, "its key '%s' is no absolute path", key);
	return 0;
}

static int judge_entry(const json_t *entry, const char **ret_file, struct err *e)
{
	if (!is_yes(json_str(json_object_get(entry, "options"), "gpgcheck", "0"))) {
		err_set(e, ERR_REFUSED, "[%s] takes packages that nobody signed", json_str(entry, "id", "?"));
		return err_hint(e, "set gpgcheck=1 in it; what dnf.conf says is not counted on");
	}
	return judge_secrets(entry, e) < 0 ? -(int)e->kind : judge_keys(entry, ret_file, e);
}

int dnf_source_judge(const json_t *entries, const char **ret_keyring, struct err *e)
{
	const char *keyring = NULL;
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)entries, i, one)
	{
		const char *file = NULL;

		if (judge_entry(one, &file, e) < 0)
			return -(int)e->kind;
		if (i && strcmp(file ? file : "", keyring ? keyring : "") != 0)
			return err_set(e, ERR_REFUSED, "its repositories are bound to different keys");
		keyring = file;
	}
	if (!json_array_size(entries))
		return err_set(e, ERR_ABSENT, "no packages come from it: it is empty or switched off");
	*ret_keyring = keyring;
	return 0;
}

static void add_option(const json_t *options, const char *name, struct buf *ret)
{
	const char *value = json_str(options, name, NULL);

	if (value)
		buf_addf(ret, "%s=%s\n", name, value);
}

static const char *const ways_out[] = { "proxy", "proxy_username", "proxy_password", "proxy_auth_method", "proxy_sslcacert", "ip_resolve",
					"sslverify", "sslcacert", "sslclientcert", "sslclientkey" };

static void add_ways_out(const json_t *options, struct buf *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(ways_out); i++)
		add_option(options, ways_out[i], ret);
}

void dnf_source_text(const json_t *entries, const char *keyring, struct buf *ret)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)entries, i, one)
	{
		const json_t *options = json_object_get(one, "options");

		buf_addf(ret, "[%s]\nname=%s\n", json_str(one, "id", ""), json_str(one, "id", ""));
		for (size_t k = 0; k < ARRAY_LEN(places); k++)
			add_option(options, places[k], ret);
		add_option(options, "repo_gpgcheck", ret);
		add_ways_out(options, ret);
		buf_addf(ret, "gpgcheck=1\ngpgkey=file://%s\nskip_if_unavailable=0\n\n", keyring);
	}
}

void dnf_source_ways_out(struct sv conf, struct buf *ret)
{
	autojson json_t *sections = NULL;
	struct err unread = ERR_INIT;

	if (parse_sections(conf, &sections, &unread) >= 0)
		add_ways_out(json_object_get(sections, MAIN), ret);
}
