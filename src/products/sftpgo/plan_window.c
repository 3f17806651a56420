/* Everything around the change: staging and copying before the stop, the way out of the window after the start. */
#include "products/sftpgo/draft.h"

#include <string.h>

static void hook(struct draft *d, enum phase phase, const char *id, const char *name, const char *why)
{
	const json_t *said = json_object_get(d->to->hooks, name);
	const json_t *argv = json_is_object(said) ? json_object_get(said, "argv") : said;

	if (argv)
		sftpgo_draft_step(d, phase, id, "hook", 0,
			   json_pack("{ss sO ss}", "name", name, "argv", argv, "within",
				     json_is_object(said) ? json_str(said, "within", "30s") : "30s"),
			   why);
}

static void stage_archive(struct draft *d)
{
	const json_t *a = d->change.artifact;

	sftpgo_draft_step(d, PHASE_STAGE, "stage", "artifact_stage", STEP_AGAIN,
		   json_pack("{ss sO so sb}", "artifact", json_str(a, "path", ""), "sha256", json_object_get(a, "sha256"),
			     "into", sftpgo_draft_place(d, "builds", d->at.staged), "strip_top", *json_str(a, "top", "") != '\0'),
		   "the new build is there, whole and checked, long before anything stops");
}

void sftpgo_draft_stage(struct draft *d)
{
	if (sftpgo_draft_is_package(d))
		sftpgo_draft_stage_packages(d);
	else
		stage_archive(d);
	if (sftpgo_draft_copies(d))
		sftpgo_draft_step(d, PHASE_STAGE, "backup-live", "backup_live", STEP_AGAIN, json_pack("{si}", "passes", 1),
			   "most of the restore point is copied and read back while the server runs");
}

static void keep_old_world(struct draft *d)
{
	const json_t *point = d->to->restore_point;

	if (sftpgo_draft_copies(d))
		sftpgo_draft_step(d, PHASE_FREEZE, "backup-final", "backup_final", STEP_IN_WINDOW | STEP_AGAIN, json_object(),
			   "configuration, host keys and what lies beside them, byte for byte as the stopped server left them");
	else if (!strcmp(json_str(point, "kind", ""), "snapshot"))
		sftpgo_draft_step(d, PHASE_FREEZE, "snapshot", "snapshot_take", STEP_IN_WINDOW | STEP_AGAIN,
			   json_pack("{sO sO}", "create", json_object_get(point, "create"), "restore",
				     json_object_get(point, "restore")),
			   "the operator's snapshot, with the server stopped");
}

static json_t *expected(const struct draft *d, const char *edition, const char *version)
{
	/* A server that hides its version cannot be asked for it; then its program was, before. */
	bool hides = facts_bool(d->now, SF_SHORT, false);

	return json_pack("{ss ss}", "edition", hides ? "" : edition, "version", hides ? "" : version);
}

void sftpgo_draft_freeze(struct draft *d)
{
	hook(d, PHASE_FREEZE, "before-stop", "before_stop", "hold clients back, silence alarms");
	if (!sftpgo_draft_is_package(d))
		sftpgo_draft_step(d, PHASE_FREEZE, "warm", "warm", STEP_AGAIN,
		   json_pack("{s[o] s[] sI ss}", "places", sftpgo_draft_place(d, "builds", d->at.staged), "trees", "max_bytes",
			     (json_int_t)256 << 20, "within", "10s"),
		   "a cold first start takes longer");
	sftpgo_draft_trial(d);
	sftpgo_draft_quiet(d);
	sftpgo_draft_step(d, PHASE_FREEZE, "stop", "service_stop", STEP_IN_WINDOW | STEP_AGAIN,
		   json_pack("{so ss}", "expect", expected(d, d->change.from_edition, d->change.from_version), "within",
			     sftpgo_draft_span(d, "stop_timeout", "1m")),
		   "one polite signal; transfers under way are cut by the server");
	keep_old_world(d);
	sftpgo_draft_dump(d);
	sftpgo_draft_step(d, PHASE_FREEZE, "freeze", "facts_freeze", STEP_IN_WINDOW | STEP_AGAIN, json_object(),
		   "the baseline of the proof comes from the stopped database, not from a live server");
}

static bool gated(const struct draft *d)
{
	return json_array_size(d->ports) > 0;
}

void sftpgo_draft_thaw(struct draft *d)
{
	unsigned lets_in = gated(d) ? 0 : STEP_LETS_IN;

	if (gated(d))
		sftpgo_draft_step(d, PHASE_THAW, "gate", "gate_close", STEP_IN_WINDOW, json_pack("{sO}", "ports", d->ports),
			   "a failure behind the gate costs nobody a change");
	sftpgo_draft_step(d, PHASE_THAW, "start", "service_start", STEP_IN_WINDOW | STEP_POINT | lets_in,
		   json_pack("{so sO? ss ss}", "launch", plan_from("stop", "launch"), "argv",
			     sftpgo_draft_is_process(d) ? facts_get(d->now, SF_ARGV) : NULL, "within",
			     sftpgo_draft_span(d, "start_timeout", "10m"), "stop_within", sftpgo_draft_span(d, "stop_timeout", "1m")),
		   "the first start of the new build rewrites the schema of the database");
}

void sftpgo_draft_prove(struct draft *d)
{
	json_t *ready = expected(d, d->change.to_edition, d->change.to_version);

	json_object_set_new(ready, "within", json_string(sftpgo_draft_span(d, "start_timeout", "2h")));
	json_object_set_new(ready, "stall", json_string(sftpgo_draft_span(d, "stall", "60s")));
	sftpgo_draft_step(d, PHASE_PROVE, "ready", "wait_ready",
		   gated(d) ? STEP_IN_WINDOW : STEP_IN_WINDOW | STEP_CLOSES_WINDOW, ready,
		   "HTTP and SFTP answer, as the edition and version wanted");
	hook(d, PHASE_PROVE, "after-ready", "after_ready", "the operator's own check");
	sftpgo_draft_step(d, PHASE_PROVE, "verify-gate", "verify_world", gated(d) ? STEP_IN_WINDOW : 0,
		   json_pack("{ss ss so}", "depth", "gate", "within", "5m", "frozen", plan_from("freeze", "facts")),
		   "edition, version, schema and every object of the database are what they must be");
	sftpgo_draft_trial_again(d);
}

void sftpgo_draft_open(struct draft *d)
{
	sftpgo_draft_step(d, PHASE_OPEN, "open", "gate_open",
		   gated(d) ? STEP_IN_WINDOW | STEP_LETS_IN | STEP_CLOSES_WINDOW : 0, json_pack("{sO}", "ports", d->ports),
		   gated(d) ? "clients are served again" : "whoever starts the server may start it again");
	hook(d, PHASE_OPEN, "handover", "handover", "load balancers, DNS, alarms");
	sftpgo_draft_left(d);
	sftpgo_draft_step(d, PHASE_AFTER, "verify-deep", "verify_world", 0,
		   json_pack("{ss ss so}", "depth", "deep", "within", "2h", "frozen", plan_from("freeze", "facts")),
		   "the whole comparison, with clients let in");
}
