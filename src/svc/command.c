/* The operator's own commands. Where the server's lock is known it decides, because status commands
 * differ (QuestDB's own script ends with 55 for "not running"); "running" without the lock is a
 * server on its way. Without a lock the status command is to speak as an init script does (LSB): 0
 * running, 3 stopped; anything else says nothing. */
#include "svc/service.h"

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/json.h"
#include "svc/kinds.h"

#define STATUS_WITHIN_NS (15 * NS_PER_S)
#define LOOK_EVERY_NS    (50 * NS_PER_MS)
#define STATUS_STOPPED   3
/* A start command may return before its server takes the lock: a JVM has needed more than ten seconds on a loaded host (seen). */
#define LOCK_WITHIN_NS   (60 * NS_PER_S)
#define UNSEEN_FOR_NS    (2 * NS_PER_S)
#define UNSEEN_WITHIN_NS (60 * NS_PER_S)

struct command {
	const char **start, **stop,
	    **status; /* borrow from s->config; status NULL: the lock alone tells */
};

static int command_open(struct service *s, struct err *e)
{
	struct command *own = xcalloc(1, sizeof *own);
	const json_t *status = json_object_get(s->config, "status");

	s->own = own;
	if (service_argv(json_object_get(s->config, "start"), "start", &own->start, e) < 0 ||
	    service_argv(json_object_get(s->config, "stop"), "stop", &own->stop, e) < 0 ||
	    (status && service_argv(status, "status", &own->status, e) < 0))
		return -(int)e->kind;
	if (!status && !s->lock_path)
		return err_set(e, ERR_USAGE, "a service of kind 'command' needs 'status'");
	s->name = xasprintf("service started by '%s'", own->start[0]);
	return 0;
}

static void say_words(const struct cmd_result *r, char *ret, size_t n)
{
	struct sv rest = buf_sv(r->err.len ? &r->err : &r->out), line = sv_trim(sv_line(&rest));

	snprintf(ret, n, "status %d%s" SV_FMT, r->status, line.n ? ": " : "", SV_ARG(line));
}

static int ask_status(const struct command *own, struct svc_state *st, struct err *e)
{
	struct cmd c = { .argv = own->status, .within_ns = STATUS_WITHIN_NS };
	struct cmd_result r = { 0 };

	if (cmd_run(&c, &r, e) < 0)
		return err_wrap(e, "ask for the status of the service");
	st->run = r.status == 0                ? SVC_RUNNING
		  : r.status == STATUS_STOPPED ? SVC_STOPPED
					       : SVC_UNKNOWN;
	say_words(&r, st->detail, sizeof st->detail);
	cmd_result_done(&r);
	return 0;
}

static int command_state(struct service *s, struct svc_state *ret, struct err *e)
{
	struct command *own = s->own;
	struct svc_state st = { .run = SVC_STOPPED };
	int held = 0;

	if (own->status && ask_status(own, &st, e) < 0)
		return -(int)e->kind;
	if (s->lock_path)
		held = service_lock_owner(s->lock_path, &st.id, e);
	if (held < 0)
		return held;
	if (s->lock_path)
		st.run = held ? SVC_RUNNING : st.run == SVC_RUNNING ? SVC_STARTING : SVC_STOPPED;
	*ret = st;
	return 0;
}

static int run_verb(const char **argv, const char *verb, int64_t within_ns, struct err *e)
{
	struct cmd c = { .argv = argv, .within_ns = within_ns, .outlives_us = true };
	struct cmd_result r = { 0 };
	char words[256];
	int done = 0;

	if (cmd_run(&c, &r, e) < 0)
		return err_wrap(e, "run the %s command of the service", verb);
	if (r.status != 0) {
		say_words(&r, words, sizeof words);
		done = err_set(e, ERR_REFUSED, "the %s command of the service ended with %s", verb,
			       words);
	}
	cmd_result_done(&r);
	return done;
}

/* With a lock a server counts as started once its status command says so: it takes the lock when it
 * gets that far. Where there is no such command the lock is waited for, or what looks next would
 * take a server on its way for one that ended. */
static bool is_reached(const struct service *s, enum svc_run to, enum svc_run now,
		       struct deadline lock_until)
{
	if (now == to)
		return true;
	return to == SVC_RUNNING && s->lock_path &&
	       (now == SVC_STARTING || deadline_passed(lock_until));
}

static int wait_for(struct service *s, enum svc_run to, struct deadline d, struct svc_state *ret,
		    struct err *e)
{
	struct deadline lock_until = deadline_in(LOCK_WITHIN_NS);
	struct svc_state st;

	for (;;) {
		if (command_state(s, &st, e) < 0)
			return -(int)e->kind;
		if (is_reached(s, to, st.run, lock_until))
			break;
		if (deadline_passed(d))
			return err_set(e, ERR_TIMEOUT,
				       "the service was asked to %s and has not yet (%s)",
				       to == SVC_RUNNING ? "start" : "stop", st.detail);
		clock_sleep_ns(LOOK_EVERY_NS);
	}
	*ret = st;
	return 0;
}

static int command_want(struct service *s, enum svc_run to, int64_t within_ns,
			struct svc_state *ret, struct err *e)
{
	const struct command *own = s->own;
	struct deadline d = deadline_in(within_ns);
	struct svc_state st;
	int sys;

	if (to != SVC_RUNNING && to != SVC_STOPPED)
		return err_set(e, ERR_BUG, "a service can be wanted running or stopped");
	if (command_state(s, &st, e) < 0)
		return -(int)e->kind;
	if (st.run == to) {
		*ret = st;
		return 0;
	}
	sys = to == SVC_RUNNING ? fault_errno("svc.start") : fault_errno("svc.stop");
	if (sys)
		return err_sys(e, sys, "change the service");
	if (run_verb(to == SVC_RUNNING ? own->start : own->stop,
		     to == SVC_RUNNING ? "start" : "stop", within_ns, e) < 0)
		return -(int)e->kind;
	return wait_for(s, to, d, ret, e);
}

/* Nothing is seen of a server until it has its lock or its status command knows it: it may be on its way. What becomes of a stop
 * command where there is nothing to stop differs, and counts for nothing. */
static int command_stop_unseen(struct service *s, int64_t within_ns, struct err *e)
{
	const struct command *own = s->own;
	struct deadline late = deadline_in(UNSEEN_FOR_NS);
	struct err ignored = ERR_INIT;
	struct svc_state st = { 0 };

	if (run_verb(own->stop, "stop", MIN_OF(within_ns, UNSEEN_WITHIN_NS), &ignored) < 0)
		log_debug("of a server that is not seen: %s", ignored.msg);
	do {
		if (command_state(s, &st, e) < 0)
			return -(int)e->kind;
		if (st.run != SVC_STOPPED)
			return command_want(s, SVC_STOPPED, within_ns, &st, e);
		clock_sleep_ns(LOOK_EVERY_NS);
	} while (!deadline_passed(late));
	return 0;
}

static void command_done(struct service *s)
{
	struct command *own = s->own;

	free(own->start);
	free(own->stop);
	free(own->status);
	free(own);
}

static const struct service_ops ops = {
	.name = "command",
	.state = command_state,
	.want = command_want,
	.stop_unseen = command_stop_unseen,
	.done = command_done,
};
static const char *const keys[] = { "start", "stop", "status", NULL };
const struct service_kind kind_command = { .ops = &ops, .keys = keys, .open = command_open };
