/* The new build, where it goes, and the way back. */
#include "products/sftpgo/checks.h"

#include <string.h>

#include "base/mem.h"
#include "engine/plan_window.h"
#include "engine/restore_point.h"
#include "products/sftpgo/doors.h"
#include "svc/packager.h"

#define MARGIN (256ll << 20) /* beside a tenth: journals of the file system, the copy's own records */

/* It is not run here: its digest is what the procedure compares. */
static void judge_installer(const struct facts *now, const struct goal *to, struct results *ret)
{
	static const char id[] = "sftpgo.artifact";
	const json_t *a;

	if (to && !goal_artifact(to, 0))
		results_add(ret, id, VERDICT_WARN, NULL, "none is given: the procedure cannot tell the new installer's digest");
	else if (!need(now, SF_ARTIFACT, id, ret, &a))
		return;
	else if (strcmp(json_str(a, "form", "?"), "installer") != 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "it is a %s, and no installer for Windows", json_str(a, "form", "?"));
	else
		results_add(ret, id, VERDICT_PASS, NULL, "an installer for Windows, SHA-256 %s", json_str(a, "sha256", "?"));
}

/* Known by its name; whether it is to be had is asked elsewhere. */
static void judge_image(const json_t *a, struct results *ret)
{
	static const char id[] = "sftpgo.artifact";
	const char *image = json_str(a, "path", "?"), *version = json_str(a, "version", NULL);

	if (version)
		results_add(ret, id, VERDICT_PASS, NULL, "image '%s', SFTPGo %s", image, version);
	else
		results_add(ret, id, VERDICT_BLOCK, NULL, "image '%s': its tag tells no version, and neither does target.version", image);
}

CHECK(artifact)
{
	static const char id[] = "sftpgo.artifact";
	const char *form, *finding;
	const json_t *a;

	if (sftpgo_by_hand(now)) {
		judge_installer(now, to, ret);
		return;
	}
	if (!need(now, SF_ARTIFACT, id, ret, &a))
		return;
	form = json_str(a, "form", "?");
	finding = json_str(a, "finding", NULL);
	if (!strcmp(form, "image"))
		judge_image(a, ret);
	else if (strcmp(form, "archive") != 0 && !packager_of_form(form))
		results_add(ret, id, VERDICT_BLOCK, NULL, "it is no archive, no .deb and no .rpm");
	else if (finding)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", finding);
	else if (!json_str(a, "version", NULL))
		results_add(ret, id, VERDICT_BLOCK, NULL, "there is no program 'sftpgo' in it; name the server's package first");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "SFTPGo %s for %s", json_str(a, "version", "?"),
			    json_str(a, "arch", "?"));
}

static void judge_word(const char *what, const char *want, const char *is, struct results *ret)
{
	static const char id[] = "sftpgo.artifact-version";

	if (want && strcmp(want, is) != 0)
		results_add(ret, id, VERDICT_BLOCK, what, "the goal says %s, the artifact %s", want, is);
	else
		results_add(ret, id, VERDICT_PASS, what, "%s", is);
}

/* Packages of plugins, beside the server's, for the same manager. */
CHECK(more_artifacts)
{
	static const char id[] = "sftpgo.more-artifacts";
	const char *form = json_str(facts_get(now, SF_ARTIFACT), "form", "");
	const json_t *all, *one;
	size_t i;

	if (sftpgo_by_hand(now) && !facts_get(now, SF_MORE)) {
		not_asked(id, "one installer brings all", ret);
		return;
	}
	if (!need_if_any(now, SF_MORE, SF_ARTIFACT, id, ret, &all))
		return;
	json_array_foreach((json_t *)all, i, one)
	{
		const char *finding = json_str(one, "finding", NULL), *path = json_str(one, "path", "?");

		if (!packager_of_form(form) || strcmp(json_str(one, "form", ""), form) != 0)
			results_add(ret, id, VERDICT_BLOCK, path, "it is no package of the server's kind");
		else
			results_add(ret, id, finding ? VERDICT_BLOCK : VERDICT_PASS, path, "%s",
				    finding ? finding : json_str(json_object_get(one, "package"), "name", "?"));
	}
	if (!all)
		results_add(ret, id, VERDICT_PASS, NULL, "none");
}

