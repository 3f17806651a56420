#include "products/sftpgo/database.h"

#include <string.h>

#include "base/mem.h"
#include "engine/plan.h"
#include "io/file.h"
#include "io/image.h"
#include "products/sftpgo/layout.h"

#define RECORD_MAX (4u << 20)

bool database_is_server(const char *driver)
{
	return driver && (!strcmp(driver, "postgresql") || !strcmp(driver, "mysql"));
}

json_t *database_facts(const struct sftpgo_config *conf)
{
	static const struct {
		const char *key, *name;
	} texts[] = {
		{ "data_provider.host", "host" },
		{ "data_provider.name", "database" },
		{ "data_provider.username", "user" },
		{ "data_provider.sql_tables_prefix", "prefix" },
		{ "data_provider.target_session_attrs", "session_attrs" },
	};
	static const char *const files[] = { "root_cert", "client_cert", "client_key" };
	json_t *at = json_object();

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *text = sftpgo_config_str(conf, texts[i].key);

		if (text && *text)
			json_object_set_new(at, texts[i].name, json_text(text));
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		autofree char *key = xasprintf("data_provider.%s", files[i]), *path = sftpgo_config_path(conf, key);

		if (path)
			json_object_set_new(at, files[i], json_text(path));
	}
	json_object_set_new(at, "port", json_integer(sftpgo_config_int(conf, "data_provider.port", 0)));
	json_object_set_new(at, "sslmode", json_integer(sftpgo_config_int(conf, "data_provider.sslmode", 0)));
	json_object_set_new(at, "no_sni", json_boolean(sftpgo_config_bool(conf, "data_provider.disable_sni", false)));
	return at;
}

static const json_t *fact(const struct ctx *c, const struct facts *seen, const char *key)
{
	const json_t *pinned = c->plan ? json_object_get(plan_pinned(c->plan), key) : NULL;

	return pinned ? pinned : seen ? facts_get(seen, key) : NULL;
}

/* ---- secrets ---- */

static int set_secret(const struct sftpgo_config *conf, const char *key, struct secret *ret, struct err *e)
{
	const char *said = sftpgo_config_str(conf, key);

	return said && *said ? secret_set(ret, said, strlen(said), e) : 0;
}

/* The password's file wins, where the edition knows it; a connection string over all else. facts/sftpgo 2.2 */
static int secrets_of(const struct sftpgo_config *conf, bool enterprise, struct provider_at *ret, struct err *e)
{
	autofree char *path = enterprise ? sftpgo_config_path(conf, "data_provider.password_file") : NULL;

	if (set_secret(conf, "data_provider.connection_string", &ret->connection, e) < 0)
		return -(int)e->kind;
	return path ? file_read_secret(path, &ret->password, e) :
		      set_secret(conf, "data_provider.password", &ret->password, e);
}

/* The environment that the stopped server had, and that the run starts one with; none when the run is final, and that was given up. */
static int launch_of_run(const struct ctx *c, json_t **ret, struct err *e)
{
	const char *digest = json_str(json_object_get(c->results, "stop"), "launch", NULL);
	autobuf struct buf text = BUF_MAX(RECORD_MAX);
	int r;

	if (!digest || c->blobs.fd < 0)
		return 0;
	r = dir_has(&c->blobs, digest, e);
	if (r > 0)
		r = blob_get(&c->blobs, digest, &text, e);
	if (r >= 0 && text.len)
		r = json_parse(buf_sv(&text), "the launch record", ret, e);
	if (text.data)
		secret_wipe(text.data, text.len);
	return r;
}

static int secrets_now(const struct ctx *c, bool enterprise, struct provider_at *ret, struct err *e)
{
	const char *root = site_root_path(&c->sites[0], "root");
	autolayout struct layout l = { 0 };
	autojson json_t *launch = NULL;

	if (!root)
		return err_set(e, ERR_USAGE, "no configuration directory is named");
	if (launch_of_run(c, &launch, e) < 0 ||
	    sftpgo_layout_conf(root, c->goal ? c->goal->source : NULL, launch, &l, e) < 0 ||
	    secrets_of(&l.conf, enterprise, ret, e) < 0)
		return err_wrap(e, "the database's password");
	return 0;
}

/* ---- where it is ---- */

static void set_place(const json_t *at, struct provider_at *ret)
{
	ret->host = json_str(at, "host", NULL);
	ret->port = (uint16_t)json_int(at, "port", 0);
	ret->user = json_str(at, "user", NULL);
	ret->database = json_str(at, "database", NULL);
	ret->prefix = json_str(at, "prefix", NULL);
	ret->sslmode = (int)json_int(at, "sslmode", 0);
	ret->root_cert = json_str(at, "root_cert", NULL);
	ret->client_cert = json_str(at, "client_cert", NULL);
	ret->client_key = json_str(at, "client_key", NULL);
	ret->no_sni = json_bool(at, "no_sni", false);
	ret->session_attrs = json_str(at, "session_attrs", NULL);
}

void database_at_done(struct provider_at *at)
{
	secret_done(&at->password);
	secret_done(&at->connection);
}

int database_at(const struct ctx *c, const struct facts *seen, const struct sftpgo_config *conf, struct provider_at *ret,
                struct err *e)
{
	const char *edition = json_string_value(fact(c, seen, SF_EDITION));
	bool enterprise = edition && !strcmp(edition, SFTPGO_ENTERPRISE);
	struct provider_at at = { .driver = json_string_value(fact(c, seen, SF_DRIVER)),
				  .path = json_string_value(fact(c, seen, SF_DB_FILE)),
				  .scratch = c->scratch };

	if (!at.driver)
		return err_set(e, ERR_ABSENT, "which data provider it uses is not known");
	if (database_is_server(at.driver)) {
		set_place(fact(c, seen, SF_DB_AT), &at);
		if ((conf ? secrets_of(conf, enterprise, &at, e) : secrets_now(c, enterprise, &at, e)) < 0) {
			database_at_done(&at);
			return -(int)e->kind;
		}
	}
	*ret = at;
	return 0;
}

int database_open(const struct ctx *c, const struct facts *seen, struct provider **ret, struct err *e)
{
	struct provider_at at;
	int r;

	if (database_at(c, seen, NULL, &at, e) < 0)
		return -(int)e->kind;
	r = provider_open(&at, ret, e);
	database_at_done(&at);
	return r;
}
