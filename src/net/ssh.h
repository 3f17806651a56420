/* The host keys of an SSH server, as it shows them to anybody: RFC 4253 up to the answer of the key exchange, all of it in the
 * clear. No login, and no signature is checked: which keys clients get to see is asked, not whether somebody stands between. Keys in
 * certificates are left out; their plain forms are shown beside them. */
#pragma once

#include "base/clock.h"
#include "base/vec.h"

struct ssh_key {
	char type[32];          /* "ssh-ed25519" */
	char fingerprint[64];   /* "SHA256:..." as ssh-keygen -l writes it */
};
typedef VEC(struct ssh_key) ssh_keys;

/* One of each type that the server offers, one connection each. ERR_REFUSED: nobody listens, or it ends the connection; ERR_FORMAT: it
 * speaks no SSH; ERR_ABSENT: it offers no key exchange or key that is known here. The caller drops them with vec_done(). */
int ssh_host_keys(const char *host, uint16_t port, uint32_t mark, struct deadline d, ssh_keys *ret, struct err *e) must_check;
