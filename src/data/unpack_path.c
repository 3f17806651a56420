#include "data/unpack_path.h"

#include <limits.h>

#include "base/sv.h"

int unpack_path_clean(const char *name, const char *what, struct buf *ret, struct err *e)
{
	struct sv rest = sv_of(name);

	buf_reset(ret);
	if (!name || !*name)
		return err_set(e, ERR_REFUSED, "'%s' has an entry without a name", what);
	if (*name == '/')
		return err_set(e, ERR_REFUSED, "'%s' has the absolute path '%.200s'", what, name);
	while (rest.n) {
		struct sv part = sv_cut(&rest, '/');

		if (!part.n || sv_eq(part, "."))
			continue;
		if (sv_eq(part, ".."))
			return err_set(e, ERR_REFUSED,
				       "'%s' has the path '%.200s', which leads out", what, name);
		if (part.n > NAME_MAX)
			return err_set(e, ERR_REFUSED, "'%s' has a name longer than %d bytes", what,
				       NAME_MAX);
		if (ret->len)
			buf_addc(ret, '/');
		buf_add_sv(ret, part);
	}
	if (ret->full || ret->len >= PATH_MAX)
		return err_set(e, ERR_REFUSED, "'%s' has a path longer than %d bytes", what,
			       PATH_MAX);
	return 0;
}

bool unpack_link_stays(const char *path, const char *target)
{
	struct sv rest = sv_of(target);
	size_t depth = 0;
	bool named = false;

	if (!target || !*target || *target == '/' || strlen(target) >= PATH_MAX)
		return false;
	for (const char *p = path; *p; p++)
		depth += *p == '/';
	while (rest.n) {
		struct sv part = sv_cut(&rest, '/');

		if (!part.n || sv_eq(part, "."))
			continue;
		/* After a name, ".." is where that name leads, which need not be where it stands.
		 */
		if (sv_eq(part, "..") && (named || depth-- == 0))
			return false;
		named |= !sv_eq(part, "..");
	}
	return true;
}
