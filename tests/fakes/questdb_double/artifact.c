/* What stands for a release: a small jar with what an inspection reads of one, and an installation
 * around it. */
#include "double.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define JAR_MAX (64u << 10)
#define LOCAL_HEADER 0x04034b50
#define CENTRAL_HEADER 0x02014b50
#define CENTRAL_END 0x06054b50
#define VERSION_NEEDED 20

/* A zip of stored members, by hand: an archive library alone would triple the time a start takes.
 */
struct jar {
	struct buf bytes, central;
	int members;
};

static uint32_t crc32_of(const unsigned char *p, size_t n)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* What the local and the central header of a member have in common. */
static void add_entry(struct buf *b, const char *name, const void *p, size_t n)
{
	le_add(b, VERSION_NEEDED, 2);
	le_add(b, 0, 2);          /* flags */
	le_add(b, 0, 2);          /* stored */
	le_add(b, 0x00210000, 4); /* 1980-01-01: the same jar every time */
	le_add(b, crc32_of(p, n), 4);
	le_add(b, (int64_t)n, 4);
	le_add(b, (int64_t)n, 4);
	le_add(b, (int64_t)strlen(name), 2);
	le_add(b, 0, 2);
}

static void add_member(struct jar *j, const char *name, const void *p, size_t n)
{
	size_t at = j->bytes.len;

	le_add(&j->bytes, LOCAL_HEADER, 4);
	add_entry(&j->bytes, name, p, n);
	buf_adds(&j->bytes, name);
	buf_add(&j->bytes, p, n);
	le_add(&j->central, CENTRAL_HEADER, 4);
	le_add(&j->central, VERSION_NEEDED, 2);
	add_entry(&j->central, name, p, n);
	le_add(&j->central, 0, 6); /* comment, disk, internal attributes */
	le_add(&j->central, 0, 4);
	le_add(&j->central, (int64_t)at, 4);
	buf_adds(&j->central, name);
	j->members++;
}

static bool jar_put(struct jar *j, const char *out)
{
	size_t at = j->bytes.len;

	buf_add_sv(&j->bytes, buf_sv(&j->central));
	le_add(&j->bytes, CENTRAL_END, 4);
	le_add(&j->bytes, 0, 4);
	le_add(&j->bytes, j->members, 2);
	le_add(&j->bytes, j->members, 2);
	le_add(&j->bytes, (int64_t)j->central.len, 4);
	le_add(&j->bytes, (int64_t)at, 4);
	le_add(&j->bytes, 0, 2);
	return !j->bytes.full && file_put(AT_FDCWD, out, j->bytes.data, j->bytes.len);
}

/* As much of a native library as an inspection reads: machine 62, and the glibc it asks for. */
static const char native[96] = "\x7f"
			       "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0GLIBC_2.17";

bool artifact_jar(const char *out, const char *version, const char *edition)
{
	static const char class_17[10] = "\xca\xfe\xba\xbe\0\0\0\x3d\0\x10";
	bool enterprise = strcmp(edition, "EE") == 0;
	autofree char *manifest =
	    xasprintf("Manifest-Version: 1.0\r\nImplementation-Title: QuestDB%s\r\nImplementation-"
		      "Version: %s\r\nMain-Class: io.questdb.ServerMain\r\nBuild-Jdk: "
		      "17.0.9\r\nBuild-Commit-Hash: 0000standin0000\r\n"
		      "Stand-In: true\r\n\r\n",
		      enterprise ? " Enterprise" : "", version);
	struct jar j = { .bytes = BUF_MAX(JAR_MAX), .central = BUF_MAX(JAR_MAX) };
	bool ok;

	add_member(&j, "META-INF/MANIFEST.MF", manifest, strlen(manifest));
	add_member(&j, "io/questdb/ServerMain.class", class_17, sizeof class_17);
	add_member(&j, "io/questdb/bin/linux-x86-64/libquestdb.so", native, sizeof native);
	if (enterprise)
		add_member(&j, "com/questdb/EntServerMain.class", class_17, sizeof class_17);
	ok = jar_put(&j, out);
	buf_done(&j.bytes);
	buf_done(&j.central);
	return ok;
}

