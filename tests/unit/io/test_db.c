#include "io/db.h"

#include <sys/wait.h>

#include "base/clock.h"

#include "place.h"

static const char *const schema[] = {
	"create table run(id text primary key, n integer not null);"
	"create table step(run text references run(id), name text)",
	"alter table run add state text",
};

static struct db *open_in(const struct place *p, size_t versions)
{
	struct err e = ERR_INIT;
	struct db *db = NULL;

	assert_ok(db_open(below(p, "x.db"), DB_WRITE, schema, versions, 60 * NS_PER_S, &db, &e), &e);
	return db;
}

static void put_run(struct db *db, const char *id, int64_t n)
{
	struct err e = ERR_INIT;

	assert_ok(db_run(db, &e, "insert into run(id, n) values(?, ?)", "ti", id, n), &e);
}

static int64_t ask(struct db *db, const char *sql)
{
	autostmt struct stmt *s = NULL;
	struct err e = ERR_INIT;

	assert_ok(db_stmt(db, sql, &s, &e), &e);
	assert_int_equal(stmt_step(s, &e), 1);
	return stmt_col_int(s, 0);
}

static void a_database_is_private_and_durable(void **state)
{
	struct place *p = *state;
	autodb struct db *db = open_in(p, 2);
	autostmt struct stmt *s = NULL;
	struct err e = ERR_INIT;
	struct stat st;

	put_run(db, "a", 1);
	assert_ok(dir_stat(&p->dir, "x.db", &st, &e), &e);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_ok(dir_stat(&p->dir, "x.db-wal", &st, &e), &e);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(ask(db, "pragma synchronous"), 2);
	assert_int_equal(ask(db, "pragma foreign_keys"), 1);
	assert_int_equal(ask(db, "pragma user_version"), 2);
	assert_ok(db_stmt(db, "pragma journal_mode", &s, &e), &e);
	assert_int_equal(stmt_step(s, &e), 1);
	assert_string_equal(stmt_col_text(s, 0), "wal");
}

static void values_go_in_and_out(void **state)
{
	autodb struct db *db = open_in(*state, 2);
	autostmt struct stmt *s = NULL;
	struct err e = ERR_INIT;
	int r, n = 0;

	assert_ok(db_run(db, &e, "insert into run values(?, ?, ?)", "tit", "a", INT64_MIN, NULL),
		  &e);
	assert_int_equal(db_last_id(db), 1);
	assert_ok(db_run(db, &e, "insert into run values(?, ?, ?)", "tit", "ä'\"", INT64_MAX, "x"),
		  &e);
	assert_ok(db_stmt(db, "select id, n, state from run where n <> ? order by n", &s, &e), &e);
	stmt_int(s, 1, 5);
	while ((r = stmt_step(s, &e)) > 0) {
		assert_string_equal(stmt_col_text(s, 0), n ? "ä'\"" : "a");
		assert_true(stmt_col_int(s, 1) == (n ? INT64_MAX : INT64_MIN));
		assert_true(n ? strcmp(stmt_col_text(s, 2), "x") == 0 : !stmt_col_text(s, 2));
		n++;
	}
	assert_ok(r, &e);
	assert_int_equal(n, 2);
	assert_int_equal(stmt_step(s, &e), 1);          /* and from the start again */
	assert_ok(db_run(db, &e, "update run set state = ?", "t", "y"), &e);
	assert_int_equal(db_changes(db), 2);
}

static void transactions_are_whole(void **state)
{
	autodb struct db *db = open_in(*state, 2);
	struct err e = ERR_INIT;

	assert_ok(db_begin(db, &e), &e);
	put_run(db, "a", 1);
	db_rollback(db);
	assert_int_equal(ask(db, "select count(*) from run"), 0);
	assert_ok(db_begin(db, &e), &e);
	put_run(db, "a", 1);
	put_run(db, "b", 1);
	assert_ok(db_commit(db, &e), &e);
	db_rollback(db);
	assert_int_equal(ask(db, "select count(*) from run"), 2);
}

static void mistakes_have_a_kind(void **state)
{
	struct place *p = *state;
	autodb struct db *db = open_in(p, 2);
	struct db *none = NULL;
	struct stmt *s = NULL;
	struct err e = ERR_INIT;

	put_run(db, "a", 1);
	assert_fails(db_run(db, &e, "insert into run(id, n) values(?, ?)", "ti", "a", (int64_t)1),
		     &e, ERR_EXISTS);
	assert_fails(db_run(db, &e, "insert into step values(?, ?)", "tt", "none", "x"), &e,
		     ERR_EXISTS);
	assert_fails(db_stmt(db, "select nonsense", &s, &e), &e, ERR_BUG);
	assert_fails(db_run(db, &e, "select ?", "tt", "a", "b"), &e, ERR_BUG);
	assert_fails(db_exec(db, "drop table nonsense", &e), &e, ERR_BUG);
	assert_fails(db_open(below(p, "none/x.db"), DB_WRITE, schema, 2, 0, &none, &e), &e,
		     ERR_ABSENT);
	assert_fails(db_open(below(p, "none.db"), DB_READ, schema, 2, 0, &none, &e), &e,
		     ERR_ABSENT);
	put_file(p, "text.db",
		 "this is no database, but text that is long enough to be looked at by "
		 "SQLite, which wants a hundred bytes of a header, it says.");
	assert_fails(db_open(below(p, "text.db"), DB_WRITE, schema, 2, 0, &none, &e), &e,
		     ERR_FORMAT);
	assert_int_equal(symlinkat("x.db", p->dir.fd, "link.db"), 0);
	assert_true(db_open(below(p, "link.db"), DB_WRITE, schema, 2, 0, &none, &e) < 0);
	assert_null(none);
}

