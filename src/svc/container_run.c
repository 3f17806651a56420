/* Running and stopping containers. A stop is the container's own signal and a patient wait, never docker's, which kills after ten
 * seconds; `docker kill` counts as stopped by hand, so no restart policy undoes it (seen on 20.10). What holds it is that its
 * restart policy is taken away: a daemon that starts again leaves it down. The file at `path` keeps the policy for the way out.
 *
 * Of one that was asked to end and has not yet docker says that it runs, and once it ends nobody starts it. So beside the hold it is
 * kept who was asked, by id and start: as long as it runs, in later calls, too, it is being stopped. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/json.h"
#include "svc/container.h"
#include "svc/docker.h"
#include "svc/hold.h"
#include "svc/kinds.h"

#define LOOK_EVERY_NS (50 * NS_PER_MS)
#define START_WITHIN  (120 * NS_PER_S)
#define ASKED_MAX     256

/* ---- who was asked to end ---- */

static void know_hold(struct service *s, const char *path)
{
	free(s->own);
	s->own = xasprintf("%s.asked", path);
}

/* Heap; NULL: docker does not tell. */
static char *start_of(const json_t *seen)
{
	const char *started = json_str(json_object_get(seen, "State"), "StartedAt", "");

	return *started ? xasprintf("%s %s", json_str(seen, "Id", ""), started) : NULL;
}

static int note_asked(const struct service *s, const json_t *seen, struct err *e)
{
	autofree char *start = start_of(seen);

	return s->own && start ? hold_file_put(s->own, sv_of(start), e) : 0;
}

static int tell_asked(const struct service *s, const json_t *seen, struct svc_state *st, struct err *e)
{
	autobuf struct buf asked = BUF_MAX(ASKED_MAX);
	autofree char *start = start_of(seen);
	struct err why = ERR_INIT;

	if (!s->own || !start || st->run != SVC_RUNNING)
		return 0;
	if (file_read_path(s->own, &asked, &why) < 0)
		return why.kind == ERR_ABSENT ? 0 : err_set(e, why.kind, "%s", why.msg);
	if (strcmp(buf_str(&asked), start) != 0)
		return 0;
	st->run = SVC_STOPPING;
	snprintf(st->detail, sizeof st->detail, "it was asked to end, and runs");
	return 0;
}

/* ---- looking ---- */

/* One that is not there does not run: between the old one and the new there is none. */
int container_state(struct service *s, struct svc_state *ret, struct err *e)
{
	autojson json_t *seen = NULL;

	if (container_of(s->config, &seen, e) >= 0 && container_state_of(seen, ret, e) >= 0 && tell_asked(s, seen, ret, e) >= 0)
		return 0;
	if (e->kind != ERR_ABSENT)
		return err_wrap(e, "look at %s", s->name);
	*ret = (struct svc_state){ .run = SVC_STOPPED };
	snprintf(ret->detail, sizeof ret->detail, "%s", e->msg);
	err_clear(e);
	return 0;
}

static bool is_reached(enum svc_run to, enum svc_run now)
{
	return to == SVC_RUNNING ? now == SVC_RUNNING : now == SVC_STOPPED || now == SVC_FAILED;
}

static int wait_for(struct service *s, enum svc_run to, struct deadline d, struct svc_state *ret,
		    struct err *e)
{
	for (;;) {
		if (container_state(s, ret, e) < 0)
			return -(int)e->kind;
		if (is_reached(to, ret->run))
			return 0;
		if (to == SVC_RUNNING && (ret->run == SVC_STOPPED || ret->run == SVC_FAILED))
			return 0; /* it ended at once: who waits for its answer says how */
		if (deadline_passed(d))
			return err_set(e, ERR_TIMEOUT, "the container was asked to %s and has not yet (%s)",
				       to == SVC_RUNNING ? "start" : "stop", ret->detail);
		clock_sleep_ns(LOOK_EVERY_NS);
	}
}

/* ---- running and stopping ---- */

static int ask_to_stop(const struct service *s, const json_t *seen, struct err *e)
{
	const char *named = json_str(json_object_get(seen, "Config"), "StopSignal", "");
	autofree char *signal = xasprintf("--signal=%s", *named ? named : "SIGTERM");
	const char *argv[] = { "docker", "container", "kill", signal, json_str(seen, "Id", ""), NULL };
	autobuf struct buf said = BUF_MAX(4096);

	return note_asked(s, seen, e) < 0 ? -(int)e->kind : docker_run(argv, DOCKER_WITHIN, &said, e);
}

