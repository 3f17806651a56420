/* Builds judged from their bytes, and a stopped installation put together from its unit. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "io/cmd.h"
#include "io/file.h"
#include "products/questdb/artifact.h"
#include "products/questdb/inspect.h"
#include "unit.h"

#define UNITS "/etc/systemd/system"

static char home[] = "/tmp/crossgrade-install-XXXXXX";
static bool own_units; /* UNITS is an empty directory of this process alone */

static char *path_of(const char *rel) { return xasprintf("%s/%s", home, rel); }

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void put(const char *rel, const char *text)
{
	autofree char *path = path_of(rel);
	autodir struct dir d = DIR_NONE;
	autofree char *parent =
	    xstrndup(rel, (size_t)(strrchr(rel, '/') ? strrchr(rel, '/') - rel : 0));
	struct err e = ERR_INIT;

	assert_ok(dir_open(home, &d, &e), &e);
	if (*parent)
		assert_ok(dir_make_all(&d, parent, 0755, &e), &e);
	write_file(path, text, 0644);
}

static bool run(const char *const *argv)
{
	autofree char *env_home = xasprintf("HOME=%s", getenv("HOME") ? getenv("HOME") : "/root");
	const char *env[] = { "PATH=/usr/bin:/bin", env_home, NULL };
	struct cmd c = { .argv = argv, .env = env, .within_ns = 120 * NS_PER_S };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	bool ok = cmd_run(&c, &r, &e) >= 0 && !r.status;

	if (!ok)
		print_message("# %s %s: %s%s\n", argv[0], argv[1], e.msg, buf_str(&r.err));
	cmd_result_done(&r);
	return ok;
}

/* The script of tests/real; false: the release cannot be had here. */
static bool questdb(const char *verb, const char *version, const char *out)
{
	const char *argv[] = { "/bin/bash", REAL_QUESTDB, verb, version, out, NULL };

	return run(argv);
}

static void pack(const char *dir, const char *out)
{
	autofree char *from = path_of(dir), *to = path_of(out);
	const char *argv[] = { "tar", "-C", home, "-czf", to, dir, NULL };

	(void)from;
	assert_true(run(argv));
}

static json_t *judge(const char *rel)
{
	autofree char *path = path_of(rel);
	struct err e = ERR_INIT;
	json_t *a = NULL;

	assert_ok(artifact_judge(path, NULL, NULL, &a, &e), &e);
	return a;
}

/* ---- builds ---- */

static void assert_is_9_0_3(const json_t *a, const char *form)
{
	assert_string_equal(json_str(a, "form", ""), form);
	assert_string_equal(json_str(a, "edition", ""), "open-source");
	assert_string_equal(json_str(a, "version", ""), "9.0.3");
	assert_string_equal(json_str(a, "arch", ""), "any");
	assert_int_equal(json_int(a, "java_major", 0), 11);
	assert_false(json_bool(a, "has_java", true));
	assert_int_equal(strlen(json_str(a, "sha256", "")), 64);
	assert_null(json_object_get(a, "damage"));
	assert_null(json_object_get(a, "unsafe"));
	assert_non_null(json_str(a, "glibc", NULL));
}

static void test_real_builds(void **state)
{
	autofree char *archive = path_of("questdb-9.0.3-no-jre-bin.tar.gz"),
		      *dir = path_of("installed");
	autojson json_t *a = NULL, *b = NULL, *c = NULL;

	if (!questdb("archive", "9.0.3", archive) || !questdb("install", "9.0.3", dir))
		skip();
	a = judge("questdb-9.0.3-no-jre-bin.tar.gz");
	assert_is_9_0_3(a, "no-jre.tar.gz");
	assert_string_equal(json_str(a, "top", ""), "questdb-9.0.3-no-jre-bin");
	assert_string_equal(json_str(json_object_get(a, "launcher"), "main_class", ""),
			    "io.questdb/io.questdb.ServerMain");
	b = judge("installed");
	assert_is_9_0_3(b, "directory");
	c = judge("installed/questdb.jar");
	assert_is_9_0_3(c, "jar");
}

