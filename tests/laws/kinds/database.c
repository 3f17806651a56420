/* Fixtures of a database's dump and its way back, on real database servers of this program's own. */
#include "laws/fixture.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/cmd.h"
#include "unit/unit.h"

#define WITHIN (120 * NS_PER_S)

/* A few of SFTPGo's tables, one that leads to another, and one of somebody else's. */
#define TABLES                                                                                                             \
	"create table schema_version (version int); insert into schema_version values (29); "                              \
	"create table users (id int primary key, username varchar(255)); "                                                 \
	"insert into users values (1, 'a''b'), (2, 'gr\303\266\303\237e'); "                                               \
	"create table folders (id int primary key, owner int, foreign key (owner) references users (id)); "                \
	"insert into folders values (5, 2); create table of_others (n int); insert into of_others values (7)"
/* What a new release does, and its clients. */
#define MIGRATION                                                                                                          \
	"alter table users add column sort_order int; update schema_version set version = 33; delete from folders; "       \
	"create table shares_groups_mapping (id int, foreign key (id) references users (id)); "                            \
	"update users set username = 'c' where id = 1; insert into users values (3, 'd', 4)"
/* A migration that ended in the middle: the number is the old one. */
#define HALF "alter table users add column sort_order int; drop table folders; create table folders (id int)"

static struct server {
	const char *driver, *admin;
	const char *empty;      /* statements that take everything away */
	const char *schema;     /* that the tables lie in */
	char home[64], dir[72]; /* of the account; of its data */
	char *port;
	int state;              /* 0 not tried, 1 up, -1 cannot be had */
} servers[] = {
	{ .driver = "postgresql",
	  .admin = "pg",
	  .empty = "drop schema public cascade; create schema public",
	  .schema = "public" },
	{ .driver = "mysql",
	  .admin = "root",
	  .empty = "drop database sftpgo; create database sftpgo; use sftpgo",
	  .schema = "sftpgo" },
};

/* ---- the servers ---- */

static int db_script(struct server *s, const char *verb, const char *arg, struct cmd_result *ret)
{
	const char *argv[] = { "/bin/bash", REAL_DIR "/db.sh", verb, arg ? arg : s->dir, arg ? s->dir : NULL, NULL };
	struct cmd c = { .argv = argv, .within_ns = WITHIN };
	struct err e = ERR_INIT;

	assert_ok(cmd_run(&c, ret, &e), &e);
	return ret->status;
}

/* A network namespace of our own begins with its loopback down. */
static void loopback_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	assert_true(fd >= 0);
	(void)ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
}

static void start(struct server *s)
{
	struct cmd_result r = { 0 };

	s->state = -1;
	snprintf(s->home, sizeof s->home, "%s/crossgrade-laws-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(s->home));
	assert_int_equal(chmod(s->home, 0711), 0);
	snprintf(s->dir, sizeof s->dir, "%s/db", s->home);
	loopback_up();
	if (db_script(s, "start", s->driver, &r) == 0) {
		char *at;

		cmd_result_done(&r);
		assert_int_equal(db_script(s, "env", NULL, &r), 0);
		at = strstr(buf_str(&r.out), "port=");
		assert_non_null(at);
		s->port = xstrndup(at + 5, strspn(at + 5, "0123456789"));
		s->state = 1;
	} else {
		print_message("# skip %s: %s\n", s->driver, buf_str(&r.err));
	}
	cmd_result_done(&r);
}

static bool has(struct server *s)
{
	if (!s->state)
		start(s);
	return s->state > 0;
}

static bool has_postgresql(void)
{
	return has(&servers[0]);
}

static bool has_mysql(void)
{
	return has(&servers[1]);
}

void database_fixtures_end(void)
{
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		struct server *s = &servers[i];
		const char *argv[] = { "rm", "-rf", s->home, NULL };
		struct cmd_result r = { 0 };

		if (!s->state)
			continue;
		(void)db_script(s, "end", NULL, &r);
		cmd_result_done(&r);
		bench_run(argv);
		free(s->port);
	}
}

static void sql(struct server *s, const char *text, struct buf *ret)
{
	autofree char *socket = xasprintf("%s/s.sock", s->dir);
	const char *psql[] = { "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", s->dir, "-p", s->port, "-U", "pg",
			       "-d", "sftpgo", "-c", text, NULL };
	const char *mariadb[] = { "mariadb", "--no-defaults", "-u", "root", "-S", socket, "-D", "sftpgo", "-N", "-B", "-e", text,
				  NULL };
	struct cmd c = { .argv = s == &servers[0] ? psql : mariadb, .within_ns = WITHIN };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;

	assert_ok(cmd_run(&c, &r, &e), &e);
	if (r.status)
		fail_msg("%s: %s", text, buf_str(&r.err));
	if (ret)
		buf_add_sv(ret, buf_sv(&r.out));
	cmd_result_done(&r);
}

