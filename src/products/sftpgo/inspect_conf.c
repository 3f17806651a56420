/* Configuration, doors and data provider, as the server reads them. */
#include <string.h>

#include "products/sftpgo/database.h"
#include "products/sftpgo/doors.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/places.h"

/* In a container by docker's word, not by what shows here: its own layer may. */
static char *named_file(const struct layout *l, const char **ret_why)
{
	autofree char *path = l->inside ? layout_named(l, "data_provider.name") : NULL;

	*ret_why = l->conf.folder ? "it is not in the copied folder" : sftpgo_config_from(&l->conf, "data_provider.name");
	return path ? layout_kept(l, path, ret_why) : sftpgo_config_path(&l->conf, "data_provider.name");
}

/* Relative names are of the configuration directory. A file that is a link itself stays one: whoever opens it refuses. */
static char *database_file(const struct layout *l, const char **ret_why)
{
	autofree char *file = named_file(l, ret_why), *dir = NULL;
	char *slash = file ? strrchr(file, '/') : NULL;

	if (!slash)
		return NULL;
	*slash = '\0';
	dir = place_real(*file ? file : "/");
	return xasprintf("%s/%s", strcmp(dir, "/") ? dir : "", slash + 1);
}

/* facts/sftpgo 2.2 */
static void put_provider_keys(struct look *k)
{
	const struct sftpgo_config *c = &k->l.conf;
	const char *driver = sftpgo_config_str(c, "data_provider.driver");

	look_pin_str(k, SF_DRIVER, driver, sftpgo_config_from(c, "data_provider.driver"));
	if (driver && (!strcmp(driver, "sqlite") || !strcmp(driver, "bolt"))) {
		const char *why;
		autofree char *file = database_file(&k->l, &why);

		look_pin_str(k, SF_DB_FILE, file, file ? sftpgo_config_from(c, "data_provider.name") : why);
	}
	if (database_is_server(driver)) {
		const char *words = sftpgo_config_str(c, "data_provider.connection_string");

		look_pin(k, SF_DB_AT, database_facts(c), "configuration");
		look_pin_bool(k, SF_DB_STRING, words && *words, sftpgo_config_from(c, "data_provider.connection_string"));
	}
	look_pin_bool(k, SF_SHARED, sftpgo_config_int(c, "data_provider.is_shared", 0) != 0,
		      sftpgo_config_from(c, "data_provider.is_shared"));
}

/* "short", or a text of the operator's: then neither header nor banner tell the version. */
static bool hides_version(const struct sftpgo_config *c)
{
	const char *said = sftpgo_config_str(c, "common.server_version");

	return said && *said;
}

void look_at_conf(struct look *k)
{
	const struct sftpgo_config *c = &k->l.conf;

	look_pin_str(k, SF_ROOT, k->l.root, "site");
	if (c->file)
		look_pin_str(k, SF_CONF_FILE, c->file, "search path");
	if (k->l.conf_error[0]) {
		look_pin_str(k, SF_CONF_ERROR, k->l.conf_error, "configuration");
		facts_miss(k->f, SF_CONF, k->l.conf_error);
		return;
	}
	look_pin(k, SF_CONF, sftpgo_config_facts(c), "configuration");
	look_pin(k, SF_DOORS, doors_of(c), "configuration");
	look_pin(k, SF_PROBE, layout_probe(&k->l), "configuration");
	look_pin_bool(k, SF_SHORT, hides_version(c), "common.server_version");
	put_provider_keys(k);
}
