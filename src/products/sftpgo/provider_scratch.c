#include "products/sftpgo/provider_scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define PREFIX "crossgrade-provider-"
#define SPARE  (16u << 20)
#define OLD_S  60       /* a directory is made, then locked */

/* By plain calls: a kill between them is no step of ours half done, and the files hold password
 * hashes, so they go as soon as they are open. */
static void remove_copy(const char *dir, const char *path)
{
	static const char *const beside[] = { "", "-journal", "-wal", "-shm" };

	for (size_t i = 0; path && i < ARRAY_LEN(beside); i++) {
		autofree char *name = xasprintf("%s%s", path, beside[i]);

		(void)unlink(name);
	}
	if (rmdir(dir) < 0)
		log_debug("remove '%s': %s", dir, strerror(errno));
}

void private_copy_done(struct private_copy *c)
{
	if (c->dir)
		remove_copy(c->dir, c->path);
	if (c->lock > 0)
		close(c->lock);
	free(c->dir);
	free(c->path);
	*c = (struct private_copy){ 0 };
}

/* ---- what the killed left ---- */

static int lock_dir(const char *dir)
{
	autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 ? take_fd(fd) : -1;
}

static bool is_left(const char *dir)
{
	struct stat st;

	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       time(NULL) - st.st_mtime > OLD_S;
}

/* Its maker would hold it locked. */
static void sweep_one(const char *dir)
{
	static const char *const leaves[] = { "sqlite.db", "bolt.db" };
	autoclose int lock = is_left(dir) ? lock_dir(dir) : -1;

	if (lock < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(leaves); i++) {
		autofree char *path = xasprintf("%s/%s", dir, leaves[i]);

		remove_copy(dir, path);
	}
}

static void sweep(const char *where)
{
	struct dirent *entry;
	DIR *d = opendir(where);

	while (d && (entry = readdir(d))) {
		autofree char *dir = xasprintf("%s/%s", where, entry->d_name);

		if (!strncmp(entry->d_name, PREFIX, strlen(PREFIX)))
			sweep_one(dir);
	}
	if (d)
		closedir(d);
}

/* ---- a place ---- */

static bool has_room(const char *where, uint64_t bytes)
{
	struct statvfs fs;

	return statvfs(where, &fs) == 0 && bytes + SPARE < (uint64_t)fs.f_bavail * fs.f_frsize;
}

static int make_below(const char *where, const char *leaf, struct private_copy *ret, struct err *e)
{
	autofree char *dir = xasprintf("%s/" PREFIX "XXXXXX", where);

	if (!mkdtemp(dir))
		return err_sys(e, errno, "make a private directory in '%s'", where);
	ret->lock = lock_dir(dir);
	ret->path = xasprintf("%s/%s", dir, leaf);
	ret->dir = take_ptr(dir);
	return 0;
}

int scratch_make(const char *preferred, uint64_t bytes, const char *leaf, struct private_copy *ret,
		 struct err *e)
{
	const char *const places[] = { preferred ? preferred : "/var/tmp", "/var/tmp", "/tmp" };

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		sweep(places[i]);
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (access(places[i], W_OK | X_OK) == 0 && has_room(places[i], bytes))
			return make_below(places[i], leaf, ret, e);
	return err_set(e, ERR_SPACE, "neither '%s' nor /var/tmp nor /tmp has room for a private copy of %llu bytes", places[0],
		       (unsigned long long)bytes);
}
