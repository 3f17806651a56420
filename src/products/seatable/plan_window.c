/* Everything around the change: image and copies before the stop, the way out of the window after the start. */
#include <string.h>

#include "products/seatable/draft.h"
#include "products/seatable/envfile.h"
#include "products/seatable/outside.h"

static void add(struct sea_draft *d, enum phase phase, const char *id, const char *kind, unsigned flags, json_t *params /* stolen */,
		const char *why)
{
	plan_add(d->plan, phase, id, kind, flags, params, why);
}

/* Of Enterprise alone, and for nothing where no copy of storage-data is made. */
static bool saves_archives(const struct sea_draft *d)
{
	const char *asked = goal_setting(d->to, "big_data", NULL);

	if (asked)
		return !strcmp(asked, "backup-all");
	return !strcmp(d->from_edition, SEA_ENTERPRISE) && d->folders == SEA_FOLDERS_COPY && window_copies(d->to) &&
	       (facts_int(d->now, SEA_ARCHIVES, 0) || json_int(facts_get(d->now, SEA_COUNTS), "archived_rows", 0));
}

void sea_draft_stage(struct sea_draft *d)
{
	add(d, PHASE_STAGE, "image", "image_secure", 0,
	    json_pack("{ss ss? ss? ss}", "image", d->image, "archive", json_str(d->to->target, "image_archive", NULL), "sha256",
		      json_str(d->to->target, "sha256", NULL), "within", sea_draft_span(d, "pull_timeout", "1h")),
	    "the image is on this host, whole, long before anything stops, and nothing else is pulled");
	if (d->folders == SEA_FOLDERS_COPY)
		window_copy_live(d->plan, d->to, PHASE_STAGE, "backup-live", 1,
				 "most of the data folders is copied and read back while the server runs");
}

/* ---- before the stop, and with the server stopped ---- */

/* As late as the server still runs, for what is archived behind it is in no copy; and before the baseline, which has what it writes. */
static void archives(struct sea_draft *d)
{
	if (!saves_archives(d))
		return;
	add(d, PHASE_FREEZE, "big-data", "seatable_bigdata", STEP_AGAIN,
	    json_pack("{ss ss}", "container", json_str(d->at, "server", ""), "within", sea_draft_span(d, "big_data_timeout", "1h")),
	    "archived rows lie where no copy is made, and are written where one is");
	if (d->folders == SEA_FOLDERS_COPY)
		window_copy_live(d->plan, d->to, PHASE_FREEZE, "backup-archives", 1, "what was written of them is copied before anything stops");
	plan_note(d->plan, "no way back touches db-data, where archived rows lie: 'seatable.sh restore-all' is for a db-data that was lost itself, "
			   "after a copy of what is left, since it puts the older state over it; rows archived after step 'big-data' are in no copy");
}

static unsigned when(const struct sea_draft *d)
{
	return STEP_AGAIN | (d->dumps_running ? 0 : STEP_IN_WINDOW);
}

static json_t *release_place(void)
{
	return place_of("data", "seatable/conf/current_version.txt");
}

static void dump(struct sea_draft *d)
{
	if (!window_copies(d->to))
		return;
	add(d, PHASE_FREEZE, "dump", "seatable_dump", when(d),
	    json_pack("{sO sO ss? so ss}", "at", d->at, "schemas", d->schemas, "log",
		      sea_log_schema(facts_get(d->now, SEA_DB_OWN)), "release", release_place(), "within",
		      sea_draft_span(d, "dump_timeout", "1h")),
	    d->dumps_running ? "databases first, then folders: what they refer to is there then" :
			       "nobody writes any more: the dumps are the last word of the old server");
}

/* The baseline wants what clients see, and there is nothing to be seen of a stopped server. */
static void outside(struct sea_draft *d)
{
	if (!d->dumps_running)
		add(d, PHASE_FREEZE, SEA_OUTSIDE_STEP, "seatable_outside", STEP_AGAIN, json_object(),
		    "a part of the baseline that only a running server shows");
}

