#include "products/seatable/survey.h"

#include <ctype.h>
#include <string.h>

#define THEIRS "('information_schema', 'mysql', 'performance_schema', 'sys')"

bool sea_sql_name(const char *name)
{
	if (!name || !*name || strlen(name) > 64)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_$-", *name))
			return false;
	return true;
}

static const char *field(const json_t *row, size_t i)
{
	const char *text = json_string_value(json_array_get(row, i));

	return text ? text : "";
}

static int64_t number(const json_t *row, size_t i)
{
	int64_t n;

	return sv_i64(sv_of(field(row, i)), &n) ? n : 0;
}

/* ---- what is counted ---- */

enum of { OF_DTABLE, OF_CCNET, OF_SEAFILE, OF_LOG };

static const struct count {
	const char *label;              /* "users.total": users below SEA_USERS, else below SEA_COUNTS */
	enum of of;
	const char *table, *name;       /* counted for each value of column `name`; NULL: all in one */
	const char *what, *where;
	const char *needs[3];           /* columns */
} counted[] = {
	{ "users.total", OF_CCNET, "EmailUser", NULL, "COUNT(*)", "", { 0 } },
	{ "users.active", OF_CCNET, "EmailUser", NULL, "COUNT(*)", "WHERE is_active = 1", { "is_active" } },
	{ "users.staff", OF_CCNET, "EmailUser", NULL, "COUNT(*)", "WHERE is_active = 1 AND is_staff = 1", { "is_active", "is_staff" } },
	{ "users.local_staff", OF_CCNET, "EmailUser", NULL, "COUNT(*)", "WHERE is_active = 1 AND is_staff = 1 AND passwd <> '!'",
	  { "is_active", "is_staff", "passwd" } },
	{ "users.sso", OF_CCNET, "EmailUser", NULL, "COUNT(*)", "WHERE is_active = 1 AND passwd = '!'", { "is_active", "passwd" } },
	{ "users.roles", OF_CCNET, "UserRole", "role", "COUNT(*)", "", { "role" } },
	{ "users.orgs", OF_CCNET, "OrgUser", NULL, "COUNT(*)", "WHERE org_id > 0", { "org_id" } },
	{ "groups", OF_CCNET, "Group", NULL, "COUNT(*)", "", { 0 } },
	{ "repos", OF_SEAFILE, "Repo", NULL, "COUNT(*)", "", { 0 } },
	{ "virus", OF_SEAFILE, "VirusFile", NULL, "COUNT(*)", "", { 0 } },
	{ "bases", OF_DTABLE, "dtables", NULL, "COUNT(*)", "", { 0 } },
	{ "apps", OF_DTABLE, "dtable_external_apps", "app_type", "COUNT(*)", "", { "app_type" } },
	{ "app_users", OF_DTABLE, "dtable_app_users", NULL, "COUNT(*)", "", { 0 } },
	{ "view_shares", OF_DTABLE, "dtable_view_user_share", NULL, "COUNT(*)", "", { 0 } },
	{ "group_shares", OF_DTABLE, "dtable_view_group_share", NULL, "COUNT(*)", "", { 0 } },
	{ "archived_bases", OF_DTABLE, "big_data_storage_stats", NULL, "COUNT(*)", "WHERE total_rows > 0", { "total_rows" } },
	{ "archived_rows", OF_DTABLE, "big_data_storage_stats", NULL, "COALESCE(SUM(total_rows), 0)", "WHERE total_rows > 0",
	  { "total_rows" } },
	{ "sso", OF_DTABLE, "social_auth_usersocialauth", "provider", "COUNT(*)", "", { "provider" } },
	{ "admin_roles", OF_DTABLE, "role_permissions_adminrole", NULL, "COUNT(*)", "", { 0 } },
	{ "fresh", OF_LOG, "operation_log", NULL, "FLOOR((UNIX_TIMESTAMP() * 1000 - MAX(op_time)) / 1000)", "", { "op_time" } },
};

static bool is_user(const struct count *c)
{
	return !strncmp(c->label, "users.", 6);
}

static const char *name_of(const struct count *c)
{
	return is_user(c) ? c->label + 6 : c->label;
}

