#include "products/seatable/settings.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "io/json.h"
#include "products/seatable/version.h"

#define LINES_MAX 20000
#define LOG_SWITCH "ENABLE_OPERATION_LOG_DB"

/* ---- Python ---- */

static const char *const wanted[] = {
	"ENABLE_LDAP", "LDAP_SYNC_GROUP", "LDAP_SAML_USE_SAME_UID", "ENABLE_SASL", "ENABLE_OAUTH", "ENABLE_CUSTOM_OAUTH", "ENABLE_SAML",
	"ENABLE_MULTI_SAML", "SSO_SECRET_KEY", "CLOUD_MODE", "MULTI_TENANCY", "AVATAR_FILE_STORAGE", "ENABLE_ONLYOFFICE", "ENABLE_COLLABORA",
	"ENABLE_UNIVERSAL_APP_HTML_PAGES", "DTABLE_HTML_PAGES_SERVER_URL", "ENABLE_METRIC", "ENABLED_ROLE_PERMISSIONS",
	"ENABLED_ADMIN_ROLE_PERMISSIONS", LOG_SWITCH, NULL,
};

static size_t name_length(struct sv s)
{
	size_t n = 0;

	while (n < s.n && (isalnum((unsigned char)s.p[n]) || s.p[n] == '_'))
		n++;
	return n;
}

/* NAME = value at the beginning of a line. */
static bool assignment(struct sv line, struct sv *ret_name, struct sv *ret_value)
{
	size_t n = name_length(line);
	struct sv rest = sv_trim((struct sv){ line.p + n, line.n - n });

	if (!n || !rest.n || rest.p[0] != '=' || (rest.n > 1 && rest.p[1] == '='))
		return false;
	*ret_name = (struct sv){ line.p, n };
	*ret_value = sv_trim((struct sv){ rest.p + 1, rest.n - 1 });
	return true;
}

static bool is_nothing(struct sv value)
{
	static const char *const nothing[] = { "False", "None", "''", "\"\"", "{}", "[]", "0" };
	struct sv bare = value;

	bare = sv_trim(sv_cut(&bare, '#'));
	if (!bare.n)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(nothing); i++)
		if (sv_eq(bare, nothing[i]))
			return true;
	return false;
}

static void take_assignment(struct sv name, struct sv value, json_t *o, json_t *on)
{
	for (size_t i = 0; wanted[i]; i++) {
		if (!sv_eq(name, wanted[i]))
			continue;
		if (is_nothing(value))
			json_object_del(on, wanted[i]);
		else
			json_object_set_new(on, wanted[i], json_true());
	}
	if (sv_eq(name, "IS_PRO_VERSION"))
		json_object_set_new(o, "is_pro", json_boolean(!is_nothing(value)));
	if (sv_eq(name, "PLUGINS_REPO_ID"))
		json_object_set_new(o, "plugins_repo", json_integer(json_int(o, "plugins_repo", 0) + 1));
}

static void take_line(struct sv line, json_t *o, json_t *on)
{
	struct sv name, value, bare = sv_trim(line);

	if (bare.n && bare.p[0] == '#' && memmem(bare.p, bare.n, "PLUGINS_REPO_ID", 15))
		json_object_set_new(o, "plugins_commented", json_true());
	if (assignment(line, &name, &value))
		take_assignment(name, value, o, on);
}

static const char *found_in(struct sv text, const char *quoted)
{
	return text.n ? memmem(text.p, text.n, quoted, strlen(quoted)) : NULL;
}

/* What stands behind it, between the next two quotes of either kind. */
static struct sv quoted_behind(struct sv text, const char *at)
{
	const char *end = text.p + text.n, *from = at, *to;

	while (from < end && *from != '\'' && *from != '"' && *from != '}')
		from++;
	if (from >= end || *from == '}')
		return SV("");
	to = memchr(from + 1, *from, (size_t)(end - from - 1));
	return to ? (struct sv){ from + 1, (size_t)(to - from - 1) } : SV("");
}

static struct sv behind(struct sv text, const char *at)
{
	return (struct sv){ at, text.n - (size_t)(at - text.p) };
}

static void take_quoted(struct sv of, const char *key, const char *name, json_t *o)
{
	const char *at = found_in(of, key);
	struct sv value = at ? quoted_behind(of, at + strlen(key)) : SV("");

	if (value.n)
		json_object_set_new(o, name, json_stringn(value.p, value.n));
}

