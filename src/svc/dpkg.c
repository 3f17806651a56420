#include "svc/dpkg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/vec.h"
#include "io/cmd.h"
#include "io/file.h"
#include "io/json.h"

#define ASK_WITHIN   (30 * NS_PER_S)
#define EXTRACT_WITHIN (300 * NS_PER_S)
#define LOOK_EVERY   (100 * NS_PER_MS)
#define SAID_MAX     ((size_t)256 << 10)
#define FILES_MAX    16

/* dpkg(1), debconf(7), ucf(1), needrestart(1). The lock of the frontends is ours, so dpkg must not take it. */
static const char *const quiet[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
				     "LC_ALL=C.UTF-8",
				     "DEBIAN_FRONTEND=noninteractive",
				     "DPKG_FRONTEND_LOCKED=1",
				     "UCF_FORCE_CONFFOLD=1",
				     "APT_LISTCHANGES_FRONTEND=none",
				     "NEEDRESTART_SUSPEND=1",
				     NULL };

/* 0 with what it said, or -kind; a status other than 0 is `no`, with its last words. */
static int ask(const char *const *argv, struct buf *ret, enum err_kind no, int64_t within_ns, struct err *e)
{
	struct cmd c = { .argv = argv, .env = quiet, .within_ns = within_ns, .out_max = SAID_MAX, .die_with_us = true };
	struct cmd_result r = { 0 };
	int ok = 0;

	if (cmd_run(&c, &r, e) < 0)
		return -(int)e->kind;
	if (r.status) {
		(void)cmd_said_no(&r, e);
		e->kind = no;
		ok = -(int)no;
	} else if (ret) {
		buf_add_sv(ret, buf_sv(&r.out));
		ok = buf_check(ret, argv[0], e);
	}
	cmd_result_done(&r);
	return ok;
}

/* ---- a .deb ---- */