/* Docker refused the signal: of a container that ended by itself between the look and the signal the wait tells. One that runs
 * as it did was not asked to end, and is not to be waited for. */
static bool was_not_asked(const struct service *s, const json_t *seen, struct err *e)
{
	struct err why = *e, gone = ERR_INIT;
	autofree char *was = start_of(seen), *is = NULL;
	autojson json_t *now = NULL;
	struct svc_state st;

	if (container_of(s->config, &now, &gone) < 0 || container_state_of(now, &st, &gone) < 0 || st.run != SVC_RUNNING)
		return false;
	is = start_of(now);
	if (!was || !is || strcmp(was, is) != 0)
		return false;
	*e = s->own && hold_lift(s->own, &gone) < 0 ? gone : why;
	return true;
}

static int start(const json_t *seen, struct err *e)
{
	const char *argv[] = { "docker", "container", "start", json_str(seen, "Id", ""), NULL };
	autobuf struct buf said = BUF_MAX(4096);

	return docker_run(argv, START_WITHIN, &said, e);
}

int container_want(struct service *s, enum svc_run to, int64_t within_ns, struct svc_state *ret,
		   struct err *e)
{
	struct deadline d = deadline_in(within_ns);
	autojson json_t *seen = NULL;
	struct svc_state st;
	int sys;

	if (container_state(s, &st, e) < 0)
		return -(int)e->kind;
	if (is_reached(to, st.run)) {
		*ret = st;
		return 0;
	}
	sys = to == SVC_RUNNING ? fault_errno("svc.start") : fault_errno("svc.stop");
	if (sys)
		return err_sys(e, sys, "change the container");
	if (to == SVC_RUNNING && st.run == SVC_STOPPING && wait_for(s, SVC_STOPPED, d, &st, e) < 0)
		return -(int)e->kind;
	if (container_of(s->config, &seen, e) < 0)
		return -(int)e->kind;
	if (to == SVC_STOPPED && ask_to_stop(s, seen, e) < 0 && (e->kind != ERR_REFUSED || was_not_asked(s, seen, e)))
		return -(int)e->kind;
	err_clear(e);
	if (to == SVC_RUNNING && start(seen, e) < 0)
		return -(int)e->kind;
	return wait_for(s, to, d, ret, e);
}

/* ---- the hold ---- */

static int set_policy(const json_t *seen, const char *policy, struct err *e)
{
	autofree char *restart = xasprintf("--restart=%s", policy);
	const char *argv[] = { "docker", "container", "update", restart, json_str(seen, "Id", ""), NULL };
	autobuf struct buf said = BUF_MAX(4096);
	char now[CONTAINER_POLICY_MAX];
	int sys;

	container_policy_of(seen, now);
	if (!strcmp(now, policy))
		return 0;
	sys = fault_errno("container.update");
	return sys ? err_sys(e, sys, "change the container's restart policy")
		   : docker_run(argv, DOCKER_WITHIN, &said, e);
}

/* What is kept of the container that was there first; the one that takes its place gets it. */
static int keep_policy(const json_t *seen, const char *path, struct err *e)
{
	char policy[CONTAINER_POLICY_MAX];

	if (!access(path, F_OK))
		return 0;
	if (errno != ENOENT)
		return err_sys(e, errno, "look at '%s'", path);
	container_policy_of(seen, policy);
	return hold_file_put(path, sv_of(policy), e);
}

int container_hold(struct service *s, const char *path, struct err *e)
{
	autojson json_t *seen = NULL;

	know_hold(s, path);
	if (container_of(s->config, &seen, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		return 0;
	}
	return keep_policy(seen, path, e) < 0 ? -(int)e->kind : set_policy(seen, "no", e);
}

int container_lift(struct service *s, const char *path, bool for_good, struct err *e)
{
	autobuf struct buf policy = BUF_MAX(CONTAINER_POLICY_MAX);
	autojson json_t *seen = NULL;

	know_hold(s, path);
	/* docker starts what has no policy, too. */
	if (!for_good)
		return 0;
	if (file_read_path(path, &policy, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		return 0;
	}
	if (container_of(s->config, &seen, e) < 0 || set_policy(seen, buf_str(&policy), e) < 0 || hold_lift(s->own, e) < 0)
		return -(int)e->kind;
	return hold_lift(path, e);
}

void container_done(struct service *s)
{
	free(s->own);
}
