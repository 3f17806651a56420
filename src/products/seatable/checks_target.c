/* What is wanted, and whether there is a way to it. */
#include "products/seatable/checks.h"

#include <string.h>

#include "base/mem.h"
#include "engine/container_move.h"
#include "products/seatable/image.h"

static void judge_move(const struct sea_change *c, const char *id, struct results *ret)
{
	autobuf struct buf stops = BUF_MAX(4096);

	switch (c->move) {
	case SEA_MOVE_EDITION:
	case SEA_MOVE_PATCH:
	case SEA_MOVE_NOTHING:
		results_add(ret, id, VERDICT_PASS, NULL, "%s %s to %s %s", c->from.edition, c->from.version, c->to.edition, c->to.version);
		break;
	case SEA_MOVE_MINOR:
		sea_move_stops(&c->from, &c->to, &stops);
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s %s to %s %s crosses minor releases: %s", c->from.edition, c->from.version,
			    c->to.edition, c->to.version, buf_str(&stops));
		break;
	case SEA_MOVE_TOO_NEW:
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s to %s: from 7.0 on the server is two images, which is not known well enough here",
			    c->from.version, c->to.version);
		break;
	case SEA_MOVE_NO_DEVELOPER:
		results_add(ret, id, VERDICT_BLOCK, NULL, "of the minor release of %s there is no Developer Edition", c->to.version);
		break;
	case SEA_MOVE_UNKNOWN:
		results_add(ret, id, VERDICT_BLOCK, NULL, "'%s' to '%s': these are no versions that can be compared", c->from.version,
			    c->to.version);
		break;
	}
}

CHECK(version)
{
	static const char id[] = "seatable.version";
	struct sea_change c;

	sea_change_of(now, to, &c);
	if (!need_text(now, SEA_EDITION, id, ret) || !need_text(now, SEA_VERSION, id, ret) || !need_text(now, SEA_TO_EDITION, id, ret) ||
	    !need_text(now, SEA_TO_VERSION, id, ret))
		return;
	judge_move(&c, id, ret);
}

CHECK(nothing)
{
	static const char id[] = "seatable.nothing";
	const json_t *image, *wanted;
	struct sea_change c;

	sea_change_of(now, to, &c);
	if (!need(now, SEA_IMAGE, id, ret, &image) || !need(now, SEA_TO_IMAGE, id, ret, &wanted))
		return;
	if (c.move == SEA_MOVE_NOTHING)
		results_add(ret, id, VERDICT_NOTE, NULL, "%s %s is installed already", c.to.edition, c.to.version);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s to %s", json_str(image, "reference", "?"), json_str(wanted, "reference", "?"));
}

/* ---- the image ---- */

CHECK(target_version)
{
	static const char id[] = "seatable.target-version";
	const char *version = facts_str(now, SEA_TO_VERSION, NULL), *source = facts_source(now, SEA_TO_VERSION);
	const json_t *image = facts_get(now, SEA_TO_IMAGE);
	struct sea_version v;

	if (!version && image && !json_str(image, "version", NULL))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s names no version, and no such image is on this host that would tell one",
			    json_str(image, "reference", "?"));
	else if (!version)
		unsure_of(now, SEA_TO_VERSION, id, ret);
	else if (!sea_version_parse(version, &v))
		results_add(ret, id, VERDICT_BLOCK, NULL, "'%s' is no version: three numbers are wanted", version);
	else if (source && !strcmp(source, "server_version"))
		results_add(ret, id, VERDICT_NOTE, NULL, "%s, as the image on this host says; its tag may be another image tomorrow", version);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", version);
}

CHECK(target_edition)
{
	static const char id[] = "seatable.target-edition";
	const char *wanted = need_text(now, SEA_TO_EDITION, id, ret), *named;
	const json_t *image;

	if (!wanted || !need(now, SEA_TO_IMAGE, id, ret, &image))
		return;
	named = json_str(image, "edition", NULL);
	if (named && strcmp(named, wanted) != 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s is asked for, and %s is the image of %s", wanted, json_str(image, "reference", "?"),
			    named);
	else if (!named)
		results_add(ret, id, VERDICT_NOTE, NULL, "the name of %s does not tell an edition: the new server is asked, behind the gate",
			    json_str(image, "reference", "?"));
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", wanted);
}

