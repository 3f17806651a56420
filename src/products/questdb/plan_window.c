/* Everything around the change: staging and copying before the stop, the way out of the window
 * after the start. */
#include "products/questdb/draft.h"

static void stage_build(struct draft *d)
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
}

void draft_stage(struct draft *d)
{
	if (d->in_container)
		container_stage(d->plan, d->now);
	else
		stage_build(d);
	window_copy_live(d->plan, d->to, PHASE_STAGE, "backup-live", 3,
			 "most of the restore point is copied and read back while the server runs");
}

/* The build, and of each table what a server opens at its start: everything directly in its
 * directory (_meta, _txn, _cv, symbol dictionaries) and its sequencer; no partition. */
static void warm(struct draft *d)
{
	const char *rel = facts_str(d->now, QF_DB_REL, NULL);
	json_t *db = rel ? place_of("root", rel) : place_of("db", ".");
	json_t *builds = json_array();

	if (!d->in_container)
		json_array_append_new(builds, draft_place(d, "builds", d->at.staged));
	draft_step(d, PHASE_FREEZE, "warm", "warm", STEP_AGAIN,
		   json_pack("{so s[{so si s[s] si}] sI ss}", "places", builds, "trees", "place", db,
			     "depth", 2, "into", "txn_seq", "head", 64 << 10, "max_bytes",
			     (json_int_t)512 << 20, "within", "10s"),
		   "a cold first start costs a third more");
}

void draft_freeze(struct draft *d)
{
	window_hook(d->plan, d->to, PHASE_FREEZE, "before-stop", "before_stop",
		    "hold writers back, silence alarms");
	window_copy_live(d->plan, d->to, PHASE_FREEZE, "backup-last", 1,
			 "so that the pass in the window has little left");
	warm(d);
	draft_step(d, PHASE_FREEZE, "drain", "wal_drain", STEP_AGAIN,
		   json_pack("{ss}", "within", draft_span(d, "drain", "30s")),
		   "a stop does not apply the WAL; what remains is applied by the next start");
	draft_step(d, PHASE_FREEZE, "stop", "service_stop", STEP_IN_WINDOW | STEP_AGAIN,
		   json_pack("{s{ss ss} ss ss ss so}", "expect", "edition", d->change.from_edition,
			     "version", d->change.from_version, "within",
			     draft_span(d, "stop_timeout", "10m"), "start_within",
			     draft_span(d, "start_timeout", d->in_container ? "10m" : "2h"), "stall",
			     draft_span(d, "stall", "60s"), "flock", draft_lock(d)),
		   "one polite signal and a patient wait: the script's own stop kills after 30 s");
	window_keep(d->plan, d->to, draft_lock(d),
		    "what changed since the last pass; byte for byte the stopped data");
	window_freeze(d->plan,
		      "the baseline of the proof comes from the stopped data, not from a live server");
}

void draft_thaw(struct draft *d)
{
	window_close_gate(d->plan, PHASE_THAW, d->ports, "a failure behind the gate costs nobody a write");
	draft_step(d, PHASE_THAW, "start", "service_start", window_start_flags(d->ports),
		   json_pack("{so sO? so ss ss}", "launch", plan_from("stop", "launch"), "argv",
			     d->argv, "flock", draft_lock(d), "within",
			     draft_span(d, "start_timeout", "10m"), "stop_within",
			     draft_span(d, "stop_timeout", "10m")),
		   "the first start of the new build on this data");
}

void draft_prove(struct draft *d)
{
	draft_step(d, PHASE_PROVE, "ready", "wait_ready", window_ready_flags(d->ports),
		   json_pack("{ss ss ss ss}", "edition", d->change.to_edition, "version",
			     d->change.to_version, "within", draft_span(d, "start_timeout", "2h"),
			     "stall", draft_span(d, "stall", "60s")),
		   "it answers, as the edition and version wanted");
	window_prove(d->plan, d->to, d->ports,
		     "every table is there with the rows and transactions it had");
}

void draft_open(struct draft *d)
{
	window_open(d->plan, d->to, d->ports);
	window_prove_deep(d->plan);
}
