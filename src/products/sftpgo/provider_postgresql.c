/* PostgreSQL: one snapshot for all that is read, by cursors, so that neither side holds a table at
 * once. Every wait is on the socket and ends with the provider's deadline. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/mem.h"
#include "products/sftpgo/libpq.h"
#include "products/sftpgo/provider_driver.h"

#define BATCH 50 /* rows of a fetch: each may be as large as an object */
#define PARAMS_MAX 16

struct pg {
	const struct pq_calls *pq;
	PGconn *conn;
	unsigned cursors; /* names given out */
};

/* ---- waiting ---- */

static int wait_socket(struct provider *p, short events, struct err *e)
{
	struct pg *pg = p->handle;
	struct pollfd at = { .fd = pg->pq->socket(pg->conn), .events = events };
	int n;

	do
		n = poll(&at, 1, deadline_left_ms(p->until));
	while (n < 0 && errno == EINTR && !deadline_passed(p->until));
	if (n < 0)
		return err_sys(e, errno, "wait for the database");
	return n ? 0 : err_set(e, ERR_TIMEOUT, "the database does not answer in time");
}

/* Its words on one line, without the LF at the end. */
static void add_words(const char *words, char *ret, size_t n)
{
	snprintf(ret, n, "%s", words ? words : "");
	for (char *c = ret; *c; c++)
		*c = *c == '\n' ? (c[1] ? ' ' : '\0') : *c;
}

static int login_failed(struct pg *pg, struct err *e)
{
	char words[400];

	add_words(pg->pq->error_message(pg->conn), words, sizeof words);
	if (strstr(words, "authentication failed") || strstr(words, "no pg_hba.conf entry") ||
	    strstr(words, "no password supplied"))
		return err_set(e, ERR_DENIED, "%s", words);
	return err_set(e, ERR_REFUSED, "%s", words);
}

static int finish_connect(struct provider *p, struct err *e)
{
	struct pg *pg = p->handle;

	for (;;) {
		switch (pg->pq->connect_poll(pg->conn)) {
		case PGRES_POLLING_OK:
			return 0;
		case PGRES_POLLING_READING:
			if (wait_socket(p, POLLIN, e) < 0)
				return -(int)e->kind;
			break;
		case PGRES_POLLING_WRITING:
			if (wait_socket(p, POLLOUT, e) < 0)
				return -(int)e->kind;
			break;
		default:
			return login_failed(pg, e);
		}
	}
}

/* ---- statements ---- */

static enum err_kind kind_of(const char *state)
{
	if (!state)
		return ERR_IO;
	if (!strncmp(state, "42501", 5))
		return ERR_DENIED;
	if (!strncmp(state, "42P01", 5))
		return ERR_FORMAT; /* no such table */
	return !strncmp(state, "57014", 5) ? ERR_TIMEOUT : ERR_REFUSED;
}

static int statement_failed(struct pg *pg, PGresult *r, struct err *e)
{
	char words[400];
	enum err_kind kind = kind_of(r ? pg->pq->result_error_field(r, PG_DIAG_SQLSTATE) : NULL);

	add_words(r ? pg->pq->result_error_message(r) : pg->pq->error_message(pg->conn), words,
		  sizeof words);
	pg->pq->clear(r);
	return err_set(e, kind, "%s", words);
}

static int next_result(struct provider *p, PGresult **ret, struct err *e)
{
	struct pg *pg = p->handle;

	while (pg->pq->is_busy(pg->conn)) {
		if (wait_socket(p, POLLIN, e) < 0)
			return -(int)e->kind;
		if (!pg->pq->consume_input(pg->conn))
			return statement_failed(pg, NULL, e);
	}
	*ret = pg->pq->get_result(pg->conn);
	return 0;
}

/* One statement, one result, which the caller clears. */
static int run(struct provider *p, const char *sql, PGresult **ret, struct err *e)
{
	struct pg *pg = p->handle;
	PGresult *first = NULL, *more = NULL;
	ExecStatusType status;

	if (!pg->pq->send_query(pg->conn, sql))
		return statement_failed(pg, NULL, e);
	if (next_result(p, &first, e) < 0)
		return -(int)e->kind;
	status = first ? pg->pq->result_status(first) : PGRES_FATAL_ERROR;
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		return statement_failed(pg, first, e);
	if (next_result(p, &more, e) < 0) {
		pg->pq->clear(first);
		return -(int)e->kind;
	}
	pg->pq->clear(more); /* NULL: the end of the answer */
	*ret = first;
	return 0;
}

