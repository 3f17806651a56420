#include "engine/package_of.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define LOCK "packages"

int packages_of_site(const struct site *s, const json_t *params, struct packager *ret, struct err *e)
{
	*ret = (struct packager){ .ops = packager_named(json_str(params, "manager", "dpkg")),
				  .inst = site_root_path(s, "system"),
				  .admin = site_root_path(s, "packages") };
	return ret->ops && ret->inst && ret->admin ? 0 : err_set(e, ERR_BUG, "the plan's site has no packages");
}

bool package_is_of(const json_t *now, const char *version)
{
	if (!now || !version)
		return !now && !version;
	return !strcmp(json_str(now, "version", ""), version) && !strcmp(json_str(now, "status", ""), "installed");
}

int package_is(const struct packager *p, const char *name, const char *version, struct err *e)
{
	autojson json_t *now = NULL;
	int r = p->ops->installed(p, name, &now, e);

	if (r < 0 && e->kind != ERR_ABSENT)
		return r;
	if (r < 0)
		err_clear(e);
	return package_is_of(now, version);
}

int package_file_at(const struct packager *p, const char *path, struct dir *ret, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	autofree char *folder = xasprintf("%s%.*s/", p->inst, (int)(slash - path), path);

	*ret_name = slash + 1;
	return dir_open(folder, ret, e);
}

int package_mark(const struct ctx *c, const char *name, char **ret, struct err *e)
{
	struct stat st;

	if (dir_stat(&c->blobs, name, &st, e) < 0)
		return -(int)e->kind;
	*ret = xasprintf("%ju %jd %jd.%09ld %jd.%09ld", (uintmax_t)st.st_ino, (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
			 st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	return 0;
}

char **package_files(const struct ctx *c, const json_t *names)
{
	VEC(char *) files = { 0 };
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)names, i, one)
		*vec_push(&files) = xasprintf("%s/%s", c->blobs.path, json_string_value(one));
	*vec_push(&files) = NULL;
	return files.v;
}

bool packages_are_locked(const struct ctx *c)
{
	return ctx_holds(c, LOCK);
}

int packages_lock(struct ctx *c, const struct packager *p, int64_t within_ns, struct err *e)
{
	int fd;

	if (ctx_holds(c, LOCK))
		return 0;
	fd = p->ops->lock(p, deadline_in(within_ns), e);
	if (fd < 0)
		return fd;
	ctx_hold_fd(c, LOCK, fd);
	return 0;
}