static void manifest_version(struct sv rest, char *version, size_t n)
{
	while (rest.n) {
		struct sv line = sv_trim(sv_line(&rest)), value = line;

		if (sv_eq(sv_cut(&value, ':'), "Implementation-Version"))
			snprintf(version, n, SV_FMT, SV_ARG(sv_trim(value)));
	}
}

static uint32_t le_at(struct sv s, size_t at, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n && at + i < s.n; i++)
		v |= (uint32_t)(unsigned char)s.p[at + i] << 8 * i;
	return v;
}

/* Local header after local header, as add_member() wrote them. */
bool artifact_read(const char *jar, char *version, size_t n, bool *ret_enterprise)
{
	autobuf struct buf bytes = BUF_MAX(JAR_MAX);
	struct sv all;

	version[0] = '\0';
	*ret_enterprise = false;
	if (!file_get(jar, &bytes))
		return false;
	all = buf_sv(&bytes);
	for (size_t at = 0; le_at(all, at, 4) == LOCAL_HEADER;) {
		size_t size = le_at(all, at + 18, 4), name_n = le_at(all, at + 26, 2);
		struct sv name = { all.p + at + 30, name_n }, body = { name.p + name_n, size };

		if (at + 30 + name_n + size > all.n)
			return false;
		if (sv_eq(name, "META-INF/MANIFEST.MF"))
			manifest_version(body, version, n);
		*ret_enterprise = *ret_enterprise || sv_eq(name, "com/questdb/EntServerMain.class");
		at += 30 + name_n + size;
	}
	return version[0];
}

static bool copy_self(const char *to)
{
	char buf[64 << 10];
	autoclose int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	autoclose int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t n = -1;

	while (in >= 0 && out >= 0 && (n = read(in, buf, sizeof buf)) > 0) {
		if (write(out, buf, (size_t)n) != n)
			return false;
	}
	return n == 0;
}

static bool text_to(const char *dir, const char *rel, const char *text, mode_t mode)
{
	autofree char *path = xasprintf("%s/%s", dir, rel);
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool native_to(const char *dir)
{
	autofree char *path = xasprintf("%s/lib/libquestdb.so", dir);

	return file_put(AT_FDCWD, path, native, sizeof native);
}

/* DIR/questdb.jar and DIR/bin/{java,env.sh,questdb.sh}; DIR/release as a Java home has it; a
 * runtime has no jar, but its modules there. */
bool artifact_install(const char *dir, const char *version, const char *edition, bool runtime)
{
	bool enterprise = strcmp(edition, "EE") == 0;
	autofree char *bin = xasprintf("%s/bin", dir), *java = xasprintf("%s/bin/java", dir),
		      *lib = xasprintf("%s/lib", dir);
	autofree char *jar = xasprintf("%s/%s", dir, runtime ? "lib/stand-in.jar" : "questdb.jar");
	const char *main_class = enterprise ? "com.questdb/com.questdb.EntServerMain"
					    : "io.questdb/io.questdb.ServerMain";
	autofree char *env = xasprintf("JAVA_MAIN=\"%s\"\n", main_class);
	autofree char *modules =
	    xasprintf(" io.questdb@%s%s", version, enterprise ? " com.questdb" : "");
	autofree char *release =
	    xasprintf("JAVA_VERSION=\"17.0.9\"\nMODULES=\"java.base%s\"\n", runtime ? modules : "");
	autofree char *script = xasprintf(
	    "#!/bin/sh\n# A stand-in's launcher: questdb.sh start -d ROOT\n"
	    "here=$(cd \"$(dirname \"$0\")\" && pwd)\n. \"$here/env.sh\"\n"
	    "[ \"$1 $2\" = \"start -d\" ] || exit 55\n"
	    "exec \"$here/java\" -DQuestDB-Runtime-66535 %s -m \"$JAVA_MAIN\" -d \"$3\" -n\n",
	    runtime ? "" : "-p \"$here/../questdb.jar\"");

	mkdir(dir, 0755);
	mkdir(bin, 0755);
	mkdir(lib, 0755);
	return copy_self(java) && artifact_jar(jar, version, edition) &&
	       text_to(dir, "bin/env.sh", env, 0644) &&
	       text_to(dir, "bin/questdb.sh", script, 0755) &&
	       (!runtime || (text_to(dir, "lib/modules", "stand-in\n", 0644) && native_to(dir))) &&
	       text_to(dir, "release", release, 0644);
}