CHECK(artifact_version)
{
	static const char id[] = "sftpgo.artifact-version";
	const json_t *a;

	if (sftpgo_by_hand(now) && to && !goal_artifact(to, 0)) {
		not_asked(id, "no installer is given", ret);
		return;
	}
	if (!need(now, SF_ARTIFACT, id, ret, &a))
		return;
	if (!json_str(a, "version", NULL)) {
		untold_by(now, SF_ARTIFACT, id, "the artifact does not tell its version", ret);
		return;
	}
	judge_word("version", to ? goal_version(to) : NULL, json_str(a, "version", ""), ret);
	judge_word("edition", to ? goal_edition(to) : NULL, json_str(a, "edition", ""), ret);
}

/* One that was fetched was judged by its keyring. */
static void judge_signature(const struct facts *now, const json_t *artifact, struct results *ret)
{
	static const char id[] = "sftpgo.signature";
	const json_t *package = json_object_get(artifact, "package");
	const char *is = json_str(package, "signature", ""), *name = json_str(package, "name", "?");

	if (!strcmp(is, "good"))
		results_add(ret, id, VERDICT_PASS, name, "by a key that rpm has");
	else if (!strcmp(is, "unknown key") && facts_get(now, SF_REPOSITORY))
		results_add(ret, id, VERDICT_PASS, name, "by a key of target.package.repository.keyring; rpm has none");
	else if (!strcmp(is, "wrong"))
		results_add(ret, id, VERDICT_BLOCK, name, "it is wrong: this is not what was signed");
	else if (!strcmp(is, "unknown key"))
		results_add(ret, id, VERDICT_WARN, name, "by a key that rpm does not have: it proves nothing here");
	else
		results_add(ret, id, VERDICT_WARN, name, "none");
}

/* Only an .rpm has one in it. */
CHECK(signature)
{
	static const char id[] = "sftpgo.signature";
	const json_t *a, *one;
	size_t i;

	if (sftpgo_by_hand(now) && to && !goal_artifact(to, 0)) {
		not_asked(id, "no installer is given", ret);
		return;
	}
	if (!need(now, SF_ARTIFACT, id, ret, &a))
		return;
	if (strcmp(json_str(a, "form", ""), "rpm") != 0) {
		not_asked(id, "no .rpm", ret);
		return;
	}
	if (!json_object_get(a, "package")) {
		untold_by(now, SF_ARTIFACT, id, "it could not be read", ret);
		return;
	}
	judge_signature(now, a, ret);
	json_array_foreach((json_t *)facts_get(now, SF_MORE), i, one)
		judge_signature(now, one, ret);
}

static void judge_archive(const struct facts *now, struct results *ret)
{
	static const char id[] = "sftpgo.install-kind";
	const struct packager_ops *ops = packager_of_form(json_str(facts_get(now, SF_ARTIFACT), "form", ""));

	if (ops)
		results_add(ret, id, VERDICT_BLOCK, NULL, "'%s' is of no package of %s, and the artifact is one",
			    facts_str(now, SF_PROGRAM, "?"), ops->name);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "an archive in '%s'", facts_str(now, SF_INSTALL, "?"));
}

/* Its scripts restart the unit: only that of a service that can be held is kept from starting. */
static void judge_package(const struct facts *now, struct results *ret)
{
	static const char id[] = "sftpgo.install-kind";
	const json_t *package = facts_get(now, SF_PACKAGE);
	const char *manager = json_str(package, "manager", "?"), *name = json_str(package, "name", "?");
	const char *version = json_str(package, "version", "?"), *service = facts_str(now, SF_SERVICE_KIND, "?");
	const char *form = json_str(facts_get(now, SF_ARTIFACT), "form", NULL);
	const struct packager_ops *ops = packager_named(manager), *brings = form ? packager_of_form(form) : ops;

	if (ops && !brings)
		results_add(ret, id, VERDICT_BLOCK, NULL, "package %s %s, and the artifact is none", name, version);
	else if (!ops || ops != brings)
		results_add(ret, id, VERDICT_BLOCK, NULL, "package %s %s of %s, and the artifact is one of %s", name, version, manager,
			    brings ? brings->name : "?");
	else if (strcmp(service, "systemd") != 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "package %s %s, run as %s: a package's scripts start its unit", name, version,
			    service);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "package %s %s%s", name, version,
			    json_bool(package, "held", false) ? ", on hold" : "");
}

