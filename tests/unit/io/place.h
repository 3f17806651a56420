/* A directory of its own for each test, removed with all below it. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "io/file.h"

#include "../unit.h"

struct place {
	char       path[64];
	struct dir dir;
};

static int place_make(void **state)
{
	struct place *p = test_calloc(1, sizeof *p);
	struct err e = ERR_INIT;

	snprintf(p->path, sizeof p->path, "/tmp/crossgrade-unit-XXXXXX");
	if (!mkdtemp(p->path))
		return -1;
	*state = p;
	return dir_open(p->path, &p->dir, &e) < 0 ? -1 : 0;
}

static int place_remove(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	struct dir tmp = DIR_NONE;
	int r = dir_open("/tmp", &tmp, &e);

	if (r == 0)
		r = dir_remove_tree(&tmp, p->path + strlen("/tmp/"), &e);
	if (r < 0)
		print_error("%s\n", e.msg);
	dir_close(&tmp);
	dir_close(&p->dir);
	test_free(p);
	return r;
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)

static inline void put_file(const struct place *p, const char *name, const char *text)
{
	struct err e = ERR_INIT;

	assert_ok(file_replace(&p->dir, name, sv_of(text), FILE_PRIVATE, &e), &e);
}

static inline void assert_content(const struct place *p, const char *name, const char *text)
{
	autobuf struct buf have = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_ok(file_read(&p->dir, name, &have, &e), &e);
	assert_string_equal(buf_str(&have), text);
}

static inline int has(const struct place *p, const char *name)
{
	struct err e = ERR_INIT;
	int r = dir_has(&p->dir, name, &e);

	assert_ok(r, &e);
	return r;
}

static inline const char *below(const struct place *p, const char *name)
{
	static char path[4][256];
	static unsigned at;
	char *room = path[at++ % 4];

	snprintf(room, sizeof path[0], "%s/%s", p->path, name);
	return room;
}
