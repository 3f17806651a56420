/* What servers, databases and configuration files answer, read. */
#include "products/seatable/jobs.h"
#include "products/seatable/server.h"
#include "products/seatable/settings.h"
#include "products/seatable/survey.h"
#include "products/seatable/version.h"
#include "unit.h"

/* ---- the server's doors ---- */

static const char answered[] =
	"{\"version\":\"6.1.8\",\"edition\":\"enterprise edition\"}\n@crossgrade 200 http://127.0.0.1:8000/server-info/\n"
	"\"pong\"\n@crossgrade 200 http://127.0.0.1:8000/api2/ping/\n"
	"\n@crossgrade 000 http://127.0.0.1:5000/ping/\n"
	"{\"ret\":\"pong\"}\n@crossgrade 200 http://127.0.0.1:7777/ping/\n"
	"<html>502</html>\n@crossgrade 502 http://127.0.0.1:7780/api/v2/ping/\n"
	"\n@crossgrade 302 http://127.0.0.1/\n\n@crossgrade 000 file:///dev/null\n";

static void doors_of_the_server(void **state)
{
	json_t *says = NULL, *pings = NULL;

	sea_server_read(sv_of(answered), &says, &pings);
	assert_string_equal(json_str(says, "version", ""), "6.1.8");
	assert_string_equal(sea_edition_of(json_str(says, "edition", "")), SEA_ENTERPRISE);
	assert_int_equal(json_object_size(pings), 6);
	assert_string_equal(json_str(pings, "server-info", "?"), "");
	assert_string_equal(json_str(pings, "nginx", "?"), "");
	assert_string_equal(json_str(pings, "dtable-server", ""), "it does not answer");
	assert_string_equal(json_str(pings, "api-gateway", ""), "it answers with status 502");
	json_decref(says);
	json_decref(pings);
}

static void a_server_that_says_nothing(void **state)
{
	static const char *const strange[] = { "", "\n@crossgrade 200 http://127.0.0.1:8000/server-info/\n",
					       "[1]\n@crossgrade 200 http://127.0.0.1:8000/server-info/\n", "@crossgrade", "\n@crossgrade 200" };

	for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
		json_t *says = NULL, *pings = NULL;

		sea_server_read(sv_of(strange[i]), &says, &pings);
		assert_null(says);
		assert_int_equal(json_object_size(pings), 6);
		json_decref(pings);
	}
	assert_string_equal(sea_edition_of("Developer Edition"), SEA_DEVELOPER);
	assert_null(sea_edition_of("community edition"));
	assert_null(sea_edition_of(NULL));
}

static void doors_of_a_release(void **state)
{
	assert_true(sea_door_is_wanted("api-gateway", "6.1.8"));
	assert_true(sea_door_is_wanted("api-gateway", "5.0.7"));
	assert_true(sea_door_is_wanted("api-gateway", NULL));
	assert_false(sea_door_is_wanted("api-gateway", "4.4.9"));
	assert_true(sea_door_is_wanted("dtable-server", "4.4.9"));
}

/* ---- databases ---- */

static const struct sea_schemas own = { "dtable_db", "ccnet_db", "seafile_db" };

static json_t *rows_of(const char *text)
{
	struct err e = ERR_INIT;
	json_t *rows = NULL;

	assert_ok(json_parse(sv_of(text), "rows", &rows, &e), &e);
	return rows;
}

static json_t *surveyed(void)
{
	autojson json_t *rows = rows_of("[[\"column\",\"ccnet_db\",\"EmailUser\",\"is_active\",\"tinyint(1)\"],[\"column\",\"ccnet_db\",\"EmailUser\",\"is_staff\",\"tinyint(1)\"],"
					"[\"column\",\"ccnet_db\",\"EmailUser\",\"passwd\",\"varchar(256)\"],[\"column\",\"ccnet_db\",\"UserRole\",\"role\",\"varchar(255)\"],"
					"[\"column\",\"dtable_db\",\"big_data_storage_stats\",\"rows\",\"int\"],[\"column\",\"dtable_db\",\"operation_log\",\"op_time\",\"bigint(20)\"],"
					"[\"engine\",\"dtable_db\",\"session_log\",\"MyISAM\",\"\"],[\"schema\",\"ccnet_db\",\"\",\"\",\"\"],[\"schema\",\"oplog\",\"\",\"\",\"\"],"
					"[\"size\",\"ccnet_db\",\"16384\",\"3\",\"12\"],[\"version\",\"11.8.5-MariaDB\",\"\",\"\",\"\"]]");

	return sea_survey_read(rows);
}

