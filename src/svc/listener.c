#include "svc/listener.h"

#include <stdio.h>

#include "io/proc.h"

/* Between /proc/net/tcp and /proc/pid/fd a server can end, or be forked. */
#define SEEN_WITHIN_NS NS_PER_S
#define LOOK_EVERY_NS  (5 * NS_PER_MS)
#define PARENTS_MAX    64

struct sockets {
	uint64_t inodes[PROC_SOCKETS_MAX];
	size_t   n;
	uint16_t port; /* of one of them, for messages */
};

static int listening(const uint16_t *ports, size_t n, struct sockets *ret, struct err *e)
{
	proc_sockets all = { 0 };
	int r = 0;

	*ret = (struct sockets){ .port = ports[0] };
	if (proc_tcp_listening(ports, n, &all, e) < 0)
		return -(int)e->kind;
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		if (ret->n == ARRAY_LEN(ret->inodes))
			r = err_set(e, ERR_SPACE, "more than %zu sockets listen", ret->n);
		else
			ret->inodes[ret->n++] = all.v[i].inode;
		ret->port = all.v[i].local_port;
	}
	vec_done(&all);
	return r;
}

static uint64_t all_of(const struct sockets *s)
{
	return s->n == 64 ? UINT64_MAX : (UINT64_C(1) << s->n) - 1;
}

/* 1 when this very process has every socket. */
static int has_all(const struct sockets *s, struct process_id id, struct err *e)
{
	uint64_t which = 0;

	if (!id.pid)
		return 0;
	if (proc_has_sockets(id.pid, s->inodes, s->n, &which, e) < 0)
		return -(int)e->kind;
	return which == all_of(s) ? process_alive(id, e) : 0;
}

static bool is_parent(pid_t parent, pid_t child)
{
	for (int i = 0; child > 1 && i < PARENTS_MAX; i++) {
		struct err gone = ERR_INIT;
		struct proc p = { 0 };

		if (child == parent)
			return true;
		if (proc_read(child, &p, &gone) < 0)
			return false;
		child = p.ppid;
		proc_done(&p);
	}
	return child == parent;
}

/* The one that all others descend from; 0 when there is none. */
static pid_t head_of(const socket_holders *all)
{
	for (size_t i = 0; i < all->n; i++) {
		size_t below = 0;

		for (size_t k = 0; k < all->n; k++)
			below += is_parent(all->v[i].pid, all->v[k].pid);
		if (below == all->n)
			return all->v[i].pid;
	}
	return 0;
}

static void tell_all(const socket_holders *all, char *ret, size_t n)
{
	autobuf struct buf text = BUF_MAX(4096);

	for (size_t i = 0; i < all->n && i < 8; i++)
		buf_addf(&text, "%s%d", i ? ", " : "", (int)all->v[i].pid);
	(void)snprintf(ret, n, "its ports are listened on by several processes: %s", buf_str(&text));
}

/* Its start time is of the process that listened if it does still. */
static int settle(const struct sockets *s, pid_t pid, struct process_id *ret, struct err *e)
{
	struct process_id id = { .pid = pid };
	uint64_t which = 0;

	if (process_start_ticks(pid, &id.start_ticks, e) < 0 ||
	    proc_has_sockets(pid, s->inodes, s->n, &which, e) < 0)
		return -(int)e->kind;
	if (!which)
		return err_set(e, ERR_ABSENT, "who listens changed");
	*ret = id;
	return LISTENER_ONE;
}

static int find_among(const struct sockets *s, const socket_holders *all, struct process_id *ret,
                      char *why, size_t n_why, struct err *e)
{
	uint64_t seen = 0;
	pid_t head;

	vec_each(all, it)
		seen |= it->which;
	if (seen != all_of(s))
		return err_set(e, ERR_ABSENT, "who listens cannot be seen");
	head = head_of(all);
	if (head)
		return settle(s, head, ret, e);
	tell_all(all, why, n_why);
	return LISTENER_SEVERAL;
}

/* One look; ERR_ABSENT when what was read does not fit together. */
static int look(const uint16_t *ports, size_t n, struct process_id known, struct process_id *ret,
                char *why, size_t n_why, struct sockets *s, struct err *e)
{
	socket_holders all = { 0 };
	int r;

	if (listening(ports, n, s, e) < 0)
		return -(int)e->kind;
	if (!s->n)
		return LISTENER_NONE;
	r = has_all(s, known, e);
	if (r > 0)
		*ret = known;
	if (r)
		return r < 0 ? r : LISTENER_ONE;
	if (proc_socket_holders(s->inodes, s->n, &all, e) < 0)
		return -(int)e->kind;
	r = find_among(s, &all, ret, why, n_why, e);
	vec_done(&all);
	return r;
}

int listener_find(const uint16_t *ports, size_t n, struct process_id known, struct process_id *ret,
                  char *why, size_t n_why, struct err *e)
{
	struct deadline until = deadline_in(SEEN_WITHIN_NS);
	struct sockets s;
	int r;

	for (;;) {
		*ret = (struct process_id){ 0 };
		err_clear(e);
		r = look(ports, n, known, ret, why, n_why, &s, e);
		if (r != -ERR_ABSENT || deadline_passed(until))
			break;
		clock_sleep_ns(LOOK_EVERY_NS);
	}
	if (r == -ERR_ABSENT)
		return err_set(e, ERR_BUSY, "port %u is listened on by a process that cannot be seen from here",
		               s.port);
	return r < 0 ? err_wrap(e, "find out who listens on port %u", s.port) : r;
}
