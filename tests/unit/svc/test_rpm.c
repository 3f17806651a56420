/* rpm, on databases and roots of their own: small packages that are made here. */
#include "svc/rpm.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "io/cmd.h"
#include "io/file.h"
#include "io/json.h"
#include "../io/place.h"

#define WITHIN    (60 * NS_PER_S)
#define SHORTLY   (300 * NS_PER_MS)
#define PROGRAM   "system/usr/bin/server"
#define CONF      "system/etc/server.conf"
#define LOCKS     "system/etc/dnf/plugins/versionlock.list"
#define LOCKS_5  "system/etc/dnf/versionlock.toml"

static const struct packager_ops *const rpm = &packager_rpm;

/* ---- a root with a database ---- */

struct root {
	const struct place *at;
	char inst[128], admin[128];
	struct packager p;
};

static void root_make(struct root *r, void **state)
{
	struct err e = ERR_INIT;

	r->at = *state;
	assert_ok(dir_make_all(&r->at->dir, "system/var/lib/rpm", 0755, &e), &e);
	snprintf(r->inst, sizeof r->inst, "%s", below(r->at, "system"));
	snprintf(r->admin, sizeof r->admin, "%s", below(r->at, "system/var/lib/rpm"));
	r->p = (struct packager){ rpm, r->inst, r->admin };
}

static void put(struct root *r, const char *rel, const char *text)
{
	struct err e = ERR_INIT;
	char *slash = strrchr(rel, '/');
	autofree char *parent = slash ? xstrndup(rel, (size_t)(slash - rel)) : xstrdup("");

	assert_ok(dir_make_all(&r->at->dir, parent, 0755, &e), &e);
	assert_ok(file_replace(&r->at->dir, rel, sv_of(text), (struct file_attr){ 0644, 0, 0 }, &e), &e);
}

static char *make_with(struct root *r, const char *name, const char *version, const char *scriptlets, const char *option,
		       const char *value)
{
	char *file = xasprintf("%s/%s-%s.rpm", r->at->path, name, version);
	autofree char *env = xasprintf("SCRIPTLETS=%s/scriptlets", r->at->path);
	const char *argv[] = { TOOLS "/rpm_package.sh", name, version, file, option, value, NULL };
	const char *vars[] = { "PATH=/usr/bin:/bin", env, NULL };
	struct cmd c = { .argv = argv, .env = vars, .within_ns = WITHIN };
	struct cmd_result said = { 0 };
	struct err e = ERR_INIT;

	put(r, "scriptlets", scriptlets);
	assert_ok(cmd_run(&c, &said, &e), &e);
	if (said.status)
		fail_msg("%s", buf_str(&said.err));
	cmd_result_done(&said);
	return file;
}

/* Of version 2 the scriptlets kill rpm, once, when the root has a file /kill-SCRIPTLET. */
static char *make(struct root *r, const char *name, const char *version, const char *option, const char *value)
{
	static const char killing[] = "%%%s -p <lua>\nif posix.access('/kill-%s') then os.remove('/kill-%s') "
				      "posix.kill(posix.getprocessid('pid'), 9) end\n";
	const char *in = strcmp(version, "2") ? "postun" : "post";
	autofree char *scriptlet = xasprintf(killing, in, in, in);

	return make_with(r, name, version, scriptlet, option, value);
}

static int install(struct root *r, const char *file, bool dry, struct err *e)
{
	const char *files[] = { file, NULL };

	return rpm->install(&r->p, files, dry, WITHIN, e);
}

/* "1-1 installed" */
static void assert_installed(struct root *r, const char *version, const char *status)
{
	autojson json_t *is = NULL;
	struct err e = ERR_INIT;

	assert_ok(rpm->installed(&r->p, "server", &is, &e), &e);
	assert_string_equal(json_str(is, "version", "?"), version);
	assert_string_equal(json_str(is, "status", "?"), status);
}

/* ---- a package's file ---- */

