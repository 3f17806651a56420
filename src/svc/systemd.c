/* A unit of the system's systemd, over its bus. */
#include "svc/service.h"

#include <errno.h>

#include "base/fault.h"
#include "base/mem.h"
#include "io/json.h"
#include "svc/arrival.h"
#include "svc/hold.h"
#include "svc/kinds.h"
#include "svc/systemd_bus.h"

#define CALL_WITHIN_NS   (25 * NS_PER_S)
#define RELOAD_WITHIN_NS (120 * NS_PER_S) /* generators run, and machines have thousands of units */
#define LOOK_EVERY_NS    (250 * NS_PER_MS) /* should a signal be lost */

int systemd_fail(struct err *e, int r, const sd_bus_error *b, const char *doing)
{
	if (sd_bus_error_has_name(b, "org.freedesktop.systemd1.NoSuchUnit"))
		return err_set(e, ERR_ABSENT, "%s: %s", doing, b->message);
	if (sd_bus_error_is_set(b) && !sd_bus_error_has_name(b, SD_BUS_ERROR_NO_REPLY) &&
	    !sd_bus_error_has_name(b, SD_BUS_ERROR_TIMEOUT))
		return err_set(e, ERR_REFUSED, "%s: systemd: %s", doing,
			       b->message ? b->message : b->name);
	return err_sys(e, -r, "%s: ask systemd", doing);
}

static bool is_unit_name(const char *s)
{
	return s[0] && strlen(s) < 256 &&
	       !s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789:-_.\\@")];
}

static int unit_open(struct service *s, struct err *e)
{
	struct systemd *own = xcalloc(1, sizeof *own);
	const char *unit = json_str(s->config, "unit", "");

	s->own = own;
	if (!is_unit_name(unit))
		return err_set(e, ERR_USAGE, "'%s' is no name of a systemd unit", unit);
	own->unit = strchr(unit, '.') ? xstrdup(unit) : xasprintf("%s.service", unit);
	s->name = xasprintf("unit %s", own->unit);
	return 0;
}

static int bus_connect(sd_bus **ret, struct err *e)
{
	int r = sd_bus_open_system(ret);

	if (r < 0) {
		err_sys(e, -r, "reach systemd over the system bus");
		return err_hint(e, "is this host run by systemd, with D-Bus?");
	}
	sd_bus_set_method_call_timeout(*ret, CALL_WITHIN_NS / 1000);
	return 0;
}

/* The object of a unit, loaded if need be: aliases end at the same one. */
static int load_unit(sd_bus *bus, const char *unit, char **ret, struct err *e)
{
	autobuserr sd_bus_error b = SD_BUS_ERROR_NULL;
	automsg sd_bus_message *m = NULL;
	const char *path = NULL;
	int r = sd_bus_call_method(bus, MANAGER_NAME, MANAGER_PATH, MANAGER_IFACE, "LoadUnit", &b,
				   &m, "s", unit);

	if (r >= 0)
		r = sd_bus_message_read(m, "o", &path);
	if (r < 0)
		return systemd_fail(e, r, &b, "load the unit");
	*ret = xstrdup(path);
	return 0;
}

int systemd_connect(struct service *s, struct systemd **ret, struct err *e)
{
	struct systemd *own = s->own;

	/* systemd and the bus may be started anew during a run. */
	if (own->bus && sd_bus_is_open(own->bus) <= 0)
		own->bus = sd_bus_flush_close_unref(own->bus);
	if (!own->bus && bus_connect(&own->bus, e) < 0)
		return -(int)e->kind;
	if (!own->path && load_unit(own->bus, own->unit, &own->path, e) < 0)
		return err_wrap(e, "%s", s->name);
	*ret = own;
	return 0;
}

/* ---- properties ---- */

int systemd_text(struct systemd *own, const char *iface, const char *name, char **ret,
		    struct err *e)
{
	autobuserr sd_bus_error b = SD_BUS_ERROR_NULL;
	autofree char *text = NULL;
	int r =
	    sd_bus_get_property_string(own->bus, MANAGER_NAME, own->path, iface, name, &b, &text);

	if (r < 0)
		return systemd_fail(e, r, &b, name);
	free(*ret);
	*ret = take_ptr(text);
	return 0;
}

/* Only services have a main process; the property of another type of unit is an error we do not
 * see. */
