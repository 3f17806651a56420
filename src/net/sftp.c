#include "net/sftp.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/own.h"
#include "net/curl.h"

#define WITHIN_NS (20 * NS_PER_S)
#define KEY_TYPE_MAX 64
#define LIST_MAX ((size_t)64 << 20)
/* libcurl has one code for SSH_FX_FAILURE, which is an answer, and for a connection that broke. src: lib/vssh/libssh2.c */
#define FAILURE "Operation failed"

struct sftp {
	struct sftp_to to;
	const struct curl_calls *curl;
	CURL *easy;
	char host_key[SFTP_HOST_KEY];
	/* Of the call under way. */
	struct sv sent;         /* what is left to send */
	struct buf *got;        /* NULL: only counted */
	size_t count;
	bool key_differs;
	char said[CURL_ERROR_SIZE];
	struct err *e;
};

/* ---- the host key ---- */

/* A key begins with its type, and that with its length. */
static bool key_type(struct sv key, char ret[KEY_TYPE_MAX])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-@.";
	const unsigned char *p = (const unsigned char *)key.p;
	size_t n;

	if (key.n < 4)
		return false;
	n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	if (!n || n >= KEY_TYPE_MAX || n > key.n - 4)
		return false;
	memcpy(ret, key.p + 4, n);
	ret[n] = '\0';
	return strspn(ret, letters) == n;
}

void sftp_fingerprint(struct sv key, char ret[SFTP_HOST_KEY])
{
	unsigned char digest[SHA256_DIGEST_LENGTH], text[64];
	char type[KEY_TYPE_MAX];

	ret[0] = '\0';
	if (!key_type(key, type))
		return;
	SHA256((const unsigned char *)key.p, key.n, digest);
	EVP_EncodeBlock(text, digest, sizeof digest);
	/* 32 bytes are 43 letters; the padding after them is not shown by anybody. */
	snprintf(ret, SFTP_HOST_KEY, "%s SHA256:%.43s", type, (const char *)text);
}

static int on_host_key(void *data, int type unused_arg, const char *key, size_t n)
{
	struct sftp *s = data;

	sftp_fingerprint((struct sv){ key, n }, s->host_key);
	s->key_differs = !s->host_key[0] || (s->to.host_key && strcmp(s->to.host_key, s->host_key) != 0);
	return s->key_differs ? CURLKHMATCH_MISMATCH : CURLKHMATCH_OK;
}

/* ---- the bytes ---- */

static size_t on_read(char *into, size_t one, size_t n, void *data)
{
	struct sftp *s = data;
	size_t piece = MIN_OF(one * n, s->sent.n);

	memcpy(into, s->sent.p, piece);
	s->sent = (struct sv){ s->sent.p + piece, s->sent.n - piece };
	return piece;
}

static size_t on_write(char *bytes, size_t one, size_t n, void *data)
{
	struct sv piece = { bytes, one * n };
	struct sftp *s = data;

	s->count += piece.n;
	if (!s->got)
		return s->count > LIST_MAX ? 0 : piece.n;
	buf_add_sv(s->got, piece);
	return buf_check(s->got, "the file", s->e) < 0 ? 0 : piece.n;
}

static int on_socket(void *data, curl_socket_t fd, curlsocktype purpose unused_arg)
{
	struct sftp *s = data;

	if (s->to.mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &s->to.mark, sizeof s->to.mark) < 0) {
		err_sys(s->e, errno, "mark a connection of ours");
		return CURL_SOCKOPT_ERROR;
	}
	return CURL_SOCKOPT_OK;
}

/* ---- one call ---- */

