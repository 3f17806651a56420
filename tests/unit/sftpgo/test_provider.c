/* Opening a data provider: SQLite files as servers leave them, never written to, and what is
 * refused. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "products/sftpgo/objects.h"

#include "golden_db.h"

static int open_sqlite(const char *path, int64_t within_ns, struct provider **ret, struct err *e)
{
	struct provider_at at = { .driver = "sqlite", .path = path, .within_ns = within_ns };

	return provider_open(&at, ret, e);
}

static int schema_now(const char *driver, const char *path, int64_t within_ns, int *ret, struct err *e)
{
	struct provider_at at = { .driver = driver, .path = path, .within_ns = within_ns };

	return provider_schema_now(&at, ret, e);
}

/* Email of the user, in a provider that is opened and closed. */
static char *email_of(const char *path, const char *user)
{
	autoprovider struct provider *p = NULL;
	autoobjects struct objects *all = NULL;
	const struct object *o;
	struct err e = ERR_INIT;
	char *email = NULL;

	assert_ok(open_sqlite(path, 0, &p, &e), &e);
	assert_ok(objects_open(p, OBJ_USERS, &all, &e), &e);
	while (objects_next(all, &o, &e) > 0) {
		if (!strcmp(o->key, user))
			email = xstrdup(json_str(o->fields, "email", ""));
	}
	assert_int_equal(e.kind, ERR_OK);
	return email;
}

/* All names and contents in the place, as one digest. */
static void state_of(const struct place *p, char ret[DIGEST_TEXT])
{
	struct dir_names names = { 0 };
	autobuf struct buf all = BUF_MAX(64 << 20);
	struct err e = ERR_INIT;

	assert_ok(dir_list(&p->dir, "", 100, &names, &e), &e);
	vec_each (&names, it) {
		buf_addf(&all, "%s\n", it->name);
		if (it->type == DT_REG)
			assert_ok(file_read(&p->dir, it->name, &all, &e), &e);
	}
	dir_names_done(&names);
	digest_text(buf_sv(&all), ret);
}

