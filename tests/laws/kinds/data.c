/* Fixtures of the kinds that copy, prove and bring back the data. */
#include <string.h>

#include "engine/restore_point.h"
#include "engine/serve.h"
#include "io/image.h"
#include "laws/fixture.h"
#include "unit/unit.h"

#define HOME "world/.crossgrade-root"

static void fill_data(struct bench *b)
{
	bench_put(b, "world/root/db/trades/2026-01-01/price.d", "1.1 2.2 3.3");
	bench_put(b, "world/root/db/_tab_index.d", "7");
	bench_put(b, "world/root/conf/server.conf", "http.port=9000\n");
}

static json_t *passes(struct bench *b)
{
	fill_data(b);
	return json_pack("{si}", "passes", 2);
}

static json_t *final_pass(struct bench *b)
{
	fill_data(b);
	return json_object();
}

static int point_state(struct bench *b)
{
	autofree char *home = bench_path(b, HOME);
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;
	int state = point_open(home, b->ctx.run, &p, &e) < 0 ? -1 : (int)p.state;

	point_done(&p);
	return state;
}

static bool copied(struct bench *b)
{
	return point_state(b) >= POINT_OPEN && bench_is(b, HOME "/20260101-000000-0001/data/root/data", "old");
}

static bool complete(struct bench *b)
{
	return copied(b) && point_state(b) == POINT_COMPLETE;
}

static void take_point(struct bench *b)
{
	const struct step_kind *k = step_kind_named("backup_final");
	autojson json_t *result = NULL;
	struct err e = ERR_INIT;

	fill_data(b);
	assert_ok(k->apply(&b->ctx, NULL, NULL, &result, &e), &e);
}

/* ---- data_point ---- */

static json_t *with_point(struct bench *b)
{
	take_point(b);
	return json_object();
}

static void new_server_writes(struct bench *b)
{
	bench_pass_point(b);
	bench_put(b, "world/root/data", "new");
	bench_put(b, "world/root/db/_tab_index.d", "8");
	bench_put(b, "world/root/db/orders/price.d", "9.9");
	bench_drop(b, "world/root/conf");
}

/* Where the file system clones. Elsewhere nothing comes of it. */
static void new_server_writes_and_a_clone_is_staged(struct bench *b)
{
	autofree char *home = bench_path(b, HOME);
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	new_server_writes(b);
	assert_ok(point_open(home, b->ctx.run, &p, &e), &e);
	assert_ok(point_stage(&p, b->ctx.run, &(struct pass_opts){ 0 }, &e), &e);
	point_done(&p);
}

/* ---- and files of users among it, which are left out ---- */

/* BASE/users says what they are to be. */
static void users_write(struct bench *b, const char *text)
{
	bench_put(b, "world/root/users/alice/letter", text);
	bench_put(b, "users", text);
}

static json_t *with_users(struct bench *b)
{
	users_write(b, "before the run");
	take_point(b);
	users_write(b, "during the run");
	return json_object();
}

static void users_and_server_write(struct bench *b)
{
	new_server_writes(b);
	users_write(b, "after the switch");
}

static bool users_are_left(struct bench *b)
{
	autofree char *want = bench_get(b, "users");

	return bench_is(b, "world/root/users/alice/letter", want) &&
	       bench_is(b, HOME "/20260101-000000-0001/data/root/users/alice/letter", "(absent)") &&
	       bench_is(b, HOME "/trash/20260101-000000-0001/root/users/alice/letter", "(absent)");
}

/* ---- tree_restore ---- */

static json_t *older_point(struct bench *b)
{
	take_point(b);
	bench_put(b, "world/root/data", "newer");
	bench_put(b, "world/root/db/orders/price.d", "9.9");
	return json_pack("{so ss}", "home", json_sprintf("%s/" HOME, b->base), "id", b->ctx.run);
}

static json_t *older_point_without_users(struct bench *b)
{
	json_t *params;

	users_write(b, "then");
	params = older_point(b);
	users_write(b, "now");
	return params;
}

