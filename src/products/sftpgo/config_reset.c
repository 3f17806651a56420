/* Values that parse and that the server will not have: it warns and takes another
 * (resetInvalidConfigs). */
#include "products/sftpgo/config_in.h"

static const struct {
	const char *key;
	int64_t max;
} RANGES[] = {
	{ "common.proxy_protocol", 2 },
	{ "common.rename_mode", 1 },
	{ "common.symlink_mode", 3 },
	{ "data_provider.external_auth_scope", 15 },
};

static void put_back(struct sftpgo_config *cfg, const char *key, json_t *value)
{
	autofree char *was = xstrdup(sftpgo_config_from(cfg, key)),
		      *where = xasprintf("reset by the server, was set by %s", was);

	sftpgo_ignore(cfg, key, was, "the server does not take this value");
	sftpgo_set(cfg, key, value, SFTPGO_DEFAULT, where);
}

static bool is(const struct sftpgo_config *cfg, const char *key, const char *value)
{
	const char *now = sftpgo_config_str(cfg, key);

	return now && !strcmp(now, value);
}

/* A directory that comes to "." or "..". */
static bool is_no_directory(const char *path)
{
	struct sv rest = sv_of(path);
	size_t ups = 0, downs = 0;

	if (!path || !*path || *path == '/')
		return false;
	while (rest.n) {
		struct sv part = sv_cut(&rest, '/');

		if (!part.n || sv_eq(part, "."))
			continue;
		if (!sv_eq(part, ".."))
			downs++;
		else if (downs)
			downs--;
		else
			ups++;
	}
	return !downs && ups < 2;
}

static bool is_blank(const char *text)
{
	return text && !sv_trim(sv_of(text)).n;
}

/* Bans are shared through these databases alone. */
static bool keeps_bans(const struct sftpgo_config *cfg)
{
	return is(cfg, "data_provider.driver", "mysql") ||
	       is(cfg, "data_provider.driver", "postgresql") ||
	       is(cfg, "data_provider.driver", "cockroachdb");
}

void sftpgo_reset(struct sftpgo_config *cfg)
{
	for (size_t i = 0; i < ARRAY_LEN(RANGES); i++) {
		int64_t now = sftpgo_config_int(cfg, RANGES[i].key, 0);

		if (now < 0 || now > RANGES[i].max)
			put_back(cfg, RANGES[i].key, json_integer(0));
	}
	if (is_blank(sftpgo_config_str(cfg, "httpd.setup.installation_code_hint")))
		put_back(cfg, "httpd.setup.installation_code_hint",
			 json_string("Installation code"));
	if (is_no_directory(sftpgo_config_str(cfg, "data_provider.users_base_dir")))
		put_back(cfg, "data_provider.users_base_dir", json_string(""));
	if (sftpgo_config_bool(cfg, "common.defender.enabled", false) &&
	    is(cfg, "common.defender.driver", "provider") &&
	    sftpgo_config_str(cfg, "data_provider.driver") && !keeps_bans(cfg))
		put_back(cfg, "common.defender.driver", json_string("memory"));
}
