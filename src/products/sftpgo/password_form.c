#include "products/sftpgo/password_form.h"

#include <string.h>

#include "base/mem.h"

#define OWN_FORMS 2

static const char *const forms[] = {
	"$2a$", "$argon2id$",
	"$pbkdf2-sha1$", "$pbkdf2-sha256$", "$pbkdf2-sha512$", "$pbkdf2-b64salt-sha256$", "$1$", "$apr1$", "$5$", "$6$", "$y$", "{MD5}",
	"{SHA256}", "{SHA512}",
};

const char *password_form(const char *hash)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (!strncmp(hash, forms[i], strlen(forms[i])))
			return forms[i];
	return NULL;
}

bool password_form_is_own(const char *form)
{
	for (size_t i = 0; i < OWN_FORMS; i++)
		if (!strcmp(form, forms[i]))
			return true;
	return false;
}