static void what_the_databases_have(void **state)
{
	autojson json_t *survey = surveyed();

	assert_string_equal(json_str(survey, "version", ""), "11.8.5-MariaDB");
	assert_true(json_lists(json_object_get(survey, "schemas"), "oplog"));
	assert_int_equal(json_int(json_object_get(json_object_get(survey, "sizes"), "ccnet_db"), "bytes", 0), 16384);
	assert_true(json_lists(json_object_get(survey, "engines"), "dtable_db.session_log: MyISAM"));
}

/* Nothing is asked of tables or columns that are not there. */
static void only_what_is_there_is_counted(void **state)
{
	autojson json_t *survey = surveyed(), *nothing = sea_survey_read(NULL);
	autobuf struct buf sql = BUF_MAX(64 << 10);

	sea_counts_sql(&own, survey, &sql);
	assert_non_null(strstr(buf_str(&sql), "SELECT 'users.local_staff'"));
	assert_non_null(strstr(buf_str(&sql), "CONVERT(role USING utf8mb4)"));
	assert_non_null(strstr(buf_str(&sql), "SELECT 'fresh'"));
	assert_null(strstr(buf_str(&sql), "big_data_storage_stats"));
	assert_null(strstr(buf_str(&sql), "dtables"));
	buf_reset(&sql);
	sea_counts_sql(&own, nothing, &sql);
	assert_int_equal(sql.len, 0);
}

static void counts_and_what_is_missing(void **state)
{
	autojson json_t *survey = surveyed(), *rows = rows_of("[[\"users.total\",\"\",\"14\"],[\"users.active\",\"\",\"12\"],[\"users.staff\",\"\",\"2\"],"
							      "[\"users.local_staff\",\"\",\"1\"],[\"users.sso\",\"\",\"0\"],[\"users.roles\",\"default\",\"10\"],"
							      "[\"users.roles\",\"guest\",\"4\"],[\"fresh\",\"\",\"17\"]]"),
			*counts = sea_counts_read(&own, survey, rows);
	const json_t *users = json_object_get(counts, "users"), *missing = json_object_get(counts, "missing");

	assert_int_equal(json_int(users, "active", 0), 12);
	assert_int_equal(json_int(json_object_get(users, "roles"), "guest", 0), 4);
	assert_int_equal(json_int(counts, "fresh", 0), 17);
	assert_string_equal(json_str(missing, "bases", ""), "there is no table dtables");
	assert_string_equal(json_str(missing, "archived_rows", ""), "table big_data_storage_stats has other columns");
	assert_null(json_object_get(missing, "users.sso"));
}

static const char *log_of(const char *rows_text, const char *named)
{
	static char found[64];
	autojson json_t *rows = rows_of(rows_text), *survey = sea_survey_read(rows);
	const char *log;
	bool told = sea_survey_log(&own, survey, named, &log);

	(void)snprintf(found, sizeof found, "%s", !told ? "none" : log ? log : "dtable's");
	return found;
}

#define HAS(schema, table, column) "[\"column\",\"" schema "\",\"" table "\",\"" column "\",\"bigint(20)\"]"
#define IS(schema)                 "[\"schema\",\"" schema "\",\"\",\"\",\"\"]"

