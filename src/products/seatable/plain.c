#include "products/seatable/plain.h"

#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/vec.h"

#define PATHS_MAX ((size_t)64 << 10)

char *sea_plain_path(const char *root, const char *path)
{
	autofree char *whole = *path == '/' ? xstrdup(path) : xasprintf("%s/%s", root, path);
	struct buf plain = BUF_MAX(PATHS_MAX);
	struct sv rest = sv_of(whole);
	VEC(struct sv) parts = { 0 };

	while (rest.n) {
		struct sv part = sv_cut(&rest, '/');

		if (sv_eq(part, ".."))
			parts.n -= parts.n ? 1 : 0;
		else if (part.n && !sv_eq(part, "."))
			*vec_push(&parts) = part;
	}
	vec_each (&parts, part) {
		buf_addc(&plain, '/');
		buf_add_sv(&plain, *part);
	}
	vec_done(&parts);
	return buf_take(&plain);
}

bool sea_same_path(const char *a, const char *b)
{
	autofree char *one = sea_plain_path("", a), *other = sea_plain_path("", b);

	return !strcmp(one, other);
}

bool sea_same_file(const char *a, const char *b)
{
	struct stat one, other;

	return !stat(a, &one) && !stat(b, &other) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}
