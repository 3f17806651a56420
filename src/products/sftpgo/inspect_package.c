/* Packages that are to be replaced, and where the old ones can be had again: a vendor's repository holds the newest only. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/cmd.h"
#include "products/sftpgo/inspect.h"
#include "svc/dpkg.h"

#define CACHE       "/var/cache/apt/archives"
#define ASK_WITHIN  (30 * NS_PER_S)

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

static bool is_that(const char *path, const json_t *package)
{
	autojson json_t *is = NULL;
	struct err no = ERR_INIT;

	return !access(path, R_OK) && dpkg_deb_about(path, &is, &no) >= 0 &&
	       !strcmp(json_str(is, "name", ""), json_str(package, "name", "?")) &&
	       !strcmp(json_str(is, "version", ""), json_str(package, "version", "?")) &&
	       !strcmp(json_str(is, "arch", ""), json_str(package, "arch", "?"));
}

/* `source.package_file`: a path or a list of such. */
static const char *given_file(const struct look *k, const json_t *package)
{
	const json_t *given = json_object_get(k->to->source, "package_file"), *one;
	size_t i;

	if (json_is_string(given))
		return is_that(json_string_value(given), package) ? json_string_value(given) : NULL;
	json_array_foreach((json_t *)given, i, one)
	{
		if (json_is_string(one) && is_that(json_string_value(one), package))
			return json_string_value(one);
	}
	return NULL;
}

/* NAME_VERSION_ARCH.deb, the colon of an epoch written %3a. */
static char *cached_file(const json_t *package)
{
	autobuf struct buf path = BUF_MAX(PATH_MAX);

	buf_addf(&path, CACHE "/%s_", json_str(package, "name", ""));
	for (const char *at = json_str(package, "version", ""); *at; at++)
		*at == ':' ? buf_adds(&path, "%3a") : buf_addc(&path, *at);
	buf_addf(&path, "_%s.deb", json_str(package, "arch", ""));
	return buf_take(&path);
}

/* Does a repository that apt knows of name this very version? Nothing is fetched. */
static bool can_download(const json_t *package)
{
	autofree char *exactly = xasprintf("%s=%s", json_str(package, "name", ""), json_str(package, "version", ""));
	const char *argv[] = { "apt-get", "-qq", "download", "--print-uris", exactly, NULL };
	struct cmd c = { .argv = argv, .cwd = "/", .within_ns = ASK_WITHIN, .out_max = 4096, .die_with_us = true };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	bool can;

	if (cmd_run(&c, &r, &e) < 0)
		return false;
	can = r.status == 0 && r.out.len > 0;
	cmd_result_done(&r);
	return can;
}

static bool can_repack(void)
{
	return !access("/usr/bin/dpkg-repack", X_OK) || !access("/usr/local/bin/dpkg-repack", X_OK);
}

static json_t *secured_by(const struct look *k, const json_t *package)
{
	const char *given = given_file(k, package);
	autofree char *cached = cached_file(package);

	if (given)
		return json_pack("{ss ss}", "how", "file", "file", given);
	if (is_that(cached, package))
		return json_pack("{ss ss}", "how", "file", "file", cached);
	if (can_download(package))
		return json_pack("{ss}", "how", "download");
	return can_repack() ? json_pack("{ss}", "how", "repack") : NULL;
}

/* ---- the packages ---- */

/* What is installed under the name of a new one; {"name"} alone when nothing is. */
static json_t *old_of(struct look *k, const json_t *artifact)
{
	static const struct dpkg here = { "/", "/var/lib/dpkg" };
	const char *name = json_str(json_object_get(artifact, "package"), "name", "");
	json_t *package = NULL, *how;
	struct err e = ERR_INIT;

	if (dpkg_installed(&here, name, &package, &e) < 0)
		return json_pack("{ss}", "name", name);
	json_object_set_new(package, "conffiles", canonical(json_object_get(package, "conffiles")));
	how = secured_by(k, package);
	if (how)
		json_object_set_new(package, "secured_by", how);
	return package;
}

void look_at_packages(struct look *k)
{
	const json_t *server = facts_get(k->f, SF_ARTIFACT), *one;
	json_t *all;
	size_t i;

	if (strcmp(json_str(server, "form", ""), "deb") != 0 || strcmp(json_str(k->l.package, "manager", ""), "dpkg") != 0)
		return;
	all = json_pack("[o]", old_of(k, server));
	json_array_foreach((json_t *)facts_get(k->f, SF_MORE), i, one)
		json_array_append_new(all, old_of(k, one));
	look_pin(k, SF_PACKAGES, all, "dpkg and apt");
}
