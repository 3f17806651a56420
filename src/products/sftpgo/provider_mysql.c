/* MySQL and MariaDB: one consistent snapshot for all that is read, by server-side cursors, so that
 * we never hold a table. The library waits for each answer no longer than the provider's time
 * allowed at its start. */
#include <errmsg.h>
#include <mysqld_error.h>
#include <string.h>

#include "base/mem.h"
#include "products/sftpgo/libmariadb.h"
#include "products/sftpgo/objects.h"
#include "products/sftpgo/provider_driver.h"

#define BATCH 50
#define CELL 256 /* room for a column; a longer value is fetched by itself */
#define CONNECT_S 10
#define READ_S 60 /* as SFTPGo's own */

struct my {
	const struct mysql_calls *my;
	MYSQL *conn;
};

static enum err_kind kind_of(unsigned code)
{
	switch (code) {
	case ER_ACCESS_DENIED_ERROR:
	case ER_DBACCESS_DENIED_ERROR:
	case ER_TABLEACCESS_DENIED_ERROR:
		return ERR_DENIED;
	case ER_NO_SUCH_TABLE:
		return ERR_FORMAT;
	case CR_SERVER_LOST:
		return ERR_TIMEOUT;
	default:
		return ERR_REFUSED;
	}
}

static int conn_failed(struct my *my, struct err *e)
{
	return err_set(e, kind_of(my->my->error_number(my->conn)), "%s",
		       my->my->error_text(my->conn));
}

static int stmt_failed(struct my *my, MYSQL_STMT *stmt, struct err *e)
{
	return err_set(e, kind_of(my->my->stmt_error_number(stmt)), "%s",
		       my->my->stmt_error_text(stmt));
}

static int command(struct my *my, const char *sql, struct err *e)
{
	return my->my->real_query(my->conn, sql, strlen(sql)) ? conn_failed(my, e) : 0;
}

/* ---- rows ---- */

struct cell {
	char small[CELL];
	char *large; /* a value that does not fit there */
	unsigned long length;
	my_bool null, cut;
};

struct my_rows {
	struct rows rows;
	struct provider *provider;
	MYSQL_STMT *stmt;
	unsigned n;
	struct cell *cells;
	MYSQL_BIND *binds;
};

static int fetch_large(struct my_rows *r, unsigned at, struct err *e)
{
	struct my *my = r->provider->handle;
	struct cell *c = &r->cells[at];
	MYSQL_BIND bind = { .buffer_type = MYSQL_TYPE_STRING };
	unsigned long length = 0;

	if (c->length > OBJECT_MAX_BYTES)
		return err_set(e, ERR_SPACE, "a value is larger than %d MiB",
			       OBJECT_MAX_BYTES >> 20);
	c->large = xmalloc(c->length + 1);
	bind.buffer = c->large;
	bind.buffer_length = c->length;
	bind.length = &length;
	if (my->my->stmt_fetch_column(r->stmt, &bind, at, 0))
		return stmt_failed(my, r->stmt, e);
	c->large[c->length] = '\0';
	return 0;
}

static int my_next(struct rows *rows, struct err *e)
{
	struct my_rows *r = (struct my_rows *)rows;
	struct my *my = r->provider->handle;
	int got;

	for (unsigned i = 0; i < r->n; i++)
		free(take_ptr(r->cells[i].large));
	if (deadline_passed(r->provider->until))
		return err_set(e, ERR_TIMEOUT, "the database was not read in time");
	got = my->my->stmt_fetch(r->stmt);
	if (got == MYSQL_NO_DATA)
		return 0;
	if (got && got != MYSQL_DATA_TRUNCATED)
		return stmt_failed(my, r->stmt, e);
	for (unsigned i = 0; i < r->n; i++) {
		if (!r->cells[i].null && r->cells[i].length >= CELL && fetch_large(r, i, e) < 0)
			return -(int)e->kind;
	}
	return 1;
}

static struct sv my_col(struct rows *rows, int at)
{
	struct my_rows *r = (struct my_rows *)rows;
	struct cell *c = &r->cells[at];

