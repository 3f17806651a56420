#include "products/sftpgo/tables.h"

#include <string.h>

#include "base/mem.h"
#include "base/vec.h"
#include "io/file.h"
#include "products/sftpgo/provider_driver.h"

#define TABLES_MAX 10000
#define SHAPE_MAX  (4u << 20)

/* src: 2.6.4 and 2.7.5 internal/dataprovider, initSQLTables(); the development line, for the edition after it. */
static const char *const names[] = {
	"active_transfers", "admins", "admins_groups_mapping", "api_keys", "configurations", "defender_events", "defender_hosts",
	"events_actions", "events_rules", "folders", "groups", "groups_folders_mapping", "ip_lists", "nodes", "roles",
	"rules_actions_mapping", "schema_version", "shared_sessions", "shares", "shares_groups_mapping", "tasks", "users",
	"users_folders_mapping", "users_groups_mapping",
};

static bool is_postgresql(const struct provider *p)
{
	return !strcmp(p->ops->driver, "postgresql");
}

static bool has_prefix(const struct provider *p, struct sv name)
{
	return sv_starts(name, p->prefix);
}

static bool is_ours(const struct provider *p, struct sv name)
{
	if (!has_prefix(p, name))
		return false;
	name = (struct sv){ name.p + strlen(p->prefix), name.n - strlen(p->prefix) };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (sv_eq(name, names[i]))
			return true;
	return false;
}

typedef bool which_fn(const struct provider *p, struct sv name);
typedef void row_fn(void *data, struct rows *row);

/* For each row whose first column names such a table. */
static int each_row_of(struct provider *p, const char *sql, which_fn *which, row_fn *each, void *data, struct err *e)
{
	autorows struct rows *rows = NULL;
	int r = provider_query(p, sql, &rows, e), n = 0;

	while (r >= 0 && (r = rows_next(rows, e)) > 0) {
		if (which(p, rows_col(rows, 0)))
			each(data, rows);
		if (n++ > TABLES_MAX)
			return err_set(e, ERR_SPACE, "the database has more than %d tables and columns", TABLES_MAX);
	}
	return r < 0 ? err_wrap(e, "look at the tables of the database") : 0;
}

static int each_row(struct provider *p, const char *sql, row_fn *each, void *data, struct err *e)
{
	return each_row_of(p, sql, is_ours, each, data, e);
}

static const char *here(const struct provider *p)
{
	return is_postgresql(p) ? "current_schema()" : "DATABASE()";
}

/* ---- which there are ---- */

static void add_name(void *data, struct rows *row)
{
	struct sv name = rows_col(row, 0);

	json_array_append_new(data, json_stringn(name.p, name.n));
}

int tables_list(struct provider *p, json_t **ret, struct err *e)
{
	autofree char *sql = xasprintf("SELECT table_name FROM information_schema.tables WHERE table_schema = %s "
				       "AND table_type = 'BASE TABLE' ORDER BY <table_name>", here(p));
	json_t *list = json_array();

	if (each_row(p, sql, add_name, list, e) < 0) {
		json_decref(list);
		return -(int)e->kind;
	}
	*ret = list;
	return 0;
}

static bool is_unknown(const struct provider *p, struct sv name)
{
	return has_prefix(p, name) && !is_ours(p, name);
}

int tables_unknown(struct provider *p, json_t **ret, struct err *e)
{
	const char *sql = is_postgresql(p) ?
				  "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tableowner = current_user "
				  "ORDER BY <tablename>" :
				  "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
				  "AND table_type = 'BASE TABLE' ORDER BY <table_name>";
	json_t *list = json_array();

	if (each_row_of(p, sql, is_unknown, add_name, list, e) < 0) {
		json_decref(list);
		return -(int)e->kind;
	}
	*ret = list;
	return 0;
}

static void add_column(void *data, struct rows *row)
{
	for (int i = 0; i < 4; i++) {
		buf_add_sv(data, rows_col(row, i));
		buf_addc(data, i < 3 ? '\t' : '\n');
	}
}

int tables_shape(struct provider *p, char ret[65], struct err *e)
{
	autofree char *sql = xasprintf("SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
				       "WHERE table_schema = %s ORDER BY <table_name>, ordinal_position", here(p));
	autobuf struct buf text = BUF_MAX(SHAPE_MAX);

	if (each_row(p, sql, add_column, &text, e) < 0 || buf_check(&text, "the shape of the tables", e) < 0)
		return -(int)e->kind;
	digest_text(buf_sv(&text), ret);
	return 0;
}

static void add_size(void *data, struct rows *row)
{
	int64_t *sum = data, bytes;

	if (sv_i64(rows_col(row, 1), &bytes))
		*sum += bytes;
}

int tables_size(struct provider *p, int64_t *ret, struct err *e)
{
	const char *sql = is_postgresql(p) ?
				  "SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n "
				  "ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')" :
				  "SELECT table_name, CAST(data_length + index_length AS SIGNED) FROM information_schema.tables "
				  "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'";
	int64_t sum = 0;

	if (each_row(p, sql, add_size, &sum, e) < 0)
		return -(int)e->kind;
	*ret = sum;
	return 0;
}

