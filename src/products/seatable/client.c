#include "products/seatable/client.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "data/hash.h"
#include "io/file.h"
#include "products/seatable/door.h"
#include "svc/gate.h"

#define WITHIN     (20 * NS_PER_S)
#define AGAIN      (250 * NS_PER_MS)
#define TABLES_MAX 20
#define ROWS       "100"
#define FILE_MAX   (64u << 20)
#define VALUES_MAX 2000 /* looked at for a file */

struct look {
	const struct site *site;
	const char *base;               /* of the setting, or NULL */
	struct deadline until;
	struct secret account, api, access;
	char *uuid, *dtables;           /* "/api-gateway/api/v2/dtables/UUID/" */
	char *file;                     /* "files/2026-11/plan.pdf" */
	long status;                    /* of the last answer; 0: none */
	json_t *ret;
};

static void look_done(struct look *k)
{
	secret_done(&k->account);
	secret_done(&k->api);
	secret_done(&k->access);
	free(k->uuid);
	free(k->dtables);
	free(k->file);
}

/* ---- the setting ---- */

static bool names_base(const char *base)
{
	size_t digits = strspn(base, "0123456789");

	return digits && base[digits] == '/' && base[digits + 1] && !strchr(base + digits + 1, '/');
}

int sea_client_settings(const struct goal *g, struct err *e)
{
	static const char *const keys[] = { "token_file", "base", NULL };
	const json_t *said = json_object_get(g->settings, "probe");
	const char *token = json_str(said, "token_file", ""), *base = json_str(said, "base", NULL);

	if (!said || json_is_null(said))
		return 0;
	if (!json_is_object(said))
		return err_set(e, ERR_USAGE, "'settings.probe' is not a mapping");
	if (json_only_keys(said, "settings.probe", keys, e) < 0)
		return -(int)e->kind;
	if (*token != '/')
		return err_set(e, ERR_USAGE, "'settings.probe.token_file' is not an absolute path");
	if (json_object_get(said, "base") && (!base || !names_base(base))) {
		err_set(e, ERR_USAGE, "'settings.probe.base' is not the number of a workspace, '/' and the name of a base");
		return err_hint(e, "as in the base's address: /workspace/12/dtable/Projects is '12/Projects'");
	}
	return 0;
}

/* ---- one question ---- */

/* What the door says of a program behind it that is not up, or has too much to do. */
static bool is_busy(long status)
{
	return status == 429 || (status >= 502 && status <= 504);
}

static bool may_come(int r, long status, const struct err *why)
{
	if (r >= 0)
		return status == 429 || status >= 500;
	return why->kind == ERR_REFUSED || why->kind == ERR_TIMEOUT || why->kind == ERR_IO;
}

static int ask_once(struct look *k, const struct secret *token, struct http_ask *ask, struct http_answer *ret, struct err *e)
{
	autofree char *header = token ? xasprintf("Authorization: Token %s", token->bytes) : NULL;
	const char *headers[] = { header, NULL };
	int r;

	ask->method = "GET";
	ask->headers = headers;
	ask->within_ns = WITHIN;
	r = sea_door_ask(k->site, gate_mark(), ask, ret, e);
	if (header)
		secret_wipe(header, strlen(header));
	k->status = r < 0 ? 0 : ret->status;
	return r;
}

/* Asked again until the deadline; what a sink took of an answer that is not the last is dropped. */
static int ask_again(struct look *k, const struct secret *token, struct http_ask *ask, void (*drop)(void *data), struct http_answer *ret,
		     struct err *e)
{
	for (;;) {
		int r = ask_once(k, token, ask, ret, e);

		if (!may_come(r, k->status, e) || deadline_passed(k->until))
			return r;
		err_clear(e);
		http_answer_done(ret);
		*ret = (struct http_answer){ 0 };
		if (drop)
			drop(ask->sink_data);
		clock_sleep_ns(AGAIN);
	}
}

/* A program that is busy to the end has said nothing. */
static int refused(struct look *k, const char *what, struct err *e)
{
	long status = k->status;

	if (status == 200)
		return 0;
	if (is_busy(status))
		k->status = 0;
	return err_set(e, ERR_REFUSED, "%s: the server answers with status %ld", what, status);
}

