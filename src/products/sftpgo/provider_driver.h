/* Inside of provider*.c and objects*.c: what each driver implements. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "products/sftpgo/provider.h"

/* Rows of one statement, one at a time; several may be open at once. */
struct rows;
struct rows_ops {
	int (*next)(struct rows *r, struct err *e); /* 1 a row, 0 the end */
	/* Text of a column, NULL for null; NUL-terminated, valid until the next row. */
	struct sv (*col)(struct rows *r, int at);
	void (*close)(struct rows *r);
};
struct rows {
	const struct rows_ops *ops;
};

static inline int rows_next(struct rows *r, struct err *e) { return r->ops->next(r, e); }

static inline struct sv rows_col(struct rows *r, int at) { return r->ops->col(r, at); }

static inline void rows_autoclose_(struct rows **r)
{
	if (*r)
		(*r)->ops->close(*r);
}
#define autorows cleanup_with(rows_autoclose_)

struct provider_ops {
	const char *driver;
	int (*open)(const struct provider_at *at, struct provider *p, struct err *e);
	/* Of a file: for provider_schema_now() alone. NULL: as open. */
	int (*peek)(const struct provider_at *at, struct provider *p, struct err *e);
	void (*close)(struct provider *p);
	int (*schema)(struct provider *p, int64_t *ret, struct err *e);
	/* SQL only, NULL for bolt: the statement as provider_sql_text() wrote it. */
	int (*query)(struct provider *p, const char *sql, struct rows **ret, struct err *e);
	char quote;           /* around names */
	const char *bytewise; /* an expression, in place of the @, that sorts by bytes */
	/* NULL where no account is asked. */
	int (*ddl_right)(struct provider *p, enum provider_right *ret, const char **why,
			 struct err *e);
	bool nodes; /* keeps the table of nodes */
	/* The other ones of this account: where from, and the port there, 0 none; NULL: no server. */
	const char *sessions;
};

struct provider {
	const struct provider_ops *ops;
	void *handle; /* of the driver */
	char *prefix;
	char *server; /* its version, NULL none */
	int schema;
	struct deadline until;
};

extern const struct provider_ops provider_sqlite, provider_postgresql, provider_mysql,
    provider_bolt;

/* Settings in PostgreSQL's own words: its library takes them, and its programs. */
void postgresql_hosts(const struct provider_at *at, struct buf *hosts, struct buf *ports);
const char *postgresql_ssl_mode(int mode);

/* Write a statement for this driver: {table} with prefix and quotes, [column] quoted, <expr> sorted
 * by bytes. */
void provider_sql_text(const struct provider *p, const char *text, struct buf *ret);
/* provider_sql_text(), then query. */
int provider_query(struct provider *p, const char *text, struct rows **ret,
		   struct err *e) must_check;
/* The first column of the only row, "" for none or null. */
int provider_value(struct provider *p, const char *text, struct buf *ret, struct err *e) must_check;
/* The same as a number; ERR_FORMAT when it is none, `what` says of what. */
int provider_number(struct provider *p, const char *text, const char *what, int64_t *ret,
		    struct err *e) must_check;
