#include "engine/report.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "engine/point_of.h"
#include "engine/prober.h"
#include "engine/run.h"
#include "io/image.h"

#define PLAN_MAX (16u << 20)
#define DIFFERENCES_MAX (16u << 20)

/* What a report is made from, borrowed from its maker. */
struct making {
	struct journal *journal;
	const struct dir *state;
	const char *run;
	const json_t *plan;
	json_t *doc;
	json_t *events;
	int64_t stop_ms, pass_ms, start_from_ms, start_to_ms; /* -1 and 0: not seen */
	int64_t point_bytes;
};

/* When a step began and was done, for the last time each; -1 where it was not. */
struct times {
	int64_t began_ms, done_ms;
};

static json_t *time_json(int64_t wall_ns)
{
	char text[40];

	return wall_ns > 0 ? json_string(clock_rfc3339(wall_ns, text, sizeof text)) : json_null();
}

/* "2026-11-21T12:56:34.425Z" to ms since the epoch; -1 when it is not one. */
static int64_t parse_time(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	struct sv ms = sv_of(rest && *rest == '.' ? rest + 1 : "");
	uint64_t n;

	ms = sv_cut(&ms, 'Z');
	return sv_u64(ms, &n) ? (int64_t)timegm(&tm) * 1000 + (int64_t)n : -1;
}

static struct times times_of(const struct making *m, const char *step)
{
	struct times t = { -1, -1 };
	size_t at;
	json_t *event;

	json_array_foreach(m->events, at, event)
	{
		const char *state = json_str(event, "state", "");

		if (strcmp(json_str(event, "type", ""), "step") ||
		    strcmp(json_str(event, "step", ""), step))
			continue;
		if (!strcmp(state, "begin"))
			t = (struct times){ parse_time(json_str(event, "time", "")), -1 };
		else if (!strcmp(state, "done"))
			t.done_ms = parse_time(json_str(event, "time", ""));
	}
	return t;
}

static json_t *ms_json(int64_t ms) { return time_json(ms > 0 ? ms * NS_PER_MS : 0); }

/* The plan as it was stored; its kinds need not be known to this version for a report. */
static int read_plan(struct journal *j, const char *run, json_t **ret, struct err *e)
{
	autobuf struct buf plan = BUF_MAX(PLAN_MAX), goal = BUF_MAX(PLAN_MAX);

	if (journal_plan(j, run, &plan, &goal, e) < 0)
		return -e->kind;
	return json_parse(buf_sv(&plan), "the plan of the run", ret, e);
}

static json_t *head_json(const struct run_rec *r)
{
	return json_pack("{ss ss ss ss ss ss so so si ss? ss? sb sb}", "run", r->id, "product",
			 r->product, "name", r->name, "state", run_state_name(r->state), "tool",
			 r->tool, "plan_digest", r->plan_digest, "begun", time_json(r->begun_ns),
			 "ended", time_json(r->ended_ns), "exit", r->exit, "meaning",
			 exit_meaning(r->exit), "outcome", r->outcome, "let_in", r->let_in,
			 "finalized", r->finalized);
}

/* Bytes a second of what was copied; of bytes that were only read ahead, or copied by another pass, there is no rate. */
static void add_amounts(json_t *step, const json_t *result, int64_t took_ms)
{
	static const struct {
		const char *told, *as;
	} amounts[] = { { "files", "files" }, { "bytes", "bytes" }, { "copied", "copied_bytes" } };
	int64_t copied = json_int(result, "copied", 0);

	for (size_t i = 0; i < ARRAY_LEN(amounts); i++)
		if (json_is_integer(json_object_get(result, amounts[i].told)))
			json_object_set(step, amounts[i].as, json_object_get(result, amounts[i].told));
	if (copied > 0 && took_ms > 0)
		json_object_set_new(step, "rate_bytes", json_integer(copied * 1000 / took_ms));
}

/* This start's own stop and start-up: what the measured downtime is compared with; and what the forecast spoke of. */
static void note_own_times(struct making *m, const char *kind, const json_t *result, struct times t)
{
	if (!strcmp(kind, "service_stop"))
		m->stop_ms = t.done_ms - t.began_ms;
	else if (!strcmp(kind, "backup_final")) {
		m->pass_ms = t.done_ms - t.began_ms;
		m->point_bytes = json_int(result, "bytes", 0);
	} else if (!strcmp(kind, "service_start"))
		m->start_from_ms = t.began_ms;
	else if (!strcmp(kind, "wait_ready"))
		m->start_to_ms = t.done_ms;
}

