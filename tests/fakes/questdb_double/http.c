/* HTTP/1.1 enough for curl and the health probe: one thread, keep-alive, Content-Length bodies. */
#include "double.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 128
#define REQUEST_MAX (64u << 20)
#define APPLY_EVERY_MS 5

struct connection {
	int fd;
	bool min; /* of the health port */
	struct buf in;
};

struct request {
	struct sv method, path, query, authorization, body;
};

static struct connection connections[CONNECTIONS_MAX];
static size_t n_connections;

int http_listen(const char *host, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		a.sin_addr.s_addr = htonl(INADDR_ANY);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 64) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return;
		p += sent;
		n -= (size_t)sent;
	}
}

static void reply(int fd, int status, const char *type, struct sv body)
{
	autobuf struct buf head = BUF_MAX(1024);
	const char *word = status == 200   ? "OK"
			   : status == 204 ? "OK"
			   : status == 400 ? "Bad request"
			   : status == 401 ? "Unauthorized"
			   : status == 404 ? "Not Found"
					   : "Internal Server Error";

	buf_addf(&head, "HTTP/1.1 %d %s\r\nServer: questDB/1.0\r\n", status, word);
	if (status == 401)
		buf_adds(&head, "WWW-Authenticate: Basic realm=\"questdb\"\r\n");
	if (status != 204)
		buf_addf(&head, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, body.n);
	buf_adds(&head, "\r\n");
	send_all(fd, head.data, head.len);
	if (status != 204)
		send_all(fd, body.p, body.n);
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* The value of a query parameter, decoded; heap, NULL when absent. */
static char *parameter(struct sv query, const char *name)
{
	while (query.n) {
		struct sv value = sv_cut(&query, '&'), key = sv_cut(&value, '=');
		char *ret, *to;

		if (!sv_eq(key, name))
			continue;
		ret = to = xmalloc(value.n + 1);
		for (size_t i = 0; i < value.n; i++) {
			if (value.p[i] == '%' && i + 2 < value.n && hex(value.p[i + 1]) >= 0 &&
			    hex(value.p[i + 2]) >= 0) {
				*to++ = (char)(hex(value.p[i + 1]) << 4 | hex(value.p[i + 2]));
				i += 2;
			} else {
				*to++ = value.p[i] == '+' ? ' ' : value.p[i];
			}
		}
		*to = '\0';
		return ret;
	}
	return NULL;
}

static void base64(struct sv in, struct buf *ret)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < in.n; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)in.p[i] << 16;

		v |= i + 1 < in.n ? (uint32_t)(unsigned char)in.p[i + 1] << 8 : 0;
		v |= i + 2 < in.n ? (uint32_t)(unsigned char)in.p[i + 2] : 0;
		buf_addc(ret, digits[v >> 18]);
		buf_addc(ret, digits[v >> 12 & 63]);
		buf_addc(ret, i + 1 < in.n ? digits[v >> 6 & 63] : '=');
		buf_addc(ret, i + 2 < in.n ? digits[v & 63] : '=');
	}
}

static bool authorized(const struct server *s, const struct request *r)
{
	autobuf struct buf plain = BUF_MAX(1024), want = BUF_MAX(2048);

	if (!s->user)
		return true;
	buf_addf(&plain, "%s:%s", s->user, s->password);
	buf_adds(&want, "Basic ");
	base64(buf_sv(&plain), &want);
	return sv_eq(r->authorization, buf_str(&want));
}

/* ---- answers ---- */

static void text_json(struct buf *b, const char *text)
{
	json_t *j = json_string(text);
	char *dump = j ? json_dumps(j, JSON_ENCODE_ANY) : NULL;

	buf_adds(b, dump ? dump : "null");
	free(dump);
	json_decref(j);
}

static void cell_json(struct buf *b, const char *cell, const char *type, bool quote_long)
{
	bool bare = strcmp(type, "INT") == 0 || strcmp(type, "BOOLEAN") == 0 ||
		    strcmp(type, "DOUBLE") == 0 || (strcmp(type, "LONG") == 0 && !quote_long);

	if (!cell)
		buf_adds(b, "null");
	else if (bare)
		buf_adds(b, cell);
	else
		text_json(b, cell);
}

