#include "products/questdb/sql.h"

#include <stdio.h>
#include <string.h>

#include "io/file.h"
#include "svc/gate.h"

#define WITHIN_NS (30 * NS_PER_S)

static int read_login(const json_t *login, struct sql *db, struct err *e)
{
	const char *token = json_str(login, "token_file", NULL),
		   *password = json_str(login, "password_file", NULL);

	db->user = xstrdup(json_str(login, "user", NULL));
	if (token && file_read_secret(token, &db->token, e) < 0)
		return err_wrap(e, "login");
	if (password && file_read_secret(password, &db->password, e) < 0)
		return err_wrap(e, "login");
	return 0;
}

/* Across editions a plan names a second login: accounts of one edition are not those of the other.
 */
static const json_t *login_of(const struct site *s, const struct sql *db)
{
	const json_t *after = json_object_get(s->doc, "target_login");
	struct sql_settings is = { 0 };
	struct err ignored = ERR_INIT;

	if (!after || sql_settings(db, WITHIN_NS, &is, &ignored) < 0)
		return s->login;
	return strcmp(is.edition, json_str(after, "edition", "")) ? s->login : after;
}

int sql_open_as_anybody(const struct site *s, struct sql *ret, struct err *e)
{
	const json_t *probe = json_object_get(s->doc, "probe");
	int64_t port = json_int(probe, "http", 0);
	struct sql db = { 0 };

	if (port < 1 || port > 65535)
		return err_set(e, ERR_ABSENT, "no HTTP port of the server is known");
	snprintf(db.http.host, sizeof db.http.host, "%s", json_str(probe, "host", "127.0.0.1"));
	db.http.port = (uint16_t)port;
	db.http.tls = json_bool(probe, "tls", false);
	db.http.mark = gate_mark();
	*ret = db;
	return 0;
}

int sql_open(const struct site *s, struct sql *ret, struct err *e)
{
	autosql struct sql db = { 0 };

	if (sql_open_as_anybody(s, &db, e) < 0)
		return -e->kind;
	if (read_login(login_of(s, &db), &db, e) < 0)
		return -e->kind;
	*ret = db;
	db = (struct sql){ 0 };
	return 0;
}

void sql_close(struct sql *db)
{
	secret_done(&db->password);
	secret_done(&db->token);
	free(db->user);
	*db = (struct sql){ 0 };
}

void sql_rows_done(struct sql_rows *r)
{
	json_decref(r->doc);
	json_decref(r->columns);
	*r = (struct sql_rows){ 0 };
}

/* The pointers into `db` are set here, so that a struct sql may be moved. */
static struct http http_of(const struct sql *db)
{
	struct http h = db->http;

	h.user = db->user;
	h.password = db->password.bytes ? &db->password : NULL;
	h.bearer = db->token.bytes ? &db->token : NULL;
	return h;
}

static int not_ok(long status, struct sv body, struct err *e)
{
	autojson json_t *doc = NULL;
	struct err ignored = ERR_INIT;

	if (status == 401 || status == 403) {
		err_set(e, ERR_DENIED,
			status == 401 ? "the server wants another login"
				      : "this login may not do that");
		return err_hint(e, "give 'login' with 'user' and 'password_file', or 'token_file'");
	}
	if (json_parse(body, "the answer", &doc, &ignored) >= 0 && json_str(doc, "error", NULL))
		return err_set(e, ERR_REFUSED, "the server says: %s", json_str(doc, "error", ""));
	return err_set(e, ERR_REFUSED, "the server answers with status %ld", status);
}

static int map_columns(const json_t *columns, json_t **ret, struct err *e)
{
	autojson json_t *map = json_object();
	json_t *column;
	size_t i;

	json_array_foreach(columns, i, column)
	{
		const char *name = json_str(column, "name", NULL);

		if (!name)
			return err_set(e, ERR_FORMAT, "a column of the answer has no name");
		json_object_set_new(map, name, json_integer((json_int_t)i));
	}
	*ret = take_ptr(map);
	return 0;
}

