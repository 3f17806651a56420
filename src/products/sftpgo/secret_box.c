#include "products/sftpgo/secret_box.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sodium/crypto_secretbox.h>
#include <string.h>

#include "base/mem.h"
#include "data/hash.h"
#include "products/sftpgo/library.h"

#define SALT_BYTES 32
#define NONCE_BYTES crypto_secretbox_NONCEBYTES
#define BOX_EXTRA crypto_secretbox_MACBYTES
#define DEPTH_MAX 32

static const char *const state_names[SECRET__MAX] = {
	[SECRET_OPENS] = "opens",
	[SECRET_SHUT] = "does not open",
	[SECRET_KEYLESS] = "needs a master key",
	[SECRET_PLAIN] = "plain",
	[SECRET_ELSEWHERE] = "elsewhere",
	[SECRET_REDACTED] = "redacted",
};

const char *secret_state_name(enum secret_state s) { return state_names[s]; }

/* ---- the library, loaded when a secret is met ---- */

static struct sodium_calls {
	typeof(crypto_secretbox_open_easy) *open;
} sodium;

static int need_sodium(struct err *e)
{
	static const struct library_call names[] = {
		{ "crypto_secretbox_open_easy", offsetof(struct sodium_calls, open) },
	};

	if (sodium.open)
		return 0;
	return library_load("libsodium.so.23", "libsodium23", names, ARRAY_LEN(names), &sodium, e);
}

/* ---- one secret ---- */

static bool derive(struct sv from, const unsigned char salt[SALT_BYTES], struct sv info,
		   unsigned char ret[crypto_secretbox_KEYBYTES])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)from.p, from.n),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, SALT_BYTES),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info.p, info.n),
		OSSL_PARAM_construct_end(),
	};
	bool done = ctx && EVP_KDF_derive(ctx, ret, crypto_secretbox_KEYBYTES, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return done;
}

/* What the key is made from without a master key. */
static void self_contained(const unsigned char salt[SALT_BYTES], struct sv info,
			   unsigned char ret[SHA_BYTES])
{
	struct hasher *h = hasher_new();

	hasher_begin(h);
	hasher_add(h, salt, SALT_BYTES);
	hasher_add(h, info.p, info.n);
	hasher_add(h, salt, SALT_BYTES);
	hasher_end(h, ret);
	hasher_free(h);
}

/* Standard base64 with its padding; NULL when it is none. */
static unsigned char *decoded(const char *text, size_t *ret_n)
{
	size_t n = strlen(text),
	       pad = n && text[n - 1] == '=' ? 1 + (n > 1 && text[n - 2] == '=') : 0;
	unsigned char *bytes;

	if (!n || n % 4 || n > OBJECT_MAX_BYTES)
		return NULL;
	bytes = xmalloc(n / 4 * 3);
	if (EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)n) < 0) {
		free(bytes);
		return NULL;
	}
	*ret_n = n / 4 * 3 - pad;
	return bytes;
}

/* Who may see what a secret says while it is open. */
struct seeing {
	void (*see)(void *arg, struct sv plain); /* NULL: nobody */
	void *arg;
};

static bool opens(const char *payload, const unsigned char key[crypto_secretbox_KEYBYTES],
		  const struct seeing *who)
{
	size_t n = 0;
	autofree unsigned char *bytes = decoded(payload, &n);
	autofree unsigned char *plain = NULL;
	bool open;

	if (!bytes || n < NONCE_BYTES + BOX_EXTRA)
		return false;
	plain = xmalloc(n);
	open = sodium.open(plain, bytes + NONCE_BYTES, n - NONCE_BYTES, bytes, key) == 0;
	if (open && who->see)
		who->see(who->arg, (struct sv){ (char *)plain, n - NONCE_BYTES - BOX_EXTRA });
	secret_wipe(plain, n);
	return open;
}

static int try_box(const json_t *secret, const struct secret *master_key, const struct seeing *who,
		   enum secret_state *ret, struct err *e)
{
	unsigned char salt[SALT_BYTES], made[SHA_BYTES], key[crypto_secretbox_KEYBYTES];
	struct sv info = sv_of(json_str(secret, "additional_data", ""));
	struct sv from = { (const char *)made, sizeof made };
	bool master = json_int(secret, "mode", 0) == 1;

	if (master && (!master_key || !master_key->len)) {
		*ret = SECRET_KEYLESS;
		return 0;
	}
	if (need_sodium(e) < 0)
		return -(int)e->kind;
	*ret = SECRET_SHUT;
	if (!hash_unhex(json_str(secret, "key", ""), salt))
		return 0;
	if (master)
		from = (struct sv){ master_key->bytes, master_key->len };
	else
		self_contained(salt, info, made);
	if (!derive(from, salt, info, key))
		return err_set(e, ERR_BUG, "libcrypto derives no key");
	if (opens(json_str(secret, "payload", ""), key, who))
		*ret = SECRET_OPENS;
	secret_wipe(key, sizeof key);
	secret_wipe(made, sizeof made);
	return 0;
}

