#include "net/pgwire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/tcp.h"

#define WITHIN_NS    (30 * NS_PER_S)
#define MESSAGE_MAX  ((size_t)1 << 20)
#define MESSAGES_MAX 100000  /* of one exchange */
#define PROTOCOL_3   196608u /* 3.0 */

enum { AUTH_OK = 0, AUTH_CLEAR = 3, AUTH_MD5 = 5 };

struct session {
	const struct pgwire *to;
	int fd;
	struct deadline deadline;
	bool answered;      /* a byte came from the server */
	struct buf message; /* body of the last one */
};

static void session_done(struct session *s)
{
	own_close(&s->fd);
	buf_done(&s->message);
}

/* ---- bytes ---- */

static int wait_for(struct session *s, short events, struct err *e)
{
	struct pollfd p = { .fd = s->fd, .events = events };

	for (;;) {
		int n = poll(&p, 1, deadline_left_ms(s->deadline));

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_sys(e, errno, "wait for %s port %u", s->to->host, s->to->port);
		if (deadline_passed(s->deadline))
			return err_set(e, ERR_TIMEOUT, "no whole answer from %s port %u in time",
				       s->to->host, s->to->port);
	}
}

/* The end of the connection before the first byte of an answer is a no: a gate's reset, a server
 * that goes down. */
static int broken_off(const struct session *s, int sys, struct err *e)
{
	const struct pgwire *to = s->to;

	if (!s->answered && (sys == 0 || sys == ECONNRESET || sys == EPIPE))
		return err_set(e, ERR_REFUSED, "%s port %u resets the connection", to->host,
			       to->port);
	if (!sys)
		return err_set(e, ERR_IO, "%s port %u breaks off in the middle of an answer",
			       to->host, to->port);
	return err_sys(e, sys, "talk to %s port %u", to->host, to->port);
}

static int send_all(struct session *s, struct sv bytes, struct err *e)
{
	while (bytes.n) {
		ssize_t n = send(s->fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			if (wait_for(s, POLLOUT, e) < 0)
				return -(int)e->kind;
		} else if (n < 0 && errno != EINTR) {
			return broken_off(s, errno, e);
		} else if (n > 0) {
			bytes = (struct sv){ bytes.p + n, bytes.n - (size_t)n };
		}
	}
	return 0;
}

static int receive_all(struct session *s, void *to, size_t want, struct err *e)
{
	for (size_t have = 0; have < want;) {
		ssize_t n = recv(s->fd, (char *)to + have, want - have, 0);

		if (n < 0 && errno == EAGAIN) {
			if (wait_for(s, POLLIN, e) < 0)
				return -(int)e->kind;
		} else if (n == 0 || (n < 0 && errno != EINTR)) {
			return broken_off(s, n ? errno : 0, e);
		} else if (n > 0) {
			s->answered = true;
			have += (size_t)n;
		}
	}
	return 0;
}

static void add_u32(struct buf *b, uint32_t v)
{
	uint32_t wire = htonl(v);

	buf_add(b, &wire, sizeof wire);
}

/* A message is its type, the length of the rest with the length itself, and the rest. The very
 * first has no type. */
static int send_message(struct session *s, char type, struct sv body, struct err *e)
{
	autobuf struct buf m = BUF_MAX(MESSAGE_MAX);
	int r;

	if (type)
		buf_addc(&m, type);
	add_u32(&m, (uint32_t)(body.n + 4));
	buf_add_sv(&m, body);
	r = buf_check(&m, "a message to the server", e);
	if (r == 0)
		r = send_all(s, buf_sv(&m), e);
	secret_wipe(m.data, m.len);
	return r;
}

static int receive_message(struct session *s, char *ret_type, struct err *e)
{
	unsigned char head[5];
	uint32_t n;

	if (receive_all(s, head, sizeof head, e) < 0)
		return -(int)e->kind;
	memcpy(&n, head + 1, sizeof n);
	n = ntohl(n);
	if (n < 4 || n - 4 > MESSAGE_MAX || head[0] < 'A' || head[0] > 'z')
		return err_set(e, ERR_FORMAT, "%s port %u does not speak the PostgreSQL protocol",
			       s->to->host, s->to->port);
	n -= 4;
	buf_reset(&s->message);
	if (n) {
		char *room = buf_room(&s->message, n);

		if (!room)
			return err_set(e, ERR_SPACE, "no room for a message of %u bytes", n);
		if (receive_all(s, room, n, e) < 0)
			return -(int)e->kind;
		buf_grew(&s->message, n);
	}
	*ret_type = (char)head[0];
	return 0;
}

/* ---- messages ---- */

/* Fields of an ErrorResponse: a letter and a text each. */
static struct sv error_field(const struct buf *message, char which)
{
	struct sv rest = buf_sv(message);

	while (rest.n && rest.p[0]) {
		struct sv field = sv_cut(&rest, '\0');

		if (field.p[0] == which)
			return (struct sv){ field.p + 1, field.n - 1 };
	}
	return SV("");
}

static int server_says_no(const struct session *s, enum err_kind kind, const char *to_what,
			  struct err *e)
{
	return err_set(e, kind, "the server refuses the %s: " SV_FMT " (" SV_FMT ")", to_what,
		       SV_ARG(error_field(&s->message, 'M')),
		       SV_ARG(error_field(&s->message, 'C')));
}

