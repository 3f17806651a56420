/* The target build, and whether it can take the place of the one that is installed. */
#include "products/questdb/checks.h"

#include "products/questdb/placement.h"

/* A text of the artifact; NULL after an UNSURE. */
static const char *artifact_text(const struct facts *now, const char *member, const char *id,
				 struct results *ret)
{
	const json_t *artifact;
	const char *text;

	if (!need(now, QF_ARTIFACT, id, ret, &artifact))
		return NULL;
	text = json_str(artifact, member, "");
	if (!*text) {
		autofree char *what = xasprintf("the artifact does not tell its %s", member);

		untold_by(now, QF_ARTIFACT, id, what, ret);
	}
	return *text ? text : NULL;
}

/* An image is not a file of ours: docker keeps it whole, and it brings all that it needs. */
static bool is_image(const struct facts *now, const char *id, struct results *ret)
{
	if (strcmp(json_str(facts_get(now, QF_ARTIFACT), "form", ""), "image") != 0)
		return false;
	results_add(ret, id, VERDICT_PASS, NULL, "an image");
	return true;
}

CHECK(art_form)
{
	static const char id[] = "questdb.art-form";
	const char *form;

	if (is_image(now, id, ret))
		return;
	if (!to || !goal_artifact(to, 0))
		results_add(ret, id, VERDICT_BLOCK, NULL, "no artifact is named");
	else if (goal_artifact(to, 1))
		results_add(ret, id, VERDICT_BLOCK, NULL, "more than one artifact is named");
	else if ((form = artifact_text(now, "form", id, ret)))
		results_add(ret, id, !strcmp(form, "directory") ? VERDICT_BLOCK : VERDICT_PASS,
			    NULL, "%s", form);
}

CHECK(art_integrity)
{
	static const char id[] = "questdb.art-integrity";
	const char *asked = to ? json_str(to->target, "sha256", NULL) : NULL, *is, *damage, *bad;
	const json_t *artifact;

	if (is_image(now, id, ret) || !need(now, QF_ARTIFACT, id, ret, &artifact))
		return;
	damage = json_str(artifact, "damage", NULL);
	bad = json_str(artifact, "unsafe", NULL);
	is = json_str(artifact, "sha256", NULL);
	if (damage || bad)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", damage ? damage : bad);
	else if (!is)
		results_add(ret, id, VERDICT_UNSURE, NULL, "its digest could not be taken");
	else if (asked && strcmp(asked, is) != 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "SHA-256 is %s", is);
	else if (!asked)
		results_add(ret, id, VERDICT_NOTE, NULL, "SHA-256 %s, none was given to compare",
			    is);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "as given");
}

CHECK(art_edition)
{
	static const char id[] = "questdb.art-edition";
	const char *is;
	struct change c;

	change_of(now, to, &c);
	if (!need_crossing(now, &c, id, ret) || !(is = artifact_text(now, "edition", id, ret)))
		return;
	results_add(ret, id, strcmp(is, c.to_edition) ? VERDICT_BLOCK : VERDICT_PASS, NULL,
		    "the artifact is %s, wanted is %s", is, c.to_edition);
}

CHECK(art_version)
{
	static const char id[] = "questdb.art-version";
	const char *asked = to ? goal_version(to) : NULL,
		   *is = artifact_text(now, "version", id, ret);

	if (!is)
		return;
	results_add(ret, id, asked && strcmp(asked, is) ? VERDICT_BLOCK : VERDICT_PASS, NULL,
		    "the artifact is %s%s%s", is, asked ? ", wanted is " : "", asked ? asked : "");
}

CHECK(art_arch)
{
	static const char id[] = "questdb.art-arch";
	const char *host = need_text(now, QF_HOST_ARCH, id, ret);
	const char *is = host ? artifact_text(now, "arch", id, ret) : NULL;

	if (!is)
		return;
	results_add(ret, id, strcmp(is, "any") && strcmp(is, host) ? VERDICT_BLOCK : VERDICT_PASS,
		    NULL, "built for %s, this host is %s", is, host);
}

