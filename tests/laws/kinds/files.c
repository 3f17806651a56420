/* Fixtures of the kinds that change files of the installation. */
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "laws/fixture.h"
#include "unit/unit.h"

/* ---- artifact_stage ---- */

static json_t *stage_jar(struct bench *b)
{
	bench_put(b, "questdb-2.jar", "not a jar, but it has a digest");
	return json_pack("{so so ss}", "artifact", json_sprintf("%s/questdb-2.jar", b->base), "into",
	                 place_of("builds", "2"), "jar", "questdb.jar");
}

static json_t *stage_archive(struct bench *b)
{
	autofree char *tar = bench_path(b, "questdb-2.tar.gz"), *from = bench_path(b, "made");
	const char *argv[] = { "tar", "-C", from, "-czf", tar, "questdb-2", NULL };

	bench_put(b, "made/questdb-2/bin/java", "a program");
	bench_put(b, "made/questdb-2/build", "2");
	bench_run(argv);
	return json_pack("{ss so sb}", "artifact", tar, "into", place_of("builds", "2"), "strip_top", 1);
}

static void stage_is_taken(struct bench *b)
{
	bench_put(b, "world/builds/2/notes", "somebody else's");
}

static void stage_is_replaced(struct bench *b)
{
	bench_drop(b, "world/builds/2");
	stage_is_taken(b);
}

/* ---- config_set ---- */

static const char conf_before[] = "# of the operator\nhttp.port=9000\nshared.worker.count=2\n";

static json_t *conf_edit(struct bench *b)
{
	bench_put(b, "world/root/conf/server.conf", conf_before);
	return json_pack("{so ss s[{ss ss ss} {ss sn ss}]}", "file", place_of("root", "conf/server.conf"), "dialect",
	                 "properties", "edits", "key", "http.port", "old", "9000", "value", "9001", "key",
	                 "acl.enabled", "old", "value", "true");
}

static void conf_drifts(struct bench *b)
{
	bench_put(b, "world/root/conf/server.conf", "http.port=9999\nshared.worker.count=2\n");
}

static bool conf_is_edited(struct bench *b)
{
	autofree char *text = bench_get(b, "world/root/conf/server.conf");

	return strstr(text, "http.port=9001") && strstr(text, "acl.enabled=true") && strstr(text, "# of the operator");
}

/* ---- file_put ---- */

static json_t *put_new(struct bench *b)
{
	return json_pack("{so ss ss}", "file", place_of("root", "conf/new.d/drop-in.conf"), "content", "ours\n", "mode",
	                 "0644");
}

static json_t *put_secret_over(struct bench *b)
{
	autofree char *from = bench_path(b, "password");

	bench_put(b, "password", "secret\n");
	bench_put(b, "world/root/conf/password", "older secret");
	assert_int_equal(chmod(from, 0600), 0);
	return json_pack("{so ss ss so}", "file", place_of("root", "conf/password"), "from", from, "mode", "0600",
	                 "owner", place_of("root", "data"));
}

static json_t *put_variable(struct bench *b)
{
	json_t *params = put_secret_over(b);

	json_object_set_new(params, "prefix", json_string("KEY="));
	return params;
}

static bool variable_is_there(struct bench *b)
{
	return bench_is(b, "world/root/conf/password", "KEY=secret\n");
}

static void put_is_edited(struct bench *b)
{
	bench_put(b, "world/root/conf/new.d/drop-in.conf", "somebody else's");
}

static void secret_is_edited(struct bench *b)
{
	bench_put(b, "world/root/conf/password", "somebody else's");
}

/* ---- file_swap ---- */


static json_t *swap_files(struct bench *b)
{
	bench_put(b, "world/builds/2/build", "2");
	return json_pack("{so so}", "a", place_of("install", "build"), "b", place_of("builds", "2/build"));
}

static void live_is_replaced(struct bench *b)
{
	bench_put(b, "world/install/build", "somebody else's");
}

static void kept_is_replaced(struct bench *b)
{
	bench_put(b, "world/builds/2/build", "somebody else's");
}

static void relink(struct bench *b, const char *to)
{
	autofree char *link = bench_path(b, "world/builds/current");

	(void)unlink(link);
	assert_int_equal(symlink(to, link), 0);
}

static json_t *swap_link(struct bench *b)
{
	relink(b, "1");
	return json_pack("{so ss}", "link", place_of("builds", "current"), "to", "2");
}

static void link_is_ours_already(struct bench *b)
{
	relink(b, "2");
}

static void link_goes_elsewhere(struct bench *b)
{
	relink(b, "3");
}

const struct fixture file_fixtures[] = {
	{ .kind = "artifact_stage", .name = "a jar", .flags = FX_LEAVES, .params = stage_jar, .drift = stage_is_taken,
	  .meddle = stage_is_replaced },
	{ .kind = "artifact_stage", .name = "an archive", .flags = FX_LEAVES, .params = stage_archive, .drift = stage_is_taken,
	  .meddle = stage_is_replaced },
	{ .kind = "config_set", .name = "edit and add", .flags = FX_FORCE, .params = conf_edit, .drift = conf_drifts,
	  .meddle = conf_drifts, .done = conf_is_edited },
	{ .kind = "file_put", .name = "a new file", .flags = FX_FORCE, .params = put_new, .meddle = put_is_edited },
	{ .kind = "file_put", .name = "a secret", .flags = FX_FORCE, .params = put_secret_over,
	  .meddle = secret_is_edited },
	{ .kind = "file_put", .name = "a secret in a variable", .flags = FX_FORCE, .params = put_variable,
	  .meddle = secret_is_edited, .done = variable_is_there },
	{ .kind = "file_swap", .name = "files", .params = swap_files, .meddle = live_is_replaced },
	{ .kind = "file_swap", .name = "files, the old one replaced", .params = swap_files,
	  .meddle = kept_is_replaced },
	{ .kind = "file_swap", .name = "a link", .flags = FX_FORCE, .params = swap_link,
	  .drift = link_is_ours_already, .meddle = link_goes_elsewhere },
	{ NULL },
};