	if (c->null)
		return (struct sv){ 0 };
	if (c->large)
		return (struct sv){ c->large, c->length };
	c->small[c->length] = '\0';
	return (struct sv){ c->small, c->length };
}

static void my_rows_close(struct rows *rows)
{
	struct my_rows *r = (struct my_rows *)rows;

	for (unsigned i = 0; i < r->n; i++)
		free(r->cells[i].large);
	if (r->stmt)
		(void)((struct my *)r->provider->handle)->my->stmt_close(r->stmt);
	free(r->cells);
	free(r->binds);
	free(r);
}

static const struct rows_ops my_rows = { .next = my_next, .col = my_col, .close = my_rows_close };

static int bind_cells(struct my_rows *r, struct err *e)
{
	struct my *my = r->provider->handle;

	r->n = my->my->stmt_field_count(r->stmt);
	r->cells = xcalloc(r->n, sizeof *r->cells);
	r->binds = xcalloc(r->n, sizeof *r->binds);
	for (unsigned i = 0; i < r->n; i++) {
		struct cell *c = &r->cells[i];

		r->binds[i] = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_STRING,
					    .buffer = c->small,
					    .buffer_length = CELL - 1,
					    .length = &c->length,
					    .is_null = &c->null,
					    .error = &c->cut };
	}
	return my->my->stmt_bind_result(r->stmt, r->binds) ? stmt_failed(my, r->stmt, e) : 0;
}

static int start(struct my_rows *r, const char *sql, struct err *e)
{
	struct my *my = r->provider->handle;
	unsigned long cursor = CURSOR_TYPE_READ_ONLY, batch = BATCH;

	r->stmt = my->my->stmt_init(my->conn);
	if (!r->stmt)
		return conn_failed(my, e);
	(void)my->my->stmt_attr_set(r->stmt, STMT_ATTR_CURSOR_TYPE, &cursor);
	(void)my->my->stmt_attr_set(r->stmt, STMT_ATTR_PREFETCH_ROWS, &batch);
	if (my->my->stmt_prepare(r->stmt, sql, strlen(sql)) || my->my->stmt_execute(r->stmt))
		return stmt_failed(my, r->stmt, e);
	return bind_cells(r, e);
}

static int my_query(struct provider *p, const char *sql, struct rows **ret, struct err *e)
{
	struct my_rows *r = xcalloc(1, sizeof *r);

	*r = (struct my_rows){ .rows = { &my_rows }, .provider = p };
	if (start(r, sql, e) < 0) {
		my_rows_close(&r->rows);
		return -(int)e->kind;
	}
	*ret = &r->rows;
	return 0;
}

/* ---- the connection ---- */

static void option(struct my *my, enum mysql_option name, const void *value)
{
	(void)my->my->options(my->conn, name, value);
}

