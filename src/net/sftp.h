/* SFTP as a client: one login, and the few things that prove it. By libcurl, which speaks it through libssh2.
 *
 *	autosftp struct sftp *s = NULL;
 *	if (sftp_new(&to, &s, e) < 0) ...
 *	if (sftp_list(s, "/", e) < 0) ...               logs in first, the others after it on the same connection
 *	if (sftp_put(s, "/name", bytes, e) < 0) ...
 *
 * The server's host key is known before anything is said to it: with `host_key` given another one ends the call (ERR_CHANGED)
 * before a password leaves this host. Every call has `within_ns` for itself.
 *
 * ERR_DENIED: the login is not taken. ERR_REFUSED: nobody listens, or the server does not allow this. ERR_BUSY: it says that it failed,
 * and no more, as it does when what lies behind it does not work. ERR_ABSENT: there is no such file, or this libcurl knows no SFTP.
 * ERR_TIMEOUT, ERR_IO: neither a yes nor a no. Paths are absolute, as the account sees them. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"

#define SFTP_HOST_KEY 160

struct sftp_to {                        /* borrowed until sftp_free() */
	const char          *host;      /* numeric */
	uint16_t             port;
	uint32_t             mark;      /* SO_MARK of the socket; 0: none */
	const char          *user;
	const struct secret *password;  /* by password or keyboard-interactive; NULL: by key */
	bool                 unasked;   /* by password alone: no questions, which may be for more than that */
	const char          *key_file;  /* private key without a passphrase */
	const char          *host_key;  /* as sftp_host_key() told it before; NULL: any */
	int64_t              within_ns; /* of each call; 0: 20 s */
};

struct sftp;
#define autosftp cleanup_with(sftp_autofree_)

int  sftp_new(const struct sftp_to *to, struct sftp **ret, struct err *e) must_check;
void sftp_free(struct sftp *s);
/* Read a directory to its end; its names are nobody's business. */
int  sftp_list(struct sftp *s, const char *path, struct err *e) must_check;
int  sftp_put(struct sftp *s, const char *path, struct sv content, struct err *e) must_check;
/* Appended to ret, whose ceiling holds: ERR_SPACE. */
int  sftp_get(struct sftp *s, const char *path, struct buf *ret, struct err *e) must_check;
int  sftp_remove(struct sftp *s, const char *path, struct err *e) must_check;
/* The key that the server presented last, as "ssh-ed25519 SHA256:..." (the fingerprint of ssh-keygen -l); "" before. */
const char *sftp_host_key(const struct sftp *s);

/* That text of a key as it is sent; "" when it is none. RFC 4253, 6.6. */
void sftp_fingerprint(struct sv key, char ret[SFTP_HOST_KEY]);

static inline void sftp_autofree_(struct sftp **s) { sftp_free(*s); }
