/* The account that a run makes to try a login where nobody's password is at hand: one user of its own with a password that nobody
 * knows, for SFTP from this host only and for an hour, its files in a folder of its own below `users_base_dir`.
 *
 * The folder is made first and removed last: where it is not, there is no account. */
#pragma once

#include "base/secret.h"
#include "engine/site.h"

struct account {
	const char *run;        /* borrowed; names the account */
	const json_t *place;    /* {"below": absolute directory, "uid","gid": of the server}; borrowed */
};

char *account_name(const char *run) must_check;                /* heap */
char *account_home(const struct account *a) must_check;        /* heap */
/* Make it anew, whatever an interrupted call left. ERR_REFUSED: the server does not, or puts it into groups, whose rules may be others. */
int account_make(const struct site *s, const struct account *a, struct secret *ret_password, struct err *e) must_check;
/* Remove it and its folder; absent is fine, if for five seconds: the server may still be at a killed run's request to make it.
 * `without_server`: a server that cannot be asked is no reason to stop, and what it is at is not waited for. */
int account_drop(const struct site *s, const struct account *a, bool without_server, struct err *e) must_check;
