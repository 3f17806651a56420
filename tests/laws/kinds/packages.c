/* Fixtures of the kinds that install packages: dpkg and rpm themselves, on a database and a root of their own. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "engine/package_edits.h"
#include "engine/package_looks.h"
#include "io/image.h"
#include "io/room.h"
#include "laws/fixture.h"
#include "unit/unit.h"

/* What differs between the managers. */
struct manager {
	const char *name, *arch, *beside;
	char *(*make)(struct bench *b, const char *version);    /* a program and a configuration file; heap */
	void (*install)(struct bench *b, const char *file);
	const char *release;                                    /* of a version: "1", "1-1" */
};

/* ---- dpkg ---- */

static char *make_deb(struct bench *b, const char *version)
{
	autofree char *control = xasprintf("Package: server\nVersion: %s\nArchitecture: all\nMaintainer: x\nDescription: x\n", version);
	autofree char *tree = bench_path(b, "made"), *conf = xasprintf("shipped with %s\n", version);
	char *deb = xasprintf("%s/server_%s.deb", b->base, version);
	const char *argv[] = { "dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, deb, NULL };

	bench_put(b, "made/DEBIAN/control", control);
	bench_put(b, "made/DEBIAN/conffiles", "/etc/server.conf\n");
	bench_put(b, "made/etc/server.conf", conf);
	bench_put(b, "made/usr/bin/server", version);
	bench_run(argv);
	return deb;
}

static void install_deb(struct bench *b, const char *file)
{
	autofree char *admin = xasprintf("--admindir=%s/packages", b->base);
	autofree char *inst = xasprintf("--instdir=%s/world/system", b->base), *log = xasprintf("--log=%s/dpkg.log", b->base);
	const char *argv[] = { "dpkg", admin, inst, log, "--force-confold", "--install", file, NULL };

	bench_put(b, "packages/updates/.keep", "");
	bench_put(b, "packages/info/format", "1\n");
	if (bench_is(b, "packages/status", "(absent)"))
		bench_put(b, "packages/status", "");
	bench_drop(b, "packages/updates/.keep");
	bench_run(argv);
}

static const struct manager dpkg = { "dpkg", "all", ".dpkg-dist", make_deb, install_deb, "" };

/* The vendor's own, with a file that this host's dpkg leaves out; the one above is what dpkg-repack makes of it then. */
static char *make_whole_deb(struct bench *b, const char *version)
{
	char *deb;

	bench_put(b, "made/usr/bin/server.doc", "how to");
	deb = make_deb(b, version);
	bench_drop(b, "made/usr/bin/server.doc");
	return deb;
}

static const struct manager whole_dpkg = { "dpkg", "all", ".dpkg-dist", make_whole_deb, install_deb, "" };

/* dpkg has no other place for it; nobody but this process and its children sees it. */
static bool can_leave_out(void)
{
	static const char folder[] = "/etc/dpkg/dpkg.cfg.d";
	static bool done;
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;

	if (done)
		return true;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", folder, "tmpfs", 0, NULL) < 0) {
		print_message("no file system of its own at %s\n", folder);
		return false;
	}
	assert_ok(dir_open(folder, &d, &e), &e);
	assert_ok(file_replace(&d, "leave-out", SV("path-exclude=/usr/bin/server.doc\n"), FILE_PRIVATE, &e), &e);
	return done = true;
}

/* ---- rpm ---- */

/* Made once: the same package made again is another build. */
static struct dir made_in = DIR_NONE;

static bool can_rpm(void)
{
	bool can = !access("/usr/bin/rpmbuild", X_OK);

	if (!can)
		print_message("no rpmbuild\n");
	return can;
}

