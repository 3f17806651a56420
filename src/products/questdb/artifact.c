#include "products/questdb/artifact.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "data/tree.h"
#include "data/unpack.h"
#include "io/file.h"
#include "io/memory.h"

#define JAR_MAX (512u << 20)
#define MEMBER_MAX (256u << 20)
#define CLASS_MAX (4u << 20)
#define MAIN_CLASS "io/questdb/ServerMain.class"
#define ENT_CLASS "com/questdb/EntServerMain.class"

/* Where members are read from: a directory, or a packed file whose members may stand below one top
 * directory. */
struct package {
	const char *what;
	struct dir dir; /* fd -1: packed */
	int fd;
	char top[256]; /* with its slash, "" */
	json_t *names; /* {path below top: size} of a packed one */
};

static void package_done(struct package *p)
{
	dir_close(&p->dir);
	if (p->fd >= 0)
		close(p->fd);
	json_decref(p->names);
}
#define autopackage cleanup_with(package_done)
#define PACKAGE_NONE                      \
	{                                 \
		.dir = DIR_NONE, .fd = -1 \
	}

static bool has_member(const struct package *p, const char *rel)
{
	struct err ignored = ERR_INIT;

	return p->dir.fd >= 0 ? dir_has(&p->dir, rel, &ignored) == 1
			      : json_object_get(p->names, rel) != NULL;
}

static int read_member(const struct package *p, const char *rel, struct buf *ret, struct err *e)
{
	autofree char *path = xasprintf("%s%s", p->top, rel);

	if (p->dir.fd >= 0)
		return file_read(&p->dir, rel, ret, e);
	return unpack_member(p->fd, p->what, path, ret, e);
}

/* ---- Java ---- */

int java_major(const char *version)
{
	struct sv rest = sv_of(version), first = sv_cut(&rest, '.');
	uint64_t n;

	if (sv_eq(first, "1"))
		first = sv_cut(&rest, '.');
	for (size_t i = 0; i < first.n; i++)
		if (first.p[i] < '0' || first.p[i] > '9')
			first.n = i;
	return first.n && sv_u64(first, &n) && n < 1000 ? (int)n : 0;
}

/* KEY="value" of a `release` file. */
static void release_value(struct sv text, const char *key, char *ret, size_t n)
{
	while (text.n) {
		struct sv value = sv_line(&text), name = sv_cut(&value, '=');

		value = sv_trim(value);
		if (!sv_eq(sv_trim(name), key))
			continue;
		if (value.n > 1 && *value.p == '"')
			value = (struct sv){ value.p + 1, value.n - 2 };
		snprintf(ret, n, SV_FMT, SV_ARG(value));
		return;
	}
}

void java_home_of(const char *exe, struct java_home *ret)
{
	autofree char *real = realpath(exe, NULL);
	char *slash = real ? strrchr(real, '/') : NULL;
	autobuf struct buf text = BUF_MAX(1 << 20);
	autofree char *release = NULL;
	struct err ignored = ERR_INIT;

	*ret = (struct java_home){ 0 };
	if (!slash)
		return;
	*slash = '\0';
	if (!sv_ends(sv_of(real), "/bin"))
		return;
	real[strlen(real) - 4] = '\0';
	snprintf(ret->path, sizeof ret->path, "%s", real);
	release = xasprintf("%s/release", real);
	if (file_read_path(release, &text, &ignored) < 0)
		return;
	release_value(buf_sv(&text), "JAVA_VERSION", ret->version, sizeof ret->version);
	ret->major = java_major(ret->version);
}

/* ---- native code ---- */

static const char *arch_of_elf(struct sv bytes)
{
	uint16_t machine;

	if (bytes.n < sizeof(Elf64_Ehdr) || memcmp(bytes.p, ELFMAG, SELFMAG) != 0)
		return "";
	memcpy(&machine, bytes.p + offsetof(Elf64_Ehdr, e_machine), sizeof machine);
	return machine == EM_X86_64 ? "x86-64" : machine == EM_AARCH64 ? "aarch64" : "other";
}

