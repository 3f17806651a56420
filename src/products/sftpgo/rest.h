/* SFTPGo's REST API on this host, as the administrator of `login`: {"user","password_file"}, {"token_file"} or {"api_key_file"}.
 * Files' paths, and files that only their owner reads.
 *
 *	autorest struct rest api = { 0 };
 *	if (rest_login(site, &api, e) < 0) ...
 *	if (rest_get(&api, "/api/v2/status", &doc, e) < 0) ...
 *
 * ERR_ABSENT: no login is given, or 404; ERR_DENIED: the server does not take the login, or it may not do that; ERR_REFUSED: any
 * other answer, with what the server said. A token lasts 20 minutes and is taken again when it has expired, with a password.
 * facts/sftpgo 4.1, seen with 2.6.4 and 2.7.5. */
#pragma once

#include "engine/site.h"
#include "net/http.h"

struct rest {
	struct http http;
	const json_t *login;    /* borrowed of the site */
	struct secret key;      /* a token, or the whole header line of an API key */
	bool api_key;
	bool refused;           /* the server does not take the login; told where rest_login() fails, too */
	size_t max;             /* bytes of an answer; 0: 4 MiB */
};
#define autorest cleanup_with(rest_done)

/* Has the site any login? Across editions or versions a plan can name a second one, "target_login" with "version": it is taken
 * when the server tells that version: by its doors, or, where these hide it, to the administrator of the first login; and when it
 * does not let that one in. */
bool rest_has_login(const struct site *s);
int  rest_login(const struct site *s, struct rest *ret, struct err *e) must_check;
int  rest_get(struct rest *r, const char *path, json_t **ret, struct err *e) must_check;
/* The same with a query: name, value, ..., NULL. */
int  rest_query(struct rest *r, const char *path, const char *const *query, json_t **ret, struct err *e) must_check;
int  rest_put(struct rest *r, const char *path, const json_t *body, struct err *e) must_check;
/* The body as text, which may hold a secret: it is the caller's to wipe. */
int  rest_post(struct rest *r, const char *path, struct sv body, struct err *e) must_check;
int  rest_delete(struct rest *r, const char *path, struct err *e) must_check;
void rest_done(struct rest *r);

/* "/api/v2/users/" and a name as a part of a path. Heap. */
char *rest_path(const char *above, const char *name) must_check;