static int get_main_pid(sd_bus *bus, const char *path, pid_t *ret, struct err *e)
{
	autobuserr sd_bus_error b = SD_BUS_ERROR_NULL;
	uint32_t pid = 0;
	int r = sd_bus_get_property_trivial(bus, MANAGER_NAME, path, SERVICE_IFACE, "MainPID", &b,
					    'u', &pid);

	if (r < 0)
		return systemd_fail(e, r, &b, "MainPID");
	*ret = (pid_t)pid;
	return 0;
}

int systemd_main_pid(const char *unit, pid_t *ret, struct err *e)
{
	sd_bus *bus = NULL;
	autofree char *path = NULL;
	int r = bus_connect(&bus, e);

	if (r == 0)
		r = load_unit(bus, unit, &path, e);
	if (r == 0)
		r = get_main_pid(bus, path, ret, e);
	sd_bus_flush_close_unref(bus);
	return r;
}

static enum svc_run run_of(const char *active)
{
	static const struct {
		const char *name;
		enum svc_run run;
	} names[] = {
		{ "active", SVC_RUNNING },      { "reloading", SVC_RUNNING },
		{ "inactive", SVC_STOPPED },    { "failed", SVC_FAILED },
		{ "activating", SVC_STARTING }, { "deactivating", SVC_STOPPING },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(active, names[i].name))
			return names[i].run;
	return SVC_UNKNOWN;
}

struct texts {
	char *load, *active, *sub, *file, *restart, *result;
};

static void texts_done(struct texts *t)
{
	free(t->load);
	free(t->active);
	free(t->sub);
	free(t->file);
	free(t->restart);
	free(t->result);
}

static int get_texts(struct systemd *own, struct texts *t, struct err *e)
{
	if (systemd_text(own, UNIT_IFACE, "LoadState", &t->load, e) < 0 ||
	    systemd_text(own, UNIT_IFACE, "ActiveState", &t->active, e) < 0 ||
	    systemd_text(own, UNIT_IFACE, "SubState", &t->sub, e) < 0 ||
	    systemd_text(own, UNIT_IFACE, "UnitFileState", &t->file, e) < 0)
		return -(int)e->kind;
	if (!strcmp(t->load, "not-found"))
		return err_set(e, ERR_ABSENT, "unit %s does not exist", own->unit);
	if (systemd_text(own, SERVICE_IFACE, "Restart", &t->restart, e) < 0 ||
	    systemd_text(own, SERVICE_IFACE, "Result", &t->result, e) < 0)
		return -(int)e->kind;
	return 0;
}

static int fill_id(struct systemd *own, struct svc_state *st, struct err *e)
{
	if (get_main_pid(own->bus, own->path, &st->id.pid, e) < 0)
		return -(int)e->kind;
	if (!st->id.pid)
		return 0;
	if (process_start_ticks(st->id.pid, &st->id.start_ticks, e) < 0) {
		/* It ended since systemd told its number. */
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		st->id = (struct process_id){ 0 };
	}
	return 0;
}

/* The unit's job, which is queued or being carried out: 1 and its object, 0 when there is none. */
static int get_job(struct systemd *own, char **ret, struct err *e)
{
	autobuserr sd_bus_error b = SD_BUS_ERROR_NULL;
	automsg sd_bus_message *m = NULL;
	const char *path = NULL;
	uint32_t id = 0;
	int r = sd_bus_get_property(own->bus, MANAGER_NAME, own->path, UNIT_IFACE, "Job", &b, &m,
				    "(uo)");

	if (r >= 0)
		r = sd_bus_message_read(m, "(uo)", &id, &path);
	if (r < 0)
		return systemd_fail(e, r, &b, "Job");
	if (id == 0)
		return 0;
	*ret = xstrdup(path);
	return 1;
}

/* 1 when its stop or restart is queued. Units that require it are stopped before it, and for as long
 * as that takes it is "active" and answers: whoever takes it for running is left with one that is
 * stopped behind his back.
 *
 * A start that is queued is no start yet: at boot a held unit's waits for crossgrade-resume.service,
 * by its drop-in. We would wait for what waits for us. It becomes ours once we start the unit, and
 * where the unit is to stay down the hold ends it. */
static int is_to_stop(struct systemd *own, struct err *e)
{
	autobuserr sd_bus_error b = SD_BUS_ERROR_NULL;
	autofree char *job = NULL, *now = NULL, *type = NULL;
	struct err ignored = ERR_INIT;
	int r = get_job(own, &job, e);

	if (r <= 0)
		return r;
	r = sd_bus_get_property_string(own->bus, MANAGER_NAME, job, JOB_IFACE, "JobType", &b, &type);
	if (r >= 0)
		return !strcmp(type, "stop") || !strcmp(type, "restart");
	/* Over since we asked for it? Each systemd has its own error for what is gone. */
	if (get_job(own, &now, &ignored) >= 0 && (!now || strcmp(now, job) != 0))
		return 0;
	return systemd_fail(e, r, &b, "JobType");
}