static void say_pulled(const struct facts *now, const json_t *image, const char *registry, struct results *ret)
{
	static const char id[] = "seatable.target-image";
	const json_t *alike = facts_get(now, SEA_TO_ALIKE);
	const char *other = json_string_value(json_array_get(alike, 0)), *name = json_str(image, "reference", "?");
	autofree char *here = other ? xasprintf("; here is %s", other) : xstrdup("");

	if (registry && strcmp(registry, REGISTRY_HAS) != 0 && !registry_refuses(registry))
		results_add(ret, id, VERDICT_WARN, NULL,
			    "%s is not on this host, and its registry could not be asked from here: %s; the daemon tries to pull it before anything stops%s",
			    name, registry, here);
	else if (registry && strcmp(registry, REGISTRY_HAS) != 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s is not on this host, and its registry says: %s%s", name, registry, here);
	else
		results_add(ret, id, VERDICT_NOTE, NULL, "%s is not on this host: it is pulled before anything stops%s", name, here);
}

CHECK(target_image)
{
	static const char id[] = "seatable.target-image";
	const json_t *image, *local, *source;
	const char *finding;

	if (!need(now, SEA_TO_IMAGE, id, ret, &image) || !need(now, SEA_TO_SOURCE, id, ret, &source) ||
	    !need_if_any(now, SEA_TO_LOCAL, SEA_TO_IMAGE, id, ret, &local))
		return;
	finding = json_str(source, "finding", NULL);
	if (!sea_image_is_plain(json_str(image, "reference", "")))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s has characters that not every reader of .env takes alike",
			    json_str(image, "reference", "?"));
	else if (finding)
		results_add(ret, id, VERDICT_BLOCK, NULL, "target.image_archive %s: %s", json_str(source, "file", "?"), finding);
	else if (local)
		results_add(ret, id, VERDICT_PASS, NULL, "%s is on this host", json_str(image, "reference", "?"));
	else if (!strcmp(json_str(source, "from", ""), "archive"))
		results_add(ret, id, VERDICT_NOTE, NULL, "it is loaded from %s before anything stops", json_str(source, "file", "?"));
	else
		say_pulled(now, image, json_str(source, "registry", NULL), ret);
}

CHECK(target_content)
{
	static const char id[] = "seatable.target-content";
	const char *inside, *wanted = need_text(now, SEA_TO_VERSION, id, ret);
	const json_t *local;

	if (!wanted || !need_if_any(now, SEA_TO_LOCAL, SEA_TO_IMAGE, id, ret, &local))
		return;
	inside = json_str(local, "version", NULL);
	if (!local)
		not_asked(id, "the image is not on this host yet", ret);
	else if (inside && strcmp(inside + (inside[0] == 'v'), wanted) != 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "the image says it is %s inside, and %s is wanted", inside, wanted);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", inside ? inside : "the image does not tell a version");
}

static const char *machine(const char *arch)
{
	return !strcmp(arch, "x86_64") ? "amd64" : !strcmp(arch, "aarch64") ? "arm64" : arch;
}

CHECK(target_platform)
{
	static const char id[] = "seatable.target-platform";
	const json_t *local, *docker;
	const char *arch, *here;

	if (!need(now, SEA_DOCKER, id, ret, &docker) || !need_if_any(now, SEA_TO_LOCAL, SEA_TO_IMAGE, id, ret, &local))
		return;
	arch = json_str(local, "arch", "");
	here = machine(json_str(docker, "arch", ""));
	if (*arch && strcmp(arch, here) != 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "the image is for %s, and this host is %s", arch, here);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", here);
}

CHECK(default_image)
{
	static const char id[] = "seatable.default-image";
	const char *version = need_text(now, SEA_VERSION, id, ret);
	struct sea_version ours, theirs;
	const json_t *image;

	if (!version || !need(now, SEA_TO_IMAGE, id, ret, &image))
		return;
	if (!json_bool(image, "default", false))
		not_asked(id, "the image is named in .env", ret);
	else if (!sea_version_parse(version, &ours) || !sea_version_parse(json_str(image, "version", NULL), &theirs) ||
		 !sea_version_same_minor(&ours, &theirs))
		results_add(ret, id, VERDICT_BLOCK, NULL, "the yml's default is %s, of another minor release than %s",
			    json_str(image, "reference", "?"), version);
	else
		results_add(ret, id, VERDICT_NOTE, NULL, "without the line the image is %s, until the vendor's next yml says otherwise",
			    json_str(image, "reference", "?"));
}

CHECK(step_back)
{
	static const char id[] = "seatable.step-back";
	const char *version = need_text(now, SEA_TO_VERSION, id, ret);
	struct sea_version v;
	int together;

	if (!version || !sea_goes_to(now, to, SEA_ENTERPRISE, id, ret))
		return;
	together = sea_version_parse(version, &v) ? sea_version_together(&v) : -1;
	if (together >= 0 && v.patch < together)
		results_add(ret, id, VERDICT_WARN, NULL, "%s is older than %d.%d.%d, which Developer %d.%d.0 was made of", version, v.major, v.minor,
			    together, v.major, v.minor);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", version);
}