static int step_json(struct making *m, const json_t *planned, json_t **ret, struct err *e)
{
	const char *id = json_str(planned, "id", ""), *kind = json_str(planned, "kind", "");
	struct times t = times_of(m, id);
	struct step_rec rec = { 0 };
	json_t *step;

	if (journal_step(m->journal, m->run, id, &rec, e) < 0)
		return -e->kind;
	step = json_pack("{ss ss ss ss ss so so}", "id", id, "kind", kind, "phase",
			 json_str(planned, "phase", ""), "text", json_str(planned, "text", ""),
			 "state", rec_state_name(rec.state), "began", ms_json(t.began_ms), "done",
			 ms_json(t.done_ms));
	if (t.began_ms > 0 && t.done_ms >= t.began_ms) {
		json_object_set_new(step, "took_ms", json_integer(t.done_ms - t.began_ms));
		add_amounts(step, rec.result, t.done_ms - t.began_ms);
		note_own_times(m, kind, rec.result, t);
	}
	if (json_array_size(json_object_get(rec.result, "notes")))
		json_object_set(step, "notes", json_object_get(rec.result, "notes"));
	if (json_is_object(json_object_get(rec.result, "settled")))
		json_object_set(step, "settled", json_object_get(rec.result, "settled"));
	*ret = step;
	step_rec_done(&rec);
	return 0;
}

static int add_steps(struct making *m, struct err *e)
{
	json_t *list = json_array(), *planned, *step = NULL;
	size_t at;

	json_object_set_new(m->doc, "steps", list);
	json_array_foreach(json_object_get(m->plan, "steps"), at, planned)
	{
		if (step_json(m, planned, &step, e) < 0)
			return -e->kind;
		json_array_append_new(list, step);
	}
	return 0;
}

/* A run without a window has no downtime; a measurement that cannot be read is told as such, never
 * as zero. */
static void add_downtime(struct making *m)
{
	autofree char *rel = xasprintf("undo/%s/probes", m->run);
	struct err e = ERR_INIT;
	json_t *downtime = NULL;

	if (prober_read(m->state, rel, &downtime, &e) < 0)
		downtime = json_pack("{ss}", "not_measured", e.msg);
	else if (m->start_from_ms && m->start_to_ms > m->start_from_ms)
		json_object_set_new(downtime, "own_stop_and_start_ms",
				    json_integer(m->stop_ms + m->start_to_ms - m->start_from_ms));
	json_object_set_new(m->doc, "downtime", downtime);
}

static json_t *downtime_happened(const struct making *m)
{
	const json_t *total = json_object_get(json_object_get(m->doc, "downtime"), "total_ms");
	json_t *happened;

	if (!total)
		return NULL;
	happened = json_pack("{sO}", "total_ms", total);
	if (m->stop_ms > 0)
		json_object_set_new(happened, "stop_ms", json_integer(m->stop_ms));
	if (m->pass_ms > 0)
		json_object_set_new(happened, "final_pass_ms", json_integer(m->pass_ms));
	if (m->start_to_ms > m->start_from_ms && m->start_from_ms)
		json_object_set_new(happened, "start_ms", json_integer(m->start_to_ms - m->start_from_ms));
	return happened;
}

/* The forecast beside what was measured of it; an unfinished run's downtime may not be over. */
static void add_forecast(struct making *m, bool finished)
{
	const json_t *forecast = json_object_get(m->plan, "forecast");
	json_t *list = json_array(), *value;
	const char *key;

	json_object_foreach((json_t *)forecast, key, value)
	{
		json_t *happened = NULL;

		if (finished && !strcmp(key, "downtime"))
			happened = downtime_happened(m);
		else if (!strcmp(key, "space") && m->point_bytes)
			happened = json_pack("{sI}", "restore_point_bytes", (json_int_t)m->point_bytes);
		json_array_append_new(list, json_pack("{ss sO so?}", "what", key, "forecast", value,
						      "happened", happened));
	}
	json_object_set_new(m->doc, "forecast", list);
}

/* The blob a verify_world step left. */
static int read_differences(struct making *m, const char *digest, json_t **ret, struct err *e)
{
	autofree char *rel = xasprintf("undo/%s", m->run);
	autobuf struct buf text = BUF_MAX(DIFFERENCES_MAX);
	autodir struct dir blobs = DIR_NONE;

	if (dir_open_at(m->state, rel, &blobs, e) < 0 || blob_get(&blobs, digest, &text, e) < 0)
		return -e->kind;
	return json_parse(buf_sv(&text), "differences", ret, e);
}

static void sort_differences(const json_t *found, json_t *differences, json_t *not_proved)
{
	size_t at;
	json_t *d;

	json_array_foreach(json_object_get(found, "differences"), at, d)
	{
		json_array_append(!strcmp(json_str(d, "outcome", ""), "not-proved") ? not_proved
										    : differences,
				  d);
	}
}

/* The deepest comparison there was: a later one looks at all that an earlier one did. */
static int last_comparison(struct making *m, json_t **ret, struct err *e)
{
	json_t *planned;
	size_t at;

	json_array_foreach(json_object_get(m->plan, "steps"), at, planned)
	{
		struct step_rec rec = { 0 };

		if (strcmp(json_str(planned, "kind", ""), "verify_world"))
			continue;
		if (journal_step(m->journal, m->run, json_str(planned, "id", ""), &rec, e) < 0)
			return -e->kind;
		if (rec.result) {
			json_decref(*ret);
			*ret = json_incref(rec.result);
		}
		step_rec_done(&rec);
	}
	return 0;
}

