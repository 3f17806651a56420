#include "toy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdio.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/container_move.h"
#include "io/image.h"

char toy_root[512];
static char state_dir[512];
static int listener = -1;
static struct product toy;

static const char *const files[] = { "stage", "stop", "final", "switch", "start", "open", NULL };

static struct dir root_dir(void)
{
	struct err e = ERR_INIT;
	struct dir d;

	assert_int_equal(dir_open(toy_root, &d, &e), 0);
	return d;
}

void toy_put(const char *name, const char *text)
{
	struct err e = ERR_INIT;
	autodir struct dir d = root_dir();

	assert_int_equal(file_replace(&d, name, sv_of(text), FILE_PRIVATE, &e), 0);
}

void toy_drop(const char *name)
{
	struct err e = ERR_INIT;
	autodir struct dir d = root_dir();

	assert_int_equal(dir_unlink(&d, name, &e), 0);
}

char *toy_get(const char *name)
{
	autobuf struct buf text = BUF_MAX(4096);
	struct err e = ERR_INIT;
	autodir struct dir d = root_dir();

	return file_read(&d, name, &text, &e) < 0 ? xstrdup("") : buf_take(&text);
}

const char *toy_world(void)
{
	size_t n_old = 0, n_new = 0, n = 0;

	for (; files[n]; n++) {
		autofree char *text = toy_get(files[n]);

		n_old += !strcmp(text, "old");
		n_new += !strcmp(text, "new");
	}
	return n_old == n ? "old" : n_new == n ? "new" : "mixed";
}

void toy_setup(void)
{
	const char *where = getenv("TEST_SCRATCH");
	autofree char *base = xasprintf("%s/crossgrade-toy-XXXXXX", where ? where : "/tmp");

	assert_non_null(mkdtemp(base));
	snprintf(toy_root, sizeof toy_root, "%s/root", base);
	snprintf(state_dir, sizeof state_dir, "%s/state", base);
	setenv("TOY_ROOT", base, 1);
	assert_int_equal(mkdir(toy_root, 0755), 0);
	for (size_t i = 0; files[i]; i++)
		toy_put(files[i], "old");
}

void toy_again(void)
{
	const char *base = getenv("TOY_ROOT");

	snprintf(toy_root, sizeof toy_root, "%s/root", base);
	snprintf(state_dir, sizeof state_dir, "%s/state", base);
}

void toy_second(void)
{
	snprintf(toy_root, sizeof toy_root, "%s/root-2", getenv("TOY_ROOT"));
	assert_int_equal(mkdir(toy_root, 0755), 0);
	for (size_t i = 0; files[i]; i++)
		toy_put(files[i], "old");
}

static struct product toy;

void toy_done(void)
{
	struct err e = ERR_INIT;
	autodir struct dir where = DIR_NONE;
	char *slash = strrchr(toy_root, '/'), *name;

	*slash = '\0';
	name = strrchr(toy_root, '/');
	*name++ = '\0';
	toy.probe = NULL;
	toy.save_since = NULL;
	assert_int_equal(dir_open(toy_root, &where, &e), 0);
	assert_int_equal(dir_remove_tree(&where, name, &e), 0);
}

/* ---- its server ---- */

static int nobody_answers(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e)
{
	*ret = (struct probe){ 0 };
	return 0;
}

void toy_server(const char *starts_in)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	autofree char *port = NULL;
	socklen_t n = sizeof at;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &n), 0);
	port = xasprintf("%d", ntohs(at.sin_port));
	toy_put("port", port);
	toy_put("starts-in", starts_in);
	toy.probe = nobody_answers;
}

void toy_server_starts(void)
{
	assert_int_equal(listen(listener, 1), 0);
}

void toy_server_ends(void)
{
	close(listener);
	listener = -1;
	toy.probe = NULL;
}

