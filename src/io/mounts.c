#include "io/mounts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"

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

/* "fuseblk" is a local disk. */
static bool is_remote(const char *type)
{
	static const char *const types[] = { "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "9p", "afs", "lustre", "autofs", "fuse", NULL };

	for (size_t i = 0; types[i]; i++)
		if (!strcmp(type, types[i]))
			return true;
	return !strncmp(type, "fuse.", 5);
}

/* By what is mounted at the same place later, as a disk is by its automount. */
static bool is_hidden(struct sv later, const char *point)
{
	struct mount m = { 0 };
	bool hidden = false;

	while (mount_next(&later, &m)) {
		if (!strcmp(m.point, point))
			hidden = !is_remote(m.type);
		mount_done(&m);
	}
	return hidden;
}

char *mounts_remote(struct sv table, const char *path)
{
	struct mount m = { 0 };
	char *found = NULL;

	while (!found && mount_next(&table, &m)) {
		if (is_remote(m.type) && m.point[0] && m.point[1] && (path_is_in(path, m.point) || path_is_in(m.point, path)) &&
		    !is_hidden(table, m.point))
			found = xstrdup(m.point);
		mount_done(&m);
	}
	return found;
}
