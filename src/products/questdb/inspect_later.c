/* What a goal asks for that needs the new edition running first: looked at now, so that a
 * certificate or a store that would not do is known before the switch. questdb.md 6 and 8. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "io/file.h"
#include "products/questdb/inspect.h"

#define PEM_FILE_MAX (1u << 20)
#define STORE_MAX (64u << 10)
#define ENTRIES_MAX 100000

/* ---- TLS ---- */

static void x509_drop(X509 **x) { X509_free(*x); }

static void key_drop(EVP_PKEY **k) { EVP_PKEY_free(*k); }

static BIO *bio_of(const char *path, struct buf *text, struct err *e)
{
	return file_read_path(path, text, e) < 0 ? NULL
						 : BIO_new_mem_buf(buf_str(text), (int)text->len);
}

/* The first certificate: the server's own. */
static X509 *read_cert(const char *path, struct err *e)
{
	autobuf struct buf text = BUF_MAX(PEM_FILE_MAX);
	BIO *bio = bio_of(path, &text, e);
	X509 *x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	if (bio && !x)
		err_set(e, ERR_FORMAT, "'%s' holds no certificate in PEM", path);
	BIO_free(bio);
	return x;
}

/* An encrypted key cannot be used by the server: no password is asked for. */
static int no_password(char *into unused_arg, int n unused_arg, int writing unused_arg,
		       void *data unused_arg)
{
	return 0;
}

static EVP_PKEY *read_key(const char *path, struct err *e)
{
	autobuf struct buf text = BUF_MAX(PEM_FILE_MAX);
	BIO *bio = bio_of(path, &text, e);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

	if (bio && !key)
		err_set(e, ERR_FORMAT, "'%s' holds no unencrypted private key in PEM", path);
	BIO_free(bio);
	if (text.data)
		secret_wipe(text.data, text.len);
	return key;
}

static json_t *names_of(X509 *x)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	json_t *names = json_array();

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(all, i);

		if (n->type == GEN_DNS)
			json_array_append_new(
			    names, json_stringn((const char *)ASN1_STRING_get0_data(n->d.dNSName),
						(size_t)ASN1_STRING_length(n->d.dNSName)));
	}
	GENERAL_NAMES_free(all);
	return names;
}

static void put_cert(json_t *o, X509 *x)
{
	char subject[256] = "";
	struct tm t = { 0 };

	X509_NAME_oneline(X509_get_subject_name(x), subject, sizeof subject);
	json_object_set_new(o, "subject", text_json(subject));
	json_object_set_new(o, "names", names_of(x));
	if (ASN1_TIME_to_tm(X509_get0_notAfter(x), &t))
		json_object_set_new(o, "not_after", json_integer((json_int_t)timegm(&t)));
	if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
		json_object_set_new(o, "error", json_string("the certificate has expired"));
}

static void put_tls(struct look *k)
{
	const json_t *tls = json_object_get(k->to->settings, "tls");
	const char *cert = json_str(tls, "cert", NULL), *key = json_str(tls, "key", NULL);
	cleanup_with(x509_drop) X509 *x = NULL;
	cleanup_with(key_drop) EVP_PKEY *p = NULL;
	struct err e = ERR_INIT;
	struct stat st;
	json_t *o;

	if (!tls)
		return;
	o = json_pack("{ss? ss?}", "cert", cert, "key", key);
	if (!cert || !key)
		json_object_set_new(o, "error", json_string("settings.tls wants 'cert' and 'key'"));
	else if (!(x = read_cert(cert, &e)) || !(p = read_key(key, &e)))
		json_object_set_new(o, "error", text_json(e.msg));
	else
		put_cert(o, x);
	if (x && p)
		json_object_set_new(o, "matches", json_boolean(X509_check_private_key(x, p) == 1));
	if (key && !stat(key, &st))
		json_object_set_new(o, "key_mode", json_sprintf("%04o", st.st_mode & 07777));
	pin(k, QF_TLS, o, "settings.tls");
}

/* ---- replication ---- */

static const char *const schemes[] = { "s3", "azblob", "gcs", "fs", NULL };

/* Value of a key in "scheme::key=value;key=value;"; the whole string can hold secrets and is not
 * kept. */
