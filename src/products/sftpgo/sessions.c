#include "products/sftpgo/sessions.h"

#include "base/clock.h"
#include "engine/event.h"
#include "io/proc.h"
#include "products/sftpgo/database.h"

#define PARTING    (3 * NS_PER_S)
#define LOOK_AGAIN (100 * NS_PER_MS)
#define NAMED_MAX  5
#define WORDS_MAX  1024

typedef int look_fn(struct ctx *c, const struct facts *seen, json_t **ret, struct err *e);

static int all_open(struct ctx *c, const struct facts *seen, json_t **ret, struct err *e)
{
	autoprovider struct provider *p = NULL;

	return database_open(c, seen, &p, e) < 0 || provider_sessions(p, ret, e) < 0 ? -(int)e->kind : 0;
}

/* ---- whose they are ---- */

struct owner {
	pid_t pid;      /* the server; 0: it is not to be known */
	bool has_any;   /* some session was seen to be its own */
};

static int server_of(struct ctx *c, struct owner *ret, struct err *e)
{
	struct svc_state now = { 0 };
	struct service *service;

	if (site_service(&c->sites[0], &service, e) < 0 || service->ops->state(service, &now, e) < 0)
		return -(int)e->kind;
	*ret = (struct owner){ .pid = now.id.pid };
	return 0;
}

/* Does the server have a socket of its own at this port? */
static int is_its_own(struct owner *o, uint16_t port, bool *ret, struct err *e)
{
	uint64_t inodes[PROC_SOCKETS_MAX], which = 0;
	proc_sockets at = { 0 };
	size_t n = 0;
	int r;

	if (proc_tcp(o->pid, &port, 1, &at, e) < 0)
		return -(int)e->kind;
	vec_each (&at, it)
		if (n < ARRAY_LEN(inodes))
			inodes[n++] = it->inode;
	vec_done(&at);
	r = n ? proc_has_sockets(o->pid, inodes, n, &which, e) : 0;
	*ret = which != 0;
	o->has_any |= which != 0;
	return r;
}

static void tell_unknown(struct ctx *c, size_t n)
{
	if (n && c->events)
		event_emit(c->events, "note",
			   json_pack("{so}", "text", json_sprintf("whose the open sessions in the shared database are (%zu) cannot be told: a node "
								  "that names no node.host would be seen at the stop alone", n)));
}

static int of_others(struct ctx *c, const struct facts *seen, json_t **ret, struct err *e)
{
	autojson json_t *all = NULL, *others = json_array();
	struct owner server;
	const json_t *one;
	size_t i;

	if (server_of(c, &server, e) < 0 || all_open(c, seen, &all, e) < 0)
		return -(int)e->kind;
	json_array_foreach(all, i, one)
	{
		uint16_t port = (uint16_t)json_int(one, "port", 0);
		bool own = true;

		if (port && server.pid && is_its_own(&server, port, &own, e) < 0)
			return -(int)e->kind;
		if (!own)
			json_array_append(others, (json_t *)one);
	}
	if (!server.has_any) {
		tell_unknown(c, json_array_size(all));
		json_array_clear(others);
	}
	*ret = take_ptr(others);
	return 0;
}

/* ---- saying so ---- */

static void add_places(const json_t *list, struct buf *ret)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (i == NAMED_MAX) {
			buf_adds(ret, " ...");
			return;
		}
		buf_addf(ret, "%s%s port %d", i ? ", " : "", json_str(one, "from", "?"), (int)json_int(one, "port", 0));
	}
}

static int await_none(struct ctx *c, const struct facts *seen, look_fn *look, const char *server, struct err *e)
{
	struct deadline until = deadline_in(PARTING);
	autobuf struct buf places = BUF_MAX(WORDS_MAX);
	autojson json_t *list = NULL;

	while (look(c, seen, &list, e) >= 0 && json_array_size(list) && !deadline_passed(until)) {
		json_decref(take_ptr(list));
		clock_sleep_ns(LOOK_AGAIN);
	}
	if (e->kind)
		return -(int)e->kind;
	if (!json_array_size(list))
		return 0;
	add_places(list, &places);
	err_set(e, ERR_CHANGED, "%s, and %zu more sessions of its account are open in the shared database: %s", server,
		json_array_size(list), buf_str(&places));
	return err_hint(e, "another node? stop it first, and whatever else logs in with that account");
}

int sessions_none(struct ctx *c, const struct facts *seen, struct err *e)
{
	return await_none(c, seen, all_open, "the server is stopped", e);
}

int sessions_own(struct ctx *c, struct err *e)
{
	return await_none(c, NULL, of_others, "the server runs", e);
}
