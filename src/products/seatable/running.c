#include "products/seatable/running.h"

#include <string.h>

#include "engine/container_logs.h"
#include "products/seatable/layout.h"
#include "products/seatable/seatable.h"
#include "svc/container.h"

#define LOG_MAX   (4u << 20)
#define LINES_MAX 100000
#define LINE_TOLD 200           /* bytes of an error's line */

const json_t *sea_container_in(const json_t *all, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)all, i, one)
		if (!strcmp(sea_container_name(one), name))
			return one;
	return NULL;
}

json_t *sea_running_of(const json_t *seen)
{
	return json_pack("{ss ss sI}", "id", json_str(seen, "Id", ""), "started", json_str(json_object_get(seen, "State"), "StartedAt", ""),
			 "restarts", (json_int_t)json_int(seen, "RestartCount", 0));
}

const char *sea_health_of(const json_t *seen)
{
	return json_str(json_object_get(json_object_get(seen, "State"), "Health"), "Status", "");
}

int sea_running_log(const json_t *seen, json_t **ret, struct err *e)
{
	const char *started = json_str(json_object_get(seen, "State"), "StartedAt", "");
	autobuf struct buf log = BUF_MAX(LOG_MAX);

	if (container_logs_since(sea_container_name(seen), started, &log, e) < 0)
		return -(int)e->kind;
	container_log_cut(&product_seatable, seen, &log);
	*ret = sea_log_judge(buf_sv(&log));
	return 0;
}

static bool says(struct sv line, const char *words)
{
	return line.n && memmem(line.p, line.n, words, strlen(words));
}

static bool says_any(struct sv line, const char *const *words)
{
	for (; *words; words++)
		if (says(line, *words))
			return true;
	return false;
}

#define TRACEBACK "Traceback (most recent call last)"

/* Its lines are indented below their head, all but the last. */
struct sv sea_log_error_line(struct sv log)
{
	static const char *const errors[] = { "ERROR", "CRITICAL", "FATAL", "refused", "denied", NULL };
	struct sv last = { 0 };
	bool in_traceback = false;

	for (int64_t lines = 0; log.n && lines < LINES_MAX; lines++) {
		struct sv line = sv_line(&log);
		bool ends = in_traceback && line.n && *line.p != ' ';

		if (ends || says_any(line, errors))
			last = sv_trim(line);
		in_traceback = says(line, TRACEBACK) || (in_traceback && !ends);
	}
	last.n = MIN_OF(last.n, (size_t)LINE_TOLD);
	return last;
}

/* Words of Python's and the monitor's logs, and of the start script. Source: facts/seatable 6.2, 10.9. */
json_t *sea_log_judge(struct sv log)
{
	static const char *const errors[] = { "ERROR", "CRITICAL", "FATAL", TRACEBACK, NULL };
	static const char *const refusals[] = { "Missing SeaTable License!", "SeaTable License Expired!", NULL };
	int64_t lines = 0, bad = 0, killed = 0;
	struct sv whole = log;
	bool license = false;
	autofree char *last = NULL;
	json_t *ret;

	while (log.n && lines < LINES_MAX) {
		struct sv line = sv_line(&log);

		lines++;
		bad += says_any(line, errors);
		killed += says(line, "Ping error, kill");
		license |= says_any(line, refusals);
	}
	ret = json_pack("{sI sI sI sb}", "lines", (json_int_t)lines, "errors", (json_int_t)bad, "killed", (json_int_t)killed, "license",
			(int)license);
	last = bad ? sv_dup(sea_log_error_line(whole)) : NULL;
	if (last)
		json_object_set_new(ret, "last", json_text(last));
	return ret;
}
