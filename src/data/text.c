#include "data/text.h"

#include "base/vec.h"

#define BLOCK (256u << 10)

void *text_keep(struct text *t, const void *p, size_t n)
{
	char *at;

	if (n + 1 > t->left) {
		t->left = MAX_OF(n + 1, (size_t)BLOCK);
		t->at = xmalloc(t->left);
		t->blocks = vec_grow_(t->blocks, t->n, &t->room, sizeof *t->blocks);
		t->blocks[t->n++] = t->at;
	}
	at = t->at;
	memcpy(at, p, n);
	at[n] = '\0';
	t->at += n + 1;
	t->left -= n + 1;
	return at;
}

void text_done(struct text *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->blocks[i]);
	free(t->blocks);
	*t = (struct text){ 0 };
}
