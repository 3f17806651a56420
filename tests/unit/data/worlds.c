#include "worlds.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/magic.h>

static char loop_path[64];      /* where the image is mounted, "" before the first test that wants it */
static bool loop_failed;

static int run_tool(const char *const *argv)
{
	pid_t pid;
	int status;
	posix_spawn_file_actions_t quiet;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);

	int r = posix_spawnp(&pid, argv[0], &quiet, NULL, (char *const *)argv, environ);

	posix_spawn_file_actions_destroy(&quiet);
	if (r != 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static struct worlds *worlds_new(const char *below)
{
	struct worlds *w = calloc(1, sizeof *w);
	struct err e = ERR_INIT;

	w->src.fd = w->dst.fd = -1;
	snprintf(w->path, sizeof w->path, "%s/crossgrade-data-XXXXXX", below);
	if (!mkdtemp(w->path)) {
		free(w);
		return NULL;
	}
	snprintf(w->src_path, sizeof w->src_path, "%s/src", w->path);
	snprintf(w->dst_path, sizeof w->dst_path, "%s/dst", w->path);
	if (mkdir(w->src_path, 0755) < 0 || mkdir(w->dst_path, 0700) < 0 || dir_open(w->src_path, &w->src, &e) < 0 ||
	    dir_open(w->dst_path, &w->dst, &e) < 0)
		abort();
	w->ix = pass_index_new();
	return w;
}

int worlds_on_disk(void **state)
{
	struct worlds *w = worlds_new("/tmp");
	struct statfs fs;

	if (!w || fstatfs(w->src.fd, &fs) < 0)
		return -1;
	w->times_prove = fs.f_type != TMPFS_MAGIC && fs.f_type != OVERLAYFS_SUPER_MAGIC;
	*state = w;
	return 0;
}

int worlds_in_memory(void **state)
{
	*state = worlds_new("/dev/shm");
	return *state ? 0 : -1;
}

static bool loop_ready(void)
{
	char image[80];
	int fd;

	if (*loop_path || loop_failed)
		return *loop_path;
	loop_failed = true;
	snprintf(loop_path, sizeof loop_path, "/tmp/crossgrade-xfs-XXXXXX");
	if (!mkdtemp(loop_path))
		abort();
	snprintf(image, sizeof image, "%s.img", loop_path);
	fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)400 << 20) < 0)
		abort();
	close(fd);
	loop_failed = run_tool((const char *const[]){ "mkfs.xfs", "-q", "-m", "reflink=1", image, NULL }) < 0 ||
	              run_tool((const char *const[]){ "mount", "-o", "loop", image, loop_path, NULL }) < 0;
	if (loop_failed) {
		unlink(image);
		rmdir(loop_path);
		*loop_path = '\0';
	}
	return *loop_path;
}

int worlds_cloning(void **state)
{
	struct worlds *w;

	if (!loop_ready()) {
		print_message("xfs cannot be made and mounted on a loop device here\n");
		*state = NULL;
		return 0;
	}
	w = worlds_new(loop_path);
	if (!w)
		return -1;
	w->times_prove = true;
	*state = w;
	return 0;
}

int worlds_remove(void **state)
{
	struct worlds *w = *state;

	if (!w)
		return 0;
	pass_index_free(w->ix);
	dir_close(&w->src);
	dir_close(&w->dst);

	int r = run_tool((const char *const[]){ "rm", "-rf", w->path, NULL });

	free(w);
	return r;
}

int worlds_sweep(void **state)
{
	char image[80];

	(void)state;
	if (!*loop_path)
		return 0;
	snprintf(image, sizeof image, "%s.img", loop_path);
	return run_tool((const char *const[]){ "umount", loop_path, NULL }) | unlink(image) | rmdir(loop_path);
}

void put_text(const char *dir, const char *name, const char *text)
{
	char path[600];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}