/* Nothing of the environment, of a home's .ssh or of an agent takes part. */
static void set_login(struct sftp *s)
{
	const struct secret *password = s->to.password;

	s->curl->easy_setopt(s->easy, CURLOPT_USERNAME, s->to.user);
	if (password) {
		s->curl->easy_setopt(s->easy, CURLOPT_PASSWORD, password->bytes ? password->bytes : "");
		s->curl->easy_setopt(s->easy, CURLOPT_SSH_AUTH_TYPES,
				     (long)(CURLSSH_AUTH_PASSWORD | (s->to.unasked ? 0 : CURLSSH_AUTH_KEYBOARD)));
	} else {
		s->curl->easy_setopt(s->easy, CURLOPT_SSH_PRIVATE_KEYFILE, s->to.key_file);
		s->curl->easy_setopt(s->easy, CURLOPT_KEYPASSWD, "");
		s->curl->easy_setopt(s->easy, CURLOPT_SSH_AUTH_TYPES, (long)CURLSSH_AUTH_PUBLICKEY);
	}
	s->curl->easy_setopt(s->easy, CURLOPT_SSH_HOSTKEYFUNCTION, on_host_key);
	s->curl->easy_setopt(s->easy, CURLOPT_SSH_HOSTKEYDATA, s);
}

static void set_limits(struct sftp *s)
{
	int64_t within_ns = s->to.within_ns > 0 ? s->to.within_ns : WITHIN_NS;
	long within_ms = (long)((within_ns + NS_PER_MS - 1) / NS_PER_MS);

	s->curl->easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
	s->curl->easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, within_ms);
	s->curl->easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT_MS, within_ms);
	s->curl->easy_setopt(s->easy, CURLOPT_PROTOCOLS_STR, "sftp");
	s->curl->easy_setopt(s->easy, CURLOPT_PROXY, "");
	s->curl->easy_setopt(s->easy, CURLOPT_NOPROXY, "*");
	s->curl->easy_setopt(s->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	s->curl->easy_setopt(s->easy, CURLOPT_PATH_AS_IS, 1L);
	s->curl->easy_setopt(s->easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	s->curl->easy_setopt(s->easy, CURLOPT_SOCKOPTDATA, s);
	s->curl->easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_write);
	s->curl->easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
}

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

/* libcurl takes it apart again. */
static void add_path(struct buf *url, const char *path)
{
	for (const char *c = path; *c; c++) {
		if (strchr(plain, *c))
			buf_addc(url, *c);
		else
			buf_addf(url, "%%%02X", (unsigned char)*c);
	}
}

/* The address; the options of a call come after it. What an earlier call connected stays. */
static int begin(struct sftp *s, const char *path, struct err *e)
{
	autobuf struct buf url = BUF_MAX(64 << 10);
	bool v6 = strchr(s->to.host, ':') != NULL;

	if (path[0] != '/')
		return err_set(e, ERR_USAGE, "'%s' is no path from the root", path);
	buf_addf(&url, v6 ? "sftp://[%s]:%u" : "sftp://%s:%u", s->to.host, s->to.port);
	add_path(&url, path);
	if (buf_check(&url, "the address", e) < 0)
		return -(int)e->kind;
	s->curl->easy_reset(s->easy);
	set_limits(s);
	set_login(s);
	s->curl->easy_setopt(s->easy, CURLOPT_URL, buf_str(&url));
	s->sent = (struct sv){ 0 };
	s->got = NULL;
	s->count = 0;
	s->key_differs = false;
	s->said[0] = '\0';
	s->curl->easy_setopt(s->easy, CURLOPT_ERRORBUFFER, s->said);
	s->e = e;
	return 0;
}

static int differs(const struct sftp *s)
{
	if (!s->host_key[0])
		return err_set(s->e, ERR_FORMAT, "%s port %u presents no host key that can be read", s->to.host, s->to.port);
	err_set(s->e, ERR_CHANGED, "%s port %u presents the host key %s, and had %s", s->to.host, s->to.port, s->host_key,
		s->to.host_key);
	return err_hint(s->e, "nothing was said to it; clients that know the server would refuse it, too");
}

