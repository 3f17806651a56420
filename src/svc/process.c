/* A plain process: whoever holds the lock of the installation is the server, or listens on its ports. */
#include "svc/service.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "io/json.h"
#include "io/proc.h"
#include "svc/kinds.h"
#include "svc/launch.h"
#include "svc/listener.h"
#include "svc/owner.h"

struct process {
	struct process_id started;  /* by us, and not yet seen with the lock */
	struct process_id owned_id; /* whose owner is known */
	struct owner owner;
	uint16_t ports[LISTENER_PORTS_MAX]; /* it is known by, where there is no lock */
	size_t n_ports;
};

static int read_ports(const struct service *s, struct process *own, struct err *e)
{
	const json_t *list = json_object_get(s->config, "ports");
	json_t *port;
	size_t i;

	if (!list)
		return 0;
	if (!json_array_size(list) || json_array_size(list) > ARRAY_LEN(own->ports))
		return err_set(e, ERR_USAGE, "'ports' of the service is to be a list of one to %zu ports",
			       ARRAY_LEN(own->ports));
	json_array_foreach(list, i, port)
	{
		json_int_t n = json_integer_value(port);

		if (n < 1 || n > UINT16_MAX)
			return err_set(e, ERR_USAGE, "'ports' of the service holds something that is no port");
		own->ports[own->n_ports++] = (uint16_t)n;
	}
	return 0;
}

static char *name_of(const struct service *s, const struct process *own)
{
	autobuf struct buf ports = BUF_MAX(256);

	for (size_t i = 0; i < own->n_ports; i++)
		buf_addf(&ports, "%s%u", i ? ", " : "", own->ports[i]);
	if (!s->lock_path && own->n_ports)
		return xasprintf("process listening on %s", buf_str(&ports));
	return xasprintf("process holding %s", s->lock_path ? s->lock_path : "an unknown lock");
}

static int process_open(struct service *s, struct err *e)
{
	struct process *own = xcalloc(1, sizeof *own);

	s->own = own;
	if (read_ports(s, own, e) < 0)
		return -(int)e->kind;
	s->name = name_of(s, own);
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

static bool same_words(char *const *words, const json_t *list)
{
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n; i++) {
		const char *word = json_string_value(json_array_get(list, i));

		if (!words[i] || !word || strcmp(words[i], word) != 0)
			return false;
	}
	return !words[n];
}

/* The environment, too: "serve" in the same directory can be two installations told apart by a variable alone. */
static bool runs_record(const struct proc *p, const json_t *record)
{
	const char *cwd = json_string_value(json_object_get(record, "cwd"));
	const json_t *argv = json_object_get(record, "argv"), *env = json_object_get(record, "env");

	if (!p->argv || !json_array_size(argv) || (cwd && p->cwd && strcmp(cwd, p->cwd) != 0))
		return false;
	return same_words(p->argv, argv) && (!env || !p->env || same_words(p->env, env));
}

static bool is_launched(const struct service *s, struct process_id id)
{
	struct err gone = ERR_INIT;
	struct proc p = { 0 };
	bool same = proc_read(id.pid, &p, &gone) == 0 && runs_record(&p, s->launch);

	proc_done(&p);
	return same;
}

/* 1 found, 0 none. A server started by a run that was killed since: until it takes its lock or listens, only what it
 * was started with tells that it is on its way (seen: the data was moved beneath it). */
static int find_started(const struct service *s, struct process_id *ret, struct err *e)
{
	autofree const char **argv = NULL;
	pid_list all = { 0 };

	struct err none = ERR_INIT;

	*ret = (struct process_id){ 0 };
	if (!s->launch || service_argv(json_object_get(s->launch, "argv"), "argv", &argv, &none) < 0)
		return 0;
	if (proc_all(&all, e) < 0)
		return -(int)e->kind;
	vec_each(&all, pid) {
		struct err gone = ERR_INIT;
		struct proc p = { 0 };

		if (!proc_runs(*pid, argv) || proc_read(*pid, &p, &gone) < 0)
			continue;
		if (runs_record(&p, s->launch))
			*ret = p.id;
		proc_done(&p);
	}
	vec_done(&all);
	return ret->pid != 0;
}

/* An enum listener: who holds the lock, or listens. */
static int find_server(struct service *s, struct svc_state *st, struct err *e)
{
	const struct process *own = s->own;

	if (s->lock_path)
		return service_lock_owner(s->lock_path, &st->id, e);
	return listener_find(own->ports, own->n_ports, s->known, &st->id, st->detail, sizeof st->detail, e);
}

/* Neither lock nor ports are taken: on its way down, on its way up, or not there. A server that ends closes its ports
 * first, and writes its data until it is gone. */
static int find_on_its_way(struct service *s, struct svc_state *st, struct err *e)
{
	struct process *own = s->own;
	int alive = s->known.pid ? process_alive(s->known, e) : 0;

	if (alive > 0) {
		st->run = SVC_STOPPING;
		st->id = s->known;
		return 0;
	}
	s->known = (struct process_id){ 0 };
	if (alive == 0)
		alive = own->started.pid && process_alive(own->started, e) == 1 ? 1 : find_started(s, &own->started, e);
	if (alive < 0)
		return alive;
	st->run = alive ? SVC_STARTING : SVC_STOPPED;
	if (alive)
		st->id = own->started;
	return 0;
}

static int process_state(struct service *s, struct svc_state *ret, struct err *e)
{
	struct process *own = s->own;
	struct svc_state st = { .run = SVC_UNKNOWN };
	int found;

	if (!s->lock_path && !own->n_ports) {
		snprintf(st.detail, sizeof st.detail, "no lock file and no port tells which process it is");
		*ret = st;
		return 0;
	}
	found = find_server(s, &st, e);
	if (found < 0)
		return found;
	if (found == LISTENER_SEVERAL) {
		st.stranger = own->started.pid != 0;
		*ret = st;
		return 0;
	}
	if (found == LISTENER_ONE) {
		st.run = SVC_RUNNING;
		s->known = st.id;
	} else if (find_on_its_way(s, &st, e) < 0) {
		return -(int)e->kind;
	}
	st.stranger = found && own->started.pid && !same_process(own->started, st.id);
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
	if (ret->run == SVC_UNKNOWN)
		return err_set(e, ERR_CHANGED, "process %d ended and %s", (int)id.pid, ret->detail);
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
	/* One of us is not to be taken for the other. */
	if (to == SVC_RUNNING && st.run == SVC_STOPPING && process_wait(st.id, d, e) < 0)
		return err_wrap(e, "wait for process %d, which is ending", (int)st.id.pid);
	if (to == SVC_RUNNING && (!st.id.pid || st.run == SVC_STOPPING))
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
static const char *const keys[] = { "ports", NULL };
const struct service_kind kind_process = { .ops = &ops, .keys = keys, .open = process_open };