static void what_a_package_is(void **state)
{
	struct root r;
	autofree char *file = NULL, *into = NULL;
	autojson json_t *is = NULL, *conffiles = NULL;
	autodir struct dir files = DIR_NONE;
	struct err e = ERR_INIT;

	root_make(&r, state);
	file = make(&r, "server", "1", "--target", "noarch");
	assert_ok(rpm->about(file, &is, &e), &e);
	assert_string_equal(json_str(is, "name", ""), "server");
	assert_string_equal(json_str(is, "version", ""), "1-1");
	assert_string_equal(json_str(is, "arch", ""), "noarch");
	assert_string_equal(json_str(is, "signature", ""), "none");
	into = xasprintf("%s/files", r.at->path);
	assert_ok(dir_make_path(into, 0700, &files, &e), &e);
	assert_ok(rpm->extract(file, into, &e), &e);
	assert_content(r.at, "files/usr/bin/server", "1");
	assert_ok(packager_conffiles(rpm, file, &files, &conffiles, &e), &e);
	assert_int_equal(json_object_size(conffiles), 1);
	assert_non_null(json_object_get(conffiles, "/etc/server.conf"));
}

/* Cut off, a bit turned, and no package at all. */
static void a_damaged_package(void **state)
{
	struct root r;
	autofree char *file = NULL, *bad = NULL, *into = NULL;
	autobuf struct buf bytes = BUF_MAX(1 << 20);
	autodir struct dir files = DIR_NONE;
	json_t *is = NULL;
	struct err e = ERR_INIT;

	root_make(&r, state);
	file = make(&r, "server", "1", NULL, NULL);
	bad = xasprintf("%s/bad.rpm", r.at->path);
	into = xasprintf("%s/files", r.at->path);
	assert_ok(dir_make_path(into, 0700, &files, &e), &e);
	assert_ok(file_read_path(file, &bytes, &e), &e);
	bytes.data[bytes.len - 20] ^= 1;
	assert_ok(file_replace(&r.at->dir, "bad.rpm", buf_sv(&bytes), FILE_PRIVATE, &e), &e);
	assert_fails(rpm->extract(bad, into, &e), &e, ERR_FORMAT);
	err_clear(&e);
	assert_ok(file_replace(&r.at->dir, "bad.rpm", (struct sv){ bytes.data, bytes.len / 2 }, FILE_PRIVATE, &e), &e);
	assert_fails(rpm->about(bad, &is, &e), &e, ERR_FORMAT);
	err_clear(&e);
	put(&r, "bad.rpm", "no package\n");
	assert_fails(rpm->about(bad, &is, &e), &e, ERR_FORMAT);
}

