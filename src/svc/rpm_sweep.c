/* While rpm unpacks, each file of a package lies beside its own name as "NAME;1a2b3c4d": the time of the transaction, in hex. A
 * killed one leaves them all, as large as the package; one of the same second would stumble over them (seen, 4.18). */
#include "svc/rpm.h"

#include <dirent.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "io/cmd.h"

#define LIST_MAX    ((size_t)16 << 20)
#define ENTRIES_MAX 100000
#define STAMP       9 /* ";1a2b3c4d" */

/* "usr/bin/sftpgo": every path of the package, and every directory that holds one, which is marked. */
static void note_paths(struct sv said, struct map *paths, struct map *folders)
{
	while (said.n) {
		autofree char *path = sv_dup(sv_line(&said));
		char *slash = strrchr(path, '/');

		if (*path != '/' || !slash)
			continue;
		map_put(paths, path, NULL);
		*slash = '\0';
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
		autofree char *of = xasprintf("%s/%.*s", folder, (int)(strlen(name) > STAMP ? strlen(name) - STAMP : 0), name);

		if (names.v[i].type != DT_DIR && has_stamp(name) && map_has(paths, of))
			r = dir_unlink(&d, name, e);
	}
	dir_names_done(&names);
	return r;
}

static int paths_of(const char *file, struct buf *ret, struct err *e)
{
	const char *argv[] = { "rpm", "--query", "--nosignature", "--queryformat", "[%{FILENAMES}\n]", "--package", file, NULL };
	struct cmd c = { .argv = argv, .env = rpm_quiet, .within_ns = PACKAGER_ASK_WITHIN, .out_max = LIST_MAX, .die_with_us = true };
	struct cmd_result r = { 0 };
	int ok;

	if (cmd_run(&c, &r, e) < 0)
		return -(int)e->kind;
	ok = r.status ? cmd_said_no(&r, e) : 0;
	buf_add_sv(ret, buf_sv(&r.out));
	cmd_result_done(&r);
	return ok < 0 ? ok : buf_check(ret, "the files of a package", e);
}

int rpm_sweep(const struct packager *p, const char *file, struct err *e)
{
	autobuf struct buf said = BUF_MAX(LIST_MAX);
	struct map paths = { 0 }, folders = { 0 };
	int r = paths_of(file, &said, e);

	note_paths(buf_sv(&said), &paths, &folders);
	map_each(&folders, it)
		if (r >= 0)
			r = sweep_folder(p, it->key, &paths, e);
	map_done(&paths, NULL);
	map_done(&folders, NULL);
	return r;
}
