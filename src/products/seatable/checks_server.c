/* Who runs now, and whether it is what the files say. */
#include "products/seatable/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "products/seatable/image.h"
#include "products/seatable/server.h"

CHECK(running)
{
	static const char id[] = "seatable.running";
	const json_t *up;

	if (!need(now, SEA_UP, id, ret, &up))
		return;
	if (json_is_true(up))
		results_add(ret, id, VERDICT_PASS, NULL, "its container runs");
	else
		results_add(ret, id, VERDICT_BLOCK, NULL, "the server's container does not run");
}

/* ---- health ---- */

CHECK(healthy)
{
	static const char id[] = "seatable.healthy";
	const char *server = facts_str(now, SEA_SERVER, ""), *door, *health;
	const json_t *pings, *answer;
	size_t wrong = 0;

	if (!need(now, SEA_PINGS, id, ret, &pings))
		return;
	json_object_foreach((json_t *)pings, door, answer) {
		const char *why = json_string_value(answer);

		if (!why || !*why || !sea_door_is_wanted(door, facts_str(now, SEA_VERSION, NULL)))
			continue;
		results_add(ret, id, VERDICT_BLOCK, door, "%s", why);
		wrong++;
	}
	health = json_str(json_object_get(facts_get(now, SEA_STATES), server), "health", "healthy");
	if (!strcmp(health, "unhealthy"))
		results_add(ret, id, VERDICT_BLOCK, NULL, "docker calls the container unhealthy");
	else if (!wrong)
		results_add(ret, id, VERDICT_PASS, NULL, "every door answers");
}

/* ---- images of every service ---- */

static void judge_service(const char *name, const json_t *wanted, const json_t *runs, struct results *ret)
{
	static const char id[] = "seatable.images";
	autofree char *subject = xasprintf("service %s", name);
	const char *want = json_str(wanted, "reference", "?"), *id_wanted = json_str(wanted, "id", NULL);

	if (!runs || (id_wanted && !strcmp(id_wanted, json_str(runs, "id", ""))))
		return;
	if (id_wanted)
		results_add(ret, id, VERDICT_BLOCK, subject, "the configuration names %s, and %s of another content runs", want,
			    json_str(runs, "reference", "?"));
	else if (strcmp(want, json_str(runs, "reference", "")) != 0)
		results_add(ret, id, VERDICT_BLOCK, subject, "the configuration names %s, which is not on this host, and %s runs", want,
			    json_str(runs, "reference", "?"));
}

CHECK(images)
{
	static const char id[] = "seatable.images";
	const json_t *wanted, *running, *one;
	size_t before = ret->n;
	const char *name;

	if (!need(now, SEA_IMAGES, id, ret, &wanted) || !need(now, SEA_RUNNING, id, ret, &running))
		return;
	json_object_foreach((json_t *)wanted, name, one)
		judge_service(name, one, json_object_get(running, name), ret);
	if (ret->n == before)
		results_add(ret, id, VERDICT_PASS, NULL, "%zu services run what the configuration names", json_object_size(running));
}

CHECK(pending)
{
	const char *untold = facts_why_missing(now, SEA_EDITED);
	bool found = json_array_size(facts_get(now, SEA_PENDING));

	if (!found && facts_bool(now, SEA_EDITED, false))
		results_add(ret, "seatable.pending", VERDICT_WARN, NULL, "something of its definition was edited since its container was made, which is none of "
			    "variables, mounts and ports (labels, networks, limits, its health check): the switch would bring that into force as well");
	else if (!found && untold)
		results_add(ret, "seatable.pending", VERDICT_NOTE, NULL, "no variable, mount or port was edited since its container was made; whether labels, "
			    "networks, limits or its health check were cannot be told: %s", untold);
	else
		judge_members(now, SEA_PENDING, SEA_RUNNING, "seatable.pending", VERDICT_BLOCK, NULL,
			      "the files say otherwise than the container that runs: the switch would bring that into force as well", ret);
}

/* ---- edition and version ---- */

CHECK(edition)
{
	static const char id[] = "seatable.edition";
	const char *edition = need_text(now, SEA_EDITION, id, ret), *source = facts_source(now, SEA_EDITION);

	if (!edition)
		return;
	if (source && !strcmp(source, "source.edition"))
		results_add(ret, id, VERDICT_NOTE, NULL, "%s, by your word alone", edition);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s, by %s", edition, source ? source : "?");
}

CHECK(edition_agrees)
{
	static const char id[] = "seatable.edition-agrees";
	const json_t *says, *named;
	const char *said, *name;

	if (!need(now, SEA_SAYS, id, ret, &says) || !need(now, SEA_NAMED, id, ret, &named))
		return;
	said = sea_edition_of(json_str(says, "edition", NULL));
	name = json_str(named, "edition", NULL);
	if (said && name && strcmp(said, name) != 0)
		results_add(ret, id, VERDICT_WARN, NULL, "the server calls itself '%s', and its image is that of %s: an IS_PRO_VERSION of the other "
			    "edition in dtable_web_settings.py, or an image under a wrong name", json_str(says, "edition", ""), name);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", json_str(says, "edition", "?"));
}

/* What the patch is, nobody but the server knows for sure. */
static bool same_minor(const char *a, const char *b)
{
	struct sea_version v, w;

	return !sea_version_parse(a, &v) || !sea_version_parse(b, &w) || sea_version_same_minor(&v, &w);
}

