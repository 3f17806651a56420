/* A new file of any size: written without a name, where its file system can, and there only when it is whole.
 *
 *	autonewfile struct new_file out = NEW_FILE_NONE;
 *	if (new_file_open(path, 0600, &out, e) < 0 || new_file_write(&out, bytes, e) < 0 || new_file_keep(&out, e) < 0) ...
 *
 * One that is there already is never written over: ERR_EXISTS, told by new_file_open() before anything is written and by
 * new_file_keep() when it came meanwhile. What is not kept is removed. new_file_open_over() is for a caller who knows whose the one
 * is that may be there: it stays until the new one, whole, is put in its place. */
#pragma once

#include "io/file.h"

#define NEW_FILE_CHUNK (256u << 10)

struct new_file {
	struct dir dir;                 /* it lies in */
	char      *path;                /* absolute */
	char       temp[FILE_TEMP_NAME];        /* "": none, as it should be */
	int        fd;
	bool       over;                /* may take the place of one that is there */
	struct buf chunk;               /* not written yet */
};
#define NEW_FILE_NONE { .dir = DIR_NONE, .fd = -1 }
#define autonewfile cleanup_with(new_file_done)

/* path is absolute. */
int  new_file_open(const char *path, mode_t mode, struct new_file *ret, struct err *e) must_check;
int  new_file_open_over(const char *path, mode_t mode, struct new_file *ret, struct err *e) must_check;
int  new_file_write(struct new_file *f, struct sv bytes, struct err *e) must_check;
/* All of it is durable, still without its name: what may fail for want of room has not. */
int  new_file_finish(struct new_file *f, struct err *e) must_check;
/* Durably, under its name. */
int  new_file_keep(struct new_file *f, struct err *e) must_check;
void new_file_done(struct new_file *f);