static char *make_rpm(struct bench *b unused_arg, const char *version)
{
	struct err e = ERR_INIT;
	char *file;

	if (made_in.fd < 0)
		assert_ok(room_make("laws-rpm", &made_in, &e), &e);
	file = xasprintf("%s/server-%s-1.noarch.rpm", made_in.path, version);
	const char *argv[] = { REAL_DIR "/../tools/rpm_package.sh", "server", version, file, "--target", "noarch", NULL };

	if (access(file, R_OK) < 0)
		bench_run(argv);
	return file;
}

static void install_rpm(struct bench *b, const char *file)
{
	autofree char *root = bench_path(b, "world/system");
	const char *argv[] = { "rpm", "--root", root, "--dbpath", "/../../packages", "--upgrade", "--oldpackage", file, NULL };

	bench_run(argv);
}

static const struct manager rpm = { "rpm", "noarch", ".rpmnew", make_rpm, install_rpm, "-1" };

void package_fixtures_end(void)
{
	struct err why = ERR_INIT;

	if (room_drop(&made_in, &why) < 0)
		print_message("a room stays: %s\n", why.msg);
}

/* ---- both ---- */

static void install(struct bench *b, const struct manager *m, const char *version)
{
	autofree char *file = m->make(b, version);

	m->install(b, file);
}

static void digest_of(const char *path, char ret[DIGEST_TEXT])
{
	autobuf struct buf text = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_ok(file_read_path(path, &text, &e), &e);
	digest_text(buf_sv(&text), ret);
}

/* ---- package_stage ---- */

static json_t *stage(struct bench *b, const struct manager *m)
{
	autofree char *old = NULL, *new = NULL;
	char sha256[DIGEST_TEXT];

	bench_put(b, "world/system/etc/hosts", "");
	install(b, m, "1");
	old = m->make(b, "1");
	new = m->make(b, "2");
	digest_of(new, sha256);
	return json_pack("{ss s[{ss ss+ ss ss ss}] s[{ss ss+ ss ss ss}]}", "manager", m->name, "new", "name", "server", "version", "2",
			 m->release, "arch", m->arch, "file", new, "sha256", sha256, "old", "name", "server", "version", "1", m->release,
			 "arch", m->arch, "how", "file", "file", old);
}

static json_t *stage_dpkg(struct bench *b)
{
	return stage(b, &dpkg);
}

static json_t *stage_rpm(struct bench *b)
{
	return stage(b, &rpm);
}

/* By somebody who had to wait until our run had ended. */
static void another_by_dpkg(struct bench *b)
{
	ctx_drop_fds(&b->ctx);
	install(b, &dpkg, "3");
}

static void another_by_rpm(struct bench *b)
{
	ctx_drop_fds(&b->ctx);
	install(b, &rpm, "3");
}

/* ---- package_install ---- */

static json_t *keep_file(struct bench *b, const char *file)
{
	autobuf struct buf text = BUF_MAX(1 << 20);
	char digest[DIGEST_TEXT];
	autofree char *rel = NULL;
	struct err e = ERR_INIT;

	assert_ok(file_read_path(file, &text, &e), &e);
	digest_text(buf_sv(&text), digest);
	rel = xasprintf("%s.large", digest);
	assert_ok(file_replace(&b->ctx.blobs, rel, buf_sv(&text), FILE_PRIVATE, &e), &e);
	return json_string(rel);
}

static json_t *keep(struct bench *b, const struct manager *m, const char *version)
{
	autofree char *file = m->make(b, version);

	return json_pack("[o]", keep_file(b, file));
}

static json_t *upgrade(struct bench *b, const struct manager *m)
{
	char theirs[DIGEST_TEXT], olds[DIGEST_TEXT];

	bench_put(b, "world/system/etc/hosts", "");
	install(b, m, "1");
	digest_text(SV("shipped with 1\n"), olds);
	digest_text(SV("shipped with 2\n"), theirs);
	return json_pack("{ss s[{ss ss+ ss+}] so so s{ss} s[sss] so s[{so ss sb}]}", "manager", m->name, "packages", "name", "server", "was", "1",
			 m->release, "to", "2", m->release, "new", keep(b, m, "2"), "old", keep(b, m, "1"), "old_conffiles",
			 "/etc/server.conf", olds, "strays", "/usr/share/server/2", "/usr/bin/only", "/usr/bin/only.dpkg-new", "program", place_of("system", "usr/bin/server"), "conffiles", "file",
			 place_of("system", "etc/server.conf"), "theirs", theirs, "in_point", 0);
}

