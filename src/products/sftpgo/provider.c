#include "products/sftpgo/provider.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "products/sftpgo/provider_driver.h"

#define WITHIN_NS (300 * NS_PER_S)
#define STATEMENT_MAX (16 << 10)
#define NODE_ALIVE_MS (120 * 1000)
#define NODES_MAX (64 << 10)
#define SESSIONS_MAX 10000
#define SCHEMA_MIN 1
#define SCHEMA_MAX 9999 /* no schema number: a table that only happens to have that name */

static const struct provider_ops *const drivers[] = {
	&provider_sqlite,
	&provider_postgresql,
	&provider_mysql,
	&provider_bolt,
};

static int find_driver(const char *name, const struct provider_ops **ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		if (name && !strcmp(drivers[i]->driver, name)) {
			*ret = drivers[i];
			return 0;
		}
	}
	if (name && !strcmp(name, "memory"))
		return err_set(e, ERR_REFUSED,
			       "the data provider 'memory' lives in the server alone: "
			       "what it changed since its start is in no file");
	if (name && !strcmp(name, "cockroachdb"))
		return err_set(e, ERR_REFUSED,
			       "the data provider 'cockroachdb' is not read by this program");
	return err_set(e, ERR_REFUSED, "unknown data provider '%s'", name ? name : "");
}

static int reach(const struct provider_at *at, bool peek, struct provider **ret, struct err *e)
{
	autoprovider struct provider *p = NULL;
	const struct provider_ops *ops = NULL;

	if (find_driver(at->driver, &ops, e) < 0)
		return -(int)e->kind;
	if (at->connection.len && ops != &provider_postgresql)
		return err_set(e, ERR_REFUSED,
			       "data provider %s: a connection_string is not understood",
			       ops->driver);
	p = xcalloc(1, sizeof *p);
	p->ops = ops;
	p->prefix = xstrdup(at->prefix ? at->prefix : "");
	p->until = deadline_in(at->within_ns ? at->within_ns : WITHIN_NS);
	if ((peek && ops->peek ? ops->peek : ops->open)(at, p, e) < 0)
		return err_wrap(e, "data provider %s", ops->driver);
	*ret = take_ptr(p);
	return 0;
}

int provider_connect(const struct provider_at *at, struct provider **ret, struct err *e)
{
	return reach(at, false, ret, e);
}

static int open_with_schema(const struct provider_at *at, bool peek, struct provider **ret, struct err *e)
{
	autoprovider struct provider *p = NULL;
	int64_t schema = 0;

	if (reach(at, peek, &p, e) < 0)
		return -(int)e->kind;
	if (p->ops->schema(p, &schema, e) < 0)
		return err_wrap(e, "data provider %s", p->ops->driver);
	if (schema < SCHEMA_MIN || schema > SCHEMA_MAX)
		return err_set(e, ERR_FORMAT, "data provider %s: schema version %" PRId64,
			       p->ops->driver, schema);
	p->schema = (int)schema;
	*ret = take_ptr(p);
	return 0;
}

int provider_open(const struct provider_at *at, struct provider **ret, struct err *e)
{
	return open_with_schema(at, false, ret, e);
}

int provider_schema_now(const struct provider_at *at, int *ret, struct err *e)
{
	autoprovider struct provider *p = NULL;

	if (open_with_schema(at, true, &p, e) < 0)
		return -(int)e->kind;
	*ret = p->schema;
	return 0;
}

void provider_close(struct provider *p)
{
	if (!p)
		return;
	if (p->handle)
		p->ops->close(p);
	free(p->prefix);
	free(p->server);
	free(p);
}

const char *provider_driver(const struct provider *p) { return p->ops->driver; }

int provider_schema(const struct provider *p) { return p->schema; }

const char *provider_server_version(const struct provider *p) { return p->server ? p->server : ""; }

/* ---- statements ---- */

/* A name between quotes, with quotes in it doubled: the prefix comes from a configuration. */
static void add_name(const struct provider *p, const char *prefix, struct sv name, struct buf *ret)
{
	buf_addc(ret, p->ops->quote);
	for (const char *c = prefix; *c; c++) {
		if (*c == p->ops->quote)
			buf_addc(ret, *c);
		buf_addc(ret, *c);
	}
	buf_add_sv(ret, name);
	buf_addc(ret, p->ops->quote);
}

