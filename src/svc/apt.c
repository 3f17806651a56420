#include "svc/apt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "io/cmd.h"
#include "io/file.h"
#include "io/image.h"
#include "io/room.h"
#include "svc/packager.h"

#define SAID_MAX   ((size_t)1 << 20)
#define FILES_MAX  16
#define SOURCES    "etc/repository.sources"
#define CONF       "apt.conf"

/* A server that does not answer is given up after this long, twice; the deadline bounds it all. */
#define ANSWER_S   "20"

char *apt_file_name(const char *package, const char *version, const char *arch)
{
	autobuf struct buf name = BUF_MAX(NAME_MAX);

	buf_addf(&name, "%s_", package);
	for (const char *at = version; *at; at++)
		*at == ':' ? buf_adds(&name, "%3a") : buf_addc(&name, *at);
	buf_addf(&name, "_%s.deb", arch);
	return buf_take(&name);
}

/* ---- asking ---- */

/* What apt says of a signature that does not hold; and of one that is missing. apt-secure(8), gpgv(1) */
static const char *const bad_signature[] = { "NO_PUBKEY", "BADSIG", "ERRSIG",	"EXPSIG",	 "EXPKEYSIG", "REVKEYSIG",
					     "NODATA",	  "NOSPLIT", "is not signed", "clearsigned", "weak digest" };

/* Its first line that begins so; empty when none does. */
static struct sv line_with(struct sv said, const char *begin, const char *word)
{
	while (said.n) {
		struct sv line = sv_trim(sv_line(&said));

		if (sv_starts(line, begin) && memmem(line.p, line.n, word, strlen(word)))
			return (struct sv){ line.p + strlen(begin), line.n - strlen(begin) };
	}
	return (struct sv){ 0 };
}

static int say(struct err *e, enum err_kind kind, const char *what, struct sv line)
{
	return err_set(e, kind, "%s: %.*s", what, (int)MIN_OF(line.n, (size_t)300), line.n ? line.p : "");
}

static int no_index(const struct cmd_result *r, struct err *e)
{
	static const char *const begins[] = { "W: ", "E: " };
	struct sv said = buf_sv(&r->err), line;

	for (size_t k = 0; k < ARRAY_LEN(bad_signature); k++)
		for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
			line = line_with(said, begins[i], bad_signature[k]);
			if (line.n)
				return say(e, ERR_REFUSED, "its signature is not one of the keyring", line);
		}
	return say(e, ERR_IO, "it cannot be read", line_with(said, "E: ", ""));
}

static int run(const struct apt *a, const char *const *argv, const char *cwd, struct cmd_result *ret, struct err *e)
{
	autofree char *config = xasprintf("APT_CONFIG=%s/" CONF, a->room.path);
	const char *env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", config, NULL };
	int64_t left = deadline_left_ns(a->until);
	struct cmd c = { .argv = argv,
			 .env = env,
			 .cwd = cwd,
			 .within_ns = left > NS_PER_MS ? left : NS_PER_MS,
			 .out_max = SAID_MAX,
			 .umask = 022,
			 .set_umask = true,
			 .die_with_us = true };

	if (cmd_run(&c, ret, e) < 0)
		return e->kind == ERR_TIMEOUT ? err_set(e, ERR_TIMEOUT, "it did not answer in the time it has") : -(int)e->kind;
	return 0;
}

/* What it says with status 0; -kind with its own words else. */
static int ask(const struct apt *a, const char *const *argv, struct buf *ret, struct err *e)
{
	struct cmd_result r = { 0 };
	int ok;

	if (run(a, argv, "/", &r, e) < 0)
		return -(int)e->kind;
	ok = r.status ? cmd_said_no(&r, e) : 0;
	buf_add_sv(ret, buf_sv(&r.out));
	cmd_result_done(&r);
	return ok < 0 ? ok : buf_check(ret, argv[0], e);
}

/* ---- a configuration of our own ---- */

