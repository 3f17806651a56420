/* apt-get(8), apt-cache(8). It works as apt's own account where there is one. */
#include "svc/apt_source.h"
#include "svc/front.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"
#include "svc/packager.h"

#define SOURCES    "etc/repository.sources"
#define CONF       "apt.conf"

/* ---- asking ---- */

/* What apt says of a signature that does not hold; and of one that is missing. apt-secure(8), gpgv(1) */
static const char *const bad_signature[] = { "NO_PUBKEY", "BADSIG", "ERRSIG",	"EXPSIG",	 "EXPKEYSIG", "REVKEYSIG",
					     "NODATA",	  "NOSPLIT", "is not signed", "clearsigned", "weak digest" };

static int no_index(const struct cmd_result *r, struct err *e)
{
	static const char *const begins[] = { "W: ", "E: " };
	struct sv said = buf_sv(&r->err), line;

	for (size_t k = 0; k < ARRAY_LEN(bad_signature); k++)
		for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
			line = front_line(said, begins[i], bad_signature[k]);
			if (line.n)
				return front_say(e, ERR_REFUSED, "its signature is not one of the keyring", line);
		}
	return front_say(e, ERR_IO, "it cannot be read", front_line(said, "E: ", ""));
}

static char *config_of(const struct front *f)
{
	return xasprintf("APT_CONFIG=%s/" CONF, f->room.path);
}

#define ENV(config) { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", (config), NULL }

static int run(const struct front *f, const char *const *argv, const char *cwd, struct cmd_result *ret, struct err *e)
{
	autofree char *config = config_of(f);
	const char *env[] = ENV(config);

	return front_run(f, argv, env, cwd, ret, e);
}

static int ask(const struct front *f, const char *const *argv, struct buf *ret, struct err *e)
{
	autofree char *config = config_of(f);
	const char *env[] = ENV(config);

	return front_ask(f, argv, env, ret, e);
}

/* ---- a configuration of our own ---- */