static int unit_state(struct service *s, struct svc_state *ret, struct err *e)
{
	cleanup_with(texts_done) struct texts t = { 0 };
	struct systemd *own = NULL;
	struct svc_state st = { 0 };
	int to_stop = 0;

	/* The job before the state, which shows what came of one that is over by then. */
	if (systemd_connect(s, &own, e) < 0 || (to_stop = is_to_stop(own, e)) < 0 ||
	    get_texts(own, &t, e) < 0 || fill_id(own, &st, e) < 0)
		return err_wrap(e, "look at %s", s->name);
	st.run = run_of(t.active);
	st.waits = to_stop && (st.run == SVC_RUNNING || st.run == SVC_STARTING);
	if (st.waits)
		st.run = SVC_STOPPING;
	st.enabled = !strcmp(t.file, "enabled") || !strcmp(t.file, "enabled-runtime");
	st.restarts = strcmp(t.restart, "no") != 0;
	snprintf(st.by, sizeof st.by, "systemd: %.100s", own->unit);
	snprintf(st.detail, sizeof st.detail, "%s (%s)%s, result %s, %s, Restart=%s", t.active, t.sub,
		 st.waits ? ", its stop is queued" : "", t.result, t.file[0] ? t.file : "no unit file",
		 t.restart);
	*ret = st;
	return 0;
}

/* ---- jobs ---- */

struct job {
	char path[256];
	char result[64]; /* "done", "failed", "timeout", ...; "" while it runs */
};

static int on_job_removed(sd_bus_message *m, void *data, sd_bus_error *b unused_arg)
{
	struct job *job = data;
	const char *path = NULL, *unit = NULL, *result = NULL;
	uint32_t id = 0;

	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 &&
	    !strcmp(path, job->path))
		snprintf(job->result, sizeof job->result, "%s", result);
	return 0;
}

/* The units that crossgrade-resume.service starts wait for it, by their hold's drop-in: at boot a job
 * that keeps its order would wait for ourselves. What systemd queued itself becomes this job. */
static const char *job_mode(void)
{
	return getenv("CROSSGRADE_BOOT") ? "ignore-dependencies" : "replace";
}

static int call_job(struct systemd *own, const char *method, struct job *job, struct err *e)
{
	autobuserr sd_bus_error b = SD_BUS_ERROR_NULL;
	automsg sd_bus_message *m = NULL;
	const char *path = NULL;
	int r = sd_bus_call_method(own->bus, MANAGER_NAME, MANAGER_PATH, MANAGER_IFACE, method, &b,
				   &m, "ss", own->unit, job_mode());

	if (r >= 0)
		r = sd_bus_message_read(m, "o", &path);
	if (r < 0)
		return systemd_fail(e, r, &b, method);
	snprintf(job->path, sizeof job->path, "%s", path);
	return 0;
}

/* The signal tells at once; the unit's own Job property catches a lost one. */
static int job_is_over(struct systemd *own, const struct job *job, struct err *e)
{
	autofree char *path = NULL;
	int r = get_job(own, &path, e);

	return r < 0 ? r : r == 0 || strcmp(path, job->path) != 0;
}

static int wait_job(struct systemd *own, struct job *job, struct deadline d, struct err *e)
{
	while (!job->result[0]) {
		int64_t nap_ns = MIN_OF(deadline_left_ns(d), LOOK_EVERY_NS);
		int r = sd_bus_process(own->bus, NULL);

		if (r > 0)
			continue;
		if (r == 0)
			r = sd_bus_wait(own->bus, (uint64_t)nap_ns / 1000);
		if (r < 0 && r != -EINTR)
			return err_sys(e, -r, "wait for systemd");
		if (r > 0)
			continue;
		r = job_is_over(own, job, e);
		if (r < 0)
			return r;
		if (r > 0)
			return 0;
		if (deadline_passed(d))
			return err_set(e, ERR_TIMEOUT,
				       "systemd has not carried it out yet; it goes on with it");
	}
	return 0;
}

static int run_job(struct systemd *own, const char *method, struct deadline d, struct job *job,
		   struct err *e)
{
	autobuserr sd_bus_error b = SD_BUS_ERROR_NULL;
	sd_bus_slot *slot = NULL;
	int r = sd_bus_call_method(own->bus, MANAGER_NAME, MANAGER_PATH, MANAGER_IFACE, "Subscribe",
				   &b, NULL, "");

