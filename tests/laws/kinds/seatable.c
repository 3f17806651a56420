/* Fixtures of SeaTable's own kinds. Docker is the stand-in of tests/fakes/docker, whose containers hold a database of a few words. */
#include "laws/fixture.h"
#include "laws/kinds/seatable_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/plan.h"
#include "unit/unit.h"

static bool dump_is_there(struct bench *b)
{
	autofree char *dump = bench_path(b, "world/.crossgrade-root/20260101-000000-0001/dtable_db.sql");
	struct stat st;

	return stat(dump, &st) == 0 && (st.st_mode & 0777) == 0600;
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
	sea_bench_docker(b);
	bench_put(b, "docker/server.json", "{\"edition\": \"enterprise\", \"version\": \"6.1.8\"}");
	return json_pack("{ss ss ss ss}", "container", "seatable-server", "edition", "enterprise", "version", "6.1.8", "within", "20s");
}

/* ---- archived rows ---- */

static json_t *bigdata_params(struct bench *b)
{
	sea_bench_docker(b);
	return json_pack("{ss ss}", "container", "seatable-server", "within", "20s");
}

static bool is_backed_up(struct bench *b)
{
	return bench_is(b, "docker/backup-all", "done\n");
}

/* ---- the look from outside ---- */

static json_t *outside_params(struct bench *b)
{
	sea_bench_docker(b);
	return json_object();
}

const struct fixture seatable_fixtures[] = {
	{ .kind = "seatable_dump", .name = "one schema", .flags = FX_NO_EFFECT, .params = sea_bench_dump, .done = dump_is_there },
	{ .kind = "seatable_point", .name = "migrated by another release", .flags = FX_NO_EFFECT, .params = sea_bench_point, .then = sea_bench_migrate },
	{ .kind = "seatable_wait", .name = "every door open", .flags = FX_NO_EFFECT, .params = wait_params },
	{ .kind = "seatable_bigdata", .name = "backup-all", .flags = FX_NO_EFFECT, .params = bigdata_params, .done = is_backed_up },
	{ .kind = "seatable_outside", .name = "a site without a certificate", .flags = FX_NO_EFFECT, .params = outside_params },
	{ .kind = "license_folder", .name = "an empty folder", .params = folder_params, .drift = folder_is_used,
	  .meddle = a_license_stands_there },
	{ NULL },
};
