/* Many small pieces of text that die together. */
#pragma once

#include <stddef.h>

struct text {
	char **blocks;
	size_t n, room;
	char *at; /* free rest of the last block */
	size_t left;
};

void *text_keep(struct text *t, const void *p, size_t n); /* a copy with a NUL after it */
void text_done(struct text *t);
