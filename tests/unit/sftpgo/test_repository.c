/* Where a new repository goes and what it takes the place of, in a root of its own; and what is fetched once. */
#include "products/sftpgo/repository.h"

#include "io/cmd.h"
#include "io/place.h"
#include "svc/packager.h"

#define KEYRING "/usr/share/keyrings/v.gpg"
#define ENTRY   "deb [signed-by=" KEYRING "] http://download.sftpgo.com/apt stable main\n"
#define OLD     "deb [signed-by=" KEYRING "] https://oss.sftpgo.com/apt stable main\n"
#define OTHERS  "deb http://deb.debian.org/debian bookworm main\n"

static int make(void **state)
{
	struct err e = ERR_INIT;
	struct place *p;

	if (place_make(state) < 0)
		return -1;
	p = *state;
	if (chmod(p->path, 0755) < 0 || dir_make_all(&p->dir, "etc/apt/sources.list.d", 0755, &e) < 0 ||
	    dir_make_all(&p->dir, "usr/share/keyrings", 0755, &e) < 0)
		return -1;
	put_file(p, "new.list", ENTRY);
	put_file(p, "new.gpg", "new keys");
	put_file(p, "etc/apt/sources.list", OTHERS);
	return 0;
}

static struct repository_order order(const struct place *p)
{
	return (struct repository_order){ .front = &front_apt, .file = below(p, "new.list"), .keyring = below(p, "new.gpg"), .under = p->path };
}

static json_t *judged(const struct place *p)
{
	struct repository_order o = order(p);
	json_t *doc = json_object();
	struct err e = ERR_INIT;

	assert_ok(repository_judge(&o, doc, &e), &e);
	return doc;
}

static void assert_refused(const struct place *p, enum err_kind kind, const char *says)
{
	struct repository_order o = order(p);
	autojson json_t *doc = json_object();
	struct err e = ERR_INIT;

	assert_fails(repository_judge(&o, doc, &e), &e, kind);
	if (!strstr(e.msg, says))
		fail_msg("%s", e.msg);
}

static void the_old_ones_go(void **state)
{
	const struct place *p = *state;
	autojson json_t *doc = NULL;
	const json_t *off;

	put_file(p, "etc/apt/sources.list.d/sftpgo.list", OLD);
	put_file(p, "etc/apt/sources.list.d/asleep.sources", "Enabled: no\nTypes: deb\nURIs: https://oss.sftpgo.com/apt\nSuites: x\n");
	put_file(p, "etc/apt/sources.list.d/unread.list.save", OLD);
	put_file(p, "usr/share/keyrings/v.gpg", "old keys");
	doc = judged(p);
	off = json_object_get(doc, "off");
	assert_string_equal(json_str(doc, "to", ""), "/etc/apt/sources.list.d/new.list");
	assert_true(json_is_null(json_object_get(doc, "was")));
	assert_string_equal(json_str(doc, "keyring_to", ""), KEYRING);
	assert_int_equal(strlen(json_str(doc, "keyring_was", "")), 64);
	assert_int_equal(json_array_size(off), 1);
	assert_string_equal(json_str(json_array_get(off, 0), "path", ""), "/etc/apt/sources.list.d/sftpgo.list");
}

static void what_is_in_place_stays(void **state)
{
	const struct place *p = *state;
	autojson json_t *doc = NULL;

	put_file(p, "etc/apt/sources.list.d/new.list", ENTRY);
	doc = judged(p);
	assert_int_equal(json_array_size(json_object_get(doc, "off")), 0);
	assert_string_equal(json_str(doc, "was", ""), json_str(doc, "sha256", "?"));
}

static void under_its_own_name(void **state)
{
	const struct place *p = *state;
	autojson json_t *doc = NULL;

	put_file(p, "etc/apt/sources.list.d/new.list", OLD);
	doc = judged(p);
	assert_int_equal(json_array_size(json_object_get(doc, "off")), 1);
}

