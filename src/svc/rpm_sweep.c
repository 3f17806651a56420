/* While rpm unpacks, each file of a package lies beside its own name as "NAME;1a2b3c4d": the time of the transaction, in hex. A
 * killed one leaves them all, as large as the package; one of the same second would stumble over them (seen, 4.18). */
#include "svc/rpm.h"

#include <dirent.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "io/json.h"

#define ENTRIES_MAX 100000
#define STAMP       9 /* ";1a2b3c4d" */

/* Every path of the package, and every directory that holds one. */
static void note_paths(const json_t *brings, struct map *paths, struct map *folders)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)brings, i, one)
	{
		autofree char *path = xstrdup(json_string_value(one));

		map_put(paths, path, NULL);
		*strrchr(path, '/') = '\0';
		map_put(folders, path, NULL);
	}
}

static bool has_stamp(const char *name)
{
	size_t n = strlen(name);

	return n > STAMP && name[n - STAMP] == ';' && strspn(name + n - STAMP + 1, "0123456789abcdef") == STAMP - 1;
}

static int sweep_folder(const struct packager *p, const char *folder, const struct map *paths, struct err *e)
{
	autofree char *place = xasprintf("%s%s", p->inst, folder);
	autodir struct dir d = DIR_NONE;
	struct dir_names names = { 0 };
	int r = dir_open(place, &d, e);

	if (r < 0 && e->kind == ERR_ABSENT) {
		err_clear(e);
		return 0;
	}
	if (r >= 0)
		r = dir_list(&d, "", ENTRIES_MAX, &names, e);
	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		const char *name = names.v[i].name;
		autofree char *of = NULL;

		if (names.v[i].type == DT_DIR || !has_stamp(name))
			continue;
		of = xasprintf("%s/%.*s", folder, (int)(strlen(name) - STAMP), name);
		if (map_has(paths, of))
			r = dir_unlink(&d, name, e);
	}
	dir_names_done(&names);
	return r;
}

int rpm_sweep(const struct packager *p, const char *file, struct err *e)
{
	struct map paths = { 0 }, folders = { 0 };
	autojson json_t *brings = NULL;
	int r = p->ops->brings(file, &brings, e);

	note_paths(brings, &paths, &folders);
	map_each(&folders, it)
		if (r >= 0)
			r = sweep_folder(p, it->key, &paths, e);
	map_done(&paths, NULL);
	map_done(&folders, NULL);
	return r;
}
