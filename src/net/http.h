/* HTTP for talking to a product's own API on this host: caps, deadlines, no redirects, no proxies, no URL from outside. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"

struct http {                   /* where and as whom; plain data, copied freely */
	char          host[64];         /* numeric, or a name of this host */
	uint16_t      port;
	bool          tls;              /* the certificate is verified unless host is an address of this host */
	const char   *user;             /* Basic, with password; NULL: none */
	const struct secret *password;
	const struct secret *bearer;    /* Bearer token; NULL: none */
	uint32_t      mark;             /* SO_MARK of the socket; 0: none */
};

struct http_ask {
	const char    *method;          /* "GET" */
	const char    *path;            /* "/exec" */
	const char *const *query;       /* name, value, name, value, ..., NULL; encoded for you */
	const char *const *headers;     /* "Statement-Timeout: 1000", NULL-ended */
	struct sv      body;
	int64_t        within_ns;       /* whole exchange; 0: 30 s */
	size_t         max;             /* of the body; 0: 16 MiB; more: ERR_SPACE */
	/* Streaming instead of collecting; negative stops. */
	int          (*sink)(void *data, struct sv piece, struct err *e);
	void          *sink_data;
};

struct http_answer {
	long       status;
	struct buf body;
	char       server[128];         /* header Server, as many products tell their version; "" without one */
};

/* ERR_REFUSED: nobody listens (connection refused or reset); ERR_TIMEOUT; ERR_IO: broken off. Any HTTP status is a
 * success here: the caller judges. */
int  http_do(const struct http *h, const struct http_ask *ask, struct http_answer *ret, struct err *e) must_check;
void http_answer_done(struct http_answer *a);
/* One part of a path, or a value of a query: what is not plain as %XX. */
void http_encode(struct buf *ret, const char *text);