/* How this host reaches the world: proxies and certificates, nothing that trusts anybody more. */
static int add_ways_out(const struct apt *a, struct buf *ret, struct err *e)
{
	static const char *const argv[] = { "apt-config", "dump", "--no-empty", "Acquire::http", "Acquire::https", NULL };
	int64_t left = deadline_left_ns(a->until);
	struct cmd c = { .argv = argv, .within_ns = left > NS_PER_MS ? left : NS_PER_MS, .die_with_us = true };
	struct cmd_result r = { 0 };
	struct sv rest;

	if (cmd_run(&c, &r, e) < 0)
		return err_wrap(e, "ask apt for its configuration");
	rest = buf_sv(&r.out);
	while (rest.n) {
		struct sv line = sv_line(&rest);

		if (sv_starts(line, "Acquire::http") && sv_ends(line, "\";")) {
			buf_add_sv(ret, line);
			buf_addc(ret, '\n');
		}
	}
	cmd_result_done(&r);
	return 0;
}

static int write_conf(const struct apt *a, struct err *e)
{
	autobuf struct buf text = BUF_MAX(64 << 10);
	const char *room = a->room.path;

	if (add_ways_out(a, &text, e) < 0)
		return -(int)e->kind;
	buf_adds(&text, "Dir::Etc::main \"/dev/null\";\nDir::Etc::parts \"/dev/null\";\nDir::Etc::sourcelist \"/dev/null\";\n"
			"Dir::Etc::preferences \"/dev/null\";\nDir::Etc::trusted \"/dev/null\";\n");
	buf_addf(&text, "Dir::Etc::sourceparts \"%s/etc\";\nDir::Etc::preferencesparts \"%s/empty\";\n", room, room);
	buf_addf(&text, "Dir::Etc::trustedparts \"%s/empty\";\nDir::State \"%s/state\";\n", room, room);
	buf_addf(&text, "Dir::State::status \"%s/status\";\nDir::Cache \"%s/cache\";\nDir::Log \"%s/log\";\n", room, room, room);
	buf_addf(&text, "#clear APT::Architectures;\nAPT::Architecture \"%s\";\nAPT::Architectures { \"%s\"; };\n", a->arch, a->arch);
	buf_adds(&text, "APT::Update::Error-Mode \"any\";\nAcquire::Languages \"none\";\nAcquire::Retries \"1\";\n"
			"Acquire::http::Timeout \"" ANSWER_S "\";\nAcquire::https::Timeout \"" ANSWER_S "\";\n");
	if (buf_check(&text, "apt's configuration", e) < 0)
		return -(int)e->kind;
	return file_create(&a->room, CONF, buf_sv(&text), FILE_PRIVATE, e);
}

