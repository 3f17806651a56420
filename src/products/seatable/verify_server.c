/* The server's container and those beside it: what they run, since when, and what the log says; and whether the licence is for all users. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "products/seatable/baseline.h"
#include "products/seatable/verify.h"

#define RULE_SINCE "seatable.written-since"
#define RULE_SEATS "seatable.seats-before"
#define READY      "ready"      /* step that waited for the new server */

/* ---- the other containers ---- */

void sea_compare_containers(struct sea_proof *p)
{
	const json_t *then = facts_get(p->frozen, BASE_CONTAINERS), *now = facts_get(p->now, BASE_CONTAINERS), *was;
	const char *name;

	if (!then || !now) {
		cmp_add(p->ret, CMP_UNPROVED, "other containers", "ids and images", NULL, NULL, NULL,
			facts_why_missing(then ? p->now : p->frozen, BASE_CONTAINERS) ?: "nobody looked");
		return;
	}
	json_object_foreach((json_t *)then, name, was)
	{
		const json_t *is = json_object_get(now, name);
		autofree char *subject = xasprintf("container %s", name);

		if (json_equal(was, is))
			cmp_same(p->ret, 2);
		else
			sea_moved(p, subject, is && !strcmp(json_str(was, "image", ""), json_str(is, "image", "")) ? "id" : "image",
			      json_str(was, "image", ""), is ? json_str(is, "image", "") : NULL,
			      "somebody made it anew; the switch touches the server's alone");
	}
}

/* ---- the server's own ---- */

static const char *when_ready(const struct sea_proof *p)
{
	return p->to ? json_str(json_object_get(p->c->results, READY), "started", NULL) : NULL;
}

/* One that crashes and is started again by docker answers between two crashes. */
static void compare_starts(struct sea_proof *p, const json_t *now)
{
	const char *ready = when_ready(p), *started = json_str(now, "started", "");
	autofree char *restarts = xasprintf("%" PRId64, json_int(now, "restarts", 0));

	if (!p->last || !json_equal(now, p->last))
		cmp_add(p->ret, p->to && p->last ? CMP_DIFFERENT : CMP_UNPROVED, "server", "start", started,
			json_str(p->last, "started", NULL), NULL, "it started again while it was compared, or cannot be looked at");
	else if (ready && *ready && strcmp(ready, started) != 0)
		sea_moved(p, "server", "start", ready, started, "it started again since it was ready");
	else if (json_int(now, "restarts", 0))
		sea_moved(p, "server", "restarts by docker", "0", restarts, "it ended by itself and was started again");
	else
		cmp_same(p->ret, 1);
}

/* As often as before the switch is no news, where a log of then was read. */
static bool is_usual(const json_t *then, const json_t *now)
{
	int64_t was = json_int(then, "errors", 0), is = json_int(now, "errors", 0), lines = json_int(then, "lines", 0);

	return lines && is * lines <= was * json_int(now, "lines", 0);
}

/* It asks dtable-web alone, so it decides nothing; who watches docker will see it. One that was never well says nothing by being as it was. */
static void compare_health(struct sea_proof *p)
{
	const char *was = facts_str(p->frozen, BASE_HEALTH, NULL), *is = facts_str(p->now, BASE_HEALTH, NULL);

	if (sea_at_gate(p) || !is)
		return;
	if (!strcmp(is, "healthy") || (!strcmp(is, "unhealthy") && !strcmp(was ?: "", is)))
		cmp_same(p->ret, 1);
	else
		cmp_add(p->ret, CMP_UNPROVED, "server", "docker's health check", was, is, NULL, "all of its doors answer: 'docker inspect' shows what the check said");
}

/* shown: where the lines are to be read. */
static void compare_log(struct sea_proof *p, const char *what, const json_t *then, const json_t *now, const char *shown)
{
	int64_t killed = json_int(now, "killed", 0);
	const char *last = json_str(now, "last", NULL);
	autofree char *text = xasprintf("%" PRId64 " of the last %" PRId64 " lines since its start tell an error, %" PRId64
					" a component that its monitor killed: %s shows them%s%s",
					json_int(now, "errors", 0), json_int(now, "lines", 0), killed, shown, last ? "; the last: " : "", last ? last : "");

	if (json_bool(now, "license", false))
		cmp_add(p->ret, p->to ? CMP_DIFFERENT : CMP_UNPROVED, "server", what, NULL, NULL, NULL, "it says that its licence is missing or has run out");
	else if (killed || (json_int(now, "errors", 0) && !is_usual(then, now)))
		sea_unproved(p, "server", what, text);
	else
		cmp_same(p->ret, 1);
}

