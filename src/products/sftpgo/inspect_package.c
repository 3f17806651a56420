/* Packages that are to be replaced, and where the old ones can be had again: a vendor's repository holds the newest only. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "products/sftpgo/inspect.h"
#include "svc/packager.h"

/* The plan names nothing that lies behind a link. */
static json_t *canonical(const json_t *paths)
{
	json_t *list = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)paths, i, one)
	{
		autofree char *real = realpath(json_string_value(one), NULL);

		if (real)
			json_array_append_new(list, json_text(real));
	}
	return list;
}

/* ---- where the old one is had from ---- */

/* `source.package_file`: a path or a list of such. */
static const char *given_file(const struct look *k, const struct packager_ops *ops, const json_t *package)
{
	const json_t *given = json_object_get(k->to->source, "package_file"), *one;
	size_t i;

	if (json_is_string(given))
		return packager_is_file(ops, json_string_value(given), package) ? json_string_value(given) : NULL;
	json_array_foreach((json_t *)given, i, one)
	{
		if (json_is_string(one) && packager_is_file(ops, json_string_value(one), package))
			return json_string_value(one);
	}
	return NULL;
}

static json_t *secured_by(const struct look *k, const struct packager_ops *ops, const json_t *package)
{
	const char *given = given_file(k, ops, package);

	return given ? json_pack("{ss ss}", "how", "file", "file", given) : ops->had(package);
}

/* ---- the packages ---- */

/* What is installed under the name of a new one; {"name"} alone when nothing is. */
static json_t *old_of(struct look *k, const struct packager *here, const json_t *artifact)
{
	const char *name = json_str(json_object_get(artifact, "package"), "name", "");
	json_t *package = NULL, *how;
	struct err e = ERR_INIT;

	if (here->ops->installed(here, name, &package, &e) < 0)
		return json_pack("{ss}", "name", name);
	json_object_set_new(package, "conffiles", canonical(json_object_get(package, "conffiles")));
	how = secured_by(k, here->ops, package);
	if (how)
		json_object_set_new(package, "secured_by", how);
	return package;
}

void look_at_packages(struct look *k)
{
	const json_t *server = facts_get(k->f, SF_ARTIFACT), *one;
	struct packager here = { .ops = packager_of_form(json_str(server, "form", "")), .inst = "/" };
	autofree char *source = NULL;
	json_t *all;
	size_t i;

	if (!here.ops || strcmp(json_str(k->l.package, "manager", ""), here.ops->name) != 0)
		return;
	here.admin = json_str(k->l.package, "database", "");
	all = json_pack("[o]", old_of(k, &here, server));
	json_array_foreach((json_t *)facts_get(k->f, SF_MORE), i, one)
		json_array_append_new(all, old_of(k, &here, one));
	source = xasprintf("%s and %s", here.ops->name, here.ops->front->name);
	look_pin(k, SF_PACKAGES, all, source);
}
