#include "net/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <sys/socket.h>

#include "net/curl.h"

#define WITHIN_NS (30 * NS_PER_S)
#define BODY_MAX  ((size_t)16 << 20)
#define URL_MAX   ((size_t)1 << 20)

/* One exchange: what the callbacks of libcurl need, and the error they cannot return themselves. */
struct exchange {
	const struct http *http;
	const struct http_ask *ask;
	struct buf body;
	char server[128]; /* of http_answer */
	bool answered;    /* a byte of the answer came */
	bool failed;   /* our own error, in e */
	struct err *e;
};

void http_encode(struct buf *ret, const char *text)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text; text++) {
		if (strchr(plain, *text))
			buf_addc(ret, *text);
		else
			buf_addf(ret, "%%%02X", (unsigned char)*text);
	}
}

static int build_url(const struct http *h, const struct http_ask *ask, struct buf *url,
		     struct err *e)
{
	bool v6 = strchr(h->host, ':') != NULL;
	char sep = '?';

	if (!h->host[0] || strpbrk(h->host, "/@?#[]% \t\r\n"))
		return err_set(e, ERR_USAGE, "'%s' is no host", h->host);
	if (!ask->path || ask->path[0] != '/' || strpbrk(ask->path, "?# \t\r\n"))
		return err_set(e, ERR_USAGE, "'%s' is no path of a request",
			       ask->path ? ask->path : "");
	buf_addf(url, v6 ? "%s://[%s]:%u%s" : "%s://%s:%u%s", h->tls ? "https" : "http", h->host,
		 h->port, ask->path);
	for (const char *const *q = ask->query; q && q[0]; q += 2) {
		buf_addc(url, sep);
		http_encode(url, q[0]);
		buf_addc(url, '=');
		http_encode(url, q[1]);
		sep = '&';
	}
	return buf_check(url, "the address of the request", e);
}

/* libcurl's own headers that no product here wants: a form's content type, a wait for "100
 * Continue". */
static int build_headers(const struct curl_calls *curl, const struct http_ask *ask,
			 struct curl_slist **ret, struct err *e)
{
	struct curl_slist *list = NULL;
	bool typed = false;

	for (const char *const *h = ask->headers; h && *h; h++) {
		if (strpbrk(*h, "\r\n")) {
			curl->slist_free_all(list);
			return err_set(e, ERR_USAGE, "a header of the request has a line break");
		}
		typed |= !strncasecmp(*h, "Content-Type:", 13);
		list = curl->slist_append(list, *h);
	}
	if (!typed)
		list = curl->slist_append(list, "Content-Type:");
	*ret = curl->slist_append(list, "Expect:");
	return 0;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *data)
{
	struct exchange *x = data;
	struct sv piece = { bytes, one * n };

	x->answered = true;
	if (x->ask->sink) {
		x->failed = x->ask->sink(x->ask->sink_data, piece, x->e) < 0;
	} else {
		buf_add_sv(&x->body, piece);
		x->failed = buf_check(&x->body, "the answer", x->e) < 0;
	}
	return x->failed ? 0 : piece.n;
}

static size_t on_header(char *bytes, size_t one, size_t n, void *data)
{
	struct sv value = { bytes, one * n }, name = sv_cut(&value, ':');
	struct exchange *x = data;

	x->answered = true;
	if (name.n == 6 && !strncasecmp(name.p, "Server", 6))
		snprintf(x->server, sizeof x->server, SV_FMT, SV_ARG(sv_trim(value)));
	return one * n;
}

static int on_socket(void *data, curl_socket_t fd, curlsocktype purpose unused_arg)
{
	struct exchange *x = data;
	uint32_t mark = x->http->mark;

	if (mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) < 0) {
		err_sys(x->e, errno, "mark a connection of ours");
		x->failed = true;
		return CURL_SOCKOPT_ERROR;
	}
	return CURL_SOCKOPT_OK;
}

static bool same_address(const struct sockaddr *a, const struct in_addr *v4, const struct in6_addr *v6)
{
	if (!a)
		return false;
	if (v4)
		return a->sa_family == AF_INET && ((const struct sockaddr_in *)a)->sin_addr.s_addr == v4->s_addr;
	return a->sa_family == AF_INET6 && IN6_ARE_ADDR_EQUAL(&((const struct sockaddr_in6 *)a)->sin6_addr, v6);
}

/* What is sent to an address of this host does not leave it. */
static bool host_is_this_one(const char *host)
{
	struct ifaddrs *all = NULL;
	struct in_addr v4;
	struct in6_addr v6;
	bool is_v4 = inet_pton(AF_INET, host, &v4) == 1, found = false;

	if (is_v4 && ntohl(v4.s_addr) >> 24 == 127)
		return true;
	if ((!is_v4 && inet_pton(AF_INET6, host, &v6) != 1) || getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next)
		found = same_address(i->ifa_addr, is_v4 ? &v4 : NULL, &v6);
	freeifaddrs(all);
	return found || (!is_v4 && IN6_IS_ADDR_LOOPBACK(&v6));
}

