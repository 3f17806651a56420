/* Everything around the change: staging and copying before the stop, the way out of the window after the start. */
#include "products/sftpgo/draft.h"

#include <string.h>

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
	if (d->in_container)
		container_stage(d->plan, d->now);
	else if (sftpgo_draft_is_package(d))
		sftpgo_draft_stage_packages(d);
	else
		stage_archive(d);
	window_copy_live(d->plan, d->to, PHASE_STAGE, "backup-live", 1,
			 "most of the restore point is copied and read back while the server runs");
}

static json_t *expected(const struct draft *d, const char *edition, const char *version)
{
	/* A server that hides its version cannot be asked for it; then its program was, before. */
	bool hides = facts_bool(d->now, SF_SHORT, false);

	return json_pack("{ss ss}", "edition", hides ? "" : edition, "version", hides ? "" : version);
}

void sftpgo_draft_freeze(struct draft *d)
{
	sftpgo_draft_nodes(d);
	if (sftpgo_draft_is_package(d))
		sftpgo_draft_lock_packages(d);
	window_hook(d->plan, d->to, PHASE_FREEZE, "before-stop", "before_stop", "hold clients back, silence alarms");
	if (!sftpgo_draft_is_package(d) && !d->in_container)
		sftpgo_draft_step(d, PHASE_FREEZE, "warm", "warm", STEP_AGAIN,
		   json_pack("{s[o] s[] sI ss}", "places", sftpgo_draft_place(d, "builds", d->at.staged), "trees", "max_bytes",
			     (json_int_t)256 << 20, "within", "10s"),
		   "a cold first start takes longer");
	sftpgo_draft_trial(d);
	sftpgo_draft_quiet(d);
	if (sftpgo_draft_is_package(d))
		sftpgo_draft_source_off(d);
	sftpgo_draft_step(d, PHASE_FREEZE, "stop", "service_stop", STEP_IN_WINDOW | STEP_AGAIN,
		   json_pack("{so ss ss ss}", "expect", expected(d, d->change.from_edition, d->change.from_version), "within",
			     sftpgo_draft_span(d, "stop_timeout", "1m"), "start_within",
			     sftpgo_draft_span(d, "start_timeout", d->in_container ? "10m" : "2h"), "stall", sftpgo_draft_span(d, "stall", "60s")),
		   "one polite signal; transfers under way are cut by the server");
	window_keep(d->plan, d->to, NULL,
		    "configuration, host keys and what lies beside them, byte for byte as the stopped server left them");
	sftpgo_draft_dump(d);
	window_freeze(d->plan, "the baseline of the proof comes from the stopped database, not from a live server");
}

void sftpgo_draft_thaw(struct draft *d)
{
	window_close_gate(d->plan, PHASE_THAW, d->ports, "a failure behind the gate costs nobody a change");
	sftpgo_draft_step(d, PHASE_THAW, "start", "service_start", window_start_flags(d->ports),
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
	sftpgo_draft_step(d, PHASE_PROVE, "ready", "wait_ready", window_ready_flags(d->ports), ready,
		   "HTTP and SFTP answer, as the edition and version wanted");
	window_prove(d->plan, d->to, d->ports,
		     "edition, version, schema and every object of the database are what they must be; doors, host keys, certificates "
		     "and pages as before");
	sftpgo_draft_trial_again(d);
}

void sftpgo_draft_open(struct draft *d)
{
	window_open(d->plan, d->to, d->ports);
	sftpgo_draft_left(d);
	sftpgo_draft_rule(d);
	window_prove_deep(d->plan);
}
