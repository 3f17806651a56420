#include "products/sftpgo/rest.h"

#include <stdio.h>
#include <string.h>

#include "io/file.h"
#include "products/sftpgo/talk.h"

#define WITHIN     (20 * NS_PER_S)
#define ANSWER_MAX (4u << 20)

bool rest_has_login(const struct site *s)
{
	return json_is_object(s->login) || json_object_get(s->doc, "target_login");
}

char *rest_path(const char *above, const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	autobuf struct buf path = BUF_MAX(16 << 10);

	buf_adds(&path, above);
	for (; *name; name++)
		buf_addf(&path, strchr(plain, *name) ? "%c" : "%%%02X", (unsigned char)*name);
	return xstrdup(buf_str(&path));
}

/* What the server says of itself: {"error","message"}. */
static int said_no(const struct http_answer *a, const char *path, struct err *e)
{
	autojson json_t *doc = NULL;
	struct err none = ERR_INIT;
	const char *said = "";

	if (json_parse(buf_sv(&a->body), "the answer", &doc, &none) >= 0)
		said = json_str(doc, "error", json_str(doc, "message", ""));
	if (a->status == 404)
		return err_set(e, ERR_ABSENT, "there is no '%s' at the server", path);
	if (a->status == 403) {
		err_set(e, ERR_DENIED, "the administrator of 'login' may not ask '%s': %.200s", path, said);
		return err_hint(e, "it needs one with all permissions ('*') who owes no new password and no second factor");
	}
	return err_set(e, ERR_REFUSED, "'%s' answers %ld: %.200s", path, a->status, said);
}

static int ask(struct rest *r, const struct http_ask *what, struct http_answer *ret, struct err *e)
{
	const char *const headers[] = { what->body.n ? "Content-Type: application/json" : r->api_key ? r->key.bytes : NULL,
					what->body.n && r->api_key ? r->key.bytes : NULL, NULL };
	struct http_ask copy = *what;

	copy.headers = headers;
	copy.within_ns = WITHIN;
	copy.max = r->max ? r->max : ANSWER_MAX;
	r->http.bearer = r->key.bytes && !r->api_key ? &r->key : NULL;
	return http_do(&r->http, &copy, ret, e);
}

/* ---- logging in ---- */

static bool has_password(const struct rest *r)
{
	return json_str(r->login, "password_file", NULL) != NULL;
}

static int refused(struct rest *r, struct err *e)
{
	r->refused = true;
	if (has_password(r)) {
		err_set(e, ERR_DENIED, "the server does not take the login of '%s'", json_str(r->login, "user", "admin"));
		return err_hint(e, "the password is wrong, or a one-time password is asked for as well, which crossgrade cannot "
				   "know: name an administrator without a second factor, or his 'api_key_file'");
	}
	err_set(e, ERR_DENIED, "the server does not take the %s of 'login'", r->api_key ? "API key" : "token");
	return err_hint(e, r->api_key ? "the key must be one of an administrator who allows API keys, and not expired"
				      : "a token expires after 20 minutes and counts for one address only: give 'user' and "
					"'password_file'");
}

static int take_token(struct rest *r, const struct http_answer *a, struct err *e)
{
	autojson json_t *doc = NULL;
	const char *token;

	if (json_parse(buf_sv(&a->body), "the answer to a login", &doc, e) < 0)
		return -(int)e->kind;
	token = json_str(doc, "access_token", NULL);
	if (!token)
		return err_set(e, ERR_FORMAT, "the answer to a login holds no token");
	secret_done(&r->key);
	return secret_set(&r->key, token, strlen(token), e);
}

/* That it is absent or denied is the server's word alone: a file that cannot be opened is no login that was refused. */
static int read_secret(const char *file, struct secret *ret, struct err *e)
{
	if (file_read_secret(file, ret, e) >= 0)
		return 0;
	e->kind = ERR_REFUSED;
	return err_wrap(e, "login");
}

/* Basic, once: the password leaves memory with the call. */
static int login_by_password(struct rest *r, struct err *e)
{
	struct http_ask what = { .method = "GET", .path = "/api/v2/token", .within_ns = WITHIN, .max = ANSWER_MAX };
	autosecret struct secret password = { 0 };
	struct http_answer a = { 0 };
	struct http as = r->http;
	int got;

	if (read_secret(json_str(r->login, "password_file", ""), &password, e) < 0)
		return -(int)e->kind;
	as.user = json_str(r->login, "user", "admin");
	as.password = &password;
	as.bearer = NULL;
	if (http_do(&as, &what, &a, e) < 0)
		return err_wrap(e, "login");
	got = a.status == 200 ? take_token(r, &a, e) : a.status == 401 ? refused(r, e) : said_no(&a, what.path, e);
	/* To some a refused login is a page that is not there (disabled_login_methods). */
	r->refused |= a.status == 403 || a.status == 404;
	if (a.body.data)
		secret_wipe(a.body.data, a.body.len);
	http_answer_done(&a);
	return got;
}

