#include "io/mounts.h"

#include <stdlib.h>

#include "base/mem.h"

/* Blanks and backslashes are written \\ooo. */
static char *unescape(struct sv text)
{
	char *out = sv_dup(text), *to = out;

	for (const char *p = out; *p; p++) {
		if (*p == '\\' && p[1] && p[2] && p[3]) {
			*to++ = (char)((unsigned)(p[1] - '0') * 64 + (unsigned)(p[2] - '0') * 8 + (unsigned)(p[3] - '0'));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return out;
}

bool mount_next(struct sv *table, struct mount *ret)
{
	struct sv line;

	if (!table->n)
		return false;
	line = sv_line(table);
	(void)sv_cut(&line, ' ');
	(void)sv_cut(&line, ' ');
	ret->dev = sv_dup(sv_cut(&line, ' '));
	ret->root = unescape(sv_cut(&line, ' '));
	ret->point = unescape(sv_cut(&line, ' '));
	/* Options, and fields of no fixed number that end with a "-". */
	while (line.n && !sv_eq(sv_cut(&line, ' '), "-"))
		continue;
	ret->type = sv_dup(sv_cut(&line, ' '));
	return true;
}

void mount_done(struct mount *m)
{
	free(m->dev);
	free(m->root);
	free(m->point);
	free(m->type);
	*m = (struct mount){ 0 };
}
