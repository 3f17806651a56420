/* A build as a package: the same questions as to an archive, asked of the program in it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/dir.h"
#include "io/json.h"
#include "products/sftpgo/build.h"

#define PROGRAM "usr/bin/sftpgo"

/* Debian's word for a package that fits every machine, and rpm's. */
static bool fits_all(const char *arch)
{
	return !strcmp(arch, "all") || !strcmp(arch, "noarch");
}

static int check_arch(const struct packager_ops *ops, const json_t *package, struct err *e)
{
	const char *arch = json_str(package, "arch", "?");
	char here[32];

	if (ops->arch(here, e) < 0)
		return -(int)e->kind;
	if (!strcmp(arch, here) || fits_all(arch))
		return 0;
	return err_set(e, ERR_FORMAT, "it is a package for %s, this machine is %s", arch, here);
}

/* Others may enter the room, but not the folder of the package's files: only its program is put where nobody can run it. */
static int ask_program(const char *room, const struct dir *files, json_t *doc, struct err *e)
{
	autofree char *program = xasprintf("%s/sftpgo", room);
	autojson json_t *said = NULL;
	autodir struct dir d = DIR_NONE;
	int has = dir_has(files, PROGRAM, e);

	if (has <= 0)
		return has;
	if (dir_open(room, &d, e) < 0 || dir_rename(files, PROGRAM, &d, "sftpgo", 0, e) < 0)
		return -(int)e->kind;
	if (chmod(program, 0755) < 0 || chmod(room, 0711) < 0)
		return err_sys(e, errno, "open '%s' to others", room);
	if (build_ask(program, BUILD_NOBODY, BUILD_NOBODY, &said, e) < 0)
		return -(int)e->kind;
	json_object_update(doc, said);
	return 0;
}

static int look_in(const struct packager_ops *ops, const char *room, const char *path, json_t *doc, struct err *e)
{
	autofree char *into = xasprintf("%s/files", room);
	autodir struct dir files = DIR_NONE;
	json_t *package = NULL, *conffiles = NULL;

	if (ops->about(path, &package, e) < 0)
		return -(int)e->kind;
	json_object_set_new(doc, "package", package);
	json_object_set(doc, "arch", json_object_get(package, "arch"));
	if (check_arch(ops, package, e) < 0 || dir_make_path(into, 0700, &files, e) < 0 || ops->extract(path, into, e) < 0 ||
	    packager_conffiles(ops, path, &files, &conffiles, e) < 0)
		return -(int)e->kind;
	json_object_set_new(package, "conffiles", conffiles);
	return ask_program(room, &files, doc, e);
}

int build_look_in_package(const struct packager_ops *ops, const char *path, json_t *doc, struct err *e)
{
	char room[] = "/var/tmp/crossgrade-build-XXXXXX";
	autodir struct dir above = DIR_NONE;
	struct err ignored = ERR_INIT;
	int r;

	if (dir_open("/var/tmp", &above, e) < 0)
		return -(int)e->kind;
	if (!mkdtemp(room))
		return err_sys(e, errno, "make a directory below /var/tmp");
	r = look_in(ops, room, path, doc, e);
	if (dir_remove_tree(&above, strrchr(room, '/') + 1, &ignored) < 0 && r >= 0)
		*e = ignored;
	return r < 0 ? r : -(int)ignored.kind;
}
