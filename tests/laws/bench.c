#include "laws/bench.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/event.h"
#include "io/cmd.h"
#include "svc/gate.h"
#include "unit/unit.h"

#define ENTRIES_MAX 10000

static bool own_net;
static char last[64];           /* the bench this process made and has not removed */
char bench_no_net[256] = "it was not tried";

bool bench_own_net(void)
{
	struct err e = ERR_INIT;

	if (own_net)
		return true;
	if (unshare(CLONE_NEWNET) < 0)
		snprintf(bench_no_net, sizeof bench_no_net, "no network namespace to be had: %m");
	else
		own_net = gate_usable(bench_no_net, sizeof bench_no_net, &e) > 0;
	return own_net;
}

/* ---- the product: it looks at files ---- */

static int inspect(struct ctx *c, const struct goal *to, enum depth d, struct facts *ret, struct err *e)
{
	facts_init(ret, "laws", "laws");
	facts_put_str(ret, FACT_PINNED, "data", "old", "world/root/data");
	return 0;
}

/* The version of the build that runs: what its start wrote into world/up. */
static int probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e)
{
	autobuf struct buf up = BUF_MAX(64);
	autofree char *path = xasprintf("%s/../up", site_root_path(s, "root"));

	if (file_read_path(path, &up, e) < 0)
		return -(int)e->kind;
	*ret = (struct probe){ .serving = true, .answered = true };
	snprintf(ret->version, sizeof ret->version, "%s", buf_str(&up));
	return 0;
}

static int verify_world(struct ctx *c, const struct facts *frozen, const struct goal *to, enum depth d,
                        struct comparisons *ret, struct err *e)
{
	cmp_text(ret, "the bench", "data", facts_str(frozen, "data", NULL), "old");
	return 0;
}

static const struct product bench_product = {
	.name = "laws",
	.title = "Laws",
	.inspect = inspect,
	.probe = probe,
	.verify = verify_world,
};

/* ---- the bench ---- */

static void open_ctx(struct bench *b)
{
	struct err e = ERR_INIT;

	b->events = events_new();
	b->ctx = (struct ctx){ .product = &bench_product,
		               .goal = &b->goal,
		               .plan = &b->plan,
		               .run = "20260101-000000-0001",
		               .sites = &b->site,
		               .n_sites = 1,
		               .state = DIR_NONE,
		               .blobs = DIR_NONE,
		               .events = b->events,
		               .results = json_object() };
	assert_ok(dir_open_at(&b->dir, "state", &b->ctx.state, &e), &e);
	assert_ok(dir_open_at(&b->ctx.state, "undo", &b->ctx.blobs, &e), &e);
	b->ctx.point_passed = dir_has(&b->dir, "passed", &e) > 0;
}

static json_t *site_doc(const char *base)
{
	json_t *doc = json_pack("{s{} s{ss s[s+] s[s+] s[s+]}}", "roots", "service", "kind", "command", "start", base,
	                        "/bin/start", "stop", base, "/bin/stop", "status", base, "/bin/status");
	static const char *const roots[] = { "root", "install", "builds", "system" };

	for (size_t i = 0; i < ARRAY_LEN(roots); i++)
		json_object_set_new(json_object_get(doc, "roots"), roots[i],
		                    json_sprintf("%s/world/%s", base, roots[i]));
	json_object_set_new(json_object_get(doc, "roots"), "packages", json_sprintf("%s/world/system/../../packages", base));
	return doc;
}

/* What steps read of the plan: where the restore point is to be, and of what. */
static json_t *plan_doc(const char *base)
{
	return json_pack("{s{so s[{ss so s[s]}]}}", "restore_point", "home",
	                 json_sprintf("%s/world/.crossgrade-root", base), "scope", "name", "root", "path",
	                 json_sprintf("%s/world/root", base), "leave_out", "users");
}

