#include "laws/kinds/seatable_bench.h"

#include <stdlib.h>

#include "base/mem.h"
#include "engine/plan.h"
#include "products/seatable/baseline.h"
#include "unit/unit.h"

#define SCHEMA                                                                                                             \
	"\"charset\": \"utf8mb3\", \"collation\": \"utf8mb3_general_ci\", \"tables\": {\"dtables\": [\"id\", \"uuid\"], "  \
	"\"operation_log\": [\"op_id\", \"operation\"]}, \"rows\": {\"dtables\": [%s], \"operation_log\": [%s]}"
#define CONTAINER                                                                                                          \
	"{\"Id\": \"%s0000000000000000000000000000000000000000000000000000000000000000\", \"Name\": \"/%s\", \"Image\": \"i\", " \
	"\"Config\": {\"Env\": [\"%s\"], \"Labels\": {}}, \"HostConfig\": {\"RestartPolicy\": {\"Name\": \"no\"}}, \"Mounts\": [], "    \
	"\"State\": {\"Status\": \"running\", \"Running\": true, \"Pid\": 1, \"ExitCode\": 0}, \"NetworkSettings\": {\"Networks\": {}}}"

void sea_bench_databases(struct bench *b, const char *bases, const char *edits, const char *more)
{
	autofree char *text = xasprintf("{\"password\": \"s3cret\", \"schemas\": {\"dtable_db\": {" SCHEMA "}}%s}", bases, edits, more);

	bench_put(b, SEA_DATABASES, text);
}

static void list_databases(struct bench *b, struct buf *ret)
{
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;

	assert_ok(json_read(&b->dir, SEA_DATABASES, 1 << 20, &doc, &e), &e);
	json_canonical(doc, ret);
}

void sea_bench_docker(struct bench *b)
{
	autofree char *config = bench_path(b, "docker");
	autofree char *state = xasprintf("{\"made\": 0, \"images\": [], \"containers\": [" CONTAINER ", " CONTAINER "]}", "a", "mariadb",
					 "MARIADB_ROOT_PASSWORD=stale", "b", "seatable-server", "SEATABLE_MYSQL_DB_PASSWORD=s3cret");

	setenv("CROSSGRADE_DOCKER", FAKES_DIR "/docker/docker", 1);
	setenv("DOCKER_CONFIG", config, 1);
	bench_put(b, "docker/state.json", state);
	sea_bench_databases(b, "1", "7, 8", "");
	bench_put(b, "world/root/current_version.txt", "6.1.8\n");
	b->also = list_databases;
}

json_t *sea_bench_dump(struct bench *b)
{
	sea_bench_docker(b);
	return json_pack("{s{ss ss} s[s] ss so ss}", "at", "db", "mariadb", "server", "seatable-server", "schemas", "dtable_db", "log",
			 "dtable_db", "release", place_of("root", "current_version.txt"), "within", "1m");
}

/* As whoever opens the bench anew finds it, too. */
static void add_to_site(struct bench *b)
{
	autojson json_t *more = json_pack("{s{ss ss} s{ss}}", "database", "db", "mariadb", "server", "seatable-server", "schemas", "dtable",
					  "dtable_db");
	autobuf struct buf text = BUF_MAX(4096);

	json_canonical(more, &text);
	bench_put(b, "site.json", buf_str(&text));
	json_object_update(b->site.doc, more);
}

static json_t *baseline_of(struct bench *b)
{
	autofacts struct facts frozen = { 0 };
	struct err e = ERR_INIT;
	json_t *kept = NULL;

	facts_init(&frozen, "seatable", "main");
	assert_ok(sea_baseline_data(&b->ctx, NULL, &frozen, &e), &e);
	assert_ok(facts_keep(&frozen, &b->ctx.blobs, &kept, &e), &e);
	return kept;
}

json_t *sea_bench_point(struct bench *b)
{
	const struct step_kind *k = step_kind_named("seatable_dump");
	autojson json_t *result = NULL, *undo = NULL;
	json_t *params = sea_bench_dump(b);
	struct err e = ERR_INIT;

	add_to_site(b);
	json_object_set_new(params, "frozen", baseline_of(b));
	assert_ok(k->capture(&b->ctx, params, &undo, &e), &e);
	assert_ok(k->apply(&b->ctx, params, undo, &result, &e), &e);
	json_object_set(params, "dumps", json_object_get(result, "dumps"));
	json_object_set(params, "of", json_object_get(result, "of"));
	return params;
}

void sea_bench_moved(struct bench *b, const char *bases, const char *edits)
{
	autofree char *text = xasprintf("{\"password\": \"s3cret\", \"schemas\": {\"dtable_db\": {\"charset\": \"utf8mb3\", \"collation\": "
					"\"utf8mb3_general_ci\", \"tables\": {\"dtables\": [\"id\", \"uuid\", \"new\"], \"operation_log\": [\"op_id\", "
					"\"operation\"]}, \"rows\": {\"dtables\": [%s], \"operation_log\": [%s]}}}}", bases, edits);

	bench_pass_point(b);
	bench_put(b, SEA_DATABASES, text);
}

void sea_bench_migrate(struct bench *b)
{
	sea_bench_moved(b, "1", "7, 8");
}