static const char *schema_of(const struct sea_schemas *own, const struct count *c)
{
	const char *const names[] = { [OF_DTABLE] = own->dtable, [OF_CCNET] = own->ccnet, [OF_SEAFILE] = own->seafile,
				      [OF_LOG] = own->log ? own->log : own->dtable };

	return names[c->of];
}

/* ---- what there is ---- */

/* Six columns, that all answers come in one. */
void sea_survey_sql(const struct sea_schemas *own, struct buf *ret)
{
	buf_adds(ret, "SELECT 'version', VERSION(), '', '', '' ");
	buf_adds(ret, "UNION ALL SELECT 'schema', SCHEMA_NAME, '', '', '' FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN " THEIRS);
	buf_adds(ret, " UNION ALL SELECT 'size', TABLE_SCHEMA, COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0), COUNT(*), "
		      "COALESCE(SUM(TABLE_ROWS), 0) FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN " THEIRS
		      " GROUP BY TABLE_SCHEMA");
	buf_adds(ret, " UNION ALL SELECT 'engine', TABLE_SCHEMA, TABLE_NAME, ENGINE, '' FROM information_schema.TABLES WHERE TABLE_TYPE = "
		      "'BASE TABLE' AND ENGINE <> 'InnoDB' AND TABLE_SCHEMA NOT IN " THEIRS);
	for (size_t i = 0; i < ARRAY_LEN(counted); i++)
		buf_addf(ret, "%s('%s', '%s')", i ? ", " : " UNION ALL SELECT 'column', TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE "
			 "FROM information_schema.COLUMNS WHERE (TABLE_SCHEMA, TABLE_NAME) IN (", schema_of(own, &counted[i]), counted[i].table);
	buf_adds(ret, ") OR TABLE_NAME IN ('operation_log', 'dtables') ORDER BY 1, 2, 3, 4;");
}

static void take_row(const json_t *row, json_t *doc)
{
	const char *label = field(row, 0), *schema = field(row, 1);

	if (!strcmp(label, "version")) {
		json_object_set_new(doc, "version", json_text(schema));
	} else if (!strcmp(label, "schema")) {
		json_array_append_new(json_object_get(doc, "schemas"), json_text(schema));
	} else if (!strcmp(label, "size")) {
		json_object_set_new(json_object_get(doc, "sizes"), schema,
				    json_pack("{sI sI sI}", "bytes", (json_int_t)number(row, 2), "tables", (json_int_t)number(row, 3),
					      "rows", (json_int_t)number(row, 4)));
	} else if (!strcmp(label, "engine")) {
		json_array_append_new(json_object_get(doc, "engines"), json_sprintf("%s.%s: %s", schema, field(row, 2), field(row, 3)));
	} else if (!strcmp(label, "column")) {
		autofree char *key = xasprintf("%s.%s.%s", schema, field(row, 2), field(row, 3));

		json_object_set_new(json_object_get(doc, "columns"), key, json_text(field(row, 4)));
	}
}

json_t *sea_survey_read(const json_t *rows)
{
	json_t *doc = json_pack("{s[] s{} s[] s{}}", "schemas", "sizes", "engines", "columns"), *row;
	size_t i;

	json_array_foreach((json_t *)rows, i, row)
		take_row(row, doc);
	return doc;
}

/* ---- operation_log in a schema of its own ---- */

static bool has_column(const json_t *survey, const char *schema, const char *column)
{
	autofree char *key = xasprintf("%s.%s", schema, column);

	return json_object_get(json_object_get(survey, "columns"), key);
}

static bool is_one_of(const struct sea_schemas *own, const char *schema)
{
	return !strcmp(schema, own->dtable) || !strcmp(schema, own->ccnet) || !strcmp(schema, own->seafile);
}

bool sea_survey_log(const struct sea_schemas *own, const json_t *survey, const char *named, const char **ret)
{
	const char *found = NULL;
	const json_t *one;
	size_t i, n = 0;

	*ret = NULL;
	if (named && !strcmp(named, own->dtable))
		return true;
	json_array_foreach(json_object_get(survey, "schemas"), i, one) {
		const char *schema = json_string_value(one);

		if (is_one_of(own, schema) || !has_column(survey, schema, "operation_log.op_id") || has_column(survey, schema, "dtables.uuid") ||
		    (named && strcmp(schema, named) != 0))
			continue;
		found = schema;
		n++;
	}
	*ret = n == 1 && sea_sql_name(found) ? found : NULL;
	return *ret;
}

