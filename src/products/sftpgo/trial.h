/* Trying a login over SFTP at the server that runs, as an account that the operator named or that a run made for it.
 *
 *	autotrial struct trial t = { 0 };
 *	if (trial_open(site, &as, host_key, &t, e) < 0) ...
 *	if (trial_file(&t, ".crossgrade-probe-1f", NULL, e) < 0) ...
 *	trial_clean(home, ".crossgrade-probe-1f", e)            whatever became of it
 *
 * Kinds of errors are those of net/sftp.h. */
#pragma once

#include "engine/site.h"
#include "io/file.h"
#include "net/sftp.h"
#include "products/sftpgo/trial_goal.h"

struct trial {
	struct sftp *link;
	struct secret password;
	bool listed;                    /* false: it is logged in, and may not list its home */
};
#define autotrial cleanup_with(trial_done)

/* Log in and list the home. `host_key` as trial_host_key() told it before, or NULL. */
int trial_open(const struct site *s, const struct trial_as *as, const char *host_key, struct trial *ret, struct err *e) must_check;
/* Was it denied as it may be for the lack of a code? Whether it is the password that is wrong, or one more question that was not answered,
 * nobody says. */
bool trial_lacks_code(const struct trial_as *as, const struct err *why);
const char *trial_host_key(const struct trial *t);
/* List another directory, as the account sees it. */
int trial_list(struct trial *t, const char *path, struct err *e) must_check;
/* Send a small file of that name into the home, read it back, compare; remove it, or leave it, and its digest in ret_kept (NULL: remove
 * it). ERR_CHANGED: it came back as another. */
int trial_file(struct trial *t, const char *name, char ret_kept[DIGEST_TEXT], struct err *e) must_check;
/* Read one that was left, which has to have that digest still (else ERR_CHANGED). */
int trial_kept(struct trial *t, const char *name, const char *digest, struct err *e) must_check;
/* Have the server remove it, which counts it off. */
int trial_remove(struct trial *t, const char *name, struct err *e) must_check;
/* Remove from a home on this host what a trial of that name left, also half sent. */
int trial_clean(const char *home, const char *name, struct err *e) must_check;
void trial_done(struct trial *t);
