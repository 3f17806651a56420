/* The certificate that a server shows to anybody, whoever signed it and whatever it says: clients that pinned it would see a
 * change. Not for talking to a server: nothing is trusted here. */
#pragma once

#include "base/clock.h"
#include "base/err.h"

enum tls_start {
	TLS_AT_ONCE,
	TLS_AFTER_AUTH, /* FTP: after its greeting and AUTH TLS, RFC 4217 */
};

struct tls_certificate {
	char sha256[65];        /* of the whole certificate, lower-case hex */
	int64_t not_after;      /* seconds since 1970 */
};

/* ERR_ABSENT: it speaks no TLS there; ERR_REFUSED: nobody listens, or it ends the connection; ERR_TIMEOUT. */
int tls_certificate(const char *host, uint16_t port, uint32_t mark, enum tls_start how, struct deadline d,
		    struct tls_certificate *ret, struct err *e) must_check;