static bool is_commented(struct sv text, const char *at)
{
	while (at > text.p && at[-1] != '\n')
		if (*--at == '#')
			return true;
	return false;
}

/* DATABASES = {'default': {...}, 'operation_log': {..., 'NAME': 'x', 'HOST': 'y', ...}}; no other value of it is looked at. */
static void take_log_place(struct sv text, json_t *o)
{
	static const char *const keys[][3] = { { "'operation_log'", "'NAME'", "'HOST'" }, { "\"operation_log\"", "\"NAME\"", "\"HOST\"" } };
	const char *databases = found_in(text, "DATABASES");

	for (size_t i = 0; databases && i < ARRAY_LEN(keys); i++) {
		struct sv rest = behind(text, databases), of;
		const char *at, *close;

		while ((at = found_in(rest, keys[i][0])) && is_commented(text, at))
			rest = behind(rest, at + 1);
		close = at ? memchr(at, '}', (size_t)(text.p + text.n - at)) : NULL;
		of = close ? (struct sv){ at, (size_t)(close - at) } : SV("");
		take_quoted(of, keys[i][1], "log_name", o);
		take_quoted(of, keys[i][2], "log_host", o);
	}
}

json_t *sea_settings_of(struct sv text)
{
	json_t *on = json_object(), *o = json_pack("{so si sb}", "on", on, "plugins_repo", 0, "plugins_commented", 0);

	take_log_place(text, o);
	for (int i = 0; text.n && i < LINES_MAX; i++)
		take_line(sv_line(&text), o, on);
	return o;
}

/* ---- .conf ---- */

static bool is_section(struct sv line, const char *section)
{
	return line.n >= 2 && line.p[line.n - 1] == ']' && sv_eq((struct sv){ line.p + 1, line.n - 2 }, section);
}

bool sea_conf_says(struct sv text, const char *section, const char *key, struct sv *ret)
{
	bool inside = !section;

	for (int i = 0; text.n && i < LINES_MAX; i++) {
		struct sv line = sv_trim(sv_line(&text)), value = line, name;

		if (line.n && line.p[0] == '[') {
			inside = !section || is_section(line, section);
			continue;
		}
		name = sv_trim(sv_cut(&value, '='));
		if (!inside || name.n == line.n || !sv_eq(name, key))
			continue;
		*ret = sv_trim(value);
		return true;
	}
	return false;
}

static bool conf_is(struct sv text, const char *section, const char *key, const char *value)
{
	struct sv is;

	return sea_conf_says(text, section, key, &is) && is.n == strlen(value) && !strncasecmp(is.p, value, is.n);
}

/* As Python's configparser takes it. */
static bool is_enabled(struct sv text, const char *section)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (conf_is(text, section, "enabled", yes[i]))
			return true;
	return false;
}

/* ---- features ---- */

static bool set_in_env(const json_t *environment, const char *key)
{
	const char *value = json_str(environment, key, "");

	return *value && strcasecmp(value, "false") != 0 && strcmp(value, "0") != 0;
}

static const char *listed_file(const json_t *files, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(files, i, one)
		if (!strcmp(json_str(one, "name", ""), name))
			return name;
	return NULL;
}

