/* Repositories: what their files say, and real ones, made and signed here, asked by apt's own tools. */
#include "svc/front.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "io/cmd.h"
#include "svc/apt_source.h"
#include "../io/place.h"

#define WITHIN (60 * NS_PER_S)
#define KEYRING "signed-by=/usr/share/keyrings/v.gpg"

/* ---- what files say ---- */

static json_t *parsed(const char *text, bool deb822)
{
	struct err e = ERR_INIT;
	json_t *entries = NULL;

	assert_ok(apt_source_parse(sv_of(text), deb822 ? "v.sources" : "v.list", &entries, &e), &e);
	return entries;
}

static void assert_text(const char *source, bool deb822, const char *text)
{
	autojson json_t *entries = parsed(source, deb822);
	autobuf struct buf is = BUF_MAX(4096);

	apt_source_text(entries, "/k.gpg", "amd64", &is);
	assert_string_equal(buf_str(&is), text);
}

static void both_forms_say_the_same(void **state)
{
	static const char stanza[] = "Types: deb\nURIs: http://h/apt\nSuites: stable\nComponents: main other\n"
				     "Architectures: amd64\nSigned-By: /k.gpg\n\n";

	assert_text("# of the vendor\ndeb [arch=amd64,arm64 " KEYRING "] http://h/apt stable main other # more\n"
		    "deb-src [" KEYRING "] http://h/apt stable main other\n", false, stanza);
	assert_text("#deb http://h/apt stable main\n", false, "");
	assert_text("deb [arch=arm64] http://h/apt stable main\n", false, "");
	assert_text("Types: deb deb-src\nURIs: http://h/apt\n# more\nSuites: stable\nComponents: main\n other\n"
		    "Signed-By: /usr/share/keyrings/v.gpg\n", true, stanza);
	assert_text("Enabled: no\nTypes: deb\nURIs: http://h/apt\nSuites: stable\n\n\n", true, "");
	/* apt fetches from it (seen, 2.6.1). */
	assert_text("Enabled: maybe\nTypes: deb\nURIs: http://h/apt\nSuites: stable\n", true,
		    "Types: deb\nURIs: http://h/apt\nSuites: stable\nArchitectures: amd64\nSigned-By: /k.gpg\n\n");
	assert_text("deb http://h/apt ./\n", false,
		    "Types: deb\nURIs: http://h/apt\nSuites: ./\nArchitectures: amd64\nSigned-By: /k.gpg\n\n");
}

