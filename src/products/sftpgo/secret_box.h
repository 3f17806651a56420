/* Do the keys at hand open the secrets that the provider holds? Answered without a server, which
 * would look healthy with a wrong key: only the logins and actions that need a secret fail. What a
 * secret says is wiped where it was opened; one word of one kind leaves it, secret_box_key_type().
 *
 * SFTPGo's "Secretbox": a 32 byte salt in hex `key`, `payload` base64 of a nonce and the box
 * (XSalsa20-Poly1305). The box's key is HKDF-SHA256 with the salt and `additional_data` as info,
 * over the text of the master key in mode 1, over SHA-256(salt, additional_data, salt) else, which
 * anybody who has the row can compute. Source: SFTPGo 2.7.5, internal/kms; vectors seen on 2.6.4
 * and 2.7.5. */
#pragma once

#include "base/secret.h"
#include "io/json.h"
#include "products/sftpgo/objects.h"

enum secret_state {
	SECRET_OPENS,
	SECRET_SHUT,      /* the key is wrong, or the secret is damaged */
	SECRET_KEYLESS,   /* mode 1, and no master key was given */
	SECRET_PLAIN,     /* readable by whoever reads the provider */
	SECRET_ELSEWHERE, /* of a KMS that a plugin serves: nothing is said of it */
	SECRET_REDACTED,  /* a view of one: can be opened by nobody */
	SECRET__MAX
};
const char *secret_state_name(enum secret_state s);

/* `secret` is the object with "status" and "payload". master_key: as the server reads it, NULL
 * none. ERR_ABSENT when libsodium is not there. */
int secret_box_try(const json_t *secret, const struct secret *master_key, enum secret_state *ret,
		   struct err *e) must_check;

/* What kind of key a secret with one for Google Cloud Storage holds: its member "type", when that is a word of small letters and '_',
 * else "". The rest of it is not looked at. Errors as of secret_box_try(). */
#define KEY_TYPE_ROOM 48
int secret_box_key_type(const json_t *secret, const struct secret *master_key, char ret[KEY_TYPE_ROOM],
			struct err *e) must_check;

/* Every secret in an object, wherever it stands: `where` is its way there,
 * "filesystem.s3config.access_secret". Members of an array go by number. each ends it by -kind. */
int secrets_each(const struct object *o,
		 int (*each)(void *arg, const char *where, const json_t *secret, struct err *e),
		 void *arg, struct err *e) must_check;