/* What of the old world could not be proved once it was back. */
static int add_way_back(struct making *m, json_t *not_proved, struct err *e)
{
	autojson json_t *found = NULL, *explained = json_array();
	struct err absent = ERR_INIT;

	if (journal_get_doc(m->journal, m->run, "way-back", &found, &absent) >= 0)
		sort_differences(found, explained, not_proved);
	else if (absent.kind != ERR_ABSENT)
		return err_set(e, absent.kind, "%s", absent.msg);
	return 0;
}

static int add_differences(struct making *m, struct err *e)
{
	json_t *differences = json_array(), *not_proved = json_array();
	autojson json_t *result = NULL, *found = NULL;
	const char *digest;

	json_object_set_new(m->doc, "differences", differences);
	json_object_set_new(m->doc, "not_proved", not_proved);
	if (last_comparison(m, &result, e) < 0)
		return -e->kind;
	digest = json_str(result, "differences", NULL);
	if (digest && read_differences(m, digest, &found, e) < 0)
		return -e->kind;
	sort_differences(found, differences, not_proved);
	if (add_way_back(m, not_proved, e) < 0)
		return -e->kind;
	json_object_set_new(m->doc, "same", json_integer(json_int(result, "same", 0)));
	if (json_str(result, "level", NULL))
		json_object_set(m->doc, "level", json_object_get(result, "level"));
	return 0;
}

/* `lost`: a target build was started and no restore point of ours was made. */
static const char *way_back(const struct run_rec *r, bool lost)
{
	if (r->finalized)
		return "none: the run was finalized, its way back was given up";
	if (lost && r->state != RUN_CLOSED_OLD)
		return "none of crossgrade's own: no restore point was made, the operator's own backup is all there is";
	switch (r->state) {
	case RUN_CLOSED_OLD:
		return "none needed: the old world is live";
	case RUN_CLOSED_NEW:
	case RUN_STANDS:
		return "'crossgrade rollback' restores the old world; it counts first what was "
		       "written since";
	case RUN_OPEN:
	case RUN_HELD:
		return "'crossgrade resume' finishes the run, 'crossgrade rollback' goes back";
	default:
		return "'crossgrade rollback' goes on with the way back";
	}
}

static bool point_was_passed(const struct making *m)
{
	const char *point = json_str(m->plan, "point_of_no_return", "");
	size_t at;
	json_t *step;

	json_array_foreach(json_object_get(m->doc, "steps"), at, step)
	{
		if (!strcmp(json_str(step, "id", ""), point))
			return strcmp(json_str(step, "state", ""), rec_state_name(REC_NONE)) != 0;
	}
	return false;
}

static json_t *way_back_now(const struct making *m, const struct run_rec *r)
{
	bool passed = point_was_passed(m);
	struct err e = ERR_INIT;

	if (passed && point_is_there(r, m->plan, &e) < 0)
		return json_sprintf("none as long as its restore point is not there: %s", e.msg);
	return json_string(way_back(r, passed && !plan_has_return(m->plan)));
}

static int add_docs(struct making *m, const struct run_rec *r, struct err *e)
{
	json_t *writes = NULL;

	if (journal_get_doc(m->journal, m->run, "writes", &writes, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -e->kind;
		err_clear(e);
	}
	json_object_set_new(m->doc, "new_writes", writes ?: json_null());
	json_object_set(m->doc, "notes", json_object_get(m->plan, "notes"));
	json_object_set(m->doc, "restore_point",
			json_object_get(m->plan, "restore_point") ?: json_null());
	json_object_set(m->doc, "point_of_no_return",
			json_object_get(m->plan, "point_of_no_return") ?: json_null());
	json_object_set_new(m->doc, "way_back", way_back_now(m, r));
	return 0;
}

int report_make(struct journal *j, const struct dir *state, const char *run, json_t **ret,
		struct err *e)
{
	autojson json_t *plan = NULL, *doc = NULL;
	struct making m = { 0 };
	struct run_rec rec = { 0 };
	int r = -1;

	if (journal_run(j, run, &rec, e) < 0)
		return -e->kind;
	if (read_plan(j, run, &plan, e) < 0)
		goto out;
	doc = head_json(&rec);
	m = (struct making){ .journal = j, .state = state, .run = run, .plan = plan, .doc = doc };
	if (journal_events(j, run, &m.events, e) < 0 || add_steps(&m, e) < 0)
		goto out;
	add_downtime(&m);
	add_forecast(&m, !run_unfinished(rec.state));
	if (add_differences(&m, e) < 0 || add_docs(&m, &rec, e) < 0)
		goto out;
	*ret = take_ptr(doc);
	r = 0;
out:
	json_decref(m.events);
	run_rec_done(&rec);
	return r < 0 ? err_wrap(e, "report run '%s'", run) : 0;
}
