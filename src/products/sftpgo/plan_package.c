/* Where the installation is a package: the package manager makes the change, with both packages in our hands before. */
#include "base/path.h"
#include "products/sftpgo/draft.h"

#include <string.h>

#include "base/mem.h"
#include "svc/packager.h"

/* Who makes the change. */
static const struct packager_ops *manager(const struct draft *d)
{
	return packager_named(json_str(facts_get(d->now, SF_PACKAGE), "manager", ""));
}

bool sftpgo_draft_is_package(const struct draft *d)
{
	return d->at.taking == TAKE_PACKAGE;
}

/* The server's package, then those of its plugins. */
static const json_t *artifact_at(const struct draft *d, size_t i)
{
	return i ? json_array_get(facts_get(d->now, SF_MORE), i - 1) : d->change.artifact;
}

static json_t *new_packages(const struct draft *d)
{
	json_t *list = json_array();
	const json_t *a;

	for (size_t i = 0; (a = artifact_at(d, i)); i++) {
		const json_t *package = json_object_get(a, "package");

		json_array_append_new(list, json_pack("{sO sO sO sO sO}", "name", json_object_get(package, "name"), "version",
						      json_object_get(package, "version"), "arch", json_object_get(package, "arch"),
						      "file", json_object_get(a, "path"), "sha256", json_object_get(a, "sha256")));
	}
	return list;
}

static json_t *old_packages(const struct draft *d)
{
	json_t *list = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)facts_get(d->now, SF_PACKAGES), i, one)
	{
		const json_t *by = json_object_get(one, "secured_by");

		if (by)
			json_array_append_new(list, json_pack("{sO sO sO sO sO*}", "name", json_object_get(one, "name"), "version",
							      json_object_get(one, "version"), "arch", json_object_get(one, "arch"),
							      "how", json_object_get(by, "how"), "file", json_object_get(by, "file")));
	}
	return list;
}

void sftpgo_draft_stage_packages(struct draft *d)
{
	json_object_set_new(d->roots, "system", json_string("/"));
	json_object_set_new(d->roots, "packages", json_string(json_str(facts_get(d->now, SF_PACKAGE), "database", "")));
	sftpgo_draft_step(d, PHASE_STAGE, "stage", "package_stage", STEP_AGAIN,
			  json_pack("{ss so so}", "manager", manager(d)->name, "new", new_packages(d), "old", old_packages(d)),
			  "the old package may not be had any more once the new one is installed");
}

static json_t *changes(const struct draft *d)
{
	json_t *list = json_array();
	const json_t *a;

	for (size_t i = 0; (a = artifact_at(d, i)); i++) {
		const json_t *package = json_object_get(a, "package"), *old = json_array_get(facts_get(d->now, SF_PACKAGES), i);

		json_array_append_new(list, json_pack("{sO sO* sO}", "name", json_object_get(package, "name"), "was",
						      json_object_get(old, "version"), "to", json_object_get(package, "version")));
	}
	return list;
}

static bool in_point(const struct draft *d, const char *path)
{
	return window_copies(d->to) && path_is_below(path, facts_str(d->now, SF_ROOT, NULL));
}

/* Those that are installed now; one that only the new package brings is new, and taken away by nobody. */
static json_t *conffiles(const struct draft *d)
{
	json_t *list = json_array();
	const json_t *a, *path;

	for (size_t i = 0; (a = artifact_at(d, i)); i++) {
		const json_t *old = json_array_get(facts_get(d->now, SF_PACKAGES), i);
		const json_t *theirs = json_object_get(json_object_get(a, "package"), "conffiles");
		size_t k;

		json_array_foreach(json_object_get(old, "conffiles"), k, path)
		{
			const char *name = json_string_value(path);

			json_array_append_new(list, json_pack("{so ss sb}", "file", place_of("system", name + 1), "theirs",
							      json_str(theirs, name, ""), "in_point", (int)in_point(d, name)));
		}
	}
	return list;
}

void sftpgo_draft_install(struct draft *d)
{
	sftpgo_draft_step(d, PHASE_CHANGE, "install", "package_install", STEP_IN_WINDOW,
			  json_pack("{ss so so so so so so so so so so so}", "manager", manager(d)->name, "packages", changes(d), "new",
				    plan_from("stage", "new"), "old", plan_from("stage", "old"), "marks", plan_from("stage", "marks"),
				    "odd", plan_from("stage", "odd"), "edits", plan_from("stage", "edits"), "looks", plan_from("stage", "looks"), "old_conffiles",
				    plan_from("stage", "conffiles"), "strays", plan_from("stage", "strays"), "conffiles", conffiles(d),
				    "program", place_of("system", facts_str(d->now, SF_PROGRAM, "/") + 1)),
			  "its scripts restart the service, which the hold prevents; edited or not, configuration files are kept");
	sftpgo_draft_source_on(d);
	sftpgo_draft_step(d, PHASE_CHANGE, "reload", "service_reload", STEP_IN_WINDOW, json_object(),
			  "the package may bring another unit");
}

void sftpgo_draft_package_notes(struct draft *d)
{
	const struct packager_ops *ops = manager(d);
	const json_t *one;
	size_t i;

	plan_note(d->plan, "configuration files stay as they are, also those that were never edited: what the new package brings lies "
		  "beside them as FILE%s", ops->beside);
	sftpgo_draft_source_notes(d);
	json_array_foreach((json_t *)facts_get(d->now, SF_PACKAGES), i, one)
	{
		const json_t *by = json_object_get(one, "secured_by");
		const char *file = json_str(by, "file", NULL);
		bool repack = !strcmp(json_str(by, "how", ""), "repack");

		if (by)
			plan_note(d->plan, "the installed package %s %s is kept for the way back: %s %s", json_str(one, "name", "?"),
				  json_str(one, "version", "?"),
				  file ? "a copy of" : repack ? "made from what is installed, by" : "downloaded by",
				  file ? file : repack ? ops->repacker : ops->front->name);
	}
}
