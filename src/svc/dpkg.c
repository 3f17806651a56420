/* dpkg(1). The lock of the frontends is ours while it works, so it must not take it. */
#include "svc/packager.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/vec.h"
#include "io/cmd.h"
#include "io/file.h"
#include "io/json.h"

#define LOOK_EVERY (100 * NS_PER_MS)
#define CACHE      "/var/cache/apt/archives"

/* debconf(7), ucf(1), needrestart(1) */
static const char *const quiet[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
				     "LC_ALL=C.UTF-8",
				     "DEBIAN_FRONTEND=noninteractive",
				     "DPKG_FRONTEND_LOCKED=1",
				     "UCF_FORCE_CONFFOLD=1",
				     "APT_LISTCHANGES_FRONTEND=none",
				     "NEEDRESTART_SUSPEND=1",
				     NULL };

static int ask(const char *const *argv, struct buf *ret, enum err_kind no, struct err *e)
{
	return packager_ask(argv, quiet, ret, no, PACKAGER_ASK_WITHIN, e);
}

/* ---- a .deb ---- */

static int about(const char *path, json_t **ret, struct err *e)
{
	const char *argv[] = { "dpkg-deb", "--show", "--showformat=${Package} ${Version} ${Architecture}", path, NULL };
	autobuf struct buf said = BUF_MAX(4096);
	struct sv rest, name, version, arch;

	if (ask(argv, &said, ERR_FORMAT, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&said);
	name = sv_word(&rest);
	version = sv_word(&rest);
	arch = sv_word(&rest);
	if (!arch.n)
		return err_set(e, ERR_FORMAT, "it names no package, version and architecture");
	*ret = json_pack("{ss% ss% ss%}", "name", name.p, name.n, "version", version.p, version.n, "arch", arch.p, arch.n);
	return *ret ? 0 : err_set(e, ERR_FORMAT, "its fields are not UTF-8");
}

static int extract(const char *path, const char *into, struct err *e)
{
	const char *argv[] = { "dpkg-deb", "--extract", path, into, NULL };

	return packager_ask(argv, quiet, NULL, ERR_FORMAT, PACKAGER_FILES_WITHIN, e);
}

/* A file of its control archive; ERR_ABSENT when there is none of that name. */
static int control(const char *path, const char *name, struct buf *ret, struct err *e)
{
	const char *argv[] = { "dpkg-deb", "--info", path, name, NULL };

	return ask(argv, ret, ERR_ABSENT, e);
}

/* "/etc/x", and "remove-on-upgrade /etc/y", which brings none. */
static int conffiles(const char *path, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(PACKAGER_SAID_MAX);
	autojson json_t *list = json_array();
	struct sv rest;

	if (control(path, "conffiles", &text, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
	}
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv name = sv_trim(sv_line(&rest));

		if (sv_starts(name, "/"))
			json_array_append_new(list, json_stringn(name.p, name.n));
	}
	*ret = take_ptr(list);
	return 0;
}

/* "-rw-r--r-- root/root  5 2026-01-01 00:00 ./usr/bin/x", "... ./usr/share/x/", "... ./usr/bin/y -> x" */
static int brings(const char *path, json_t **ret, struct err *e)
{
	const char *argv[] = { "dpkg-deb", "--contents", path, NULL };
	autobuf struct buf said = BUF_MAX(PACKAGER_SAID_MAX);
	json_t *list;
	struct sv rest;

	if (packager_ask(argv, quiet, &said, ERR_FORMAT, PACKAGER_FILES_WITHIN, e) < 0)
		return -(int)e->kind;
	list = json_array();
	rest = buf_sv(&said);
	while (rest.n) {
		autofree char *line = sv_dup(sv_line(&rest));
		char *name = strstr(line, " ./"), *target = name ? strstr(name, " -> ") : NULL;
		size_t n = name ? strlen(name += 2) : 0;

		if (target)
			n = (size_t)(target - name);
		else if (n > 1 && name[n - 1] == '/')
			n--;
		if (n > 1)
			json_array_append_new(list, json_stringn(name, n));
	}
	*ret = list;
	return 0;
}

/* ---- this host ---- */

static int database(char **ret, struct err *e unused_arg)
{
	*ret = xstrdup("/var/lib/dpkg");
	return 0;
}

static int arch(char ret[32], struct err *e)
{
	static const char *const argv[] = { "dpkg", "--print-architecture", NULL };
	autobuf struct buf said = BUF_MAX(4096);

	if (ask(argv, &said, ERR_IO, e) < 0)
		return -(int)e->kind;
	snprintf(ret, 32, SV_FMT, SV_ARG(sv_trim(buf_sv(&said))));
	return 0;
}

/* NAME_VERSION_ARCH.deb, the colon of an epoch written %3a. */
static char *cached_file(const json_t *package)
{
	autobuf struct buf path = BUF_MAX(PATH_MAX);

	buf_addf(&path, CACHE "/%s_", json_str(package, "name", ""));
	for (const char *at = json_str(package, "version", ""); *at; at++)
		*at == ':' ? buf_adds(&path, "%3a") : buf_addc(&path, *at);
	buf_addf(&path, "_%s.deb", json_str(package, "arch", ""));
	return buf_take(&path);
}

/* Does a repository that apt knows of name this very version? */
static bool can_download(const json_t *package)
{
	autofree char *exactly = xasprintf("%s=%s", json_str(package, "name", ""), json_str(package, "version", ""));
	const char *argv[] = { "apt-get", "-qq", "download", "--print-uris", exactly, NULL };
	struct cmd c = { .argv = argv, .cwd = "/", .within_ns = PACKAGER_ASK_WITHIN, .out_max = 4096, .die_with_us = true };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	bool can;

	if (cmd_run(&c, &r, &e) < 0)
		return false;
	can = r.status == 0 && r.out.len > 0;
	cmd_result_done(&r);
	return can;
}

static bool can_repack(void)
{
	return !access("/usr/bin/dpkg-repack", X_OK) || !access("/usr/local/bin/dpkg-repack", X_OK);
}

static json_t *had(const json_t *package)
{
	autofree char *cached = cached_file(package);

	if (packager_is_file(&packager_dpkg, cached, package))
		return json_pack("{ss ss}", "how", "file", "file", cached);
	if (can_download(package))
		return json_pack("{ss}", "how", "download");
	return can_repack() ? json_pack("{ss}", "how", "repack") : NULL;
}

static int fetch(const json_t *package, const char *how, const char *into, struct err *e)
{
	const char *name = json_str(package, "name", "");
	autofree char *exactly = xasprintf("%s=%s", name, json_str(package, "version", ""));
	const char *const download[] = { "apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", exactly, NULL };
	/* xz, the default, takes a minute for what is needed for a day. */
	const char *const pack[] = { "dpkg-repack", "--deb-option=-Zgzip", "--deb-option=-z1", name, NULL };

	return packager_fetch(!strcmp(how, "repack") ? pack : download, into, e);
}

/* ---- what is installed ---- */

/* "sftpgo: /usr/bin/sftpgo" */
static int owner(const struct packager *p, const char *path, char **ret, struct err *e)
{
	autofree char *admin = xasprintf("--admindir=%s", p->admin);
	const char *argv[] = { "dpkg-query", admin, "--search", path, NULL };
	autobuf struct buf said = BUF_MAX(PACKAGER_SAID_MAX);
	struct sv rest;

	if (ask(argv, &said, ERR_ABSENT, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&said);
	*ret = sv_dup(sv_cut(&rest, ':'));
	return 0;
}

/* " /etc/a 5d41...\n /etc/b 5d41... obsolete": in lines, each led by a blank. */
static json_t *conffiles_of(struct sv text)
{
	json_t *list = json_array();

	while (text.n) {
		struct sv line = sv_line(&text), path = sv_word(&line);

		if (path.n)
			json_array_append_new(list, json_stringn(path.p, path.n));
	}
	return list;
}

static int installed(const struct packager *p, const char *name, json_t **ret, struct err *e)
{
	autofree char *admin = xasprintf("--admindir=%s", p->admin);
	const char *argv[] = { "dpkg-query", admin, "--show",
			       "--showformat=${Version} ${Architecture} ${db:Status-Want} ${db:Status-Status}\\n${Conffiles}",
			       name, NULL };
	autobuf struct buf said = BUF_MAX(PACKAGER_SAID_MAX);
	struct sv rest, line, version, arch, want, status;

	if (ask(argv, &said, ERR_ABSENT, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&said);
	line = sv_line(&rest);
	version = sv_word(&line);
	arch = sv_word(&line);
	want = sv_word(&line);
	status = sv_word(&line);
	if (!status.n || sv_eq(status, "not-installed") || sv_eq(status, "config-files"))
		return err_set(e, ERR_ABSENT, "package '%s' is not installed", name);
	*ret = json_pack("{ss ss% ss% ss% sb ss% so}", "name", name, "version", version.p, version.n, "arch", arch.p, arch.n,
			 "want", want.p, want.n, "held", (int)sv_eq(want, "hold"), "status", status.p, status.n, "conffiles",
			 conffiles_of(rest));
	return *ret ? 0 : err_set(e, ERR_FORMAT, "what dpkg says of '%s' is not UTF-8", name);
}

static int verify(const struct packager *p, const char *name, struct buf *ret, struct err *e)
{
	autofree char *admin = xasprintf("--admindir=%s", p->admin), *inst = xasprintf("--instdir=%s", p->inst);
	const char *argv[] = { "dpkg", admin, inst, "--verify", name, NULL };

	return packager_verify(argv, quiet, ret, e);
}

/* What it would bring is what dpkg remembers of the one installed. A package may have no sums. */
static int is_build(const struct packager *p, const char *name, const char *path, struct err *e)
{
	autobuf struct buf brings = BUF_MAX(PACKAGER_SAID_MAX), has = BUF_MAX(PACKAGER_SAID_MAX);
	autofree char *sums = xasprintf("%s/info/%s.md5sums", p->admin, name);

	if (control(path, "md5sums", &brings, e) < 0 || file_read_path(sums, &has, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		return 1;
	}
	return brings.len == has.len && !memcmp(buf_str(&brings), buf_str(&has), has.len);
}

/* ---- at work ---- */

/* Where it writes and where it logs. A root of its own leaves no line in this machine's log. */
struct places {
	char *admin, *inst, *log;
};

static struct places places_of(const struct packager *p)
{
	bool here = !strcmp(p->inst, "/");

	return (struct places){ xasprintf("--admindir=%s", p->admin), xasprintf("--instdir=%s", p->inst),
				here ? xstrdup("--log=/var/log/dpkg.log") : xasprintf("--log=%s/log", p->admin) };
}

static void places_done(struct places *at)
{
	free(at->admin);
	free(at->inst);
	free(at->log);
}

/* A record lock as apt and dpkg take it, but of this open file alone, so that no other descriptor of ours loses it. */
static bool take(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &l) == 0;
}

static int lock(const struct packager *p, struct deadline until, struct err *e)
{
	autodir struct dir admin = DIR_NONE;
	autoclose int frontend = -1, own = -1;

	if (dir_open(p->admin, &admin, e) < 0)
		return -(int)e->kind;
	frontend = dir_openat(&admin, "lock-frontend", O_RDWR | O_CREAT, 0640, e);
	own = frontend < 0 ? frontend : dir_openat(&admin, "lock", O_RDWR | O_CREAT, 0640, e);
	if (own < 0)
		return own;
	while (!take(frontend) || !packager_lock_is_free(own)) {
		if (deadline_passed(until)) {
			err_set(e, ERR_BUSY, "somebody else installs packages");
			return err_hint(e, "wait for apt or dpkg to end: 'fuser %s/lock-frontend %s/lock' names it", p->admin, p->admin);
		}
		clock_sleep_ns(LOOK_EVERY);
	}
	return take_fd(frontend);
}

/* The control files of a package it had just begun with. */
static int interrupted(const struct packager *p, struct err *e)
{
	autodir struct dir admin = DIR_NONE;

	return dir_open(p->admin, &admin, e) < 0 ? -(int)e->kind : dir_has(&admin, "tmp.ci", e);
}

static int install(const struct packager *p, const char *const *files, bool dry, int64_t within_ns, struct err *e)
{
	cleanup_with(places_done) struct places at = places_of(p);
	const char *argv[PACKAGER_FILES_MAX + 8] = {
		"dpkg", at.admin, at.inst, at.log, "--force-confold,downgrade", dry ? "--dry-run" : "--no-pager", "--install",
	};

	return packager_name_files(argv + 7, files, e) < 0 ? -(int)e->kind :
							     packager_run(argv, quiet, (struct sv){ 0 }, within_ns, e);
}

static int purge(const struct packager *p, const char *name, int64_t within_ns, struct err *e)
{
	cleanup_with(places_done) struct places at = places_of(p);
	const char *argv[] = { "dpkg", at.admin, at.inst, at.log, "--purge", name, NULL };

	return packager_run(argv, quiet, (struct sv){ 0 }, within_ns, e);
}

/* "hold", "install" */
static int want(const struct packager *p, const char *name, const char *word, struct err *e)
{
	autofree char *admin = xasprintf("--admindir=%s", p->admin), *line = xasprintf("%s %s\n", name, word);
	const char *argv[] = { "dpkg", admin, "--set-selections", NULL };

	return packager_run(argv, quiet, sv_of(line), PACKAGER_ASK_WITHIN, e);
}

const struct packager_ops packager_dpkg = {
	.name = "dpkg",
	.form = "deb",
	.beside = ".dpkg-dist",
	.half = ".dpkg-new",
	.wanted = "install",
	.front = &front_apt,
	.repacker = "dpkg-repack",
	.about = about,
	.extract = extract,
	.conffiles = conffiles,
	.brings = brings,
	.database = database,
	.arch = arch,
	.had = had,
	.fetch = fetch,
	.owner = owner,
	.installed = installed,
	.verify = verify,
	.is_build = is_build,
	.interrupted = interrupted,
	.lock = lock,
	.install = install,
	.purge = purge,
	.want = want,
};
