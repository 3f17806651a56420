#include "engine/gate_of.h"

#include <stdio.h>
#include <unistd.h>

#include "base/fault.h"
#include "engine/event.h"
#include "engine/product.h"
#include "io/file.h"
#include "svc/container.h"
#include "svc/docker.h"
#include "svc/hold.h"
#include "svc/service.h"

#define END_WITHIN     (10 * NS_PER_S)  /* man crossgrade-migration, `gate` */
#define KILL_WITHIN    (30 * NS_PER_S)
#define START_WITHIN   (120 * NS_PER_S)
#define CLIENTS_WITHIN (30 * NS_PER_S)
#define ASK_EVERY      (20 * NS_PER_MS)

int gate_of_site(struct ctx *c, const json_t *params, struct gate_of *ret, struct err *e)
{
	const json_t *ports = json_object_get(params, "ports");
	char hash[DIGEST_TEXT];
	const char *root;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0)
		return -e->kind;
	if (json_array_size(ports) > ARRAY_LEN(ret->gate.ports))
		return err_set(e, ERR_USAGE, "a gate has at most %zu ports", ARRAY_LEN(ret->gate.ports));
	root = site_root_path(s, "root");
	digest_text(sv_of(root ? root : s->name), hash);
	*ret = (struct gate_of){ .c = c, .site = s };
	snprintf(ret->name, sizeof ret->name, "crossgrade_%.16s", hash);
	ret->gate.name = ret->name;
	ret->proxy = json_object_get(params, "proxy");
	for (size_t i = 0; i < json_array_size(ports); i++)
		ret->gate.ports[ret->gate.n_ports++] = (uint16_t)json_integer_value(json_array_get(ports, i));
	return 0;
}

/* ---- the proxy ---- */

static void service_done(struct service **s)
{
	service_close(*s);
}

#define autoclosed cleanup_with(service_done)

/* Its hold, beside the server's. */
static char *hold_of(const struct gate_of *g)
{
	autofree char *servers = ctx_hold_path(g->c, g->site);

	return xasprintf("%s.proxy", servers);
}

