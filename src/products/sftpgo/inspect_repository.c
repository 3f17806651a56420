/* target.package: the repository it names, and the packages from it, fetched while the server runs. */
#include <string.h>

#include "products/sftpgo/inspect.h"
#include "products/sftpgo/repository.h"
#include "svc/packager.h"

#define CACHE  "/var/cache/crossgrade/packages"
#define WITHIN (600 * NS_PER_S)

const char *artifact_path(const struct look *k, size_t i)
{
	if (!goal_package(k->to))
		return goal_artifact(k->to, i);
	return json_string_value(json_array_get(json_object_get(facts_get(k->f, SF_REPOSITORY), "packages"), i));
}

static const struct packager_ops *manager(const struct look *k)
{
	return packager_named(json_str(k->l.package, "manager", ""));
}

static bool is_installed(const struct look *k, const char *name)
{
	struct packager here = { .ops = manager(k), .inst = "/", .admin = json_str(k->l.package, "database", "") };
	autojson json_t *package = NULL;
	struct err none = ERR_INIT;

	return here.ops->installed(&here, name, &package, &none) >= 0;
}

/* The server's package, and that of the plugins which is installed beside it. */
static json_t *wanted(const struct look *k)
{
	static const char *const plugins[] = { "sftpgo-plugins", "sftpgo-plugins-fips" };
	const json_t *package = goal_package(k->to);
	const char *version = json_str(package, "version", "");
	json_t *list = json_pack("[{ss ss}]", "name", json_str(k->l.package, "name", ""), "version", version);

	for (size_t i = 0; i < ARRAY_LEN(plugins); i++)
		if (is_installed(k, plugins[i]))
			json_array_append_new(list, json_pack("{ss ss ss}", "name", plugins[i], "version",
							      json_str(package, "plugins", version), "hint",
							      "name the version of the plugins in target.package.plugins"));
	return list;
}

static int look(struct look *k, json_t *doc, struct err *e)
{
	const json_t *repository = json_object_get(goal_package(k->to), "repository");
	autojson json_t *packages = NULL;
	struct repository_order o = { .file = json_str(repository, "file", ""),
				      .keyring = json_str(repository, "keyring", ""),
				      .under = "",
				      .cache = CACHE };
	json_t *paths = NULL;

	if (!manager(k))
		return err_set(e, ERR_REFUSED, "the server is of no package");
	o.front = manager(k)->front;
	packages = wanted(k);
	o.packages = packages;
	if (goal_span(k->to, "download_timeout", WITHIN, &o.within_ns, e) < 0 || repository_judge(&o, doc, e) < 0)
		return -(int)e->kind;
	if (repository_fetch(&o, &paths, e) < 0)
		return err_wrap(e, "the repository of '%s'", o.file);
	json_object_set_new(doc, "packages", paths);
	return 0;
}

void look_at_repository(struct look *k)
{
	struct err e = ERR_INIT;
	json_t *doc;

	if (!goal_package(k->to) || k->depth == DEPTH_QUICK)
		return;
	doc = json_object();
	if (look(k, doc, &e) < 0)
		json_object_set_new(doc, "finding", json_sprintf("%s%s%s", e.msg, *e.hint ? "; " : "", e.hint));
	look_pin(k, SF_REPOSITORY, doc, manager(k) ? manager(k)->front->name : "the host");
}