static void hosts(void **state)
{
	static const struct {
		const char *uri, *host;
	} t[] = { { "https://oss.sftpgo.com/apt", "oss.sftpgo.com" }, { "http://u:p@h:8080/x", "h" }, { "file:/srv", "" },
		  { "http://h", "h" } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_true(sv_eq(front_host(t[i].uri), t[i].host));
}

static void what_cannot_be_read(void **state)
{
	static const struct {
		const char *text, *says;
		bool deb822;
	} t[] = {
		{ "\nrpm http://h/ x\n", "line 2: 'rpm' is neither", false },
		{ "deb [a http://h/ x\n", "'[' without ']'", false },
		{ "deb http://h/\n", "no suite", false },
		{ "Types: deb\nURIs: http://h\n", "without Types, URIs or Suites", true },
		{ "deb http\n", "is no field", true },
		{ " x\n", "never began", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		json_t *entries = NULL;
		struct err e = ERR_INIT;

		assert_fails(apt_source_parse(sv_of(t[i].text), t[i].deb822 ? "v.sources" : "v.list", &entries, &e), &e, ERR_FORMAT);
		if (!strstr(e.msg, t[i].says))
			fail_msg("%s: %s", t[i].text, e.msg);
	}
}

static void what_nobody_signed_is_refused(void **state)
{
	static const struct {
		const char *text, *says;
		enum err_kind kind;
	} t[] = {
		{ "deb [trusted=yes " KEYRING "] http://h/ x main\n", "nobody signed", ERR_REFUSED },
		{ "deb [allow-insecure=yes " KEYRING "] http://h/ x main\n", "nobody signed", ERR_REFUSED },
		{ "deb http://h/ x main\n", "one keyring file", ERR_REFUSED },
		{ "deb [signed-by=ABCDEF0123] http://h/ x main\n", "one keyring file", ERR_REFUSED },
		{ "deb [signed-by=/a.gpg,/b.gpg] http://h/ x main\n", "one keyring file", ERR_REFUSED },
		{ "deb [signed-by=/etc/passwd] http://h/ x main\n", "one keyring file", ERR_REFUSED },
		{ "deb [" KEYRING "] http://u:geheim@h/ x main\n", "a password", ERR_REFUSED },
		{ "deb [" KEYRING "] http://h/ x main\ndeb [signed-by=/b.gpg] http://h/ y main\n", "two keyrings", ERR_REFUSED },
		{ "deb-src [" KEYRING "] http://h/ x main\n", "no packages", ERR_ABSENT },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		autojson json_t *entries = parsed(t[i].text, false);
		const char *keyring = NULL;
		struct err e = ERR_INIT;

		assert_fails(apt_source_judge(entries, &keyring, &e), &e, t[i].kind);
		if (!strstr(e.msg, t[i].says) || strstr(e.msg, "geheim"))
			fail_msg("%s: %s", t[i].text, e.msg);
	}
}

/* ---- real repositories ---- */

/* The status of the tool that makes them. */
static int tool(const char *verb, const char *a, const char *b, const char *c)
{
	const char *argv[] = { TOOLS "/apt_repository.sh", verb, a, b, c, NULL };
	struct cmd cmd = { .argv = argv, .within_ns = WITHIN };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	int status;

	assert_ok(cmd_run(&cmd, &r, &e), &e);
	status = r.status;
	if (status)
		print_message("%s\n", buf_str(&r.err));
	cmd_result_done(&r);
	return status;
}

static void package(const struct place *p, const char *version, const char *name)
{
	autofree char *control =
		xasprintf("Package: server\nVersion: %s\nArchitecture: all\nMaintainer: x\nDescription: x\n", version);
	const char *argv[] = { "dpkg-deb", "--build", below(p, "made"), below(p, name), NULL };
	struct cmd c = { .argv = argv };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;

	assert_ok(dir_make_all(&p->dir, "made/DEBIAN", 0755, &e), &e);
	put_file(p, "made/DEBIAN/control", control);
	assert_ok(cmd_run(&c, &r, &e), &e);
	assert_int_equal(r.status, 0);
	cmd_result_done(&r);
}

/* Two versions and one of a distribution, signed; apt's account must get there. */
static int make(void **state)
{
	if (place_make(state) < 0)
		return -1;
	return chmod(((struct place *)*state)->path, 0755);
}

static bool have_repository(const struct place *p)
{
	int status = geteuid() ? 77 : tool("key", below(p, "key"), NULL, NULL);

	if (status == 77)
		return false;
	package(p, "2.7.5-1", "a.deb");
	package(p, "2.7.4-1", "b.deb");
	assert_int_equal(tool("make", below(p, "repo"), below(p, "key"), below(p, "a.deb")), 0);
	assert_int_equal(tool("make", below(p, "repo"), below(p, "key"), below(p, "b.deb")), 0);
	return true;
}

static int open_at(const char *uri, const char *keyring, int64_t within, struct front *ret, struct err *e)
{
	autofree char *line = xasprintf("deb [" KEYRING "] %s stable main\n", uri);
	autobuf struct buf keys = BUF_MAX(1 << 20);
	autojson json_t *entries = parsed(line, false);

	assert_ok(file_read_path(keyring, &keys, e), e);
	return front_open(&front_apt, entries, buf_sv(&keys), within, ret, e);
}

static int open_repository(const struct place *p, struct front *ret, struct err *e)
{
	autofree char *uri = xasprintf("copy:%s/repo", p->path);

	return open_at(uri, below(p, "key/keyring.gpg"), WITHIN, ret, e);
}

static void the_very_package(void **state)
{
	const struct place *p = *state;
	autofree char *name = NULL;
	autofront struct front a = FRONT_NONE;
	autobuf struct buf was = BUF_MAX(1 << 20), is = BUF_MAX(1 << 20);
	char version[FRONT_VERSION_MAX];
	struct err e = ERR_INIT;

	if (!have_repository(p))
		skip();
	assert_ok(open_repository(p, &a, &e), &e);
	assert_ok(front_apt.version(&a, "server", "2.7.4", version, &e), &e);
	assert_string_equal(version, "2.7.4-1");
	assert_ok(front_apt.version(&a, "server", "2.7.5-1", version, &e), &e);
	assert_string_equal(version, "2.7.5-1");
	assert_ok(front_apt.fetch(&a, "server", version, &p->dir, &name, &e), &e);
	assert_true(sv_starts(sv_of(name), "server_2.7.5-1_"));
	assert_ok(file_read(&p->dir, name, &is, &e), &e);
	assert_ok(file_read(&p->dir, "a.deb", &was, &e), &e);
	assert_true(was.len == is.len && !memcmp(was.data, is.data, is.len));
	assert_fails(front_apt.version(&a, "server", "2.7.9", version, &e), &e, ERR_ABSENT);
	assert_non_null(strstr(e.msg, "it has 2.7.5-1, 2.7.4-1"));
	err_clear(&e);
	assert_fails(front_apt.version(&a, "other", "1", version, &e), &e, ERR_ABSENT);
}

static void another_key(void **state)
{
	const struct place *p = *state;
	autofree char *uri = xasprintf("copy:%s/repo", p->path);
	autofront struct front a = FRONT_NONE;
	struct err e = ERR_INIT;

	if (!have_repository(p))
		skip();
	assert_int_equal(tool("key", below(p, "other"), NULL, NULL), 0);
	assert_fails(open_at(uri, below(p, "other/keyring.gpg"), WITHIN, &a, &e), &e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "NO_PUBKEY"));
}

/* One letter of a text file below the repository. */
static void change(const struct place *p, const char *rel, const char *from, const char *to)
{
	autobuf struct buf text = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;
	char *at;

	assert_ok(file_read(&p->dir, rel, &text, &e), &e);
	at = memmem(text.data, text.len, from, strlen(from));
	assert_non_null(at);
	memcpy(at, to, strlen(to));
	assert_ok(file_replace(&p->dir, rel, buf_sv(&text), (struct file_attr){ .mode = 0644, .uid = 0, .gid = 0 }, &e), &e);
}

static void a_signature_of_something_else(void **state)
{
	const struct place *p = *state;
	autofront struct front a = FRONT_NONE;
	struct err e = ERR_INIT;

	if (!have_repository(p))
		skip();
	change(p, "repo/dists/stable/InRelease", "Origin: tests", "Origin: tesT");
	assert_fails(open_repository(p, &a, &e), &e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "BADSIG"));
	err_clear(&e);
	assert_ok(dir_unlink(&p->dir, "repo/dists/stable/InRelease", &e), &e);
	assert_fails(open_repository(p, &a, &e), &e, ERR_REFUSED);
}

