#include "double.h"

#include <ctype.h>
#include <strings.h>

extern char **environ;

static void set(struct map *m, const char *key, const char *value)
{
	free(map_put(m, key, xstrdup(value)));
}

static void conf_file(struct server *s)
{
	autobuf struct buf text = BUF_MAX(1 << 20);
	autofree char *path = xasprintf("%s/conf/server.conf", s->root);
	struct sv rest;

	if (!file_get(path, &text))
		return;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_trim(sv_line(&rest)), value = line, key;
		autofree char *k = NULL, *v = NULL;

		if (!line.n || line.p[0] == '#' || line.p[0] == '!')
			continue;
		key = sv_trim(sv_cut(&value, '='));
		k = sv_dup(key);
		v = sv_dup(sv_trim(value));
		set(&s->conf, k, v);
	}
}

/* QDB_HTTP_BIND_TO is http.bind.to; a secret may stand in the file that QDB_..._FILE names. */
static void conf_environment(struct server *s)
{
	for (char **env = environ; *env; env++) {
		autofree char *key = NULL;
		char *eq = strchr(*env, '=');

		if (strncmp(*env, "QDB_", 4) != 0 || !eq)
			continue;
		key = xstrndup(*env + 4, (size_t)(eq - *env - 4));
		for (char *p = key; *p; p++)
			*p = *p == '_' ? '.' : (char)tolower((unsigned char)*p);
		set(&s->conf, key, eq + 1);
	}
}

void config_read(struct server *s)
{
	conf_file(s);
	conf_environment(s);
}

const char *config(const struct server *s, const char *key, const char *absent)
{
	autofree char *file_key = xasprintf("%s.file", key);
	const char *path = map_get(&s->conf, file_key), *value = map_get(&s->conf, key);
	static char from_file[256];
	autobuf struct buf text = BUF_MAX(sizeof from_file - 1);

	if (path && file_get(path, &text)) {
		struct sv v = sv_trim(buf_sv(&text));

		memcpy(from_file, v.p, v.n);
		from_file[v.n] = '\0';
		return from_file;
	}
	return value ? value : absent;
}

/* Keys of the Enterprise edition are unknown to Open Source, and a strict server.conf (what every
 * release extracts) makes that fatal. In the environment they are ignored. */
bool config_known(struct server *s)
{
	static const char *const enterprise[] = { "acl.", "tls.", "replication.", "backup.",
						  "cold.storage." };
	autobuf struct buf text = BUF_MAX(1 << 20);
	autofree char *path = xasprintf("%s/conf/server.conf", s->root);
	struct sv rest;
	bool known = true;

	if (strcmp(s->edition, "EE") == 0 ||
	    strcmp(config(s, "config.validation.strict", "false"), "true") != 0)
		return true;
	if (!file_get(path, &text))
		return false;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_trim(sv_line(&rest));

		for (size_t i = 0; i < ARRAY_LEN(enterprise); i++) {
			if (!sv_starts(line, enterprise[i]))
				continue;
			if (known)
				puts("io.questdb.ServerConfigurationException: Configuration "
				     "issues:\n"
				     "    Invalid settings (not recognized, probable typos):");
			known = false;
			printf("        * " SV_FMT "\n", SV_ARG(sv_trim(sv_cut(&line, '='))));
		}
	}
	return known;
}

void config_address(const struct server *s, const char *key, const char *alias, const char *absent,
		    char *host, size_t n, int *ret_port)
{
	const char *value = config(s, key, NULL), *colon;
	int64_t port = 0;

	if (!value)
		value = config(s, alias, absent);
	colon = strrchr(value, ':');
	if (!colon || !sv_i64(sv_of(colon + 1), &port)) {
		value = absent;
		colon = strrchr(value, ':');
		(void)sv_i64(sv_of(colon + 1), &port);
	}
	snprintf(host, n, "%.*s", (int)(colon - value), value);
	*ret_port = (int)port;
}

/* ---- misbehaviour ---- */

static bool control_applies(const struct server *s)
{
	const char *when = map_get(&s->control, "when");

	return !when || strcmp(when, s->edition) == 0 || strcmp(when, s->version) == 0;
}

void control_read(struct server *s)
{
	autofree char *path = xasprintf("%s/.double.json", s->root);
	json_t *doc = json_load_file(path, 0, NULL), *value;
	const char *key;

	map_done(&s->control, free);
	s->control = (struct map){ 0 };
	for (char **env = environ; *env; env++) {
		autofree char *name = NULL;
		char *eq = strchr(*env, '=');

		if (strncmp(*env, "DOUBLE_", 7) != 0 || !eq)
			continue;
		name = xstrndup(*env + 7, (size_t)(eq - *env - 7));
		for (char *p = name; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		set(&s->control, name, eq + 1);
	}
	json_object_foreach(doc, key, value)
	{
		autofree char *number =
		    xasprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));

		set(&s->control, key, json_is_string(value) ? json_string_value(value) : number);
	}
	json_decref(doc);
}

const char *control(const struct server *s, const char *key)
{
	return control_applies(s) ? map_get(&s->control, key) : NULL;
}

int64_t control_ms(const struct server *s, const char *key)
{
	const char *value = control(s, key);
	int64_t ms = 0;

	return value && sv_i64(sv_of(value), &ms) ? ms : 0;
}
