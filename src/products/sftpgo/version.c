#include "products/sftpgo/version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define FIRST_DATE 20000000 /* a patch number as high is a day */
#define SCHEMA_OF_2_7 33

static bool number(const char **at, int *ret)
{
	const char *p = *at;
	int n = 0;

	for (; isdigit((unsigned char)*p) && p - *at < 9; p++)
		n = n * 10 + (*p - '0');
	*ret = n;
	if (p == *at)
		return false;
	*at = p;
	return true;
}

bool sftpgo_version_parse(const char *text, struct sftpgo_version *ret)
{
	struct sftpgo_version v = { 0 };
	const char *p = text;

	if (*p == 'v')
		p++;
	if (!number(&p, &v.major) || *p++ != '.' || !number(&p, &v.minor) || *p++ != '.' ||
	    !number(&p, &v.patch) || (*p && *p != '-'))
		return false;
	v.dev = !strncmp(p, "-dev", 4);
	*ret = v;
	return true;
}

int sftpgo_version_cmp(const struct sftpgo_version *a, const struct sftpgo_version *b)
{
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	return a->patch < b->patch ? -1 : a->patch > b->patch;
}

const char *sftpgo_version_edition(const struct sftpgo_version *v)
{
	return v->patch >= FIRST_DATE ? SFTPGO_ENTERPRISE : SFTPGO_OPEN_SOURCE;
}

int sftpgo_version_schema(const struct sftpgo_version *v)
{
	if (v->dev || v->major != 2)
		return 0;
	if (v->patch >= FIRST_DATE)
		return v->minor == 7 ? 34 : 0;
	return v->minor == 5 ? 28 : v->minor == 6 ? 29 : v->minor == 7 ? SCHEMA_OF_2_7 : 0;
}

bool sftpgo_version_may_write(const struct sftpgo_version *v, int schema)
{
	return !strcmp(sftpgo_version_edition(v), SFTPGO_ENTERPRISE) && sftpgo_version_schema(v) && schema >= SCHEMA_OF_2_7;
}

/* How far the version goes: a commit and a date may follow it. */
static size_t length_of(const char *p)
{
	size_t n = strspn(p, "0123456789.");

	return strncmp(p + n, "-dev", 4) ? n : n + 4;
}

bool sftpgo_version_of(struct sv said, char ret[48])
{
	static const char name[] = "SFTPGo";
	const char *p = memmem(said.p, said.n, name, strlen(name));
	struct sftpgo_version v;
	char rest[128];

	if (!p)
		return false;
	p += strlen(name);
	snprintf(rest, sizeof rest, "%.*s", (int)(said.p + said.n - p), p);
	p = rest + strspn(rest, " _/v");
	snprintf(ret, 48, "%.*s", (int)length_of(p), p);
	return sftpgo_version_parse(ret, &v);
}

const char *sftpgo_edition_of(const char *version)
{
	struct sftpgo_version v;

	return version && sftpgo_version_parse(version, &v) ? sftpgo_version_edition(&v) : NULL;
}
