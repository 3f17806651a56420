/* A plain process: whoever holds the lock of the installation is the server. */
#include "svc/service.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "io/proc.h"
#include "svc/kinds.h"
#include "svc/launch.h"
#include "svc/owner.h"

struct process {
	struct process_id started;  /* by us, and not yet seen with the lock */
	struct process_id owned_id; /* whose owner is known */
	struct owner owner;
};

static int process_open(struct service *s, struct err *e unused_arg)
{
	s->own = xcalloc(1, sizeof(struct process));
	s->name = xasprintf("process holding %s", s->lock_path ? s->lock_path : "an unknown lock");
	return 0;
}

static bool same_process(struct process_id a, struct process_id b)
{
	return a.pid == b.pid && a.start_ticks == b.start_ticks;
}

/* The owner of a process does not change: looked up once for each. */
static int add_owner(struct process *own, struct svc_state *st, struct err *e)
{
	if (!same_process(own->owned_id, st->id)) {
		if (owner_find(st->id.pid, &own->owner, e) < 0)
			return -(int)e->kind;
		own->owned_id = st->id;
	}
	st->restarts = own->owner.kind != OWNER_NOBODY;
	snprintf(st->by, sizeof st->by, "%s", own->owner.by);
	return 0;
}

static bool runs_record(const struct proc *p, const json_t *record)
{
	const char *cwd = json_string_value(json_object_get(record, "cwd"));
	const json_t *argv = json_object_get(record, "argv");
	size_t n = json_array_size(argv);

	if (!p->argv || !n || (cwd && p->cwd && strcmp(cwd, p->cwd) != 0))
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *word = json_string_value(json_array_get(argv, i));

		if (!p->argv[i] || !word || strcmp(p->argv[i], word) != 0)
			return false;
	}
	return !p->argv[n];
}

static bool is_launched(const struct service *s, struct process_id id)
{
	struct err gone = ERR_INIT;
	struct proc p = { 0 };
	bool same = proc_read(id.pid, &p, &gone) == 0 && runs_record(&p, s->launch);

	proc_done(&p);
	return same;
}

/* 1 found, 0 none. A server started by a run that was killed since: until it takes its lock, only its command line
 * tells that it is on its way (seen: the data was moved beneath it). */
static int find_started(const struct service *s, struct process_id *ret, struct err *e)
{
	pid_list all = { 0 };

	*ret = (struct process_id){ 0 };
	if (!s->launch)
		return 0;
	if (proc_all(&all, e) < 0)
		return -(int)e->kind;
	vec_each(&all, pid) {
		struct err gone = ERR_INIT;
		struct proc p = { 0 };

		if (proc_read(*pid, &p, &gone) < 0)
			continue;
		if (runs_record(&p, s->launch))
			*ret = p.id;
		proc_done(&p);
	}
	vec_done(&all);
	return ret->pid != 0;
}

static int process_state(struct service *s, struct svc_state *ret, struct err *e)
{
	struct process *own = s->own;
	struct svc_state st = { .run = SVC_UNKNOWN };
	int held, starting = 0;

	if (!s->lock_path) {
		snprintf(st.detail, sizeof st.detail, "no lock file tells which process it is");
		*ret = st;
		return 0;
	}
	held = service_lock_owner(s->lock_path, &st.id, e);
	if (held < 0)
		return held;
	if (!held)
		starting = own->started.pid && process_alive(own->started, e) == 1 ?
				   1 :
				   find_started(s, &own->started, e);
	if (starting < 0)
		return starting;
	if (held) {
		st.run = SVC_RUNNING;
	} else if (starting) {
		st.run = SVC_STARTING;
		st.id = own->started;
	} else {
		st.run = SVC_STOPPED;
	}
	st.stranger = held && own->started.pid && !same_process(own->started, st.id);
	/* Gone between two looks: the next look says so. */
	if (st.id.pid && add_owner(own, &st, e) < 0 && e->kind != ERR_ABSENT)
		return -(int)e->kind;
	if (st.id.pid)
		snprintf(st.detail, sizeof st.detail, "pid %d", (int)st.id.pid);
	*ret = st;
	return 0;
}

static int process_start(struct service *s, struct svc_state *ret, struct err *e)
{
	struct process *own = s->own;
	struct svc_state st = { .run = SVC_STARTING };
	int sys = fault_errno("svc.start");

	if (!s->launch)
		return err_set(e, ERR_REFUSED, "nothing is recorded of how the server is started");
	if (sys)
		return err_sys(e, sys, "start the server");
	if (launch_start(s->launch, &st.id, st.detail, sizeof st.detail, e) < 0)
		return err_wrap(e, "start the server");
	own->started = st.id;
	*ret = st;
	return 0;
}

static int process_stop(struct service *s, struct process_id id, struct deadline d,
			struct svc_state *ret, struct err *e)
{
	int sys = fault_errno("svc.stop");

	if (sys)
		return err_sys(e, sys, "stop process %d", (int)id.pid);
	if (process_signal(id, SIGTERM, e) < 0 && e->kind != ERR_ABSENT)
		return err_wrap(e, "stop process %d", (int)id.pid);
	err_clear(e);
	if (process_wait(id, d, e) < 0) {
		if (e->kind != ERR_TIMEOUT)
			return err_wrap(e, "wait for process %d to end", (int)id.pid);
		return err_set(e, ERR_TIMEOUT,
			       "process %d was asked to end and has not yet; it is left alone",
			       (int)id.pid);
	}
	if (process_state(s, ret, e) < 0)
		return -(int)e->kind;
	if (ret->id.pid)
		return err_set(e, ERR_CHANGED,
			       "process %d ended and process %d runs in its place: %s", (int)id.pid,
			       (int)ret->id.pid, ret->by[0] ? ret->by : "started by somebody");
	return 0;
}

static int process_want(struct service *s, enum svc_run to, int64_t within_ns,
			struct svc_state *ret, struct err *e)
{
	struct deadline d = deadline_in(within_ns);
	struct svc_state st;

	if (to != SVC_RUNNING && to != SVC_STOPPED)
		return err_set(e, ERR_BUG, "a service can be wanted running or stopped");
	if (process_state(s, &st, e) < 0)
		return -(int)e->kind;
	if (st.run == SVC_UNKNOWN)
		return err_set(e, ERR_REFUSED, "%s", st.detail);
	if (to == SVC_RUNNING && !st.id.pid)
		return process_start(s, ret, e);
	if (to == SVC_RUNNING)
		st.stranger = s->launch && !is_launched(s, st.id);
	if (to == SVC_STOPPED && st.id.pid)
		return process_stop(s, st.id, d, ret, e);
	*ret = st;
	return 0;
}

static int process_record(struct service *s, json_t **ret, struct err *e)
{
	struct svc_state st;

	if (process_state(s, &st, e) < 0)
		return -(int)e->kind;
	if (!st.id.pid)
		return err_set(e, ERR_ABSENT, "no process of the server runs");
	return launch_record(st.id, ret, e);
}

static void process_done(struct service *s)
{
	free(s->own);
}

static const struct service_ops ops = {
	.name = "process",
	.state = process_state,
	.want = process_want,
	.record = process_record,
	.done = process_done,
};
static const char *const keys[] = { NULL };
const struct service_kind kind_process = { .ops = &ops, .keys = keys, .open = process_open };