static void schemas_move_forward_only(void **state)
{
	struct place *p = *state;
	struct db *db = open_in(p, 1), *none = NULL;
	struct err e = ERR_INIT;

	put_run(db, "a", 1);
	db_close(db);
	assert_fails(db_open(below(p, "x.db"), DB_READ, schema, 2, 0, &none, &e), &e, ERR_REFUSED);
	db = open_in(p, 2);
	assert_int_equal(ask(db, "select count(*) from run where state is null"), 1);
	db_close(db);
	assert_fails(db_open(below(p, "x.db"), DB_WRITE, schema, 1, 0, &none, &e), &e, ERR_REFUSED);
	assert_true(e.hint[0]);
}

static void a_failed_migration_leaves_the_old_schema(void **state)
{
	static const char *const broken[] = { "create table a(x)", "create table b(x); nonsense" };
	struct place *p = *state;
	struct db *db = NULL;
	struct err e = ERR_INIT;

	assert_true(db_open(below(p, "y.db"), DB_WRITE, broken, 2, 0, &db, &e) < 0);
	assert_non_null(strstr(e.msg, "schema 2"));
	assert_ok(db_open(below(p, "y.db"), DB_WRITE, broken, 1, 0, &db, &e), &e);
	assert_int_equal(ask(db, "select count(*) from sqlite_schema"), 1);
	db_close(db);
}

static void a_writer_is_waited_for(void **state)
{
	struct place *p = *state;
	autodb struct db *a = open_in(p, 2), *b = NULL, *reader = NULL;
	struct err e = ERR_INIT;
	int64_t begin;

	assert_ok(db_open(below(p, "x.db"), DB_WRITE, schema, 2, 100 * NS_PER_MS, &b, &e), &e);
	assert_ok(db_begin(a, &e), &e);
	put_run(a, "a", 1);
	begin = clock_mono_ns();
	assert_fails(db_begin(b, &e), &e, ERR_BUSY);
	assert_in_range(clock_mono_ns() - begin, 80 * NS_PER_MS, 60 * NS_PER_S);
	assert_ok(db_open(below(p, "x.db"), DB_READ, schema, 2, 0, &reader, &e), &e);
	assert_int_equal(ask(reader, "select count(*) from run"), 0);
	assert_ok(db_commit(a, &e), &e);
	assert_int_equal(ask(reader, "select count(*) from run"), 1);
	assert_fails(db_run(reader, &e, "delete from run", ""), &e, ERR_DENIED);
	assert_ok(db_begin(b, &e), &e);
}

#ifdef CROSSGRADE_FAULT

static int write_at(const char *path)
{
	struct db *db = NULL;
	struct err e = ERR_INIT;

	if (db_open(path, DB_WRITE, schema, 2, 60 * NS_PER_S, &db, &e) < 0 || db_begin(db, &e) < 0 ||
	    db_run(db, &e, "insert into run(id, n) values(?, ?)", "ti", "a", (int64_t)1) < 0 ||
	    db_commit(db, &e) < 0)
		return 1;
	return 0;
}

static void write_under(const char *path, const char *fault)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		setenv("CROSSGRADE_FAULT", fault, 1);
		execl("/proc/self/exe", "test_db", path, NULL);
		_exit(98);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == 9);
}

/* The second commit is the test's own: the first is the schema's. */
static void a_commit_is_between_its_points(void **state)
{
	struct place *p = *state;
	struct db *db;

	write_under(below(p, "x.db"), "db.commit:2");
	db = open_in(p, 2);
	assert_int_equal(ask(db, "select count(*) from run"), 0);
	db_close(db);
	write_under(below(p, "x.db"), "db.committed:1");
	db = open_in(p, 2);
	assert_int_equal(ask(db, "select count(*) from run"), 1);
	db_close(db);
}

#endif

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		in_place(a_database_is_private_and_durable),
		in_place(values_go_in_and_out),
		in_place(transactions_are_whole),
		in_place(mistakes_have_a_kind),
		in_place(schemas_move_forward_only),
		in_place(a_failed_migration_leaves_the_old_schema),
		in_place(a_writer_is_waited_for),
#ifdef CROSSGRADE_FAULT
		in_place(a_commit_is_between_its_points),
#endif
	};

#ifdef CROSSGRADE_FAULT
	if (argc == 2)
		return write_at(argv[1]);
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
