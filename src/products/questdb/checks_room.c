/* File systems and the room on them. */
#include "products/questdb/checks.h"

#include "base/mem.h"
#include "engine/plan.h"
#include "engine/restore_point.h"
#include "products/questdb/questdb.h"

#define NFS_MAGIC 0x6969
#define MARGIN (1ll << 30) /* beside a tenth: what the copy needs for itself */

/* The file systems data lives on: root, db, volumes. */
static bool data_fs(const char *name)
{
	return !strcmp(name, "root") || !strcmp(name, "db") || !strncmp(name, "volume-", 7);
}

/* One result for each file system of data that `bad` objects to, PASS when none. */
static void judge_fs(const struct facts *now, const char *id, enum verdict v, const char *seen,
		     bool (*bad)(const json_t *fs), struct results *ret)
{
	const json_t *all, *fs;
	const char *name;
	bool any = false;

	if (!need(now, QF_FS, id, ret, &all))
		return;
	json_object_foreach((json_t *)all, name, fs)
	{
		if (!data_fs(name) || !bad(fs))
			continue;
		any = true;
		results_add(ret, id, v, json_str(fs, "path", name), "%s: %s",
			    json_str(fs, "type", "?"), seen);
	}
	if (!any)
		results_add(ret, id, VERDICT_PASS, NULL, "%s",
			    json_str(json_object_get(all, "root"), "type", "nothing to object"));
}

static bool is_nfs(const json_t *fs) { return json_int(fs, "magic", 0) == NFS_MAGIC; }

CHECK(fs_type)
{
	judge_fs(now, "questdb.fs-type", VERDICT_BLOCK, "the server refuses to start there", is_nfs,
		 ret);
}

static bool is_unsupported(const json_t *fs)
{
	const json_t *known;
	size_t i;

	if (is_nfs(fs))
		return false;
	json_array_foreach((json_t *)questdb_value("file_systems"), i, known)
	{
		if (json_is_string(known) &&
		    !strcmp(json_string_value(known), json_str(fs, "type", "")))
			return false;
	}
	return true;
}

CHECK(fs_support)
{
	judge_fs(now, "questdb.fs-support", VERDICT_WARN, "the server calls it unsupported",
		 is_unsupported, ret);
}

static bool is_read_only(const json_t *fs) { return json_bool(fs, "read_only", false); }

CHECK(fs_ro)
{
	judge_fs(now, "questdb.fs-ro", VERDICT_BLOCK, "mounted read-only", is_read_only, ret);
}

/* A build without lib/ unpacks its native code below the directory for temporary files. */
CHECK(fs_noexec)
{
	static const char id[] = "questdb.fs-noexec";
	const json_t *fs, *artifact;

	if (!need(now, QF_FS, id, ret, &fs) || !need(now, QF_ARTIFACT, id, ret, &artifact))
		return;
	if (json_bool(artifact, "has_java", false))
		results_add(ret, id, VERDICT_PASS, NULL, "native code lies in the runtime");
	else if (!json_object_get(fs, "tmp"))
		results_add(ret, id, VERDICT_UNSURE, NULL,
			    "the directory for temporary files was not looked at");
	else
		results_add(ret, id,
			    json_bool(json_object_get(fs, "tmp"), "noexec", false) ? VERDICT_WARN
										   : VERDICT_PASS,
			    json_str(json_object_get(fs, "tmp"), "path", NULL), "%s",
			    json_bool(json_object_get(fs, "tmp"), "noexec", false)
				? "mounted noexec"
				: "fine");
}

static const char *point_kind(const struct goal *to)
{
	return to ? json_str(to->restore_point, "kind", "tree") : "tree";
}

static bool copies(const struct goal *to) { return !strcmp(point_kind(to), "tree"); }

CHECK(restore_point)
{
	static const char id[] = "questdb.restore-point";
	const char *kind = point_kind(to);

	if (!to)
		results_add(ret, id, VERDICT_UNSURE, NULL, "no goal was given");
	else if (copies(to))
		results_add(ret, id, VERDICT_PASS, NULL,
			    "a copy of the data, proved before the switch");
	else if (!strcmp(kind, "snapshot"))
		results_add(ret, id, VERDICT_NOTE, NULL,
			    "the operator's snapshot; not proved by us");
	else
		results_add(ret, id, VERDICT_WARN, NULL,
			    "'%s': no way back for the data after the target's first start", kind);
}

/* A copy is kept beside each root, on its own file system, unless the goal names a store for all of
 * them. */
static bool named_store(const struct goal *to)
{
	return to && strcmp(json_str(to->restore_point, "store", "beside"), "beside") != 0;
}