static int command(struct provider *p, const char *sql, struct err *e)
{
	struct pg *pg = p->handle;
	PGresult *r = NULL;

	if (run(p, sql, &r, e) < 0)
		return -(int)e->kind;
	pg->pq->clear(r);
	return 0;
}

/* ---- rows ---- */

struct pg_rows {
	struct rows rows;
	struct provider *provider;
	unsigned cursor;
	PGresult *batch;
	int at, n;
};

static int pg_next(struct rows *rows, struct err *e)
{
	struct pg_rows *r = (struct pg_rows *)rows;
	struct pg *pg = r->provider->handle;
	char fetch[64];

	if (++r->at < r->n)
		return 1;
	if (r->batch && r->n < BATCH)
		return 0;
	pg->pq->clear(take_ptr(r->batch));
	snprintf(fetch, sizeof fetch, "FETCH %d FROM c%u", BATCH, r->cursor);
	if (run(r->provider, fetch, &r->batch, e) < 0)
		return -(int)e->kind;
	r->at = 0;
	r->n = pg->pq->ntuples(r->batch);
	return r->n > 0;
}

static struct sv pg_col(struct rows *rows, int at)
{
	struct pg_rows *r = (struct pg_rows *)rows;
	const struct pq_calls *pq = ((struct pg *)r->provider->handle)->pq;

	if (pq->getisnull(r->batch, r->at, at))
		return (struct sv){ 0 };
	return (struct sv){ pq->getvalue(r->batch, r->at, at),
			    (size_t)pq->getlength(r->batch, r->at, at) };
}

static void pg_rows_close(struct rows *rows)
{
	struct pg_rows *r = (struct pg_rows *)rows;
	struct err ignored = ERR_INIT;
	char close[32];

	snprintf(close, sizeof close, "CLOSE c%u", r->cursor);
	((struct pg *)r->provider->handle)->pq->clear(r->batch);
	(void)!command(r->provider, close, &ignored); /* the end of the connection ends it, too */
	free(r);
}

static const struct rows_ops pg_rows = { .next = pg_next, .col = pg_col, .close = pg_rows_close };

static int pg_query(struct provider *p, const char *sql, struct rows **ret, struct err *e)
{
	struct pg *pg = p->handle;
	autofree char *declare =
	    xasprintf("DECLARE c%u NO SCROLL CURSOR FOR %s", ++pg->cursors, sql);
	struct pg_rows *r;

	if (command(p, declare, e) < 0)
		return -(int)e->kind;
	r = xcalloc(1, sizeof *r);
	*r = (struct pg_rows){ .rows = { &pg_rows }, .provider = p, .cursor = pg->cursors };
	*ret = &r->rows;
	return 0;
}

/* ---- the connection ---- */

/* What is said on a terminal otherwise. */
static void no_notices(void *arg, const char *words) {}

struct params {
	const char *names[PARAMS_MAX], *values[PARAMS_MAX];
	size_t n;
};

static void param(struct params *all, const char *name, const char *value)
{
	if (value && *value && all->n < PARAMS_MAX - 1) {
		all->names[all->n] = name;
		all->values[all->n++] = value;
	}
}

/* "h1,h2:5433" to "h1,h2" and "5432,5433", as the server does it. */
void postgresql_hosts(const struct provider_at *at, struct buf *hosts, struct buf *ports)
{
	struct sv rest = sv_of(at->host ? at->host : "");

	while (rest.n) {
		struct sv one = sv_trim(sv_cut(&rest, ','));
		const char *colon = one.n ? memchr(one.p, ':', one.n) : NULL;
		bool with_port =
		    colon && !memchr(colon + 1, ':', one.n - (size_t)(colon + 1 - one.p));
		struct sv host = with_port ? (struct sv){ one.p, (size_t)(colon - one.p) } : one;

		if (!one.n)
			continue;
		buf_adds(hosts, hosts->len ? "," : "");
		buf_add_sv(hosts, host);
		buf_adds(ports, ports->len ? "," : "");
		if (with_port)
			buf_add(ports, colon + 1, one.n - host.n - 1);
		else
			buf_addf(ports, "%d", at->port ? at->port : 5432);
	}
}

const char *postgresql_ssl_mode(int mode)
{
	static const char *const modes[] = { "disable", "require", "verify-ca", "verify-full",
					     "prefer" };

	return mode >= 0 && mode < (int)ARRAY_LEN(modes) ? modes[mode] : "allow";
}

