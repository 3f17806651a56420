#include "products/seatable/image.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/:@-";

/* By the last two parts of the name. */
static const struct {
	const char *name, *edition;
} known[] = {
	{ "seatable/seatable-enterprise", SEA_ENTERPRISE },
	{ "seatable/seatable-developer", SEA_DEVELOPER },
	{ "seatable/seatable-enterprise-testing", SEA_ENTERPRISE },
	{ "seatable/seatable-developer-testing", SEA_DEVELOPER }, /* unconfirmed */
	{ "seatable/seatable-ee", SEA_ENTERPRISE },               /* until 2022 */
	{ "seatable/seatable", SEA_DEVELOPER },                   /* discontinued */
	{ "seafileltd/seatable", SEA_DEVELOPER },                 /* 0.9 */
};

bool sea_image_is_plain(const char *reference)
{
	return *reference && !reference[strspn(reference, plain)];
}

/* The first part names a registry when it has a dot or a port, or is localhost. */
static size_t registry_length(const char *reference)
{
	size_t n = strcspn(reference, "/");

	if (reference[n] != '/')
		return 0;
	return memchr(reference, '.', n) || memchr(reference, ':', n) || (n == 9 && !strncmp(reference, "localhost", n)) ? n : 0;
}

static const char *edition_of(const char *path)
{
	const char *last = strrchr(path, '/');

	while (last && last > path && last[-1] != '/')
		last--;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(last ? last : path, known[i].name))
			return known[i].edition;
	return NULL;
}

static bool copy(char *to, size_t room, const char *from, size_t n)
{
	if (n >= room)
		return false;
	memcpy(to, from, n);
	to[n] = '\0';
	return true;
}

static bool is_digest(const char *text)
{
	return !strncmp(text, "sha256:", 7) && strlen(text) == 71 && strspn(text + 7, "0123456789abcdef") == 64;
}

bool sea_image_parse(const char *reference, struct sea_image *ret)
{
	struct sea_image i = { 0 };
	size_t registry, all;
	const char *at, *tag;

	if (!reference || !sea_image_is_plain(reference))
		return false;
	registry = registry_length(reference);
	at = strchr(reference, '@');
	if (at && (!is_digest(at + 1) || !copy(i.digest, sizeof i.digest, at + 1, strlen(at + 1))))
		return false;
	all = at ? (size_t)(at - reference) : strlen(reference);
	tag = memrchr(reference + registry, ':', all - registry);
	if (tag && memchr(tag, '/', all - (size_t)(tag - reference)))
		return false;
	if (tag && !copy(i.tag, sizeof i.tag, tag + 1, all - (size_t)(tag + 1 - reference)))
		return false;
	if ((tag && !i.tag[0]) || !copy(i.registry, sizeof i.registry, reference, registry) ||
	    !copy(i.name, sizeof i.name, reference, tag ? (size_t)(tag - reference) : all))
		return false;
	if (!i.name[0] || i.name[strlen(i.name) - 1] == '/' || strstr(i.name, "//"))
		return false;
	i.edition = edition_of(i.name + registry + (registry ? 1 : 0));
	i.pinned = sea_version_parse(i.tag, &i.version);
	*ret = i;
	return true;
}

const char *sea_image_name(const char *edition)
{
	return !strcmp(edition, SEA_DEVELOPER) ? "seatable/seatable-developer" : "seatable/seatable-enterprise";
}

json_t *sea_image_facts(const char *reference)
{
	struct sea_image i;
	json_t *o;

	if (!sea_image_parse(reference, &i))
		return NULL;
	o = json_pack("{ss ss ss* ss* ss*}", "reference", reference, "name", i.name, "tag", i.tag[0] ? i.tag : NULL, "digest",
		      i.digest[0] ? i.digest : NULL, "edition", i.edition);
	if (i.pinned)
		json_object_set_new(o, "version", json_string(i.tag + (i.tag[0] == 'v')));
	return o;
}

char *sea_image_of(const char *like, const char *edition, const char *version)
{
	struct sea_image i;

	if (like && sea_image_parse(like, &i) && i.edition && i.registry[0])
		return xasprintf("%s/%s:%s", i.registry, sea_image_name(edition), version);
	return xasprintf("%s:%s", sea_image_name(edition), version);
}
