/* Running and stopping containers. A stop is the container's own signal and a patient wait, never docker's, which kills after ten
 * seconds; `docker kill` counts as stopped by hand, so no restart policy undoes it (seen on 20.10). What holds it is that its
 * restart policy is taken away: a daemon that starts again leaves it down. The file at `path` keeps the policy for the way out.
 *
 * Of one that was asked to end and has not yet docker says that it runs, and once it ends nobody starts it. So beside the hold it is
 * kept who was asked, by id and start: as long as it runs, in later calls, too, it is being stopped. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/json.h"
#include "io/proc.h"
#include "svc/container.h"
#include "svc/docker.h"
#include "svc/hold.h"
#include "svc/kinds.h"

#define LOOK_EVERY_NS (20 * NS_PER_MS)
#define START_WITHIN  (120 * NS_PER_S)
#define SETTLES_NS    (30 * NS_PER_S)  /* a shell that becomes the server, a JVM before its own handler */
#define ASKED_MAX     256

/* ---- who was asked to end ---- */

void container_know(struct service *s, const char *path)
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

/* It was kept who was asked to end, and another start of it runs: nobody ends that one. */
static bool is_another(const struct service *s, enum svc_run to, enum svc_run now)
{
	return to == SVC_STOPPED && now == SVC_RUNNING && s->own && access(s->own, F_OK) == 0;
}

static int wait_for(struct service *s, enum svc_run to, struct deadline d, struct svc_state *ret,
		    struct err *e)
{
	for (;;) {
		if (container_state(s, ret, e) < 0)
			return -(int)e->kind;
		if (is_reached(to, ret->run))
			return 0;
		if (is_another(s, to, ret->run))
			return err_set(e, ERR_CHANGED, "the container was asked to stop, and somebody started it again (%s)", ret->detail);
		if (to == SVC_RUNNING && (ret->run == SVC_STOPPED || ret->run == SVC_FAILED))
			return 0; /* it ended at once: who waits for its answer says how */
		if (deadline_passed(d))
			return err_set(e, ERR_TIMEOUT, "the container was asked to %s and has not yet (%s)",
				       to == SVC_RUNNING ? "start" : "stop", ret->detail);
		clock_sleep_ns(LOOK_EVERY_NS);
	}
}

/* ---- running and stopping ---- */

/* "SIGTERM", "term", "15". 0: it is said otherwise, "RTMIN+3". */
static int number_of(const char *signal)
{
	uint64_t number;

	if (sv_u64(sv_of(signal), &number))
		return number < NSIG ? (int)number : 0;
	signal += strncasecmp(signal, "SIG", 3) ? 0 : 3;
	for (int i = 1; i < NSIG; i++)
		if (sigabbrev_np(i) && !strcasecmp(signal, sigabbrev_np(i)))
			return i;
	return 0;
}

static bool is_young(pid_t pid)
{
	struct timespec now;
	struct err gone = ERR_INIT;
	uint64_t ticks;

	if (process_start_ticks(pid, &ticks, &gone) < 0 || clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return false;
	return (int64_t)now.tv_sec - (int64_t)(ticks / (uint64_t)sysconf(_SC_CLK_TCK)) < SETTLES_NS / NS_PER_S;
}

/* A command without a handler, as "sh -c" is one, never gets its stop signal where it is the container's first process. It is not sent:
 * sent to one that sets up its handler just now, it would end a server of whom it is said that it stays. One that was started a moment
 * ago may be about to. */
static int is_reached_by(const char *signal, const json_t *seen, struct deadline d, struct err *e)
{
	pid_t pid = (pid_t)json_int(json_object_get(seen, "State"), "Pid", 0);

	while (pid && proc_drops(pid, number_of(signal))) {
		if (deadline_passed(d) || !is_young(pid))
			return err_set(e, ERR_TIMEOUT, "%s does not reach the container's first process (%d), which has no handler for it",
				       signal, (int)pid);
		clock_sleep_ns(LOOK_EVERY_NS);
	}
	return 0;
}

static int send_signal(const char *signal, const json_t *seen, struct err *e)
{
	autofree char *option = xasprintf("--signal=%s", signal);
	const char *argv[] = { "docker", "container", "kill", option, json_str(seen, "Id", ""), NULL };
	autobuf struct buf said = BUF_MAX(4096);

	return docker_run(argv, DOCKER_WITHIN, &said, e);
}

/* In the words of docker, of what it runs containers by, and of the kernel. */
static bool says_unsent(const char *words)
{
	static const char *const said[] = { "invalid signal", "unknown signal", "permission denied", "operation not permitted",
					    "Cannot connect to the Docker daemon", "failed to connect to the docker API" };

	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		if (strcasestr(words, said[i]))
			return true;
	return false;
}

/* Docker refused, or did not answer in time. A server that it says it sent no signal to was not asked to end, but by an earlier call. Any
 * other may have got the signal: it is waited for, as is one that ended by itself between the look and the signal. */
static int take_refusal(const struct service *s, bool was_asked, struct err *io)
{
	struct err why = ERR_INIT;

	if (io->kind != ERR_REFUSED && io->kind != ERR_TIMEOUT)
		return -(int)io->kind;
	if (was_asked || !says_unsent(io->msg))
		return 0;
	if (s->own && hold_lift(s->own, &why) < 0)
		*io = why;
	return -(int)io->kind;
}

static int stop(struct service *s, const json_t *seen, bool was_asked, struct deadline d, struct svc_state *ret, struct err *e)
{
	const char *named = json_str(json_object_get(seen, "Config"), "StopSignal", "");
	const char *signal = *named ? named : "SIGTERM";
	struct err refusal = ERR_INIT;

	if (is_reached_by(signal, seen, d, e) < 0 || note_asked(s, seen, e) < 0)
		return -(int)e->kind;
	if (send_signal(signal, seen, &refusal) < 0 && take_refusal(s, was_asked, &refusal) < 0) {
		*e = refusal;
		return -(int)e->kind;
	}
	if (wait_for(s, SVC_STOPPED, d, ret, e) >= 0)
		return 0;
	return refusal.kind ? err_wrap(e, "%s", refusal.msg) : -(int)e->kind;
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
	if (to == SVC_STOPPED)
		return stop(s, seen, st.run == SVC_STOPPING, d, ret, e);
	return start(seen, e) < 0 ? -(int)e->kind : wait_for(s, to, d, ret, e);
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

	container_know(s, path);
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

	container_know(s, path);
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
