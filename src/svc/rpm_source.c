#include "svc/rpm.h"

#include <glob.h>
#include <string.h>

#include "base/mem.h"
#include "io/cmd.h"
#include "io/json.h"

/* dnf 4, dnf 5, yum, zypper: kept with keepcache, and from a download until a transaction that succeeds. */
static const char *const caches[] = { "/var/cache/dnf/*/packages/", "/var/cache/libdnf5/*/packages/",
				      "/var/cache/yum/*/*/*/packages/", "/var/cache/zypp/packages/*/", "/var/cache/zypp/packages/*/*/" };

char *rpm_file_name(const json_t *package)
{
	const char *version = json_str(package, "version", ""), *colon = strchr(version, ':');

	return xasprintf("%s-%s.%s.rpm", json_str(package, "name", ""), colon ? colon + 1 : version, json_str(package, "arch", ""));
}

static char *cached_in(const char *folders, const json_t *package)
{
	autofree char *name = rpm_file_name(package), *pattern = xasprintf("%s%s", folders, name);
	char *found = NULL;
	glob_t g = { 0 };

	if (glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc && !found; i++)
			if (packager_is_file(&packager_rpm, g.gl_pathv[i], package))
				found = xstrdup(g.gl_pathv[i]);
		globfree(&g);
	}
	return found;
}

static char *exactly(const json_t *package)
{
	return xasprintf("%s-%s.%s", json_str(package, "name", ""), json_str(package, "version", ""), json_str(package, "arch", ""));
}

/* By what dnf knows of its repositories already. */
static bool can_download(const json_t *package)
{
	autofree char *wanted = exactly(package);
	const char *argv[] = { "dnf", "--quiet", "--cacheonly", "repoquery", "--available", "--queryformat", "%{name}\n", wanted, NULL };
	struct cmd c = { .argv = argv, .cwd = "/", .within_ns = PACKAGER_ASK_WITHIN, .out_max = 4096, .die_with_us = true };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	bool can;

	if (cmd_run(&c, &r, &e) < 0)
		return false;
	can = r.status == 0 && r.out.len > 0;
	cmd_result_done(&r);
	return can;
}

json_t *rpm_had(const json_t *package)
{
	for (size_t i = 0; i < ARRAY_LEN(caches); i++) {
		autofree char *file = cached_in(caches[i], package);

		if (file)
			return json_pack("{ss ss}", "how", "file", "file", file);
	}
	return can_download(package) ? json_pack("{ss}", "how", "download") : NULL;
}

int rpm_fetch(const json_t *package, const char *how unused_arg, const char *into, struct err *e)
{
	autofree char *wanted = exactly(package);
	const char *const argv[] = { "dnf", "--quiet", "--assumeyes", "download", "--destdir", into, wanted, NULL };

	return packager_fetch(argv, into, e);
}