void provider_sql_text(const struct provider *p, const char *text, struct buf *ret)
{
	struct sv rest = sv_of(text);

	while (rest.n) {
		size_t plain = strcspn(rest.p, "{[<");
		char open;

		buf_add(ret, rest.p, plain);
		rest = (struct sv){ rest.p + plain, rest.n - plain };
		if (!rest.n)
			return;
		open = *rest.p;
		rest = (struct sv){ rest.p + 1, rest.n - 1 };
		if (open == '{') {
			add_name(p, p->prefix, sv_cut(&rest, '}'), ret);
		} else if (open == '[') {
			add_name(p, "", sv_cut(&rest, ']'), ret);
		} else {
			struct sv how = sv_of(p->ops->bytewise), before = sv_cut(&how, '@');

			buf_add_sv(ret, before);
			buf_add_sv(ret, sv_cut(&rest, '>'));
			buf_add_sv(ret, how);
		}
	}
}

int provider_query(struct provider *p, const char *text, struct rows **ret, struct err *e)
{
	autobuf struct buf sql = BUF_MAX(STATEMENT_MAX);

	if (!p->ops->query)
		return err_set(e, ERR_BUG, "driver %s takes no statements", p->ops->driver);
	provider_sql_text(p, text, &sql);
	if (buf_check(&sql, "a statement", e) < 0)
		return -(int)e->kind;
	return p->ops->query(p, buf_str(&sql), ret, e);
}

int provider_value(struct provider *p, const char *text, struct buf *ret, struct err *e)
{
	autorows struct rows *rows = NULL;
	int r = provider_query(p, text, &rows, e);

	if (r == 0)
		r = rows_next(rows, e);
	if (r > 0)
		buf_add_sv(ret, rows_col(rows, 0));
	return r < 0 ? r : 0;
}

int provider_number(struct provider *p, const char *text, const char *what, int64_t *ret,
		    struct err *e)
{
	autobuf struct buf value = BUF_MAX(256);
	int64_t n;

	if (provider_value(p, text, &value, e) < 0)
		return -(int)e->kind;
	if (!sv_i64(buf_sv(&value), &n))
		return err_set(e, ERR_FORMAT, "%s is '%s', not a number", what, buf_str(&value));
	*ret = n;
	return 0;
}

/* ---- what checks ask ---- */

int provider_nodes(struct provider *p, int64_t now_wall_ns, struct buf *ret_names, struct err *e)
{
	autorows struct rows *rows = NULL;
	autofree char *text = NULL;
	int r, n = 0;

	if (!p->ops->nodes)
		return 0;
	text = xasprintf("SELECT name FROM {nodes} WHERE updated_at > %" PRId64 " ORDER BY <name>",
			 now_wall_ns / NS_PER_MS - NODE_ALIVE_MS);
	if (provider_query(p, text, &rows, e) < 0)
		return err_wrap(e, "look for other nodes");
	while ((r = rows_next(rows, e)) > 0) {
		buf_add_sv(ret_names, rows_col(rows, 0));
		buf_addc(ret_names, '\n');
		n++;
	}
	if (r < 0 || buf_check(ret_names, "the names of nodes", e) < 0)
		return err_wrap(e, "look for other nodes");
	return n;
}

static int add_session(struct rows *row, json_t *list, struct err *e)
{
	struct sv from = rows_col(row, 0), port = rows_col(row, 1);
	int64_t number;

	if (!sv_i64(port, &number))
		return err_set(e, ERR_FORMAT, "the port of a session is '" SV_FMT "'", SV_ARG(port));
	if (json_array_size(list) >= SESSIONS_MAX)
		return err_set(e, ERR_SPACE, "more than %d sessions are open in the database", SESSIONS_MAX);
	json_array_append_new(list, json_pack("{so sI}", "from", json_stringn(from.p, from.n), "port", (json_int_t)number));
	return 0;
}

int provider_sessions(struct provider *p, json_t **ret, struct err *e)
{
	autojson json_t *list = json_array();
	autorows struct rows *rows = NULL;
	int r = p->ops->sessions ? provider_query(p, p->ops->sessions, &rows, e) : 0;

	while (r >= 0 && rows && (r = rows_next(rows, e)) > 0)
		r = add_session(rows, list, e);
	if (r < 0)
		return err_wrap(e, "look for other sessions");
	*ret = take_ptr(list);
	return 0;
}

int provider_ddl_right(struct provider *p, enum provider_right *ret, const char **why,
		       struct err *e)
{
	if (p->ops->ddl_right)
		return p->ops->ddl_right(p, ret, why, e);
	*ret = RIGHT_YES;
	*why = "";
	return 0;
}
