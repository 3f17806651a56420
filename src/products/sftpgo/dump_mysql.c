/* MariaDB and MySQL: statements of mariadb-dump, one snapshot of transactional tables, read back by mariadb. A change of the schema
 * cannot be taken back there: what is put back goes table by table, and is finished by doing it again. */
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

#define DROP_FILE "database.drop.sql"
#define TAIL      256u
#define LAST_LINE "-- Dump completed"

/* SFTPGo's numbers: 0 none, 1 checked, 2 unchecked, 3 if the server has it. */
static void add_tls(const struct dump_job *j, struct dump_words *argv)
{
	static const char *const mysql[] = { "--ssl-mode=DISABLED", "--ssl-mode=VERIFY_IDENTITY", "--ssl-mode=REQUIRED",
					     "--ssl-mode=PREFERRED" };
	int mode = j->at->sslmode;

	if (j->tool->mysql)
		dump_word(argv, mysql[mode >= 0 && mode < (int)ARRAY_LEN(mysql) ? mode : 1]);
	else if (mode == 0)
		dump_word(argv, "--skip-ssl");
	else
		dump_word(argv, mode == 1 ? "--ssl-verify-server-cert" : "--skip-ssl-verify-server-cert");
	if (!j->tool->mysql && (mode == 1 || mode == 2))
		dump_word(argv, "--ssl");
	if (mode && j->at->root_cert)
		dump_wordf(argv, "--ssl-ca=%s", j->at->root_cert);
	if (mode && j->at->client_cert)
		dump_wordf(argv, "--ssl-cert=%s", j->at->client_cert);
	if (mode && j->at->client_key)
		dump_wordf(argv, "--ssl-key=%s", j->at->client_key);
}

/* No file of options of this host's: what is dumped and where is said here alone. */
static void begin(const struct dump_job *j, const char *program, struct dump_words *argv)
{
	bool socket = j->at->host && j->at->host[0] == '/';

	dump_word(argv, program);
	dump_word(argv, "--no-defaults");
	if (socket)
		dump_wordf(argv, "--socket=%s", j->at->host);
	else
		dump_wordf(argv, "--host=%s", j->at->host ? j->at->host : "127.0.0.1");
	if (!socket) {
		dump_word(argv, "--protocol=TCP");
		dump_wordf(argv, "--port=%d", j->at->port ? j->at->port : 3306);
	}
	dump_wordf(argv, "--user=%s", j->at->user ? j->at->user : "");
	dump_word(argv, "--default-character-set=utf8mb4");
	add_tls(j, argv);
}

static int run(const struct dump_job *j, struct dump_words *argv, struct err *e)
{
	struct dump_words env = { .v = { "PATH=/usr/bin:/bin", "LANG=C.UTF-8" }, .n = 2 };
	int r;

	dump_variable(&env, "MYSQL_PWD", j->at->password.bytes);
	r = dump_run(j, argv, &env, NULL, e);
	dump_words_done(&env);
	dump_words_done(argv);
	return r;
}

static int take(const struct dump_job *j, const json_t *tables, const char *name, struct err *e)
{
	struct dump_words argv = { 0 };
	const json_t *table;
	size_t i;

	begin(j, j->tool->dump, &argv);
	dump_wordf(&argv, "--result-file=%s", name);
	dump_word(&argv, "--single-transaction");
	dump_word(&argv, "--quick");
	dump_word(&argv, "--hex-blob");
	dump_word(&argv, "--triggers");
	dump_word(&argv, "--no-tablespaces");
	if (j->tool->mysql)
		dump_word(&argv, "--set-gtid-purged=OFF");
	dump_word(&argv, "--");
	dump_word(&argv, j->at->database);
	json_array_foreach(tables, i, table)
		dump_word(&argv, json_string_value(table));
	return run(j, &argv, e);
}

/* Its last line says that it came to its end. */
static int prove(const struct dump_job *j, const json_t *tables unused_arg, const char *name, struct err *e)
{
	char tail[TAIL + 1] = { 0 };
	autoclose int fd = dir_openat(j->dir, name, O_RDONLY, 0, e);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (fd < 0)
		return -(int)e->kind;
	if (size < 0 || pread(fd, tail, TAIL, size > (off_t)TAIL ? size - (off_t)TAIL : 0) < 0)
		return err_sys(e, errno, "read the dump back");
	return strstr(tail, LAST_LINE) ? 0 : err_set(e, ERR_FORMAT, "the dump has no end");
}

static int source(const struct dump_job *j, const char *file, struct err *e)
{
	struct dump_words argv = { 0 };

	begin(j, j->tool->load, &argv);
	dump_word(&argv, "--batch");
	dump_wordf(&argv, "--database=%s", j->at->database);
	dump_wordf(&argv, "--execute=source %s", file);
	return run(j, &argv, e);
}

static int load(const struct dump_job *j, const json_t *drop, const char *name, struct err *e)
{
	struct err ignored = ERR_INIT;
	int r = dump_write_drop(j, drop, "SET lock_wait_timeout = 60;\nSET foreign_key_checks = 0;\n", "", DROP_FILE, e);

	fault_point("dump.scripts");
	if (r >= 0)
		r = source(j, DROP_FILE, e);
	fault_point("dump.dropped");
	if (r >= 0)
		r = source(j, name, e);
	fault_point("dump.loaded");
	(void)!dir_unlink(j->dir, DROP_FILE, &ignored);
	return r;
}

const struct dump_ops dump_mysql = { "mysql", take, prove, load };
