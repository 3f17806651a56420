/* Everything around the change: staging and copying before the stop, the way out of the window
 * after the start. */
#include "products/questdb/draft.h"

static void hook(struct draft *d, enum phase phase, const char *id, const char *name,
		 const char *why)
{
	const json_t *said = json_object_get(d->to->hooks, name);
	const json_t *argv = json_is_object(said) ? json_object_get(said, "argv") : said;

	if (!argv)
		return;
	draft_step(d, phase, id, "hook", 0,
		   json_pack("{ss sO ss}", "name", name, "argv", argv, "within",
			     json_is_object(said) ? json_str(said, "within", "30s") : "30s"),
		   why);
}

void draft_stage(struct draft *d)
{
	bool jar = d->at.jar;
	json_t *into = draft_place(d, "builds", d->at.staged);

	draft_step(d, PHASE_STAGE, "stage", "artifact_stage", STEP_AGAIN,
		   json_pack("{ss sO? so sb ss?}", "artifact",
			     json_str(d->change.artifact, "path", ""), "sha256",
			     json_object_get(d->change.artifact, "sha256"), "into", into,
			     "strip_top", !jar && *json_str(d->change.artifact, "top", ""), "jar",
			     jar ? "questdb.jar" : NULL),
		   "the new build is there, whole and checked, long before anything stops");
	if (draft_copies(d))
		draft_step(
		    d, PHASE_STAGE, "backup-live", "backup_live", STEP_AGAIN,
		    json_pack("{si}", "passes", 3),
		    "most of the restore point is copied and read back while the server runs");
}

/* The build, and of each table what a server opens at its start: everything directly in its
 * directory (_meta, _txn, _cv, symbol dictionaries) and its sequencer; no partition. */
static void warm(struct draft *d)
{
	const char *rel = facts_str(d->now, QF_DB_REL, NULL);
	json_t *db = rel ? place_of("root", rel) : place_of("db", ".");

	draft_step(d, PHASE_FREEZE, "warm", "warm", STEP_AGAIN,
		   json_pack("{s[o] s[{so si s[s] si}] sI ss}", "places",
			     draft_place(d, "builds", d->at.staged), "trees", "place", db, "depth",
			     2, "into", "txn_seq", "head", 64 << 10, "max_bytes",
			     (json_int_t)512 << 20, "within", "10s"),
		   "a cold first start costs a third more");
}

static void keep_old_world(struct draft *d)
{
	if (draft_copies(d))
		draft_step(d, PHASE_FREEZE, "backup-final", "backup_final",
			   STEP_IN_WINDOW | STEP_AGAIN, json_object(),
			   "what changed since the last pass; byte for byte the stopped data");
	else if (!strcmp(json_str(d->to->restore_point, "kind", ""), "snapshot"))
		draft_step(
		    d, PHASE_FREEZE, "snapshot", "snapshot_take", STEP_IN_WINDOW | STEP_AGAIN,
		    json_pack("{sO sO so}", "create", json_object_get(d->to->restore_point, "create"),
			      "restore", json_object_get(d->to->restore_point, "restore"), "flock",
			      draft_lock(d)),
		    "the operator's snapshot, with the server stopped");
}

void draft_freeze(struct draft *d)
{
	hook(d, PHASE_FREEZE, "before-stop", "before_stop", "hold writers back, silence alarms");
	if (draft_copies(d))
		draft_step(d, PHASE_FREEZE, "backup-last", "backup_live", STEP_AGAIN,
			   json_pack("{si}", "passes", 1),
			   "so that the pass in the window has little left");
	warm(d);
	draft_step(d, PHASE_FREEZE, "drain", "wal_drain", STEP_AGAIN,
		   json_pack("{ss}", "within", draft_span(d, "drain", "30s")),
		   "a stop does not apply the WAL; what remains is applied by the next start");
	draft_step(d, PHASE_FREEZE, "stop", "service_stop", STEP_IN_WINDOW | STEP_AGAIN,
		   json_pack("{s{ss ss} ss so}", "expect", "edition", d->change.from_edition,
			     "version", d->change.from_version, "within",
			     draft_span(d, "stop_timeout", "10m"), "flock", draft_lock(d)),
		   "one polite signal and a patient wait: the script's own stop kills after 30 s");
	keep_old_world(d);
	draft_step(d, PHASE_FREEZE, "freeze", "facts_freeze", STEP_IN_WINDOW | STEP_AGAIN,
		   json_object(),
		   "the baseline of the proof comes from the stopped data, not from a live server");
}

static bool gated(const struct draft *d) { return json_array_size(d->ports) > 0; }

void draft_thaw(struct draft *d)
{
	unsigned lets_in = gated(d) ? 0 : STEP_LETS_IN;

	if (gated(d))
		draft_step(d, PHASE_THAW, "gate", "gate_close", STEP_IN_WINDOW,
			   json_pack("{sO}", "ports", d->ports),
			   "a failure behind the gate costs nobody a write");
	draft_step(d, PHASE_THAW, "start", "service_start", STEP_IN_WINDOW | STEP_POINT | lets_in,
		   json_pack("{so sO? so ss ss}", "launch", plan_from("stop", "launch"), "argv",
			     d->argv, "flock", draft_lock(d), "within",
			     draft_span(d, "start_timeout", "10m"), "stop_within",
			     draft_span(d, "stop_timeout", "10m")),
		   "the first start of the new build on this data");
}

void draft_prove(struct draft *d)
{
	unsigned window = gated(d) ? STEP_IN_WINDOW : 0;

	draft_step(d, PHASE_PROVE, "ready", "wait_ready",
		   gated(d) ? STEP_IN_WINDOW : STEP_IN_WINDOW | STEP_CLOSES_WINDOW,
		   json_pack("{ss ss ss ss}", "edition", d->change.to_edition, "version",
			     d->change.to_version, "within", draft_span(d, "start_timeout", "2h"),
			     "stall", draft_span(d, "stall", "60s")),
		   "it answers, as the edition and version wanted");
	hook(d, PHASE_PROVE, "after-ready", "after_ready", "the operator's own check");
	draft_step(d, PHASE_PROVE, "verify-gate", "verify_world", window,
		   json_pack("{ss ss so}", "depth", "gate", "within", "5m", "frozen",
			     plan_from("freeze", "facts")),
		   "every table is there with the rows and transactions it had");
}

void draft_open(struct draft *d)
{
	draft_step(d, PHASE_OPEN, "open", "gate_open",
		   gated(d) ? STEP_IN_WINDOW | STEP_LETS_IN | STEP_CLOSES_WINDOW : 0,
		   json_pack("{sO}", "ports", d->ports),
		   gated(d) ? "clients are served again"
			    : "whoever starts the server may start it again");
	hook(d, PHASE_OPEN, "handover", "handover", "load balancers, DNS, alarms");
	draft_step(d, PHASE_AFTER, "verify-deep", "verify_world", 0,
		   json_pack("{ss ss so}", "depth", "deep", "within", "2h", "frozen",
			     plan_from("freeze", "facts")),
		   "the whole comparison, with clients let in");
}
