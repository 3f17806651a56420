/* Starting and stopping the server of a site, shared by the step kinds that do either. */
#pragma once

#include "engine/product.h"

struct expected {               /* who is to answer; "" accepts any */
	const char *edition, *version;
};

/* Wait until the server answers as expected. Fails at once when its process ends, with ERR_TIMEOUT at the deadline, or when for
 * stall_ns its process did nothing (no CPU time, no I/O) and showed none of the signs that its product knows: a migration may take
 * long, but it works. Once its data is open it has stall_ns to serve, whatever it does. On the way back no migration is expected, the
 * process alone is looked at, and all of within_ns is its own. */
int serve_wait(struct ctx *c, struct site *s, struct expected who, int64_t within_ns, int64_t stall_ns,
               struct probe *ret, struct err *e) must_check;
/* Keep everyone out: the service's own hold, and its lock held by us (params' "flock", a place, may be absent). A process known
 * by its ports has neither: nothing keeps it down (site_can_hold()). */
int serve_hold(struct ctx *c, struct site *s, const json_t *flock_place, struct err *e) must_check;
/* The lock alone, which ends with this process: a program of the operator's may need the file system it lies on. */
int  serve_lock(struct ctx *c, struct site *s, const json_t *flock_place, struct err *e) must_check;
void serve_unlock(struct ctx *c, const struct site *s);
/* Let our own start through; for_good: the hold is taken away, else it stands again when the start is done. */
int serve_lift(struct ctx *c, struct site *s, bool for_good, struct err *e) must_check;
/* One polite request and a patient wait. Already stopped is fine. What then still runs is killed only when somebody at the
 * terminal agrees, or on the way back with --force; else ERR_TIMEOUT names its process and what can be done. */
int serve_stop(struct ctx *c, struct site *s, int64_t within_ns, struct err *e) must_check;
/* The same of a server whose start was asked for: one on its way may not be seen yet. */
int serve_stop_started(struct ctx *c, struct site *s, int64_t within_ns, struct err *e) must_check;
/* The same for a server that neither ends nor answers: gone, or `why` with what can be done. */
int serve_end(struct ctx *c, struct service *service, const struct err *why, struct err *e) must_check;
/* Tell the service what it is started with (as serve_start() does): a server of ours that was started just before a kill and has
 * not taken its lock yet, or does not listen yet, is known by it. */
int serve_know(struct ctx *c, struct site *s, const char *launch, const json_t *argv, struct err *e) must_check;
/* Start with a launch record (blob digest or NULL) whose argv is replaced when argv is an array. Going forward, ERR_CHANGED when
 * somebody else's server took the lock or a port meanwhile (serve_wait() says so, too): see svc/service.h. */
int serve_start(struct ctx *c, struct site *s, const char *launch, const json_t *argv, int64_t within_ns,
                struct svc_state *ret, struct err *e) must_check;
/* CPU time and I/O as one number that moves while a server works: of its process. Where that is the init of a container, which may do
 * nothing itself: of the process below it that the kernel knows by the name `server`, and what that started; of all, where there is
 * none, or `server` is NULL. 0: it cannot be read. */
uint64_t serve_work(pid_t pid, const char *server);
/* A span of params, or the default. */
int64_t params_span(const json_t *params, const char *key, int64_t absent_ns);
