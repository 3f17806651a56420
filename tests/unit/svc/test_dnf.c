/* Repositories as dnf names them: what its files say. Real ones are asked in tests/e2e/sftpgo_rpm.bats, where there is a dnf. */
#include "svc/dnf_source.h"

#include "../unit.h"
#include "svc/front.h"

#define KEY   "gpgkey=file:///etc/pki/rpm-gpg/v\n"
#define HEAD  "[v]\nname=of the vendor\nbaseurl=https://h/yum\n"
#define WHOLE HEAD "gpgcheck=1\n" KEY

static json_t *parsed(const char *text)
{
	struct err e = ERR_INIT;
	json_t *entries = NULL;

	assert_ok(dnf_source_parse(sv_of(text), "v.repo", &entries, &e), &e);
	return entries;
}

static void assert_text(const char *source, const char *text)
{
	autojson json_t *entries = parsed(source);
	autobuf struct buf is = BUF_MAX(4096);

	dnf_source_text(entries, "/k", &is);
	assert_string_equal(buf_str(&is), text);
}

static void what_is_asked_of_it(void **state)
{
	static const char tail[] = "gpgcheck=1\ngpgkey=file:///k\nskip_if_unavailable=0\n\n";
	autofree char *plain = xasprintf("[v]\nname=v\nbaseurl=https://h/yum\n%s", tail);
	autofree char *more = xasprintf("[v]\nname=v\nbaseurl=http://a http://b\nrepo_gpgcheck=1\nsslverify=0\n%s", tail);

	assert_text("# of the vendor\n; too\n\n" WHOLE "exclude=everything\npriority=7\n", plain);
	assert_text("[v]\nbaseurl = http://a\n  http://b\n# between\nrepo_gpgcheck=1\nsslverify=0\ngpgcheck=1\n", more);
	assert_text("[main]\ngpgcheck=0\n", "");
	assert_text(HEAD "enabled = No\n", "");
	assert_text(HEAD "[v]\nenabled=0\n", "");
	assert_text("", "");
}

static void where_it_leads(void **state)
{
	autojson json_t *entries = parsed("[a]\nbaseurl=https://one/x, https://two/x\nmirrorlist=https://three\nmetalink=https://four\n");
	const json_t *uris = json_object_get(json_array_get(entries, 0), "uris");

	assert_int_equal(json_array_size(uris), 4);
	assert_true(sv_eq(front_host(json_string_value(json_array_get(uris, 1))), "two"));
}

static void what_cannot_be_read(void **state)
{
	static const struct {
		const char *text, *says;
	} t[] = {
		{ "\nbaseurl=x\n", "line 2: an option before the first section" },
		{ "[v\n", "'[' without ']'" },
		{ "[v]\nbaseurl\n", "line 2: 'baseurl' is no option" },
		{ "[v]\n more\n", "never began" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		json_t *entries = NULL;
		struct err e = ERR_INIT;

		assert_fails(dnf_source_parse(sv_of(t[i].text), "v.repo", &entries, &e), &e, ERR_FORMAT);
		if (!strstr(e.msg, t[i].says))
			fail_msg("%s: %s", t[i].text, e.msg);
	}
}

static void where_its_keys_lie(void **state)
{
	autojson json_t *here = parsed(WHOLE), *elsewhere = parsed(HEAD "gpgcheck=True\ngpgkey=https://h/key\n");
	const char *keyring = NULL;
	struct err e = ERR_INIT;

	assert_ok(dnf_source_judge(here, &keyring, &e), &e);
	assert_string_equal(keyring, "/etc/pki/rpm-gpg/v");
	assert_ok(dnf_source_judge(elsewhere, &keyring, &e), &e);
	assert_null(keyring);
}

static void what_nobody_signed_is_refused(void **state)
{
	static const struct {
		const char *text, *says;
		enum err_kind kind;
	} t[] = {
		{ HEAD KEY, "[v] takes packages that nobody signed", ERR_REFUSED },
		{ HEAD "gpgcheck=0\n" KEY, "nobody signed", ERR_REFUSED },
		{ WHOLE "[v]\ngpgcheck=no\n", "nobody signed", ERR_REFUSED },
		{ HEAD "gpgcheck=1\n", "one file of keys", ERR_REFUSED },
		{ HEAD "gpgcheck=1\ngpgkey=file:///a file:///b\n", "one file of keys", ERR_REFUSED },
		{ HEAD "gpgcheck=1\ngpgkey=file:///etc/$releasever\n", "one file of keys", ERR_REFUSED },
		{ HEAD "gpgcheck=1\ngpgkey=file://etc/x\n", "no absolute path", ERR_REFUSED },
		{ WHOLE "password=geheim\n", "a password", ERR_REFUSED },
		{ "[v]\nbaseurl=https://u:geheim@h/yum\ngpgcheck=1\n" KEY, "a password", ERR_REFUSED },
		{ WHOLE "[w]\nbaseurl=https://h\ngpgcheck=1\ngpgkey=https://h/key\n", "different keys", ERR_REFUSED },
		{ WHOLE "enabled=0\n", "no packages", ERR_ABSENT },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		autojson json_t *entries = parsed(t[i].text);
		const char *keyring = NULL;
		struct err e = ERR_INIT;

		assert_fails(dnf_source_judge(entries, &keyring, &e), &e, t[i].kind);
		if (!strstr(e.msg, t[i].says) || strstr(e.msg, "geheim"))
			fail_msg("%s: %s", t[i].text, e.msg);
	}
}

static void how_this_host_reaches_the_world(void **state)
{
	autobuf struct buf is = BUF_MAX(4096);

	dnf_source_ways_out(SV("[main]\ngpgcheck=0\nproxy=http://p\nexcludepkgs=x\nsslcacert=/c\n[v]\nproxy=http://q\n"), &is);
	assert_string_equal(buf_str(&is), "proxy=http://p\nsslcacert=/c\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_of_it),
		cmocka_unit_test(where_it_leads),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(where_its_keys_lie),
		cmocka_unit_test(what_nobody_signed_is_refused),
		cmocka_unit_test(how_this_host_reaches_the_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