static bool judge_source(const char *said, const char *other, const char *what, bool patch, struct results *ret)
{
	static const char id[] = "seatable.version-agrees";

	if (!other || (!patch && same_minor(said, other)) || (patch && !strcmp(said, other + (other[0] == 'v'))))
		return true;
	results_add(ret, id, VERDICT_WARN, what, "it says %s, and the server %s", other, said);
	return false;
}

CHECK(version_agrees)
{
	static const char id[] = "seatable.version-agrees";
	const char *said = need_text(now, SEA_VERSION, id, ret);
	const json_t *named;
	bool agree;

	if (!said || !need(now, SEA_NAMED, id, ret, &named))
		return;
	agree = judge_source(said, json_str(named, "tag", NULL), "tag of the image", true, ret);
	agree &= judge_source(said, json_str(named, "image", NULL), "server_version of the image", true, ret);
	agree &= judge_source(said, json_str(named, "volume", NULL), "current_version.txt in the data", false, ret);
	if (agree)
		results_add(ret, id, VERDICT_PASS, NULL, "%s", said);
}

CHECK(source_tag)
{
	static const char id[] = "seatable.source-tag";
	const json_t *image;

	if (!need(now, SEA_IMAGE, id, ret, &image))
		return;
	if (json_str(image, "version", NULL))
		results_add(ret, id, VERDICT_PASS, NULL, "%s", json_str(image, "reference", "?"));
	else
		results_add(ret, id, VERDICT_WARN, NULL, "%s names no version: today it is %s, after the next pull perhaps another",
			    json_str(image, "reference", "?"), facts_str(now, SEA_VERSION, "not known"));
}

static bool ends_with(const char *name, const char *end)
{
	return sv_ends(sv_of(name), end);
}

/* The minor that a companion of this server is of, from whatever registry: the server's own, or by the table of releases; NULL: it has numbers of
 * its own, or none that is known. */
static const char *minor_of_companion(const char *name, const char *version)
{
	struct sea_version v;

	if (ends_with(name, "seatable/seatable-ai") || ends_with(name, "seatable/custom-app-server") || ends_with(name, "seatable/seatable-html-server"))
		return version;
	if (ends_with(name, "seatable/seatable-python-scheduler") || ends_with(name, "seatable/seatable-python-starter") ||
	    ends_with(name, "seatable/seatable-python-runner"))
		return sea_version_parse(version, &v) ? sea_version_python(&v) : NULL;
	return NULL;
}

/* "6.1.8" and "4.3" are of a minor each. */
static bool is_of_minor(const struct sea_version *tag, const char *minor)
{
	int major, n;

	return sscanf(minor, "%d.%d", &major, &n) != 2 || (tag->major == major && tag->minor == n);
}

CHECK(companions)
{
	static const char id[] = "seatable.companions";
	const char *version = need_text(now, SEA_VERSION, id, ret), *name;
	const json_t *images, *one;
	size_t before;

	if (!version || !need(now, SEA_IMAGES, id, ret, &images))
		return;
	before = ret->n;
	json_object_foreach((json_t *)images, name, one) {
		autofree char *subject = xasprintf("service %s", name);
		struct sea_image i = { 0 };
		const char *minor = sea_image_parse(json_str(one, "reference", NULL), &i) && i.pinned ? minor_of_companion(i.name, version) : NULL;

		if (minor && !is_of_minor(&i.version, minor))
			results_add(ret, id, VERDICT_WARN, subject, "it is %s, and the server %s%s%s", i.tag, version,
				    strcmp(minor, version) ? ", which goes with " : "", strcmp(minor, version) ? minor : "");
	}
	if (ret->n == before)
		results_add(ret, id, VERDICT_PASS, NULL, "none of another minor release");
}

CHECK(connections)
{
	static const char id[] = "seatable.connections";

	if (sea_goes_to(now, to, SEA_DEVELOPER, id, ret))
		results_add(ret, id, VERDICT_NOTE, NULL, "Developer Edition serves 200 connections at a time; how many there are at most is not known");
}

/* ---- a client of ours ---- */

static bool says_why(const json_t *client, const char *part, enum verdict v, const char *id, struct results *ret)
{
	const json_t *failed = json_object_get(json_object_get(client, "failed"), part);

	if (failed)
		results_add(ret, id, v, NULL, "%s", json_str(failed, "why", "?"));
	return failed;
}

/* What a login before the switch cannot do proves nothing after it. */
CHECK(probe)
{
	static const char id[] = "seatable.probe";
	const json_t *client;

	if (!need(now, SEA_CLIENT, id, ret, &client))
		return;
	if (!json_bool(client, "asked", false))
		not_asked(id, "no 'settings.probe': a login, a base and an attachment will not be proved", ret);
	else if (!says_why(client, "login", VERDICT_BLOCK, id, ret) && !says_why(client, "base", VERDICT_BLOCK, id, ret) &&
		 !says_why(client, "rows", VERDICT_WARN, id, ret) && !says_why(client, "file", VERDICT_NOTE, id, ret))
		results_add(ret, id, VERDICT_PASS, NULL, "it opens the base and fetches '%s'",
			    json_str(json_object_get(client, "file"), "path", "?"));
}
