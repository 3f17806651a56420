#include "net/ssh.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "net/sftp.h"
#include "net/tcp.h"

#define IDENT       "SSH-2.0-crossgrade\r\n"
#define LINES_MAX   20     /* that a server may say before its version */
#define PACKET_MAX  35000u /* RFC 4253, 6.1 */
#define PACKETS_MAX 20     /* that it may send for nothing */
#define BLOCK       8

enum { DISCONNECT = 1, IGNORE, UNIMPLEMENTED, DEBUG, EXT_INFO = 7, KEXINIT = 20, ECDH_INIT = 30, ECDH_REPLY };

/* The strongest of a type first. RFC 8332, 8709, 5656. */
static const struct algorithm {
	const char *name, *type;
} algorithms[] = {
	{ "ssh-ed25519", "ssh-ed25519" },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256" },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384" },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521" },
	{ "rsa-sha2-512", "ssh-rsa" },
	{ "rsa-sha2-256", "ssh-rsa" },
	{ "ssh-rsa", "ssh-rsa" },
};

/* RFC 8731, 5656: all of them begin with a public value of ours and one message number. */
static const struct exchange {
	const char *name, *group; /* NULL: X25519 */
} exchanges[] = {
	{ "curve25519-sha256", NULL },
	{ "curve25519-sha256@libssh.org", NULL },
	{ "ecdh-sha2-nistp256", "P-256" },
	{ "ecdh-sha2-nistp384", "P-384" },
	{ "ecdh-sha2-nistp521", "P-521" },
};

struct peer {
	int fd;
	struct deadline d;
	struct buf packet; /* payload of the last one */
};

/* ---- packets ---- */

static void add_u32(struct buf *b, size_t v)
{
	uint32_t wire = htonl((uint32_t)v);

	buf_add(b, &wire, sizeof wire);
}

static void add_string(struct buf *b, struct sv s)
{
	add_u32(b, s.n);
	buf_add_sv(b, s);
}

static bool take_u32(struct sv *rest, uint32_t *ret)
{
	uint32_t wire;

	if (rest->n < sizeof wire)
		return false;
	memcpy(&wire, rest->p, sizeof wire);
	*ret = ntohl(wire);
	*rest = (struct sv){ rest->p + sizeof wire, rest->n - sizeof wire };
	return true;
}

static bool take_string(struct sv *rest, struct sv *ret)
{
	uint32_t n;

	if (!take_u32(rest, &n) || n > rest->n)
		return false;
	*ret = (struct sv){ rest->p, n };
	*rest = (struct sv){ rest->p + n, rest->n - n };
	return true;
}

/* Length, length of the padding, payload, padding: a multiple of the block, at least four of them padding. RFC 4253, 6. */
static int send_packet(struct peer *p, const struct buf *payload, struct err *e)
{
	size_t pad = BLOCK - (5 + payload->len) % BLOCK;
	autobuf struct buf m = BUF_MAX(PACKET_MAX);

	if (pad < 4)
		pad += BLOCK;
	add_u32(&m, 1 + payload->len + pad);
	buf_addc(&m, (char)pad);
	buf_add_sv(&m, buf_sv(payload));
	while (pad--)
		buf_addc(&m, 0);
	if (buf_check(&m, "a message to the server", e) < 0)
		return -(int)e->kind;
	return tcp_send(p->fd, buf_sv(&m), p->d, e);
}

static int receive_packet(struct peer *p, struct err *e)
{
	unsigned char head[5];
	uint32_t length;
	size_t n;
	char *to;

	if (tcp_receive(p->fd, head, sizeof head, p->d, e) < 0)
		return -(int)e->kind;
	memcpy(&length, head, sizeof length);
	length = ntohl(length);
	if (length > PACKET_MAX || length < 2u + head[4])
		return err_set(e, ERR_FORMAT, "a message of %u bytes", length);
	n = length - 1;
	buf_reset(&p->packet);
	to = buf_room(&p->packet, n);
	if (!to || tcp_receive(p->fd, to, n, p->d, e) < 0)
		return to ? -(int)e->kind : buf_check(&p->packet, "a message of the server", e);
	buf_grew(&p->packet, n - head[4]);
	return 0;
}

/* The next one that says something, which must be `want`; *ret is what stands in it behind its number. */
static int next_packet(struct peer *p, int want, struct sv *ret, struct err *e)
{
	for (int i = 0; i < PACKETS_MAX; i++) {
		int number;

		if (receive_packet(p, e) < 0)
			return -(int)e->kind;
		number = (unsigned char)p->packet.data[0];
		*ret = (struct sv){ p->packet.data + 1, p->packet.len - 1 };
		if (number == want)
			return 0;
		if (number == DISCONNECT)
			return err_set(e, ERR_REFUSED, "the server ends the key exchange");
		if (number != IGNORE && number != UNIMPLEMENTED && number != DEBUG && number != EXT_INFO)
			break;
	}
	return err_set(e, ERR_FORMAT, "the server does not go on with the key exchange");
}

/* ---- what both sides can ---- */

static bool listed(struct sv names, const char *name)
{
	while (names.n)
		if (sv_eq(sv_cut(&names, ','), name))
			return true;
	return false;
}

struct offer { /* of the server */
	const struct exchange *exchange;
	const struct algorithm *algorithm; /* of a type that is not had yet; NULL: none is left */
	bool more;                         /* types beside that one */
};

static bool is_had(const ssh_keys *had, const char *type)
{
	vec_each (had, key) {
		if (!strcmp(key->type, type))
			return true;
	}
	return false;
}

