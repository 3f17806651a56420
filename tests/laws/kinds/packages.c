/* Fixtures of the kinds that install packages: dpkg itself, on a database and a root of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/image.h"
#include "laws/fixture.h"
#include "unit/unit.h"

/* A program and a configuration file, of version 1, 2 or 3. */
static char *make_package(struct bench *b, const char *version)
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

static void install(struct bench *b, const char *version)
{
	autofree char *deb = make_package(b, version), *admin = xasprintf("--admindir=%s/packages", b->base);
	autofree char *inst = xasprintf("--instdir=%s/world/system", b->base), *log = xasprintf("--log=%s/dpkg.log", b->base);
	const char *argv[] = { "dpkg", admin, inst, log, "--force-confold", "--install", deb, NULL };

	bench_put(b, "packages/updates/.keep", "");
	bench_put(b, "packages/info/format", "1\n");
	if (bench_is(b, "packages/status", "(absent)"))
		bench_put(b, "packages/status", "");
	bench_drop(b, "packages/updates/.keep");
	bench_run(argv);
}

static void digest_of(const char *path, char ret[DIGEST_TEXT])
{
	autobuf struct buf text = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_ok(file_read_path(path, &text, &e), &e);
	digest_text(buf_sv(&text), ret);
}

/* ---- package_stage ---- */

static json_t *stage(struct bench *b)
{
	autofree char *old = NULL, *new = NULL;
	char sha256[DIGEST_TEXT];

	bench_put(b, "world/system/etc/hosts", "");
	install(b, "1");
	old = make_package(b, "1");
	new = make_package(b, "2");
	digest_of(new, sha256);
	return json_pack("{s[{ss ss ss ss ss}] s[{ss ss ss ss ss}]}", "new", "name", "server", "version", "2", "arch", "all", "file", new,
			 "sha256", sha256, "old", "name", "server", "version", "1", "arch", "all", "how", "file", "file", old);
}

/* By somebody who had to wait until our run had ended. */
static void another_is_installed(struct bench *b)
{
	ctx_drop_fds(&b->ctx);
	install(b, "3");
}

/* ---- package_install ---- */

static json_t *keep(struct bench *b, const char *version)
{
	autofree char *deb = make_package(b, version);
	autobuf struct buf text = BUF_MAX(1 << 20);
	char digest[DIGEST_TEXT];
	autofree char *rel = NULL;
	struct err e = ERR_INIT;

	assert_ok(file_read_path(deb, &text, &e), &e);
	digest_text(buf_sv(&text), digest);
	rel = xasprintf("%s.large", digest);
	assert_ok(file_replace(&b->ctx.blobs, rel, buf_sv(&text), FILE_PRIVATE, &e), &e);
	return json_pack("[s]", rel);
}

static json_t *upgrade(struct bench *b)
{
	char theirs[DIGEST_TEXT], olds[DIGEST_TEXT];

	bench_put(b, "world/system/etc/hosts", "");
	install(b, "1");
	digest_text(SV("shipped with 1\n"), olds);
	digest_text(SV("shipped with 2\n"), theirs);
	return json_pack("{s[{ss ss ss}] so so s{ss} so s[{so ss sb}]}", "packages", "name", "server", "was", "1", "to", "2", "new",
			 keep(b, "2"), "old", keep(b, "1"), "old_conffiles", "/etc/server.conf", olds, "program", place_of("system", "usr/bin/server"), "conffiles", "file",
			 place_of("system", "etc/server.conf"), "theirs", theirs, "in_point", 0);
}

static json_t *upgrade_edited(struct bench *b)
{
	json_t *params = upgrade(b);

	bench_put(b, "world/system/etc/server.conf", "of the operator\n");
	return params;
}

static bool is_upgraded(struct bench *b)
{
	return bench_is(b, "world/system/usr/bin/server", "2") &&
	       bench_is(b, "world/system/etc/server.conf", "shipped with 1\n") &&
	       bench_is(b, "world/system/etc/server.conf.dpkg-dist", "shipped with 2\n");
}

static bool is_upgraded_edited(struct bench *b)
{
	return bench_is(b, "world/system/usr/bin/server", "2") &&
	       bench_is(b, "world/system/etc/server.conf", "of the operator\n") &&
	       bench_is(b, "world/system/etc/server.conf.dpkg-dist", "shipped with 2\n");
}

static void conf_is_edited_since(struct bench *b)
{
	bench_put(b, "world/system/etc/server.conf", "somebody else's\n");
}

/* ---- package_lock ---- */

static json_t *lock(struct bench *b)
{
	install(b, "1");
	return json_pack("{ss}", "within", "10s");
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
	{ .kind = "package_lock", .name = "nobody else", .flags = FX_NO_EFFECT, .params = lock },
	{ .kind = "package_source", .name = "one repository for another", .flags = FX_FORCE, .params = switch_source,
	  .drift = old_source_is_edited, .meddle = new_source_is_there_already, .done = is_switched },
	{ .kind = "package_source", .name = "the old one comes back by another hand", .flags = FX_FORCE, .params = switch_source,
	  .drift = new_source_is_there_already, .meddle = old_source_is_edited, .done = is_switched },
	{ .kind = "package_stage", .name = "both packages", .flags = FX_NO_EFFECT, .params = stage, .drift = another_is_installed },
	{ .kind = "package_install", .name = "a configuration file never edited", .flags = FX_FORCE, .params = upgrade,
	  .drift = another_is_installed, .meddle = another_is_installed, .done = is_upgraded },
	{ .kind = "package_install", .name = "an edited configuration file", .flags = FX_FORCE, .params = upgrade_edited,
	  .drift = another_is_installed, .meddle = conf_is_edited_since, .done = is_upgraded_edited },
	{ NULL },
};
