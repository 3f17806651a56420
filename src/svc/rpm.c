/* rpm(8): what a package's file is, what is installed, and rpm at work. It asks nothing by itself.
 *
 * A killed rpm (seen, 4.18): while it unpacks, the database names the old version only, files are of both, and every file of the
 * new one lies under a temporary name beside its own; in a scriptlet of either package, the database names both versions. To
 * install one of them again, with --replacepkgs, takes away all others, both ways. rpm syncs no file that it writes. */
#include "svc/rpm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/cmd.h"
#include "io/file.h"
#include "io/json.h"

#define QUERY(format) "rpm", "--query", "--nosignature", "--queryformat", format

const char *const rpm_quiet[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", NULL };

static int ask(const char *const *argv, struct buf *ret, enum err_kind no, struct err *e)
{
	return packager_ask(argv, rpm_quiet, ret, no, PACKAGER_ASK_WITHIN, e);
}

/* The database as rpm wants it: below its root. */
static const char *database_in(const struct packager *p)
{
	size_t n = strlen(p->inst);

	return strcmp(p->inst, "/") != 0 && !strncmp(p->admin, p->inst, n) ? p->admin + n : p->admin;
}

/* ---- an .rpm ---- */

/* "digests OK" is of rpm: each header has one. */
static const struct {
	const char *ending, *word;
} signatures[] = {
	{ ": OK", "good" },
	{ ": NOKEY", "unknown key" },
	{ ": NOTTRUSTED", "unknown key" },
};

static const char *signature_in(struct sv said)
{
	while (said.n) {
		struct sv line = sv_line(&said);

		if (!memmem(line.p, line.n, "ignature, key", strlen("ignature, key")))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
			if (sv_ends(line, signatures[i].ending))
				return signatures[i].word;
		return "wrong";
	}
	return "none";
}

/* Its status says no to an unknown key, too. "    Header V4 RSA/SHA256 Signature, key ID 4a36d691: OK" */
int rpm_signature(const char *path, const char *keys, const char **ret, struct err *e)
{
	const char *argv[] = { "rpmkeys", "--checksig", "--verbose", path, keys ? "--dbpath" : NULL, keys, NULL };
	struct cmd c = { .argv = argv, .env = rpm_quiet, .within_ns = PACKAGER_FILES_WITHIN, .die_with_us = true };
	struct cmd_result r = { 0 };

	if (cmd_run(&c, &r, e) < 0)
		return -(int)e->kind;
	*ret = signature_in(buf_sv(&r.out));
	cmd_result_done(&r);
	return 0;
}

static int about(const char *path, json_t **ret, struct err *e)
{
	const char *argv[] = { QUERY("%{NAME} %{EVR} %{ARCH}"), "--package", path, NULL };
	autobuf struct buf said = BUF_MAX(4096);
	struct sv rest, name, version, arch;
	const char *signed_by = "none";

	if (ask(argv, &said, ERR_FORMAT, e) < 0 || rpm_signature(path, NULL, &signed_by, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&said);
	name = sv_word(&rest);
	version = sv_word(&rest);
	arch = sv_word(&rest);
	if (!arch.n)
		return err_set(e, ERR_FORMAT, "it names no package, version and architecture");
	*ret = json_pack("{ss% ss% ss% ss}", "name", name.p, name.n, "version", version.p, version.n, "arch", arch.p, arch.n,
			 "signature", signed_by);
	return *ret ? 0 : err_set(e, ERR_FORMAT, "its fields are not UTF-8");
}

/* rpm itself is the one that knows every compression and proves the digest: an installation into a root with nothing else in it,
 * its database in it, too. */
static int extract(const char *path, const char *into, struct err *e)
{
	const char *argv[] = { "rpm", "--root", into, "--dbpath", "/.rpmdb", "--install", "--nodeps", "--noscripts", "--notriggers",
			       "--noplugins", "--ignorearch", "--ignoreos", "--nosignature", path, NULL };

	return packager_ask(argv, rpm_quiet, NULL, ERR_FORMAT, PACKAGER_FILES_WITHIN, e);
}

/* A package without files says so in words. */
static json_t *paths_in(struct sv said)
{
	json_t *list = json_array();

	while (said.n) {
		struct sv line = sv_line(&said);

		if (sv_starts(line, "/"))
			json_array_append_new(list, json_stringn(line.p, line.n));
	}
	return list;
}

static int conffiles(const char *path, json_t **ret, struct err *e)
{
	const char *argv[] = { "rpm", "--query", "--nosignature", "--configfiles", "--package", path, NULL };
	autobuf struct buf said = BUF_MAX(PACKAGER_SAID_MAX);

	if (ask(argv, &said, ERR_FORMAT, e) < 0)
		return -(int)e->kind;
	*ret = paths_in(buf_sv(&said));
	return 0;
}

/* "c /etc/x", " /usr/bin/y", and "g /var/log/z", a %ghost, which is not in it. */
static int brings(const char *path, json_t **ret, struct err *e)
{
	const char *argv[] = { QUERY("[%{FILEFLAGS:fflags} %{FILENAMES}\n]"), "--package", path, NULL };
	autobuf struct buf said = BUF_MAX(PACKAGER_SAID_MAX);
	json_t *list;
	struct sv rest;

	if (ask(argv, &said, ERR_FORMAT, e) < 0)
		return -(int)e->kind;
	list = json_array();
	rest = buf_sv(&said);
	while (rest.n) {
		struct sv name = sv_line(&rest), flags = sv_cut(&name, ' ');

		if (sv_starts(name, "/") && !memchr(flags.p, 'g', flags.n))
			json_array_append_new(list, json_stringn(name.p, name.n));
	}
	*ret = list;
	return 0;
}

/* ---- this host ---- */

static int eval(const char *macro, struct buf *ret, struct err *e)
{
	const char *argv[] = { "rpm", "--eval", macro, NULL };

	return ask(argv, ret, ERR_IO, e);
}

static int database(char **ret, struct err *e)
{
	autobuf struct buf said = BUF_MAX(4096);

	if (eval("%{_dbpath}", &said, e) < 0)
		return -(int)e->kind;
	*ret = sv_dup(sv_trim(buf_sv(&said)));
	return 0;
}

static int arch(char ret[32], struct err *e)
{
	autobuf struct buf said = BUF_MAX(4096);

	if (eval("%{_arch}", &said, e) < 0)
		return -(int)e->kind;
	snprintf(ret, 32, SV_FMT, SV_ARG(sv_trim(buf_sv(&said))));
	return 0;
}

/* ---- what is installed ---- */

static int owner(const struct packager *p, const char *path, char **ret, struct err *e)
{
	const char *argv[] = { QUERY("%{NAME}\n"), "--root", p->inst, "--dbpath", database_in(p), "--file", path, NULL };
	autobuf struct buf said = BUF_MAX(4096);
	struct sv rest;

	if (ask(argv, &said, ERR_ABSENT, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&said);
	*ret = sv_dup(sv_line(&rest));
	return 0;
}

static int conffiles_of(const struct packager *p, const char *name, json_t **ret, struct err *e)
{
	const char *argv[] = { "rpm", "--query", "--root", p->inst, "--dbpath", database_in(p), "--configfiles", name, NULL };
	autobuf struct buf said = BUF_MAX(PACKAGER_SAID_MAX);

	if (ask(argv, &said, ERR_ABSENT, e) < 0)
		return -(int)e->kind;
	*ret = paths_in(buf_sv(&said));
	return 0;
}

/* One line for each version of it that the database names: more than one is what a killed rpm leaves. */
static int versions_of(const struct packager *p, const char *name, struct buf *ret, struct err *e)
{
	const char *argv[] = { QUERY("%{EVR} %{ARCH}\n"), "--root", p->inst, "--dbpath", database_in(p), name, NULL };

	return ask(argv, ret, ERR_ABSENT, e);
}

static int installed(const struct packager *p, const char *name, json_t **ret, struct err *e)
{
	autobuf struct buf said = BUF_MAX(4096);
	autofree char *evr = NULL, *held = NULL;
	json_t *conffiles = NULL;
	struct sv rest, line, arch;

	if (versions_of(p, name, &said, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&said);
	line = sv_line(&rest);
	evr = sv_dup(sv_word(&line));
	arch = sv_word(&line);
	if (rpm_held(p, name, evr, &held, e) < 0 || conffiles_of(p, name, &conffiles, e) < 0)
		return -(int)e->kind;
	*ret = json_pack("{ss ss ss% ss sb ss so}", "name", name, "version", evr, "arch", arch.p, arch.n, "want", held, "held",
			 (int)(*held != '\0'), "status", rest.n ? "half-installed" : "installed", "conffiles", conffiles);
	return *ret ? 0 : err_set(e, ERR_FORMAT, "what rpm says of '%s' is not UTF-8", name);
}

static int verify(const struct packager *p, const char *name, struct buf *ret, struct err *e)
{
	const char *argv[] = { "rpm", "--verify", "--root", p->inst, "--dbpath", database_in(p), "--nodeps", "--noscripts", name, NULL };

	return packager_verify(argv, rpm_quiet, ret, e);
}

/* "drwxr-xr-x /srv/sftpgo" */
static int folders(const struct packager *p, const char *name, json_t **ret, struct err *e)
{
	const char *argv[] = { QUERY("[%{FILEMODES:perms} %{FILENAMES}\n]"), "--root", p->inst, "--dbpath", database_in(p), name, NULL };
	autobuf struct buf said = BUF_MAX(PACKAGER_SAID_MAX);
	json_t *list;
	struct sv rest;

	if (ask(argv, &said, ERR_ABSENT, e) < 0)
		return -(int)e->kind;
	list = json_array();
	rest = buf_sv(&said);
	while (rest.n) {
		struct sv path = sv_line(&rest), mode = sv_word(&path);

		path = sv_trim(path);
		if (sv_starts(mode, "d") && path.n)
			json_array_append_new(list, json_stringn(path.p, path.n));
	}
	*ret = list;
	return 0;
}

/* Headers are kept as they were built; their digests survive another signature. */
#define HEADER "%{SHA256HEADER} %{SHA1HEADER}"

static int is_build(const struct packager *p, const char *name, const char *path, struct err *e)
{
	const char *file[] = { QUERY(HEADER), "--package", path, NULL };
	const char *here[] = { QUERY(HEADER), "--root", p->inst, "--dbpath", database_in(p), name, NULL };
	autobuf struct buf brings = BUF_MAX(4096), has = BUF_MAX(4096);

	if (ask(file, &brings, ERR_FORMAT, e) < 0 || ask(here, &has, ERR_ABSENT, e) < 0)
		return -(int)e->kind;
	return sv_eq(buf_sv(&has), buf_str(&brings));
}

/* ---- at work ---- */

/* A directory of each file system that rpm writes to. They are opened before it writes: syncfs tells of what failed to be written out
 * since its descriptor was opened, and what cannot be opened any more is not to fail what rpm has done. */
struct written {
	struct dir at[7];
	uint64_t   dev[7];
	size_t     n;
};

static void written_done(struct written *w)
{
	for (size_t i = 0; i < w->n; i++)
		dir_close(&w->at[i]);
}

/* Once for each file system; no directory, none. */
static int add_written(struct written *w, const char *path, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct stat st;

	if (dir_open(path, &d, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		return 0;
	}
	if (fstat(d.fd, &st) < 0)
		return err_sys(e, errno, "look at '%s'", path);
	for (size_t i = 0; i < w->n; i++)
		if (w->dev[i] == st.st_dev)
			return 0;
	w->dev[w->n] = st.st_dev;
	w->at[w->n++] = d;
	d = (struct dir)DIR_NONE;
	return 0;
}

/* Files of packages may lie on file systems of their own. */
static int open_written(const struct packager *p, struct written *w, struct err *e)
{
	static const char *const below[] = { "", "/usr", "/etc", "/var", "/srv", "/opt" };

	for (size_t i = 0; i < ARRAY_LEN(below); i++) {
		autofree char *path = xasprintf("%s%s", p->inst, below[i]);

		if (add_written(w, path, e) < 0)
			return -(int)e->kind;
	}
	return add_written(w, p->admin, e);
}

static int work(const struct packager *p, const char *const *argv, int64_t within_ns, struct err *e)
{
	cleanup_with(written_done) struct written w = { 0 };

	if (open_written(p, &w, e) < 0 || packager_run(argv, rpm_quiet, (struct sv){ 0 }, within_ns, e) < 0)
		return -(int)e->kind;
	for (size_t i = 0; i < w.n; i++)
		if (file_sync_fs(&w.at[i], e) < 0)
			return -(int)e->kind;
	return 0;
}

static int install(const struct packager *p, const char *const *files, bool dry, int64_t within_ns, struct err *e)
{
	const char *argv[PACKAGER_FILES_MAX + 10] = {
		"rpm", "--root", p->inst, "--dbpath", database_in(p), "--upgrade", "--oldpackage", "--replacepkgs", dry ? "--test" : "--quiet",
	};

	if (packager_name_files(argv + 9, files, e) < 0)
		return -(int)e->kind;
	return dry ? packager_run(argv, rpm_quiet, (struct sv){ 0 }, within_ns, e) : work(p, argv, within_ns, e);
}

static int purge(const struct packager *p, const char *name, int64_t within_ns, struct err *e)
{
	const char *argv[] = { "rpm", "--root", p->inst, "--dbpath", database_in(p), "--erase", "--allmatches", name, NULL };

	return work(p, argv, within_ns, e);
}

static int want(const struct packager *p, const char *name, const char *lines, struct err *e)
{
	autobuf struct buf said = BUF_MAX(4096);
	autofree char *evr = NULL;
	struct sv rest;

	if (versions_of(p, name, &said, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&said);
	evr = sv_dup(sv_word(&rest));
	return rpm_hold(p, name, evr, lines, e);
}

const struct packager_ops packager_rpm = {
	.name = "rpm",
	.form = "rpm",
	.beside = ".rpmnew",
	.wanted = "",
	.front = &front_dnf,
	.about = about,
	.extract = extract,
	.conffiles = conffiles,
	.brings = brings,
	.database = database,
	.arch = arch,
	.had = rpm_had,
	.fetch = rpm_fetch,
	.owner = owner,
	.installed = installed,
	.verify = verify,
	.folders = folders,
	.is_build = is_build,
	.sweep = rpm_sweep,
	.lock = rpm_lock,
	.install = install,
	.purge = purge,
	.want = want,
};
