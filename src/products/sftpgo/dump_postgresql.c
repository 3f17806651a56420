/* PostgreSQL: an archive of pg_dump, one snapshot; put back by psql in one transaction, so that it is the one database or the other
 * whatever happens meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"
#include "io/file.h"
#include "products/sftpgo/dump.h"
#include "products/sftpgo/provider_driver.h"
#include "products/sftpgo/tables.h"

#define LIST_MAX    (1u << 20)
#define DROP_FILE   "database.drop.sql"
#define LOAD_FILE   "database.load.sql"
#define HEAD        4096u
#define NEW_SETTING "\nSET transaction_timeout = 0;"

/* Where it is, who asks: all by the environment, whose names its library knows. */
static void set_env(const struct dump_job *j, struct dump_words *env)
{
	autobuf struct buf hosts = BUF_MAX(4096), ports = BUF_MAX(4096);

	postgresql_hosts(j->at, &hosts, &ports);
	dump_word(env, "PATH=/usr/bin:/bin");
	dump_word(env, "LANG=C.UTF-8");
	dump_word(env, "PGAPPNAME=crossgrade");
	dump_word(env, "PGCONNECT_TIMEOUT=10");
	dump_word(env, "PGPASSFILE=/dev/null");
	dump_variable(env, "PGHOST", buf_str(&hosts));
	dump_variable(env, "PGPORT", buf_str(&ports));
	dump_variable(env, "PGUSER", j->at->user);
	dump_variable(env, "PGPASSWORD", j->at->password.bytes);
	dump_variable(env, "PGDATABASE", j->at->database);
	dump_variable(env, "PGSSLMODE", postgresql_ssl_mode(j->at->sslmode));
	dump_variable(env, "PGSSLROOTCERT", j->at->root_cert);
	dump_variable(env, "PGSSLCERT", j->at->client_cert);
	dump_variable(env, "PGSSLKEY", j->at->client_key);
	dump_variable(env, "PGSSLSNI", j->at->no_sni ? "0" : NULL);
	dump_variable(env, "PGTARGETSESSIONATTRS", j->at->session_attrs);
}

static int run(const struct dump_job *j, struct dump_words *argv, struct buf *ret_out, struct err *e)
{
	struct dump_words env = { 0 };
	int r;

	set_env(j, &env);
	r = dump_run(j, argv, &env, ret_out, e);
	dump_words_done(&env);
	dump_words_done(argv);
	return r;
}

static int take(const struct dump_job *j, const json_t *tables, const char *name, struct err *e)
{
	struct dump_words argv = { .v = { j->tool->dump, "--format=custom", "--no-password", "--lock-wait-timeout=30s" }, .n = 4 };
	const json_t *table;
	size_t i;

	dump_wordf(&argv, "--file=%s", name);
	json_array_foreach(tables, i, table)
	{
		autobuf struct buf quoted = BUF_MAX(1024);

		tables_quote("postgresql", j->schema, &quoted);
		buf_addc(&quoted, '.');
		tables_quote("postgresql", json_string_value(table), &quoted);
		dump_wordf(&argv, "--table=%s", buf_str(&quoted));
	}
	return run(j, &argv, NULL, e);
}

/* Its table of contents is read to the end, and names the data of each table. */
static int prove(const struct dump_job *j, const json_t *tables, const char *name, struct err *e)
{
	struct dump_words argv = { .v = { j->tool->read, "--list", name }, .n = 3 };
	autobuf struct buf list = BUF_MAX(LIST_MAX);
	const json_t *table;
	size_t i;

	if (run(j, &argv, &list, e) < 0)
		return err_wrap(e, "read the dump back");
	json_array_foreach(tables, i, table)
	{
		autofree char *line = xasprintf(" TABLE DATA %s %s ", j->schema, json_string_value(table));

		if (!strstr(buf_str(&list), line))
			return err_set(e, ERR_FORMAT, "the dump does not hold table '%s'", json_string_value(table));
	}
	return 0;
}

/* Programs of release 17 and later set what older servers do not know, and would fail at it. */
static int leave_out_new_setting(const struct dump_job *j, struct err *e)
{
	char head[HEAD + 1] = { 0 }, *at;
	autoclose int fd = dir_openat(j->dir, LOAD_FILE, O_RDWR, 0, e);

	if (fd < 0)
		return -(int)e->kind;
	if (pread(fd, head, HEAD, 0) < 0)
		return err_sys(e, errno, "read '%s'", LOAD_FILE);
	at = strstr(head, NEW_SETTING);
	if (at && dump_release("postgresql", j->server) < 17 && pwrite(fd, "\n--", 3, at - head) != 3)
		return err_sys(e, errno, "write '%s'", LOAD_FILE);
	return 0;
}

static int write_script(const struct dump_job *j, const char *name, struct err *e)
{
	struct dump_words argv = { .v = { j->tool->read, "--file=" LOAD_FILE, name }, .n = 3 };

	if (run(j, &argv, NULL, e) < 0)
		return -(int)e->kind;
	return leave_out_new_setting(j, e);
}

static void forget(const struct dump_job *j)
{
	struct err ignored = ERR_INIT;

	(void)!dir_unlink(j->dir, DROP_FILE, &ignored);
	(void)!dir_unlink(j->dir, LOAD_FILE, &ignored);
}

static int load(const struct dump_job *j, const json_t *drop, const char *name, struct err *e)
{
	struct dump_words argv = { .v = { j->tool->load, "--no-psqlrc", "--quiet", "--no-password", "--single-transaction",
					  "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=" DROP_FILE, "--file=" LOAD_FILE },
				   .n = 9 };
	int r = dump_write_drop(j, drop, "SET lock_timeout = '60s';\n", "", DROP_FILE, e);

	if (r >= 0)
		r = write_script(j, name, e);
	fault_point("dump.scripts");
	if (r >= 0)
		r = run(j, &argv, NULL, e);
	fault_point("dump.loaded");
	forget(j);
	return r;
}

const struct dump_ops dump_postgresql = { "postgresql", take, prove, load };