static void what_stands_in_the_way(void **state)
{
	const struct place *p = *state;

	put_file(p, "etc/apt/sources.list.d/new.list", OTHERS);
	assert_refused(p, ERR_EXISTS, "is there already");
	put_file(p, "etc/apt/sources.list.d/new.list", OLD OTHERS);
	assert_refused(p, ERR_REFUSED, "names repositories of others");
	put_file(p, "etc/apt/sources.list.d/new.list", OLD);
	put_file(p, "etc/apt/sources.list", OLD OTHERS);
	assert_refused(p, ERR_REFUSED, "names repositories of others");
}

static void a_link_that_apt_follows(void **state)
{
	const struct place *p = *state;
	autojson json_t *doc = NULL;

	put_file(p, "elsewhere", OTHERS);
	assert_int_equal(symlink("../../../elsewhere", below(p, "etc/apt/sources.list.d/one.list")), 0);
	assert_int_equal(symlink("nowhere", below(p, "etc/apt/sources.list.d/dead.list")), 0);
	doc = judged(p);
	assert_int_equal(json_array_size(json_object_get(doc, "off")), 0);
	put_file(p, "elsewhere", OLD);
	assert_refused(p, ERR_REFUSED, "is a link");
}

static void what_is_brought_is_wrong(void **state)
{
	const struct place *p = *state;

	put_file(p, "new.list", ENTRY OLD);
	assert_refused(p, ERR_REFUSED, "hosts of both editions");
	put_file(p, "new.list", "deb [trusted=yes signed-by=" KEYRING "] http://download.sftpgo.com/apt stable main\n");
	assert_refused(p, ERR_REFUSED, "nobody signed");
	put_file(p, "new.list", "deb [signed-by=/nowhere/v.gpg] http://download.sftpgo.com/apt stable main\n");
	assert_refused(p, ERR_ABSENT, "the keyring goes to");
	put_file(p, "new.list", ENTRY);
	assert_int_equal(chmod(below(p, "new.gpg"), 0620), 0);
	assert_refused(p, ERR_REFUSED, "can be written by others");
	assert_int_equal(chmod(below(p, "new.gpg"), 0600), 0);
	assert_int_equal(chown(below(p, "new.list"), 12345, 0), 0);
	assert_refused(p, ERR_REFUSED, "can be written by others");
	assert_int_equal(unlink(below(p, "new.gpg")), 0);
	assert_int_equal(chown(below(p, "new.list"), 0, 0), 0);
	assert_refused(p, ERR_ABSENT, "new.gpg");
}

/* ---- dnf's files ---- */

#define REPO(host, key) "[v]\nbaseurl=https://" host "/yum\ngpgcheck=1\ngpgkey=" key "\n"
#define KEY             "file:///etc/pki/rpm-gpg/v"

static void files_of_dnf(void **state)
{
	const struct place *p = *state;
	struct repository_order o = order(p);
	autojson json_t *doc = json_object(), *other = json_object(), *mixed = json_object();
	struct err e = ERR_INIT;

	o.front = &front_dnf;
	o.file = below(p, "new.repo");
	assert_ok(dir_make_all(&p->dir, "etc/yum.repos.d", 0755, &e), &e);
	assert_ok(dir_make_all(&p->dir, "etc/pki/rpm-gpg", 0755, &e), &e);
	assert_ok(dir_make_all(&p->dir, "etc/dnf", 0755, &e), &e);
	put_file(p, "new.repo", REPO("download.sftpgo.com", KEY));
	put_file(p, "etc/yum.repos.d/sftpgo.repo", REPO("oss.sftpgo.com", KEY));
	put_file(p, "etc/yum.repos.d/asleep.repo", REPO("oss.sftpgo.com", KEY) "enabled=0\n");
	put_file(p, "etc/yum.repos.d/debian.repo", REPO("deb.debian.org", KEY));
	put_file(p, "etc/dnf/dnf.conf", "[main]\ngpgcheck=0\n");
	assert_ok(repository_judge(&o, doc, &e), &e);
	assert_string_equal(json_str(doc, "to", ""), "/etc/yum.repos.d/new.repo");
	assert_string_equal(json_str(doc, "keyring_to", ""), "/etc/pki/rpm-gpg/v");
	assert_int_equal(json_array_size(json_object_get(doc, "off")), 1);

	put_file(p, "new.repo", REPO("download.sftpgo.com", "https://h/key"));
	assert_ok(repository_judge(&o, other, &e), &e);
	assert_null(json_object_get(other, "keyring_to"));

	put_file(p, "etc/dnf/dnf.conf", "[main]\ngpgcheck=0\n" REPO("oss.sftpgo.com", KEY));
	assert_fails(repository_judge(&o, mixed, &e), &e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "other things"));
}

