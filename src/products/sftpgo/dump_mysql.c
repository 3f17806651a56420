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
#define LAST_LINE "-- Dump completed"
#define DEFINES   "\nCREATE TABLE `"
#define PART      (64u << 10)
#define KEPT      512u /* of a part, before the next: longer than a definition's name, and than the last line */

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

/* The names of the tables that are defined, and its end. A line feed in a value is written as two letters: none of its lines begins so. */
static int read_back(int fd, json_t *ret_defined, char ret_end[KEPT + 1], struct err *e)
{
	autofree char *part = xcalloc(1, KEPT + PART + 1);
	size_t kept = 0;
	ssize_t n;

	while ((n = read(fd, part + kept, PART)) > 0) {
		char *end = part + kept + n, *at = part, *name, *behind;

		while ((at = memmem(at, (size_t)(end - at), DEFINES, strlen(DEFINES)))) {
			name = at += strlen(DEFINES);
			behind = memchr(name, '`', (size_t)(end - name));
			if (behind)
				json_object_setn_new(ret_defined, name, (size_t)(behind - name), json_true());
		}
		kept = MIN_OF((size_t)(end - part), (size_t)KEPT);
		memmove(part, end - kept, kept);
	}
	memcpy(ret_end, part, kept);
	ret_end[kept] = '\0';
	return n < 0 ? err_sys(e, errno, "read the dump back") : 0;
}

/* Each table is defined, and the last line says that it came to its end. */
static int prove(const struct dump_job *j, const json_t *tables, const char *name, struct err *e)
{
	autoclose int fd = dir_openat(j->dir, name, O_RDONLY, 0, e);
	autojson json_t *defined = json_object();
	char end[KEPT + 1];
	const json_t *table;
	size_t i;

	if (fd < 0 || read_back(fd, defined, end, e) < 0)
		return -(int)e->kind;
	if (!strstr(end, LAST_LINE))
		return err_set(e, ERR_FORMAT, "the dump has no end");
	json_array_foreach(tables, i, table)
		if (!json_object_get(defined, json_string_value(table)))
			return err_set(e, ERR_FORMAT, "the dump does not hold table '%s'", json_string_value(table));
	return 0;
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