int dpkg_deb_about(const char *path, json_t **ret, struct err *e)
{
	const char *argv[] = { "dpkg-deb", "--show", "--showformat=${Package} ${Version} ${Architecture}", path, NULL };
	autobuf struct buf said = BUF_MAX(4096);
	struct sv rest, name, version, arch;

	if (ask(argv, &said, ERR_FORMAT, ASK_WITHIN, e) < 0)
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

int dpkg_deb_extract(const char *path, const char *into, struct err *e)
{
	const char *argv[] = { "dpkg-deb", "--extract", path, into, NULL };

	return ask(argv, NULL, ERR_FORMAT, EXTRACT_WITHIN, e);
}

int dpkg_deb_control(const char *path, const char *name, struct buf *ret, struct err *e)
{
	const char *argv[] = { "dpkg-deb", "--info", path, name, NULL };

	return ask(argv, ret, ERR_ABSENT, ASK_WITHIN, e);
}

int dpkg_deb_conffiles(const char *path, const struct dir *files, json_t **ret, struct err *e)
{
	autobuf struct buf list = BUF_MAX(SAID_MAX);
	autojson json_t *digests = json_object();
	struct sv rest;

	if (dpkg_deb_control(path, "conffiles", &list, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
	}
	rest = buf_sv(&list);
	while (rest.n) {
		autofree char *name = sv_dup(sv_trim(sv_line(&rest)));
		int has = *name == '/' ? dir_has(files, name + 1, e) : 0; /* "remove-on-upgrade /etc/x" brings none */
		autoclose int fd = has > 0 ? dir_openat(files, name + 1, O_RDONLY, 0, e) : -1;
		char sha256[DIGEST_TEXT];

		if (has < 0 || (has && (fd < 0 || file_digest(fd, name, sha256, e) < 0)))
			return -(int)e->kind;
		if (has)
			json_object_set_new(digests, name, json_string(sha256));
	}
	*ret = take_ptr(digests);
	return 0;
}

int dpkg_arch(char ret[32], struct err *e)
{
	static const char *const argv[] = { "dpkg", "--print-architecture", NULL };
	autobuf struct buf said = BUF_MAX(4096);

	if (ask(argv, &said, ERR_IO, ASK_WITHIN, e) < 0)
		return -(int)e->kind;
	snprintf(ret, 32, SV_FMT, SV_ARG(sv_trim(buf_sv(&said))));
	return 0;
}

/* ---- what is installed ---- */

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

int dpkg_installed(const struct dpkg *d, const char *name, json_t **ret, struct err *e)
{
	autofree char *admin = xasprintf("--admindir=%s", d->admin);
	const char *argv[] = { "dpkg-query", admin, "--show",
			       "--showformat=${Version} ${Architecture} ${db:Status-Want} ${db:Status-Status}\\n${Conffiles}",
			       name, NULL };
	autobuf struct buf said = BUF_MAX(SAID_MAX);
	struct sv rest, line, version, arch, want, status;

	if (ask(argv, &said, ERR_ABSENT, ASK_WITHIN, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&said);
	line = sv_line(&rest);
	version = sv_word(&line);
	arch = sv_word(&line);
	want = sv_word(&line);
	status = sv_word(&line);
	if (!status.n || sv_eq(status, "not-installed") || sv_eq(status, "config-files"))
		return err_set(e, ERR_ABSENT, "package '%s' is not installed", name);
	*ret = json_pack("{ss ss% ss% ss% ss% so}", "name", name, "version", version.p, version.n, "arch", arch.p, arch.n,
			 "want", want.p, want.n, "status", status.p, status.n, "conffiles", conffiles_of(rest));
	return *ret ? 0 : err_set(e, ERR_FORMAT, "what dpkg says of '%s' is not UTF-8", name);
}

/* "??5??????   /usr/bin/x", "??5?????? c /etc/x", "missing     /usr/share/x" */
static bool is_conffile(struct sv line)
{
	(void)sv_word(&line);
	return sv_eq(sv_word(&line), "c");
}

int dpkg_verify(const struct dpkg *d, const char *name, struct buf *ret, struct err *e)
{
	autofree char *admin = xasprintf("--admindir=%s", d->admin), *inst = xasprintf("--instdir=%s", d->inst);
	const char *argv[] = { "dpkg", admin, inst, "--verify", name, NULL };
	struct cmd c = { .argv = argv, .env = quiet, .within_ns = EXTRACT_WITHIN, .out_max = SAID_MAX, .die_with_us = true };
	struct cmd_result r = { 0 };
	struct sv rest;

	if (cmd_run(&c, &r, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&r.out);
	while (rest.n) {
		struct sv line = sv_line(&rest);

		if (!is_conffile(line)) {
			buf_add_sv(ret, line);
			buf_addc(ret, '\n');
		}
	}
	cmd_result_done(&r);
	return buf_check(ret, "what dpkg -V says", e);
}

/* ---- dpkg at work ---- */

/* Where it writes and where it logs. A root of its own leaves no line in this machine's log. */
struct places {
	char *admin, *inst, *log;
};

static struct places places_of(const struct dpkg *d)
{
	bool here = !strcmp(d->inst, "/");

	return (struct places){ xasprintf("--admindir=%s", d->admin), xasprintf("--instdir=%s", d->inst),
				here ? xstrdup("--log=/var/log/dpkg.log") : xasprintf("--log=%s/log", d->admin) };
}

static void places_done(struct places *p)
{
	free(p->admin);
	free(p->inst);
	free(p->log);
}

/* A record lock as apt and dpkg take it, but of this open file alone, so that no other descriptor of ours loses it. */
static bool lock_is_free(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_GETLK, &l) < 0 || l.l_type == F_UNLCK;
}

static bool take(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &l) == 0;
}

int dpkg_lock(const struct dpkg *d, struct deadline until, struct err *e)
{
	autodir struct dir admin = DIR_NONE;
	autoclose int frontend = -1, own = -1;

	if (dir_open(d->admin, &admin, e) < 0)
		return -(int)e->kind;
	frontend = dir_openat(&admin, "lock-frontend", O_RDWR | O_CREAT, 0640, e);
	own = frontend < 0 ? frontend : dir_openat(&admin, "lock", O_RDWR | O_CREAT, 0640, e);
	if (own < 0)
		return own;
	while (!take(frontend) || !lock_is_free(own)) {
		if (deadline_passed(until)) {
			err_set(e, ERR_BUSY, "somebody else installs packages");
			return err_hint(e, "wait for apt or dpkg to end: 'fuser %s/lock-frontend %s/lock' names it", d->admin, d->admin);
		}
		clock_sleep_ns(LOOK_EVERY);
	}
	return take_fd(frontend);
}

static int run(const char *const *argv, int64_t within_ns, struct sv in, struct err *e)
{
	/* It lives on when we are killed: a dpkg that ends by itself leaves less behind. Who comes next waits for its lock. */
	struct cmd c = { .argv = argv, .env = quiet, .within_ns = within_ns, .out_max = SAID_MAX, .in = in };
	struct cmd_result r = { 0 };
	int sys = fault_errno("svc.dpkg"), ok;

	if (sys)
		return err_sys(e, sys, "run dpkg");
	if (cmd_run(&c, &r, e) < 0)
		return err_wrap(e, "run dpkg");
	ok = r.status ? cmd_said_no(&r, e) : 0;
	cmd_result_done(&r);
	return ok;
}

int dpkg_install(const struct dpkg *d, const char *const *files, bool dry, int64_t within_ns, struct err *e)
{
	cleanup_with(places_done) struct places at = places_of(d);
	const char *argv[FILES_MAX + 8] = { "dpkg",    at.admin, at.inst, at.log, "--force-confold,downgrade", dry ? "--dry-run" : "--no-pager",
					    "--install" };
	size_t n = 0;

	while (n < FILES_MAX && files[n]) {
		argv[n + 7] = files[n];
		n++;
	}
	if (files[n])
		return err_set(e, ERR_USAGE, "more than %d packages at once", FILES_MAX);
	return run(argv, within_ns, (struct sv){ 0 }, e);
}

int dpkg_purge(const struct dpkg *d, const char *name, int64_t within_ns, struct err *e)
{
	cleanup_with(places_done) struct places at = places_of(d);
	const char *argv[] = { "dpkg", at.admin, at.inst, at.log, "--purge", name, NULL };

	return run(argv, within_ns, (struct sv){ 0 }, e);
}

int dpkg_want(const struct dpkg *d, const char *name, const char *want, struct err *e)
{
	autofree char *admin = xasprintf("--admindir=%s", d->admin), *line = xasprintf("%s %s\n", name, want);
	const char *argv[] = { "dpkg", admin, "--set-selections", NULL };

	return run(argv, ASK_WITHIN, sv_of(line), e);
}
