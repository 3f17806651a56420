#include "io/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/err.h"

#define DESCRIPTORS_MAX (1u << 20)

/* Without asking a server of files far away, which may not answer. */
static int stat_here(int dir, const char *name, int flags, struct statx *ret)
{
	return statx(dir, name, flags | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MODE | STATX_INO, ret);
}

static bool is_same(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major && a->stx_dev_minor == b->stx_dev_minor;
}

/* The link below /proc/pid/fd has the mode that its file was opened with. */
static bool writes(int dir, const char *name, const struct statx *file)
{
	struct statx link, target;

	return stat_here(dir, name, AT_SYMLINK_NOFOLLOW, &link) == 0 && (link.stx_mode & S_IWUSR) &&
	       stat_here(dir, name, 0, &target) == 0 && S_ISREG(target.stx_mode) && is_same(&target, file);
}

/* A process that ends, or is closed to us, has none. */
static int look_at(pid_t pid, const struct statx *file, unsigned *left, bool *ret, struct err *e)
{
	struct dirent *entry;
	bool found = false;
	char path[64];
	DIR *d;

	(void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	d = opendir(path);
	while (d && !found && (entry = readdir(d)) && *left) {
		(*left)--;
		found = entry->d_name[0] != '.' && writes(dirfd(d), entry->d_name, file);
	}
	if (d)
		closedir(d);
	if (!*left)
		return err_set(e, ERR_SPACE, "there are more than %u open files to look at", DESCRIPTORS_MAX);
	*ret = found;
	return 0;
}

/* A read lease is granted only where nobody has the file open to write. Who opens it in that moment waits for the lease to go; what
 * would tell us of him is by default a signal that kills. */
static bool nobody_writes(const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd >= 0 && fcntl(fd, F_SETSIG, SIGURG) == 0 && fcntl(fd, F_SETLEASE, F_RDLCK) == 0 &&
	       fcntl(fd, F_SETLEASE, F_UNLCK) == 0;
}

int proc_file_writers(const char *path, pid_list *ret, struct err *e)
{
	unsigned left = DESCRIPTORS_MAX;
	pid_list all = { 0 }, found = { 0 };
	struct statx file;
	int r = 0;

	if (stat_here(AT_FDCWD, path, 0, &file) < 0)
		return err_sys(e, errno, "look at '%s'", path);
	if (nobody_writes(path)) {
		*ret = found;
		return 0;
	}
	if (proc_all(&all, e) < 0)
		return -(int)e->kind;
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		bool has = false;

		r = look_at(all.v[i], &file, &left, &has, e);
		if (has)
			*vec_push(&found) = all.v[i];
	}
	vec_done(&all);
	if (r < 0) {
		vec_done(&found);
		return r;
	}
	*ret = found;
	return 0;
}
