#include "engine/package_looks.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "engine/package_of.h"
#include "io/json.h"

/* Not its ctime: labels and links are given anew without anybody being at what is in it. Heap; "absent"; NULL: a directory. */
static int look_at(const struct packager *p, const char *path, char **ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *name;
	struct stat st;

	*ret = NULL;
	if (package_file_at(p, path, &d, &name, e) < 0 || dir_stat(&d, name, &st, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		*ret = xstrdup("absent");
	} else if (!S_ISDIR(st.st_mode)) {
		*ret = xasprintf("%ju %jd %jd.%09ld %o %u %u", (uintmax_t)st.st_ino, (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
				 st.st_mtim.tv_nsec, st.st_mode, st.st_uid, st.st_gid);
	}
	return 0;
}

int package_looks_take(const struct packager *p, const char *file, json_t *ret, struct err *e)
{
	autojson json_t *brings = NULL, *conffiles = NULL;
	const json_t *one;
	size_t i;

	if (p->ops->brings(file, &brings, e) < 0 || p->ops->conffiles(file, &conffiles, e) < 0)
		return -(int)e->kind;
	json_array_foreach(brings, i, one)
	{
		const char *path = json_string_value(one);
		autofree char *look = NULL;

		if (json_lists(conffiles, path))
			continue;
		if (look_at(p, path, &look, e) < 0)
			return err_wrap(e, "look at '%s'", path);
		if (look)
			json_object_set_new(ret, path, json_string(look));
	}
	return 0;
}

int package_looks_same(const struct packager *p, const json_t *looks, struct err *e)
{
	const char *path;
	const json_t *then;

	json_object_foreach((json_t *)looks, path, then)
	{
		autofree char *now = NULL;

		if (look_at(p, path, &now, e) < 0)
			return err_wrap(e, "look at '%s'", path);
		if (now && !strcmp(now, json_string_value(then)))
			continue;
		err_set(e, ERR_CHANGED, "'%s' of the installed package was changed after it was kept for the way back", path);
		return err_hint(e, "make the plan and the run again: what was changed by hand is kept then");
	}
	return 0;
}