static int read_offer(struct sv text, const ssh_keys *had, struct offer *ret, struct err *e)
{
	struct offer o = { 0 };
	struct sv kex, keys;

	if (text.n < 16)
		return err_set(e, ERR_FORMAT, "what the server can is cut short");
	text = (struct sv){ text.p + 16, text.n - 16 }; /* its cookie */
	if (!take_string(&text, &kex) || !take_string(&text, &keys))
		return err_set(e, ERR_FORMAT, "what the server can is cut short");
	for (size_t i = 0; !o.exchange && i < ARRAY_LEN(exchanges); i++)
		if (listed(kex, exchanges[i].name))
			o.exchange = &exchanges[i];
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		const struct algorithm *a = &algorithms[i];

		if (!listed(keys, a->name) || is_had(had, a->type))
			continue;
		if (!o.algorithm)
			o.algorithm = a;
		else if (strcmp(o.algorithm->type, a->type) != 0)
			o.more = true;
	}
	if (!o.exchange || !o.algorithm)
		return err_set(e, ERR_ABSENT, "the server offers no %s that is known here", o.exchange ? "host key" : "key exchange");
	*ret = o;
	return 0;
}

/* Ciphers and the rest are never used, but the server goes on only when it finds one of its own among them. */
static int send_wishes(struct peer *p, const struct offer *o, struct err *e)
{
	static const char ciphers[] = "aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
				      "chacha20-poly1305@openssh.com,aes128-cbc",
			  macs[] = "hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha1";
	const char *const lists[] = { o->exchange->name, o->algorithm->name, ciphers, ciphers, macs, macs, "none", "none", "", "" };
	autobuf struct buf m = BUF_MAX(4096);
	unsigned char cookie[16];

	if (RAND_bytes(cookie, sizeof cookie) != 1)
		return err_set(e, ERR_IO, "no random bytes are to be had");
	buf_addc(&m, KEXINIT);
	buf_add(&m, cookie, sizeof cookie);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		add_string(&m, sv_of(lists[i]));
	buf_addc(&m, 0); /* no packet follows that was guessed */
	add_u32(&m, 0);
	return send_packet(p, &m, e);
}

static int send_public(struct peer *p, const struct exchange *x, struct err *e)
{
	EVP_PKEY *key = x->group ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", x->group) : EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	autobuf struct buf m = BUF_MAX(4096);
	unsigned char *bytes = NULL;
	size_t n = key ? EVP_PKEY_get1_encoded_public_key(key, &bytes) : 0;

	buf_addc(&m, ECDH_INIT);
	add_string(&m, (struct sv){ (const char *)bytes, n });
	OPENSSL_free(bytes);
	EVP_PKEY_free(key);
	return n ? send_packet(p, &m, e) : err_set(e, ERR_ABSENT, "libcrypto makes no key for %s", x->name);
}

/* ---- the key ---- */

static int read_key(struct sv blob, const struct algorithm *wanted, struct ssh_key *ret, struct err *e)
{
	char text[SFTP_HOST_KEY];
	struct sv print, type;

	sftp_fingerprint(blob, text);
	print = sv_of(text);
	type = sv_cut(&print, ' ');
	if (!sv_eq(type, wanted->type))
		return err_set(e, ERR_FORMAT, "the server's key is no %s", wanted->type);
	snprintf(ret->type, sizeof ret->type, "%s", wanted->type);
	snprintf(ret->fingerprint, sizeof ret->fingerprint, SV_FMT, SV_ARG(print));
	return 0;
}

/* Servers may say other lines before their version. RFC 4253, 4.2 */
static int greet(struct peer *p, struct err *e)
{
	for (int i = 0; i < LINES_MAX; i++) {
		autobuf struct buf line = BUF_MAX(1024);

		if (tcp_line(p->fd, p->d, &line, e) < 0)
			return -(int)e->kind;
		if (sv_starts(buf_sv(&line), "SSH-2.0-") || sv_starts(buf_sv(&line), "SSH-1.99-"))
			return tcp_send(p->fd, SV(IDENT), p->d, e);
	}
	return err_set(e, ERR_FORMAT, "it speaks no SSH 2");
}

/* The next type that is not had yet; 1 when there are more. */
static int exchange_keys(struct peer *p, const ssh_keys *had, struct ssh_key *ret, struct err *e)
{
	struct offer o = { 0 };
	struct sv text, blob;

	if (greet(p, e) < 0 || next_packet(p, KEXINIT, &text, e) < 0 || read_offer(text, had, &o, e) < 0 ||
	    send_wishes(p, &o, e) < 0 || send_public(p, o.exchange, e) < 0 || next_packet(p, ECDH_REPLY, &text, e) < 0)
		return -(int)e->kind;
	if (!take_string(&text, &blob))
		return err_set(e, ERR_FORMAT, "the server's key is cut short");
	return read_key(blob, o.algorithm, ret, e) < 0 ? -(int)e->kind : o.more;
}

int ssh_host_keys(const char *host, uint16_t port, uint32_t mark, struct deadline d, ssh_keys *ret, struct err *e)
{
	ssh_keys keys = { 0 };
	int more;

	do {
		autoclose int fd = tcp_connect(host, port, mark, d, e);
		struct peer p = { .fd = fd, .d = d, .packet = BUF_MAX(PACKET_MAX) };
		struct ssh_key key = { 0 };

		more = fd < 0 ? fd : exchange_keys(&p, &keys, &key, e);
		buf_done(&p.packet);
		if (more >= 0)
			*vec_push(&keys) = key;
		else if (fd >= 0)
			err_wrap(e, "%s port %u", host, port);
	} while (more > 0);
	if (more < 0) {
		vec_done(&keys);
		return more;
	}
	*ret = keys;
	return 0;
}