CHECK(store_place)
{
	static const char id[] = "questdb.store-place";
	const char *path, *above;
	const json_t *store;

	if (!copies(to)) {
		not_asked(id, "nothing is copied", ret);
		return;
	}
	if (!named_store(to)) {
		not_asked(id, "beside the data", ret);
		return;
	}
	if (!need(now, QF_TARGET_STORE, id, ret, &store))
		return;
	path = json_str(store, "path", "?");
	above = json_str(store, "above", NULL);
	if (json_bool(store, "inside_root", false) || json_bool(store, "inside_db", false))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", path);
	else if (above)
		results_add(ret, id, VERDICT_PASS, NULL, "%s is not there: the run makes it, on the file system of '%s'", path, above);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", path);
}

static const json_t *device_of(const struct facts *now, const char *root)
{
	return json_object_get(json_object_get(facts_get(now, QF_FS_ROOM), root), "dev");
}

/* Sum of a member of QF_SIZES over the roots on a device, or over all (NULL); -1: not all were
 * measured. */
static int64_t sum_of(const struct facts *now, const json_t *device, const char *member)
{
	const json_t *sizes = facts_get(now, QF_SIZES), *path;
	int64_t sum = 0, n;
	const char *root;

	json_object_foreach((json_t *)facts_get(now, QF_SCOPE), root, path)
	{
		if (device && !json_equal(device, device_of(now, root)))
			continue;
		n = json_int(json_object_get(sizes, root), member, -1);
		if (n < 0)
			return -1;
		sum += n;
	}
	return sum;
}

/* One file system that takes a copy: what it must hold of `member`, and what is known of its room.
 */
struct target_fs {
	const char *subject;
	const json_t *room;
	int64_t sum;
	bool reflink;
};

static bool seen_before(const struct facts *now, const char *root)
{
	const json_t *path;
	const char *other;

	json_object_foreach((json_t *)facts_get(now, QF_SCOPE), other, path)
	{
		if (!strcmp(other, root))
			return false;
		if (json_equal(device_of(now, other), device_of(now, root)))
			return true;
	}
	return false;
}

/* Judge each file system that takes a part of the restore point. */
static void
judge_targets(const struct facts *now, const struct goal *to, const char *id, const char *member,
	      void (*judge)(const char *id, const struct target_fs *t, struct results *ret),
	      struct results *ret)
{
	const json_t *scope, *rooms, *path, *unused;
	const char *root;

	if (!need(now, QF_SCOPE, id, ret, &scope) || !need(now, QF_SIZES, id, ret, &unused) ||
	    !need(now, QF_FS_ROOM, id, ret, &rooms) || !need(now, QF_FS, id, ret, &unused))
		return;
	if (named_store(to)) {
		judge(id,
		      &(struct target_fs){ "the store", json_object_get(rooms, "store"),
					   sum_of(now, NULL, member) },
		      ret);
		return;
	}
	json_object_foreach((json_t *)scope, root, path)
	{
		struct target_fs t = { json_string_value(path), json_object_get(rooms, root),
				       sum_of(now, device_of(now, root), member),
				       json_bool(facts_get(now, QF_REFLINK), root, false) };

		if (!seen_before(now, root))
			judge(id, &t, ret);
	}
}

static bool measured(const char *id, const struct target_fs *t, struct results *ret)
{
	if (t->sum >= 0 && t->room)
		return true;
	results_add(ret, id, VERDICT_UNSURE, t->subject, "not measured");
	return false;
}

static void judge_bytes(const char *id, const struct target_fs *t, struct results *ret)
{
	int64_t room = json_int(t->room, "free", 0), reserve = json_int(t->room, "reserve", 0);
	int64_t wants = (t->reflink ? 0 : t->sum + t->sum / 10) + MAX_OF(MARGIN, reserve);
	char needs[32], has[32], data[32];

	if (!measured(id, t, ret))
		return;
	human_bytes(wants, needs);
	human_bytes(room, has);
	human_bytes(t->sum, data);
	results_add(ret, id, room < wants ? VERDICT_BLOCK : VERDICT_PASS, t->subject,
		    t->reflink ? "needs %s beside %s in shared blocks (reflink), free are %s"
			       : "needs %s for a copy of %s, free are %s",
		    needs, data, has);
}

CHECK(disk_backup)
{
	static const char id[] = "questdb.disk-backup";

	if (!copies(to))
		not_asked(id, "nothing is copied", ret);
	else
		judge_targets(now, to, id, "data", judge_bytes, ret);
}

static bool is_exchanged(const struct facts *now, const char *root)
{
	const json_t *rooms = facts_get(now, QF_FS_ROOM);

	return point_exchanges(json_object_get(rooms, "store"), json_object_get(rooms, root));
}

/* Is a copy of another root, that comes before it, made on the same device? */
static bool staged_before(const struct facts *now, const char *root)
{
	const json_t *path;
	const char *other;

	json_object_foreach((json_t *)facts_get(now, QF_SCOPE), other, path)
	{
		if (!strcmp(other, root))
			return false;
		if (json_equal(device_of(now, other), device_of(now, root)) && !is_exchanged(now, other))
			return true;
	}
	return false;
}