/* As it is now: weeks later another container may do its work. *ret_there: there is one. */
static int look(const struct gate_of *g, struct service **ret, bool *ret_there, struct svc_state *ret_now, struct err *e)
{
	autofree char *hold = hold_of(g);
	autojson json_t *seen = NULL;

	*ret_there = true;
	if (container_of(g->proxy, &seen, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return err_wrap(e, "look at the proxy");
		err_clear(e);
		*ret_there = false;
		return 0;
	}
	/* Not for good: it learns where its hold is, and so who was asked to end. */
	if (service_open(g->proxy, NULL, ret, e) < 0 || (*ret)->ops->lift(*ret, hold, false, e) < 0)
		return -(int)e->kind;
	return (*ret)->ops->state(*ret, ret_now, e);
}

static bool is_up(const struct svc_state *now)
{
	return now->run != SVC_STOPPED && now->run != SVC_FAILED;
}

/* It takes a moment to listen. That it does not pass clients on is the prober's to tell. */
static void wait_for_clients(const struct gate_of *g)
{
	struct deadline until = deadline_in(CLIENTS_WITHIN);
	const struct product *p = g->c->product;

	while (p->probe && !deadline_passed(until)) {
		struct probe seen = { 0 };
		struct err ignored = ERR_INIT;

		if (p->probe(g->site, true, NS_PER_S, &seen, &ignored) >= 0 && seen.serving)
			return;
		clock_sleep_ns(ASK_EVERY);
	}
}

/* Docker refuses where it has ended meanwhile. */
static int kill_proxy(const struct gate_of *g, struct service *service, struct err *e)
{
	struct deadline until = deadline_in(KILL_WITHIN);
	autobuf struct buf said = BUF_MAX(4096);
	autojson json_t *seen = NULL;
	struct svc_state now = { 0 };
	struct err refusal = ERR_INIT;
	const char *argv[] = { "docker", "container", "kill", "--signal=SIGKILL", NULL, NULL };
	int sys = fault_errno("svc.kill");

	if (sys)
		return err_sys(e, sys, "kill the proxy");
	if (container_of(g->proxy, &seen, e) < 0)
		return err_wrap(e, "kill the proxy");
	argv[4] = json_str(seen, "Id", "");
	if (docker_run(argv, KILL_WITHIN, &said, &refusal) < 0)
		until = deadline_in(0);
	for (;;) {
		if (service->ops->state(service, &now, e) < 0)
			return err_wrap(e, "kill the proxy");
		if (!is_up(&now))
			return 0;
		if (deadline_passed(until))
			return err_set(e, ERR_TIMEOUT, "the proxy does not end, not even by SIGKILL: %.300s", refusal.msg);
		clock_sleep_ns(ASK_EVERY);
	}
}

/* It has no data. What it still serves, a download or the connection of an open page, is cut rather than waited for: it may take for ever, and
 * meanwhile nobody is let in. */
static int end_proxy(const struct gate_of *g, struct service *service, struct err *e)
{
	struct svc_state now = { 0 };
	struct err slow = ERR_INIT;

	if (service->ops->want(service, SVC_STOPPED, END_WITHIN, &now, &slow) >= 0)
		return 0;
	if (slow.kind != ERR_TIMEOUT && slow.kind != ERR_CHANGED) {
		*e = slow;
		return err_wrap(e, "stop the proxy");
	}
	event_emit(g->c->events, "warning",
	           json_pack("{ss ss}", "text", "the proxy did not end as it was asked to and is killed: what it still served is cut", "why",
	                     slow.msg));
	return kill_proxy(g, service, e);
}

static int close_proxy(const struct gate_of *g, struct err *e)
{
	autoclosed struct service *service = NULL;
	autofree char *hold = hold_of(g);
	struct svc_state now = { 0 };
	bool there;

	if (look(g, &service, &there, &now, e) < 0)
		return -(int)e->kind;
	if (!there)
		return 0;
	if (service->ops->hold(service, hold, e) < 0)
		return err_wrap(e, "keep the proxy down");
	return is_up(&now) ? end_proxy(g, service, e) : 0;
}

static int start_proxy(const struct gate_of *g, struct service *service, struct err *e)
{
	struct svc_state now = { 0 };

	if (service->ops->want(service, SVC_RUNNING, START_WITHIN, &now, e) < 0)
		return err_wrap(e, "start the proxy");
	return is_up(&now) ? 0 : err_set(e, ERR_REFUSED, "the proxy was started and ended at once: %s", now.detail);
}

/* One that was asked to end may run still, and lets nobody in: it is no open gate. */
static int open_proxy(const struct gate_of *g, struct err *e)
{
	autoclosed struct service *service = NULL;
	autofree char *hold = hold_of(g);
	struct svc_state now = { 0 };
	bool there, starts;

	if (look(g, &service, &there, &now, e) < 0)
		return -(int)e->kind;
	if (!there)
		return hold_lift(hold, e);
	starts = now.run == SVC_STOPPING || !is_up(&now);
	if (now.run == SVC_STOPPING && end_proxy(g, service, e) < 0)
		return -(int)e->kind;
	if (starts && start_proxy(g, service, e) < 0)
		return -(int)e->kind;
	if (service->ops->lift(service, hold, true, e) < 0)
		return err_wrap(e, "give the proxy its restart policy back");
	if (starts)
		wait_for_clients(g);
	return 0;
}

static int proxy_is_down(const struct gate_of *g, struct err *e)
{
	autoclosed struct service *service = NULL;
	struct svc_state now = { 0 };
	bool there;

	if (look(g, &service, &there, &now, e) < 0)
		return -(int)e->kind;
	return !there || !is_up(&now);
}

/* ---- either ---- */

int gate_of_closed(const struct gate_of *g, struct err *e)
{
	return g->proxy ? proxy_is_down(g, e) : gate_closed(&g->gate, e);
}

int gate_of_close(const struct gate_of *g, struct err *e)
{
	if (!g->proxy)
		return gate_close(&g->gate, e);
	return close_proxy(g, e) < 0 ? -(int)e->kind : 1;
}

int gate_of_open(const struct gate_of *g, struct err *e)
{
	return g->proxy ? open_proxy(g, e) : gate_open(&g->gate, e);
}

static int capture_proxy(const struct gate_of *g, json_t **ret_undo, struct err *e)
{
	autoclosed struct service *service = NULL;
	struct svc_state now = { 0 };
	bool there;

	if (look(g, &service, &there, &now, e) < 0)
		return -(int)e->kind;
	if (!there || !is_up(&now)) {
		err_set(e, ERR_CHANGED, "proxy '%s' is down: clients are kept out by somebody", json_str(g->proxy, "service", "?"));
		return err_hint(e, "start it first, or do without a gate: 'settings.gate: none'");
	}
	*ret_undo = json_pack("{ss}", "policy", now.policy);
	return 0;
}

int gate_of_capture(const struct gate_of *g, json_t **ret_undo, struct err *e)
{
	if (g->proxy)
		return capture_proxy(g, ret_undo, e);
	*ret_undo = json_object();
	return 0;
}

/* The hold keeps the policy in the state directory, which may have been lost. One that is there is of a later day than the record. */
int gate_of_undo(const struct gate_of *g, const json_t *undo, struct err *e)
{
	const char *policy = json_str(undo, "policy", NULL);
	autofree char *hold = hold_of(g);

	if (g->proxy && policy && access(hold, F_OK) < 0 && hold_file_put(hold, sv_of(policy), e) < 0)
		return err_wrap(e, "keep the proxy's restart policy");
	return gate_of_open(g, e);
}
