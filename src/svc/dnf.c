/* dnf(8), seen with 4.14. It trusts an index that nobody signed, and `dnf download` no signature at all (seen): what it brought is
 * judged by rpmkeys, with the keys given and no others. */
#include "svc/front.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/file.h"
#include "svc/dnf_source.h"
#include "svc/rpm.h"

#define CONF     "dnf.conf"
#define KEYS     "keys.asc"
#define SOURCES  "repos.d/repository.repo"
#define DATABASE "rpmdb"        /* of nothing but the keys */
#define CONF_MAX ((size_t)1 << 20)
#define WORDS    8              /* of a call of ours, its NULL included */

/* ---- asking ---- */

static const char *const variables[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", NULL };

/* Our configuration alone, and no plugin but the one that downloads: versionlock would hide what it does not want. */
static int run(const struct front *f, const char *const *words, struct cmd_result *ret, struct err *e)
{
	autofree char *config = xasprintf("--config=%s/" CONF, f->room.path);
	const char *argv[4 + WORDS] = { "dnf", config, "--disableplugin=*", "--enableplugin=download" };

	for (size_t i = 0; i < WORDS && words[i]; i++)
		argv[4 + i] = words[i];
	return front_run(f, argv, variables, "/", ret, e);
}

static int no_repository(const struct cmd_result *r, struct err *e)
{
	static const char *const bad_signature[] = { "GPG", "gpg", "signature" };
	struct sv said = buf_sv(&r->err), line;

	for (size_t i = 0; i < ARRAY_LEN(bad_signature); i++) {
		line = front_line(said, "Error: ", bad_signature[i]);
		if (line.n)
			return front_say(e, ERR_REFUSED, "its signature is not one of the keyring", line);
	}
	line = front_line(said, "", "checksum");
	if (line.n)
		return front_say(e, ERR_CHANGED, "what comes is not what its index says", line);
	line = front_line(said, "", "Curl error");
	return front_say(e, ERR_IO, "it cannot be read", line.n ? line : front_line(said, "Error: ", ""));
}

static int ask(const struct front *f, const char *const *words, struct buf *ret, struct err *e)
{
	struct cmd_result r = { 0 };
	int ok;

	if (run(f, words, &r, e) < 0)
		return -(int)e->kind;
	ok = r.status ? no_repository(&r, e) : 0;
	if (ret)
		buf_add_sv(ret, buf_sv(&r.out));
	cmd_result_done(&r);
	return ok < 0 || !ret ? ok : buf_check(ret, "dnf", e);
}

/* ---- a configuration of our own ---- */

static int add_ways_out(struct buf *ret, struct err *e)
{
	autobuf struct buf conf = BUF_MAX(CONF_MAX);

	if (file_read_path("/etc/dnf/" CONF, &conf, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
	}
	dnf_source_ways_out(buf_sv(&conf), ret);
	return 0;
}

static int write_conf(const struct front *f, struct err *e)
{
	autobuf struct buf text = BUF_MAX(64 << 10);
	const char *room = f->room.path;

	buf_adds(&text, "[main]\n");
	if (add_ways_out(&text, e) < 0)
		return -(int)e->kind;
	buf_addf(&text, "reposdir=%s/repos.d\ncachedir=%s/cache\npersistdir=%s/state\nlogdir=%s/log\n", room, room, room, room);
	buf_addf(&text, "system_cachedir=%s/cache\npluginconfpath=%s/empty\n", room, room);
	buf_adds(&text, "gpgcheck=1\nassumeyes=1\nobsoletes=0\ntimeout=" FRONT_ANSWER_S "\nretries=2\n");
	if (buf_check(&text, "dnf's configuration", e) < 0)
		return -(int)e->kind;
	return file_create(&f->room, CONF, buf_sv(&text), FILE_PRIVATE, e);
}

static int write_source(const struct front *f, const json_t *entries, struct sv keys, struct err *e)
{
	autofree char *path = xasprintf("%s/" KEYS, f->room.path);
	autobuf struct buf text = BUF_MAX(256 << 10);

	dnf_source_text(entries, path, &text);
	if (buf_check(&text, "the repository's entries", e) < 0 || file_create(&f->room, KEYS, keys, FILE_PRIVATE, e) < 0)
		return -(int)e->kind;
	return file_create(&f->room, SOURCES, buf_sv(&text), FILE_PRIVATE, e);
}

static int import_keys(const struct front *f, struct err *e)
{
	autofree char *path = xasprintf("%s/" KEYS, f->room.path), *database = xasprintf("%s/" DATABASE, f->room.path);
	const char *argv[] = { "rpmkeys", "--dbpath", database, "--import", path, NULL };
	autobuf struct buf said = BUF_MAX(FRONT_SAID_MAX);

	return front_ask(f, argv, rpm_quiet, &said, e) < 0 ? err_wrap(e, "take the keys of the keyring") : 0;
}

static int begin(struct front *f, const json_t *entries, struct sv keys, struct err *e)
{
	static const char *const rooms[] = { "repos.d", "cache", "state", "log", "empty", DATABASE, FRONT_FILES };
	static const char *const update[] = { "makecache", NULL };

	for (size_t i = 0; i < ARRAY_LEN(rooms); i++)
		if (dir_make(&f->room, rooms[i], 0700, e) < 0)
			return -(int)e->kind;
	if (packager_rpm.arch(f->arch, e) < 0 || write_conf(f, e) < 0 || write_source(f, entries, keys, e) < 0 || import_keys(f, e) < 0)
		return -(int)e->kind;
	return ask(f, update, NULL, e);
}

/* ---- versions ---- */

/* "sftpgo 2.7.5-1 x86_64", blank lines between: those of that name, into others; the last of the release that is wanted into ret. */
static void choose(struct sv said, const char *package, const char *want, char ret[FRONT_VERSION_MAX], struct buf *others)
{
	while (said.n) {
		struct sv line = sv_line(&said), name = sv_word(&line), version = sv_word(&line);

		if (!sv_eq(name, package) || !version.n || version.n >= FRONT_VERSION_MAX)
			continue;
		if (sv_eq(version, want) || front_is_release(version, want))
			snprintf(ret, FRONT_VERSION_MAX, SV_FMT, SV_ARG(version));
		buf_addf(others, "%s" SV_FMT, others->len ? ", " : "", SV_ARG(version));
	}
}

static int look_for(const struct front *f, const char *spec, const char *latest, struct buf *ret, struct err *e)
{
	autofree char *arch = xasprintf("--arch=%s,noarch", f->arch);
	const char *words[WORDS] = { "--quiet", "repoquery", arch, "--queryformat=%{name} %{evr} %{arch}\n", spec, latest, NULL };

	return ask(f, words, ret, e) < 0 ? err_wrap(e, "ask dnf for '%s'", spec) : 0;
}

/* dnf knows which is the newest of several; it is asked for all only when none will do. */
static int version(const struct front *f, const char *package, const char *want, char ret[FRONT_VERSION_MAX], struct err *e)
{
	autobuf struct buf some = BUF_MAX(FRONT_SAID_MAX), all = BUF_MAX(FRONT_SAID_MAX), others = BUF_MAX(300);
	autofree char *spec = xasprintf("%s-%s", package, want);
	char found[FRONT_VERSION_MAX] = "";

	if (look_for(f, spec, "--latest-limit=1", &some, e) < 0)
		return -(int)e->kind;
	choose(buf_sv(&some), package, want, found, &others);
	if (*found) {
		memcpy(ret, found, sizeof found);
		return 0;
	}
	if (look_for(f, package, NULL, &all, e) < 0)
		return -(int)e->kind;
	buf_reset(&others);
	choose(buf_sv(&all), package, "", found, &others);
	if (others.len)
		return err_set(e, ERR_ABSENT, "it has no %s %s for %s; it has %s", package, want, f->arch, buf_str(&others));
	return err_set(e, ERR_ABSENT, "it has no package '%s' for %s", package, f->arch);
}

/* ---- one file ---- */

static int judge_signature(const struct front *f, const char *path, struct err *e)
{
	autofree char *database = xasprintf("%s/" DATABASE, f->room.path);
	const char *is;

	if (rpm_signature(path, database, &is, e) < 0)
		return -(int)e->kind;
	if (!strcmp(is, "good"))
		return 0;
	if (!strcmp(is, "wrong"))
		return err_set(e, ERR_CHANGED, "what comes is not what was signed");
	return err_set(e, ERR_REFUSED, "the package is signed by %s", !strcmp(is, "none") ? "nobody" : "no key of the keyring");
}

/* Its name is what it says of itself: that in the index is another's. */
static int name_of(const char *path, const char *package, const char *version, char **ret, struct err *e)
{
	autojson json_t *is = NULL;

	if (packager_rpm.about(path, &is, e) < 0)
		return -(int)e->kind;
	if (strcmp(json_str(is, "name", ""), package) != 0 || strcmp(json_str(is, "version", ""), version) != 0)
		return err_set(e, ERR_CHANGED, "what comes is %s %s", json_str(is, "name", "?"), json_str(is, "version", "?"));
	*ret = rpm_file_name(is);
	return 0;
}

static int bring(const struct front *f, const char *package, const char *version, const struct dir *into, char **ret_name, struct err *e)
{
	autofree char *exactly = xasprintf("%s-%s", package, version), *path = NULL, *name = NULL;
	autofree char *files = xasprintf("--destdir=%s/" FRONT_FILES, f->room.path), *arch = xasprintf("--arch=%s,noarch", f->arch);
	const char *words[WORDS] = { "download", files, arch, exactly, NULL };

	if (ask(f, words, NULL, e) < 0 || front_file(f, &path, e) < 0 || judge_signature(f, path, e) < 0 ||
	    name_of(path, package, version, &name, e) < 0 || front_take(f, NULL, into, name, e) < 0)
		return -(int)e->kind;
	*ret_name = take_ptr(name);
	return 0;
}

static int fetch(const struct front *f, const char *package, const char *version, const struct dir *into, char **ret_name, struct err *e)
{
	return bring(f, package, version, into, ret_name, e) < 0 ? err_wrap(e, "fetch %s %s", package, version) : 0;
}

/* zypper's lie in files of the same form. */
static const char *const others[] = { "/etc/yum/repos.d", "/etc/distro.repos.d", "/etc/zypp/repos.d", NULL };
static const char *const endings[] = { ".repo", NULL };

const struct front_ops front_dnf = {
	.name = "dnf",
	.folder = "/etc/yum.repos.d",
	.others = others,
	.mixed = "/etc/dnf/" CONF,
	.endings = endings,
	.naming = "letters, digits, '_', '-' and '.', and .repo at its end",
	.parse = dnf_source_parse,
	.judge = dnf_source_judge,
	.begin = begin,
	.version = version,
	.fetch = fetch,
};