static void answer_json(const struct answer *a, const char *query, bool quote_long, struct buf *b)
{
	buf_adds(b, "{\"query\":");
	text_json(b, query);
	buf_adds(b, ",\"columns\":[");
	for (size_t i = 0; i < a->columns.n; i++) {
		buf_adds(b, i ? ",{\"name\":" : "{\"name\":");
		text_json(b, a->columns.v[i].name);
		buf_addf(b, ",\"type\":\"%s\"}", a->columns.v[i].type);
	}
	buf_adds(b, "],\"timestamp\":-1,\"dataset\":[");
	for (size_t r = 0; r < a->rows.n; r++) {
		buf_adds(b, r ? ",[" : "[");
		for (size_t i = 0; i < a->columns.n; i++) {
			if (i)
				buf_addc(b, ',');
			cell_json(b, a->rows.v[r][i], a->columns.v[i].type, quote_long);
		}
		buf_addc(b, ']');
	}
	buf_addf(b, "],\"count\":%zu}", a->rows.n);
}

static void answer_csv(const struct answer *a, struct buf *b)
{
	for (size_t i = 0; i < a->columns.n; i++)
		buf_addf(b, "%s\"%s\"", i ? "," : "", a->columns.v[i].name);
	buf_adds(b, "\r\n");
	for (size_t r = 0; r < a->rows.n; r++) {
		for (size_t i = 0; i < a->columns.n; i++) {
			const char *cell = a->rows.v[r][i], *type = a->columns.v[i].type;
			bool quoted = strcmp(type, "STRING") == 0 || strcmp(type, "TIMESTAMP") == 0;

			buf_addf(b, quoted && cell ? "%s\"%s\"" : "%s%s", i ? "," : "",
				 cell ? cell : "");
		}
		buf_adds(b, "\r\n");
	}
}

static void serve_query(struct server *s, int fd, const struct request *r, bool csv)
{
	autobuf struct buf body = BUF_MAX(512 << 20);
	autofree char *query = parameter(r->query, "query"),
		      *quote = parameter(r->query, "quoteLargeNum");
	struct answer a = { 0 };

	if (query)
		sql_run(s, sv_of(query), &a);
	else
		snprintf(a.error, sizeof a.error, "No query text");
	if (a.error[0]) {
		buf_adds(&body, "{\"query\":");
		text_json(&body, query ? query : "");
		buf_adds(&body, ",\"error\":");
		text_json(&body, a.error);
		buf_adds(&body, ",\"position\":0}");
	} else if (a.done[0]) {
		buf_addf(&body, "{\"%s\":\"OK\"}", a.done);
	} else if (csv) {
		answer_csv(&a, &body);
	} else {
		answer_json(&a, query, quote && strcmp(quote, "true") == 0, &body);
	}
	reply(fd, a.error[0] ? 400 : 200,
	      csv && !a.error[0] ? "text/csv; charset=utf-8" : "application/json; charset=utf-8",
	      buf_sv(&body));
	answer_done(&a);
}

static void serve_settings(struct server *s, int fd)
{
	autobuf struct buf b = BUF_MAX(4096);
	const char *edition = control(s, "edition");

	if (!edition)
		edition = s->edition;
	if (s->number < 80000)
		buf_adds(&b, "{}");
	else if (s->number < 90000)
		buf_addf(
		    &b,
		    "{\"release.type\":\"%s\",\"release.version\":\"%s\",\"acl.enabled\":false}",
		    edition, s->version);
	else
		buf_addf(&b,
			 "{\"config\":{\"release.type\":\"%s\",\"release.version\":\"%s\",\"line."
			 "proto.support.versions\":"
			 "[1,2],\"stand-in\":true},\"preferences.version\":0,\"preferences\":{}}",
			 edition, s->version);
	reply(fd, 200, "application/json", buf_sv(&b));
}

static void serve_write(struct server *s, int fd, const struct request *r)
{
	char error[256] = "", body[400];

	if (ilp_write(s, r->body, error, sizeof error)) {
		reply(fd, 204, "", SV(""));
		return;
	}
	snprintf(body, sizeof body, "{\"code\":\"invalid\",\"message\":\"%s\"}", error);
	reply(fd, 400, "application/json", sv_of(body));
}

static void serve(struct server *s, struct connection *c, const struct request *r)
{
	bool open =
	    sv_eq(r->path, "/ping") || sv_eq(r->path, "/settings") || sv_eq(r->path, "/warnings");
	const char *answers;

	control_read(s);
	answers = control(s, "answers");
	clock_sleep_ns(control_ms(s, "delay_ms") * NS_PER_MS);
	if (answers && strcmp(answers, "garbage") == 0)
		reply(c->fd, 200, "application/json", SV("{\"dataset\":[[\x01garbage"));
	else if (answers)
		reply(c->fd, 500, "text/plain", SV("asked for by the test"));
	else if (!open && !authorized(s, r))
		reply(c->fd, 401, "text/plain", SV("Unauthorized"));
	else if (c->min)
		reply(c->fd, 200, "text/plain", SV("Status: Healthy"));
	else if (sv_eq(r->path, "/ping"))
		reply(c->fd, 204, "", SV(""));
	else if (sv_eq(r->path, "/settings"))
		serve_settings(s, c->fd);
	else if (sv_eq(r->path, "/warnings"))
		reply(c->fd, 200, "application/json", SV("[]"));
	else if (sv_eq(r->path, "/exec") || sv_eq(r->path, "/exp"))
		serve_query(s, c->fd, r, sv_eq(r->path, "/exp"));
	else if (sv_eq(r->path, "/write"))
		serve_write(s, c->fd, r);
	else
		reply(c->fd, 404, "text/plain", SV("Not Found"));
}