/* what: of the question, for people; its path can hold a token. */
static int ask(struct look *k, const struct secret *token, const char *path, const char *const *query, const char *what, struct buf *ret,
	       struct err *e)
{
	struct http_ask ask = { .path = path, .query = query };
	struct http_answer answer = { 0 };

	if (ask_again(k, token, &ask, NULL, &answer, e) < 0)
		return err_wrap(e, "%s", what);
	*ret = answer.body;
	return refused(k, what, e);
}

static int ask_json(struct look *k, const struct secret *token, const char *path, const char *const *query, const char *what, json_t **ret,
		    struct err *e)
{
	autobuf struct buf text = { 0 };

	return ask(k, token, path, query, what, &text, e) < 0 ? -(int)e->kind : json_parse(buf_sv(&text), what, ret, e);
}

static int keep_token(const json_t *answer, const char *key, struct secret *ret, struct err *e)
{
	const char *token = json_str(answer, key, "");

	return *token ? secret_set(ret, token, strlen(token), e) : err_set(e, ERR_FORMAT, "the server's answer holds no token");
}

/* ---- signing in ---- */

static int read_token(const char *path, struct secret *ret, struct err *e)
{
	autosecret struct secret raw = { 0 };
	struct sv token;

	if (file_read_secret(path, &raw, e) < 0)
		return -(int)e->kind;
	token = sv_trim((struct sv){ raw.bytes ?: "", raw.len });
	for (size_t i = 0; i < token.n; i++)
		if (token.p[i] <= ' ' || token.p[i] > '~')
			return err_set(e, ERR_FORMAT, "'%s' holds more than a token", path);
	return token.n ? secret_set(ret, token.p, token.n, e) : err_set(e, ERR_FORMAT, "'%s' is empty", path);
}

static int ping(struct look *k, struct err *e)
{
	autobuf struct buf said = { 0 };

	if (ask(k, &k->account, "/api2/auth/ping/", NULL, "sign in with the token", &said, e) < 0)
		return -(int)e->kind;
	return strstr(buf_str(&said), "pong") ? 0 : err_set(e, ERR_FORMAT, "sign in with the token: the answer is not 'pong'");
}

static bool is_uuid(const char *text)
{
	size_t n = strlen(text);

	return n >= 32 && n <= 36 && strspn(text, "0123456789abcdefABCDEF-") == n;
}

/* The path of an address, whoever it names: the door of the site is asked. NULL: none that a request can have. Borrowed. */
static const char *path_of(const char *address)
{
	const char *host = strstr(address, "://"), *path = host ? strchr(host + 3, '/') : NULL;

	return path && !strpbrk(path, "?# \t\r\n") ? path : NULL;
}

/* By the api-gateway, or straight to dtable-server where the release has none: the server says which. */
static int keep_way(struct look *k, const json_t *answer, struct err *e)
{
	const char *uuid = json_str(answer, "dtable_uuid", ""), *server = path_of(json_str(answer, "dtable_server", ""));

	if (!is_uuid(uuid) || !server)
		return err_set(e, ERR_FORMAT, "the server does not say where the base is");
	k->uuid = xstrdup(uuid);
	k->dtables = xasprintf("%s%sapi/v%d/dtables/%s/", server, server[strlen(server) - 1] == '/' ? "" : "/",
			       json_bool(answer, "use_api_gateway", false) ? 2 : 1, uuid);
	return 0;
}

static int enter_base(struct look *k, struct err *e)
{
	autojson json_t *answer = NULL;

	if (ask_json(k, &k->api, "/api/v2.1/dtable/app-access-token/", NULL, "enter the base", &answer, e) < 0 ||
	    keep_token(answer, "access_token", &k->access, e) < 0)
		return -(int)e->kind;
	return keep_way(k, answer, e);
}

static int sign_in(struct look *k, const char *token_file, struct err *e)
{
	if (read_token(token_file, k->base ? &k->account : &k->api, e) < 0)
		return -(int)e->kind;
	return k->base ? ping(k, e) : enter_base(k, e);
}

/* ---- the base ---- */

