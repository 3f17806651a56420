/* A build as a package: the same questions as to an archive, asked of the program in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/dir.h"
#include "io/json.h"
#include "products/sftpgo/build.h"

#define PROGRAM     "usr/bin/sftpgo"
#define TMP         "/var/tmp"
#define ROOM        "crossgrade-build-"
#define ROOM_AGE    600 /* s */
#define ENTRIES_MAX 10000

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
	autoclose int from = dir_openat(files, PROGRAM, O_RDONLY, 0, e), out = memfd_create("sftpgo", MFD_CLOEXEC);
	ssize_t n;

	if (from < 0)
		return from;
	do
		n = out < 0 ? -1 : sendfile(out, from, NULL, 8 << 20);
	while (n > 0);
	if (n < 0)
		return err_sys(e, errno, "bring '%s' into memory", PROGRAM);
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

/* ---- the room it is unpacked in ---- */

/* What a killed look left: nobody holds it, and it is too old to be one that is just being made. */
static bool is_left(const struct dir *above, const char *name, int *ret_fd)
{
	struct err ignored = ERR_INIT;
	int fd = strncmp(name, ROOM, strlen(ROOM)) ? -1 : dir_openat(above, name, O_RDONLY | O_DIRECTORY, 0, &ignored);
	struct stat st;

	*ret_fd = fd;
	return fd >= 0 && fstat(fd, &st) >= 0 && st.st_uid == geteuid() && st.st_mtime < time(NULL) - ROOM_AGE &&
	       flock(fd, LOCK_EX | LOCK_NB) >= 0;
}

static void sweep(const struct dir *above)
{
	struct dir_names names = { 0 };
	struct err e = ERR_INIT;

	if (dir_list(above, "", ENTRIES_MAX, &names, &e) < 0)
		return;
	vec_each (&names, it) {
		autoclose int fd = -1;

		if (is_left(above, it->name, &fd) && dir_remove_tree(above, it->name, &e) < 0)
			log_debug("'%s/%s' stays: %s", above->path, it->name, e.msg);
	}
	dir_names_done(&names);
}

int build_look_in_package(const struct packager_ops *ops, const char *path, json_t *doc, struct err *e)
{
	char room[] = TMP "/" ROOM "XXXXXX";
	autodir struct dir above = DIR_NONE;
	autoclose int held = -1;
	struct err ignored = ERR_INIT;
	int r;

	if (dir_open(TMP, &above, e) < 0)
		return -(int)e->kind;
	sweep(&above);
	if (!mkdtemp(room))
		return err_sys(e, errno, "make a directory below " TMP);
	held = open(room, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = held < 0 || flock(held, LOCK_EX | LOCK_NB) < 0 ? err_sys(e, errno, "hold '%s'", room) : look_in(ops, room, path, doc, e);
	if (dir_remove_tree(&above, strrchr(room, '/') + 1, &ignored) < 0 && r >= 0)
		*e = ignored;
	if (r < 0 && e->kind == ERR_SPACE)
		return err_hint(e, "make room below " TMP ": the package is unpacked there to be looked at");
	return r < 0 ? r : -(int)ignored.kind;
}
