#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "io/file.h"
#include "io/mounts.h"
#include "products/questdb/inspect.h"

#define ENTRIES_MAX 200000
#define OPEN_FDS_MAX 200000
#define LOOKS 5
#define LOOK_EVERY_NS (50 * NS_PER_MS)

/* Files that make a server do something at its next start, or say that it could not. questdb.md 1.4
 */
static const char *const triggers[] = { "_restore",
					"_backup_restore",
					"_recover_point_in_time",
					"_migrate_primary",
					"_restore_failed",
					".restore_failed",
					NULL };

static const char *type_word(unsigned char type)
{
	return type == DT_DIR ? "dir" : type == DT_REG ? "file" : type == DT_LNK ? "link" : "other";
}

static void put_ids(struct look *k)
{
	struct stat st;

	pin_str(k, QF_ROOT, k->l.root, "source.root");
	pin_bool(k, QF_ROOT_MOUNT, dir_is_mount_point(k->l.root), "statx");
	if (!fstat(k->root.fd, &st)) {
		pin(k, QF_ROOT_ID, id_json(&k->root), "statx");
		pin(k, QF_ROOT_OWNER, owner_json(&st), "stat");
	}
	pin_str(k, QF_DB, k->l.db, "cairo.root");
	if (k->l.db_rel)
		pin_str(k, QF_DB_REL, k->l.db_rel, "cairo.root");
	if (k->has_db)
		pin(k, QF_DB_ID, id_json(&k->db), "statx");
	else
		facts_miss(k->f, QF_DB_ID, "the database directory cannot be opened");
}

static void put_db_files(struct look *k)
{
	struct disk_db d = { 0 };
	struct err e = ERR_INIT;

	if (!k->has_db || disk_db_read(&k->db, &d, &e) < 0) {
		facts_miss(k->f, QF_DB_TABLE_VERSION, e.msg);
		facts_miss(k->f, QF_DB_INSTANCE, e.msg);
		return;
	}
	if (d.stamped) {
		pin_int(k, QF_DB_TABLE_VERSION, d.table_version, "db/_upgrade.d");
		pin_int(k, QF_DB_MIGRATION, d.migration_version, "db/_upgrade.d");
	} else {
		facts_miss(k->f, QF_DB_TABLE_VERSION, "there is no file '_upgrade.d'");
	}
	if (d.counted) {
		pin_str(k, QF_DB_INSTANCE, d.instance, "db/_tab_index.d");
		observe(k, QF_DB_LAST_ID, json_integer(d.last_table_id), "db/_tab_index.d");
	} else {
		facts_miss(k->f, QF_DB_INSTANCE, "there is no file '_tab_index.d'");
	}
	if (d.data_id[0])
		pin_str(k, QF_DB_DATA_ID, d.data_id, "db/.data_id");
}

static void put_entries(struct look *k, json_t *links)
{
	json_t *entries = json_object(), *found = json_array();
	struct dir_names names = { 0 };
	struct err e = ERR_INIT;

	if (dir_list(&k->root, "", ENTRIES_MAX, &names, &e) < 0)
		missing(k, QF_ROOT_ENTRIES, &e);
	vec_each (&names, n) {
		char *target = NULL;

		json_object_set_new(entries, n->name, json_string(type_word(n->type)));
		for (size_t i = 0; triggers[i]; i++)
			if (!strcmp(triggers[i], n->name))
				json_array_append_new(found, json_string(n->name));
		if (n->type == DT_LNK && dir_readlink(&k->root, n->name, &target, &e) >= 0)
			json_array_append_new(
			    links, json_pack("{so so ss}", "path",
					     json_sprintf("%s/%s", k->l.root, n->name), "target",
					     text_json(target), "kind", "entry"));
		free(target);
	}
	dir_names_done(&names);
	if (!facts_why_missing(k->f, QF_ROOT_ENTRIES))
		observe(k, QF_ROOT_ENTRIES, json_incref(entries), "readdir");
	observe_some(k, QF_TRIGGERS, found, "readdir");
	json_decref(entries);
}

static void put_mounts(struct look *k)
{
	autobuf struct buf text = BUF_MAX(MOUNTS_MAX);
	json_t *found = json_array();
	struct err e = ERR_INIT;
	struct mount m = { 0 };
	struct sv rest;

	if (file_read_path("/proc/self/mountinfo", &text, &e) < 0) {
		missing(k, QF_ROOT_MOUNTS, &e);
		json_decref(found);
		return;
	}
	rest = buf_sv(&text);
	while (mount_next(&rest, &m)) {
		if (path_is_below(m.point, k->l.root) || path_is_below(m.point, k->l.db))
			json_array_append_new(found, text_json(m.point));
		mount_done(&m);
	}
	pin(k, QF_ROOT_MOUNTS, found, "/proc/self/mountinfo");
}

