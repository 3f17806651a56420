/* Who else is logged in to a shared database: a node that names no node.host signs in nowhere, and its sessions are all that tells of
 * it. Those of the server's own account, which another node has, too. */
#pragma once

#include "engine/step.h"

/* With the server stopped: ERR_CHANGED, named, when there is any. Its own end a moment after it, and are waited for. */
int sessions_none(struct ctx *c, const struct facts *seen, struct err *e) must_check;
/* While it runs: ERR_CHANGED, named, when there is one that is not its own. A session is its own by the port that it comes from; where
 * none can be told so (through a socket's file, a proxy, or an address that is translated) a note says that, and the stop tells. */
int sessions_own(struct ctx *c, struct err *e) must_check;
