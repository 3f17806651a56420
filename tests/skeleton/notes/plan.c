/* Thinking: what a restore point holds, and the steps. src/engine/steps/<kind>.c begins with the params of each kind. */
#include <string.h>

#include "base/mem.h"
#include "engine/plan_window.h"
#include "products/notes/notes.h"

struct draft {
	const struct facts *now;
	struct plan        *plan;
	char               *parent;     /* directory that the program's directory lies in */
	const char         *name;       /* its name there */
	char               *staged;     /* name of the new one beside it */
};

int notes_scope(const struct facts *now, const struct goal *to, struct scope *ret, struct err *e)
{
	const char *root = facts_str(now, NF_ROOT, NULL);

	if (!root)
		return err_set(e, ERR_ABSENT, "where the data lies is not known");
	/* What people put into uploads is theirs: neither version touches it, and it can be large. */
	*vec_push(ret) = (struct scope_root){ .name = xstrdup("root"), .path = xstrdup(root), .leave_out = json_pack("[s]", "uploads") };
	return 0;
}

/* The lock, by which the server is known and kept down; not where it is known by its ports. */
static json_t *lock_place(const struct facts *now)
{
	return json_object_get(facts_get(now, NF_SERVICE), "ports") ? json_null() : place_of("root", "lock");
}

static void stage(struct draft *d, const struct goal *to)
{
	plan_add(d->plan, PHASE_STAGE, "stage", "artifact_stage", 0,
	         json_pack("{ss so sb}", "artifact", goal_artifact(to, 0), "into", place_of("programs", d->staged), "strip_top", true),
	         "the new program is there before anything stops");
	window_copy_live(d->plan, to, PHASE_STAGE, "backup-live", 1, "most is copied while the server runs");
}

static void freeze(struct draft *d, const struct goal *to)
{
	plan_add(d->plan, PHASE_FREEZE, "stop", "service_stop", STEP_IN_WINDOW | STEP_AGAIN,
	         json_pack("{s{ss ss} ss so}", "expect", "edition", "only", "version", facts_str(d->now, NF_VERSION, ""), "within",
	                   goal_setting(to, "stop_timeout", "1m"), "flock", lock_place(d->now)),
	         "the data must not move while the last of it is copied");
	window_keep(d->plan, to, lock_place(d->now), "byte for byte the stopped data");
	window_freeze(d->plan, "what the new server is compared with");
}

static void change(struct draft *d, const struct goal *to)
{
	if (window_copies(to))
		plan_add(d->plan, PHASE_CHANGE, "data", "data_point", STEP_IN_WINDOW, json_object(),
		         "from here on the old data comes from the restore point only");
	plan_add(d->plan, PHASE_CHANGE, "swap", "file_swap", STEP_IN_WINDOW,
	         json_pack("{so so}", "a", place_of("programs", d->name), "b", place_of("programs", d->staged)),
	         "one atomic exchange of the programs");
}

static void thaw(struct draft *d, const struct goal *to)
{
	autojson json_t *ports = json_pack("[I]", (json_int_t)facts_int(d->now, NF_PORT, 0));

	window_close_gate(d->plan, PHASE_THAW, ports, "a failure behind the gate costs nobody a write");
	plan_add(d->plan, PHASE_THAW, "start", "service_start", window_start_flags(ports),
	         json_pack("{so so ss ss}", "launch", plan_from("stop", "launch"), "flock", lock_place(d->now), "within",
	                   goal_setting(to, "start_timeout", "1m"), "stop_within", goal_setting(to, "stop_timeout", "1m")),
	         "the first start of the new program on this data");
	plan_add(d->plan, PHASE_PROVE, "ready", "wait_ready", window_ready_flags(ports),
	         json_pack("{ss ss ss}", "edition", "only", "version", facts_str(d->now, NF_TARGET_VERSION, ""), "within",
	                   goal_setting(to, "start_timeout", "1m")),
	         "it answers, as the version wanted");
	window_prove(d->plan, to, ports, "every note is there");
	window_open(d->plan, to, ports);
}

static int enough_is_known(const struct facts *now, const struct goal *to, struct err *e)
{
	static const char *const needed[] = { NF_ROOT, NF_VERSION, NF_INSTALL, NF_PORT, NF_TARGET_VERSION };

	if (window_needs(now, needed, ARRAY_LEN(needed), e) < 0)
		return -e->kind;
	return goal_artifact(to, 0) ? 0 : err_set(e, ERR_USAGE, "no artifact is named");
}

int notes_plan(const struct facts *now, const struct goal *to, struct plan *ret, struct err *e)
{
	const char *install = facts_str(now, NF_INSTALL, "/"), *slash = strrchr(install, '/');
	struct draft d = { .now = now, .plan = ret };

	if (enough_is_known(now, to, e) < 0)
		return -e->kind;
	d.parent = xstrndup(install, (size_t)(slash - install));
	d.name = slash + 1;
	d.staged = xasprintf("%s-%s", d.name, facts_str(now, NF_TARGET_VERSION, ""));
	stage(&d, to);
	freeze(&d, to);
	change(&d, to);
	thaw(&d, to);
	plan_site(ret, "main", json_pack("{s{ss ss ss} sO so s{ss sI}}", "roots", "root", facts_str(now, NF_ROOT, ""), "install", install,
	                                 "programs", d.parent, "service", facts_get(now, NF_SERVICE), "lock",
	                                 lock_place(now), "probe", "host", "127.0.0.1", "http",
	                                 (json_int_t)facts_int(now, NF_PORT, 0)));
	free(d.parent);
	free(d.staged);
	return 0;
}
