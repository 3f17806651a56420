/* Files then and now: the release, the configuration, and what the data folders hold. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "engine/need.h"
#include "products/seatable/baseline.h"
#include "products/seatable/baseline_files.h"
#include "products/seatable/content.h"
#include "products/seatable/dumps.h"
#include "products/seatable/verify.h"

#define RULE_SINCE   "seatable.written-since"
#define RULE_PATCH   "seatable.release-patch"
#define RULE_PLUGINS "seatable.plugins-repo"

static void compare_release(struct sea_proof *p)
{
	const char *was = facts_str(p->frozen, BASE_RELEASE, NULL), *is = facts_str(p->now, BASE_RELEASE, NULL);

	if (!was || !is)
		cmp_add(p->ret, CMP_UNPROVED, "data", "current_version.txt", was, is, NULL, "it cannot be read");
	else if (strcmp(was, is) != 0 && !dumps_release_moved(was, is))
		cmp_add(p->ret, CMP_EXPLAINED, "data", "current_version.txt", was, is, RULE_PATCH, NULL);
	else
		cmp_text(p->ret, "data", "current_version.txt", was, is);
}

/* Its keys and addresses stay: a start appends to it, and nothing else. */
static void compare_settings(struct sea_proof *p, const char *subject)
{
	const char *was = facts_str(p->frozen, BASE_SETTINGS, NULL), *is = facts_str(p->now, BASE_SETTINGS, NULL);

	if (!was || !is)
		sea_unproved(p, subject, "content", facts_why_missing(was ? p->now : p->frozen, BASE_SETTINGS));
	else if (!strcmp(was, is))
		cmp_add(p->ret, CMP_EXPLAINED, subject, "content", NULL, NULL, RULE_PLUGINS, NULL);
	else
		sea_moved(p, subject, "content", was, is, "more than PLUGINS_REPO_ID is another: somebody can have edited it");
}

static void compare_conf(struct sea_proof *p)
{
	const json_t *now = facts_get(p->now, BASE_CONF), *was;
	const char *name;

	json_object_foreach((json_t *)facts_get(p->frozen, BASE_CONF), name, was)
	{
		const json_t *is = json_object_get(now, name);
		autofree char *subject = xasprintf("configuration %s", name);

		if (!strcmp(name, "current_version.txt"))
			continue;
		if (json_equal(was, is))
			cmp_same(p->ret, 1);
		else if (is && !strcmp(name, SEA_SETTINGS))
			compare_settings(p, subject);
		else
			sea_moved(p, subject, "content", json_string_value(was), json_string_value(is), "somebody can have edited it");
	}
}

/* As many files as before can be other ones; and a base that is written anew can be a little smaller. */
static bool shrank(const json_t *was, const json_t *is)
{
	int64_t before = json_int(was, "bytes", 0);

	return json_int(is, "bytes", 0) < before - before / 10;
}

static void say_shrunk(struct sea_proof *p, const char *subject, const json_t *was, const json_t *is)
{
	char before[32], after[32];

	human_bytes(json_int(was, "bytes", 0), before);
	human_bytes(json_int(is, "bytes", 0), after);
	sea_lost(p, false, subject, "bytes", before, after, "more than a tenth fewer than before: users can have deleted them");
}

static void compare_folders(struct sea_proof *p)
{
	const char *missing = facts_why_missing(p->frozen, BASE_FOLDERS) ?: facts_why_missing(p->now, BASE_FOLDERS), *name;
	const json_t *now = facts_get(p->now, BASE_FOLDERS), *was;

	if (missing) {
		sea_unproved(p, "data folders", "files", missing);
		return;
	}
	sea_unread(p, BASE_UNWALKED, "folder", "files");
	json_object_foreach((json_t *)facts_get(p->frozen, BASE_FOLDERS), name, was)
	{
		const json_t *is = json_object_get(now, name);
		int64_t before = json_int(was, "files", 0), after = json_int(is, "files", -1);
		autofree char *subject = xasprintf("folder %s", name);
		autofree char *a = xasprintf("%" PRId64 " files", before), *b = xasprintf("%" PRId64 " files", after);
		const char *unwalked = json_str(facts_get(p->now, BASE_UNWALKED), name, NULL);

		if (unwalked)
			sea_unproved(p, subject, "files", unwalked);
		else if (json_equal(was, is))
			cmp_same(p->ret, (uint64_t)before);
		else if (after < before)
			sea_lost(p, after <= 0, subject, "files", a, b, "fewer than before: users can have deleted them");
		else if (shrank(was, is))
			say_shrunk(p, subject, was, is);
		else
			cmp_add(p->ret, CMP_EXPLAINED, subject, "files", a, b, RULE_SINCE, NULL);
	}
}

/* ---- what files hold ---- */

static void say_rotted(struct sea_proof *p, const char *folder, const char *rel)
{
	autofree char *subject = xasprintf("file %s/%s", folder, rel);

	cmp_add(p->ret, p->to ? CMP_DIFFERENT : CMP_UNPROVED, subject, "content", NULL, NULL, NULL,
		"nobody wrote to it by its size and time, and it holds something else");
}

static void say_lost(struct sea_proof *p, const char *folder, size_t n, size_t of, const char *first)
{
	autofree char *subject = xasprintf("folder %s", folder);
	autofree char *why = xasprintf("%zu of the %zu that were read before are gone, empty, or not what their name stands for; users, or the "
				       "server as it clears up, can have deleted them; the first: %s", n, of, first);

	sea_unproved(p, subject, "files read before", why);
}

/* One that somebody wrote to is told by its folder; and so is one of a folder that is not there, or could not be walked. */
static uint64_t compare_content(struct sea_proof *p, const char *folder, const json_t *then, const json_t *now)
{
	const json_t *is = json_object_get(now, "files"), *all = json_object_get(then, "files"), *was;
	const char *rel, *first = NULL;
	uint64_t same = 0;
	size_t lost = 0;

	json_object_foreach((json_t *)all, rel, was)
	{
		const char *text = json_str(is, rel, "");

		same += !strcmp(text, json_string_value(was));
		if (sea_content_rotted(json_string_value(was), text))
			say_rotted(p, folder, rel);
		else if (is && sea_content_lost(folder, rel, json_string_value(was), text) && !lost++)
			first = rel;
	}
	if (lost)
		say_lost(p, folder, lost, json_object_size(all), first);
	return same;
}

static void compare_contents(struct sea_proof *p)
{
	const char *folder;
	const json_t *then;

	json_object_foreach((json_t *)facts_get(p->frozen, BASE_CONTENT), folder, then)
	{
		autofree char *subject = xasprintf("folder %s", folder);
		autofree char *why = xasprintf("a sample was read, %zu files of %" PRId64 "; of the rest names, sizes and times were compared",
					       json_object_size(json_object_get(then, "files")),
					       json_int(json_object_get(facts_get(p->frozen, BASE_FOLDERS), folder), "files", 0));

		cmp_same(p->ret, compare_content(p, folder, then, json_object_get(facts_get(p->now, BASE_CONTENT), folder)));
		if (!json_bool(then, "whole", false))
			sea_unproved(p, subject, "content", why);
	}
}

void sea_compare_files(struct sea_proof *p)
{
	compare_release(p);
	compare_conf(p);
	if (sea_at_gate(p))
		return;
	compare_folders(p);
	compare_contents(p);
}