/* How this host reaches the world: proxies and certificates, nothing that trusts anybody more. */
static int add_ways_out(const struct front *f, struct buf *ret, struct err *e)
{
	static const char *const argv[] = { "apt-config", "dump", "--no-empty", "Acquire::http", "Acquire::https", NULL };
	int64_t left = deadline_left_ns(f->until);
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

static int write_conf(const struct front *f, struct err *e)
{
	autobuf struct buf text = BUF_MAX(64 << 10);
	const char *room = f->room.path;

	if (add_ways_out(f, &text, e) < 0)
		return -(int)e->kind;
	buf_adds(&text, "Dir::Etc::main \"/dev/null\";\nDir::Etc::parts \"/dev/null\";\nDir::Etc::sourcelist \"/dev/null\";\n"
			"Dir::Etc::preferences \"/dev/null\";\nDir::Etc::trusted \"/dev/null\";\n");
	buf_addf(&text, "Dir::Etc::sourceparts \"%s/etc\";\nDir::Etc::preferencesparts \"%s/empty\";\n", room, room);
	buf_addf(&text, "Dir::Etc::trustedparts \"%s/empty\";\nDir::State \"%s/state\";\n", room, room);
	buf_addf(&text, "Dir::State::status \"%s/status\";\nDir::Cache \"%s/cache\";\nDir::Log \"%s/log\";\n", room, room, room);
	buf_addf(&text, "#clear APT::Architectures;\nAPT::Architecture \"%s\";\nAPT::Architectures { \"%s\"; };\n", f->arch, f->arch);
	buf_adds(&text, "APT::Update::Error-Mode \"any\";\nAcquire::Languages \"none\";\nAcquire::Retries \"1\";\n"
			"Acquire::http::Timeout \"" FRONT_ANSWER_S "\";\nAcquire::https::Timeout \"" FRONT_ANSWER_S "\";\n");
	if (buf_check(&text, "apt's configuration", e) < 0)
		return -(int)e->kind;
	return file_create(&f->room, CONF, buf_sv(&text), FILE_PRIVATE, e);
}

/* apt tells by its ending what is in a keyring. */
static int write_source(const struct front *f, const json_t *entries, struct sv keyring, struct err *e)
{
	struct file_attr open_to_all = { .mode = 0644, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	const char *form = strrchr(json_str(json_array_get(entries, 0), "signed_by", ".gpg"), '.');
	autofree char *name = xasprintf("keyring%s", form), *path = xasprintf("%s/%s", f->room.path, name);
	autobuf struct buf text = BUF_MAX(256 << 10);

	apt_source_text(entries, path, f->arch, &text);
	if (!text.len && !text.full)
		return err_set(e, ERR_ABSENT, "it has no packages for %s", f->arch);
	if (buf_check(&text, "the repository's entries", e) < 0 || file_create(&f->room, name, keyring, open_to_all, e) < 0)
		return -(int)e->kind;
	return file_create(&f->room, SOURCES, buf_sv(&text), FILE_PRIVATE, e);
}

/* apt works as an account of its own where it can, so that what comes from the network is not read by root. */
static int give_to_apt(const struct front *f, const char *rel, struct err *e)
{
	const struct passwd *who = getpwnam("_apt");
	autoclose int fd = dir_openat(&f->room, rel, O_RDONLY | O_DIRECTORY, 0, e);

	if (fd < 0)
		return fd;
	if (who && fchown(fd, who->pw_uid, (gid_t)-1) < 0)
		return err_sys(e, errno, "give '%s/%s' to apt", f->room.path, rel);
	return 0;
}

static int furnish(struct front *f, const json_t *entries, struct sv keyring, struct err *e)
{
	static const char *const rooms[] = { "etc", "empty", "log", "state", "state/lists", "cache", "cache/archives", FRONT_FILES };
	struct sv nothing = { 0 };

	if (fchmod(f->room.fd, 0755) < 0)
		return err_sys(e, errno, "open '%s' to apt", f->room.path);
	for (size_t i = 0; i < ARRAY_LEN(rooms); i++) {
		autofree char *path = xasprintf("%s/%s", f->room.path, rooms[i]);

		if (dir_make(&f->room, rooms[i], 0755, e) < 0)
			return -(int)e->kind;
		if (chmod(path, 0755) < 0)
			return err_sys(e, errno, "open '%s' to apt", path);
	}
	if (packager_dpkg.arch(f->arch, e) < 0 || file_create(&f->room, "status", nothing, FILE_PRIVATE, e) < 0 || write_conf(f, e) < 0 ||
	    write_source(f, entries, keyring, e) < 0)
		return -(int)e->kind;
	return give_to_apt(f, FRONT_FILES, e);
}

static int update(const struct front *f, struct err *e)
{
	static const char *const argv[] = { "apt-get", "-q", "update", NULL };
	struct cmd_result r = { 0 };
	int ok;

	if (run(f, argv, "/", &r, e) < 0)
		return -(int)e->kind;
	ok = r.status ? no_index(&r, e) : 0;
	cmd_result_done(&r);
	return ok;
}

static int begin(struct front *f, const json_t *entries, struct sv keys, struct err *e)
{
	return furnish(f, entries, keys, e) < 0 ? -(int)e->kind : update(f, e);
}

/* ---- versions ---- */

/* "  sftpgo |    2.7.5-1 | http://h/apt bookworm/main amd64 Packages": newest first. apt-cache(8) */
static void choose(struct sv said, const char *want, char ret[FRONT_VERSION_MAX], struct buf *others)
{
	while (said.n) {
		struct sv line = sv_line(&said), version;
		bool exactly;

		(void)sv_cut(&line, '|');
		version = sv_trim(sv_cut(&line, '|'));
		if (!version.n || version.n >= FRONT_VERSION_MAX)
			continue;
		exactly = sv_eq(version, want);
		if (exactly || (!*ret && front_is_release(version, want)))
			snprintf(ret, FRONT_VERSION_MAX, SV_FMT, SV_ARG(version));
		if (exactly)
			return;
		buf_addf(others, "%s" SV_FMT, others->len ? ", " : "", SV_ARG(version));
	}
}

static int version(const struct front *f, const char *package, const char *want, char ret[FRONT_VERSION_MAX], struct err *e)
{
	const char *argv[] = { "apt-cache", "madison", package, NULL };
	autobuf struct buf said = BUF_MAX(FRONT_SAID_MAX), others = BUF_MAX(300);
	char found[FRONT_VERSION_MAX] = "";

	if (ask(f, argv, &said, e) < 0)
		return err_wrap(e, "ask apt for versions of '%s'", package);
	choose(buf_sv(&said), want, found, &others);
	if (*found)
		memcpy(ret, found, sizeof found);
	else if (others.len)
		err_set(e, ERR_ABSENT, "it has no %s %s for %s; it has %s", package, want, f->arch, buf_str(&others));
	else
		err_set(e, ERR_ABSENT, "it has no package '%s' for %s", package, f->arch);
	return *found ? 0 : -(int)e->kind;
}

/* ---- one file ---- */

/* Of the signed index. */
static int digest_of(const struct front *f, const char *exactly, char ret[DIGEST_TEXT], struct err *e)
{
	const char *argv[] = { "apt-cache", "show", "--no-all-versions", exactly, NULL };
	autobuf struct buf said = BUF_MAX(FRONT_SAID_MAX);
	struct sv rest;

	if (ask(f, argv, &said, e) < 0)
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
	struct sv line = front_line(buf_sv(&r->err), "E: ", "Hash Sum mismatch");

	if (!line.n)
		line = front_line(buf_sv(&r->err), "E: ", "unexpected size");
	return line.n ? front_say(e, ERR_CHANGED, "what comes is not what its signed index says", line) :
			front_say(e, ERR_IO, "it cannot be fetched", front_line(buf_sv(&r->err), "E: ", ""));
}

static int download(const struct front *f, const char *exactly, struct err *e)
{
	autofree char *files = xasprintf("%s/" FRONT_FILES, f->room.path);
	const char *argv[] = { "apt-get", "-q", "download", exactly, NULL };
	struct cmd_result r = { 0 };
	int ok;

	if (run(f, argv, files, &r, e) < 0)
		return -(int)e->kind;
	ok = r.status ? no_file(&r, e) : 0;
	cmd_result_done(&r);
	return ok;
}

/* NAME_VERSION_ARCH.deb, the colon of an epoch written %3a: as in apt's own cache. */
static char *file_name(const struct front *f, const char *package, const char *version)
{
	autobuf struct buf name = BUF_MAX(NAME_MAX);

	buf_addf(&name, "%s_", package);
	for (const char *at = version; *at; at++)
		*at == ':' ? buf_adds(&name, "%3a") : buf_addc(&name, *at);
	buf_addf(&name, "_%s.deb", f->arch);
	return buf_take(&name);
}

static int fetch(const struct front *f, const char *package, const char *version, const struct dir *into, char **ret_name, struct err *e)
{
	autofree char *exactly = xasprintf("%s=%s", package, version), *name = file_name(f, package, version);
	char sha256[DIGEST_TEXT];

	if (digest_of(f, exactly, sha256, e) < 0 || download(f, exactly, e) < 0 || front_take(f, sha256, into, name, e) < 0)
		return err_wrap(e, "fetch %s %s", package, version);
	*ret_name = take_ptr(name);
	return 0;
}

static const char *const others[] = { "/etc/apt/sources.list", NULL };
static const char *const endings[] = { ".list", ".sources", NULL };

const struct front_ops front_apt = {
	.name = "apt",
	.folder = "/etc/apt/sources.list.d",
	.others = others,
	.endings = endings,
	.naming = "letters, digits, '_', '-' and '.', and .list or .sources at its end",
	.parse = apt_source_parse,
	.judge = apt_source_judge,
	.begin = begin,
	.version = version,
	.fetch = fetch,
};
