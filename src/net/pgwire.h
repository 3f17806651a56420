/* The PostgreSQL wire protocol, version 3, as far as a prober needs it: log in, run one simple
 * query, go. No TLS, and no SCRAM: the servers asked so speak to this host in clear text. Seen with
 * QuestDB 9.0.3, which asks for the password in clear text and says "00000" for every fault. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"

struct pgwire {                 /* where and as whom; plain data, copied freely */
	char                 host[64];          /* numeric */
	uint16_t             port;
	const char          *user;
	const struct secret *password;          /* NULL: none */
	const char          *database;          /* NULL: as the user */
	uint32_t             mark;              /* SO_MARK of the socket; 0: none */
};

/* Connect, log in, run `query`, and append the first column of its first row to ret (nothing for
 * NULL or no row; ret may be NULL). Returns the number of rows. within_ns (0: 30 s) is for all of
 * it.
 *
 * ERR_REFUSED: nobody listens, the connection is reset before an answer, or the server refuses the
 * query (its words are in the message); ERR_DENIED: it refuses the login; ERR_TIMEOUT; ERR_FORMAT:
 * it speaks something else; ERR_IO. */
int pgwire_ask(const struct pgwire *to, const char *query, int64_t within_ns, struct buf *ret,
               struct err *e) must_check;
