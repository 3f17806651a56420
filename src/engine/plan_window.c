#include "engine/plan_window.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/* ---- what the goal asks for ---- */

static const char *point_kind(const struct goal *to)
{
	return json_str(to->restore_point, "kind", "tree");
}

bool window_copies(const struct goal *to)
{
	return !strcmp(point_kind(to), "tree");
}

bool window_wants_gate(const struct goal *to, bool usable)
{
	const char *asked = goal_setting(to, "gate", NULL);

	return asked ? strcmp(asked, "none") != 0 : usable;
}

bool window_is_gated(const json_t *door)
{
	return json_array_size(door) > 0 || json_object_size(door) > 0;
}

int window_settings(const struct goal *to, const char *const *spans, size_t n, struct err *e)
{
	const char *gate = goal_setting(to, "gate", "verify");
	int64_t unused;

	if (strcmp(gate, "verify") != 0 && strcmp(gate, "none") != 0)
		return err_set(e, ERR_USAGE, "'settings.gate' is '%s', neither 'verify' nor 'none'", gate);
	for (size_t i = 0; i < n; i++)
		if (goal_span(to, spans[i], 0, &unused, e) < 0)
			return -(int)e->kind;
	return 0;
}

int window_needs(const struct facts *now, const char *const *keys, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const char *why = facts_why_missing(now, keys[i]);

		if (facts_get(now, keys[i]))
			continue;
		err_set(e, ERR_ABSENT, "'%s' is not known: %s", keys[i], why ? why : "nobody looked");
		return err_hint(e, "'crossgrade check' names what is missing and what to do");
	}
	return 0;
}

/* ---- places ---- */

json_t *window_place(json_t *roots, const char *name, const char *path)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = slash > path ? xstrndup(path, (size_t)(slash - path)) : xstrdup("/");

	json_object_set_new(roots, name, json_string(dir));
	return place_of(name, slash ? slash + 1 : path);
}

json_t *window_link(const char *link, const char *staged)
{
	size_t dir = (size_t)(strrchr(link, '/') + 1 - link);

	if (!strncmp(link, staged, dir) && !strchr(staged + dir, '/'))
		return json_string(staged + dir);
	return json_string(staged);
}

/* ---- steps ---- */

void window_hook(struct plan *p, const struct goal *to, enum phase phase, const char *id, const char *name, const char *why)
{
	const json_t *said = json_object_get(to->hooks, name);
	const json_t *argv = json_is_object(said) ? json_object_get(said, "argv") : said;

	if (argv)
		plan_add(p, phase, id, "hook", 0,
		         json_pack("{ss sO ss}", "name", name, "argv", argv, "within",
		                   json_is_object(said) ? json_str(said, "within", "30s") : "30s"),
		         why);
}

void window_copy_live(struct plan *p, const struct goal *to, enum phase phase, const char *id, int passes, const char *why)
{
	if (window_copies(to))
		plan_add(p, phase, id, "backup_live", STEP_AGAIN, json_pack("{si}", "passes", passes), why);
}

void window_keep(struct plan *p, const struct goal *to, json_t *lock, const char *why)
{
	json_t *snapshot;

	if (window_copies(to))
		plan_add(p, PHASE_FREEZE, "backup-final", "backup_final", STEP_IN_WINDOW | STEP_AGAIN, json_object(), why);
	if (strcmp(point_kind(to), "snapshot") != 0) {
		json_decref(lock);
		return;
	}
	snapshot = json_pack("{sO sO}", "create", json_object_get(to->restore_point, "create"), "restore",
	                     json_object_get(to->restore_point, "restore"));
	if (lock)
		json_object_set_new(snapshot, "flock", lock);
	plan_add(p, PHASE_FREEZE, "snapshot", "snapshot_take", STEP_IN_WINDOW | STEP_AGAIN, snapshot,
	         "the operator's snapshot, with the server stopped");
}

void window_freeze(struct plan *p, const char *why)
{
	plan_add(p, PHASE_FREEZE, "freeze", "facts_freeze", STEP_IN_WINDOW | STEP_AGAIN, json_object(), why);
}

/* Params of the gate's two steps. */
static json_t *gate_params(json_t *door)
{
	return json_object_size(door) ? json_pack("{sO}", "proxy", door) : json_pack("{sO}", "ports", door);
}

void window_close_gate(struct plan *p, enum phase phase, json_t *door, const char *why)
{
	if (window_is_gated(door))
		plan_add(p, phase, "gate", "gate_close", STEP_IN_WINDOW | (phase == PHASE_FREEZE ? STEP_AGAIN : 0), gate_params(door),
		         why);
}

unsigned window_start_flags(const json_t *door)
{
	return STEP_IN_WINDOW | STEP_POINT | (window_is_gated(door) ? 0 : STEP_LETS_IN);
}

unsigned window_ready_flags(const json_t *door)
{
	return window_is_gated(door) ? STEP_IN_WINDOW : STEP_IN_WINDOW | STEP_CLOSES_WINDOW;
}

static json_t *comparison(const char *depth, const char *within)
{
	return json_pack("{ss ss so}", "depth", depth, "within", within, "frozen", plan_from("freeze", "facts"));
}

void window_prove(struct plan *p, const struct goal *to, const json_t *door, const char *why)
{
	window_hook(p, to, PHASE_PROVE, "after-ready", "after_ready", "the operator's own check");
	plan_add(p, PHASE_PROVE, "verify-gate", "verify_world", window_is_gated(door) ? STEP_IN_WINDOW : 0,
	         comparison("gate", "5m"), why);
}

void window_open(struct plan *p, const struct goal *to, json_t *door)
{
	bool gated = window_is_gated(door);

	plan_add(p, PHASE_OPEN, "open", "gate_open", gated ? STEP_IN_WINDOW | STEP_LETS_IN | STEP_CLOSES_WINDOW : 0,
	         gate_params(door),
	         gated ? "clients are served again" : "whoever starts the server may start it again");
	window_hook(p, to, PHASE_OPEN, "handover", "handover", "load balancers, DNS, alarms");
}

void window_prove_deep(struct plan *p)
{
	plan_add(p, PHASE_AFTER, "verify-deep", "verify_world", 0, comparison("deep", "2h"),
	         "the whole comparison, with clients let in");
}

/* ---- notes ---- */

void window_note_gate(struct plan *p, const json_t *door)
{
	if (!window_is_gated(door))
		plan_note(p, "no gate: clients reach the new server from its first answer on, before it was checked");
}

void window_note_old_build(struct plan *p, const char *path)
{
	plan_note(p, "the old build stays in '%s': remove it yourself once the run is final", path);
}

void window_note_unseen_edition(struct plan *p)
{
	plan_note(p, "unconfirmed: no Enterprise build was ever seen by the authors, what is said of it comes from its documentation");
}