/* "a -> /mnt/a, b -> /mnt/b" */
static void put_volumes(struct look *k, json_t *scope)
{
	json_t *volumes = json_object();
	struct sv rest = sv_of(conf_str(&k->l.conf, "cairo.volumes", ""));

	while (rest.n) {
		struct sv path = sv_trim(sv_cut(&rest, ',')), alias;
		const char *arrow = path.n ? memmem(path.p, path.n, "->", 2) : NULL;
		autofree char *name = NULL, *named = NULL, *at = NULL, *key = NULL;
		autodir struct dir volume = DIR_NONE;
		struct err ignored = ERR_INIT;

		if (!arrow)
			continue;
		alias = sv_trim((struct sv){ path.p, (size_t)(arrow - path.p) });
		path = sv_trim((struct sv){ arrow + 2, path.n - (size_t)(arrow + 2 - path.p) });
		name = sv_dup(alias);
		named = sv_dup(path);
		at = realpath(named, NULL);
		key = xasprintf("volume-%s", name);
		if (!at || dir_open(at, &volume, &ignored) < 0) {
			facts_miss(k->f, QF_VOLUMES, "a volume of cairo.volumes is not there");
			continue;
		}
		json_object_set_new(volumes, name,
				    json_pack("{ss so sb}", "path", at, "id", id_json(&volume),
					      "mount_point", dir_is_mount_point(at)));
		json_object_set_new(scope, key, json_string(at));
	}
	pin(k, QF_VOLUMES, volumes, "cairo.volumes");
}

static void put_scope(struct look *k)
{
	json_t *scope = json_object();

	json_object_set_new(scope, "root", json_string(k->l.root));
	if (!k->l.db_rel)
		json_object_set_new(scope, "db", json_string(k->l.db));
	put_volumes(k, scope);
	pin(k, QF_SCOPE, scope, "layout");
}

static void check_owners(struct look *k, const struct dir *d, const char *rel, int64_t uid,
			 int64_t *count, char **first)
{
	struct dir_names names = { 0 };
	struct err ignored = ERR_INIT;

	if (dir_list(d, rel, ENTRIES_MAX, &names, &ignored) < 0)
		return;
	vec_each (&names, n) {
		autofree char *at = *rel ? xasprintf("%s/%s", rel, n->name) : xstrdup(n->name);
		struct stat st;

		if (dir_stat(d, at, &st, &ignored) < 0 || (int64_t)st.st_uid == uid ||
		    !strcmp(n->name, "lost+found") || !strncmp(n->name, ".crossgrade", 11))
			continue;
		if (!(*count)++)
			*first = xasprintf("%s/%s", d->path, at);
	}
	dir_names_done(&names);
}

static void put_foreign(struct look *k)
{
	int64_t uid = facts_int(k->f, QF_UID, -1), count = 0;
	autofree char *first = NULL;

	/* root writes anywhere */
	if (uid <= 0)
		return;
	check_owners(k, &k->root, "", uid, &count, &first);
	check_owners(k, &k->root, "conf", uid, &count, &first);
	if (k->has_db)
		check_owners(k, &k->db, "", uid, &count, &first);
	if (count)
		observe(k, QF_ROOT_FOREIGN,
			json_pack("{sI so}", "count", (json_int_t)count, "first", text_json(first)),
			"stat");
}

/* ---- left over ---- */

static void put_checkpoint_left(struct look *k)
{
	static const char *const places[] = { ".checkpoint/db", "snapshot/db", NULL };
	static const char *const ids[] = { ".checkpoint/db/_checkpoint_meta.d",
					   "snapshot/db/_snapshot", NULL };
	json_t *left = json_array();
	struct err ignored = ERR_INIT;

	for (size_t i = 0; places[i]; i++) {
		autobuf struct buf id = BUF_MAX(4096);

		if (dir_has(&k->root, places[i], &ignored) != 1)
			continue;
		json_array_append_new(left, json_string(places[i]));
		/* i32 length, then the instance id in UTF-16: its ASCII is all there is to a UUID.
		 */
		if (file_read(&k->root, ids[i], &id, &ignored) >= 0 && id.len > 4) {
			autobuf struct buf text = BUF_MAX(4096);

			for (size_t at = 4; at < id.len && id.data[at]; at += 2)
				buf_addc(&text, id.data[at]);
			observe(k, QF_CHECKPOINT_ID, text_json(buf_str(&text)), ids[i]);
		}
	}
	observe_some(k, QF_CHECKPOINT_DIRS, left, "stat");
}

