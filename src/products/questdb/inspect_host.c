#include <gnu/libc-version.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include "data/tree.h"
#include "engine/point_of.h"
#include "io/file.h"
#include "products/questdb/artifact.h"
#include "products/questdb/inspect.h"
#include "svc/gate.h"

static void put_machine(struct look *k)
{
	char os[256] = "";
	autobuf struct buf text = BUF_MAX(1 << 20);
	struct err ignored = ERR_INIT;
	struct utsname u;
	struct sv rest;

	if (!uname(&u)) {
		pin_str(k, QF_HOST_ARCH, !strcmp(u.machine, "x86_64") ? "x86-64" : u.machine,
			"uname");
		observe(k, QF_HOST_KERNEL, json_string(u.release), "uname");
	}
	pin_str(k, QF_HOST_GLIBC, gnu_get_libc_version(), "libc");
	if (file_read_path("/etc/os-release", &text, &ignored) < 0)
		err_clear(&ignored);
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv value = sv_line(&rest), key = sv_cut(&value, '=');

		if (sv_eq(key, "PRETTY_NAME") && value.n > 1)
			snprintf(os, sizeof os, SV_FMT,
				 SV_ARG(((struct sv){ value.p + 1, value.n - 2 })));
	}
	if (*os)
		pin_str(k, QF_HOST_OS, os, "/etc/os-release");
}

/* "MemAvailable:   123 kB" */
static int64_t meminfo(struct sv text, const char *key)
{
	uint64_t kib;

	while (text.n) {
		struct sv value = sv_line(&text), name = sv_cut(&value, ':');

		value = sv_trim(value);
		if (sv_eq(name, key) && sv_u64(sv_cut(&value, ' '), &kib))
			return (int64_t)kib * 1024;
	}
	return -1;
}

static void put_memory(struct look *k)
{
	autobuf struct buf text = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	observe(k, QF_HOST_CPUS, json_integer(sysconf(_SC_NPROCESSORS_ONLN)), "sysconf");
	if (file_read_path("/proc/meminfo", &text, &e) < 0) {
		missing(k, QF_HOST_MEMORY, &e);
		return;
	}
	observe(k, QF_HOST_MEMORY, json_integer(meminfo(buf_sv(&text), "MemTotal")),
		"/proc/meminfo");
	observe(k, QF_HOST_AVAILABLE, json_integer(meminfo(buf_sv(&text), "MemAvailable")),
		"/proc/meminfo");
}

/* The tightest memory.max on the way up from the server's control group. */
static void put_memory_limit(struct look *k)
{
	autofree char *group = xstrdup(k->l.proc.cgroup);
	uint64_t tightest = UINT64_MAX;

	while (group && *group == '/') {
		autofree char *path =
		    xasprintf("/sys/fs/cgroup%s/memory.max", group[1] ? group : "");
		autobuf struct buf line = BUF_MAX(256);
		struct err ignored = ERR_INIT;
		uint64_t limit;

		if (file_read_line(path, &line, &ignored) >= 0 &&
		    sv_u64(sv_trim(buf_sv(&line)), &limit))
			tightest = MIN_OF(tightest, limit);
		if (!group[1])
			break;
		*strrchr(group, '/') = '\0';
	}
	if (tightest < INT64_MAX)
		pin_int(k, QF_MEMORY_LIMIT, (int64_t)tightest, "memory.max");
}

static int64_t limit_value(uint64_t v) { return v > INT64_MAX ? -1 : (int64_t)v; }

/* "1048576", "1024:524288", "infinity" */
static bool parse_limit(const char *text, int64_t *soft, int64_t *hard)
{
	struct sv rest = sv_of(text), first = sv_cut(&rest, ':'), second = rest.n ? rest : first;
	uint64_t a, b;

	if (sv_eq(first, "infinity"))
		*soft = -1;
	else if (sv_u64(first, &a))
		*soft = limit_value(a);
	else
		return false;
	if (sv_eq(second, "infinity"))
		*hard = -1;
	else if (sv_u64(second, &b))
		*hard = limit_value(b);
	else
		return false;
	return true;
}