static void md5_hex(struct sv a, struct sv b, char ret[33])
{
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	EVP_DigestInit_ex(ctx, EVP_md5(), NULL);
	EVP_DigestUpdate(ctx, a.p, a.n);
	EVP_DigestUpdate(ctx, b.p, b.n);
	EVP_DigestFinal_ex(ctx, digest, NULL);
	EVP_MD_CTX_free(ctx);
	for (size_t i = 0; i < 16; i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

/* "md5" and the digest of (the digest of password and user) and salt. */
static int send_md5(struct session *s, struct sv password, struct sv salt, struct err *e)
{
	char inner[33], outer[33], text[36];
	int r;

	md5_hex(password, sv_of(s->to->user), inner);
	md5_hex(sv_of(inner), salt, outer);
	snprintf(text, sizeof text, "md5%s", outer);
	r = send_message(s, 'p', (struct sv){ text, sizeof text }, e);
	secret_wipe(inner, sizeof inner);
	return r;
}

/* 1 logged in, 0 the server goes on. */
static int answer_login(struct session *s, struct err *e)
{
	const struct secret *secret = s->to->password;
	struct sv password =
	    secret && secret->bytes ? (struct sv){ secret->bytes, secret->len } : SV("");
	struct sv body = buf_sv(&s->message);
	uint32_t way = UINT32_MAX;

	if (body.n >= 4)
		memcpy(&way, body.p, sizeof way);
	way = ntohl(way);
	if (way == AUTH_OK)
		return 1;
	/* An empty password would be one that failed, for the server's log and for what counts such. */
	if (!secret)
		return err_set(e, ERR_DENIED, "the server asks for a password");
	/* The NUL behind a secret's bytes is the one the protocol wants. */
	if (way == AUTH_CLEAR)
		return send_message(s, 'p', (struct sv){ password.p, password.n + 1 }, e);
	if (way == AUTH_MD5 && body.n >= 8)
		return send_md5(s, password, (struct sv){ body.p + 4, 4 }, e);
	return err_set(e, ERR_REFUSED,
		       "the server asks for a kind of login (%u) that is not known here", way);
}

static int log_in(struct session *s, struct err *e)
{
	const char *database = s->to->database ? s->to->database : s->to->user;
	autobuf struct buf hello = BUF_MAX(4096);
	bool known = false;
	char type = 0;

	add_u32(&hello, PROTOCOL_3);
	buf_add(&hello, "user", sizeof "user");
	buf_add(&hello, s->to->user, strlen(s->to->user) + 1);
	buf_add(&hello, "database", sizeof "database");
	buf_add(&hello, database, strlen(database) + 1);
	buf_addc(&hello, '\0');
	if (buf_check(&hello, "the login", e) < 0 || send_message(s, '\0', buf_sv(&hello), e) < 0)
		return -(int)e->kind;
	for (int i = 0; i < MESSAGES_MAX; i++) {
		int r = 0;

		if (receive_message(s, &type, e) < 0)
			return -(int)e->kind;
		if (type == 'E')
			return server_says_no(s, ERR_DENIED, "login", e);
		if (type == 'R')
			r = answer_login(s, e);
		if (r < 0)
			return r;
		known |= r > 0;
		if (type == 'Z' && known)
			return 0;
	}
	return err_set(e, ERR_FORMAT, "the server sends no end of the login");
}

/* DataRow: number of columns, then each with its length (-1: NULL) and bytes. */
static int first_column(const struct buf *message, struct buf *ret, struct err *e)
{
	struct sv body = buf_sv(message);
	uint16_t columns = 0;
	uint32_t wire = 0;
	int32_t n;

	if (body.n >= 2)
		memcpy(&columns, body.p, sizeof columns);
	if (!columns)
		return 0;
	if (body.n < 6)
		return err_set(e, ERR_FORMAT, "the server sends half a row");
	memcpy(&wire, body.p + 2, sizeof wire);
	n = (int32_t)ntohl(wire);
	if (n > 0 && (size_t)n > body.n - 6)
		return err_set(e, ERR_FORMAT, "the server sends half a row");
	if (n > 0)
		buf_add(ret, body.p + 6, (size_t)n);
	return buf_check(ret, "the first column", e);
}

static int run_query(struct session *s, const char *query, struct buf *ret, struct err *e)
{
	int rows = 0;
	char type = 0;

	if (send_message(s, 'Q', (struct sv){ query, strlen(query) + 1 }, e) < 0)
		return -(int)e->kind;
	for (int i = 0; i < MESSAGES_MAX; i++) {
		if (receive_message(s, &type, e) < 0)
			return -(int)e->kind;
		if (type == 'E')
			return server_says_no(s, ERR_REFUSED, "query", e);
		if (type == 'Z')
			return rows;
		if (type == 'D' && rows++ == 0 && ret && first_column(&s->message, ret, e) < 0)
			return -(int)e->kind;
	}
	return err_set(e, ERR_SPACE, "the answer to '%s' is longer than a probe reads", query);
}

int pgwire_ask(const struct pgwire *to, const char *query, int64_t within_ns, struct buf *ret,
	       struct err *e)
{
	cleanup_with(session_done) struct session s = {
		.to = to,
		.fd = -1,
		.deadline = deadline_in(within_ns > 0 ? within_ns : WITHIN_NS),
		.message = BUF_MAX(MESSAGE_MAX),
	};
	struct err ignored = ERR_INIT;
	int rows;

	s.fd = tcp_connect(to->host, to->port, to->mark, s.deadline, e);
	if (s.fd < 0 || log_in(&s, e) < 0)
		return -(int)e->kind;
	rows = run_query(&s, query, ret, e);
	if (rows >= 0)
		(void)!send_message(&s, 'X', SV(""), &ignored);
	return rows;
}
