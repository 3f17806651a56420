/* Certificates and object stores that a goal names, looked at before anything is done with them. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "io/dir.h"
#include "products/questdb/inspect.h"
#include "products/questdb/object_store.h"
#include "unit.h"

static char home[] = "/tmp/crossgrade-later-XXXXXX";

static char *path_of(const char *rel) { return xasprintf("%s/%s", home, rel); }

static FILE *create(const char *rel)
{
	autofree char *path = path_of(rel);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fdopen(fd, "w");
}

static EVP_PKEY *make_key(const char *rel)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	FILE *f = create(rel);

	assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
	return key;
}

static void make_cert(const char *rel, EVP_PKEY *key, long lasts)
{
	X509 *x = X509_new();
	X509_EXTENSION *names =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:db.example");
	FILE *f = create(rel);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -86400 * 3);
	X509_gmtime_adj(X509_getm_notAfter(x), lasts);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)"db", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_add_ext(x, names, -1);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509(f, x), 1);
	fclose(f);
	X509_EXTENSION_free(names);
	X509_free(x);
}

/* The facts of a goal with these settings (stolen). */
static void look(json_t *settings, struct facts *ret)
{
	struct goal g = { .settings = settings };
	struct look k = { .to = &g, .f = ret };

	facts_init(ret, "questdb", "test");
	inspect_later(&k);
	json_decref(settings);
}

static const json_t *look_tls(const char *cert, const char *key, struct facts *f)
{
	autofree char *c = path_of(cert), *p = path_of(key);

	look(json_pack("{s{ss ss}}", "tls", "cert", c, "key", p), f);
	return facts_get(f, QF_TLS);
}

static void test_certificate(void **state)
{
	EVP_PKEY *mine = make_key("key.pem"), *other = make_key("other.pem");
	autofacts struct facts good = { 0 }, wrong = { 0 }, old = { 0 }, none = { 0 },
			       swapped = { 0 };
	const json_t *tls;

	make_cert("cert.pem", mine, 86400 * 90);
	make_cert("old.pem", mine, -86400);
	tls = look_tls("cert.pem", "key.pem", &good);
	assert_true(json_bool(tls, "matches", false));
	assert_null(json_object_get(tls, "error"));
	assert_string_equal(json_string_value(json_array_get(json_object_get(tls, "names"), 0)),
			    "db.example");
	assert_string_equal(json_str(tls, "key_mode", ""), "0600");
	assert_true(json_int(tls, "not_after", 0) > time(NULL) + 86400 * 89);
	assert_false(json_bool(look_tls("cert.pem", "other.pem", &wrong), "matches", true));
	assert_non_null(
	    strstr(json_str(look_tls("old.pem", "key.pem", &old), "error", ""), "expired"));
	assert_non_null(json_str(look_tls("absent.pem", "key.pem", &none), "error", NULL));
	assert_non_null(json_str(look_tls("key.pem", "cert.pem", &swapped), "error", NULL));
	EVP_PKEY_free(mine);
	EVP_PKEY_free(other);
}

static void look_store(const char *text, struct facts *f)
{
	autofree char *file = path_of("store");
	FILE *out = create("store");

	assert_true(fputs(text, out) >= 0);
	fclose(out);
	look(json_pack("{s{ss}}", "replication", "object_store_file", file), f);
}

static void test_store_strings(void **state)
{
	static const struct {
		const char *text, *wrong;
	} cases[] = {
		{ "s3::bucket=b;root=db;region=r;access_key_id=hidden;secret_access_key=hidden;\n",
		  NULL },
		{ "s3::bucket=b;region=r;", "root" },
		{ "s3::bucket=b;root=db;nonsense;", "'='" },
		{ "ftp::root=x;", "scheme" },
		{ "root=x;", "scheme" },
		{ "fs::root=/x;", "atomic_write_dir" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autofacts struct facts f = { 0 };
		autofree char *dump = NULL;
		const char *error;

		look_store(cases[i].text, &f);
		error = json_str(facts_get(&f, QF_REPL), "error", NULL);
		assert_int_equal(!error, !cases[i].wrong);
		if (error)
			assert_non_null(strstr(error, cases[i].wrong));
		dump = json_dumps(f.doc, 0);
		assert_null(strstr(dump, "hidden"));
	}
}

static void test_store_in_a_folder(void **state)
{
	autofree char *root = path_of("final"), *scratch = path_of("scratch");
	autofree char *text = xasprintf("fs::root=%s;atomic_write_dir=%s;", root, scratch);
	autofacts struct facts empty = { 0 }, used = { 0 };
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;

	assert_ok(dir_open(home, &d, &e), &e);
	assert_ok(dir_make(&d, "final", 0700, &e), &e);
	look_store(text, &empty);
	assert_true(json_bool(facts_get(&empty, QF_REPL_STORE), "empty", false));
	fclose(create("final/index.msgpack"));
	look_store(text, &used);
	assert_false(json_bool(facts_get(&used, QF_REPL_STORE), "empty", true));
	assert_true(json_bool(facts_get(&used, QF_REPL_STORE), "foreign", false));
	assert_true(json_bool(facts_get(&used, QF_REPL_STORE), "same_device", false));
}

static void test_not_asked(void **state)
{
	autofacts struct facts f = { 0 };

	look(json_object(), &f);
	assert_null(facts_get(&f, QF_TLS));
	assert_null(facts_get(&f, QF_REPL));
	assert_null(facts_why_missing(&f, QF_REPL));
}

static int setup(void **state)
{
	assert_non_null(mkdtemp(home));
	return 0;
}

static int teardown(void **state)
{
	autodir struct dir tmp = DIR_NONE;
	struct err e = ERR_INIT;

	assert_ok(dir_open("/tmp", &tmp, &e), &e);
	assert_ok(dir_remove_tree(&tmp, home + strlen("/tmp/"), &e), &e);
	return 0;
}

static char *place_of_text(const char *text) { return object_store_place(sv_of(text)); }

/* Equal places are equal texts: order, slashes, blanks and secrets do not count. */
static void test_store_places(void **state)
{
	autofree char *a =
	    place_of_text("s3::bucket=B;root=/prod/;access_key_id=K;secret_access_key=S;");
	autofree char *b = place_of_text("s3:: root = prod ; bucket=B;region=r;");
	autofree char *c = place_of_text("s3::bucket=B;root=test;"), *d = place_of_text("nonsense");
	autofree char *conf_path = path_of("store.conf"), *read = NULL, *none = NULL;
	struct err e = ERR_INIT;
	FILE *f;

	assert_string_equal(a, "s3 bucket=B container= endpoint= root=prod");
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_null(d);
	f = create("store.conf");
	fputs("http.enabled=true\nreplication.object.store=s3::bucket=B;root=prod;\n", f);
	fclose(f);
	assert_int_equal(object_store_of_conf(conf_path, &read, &e), 1);
	assert_string_equal(read, a);
	f = create("store.conf");
	fputs("http.enabled=true\n", f);
	fclose(f);
	assert_int_equal(object_store_of_conf(conf_path, &none, &e), 0);
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_store_places),  cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_store_strings), cmocka_unit_test(test_store_in_a_folder),
		cmocka_unit_test(test_not_asked),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