/* 0 none, 1 checked, 2 unchecked, 3 if the server has it: SFTPGo's numbers for this driver. */
static void set_tls(struct my *my, const struct provider_at *at)
{
	my_bool yes = 1, verify = at->sslmode == 1;

	if (at->sslmode == 0)
		return;
	option(my, MYSQL_OPT_SSL_CA, at->root_cert);
	option(my, MYSQL_OPT_SSL_CERT, at->client_cert);
	option(my, MYSQL_OPT_SSL_KEY, at->client_key);
	option(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
	if (at->sslmode != 3)
		option(my, MYSQL_OPT_SSL_ENFORCE, &yes);
}

static void set_options(struct my *my, struct provider *p)
{
	unsigned left_s = (unsigned)(deadline_left_ns(p->until) / NS_PER_S) + 1;
	unsigned connect_s = MIN_OF(left_s, (unsigned)CONNECT_S),
		 read_s = MIN_OF(left_s, (unsigned)READ_S);

	option(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	option(my, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	option(my, MYSQL_OPT_READ_TIMEOUT, &read_s);
	option(my, MYSQL_OPT_WRITE_TIMEOUT, &read_s);
}

static int connect_to(const struct provider_at *at, struct provider *p, struct err *e)
{
	struct my *my = p->handle;
	bool socket = at->host && at->host[0] == '/';
	unsigned tcp = MYSQL_PROTOCOL_TCP;

	my->conn = my->my->init(NULL);
	if (!my->conn)
		return err_set(e, ERR_SPACE, "no memory for a connection");
	/* As the server does it; to the library alone, "localhost" is a socket of its own. */
	if (!socket)
		option(my, MYSQL_OPT_PROTOCOL, &tcp);
	set_options(my, p);
	set_tls(my, at);
	if (!my->my->real_connect(my->conn, socket ? NULL : at->host, at->user,
				  at->password.bytes ? at->password.bytes : "", at->database,
				  at->port, socket ? at->host : NULL, 0))
		return conn_failed(my, e);
	return 0;
}

static int limit_locks(struct my *my, int64_t lock_ns, struct err *e)
{
	autofree char *sql =
	    xasprintf("SET SESSION lock_wait_timeout = %d", (int)(lock_ns / NS_PER_S));

	return lock_ns ? command(my, sql, e) : 0;
}

static int my_open(const struct provider_at *at, struct provider *p, struct err *e)
{
	struct my *my = xcalloc(1, sizeof *my);

	p->handle = my;
	if (mysql_load(&my->my, e) < 0 || connect_to(at, p, e) < 0)
		return -(int)e->kind;
	p->server = xstrdup(my->my->server_info(my->conn));
	if (limit_locks(my, at->lock_ns, e) < 0 ||
	    command(my, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", e) < 0)
		return -(int)e->kind;
	return command(my, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", e);
}

static void my_close(struct provider *p)
{
	struct my *my = p->handle;

	if (my->conn)
		my->my->close(my->conn);
	free(my);
}

static int my_schema(struct provider *p, int64_t *ret, struct err *e)
{
	return provider_number(p, "SELECT version FROM {schema_version} LIMIT 1",
			       "the schema version", ret, e);
}

/* ---- rights ---- */

#define NEEDED "privilege_type IN ('CREATE', 'ALTER', 'DROP', 'INDEX')"
#define N_NEEDED 4
#define MYSELF "grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')"

/* The database of a grant is a pattern, as LIKE has them. */
static const char rights[] =
    "SELECT COUNT(DISTINCT privilege_type) FROM (SELECT privilege_type FROM "
    "information_schema.user_privileges "
    "WHERE " MYSELF " AND " NEEDED
    " UNION SELECT privilege_type FROM information_schema.schema_privileges "
    "WHERE " MYSELF " AND " NEEDED " AND DATABASE() LIKE table_schema) had";

static int my_ddl_right(struct provider *p, enum provider_right *ret, const char **why,
			struct err *e)
{
	struct err no_roles = ERR_INIT;
	int64_t had, roles = 0;

	if (provider_number(p, rights, "the number of rights", &had, e) < 0)
		return err_wrap(e, "look at the rights of the account");
	/* Releases without roles have no such table. */
	if (had < N_NEEDED &&
	    provider_number(p, "SELECT COUNT(*) FROM information_schema.applicable_roles",
			    "the number of roles", &roles, &no_roles) < 0)
		roles = 0;
	*ret = had >= N_NEEDED ? RIGHT_YES : roles ? RIGHT_UNKNOWN : RIGHT_NO;
	*why = had >= N_NEEDED ? ""
	       : roles         ? "what rights the account has by its roles is not known"
		       : "no grant gives the account CREATE, ALTER, DROP and INDEX in its database";
	return 0;
}

const struct provider_ops provider_mysql = {
	.driver = "mysql",
	.open = my_open,
	.close = my_close,
	.schema = my_schema,
	.query = my_query,
	.quote = '`',
	.bytewise = "CAST(@ AS BINARY)",
	.ddl_right = my_ddl_right,
	.nodes = true,
	/* Of other accounts, too, for one that may see them. */
	.sessions = "SELECT IF(LOCATE(':', host), LEFT(host, CHAR_LENGTH(host) - LOCATE(':', REVERSE(host))), host), "
		    "IF(LOCATE(':', host), SUBSTRING_INDEX(host, ':', -1), '0') "
		    "FROM information_schema.processlist WHERE db = DATABASE() AND id != CONNECTION_ID() "
		    "AND user = SUBSTRING_INDEX(CURRENT_USER(), '@', 1)",
};