static void which_schema_has_the_operation_log(void **state)
{
	static const char one[] = "[" IS("dtable_db") "," IS("logs") "," IS("scheduler") "," HAS("dtable_db", "operation_log", "op_id") ","
				  HAS("logs", "operation_log", "op_id") "]";
	static const char two[] = "[" IS("logs") "," IS("old") "," HAS("old", "operation_log", "op_id") "," HAS("logs", "operation_log", "op_id") "]";
	static const char another[] = "[" IS("theirs") "," HAS("theirs", "dtables", "uuid") "," HAS("theirs", "operation_log", "op_id") "]";

	assert_string_equal(log_of(one, NULL), "logs");
	assert_string_equal(log_of(one, "logs"), "logs");
	assert_string_equal(log_of(one, "elsewhere"), "none");
	assert_string_equal(log_of(one, "dtable_db"), "dtable's");
	assert_string_equal(log_of(one, "ccnet_db"), "none");
	assert_string_equal(log_of(two, NULL), "none");
	assert_string_equal(log_of(two, "logs"), "logs");
	assert_string_equal(log_of(another, NULL), "none");
	assert_string_equal(log_of("[]", NULL), "none");
}

static json_t *log_place(const char *python, const char *events, const char *variable, const char *version)
{
	autojson json_t *settings = sea_settings_of(sv_of(python)), *environment = json_pack("{ss}", "ENABLE_OPERATION_LOG_DB", variable);

	return sea_log_place_of(&(struct sea_sources){ .settings = settings, .environment = environment, .events = sv_of(events), .version = version });
}

static void what_puts_the_operation_log_elsewhere(void **state)
{
	static const char databases[] = "ENABLE_OPERATION_LOG_DB = True\nKEY = 'operation_log'\nDATABASES = {\n  'default': {'NAME': 'dtable_db'},\n"
					"  # 'operation_log': {'NAME': 'old'},\n  'operation_log': {\n    'ENGINE': 'django.db.backends.mysql',\n"
					"    'NAME': 'logs', 'PASSWORD': 'x', 'HOST': 'db2.example'\n  }\n}\n";
	autojson json_t *both = log_place(databases, "", "", "6.1.0"), *by_env = log_place("", "", "true", NULL),
			*none = log_place("ENABLE_OPERATION_LOG_DB = False\n", "", "false", NULL);

	assert_string_equal(json_str(both, "by", ""), "ENABLE_OPERATION_LOG_DB");
	assert_string_equal(json_str(both, "name", ""), "logs");
	assert_string_equal(json_str(both, "host", ""), "db2.example");
	assert_string_equal(json_str(by_env, "by", ""), "ENABLE_OPERATION_LOG_DB");
	assert_null(json_object_get(by_env, "name"));
	assert_null(json_object_get(by_env, "host"));
	assert_null(none);
}

static void the_operation_log_of_releases_before_5_3(void **state)
{
	static const char events[] = "[DATABASE]\ntype = mysql\nenabled = 1\noperation_log_db_name = logs\noperation_log_db_host = db2.example\n";
	autojson json_t *old = log_place("", events, "", "5.2.7"), *unknown = log_place("", events, "", NULL), *later = log_place("", events, "", "5.3.0"),
			*off = log_place("", "[DATABASE]\nenabled = 0\n", "", "5.2.7");

	assert_string_equal(json_str(old, "by", ""), "[DATABASE] of dtable-events.conf");
	assert_string_equal(json_str(old, "name", ""), "logs");
	assert_string_equal(json_str(old, "host", ""), "db2.example");
	assert_non_null(unknown);
	assert_null(later);
	assert_null(off);
}

static void names_for_statements(void **state)
{
	assert_true(sea_sql_name("dtable_db"));
	assert_false(sea_sql_name("a`b"));
	assert_false(sea_sql_name("a'b"));
	assert_false(sea_sql_name(""));
	assert_false(sea_sql_name(NULL));
}

/* ---- configuration files ---- */