	/* Already subscribed is as good. */
	if (r < 0 && !sd_bus_error_has_name(&b, "org.freedesktop.systemd1.AlreadySubscribed"))
		return systemd_fail(e, r, &b, "subscribe");
	r = sd_bus_match_signal(own->bus, &slot, MANAGER_NAME, MANAGER_PATH, MANAGER_IFACE,
				"JobRemoved", on_job_removed, job);
	if (r < 0)
		return err_sys(e, -r, "listen to systemd");
	r = call_job(own, method, job, e);
	if (r == 0)
		r = wait_job(own, job, d, e);
	sd_bus_slot_unref(slot);
	return r;
}

/* A start whose conditions do not hold ends well for systemd, with the unit inactive. */
static int judge_start(struct service *s, const struct job *job, const struct svc_state *st,
		       struct err *e)
{
	if (st->run == SVC_RUNNING || st->run == SVC_STARTING)
		return 0;
	if (st->run == SVC_STOPPED)
		err_set(e, ERR_REFUSED,
			"%s did not start: one of its conditions does not hold (%s)", s->name,
			st->detail);
	else
		err_set(e, ERR_REFUSED, "%s did not start: %s (job %s)", s->name, st->detail,
			job->result[0] ? job->result : "gone");
	return err_hint(e, "systemctl status and journalctl -u tell more");
}

/* A server that ends with a status its unit does not know as good is "failed", and as stopped as it
 * can be. */
static int judge_stop(struct service *s, struct svc_state *st, struct err *e)
{
	if (st->run == SVC_FAILED && !st->id.pid)
		st->run = SVC_STOPPED;
	if (st->run == SVC_STOPPED)
		return 0;
	return err_set(e, ERR_CHANGED, "%s was stopped and runs again: %s", s->name, st->detail);
}

static int unit_want(struct service *s, enum svc_run to, int64_t within_ns, struct svc_state *ret,
		     struct err *e)
{
	struct deadline d = deadline_in(within_ns);
	bool start = to == SVC_RUNNING;
	struct systemd *own = NULL;
	struct svc_state st;
	struct job job = { 0 };
	int sys;

	if (to != SVC_RUNNING && to != SVC_STOPPED)
		return err_set(e, ERR_BUG, "a service can be wanted running or stopped");
	if (unit_state(s, &st, e) < 0 || systemd_connect(s, &own, e) < 0)
		return -(int)e->kind;
	if (st.run != to) {
		sys = start ? fault_errno("svc.start") : fault_errno("svc.stop");
		if (sys)
			return err_sys(e, sys, "%s %s", start ? "start" : "stop", s->name);
		if (run_job(own, start ? "StartUnit" : "StopUnit", d, &job, e) < 0)
			return err_wrap(e, "%s %s", start ? "start" : "stop", s->name);
		if (unit_state(s, &st, e) < 0)
			return -(int)e->kind;
		if ((start ? judge_start(s, &job, &st, e) : judge_stop(s, &st, e)) < 0)
			return -(int)e->kind;
	}
	*ret = st;
	return 0;
}

static int reload(struct systemd *own, struct err *e)
{
	autobuserr sd_bus_error b = SD_BUS_ERROR_NULL;
	automsg sd_bus_message *m = NULL;
	int sys = fault_errno("svc.reload");
	int r;

	if (sys)
		return err_sys(e, sys, "let systemd read its units again");
	r = sd_bus_message_new_method_call(own->bus, &m, MANAGER_NAME, MANAGER_PATH, MANAGER_IFACE,
					   "Reload");
	if (r >= 0)
		r = sd_bus_call(own->bus, m, RELOAD_WITHIN_NS / 1000, &b, NULL);
	return r < 0 ? systemd_fail(e, r, &b, "let systemd read its units again") : 0;
}

/* Of all its files: there before systemd began to read units the last time? */
static int came_all_before(struct systemd *own, uint64_t us, struct err *e)
{
	autofree char *fragment = NULL;
	autojson json_t *drop_ins = NULL;
	const json_t *one;
	bool before;
	size_t i;

	if (systemd_text(own, UNIT_IFACE, "FragmentPath", &fragment, e) < 0 ||
	    systemd_list(own, UNIT_IFACE, "DropInPaths", &drop_ins, e) < 0)
		return -(int)e->kind;
	before = arrived_before(fragment, us);
	json_array_foreach(drop_ins, i, one)
		before &= arrived_before(json_string_value(one), us);
	return before;
}

