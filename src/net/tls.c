#include "net/tls.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "net/tcp.h"

#define LINES_MAX 100 /* of one answer of an FTP server */

struct shown {
	bool seen;
	struct tls_certificate certificate;
};

/* Called with what the server sent, long before the handshake ends: one that wants a certificate of ours is seen all the same. */
static int on_certificate(X509_STORE_CTX *chain, void *data)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(chain);
	unsigned char sum[EVP_MAX_MD_SIZE];
	struct shown *s = data;
	struct tm end = { 0 };
	unsigned n = 0;

	if (!leaf || X509_digest(leaf, EVP_sha256(), sum, &n) != 1 || n != 32 ||
	    ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &end) != 1)
		return 1;
	for (unsigned i = 0; i < n; i++)
		snprintf(s->certificate.sha256 + 2 * i, 3, "%02x", sum[i]);
	s->certificate.not_after = timegm(&end);
	s->seen = true;
	return 1;
}

/* Between libssl and the socket stand two buffers: its own writes would raise SIGPIPE where the server has gone. */
static int flush(SSL *tls, int fd, struct deadline d, struct err *e)
{
	BIO *out = SSL_get_wbio(tls);
	char *bytes = NULL;
	long n = BIO_get_mem_data(out, &bytes);

	if (n > 0 && tcp_send(fd, (struct sv){ bytes, (size_t)n }, d, e) < 0)
		return -(int)e->kind;
	(void)BIO_reset(out);
	return 0;
}

static int feed(SSL *tls, int fd, struct deadline d, struct err *e)
{
	char bytes[4096];
	ssize_t n;

	if (tcp_wait(fd, POLLIN, d, e) < 0)
		return -(int)e->kind;
	n = recv(fd, bytes, sizeof bytes, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return err_set(e, ERR_REFUSED, "the other side ends the connection");
	return BIO_write(SSL_get_rbio(tls), bytes, (int)n) == n ? 0 : err_set(e, ERR_SPACE, "no memory for a handshake");
}

static int handshake(SSL *tls, int fd, const struct shown *s, struct deadline d, struct err *e)
{
	for (;;) {
		int r = SSL_connect(tls), why = SSL_get_error(tls, r);
		struct err gone = ERR_INIT;

		if (flush(tls, fd, d, &gone) < 0 && !s->seen) {
			*e = gone;
			return -(int)e->kind;
		}
		if (s->seen)
			return 0;
		if (why != SSL_ERROR_WANT_READ)
			return err_set(e, ERR_ABSENT, "it speaks no TLS");
		if (feed(tls, fd, d, e) < 0)
			return -(int)e->kind;
	}
}

static int look(int fd, struct deadline d, struct tls_certificate *ret, struct err *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *tls = ctx ? SSL_new(ctx) : NULL;
	struct shown s = { 0 };
	int r;

	if (tls) {
		SSL_CTX_set_cert_verify_callback(ctx, on_certificate, &s);
		SSL_set_bio(tls, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	}
	if (tls && SSL_get_rbio(tls) && SSL_get_wbio(tls))
		r = handshake(tls, fd, &s, d, e);
	else
		r = err_set(e, ERR_SPACE, "no memory for a handshake");
	SSL_free(tls);
	SSL_CTX_free(ctx);
	if (r >= 0)
		*ret = s.certificate;
	return r;
}

/* An answer ends with a line "NNN text"; before it stand "NNN-text" and lines of its own. RFC 959, 4.2 */
static int ftp_answer(int fd, struct deadline d, char ret[3], struct err *e)
{
	for (int i = 0; i < LINES_MAX; i++) {
		autobuf struct buf line = BUF_MAX(4096);

		if (tcp_line(fd, d, &line, e) < 0)
			return -(int)e->kind;
		if (line.len > 3 && line.data[3] == ' ' && strspn(buf_str(&line), "0123456789") == 3) {
			memcpy(ret, line.data, 3);
			return 0;
		}
	}
	return err_set(e, ERR_FORMAT, "it speaks no FTP");
}

static int ask_ftp(int fd, struct deadline d, struct err *e)
{
	char code[3];

	if (ftp_answer(fd, d, code, e) < 0)
		return -(int)e->kind;
	if (memcmp(code, "220", 3) != 0)
		return err_set(e, ERR_REFUSED, "it greets with %.3s", code);
	if (tcp_send(fd, SV("AUTH TLS\r\n"), d, e) < 0 || ftp_answer(fd, d, code, e) < 0)
		return -(int)e->kind;
	return memcmp(code, "234", 3) ? err_set(e, ERR_ABSENT, "it speaks no TLS") : 0;
}

int tls_certificate(const char *host, uint16_t port, uint32_t mark, enum tls_start how, struct deadline d,
		    struct tls_certificate *ret, struct err *e)
{
	autoclose int fd = tcp_connect(host, port, mark, d, e);

	if (fd < 0)
		return fd;
	if ((how == TLS_AFTER_AUTH && ask_ftp(fd, d, e) < 0) || look(fd, d, ret, e) < 0)
		return err_wrap(e, "%s port %u", host, port);
	return 0;
}