/* An account gets a token for the base first. */
static int find_base(struct look *k, struct err *e)
{
	autobuf struct buf path = BUF_MAX(4096);
	autojson json_t *answer = NULL;
	struct sv name = sv_of(k->base), workspace = sv_cut(&name, '/');

	buf_addf(&path, "/api/v2.1/workspace/" SV_FMT "/dtable/", SV_ARG(workspace));
	http_encode(&path, name.p);
	buf_adds(&path, "/temp-api-token/");
	if (buf_check(&path, "the name of the base", e) < 0 ||
	    ask_json(k, &k->account, buf_str(&path), NULL, "find the base", &answer, e) < 0 || keep_token(answer, "api_token", &k->api, e) < 0)
		return -(int)e->kind;
	return enter_base(k, e);
}

static int open_base(struct look *k, struct err *e)
{
	autojson json_t *answer = NULL, *tables = json_object();
	autofree char *path = NULL;
	const json_t *one;
	size_t i;

	if (k->base && find_base(k, e) < 0)
		return -(int)e->kind;
	path = xasprintf("%smetadata/", k->dtables);
	if (ask_json(k, &k->access, path, NULL, "open the base", &answer, e) < 0)
		return -(int)e->kind;
	json_array_foreach(json_object_get(json_object_get(answer, "metadata"), "tables"), i, one)
		if (json_str(one, "name", NULL))
			json_object_set_new(tables, json_str(one, "name", ""),
					    json_integer((json_int_t)json_array_size(json_object_get(one, "columns"))));
	if (!json_object_size(tables))
		return err_set(e, ERR_FORMAT, "open the base: no table is in it");
	json_object_set_new(k->ret, "base", json_pack("{ss sO}", "uuid", k->uuid, "tables", tables));
	return 0;
}

/* ---- rows, and a file that one of them names ---- */

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Of "https://host/workspace/7/asset/UUID/files/2026-11/a%20b.pdf" what stands behind the UUID. Heap; NULL: it is of no file of the base. */
static char *asset_of(const struct look *k, const char *url)
{
	autofree char *mark = xasprintf("/asset/%s/", k->uuid);
	const char *at = strstr(url, mark);
	autofree char *path = at ? xstrdup(at + strlen(mark)) : NULL;
	char *to = path;

	if (!path)
		return NULL;
	for (const char *p = path; *p && *p != '?'; p++) {
		bool coded = p[0] == '%' && hex(p[1]) >= 0 && hex(p[2]) >= 0;

		*to++ = coded ? (char)(hex(p[1]) << 4 | hex(p[2])) : *p;
		p += coded ? 2 : 0;
	}
	*to = '\0';
	return *path ? take_ptr(path) : NULL;
}

static void look_for_file(struct look *k, const json_t *row, int *budget)
{
	const char *column;
	const json_t *value, *item;
	size_t i;

	json_object_foreach((json_t *)row, column, value)
		json_array_foreach((json_t *)value, i, item)
		{
			const char *url = json_string_value(item) ?: json_str(item, "url", "");

			if (k->file || --*budget < 0)
				return;
			if (json_int(item, "size", 0) <= (int64_t)FILE_MAX)
				k->file = asset_of(k, url);
		}
}

static int read_table(struct look *k, const char *table, json_t **ret, struct err *e)
{
	const char *query[] = { "table_name", table, "start", "0", "limit", ROWS, NULL };
	autofree char *path = xasprintf("%srows/", k->dtables);
	autojson json_t *answer = NULL;
	json_t *ids = json_array();
	int budget = VALUES_MAX;
	const json_t *row;
	size_t i;

	*ret = ids;
	if (ask_json(k, &k->access, path, query, "read rows", &answer, e) < 0)
		return -(int)e->kind;
	json_array_foreach(json_object_get(answer, "rows"), i, row)
	{
		json_array_append_new(ids, json_string(json_str(row, "_id", "")));
		look_for_file(k, row, &budget);
	}
	return 0;
}

static int read_rows(struct look *k, struct err *e)
{
	const json_t *tables = json_object_get(json_object_get(k->ret, "base"), "tables"), *columns;
	autojson json_t *rows = json_object();
	const char *table;
	int n = 0;

	json_object_foreach((json_t *)tables, table, columns)
	{
		json_t *ids = NULL;
		int r = n++ < TABLES_MAX ? read_table(k, table, &ids, e) : 0;

		if (ids)
			json_object_set_new(rows, table, ids);
		if (r < 0)
			return r;
	}
	json_object_set(k->ret, "rows", rows);
	return 0;
}