static void put_limits(struct look *k)
{
	const char *of_unit =
	    k->l.unit.name ? unitfile_last(&k->l.unit, "Service.LimitNOFILE", NULL) : NULL;
	autobuf struct buf line = BUF_MAX(256);
	struct err e = ERR_INIT;
	uint64_t soft = 0, hard = 0, count;
	int64_t s, h;

	if (k->l.proc.id.pid &&
	    proc_limit(k->l.proc.id.pid, "Max open files", &soft, &hard, &e) >= 0) {
		pin_int(k, QF_NOFILE_SOFT, limit_value(soft), "/proc/pid/limits");
		pin_int(k, QF_NOFILE_HARD, limit_value(hard), "/proc/pid/limits");
	} else if (of_unit && parse_limit(of_unit, &s, &h)) {
		pin_int(k, QF_NOFILE_SOFT, s, "unit");
		pin_int(k, QF_NOFILE_HARD, h, "unit");
	} else {
		facts_miss(k->f, QF_NOFILE_HARD,
			   "the server is stopped and its unit sets no limit");
	}
	if (file_read_line("/proc/sys/vm/max_map_count", &line, &e) >= 0 &&
	    sv_u64(sv_trim(buf_sv(&line)), &count))
		pin_int(k, QF_MAX_MAP_COUNT, limit_value(count), "/proc/sys/vm/max_map_count");
	else
		missing(k, QF_MAX_MAP_COUNT, &e);
}

static const char *env_value(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; env && *env; env++)
		if (!strncmp(*env, name, n) && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

/* The `java` that a launcher without its own would find. */
static void put_java(struct look *k)
{
	const char *home = env_value(k->l.env, "JAVA_HOME");
	autofree char *in_home = home ? xasprintf("%s/bin/java", home) : NULL;
	const char *tries[] = { in_home, "/usr/local/bin/java", "/usr/bin/java", "/bin/java" };
	struct java_home found;

	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		if (!tries[i] || access(tries[i], X_OK))
			continue;
		java_home_of(tries[i], &found);
		pin(k, QF_HOST_JAVA,
		    json_pack("{ss ss si}", "exe", tries[i], "version", found.version, "major",
			      found.major),
		    "release file of the Java home");
		return;
	}
}

static void put_clock(struct look *k)
{
	struct timex t = { 0 };
	int state = adjtimex(&t);

	if (state >= 0)
		observe(k, QF_CLOCK_SYNCED,
			json_boolean(state != TIME_ERROR && !(t.status & STA_UNSYNC)), "adjtimex");
}

static void put_gate(struct look *k)
{
	char why[200] = "";
	struct err e = ERR_INIT;
	int usable = gate_usable(why, sizeof why, &e);

	if (usable < 0) {
		missing(k, QF_NFT, &e);
		return;
	}
	observe(k, QF_NFT, json_boolean(usable), "nft");
	if (!usable)
		observe(k, QF_NFT_WHY, text_json(why), "nft");
}

static void put_kubernetes(struct look *k)
{
	bool pod = env_value(k->l.proc.env, "KUBERNETES_SERVICE_HOST") ||
		   (k->l.proc.cgroup && strstr(k->l.proc.cgroup, "kubepods"));

	pin_bool(k, QF_KUBERNETES, pod, "environment and cgroup");
}

/* ---- file systems ---- */

/* statfs(2) */
static const struct {
	uint64_t magic;
	const char *name;
} fs_types[] = {
	{ 0xef53, "ext4" },        { 0x58465342, "xfs" },      { 0x2fc12fc1, "zfs" },
	{ 0x794c7630, "overlay" }, { 0x6969, "nfs" },          { 0x9123683e, "btrfs" },
	{ 0x01021994, "tmpfs" },   { 0xca451a4e, "bcachefs" }, { 0xff534d42, "cifs" },
	{ 0xfe534d42, "smb2" },    { 0x65735546, "fuse" },     { 0xf2f52010, "f2fs" },
};

static json_t *fs_name(uint64_t magic)
{
	for (size_t i = 0; i < ARRAY_LEN(fs_types); i++)
		if (fs_types[i].magic == magic)
			return json_string(fs_types[i].name);
	return json_sprintf("0x%jx", (uintmax_t)magic);
}

struct filesystems {
	json_t *fs, *room, *reflink;
};