static void a_package_that_was_exchanged(void **state)
{
	const struct place *p = *state;
	autofree char *name = NULL;
	autofront struct front a = FRONT_NONE;
	struct err e = ERR_INIT;

	if (!have_repository(p))
		skip();
	change(p, "repo/pool/a.deb", "control.tar", "contrOl.tar");
	assert_ok(open_repository(p, &a, &e), &e);
	assert_fails(front_apt.fetch(&a, "server", "2.7.5-1", &p->dir, &name, &e), &e, ERR_CHANGED);
}

static void nobody_answers(void **state)
{
	const struct place *p = *state;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	autoclose int listener = socket(AF_INET, SOCK_STREAM, 0);
	autofree char *uri = NULL;
	socklen_t n = sizeof at;
	autofront struct front a = FRONT_NONE;
	struct err e = ERR_INIT;

	if (!have_repository(p))
		skip();
	assert_int_equal(bind(listener, (struct sockaddr *)&at, n), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &n), 0);
	uri = xasprintf("http://127.0.0.1:%d/apt", ntohs(at.sin_port));
	assert_fails(open_at(uri, below(p, "key/keyring.gpg"), WITHIN, &a, &e), &e, ERR_IO);
	assert_non_null(strstr(e.msg, "Connection refused"));
	err_clear(&e);
	assert_int_equal(listen(listener, 4), 0);
	assert_fails(open_at(uri, below(p, "key/keyring.gpg"), 2 * NS_PER_S, &a, &e), &e, ERR_TIMEOUT);
}

#define with_repository(test) cmocka_unit_test_setup_teardown(test, make, place_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_say_the_same),
		cmocka_unit_test(hosts),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(what_nobody_signed_is_refused),
		with_repository(the_very_package),
		with_repository(another_key),
		with_repository(a_signature_of_something_else),
		with_repository(a_package_that_was_exchanged),
		with_repository(nobody_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