/* The highest GLIBC_2.x that the bytes name: symbol versions stand in them as text. */
static int glibc_minor(struct sv bytes)
{
	static const char mark[] = "GLIBC_2.";
	int highest = 0;

	while (bytes.n >= sizeof mark) {
		const char *hit = memmem(bytes.p, bytes.n, mark, sizeof mark - 1);
		int minor = 0;

		if (!hit)
			break;
		bytes.n -= (size_t)(hit - bytes.p) + sizeof mark - 1;
		bytes.p = hit + sizeof mark - 1;
		for (size_t i = 0; i < bytes.n && i < 3 && bytes.p[i] >= '0' && bytes.p[i] <= '9';
		     i++)
			minor = minor * 10 + bytes.p[i] - '0';
		highest = MAX_OF(highest, minor);
	}
	return highest;
}

static void add_glibc(const struct package *p, const char *rel, int *highest)
{
	autobuf struct buf bytes = BUF_MAX(MEMBER_MAX);
	struct err ignored = ERR_INIT;

	if (has_member(p, rel) && read_member(p, rel, &bytes, &ignored) >= 0)
		*highest = MAX_OF(*highest, glibc_minor(buf_sv(&bytes)));
}

static void put_glibc(json_t *a, int minor)
{
	if (minor)
		json_object_set_new(a, "glibc", json_sprintf("2.%d", minor));
}

/* ---- a jar ---- */

static void manifest_version(const struct package *jar, json_t *a)
{
	autobuf struct buf text = BUF_MAX(1 << 20);
	struct err ignored = ERR_INIT;
	struct sv rest;

	if (read_member(jar, "META-INF/MANIFEST.MF", &text, &ignored) < 0)
		return;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv value = sv_line(&rest), key = sv_cut(&value, ':');

		value = sv_trim(value);
		if (sv_eq(key, "Implementation-Version"))
			json_object_set_new(a, "version", json_stringn(value.p, value.n));
		else if (sv_eq(key, "Build-Commit-Hash"))
			json_object_set_new(a, "build", json_stringn(value.p, value.n));
	}
}

/* Bytes 6 and 7 of a class file: 55 is Java 11, 61 is 17, 69 is 25. */
static void class_java(const struct package *jar, const char *rel, json_t *a)
{
	autobuf struct buf bytes = BUF_MAX(CLASS_MAX);
	struct err ignored = ERR_INIT;
	const unsigned char *u;

	if (read_member(jar, rel, &bytes, &ignored) < 0 || bytes.len < 8)
		return;
	u = (const unsigned char *)buf_str(&bytes);
	if (u[0] == 0xca && u[1] == 0xfe && (u[6] << 8 | u[7]) > 44)
		json_object_set_new(a, "java_major", json_integer((u[6] << 8 | u[7]) - 44));
}

static void jar_arch(const struct package *jar, json_t *a)
{
	bool x86 = has_member(jar, "io/questdb/bin/linux-x86-64/libquestdb.so");
	bool arm = has_member(jar, "io/questdb/bin/linux-aarch64/libquestdb.so");
	int glibc = 0;

	json_object_set_new(a, "arch",
			    json_string(x86 && arm ? "any"
					: x86      ? "x86-64"
					: arm      ? "aarch64"
						   : ""));
#ifdef __aarch64__
	add_glibc(jar, "io/questdb/bin/linux-aarch64/libquestdb.so", &glibc);
	add_glibc(jar, "io/questdb/bin/linux-aarch64/libquestdbr.so", &glibc);
#else
	add_glibc(jar, "io/questdb/bin/linux-x86-64/libquestdb.so", &glibc);
	add_glibc(jar, "io/questdb/bin/linux-x86-64/libquestdbr.so", &glibc);
#endif
	put_glibc(a, glibc);
}

static void judge_jar(const struct package *jar, json_t *a)
{
	bool enterprise = has_member(jar, ENT_CLASS);

	if (!enterprise && !has_member(jar, MAIN_CLASS)) {
		json_object_set_new(a, "damage", json_string("it holds no QuestDB server"));
		return;
	}
	json_object_set_new(a, "edition", json_string(enterprise ? "enterprise" : "open-source"));
	json_object_set_new(a, "modules",
			    json_pack(enterprise ? "[ss]" : "[s]", "io.questdb", "com.questdb"));
	manifest_version(jar, a);
	class_java(jar, enterprise ? ENT_CLASS : MAIN_CLASS, a);
	jar_arch(jar, a);
}

/* ---- listing a packed file ---- */