static int say_why(const struct sftp *s, CURLcode code, const char *what)
{
	const char *why = s->curl->easy_strerror(code);
	struct err *e = s->e;

	if (e->kind != ERR_OK)
		return -(int)e->kind;
	if (s->key_differs)
		return differs(s);
	switch (code) {
	case CURLE_LOGIN_DENIED:
		return err_set(e, ERR_DENIED, "the server does not take the login of '%s'", s->to.user);
	case CURLE_COULDNT_CONNECT:
		return err_set(e, ERR_REFUSED, "nobody listens on %s port %u", s->to.host, s->to.port);
	case CURLE_REMOTE_ACCESS_DENIED:
	case CURLE_UPLOAD_FAILED:
	case CURLE_QUOTE_ERROR:
	case CURLE_REMOTE_DISK_FULL:
		return err_set(e, ERR_REFUSED, "the server does not let '%s' %s", s->to.user, what);
	case CURLE_REMOTE_FILE_NOT_FOUND:
		return err_set(e, ERR_ABSENT, "'%s' cannot %s: there is no such file", s->to.user, what);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(e, ERR_TIMEOUT, "%s port %u does not answer '%s' in time", s->to.host, s->to.port, s->to.user);
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_UNKNOWN_OPTION:
		err_set(e, ERR_ABSENT, "this libcurl knows no SFTP");
		return err_hint(e, "Debian's libcurl4 does");
	case CURLE_SSH:
		if (strstr(s->said, FAILURE))
			return err_set(e, ERR_BUSY, "the server fails to let '%s' %s", s->to.user, what);
		fall_through;
	default:
		return err_set(e, ERR_IO, "%s as '%s' on %s port %u: %s", what, s->to.user, s->to.host, s->to.port, why);
	}
}

static int perform(struct sftp *s, const char *what)
{
	CURLcode code = s->curl->easy_perform(s->easy);

	return code == CURLE_OK ? 0 : say_why(s, code, what);
}

/* ---- what can be asked ---- */

int sftp_new(const struct sftp_to *to, struct sftp **ret, struct err *e)
{
	const struct curl_calls *curl = NULL;
	struct sftp *s;

	if (curl_load(&curl, e) < 0)
		return -(int)e->kind;
	s = xcalloc(1, sizeof *s);
	*s = (struct sftp){ .to = *to, .curl = curl, .easy = curl->easy_init() };
	if (!s->easy) {
		free(s);
		return err_set(e, ERR_SPACE, "no memory for a connection");
	}
	*ret = s;
	return 0;
}

void sftp_free(struct sftp *s)
{
	if (!s)
		return;
	s->curl->easy_cleanup(s->easy);
	free(s);
}

const char *sftp_host_key(const struct sftp *s) { return s->host_key; }

int sftp_list(struct sftp *s, const char *path, struct err *e)
{
	size_t n = strlen(path);
	autofree char *dir = xasprintf("%s%s", path, n && path[n - 1] == '/' ? "" : "/");

	return begin(s, dir, e) < 0 ? -(int)e->kind : perform(s, "list its directory");
}

int sftp_put(struct sftp *s, const char *path, struct sv content, struct err *e)
{
	if (begin(s, path, e) < 0)
		return -(int)e->kind;
	s->sent = content;
	s->curl->easy_setopt(s->easy, CURLOPT_UPLOAD, 1L);
	s->curl->easy_setopt(s->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)content.n);
	s->curl->easy_setopt(s->easy, CURLOPT_READFUNCTION, on_read);
	s->curl->easy_setopt(s->easy, CURLOPT_READDATA, s);
	return perform(s, "upload a file");
}

int sftp_get(struct sftp *s, const char *path, struct buf *ret, struct err *e)
{
	if (begin(s, path, e) < 0)
		return -(int)e->kind;
	s->got = ret;
	return perform(s, "download a file");
}

int sftp_remove(struct sftp *s, const char *path, struct err *e)
{
	autofree char *command = xasprintf("rm %s", path);
	struct curl_slist *list;
	int r;

	/* It stands in a command, where a blank would end it. */
	if (path[0] != '/' || path[strspn(path, plain)])
		return err_set(e, ERR_USAGE, "'%s' cannot stand in a command of SFTP", path);
	if (begin(s, "/", e) < 0)
		return -(int)e->kind;
	list = s->curl->slist_append(NULL, command);
	s->curl->easy_setopt(s->easy, CURLOPT_NOBODY, 1L);
	s->curl->easy_setopt(s->easy, CURLOPT_QUOTE, list);
	r = perform(s, "remove its file");
	/* The handle must not remember what is freed. */
	s->curl->easy_setopt(s->easy, CURLOPT_QUOTE, NULL);
	s->curl->slist_free_all(list);
	return r;
}