/* Nothing of the environment or of a config file may lead the request elsewhere. */
static void set_limits(const struct curl_calls *curl, CURL *c, const struct http *h,
		       const struct http_ask *ask)
{
	int64_t within_ns = ask->within_ns > 0 ? ask->within_ns : WITHIN_NS;
	long within_ms = (long)((within_ns + NS_PER_MS - 1) / NS_PER_MS);
	long verify = !host_is_this_one(h->host);

	curl->easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(c, CURLOPT_TIMEOUT_MS, within_ms);
	curl->easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, within_ms);
	curl->easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl->easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl->easy_setopt(c, CURLOPT_PROXY, "");
	curl->easy_setopt(c, CURLOPT_NOPROXY, "*");
	curl->easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl->easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl->easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl->easy_setopt(c, CURLOPT_SSL_VERIFYPEER, verify);
	curl->easy_setopt(c, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
}

static void set_login(const struct curl_calls *curl, CURL *c, const struct http *h)
{
	if (h->bearer && h->bearer->bytes) {
		curl->easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		curl->easy_setopt(c, CURLOPT_XOAUTH2_BEARER, h->bearer->bytes);
	} else if (h->user) {
		curl->easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl->easy_setopt(c, CURLOPT_USERNAME, h->user);
		curl->easy_setopt(c, CURLOPT_PASSWORD,
				  h->password && h->password->bytes ? h->password->bytes : "");
	}
}

static void set_request(const struct curl_calls *curl, CURL *c, const char *url,
			struct curl_slist *headers, struct exchange *x)
{
	const struct http_ask *ask = x->ask;
	const char *method = ask->method ? ask->method : "GET";

	curl->easy_setopt(c, CURLOPT_URL, url);
	curl->easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	if (!strcmp(method, "HEAD")) {
		curl->easy_setopt(c, CURLOPT_NOBODY, 1L);
	} else if (ask->body.n || !strcmp(method, "POST") || !strcmp(method, "PUT")) {
		curl->easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body.n);
		curl->easy_setopt(c, CURLOPT_POSTFIELDS, ask->body.n ? ask->body.p : "");
		curl->easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	} else {
		curl->easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	}
	curl->easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl->easy_setopt(c, CURLOPT_WRITEDATA, x);
	curl->easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl->easy_setopt(c, CURLOPT_HEADERDATA, x);
	curl->easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl->easy_setopt(c, CURLOPT_SOCKOPTDATA, x);
}

/* A connection that ends before the first byte of an answer is a no (a gate's reset, a server that
 * just went down); after it, an answer broken off. */
static int say_why(const struct curl_calls *curl, CURL *c, CURLcode code, struct exchange *x)
{
	const struct http *h = x->http;
	struct err *e = x->e;
	long sys = 0;

	if (x->failed)
		return err_wrap(e, "ask %s port %u", h->host, h->port);
	curl->easy_getinfo(c, CURLINFO_OS_ERRNO, &sys);
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(e, ERR_TIMEOUT, "no whole answer from %s port %u in time", h->host,
			       h->port);
	case CURLE_COULDNT_RESOLVE_HOST:
		return err_set(e, ERR_ABSENT, "no address for host '%s'", h->host);
	case CURLE_PEER_FAILED_VERIFICATION:
		err_set(e, ERR_REFUSED, "the certificate of %s port %u is not to be trusted", h->host, h->port);
		return err_hint(e, "at an address of this host, written as a number, none is asked for");
	case CURLE_COULDNT_CONNECT:
		if (sys && sys != ECONNREFUSED && sys != ECONNRESET)
			return err_sys(e, (int)sys, "connect to %s port %u", h->host, h->port);
		return err_set(e, ERR_REFUSED, "nobody listens on %s port %u", h->host, h->port);
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		if (!x->answered && (sys == ECONNRESET || sys == EPIPE))
			return err_set(e, ERR_REFUSED, "%s port %u resets the connection", h->host,
				       h->port);
		break;
	default:
		break;
	}
	return err_set(e, ERR_IO, "ask %s port %u: %s", h->host, h->port,
		       curl->easy_strerror(code));
}

int http_do(const struct http *h, const struct http_ask *ask, struct http_answer *ret,
	    struct err *e)
{
	struct exchange x = {
		.http = h, .ask = ask, .body = BUF_MAX(ask->max ? ask->max : BODY_MAX), .e = e
	};
	autobuf struct buf url = BUF_MAX(URL_MAX);
	const struct curl_calls *curl = NULL;
	struct curl_slist *headers = NULL;
	CURLcode code;
	CURL *c;
	int r;

	if (curl_load(&curl, e) < 0 || build_url(h, ask, &url, e) < 0 ||
	    build_headers(curl, ask, &headers, e) < 0)
		return -(int)e->kind;
	c = curl->easy_init();
	if (!c) {
		curl->slist_free_all(headers);
		return err_set(e, ERR_SPACE, "no memory for a request");
	}
	set_limits(curl, c, h, ask);
	set_login(curl, c, h);
	set_request(curl, c, buf_str(&url), headers, &x);
	code = curl->easy_perform(c);
	if (code == CURLE_OK) {
		ret->status = 0;
		curl->easy_getinfo(c, CURLINFO_RESPONSE_CODE, &ret->status);
		ret->body = x.body;
		memcpy(ret->server, x.server, sizeof x.server);
		r = 0;
	} else {
		r = say_why(curl, c, code, &x);
		buf_done(&x.body);
	}
	curl->easy_cleanup(c);
	curl->slist_free_all(headers);
	return r;
}

void http_answer_done(struct http_answer *a)
{
	buf_done(&a->body);
}