static void freeze(struct sea_draft *d)
{
	add(d, PHASE_FREEZE, "freeze", "facts_freeze", when(d), json_object(),
	    d->dumps_running ? "the baseline of the proof; what users write after it is told apart" :
			       "the baseline of the proof, with the server stopped");
}

static void keep(struct sea_draft *d, bool folders)
{
	if (window_copies(d->to) && (d->folders == SEA_FOLDERS_COPY) == folders)
		add(d, PHASE_FREEZE, "backup-final", "backup_final", STEP_AGAIN | (folders ? STEP_IN_WINDOW : 0), json_object(),
		    folders ? ".env, licence and data folders as the stopped server left them" : ".env and licence: nothing moves them");
}

/* As late as it can be: what somebody edits after it is found on the way back alone. */
static void look(struct sea_draft *d)
{
	json_t *variable = json_pack("{ss ss?}", "name", SEA_VARIABLE, "value", d->by_default ? NULL : d->image);

	add(d, PHASE_FREEZE, "files", "compose_look", STEP_AGAIN,
	    json_pack("{so ss ss so}", "project", sea_draft_project(d), "service", facts_str(d->now, SEA_SERVER, ""), "image", d->image,
		      "variable", variable),
	    "the assignment changes the image of this one service and nothing else");
}

static void stop(struct sea_draft *d)
{
	add(d, PHASE_FREEZE, "stop", "service_stop", STEP_IN_WINDOW | STEP_AGAIN,
	    json_pack("{s{ss ss} ss ss}", "expect", "edition", d->from_edition, "version", d->from_version, "within",
		      sea_draft_span(d, "stop_timeout", "2m"), "start_within", sea_draft_span(d, "start_timeout", "10m")),
	    "one polite signal to this container alone; database, cache and proxy run on");
}

void sea_draft_freeze(struct sea_draft *d)
{
	archives(d);
	window_hook(d->plan, d->to, PHASE_FREEZE, "before-stop", "before_stop", "hold clients back, silence alarms");
	/* A baseline that is newer than the dump would leave uncounted what came between, and is in no dump. */
	if (d->dumps_running) {
		freeze(d);
		dump(d);
	}
	keep(d, false);
	outside(d);
	look(d);
	window_close_gate(d->plan, PHASE_FREEZE, d->door,
			  "nobody comes in from before the stop until the new server is checked: a failure costs nobody an edit");
	stop(d);
	if (!d->dumps_running) {
		dump(d);
		freeze(d);
	}
	keep(d, true);
}

/* ---- the way out ---- */

void sea_draft_thaw(struct sea_draft *d)
{
	add(d, PHASE_THAW, "start", "service_start", window_start_flags(d->door),
	    json_pack("{so ss ss}", "launch", plan_from("stop", "launch"), "within", sea_draft_span(d, "start_timeout", "10m"), "stop_within",
		      sea_draft_span(d, "stop_timeout", "2m")),
	    "the first start of the other image; within a minor release it leaves the databases as they are");
}

void sea_draft_prove(struct sea_draft *d)
{
	add(d, PHASE_PROVE, "ready", "seatable_wait", window_ready_flags(d->door),
	    json_pack("{ss ss ss ss ss}", "container", json_str(d->at, "server", ""), "edition", d->to_edition, "version", d->to_version, "within",
		      sea_draft_span(d, "start_timeout", "10m"), "stall", sea_draft_span(d, "stall", "3m")),
	    "edition and version as asked, and every component answers three times in a row: the container's health is of one of them alone");
	window_prove(d->plan, d->to, d->door,
		     "release, schemas, users, bases and configuration are what they must be; every other container is the one it was");
}

void sea_draft_open(struct sea_draft *d)
{
	window_open(d->plan, d->to, d->door);
	window_prove_deep(d->plan);
}