static int try_any(const json_t *secret, const struct secret *master_key, const struct seeing *who,
		   enum secret_state *ret, struct err *e)
{
	const char *status = json_str(secret, "status", "");

	if (!strcmp(status, "Secretbox"))
		return try_box(secret, master_key, who, ret, e);
	*ret = !strcmp(status, "Plain")      ? SECRET_PLAIN
	       : !strcmp(status, "Redacted") ? SECRET_REDACTED
					     : SECRET_ELSEWHERE;
	if (*ret == SECRET_PLAIN && who->see)
		who->see(who->arg, sv_of(json_str(secret, "payload", "")));
	return 0;
}

int secret_box_try(const json_t *secret, const struct secret *master_key, enum secret_state *ret,
		   struct err *e)
{
	return try_any(secret, master_key, &(struct seeing){ 0 }, ret, e);
}

/* ---- the kind of a key ---- */

/* The next text in quotes of a JSON document, without them; a parser would keep copies of the rest. *depth counts the brackets on the
 * way to it. */
static bool next_text(struct sv *rest, int *depth, struct sv *ret)
{
	size_t n = 0;

	while (rest->n && *rest->p != '"') {
		*depth += *rest->p == '{' || *rest->p == '[';
		*depth -= *rest->p == '}' || *rest->p == ']';
		*rest = (struct sv){ rest->p + 1, rest->n - 1 };
	}
	if (rest->n < 2)
		return false;
	*rest = (struct sv){ rest->p + 1, rest->n - 1 };
	while (n < rest->n && rest->p[n] != '"')
		n += rest->p[n] == '\\' ? 2 : 1;
	if (n >= rest->n)
		return false;
	*ret = (struct sv){ rest->p, n };
	*rest = (struct sv){ rest->p + n + 1, rest->n - n - 1 };
	return true;
}

static bool is_word(struct sv text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '_' && (text.p[i] < 'a' || text.p[i] > 'z'))
			return false;
	return text.n && text.n < KEY_TYPE_ROOM;
}

/* "service_account", "external_account", ... */
static void see_type(void *arg, struct sv plain)
{
	struct sv rest = plain, name, value;
	char *ret = arg;
	int depth = 0;

	while (next_text(&rest, &depth, &name)) {
		struct sv after = sv_trim(rest);

		if (depth != 1 || !sv_eq(name, "type") || !sv_starts(after, ":"))
			continue;
		if (next_text(&rest, &depth, &value) && depth == 1 && is_word(value))
			memcpy(ret, value.p, value.n);
		return;
	}
}

int secret_box_key_type(const json_t *secret, const struct secret *master_key, char ret[KEY_TYPE_ROOM],
			struct err *e)
{
	enum secret_state unused;

	memset(ret, 0, KEY_TYPE_ROOM);
	return try_any(secret, master_key, &(struct seeing){ see_type, ret }, &unused, e);
}

/* ---- all of an object ---- */

struct walk {
	int (*each)(void *arg, const char *where, const json_t *secret, struct err *e);
	void *arg;
	struct buf way;
};

static int walk_value(struct walk *w, const json_t *v, int depth, struct err *e);

static int walk_member(struct walk *w, const char *name, const json_t *v, int depth, struct err *e)
{
	size_t here = w->way.len;
	int r;

	buf_addf(&w->way, "%s%s", here ? "." : "", name);
	r = walk_value(w, v, depth, e);
	w->way.len = here;
	return r;
}

static int walk_members(struct walk *w, const json_t *v, int depth, struct err *e)
{
	const char *name;
	json_t *member;

	/* Iterating takes no const. */
	json_object_foreach((json_t *)v, name, member)
	{
		if (walk_member(w, name, member, depth, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

static int walk_items(struct walk *w, const json_t *v, int depth, struct err *e)
{
	json_t *item;
	size_t i;

	json_array_foreach(v, i, item)
	{
		char at[24];

		snprintf(at, sizeof at, "%zu", i);
		if (walk_member(w, at, item, depth, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

static int walk_value(struct walk *w, const json_t *v, int depth, struct err *e)
{
	if (depth > DEPTH_MAX)
		return 0;
	if (json_is_string(json_object_get(v, "status")) &&
	    json_is_string(json_object_get(v, "payload")))
		return w->each(w->arg, buf_str(&w->way), v, e);
	return json_is_object(v) ? walk_members(w, v, depth + 1, e)
				 : walk_items(w, v, depth + 1, e);
}

int secrets_each(const struct object *o,
		 int (*each)(void *arg, const char *where, const json_t *secret, struct err *e),
		 void *arg, struct err *e)
{
	struct walk w = { .each = each, .arg = arg, .way = BUF_MAX(4096) };
	int r = walk_value(&w, o->fields, 0, e);

	buf_done(&w.way);
	return r;
}