struct listing {
	json_t *names;
	char top[256]; /* the one top directory; "" more than one */
	bool several;
};

static int seen(void *data, const struct unpack_entry *m, struct err *e unused_arg)
{
	struct listing *l = data;
	size_t n = strcspn(m->path, "/");
	bool bare = !m->path[n] && m->type != 'd';

	if (m->type != 'd')
		json_object_set_new(l->names, m->path, json_integer((json_int_t)m->size));
	if (!bare && !l->top[0] && n < sizeof l->top)
		snprintf(l->top, sizeof l->top, "%.*s", (int)n, m->path);
	else if (bare || strncmp(l->top, m->path, n) != 0 || l->top[n])
		l->several = true;
	return 0;
}

/* ERR_REFUSED is the guards' word for what must not be unpacked, anything else is damage. */
static int list_package(struct package *p, bool jar, const struct unpack_opts *o, json_t *a,
			struct err *e)
{
	struct listing l = { .names = json_object() };
	size_t n;
	const char *path;
	json_t *size;

	if (unpack_list(p->fd, p->what, o, seen, &l, e) < 0) {
		json_decref(l.names);
		if (e->kind == ERR_CANCELED)
			return -e->kind;
		json_object_set_new(a, e->kind == ERR_REFUSED ? "unsafe" : "damage",
				    json_string(e->msg));
		err_clear(e);
		p->names = json_object();
		return 0;
	}
	if (!jar && !l.several && l.top[0])
		snprintf(p->top, sizeof p->top, "%s/", l.top);
	n = strlen(p->top);
	p->names = json_object();
	json_object_foreach(l.names, path, size) json_object_set(p->names, path + n, size);
	json_decref(l.names);
	return 0;
}

/* ---- an archive or a directory ---- */

static int in_memory(struct sv bytes, struct err *e)
{
	autoclose int fd = memory_open("jar", e);

	if (fd < 0)
		return fd;
	if (file_write_all(fd, bytes.p, bytes.n, "a jar in memory", e) < 0)
		return -e->kind;
	return take_fd(fd);
}

/* The jar inside of a no-JRE archive or directory. */
static void judge_inner_jar(const struct package *p, const struct cancel *cancel, json_t *a)
{
	const struct unpack_opts o = { .cancel = cancel };
	autobuf struct buf bytes = BUF_MAX(JAR_MAX);
	autopackage struct package jar = PACKAGE_NONE;
	struct err e = ERR_INIT;

	jar.what = "questdb.jar";
	if (read_member(p, "questdb.jar", &bytes, &e) < 0 ||
	    (jar.fd = in_memory(buf_sv(&bytes), &e)) < 0 ||
	    list_package(&jar, true, &o, a, &e) < 0)
		json_object_set_new(a, "damage", json_string(e.msg));
	else if (!json_object_get(a, "damage") && !json_object_get(a, "unsafe"))
		judge_jar(&jar, a);
}

static json_t *modules_of(const char *list)
{
	json_t *modules = json_array();
	struct sv rest = sv_of(list);

	while (rest.n) {
		struct sv name = sv_cut(&rest, ' ');

		if (memmem(name.p, name.n, "questdb", 7))
			json_array_append_new(modules, json_stringn(name.p, name.n));
	}
	return modules;
}

/* A jlink runtime: its modules and its Java stand in `release`, its native code beside it. */
static void judge_runtime(const struct package *p, json_t *a)
{
	static const char *const natives[] = { "lib/server/libjvm.so", "lib/libquestdb.so",
					       "lib/libquestdbr.so", NULL };
	autobuf struct buf release = BUF_MAX(1 << 20), java = BUF_MAX(16 << 20);
	char modules[16384] = "", version[64] = "";
	struct err ignored = ERR_INIT;
	int glibc = 0;

	if (read_member(p, "release", &release, &ignored) >= 0) {
		release_value(buf_sv(&release), "MODULES", modules, sizeof modules);
		release_value(buf_sv(&release), "JAVA_VERSION", version, sizeof version);
	}
	json_object_set_new(a, "modules", modules_of(modules));
	if (strstr(modules, "com.questdb"))
		json_object_set_new(a, "edition", json_string("enterprise"));
	else if (strstr(modules, "io.questdb"))
		json_object_set_new(a, "edition", json_string("open-source"));
	else
		json_object_set_new(a, "damage",
				    json_string("its runtime has no module of QuestDB"));
	if (java_major(version))
		json_object_set_new(a, "java_major", json_integer(java_major(version)));
	if (read_member(p, "bin/java", &java, &ignored) >= 0)
		json_object_set_new(a, "arch", json_string(arch_of_elf(buf_sv(&java))));
	for (size_t i = 0; natives[i]; i++)
		add_glibc(p, natives[i], &glibc);
	put_glibc(a, glibc);
}

