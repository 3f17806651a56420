/* A file written front to back through a buffer, digested on the way, then put in place durably. */
#pragma once

#include "data/hash.h"
#include "io/file.h"

struct out {
	const struct dir *d;
	const char *name;
	int fd;
	char *data;
	size_t n;
	struct hasher *sha;
	struct err err; /* the first failure; later adds do nothing */
};

/* A temporary name beside d/name, which is one component. */
int out_open(struct out *o, const struct dir *d, const char *name, struct err *e) must_check;
void out_add(struct out *o, const void *p, size_t n);
void out_adds(struct out *o, const char *s);
/* SHA-256 of what was added since the start or the last digest. */
void out_digest(struct out *o, unsigned char ret[SHA_BYTES]);
/* Write, fsync, rename over d/name, fsync d. */
int out_commit(struct out *o, struct err *e) must_check;
int out_place(struct out *o, struct err *e) must_check; /* the same without any fsync */
/* The two halves of out_commit() around a syncfs of the caller's, which takes the place of the fsync of the file. */
int out_write(struct out *o, struct err *e) must_check;
int out_install(struct out *o, struct err *e) must_check;
void out_close(struct out *o); /* without commit: the temporary file goes */

/* Lines of a file, without their LF; a line longer than max: ERR_FORMAT. */
struct lines {
	int fd;
	const char *what;
	char *data;
	size_t from, n, max;
	bool ended;
};
void lines_init(struct lines *l, int fd, const char *what, size_t max);
void lines_done(struct lines *l);
int lines_next(struct lines *l, struct sv *ret,
	       struct err *e) must_check; /* 1, 0 at the end; valid until the next */