void toy_container(int away)
{
	autofree char *program = xasprintf("%s/docker", toy_root), *left = xasprintf("%d", away);
	autofree char *script = xasprintf("#!/bin/sh\n"
	                                  "cd '%s' && away=$(cat away) && [ \"$away\" -ge 0 ] || exit 1\n"
	                                  "if [ \"$away\" -gt 0 ]; then\n"
	                                  "	echo $((away - 1)) > away\n"
	                                  "	echo 'Cannot connect to the Docker daemon' >&2\n"
	                                  "	exit 1\n"
	                                  "fi\n"
	                                  "status=exited\n"
	                                  "[ ! -e up ] || { rm up; status=running; }\n"
	                                  "id=toy image=\n"
	                                  "[ ! -e id ] || read -r id < id\n"
	                                  "[ ! -e image ] || { status=running; read -r image < image; }\n"
	                                  "echo '[{\"Id\":\"'$id'\",\"Image\":\"'$image'\",'\n"
	                                  "echo '\"State\":{\"Status\":\"'$status'\",\"StartedAt\":\"now\"},'"
	                                  "'\"HostConfig\":{}}]'\n",
	                                  toy_root);

	toy_put("docker", script);
	toy_put("away", left);
	assert_int_equal(chmod(program, 0700), 0);
	assert_int_equal(setenv("CROSSGRADE_DOCKER", program, 1), 0);
}

void toy_container_ends(void)
{
	autodir struct dir d = DIR_NONE;
	char hash[DIGEST_TEXT], asked[64];
	struct err e = ERR_INIT;

	digest_text(sv_of(toy_root), hash);
	snprintf(asked, sizeof asked, "hold/%.16s.asked", hash);
	assert_int_equal(dir_open(state_dir, &d, &e), 0);
	assert_int_equal(file_replace(&d, asked, sv_of("toy now"), FILE_PRIVATE, &e), 0);
	toy_put("up", "yes");
}

static void meddle(const char *file)
{
	autofree char *in = toy_get("starts-in"), *goes = toy_get("goes-in"), *opens = toy_get("opens-in");

	if (*opens && !strcmp(opens, file))
		toy_put("gate", "old");
	if (*goes && !strcmp(goes, file))
		toy_container(-1);
	if (listener >= 0 && !strcmp(in, file))
		toy_server_starts();
}

/* ---- its step kind ---- */

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "write %s", json_str(params, "file", "?"));
	return 0;
}

static int keep_secret(struct ctx *c, const char *secret, json_t *undo, struct err *e)
{
	char digest[DIGEST_TEXT];

	if (blob_put(&c->blobs, sv_of(secret), digest, e) < 0)
		return -e->kind;
	json_object_set_new(undo, "kept", json_pack("[s]", digest));
	return 0;
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autofree char *now = toy_get(json_str(params, "file", "")), *secret = toy_get("secret");

	if (strcmp(now, "old"))
		return err_set(e, ERR_CHANGED, "'%s' is '%s', not old", json_str(params, "file", ""), now);
	*ret_undo = json_pack("{ss}", "was", now);
	return *secret ? keep_secret(c, secret, *ret_undo, e) : 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	const char *file = json_str(params, "file", "");
	autofree char *bend = xasprintf("fail-%s", file), *gate = toy_get("gate");
	autofree char *fail = toy_get(bend), *uncut = toy_get("uncut");

	toy_put(file, "new");
	meddle(file);
	*ret_result = json_pack("{s{sb}}", "settled", "toy", 1);
	if (!strcmp(file, "open") && !strcmp(gate, "old"))
		json_object_set_new(*ret_result, "was_open", json_true());
	if (!strcmp(file, "gate"))
		json_object_set_new(*ret_result, "cut", json_boolean(!*uncut));
	if (!strcmp(fail, "cancel"))
		return err_set(e, ERR_CANCELED, "interrupted");
	return *fail ? err_set(e, ERR_REFUSED, "told to fail") : 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	autofree char *now = toy_get(json_str(params, "file", ""));

	*ret = !strcmp(now, "new") ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	const char *file = json_str(params, "file", "");
	autofree char *bend = xasprintf("stick-%s", file);
	autofree char *stick = toy_get(bend);

	if (*stick)
		return err_set(e, ERR_REFUSED, "told to stick");
	if (!strcmp(file, "start")) {
		autofree char *gate = toy_get("gate");

		toy_put("gate-at-the-end", gate);
	}
	toy_put("in-place", c->accept_in_place ? "yes" : "no");
	toy_put(file, "old");
	return 0;
}