/* Does systemd know all files of the unit as they are, because somebody let it read them since they came, as a package's scripts do?
 * It goes by times that a package, and a file put back, bring from of old: when they came is ours to compare. */
static int is_read(struct systemd *own, struct err *e)
{
	autobuserr sd_bus_error b = SD_BUS_ERROR_NULL;
	uint64_t began = 0;
	int differs = 0;
	int r = sd_bus_get_property_trivial(own->bus, MANAGER_NAME, own->path, UNIT_IFACE, "NeedDaemonReload", &b, 'b', &differs);

	if (r >= 0)
		r = sd_bus_get_property_trivial(own->bus, MANAGER_NAME, MANAGER_PATH, MANAGER_IFACE, "UnitsLoadTimestamp", &b,
						't', &began);
	if (r < 0)
		return systemd_fail(e, r, &b, "NeedDaemonReload");
	return differs ? 0 : came_all_before(own, began, e);
}

static int unit_reload(struct service *s, bool anyway, struct err *e)
{
	struct systemd *own = NULL;
	struct err unsure = ERR_INIT;

	if (systemd_connect(s, &own, e) < 0)
		return -(int)e->kind;
	return !anyway && is_read(own, &unsure) > 0 ? 0 : reload(own, e);
}

/* ---- hold ---- */

/* 1 when the loaded unit has our condition. Another drop-in may have emptied the list
 * ("ConditionPathExists="). */
static int has_condition(struct systemd *own, const char *path, struct err *e)
{
	autobuserr sd_bus_error b = SD_BUS_ERROR_NULL;
	automsg sd_bus_message *m = NULL;
	const char *type, *param;
	int trigger, negate, state, found = 0;
	int r = sd_bus_get_property(own->bus, MANAGER_NAME, own->path, UNIT_IFACE, "Conditions", &b,
				    &m, "a(sbbsi)");

	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "(sbbsi)");
	while (r >= 0 && (r = sd_bus_message_read(m, "(sbbsi)", &type, &trigger, &negate, &param,
						  &state)) > 0)
		found |= !strcmp(type, "ConditionPathExists") && !trigger && negate &&
			 !strcmp(param, path);
	return r < 0 ? systemd_fail(e, r, &b, "Conditions") : found;
}

/* Drop-ins are looked for by the unit's own name: the one asked for may be an alias. */
static int own_name(struct systemd *own, char **ret, struct err *e)
{
	if (systemd_text(own, UNIT_IFACE, "Id", ret, e) < 0)
		return -(int)e->kind;
	return is_unit_name(*ret) ? 0 : err_set(e, ERR_FORMAT, "systemd names a unit '%s'", *ret);
}

static int unit_hold(struct service *s, const char *path, struct err *e)
{
	struct systemd *own = NULL;
	autofree char *id = NULL;
	int found;

	if (systemd_connect(s, &own, e) < 0 || own_name(own, &id, e) < 0 ||
	    hold_put(id, path, e) < 0 || reload(own, e) < 0)
		return err_wrap(e, "hold %s", s->name);
	found = has_condition(own, path, e);
	if (found < 0)
		return err_wrap(e, "hold %s", s->name);
	if (!found) {
		err_set(e, ERR_CHANGED, "%s does not take our condition", s->name);
		return err_hint(e, "look for a drop-in of it that empties ConditionPathExists=");
	}
	return 0;
}

static int unit_lift(struct service *s, const char *path, bool for_good, struct err *e)
{
	struct systemd *own = NULL;
	autofree char *id = NULL;

	if (hold_lift(path, e) < 0)
		return err_wrap(e, "lift the hold of %s", s->name);
	if (!for_good)
		return 0;
	if (systemd_connect(s, &own, e) < 0 || own_name(own, &id, e) < 0 || hold_drop(id, e) < 0 ||
	    reload(own, e) < 0)
		return err_wrap(e, "lift the hold of %s", s->name);
	return 0;
}

static void unit_done(struct service *s)
{
	struct systemd *own = s->own;

	sd_bus_flush_close_unref(own->bus);
	free(own->unit);
	free(own->path);
	free(own);
}

static const struct service_ops ops = {
	.name = "systemd",
	.state = unit_state,
	.want = unit_want,
	.hold = unit_hold,
	.lift = unit_lift,
	.reload = unit_reload,
	.record = systemd_record,
	.done = unit_done,
};
static const char *const keys[] = { "unit", NULL };
const struct service_kind kind_systemd = { .ops = &ops, .keys = keys, .open = unit_open };
