#include "engine/package_edits.h"

#include <string.h>

#include "engine/package_of.h"
#include "io/file.h"
#include "io/image.h"

#define EDIT_MAX ((size_t)64 << 20)
#define ODD_MAX  ((size_t)1 << 20)

/* "??5??????   /usr/bin/x", "..5....T.  d /usr/share/x", "missing     /usr/y": what is in it, or where it leads, is not as packed. Its
 * owner and mode alone are package_attrs.h's. rpm(8) */
static bool is_of_content(struct sv flags)
{
	return sv_eq(flags, "missing") || (flags.n > 4 && (flags.p[2] == '5' || flags.p[4] == 'L'));
}

/* Heap; NULL when the line names none. */
static char *path_in(struct sv line)
{
	struct sv flags = sv_word(&line);
	const char *slash = memchr(line.p, '/', line.n);

	return slash && is_of_content(flags) ? sv_dup((struct sv){ slash, (size_t)(line.p + line.n - slash) }) : NULL;
}

/* Where no directory is, no file is. */
static int take(const struct packager *p, const char *path, const struct dir *blobs, json_t **ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *name;

	if (package_file_at(p, path, &d, &name, e) >= 0)
		return image_take(&d, name, blobs, EDIT_MAX, ret, e);
	if (e->kind != ERR_ABSENT)
		return -(int)e->kind;
	err_clear(e);
	*ret = json_pack("{sb}", "absent", 1);
	return 0;
}

int package_edits_take(const struct packager *p, const char *odd, const struct dir *blobs, json_t *ret, struct err *e)
{
	struct sv rest = sv_of(odd);

	while (rest.n) {
		autofree char *path = path_in(sv_line(&rest));
		json_t *image;

		if (!path)
			continue;
		if (take(p, path, blobs, &image, e) < 0) {
			err_wrap(e, "'%s' was changed by hand and cannot be kept for a way back", path);
			return err_hint(e, "put the package's own there, or what you need elsewhere");
		}
		json_object_set_new(ret, path, image);
	}
	return 0;
}

static bool names(const char *odd, const char *path)
{
	struct sv rest = sv_of(odd);

	while (rest.n) {
		autofree char *one = path_in(sv_line(&rest));

		if (one && !strcmp(one, path))
			return true;
	}
	return false;
}

/* Who was killed while he put one back left a temporary file beside it; that goes, whether this one is still to be put back or not. */
static int put(const struct packager *p, const char *path, bool due, const struct dir *blobs, const json_t *image, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *name;

	if (package_file_at(p, path, &d, &name, e) < 0) {
		if (e->kind != ERR_ABSENT || (due && !json_bool(image, "absent", false)))
			return -(int)e->kind;
		err_clear(e);
		return 0;
	}
	if (file_drop_temps(&d, "", e) < 0)
		return -(int)e->kind;
	return due ? image_put(&d, name, blobs, image, e) : 0;
}

int package_edits_put(const struct packager *p, const char *name, const struct dir *blobs, const json_t *edits, struct err *e)
{
	autobuf struct buf odd = BUF_MAX(ODD_MAX);
	const char *path;
	json_t *image;

	if (!json_object_size(edits))
		return 0;
	if (p->ops->verify(p, name, &odd, e) < 0)
		return -(int)e->kind;
	json_object_foreach((json_t *)edits, path, image)
	{
		if (put(p, path, !names(buf_str(&odd), path), blobs, image, e) < 0)
			return err_wrap(e, "put back '%s', which was changed by hand", path);
	}
	return 0;
}
