/* What people read of a plan: notes and the forecast. */
#include <string.h>

#include "base/mem.h"
#include "engine/compose_files.h"
#include "products/seatable/draft.h"
#include "products/seatable/envfile.h"
#include "products/seatable/gate.h"
#include "products/seatable/version.h"

static void point_note(struct sea_draft *d)
{
	plan_note(d->plan, "from step 'start' on the other image runs on the same databases and folders; a way back puts image, .env and licence "
			   "back and leaves what users wrote, because a minor release has one form of the data");
	if (window_copies(d->to))
		plan_note(d->plan, "the dumps%s are for 'rollback --restore-data', which keeps a dump of what goes",
			  d->folders == SEA_FOLDERS_COPY ? " and the copy of the folders" : "");
	if (d->clones)
		plan_note(d->plan, "the copy of the folders shares their bytes on the file system: it takes neither their room nor the time to read them");
	if (d->folders == SEA_FOLDERS_NONE && window_copies(d->to))
		plan_note(d->plan, "data folders are not copied: 'rollback --restore-data' brings the databases alone");
}

static void dump_note(struct sea_draft *d)
{
	if (!window_copies(d->to))
		plan_note(d->plan, "no dump is made, because the restore point is of kind '%s'", json_str(d->to->restore_point, "kind", "tree"));
	else if (d->dumps_running)
		plan_note(d->plan, "databases are dumped while the server serves: edits between the dump and the stop are in the databases, not in "
				   "the dumps, and where the new image moves the databases the run does not turn back over them by itself; "
				   "'settings.dump: stopped' has them, too, and a longer window");
	else
		plan_note(d->plan, "databases are dumped with the server stopped: clients wait for it");
}

static bool is_own(const struct sea_draft *d, const char *schema)
{
	return json_lists(d->schemas, schema);
}

static void others_note(struct sea_draft *d)
{
	autobuf struct buf names = BUF_MAX(4096);
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)facts_get(d->now, SEA_DB_SCHEMAS), i, one)
	{
		if (!is_own(d, json_string_value(one)))
			buf_addf(&names, "%s'%s'", names.len ? ", " : "", json_string_value(one));
	}
	if (names.len)
		plan_note(d->plan, "not dumped, and touched by nothing here: %s", buf_str(&names));
}

static void license_note(struct sea_draft *d)
{
	if (sea_draft_crosses(d, SEA_DEVELOPER))
		plan_note(d->plan, "the licence stays where it is: Developer Edition ignores it, and the way back needs it");
	else if (sea_draft_crosses(d, SEA_ENTERPRISE) && !facts_get(d->now, SEA_TO_LICENSE))
		plan_note(d->plan, "no licence is put: the one that is there is used");
}

static void default_note(struct sea_draft *d)
{
	if (d->by_default)
		plan_note(d->plan, "without a line in .env the image floats with the vendor's yml: the next tarball of a newer release changes it");
}

static void gate_note(struct sea_draft *d)
{
	const char *proxy = json_str(d->door, "service", NULL);

	window_note_gate(d->plan, d->door);
	if (proxy)
		plan_note(d->plan, "gate: '%s' is stopped before the server and started when the checks have passed: nobody who comes through it sees "
				   "the new server before; containers of the project that ask the server themselves are not held", proxy);
	else if (window_wants_gate(d->to, true))
		plan_note(d->plan, "why there is no gate: %s", sea_no_gate(d->now));
}

void sea_draft_notes(struct sea_draft *d)
{
	point_note(d);
	dump_note(d);
	others_note(d);
	license_note(d);
	default_note(d);
	compose_files_note(d->plan, facts_get(d->now, SEA_TO_MOVED), facts_str(d->now, SEA_SERVER, ""), SEA_VARIABLE);
	gate_note(d);
}

/* Computed, not measured. A dump goes at 20 to 200 MB a second; stop 0.3 to 10 s, a real server's start 30 to 180 s by the vendor's
 * health check and its own pauses (facts/seatable 6.5), the tests' stand-in less. */
#define STOP_LOW_MS   300
#define STOP_HIGH_MS  10000
#define START_LOW_MS  2000
#define START_HIGH_MS 180000
#define GATE_LOW_MS   1000      /* three answers in a row, the checks, and the proxy's start */
#define GATE_HIGH_MS  10000
#define LOW_BYTES_MS  200000
#define HIGH_BYTES_MS 20000

static int64_t dumped_bytes(const struct sea_draft *d)
{
	const json_t *sizes = facts_get(d->now, SEA_DB_SIZES), *one;
	int64_t sum = 0;
	size_t i;

	if (!window_copies(d->to))
		return 0;
	json_array_foreach(d->schemas, i, one)
		sum += json_int(json_object_get(sizes, json_string_value(one)), "bytes", 0);
	return sum;
}

static int64_t folder_bytes(const struct sea_draft *d)
{
	const char *name;
	const json_t *folder;
	int64_t sum = 0;

	if (d->folders != SEA_FOLDERS_COPY || d->clones)
		return 0;
	json_object_foreach((json_t *)facts_get(d->now, SEA_FOLDERS), name, folder)
		if (strcmp(name, "db-data") != 0)
			sum += json_int(folder, "bytes", 0);
	return sum;
}

static json_t *range(int64_t low_ms, int64_t high_ms)
{
	return json_pack("[II]", (json_int_t)low_ms, (json_int_t)high_ms);
}

/* Of the whole, with so many bytes dumped in it. */
static json_t *window_with(const struct sea_draft *d, int64_t bytes)
{
	bool gated = window_is_gated(d->door);

	return json_pack("{sI sI}", "low_ms", (json_int_t)(STOP_LOW_MS + START_LOW_MS + bytes / LOW_BYTES_MS + (gated ? GATE_LOW_MS : 0)), "high_ms",
			 (json_int_t)(STOP_HIGH_MS + START_HIGH_MS + bytes / HIGH_BYTES_MS + (gated ? GATE_HIGH_MS : 0)));
}

void sea_draft_forecast(struct sea_draft *d)
{
	int64_t bytes = window_copies(d->to) ? dumped_bytes(d) : 0, in_window = d->dumps_running ? 0 : bytes;
	json_t *downtime = json_pack("{ss}", "how", "computed");
	json_t *parts = json_pack("{so so so}", "stop_ms", range(STOP_LOW_MS, STOP_HIGH_MS), "dump_ms",
				  range(in_window / LOW_BYTES_MS, in_window / HIGH_BYTES_MS), "start_ms", range(START_LOW_MS, START_HIGH_MS));

	if (window_is_gated(d->door))
		json_object_set_new(parts, "gate_ms", range(GATE_LOW_MS, GATE_HIGH_MS));
	json_object_update_new(downtime, window_with(d, in_window));
	json_object_set_new(downtime, "parts", parts);
	if (window_copies(d->to)) {
		json_object_set_new(downtime, "with_dump_running", window_with(d, 0));
		json_object_set_new(downtime, "with_dump_stopped", window_with(d, bytes));
	}
	plan_forecast(d->plan, "downtime", downtime);
	plan_forecast(d->plan, "space",
		      json_pack("{ss sI sI}", "how", "computed", "restore_point_bytes", (json_int_t)bytes + (json_int_t)folder_bytes(d), "build_bytes",
				json_int(facts_get(d->now, SEA_TO_LOCAL), "size", 0)));
}
