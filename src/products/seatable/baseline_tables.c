#include "products/seatable/baseline_tables.h"

#include <string.h>

#include "base/mem.h"
#include "products/seatable/baseline.h"

#define SQL_MAX    (1u << 20)
#define LARGE      (256 * 1024 * 1024LL)  /* a table of more is asked for by itself */
#define STILL_MAX  (1024 * 1024 * 1024LL) /* bytes that are read for checksums while clients wait for it, the smallest tables first */

/* Logs, sessions, statistics and job queues. Source: tables of dtable-events 5.3 to 6.1 (1b33a1e) and docs/maintenance/database-cleanup
 * of the admin docs, read 2026-11-22. */
static const char *const always[] = { "operation_log",    "delete_operation_log", "activities",     "session_log",       "django_session",
				      "email_sending_log", "user_activity_statistics", "dtables_stats", "big_data_storage_stats",
				      "api_calls_stats",  "dtable_snapshot",      "UserLastLogin",  "sysadmin_userloginlog", "TotalStorageStat",
				      "UserTraffic",      "RepoSize",             "RepoFileCount",  "GarbageRepos" };

bool sea_is_written_always(const char *table)
{
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (!strcmp(table, always[i]))
			return true;
	return false;
}

struct look {
	const struct sea_db *db;
	const json_t *own;      /* SEA_DB_OWN */
	const struct facts *before;
	json_t *rows;           /* of schema, table, bytes; the smallest first */
	struct facts *ret;
};

/* ---- rows ---- */

static int list_tables(struct look *l, struct err *e)
{
	autobuf struct buf sql = BUF_MAX(SQL_MAX);
	const char *role;
	const json_t *schema;
	int n = 0;

	buf_adds(&sql, "SELECT table_schema, table_name, IFNULL(data_length, 0) FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
		       "AND table_schema IN (");
	json_object_foreach((json_t *)l->own, role, schema)
	{
		autofree char *text = json_is_string(schema) ? sea_db_text(json_string_value(schema)) : NULL;

		if (text)
			buf_addf(&sql, "%s%s", n++ ? ", " : "", text);
	}
	buf_adds(&sql, ") ORDER BY 3, 1, 2");
	return buf_check(&sql, "the names of the schemas", e) < 0 ? -(int)e->kind : sea_db_rows(l->db, buf_str(&sql), &l->rows, e);
}

static void add_table(struct buf *sql, const json_t *row)
{
	autofree char *schema = sea_db_name(sea_db_cell(row, 0));
	autofree char *table = sea_db_name(sea_db_cell(row, 1));

	buf_addf(sql, "%s.%s", schema, table);
}

/* {"schema.table": number} of rows "schema.table" and a number, which a table that went meanwhile has not. */
static void add_numbers(const json_t *rows, json_t *ret)
{
	const json_t *row;
	int64_t n;
	size_t i;

	json_array_foreach((json_t *)rows, i, row)
		if (sv_i64(sv_of(sea_db_cell(row, 1)), &n))
			json_object_set_new(ret, sea_db_cell(row, 0), json_integer((json_int_t)n));
}

static void add_count(struct buf *sql, const json_t *row)
{
	autofree char *name = xasprintf("%s.%s", sea_db_cell(row, 0), sea_db_cell(row, 1));
	autofree char *text = sea_db_text(name);

	buf_addf(sql, "%sSELECT %s, COUNT(*) FROM ", sql->len ? " UNION ALL " : "", text);
	add_table(sql, row);
}

static int ask_counts(struct look *l, struct buf *sql, json_t *ret, struct err *e)
{
	autojson json_t *rows = NULL;

	if (!sql->len)
		return 0;
	if (buf_check(sql, "the names of the tables", e) < 0 || sea_db_rows(l->db, buf_str(sql), &rows, e) < 0)
		return err_wrap(e, "count the rows");
	add_numbers(rows, ret);
	return 0;
}

/* One that cannot be counted in its time is no reason to leave the others. */
static void count_large(struct look *l, const json_t *row, bool quick, json_t *tables, json_t *uncounted)
{
	autofree char *name = xasprintf("%s.%s", sea_db_cell(row, 0), sea_db_cell(row, 1));
	autobuf struct buf sql = BUF_MAX(4096);
	struct err why = ERR_INIT;

	if (quick)
		err_set(&why, ERR_TIMEOUT, "it is large, and counted later");
	add_count(&sql, row);
	if (quick || ask_counts(l, &sql, tables, &why) < 0)
		json_object_set_new(uncounted, name, json_text(why.msg));
}