/* ---- connections ---- */

static void drop(size_t i)
{
	close(connections[i].fd);
	buf_done(&connections[i].in);
	connections[i] = connections[--n_connections];
}

static struct sv header_value(struct sv head, const char *name)
{
	while (head.n) {
		struct sv value = sv_line(&head), key = sv_cut(&value, ':');

		if (key.n == strlen(name) && strncasecmp(key.p, name, key.n) == 0)
			return sv_trim(value);
	}
	return (struct sv){ 0 };
}

/* One request at the start of the buffer. 1 served, 0 not whole yet, -1 broken. */
static int take_request(struct server *s, struct connection *c)
{
	struct sv all = buf_sv(&c->in), head, line, length;
	char *end = memmem(all.p, all.n, "\r\n\r\n", 4);
	struct request r = { 0 };
	uint64_t body = 0;
	size_t used;

	if (!end)
		return all.n > REQUEST_MAX ? -1 : 0;
	head = (struct sv){ all.p, (size_t)(end - all.p) + 2 };
	used = head.n + 2;
	length = header_value(head, "content-length");
	if (length.n && (!sv_u64(length, &body) || body > REQUEST_MAX))
		return -1;
	if (all.n < used + body) {
		if (header_value(head, "expect").n && all.n == used)
			send_all(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
		return 0;
	}
	line = sv_line(&head);
	r.method = sv_cut(&line, ' ');
	r.query = sv_cut(&line, ' ');
	r.path = sv_cut(&r.query, '?');
	r.authorization = header_value(head, "authorization");
	r.body = (struct sv){ all.p + used, body };
	serve(s, c, &r);
	memmove(c->in.data, c->in.data + used + body, c->in.len - used - body);
	c->in.len -= used + body;
	return 1;
}

static bool take_bytes(struct server *s, struct connection *c)
{
	char piece[64 << 10];
	ssize_t n = recv(c->fd, piece, sizeof piece, MSG_DONTWAIT);
	int r;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!n)
		return false;
	buf_add(&c->in, piece, (size_t)n);
	while (c->in.len && (r = take_request(s, c)))
		if (r < 0)
			return false;
	return !c->in.full;
}

static void take_connection(int listener, bool min)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (n_connections == CONNECTIONS_MAX) {
		close(fd);
		return;
	}
	connections[n_connections++] =
	    (struct connection){ .fd = fd, .min = min, .in = BUF_MAX(REQUEST_MAX + (64 << 10)) };
}

/* Applied between requests, so that a stop in full flow finds some WAL not applied. */
static bool apply_some(struct server *s)
{
	bool more = false;

	if (control(s, "hold_wal"))
		return false;
	vec_each (&s->tables, t) {
		for (int i = 0; i < 4 && table_apply_one(*t); i++)
			;
		more = more || (!(*t)->suspended && table_pending(*t) > 0);
	}
	return more;
}

int http_serve(struct server *s, int http_fd, int min_fd)
{
	bool pending = true;

	while (!*s->stopping) {
		struct pollfd fds[2 + CONNECTIONS_MAX] = { { http_fd, POLLIN, 0 },
							   { min_fd, POLLIN, 0 } };
		size_t n = n_connections;

		for (size_t i = 0; i < n; i++)
			fds[2 + i] = (struct pollfd){ connections[i].fd, POLLIN, 0 };
		if (poll(fds, 2 + n, pending ? APPLY_EVERY_MS : 200) < 0 && errno != EINTR)
			return -1;
		if (*s->stopping)
			break;
		for (size_t i = n; i-- > 0;) {
			if (fds[2 + i].revents && !take_bytes(s, &connections[i]))
				drop(i);
		}
		if (fds[0].revents)
			take_connection(http_fd, false);
		if (fds[1].revents)
			take_connection(min_fd, true);
		pending = apply_some(s);
	}
	while (n_connections)
		drop(n_connections - 1);
	return 0;
}