static int64_t started_at(const struct look *k)
{
	struct stat st;

	/* hello.txt is written once the server is up. */
	return fstatat(k->root.fd, "hello.txt", &st, AT_SYMLINK_NOFOLLOW)
		   ? 0
		   : (int64_t)st.st_mtim.tv_sec;
}

static void put_crashes(struct look *k)
{
	json_t *logs = json_array();
	struct dir_names names = { 0 };
	struct err ignored = ERR_INIT;
	int64_t start = started_at(k);
	struct stat st;

	if (k->has_db && dir_list(&k->db, "", ENTRIES_MAX, &names, &ignored) >= 0) {
		vec_each (&names, n)
			if (!strncmp(n->name, "hs_err_pid", 10) &&
			    dir_stat(&k->db, n->name, &st, &ignored) >= 0 &&
			    st.st_mtim.tv_sec >= start)
				json_array_append_new(logs, text_json(n->name));
	}
	dir_names_done(&names);
	observe_some(k, QF_CRASH_LOGS, logs, "readdir");
	observe(k, QF_HELLO_LEFT, json_boolean(start && !k->l.proc.id.pid), "hello.txt");
}

/* ---- who else has it open ---- */

static bool opens_below(pid_t pid, const char *dir)
{
	autofree char *path = xasprintf("/proc/%d/fd", pid);
	DIR *d = opendir(path);
	struct dirent *entry;
	bool found = false;
	int budget = OPEN_FDS_MAX;

	while (d && !found && budget-- > 0 && (entry = readdir(d))) {
		char target[4096];
		ssize_t n = readlinkat(dirfd(d), entry->d_name, target, sizeof target - 1);

		if (n > 0) {
			target[n] = '\0';
			found = path_is_below(target, dir);
		}
	}
	if (d)
		closedir(d);
	return found;
}

/* Who looks at it in passing, as a monitor does or another of our own calls, has nothing of it open a moment later. */
static bool keeps_open(pid_t pid, const char *dir)
{
	for (int i = 0; i < LOOKS; i++) {
		if (i)
			clock_sleep_ns(LOOK_EVERY_NS);
		if (!opens_below(pid, dir))
			return false;
	}
	return true;
}

static void put_users(struct look *k)
{
	json_t *others = json_array();
	pid_list pids = { 0 };
	struct err e = ERR_INIT;

	if (proc_all(&pids, &e) < 0) {
		missing(k, QF_IN_USE_BY, &e);
		json_decref(others);
		return;
	}
	vec_each (&pids, pid) {
		struct proc p = { 0 };

		if (*pid == k->l.proc.id.pid || *pid == getpid() || !keeps_open(*pid, k->l.db))
			continue;
		if (proc_read(*pid, &p, &e) < 0)
			continue;
		json_array_append_new(others, json_pack("{si so}", "pid", (int)*pid, "what",
							text_json(p.exe                 ? p.exe
								  : p.argv && p.argv[0] ? p.argv[0]
											: "?")));
		proc_done(&p);
	}
	vec_done(&pids);
	observe(k, QF_IN_USE_BY, others, "/proc/*/fd");
}

/* The server finds tables by the type in a directory's entries; xfs made with ftype=0 has none. */
static void put_entry_types(struct look *k)
{
	DIR *d = opendir(k->l.db);
	struct dirent *entry;
	bool known = true;

	if (!d) {
		facts_miss(k->f, QF_ENTRY_TYPES, "the database directory cannot be read");
		return;
	}
	while (known && (entry = readdir(d)))
		known = entry->d_name[0] == '.' || entry->d_type != DT_UNKNOWN;
	closedir(d);
	observe(k, QF_ENTRY_TYPES, json_boolean(known), "readdir");
}

void inspect_root(struct look *k)
{
	json_t *links = json_array();

	put_ids(k);
	put_db_files(k);
	put_entries(k, links);
	pin(k, QF_LINKS, links, "readlink");
	put_scope(k);
	put_checkpoint_left(k);
	if (k->depth == DEPTH_FROZEN)
		return;
	put_entry_types(k);
	put_mounts(k);
	put_foreign(k);
	put_crashes(k);
	put_users(k);
}
