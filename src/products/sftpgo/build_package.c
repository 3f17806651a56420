/* A build as a package: the same questions as to an archive, asked of the program in it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/dir.h"
#include "io/json.h"
#include "io/memory.h"
#include "io/room.h"
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

/* Into memory: there it can be run whatever /var/tmp allows, by an account that may enter nothing of ours. */
static int bring_out(const struct dir *files, int *ret, struct err *e)
{
	autoclose int from = dir_openat(files, PROGRAM, O_RDONLY, 0, e), out = -1;
	ssize_t n;

	if (from < 0 || (out = memory_program(PROGRAM, e)) < 0)
		return -(int)e->kind;
	do
		n = sendfile(out, from, NULL, 8 << 20);
	while (n > 0);
	if (n < 0)
		return err_sys(e, errno, "bring '%s' into memory", PROGRAM);
	if (memory_program_ready(&out, e) < 0)
		return -(int)e->kind;
	*ret = take_fd(out);
	return 0;
}

static int ask_program(const struct dir *files, json_t *doc, struct err *e)
{
	autojson json_t *said = NULL;
	autoclose int program = -1;
	int has = dir_has(files, PROGRAM, e);

	if (has <= 0)
		return has;
	if (bring_out(files, &program, e) < 0 || build_ask_open(program, &said, e) < 0)
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
	return ask_program(&files, doc, e);
}

int build_look_in_package(const struct packager_ops *ops, const char *path, json_t *doc, struct err *e)
{
	struct dir room = DIR_NONE;
	struct err ignored = ERR_INIT;
	int r;

	if (room_make("build", &room, e) < 0)
		return -(int)e->kind;
	r = look_in(ops, room.path, path, doc, e);
	if (room_drop(&room, &ignored) < 0 && r >= 0)
		*e = ignored;
	if (r < 0 && e->kind == ERR_SPACE)
		return err_hint(e, "make room below " ROOM_ABOVE ": the package is unpacked there to be looked at");
	return r < 0 ? r : -(int)ignored.kind;
}