static char *store_value(struct sv text, const char *key)
{
	while (text.n) {
		struct sv value = sv_cut(&text, ';'), name = sv_cut(&value, '=');

		if (sv_eq(sv_trim(name), key))
			return sv_dup(sv_trim(value));
	}
	return NULL;
}

static const char *check_elements(struct sv text)
{
	while (text.n) {
		struct sv element = sv_cut(&text, ';');

		if (sv_trim(element).n && !memchr(element.p, '=', element.n))
			return "an element of the object store's string has no '='";
	}
	return NULL;
}

static bool is_empty(const char *path, bool *foreign, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct dir_names names = { 0 };
	bool empty = true;

	if (dir_open(path, &d, e) < 0) {
		if (e->kind == ERR_ABSENT)
			err_clear(e);
		return true;
	}
	if (dir_list(&d, "", ENTRIES_MAX, &names, e) >= 0)
		empty = !names.n;
	vec_each (&names, n)
		*foreign |= !strcmp(n->name, "index.msgpack");
	dir_names_done(&names);
	return empty;
}

/* A folder can be looked into; buckets of a cloud cannot from here. */
static void put_folder_store(struct look *k, struct sv rest)
{
	autofree char *root = store_value(rest, "root"),
		      *scratch = store_value(rest, "atomic_write_dir");
	bool foreign = false, empty, same;
	struct err e = ERR_INIT;
	struct stat a, b;

	if (!root || !scratch)
		return;
	empty = is_empty(root, &foreign, &e) && is_empty(scratch, &foreign, &e);
	if (e.kind != ERR_OK) {
		observe(k, QF_REPL_STORE, json_pack("{ss}", "error", e.msg), "readdir");
		return;
	}
	same = stat(root, &a) || stat(scratch, &b) || a.st_dev == b.st_dev;
	observe(k, QF_REPL_STORE,
		json_pack("{sb sb sb}", "empty", empty, "foreign", foreign, "same_device", same),
		"readdir");
}

static void judge_store(struct look *k, struct sv text)
{
	const char *mark = memmem(text.p, text.n, "::", 2), *wrong = NULL;
	struct sv scheme = { text.p, mark ? (size_t)(mark - text.p) : 0 };
	struct sv rest = mark ? (struct sv){ mark + 2, text.n - scheme.n - 2 } : (struct sv){ 0 };
	autofree char *name = sv_dup(scheme), *root = store_value(rest, "root");
	autofree char *scratch = store_value(rest, "atomic_write_dir");
	bool folder = !strcmp(name, "fs"), known = false;
	json_t *o;

	for (size_t i = 0; schemes[i]; i++)
		known |= !strcmp(schemes[i], name);
	if (!known)
		wrong = "the object store's scheme is none of s3, azblob, gcs, fs";
	else if ((wrong = check_elements(rest)))
		;
	else if (!root || (folder && !scratch))
		wrong = folder ? "a folder as object store wants 'root' and 'atomic_write_dir'"
			       : "the object store's string has no 'root'";
	o = json_pack("{ss ss?}", "scheme", known ? name : "", "location", root);
	if (wrong)
		json_object_set_new(o, "error", json_string(wrong));
	pin(k, QF_REPL, o, "settings.replication.object_store_file");
	if (!wrong && folder)
		put_folder_store(k, rest);
	else
		facts_miss(k->f, QF_REPL_STORE,
			   wrong ? wrong : "a store in the cloud cannot be listed from here");
}

static void put_replication(struct look *k)
{
	const json_t *asked = json_object_get(k->to->settings, "replication");
	const char *file = json_str(asked, "object_store_file", NULL);
	struct secret text = { 0 };
	struct err e = ERR_INIT;

	if (!asked)
		return;
	if (!file) {
		pin(k, QF_REPL,
		    json_pack("{ss}", "error", "settings.replication wants 'object_store_file'"),
		    "goal");
		facts_miss(k->f, QF_REPL_STORE, "no object store is given");
	} else if (file_read_secret(file, &text, &e) < 0) {
		missing(k, QF_REPL, &e);
		missing(k, QF_REPL_STORE, &e);
	} else {
		judge_store(k, sv_trim((struct sv){ text.bytes, text.len }));
	}
	secret_done(&text);
}

void inspect_later(struct look *k)
{
	put_tls(k);
	put_replication(k);
}