void bench_open(struct bench *b, const char *base)
{
	autojson json_t *site = site_doc(base), *more = NULL;
	json_t *pinned = NULL;
	struct err e = ERR_INIT, absent = ERR_INIT;

	*b = (struct bench){ .dir = DIR_NONE };
	snprintf(b->base, sizeof b->base, "%s", base);
	assert_ok(dir_open(base, &b->dir, &e), &e);
	if (json_read(&b->dir, "site.json", 1 << 20, &more, &absent) >= 0)
		json_object_update(site, more);
	err_clear(&absent);
	assert_ok(site_bind("main", site, &b->site, &e), &e);
	b->goal = (struct goal){ .product = "laws", .name = "laws" };
	b->plan.doc = plan_doc(base);
	open_ctx(b);
	if (json_read(&b->dir, "pinned.json", 1 << 20, &pinned, &absent) >= 0)
		json_object_set_new(b->plan.doc, "pinned", pinned);
	if (json_read(&b->dir, "params.json", 1 << 20, &b->params, &absent) >= 0)
		assert_ok(json_read(&b->dir, "undo.json", 16 << 20, &b->undo, &e), &e);
}

static struct cmd_result nft(const char *verb)
{
	const char *argv[] = { "nft", verb, "ruleset", NULL };
	struct cmd c = { .argv = argv };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;

	assert_ok(cmd_run(&c, &r, &e), &e);
	assert_int_equal(r.status, 0);
	return r;
}

static void forget_rules(void)
{
	struct cmd_result r = nft("flush");

	cmd_result_done(&r);
}

void bench_make(struct bench *b)
{
	static const char *const dirs[] = { "world/root", "world/install", "world/builds", "world/system",
		                            "packages", "bin", "state/undo", "state/hold" };
	/* In memory where that can be had: thousands of fsyncs, and no power cut is tried here. */
	char base[64];

	snprintf(base, sizeof base, "%s/crossgrade-laws-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(base));
	snprintf(last, sizeof last, "%s", base);
	if (own_net)
		forget_rules();
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		struct err e = ERR_INIT;
		autodir struct dir d = DIR_NONE;
		autofree char *path = xasprintf("%s/%s", base, dirs[i]);

		assert_ok(dir_make_path(path, 0755, &d, &e), &e);
	}
	bench_open(b, base);
	bench_program(b, "bin/start", "cp world/install/build world/up.new && mv world/up.new world/up");
	bench_program(b, "bin/stop", "rm -f world/up");
	bench_program(b, "bin/status", "test -e world/up || exit 3");
	bench_put(b, "world/install/build", "1");
	bench_put(b, "world/root/data", "old");
	bench_put(b, "world/up", "1");
}

static void remove_base(const char *base)
{
	const char *name = strrchr(base, '/') + 1;
	autofree char *parent = xstrndup(base, (size_t)(name - base));
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;

	assert_ok(dir_open(parent, &d, &e), &e);
	assert_ok(dir_remove_tree(&d, name, &e), &e);
	last[0] = '\0';
}

void bench_forget(void)
{
	if (last[0])
		remove_base(last);
}

void bench_leave(struct bench *b)
{
	ctx_drop_fds(&b->ctx);
	json_decref(b->params);
	json_decref(b->undo);
	json_decref(b->result);
	json_decref(b->ctx.results);
	json_decref(b->plan.doc);
	events_free(b->events);
	site_done(&b->site);
	dir_close(&b->ctx.blobs);
	dir_close(&b->ctx.state);
	dir_close(&b->dir);
}

void bench_close(struct bench *b)
{
	bench_leave(b);
	remove_base(b->base);
}

static void make_parent(struct bench *b, const char *rel)
{
	autofree char *parent = xstrdup(rel);
	struct err e = ERR_INIT;
	char *slash = strrchr(parent, '/');

	if (!slash)
		return;
	*slash = '\0';
	assert_ok(dir_make_all(&b->dir, parent, 0755, &e), &e);
}

