/* What the goal asks to try: settings.probe_users, [{user, password_file | private_key_file}], probe_account (--probe-account), probe_rule. */
#pragma once

#include "base/secret.h"
#include "engine/goal.h"

#define TRIAL_BEFORE "logins-before"    /* id of the step that tries them before the stop */

struct trial_as {                       /* borrowed */
	const char *user, *password_file, *key_file;    /* one of the files; neither: */
	const struct secret *password;
	bool two_factor;                /* who is asked for a password is asked for a code, too: none is given */
};

/* The settings are what they may be; ERR_USAGE names what is not. */
int trial_settings(const struct goal *g, struct err *e) must_check;
/* Is any trial asked for? As an account of its own? */
bool trial_wanted(const struct goal *g);
bool trial_wants_account(const struct goal *g);
/* The one event rule that may be fired, `settings.probe_rule`; NULL: none. */
const char *trial_rule(const struct goal *g);
/* An element of `probe_users`, and what trial_user() says of it. */
struct trial_as trial_of(const json_t *user, const json_t *fit);