static int write_source(const struct apt *a, const json_t *entries, struct sv keyring, const char *form, struct err *e)
{
	struct file_attr open_to_all = { .mode = 0644, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	autofree char *name = xasprintf("keyring%s", form), *path = xasprintf("%s/%s", a->room.path, name);
	autobuf struct buf text = BUF_MAX(256 << 10);

	apt_source_text(entries, path, a->arch, &text);
	if (!text.len && !text.full)
		return err_set(e, ERR_ABSENT, "it has no packages for %s", a->arch);
	if (buf_check(&text, "the repository's entries", e) < 0 || file_create(&a->room, name, keyring, open_to_all, e) < 0)
		return -(int)e->kind;
	return file_create(&a->room, SOURCES, buf_sv(&text), FILE_PRIVATE, e);
}

/* apt works as an account of its own where it can, so that what comes from the network is not read by root. */
static int give_to_apt(const struct apt *a, const char *rel, struct err *e)
{
	const struct passwd *who = getpwnam("_apt");
	autoclose int fd = dir_openat(&a->room, rel, O_RDONLY | O_DIRECTORY, 0, e);

	if (fd < 0)
		return fd;
	if (who && fchown(fd, who->pw_uid, (gid_t)-1) < 0)
		return err_sys(e, errno, "give '%s/%s' to apt", a->room.path, rel);
	return 0;
}

static int furnish(struct apt *a, const json_t *entries, struct sv keyring, const char *form, struct err *e)
{
	static const char *const rooms[] = { "etc", "empty", "log", "state", "state/lists", "cache", "cache/archives", "files" };
	struct sv nothing = { 0 };

	if (fchmod(a->room.fd, 0755) < 0)
		return err_sys(e, errno, "open '%s' to apt", a->room.path);
	for (size_t i = 0; i < ARRAY_LEN(rooms); i++) {
		autofree char *path = xasprintf("%s/%s", a->room.path, rooms[i]);

		if (dir_make(&a->room, rooms[i], 0755, e) < 0)
			return -(int)e->kind;
		if (chmod(path, 0755) < 0)
			return err_sys(e, errno, "open '%s' to apt", path);
	}
	if (packager_dpkg.arch(a->arch, e) < 0 || file_create(&a->room, "status", nothing, FILE_PRIVATE, e) < 0 || write_conf(a, e) < 0 ||
	    write_source(a, entries, keyring, form, e) < 0)
		return -(int)e->kind;
	return give_to_apt(a, "files", e);
}

static int update(const struct apt *a, struct err *e)
{
	static const char *const argv[] = { "apt-get", "-q", "update", NULL };
	struct cmd_result r = { 0 };
	int ok;

	if (run(a, argv, "/", &r, e) < 0)
		return -(int)e->kind;
	ok = r.status ? no_index(&r, e) : 0;
	cmd_result_done(&r);
	return ok;
}

int apt_open(const json_t *entries, struct sv keyring, const char *form, int64_t within_ns, struct apt *ret, struct err *e)
{
	autoapt struct apt a = { .room = DIR_NONE, .until = deadline_in(within_ns) };

	if (room_make("crossgrade-apt-", &a.room, e) < 0 || furnish(&a, entries, keyring, form, e) < 0 || update(&a, e) < 0)
		return -(int)e->kind;
	*ret = a;
	a = (struct apt)APT_NONE;
	return 0;
}

void apt_close(struct apt *a)
{
	struct err e = ERR_INIT;

	if (room_drop(&a->room, &e) < 0)
		log_debug("what was fetched is left: %s", e.msg);
}

/* ---- versions ---- */

/* "2.7.5-1" is 2.7.5, and so is "1:2.7.5-1~bpo12": the epoch and the package's own revision are nobody's who reads release notes. */
static bool is_release(struct sv version, const char *want)
{
	struct sv upstream = version;
	const char *colon = memchr(version.p, ':', version.n), *dash;

	if (colon)
		upstream = (struct sv){ colon + 1, version.n - (size_t)(colon + 1 - version.p) };
	dash = memrchr(upstream.p, '-', upstream.n);
	if (dash)
		upstream.n = (size_t)(dash - upstream.p);
	return sv_eq(upstream, want);
}

/* "  sftpgo |    2.7.5-1 | http://h/apt bookworm/main amd64 Packages": newest first. apt-cache(8) */
static void choose(struct sv said, const char *want, char ret[APT_VERSION_MAX], struct buf *others)
{
	while (said.n) {
		struct sv line = sv_line(&said), version;
		bool exactly;

		(void)sv_cut(&line, '|');
		version = sv_trim(sv_cut(&line, '|'));
		if (!version.n || version.n >= APT_VERSION_MAX)
			continue;
		exactly = sv_eq(version, want);
		if (exactly || (!*ret && is_release(version, want)))
			snprintf(ret, APT_VERSION_MAX, SV_FMT, SV_ARG(version));
		if (exactly)
			return;
		buf_addf(others, "%s" SV_FMT, others->len ? ", " : "", SV_ARG(version));
	}
}

int apt_version(const struct apt *a, const char *package, const char *want, char ret[APT_VERSION_MAX], struct err *e)
{
	const char *argv[] = { "apt-cache", "madison", package, NULL };
	autobuf struct buf said = BUF_MAX(SAID_MAX), others = BUF_MAX(300);
	char found[APT_VERSION_MAX] = "";

	if (ask(a, argv, &said, e) < 0)
		return err_wrap(e, "ask apt for versions of '%s'", package);
	choose(buf_sv(&said), want, found, &others);
	if (*found)
		memcpy(ret, found, sizeof found);
	else if (others.len)
		err_set(e, ERR_ABSENT, "it has no %s %s for %s; it has %s", package, want, a->arch, buf_str(&others));
	else
		err_set(e, ERR_ABSENT, "it has no package '%s' for %s", package, a->arch);
	return *found ? 0 : -(int)e->kind;
}

/* ---- one file ---- */

/* Of the signed index. */
static int digest_of(const struct apt *a, const char *exactly, char ret[DIGEST_TEXT], struct err *e)
{
	const char *argv[] = { "apt-cache", "show", "--no-all-versions", exactly, NULL };
	autobuf struct buf said = BUF_MAX(SAID_MAX);
	struct sv rest;

	if (ask(a, argv, &said, e) < 0)
		return err_wrap(e, "ask apt for '%s'", exactly);
	rest = buf_sv(&said);
	while (rest.n) {
		struct sv value = sv_line(&rest), name = sv_cut(&value, ':');

		value = sv_trim(value);
		if (!sv_eq(name, "SHA256") || value.n != DIGEST_TEXT - 1)
			continue;
		snprintf(ret, DIGEST_TEXT, SV_FMT, SV_ARG(value));
		return 0;
	}
	return err_set(e, ERR_REFUSED, "its index has no SHA-256 of '%s'", exactly);
}

static int no_file(const struct cmd_result *r, struct err *e)
{
	struct sv line = line_with(buf_sv(&r->err), "E: ", "Hash Sum mismatch");

	if (!line.n)
		line = line_with(buf_sv(&r->err), "E: ", "unexpected size");
	return line.n ? say(e, ERR_CHANGED, "what comes is not what its signed index says", line) :
			say(e, ERR_IO, "it cannot be fetched", line_with(buf_sv(&r->err), "E: ", ""));
}

static int download(const struct apt *a, const char *exactly, struct err *e)
{
	autofree char *files = xasprintf("%s/files", a->room.path);
	const char *argv[] = { "apt-get", "-q", "download", exactly, NULL };
	struct cmd_result r = { 0 };
	int ok;

	if (run(a, argv, files, &r, e) < 0)
		return -(int)e->kind;
	ok = r.status ? no_file(&r, e) : 0;
	cmd_result_done(&r);
	return ok;
}

/* The directory is apt's account's: only bytes of that digest leave it. */
static int take(const struct apt *a, const char *from, const char *sha256, const struct dir *into, const char *name, struct err *e)
{
	autofree char *rel = xasprintf("files/%s", from);
	autoclose int fd = dir_openat(&a->room, rel, O_RDONLY | O_NONBLOCK, 0, e);
	char kept[BLOB_LARGE_NAME];

	if (fd < 0 || blob_put_large(into, fd, from, sha256, kept, e) < 0 || dir_rename(into, kept, into, name, 0, e) < 0)
		return -(int)e->kind;
	return dir_unlink(&a->room, rel, e);
}

static int take_the_one(const struct apt *a, const char *sha256, const struct dir *into, const char *name, struct err *e)
{
	struct dir_names names = { 0 };
	int r = dir_list(&a->room, "files", FILES_MAX, &names, e);

	if (r >= 0)
		r = names.n == 1 ? take(a, names.v[0].name, sha256, into, name, e) :
				   err_set(e, ERR_ABSENT, "apt fetched %zu files", names.n);
	dir_names_done(&names);
	return r;
}

int apt_fetch(const struct apt *a, const char *package, const char *version, const struct dir *into, char **ret_name,
	      struct err *e)
{
	autofree char *exactly = xasprintf("%s=%s", package, version), *name = apt_file_name(package, version, a->arch);
	char sha256[DIGEST_TEXT];

	if (digest_of(a, exactly, sha256, e) < 0 || download(a, exactly, e) < 0 ||
	    take_the_one(a, sha256, into, name, e) < 0)
		return err_wrap(e, "fetch %s %s", package, version);
	*ret_name = take_ptr(name);
	return 0;
}
