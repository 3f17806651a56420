/* The certificate that a server shows to anybody, whoever signed it and whatever it says: clients that pinned it would see a
 * change. Not for talking to a server: nothing is trusted here. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"

enum tls_start {
	TLS_AT_ONCE,
	TLS_AFTER_AUTH, /* FTP: after its greeting and AUTH TLS, RFC 4217 */
};

struct tls_door {
	const char *host;       /* numeric */
	uint16_t port;
	uint32_t mark;          /* SO_MARK of the socket; 0: none */
	enum tls_start how;
	const char *name;       /* of the site: asked for (SNI, RFC 6066, 3), as one server shows each of its sites another; NULL: none */
};

struct tls_certificate {
	char sha256[65];        /* of the whole certificate, lower-case hex */
	int64_t not_after;      /* seconds since 1970 */
	char names[512];        /* that it is for, parted by blanks, what does not fit left out: DNS names and addresses, else the
				 * common name; a byte that is no plain character is '?' */
	bool fits;              /* it is for the name of the site, as clients judge (RFC 6125); without one: false */
};

/* ERR_ABSENT: it speaks no TLS there; ERR_REFUSED: nobody listens, or it ends the connection; ERR_TIMEOUT. */
int tls_certificate(const struct tls_door *door, struct deadline d, struct tls_certificate *ret, struct err *e) must_check;
