/* Logins of `settings.probe_users` at the server that runs now: logged in and listed, the home and what lies on remote storage; no file is
 * sent. Whose second factor nobody can give is not proved, and not tried. */
#pragma once

#include "products/sftpgo/provider.h"
#include "products/sftpgo/verify.h"

/* The host key that the plan saw must be presented now. */
void compare_logins(const struct proof *p, struct provider *db);
