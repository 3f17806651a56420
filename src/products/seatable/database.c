#include "products/seatable/database.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "products/seatable/inside.h"
#include "svc/container.h"
#include "svc/docker.h"

#define ROWS_MAX (16u << 20)
#define TAIL     256u
#define LAST_LINE "-- Dump completed"
#define AGAIN_NS  NS_PER_S
#define WITHIN    (60 * NS_PER_S)
#define GOES_NS   (60 * NS_PER_S)       /* so long a connection may take to end that was told to */

/* As the releases name it: from 5.3 on, before, and what the database's image takes. */
static const char *const of_server[] = { "SEATABLE_MYSQL_DB_PASSWORD", "INIT_SEATABLE_MYSQL_ROOT_PASSWORD", "DB_ROOT_PASSWD", NULL };
static const char *const of_database[] = { "MARIADB_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD", "MARIADB_PASSWORD", NULL };

void sea_db_done(struct sea_db *db)
{
	free(db->container);
	free(db->client);
	free(db->dump);
	secret_done(&db->password);
	*db = (struct sea_db){ 0 };
}

/* ---- statements ---- */

/* To ret, or to an open file. */
static int ask(const struct sea_db *db, struct sv sql, int fd, struct buf *ret, struct err *e)
{
	const char *argv[] = { db->client, "--no-defaults", "--user=root", "--default-character-set=utf8mb4", "--batch",
			       "--skip-column-names", "--skip-reconnect", NULL };
	struct inside what = { .container = db->container,
			       .argv = argv,
			       .password = &db->password,
			       .in = sql,
			       .out_fd = fd,
			       .within_ns = db->within_ns,
			       .cancel = db->cancel,
			       .out_max = ROWS_MAX };

	return inside_run(&what, ret, e);
}

/* A deadline of ours ends docker and not the client in the container, so the server gets one of its own, just before ours. */
static int look(const struct sea_db *db, const char *sql, int fd, struct buf *ret, struct err *e)
{
	int64_t seconds = (db->within_ns ? db->within_ns : WITHIN) / NS_PER_S;
	autofree char *all = xasprintf("SET SESSION max_statement_time = %lld;\n%s", (long long)MAX_OF(seconds - 1, 1), sql);

	if (ask(db, sv_of(all), fd, ret, e) >= 0)
		return 0;
	if (strstr(e->msg, "ERROR 1969"))
		e->kind = ERR_TIMEOUT;
	return -(int)e->kind;
}

int sea_db_run(const struct sea_db *db, const char *sql, struct err *e)
{
	return ask(db, sv_of(sql), 0, NULL, e);
}

int sea_db_lines(const struct sea_db *db, const char *sql, int fd, struct err *e)
{
	return look(db, sql, fd, NULL, e);
}

/* The client's batch form: a tab between fields, \t \n \\ \0 in them. */
static json_t *field_of(struct sv raw)
{
	autofree char *text = sv_dup(raw);
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
			*to++ = *p == 'n' ? '\n' : *p == 't' ? '\t' : *p == '0' ? ' ' : *p;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return json_text(text);
}

static json_t *row_of(struct sv line)
{
	json_t *row = json_array();
	size_t fields = 1;

	for (size_t i = 0; i < line.n; i++)
		fields += line.p[i] == '\t';
	while (fields--)
		json_array_append_new(row, field_of(sv_cut(&line, '\t')));
	return row;
}

