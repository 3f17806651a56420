/* Forms in which SFTPGo keeps a user's password: two of its own, and those that it takes from elsewhere and stores anew, in the one of
 * its own that is configured, when that user logs in with the password. src: 2.6.4 and 2.7.5, internal/dataprovider/dataprovider.go,
 * isPasswordOK() and convertUserPassword() */
#pragma once

#include <stdbool.h>

/* What begins a hash of this form, "$2a$"; static. NULL: none of them. No secret. */
const char *password_form(const char *hash);
/* Stored so by the server at a login. */
bool password_form_is_own(const char *form);