static int login_by_file(struct rest *r, const char *file, struct err *e)
{
	autosecret struct secret text = { 0 };
	autobuf struct buf line = BUF_MAX(64 << 10);
	int got;

	if (read_secret(file, &text, e) < 0)
		return -(int)e->kind;
	buf_addf(&line, "%s%s", r->api_key ? "X-SFTPGO-API-KEY: " : "", text.bytes ? text.bytes : "");
	got = buf_check(&line, "the key", e);
	if (got >= 0)
		got = secret_set(&r->key, line.data, line.len, e);
	secret_wipe(line.data, line.len);
	return got;
}

static int log_in(const struct site *s, const json_t *login, struct rest *ret, struct err *e)
{
	struct rest r = { .login = login };
	const char *key = json_str(r.login, "api_key_file", NULL), *token = json_str(r.login, "token_file", NULL);
	int got;

	if (!json_is_object(r.login)) {
		err_set(e, ERR_ABSENT, "no login to the server is given");
		return err_hint(e, "give 'source.login' with 'user' and 'password_file'");
	}
	if (talk_http(s, &r.http, e) < 0)
		return -(int)e->kind;
	r.api_key = key && !has_password(&r);
	if (has_password(&r))
		got = login_by_password(&r, e);
	else if (key || token)
		got = login_by_file(&r, key ? key : token, e);
	else
		got = err_set(e, ERR_USAGE, "'login' names neither 'password_file' nor 'token_file' nor 'api_key_file'");
	if (got < 0) {
		ret->refused = r.refused;
		rest_done(&r);
		return got;
	}
	*ret = r;
	return 0;
}

void rest_done(struct rest *r)
{
	secret_done(&r->key);
	*r = (struct rest){ 0 };
}

/* ---- asking ---- */

/* A token that has expired under a long wait is taken anew, once. */
static int ask_again(struct rest *r, const struct http_ask *what, struct http_answer *ret, struct err *e)
{
	if (ask(r, what, ret, e) < 0)
		return -(int)e->kind;
	if (ret->status != 401)
		return 0;
	http_answer_done(ret);
	*ret = (struct http_answer){ 0 };
	if (!has_password(r))
		return refused(r, e);
	if (login_by_password(r, e) < 0 || ask(r, what, ret, e) < 0)
		return -(int)e->kind;
	if (ret->status != 401)
		return 0;
	http_answer_done(ret);
	*ret = (struct http_answer){ 0 };
	refused(r, e);
	r->refused = false;     /* it was taken twice; this page is not shown to it */
	return -(int)e->kind;
}

int rest_get(struct rest *r, const char *path, json_t **ret, struct err *e)
{
	return rest_query(r, path, NULL, ret, e);
}

int rest_query(struct rest *r, const char *path, const char *const *query, json_t **ret, struct err *e)
{
	struct http_ask what = { .method = "GET", .path = path, .query = query };
	struct http_answer a = { 0 };
	int got;

	if (ask_again(r, &what, &a, e) < 0)
		return -(int)e->kind;
	got = a.status == 200 ? json_parse(buf_sv(&a.body), path, ret, e) : said_no(&a, path, e);
	http_answer_done(&a);
	return got < 0 ? got : 0;
}

/* What is sent may hold a password: it is the caller's to wipe. */
static int send_text(struct rest *r, const char *method, const char *path, struct sv text, struct err *e)
{
	struct http_ask what = { .method = method, .path = path, .body = text };
	struct http_answer a = { 0 };
	int got;

	if (ask_again(r, &what, &a, e) < 0)
		return -(int)e->kind;
	got = a.status / 100 == 2 ? 0 : said_no(&a, path, e);
	http_answer_done(&a);
	return got;
}

int rest_put(struct rest *r, const char *path, const json_t *body, struct err *e)
{
	autobuf struct buf text = BUF_MAX(ANSWER_MAX);

	json_canonical(body, &text);
	if (buf_check(&text, "what is sent", e) < 0)
		return -(int)e->kind;
	return send_text(r, "PUT", path, buf_sv(&text), e);
}

int rest_post(struct rest *r, const char *path, struct sv body, struct err *e)
{
	return send_text(r, "POST", path, body, e);
}

int rest_delete(struct rest *r, const char *path, struct err *e)
{
	return send_text(r, "DELETE", path, (struct sv){ 0 }, e);
}

/* ---- whose login ---- */

/* Where the doors hide the version an administrator is told it. One who is let in no longer was of the old server. */
static const json_t *login_asked(const struct site *s, const json_t *after)
{
	autorest struct rest api = { 0 };
	autojson json_t *about = NULL;
	struct err no = ERR_INIT;

	if (log_in(s, s->login, &api, &no) < 0 || rest_get(&api, "/api/v2/version", &about, &no) < 0)
		return no.kind == ERR_DENIED ? after : s->login;
	return strcmp(json_str(about, "version", ""), json_str(after, "version", "")) ? s->login : after;
}

static const json_t *login_of(const struct site *s)
{
	const json_t *after = json_object_get(s->doc, "target_login");
	char version[48] = "";
	struct err none = ERR_INIT;

	if (!after || talk_healthz(s, false, WITHIN, version, &none) < 0)
		return s->login;
	if (!version[0])
		return json_is_object(s->login) ? login_asked(s, after) : after;
	return strcmp(version, json_str(after, "version", "")) ? s->login : after;
}

int rest_login(const struct site *s, struct rest *ret, struct err *e)
{
	return log_in(s, login_of(s), ret, e);
}
