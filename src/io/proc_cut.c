#include "io/proc.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "io/sock_diag.h"

#define SPARED_MAX 4096
#define ROUNDS_MAX 4    /* one that was being made when the door was shut shows up in the second */

/* Not those that nothing goes through any more, nor those that come from a port of the server's number. */
#define CARRYING   (~(1u << TCP_LISTEN | 1u << TCP_SYN_SENT | 1u << TCP_TIME_WAIT | 1u << TCP_CLOSE))

/* One end of a connection; an IPv4 address as IPv6 writes it, for a server on both has it so. */
struct end {
	struct in6_addr at;
	uint16_t        port;
};

struct cutting {
	const uint16_t *ports;
	size_t          n;
	uint32_t        but_mark;
	VEC(struct end) spared;
	int             destroyer;      /* the socket that tells of connections is not free until it has told of all */
	size_t          cut;
	bool            unable;
};

static struct end end_of(uint8_t family, const uint32_t *at, uint16_t port)
{
	struct end all = { .port = ntohs(port) };

	if (family == AF_INET6) {
		memcpy(&all.at, at, sizeof all.at);
	} else {
		all.at.s6_addr[10] = all.at.s6_addr[11] = 0xff;
		memcpy(&all.at.s6_addr[12], at, sizeof *at);
	}
	return all;
}

static bool is_wanted(const struct cutting *c, uint16_t port)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->ports[i] == port)
			return true;
	return false;
}

/* The kernel tells marks to who may set them. */
static uint32_t mark_of(const struct nlmsghdr *one)
{
	const struct inet_diag_msg *m = NLMSG_DATA(one);
	int left = (int)(one->nlmsg_len - NLMSG_LENGTH(sizeof *m));
	uint32_t mark = 0;

	for (const struct rtattr *a = (const void *)(m + 1); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == INET_DIAG_MARK && RTA_PAYLOAD(a) >= sizeof mark)
			memcpy(&mark, RTA_DATA(a), sizeof mark);
	return mark;
}

static int spare(void *arg, const struct nlmsghdr *one, struct err *e)
{
	struct cutting *c = arg;
	const struct inet_diag_msg *m = NLMSG_DATA(one);

	if (!is_wanted(c, ntohs(m->id.idiag_dport)) || mark_of(one) != c->but_mark)
		return 0;
	if (c->spared.n >= SPARED_MAX)
		return err_set(e, ERR_SPACE, "more than %d connections of our own", SPARED_MAX);
	*vec_push(&c->spared) = end_of(m->idiag_family, m->id.idiag_src, m->id.idiag_sport);
	return 0;
}

static bool is_spared(const struct cutting *c, const struct inet_diag_msg *m)
{
	struct end other = end_of(m->idiag_family, m->id.idiag_dst, m->id.idiag_dport);

	vec_each(&c->spared, it)
		if (it->port == other.port && !memcmp(&it->at, &other.at, sizeof other.at))
			return true;
	return false;
}

static int cut(void *arg, const struct nlmsghdr *one, struct err *e)
{
	struct cutting *c = arg;
	const struct inet_diag_msg *m = NLMSG_DATA(one);
	int done;

	if (c->unable || !is_wanted(c, ntohs(m->id.idiag_sport)) || is_spared(c, m))
		return 0;
	done = sock_diag_destroy(c->destroyer, m, e);
	c->unable |= done == 0;
	c->cut++;
	return done;
}

static int each(int fd, sock_diag_visit *visit, struct cutting *c, struct err *e)
{
	return sock_diag_each(fd, AF_INET, CARRYING, visit, c, e) < 0 ? -(int)e->kind : sock_diag_each(fd, AF_INET6, CARRYING, visit, c, e);
}

static int cut_all(int fd, struct cutting *c, struct err *e)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		c->cut = 0;
		vec_done(&c->spared);
		/* ERR_CHANGED: it changed while it was told; the next round hears it anew. */
		if (each(fd, spare, c, e) < 0 || each(fd, cut, c, e) < 0) {
			if (e->kind != ERR_CHANGED)
				return -(int)e->kind;
			err_clear(e);
			continue;
		}
		if (!c->cut || c->unable)
			return !c->unable;
	}
	return err_set(e, ERR_CHANGED, "connections to the server's ports keep coming");
}

int proc_tcp_cut(const uint16_t *ports, size_t n, uint32_t but_mark, struct err *e)
{
	struct cutting c = { .ports = ports, .n = n, .but_mark = but_mark, .destroyer = -1 };
	autoclose int fd = -1;
	int r = sock_diag_open(&fd, e);

	if (r == 0)
		r = sock_diag_open(&c.destroyer, e);
	if (r == 0)
		r = cut_all(fd, &c, e);
	if (c.destroyer >= 0)
		close(c.destroyer);
	vec_done(&c.spared);
	/* No sock_diag(7), or none for TCP: nothing can be told, and so nothing ended. */
	if (r < 0 && (e->sys == ENOENT || e->sys == EPROTONOSUPPORT)) {
		err_clear(e);
		r = 0;
	}
	return r;
}
