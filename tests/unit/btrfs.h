/* A btrfs of 128 MiB in a file, mounted: what it tells of devices and mounts no other file system does. */
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/cmd.h"
#include "unit.h"

static bool run_program(const char *const *argv)
{
	struct cmd c = { .argv = argv };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	bool done = cmd_run(&c, &r, &e) == 0 && r.status == 0;

	cmd_result_done(&r);
	return done;
}

/* Makes file and directory; where none can be had the test is skipped, and says why. The caller unmounts it. */
static void btrfs_mount(const char *image, const char *at)
{
	const char *mkfs[] = { "mkfs.btrfs", "-q", image, NULL };
	const char *attach[] = { "mount", "-o", "loop", image, at, NULL };
	int fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, 128 << 20), 0);
	close(fd);
	assert_int_equal(mkdir(at, 0755), 0);
	if (!run_program(mkfs) || !run_program(attach)) {
		print_message("# skip: no btrfs can be made and mounted\n");
		skip();
	}
}
