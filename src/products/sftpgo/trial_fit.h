/* Whether a login may be tried, and what it would set off: judged by the objects of the database and the configuration alone.
 *
 * A trial logs in, and where nothing listens for it sends a small file, reads it back and removes it. Whatever of a rule's
 * conditions cannot be judged here is taken to be met: better one trial too few. Source: SFTPGo 2.6.4 and 2.7.5,
 * internal/common/eventmanager.go, internal/dataprovider/user.go. */
#pragma once

#include "io/json.h"
#include "products/sftpgo/config.h"

/* May the active event rule, as an object of the database, fire when `user` sends, reads and removes a file over SFTP? */
bool trial_fires_on_files(const json_t *rule, const char *user);
/* When an administrator makes a user and deletes it again? `admin` NULL: nobody knows his name. */
bool trial_fires_on_account(const json_t *rule, const char *admin);
/* And what hears of it when an event rule or action is saved: a rule of this trigger, with these conditions? A hook, as below. */
bool hears_saved_events(int trigger, const json_t *conditions);
const char *hook_on_saved_events(const struct sftpgo_config *c);
/* Triggers that a rule which the operator names may have. */
#define TRIAL_FS_EVENT  1       /* fired by the file of a trial */
#define TRIAL_ON_DEMAND 6       /* started by itself */

/* What else is told of such: "common.actions.hook", "a notifier plugin"; NULL: nothing is. Static text. */
const char *trial_hook_on_files(const struct sftpgo_config *c);
/* The login of an account that nobody knows, too. */
const char *trial_hook_on_account(const struct sftpgo_config *c);

/* A user, and its primary group or NULL: {"home": where its files lie} when a file may be tried, with "encrypted": true where the server
 * encrypts them; else {"no_files": why} or {"no_login": why}. With "two_factor": true where a code is asked for after the password. A key alone, and a password where the
 * method of that name is offered, are asked for none: src: doBuiltinKeyboardInteractiveAuth, checkUserPasscode. New reference. */
json_t *trial_user(const json_t *user, const json_t *group) must_check;
/* Why one of two factors whose password alone is not taken is not proved. */
#define TRIAL_NO_CODE "it has a second factor, which nobody can give in a run, and its password alone is not taken"
