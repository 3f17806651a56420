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

struct loop {
	const char *const mkfs[6];
	char path[64]; /* where the image is mounted; "" before the first test that wants it */
	bool failed;
};

static struct loop ext4 = { .mkfs = { "mkfs.ext4", "-q", "-F" } };
static struct loop xfs = { .mkfs = { "mkfs.xfs", "-q", "-m", "reflink=1" } };

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
	if (mkdir(w->src_path, 0755) < 0 || mkdir(w->dst_path, 0700) < 0 ||
	    dir_open(w->src_path, &w->src, &e) < 0 || dir_open(w->dst_path, &w->dst, &e) < 0)
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

static bool loop_ready(struct loop *l)
{
	const char *argv[8] = { NULL };
	char image[80];
	int fd;

	if (*l->path || l->failed)
		return *l->path;
	snprintf(l->path, sizeof l->path, "/tmp/crossgrade-loop-XXXXXX");
	if (!mkdtemp(l->path))
		abort();
	snprintf(image, sizeof image, "%s.img", l->path);
	fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)400 << 20) < 0)
		abort();
	close(fd);
	for (size_t i = 0; i < ARRAY_LEN(l->mkfs); i++)
		argv[i] = l->mkfs[i] ? l->mkfs[i] : i && l->mkfs[i - 1] ? image : NULL;
	l->failed =
	    run_tool(argv) < 0 ||
	    run_tool((const char *const[]){ "mount", "-o", "loop", image, l->path, NULL }) < 0;
	if (l->failed) {
		print_message("%s cannot be made and mounted on a loop device here\n", l->mkfs[0]);
		unlink(image);
		rmdir(l->path);
		*l->path = '\0';
	}
	return *l->path;
}

static int worlds_on_loop(struct loop *l, void **state)
{
	struct worlds *w;

	*state = NULL;
	if (!loop_ready(l))
		return 0;
	w = worlds_new(l->path);
	if (!w)
		return -1;
	w->times_prove = true;
	*state = w;
	return 0;
}

int worlds_on_ext4(void **state) { return worlds_on_loop(&ext4, state); }

int worlds_cloning(void **state) { return worlds_on_loop(&xfs, state); }

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

static int loop_drop(const struct loop *l)
{
	char image[80];

	if (!*l->path)
		return 0;
	snprintf(image, sizeof image, "%s.img", l->path);
	return run_tool((const char *const[]){ "umount", l->path, NULL }) | unlink(image) |
	       rmdir(l->path);
}

int worlds_sweep(void **state)
{
	(void)state;
	return loop_drop(&ext4) | loop_drop(&xfs);
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