static int look_back(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autofree char *bend = xasprintf("bar-%s", json_str(params, "file", ""));
	autofree char *bar = toy_get(bend);

	if (!*bar)
		return 0;
	err_set(e, ERR_CHANGED, "told to bar the way back");
	return err_hint(e, "take the bar away");
}

/* What it kept for the way back. */
static int give_up(struct ctx *c, const json_t *params, const json_t *undo, char **ret_gone, struct err *e)
{
	autofree char *name = xasprintf("kept-%s", json_str(params, "file", ""));
	autofree char *kept = toy_get(name);

	if (!*kept)
		return 0;
	toy_drop(name);
	*ret_gone = take_ptr(name);
	return 0;
}

/* A look at the server, which is stopped by file `stop`. */
static int look(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autofree char *stop = toy_get("stop"), *gate = toy_get("gate");

	if (!strcmp(stop, "new"))
		return err_set(e, ERR_ABSENT, "nobody answers");
	if (!strcmp(gate, "new"))
		return err_set(e, ERR_ABSENT, "clients wait");
	return apply(c, params, undo, ret_result, e);
}

/* Before the point there is no room to be looked at, as of the kind that it stands for. */
static int look_at_room(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return c->point_passed ? look_back(c, params, undo, e) : 0;
}

static const struct step_kind toy_look_kind = { "toy_look", 1, LIFE_DURABLE, describe, capture, look, verify, undo, .served = true };
static const struct step_kind toy_kind = { "toy", 1, LIFE_DURABLE, describe, capture, apply, verify, undo, look_back };
static const struct step_kind toy_keeping_kind = { "toy_keeping", 1,    LIFE_DURABLE, describe, capture, apply,
						   verify,        undo, look_back,    .give_up = give_up, .keeps_old = true };
static const struct step_kind toy_leaving_kind = { "toy_leaving", 1,    LIFE_DURABLE, describe, capture, apply,
						   verify,        undo, look_back,    .give_up = give_up };
static const struct step_kind toy_stop_kind = { "service_stop", 1, LIFE_BOOT, describe, capture, apply, verify, undo };
static const struct step_kind toy_data_kind = { "data_point", 1, LIFE_DURABLE, describe, capture, apply, verify, undo, look_at_room };
static const struct step_kind toy_gate_kind = { "gate_close", 1, LIFE_BOOT, describe, capture, apply, verify, undo };
static const struct step_kind toy_made_kind = { "compose_recreate", 2, LIFE_DURABLE, describe, capture, apply, verify, undo };
static const struct step_kind toy_open_kind = { "gate_open", 1, LIFE_DURABLE, describe, capture, apply, verify, undo };
static const struct step_kind toy_start_kind = { "service_start", 1, LIFE_BOOT, describe, capture, apply, verify, undo };
static const struct step_kind toy_ready_kind = { "wait_ready", 1, LIFE_BOOT, describe, capture, apply, verify, undo };
static const struct step_kind toy_boot_kind = { "toy_boot", 1, LIFE_BOOT, describe, capture, apply, verify, undo };
extern const struct step_kind step_facts_freeze, step_verify_world, step_hook;

const struct step_kind *const step_kinds[] = { &toy_kind,  &toy_boot_kind,     &toy_stop_kind,
	                                       &toy_gate_kind, &toy_open_kind, &toy_look_kind,     &step_facts_freeze,
	                                       &toy_made_kind, &step_verify_world, &toy_keeping_kind,  &toy_leaving_kind,
	                                       &toy_data_kind, &toy_start_kind,    &toy_ready_kind,    &step_hook, NULL };