struct sum {
	struct hasher *hasher;
	uint64_t bytes;
};

static int add_piece(void *data, struct sv piece, struct err *e)
{
	struct sum *s = data;

	s->bytes += piece.n;
	if (s->bytes > FILE_MAX)
		return err_set(e, ERR_SPACE, "the file is larger than %u MiB", FILE_MAX >> 20);
	hasher_add(s->hasher, piece.p, piece.n);
	return 0;
}

static void begin_sum(void *data)
{
	struct sum *s = data;

	s->bytes = 0;
	hasher_begin(s->hasher);
}

static int fetch(struct look *k, const char *path, struct err *e)
{
	struct sum sum = { .hasher = hasher_new() };
	struct http_ask ask = { .path = path, .sink = add_piece, .sink_data = &sum };
	struct http_answer answer = { 0 };
	unsigned char sha[SHA_BYTES];
	char digest[2 * SHA_BYTES + 1];
	int r;

	begin_sum(&sum);
	r = ask_again(k, NULL, &ask, begin_sum, &answer, e);
	http_answer_done(&answer);
	hasher_end(sum.hasher, sha);
	hasher_free(sum.hasher);
	if (r < 0)
		return err_wrap(e, "fetch a file");
	if (refused(k, "fetch a file", e) < 0)
		return -(int)e->kind;
	hash_hex(sha, digest);
	json_object_set_new(k->ret, "file", json_pack("{so sI ss}", "path", json_text(k->file), "bytes", (json_int_t)sum.bytes, "sha256", digest));
	return 0;
}

static int fetch_file(struct look *k, struct err *e)
{
	autofree char *named = k->file ? xasprintf("/%s", k->file) : NULL;
	const char *query[] = { "path", named, NULL }, *path;
	autojson json_t *answer = NULL;

	if (!named)
		return err_set(e, ERR_ABSENT, "no row that was read names a file");
	if (ask_json(k, &k->api, "/api/v2.1/dtable/app-download-link/", query, "ask for a file", &answer, e) < 0)
		return -(int)e->kind;
	path = path_of(json_str(answer, "download_link", ""));
	return path ? fetch(k, path, e) : err_set(e, ERR_FORMAT, "ask for a file: the answer holds no link");
}

/* Only an administrator's account is told. */
static void count_seats(struct look *k)
{
	autojson json_t *answer = NULL;
	struct err no = ERR_INIT;

	if (!k->base || ask_json(k, &k->account, "/api/v2.1/admin/sysinfo/", NULL, "ask for seats", &answer, &no) < 0)
		return;
	json_object_set_new(k->ret, "seats", json_pack("{sI sO*}", "active", (json_int_t)json_int(answer, "active_users_count", -1), "max",
						       json_object_get(answer, "license_maxusers")));
}

/* ---- all of it ---- */

static bool worked(struct look *k, const char *part, int r, struct err *why)
{
	if (r < 0)
		json_object_set_new(json_object_get(k->ret, "failed"), part,
				    json_pack("{sI so}", "status", (json_int_t)k->status, "why", json_text(why->msg)));
	err_clear(why);
	return r >= 0;
}

json_t *sea_client_look(const struct site *s, const struct goal *g, const json_t *before, struct deadline until)
{
	const json_t *said = g ? json_object_get(g->settings, "probe") : NULL;
	const char *file = json_str(json_object_get(before, "file"), "path", NULL);
	struct look k = { .site = s, .base = json_str(said, "base", NULL), .until = until };
	struct err e = ERR_INIT;

	if (!json_is_object(said))
		return NULL;
	k.ret = json_pack("{s{}}", "failed");
	k.file = file ? xstrdup(file) : NULL;
	if (worked(&k, "login", sign_in(&k, json_str(said, "token_file", ""), &e), &e)) {
		json_object_set_new(k.ret, "login", json_true());
		if (worked(&k, "base", open_base(&k, &e), &e) && worked(&k, "rows", read_rows(&k, &e), &e))
			(void)worked(&k, "file", fetch_file(&k, &e), &e);
		count_seats(&k);
	}
	look_done(&k);
	return k.ret;
}