CHECK(install_kind)
{
	static const char id[] = "sftpgo.install-kind";
	const char *kind = need_text(now, SF_KIND, id, ret);

	if (!kind || left_to_hand(now, id, "the plan is a procedure for a person, and apply refuses it", ret))
		return;
	if (!strcmp(kind, "archive"))
		judge_archive(now, ret);
	else if (!strcmp(kind, "container"))
		results_add(ret, id, VERDICT_PASS, NULL, "a container: its image brings the program");
	else if (facts_get(now, SF_PACKAGE))
		judge_package(now, ret);
	else
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s; this version of crossgrade carries archives, packages and containers", kind);
}

/* rpm cannot make a package of what is installed: the repackaging of old is gone since 4.6. */
static void judge_not_had(const struct facts *now, const char *name, const char *version, struct results *ret)
{
	static const char id[] = "sftpgo.old-package";
	const struct packager_ops *ops = packager_named(json_str(facts_get(now, SF_PACKAGE), "manager", "dpkg"));

	if (ops && !ops->repacker)
		results_add(ret, id, VERDICT_BLOCK, name, "%s is in no cache and no repository that %s knows, and %s cannot make it of "
			    "what is installed", version, ops->front->name, ops->name);
	else
		results_add(ret, id, VERDICT_BLOCK, name, "%s is in no cache, no repository that %s knows, and %s is not installed",
			    version, ops ? ops->front->name : "?", ops ? ops->repacker : "?");
}

/* Without it the way back brings the program's folder back, and makes the service anew. */
static void judge_old_installer(const struct facts *now, struct results *ret)
{
	static const char id[] = "sftpgo.old-package";
	const char *why = facts_why_missing(now, SF_OLD_INSTALLER), *version = facts_str(now, SF_VERSION, "?");
	const json_t *old = facts_get(now, SF_OLD_INSTALLER);

	if (why)
		results_add(ret, id, VERDICT_UNSURE, NULL, "%s", why);
	else if (!old)
		results_add(ret, id, VERDICT_WARN, NULL, "source.package_file names no installer of %s: keep one", version);
	else if (strcmp(json_str(old, "form", "?"), "installer") != 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "it is a %s, and no installer for Windows", json_str(old, "form", "?"));
	else if (strcmp(json_str(old, "version", "?"), version) != 0)
		results_add(ret, id, VERDICT_UNSURE, NULL, "by its name it is of %s, and %s is installed",
			    json_str(old, "version", "no known version"), version);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "the installer of %s, SHA-256 %s", version, json_str(old, "sha256", "?"));
}

CHECK(old_package)
{
	static const char id[] = "sftpgo.old-package";
	const json_t *all, *one;
	size_t i;

	if (sftpgo_by_hand(now)) {
		judge_old_installer(now, ret);
		return;
	}
	if (!need_if_any(now, SF_PACKAGES, SF_KIND, id, ret, &all))
		return;
	json_array_foreach((json_t *)all, i, one)
	{
		const char *version = json_str(one, "version", NULL), *status = json_str(one, "status", "?");
		const json_t *by = json_object_get(one, "secured_by");

		if (!version)
			results_add(ret, id, VERDICT_NOTE, json_str(one, "name", "?"), "not installed; a way back removes it");
		else if (strcmp(status, "installed") != 0)
			results_add(ret, id, VERDICT_BLOCK, json_str(one, "name", "?"), "%s is %s", version, status);
		else if (!by)
			judge_not_had(now, json_str(one, "name", "?"), version, ret);
		else
			results_add(ret, id, VERDICT_PASS, json_str(one, "name", "?"), "%s by %s", version,
				    json_str(by, "file", json_str(by, "how", "?")));
	}
	if (!all)
		not_asked(id, "not by a package", ret);
}

CHECK(restore_point)
{
	static const char id[] = "sftpgo.restore-point";
	const char *kind = to ? json_str(to->restore_point, "kind", "tree") : "tree";

	if (left_to_hand(now, id, "the procedure copies folder and program, and compares the database", ret))
		return;
	if (!to)
		results_add(ret, id, VERDICT_UNSURE, NULL, "no goal was given");
	else if (!strcmp(kind, "tree"))
		results_add(ret, id, VERDICT_PASS, NULL, "a copy of configuration and database, proved before the switch");
	else if (!strcmp(kind, "snapshot"))
		results_add(ret, id, VERDICT_NOTE, NULL, "the operator's snapshot; not proved by us");
	else
		results_add(ret, id, VERDICT_WARN, NULL, "'%s': no way back for the database after the target's first start",
			    kind);
}

CHECK(scope)
{
	judge_members(now, SF_SCOPE_BAD, SF_SCOPE, "sftpgo.scope", VERDICT_BLOCK, "users' files", "", ret);
}