CHECK(art_glibc)
{
	static const char id[] = "questdb.art-glibc";
	const char *host, *is;
	struct version needs, has;

	if (is_image(now, id, ret))
		return;
	host = need_text(now, QF_HOST_GLIBC, id, ret);
	is = host ? artifact_text(now, "glibc", id, ret) : NULL;
	if (!is)
		return;
	if (!version_parse(is, &needs) || !version_parse(host, &has))
		results_add(ret, id, VERDICT_UNSURE, NULL, "needs '%s', the host has '%s'", is,
			    host);
	else
		results_add(ret, id, version_cmp(needs, has) > 0 ? VERDICT_BLOCK : VERDICT_PASS,
			    NULL, "needs glibc %s, the host has %s", is, host);
}

/* Java that will start a build that brings none; NULL: not known. */
static const json_t *java_outside(const struct facts *now)
{
	const json_t *was = facts_get(now, QF_JAVA);

	return was && !json_bool(was, "bundled", true) ? was : facts_get(now, QF_HOST_JAVA);
}

CHECK(java_version)
{
	static const char id[] = "questdb.java-version";
	const json_t *artifact, *java;
	struct change c;
	int64_t has, needs;

	change_of(now, to, &c);
	if (!need(now, QF_ARTIFACT, id, ret, &artifact))
		return;
	if (json_bool(artifact, "has_java", false)) {
		results_add(ret, id, VERDICT_PASS, NULL, "the artifact brings its own");
		return;
	}
	java = java_outside(now);
	needs = change_java(&c);
	has = json_int(java, "major", 0);
	if (!java)
		unsure_of(now, QF_HOST_JAVA, id, ret);
	else if (!needs || !has)
		results_add(ret, id, VERDICT_UNSURE, NULL,
			    "Java %lld is there; what the target needs is not known",
			    (long long)has);
	else
		results_add(ret, id, has < needs ? VERDICT_BLOCK : VERDICT_PASS,
			    json_str(java, "exe", NULL), "Java %lld, the target needs %lld",
			    (long long)has, (long long)needs);
}

static const char *taking_text(const struct placement *p)
{
	switch (p->taking) {
	case TAKE_LINK:
		return "the link is pointed at it";
	case TAKE_EXCHANGE:
		return "it exchanges names with the old build";
	default:
		return "the launcher is told its place";
	}
}

CHECK(install_form)
{
	static const char id[] = "questdb.install-form";
	const char *kind = need_text(now, QF_INSTALL_KIND, id, ret);
	autoplacement struct placement p = { 0 };
	struct err e = ERR_INIT;
	struct change c;
	int r;

	change_of(now, to, &c);
	if (!kind || is_image(now, id, ret))
		return;
	if (!strcmp(kind, "unknown")) {
		results_add(ret, id, VERDICT_BLOCK, NULL,
			    "what is installed is neither a runtime nor a jar");
		return;
	}
	r = to ? placement_of(now, to, &c, &p, &e) : err_set(&e, ERR_ABSENT, "no goal");
	if (r < 0)
		results_add(ret, id, e.kind == ERR_ABSENT ? VERDICT_UNSURE : VERDICT_BLOCK, NULL,
			    "%s", e.msg);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s; %s", p.staged, taking_text(&p));
}

CHECK(install_shared)
{
	static const char id[] = "questdb.install-shared";
	autoplacement struct placement p = { 0 };
	struct err e = ERR_INIT;
	const json_t *others;
	struct change c;

	change_of(now, to, &c);
	if (is_image(now, id, ret) || !need_if_any(now, QF_INSTALL_SHARED, QF_OTHERS, id, ret, &others))
		return;
	if (json_array_size(others) && to && placement_of(now, to, &c, &p, &e) == 0 &&
	    p.taking == TAKE_LAUNCHER)
		results_add(ret, id, VERDICT_NOTE, NULL,
			    "others start from it too; it stays as it is");
	else
		judge_members(now, QF_INSTALL_SHARED, QF_OTHERS, id, VERDICT_BLOCK, "instance",
			      "starts from the same installation", ret);
}