/* In the place. */
static int run(const struct place *p, const char *const *argv)
{
	struct cmd c = { .argv = argv, .cwd = p->path };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	int status;

	assert_ok(cmd_run(&c, &r, &e), &e);
	status = r.status;
	cmd_result_done(&r);
	return status;
}

/* A package "server" in a signed repository that new.list names. */
static bool have_repository(const struct place *p)
{
	static const char *const key[] = { TOOLS "/apt_repository.sh", "key", "key", NULL };
	static const char *const build[] = { "dpkg-deb", "--build", "made", "a.deb", NULL };
	static const char *const make_it[] = { TOOLS "/apt_repository.sh", "make", "repo", "key", "a.deb", NULL };
	autofree char *entry = xasprintf("deb [signed-by=" KEYRING "] copy:%s/repo stable main\n", p->path);
	struct err e = ERR_INIT;

	if (run(p, key) != 0)
		return false;
	assert_ok(dir_make_all(&p->dir, "made/DEBIAN", 0755, &e), &e);
	put_file(p, "made/DEBIAN/control", "Package: server\nVersion: 2-1\nArchitecture: all\nMaintainer: x\nDescription: x\n");
	put_file(p, "new.list", entry);
	return !run(p, build) && !run(p, make_it);
}

static void what_was_fetched_is_not_fetched_again(void **state)
{
	const struct place *p = *state;
	autojson json_t *wanted = json_pack("[{ss ss}]", "name", "server", "version", "2"), *first = NULL, *again = NULL, *third = NULL;
	autofree char *cache = xasprintf("%s/cache", p->path);
	struct repository_order o = { .front = &front_apt, .cache = cache, .packages = wanted, .within_ns = 60 * NS_PER_S };
	struct err e = ERR_INIT;
	const char *path;

	if (!have_repository(p))
		skip();
	o.file = below(p, "new.list");
	o.keyring = below(p, "key/keyring.gpg");
	assert_ok(repository_fetch(&o, &first, &e), &e);
	path = json_string_value(json_array_get(first, 0));
	assert_int_equal(json_array_size(first), 1);
	assert_true(access(path, R_OK) == 0);
	assert_ok(dir_remove_tree(&p->dir, "repo", &e), &e);
	assert_ok(repository_fetch(&o, &again, &e), &e);
	assert_true(json_equal(first, again));
	assert_int_equal(truncate(path, 7), 0);
	assert_fails(repository_fetch(&o, &third, &e), &e, ERR_IO);
}

#define with_root(test) cmocka_unit_test_setup_teardown(test, make, place_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_root(the_old_ones_go),
		with_root(what_is_in_place_stays),
		with_root(under_its_own_name),
		with_root(what_stands_in_the_way),
		with_root(a_link_that_apt_follows),
		with_root(what_is_brought_is_wrong),
		with_root(files_of_dnf),
		with_root(what_was_fetched_is_not_fetched_again),
	};

	if (geteuid()) {
		print_message("1..0 # SKIP the files of repositories are root's\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