/* Big-endian, as rpm writes its headers. */
static uint32_t number_at(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The signature of the header is an entry of the header before it: 96 bytes of lead, then magic, number of entries, size. */
static void turn_a_bit_of_the_signature(struct buf *rpm_file)
{
	char *head = rpm_file->data + 96;
	uint32_t n = number_at(head + 8);

	for (uint32_t i = 0; i < n; i++) {
		char *entry = head + 16 + 16 * (size_t)i;

		if (number_at(entry) == 268) /* RPMSIGTAG_RSA */
			head[16 + 16 * (size_t)n + number_at(entry + 8) + number_at(entry + 12) - 20] ^= 1;
	}
}

static void assert_signature(const char *file, const char *word)
{
	autojson json_t *is = NULL;
	struct err e = ERR_INIT;

	assert_ok(rpm->about(file, &is, &e), &e);
	assert_string_equal(json_str(is, "signature", "?"), word);
}

static void run(const char *const *argv, const char *const *env)
{
	struct cmd c = { .argv = argv, .env = env, .within_ns = WITHIN };
	struct cmd_result said = { 0 };
	struct err e = ERR_INIT;

	assert_ok(cmd_run(&c, &said, &e), &e);
	if (said.status)
		fail_msg("%s: %s", argv[0], buf_str(&said.err));
	cmd_result_done(&said);
}

static void signatures(void **state)
{
	struct root r;
	autofree char *file = NULL, *home = NULL, *bad = NULL;
	autobuf struct buf bytes = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	if (access("/usr/bin/gpg", X_OK) < 0) {
		print_message("no gpg\n");
		skip();
	}
	root_make(&r, state);
	file = make(&r, "server", "1", NULL, NULL);
	bad = xasprintf("%s/bad.rpm", r.at->path);
	home = xasprintf("GNUPGHOME=%s", r.at->path);
	const char *env[] = { "PATH=/usr/bin:/bin", home, NULL };
	const char *key[] = { "gpg", "--batch", "--passphrase", "", "--quick-gen-key", "lab", "rsa2048", "sign", "never", NULL };
	const char *sign[] = { "rpmsign", "--define", "__gpg /usr/bin/gpg", "--define", "_gpg_name lab", "--addsign", file, NULL };
	const char *end[] = { "gpgconf", "--kill", "all", NULL };

	run(key, env);
	run(sign, env);
	run(end, env);
	assert_signature(file, "unknown key");
	assert_ok(file_read_path(file, &bytes, &e), &e);
	turn_a_bit_of_the_signature(&bytes);
	assert_ok(file_replace(&r.at->dir, "bad.rpm", buf_sv(&bytes), FILE_PRIVATE, &e), &e);
	assert_signature(bad, "unknown key"); /* without the key nobody can tell */
}

/* ---- there and back ---- */

static void there_and_back(void **state)
{
	struct root r;
	autofree char *one = NULL, *two = NULL, *other = NULL, *owner = NULL;
	autobuf struct buf odd = BUF_MAX(4096);
	autojson json_t *is = NULL;
	struct err e = ERR_INIT;

	root_make(&r, state);
	one = make(&r, "server", "1", NULL, NULL);
	two = make(&r, "server", "2", NULL, NULL);
	other = make(&r, "plugin", "1", NULL, NULL);
	assert_fails(rpm->installed(&r.p, "server", &is, &e), &e, ERR_ABSENT);
	err_clear(&e);
	assert_ok(install(&r, one, false, &e), &e);
	assert_installed(&r, "1-1", "installed");
	assert_int_equal(rpm->is_build(&r.p, "server", one, &e), 1);
	assert_int_equal(rpm->is_build(&r.p, "server", two, &e), 0);
	assert_ok(rpm->owner(&r.p, "/usr/bin/server", &owner, &e), &e);
	assert_string_equal(owner, "server");

	assert_ok(install(&r, two, true, &e), &e);
	assert_installed(&r, "1-1", "installed");
	put(&r, CONF, "edited\n");
	put(&r, "system/usr/bin/server;1a2b3c4d", "of a killed one");
	put(&r, "system/usr/bin/other;1a2b3c4d", "somebody's");
	put(&r, "system/usr/bin/server;1a2b3c4", "somebody's");
	assert_ok(rpm->sweep(&r.p, two, &e), &e);
	assert_ok(install(&r, two, false, &e), &e);
	assert_installed(&r, "2-1", "installed");
	assert_content(r.at, PROGRAM, "2");
	assert_content(r.at, CONF, "edited\n");
	assert_content(r.at, CONF ".rpmnew", "shipped with 2\n");
	assert_false(has(r.at, "system/usr/bin/server;1a2b3c4d"));
	assert_true(has(r.at, "system/usr/bin/other;1a2b3c4d") && has(r.at, "system/usr/bin/server;1a2b3c4"));
	assert_ok(rpm->verify(&r.p, "server", &odd, &e), &e);
	assert_string_equal(buf_str(&odd), "");

	put(&r, PROGRAM, "X");
	assert_ok(rpm->verify(&r.p, "server", &odd, &e), &e);
	assert_non_null(strstr(buf_str(&odd), "/usr/bin/server"));
	assert_ok(install(&r, one, false, &e), &e);
	assert_installed(&r, "1-1", "installed");
	assert_content(r.at, PROGRAM, "1");
	assert_false(has(r.at, "system/usr/share/server/2"));

	assert_ok(install(&r, other, false, &e), &e);
	assert_ok(rpm->purge(&r.p, "plugin", WITHIN, &e), &e);
	assert_false(has(r.at, "system/usr/bin/plugin"));
}

/* One that cannot be opened any more once rpm is done, as with no descriptor left: that is not to fail what it did. */
static void what_is_synced_was_opened_before(void **state)
{
	autofree char *file = NULL;
	struct err e = ERR_INIT;
	struct root r;

	root_make(&r, state);
	assert_ok(dir_make_all(&r.at->dir, "system/opt", 0755, &e), &e);
	file = make_with(&r, "server", "1", "%post -p <lua>\nos.rename('/opt', '/opt.was') posix.symlink('opt', '/opt')\n", NULL, NULL);
	assert_ok(install(&r, file, false, &e), &e);
	assert_true(has(r.at, "system/opt.was"));
	assert_installed(&r, "1-1", "installed");
}

/* The database names both then; one more installation, of either, ends it. */
static void killed_in(void **state, const char *scriptlet, bool forward)
{
	autofree char *one = NULL, *two = NULL, *trap = xasprintf("system/kill-%s", scriptlet);
	struct err e = ERR_INIT;
	struct root r;

	root_make(&r, state);
	one = make(&r, "server", "1", NULL, NULL);
	two = make(&r, "server", "2", NULL, NULL);
	assert_ok(install(&r, one, false, &e), &e);
	put(&r, trap, "");
	assert_fails(install(&r, two, false, &e), &e, ERR_REFUSED);
	err_clear(&e);
	assert_false(has(r.at, trap));
	assert_installed(&r, "1-1", "half-installed");
	assert_ok(install(&r, forward ? two : one, false, &e), &e);
	assert_installed(&r, forward ? "2-1" : "1-1", "installed");
	assert_content(r.at, PROGRAM, forward ? "2" : "1");
	assert_true(has(r.at, "system/usr/share/server/2") == forward);
}

static void killed_in_the_new_ones_and_on(void **state)
{
	killed_in(state, "post", true);
}

static void killed_in_the_new_ones_and_back(void **state)
{
	killed_in(state, "post", false);
}

static void killed_in_the_old_ones_and_on(void **state)
{
	killed_in(state, "postun", true);
}

static void killed_in_the_old_ones_and_back(void **state)
{
	killed_in(state, "postun", false);
}

/* ---- dnf's versionlock ---- */

static void a_lock_follows_its_package(void **state)
{
	static const char before[] = "# of us\nserver-0:1-1.*\nserver-plugins-0:1-1.*\n!server-0:9-1.*\n\nother-0:1-1.*\nserver-0:0.*\n";
	static const char after[] = "# of us\nserver-0:2-1.*\nserver-plugins-0:1-1.*\n!server-0:9-1.*\n\nother-0:1-1.*\nserver-0:0.*\n";
	autofree char *lines = NULL, *none = NULL;
	struct root r;
	struct err e = ERR_INIT;

	root_make(&r, state);
	assert_ok(rpm_held(&r.p, "server", "1-1", &none, &e), &e);
	assert_string_equal(none, "");
	assert_ok(rpm_hold(&r.p, "server", "1-1", none, &e), &e);
	put(&r, LOCKS, before);
	assert_ok(rpm_held(&r.p, "server", "1-1", &lines, &e), &e);
	assert_string_equal(lines, "server-@.*\nserver-0:0.*\n");
	assert_ok(rpm_hold(&r.p, "server", "2-1", lines, &e), &e);
	assert_content(r.at, LOCKS, after);
	assert_ok(rpm_hold(&r.p, "server", "1-1", lines, &e), &e);
	assert_content(r.at, LOCKS, before);
}

static void a_lock_of_dnf_5_follows_its_package(void **state)
{
	static const char form[] = "version = \"1.0\"\n\n# %1$s\n[[packages]]\nname = \"server\" # ours\n"
				   "[[packages.conditions]]\nvalue = \"0:%2$s\"\nkey = \"evr\"\ncomparator = \"=\"\n"
				   "[[packages.conditions]]\nkey = 'evr'\ncomparator = '!='\nvalue = '0:9-1'\n\n"
				   "[[packages]]\nname = \"server-plugins\"\n"
				   "[[packages.conditions]]\nkey = \"evr\"\ncomparator = \"=\"\nvalue = \"0:1-1\"\n"
				   "[[packages]]\nname = 'server'\n"
				   "[[packages.conditions]]\nkey = \"evr\"\ncomparator = \"=\"\nvalue = \"0:0-7\"";
	autofree char *before = xasprintf(form, "of us", "1-1"), *after = xasprintf(form, "of us", "2-1"), *lines = NULL;
	struct root r;
	struct err e = ERR_INIT;

	root_make(&r, state);
	put(&r, LOCKS, "server-0:1-1.*\n");
	put(&r, LOCKS_5, before);
	assert_ok(rpm_held(&r.p, "server", "1-1", &lines, &e), &e);
	assert_string_equal(lines, "server-@.*\n=@\n=0:0-7\n");
	assert_ok(rpm_hold(&r.p, "server", "2-1", lines, &e), &e);
	assert_content(r.at, LOCKS, "server-0:2-1.*\n");
	assert_content(r.at, LOCKS_5, after);
	assert_ok(rpm_hold(&r.p, "server", "1-1", lines, &e), &e);
	assert_content(r.at, LOCKS_5, before);
}

/* ---- who else installs ---- */

static void assert_busy(struct root *r)
{
	struct err e = ERR_INIT;

	assert_fails(rpm_lock(&r->p, deadline_in(SHORTLY), &e), &e, ERR_BUSY);
}

static void assert_free(struct root *r)
{
	struct err e = ERR_INIT;
	autoclose int fd = rpm_lock(&r->p, deadline_in(SHORTLY), &e);

	assert_ok(fd, &e);
}

static void dnf_is_waited_for_and_held(void **state)
{
	autofree char *me = xasprintf("%d", (int)getpid());
	autoclose int held = -1;
	struct root r;
	struct err e = ERR_INIT;

	root_make(&r, state);
	assert_free(&r); /* no dnf here */
	put(&r, "system/var/lib/dnf/rpmdb_lock.pid", me);
	assert_busy(&r);
	put(&r, "system/var/lib/dnf/rpmdb_lock.pid", "2147483647"); /* of one that was killed */
	held = rpm_lock(&r.p, deadline_in(SHORTLY), &e);
	assert_ok(held, &e);
	assert_busy(&r);
}

/* A record lock of another process, as rpm takes it. */
static void rpm_is_waited_for(void **state)
{
	struct root r;
	int ready[2];
	char byte;
	pid_t rival;

	root_make(&r, state);
	put(&r, "system/var/lib/rpm/.rpm.lock", "");
	assert_int_equal(pipe(ready), 0);
	rival = fork();
	assert_true(rival >= 0);
	if (!rival) {
		struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		autofree char *path = xasprintf("%s/.rpm.lock", r.admin);
		int fd = open(path, O_RDWR | O_CLOEXEC);

		_exit(fcntl(fd, F_SETLK, &l) < 0 || write(ready[1], "x", 1) != 1 || pause());
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_busy(&r);
	kill(rival, SIGKILL);
	assert_int_equal(waitpid(rival, NULL, 0), rival);
	assert_free(&r);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(what_a_package_is),
		in_place(a_damaged_package),
		in_place(signatures),
		in_place(there_and_back),
		in_place(what_is_synced_was_opened_before),
		in_place(killed_in_the_new_ones_and_on),
		in_place(killed_in_the_new_ones_and_back),
		in_place(killed_in_the_old_ones_and_on),
		in_place(killed_in_the_old_ones_and_back),
		in_place(a_lock_follows_its_package),
		in_place(a_lock_of_dnf_5_follows_its_package),
		in_place(dnf_is_waited_for_and_held),
		in_place(rpm_is_waited_for),
	};

	if (access("/usr/bin/rpmbuild", X_OK) < 0) {
		print_message("1..0 # SKIP no rpmbuild\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