int sql_parse(long status, struct sv body, struct sql_rows *ret, struct err *e)
{
	autorows struct sql_rows r = { 0 };
	json_t *columns, *row;
	size_t i;

	if (status != 200)
		return not_ok(status, body, e);
	if (json_parse(body, "the answer", &r.doc, e) < 0)
		return -e->kind;
	columns = json_object_get(r.doc, "columns");
	r.dataset = json_object_get(r.doc, "dataset");
	if (columns || r.dataset) {
		if (!json_is_array(columns) || !json_is_array(r.dataset))
			return err_set(e, ERR_FORMAT, "the answer has no columns and rows");
		json_array_foreach(r.dataset, i, row)
		{
			if (json_array_size(row) != json_array_size(columns))
				return err_set(
				    e, ERR_FORMAT,
				    "row %zu of the answer is not as wide as its columns", i);
		}
	} else if (!json_str(r.doc, "ddl", NULL) && !json_str(r.doc, "dml", NULL)) {
		return err_set(e, ERR_FORMAT, "the answer is neither rows nor 'OK'");
	}
	if (map_columns(columns, &r.columns, e) < 0)
		return -e->kind;
	r.n = json_array_size(r.dataset);
	*ret = r;
	r = (struct sql_rows){ 0 };
	return 0;
}

int sql_ask(const struct sql *db, const char *statement, int64_t within_ns, struct sql_rows *ret,
	    struct err *e)
{
	struct http_answer answer = { 0 };
	struct http h = http_of(db);
	const char *query[] = { "query", statement, "quoteLargeNum", "true", NULL };
	char timeout[64];
	const char *headers[] = { timeout, NULL };
	int64_t within = within_ns ? within_ns : WITHIN_NS;
	struct http_ask ask = { .method = "GET",
				.path = "/exec",
				.query = query,
				.headers = headers,
				.within_ns = within,
				.max = 64u << 20 };
	int r;

	snprintf(timeout, sizeof timeout, "Statement-Timeout: %jd", (intmax_t)(within / NS_PER_MS));
	if (http_do(&h, &ask, &answer, e) < 0)
		return -e->kind;
	r = sql_parse(answer.status, buf_sv(&answer.body), ret, e);
	http_answer_done(&answer);
	return r;
}

int sql_export(const struct sql *db, const char *statement, int64_t within_ns,
	       int (*sink)(void *data, struct sv piece, struct err *e), void *data, struct err *e)
{
	struct http_answer answer = { 0 };
	struct http h = http_of(db);
	const char *query[] = { "query", statement, NULL };
	char timeout[64];
	const char *headers[] = { timeout, NULL };
	struct http_ask ask = { .method = "GET",
				.path = "/exp",
				.query = query,
				.headers = headers,
				.within_ns = within_ns,
				.sink = sink,
				.sink_data = data };
	long status;

	snprintf(timeout, sizeof timeout, "Statement-Timeout: %jd",
		 (intmax_t)(within_ns / NS_PER_MS));
	if (http_do(&h, &ask, &answer, e) < 0)
		return -e->kind;
	status = answer.status;
	http_answer_done(&answer);
	return status == 200 ? 0 : not_ok(status, SV(""), e);
}

int sql_askf(const struct sql *db, int64_t within_ns, struct sql_rows *ret, struct err *e,
	     const char *fmt, ...)
{
	autobuf struct buf text = BUF_MAX(256 << 10);
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	if (buf_check(&text, "a statement", e) < 0)
		return -e->kind;
	return sql_ask(db, buf_str(&text), within_ns, ret, e);
}

bool sql_has(const struct sql_rows *r, const char *column)
{
	return json_object_get(r->columns, column) != NULL;
}

static const json_t *cell(const struct sql_rows *r, size_t row, const char *column)
{
	const json_t *at = json_object_get(r->columns, column);

	return at ? json_array_get(json_array_get(r->dataset, row), (size_t)json_integer_value(at))
		  : NULL;
}

const char *sql_text(const struct sql_rows *r, size_t row, const char *column)
{
	return json_string_value(cell(r, row, column));
}