/* ---- the product ---- */

static json_t *site_doc(void)
{
	json_t *doc = json_pack("{s{ss}}", "roots", "root", toy_root);
	autofree char *text = toy_get("port"), *docker = toy_get("docker");
	int64_t port;

	if (*docker)
		json_object_set_new(doc, "service", json_pack("{ss ss}", "kind", "container", "name", "toy"));
	if (sv_i64(sv_of(text), &port))
		json_object_set_new(doc, "service", json_pack("{ss s[I]}", "kind", "process", "ports", (json_int_t)port));
	return doc;
}

static int site(const struct goal *g, struct site *ret, struct err *e)
{
	autojson json_t *doc = site_doc();

	return site_bind("main", doc, ret, e);
}

static int inspect(struct ctx *c, const struct goal *to, enum depth d, struct facts *ret, struct err *e)
{
	autofree char *config = toy_get("config"), *looks = toy_get("looks"), *stop = toy_get("stop"), *loses = toy_get("loses"),
		      *stage = toy_get("stage"), *known = toy_get("known"), *blind = toy_get("blind");

	if (*looks && !strcmp(stop, "new"))
		return err_set(e, ERR_ABSENT, "nobody answers");
	if (*blind && !strcmp(stage, "new")) {
		err_set(e, !strcmp(blind, "canceled") ? ERR_CANCELED : ERR_TIMEOUT, "told to be blind");
		return err_hint(e, "give it eyes");
	}
	facts_init(ret, "toy", "toy");
	facts_put_str(ret, FACT_PINNED, "config", config, "config");
	if (*loses)
		facts_put_str(ret, FACT_OBSERVED, "loses", loses, "loses");
	facts_put_bool(ret, FACT_OBSERVED, "staged", !strcmp(stage, "new"), "stage");
	facts_put_int(ret, FACT_OBSERVED, "size", clock_mono_ns(), "clock");
	if (*known)
		facts_put(ret, FACT_PINNED, FACT_IMAGE, json_pack("{ss}", "old_image_id", known), "docker");
	return 0;
}

static int scope(const struct facts *now, const struct goal *to, struct scope *ret, struct err *e)
{
	autofree char *apart = toy_get("apart"), *only = toy_get("only");

	if (*apart)
		*vec_push(ret) = (struct scope_root){ .name = xstrdup("apart"), .path = xasprintf("%s/../%s", toy_root, apart) };
	*vec_push(ret) = (struct scope_root){ .name = xstrdup("root"),
		                              .path = xstrdup(toy_root),
		                              .only = *only ? json_pack("[s]", only) : NULL };
	return 0;
}

static void add(struct plan *p, enum phase phase, const char *file, unsigned flags, const char *kind)
{
	plan_add(p, phase, file, kind, flags, json_pack("{ss}", "file", file), "the toy needs it");
}