static int count_rows(struct look *l, bool quick, struct err *e)
{
	autojson json_t *tables = json_object(), *uncounted = json_object();
	autobuf struct buf sql = BUF_MAX(SQL_MAX);
	const json_t *row;
	size_t i;

	if (!json_array_size(l->rows))
		return err_set(e, ERR_ABSENT, "the schemas have no tables");
	json_array_foreach(l->rows, i, row)
		if (sea_db_number(row, 2) <= LARGE)
			add_count(&sql, row);
	if (ask_counts(l, &sql, tables, e) < 0)
		return -(int)e->kind;
	json_array_foreach(l->rows, i, row)
		if (sea_db_number(row, 2) > LARGE)
			count_large(l, row, quick, tables, uncounted);
	facts_put(l->ret, FACT_OBSERVED, BASE_TABLES, json_incref(tables), "SELECT COUNT(*)");
	if (json_object_size(uncounted))
		facts_put(l->ret, FACT_OBSERVED, BASE_UNCOUNTED, json_incref(uncounted), "SELECT COUNT(*)");
	return 0;
}

/* ---- checksums ---- */

struct sums {
	json_t *found, *unsummed;       /* {"schema.table": number}, {"schema.table": why} */
	struct deadline until;          /* for the large ones */
};

/* At a later look those of the first, for no other can be compared. */
static bool is_wanted(const struct look *l, const json_t *row, const char *name)
{
	return l->before ? json_object_get(facts_get(l->before, BASE_SUMS), name) != NULL : !sea_is_written_always(sea_db_cell(row, 1));
}

static void add_sum(struct buf *sql, const json_t *row)
{
	buf_adds(sql, "CHECKSUM TABLE ");
	add_table(sql, row);
	buf_adds(sql, ";\n");
}

/* A statement for each, as each has its time. */
static int ask_sums(struct look *l, struct buf *sql, json_t *ret, struct err *e)
{
	autojson json_t *rows = NULL;

	if (!sql->len)
		return 0;
	if (buf_check(sql, "the names of the tables", e) < 0 || sea_db_rows(l->db, buf_str(sql), &rows, e) < 0)
		return -(int)e->kind;
	add_numbers(rows, ret);
	return 0;
}

/* A baseline of a server that was stopped for it. */
static bool clients_wait(const struct look *l)
{
	return !l->before && facts_bool(l->ret, BASE_STILL, false);
}

/* One that is not read in its time is no reason to leave the others; all of them together have as long as one. */
static void sum_large(struct look *l, const json_t *row, const char *name, struct sums *s)
{
	autobuf struct buf sql = BUF_MAX(4096);
	struct err why = ERR_INIT;

	if (clients_wait(l))
		err_set(&why, ERR_TIMEOUT, "it is large, and clients would have waited for it");
	else if (deadline_passed(s->until))
		err_set(&why, ERR_TIMEOUT, "those before it took all the time there is");
	add_sum(&sql, row);
	if (why.kind || ask_sums(l, &sql, s->found, &why) < 0)
		json_object_set_new(s->unsummed, name, json_text(why.msg));
}

static int sum_small(struct look *l, struct sums *s, struct err *e)
{
	autobuf struct buf sql = BUF_MAX(SQL_MAX);
	int64_t bytes = 0;
	const json_t *row;
	size_t i;

	json_array_foreach(l->rows, i, row)
	{
		autofree char *name = xasprintf("%s.%s", sea_db_cell(row, 0), sea_db_cell(row, 1));

		if (sea_db_number(row, 2) > LARGE || !is_wanted(l, row, name))
			continue;
		bytes += sea_db_number(row, 2);
		if (clients_wait(l) && bytes > STILL_MAX)
			json_object_set_new(s->unsummed, name, json_text("all tables together are large, and clients would have waited for it"));
		else
			add_sum(&sql, row);
	}
	return ask_sums(l, &sql, s->found, e);
}

/* Without them the proof is weaker, and a server need not stay unmoved for that. */
static void sum_tables(struct look *l)
{
	autojson json_t *found = json_object(), *unsummed = json_object();
	struct sums s = { found, unsummed, deadline_in(l->db->within_ns) };
	struct err why = ERR_INIT;
	const json_t *row;
	size_t i;

	if (sum_small(l, &s, &why) < 0) {
		facts_miss(l->ret, BASE_SUMS, why.msg);
		return;
	}
	json_array_foreach(l->rows, i, row)
	{
		autofree char *name = xasprintf("%s.%s", sea_db_cell(row, 0), sea_db_cell(row, 1));

		if (sea_db_number(row, 2) > LARGE && is_wanted(l, row, name))
			sum_large(l, row, name, &s);
	}
	facts_put(l->ret, FACT_OBSERVED, BASE_SUMS, json_incref(found), "CHECKSUM TABLE");
	if (json_object_size(unsummed))
		facts_put(l->ret, FACT_OBSERVED, BASE_UNSUMMED, json_incref(unsummed), "CHECKSUM TABLE");
}

int sea_baseline_tables(const struct sea_db *db, const json_t *own, bool quick, const struct facts *before, struct facts *ret, struct err *e)
{
	struct look l = { .db = db, .own = own, .before = before, .ret = ret };
	int r = list_tables(&l, e);

	if (r >= 0)
		r = count_rows(&l, quick, e);
	if (r >= 0 && !quick)
		sum_tables(&l);
	json_decref(l.rows);
	return r;
}
