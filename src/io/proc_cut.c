#include "io/proc.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/sock_diag.h"

#define SPARED_MAX 4096
#define ROUNDS_MAX 4    /* one that was being made when the door was shut shows up in the second */

/* Those through which somebody may still be answered. */
#define OPEN       (1u << TCP_ESTABLISHED | 1u << TCP_SYN_RECV | 1u << TCP_CLOSE_WAIT)
#define CLOSING    (1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 | 1u << TCP_CLOSING | 1u << TCP_LAST_ACK)

#define ROUND_NS   (5 * NS_PER_MS)

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

	if (mark_of(one) != c->but_mark)
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

/* One that its server has closed already: what it still sends was said before, and kernels before 6.11 keep such a one for ever when they are
 * told to end it (tcp_abort() of a socket that nobody holds). */
static bool is_left(const struct inet_diag_msg *m)
{
	return !m->idiag_inode && (1u << m->idiag_state) & CLOSING;
}

static int cut(void *arg, const struct nlmsghdr *one, struct err *e)
{
	struct cutting *c = arg;
	const struct inet_diag_msg *m = NLMSG_DATA(one);

	if (!is_wanted(c, ntohs(m->id.idiag_sport)) || is_left(m) || is_spared(c, m))
		return 0;
	c->cut++;
	return sock_diag_destroy(c->destroyer, m, e);
}

static int each(sock_diag_visit *visit, struct cutting *c, struct err *e)
{
	autoclose int fd = -1;

	if (sock_diag_open(&fd, e) < 0 || sock_diag_each(fd, AF_INET, OPEN | CLOSING, visit, c, e) < 0)
		return -(int)e->kind;
	return sock_diag_each(fd, AF_INET6, OPEN | CLOSING, visit, c, e);
}

static int cut_all(struct cutting *c, struct err *e)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		if (round)
			clock_sleep_ns(ROUND_NS);
		c->cut = 0;
		vec_done(&c->spared);
		if (each(spare, c, e) < 0 || each(cut, c, e) < 0) {
			/* It changed while it was told: the next round hears it anew. */
			if (e->kind != ERR_CHANGED)
				return -(int)e->kind;
			err_clear(e);
			continue;
		}
		if (!c->cut)
			return 0;
	}
	return err_set(e, ERR_CHANGED, "connections to the server's ports keep coming");
}

int proc_tcp_cut(const uint16_t *ports, size_t n, uint32_t but_mark, struct err *e)
{
	struct cutting c = { .ports = ports, .n = n, .but_mark = but_mark, .destroyer = -1 };
	int r = sock_diag_open(&c.destroyer, e);

	if (r == 0)
		r = cut_all(&c, e);
	if (c.destroyer >= 0)
		close(c.destroyer);
	vec_done(&c.spared);
	return r;
}

bool proc_tcp_cannot_cut(const struct err *e)
{
	return e->sys == EOPNOTSUPP || e->sys == ENOENT || e->sys == EPROTONOSUPPORT;
}
