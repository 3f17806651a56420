#include "products/questdb/placement.h"

#include "base/mem.h"

void placement_done(struct placement *p)
{
	free(p->staged);
	free(p->live);
	free(p->swapped);
	free(p->java);
	free(p->jar_path);
	*p = (struct placement){ 0 };
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static char *parent_of(const char *path)
{
	size_t n = (size_t)(base_name(path) - path);

	return n > 1 ? xstrndup(path, n - 1) : xstrdup("/");
}

static char *beside(const char *path, const char *name)
{
	autofree char *parent = parent_of(path);

	return strcmp(parent, "/") ? xasprintf("%s/%s", parent, name) : xasprintf("/%s", name);
}

/* Name of a new directory: says which build is in it for as long as it is a place of its own. */
static char *build_name(const struct change *c)
{
	const char *top = json_str(c->artifact, "top", "");

	if (*top)
		return xstrdup(top);
	return xasprintf("questdb%s-%s", edition_is_enterprise(c->to_edition) ? "-enterprise" : "",
			 c->to_version);
}

/* Of two builds that exchange names, the one that is not live. */
static char *pair_name(const char *path, const struct change *c)
{
	return xasprintf("%s.crossgrade-%s-%s", path, c->from_version, c->to_version);
}

static bool named_by_version(const char *path, const struct change *c)
{
	return c->from_version && strstr(base_name(path), c->from_version);
}

/* systemd, and a plain process, start what we tell them to; a script or the operator's command
 * finds its own build. */
static bool launcher_follows(const struct facts *now)
{
	const char *kind = facts_str(now, QF_SERVICE_KIND, "");

	return (!strcmp(kind, "systemd") || !strcmp(kind, "process")) &&
	       !facts_get(now, QF_LAUNCH_SCRIPT);
}

/* The link the launcher follows, when it is the last part of the path: then it has a name of its
 * own. A link further up needs no care, what lies behind it is exchanged. */
static const char *link_of_install(const struct facts *now)
{
	const char *link = facts_str(now, QF_INSTALL_LINK, NULL);

	return link && strcmp(base_name(link), base_name(facts_str(now, QF_INSTALL, ""))) ? link
											  : NULL;
}

static int place_archive(const struct facts *now, const struct goal *to, const struct change *c,
			 struct placement *p, struct err *e)
{
	const char *install = facts_str(now, QF_INSTALL, ""), *link = link_of_install(now);
	const char *asked = json_str(to->target, "directory", NULL);
	bool fixed =
	    facts_bool(now, QF_INSTALL_MOUNT, false) || named_by_version(install, c) || asked;
	autofree char *name = build_name(c);

	if (link) {
		p->taking = TAKE_LINK;
		p->swapped = xstrdup(link);
		p->live = xstrdup(link);
		p->staged = asked ? xstrdup(asked) : beside(install, name);
	} else if (fixed && launcher_follows(now)) {
		p->taking = TAKE_LAUNCHER;
		p->staged = asked ? xstrdup(asked) : beside(install, name);
		p->live = xstrdup(p->staged);
	} else if (facts_bool(now, QF_INSTALL_MOUNT, false)) {
		return err_set(
		    e, ERR_REFUSED,
		    "'%s' is a mount point and its launcher cannot be told another place", install);
	} else {
		p->taking = TAKE_EXCHANGE;
		p->swapped = xstrdup(install);
		p->live = xstrdup(facts_str(now, QF_INSTALL_LINK, install));
		p->staged = asked ? xstrdup(asked) : pair_name(install, c);
	}
	return 0;
}

static int place_jar(const struct facts *now, const struct goal *to, const struct change *c,
		     struct placement *p, struct err *e)
{
	const char *old = facts_str(now, QF_INSTALL_JAR, NULL),
		   *install = facts_str(now, QF_INSTALL, "");
	const char *asked = json_str(to->target, "directory", NULL);
	autofree char *name = build_name(c);

	p->jar = true;
	if (launcher_follows(now)) {
		p->taking = TAKE_LAUNCHER;
		p->staged = asked ? xstrdup(asked)
			    : old ? beside(old, name)
				  : beside(install, name);
		p->live = xasprintf("%s/questdb.jar", p->staged);
	} else if (old) {
		p->taking = TAKE_EXCHANGE;
		p->swapped = xstrdup(old);
		p->live = xstrdup(old);
		p->staged = asked ? xstrdup(asked) : pair_name(old, c);
	} else {
		return err_set(e, ERR_REFUSED,
			       "a jar cannot take the place of a runtime that '%s' starts",
			       facts_str(now, QF_SERVICE_KIND, "its launcher"));
	}
	p->jar_path = xstrdup(p->live);
	return 0;
}

/* The java that starts it: the archive's own, else the one the old build was started with, else the
 * host's. */
static char *java_of(const struct facts *now, const struct change *c, const struct placement *p)
{
	const json_t *was = facts_get(now, QF_JAVA);
	const char *exe;

	if (json_bool(c->artifact, "has_java", false))
		return xasprintf("%s/bin/java", p->live);
	exe = json_bool(was, "bundled", true) ? NULL : json_str(was, "exe", NULL);
	if (!exe)
		exe = json_str(facts_get(now, QF_HOST_JAVA), "exe", NULL);
	return exe ? xstrdup(exe) : NULL;
}

int placement_of(const struct facts *now, const struct goal *to, const struct change *c,
		 struct placement *ret, struct err *e)
{
	autoplacement struct placement p = { 0 };
	const char *form = json_str(c->artifact, "form", "");
	int r;

	if (!c->artifact)
		return err_set(e, ERR_ABSENT, "nothing is known of the artifact");
	if (facts_str(now, QF_INSTALL, "")[0] != '/' ||
	    facts_str(now, QF_INSTALL_LINK, "/")[0] != '/' ||
	    facts_str(now, QF_INSTALL_JAR, "/")[0] != '/' || !facts_get(now, QF_SERVICE_KIND) ||
	    !c->from_version || !c->to_version)
		return err_set(e, ERR_ABSENT, "what is installed now is not known");
	if (!strcmp(form, "directory") || !*form)
		return err_set(e, ERR_REFUSED, "the artifact is neither an archive nor a jar");
	r = !strcmp(form, "jar") ? place_jar(now, to, c, &p, e) : place_archive(now, to, c, &p, e);
	if (r < 0)
		return r;
	if (!p.jar && !json_bool(c->artifact, "has_java", false))
		p.jar_path = xasprintf("%s/questdb.jar", p.live);
	p.java = java_of(now, c, &p);
	*ret = p;
	p = (struct placement){ 0 };
	return 0;
}