static void add_place(const struct provider_at *at, const char *hosts, const char *ports,
		      struct params *all)
{
	param(all, "host", hosts);
	param(all, "port", ports);
	param(all, "user", at->user);
	param(all, "password", at->password.bytes);
	param(all, "dbname", at->database);
	param(all, "sslmode", postgresql_ssl_mode(at->sslmode));
	param(all, "sslrootcert", at->root_cert);
	param(all, "sslcert", at->client_cert);
	param(all, "sslkey", at->client_key);
	param(all, "sslsni", at->no_sni ? "0" : NULL);
	param(all, "target_session_attrs", at->session_attrs);
}

static int connect_to(const struct provider_at *at, struct provider *p, struct err *e)
{
	autobuf struct buf hosts = BUF_MAX(4096), ports = BUF_MAX(4096);
	struct pg *pg = p->handle;
	struct params all = { 0 };

	if (at->connection.len) {
		/* A URL or words: the library takes it apart. */
		param(&all, "dbname", at->connection.bytes);
	} else {
		postgresql_hosts(at, &hosts, &ports);
		add_place(at, buf_str(&hosts), buf_str(&ports), &all);
	}
	param(&all, "application_name", "crossgrade");
	param(&all, "client_encoding", "UTF8");
	pg->conn = pg->pq->connect_start(all.names, all.values, at->connection.len > 0);
	if (!pg->conn)
		return err_set(e, ERR_SPACE, "no memory for a connection");
	(void)pg->pq->set_notices(pg->conn, no_notices, NULL);
	if (pg->pq->status(pg->conn) != CONNECTION_BAD)
		return finish_connect(p, e);
	/* What the library says of a string that it cannot read may hold the password. */
	return at->connection.len
		   ? err_set(e, ERR_REFUSED, "the connection_string leads to no server")
		   : login_failed(pg, e);
}

static int limit_locks(struct provider *p, int64_t lock_ns, struct err *e)
{
	autofree char *sql = xasprintf("SET lock_timeout = %d", (int)(lock_ns / NS_PER_MS));

	return lock_ns ? command(p, sql, e) : 0;
}

static int pg_open(const struct provider_at *at, struct provider *p, struct err *e)
{
	struct pg *pg = xcalloc(1, sizeof *pg);
	const char *version;

	p->handle = pg;
	if (pq_load(&pg->pq, e) < 0 || connect_to(at, p, e) < 0)
		return -(int)e->kind;
	version = pg->pq->parameter_status(pg->conn, "server_version");
	p->server = xstrdup(version ? version : "");
	if (limit_locks(p, at->lock_ns, e) < 0)
		return -(int)e->kind;
	return command(p, "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", e);
}

static void pg_close(struct provider *p)
{
	struct pg *pg = p->handle;

	if (pg->conn)
		pg->pq->finish(pg->conn);
	free(pg);
}

static int pg_schema(struct provider *p, int64_t *ret, struct err *e)
{
	return provider_number(p, "SELECT version FROM {schema_version} LIMIT 1",
			       "the schema version", ret, e);
}

/* A migration adds tables and columns to those that the account must own. */
static int pg_ddl_right(struct provider *p, enum provider_right *ret, const char **why,
			struct err *e)
{
	int64_t may_create, own;

	if (provider_number(p, "SELECT has_schema_privilege(current_schema(), 'CREATE')::int",
			    "the right to create", &may_create, e) < 0 ||
	    provider_number(p,
			    "SELECT pg_has_role(c.relowner, 'USAGE')::int FROM pg_class c "
			    "WHERE c.oid = '{schema_version}'::regclass",
			    "the owner of the tables", &own, e) < 0)
		return -(int)e->kind;
	*ret = may_create && own ? RIGHT_YES : RIGHT_NO;
	*why = !may_create ? "the account may not create tables in its schema"
	       : !own      ? "the account does not own the tables"
			   : "";
	return 0;
}

const struct provider_ops provider_postgresql = {
	.driver = "postgresql",
	.open = pg_open,
	.close = pg_close,
	.schema = pg_schema,
	.query = pg_query,
	.quote = '"',
	.bytewise = "@ COLLATE \"C\"",
	.ddl_right = pg_ddl_right,
	.nodes = true,
	.sessions = "SELECT coalesce(host(client_addr), 'this host'), greatest(coalesce(client_port, 0), 0) "
		    "FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND pid != pg_backend_pid()",
};
