/* The server's container while it runs: since when, how often docker had to start it again, and what its log says since. */
#pragma once

#include "base/buf.h"
#include "io/json.h"

/* Of docker's descriptions the one of that name; NULL: it is not among them. Borrowed. */
const json_t *sea_container_in(const json_t *all, const char *name);
/* {"id","started","restarts"} of such a description. New reference. */
json_t *sea_running_of(const json_t *seen) must_check;
/* What docker's health check has made of it: "healthy", "unhealthy", "starting"; "": it has none. Borrowed. */
const char *sea_health_of(const json_t *seen);
/* The last lines of its log since it was started, judged. New reference. */
int sea_running_log(const json_t *seen, json_t **ret, struct err *e) must_check;
/* Of a log that container_log_cut() went over: {"lines","errors": of them that tell one,"last": the last of these|absent,"killed": components that its monitor killed,"license": it was
 * refused}. Pure; new reference. */
json_t *sea_log_judge(struct sv log) must_check;
/* The last line that tells an error: of a traceback its end, which names it. At most 200 bytes; empty: there is none. Pure;
 * a part of the log. */
struct sv sea_log_error_line(struct sv log);
