/* The directories the data lives in: layout, left-over checkpoints and triggers, and who else uses
 * them. */
#include "base/path.h"
#include "products/questdb/checks.h"

CHECK(root_layout)
{
	static const char id[] = "questdb.root-layout";
	const char *root = need_text(now, QF_ROOT, id, ret),
		   *db = root ? need_text(now, QF_DB, id, ret) : NULL;

	if (db && facts_why_missing(now, QF_DB_REL))
		unsure_of(now, QF_DB_REL, id, ret);
	else if (db)
		results_add(ret, id, facts_str(now, QF_DB_REL, NULL) ? VERDICT_PASS : VERDICT_BLOCK,
			    NULL, "root '%s', database '%s'", root, db);
}

static bool in_scope(const json_t *scope, const char *path)
{
	const json_t *root;
	const char *name;

	json_object_foreach((json_t *)scope, name, root)
	{
		if (json_is_string(root) && path_is_in(path, json_string_value(root)))
			return true;
	}
	return false;
}

CHECK(root_links)
{
	static const char id[] = "questdb.root-links";
	const json_t *scope, *links, *link;
	size_t i;

	if (!need(now, QF_SCOPE, id, ret, &scope) ||
	    !need_if_any(now, QF_LINKS, QF_SCOPE, id, ret, &links))
		return;
	if (!json_array_size(links))
		results_add(ret, id, VERDICT_PASS, NULL, "no data outside the root");
	json_array_foreach((json_t *)links, i, link)
	{
		const char *target = json_str(link, "target", "?");
		bool held = in_scope(scope, target);

		results_add(ret, id, held ? VERDICT_NOTE : VERDICT_BLOCK,
			    json_str(link, "path", "?"), "leads to '%s'%s", target,
			    held ? ", which the restore point holds too"
				 : ", which no restore point holds");
	}
}

CHECK(fs_ftype)
{
	static const char id[] = "questdb.fs-ftype";
	const json_t *known;

	if (!need(now, QF_ENTRY_TYPES, id, ret, &known))
		return;
	results_add(ret, id, json_is_true(known) ? VERDICT_PASS : VERDICT_WARN, NULL,
		    json_is_true(known)
			? "entries of the database directory tell their type"
			: "entries of the database directory do not tell their type");
}

CHECK(root_mounts)
{
	judge_members(now, QF_ROOT_MOUNTS, QF_SCOPE, "questdb.root-mounts", VERDICT_BLOCK, "mount",
		      "another file system is mounted inside the data", ret);
}

CHECK(db_identity)
{
	static const char id[] = "questdb.db-identity";
	const char *instance = need_text(now, QF_DB_INSTANCE, id, ret);
	const char *where = instance ? need_text(now, QF_DB_ID, id, ret) : NULL;

	if (where)
		results_add(ret, id, VERDICT_PASS, NULL, "instance %s in directory %s", instance,
			    where);
}

CHECK(cp_active)
{
	static const char id[] = "questdb.cp-active";
	const json_t *active;

	if (!facts_bool(now, QF_RUNNING, true)) {
		not_asked(id, "a stopped server holds none", ret);
		return;
	}
	if (!need(now, QF_CHECKPOINT, id, ret, &active))
		return;
	if (!json_is_true(active))
		results_add(ret, id, VERDICT_PASS, NULL, "none");
	else
		results_add(
		    ret, id,
		    facts_bool(now, QF_CHECKPOINT_OURS, false) ? VERDICT_NOTE : VERDICT_BLOCK, NULL,
		    "in progress since %s%s", facts_str(now, QF_CHECKPOINT_SINCE, "?"),
		    facts_bool(now, QF_CHECKPOINT_OURS, false) ? ", our own" : "");
}

/* A directory that belongs to a checkpoint in progress is not stale: that one is for cp-active to
 * say. */
CHECK(cp_stale)
{
	static const char id[] = "questdb.cp-stale";
	const json_t *left;

	if (!need_if_any(now, QF_CHECKPOINT_DIRS, QF_ROOT_ENTRIES, id, ret, &left))
		return;
	if (left && facts_bool(now, QF_RUNNING, true) && !facts_get(now, QF_CHECKPOINT))
		unsure_of(now, QF_CHECKPOINT, id, ret);
	else if (left && facts_bool(now, QF_CHECKPOINT, false))
		results_add(ret, id, VERDICT_PASS, NULL,
			    "it belongs to the checkpoint in progress");
	else
		judge_members(now, QF_CHECKPOINT_DIRS, QF_ROOT_ENTRIES, id, VERDICT_BLOCK,
			      "directory", "left by a checkpoint nobody holds", ret);
}

CHECK(trigger)
{
	judge_members(now, QF_TRIGGERS, QF_ROOT_ENTRIES, "questdb.trigger", VERDICT_BLOCK, "file",
		      "makes the next start restore or recover", ret);
}

static const char *running_snapshot_id(const struct facts *now)
{
	return json_str(json_object_get(facts_get(now, QF_CONF_LIVE), "cairo.snapshot.instance.id"),
			"value", "");
}

CHECK(snap_id)
{
	static const char id[] = "questdb.snap-id";
	const char *stored = facts_str(now, QF_CHECKPOINT_ID, ""), *runs;
	const char *set = need_text(now, QF_SNAPSHOT_ID, id, ret);
	const json_t *live;

	if (!set)
		return;
	if (*stored && *set && strcmp(stored, set)) {
		results_add(ret, id, VERDICT_BLOCK, NULL,
			    "the checkpoint left behind was made under '%s', set is '%s'", stored,
			    set);
		return;
	}
	if (!facts_bool(now, QF_RUNNING, true)) {
		results_add(ret, id, VERDICT_PASS, NULL, "'%s'", set);
		return;
	}
	if (!need(now, QF_CONF_LIVE, id, ret, &live))
		return;
	runs = running_snapshot_id(now);
	results_add(ret, id, strcmp(runs, set) ? VERDICT_BLOCK : VERDICT_PASS, NULL,
		    "set is '%s', the server runs with '%s'", set, runs);
}

static bool holds_data(const char *what)
{
	return !strcmp(what, "root") || !strcmp(what, "db") || !strncmp(what, "volume", 6);
}

static const char *relation(const char *kind)
{
	return !strcmp(kind, "inside")   ? "lies inside"
	       : !strcmp(kind, "around") ? "holds"
					 : "is the same directory as";
}

static void judge_shared(const struct facts *now, const char *id, bool data, enum verdict v,
			 struct results *ret)
{
	const json_t *list, *one;
	bool any = false;
	size_t i;

	if (!need_if_any(now, QF_SHARED, QF_OTHERS, id, ret, &list))
		return;
	json_array_foreach((json_t *)list, i, one)
	{
		const char *ours = json_str(one, "ours", "?");

		/* Our log directory inside their database is a matter of data, too. */
		if ((holds_data(ours) || holds_data(json_str(one, "theirs", "?"))) != data)
			continue;
		any = true;
		results_add(ret, id, v, json_str(one, "with", "?"), "our '%s' %s its '%s'", ours,
			    relation(json_str(one, "kind", "?")), json_str(one, "theirs", "?"));
	}
	if (!any)
		results_add(ret, id, VERDICT_PASS, NULL, "nothing shared with another instance");
}

CHECK(shared_dir) { judge_shared(now, "questdb.shared-dir", true, VERDICT_BLOCK, ret); }

CHECK(shared_path) { judge_shared(now, "questdb.shared-path", false, VERDICT_WARN, ret); }