int sea_db_rows(const struct sea_db *db, const char *sql, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(ROWS_MAX);
	struct sv rest;

	if (look(db, sql, 0, &text, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&text);
	*ret = json_array();
	while (rest.n)
		json_array_append_new(*ret, row_of(sv_line(&rest)));
	return 0;
}

const char *sea_db_cell(const json_t *row, size_t i)
{
	return json_string_value(json_array_get(row, i)) ?: "";
}

int64_t sea_db_number(const json_t *row, size_t i)
{
	int64_t n;

	return sv_i64(sv_of(sea_db_cell(row, i)), &n) ? n : 0;
}

static char *quoted(const char *text, char quote)
{
	autobuf struct buf out = BUF_MAX(4096);

	buf_addc(&out, quote);
	for (const char *p = text; *p; p++) {
		if (*p == quote || (*p == '\\' && quote == '\''))
			buf_addc(&out, *p);
		buf_addc(&out, *p);
	}
	buf_addc(&out, quote);
	return buf_take(&out);
}

char *sea_db_name(const char *name)
{
	return quoted(name, '`');
}

char *sea_db_text(const char *text)
{
	return quoted(text, '\'');
}

/* ---- who else is there ---- */

static int others_in(const struct sea_db *db, const char *schema, json_t **ret, struct err *e)
{
	autofree char *name = sea_db_text(schema);
	autofree char *sql = xasprintf("SELECT id FROM information_schema.processlist WHERE db = %s AND id <> CONNECTION_ID()", name);

	return sea_db_rows(db, sql, ret, e);
}

/* One that has gone by itself is fine. */
static int put_out(const struct sea_db *db, const char *id, struct err *e)
{
	autofree char *sql = xasprintf("KILL %s", id);

	if (sea_db_run(db, sql, e) >= 0)
		return 0;
	if (!strstr(e->msg, "Unknown thread id"))
		return -(int)e->kind;
	err_clear(e);
	return 0;
}

static const json_t *still_there(const json_t *told, const json_t *now)
{
	const json_t *one, *other;
	size_t i, k;

	json_array_foreach((json_t *)told, i, one)
		json_array_foreach((json_t *)now, k, other)
			if (json_equal(one, other))
				return one;
	return NULL;
}

static int await_gone(const struct sea_db *db, const char *schema, const json_t *told, struct err *e)
{
	struct deadline until = deadline_in(GOES_NS);

	for (;;) {
		autojson json_t *now = NULL;
		const json_t *one;

		if (others_in(db, schema, &now, e) < 0)
			return -(int)e->kind;
		one = still_there(told, now);
		if (!one)
			return 0;
		if (deadline_passed(until))
			return err_set(e, ERR_BUSY, "connection %s does not leave schema '%s'",
				       json_string_value(json_array_get(one, 0)), schema);
		clock_sleep_ns(AGAIN_NS / 10);
	}
}

int sea_db_alone(const struct sea_db *db, const char *schema, struct err *e)
{
	autojson json_t *others = NULL;
	const json_t *one;
	size_t i;

	if (others_in(db, schema, &others, e) < 0)
		return -(int)e->kind;
	json_array_foreach(others, i, one)
		if (put_out(db, json_string_value(json_array_get(one, 0)), e) < 0)
			return -(int)e->kind;
	return json_array_size(others) ? await_gone(db, schema, others, e) : 0;
}

/* ---- who may ask ---- */

static const char *variable_of(const json_t *seen, const char *name)
{
	const json_t *list = json_object_get(json_object_get(seen, "Config"), "Env"), *one;
	size_t i, n = strlen(name);

	json_array_foreach((json_t *)list, i, one)
	{
		const char *text = json_string_value(one);

		if (text && !strncmp(text, name, n) && text[n] == '=' && text[n + 1])
			return text + n + 1;
	}
	return NULL;
}

/* 1 it is taken, 0 it is not. */
static int is_taken(struct sea_db *db, const char *password, struct err *e)
{
	struct err why = ERR_INIT;

	secret_done(&db->password);
	if (secret_set(&db->password, password, strlen(password), e) < 0)
		return -(int)e->kind;
	if (sea_db_run(db, "SELECT 1", &why) >= 0)
		return 1;
	if (strstr(why.msg, "Access denied"))
		return 0;
	*e = why;
	return -(int)e->kind;
}

/* A container that is gone offers nothing. */
static int try_those_of(struct sea_db *db, const char *container, const char *const *names, struct err *e)
{
	autojson json_t *seen = NULL;
	struct err gone = ERR_INIT;

	if (!*container || container_inspect(container, &seen, &gone) < 0)
		return gone.kind && gone.kind != ERR_ABSENT ? err_set(e, gone.kind, "%s", gone.msg) : 0;
	for (; *names; names++) {
		const char *password = variable_of(seen, *names);
		int r = password ? is_taken(db, password, e) : 0;

		if (r)
			return r;
	}
	return 0;
}

static int open_once(const json_t *at, struct sea_db *ret, struct err *e)
{
	autoseadb struct sea_db db = { .container = xstrdup(json_str(at, "db", "")),
				       .client = xstrdup(json_str(at, "client", "mariadb")),
				       .dump = xstrdup(json_str(at, "dump", "mariadb-dump")) };
	int r = try_those_of(&db, json_str(at, "server", ""), of_server, e);

	if (!r)
		r = try_those_of(&db, db.container, of_database, e);
	if (r < 0)
		return err_wrap(e, "ask the database");
	if (!r) {
		err_set(e, ERR_DENIED, "the database in container '%s' takes none of the passwords that the containers were started with",
			db.container);
		return err_hint(e, "put the password that the database has now into .env");
	}
	*ret = db;
	db = (struct sea_db){ 0 };
	return 0;
}

/* With the host or the daemon the database starts anew, and takes its time. */
static bool may_be_starting(const struct err *why)
{
	static const char *const words[] = { "Can't connect", "Lost connection", "is not running", "is restarting",
					     "connect to the Docker" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(why->msg, words[i]))
			return true;
	return false;
}

int sea_db_open(const json_t *at, struct sea_db *ret, struct err *e)
{
	struct deadline until = deadline_in(docker_awaits());

	while (open_once(at, ret, e) < 0) {
		if (!may_be_starting(e) || deadline_passed(until))
			return -(int)e->kind;
		err_clear(e);
		clock_sleep_ns(AGAIN_NS);
	}
	return 0;
}

/* ---- there and back ---- */

static int has_its_end(int fd, const char *schema, struct err *e)
{
	char tail[TAIL + 1] = { 0 };
	off_t size = lseek(fd, 0, SEEK_END);

	if (size < 0 || pread(fd, tail, TAIL, size > (off_t)TAIL ? size - (off_t)TAIL : 0) < 0)
		return err_sys(e, errno, "read the dump back");
	return strstr(tail, LAST_LINE) ? 0 : err_set(e, ERR_FORMAT, "the dump of schema '%s' has no end", schema);
}

int sea_db_dump(const struct sea_db *db, const char *schema, int fd, struct err *e)
{
	const char *argv[] = { db->dump,    "--no-defaults", "--user=root", "--single-transaction", "--quick", "--routines", "--triggers",
			       "--events",  "--hex-blob",    "--default-character-set=utf8mb4", "--", schema, NULL };
	struct inside what = { .container = db->container,
			       .argv = argv,
			       .password = &db->password,
			       .out_fd = fd,
			       .within_ns = db->within_ns,
			       .cancel = db->cancel };

	if (inside_run(&what, NULL, e) < 0 || has_its_end(fd, schema, e) < 0)
		return err_wrap(e, "dump schema '%s'", schema);
	return 0;
}

/* One whose connection was ended by sea_db_alone() must not come back. */
int sea_db_load(const struct sea_db *db, const char *schema, int fd, struct err *e)
{
	const char *argv[] = { db->client, "--no-defaults", "--user=root", "--default-character-set=utf8mb4", "--batch",
			       "--skip-reconnect", "--", schema, NULL };
	struct inside what = { .container = db->container,
			       .argv = argv,
			       .password = &db->password,
			       .in_fd = fd,
			       .within_ns = db->within_ns,
			       .cancel = db->cancel };

	return inside_run(&what, NULL, e) < 0 ? err_wrap(e, "load schema '%s'", schema) : 0;
}