/* ---- the world ---- */

static struct server *server_of(struct bench *b)
{
	const json_t *driver = json_object_get(plan_pinned(&b->plan), "provider.driver");

	return &servers[strcmp(json_string_value(driver), "postgresql") != 0];
}

/* In one statement: it is asked a thousand times. */
static void list_database(struct bench *b, struct buf *ret)
{
	struct server *s = server_of(b);
	autofree char *text = xasprintf("select concat(table_name, ' ', column_name, ' ', data_type) as line "
					"from information_schema.columns where table_schema = '%s' "
					"union all select concat('schema ', version) from schema_version "
					"union all select concat('user ', id, username) from users "
					"union all select concat('folder ', id) from folders "
					"union all select concat('other ', n) from of_others order by line", s->schema);

	sql(s, text, ret);
}

static json_t *params_on(struct bench *b, struct server *s)
{
	autofree char *socket = s == &servers[0] ? xstrdup(s->dir) : xasprintf("%s/s.sock", s->dir);
	autofree char *all = xasprintf("%s; " TABLES, s->empty);

	/* PostgreSQL lets everybody in by its socket, MariaDB its administrator, who has no password. */
	bench_put(b, "world/root/sftpgo.json", s == &servers[0] ? "{\"data_provider\": {\"password\": \"x\"}}" : "{}");
	bench_pin(b, json_pack("{ss s{ss ss ss sI si}}", "provider.driver", s->driver, "provider.at", "host", socket, "database",
			       "sftpgo", "user", s->admin, "port", (json_int_t)strtol(s->port, NULL, 10), "sslmode", 0));
	b->also = list_database;
	sql(s, all, NULL);
	return json_pack("{ss ss}", "what", "the database", "within", "1m");
}

static json_t *dump_postgresql_params(struct bench *b)
{
	return params_on(b, &servers[0]);
}

static json_t *dump_mysql_params(struct bench *b)
{
	return params_on(b, &servers[1]);
}

static bool dump_is_there(struct bench *b)
{
	autofree char *dump = bench_path(b, "world/.crossgrade-root/20260101-000000-0001/database.dump");

	return !access(dump, R_OK);
}

/* ---- other nodes ---- */

static json_t *wait_params(struct bench *b)
{
	json_decref(params_on(b, &servers[0]));
	sql(&servers[0], "create table nodes (name varchar(255), updated_at bigint); insert into nodes values ('gone', 1)", NULL);
	return json_pack("{ss ss ss}", "within", "10s", "node", "10.0.0.1:8080", "what", "the database");
}

/* ---- the way back ---- */

static json_t *with_dump(struct bench *b, json_t *params)
{
	const struct step_kind *k = step_kind_named("database_dump");
	autojson json_t *result = NULL, *undo = NULL;
	struct err e = ERR_INIT;

	assert_ok(k->capture(&b->ctx, params, &undo, &e), &e);
	assert_ok(k->apply(&b->ctx, params, undo, &result, &e), &e);
	json_object_set(params, "dump", json_object_get(result, "dump"));
	return params;
}

static json_t *point_postgresql_params(struct bench *b)
{
	return with_dump(b, dump_postgresql_params(b));
}

static json_t *point_mysql_params(struct bench *b)
{
	return with_dump(b, dump_mysql_params(b));
}

static void migrate(struct bench *b)
{
	bench_pass_point(b);
	sql(server_of(b), MIGRATION, NULL);
}

static void migrate_half(struct bench *b)
{
	bench_pass_point(b);
	sql(server_of(b), HALF, NULL);
}

const struct fixture database_fixtures[] = {
	{ .kind = "database_dump",
	  .name = "PostgreSQL",
	  .flags = FX_NO_EFFECT,
	  .can = has_postgresql,
	  .params = dump_postgresql_params,
	  .done = dump_is_there },
	{ .kind = "nodes_wait",
	  .name = "PostgreSQL, nobody else",
	  .flags = FX_NO_EFFECT,
	  .can = has_postgresql,
	  .params = wait_params },
	{ .kind = "database_point",
	  .name = "PostgreSQL",
	  .flags = FX_NO_EFFECT,
	  .can = has_postgresql,
	  .params = point_postgresql_params,
	  .then = migrate },
	{ .kind = "database_point",
	  .name = "MariaDB, half migrated",
	  .flags = FX_NO_EFFECT,
	  .can = has_mysql,
	  .params = point_mysql_params,
	  .then = migrate_half },
	{ NULL },
};
