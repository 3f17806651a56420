#include "products/sftpgo/placement.h"

#include <string.h>

#include "base/mem.h"
#include "svc/packager.h"

void sftpgo_placement_done(struct placement *p)
{
	free(p->staged);
	free(p->live);
	*p = (struct placement){ 0 };
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static char *beside(const char *path, const char *name)
{
	size_t n = (size_t)(base_name(path) - path);

	return xasprintf("%.*s%s", (int)n, path, name);
}

/* A directory that bears its version keeps it: the link moves on to one that bears the new. */
static char *version_name(const struct change *c)
{
	return xasprintf("sftpgo-%s", c->to_version);
}

/* Of two builds that exchange names, the one that is not live. */
static char *pair_name(const char *install, const struct change *c)
{
	return xasprintf("%s.crossgrade-%s-%s", install, c->from_version, c->to_version);
}

/* The link the launcher follows, when it is the last part of the path: then it has a name of its own. */
static const char *link_of(const struct facts *now)
{
	const char *link = facts_str(now, SF_INSTALL_LINK, NULL);

	return link && *link == '/' && strcmp(base_name(link), base_name(facts_str(now, SF_INSTALL, ""))) ? link : NULL;
}

static void place(const struct facts *now, const struct goal *to, const struct change *c, struct placement *p)
{
	const char *install = facts_str(now, SF_INSTALL, ""), *link = link_of(now);
	const char *asked = json_str(to->target, "directory", NULL);
	bool mixed = facts_bool(now, SF_INSTALL_MIXED, false);
	autofree char *name = version_name(c);

	p->taking = mixed ? TAKE_ENTRIES : link ? TAKE_LINK : TAKE_DIRECTORY;
	p->live = xstrdup(p->taking == TAKE_LINK ? link : install);
	if (asked)
		p->staged = xstrdup(asked);
	else if (p->taking == TAKE_LINK)
		p->staged = beside(install, name);
	else
		p->staged = pair_name(install, c);
}

static int place_package(const struct facts *now, struct placement *p, struct err *e)
{
	const json_t *one;
	size_t i;

	if (!facts_get(now, SF_PACKAGES))
		return err_set(e, ERR_REFUSED, "a package cannot take the place of what is no package of the same manager");
	json_array_foreach((json_t *)facts_get(now, SF_PACKAGES), i, one)
	{
		if (json_str(one, "version", NULL) && !json_object_get(one, "secured_by"))
			return err_set(e, ERR_REFUSED, "the installed package '%s' could not be had again", json_str(one, "name", "?"));
	}
	p->taking = TAKE_PACKAGE;
	p->live = xstrdup(facts_str(now, SF_PROGRAM, ""));
	return 0;
}

int sftpgo_placement(const struct facts *now, const struct goal *to, const struct change *c, struct placement *ret,
                 struct err *e)
{
	const char *install = facts_str(now, SF_INSTALL, "");

	if (!c->artifact)
		return err_set(e, ERR_ABSENT, "nothing is known of the artifact");
	if (*install != '/' || !facts_get(now, SF_INSTALL_MIXED) || !c->from_version || !c->to_version)
		return err_set(e, ERR_ABSENT, "what is installed now is not known");
	if (packager_of_form(json_str(c->artifact, "form", "")))
		return place_package(now, ret, e);
	if (strcmp(json_str(c->artifact, "form", ""), "archive") != 0)
		return err_set(e, ERR_REFUSED, "the artifact is no archive and no package");
	if (strcmp(facts_str(now, SF_KIND, ""), "archive") != 0)
		return err_set(e, ERR_REFUSED, "an archive cannot take the place of a %s", facts_str(now, SF_KIND, "?"));
	if (facts_bool(now, SF_INSTALL_MOUNT, false) && !link_of(now) && !facts_bool(now, SF_INSTALL_MIXED, false))
		return err_set(e, ERR_REFUSED, "'%s' is a mount point and cannot be exchanged", install);
	place(now, to, c, ret);
	return 0;
}
