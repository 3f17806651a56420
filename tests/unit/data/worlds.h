/* A source and a copy beside it, on a disk, in memory or on a file system that clones. */
#pragma once

#include "data/pass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../unit.h"
#include "nasty.h"

struct worlds {
	char path[128], src_path[160], dst_path[160];
	struct dir src, dst;
	struct pass_index *ix;
	bool times_prove;
};

int worlds_on_disk(void **state);   /* below /tmp; asks for ext4, xfs or btrfs there */
int worlds_in_memory(void **state); /* tmpfs of its own */
/* File systems of our own on a loop device; where they cannot be mounted the test skips itself. */
int worlds_on_ext4(void **state); /* nobody else's sync reaches it */
int worlds_cloning(void **state); /* xfs */
int worlds_remove(void **state);
int worlds_sweep(void **state); /* after all tests: the loop devices */

/* Of the running test, which skips when there is no such file system. */
static inline struct worlds *worlds_of(void **state)
{
	if (!*state)
		skip();
	return *state;
}

void put_text(const char *dir, const char *name, const char *text);

#define on_disk(test)                                                     \
	{                                                                 \
		"disk: " #test, test, worlds_on_disk, worlds_remove, NULL \
	}
#define on_ext4(test)                                                     \
	{                                                                 \
		"ext4: " #test, test, worlds_on_ext4, worlds_remove, NULL \
	}
#define in_memory(test)                                                      \
	{                                                                    \
		"tmpfs: " #test, test, worlds_in_memory, worlds_remove, NULL \
	}
#define cloning(test)                                                    \
	{                                                                \
		"xfs: " #test, test, worlds_cloning, worlds_remove, NULL \
	}
