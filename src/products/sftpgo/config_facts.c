/* The configuration as facts, without what must not be seen. */
#include "products/sftpgo/config_in.h"

static const char *const SECRET_VARIABLES[] = { "SFTPGO_DEFAULT_ADMIN_PASSWORD",
						"SFTPGO_LICENSE_KEY" };

static const char *const FROM[] = {
	[SFTPGO_DEFAULT] = "default",
	[SFTPGO_FILE] = "file",
	[SFTPGO_ENV_D] = "env.d",
	[SFTPGO_ENVIRONMENT] = "environment",
};

/* A URL without what stands before '@', and without its query: a hook may carry a password in
 * either. */
static json_t *shown_text(const char *s)
{
	const char *host = strstr(s, "://"), *at, *query;
	struct buf shown = BUF_MAX(1 << 20);
	json_t *ret;

	if (!host)
		return json_text(s);
	host += strlen("://");
	buf_add(&shown, s, (size_t)(host - s));
	at = strrchr(host, '@');
	buf_adds(&shown, at ? "***" : "");
	host = at ? at : host;
	query = strpbrk(host, "?#");
	buf_add(&shown, host, query ? (size_t)(query - host) : strlen(host));
	buf_adds(&shown, query ? "?***" : "");
	ret = json_text(buf_str(&shown));
	buf_done(&shown);
	return ret;
}

static json_t *shown_value(const json_t *v)
{
	json_t *list, *item;
	size_t i;

	if (json_is_string(v))
		return shown_text(json_string_value(v));
	if (!json_is_array(v))
		return json_incref((json_t *)v);
	list = json_array();
	json_array_foreach(v, i, item) json_array_append_new(list, shown_value(item));
	return list;
}

static json_t *shown(const struct sftpgo_setting *s)
{
	bool empty =
	    json_is_string(s->value) ? !json_string_length(s->value) : !json_array_size(s->value);

	return s->secret ? json_string(empty ? "" : "***") : shown_value(s->value);
}

static json_t *setting_shown(const struct sftpgo_setting *s)
{
	json_t *ret = json_pack("{so so ss}", "value", shown(s), "where", json_text(s->where), "from",
				FROM[s->from]);

	if (s->only_2_6 || s->only_2_7 || s->only_enterprise)
		json_object_set_new(ret, "only", json_string(s->only_2_6 ? "2.6" : s->only_2_7 ? "2.7" : "enterprise"));
	return ret;
}

static json_t *settings_shown(const struct sftpgo_config *cfg)
{
	json_t *ret = json_object();

	map_each(&cfg->settings, it)
		json_object_set_new(ret, it->key, setting_shown(it->value));
	return ret;
}

static bool is_secret(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(SECRET_VARIABLES); i++)
		if (!strcmp(SECRET_VARIABLES[i], name))
			return true;
	return false;
}

/* The program's own; those of keys are told as settings, and all others are none of our business.
 */
static json_t *variables_shown(const struct sftpgo_config *cfg)
{
	json_t *ret = json_object();

	map_each (&cfg->variables, it) {
		const struct sftpgo_variable *v = it->value;
		json_t *value;

		if (!v->own)
			continue;
		value =
		    is_secret(it->key) ? json_string(*v->value ? "***" : "") : shown_text(v->value);
		json_object_set_new(ret, it->key,
				    json_pack("{so so ss}", "value", value, "where",
					      json_text(v->where), "from", FROM[v->from]));
	}
	return ret;
}

json_t *sftpgo_config_facts(const struct sftpgo_config *cfg)
{
	return json_pack("{so so so so so sO sO*}", "dir", json_text(cfg->dir), "file",
			 json_text(cfg->file), "unsure", json_text(cfg->unsure), "settings",
			 settings_shown(cfg), "variables", variables_shown(cfg), "ignored",
			 cfg->ignored, "emptied", json_array_size(cfg->emptied) ? cfg->emptied : NULL);
}