static void put_launcher(const struct package *p, json_t *a)
{
	static const char *const scripts[] = { "bin/questdb.sh", "questdb.sh", NULL };
	static const char *const env[] = { "bin/env.sh", "env.sh" };
	struct err ignored = ERR_INIT;

	for (size_t i = 0; scripts[i]; i++) {
		autobuf struct buf text = BUF_MAX(1 << 20);
		const char *at;

		if (!has_member(p, scripts[i]))
			continue;
		if (read_member(p, env[i], &text, &ignored) < 0)
			err_clear(&ignored);
		at = strstr(buf_str(&text), "JAVA_MAIN=\"");
		json_object_set_new(
		    a, "launcher",
		    json_pack("{so ss}", "main_class",
			      at ? json_stringn(at + 11, strcspn(at + 11, "\"\n")) : json_null(),
			      "script", scripts[i]));
		return;
	}
	json_object_set_new(a, "launcher", json_null());
}

static void judge_tree(const struct package *p, const char *packed, const struct cancel *cancel,
		       json_t *a)
{
	bool runtime = has_member(p, "bin/java") && has_member(p, "lib/modules");

	json_object_set_new(a, "has_java", json_boolean(has_member(p, "bin/java")));
	json_object_set_new(a, "top", json_stringn(p->top, p->top[0] ? strlen(p->top) - 1 : 0));
	if (packed)
		json_object_set_new(a, "form",
				    json_sprintf("%s.%s", runtime ? "runtime" : "no-jre", packed));
	put_launcher(p, a);
	if (runtime)
		judge_runtime(p, a);
	else if (has_member(p, "questdb.jar"))
		judge_inner_jar(p, cancel, a);
	else
		json_object_set_new(a, "damage",
				    json_string("it holds neither a runtime nor questdb.jar"));
}

/* ---- digests and names ---- */

struct digesting {
	struct buf lines;
};

static int digest_entry(void *data, const struct tree_entry *t, struct err *e)
{
	struct digesting *d = data;
	struct dir at = { .fd = t->dirfd, .path = (char *)t->rel };
	char digest[DIGEST_TEXT] = "-";
	autofree char *target = NULL;

	if (S_ISREG(t->st.st_mode)) {
		autoclose int fd = dir_openat(&at, t->name, O_RDONLY, 0, e);

		if (fd < 0 || file_digest(fd, t->rel, digest, e) < 0)
			return -e->kind;
	} else if (S_ISLNK(t->st.st_mode)) {
		if (dir_readlink(&at, t->name, &target, e) < 0)
			return -e->kind;
	} else {
		return TREE_GO;
	}
	buf_addf(&d->lines, "%s %o %s %s\n", digest, t->st.st_mode & 0111, t->rel,
		 target ? target : "");
	return TREE_GO;
}

static int digest_tree(const struct dir *dir, const struct cancel *cancel, char ret[DIGEST_TEXT],
		       struct err *e)
{
	struct digesting d = { .lines = BUF_MAX(64u << 20) };
	struct tree_opts o = { .workers = 1, .cancel = cancel };
	int r = tree_walk(dir, &o, digest_entry, &d, e);

	if (r >= 0)
		r = buf_check(&d.lines, "the list of files", e);
	if (r >= 0)
		digest_text(buf_sv(&d.lines), ret);
	buf_done(&d.lines);
	return r;
}

/* "questdb-enterprise-3.3.2-rt-linux-amd64.tar.gz" -> "3.3.2": the first part that begins with a
 * digit. */