/* ---- counts ---- */

static const char *type_of(const struct sea_schemas *own, const json_t *survey, const struct count *c, const char *column)
{
	autofree char *key = xasprintf("%s.%s.%s", schema_of(own, c), c->table, column);

	return json_str(json_object_get(survey, "columns"), key, NULL);
}

static bool is_there(const struct sea_schemas *own, const json_t *survey, const struct count *c)
{
	autofree char *table = xasprintf("%s.%s.", schema_of(own, c), c->table);
	const char *key;
	json_t *unused;

	json_object_foreach(json_object_get(survey, "columns"), key, unused)
		if (!strncmp(key, table, strlen(table)))
			return true;
	return false;
}

static bool can_count(const struct sea_schemas *own, const json_t *survey, const struct count *c)
{
	const char *time = !strcmp(c->label, "fresh") ? type_of(own, survey, c, "op_time") : NULL;

	for (size_t i = 0; i < ARRAY_LEN(c->needs) && c->needs[i]; i++)
		if (!type_of(own, survey, c, c->needs[i]))
			return false;
	/* Milliseconds of the epoch, where it is a number. */
	return is_there(own, survey, c) && (!time || !strncmp(time, "bigint", 6));
}

void sea_counts_sql(const struct sea_schemas *own, const json_t *survey, struct buf *ret)
{
	const char *between = "";

	for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
		const struct count *c = &counted[i];

		if (!can_count(own, survey, c))
			continue;
		buf_addf(ret, "%sSELECT '%s', ", between, c->label);
		if (c->name)
			buf_addf(ret, "CONVERT(%s USING utf8mb4), ", c->name);
		else
			buf_adds(ret, "'', ");
		buf_addf(ret, "%s FROM `%s`.`%s` %s", c->what, schema_of(own, c), c->table, c->where);
		if (c->name)
			buf_addf(ret, "GROUP BY %s", c->name);
		between = " UNION ALL ";
	}
	if (*between)
		buf_adds(ret, ";");
}

static const json_t *row_of(const json_t *rows, const char *label)
{
	json_t *row;
	size_t i;

	json_array_foreach((json_t *)rows, i, row)
		if (!strcmp(field(row, 0), label))
			return row;
	return NULL;
}

static json_t *by_name(const json_t *rows, const char *label)
{
	json_t *by = json_object(), *row;
	size_t i;

	json_array_foreach((json_t *)rows, i, row)
		if (!strcmp(field(row, 0), label))
			json_object_set_new(by, field(row, 1), json_integer((json_int_t)number(row, 2)));
	return by;
}

static json_t *counted_of(const struct count *c, const json_t *rows)
{
	const json_t *row = row_of(rows, c->label);
	int64_t n;

	if (c->name)
		return by_name(rows, c->label);
	return row && sv_i64(sv_of(field(row, 2)), &n) ? json_integer((json_int_t)n) : NULL;
}

json_t *sea_counts_read(const struct sea_schemas *own, const json_t *survey, const json_t *rows)
{
	json_t *users = json_object(), *counts = json_object(), *missing = json_object(), *fresh;
	json_t *doc = json_pack("{so so so}", "users", users, "counts", counts, "missing", missing);

	for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
		const struct count *c = &counted[i];
		json_t *n = can_count(own, survey, c) ? counted_of(c, rows) : NULL;

		if (n)
			json_object_set_new(is_user(c) ? users : counts, name_of(c), n);
		else if (strcmp(c->label, "fresh") != 0)
			json_object_set_new(missing, c->label,
					    is_there(own, survey, c) ? json_sprintf("table %s has other columns", c->table)
								     : json_sprintf("there is no table %s", c->table));
	}
	fresh = json_object_get(counts, "fresh");
	if (fresh) {
		json_object_set(doc, "fresh", fresh);
		json_object_del(counts, "fresh");
	}
	return doc;
}
