/* What stands for a release: a small jar with what an inspection reads of one, and an installation
 * around it. */
#include "double.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool member(struct archive *a, const char *name, const void *p, size_t n)
{
	struct archive_entry *entry = archive_entry_new();
	bool ok;

	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)n);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	ok = archive_write_header(a, entry) == ARCHIVE_OK &&
	     archive_write_data(a, p, n) == (la_ssize_t)n;
	archive_entry_free(entry);
	return ok;
}

bool artifact_jar(const char *out, const char *version, const char *edition)
{
	static const char class_17[10] = "\xca\xfe\xba\xbe\0\0\0\x3d\0\x10";
	static const char elf[64] = "\x7f"
				    "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01";
	bool enterprise = strcmp(edition, "EE") == 0;
	autofree char *manifest =
	    xasprintf("Manifest-Version: 1.0\r\nImplementation-Title: QuestDB%s\r\nImplementation-"
		      "Version: %s\r\nMain-Class: io.questdb.ServerMain\r\nBuild-Jdk: "
		      "17.0.9\r\nBuild-Commit-Hash: 0000standin0000\r\n"
		      "Stand-In: true\r\n\r\n",
		      enterprise ? " Enterprise" : "", version);
	struct archive *a = archive_write_new();
	bool ok;

	archive_write_set_format_zip(a);
	archive_write_zip_set_compression_store(a);
	ok = archive_write_open_filename(a, out) == ARCHIVE_OK &&
	     member(a, "META-INF/MANIFEST.MF", manifest, strlen(manifest)) &&
	     member(a, "io/questdb/ServerMain.class", class_17, sizeof class_17) &&
	     member(a, "io/questdb/bin/linux-x86-64/libquestdb.so", elf, sizeof elf) &&
	     (!enterprise ||
	      member(a, "com/questdb/EntServerMain.class", class_17, sizeof class_17)) &&
	     archive_write_close(a) == ARCHIVE_OK;
	archive_write_free(a);
	return ok;
}

static void manifest_version(struct archive *a, char *version, size_t n)
{
	char text[4096];
	la_ssize_t got = archive_read_data(a, text, sizeof text);
	struct sv rest = { text, got > 0 ? (size_t)got : 0 };

	while (rest.n) {
		struct sv line = sv_trim(sv_line(&rest)), value = line;

		if (sv_eq(sv_cut(&value, ':'), "Implementation-Version"))
			snprintf(version, n, SV_FMT, SV_ARG(sv_trim(value)));
	}
}

bool artifact_read(const char *jar, char *version, size_t n, bool *ret_enterprise)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;

	version[0] = '\0';
	*ret_enterprise = false;
	archive_read_support_format_zip(a);
	if (archive_read_open_filename(a, jar, 4096) == ARCHIVE_OK) {
		while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
			const char *name = archive_entry_pathname(entry);

			if (strcmp(name, "META-INF/MANIFEST.MF") == 0)
				manifest_version(a, version, n);
			*ret_enterprise =
			    *ret_enterprise || strcmp(name, "com/questdb/EntServerMain.class") == 0;
		}
	}
	archive_read_free(a);
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
	       text_to(dir, "release", release, 0644);
}
