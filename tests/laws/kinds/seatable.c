/* Fixtures of SeaTable's own kinds. Docker is the stand-in of tests/fakes/docker, whose containers hold a database of a few words. */
#include "laws/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/plan.h"
#include "unit/unit.h"

#define DATABASES "docker/databases.json"
#define SCHEMA                                                                                                             \
	"\"charset\": \"utf8mb3\", \"collation\": \"utf8mb3_general_ci\", \"tables\": {\"dtables\": [\"id\", \"uuid\"], "  \
	"\"operation_log\": [\"op_id\", \"operation\"]}, \"rows\": {\"dtables\": [1], \"operation_log\": [%s]}"
#define CONTAINER                                                                                                          \
	"{\"Id\": \"%s0000000000000000000000000000000000000000000000000000000000000000\", \"Name\": \"/%s\", \"Image\": \"i\", " \
	"\"Config\": {\"Env\": [\"%s\"], \"Labels\": {}}, \"HostConfig\": {\"RestartPolicy\": {\"Name\": \"no\"}}, \"Mounts\": [], "    \
	"\"State\": {\"Status\": \"running\", \"Running\": true, \"Pid\": 1, \"ExitCode\": 0}, \"NetworkSettings\": {\"Networks\": {}}}"

static void put_databases(struct bench *b, const char *edits, const char *more)
{
	autofree char *text = xasprintf("{\"password\": \"s3cret\", \"schemas\": {\"dtable_db\": {" SCHEMA "}%s}}", edits, more);

	bench_put(b, DATABASES, text);
}

static void list_databases(struct bench *b, struct buf *ret)
{
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;

	assert_ok(json_read(&b->dir, DATABASES, 1 << 20, &doc, &e), &e);
	json_canonical(doc, ret);
}

static void use_docker(struct bench *b)
{
	autofree char *config = bench_path(b, "docker");
	autofree char *state = xasprintf("{\"made\": 0, \"images\": [], \"containers\": [" CONTAINER ", " CONTAINER "]}", "a", "mariadb",
					 "MARIADB_ROOT_PASSWORD=stale", "b", "seatable-server", "SEATABLE_MYSQL_DB_PASSWORD=s3cret");

	setenv("CROSSGRADE_DOCKER", FAKES_DIR "/docker/docker", 1);
	setenv("DOCKER_CONFIG", config, 1);
	bench_put(b, "docker/state.json", state);
	put_databases(b, "7, 8", "");
	bench_put(b, "world/root/current_version.txt", "6.1.8\n");
	b->also = list_databases;
}

static json_t *dump_params(struct bench *b)
{
	use_docker(b);
	return json_pack("{s{ss ss} s[s] ss so ss}", "at", "db", "mariadb", "server", "seatable-server", "schemas", "dtable_db", "log",
			 "dtable_db", "release", place_of("root", "current_version.txt"), "within", "1m");
}

static bool dump_is_there(struct bench *b)
{
	autofree char *dump = bench_path(b, "world/.crossgrade-root/20260101-000000-0001/dtable_db.sql");
	struct stat st;

	return stat(dump, &st) == 0 && (st.st_mode & 0777) == 0600;
}

/* ---- the way back ---- */

static json_t *point_params(struct bench *b)
{
	const struct step_kind *k = step_kind_named("seatable_dump");
	autojson json_t *result = NULL, *undo = NULL;
	json_t *params = dump_params(b);
	struct err e = ERR_INIT;

	assert_ok(k->capture(&b->ctx, params, &undo, &e), &e);
	assert_ok(k->apply(&b->ctx, params, undo, &result, &e), &e);
	json_object_set(params, "dumps", json_object_get(result, "dumps"));
	json_object_set(params, "of", json_object_get(result, "of"));
	return params;
}

/* A server of another minor release than its image claimed migrates, and nobody edited a base. */
static void migrate(struct bench *b)
{
	bench_pass_point(b);
	bench_put(b, DATABASES, "{\"password\": \"s3cret\", \"schemas\": {\"dtable_db\": {\"charset\": \"utf8mb3\", \"collation\": "
				"\"utf8mb3_general_ci\", \"tables\": {\"dtables\": [\"id\", \"uuid\", \"new\"], \"operation_log\": [\"op_id\", "
				"\"operation\"]}, \"rows\": {\"dtables\": [1], \"operation_log\": [7, 8]}}}}");
}

/* ---- the licence's folder ---- */

static json_t *folder_params(struct bench *b)
{
	autofree char *folder = bench_path(b, "world/root/seatable-license.txt");

	assert_int_equal(mkdir(folder, 0755), 0);
	return json_pack("{so}", "folder", place_of("root", "seatable-license.txt"));
}

static void folder_is_used(struct bench *b)
{
	bench_put(b, "world/root/seatable-license.txt/somebodys", "file");
}

static void a_license_stands_there(struct bench *b)
{
	bench_put(b, "world/root/seatable-license.txt", "Name=\"somebody\"\n");
}

/* ---- the wait ---- */

static json_t *wait_params(struct bench *b)
{
	use_docker(b);
	bench_put(b, "docker/server.json", "{\"edition\": \"enterprise\", \"version\": \"6.1.8\"}");
	return json_pack("{ss ss ss ss}", "container", "seatable-server", "edition", "enterprise", "version", "6.1.8", "within", "20s");
}

/* ---- the look from outside ---- */

static json_t *outside_params(struct bench *b)
{
	use_docker(b);
	return json_object();
}

const struct fixture seatable_fixtures[] = {
	{ .kind = "seatable_dump", .name = "one schema", .flags = FX_NO_EFFECT, .params = dump_params, .done = dump_is_there },
	{ .kind = "seatable_point", .name = "migrated by another release", .flags = FX_NO_EFFECT, .params = point_params, .then = migrate },
	{ .kind = "seatable_wait", .name = "every door open", .flags = FX_NO_EFFECT, .params = wait_params },
	{ .kind = "seatable_outside", .name = "a site without a certificate", .flags = FX_NO_EFFECT, .params = outside_params },
	{ .kind = "license_folder", .name = "an empty folder", .params = folder_params, .drift = folder_is_used,
	  .meddle = a_license_stands_there },
	{ NULL },
};