static bool older_is_live(struct bench *b)
{
	return bench_is(b, "world/root/data", "old") && bench_is(b, "world/root/db/orders/price.d", "(absent)");
}

/* ---- snapshot_take ---- */

static json_t *snapshot(struct bench *b)
{
	bench_program(b, "bin/take", "rm -rf snap && cp -a world/root snap");
	bench_program(b, "bin/restore", "flock -n world/root/lock cp -a snap/. world/root/");
	bench_put(b, "world/root/lock", "");
	return json_pack("{s[o] s[o] ss so}", "create", json_sprintf("%s/bin/take", b->base), "restore",
	                 json_sprintf("%s/bin/restore", b->base), "within", "10s", "flock", place_of("root", "lock"));
}

static bool snapshot_is_there(struct bench *b)
{
	return bench_is(b, "snap/data", "old");
}

/* And the undo of the start holds the server's lock: an open file on the volume that is put back. */
static void data_changes(struct bench *b)
{
	autojson json_t *lock = place_of("root", "lock");
	struct err e = ERR_INIT;

	bench_pass_point(b);
	bench_put(b, "world/root/data", "new");
	assert_ok(serve_lock(&b->ctx, &b->site, lock, &e), &e);
}

/* ---- looking ---- */

static json_t *nothing(struct bench *b)
{
	return json_object();
}

static json_t *compare(struct bench *b)
{
	autofacts struct facts frozen = { 0 };
	autobuf struct buf text = BUF_MAX(1 << 20);
	char digest[DIGEST_TEXT];
	struct err e = ERR_INIT;

	assert_ok(b->ctx.product->inspect(&b->ctx, NULL, DEPTH_FROZEN, &frozen, &e), &e);
	json_canonical(frozen.doc, &text);
	assert_ok(blob_put(&b->ctx.blobs, buf_sv(&text), digest, &e), &e);
	return json_pack("{ss ss ss}", "depth", "gate", "within", "5s", "frozen", digest);
}

static json_t *warm(struct bench *b)
{
	fill_data(b);
	return json_pack("{s[o] s[{so si si}] si ss}", "places", place_of("root", "db"), "trees", "place",
	                 place_of("root", "db"), "depth", 1, "head", 10, "max_bytes", 1 << 20, "within", "5s");
}

const struct fixture data_fixtures[] = {
	{ .kind = "backup_live", .name = "two passes", .params = passes, .done = copied },
	{ .kind = "backup_final", .name = "the stopped pass", .params = final_pass, .done = complete },
	{ .kind = "data_point", .name = "no build was started", .flags = FX_NO_EFFECT, .params = with_point },
	{ .kind = "data_point", .name = "the new server wrote", .flags = FX_NO_EFFECT, .params = with_point,
	  .then = new_server_writes },
	{ .kind = "data_point", .name = "a clone is staged", .flags = FX_NO_EFFECT, .params = with_point,
	  .then = new_server_writes_and_a_clone_is_staged },
	{ .kind = "data_point", .name = "users wrote, too", .flags = FX_NO_EFFECT, .params = with_users,
	  .then = users_and_server_write, .left = users_are_left },
	{ .kind = "tree_restore", .name = "an older point without users", .params = older_point_without_users,
	  .done = older_is_live, .left = users_are_left },
	{ .kind = "tree_restore", .name = "an older point", .params = older_point, .done = older_is_live },
	{ .kind = "snapshot_take", .name = "the operator's program", .params = snapshot, .then = data_changes,
	  .done = snapshot_is_there },
	{ .kind = "facts_freeze", .name = "a stopped tree", .flags = FX_NO_EFFECT, .params = nothing },
	{ .kind = "verify_world", .name = "at the gate", .flags = FX_NO_EFFECT, .params = compare },
	{ .kind = "warm", .name = "a build", .flags = FX_NO_EFFECT, .params = warm },
	{ NULL },
};