static int plan(const struct facts *now, const struct goal *to, struct plan *ret, struct err *e)
{
	autofree char *nothing = toy_get("nothing"), *gated = toy_get("gated"), *port = toy_get("port"), *keeps = toy_get("keeps"),
		      *looks = toy_get("looks"), *docker = toy_get("docker"), *recreates = toy_get("recreates");
	autofree char *held = toy_get("held"), *proxied = toy_get("proxied"), *kept = toy_get("kept-final"), *data = toy_get("data"), *ready = toy_get("ready");
	bool before = !strcmp(gated, "before");

	plan_site(ret, "main", site_doc());
	if (*nothing)
		return 0;
	if (*keeps)
		plan_keep_data(ret);
	add(ret, PHASE_STAGE, "stage", 0, "toy");
	if (*looks)
		add(ret, PHASE_FREEZE, "look", STEP_AGAIN, "toy_look");
	if (*looks)
		plan_add(ret, PHASE_FREEZE, "freeze", "facts_freeze", STEP_AGAIN, json_object(), "baseline");
	if (before)
		add(ret, PHASE_FREEZE, "gate", STEP_IN_WINDOW | STEP_AGAIN, "gate_close");
	add(ret, PHASE_FREEZE, "stop", STEP_IN_WINDOW, *port || *docker ? "service_stop" : "toy");
	add(ret, PHASE_FREEZE, "final", STEP_IN_WINDOW | STEP_AGAIN, !*kept ? "toy" : !strcmp(kept, "for now") ? "toy_leaving" : "toy_keeping");
	if (!*looks)
		plan_add(ret, PHASE_FREEZE, "freeze", "facts_freeze", STEP_IN_WINDOW, json_object(), "baseline");
	add(ret, PHASE_CHANGE, "switch", STEP_IN_WINDOW, "toy");
	if (*recreates)
		plan_add(ret, PHASE_CHANGE, "made", "compose_recreate", STEP_IN_WINDOW, json_pack("{ss ss}", "file", "made", "id", "toy"),
		         "the toy needs it");
	if (*data)
		add(ret, PHASE_THAW, "data", STEP_IN_WINDOW, "data_point");
	if (*proxied)
		plan_add(ret, PHASE_THAW, "gate", "gate_close", STEP_IN_WINDOW, json_pack("{ss s{}}", "file", "gate", "proxy"), "the toy needs it");
	else if (*gated && !before)
		add(ret, PHASE_THAW, "gate", STEP_IN_WINDOW, "gate_close");
	add(ret, PHASE_THAW, "start", STEP_IN_WINDOW | STEP_POINT | (*held ? STEP_LETS_IN : 0), *ready ? "service_start" : "toy_boot");
	if (*ready)
		plan_add(ret, PHASE_PROVE, "ready", "wait_ready", STEP_IN_WINDOW,
		         json_pack("{ss ss ss}", "file", "ready", "edition", "plain", "version", "2"), "the toy needs it");
	if (*held)
		add(ret, PHASE_OPEN, "open", 0, "gate_open");
	else
		add(ret, PHASE_OPEN, "open", STEP_LETS_IN | STEP_CLOSES_WINDOW, "toy");
	plan_add(ret, PHASE_AFTER, "compare", "verify_world", 0,
	         json_pack("{ss ss so}", "depth", "deep", "within", "10ms", "frozen", plan_from("freeze", "facts")), "proof");
	return 0;
}

static void losses(const struct facts *now, const struct goal *to, struct plan *ret)
{
	const char *loses = facts_str(now, "loses", NULL);

	if (!loses)
		return;
	if (!strcmp(loses, "place later") && !facts_bool(now, "staged", false))
		return;
	if (!strncmp(loses, "place", 5)) {
		plan_loss_in_place(ret);
		return;
	}
	plan_loss(ret, "sight", "nobody sees it");
	if (!strcmp(loses, "rows") || (!strcmp(loses, "rows later") && facts_bool(now, "staged", false)))
		plan_loss(ret, "rows", "7 rows");
}

static int verify_toy(struct ctx *c, const struct facts *frozen, const struct goal *to, enum depth d,
                      struct comparisons *ret, struct err *e)
{
	autofree char *differs = toy_get("differs"), *mute = toy_get("mute"), *unsure = toy_get("unsure");

	if (*mute)
		return err_set(e, ERR_TIMEOUT, "told to be mute");
	if (*unsure)
		cmp_add(ret, CMP_UNPROVED, "toy", "colour", NULL, NULL, NULL, "told to be unsure");
	cmp_text(ret, "toy", "world", *differs ? "as it was" : to ? "new" : "old", toy_world());
	return 0;
}

/* What has come by now: more behind the gate, more when the new server is stopped. */
static char *count_now(void)
{
	autofree char *gate = toy_get("gate"), *start = toy_get("start"), *gated = toy_get("writes-gated"), *stopped = toy_get("writes-stopped");

	if (*gated && !strcmp(gate, "new"))
		return xstrdup(gated);
	return *stopped && !strcmp(start, "old") ? xstrdup(stopped) : toy_get("writes");
}

