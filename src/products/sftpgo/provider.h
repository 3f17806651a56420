/* SFTPGo's data provider, read by ourselves: never through the server, never written to.
 *
 *	autoprovider struct provider *p = NULL;
 *	if (provider_open(&at, &p, e) < 0) ...
 *	printf("schema %d\n", provider_schema(p));
 *
 * What is read is one moment: SQLite and bolt files are copied under their own locks into a private
 *place and read there (a running server is kept from writing for as long as the copy takes,
 *milliseconds), PostgreSQL and MariaDB are read in one snapshot. Objects are in objects.h, what
 *checks ask of the database itself is here.
 *
 * Source: SFTPGo 2.6.4 and 2.7.5, internal/dataprovider; seen with both on each driver. */
#pragma once

#include "base/secret.h"
#include "base/sv.h"
#include "io/json.h"

/* As in the configuration's data_provider; borrowed until provider_open() returns. */
struct provider_at {
	const char *driver; /* sqlite, postgresql, mysql, bolt */
	const char *path;   /* sqlite, bolt: absolute */
	/* postgresql also "h1,h2:5433"; mysql also a socket's path. NULL: the driver's own. */
	const char *host;
	uint16_t port; /* 0: the driver's own */
	const char *user, *database;
	struct secret password;
	/* connection_string, which takes the place of all above: postgresql only, others refuse. */
	struct secret connection;
	const char *prefix; /* sql_tables_prefix, NULL none */
	int sslmode;        /* SFTPGo's number, which means different things to each driver */
	const char *root_cert, *client_cert, *client_key;
	bool no_sni;
	const char *session_attrs; /* target_session_attrs of postgresql */
	/* Directory for private copies (provider_copy.h); NULL, not there or too small: another. */
	const char *scratch;
	int64_t within_ns; /* to open and read it all; 0: five minutes */
	int64_t lock_ns;   /* of it for a lock that somebody else holds, of a server; 0: all */
};

struct provider;

/* ERR_ABSENT no such file, or the client library is not installed (with a hint); ERR_BUSY a server
 * holds the file (bolt) or writes to it all the time; ERR_DENIED login refused; ERR_TIMEOUT;
 * ERR_FORMAT not a database, or not SFTPGo's; ERR_REFUSED a driver that cannot be read, or a server
 * that says no. */
int provider_open(const struct provider_at *at, struct provider **ret, struct err *e) must_check;
/* The same whatever is in it, a database half way between two schemas too: provider_schema() is 0. */
int provider_connect(const struct provider_at *at, struct provider **ret,
		     struct err *e) must_check;
/* The number of the schema of a server that runs and may be migrating it: nothing is locked and nobody waits for us. A database server
 * is asked as ever, which takes part in no lock of a migration's; an SQLite file is read as it lies there (db_peek()), where a number
 * that is still in its write-ahead log is not seen. ERR_REFUSED: bolt, whose file would have to be copied whole each time. */
int provider_schema_now(const struct provider_at *at, int *ret, struct err *e) must_check;
void provider_close(struct provider *p);
const char *provider_driver(const struct provider *p);
int provider_schema(const struct provider *p); /* 28 2.5, 29 2.6, 33 2.7, 34 Enterprise */

/* Names of nodes that wrote their sign of life in the last two minutes, sorted, each ending in LF;
 * 0 where the driver keeps none (SQLite, bolt). Returns how many. Source:
 * internal/dataprovider/node.go. */
struct buf;
int provider_nodes(struct provider *p, int64_t now_wall_ns, struct buf *ret_names,
		   struct err *e) must_check;

/* Sessions of the same account in the same database but this one, as the database server sees them: [{"from": "10.0.0.7",
 * "port": 51234}], port 0 through a socket's file. [] where the driver has none (SQLite, bolt). New reference. */
int provider_sessions(struct provider *p, json_t **ret, struct err *e) must_check;

/* May the account change the schema, as a migration does? `why` says what is missing, in words;
 * static. Files: the account is the server's, so that is not asked here. */
enum provider_right { RIGHT_UNKNOWN, RIGHT_YES, RIGHT_NO };
int provider_ddl_right(struct provider *p, enum provider_right *ret, const char **why,
		       struct err *e) must_check;

/* Version of the database server as it says itself ("15.18 (Debian ...)"), "" for files. Borrowed.
 */
const char *provider_server_version(const struct provider *p);

static inline void provider_autoclose_(struct provider **p) { provider_close(*p); }
#define autoprovider cleanup_with(provider_autoclose_)