int64_t sql_int(const struct sql_rows *r, size_t row, const char *column, int64_t absent)
{
	const json_t *v = cell(r, row, column);
	int64_t n;

	if (json_is_integer(v))
		return json_integer_value(v);
	return json_is_string(v) && sv_i64(sv_of(json_string_value(v)), &n) ? n : absent;
}

bool sql_bool(const struct sql_rows *r, size_t row, const char *column, bool absent)
{
	const json_t *v = cell(r, row, column);

	return json_is_boolean(v) ? json_is_true(v) : absent;
}

char *sql_quote(const char *text)
{
	struct buf b = BUF_MAX(1 << 20);

	buf_addc(&b, '\'');
	for (; *text; text++)
		buf_adds(&b, *text == '\'' ? "''" : (char[]){ *text, '\0' });
	buf_addc(&b, '\'');
	return buf_take(&b);
}

int sql_settings_parse(struct sv body, struct sql_settings *ret, struct err *e)
{
	struct sql_settings found = { .accepts_writes = -1 };
	autojson json_t *doc = NULL;
	const json_t *config;
	const char *type;

	if (json_parse(body, "the settings", &doc, e) < 0)
		return -e->kind;
	if (!json_is_object(doc))
		return err_set(e, ERR_FORMAT, "the settings are no object");
	config = json_object_get(doc, "config");
	if (!json_is_object(config))
		config = doc;
	type = json_str(config, "release.type", "");
	snprintf(found.edition, sizeof found.edition, "%s",
		 !strcmp(type, "OSS")  ? "open-source"
		 : !strcmp(type, "EE") ? "enterprise"
				       : "");
	snprintf(found.version, sizeof found.version, "%s",
		 json_str(config, "release.version", ""));
	/* Which endpoints take writes: ["http", "tcp", "pgwire"]. */
	if (json_is_array(json_object_get(config, "accepting.writes")))
		found.accepts_writes =
		    json_array_size(json_object_get(config, "accepting.writes")) > 0;
	*ret = found;
	return 0;
}

static int get(const struct sql *db, const char *path, int64_t within_ns, struct buf *ret,
	       struct err *e)
{
	struct http_answer answer = { 0 };
	struct http h = http_of(db);
	struct http_ask ask = {
		.method = "GET", .path = path, .within_ns = within_ns, .max = 1 << 20
	};
	int r;

	if (http_do(&h, &ask, &answer, e) < 0)
		return -e->kind;
	r = answer.status == 200 ? 0 : not_ok(answer.status, buf_sv(&answer.body), e);
	if (r < 0)
		http_answer_done(&answer);
	else
		*ret = answer.body;
	return r;
}

int sql_get(const struct sql *db, const char *path, int64_t within_ns, json_t **ret, struct err *e)
{
	autobuf struct buf body = { 0 };

	if (get(db, path, within_ns, &body, e) < 0)
		return -e->kind;
	return json_parse(buf_sv(&body), path, ret, e);
}

int sql_settings(const struct sql *db, int64_t within_ns, struct sql_settings *ret, struct err *e)
{
	autobuf struct buf body = { 0 };

	if (get(db, "/settings", within_ns, &body, e) < 0)
		return -e->kind;
	return sql_settings_parse(buf_sv(&body), ret, e);
}

/* "Build Information: QuestDB 9.0.3, JDK 21.0.7, Commit Hash efc0..": the word before the first
 * comma. */
static void version_in(const char *line, char version[48])
{
	struct sv rest = sv_of(line), head = sv_cut(&rest, ','), word = head;

	while (memchr(word.p, ' ', word.n))
		(void)sv_cut(&word, ' ');
	snprintf(version, 48, SV_FMT, SV_ARG(word));
}

int sql_build(const struct sql *db, char **ret_line, char version[48], struct err *e)
{
	autorows struct sql_rows r = { 0 };
	const char *line;

	if (sql_ask(db, "select build() as b", 0, &r, e) < 0)
		return err_wrap(e, "ask for the build");
	line = sql_text(&r, 0, "b");
	if (!line)
		return err_set(e, ERR_FORMAT, "the server does not name its build");
	version_in(line, version);
	*ret_line = xstrdup(line);
	return 0;
}
