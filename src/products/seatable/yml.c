#include "products/seatable/yml.h"

#define LINES_MAX 20000

static size_t indent_of(struct sv line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] == ' ')
		n++;
	return n;
}

/* "key:" of a line, without its quotes. */
static struct sv key_of(struct sv line)
{
	struct sv rest = sv_trim(line), key = sv_cut(&rest, ':');

	if (key.n >= 2 && (key.p[0] == '"' || key.p[0] == '\'') && key.p[key.n - 1] == key.p[0])
		return (struct sv){ key.p + 1, key.n - 2 };
	return key;
}

bool sea_yml_image(struct sv text, const char *service)
{
	size_t services = SIZE_MAX, ours = SIZE_MAX; /* how far in these keys stand; not there yet */

	for (int i = 0; text.n && i < LINES_MAX; i++) {
		struct sv line = sv_line(&text), bare = sv_trim(line);
		size_t in = indent_of(line);

		if (!bare.n || bare.p[0] == '#')
			continue;
		if (ours != SIZE_MAX && in <= ours)
			ours = SIZE_MAX;
		if (services != SIZE_MAX && in <= services)
			services = SIZE_MAX;
		if (ours != SIZE_MAX && sv_eq(key_of(bare), "image"))
			return true;
		if (services != SIZE_MAX && ours == SIZE_MAX && sv_eq(key_of(bare), service))
			ours = in;
		else if (services == SIZE_MAX && in == 0 && sv_eq(key_of(bare), "services"))
			services = in;
	}
	return false;
}

bool sea_yml_has_tags(struct sv text)
{
	return memmem(text.p ? text.p : "", text.n, "!override", 9) || memmem(text.p ? text.p : "", text.n, "!reset", 6);
}
