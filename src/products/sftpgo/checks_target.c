/* The new build, where it goes, and the way back. */
#include "products/sftpgo/checks.h"

#include <string.h>

#define MARGIN (256ll << 20) /* beside a tenth: journals of the file system, the copy's own records */

CHECK(artifact)
{
	static const char id[] = "sftpgo.artifact";
	const char *form, *finding;
	const json_t *a;

	if (!need(now, SF_ARTIFACT, id, ret, &a))
		return;
	form = json_str(a, "form", "?");
	finding = json_str(a, "finding", NULL);
	if (strcmp(form, "archive") != 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "it is a %s; this version of crossgrade carries archives", form);
	else if (finding)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", finding);
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

CHECK(artifact_version)
{
	static const char id[] = "sftpgo.artifact-version";
	const json_t *a;

	if (!need(now, SF_ARTIFACT, id, ret, &a))
		return;
	if (!json_str(a, "version", NULL)) {
		results_add(ret, id, VERDICT_UNSURE, NULL, "the artifact does not tell its version");
		return;
	}
	judge_word("version", to ? goal_version(to) : NULL, json_str(a, "version", ""), ret);
	judge_word("edition", to ? goal_edition(to) : NULL, json_str(a, "edition", ""), ret);
}

CHECK(install_kind)
{
	static const char id[] = "sftpgo.install-kind";
	const char *kind = need_text(now, SF_KIND, id, ret);
	const json_t *package = facts_get(now, SF_PACKAGE);

	if (!kind)
		return;
	if (!strcmp(kind, "archive"))
		results_add(ret, id, VERDICT_PASS, NULL, "an archive in '%s'", facts_str(now, SF_INSTALL, "?"));
	else if (package)
		results_add(ret, id, VERDICT_BLOCK, NULL, "package %s %s (%s); this version of crossgrade carries archives",
			    json_str(package, "name", "?"), json_str(package, "version", "?"),
			    json_str(package, "manager", "?"));
	else
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s; this version of crossgrade carries archives", kind);
}

CHECK(restore_point)
{
	static const char id[] = "sftpgo.restore-point";
	const char *kind = to ? json_str(to->restore_point, "kind", "tree") : "tree";

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

CHECK(room)
{
	static const char id[] = "sftpgo.room";
	const json_t *all, *room;
	const char *name;

	if (!need(now, SF_ROOM, id, ret, &all))
		return;
	json_object_foreach((json_t *)all, name, room)
	{
		int64_t bytes = json_int(room, "bytes", 0), free = json_int(room, "free", 0);
		int64_t wanted = bytes + bytes / 10 + MARGIN;
		char need_text_[32], free_text[32];

		human_bytes(wanted, need_text_);
		human_bytes(free, free_text);
		results_add(ret, id, free < wanted ? VERDICT_BLOCK : VERDICT_PASS, name, "%s wanted, %s free", need_text_,
			    free_text);
	}
}

CHECK(gate)
{
	static const char id[] = "sftpgo.gate";
	const char *asked = to ? goal_setting(to, "gate", NULL) : NULL;
	const json_t *usable;

	if (asked && !strcmp(asked, "none")) {
		results_add(ret, id, VERDICT_NOTE, NULL, "none asked for: clients come in with the first start");
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