static int since(struct ctx *c, const struct facts *frozen, struct writes *ret, struct err *e)
{
	autofree char *n = count_now(), *traceless = toy_get("traceless");
	int64_t count = 0;

	if (!strcmp(n, "dies"))
		raise(SIGKILL);
	if (!strcmp(n, "unknown")) {
		ret->transactions = -1;
		return 0;
	}
	if (*n && !sv_i64(sv_of(n), &count))
		return err_set(e, ERR_FORMAT, "bad count");
	ret->transactions = count;
	if (count)
		*vec_push(ret) = (struct write_count){ xstrdup("toy"), .transactions = count, .traceless = *traceless };
	return 0;
}

static int may_start(struct ctx *c, struct err *e)
{
	autofree char *taken = toy_get("taken");

	return *taken && !c->backward ? err_set(e, ERR_CHANGED, "somebody else has its data") : 0;
}

static const struct check no_checks[] = { { NULL, NULL } };
static const char *const editions[] = { "old", "new", NULL };
static const struct product_key target_keys[] = { { "package", NULL, NULL }, { NULL, NULL, NULL } };
static struct product toy = {
	.name = "toy",
	.title = "Toy",
	.checks = no_checks,
	.editions = editions,
	.target_keys = target_keys,
	.sheet = "checks: {}\nrules: {}\nvalues: {}\n",
	.site = site,
	.inspect = inspect,
	.scope = scope,
	.plan = plan,
	.losses = losses,
	.verify = verify_toy,
	.since = since,
	.may_start = may_start,
};
const struct product *const products[] = { &toy, NULL };

static struct probe toy_says;

static int probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e)
{
	autofree char *gate = toy_get("gate");

	*ret = toy_says;
	ret->answered |= !as_client;    /* past the gate it always speaks */
	ret->serving &= !as_client || strcmp(gate, "new") != 0;
	return 0;
}

void toy_answers(struct probe says)
{
	toy_says = says;
	toy.probe = probe;
}

static int save_since(struct ctx *c, const struct writes *w, const struct dir *to, struct err *e)
{
	autofree char *interrupts = toy_get("interrupts"), *fills = toy_get("export-fills");

	if (*fills)
		toy_put("bar-data", "yes");
	if (*interrupts)
		atomic_store(&((struct cancel *)c->cancel)->asked, true);
	return !strcmp(interrupts, "seen") ? err_set(e, ERR_CANCELED, "interrupted") : 0;
}

void toy_exports(void)
{
	toy.save_since = save_since;
}

void toy_goal(struct goal *ret)
{
	autofree char *snapshot = toy_root[0] ? toy_get("snapshot") : xstrdup("");
	autofree char *tree = toy_root[0] ? toy_get("tree") : xstrdup("");
	autofree char *store = toy_root[0] ? toy_get("store") : xstrdup("");
	autofree char *alarm = toy_root[0] ? toy_get("alarm") : xstrdup("");
	json_t *doc;
	struct err e = ERR_INIT;
	json_t *point = *snapshot ? json_pack("{ss s[s] s[s]}", "kind", "snapshot", "create", "true", "restore", "true") :
	                            json_pack("{ss}", "kind", *tree ? "tree" : "external");

	if (*store)
		json_object_set_new(point, "store", json_string(store));
	doc = json_pack("{ss so}", "product", "toy", "restore_point", point);
	if (*alarm)
		json_object_set_new(doc, "hooks", json_pack("{s[ss]}", "on_failure", "/usr/bin/touch", alarm));
	assert_int_equal(goal_of_doc(doc, ret, &e), 0);
}

void toy_plan(const struct goal *g, struct plan *ret)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	autofacts struct facts now = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(world_inspect(g, DEPTH_LIVE, &o, &now, &e), 0);
	assert_int_equal(world_plan(g, &now, ret, &e), 0);
	events_free(ev);
}

struct run_opts toy_opts(struct events *ev)
{
	return (struct run_opts){ .state_dir = state_dir, .events = ev, .accept_no_return = true };
}
