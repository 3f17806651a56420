#include "net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "net/tcp.h"

#define LINES_MAX 100 /* of one answer of an FTP server */

struct shown {
	const char *name;       /* of the site */
	bool seen;
	struct tls_certificate certificate;
};

/* ---- names ---- */

static bool is_address(const char *name)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static void add_name(struct tls_certificate *c, const unsigned char *text, size_t n)
{
	size_t used = strlen(c->names), blank = used > 0;

	if (!n || used + blank + n >= sizeof c->names)
		return;
	if (blank)
		c->names[used++] = ' ';
	for (size_t i = 0; i < n; i++)
		c->names[used++] = text[i] > ' ' && text[i] < 127 ? (char)text[i] : '?';
	c->names[used] = '\0';
}

static void add_address(struct tls_certificate *c, const ASN1_OCTET_STRING *raw)
{
	char text[INET6_ADDRSTRLEN] = "";
	int n = ASN1_STRING_length(raw);

	if ((n == 4 || n == 16) && inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(raw), text, sizeof text))
		add_name(c, (const unsigned char *)text, strlen(text));
}

static void add_common_name(struct tls_certificate *c, X509 *leaf)
{
	const X509_NAME *subject = X509_get_subject_name(leaf);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const ASN1_STRING *text = at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));

	if (text)
		add_name(c, ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
}

/* The common name is for clients of old, and only where nothing else is said. */
static void read_names(X509 *leaf, const char *name, struct tls_certificate *c)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);

		if (one->type == GEN_DNS)
			add_name(c, ASN1_STRING_get0_data(one->d.dNSName), (size_t)ASN1_STRING_length(one->d.dNSName));
		else if (one->type == GEN_IPADD)
			add_address(c, one->d.iPAddress);
	}
	GENERAL_NAMES_free(all);
	if (!c->names[0])
		add_common_name(c, leaf);
	if (name)
		c->fits = (is_address(name) ? X509_check_ip_asc(leaf, name, 0) : X509_check_host(leaf, name, 0, 0, NULL)) == 1;
}

/* ---- the handshake ---- */

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
	read_names(leaf, s->name, &s->certificate);
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

/* An address is no name to ask for (RFC 6066, 3). */
static bool is_ready(SSL *tls, const char *name)
{
	if (!SSL_get_rbio(tls) || !SSL_get_wbio(tls))
		return false;
	return !name || is_address(name) || SSL_set_tlsext_host_name(tls, name) == 1;
}

static int look(int fd, const char *name, struct deadline d, struct tls_certificate *ret, struct err *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *tls = ctx ? SSL_new(ctx) : NULL;
	struct shown s = { .name = name };
	int r;

	if (tls) {
		SSL_CTX_set_cert_verify_callback(ctx, on_certificate, &s);
		SSL_set_bio(tls, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	}
	if (tls && is_ready(tls, name))
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

int tls_certificate(const struct tls_door *door, struct deadline d, struct tls_certificate *ret, struct err *e)
{
	autoclose int fd = tcp_connect(door->host, door->port, door->mark, d, e);

	if (fd < 0)
		return fd;
	if ((door->how == TLS_AFTER_AUTH && ask_ftp(fd, d, e) < 0) || look(fd, door->name, d, ret, e) < 0)
		return err_wrap(e, "%s port %u", door->host, door->port);
	return 0;
}