/* The new world has a package that the old one had not. */
static json_t *upgrade_and_add(struct bench *b)
{
	static const char control[] = "Package: plugin\nVersion: 2\nArchitecture: all\nMaintainer: x\nDescription: x\n";
	autofree char *tree = bench_path(b, "added"), *deb = xasprintf("%s/plugin_2.deb", b->base);
	const char *argv[] = { "dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, deb, NULL };
	json_t *params = upgrade(b, &dpkg);

	bench_put(b, "added/DEBIAN/control", control);
	bench_put(b, "added/usr/bin/plugin", "2");
	bench_run(argv);
	json_array_append_new(json_object_get(params, "packages"), json_pack("{ss ss}", "name", "plugin", "to", "2"));
	json_array_append_new(json_object_get(params, "new"), keep_file(b, deb));
	return params;
}

static json_t *upgrade_edited(struct bench *b, const struct manager *m)
{
	json_t *params = upgrade(b, m);

	bench_put(b, "world/system/etc/server.conf", "of the operator\n");
	return params;
}

static json_t *looks_of(struct bench *b, const struct packager *p, const struct manager *m)
{
	autofree char *old = m->make(b, "1");
	autojson json_t *looks = json_object();
	autobuf struct buf text = BUF_MAX(4096);
	char digest[DIGEST_TEXT];
	struct err e = ERR_INIT;

	assert_ok(package_looks_take(p, old, looks, &e), &e);
	assert_non_null(json_object_get(looks, "/usr/bin/server"));
	assert_null(json_object_get(looks, "/etc/server.conf"));
	json_canonical(looks, &text);
	assert_ok(blob_put(&b->ctx.blobs, buf_sv(&text), digest, &e), &e);
	return json_string(digest);
}

static void program_is_edited_once_more(struct bench *b)
{
	bench_put(b, "world/system/usr/bin/server", "of the operator, later");
}

/* The program itself, by hand; as it was staged. */
static json_t *upgrade_altered(struct bench *b, const struct manager *m)
{
	autofree char *inst = xasprintf("%s/world/system", b->base), *admin = xasprintf("%s/../../packages", inst);
	struct packager p = { .ops = packager_named(m->name), .inst = inst, .admin = admin };
	json_t *params = upgrade(b, m), *edits = json_object();
	autobuf struct buf odd = BUF_MAX(4096);
	struct err e = ERR_INIT;

	bench_put(b, "world/system/usr/bin/server", "of the operator");
	assert_ok(p.ops->verify(&p, "server", &odd, &e), &e);
	assert_ok(package_edits_take(&p, buf_str(&odd), &b->ctx.blobs, edits, &e), &e);
	assert_int_equal(json_object_size(edits), 1);
	json_object_set_new(params, "looks", looks_of(b, &p, m));
	json_object_set_new(params, "odd", json_pack("{ss}", "server", buf_str(&odd)));
	json_object_set_new(params, "edits", edits);
	return params;
}

static bool is_upgraded(struct bench *b, const struct manager *m, const char *conf)
{
	autofree char *beside = xasprintf("world/system/etc/server.conf%s", m->beside);

	return bench_is(b, "world/system/usr/bin/server", "2") && bench_is(b, "world/system/etc/server.conf", conf) &&
	       bench_is(b, beside, "shipped with 2\n");
}

static json_t *upgrade_dpkg(struct bench *b)
{
	return upgrade(b, &dpkg);
}

static json_t *upgrade_left_out(struct bench *b)
{
	json_t *params = upgrade(b, &dpkg);

	json_object_set_new(params, "old", keep(b, &whole_dpkg, "1"));
	return params;
}

static json_t *upgrade_rpm(struct bench *b)
{
	return upgrade(b, &rpm);
}

static json_t *upgrade_edited_dpkg(struct bench *b)
{
	return upgrade_edited(b, &dpkg);
}

static json_t *upgrade_altered_dpkg(struct bench *b)
{
	return upgrade_altered(b, &dpkg);
}

static json_t *upgrade_altered_rpm(struct bench *b)
{
	return upgrade_altered(b, &rpm);
}

static bool is_upgraded_dpkg(struct bench *b)
{
	return is_upgraded(b, &dpkg, "shipped with 1\n");
}

static bool is_upgraded_with_added(struct bench *b)
{
	return is_upgraded_dpkg(b) && bench_is(b, "world/system/usr/bin/plugin", "2");
}

static bool is_upgraded_rpm(struct bench *b)
{
	return is_upgraded(b, &rpm, "shipped with 1\n");
}

static bool is_upgraded_edited_dpkg(struct bench *b)
{
	return is_upgraded(b, &dpkg, "of the operator\n");
}

/* What a killed one leaves of files that only the new package brings, once the old one is installed again (seen, 1.21). */
static void dpkg_forgets(struct bench *b)
{
	bench_put(b, "world/system/usr/bin/only", "of the new one\n");
	bench_put(b, "world/system/usr/bin/only.dpkg-new", "of the new one\n");
}

/* Killed after it gave all files their names, before it told its database. */
static void rpm_forgets(struct bench *b)
{
	autofree char *root = bench_path(b, "world/system"), *old = make_rpm(b, "1");
	const char *argv[] = { "rpm", "--root", root, "--dbpath", "/../../packages", "--upgrade", "--oldpackage", "--justdb", old, NULL };

	bench_run(argv);
	bench_put(b, "world/system/usr/bin/server;1a2b3c4d", "2");
}

static void conf_is_edited_since(struct bench *b)
{
	bench_put(b, "world/system/etc/server.conf", "somebody else's\n");
}

/* ---- package_lock ---- */

static json_t *lock_dpkg(struct bench *b)
{
	install(b, &dpkg, "1");
	return json_pack("{ss}", "within", "10s");
}

static json_t *lock_rpm(struct bench *b)
{
	install(b, &rpm, "1");
	return json_pack("{ss ss}", "manager", "rpm", "within", "10s");
}

/* ---- package_source ---- */

#define SOURCES "etc/apt/sources.list.d/"
#define KEYRING "usr/share/keyrings/vendor.gpg"

static void digest_of_file(struct bench *b, const char *rel, char ret[DIGEST_TEXT])
{
	autofree char *path = bench_path(b, rel);

	digest_of(path, ret);
}

/* Under the same name: both vendors give the file and the keyring that of theirs. */
static json_t *switch_source(struct bench *b)
{
	autofree char *list = bench_path(b, "given/vendor.list"), *keyring = bench_path(b, "given/vendor.gpg");
	char old_list[DIGEST_TEXT], old_keyring[DIGEST_TEXT], new_list[DIGEST_TEXT], new_keyring[DIGEST_TEXT];

	bench_put(b, "world/system/" SOURCES "old.list", "deb http://old/ x main\n");
	bench_put(b, "world/system/" KEYRING, "old keys");
	bench_put(b, "given/vendor.list", "deb http://new/ x main\n");
	bench_put(b, "given/vendor.gpg", "new keys");
	digest_of_file(b, "world/system/" SOURCES "old.list", old_list);
	digest_of_file(b, "world/system/" KEYRING, old_keyring);
	digest_of(list, new_list);
	digest_of(keyring, new_keyring);
	return json_pack("{s[{so ss}] s[{so ss ss ss}{so sn ss ss}]}", "off", "file", place_of("system", SOURCES "old.list"), "was", old_list,
			 "put", "file", place_of("system", KEYRING), "was", old_keyring, "from", keyring, "sha256", new_keyring, "file",
			 place_of("system", SOURCES "vendor.list"), "was", "from", list, "sha256", new_list);
}

static bool is_switched(struct bench *b)
{
	return bench_is(b, "world/system/" SOURCES "old.list", "(absent)") &&
	       bench_is(b, "world/system/" SOURCES "vendor.list", "deb http://new/ x main\n") &&
	       bench_is(b, "world/system/" KEYRING, "new keys");
}

static void old_source_is_edited(struct bench *b)
{
	bench_put(b, "world/system/" SOURCES "old.list", "deb http://mirror/ x main\n");
}

static void new_source_is_there_already(struct bench *b)
{
	bench_put(b, "world/system/" SOURCES "vendor.list", "deb http://somebody/ x main\n");
}

const struct fixture package_fixtures[] = {
	{ .kind = "package_lock", .name = "nobody else", .flags = FX_NO_EFFECT, .params = lock_dpkg },
	{ .kind = "package_lock", .name = "nobody else, of rpm", .flags = FX_NO_EFFECT, .can = can_rpm,
	  .params = lock_rpm },
	{ .kind = "package_source", .name = "one repository for another", .flags = FX_FORCE, .params = switch_source,
	  .drift = old_source_is_edited, .meddle = new_source_is_there_already, .done = is_switched },
	{ .kind = "package_source", .name = "the old one comes back by another hand", .flags = FX_FORCE, .params = switch_source,
	  .drift = new_source_is_there_already, .meddle = old_source_is_edited, .done = is_switched },
	{ .kind = "package_stage", .name = "both packages", .flags = FX_NO_EFFECT, .params = stage_dpkg, .drift = another_by_dpkg },
	{ .kind = "package_stage", .name = "both packages, of rpm", .flags = FX_NO_EFFECT, .can = can_rpm, .params = stage_rpm,
	  .drift = another_by_rpm },
	{ .kind = "package_install", .name = "a configuration file never edited", .flags = FX_FORCE, .params = upgrade_dpkg,
	  .drift = another_by_dpkg, .then = dpkg_forgets, .meddle = another_by_dpkg, .done = is_upgraded_dpkg },
	{ .kind = "package_install", .name = "an edited configuration file", .flags = FX_FORCE, .params = upgrade_edited_dpkg,
	  .drift = another_by_dpkg, .meddle = conf_is_edited_since, .done = is_upgraded_edited_dpkg },
	{ .kind = "package_install", .name = "one more package than before", .flags = FX_FORCE, .params = upgrade_and_add,
	  .drift = another_by_dpkg, .meddle = another_by_dpkg, .done = is_upgraded_with_added },
	{ .kind = "package_install", .name = "the old one has files that dpkg leaves out", .flags = FX_FORCE, .can = can_leave_out,
	  .params = upgrade_left_out, .drift = another_by_dpkg, .meddle = another_by_dpkg, .done = is_upgraded_dpkg },
	{ .kind = "package_install", .name = "a configuration file never edited, of rpm", .flags = FX_FORCE, .can = can_rpm,
	  .params = upgrade_rpm, .drift = another_by_rpm, .then = rpm_forgets, .meddle = another_by_rpm, .done = is_upgraded_rpm },
	{ .kind = "package_install", .name = "a program changed by hand", .flags = FX_FORCE, .params = upgrade_altered_dpkg,
	  .drift = program_is_edited_once_more, .then = dpkg_forgets, .meddle = another_by_dpkg, .done = is_upgraded_dpkg },
	{ .kind = "package_install", .name = "a program changed by hand, of rpm", .flags = FX_FORCE, .can = can_rpm,
	  .params = upgrade_altered_rpm, .drift = program_is_edited_once_more, .then = rpm_forgets, .meddle = another_by_rpm, .done = is_upgraded_rpm },
	{ NULL },
};