static bool same_device(const json_t *a, const json_t *b)
{
	return json_equal(json_object_get(a, "dev"), json_object_get(b, "dev"));
}

/* Of the roots on the file system of one of them, or of all (NULL). */
static int64_t bytes_on(const json_t *all, const json_t *one)
{
	const json_t *room;
	const char *name;
	int64_t sum = 0;

	json_object_foreach((json_t *)all, name, room)
		if (!one || room == one || (json_object_get(one, "dev") && same_device(room, one)))
			sum += json_int(room, "bytes", 0);
	return sum;
}

static void judge_room(const char *id, const char *name, const json_t *room, int64_t bytes, struct results *ret)
{
	int64_t free = json_int(room, "free", 0), reserve = json_int(room, "reserve", 0);
	int64_t wanted = bytes + bytes / 10 + MAX_OF(MARGIN, reserve);
	const char *above = json_str(room, "above", NULL);
	char need_text_[32], free_text[32];

	human_bytes(wanted, need_text_);
	human_bytes(free, free_text);
	results_add(ret, id, free < wanted ? VERDICT_BLOCK : VERDICT_PASS, name, "%s wanted, %s free%s%s%s", need_text_, free_text,
		    above ? "; it is not there: the run makes it, on the file system of '" : "", above ? above : "", above ? "'" : "");
}

/* It comes beside the root before it is exchanged. */
static void judge_way_back(const char *id, const char *name, const json_t *room, int64_t bytes, struct results *ret)
{
	int64_t free = json_int(room, "free", 0), wanted = point_room_staged(bytes);
	char need_text_[32], free_text[32];

	human_bytes(wanted, need_text_);
	human_bytes(free, free_text);
	if (wanted <= free)
		results_add(ret, id, VERDICT_PASS, name, "%s wanted by the way back, %s free", need_text_, free_text);
	else
		results_add(ret, id, VERDICT_WARN, name,
			    "%s wanted by the way back, %s free: only the restore in place fits, which wants --accept-in-place-restore",
			    need_text_, free_text);
}

CHECK(room)
{
	static const char id[] = "sftpgo.room";
	const json_t *all, *room, *store;
	const char *name;

	if (left_to_hand(now, id, "the copies need as much as folder and program have", ret))
		return;
	if (!need(now, SF_ROOM, id, ret, &all))
		return;
	store = json_object_get(all, "store");
	if (store)
		judge_room(id, "store", store, bytes_on(all, NULL), ret);
	json_object_foreach((json_t *)all, name, room)
		if (!store)
			judge_room(id, name, room, bytes_on(all, room), ret);
		else if (!point_exchanges(store, room))
			judge_way_back(id, name, room, bytes_on(all, room), ret);
}

void sftpgo_losses(const struct facts *now, const struct goal *to, struct plan *ret)
{
	struct results found = { 0 };
	struct change c;

	sftpgo_change(now, to, &c);
	if (c.nothing || !window_copies(to))
		return;
	sftpgo_check_room(now, to, &found);
	if (results_warn(&found))
		plan_loss_in_place(ret);
	results_done(&found);
}

CHECK(gate)
{
	static const char id[] = "sftpgo.gate";
	const char *asked = to ? goal_setting(to, "gate", NULL) : NULL;
	const char *path = doors_socket(facts_get(now, SF_DOORS));
	const json_t *usable;

	if (left_to_hand(now, id, "clients come in with the first start", ret))
		return;
	if (asked && !strcmp(asked, "none")) {
		results_add(ret, id, VERDICT_NOTE, NULL, "none asked for: clients come in with the first start");
		return;
	}
	if (sftpgo_publishes(now)) {
		results_add(ret, id, asked ? VERDICT_BLOCK : VERDICT_WARN, NULL,
			    "none can be closed before a container: what docker publishes goes past it");
		return;
	}
	if (path) {
		results_add(ret, id, asked ? VERDICT_BLOCK : VERDICT_WARN, NULL, "none can be closed before the socket '%s', which clients come in by",
			    path);
		return;
	}
	if (!need(now, SF_NFT, id, ret, &usable))
		return;
	if (json_is_true(usable))
		results_add(ret, id, VERDICT_PASS, NULL, "clients are kept out until the gate checks passed");
	else
		results_add(ret, id, asked ? VERDICT_BLOCK : VERDICT_WARN, NULL, "no gate can be closed here: %s",
			    facts_str(now, SF_NFT_WHY, "?"));
}