static void settings_in_python(void **state)
{
	autojson json_t *s = sea_settings_of(sv_of("IS_PRO_VERSION = True\nENABLE_LDAP = True # by hand\nENABLE_OAUTH=False\nENABLE_SAML = True\n"
						   "ENABLE_SAML = False\n  ENABLE_COLLABORA = True\nENABLE_ONLYOFFICE == True\n# PLUGINS_REPO_ID='a'\n"
						   "PLUGINS_REPO_ID='b'\nSSO_SECRET_KEY = 'hush'\nCLOUD_MODE = ''\n"));
	const json_t *on = json_object_get(s, "on");
	autofree char *text = json_dumps(s, 0);

	assert_true(json_bool(s, "is_pro", false));
	assert_true(json_bool(on, "ENABLE_LDAP", false));
	assert_null(json_object_get(on, "ENABLE_OAUTH"));
	assert_null(json_object_get(on, "ENABLE_SAML"));
	assert_null(json_object_get(on, "ENABLE_COLLABORA"));
	assert_null(json_object_get(on, "ENABLE_ONLYOFFICE"));
	assert_null(json_object_get(on, "CLOUD_MODE"));
	assert_int_equal(json_int(s, "plugins_repo", 0), 1);
	assert_true(json_bool(s, "plugins_commented", false));
	assert_null(strstr(text, "hush"));
}

static void features_and_where_they_are_switched_on(void **state)
{
	autojson json_t *settings = sea_settings_of(sv_of("ENABLE_OAUTH = True\n")),
			*environment = json_pack("{ss ss}", "MULTI_TENANCY", "true", "VIRUS_SCAN_ENABLED", "false"),
			*files = json_pack("[{ss} {ss}]", "name", "collabora.yml", "name", "seatable-server.yml");
	struct sea_sources s = { .settings = settings, .environment = environment, .files = files,
				 .events = SV("[DATABASE]\nenabled = true\n[LDAP SYNC]\nenabled = True\n[VIRUS SCAN]\nenabled = false\n"),
				 .seafile = SV("[block_backend]\nname = s3\n") };
	autojson json_t *features = sea_features_of(&s), *storage = sea_storage_of(&s);

	assert_string_equal(json_str(features, "oauth", ""), "ENABLE_OAUTH");
	assert_string_equal(json_str(features, "teams", ""), "MULTI_TENANCY");
	assert_string_equal(json_str(features, "office", ""), "collabora.yml");
	assert_string_equal(json_str(features, "ldap", ""), "[LDAP SYNC] of dtable-events.conf");
	assert_null(json_object_get(features, "antivirus"));
	assert_string_equal(json_str(storage, "kind", ""), "s3");
	assert_string_equal(json_str(storage, "by", ""), "seafile.conf");
}

static void local_storage(void **state)
{
	struct sea_sources s = { .storage = SV("[general]\ntype = fs\n"), .seafile = SV("[database]\ntype = mysql\n") };
	autojson json_t *storage = sea_storage_of(&s);

	assert_string_equal(json_str(storage, "kind", ""), "local");
}

/* ---- jobs ---- */

static void works(const char *top, const char *work)
{
	autojson json_t *found = sea_job_of(sv_of(top));

	assert_string_equal(json_string_value(found), work);
}

static void a_backup_that_waits_and_one_at_work(void **state)
{
	works("", "");
	works("PID                 COMMAND\n812                 crond -f -d 8\n", "");
	works("PID  COMMAND\n812  /bin/sh /bin/backup restic\n", "");
	works("PID  COMMAND\n812  crond -f\n990  /usr/bin/restic backup /data --password-file x\n", "restic");
	works("PID  COMMAND\n990  mariadb-dump -uroot dtable_db", "mariadb-dump");
	works("PID", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doors_of_the_server),        cmocka_unit_test(a_server_that_says_nothing),
		cmocka_unit_test(doors_of_a_release),
		cmocka_unit_test(what_the_databases_have),    cmocka_unit_test(only_what_is_there_is_counted),
		cmocka_unit_test(counts_and_what_is_missing), cmocka_unit_test(which_schema_has_the_operation_log), cmocka_unit_test(what_puts_the_operation_log_elsewhere),
		cmocka_unit_test(the_operation_log_of_releases_before_5_3),
		cmocka_unit_test(names_for_statements),
		cmocka_unit_test(settings_in_python),         cmocka_unit_test(features_and_where_they_are_switched_on),
		cmocka_unit_test(local_storage),              cmocka_unit_test(a_backup_that_waits_and_one_at_work),
	};

	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