int tables_schema(struct provider *p, char **ret, struct err *e)
{
	autobuf struct buf name = BUF_MAX(1024);

	if (provider_value(p, "SELECT current_schema()", &name, e) < 0)
		return err_wrap(e, "look for the schema of the tables");
	*ret = xstrdup(buf_str(&name));
	return 0;
}

/* ---- what hangs on them ---- */

struct ties {
	struct provider *p;
	json_t *list;
};

/* Columns: our table, what, its name, the table that it is of. */
static void add_tie(void *data, struct rows *row)
{
	struct sv table = rows_col(row, 0), what = rows_col(row, 1), name = rows_col(row, 2), of = rows_col(row, 3);
	struct ties *t = data;

	if (!is_ours(t->p, of))
		json_array_append_new(t->list, json_sprintf(SV_FMT " '" SV_FMT "' of '" SV_FMT "'", SV_ARG(what), SV_ARG(name),
							    SV_ARG(table)));
}

/* PostgreSQL drops no table that a foreign key or a view of somebody else's names; MariaDB puts a trigger back only for whom it
 * belongs to. */
int tables_tied(struct provider *p, json_t **ret, struct err *e)
{
	static const char foreign_keys[] =
		"SELECT r.relname, 'foreign key', c.conname, f.relname FROM pg_constraint c JOIN pg_class r ON r.oid = c.confrelid "
		"JOIN pg_namespace n ON n.oid = r.relnamespace JOIN pg_class f ON f.oid = c.conrelid "
		"WHERE c.contype = 'f' AND n.nspname = current_schema()";
	static const char views[] =
		"SELECT DISTINCT r.relname, 'view', v.relname, v.relname FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid "
		"JOIN pg_class v ON v.oid = w.ev_class JOIN pg_class r ON r.oid = d.refobjid JOIN pg_namespace n "
		"ON n.oid = r.relnamespace WHERE d.classid = 'pg_rewrite'::regclass AND n.nspname = current_schema() "
		"AND r.relkind IN ('r', 'p')";
	static const char triggers[] =
		"SELECT event_object_table, 'trigger', trigger_name, '' FROM information_schema.triggers "
		"WHERE event_object_schema = DATABASE() AND definer != CURRENT_USER()";
	struct ties t = { .p = p, .list = json_array() };
	int r = is_postgresql(p) ? each_row(p, foreign_keys, add_tie, &t, e) : each_row(p, triggers, add_tie, &t, e);

	if (r >= 0 && is_postgresql(p))
		r = each_row(p, views, add_tie, &t, e);
	if (r < 0) {
		json_decref(t.list);
		return r;
	}
	*ret = t.list;
	return 0;
}

/* Columns: a table, and one that it leads to. */
static void add_link(void *data, struct rows *row)
{
	struct sv from = rows_col(row, 0), to = rows_col(row, 1);

	json_array_append_new(data, json_pack("[oo]", json_stringn(from.p, from.n), json_stringn(to.p, to.n)));
}

static bool any_table(const struct provider *p unused_arg, struct sv name unused_arg)
{
	return true;
}

/* One round: those that lead to SFTPGo's or to one that was found. Was there a new one? */
static bool add_leaning(const struct provider *p, const json_t *links, json_t *found)
{
	const json_t *link;
	bool more = false;
	size_t i;

	json_array_foreach(links, i, link)
	{
		const char *from = json_string_value(json_array_get(link, 0)), *to = json_string_value(json_array_get(link, 1));

		if (!from || !to || is_ours(p, sv_of(from)) || json_object_get(found, from) ||
		    (!is_ours(p, sv_of(to)) && !json_object_get(found, to)))
			continue;
		json_object_set_new(found, from, json_true());
		more = true;
	}
	return more;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *sorted_names(const json_t *found)
{
	VEC(const char *) all = { 0 };
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach((json_t *)found, name, value) *vec_push(&all) = name;
	if (all.n)
		qsort(all.v, all.n, sizeof *all.v, by_name);
	vec_each (&all, it)
		json_array_append_new(list, json_string(*it));
	vec_done(&all);
	return list;
}

int tables_leaning(struct provider *p, json_t **ret, struct err *e)
{
	static const char postgresql[] =
		"SELECT f.relname, r.relname FROM pg_constraint c JOIN pg_class f ON f.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid "
		"JOIN pg_namespace n ON n.oid = f.relnamespace AND n.oid = r.relnamespace "
		"WHERE c.contype = 'f' AND n.nspname = current_schema()";
	static const char mysql[] =
		"SELECT table_name, referenced_table_name FROM information_schema.key_column_usage WHERE table_schema = DATABASE() "
		"AND referenced_table_schema = DATABASE() AND referenced_table_name IS NOT NULL";
	autojson json_t *links = json_array(), *found = json_object();

	if (each_row_of(p, is_postgresql(p) ? postgresql : mysql, any_table, add_link, links, e) < 0)
		return -(int)e->kind;
	while (add_leaning(p, links, found))
		;
	*ret = sorted_names(found);
	return 0;
}

void tables_quote(const char *driver, const char *name, struct buf *ret)
{
	char quote = strcmp(driver, "postgresql") ? '`' : '"';

	buf_addc(ret, quote);
	for (const char *c = name; *c; c++) {
		if (*c == quote)
			buf_addc(ret, *c);
		buf_addc(ret, *c);
	}
	buf_addc(ret, quote);
}