static void put(struct bench *b, const char *rel, const char *text, mode_t mode)
{
	struct file_attr attr = { .mode = mode, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	struct err e = ERR_INIT;

	make_parent(b, rel);
	assert_ok(file_replace(&b->dir, rel, sv_of(text), attr, &e), &e);
}

void bench_put(struct bench *b, const char *rel, const char *text)
{
	put(b, rel, text, 0640);
}

void bench_program(struct bench *b, const char *rel, const char *script)
{
	autofree char *text = xasprintf("#!/bin/sh\ncd '%s' && %s\n", b->base, script);

	put(b, rel, text, 0755);
}

char *bench_get(struct bench *b, const char *rel)
{
	autobuf struct buf text = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	return file_read(&b->dir, rel, &text, &e) < 0 ? xstrdup("(absent)") : xstrdup(buf_str(&text));
}

bool bench_is(struct bench *b, const char *rel, const char *text)
{
	autofree char *is = bench_get(b, rel);

	return !strcmp(is, text);
}

void bench_drop(struct bench *b, const char *rel)
{
	struct err e = ERR_INIT;

	assert_ok(dir_remove_tree(&b->dir, rel, &e), &e);
}

char *bench_path(struct bench *b, const char *rel)
{
	return xasprintf("%s/%s", b->base, rel);
}

void bench_run(const char *const *argv)
{
	struct cmd c = { .argv = argv };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;

	assert_ok(cmd_run(&c, &r, &e), &e);
	if (r.status)
		fail_msg("'%s' ended with %d: %s", argv[0], r.status, buf_str(&r.err));
	cmd_result_done(&r);
}

void bench_pass_point(struct bench *b)
{
	bench_put(b, "passed", "");
	b->ctx.point_passed = true;
}

void bench_pin(struct bench *b, json_t *facts)
{
	autobuf struct buf text = BUF_MAX(1 << 20);

	json_pretty(facts, &text);
	bench_put(b, "pinned.json", buf_str(&text));
	json_object_set_new(b->plan.doc, "pinned", facts);
}

/* ---- the world as text ---- */

static void content(struct bench *b, const char *rel, struct buf *ret)
{
	char digest[DIGEST_TEXT];
	struct err e = ERR_INIT;
	autoclose int fd = dir_openat(&b->dir, rel, O_RDONLY, 0, &e);

	assert_ok(fd, &e);
	assert_ok(file_digest(fd, rel, digest, &e), &e);
	buf_addf(ret, " %.16s", digest);
}

static void list(struct bench *b, const char *rel, struct buf *ret)
{
	cleanup_with(dir_names_done) struct dir_names names = { 0 };
	struct err e = ERR_INIT;

	assert_ok(dir_list(&b->dir, rel, ENTRIES_MAX, &names, &e), &e);
	vec_each(&names, it) {
		autofree char *path = xasprintf("%s/%s", rel, it->name);
		autofree char *target = NULL;
		struct stat st;

		if (!strcmp(path, "world/.crossgrade-root") || !strcmp(path, "world/root/users"))
			continue;       /* our own place: restore points, trash; and nobody's to change */
		assert_ok(dir_stat(&b->dir, path, &st, &e), &e);
		buf_addf(ret, "%s %o %u:%u", path, st.st_mode, st.st_uid, st.st_gid);
		if (it->type == DT_REG)
			content(b, path, ret);
		if (it->type == DT_LNK) {
			assert_ok(dir_readlink(&b->dir, path, &target, &e), &e);
			buf_addf(ret, " -> %s", target);
		}
		buf_addc(ret, '\n');
		if (it->type == DT_DIR)
			list(b, path, ret);
	}
}

/* Without the first line: it names the table by the path of the bench. */
static void rules(struct buf *ret)
{
	struct cmd_result r = nft("list");
	struct sv rest = buf_sv(&r.out);

	while (rest.n) {
		struct sv line = sv_line(&rest);

		buf_addf(ret, SV_FMT "\n", SV_ARG(sv_starts(line, "table ") ? SV("table") : line));
	}
	cmd_result_done(&r);
}

char *bench_world(struct bench *b)
{
	autobuf struct buf text = BUF_MAX(4 << 20);
	struct err e = ERR_INIT;

	list(b, "world", &text);
	if (own_net)
		rules(&text);
	if (b->also)
		b->also(b, &text);
	assert_ok(buf_check(&text, "the world as text", &e), &e);
	return buf_take(&text);
}
