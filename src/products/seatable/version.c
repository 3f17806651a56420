#include "products/seatable/version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engine/sheet.h"

#define FIRST_SPLIT 7 /* major release that splits the server in two images */

/* A number without leading zeros. */
static bool number(const char **at, int *ret)
{
	const char *p = *at;
	int n = 0;

	for (; isdigit((unsigned char)*p) && n <= SEA_VERSION_MAX; p++)
		n = n * 10 + (*p - '0');
	if (p == *at || n > SEA_VERSION_MAX || (**at == '0' && p - *at > 1))
		return false;
	*at = p;
	*ret = n;
	return true;
}

static bool suffix(const char *p, char ret[32])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.";

	if (!*p)
		return true;
	if (*p != '-' || !p[1] || p[1 + strspn(p + 1, letters)] || strlen(p) >= 32)
		return false;
	memcpy(ret, p, strlen(p) + 1);
	return true;
}

bool sea_version_parse(const char *text, struct sea_version *ret)
{
	struct sea_version v = { 0 };
	const char *p = text ? text : "";

	if (*p == 'v')
		p++;
	if (!number(&p, &v.major) || *p++ != '.' || !number(&p, &v.minor) || *p++ != '.' || !number(&p, &v.patch) ||
	    !suffix(p, v.suffix))
		return false;
	*ret = v;
	return true;
}

int sea_version_cmp_minor(const struct sea_version *a, const struct sea_version *b)
{
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	return a->minor < b->minor ? -1 : a->minor > b->minor;
}

bool sea_version_same_minor(const struct sea_version *a, const struct sea_version *b)
{
	return !sea_version_cmp_minor(a, b);
}

/* ---- the table of releases ---- */

static const json_t *releases(void)
{
	const struct sheet *sheet;
	struct err e = ERR_INIT;

	return sheet_of("seatable", &sheet, &e) < 0 ? NULL : sheet_value(sheet, "releases");
}

static const json_t *release_of(const struct sea_version *v)
{
	char minor[32];

	snprintf(minor, sizeof minor, "%d.%d", v->major, v->minor);
	return json_object_get(releases(), minor);
}

bool sea_version_has_developer(const struct sea_version *v)
{
	return json_bool(release_of(v), "developer", true);
}

int sea_version_together(const struct sea_version *v)
{
	return (int)json_int(release_of(v), "together", -1);
}

const char *sea_version_python(const struct sea_version *v)
{
	return json_str(release_of(v), "python", NULL);
}

/* ---- which change it is ---- */

static bool is_developer(const struct sea_side *s)
{
	return s->edition && !strcmp(s->edition, SEA_DEVELOPER);
}

enum sea_move sea_move_of(const struct sea_side *from, const struct sea_side *to)
{
	struct sea_version a, b;
	bool same_edition;

	if (!from->edition || !to->edition || !sea_version_parse(from->version, &a) || !sea_version_parse(to->version, &b))
		return SEA_MOVE_UNKNOWN;
	same_edition = !strcmp(from->edition, to->edition);
	if (a.major >= FIRST_SPLIT || b.major >= FIRST_SPLIT)
		return SEA_MOVE_TOO_NEW;
	if (!sea_version_same_minor(&a, &b))
		return SEA_MOVE_MINOR;
	if (is_developer(to) && !sea_version_has_developer(&b))
		return SEA_MOVE_NO_DEVELOPER;
	if (!same_edition)
		return SEA_MOVE_EDITION;
	return a.patch == b.patch && !strcmp(a.suffix, b.suffix) ? SEA_MOVE_NOTHING : SEA_MOVE_PATCH;
}

/* Minors above a, up to b; in the order of the table. */
static void add_minors(const struct sea_version *a, const struct sea_version *b, struct buf *ret)
{
	const char *minor, *between = "";
	json_t *unused;

	json_object_foreach((json_t *)releases(), minor, unused) {
		autofree char *text = xasprintf("%s.0", minor);
		struct sea_version v;

		if (!sea_version_parse(text, &v) || sea_version_cmp_minor(&v, a) <= 0 || sea_version_cmp_minor(&v, b) > 0)
			continue;
		buf_addf(ret, "%s%s", between, minor);
		between = ", ";
	}
}

void sea_move_stops(const struct sea_side *from, const struct sea_side *to, struct buf *ret)
{
	bool other = strcmp(from->edition, to->edition) != 0;
	struct sea_version a, b;

	if (!sea_version_parse(from->version, &a) || !sea_version_parse(to->version, &b))
		return;
	if (sea_version_cmp_minor(&a, &b) > 0) {
		buf_addf(ret, "there is no way from %d.%d down to %d.%d: the vendor supports none; a backup of %d.%d can be put back", a.major,
			 a.minor, b.major, b.minor, b.major, b.minor);
		return;
	}
	if (other)
		buf_addf(ret, "first to %s %d.%d, which is a switch of editions; then ", to->edition, a.major, a.minor);
	buf_addf(ret, "upgrade %s by the vendor's notes, with their steps for ", to->edition);
	add_minors(&a, &b, ret);
	if (other && is_developer(to) && !sea_version_has_developer(&a))
		buf_addf(ret, "; of %d.%d there is no developer edition, so upgrade first", a.major, a.minor);
}