/* Most programs in the container write into the data folder, and its monitor does. */
static void compare_log_files(struct sea_proof *p)
{
	const json_t *then = facts_get(p->frozen, BASE_LOG_FILES), *now = facts_get(p->now, BASE_LOG_FILES), *one;
	const char *name;

	if (!then || !now) {
		sea_unproved(p, "server", "log files", facts_why_missing(then ? p->now : p->frozen, BASE_LOG_FILES));
		return;
	}
	json_object_foreach((json_t *)now, name, one)
	{
		autofree char *what = xasprintf("log file %s", name);

		compare_log(p, what, json_object_get(then, name), one, "seatable/logs");
	}
}

void sea_compare_running(struct sea_proof *p)
{
	const json_t *now = facts_get(p->now, BASE_RUNNING), *log = facts_get(p->now, BASE_LOG);

	if (now)
		compare_starts(p, now);
	else
		sea_unproved(p, "server", "start", facts_why_missing(p->now, BASE_RUNNING));
	compare_health(p);
	if (log)
		compare_log(p, "log", facts_get(p->frozen, BASE_LOG), log, "'docker logs'");
	else
		sea_unproved(p, "server", "log", facts_why_missing(p->now, BASE_LOG));
	compare_log_files(p);
}

/* ---- seats ---- */

static void compare_active(struct sea_proof *p, int64_t was, int64_t is)
{
	autofree char *a = xasprintf("%" PRId64, was), *b = xasprintf("%" PRId64, is);

	if (is == was)
		cmp_same(p->ret, 1);
	else if (is > was)
		cmp_add(p->ret, CMP_EXPLAINED, "users", "active", a, b, RULE_SINCE, NULL);
	else
		sea_lost(p, !is, "users", "active", a, b, "fewer than before: an administrator can have set them inactive");
}

/* The server's own word, where an administrator's token gets it. */
static void compare_told(struct sea_proof *p, int64_t licensed)
{
	const json_t *seats = json_object_get(json_object_get(facts_get(p->now, BASE_OUTSIDE), "client"), "seats");
	autofree char *a = xasprintf("%" PRId64, licensed), *b = xasprintf("%" PRId64, json_int(seats, "max", -1));

	if (!json_is_integer(json_object_get(seats, "max")))
		return;
	if (!strcmp(a, b))
		cmp_same(p->ret, 1);
	else
		sea_moved(p, "licence", "seats, by the server's own word", a, b, "the file was exchanged since its start, or it reads another");
}

/* That more users are active than it is for is no news where they were as many before: the check asked for a yes. */
static void compare_licence(struct sea_proof *p, const json_t *then, const json_t *now)
{
	int64_t active = json_int(now, "active", 0), licensed = json_int(now, "licensed", -1);
	autofree char *a = xasprintf("%" PRId64 " users at most", licensed), *b = xasprintf("%" PRId64 " active", active);

	if (licensed < 0) {
		sea_unproved(p, "licence", "seats", "the licence in place tells no number of users");
		return;
	}
	if (active > licensed && json_int(then, "active", 0) > licensed)
		cmp_add(p->ret, CMP_EXPLAINED, "licence", "seats", a, b, RULE_SEATS, NULL);
	else if (active > licensed)
		cmp_add(p->ret, p->to ? CMP_DIFFERENT : CMP_UNPROVED, "licence", "seats", a, b, NULL, "more users are active than it is for");
	else
		cmp_same(p->ret, 1);
	compare_told(p, licensed);
}

void sea_compare_seats(struct sea_proof *p)
{
	const json_t *then = facts_get(p->frozen, BASE_SEATS), *now = facts_get(p->now, BASE_SEATS);

	if (!then || !now) {
		sea_unproved(p, "users", "active", facts_why_missing(then ? p->now : p->frozen, BASE_SEATS));
		return;
	}
	compare_active(p, json_int(then, "active", 0), json_int(now, "active", 0));
	if (p->edition && !strcmp(p->edition, SEA_ENTERPRISE))
		compare_licence(p, then, now);
}
