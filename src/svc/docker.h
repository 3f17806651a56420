/* The docker program, asked by argument vector: "docker", or the one that CROSSGRADE_DOCKER names where it lies elsewhere. It finds
 * its daemon, its logins and its Compose as the operator's own does (DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, HOME); nothing
 * else of our environment reaches it, least of all a variable that Compose would take before one of the .env file. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/pool.h"

#define DOCKER_WITHIN (10 * NS_PER_S)

/* From now on one that is away is waited for so long, and so is an answer to what only looks: a run that touches a server has no better
 * thing to do. docker_awaits(): how long; 0 at first. */
void    docker_await(int64_t ns);
int64_t docker_awaits(void);

/* argv[0] is "docker". What it prints is appended to ret. ERR_ABSENT: no such thing; ERR_TIMEOUT; ERR_REFUSED with
 * docker's words, or where there is no docker program. A daemon that did not answer is not asked again for a minute, unless docker_await() was called. */
int docker_run(const char *const *argv, int64_t within_ns, struct buf *ret, struct err *e) must_check;
/* The same of what takes long: put down, ERR_CANCELED, when that is asked for. */
int docker_run_until(const char *const *argv, int64_t within_ns, const struct cancel *cancel, struct buf *ret, struct err *e) must_check;
/* The same, and what it writes to stderr as well: docker gives a container's two streams out as they came. */
int docker_run_both(const char *const *argv, int64_t within_ns, struct buf *ret, struct err *e) must_check;
/* The same of what the program asks others itself, a registry: with the proxies of our environment. */
int docker_run_abroad(const char *const *argv, int64_t within_ns, struct buf *ret, struct err *e) must_check;
/* The same of what reads a little from its standard input. */
int docker_run_with(const char *const *argv, struct sv in, int64_t within_ns, struct buf *ret, struct err *e) must_check;
/* The same for an answer that is one JSON document. */
int docker_json(const char *const *argv, int64_t within_ns, json_t **ret, struct err *e) must_check;
/* The same with one more variable, "KEY=value", in its environment; NULL: none. */
int docker_json_with(const char *const *argv, const char *set, int64_t within_ns, json_t **ret, struct err *e) must_check;
/* GET of one thing from the Engine's API at its own socket, much faster than the program. `path` with its query, encoded by the caller.
 * 0: an object; ERR_ABSENT: the daemon says that there is no such thing; 1: only the program knows, or knows how to wait (another host, a
 * context, nobody listens, an answer of another shape): ask that. */
int docker_get(const char *path, json_t **ret, struct err *e) must_check;
/* The same, an array: containers, running or not, with all of these labels ("key=value", NULL-ended), as the API lists them. */
int docker_list(const char *const *labels, json_t **ret, struct err *e) must_check;
/* POST to the Engine's API, through the program's own connection ("docker system dial-stdio"), so that every kind of DOCKER_HOST
 * works and no value is an argument. `path` with its query, encoded by the caller. ret: the answer, null when it is empty; ERR_ABSENT
 * for a 404 that says "no such" thing, ERR_EXISTS for 409, else ERR_REFUSED. */
int docker_post(const char *path, const json_t *body, json_t **ret, struct err *e) must_check;
/* What to do about docker's words, or those of Compose or a registry that it hands on, as a hint; NULL: they tell it themselves. All of the
 * above give it with their error. Static. */
const char *docker_advice(const char *words) must_check;
/* The answer of a server to one request, as docker_post() reads it; only thinks. */
int docker_answer(struct sv said, json_t **ret, struct err *e) must_check;