/* A feature is on by one of these; the first that says so is named. */
static const struct {
	const char *feature, *setting, *variable, *file;
} marks[] = {
	{ "ldap", "ENABLE_LDAP", "LDAP_SYNC_ENABLED", NULL },
	{ "ldap", "LDAP_SYNC_GROUP", NULL, NULL },
	{ "ldap", "ENABLE_SASL", NULL, NULL },
	{ "ldap", "LDAP_SAML_USE_SAME_UID", NULL, NULL },
	{ "oauth", "ENABLE_OAUTH", NULL, NULL },
	{ "oauth", "ENABLE_CUSTOM_OAUTH", NULL, NULL },
	{ "saml", "ENABLE_SAML", NULL, NULL },
	{ "saml", "ENABLE_MULTI_SAML", NULL, NULL },
	{ "sso", "SSO_SECRET_KEY", NULL, NULL },
	{ "teams", "MULTI_TENANCY", "MULTI_TENANCY", NULL },
	{ "teams", "CLOUD_MODE", "CLOUD_MODE", NULL },
	{ "roles", "ENABLED_ROLE_PERMISSIONS", NULL, NULL },
	{ "admin_roles", "ENABLED_ADMIN_ROLE_PERMISSIONS", NULL, NULL },
	{ "office", "ENABLE_ONLYOFFICE", NULL, "onlyoffice.yml" },
	{ "office", "ENABLE_COLLABORA", NULL, "collabora.yml" },
	{ "antivirus", NULL, "VIRUS_SCAN_ENABLED", "clamav.yml" },
	{ "whiteboard", NULL, "ENABLE_TLDRAW", "tldraw.yml" },
	{ "seadoc", NULL, "ENABLE_SEADOC", "seadoc.yml" },
	{ "html", "ENABLE_UNIVERSAL_APP_HTML_PAGES", "DTABLE_HTML_PAGES_SERVER_URL", "seatable-html-server.yml" },
	{ "html", "DTABLE_HTML_PAGES_SERVER_URL", NULL, NULL },
	{ "metrics", "ENABLE_METRIC", NULL, NULL },
};

static void note(json_t *features, const char *feature, const char *where)
{
	if (where && !json_object_get(features, feature))
		json_object_set_new(features, feature, json_string(where));
}

json_t *sea_features_of(const struct sea_sources *s)
{
	const json_t *on = json_object_get(s->settings, "on");
	json_t *features = json_object();

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		if (marks[i].setting && json_object_get(on, marks[i].setting))
			note(features, marks[i].feature, marks[i].setting);
		if (marks[i].variable && set_in_env(s->environment, marks[i].variable))
			note(features, marks[i].feature, marks[i].variable);
		if (marks[i].file)
			note(features, marks[i].feature, listed_file(s->files, marks[i].file));
	}
	if (is_enabled(s->events, "LDAP SYNC"))
		note(features, "ldap", "[LDAP SYNC] of dtable-events.conf");
	if (is_enabled(s->events, "VIRUS SCAN"))
		note(features, "antivirus", "[VIRUS SCAN] of dtable-events.conf");
	return features;
}

/* What is left of it in a later release's file says nothing. */
static bool reads_database(const char *version)
{
	struct sea_version is;

	return !version || !sea_version_parse(version, &is) || sea_version_cmp_minor(&is, &(struct sea_version){ .major = 5, .minor = 3 }) < 0;
}

static json_t *log_of_events(struct sv events)
{
	struct sv said;
	autofree char *name = sea_conf_says(events, "DATABASE", "operation_log_db_name", &said) ? sv_dup(said) : NULL;
	autofree char *host = sea_conf_says(events, "DATABASE", "operation_log_db_host", &said) ? sv_dup(said) : NULL;

	return json_pack("{ss ss* ss*}", "by", "[DATABASE] of dtable-events.conf", "name", name, "host", host);
}

json_t *sea_log_place_of(const struct sea_sources *s)
{
	if (json_object_get(json_object_get(s->settings, "on"), LOG_SWITCH) || set_in_env(s->environment, LOG_SWITCH))
		return json_pack("{ss ss* ss*}", "by", LOG_SWITCH, "name", json_str(s->settings, "log_name", NULL), "host",
				 json_str(s->settings, "log_host", NULL));
	return reads_database(s->version) && is_enabled(s->events, "DATABASE") ? log_of_events(s->events) : NULL;
}

json_t *sea_storage_of(const struct sea_sources *s)
{
	const char *by = NULL;

	if (!strcasecmp(json_str(s->environment, "STORAGE_TYPE", ""), "s3"))
		by = "STORAGE_TYPE";
	else if (*json_str(s->environment, "S3_STORAGE_BUCKET", ""))
		by = "S3_STORAGE_BUCKET";
	else if (listed_file(s->files, "seatable-s3.yml"))
		by = "seatable-s3.yml";
	else if (conf_is(s->storage, NULL, "type", "s3"))
		by = "dtable-storage-server.conf";
	else if (conf_is(s->seafile, NULL, "name", "s3"))
		by = "seafile.conf";
	else if (json_object_get(json_object_get(s->settings, "on"), "AVATAR_FILE_STORAGE"))
		by = "AVATAR_FILE_STORAGE";
	return json_pack("{ss ss*}", "kind", by ? "s3" : "local", "by", by);
}