static void make_runtime(const char *dir, const char *modules)
{
	autofree char *release = xasprintf("%s/release", dir),
		      *java = xasprintf("%s/bin/java", dir);
	autofree char *image = xasprintf("%s/lib/modules", dir),
		      *env = xasprintf("%s/bin/env.sh", dir);
	autofree char *script = xasprintf("%s/bin/questdb.sh", dir), *to = path_of(java);
	const char *copy[] = { "cp", "/bin/true", to, NULL };

	put(java, "");
	assert_true(run(copy));
	put(image, "image");
	put(script, "#!/bin/sh\n");
	put(env, "JAVA_MAIN=\"com.questdb/com.questdb.EntServerMain\"\n");
	put(release, modules);
}

static void test_enterprise_runtime(void **state)
{
	autojson json_t *a = NULL;

	make_runtime("questdb-enterprise-3.3.2-rt-linux-amd64",
		     "JAVA_VERSION=\"25.0.1\"\nMODULES=\"java.base io.questdb com.questdb\"\n");
	pack("questdb-enterprise-3.3.2-rt-linux-amd64",
	     "questdb-enterprise-3.3.2-rt-linux-amd64.tar.gz");
	a = judge("questdb-enterprise-3.3.2-rt-linux-amd64.tar.gz");
	assert_string_equal(json_str(a, "form", ""), "runtime.tar.gz");
	assert_string_equal(json_str(a, "edition", ""), "enterprise");
	assert_string_equal(json_str(a, "version", ""), "3.3.2");
	assert_int_equal(json_int(a, "java_major", 0), 25);
	assert_true(json_bool(a, "has_java", false));
#ifdef __x86_64__
	assert_string_equal(json_str(a, "arch", ""), "x86-64");
#endif
	assert_string_equal(json_str(json_object_get(a, "launcher"), "script", ""),
			    "bin/questdb.sh");
}

static void assert_damaged(const char *rel)
{
	autojson json_t *a = judge(rel);

	if (!json_object_get(a, "damage")) {
		json_dumpf(a, stderr, 0);
		fail();
	}
}

static void test_damaged_builds(void **state)
{
	autofree char *path = path_of("cut.tar.gz");
	autojson json_t *a = NULL;
	struct err e = ERR_INIT;
	struct stat st;

	put("some/file", "x");
	pack("some", "no-questdb.tar.gz");
	assert_damaged("no-questdb.tar.gz");
	put("text.tar.gz", "not an archive");
	assert_damaged("text.tar.gz");
	put("empty.jar", "");
	assert_damaged("empty.jar");
	put("bad.jar", "PK\3\4 and no more");
	assert_damaged("bad.jar");
	make_runtime("other", "JAVA_VERSION=\"21\"\nMODULES=\"java.base\"\n");
	pack("other", "other.tar.gz");
	assert_damaged("other.tar.gz");
	pack("other", "cut.tar.gz");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size / 2), 0);
	assert_damaged("cut.tar.gz");
	assert_fails(artifact_judge("/nowhere", NULL, NULL, &a, &e), &e, ERR_ABSENT);
}

/* The same content is the same digest, another one is another. */
static void test_digest_of_directory(void **state)
{
	autojson json_t *a = NULL, *b = NULL, *c = NULL;

	make_runtime("rt", "MODULES=\"io.questdb\"\n");
	a = judge("rt");
	b = judge("rt");
	put("rt/lib/modules", "imagE");
	c = judge("rt");
	assert_string_equal(json_str(a, "sha256", "a"), json_str(b, "sha256", "b"));
	assert_string_not_equal(json_str(a, "sha256", "a"), json_str(c, "sha256", "c"));
}

static void test_java_versions(void **state)
{
	assert_int_equal(java_major("17.0.15"), 17);
	assert_int_equal(java_major("1.8.0_292"), 8);
	assert_int_equal(java_major("25"), 25);
	assert_int_equal(java_major("25-ea"), 25);
	assert_int_equal(java_major("x"), 0);
	assert_int_equal(java_major(""), 0);
}

/* ---- units ---- */

