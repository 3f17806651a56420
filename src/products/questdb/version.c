#include "products/questdb/version.h"

#include "engine/sheet.h"

static bool number(struct sv *rest, int *ret)
{
	uint64_t n;
	size_t digits = 0;

	while (digits < rest->n && rest->p[digits] >= '0' && rest->p[digits] <= '9')
		digits++;
	if (!digits || digits > 6 || !sv_u64((struct sv){ rest->p, digits }, &n))
		return false;
	*rest = (struct sv){ rest->p + digits, rest->n - digits };
	*ret = (int)n;
	return true;
}

static bool dot(struct sv *rest)
{
	if (!rest->n || rest->p[0] != '.')
		return false;
	*rest = (struct sv){ rest->p + 1, rest->n - 1 };
	return true;
}

bool version_parse(const char *text, struct version *ret)
{
	struct sv rest = sv_of(text);
	struct version v = { 0 };

	if (!number(&rest, &v.major) || !dot(&rest) || !number(&rest, &v.minor))
		return false;
	if (dot(&rest) && !number(&rest, &v.patch))
		return false;
	if (rest.n && rest.p[0] != '-' && rest.p[0] != '+')
		return false;
	*ret = v;
	return true;
}

int version_cmp(struct version a, struct version b)
{
	if (a.major != b.major)
		return a.major < b.major ? -1 : 1;
	if (a.minor != b.minor)
		return a.minor < b.minor ? -1 : 1;
	return (a.patch > b.patch) - (a.patch < b.patch);
}

bool version_same_line(struct version a, struct version b)
{
	return a.major == b.major && a.minor == b.minor;
}

bool edition_is_enterprise(const char *edition)
{
	return edition && !strcmp(edition, "enterprise");
}

const json_t *questdb_value(const char *key)
{
	const struct sheet *sheet;
	struct err e = ERR_INIT;

	return sheet_of("questdb", &sheet, &e) < 0 ? NULL : sheet_value(sheet, key);
}

/* The newest pair of the same Enterprise line that is not newer than ours. */
static bool core_of_enterprise(struct version enterprise, struct version *ret)
{
	const json_t *pair;
	struct version ours, core;
	size_t i;
	bool found = false;

	json_array_foreach((json_t *)questdb_value("pairing"), i, pair)
	{
		if (!version_parse(json_str(pair, "enterprise", NULL), &ours) ||
		    !version_parse(json_str(pair, "core", NULL), &core))
			continue;
		if (!version_same_line(ours, enterprise) || version_cmp(ours, enterprise) > 0)
			continue;
		*ret = core;
		found = true;
	}
	return found;
}

enum core_by core_of(const char *edition, const char *text, struct version *ret)
{
	struct version v;

	if (!edition || !version_parse(text, &v))
		return CORE_UNKNOWN;
	if (edition_is_enterprise(edition))
		return core_of_enterprise(v, ret) ? CORE_INFERRED : CORE_UNKNOWN;
	*ret = v;
	return CORE_EXACT;
}

int core_java(struct version core)
{
	const json_t *row;
	struct version from;
	int needs = 0;
	size_t i;

	json_array_foreach((json_t *)questdb_value("java"), i, row)
	{
		if (version_parse(json_str(row, "core", NULL), &from) &&
		    version_cmp(from, core) <= 0)
			needs = (int)json_int(row, "needs", 0);
	}
	return needs;
}