static void add_fs_of(struct filesystems *all, const char *name, const char *path, const struct dir *d)
{
	struct fs_room room = { 0 };
	struct err ignored = ERR_INIT;
	uint64_t mount;
	json_t *type;
	struct stat st;

	if (fstat(d->fd, &st) < 0 || dir_room(d, &room, &ignored) < 0 || dir_mount_id(d, "", &mount, &ignored) < 0)
		return;
	type = fs_name(room.magic);
	if (!strcmp(json_string_value(type), "btrfs") ||
	    !strcmp(json_string_value(type), "bcachefs"))
		json_object_set_new(all->reflink, name, json_true());
	else if (strcmp(json_string_value(type), "xfs") && strcmp(json_string_value(type), "zfs"))
		json_object_set_new(all->reflink, name, json_false());
	json_object_set_new(all->fs, name,
			    json_pack("{ss sI so sb sb}", "path", path, "magic",
				      (json_int_t)room.magic, "type", type, "read_only", room.read_only, "noexec",
				      room.noexec));
	json_object_set_new(all->room, name,
			    json_pack("{sI sI sI sI sI sI sI}", "dev", (json_int_t)st.st_dev, "mount", (json_int_t)mount, "total",
				      (json_int_t)room.total_bytes, "free", (json_int_t)room.free_bytes, "reserve",
				      (json_int_t)point_reserve_of(&room), "inodes_total", (json_int_t)room.total_inodes,
				      "inodes_free", (json_int_t)room.free_inodes));
}

static void add_fs(struct filesystems *all, const char *name, const char *path)
{
	autodir struct dir d = DIR_NONE;
	struct err ignored = ERR_INIT;

	if (path && dir_open(path, &d, &ignored) >= 0)
		add_fs_of(all, name, path, &d);
}

/* The run makes it, and is the same before and after. */
static void add_store(struct filesystems *all, const char *path)
{
	autodir struct dir d = DIR_NONE;
	struct err ignored = ERR_INIT;

	if (dir_open_nearest(path, &d, &ignored) >= 0)
		add_fs_of(all, "store", path, &d);
}

static void put_filesystems(struct look *k)
{
	struct filesystems all = { json_object(), json_object(), json_object() };
	const char *store = k->to ? json_str(k->to->restore_point, "store", "") : "", *name;
	json_t *path;

	json_object_foreach((json_t *)facts_get(k->f, QF_SCOPE), name, path)
	    add_fs(&all, name, json_string_value(path));
	add_fs(&all, "db", k->l.db);
	add_fs(&all, "install", k->l.install);
	add_fs(&all, "tmp", "/tmp");
	if (!strncmp(store, "file://", 7))
		add_store(&all, store + 7);
	pin(k, QF_FS, all.fs, "statfs");
	observe(k, QF_FS_ROOM, all.room, "statfs");
	observe_some(k, QF_REFLINK, all.reflink, "statfs");
}

static bool leave_ours(void *data unused_arg, const char *rel, const struct stat *st unused_arg)
{
	return !strncmp(rel, ".crossgrade", 11) && !strchr(rel, '/');
}

static void add_size(struct look *k, json_t *sizes, const char *name, const char *path)
{
	struct tree_opts o = { .cancel = k->c->cancel,
			       .leave_out = leave_ours,
			       .cross_mounts = true };
	autodir struct dir d = DIR_NONE;
	struct tree_size s = { 0 };
	struct err e = ERR_INIT;

	if (!path || dir_open(path, &d, &e) < 0 || tree_measure(&d, &o, &s, &e) < 0)
		return;
	json_object_set_new(sizes, name,
			    json_pack("{sI sI sI sI sI sI}", "bytes", (json_int_t)s.bytes,
				      "allocated", (json_int_t)s.allocated, "data", (json_int_t)s.data, "files", (json_int_t)s.files, "dirs",
				      (json_int_t)s.dirs, "links", (json_int_t)s.links));
}

static void put_sizes(struct look *k)
{
	json_t *sizes = json_object(), *path;
	const char *name;

	json_object_foreach((json_t *)facts_get(k->f, QF_SCOPE), name, path)
	    add_size(k, sizes, name, json_string_value(path));
	add_size(k, sizes, "install", k->l.install);
	observe(k, QF_SIZES, sizes, "tree");
}

void inspect_host(struct look *k)
{
	put_machine(k);
	put_memory(k);
	put_memory_limit(k);
	put_limits(k);
	put_java(k);
	put_clock(k);
	put_kubernetes(k);
	put_filesystems(k);
	if (k->depth == DEPTH_QUICK || k->depth == DEPTH_GATE)
		return;
	put_gate(k);
	put_sizes(k);
	inspect_neighbours(k);
}