/* A process that does `sql` on the database, says so, and then lives until killed. */
static pid_t writer(const char *path, const char *sql)
{
	int said[2];
	char done;
	pid_t pid;

	assert_int_equal(pipe(said), 0);
	pid = fork();
	if (pid == 0) {
		sqlite3 *db = NULL;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (sqlite3_open(path, &db) != SQLITE_OK ||
		    sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK ||
		    write(said[1], "y", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(said[1]);
	assert_int_equal(read(said[0], &done, 1), 1);
	close(said[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void reads_a_stopped_one(void **state)
{
	const char *path = golden_db(*state, "a.db", "provider-29.sql");
	char before[DIGEST_TEXT], after[DIGEST_TEXT];
	autoprovider struct provider *p = NULL;
	struct err e = ERR_INIT;

	state_of(*state, before);
	assert_ok(open_sqlite(path, 0, &p, &e), &e);
	assert_int_equal(provider_schema(p), 29);
	assert_string_equal(provider_driver(p), "sqlite");
	state_of(*state, after);
	assert_string_equal(before, after);
}

/* The writer was killed in a transaction: pages of it are in the file, the old ones in the journal.
 */
static void reads_a_killed_one_with_its_journal(void **state)
{
	const char *path = golden_db(*state, "a.db", "provider-29.sql");
	pid_t pid = writer(path, "PRAGMA cache_size = 2; BEGIN; UPDATE users SET email = 'torn', "
				 "additional_info = hex(zeroblob(20000))");
	char before[DIGEST_TEXT], after[DIGEST_TEXT];
	autofree char *email = NULL;

	end(pid);
	assert_true(has(*state, "a.db-journal"));
	state_of(*state, before);
	email = email_of(path, "user-00001");
	assert_string_equal(email, "user-00001@example.com");
	state_of(*state, after);
	assert_string_equal(before, after);
}

static void reads_beside_a_writer(void **state)
{
	const char *path = golden_db(*state, "a.db", "provider-29.sql");
	pid_t pid = writer(path, "BEGIN IMMEDIATE; UPDATE users SET email = 'not yet'");
	autofree char *email = email_of(path, "user-00001");

	end(pid);
	assert_string_equal(email, "user-00001@example.com");
}

static void waits_for_a_commit_only_so_long(void **state)
{
	const char *path = golden_db(*state, "a.db", "provider-29.sql");
	pid_t pid = writer(path, "BEGIN EXCLUSIVE");
	struct provider *p = NULL;
	struct err e = ERR_INIT;
	int r = open_sqlite(path, 50 * NS_PER_MS, &p, &e);

	end(pid);
	assert_fails(r, &e, ERR_BUSY);
}

/* Enterprise: what is committed is still in the WAL, with the server up and after it was killed. */
static void reads_a_wal(void **state)
{
	const char *path = golden_db(*state, "a.db", "provider-33.sql");
	pid_t pid = writer(path, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
				 "UPDATE users SET email = 'in the wal'");
	autofree char *alive = NULL, *killed = NULL;
	char before[DIGEST_TEXT], after[DIGEST_TEXT];

	state_of(*state, before);
	alive = email_of(path, "user-00001");
	end(pid);
	killed = email_of(path, "user-00001");
	state_of(*state, after);
	assert_true(has(*state, "a.db-wal"));
	assert_string_equal(alive, "in the wal");
	assert_string_equal(killed, "in the wal");
	assert_string_equal(before, after);
}

static void leaves_nothing_behind(void **state)
{
	const char *path = golden_db(*state, "a.db", "provider-29.sql");
	struct provider_at at = { .driver = "sqlite", .path = path };
	autoprovider struct provider *p = NULL;
	struct dir_names names = { 0 };
	struct err e = ERR_INIT;

	assert_ok(dir_make(&((struct place *)*state)->dir, "scratch", 0700, &e), &e);
	at.scratch = below(*state, "scratch");
	assert_ok(provider_open(&at, &p, &e), &e);
	assert_ok(dir_list(&((struct place *)*state)->dir, "scratch", 10, &names, &e), &e);
	assert_int_equal(names.n, 0);
	dir_names_done(&names);
}

static void make_left(const struct place *p, const char *name, bool old)
{
	autofree char *dir = xasprintf("scratch/%s", name), *file = xasprintf("%s/sqlite.db", dir);
	const struct timespec then[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	struct err e = ERR_INIT;

	assert_ok(dir_make(&p->dir, dir, 0700, &e), &e);
	put_file(p, file, "password hashes");
	if (old)
		assert_int_equal(utimensat(p->dir.fd, dir, then, 0), 0);
}

/* The next call removes it, but not that of a call which is at work. */
static void what_the_killed_left_goes(void **state)
{
	const struct place *p = *state;
	const char *path = golden_db(p, "a.db", "provider-29.sql");
	struct provider_at at = { .driver = "sqlite", .path = path };
	autoprovider struct provider *db = NULL;
	struct err e = ERR_INIT;
	int lock;

	assert_ok(dir_make(&p->dir, "scratch", 0700, &e), &e);
	make_left(p, "crossgrade-provider-killed", true);
	make_left(p, "crossgrade-provider-atwork", true);
	make_left(p, "crossgrade-provider-begins", false);
	lock = open(below(p, "scratch/crossgrade-provider-atwork"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	at.scratch = below(p, "scratch");
	assert_ok(provider_open(&at, &db, &e), &e);
	assert_false(has(p, "scratch/crossgrade-provider-killed"));
	assert_true(has(p, "scratch/crossgrade-provider-atwork/sqlite.db"));
	assert_true(has(p, "scratch/crossgrade-provider-begins/sqlite.db"));
	close(lock);
}

/* A state directory that is not there yet. */
static void without_a_place_of_its_own(void **state)
{
	const char *path = golden_db(*state, "a.db", "provider-29.sql");
	struct provider_at at = { .driver = "sqlite", .path = path, .scratch = "/nowhere/at/all" };
	autoprovider struct provider *db = NULL;
	struct err e = ERR_INIT;

	assert_ok(provider_open(&at, &db, &e), &e);
}

static void tables_may_have_a_prefix(void **state)
{
	const char *path = below(*state, "a.db");
	struct provider_at at = { .driver = "sqlite", .path = path, .prefix = "my\"t_" };
	autoprovider struct provider *p = NULL;
	struct err e = ERR_INIT;

	run_sql_on(path, "CREATE TABLE \"my\"\"t_schema_version\" (version integer);"
			 "INSERT INTO \"my\"\"t_schema_version\" VALUES (33)");
	assert_ok(provider_open(&at, &p, &e), &e);
	assert_int_equal(provider_schema(p), 33);
}

static void refuses(void **state)
{
	struct provider_at at = { .driver = "memory" };
	struct provider *p = NULL;
	struct err e = ERR_INIT;

	assert_fails(provider_open(&at, &p, &e), &e, ERR_REFUSED);
	at.driver = "cockroachdb";
	assert_fails(provider_open(&at, &p, &e), &e, ERR_REFUSED);
	at.driver = "oracle";
	assert_fails(provider_open(&at, &p, &e), &e, ERR_REFUSED);
	assert_fails(open_sqlite(below(*state, "absent.db"), 0, &p, &e), &e, ERR_ABSENT);
	put_file(*state, "text.db", "this is no database, however long one looks at it\n");
	assert_fails(open_sqlite(below(*state, "text.db"), 0, &p, &e), &e, ERR_FORMAT);
	run_sql_on(below(*state, "other.db"), "CREATE TABLE t (a)");
	assert_fails(open_sqlite(below(*state, "other.db"), 0, &p, &e), &e, ERR_FORMAT);
	run_sql_on(below(*state, "zero.db"),
		   "CREATE TABLE schema_version (version); INSERT INTO schema_version VALUES (0)");
	assert_fails(open_sqlite(below(*state, "zero.db"), 0, &p, &e), &e, ERR_FORMAT);
	assert_fails(open_sqlite("relative.db", 0, &p, &e), &e, ERR_USAGE);
	at = (struct provider_at){ .driver = "postgresql" };
	assert_ok(secret_set(&at.connection, "host=127.0.0.1 hunter2", 22, &e), &e);
	assert_fails(provider_open(&at, &p, &e), &e, ERR_REFUSED);
	assert_null(strstr(e.msg, "hunter2"));
	secret_done(&at.connection);
	at = (struct provider_at){ .driver = "sqlite", .path = below(*state, "text.db") };
	assert_ok(secret_set(&at.connection, "file:x", 6, &e), &e);
	assert_fails(provider_open(&at, &p, &e), &e, ERR_REFUSED);
	secret_done(&at.connection);
}

/* A view in place of a table may go on for ever. */
static void has_a_deadline(void **state)
{
	const char *path = below(*state, "a.db");
	struct provider *p = NULL;
	struct err e = ERR_INIT;

	run_sql_on(path, "CREATE VIEW schema_version AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
			 "SELECT i + 1 FROM n) "
			 "SELECT count(*) AS version FROM n");
	assert_fails(open_sqlite(path, 100 * NS_PER_MS, &p, &e), &e, ERR_TIMEOUT);
	err_clear(&e);
	assert_fails(schema_now("sqlite", path, 100 * NS_PER_MS, &(int){ 0 }, &e), &e, ERR_TIMEOUT);
}

/* While a migration holds its lock nobody is kept waiting, and nobody keeps it. */
static void the_schema_is_seen_through_a_lock(void **state)
{
	const char *path = golden_db(*state, "a b?%.db", "provider-29.sql");
	pid_t pid = writer(path, "BEGIN EXCLUSIVE");
	struct err e = ERR_INIT;
	int schema = 0, r = schema_now("sqlite", path, 60 * NS_PER_S, &schema, &e);

	end(pid);
	assert_ok(r, &e);
	assert_int_equal(schema, 29);
	run_sql_on(path, "UPDATE schema_version SET version = 31");
	assert_ok(schema_now("sqlite", path, 60 * NS_PER_S, &schema, &e), &e);
	assert_int_equal(schema, 31);
	assert_false(has(*state, "a b?%.db-journal"));
	assert_fails(schema_now("bolt", path, 60 * NS_PER_S, &schema, &e), &e, ERR_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(reads_a_stopped_one),
		in_place(reads_a_killed_one_with_its_journal),
		in_place(reads_beside_a_writer),
		in_place(waits_for_a_commit_only_so_long),
		in_place(reads_a_wal),
		in_place(leaves_nothing_behind),
		in_place(what_the_killed_left_goes),
		in_place(without_a_place_of_its_own),
		in_place(tables_may_have_a_prefix),
		in_place(refuses),
		in_place(has_a_deadline),
		in_place(the_schema_is_seen_through_a_lock),
	};

	return cmocka_run_group_tests_name("sftpgo/provider", tests, NULL, NULL);
}