/* A stopped installation: its unit says where it is and what it runs, through a link. */
static void test_stopped_with_unit(void **state)
{
	autofree char *root = path_of("data"), *link = path_of("opt"),
		      *real = path_of("questdb-9.0.3-rt");
	autofree char *unit = xasprintf(
	    "[Service]\nEnvironment=QDB_PG_NET_BIND_TO=127.0.0.1:7\nExecStart=%s/bin/java -p "
	    "x -m io.questdb/io.questdb.ServerMain -d %s\nRestart=always\n",
	    link, root);
	autolayout struct layout l = { 0 };
	struct err e = ERR_INIT;

	if (!own_units)
		skip();
	make_runtime("questdb-9.0.3-rt", "JAVA_VERSION=\"17\"\nMODULES=\"java.base io.questdb\"\n");
	assert_int_equal(symlink(real, link), 0);
	put("data/conf/server.conf", "cairo.root=db\npg.net.bind.to=0.0.0.0:1\n");
	put("data/db/tables.d.lock", "");
	write_file(UNITS "/questdb.service", unit, 0644);
	assert_ok(layout_of(root, NULL, &l, &e), &e);
	assert_string_equal(json_str(l.service, "kind", ""), "systemd");
	assert_string_equal(json_str(l.service, "unit", ""), "questdb.service");
	assert_string_equal(l.kind, "runtime");
	assert_string_equal(l.install, real);
	assert_string_equal(l.install_link, link);
	assert_string_equal(l.launch_main, "io.questdb/io.questdb.ServerMain");
	assert_string_equal(l.launch_file, UNITS "/questdb.service");
	assert_string_equal(l.db_rel, "db");
	assert_int_equal(l.proc.id.pid, 0);
	assert_string_equal(conf_str(&l.conf, "pg.net.bind.to", ""), "127.0.0.1:7");
	unlink(UNITS "/questdb.service");
}

/* Nothing known but the root: no guess. */
static void test_bare_root(void **state)
{
	autofree char *root = path_of("bare");
	autolayout struct layout l = { 0 };
	struct err e = ERR_INIT;

	put("bare/conf/server.conf", "cairo.root=/elsewhere/db\n");
	assert_ok(layout_of(root, NULL, &l, &e), &e);
	assert_null(l.install);
	assert_null(l.main_class);
	assert_string_equal(l.kind, "unknown");
	assert_string_equal(l.db, "/elsewhere/db");
	assert_null(l.db_rel);
	assert_fails(layout_of("/nowhere/at/all", NULL, &l, &e), &e, ERR_ABSENT);
}

/* A mount namespace of our own with an empty unit directory. */
static bool hide_units(void)
{
	if (geteuid() || access(UNITS, F_OK) || unshare(CLONE_NEWNS) < 0)
		return false;
	return !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", UNITS, "tmpfs", MS_NOSUID, "size=1m");
}

static int setup(void **state)
{
	assert_non_null(mkdtemp(home));
	own_units = hide_units();
	if (!own_units)
		print_message("# no mount namespace of its own: units are not tested (%s)\n",
			      strerror(errno));
	return 0;
}

static int teardown(void **state)
{
	autodir struct dir tmp = DIR_NONE;
	struct err e = ERR_INIT;

	assert_ok(dir_open("/tmp", &tmp, &e), &e);
	assert_ok(dir_remove_tree(&tmp, home + strlen("/tmp/"), &e), &e);
	return 0;
}

static json_t *pinned_of_container(const char *status, const char *address)
{
	autofacts struct facts f = { 0 };
	autojson json_t *service = json_pack("{ss}", "kind", "container");
	autojson json_t *about = json_pack("{ss ss ss s{ss}}", "name", "quest", "status", status, "address", address,
					      "ports", "9000/tcp", "0.0.0.0:9000");
	struct look k = { .f = &f, .depth = DEPTH_QUICK, .l = { .service = service, .container = about } };

	facts_init(&f, "questdb", "questdb");
	inspect_install(&k);
	assert_string_equal(json_str(facts_get(&f, QF_CONTAINER_NOW), "address", "none"), address);
	return facts_pinned(&f);
}

static void test_what_a_restart_of_a_container_changes(void **state)
{
	autojson json_t *then = pinned_of_container("running", "172.17.0.2"),
			*now = pinned_of_container("restarting", "172.17.0.3");

	assert_string_equal(json_str(json_object_get(then, QF_CONTAINER), "name", "none"), "quest");
	assert_true(json_equal(then, now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_builds),
		cmocka_unit_test(test_enterprise_runtime),
		cmocka_unit_test(test_damaged_builds),
		cmocka_unit_test(test_digest_of_directory),
		cmocka_unit_test(test_java_versions),
		cmocka_unit_test(test_stopped_with_unit),
		cmocka_unit_test(test_bare_root),
		cmocka_unit_test(test_what_a_restart_of_a_container_changes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