static void version_in_name(const char *path, json_t *a)
{
	const char *slash = strrchr(path, '/');
	struct sv rest = sv_of(slash ? slash + 1 : path);

	while (!json_object_get(a, "version") && rest.n) {
		struct sv part = sv_cut(&rest, '-');
		size_t n = 0;

		while (n < part.n && ((part.p[n] >= '0' && part.p[n] <= '9') || part.p[n] == '.'))
			n++;
		while (n && part.p[n - 1] == '.')
			n--;
		if (n >= 3 && memchr(part.p, '.', n))
			json_object_set_new(a, "version", json_stringn(part.p, n));
	}
}

static int judge_dir(struct package *p, const char *path, const struct cancel *cancel, json_t *a,
		     struct err *e)
{
	char digest[DIGEST_TEXT];

	json_object_set_new(a, "form", json_string("directory"));
	if (digest_tree(&p->dir, cancel, digest, e) < 0)
		return -e->kind;
	json_object_set_new(a, "sha256", json_string(digest));
	judge_tree(p, NULL, cancel, a);
	version_in_name(path, a);
	return 0;
}

static int judge_file(struct package *p, const char *path, const json_t *known,
		      const struct cancel *cancel, json_t *a, struct err *e)
{
	const struct unpack_opts o = { .cancel = cancel };
	unsigned char magic[4] = { 0 };
	char digest[DIGEST_TEXT];
	struct stat st;
	bool jar;

	if (fstat(p->fd, &st) < 0 || pread(p->fd, magic, sizeof magic, 0) < 0)
		return err_sys(e, errno, "look at '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_REFUSED, "'%s' is neither a file nor a directory", path);
	if (file_digest(p->fd, path, digest, e) < 0)
		return -e->kind;
	if (!strcmp(json_str(known, "sha256", ""), digest) &&
	    !strcmp(json_str(known, "path", ""), path)) {
		json_object_update(a, (json_t *)known);
		return 0;
	}
	json_object_set_new(a, "sha256", json_string(digest));
	json_object_set_new(a, "size", json_integer(st.st_size));
	jar = magic[0] == 'P' && magic[1] == 'K';
	if (jar)
		json_object_set_new(a, "form", json_string("jar"));
	else if (magic[0] != 0x1f || magic[1] != 0x8b) {
		json_object_set_new(a, "form", json_string(""));
		json_object_set_new(a, "damage",
				    json_string("it is neither a tar.gz archive nor a jar"));
		return 0;
	}
	if (list_package(p, jar, &o, a, e) < 0)
		return -e->kind;
	if (json_object_get(a, "damage") || json_object_get(a, "unsafe"))
		return 0;
	if (jar) {
		json_object_set_new(a, "has_java", json_false());
		judge_jar(p, a);
	} else {
		judge_tree(p, "tar.gz", cancel, a);
	}
	version_in_name(path, a);
	version_in_name(json_str(a, "top", ""), a);
	return 0;
}

int artifact_judge(const char *path, const json_t *known, const struct cancel *cancel, json_t **ret,
		   struct err *e)
{
	autopackage struct package p = PACKAGE_NONE;
	autojson json_t *a = json_pack("{ss}", "path", path);
	int r;

	p.what = path;
	p.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (p.fd < 0)
		return err_sys(e, errno, "open artifact '%s'", path);
	if (dir_open(path, &p.dir, e) >= 0) {
		r = judge_dir(&p, path, cancel, a, e);
	} else {
		err_clear(e);
		r = judge_file(&p, path, known, cancel, a, e);
	}
	if (r < 0)
		return r;
	*ret = take_ptr(a);
	return 0;
}

void installed_of(const char *dir, const char *jar, struct installed *ret)
{
	/* A running server's jar is not judged: reading its 10,000 entries would cost a second. */
	const struct unpack_opts o = { .names_only = true };
	autojson json_t *a = json_object();
	autopackage struct package p = PACKAGE_NONE;
	struct err ignored = ERR_INIT;

	*ret = (struct installed){ 0 };
	if (jar && (p.fd = open(jar, O_RDONLY | O_CLOEXEC)) >= 0) {
		p.what = jar;
		if (list_package(&p, true, &o, a, &ignored) >= 0)
			judge_jar(&p, a);
	} else if (dir && dir_open(dir, &p.dir, &ignored) >= 0) {
		judge_runtime(&p, a);
		version_in_name(dir, a);
	}
	snprintf(ret->edition, sizeof ret->edition, "%s", json_str(a, "edition", ""));
	snprintf(ret->version, sizeof ret->version, "%s", json_str(a, "version", ""));
}