/* Sum of what is copied on that device before it can be exchanged; -1: not all was measured. */
static int64_t staged_on(const struct facts *now, const json_t *device)
{
	const json_t *sizes = facts_get(now, QF_SIZES), *path;
	int64_t sum = 0, n;
	const char *root;

	json_object_foreach((json_t *)facts_get(now, QF_SCOPE), root, path)
	{
		if (!json_equal(device, device_of(now, root)) || is_exchanged(now, root))
			continue;
		n = json_int(json_object_get(sizes, root), "bytes", -1);
		if (n < 0)
			return -1;
		sum += n;
	}
	return sum;
}

/* From another file system the way back makes a copy beside each root, and exchanges that. By what files say of their size: what of
 * it are holes is not counted on. */
static void judge_way_back(const struct facts *now, const char *id, const char *root, const char *path,
			   struct results *ret)
{
	struct target_fs t = { path, json_object_get(facts_get(now, QF_FS_ROOM), root),
			       staged_on(now, device_of(now, root)) };
	int64_t free = json_int(t.room, "free", 0), wants = point_room_staged(t.sum);
	char needs[32], has[32];

	if (!measured(id, &t, ret))
		return;
	human_bytes(wants, needs);
	human_bytes(free, has);
	if (wants <= free)
		results_add(ret, id, VERDICT_PASS, path, "needs %s beside it, free are %s", needs, has);
	else
		results_add(ret, id, VERDICT_WARN, path,
			    "needs %s beside it, free are %s: only the restore in place fits, which wants "
			    "--accept-in-place-restore", needs, has);
}

CHECK(disk_way_back)
{
	static const char id[] = "questdb.disk-way-back";
	const json_t *scope, *unused, *path;
	size_t before = ret->n;
	const char *root;

	if (!copies(to) || !named_store(to)) {
		not_asked(id, copies(to) ? "beside the data" : "nothing is copied", ret);
		return;
	}
	if (!need(now, QF_SCOPE, id, ret, &scope) || !need(now, QF_SIZES, id, ret, &unused) ||
	    !need(now, QF_FS_ROOM, id, ret, &unused))
		return;
	json_object_foreach((json_t *)scope, root, path)
		if (!is_exchanged(now, root) && !staged_before(now, root))
			judge_way_back(now, id, root, json_string_value(path), ret);
	if (ret->n == before)
		results_add(ret, id, VERDICT_PASS, NULL, "by an exchange, on one file system");
}

void questdb_losses(const struct facts *now, const struct goal *to, struct plan *ret)
{
	struct results found = { 0 };
	struct change c;

	change_of(now, to, &c);
	if (c.nothing)
		return;
	check_disk_way_back(now, to, &found);
	if (results_warn(&found))
		plan_loss_in_place(ret);
	results_done(&found);
}

CHECK(disk_headroom)
{
	static const char id[] = "questdb.disk-headroom";
	autojson json_t *clients = questdb_clients(now);
	const json_t *rooms, *root;
	int64_t room, total, data;
	bool low;
	char has[32];

	if (!need(now, QF_FS_ROOM, id, ret, &rooms))
		return;
	data = json_int(json_object_get(facts_get(now, QF_SIZES), "root"), "data", 0);
	root = json_object_get(rooms, "root");
	room = json_int(root, "free", -1);
	total = json_int(root, "total", 0);
	if (room < 0 || !total) {
		results_add(ret, id, VERDICT_UNSURE, NULL,
			    "the root's file system was not measured");
		return;
	}
	human_bytes(room, has);
	low = room < total / 10;
	if (!low && room < data / 2 && json_array_size(clients)) {
		results_add(ret, id, VERDICT_WARN, NULL,
			    "%s free, less than half of the data, and clients are connected", has);
		return;
	}
	results_add(ret, id, low ? VERDICT_WARN : VERDICT_PASS, NULL, "%s free, %lld %%", has,
		    (long long)(room / (total / 100 ? total / 100 : 1)));
}

static void judge_inodes(const char *id, const struct target_fs *t, struct results *ret)
{
	int64_t room = json_int(t->room, "inodes_free", 0);

	if (!measured(id, t, ret))
		return;
	if (!json_int(t->room, "inodes_total", 0))
		results_add(ret, id, VERDICT_PASS, t->subject,
			    "the file system does not count them");
	else
		results_add(ret, id, room < t->sum + t->sum / 10 ? VERDICT_BLOCK : VERDICT_PASS,
			    t->subject, "%lld files, %lld inodes free", (long long)t->sum,
			    (long long)room);
}

CHECK(disk_inodes)
{
	static const char id[] = "questdb.disk-inodes";

	if (!copies(to))
		not_asked(id, "nothing is copied", ret);
	else
		judge_targets(now, to, id, "files", judge_inodes, ret);
}
