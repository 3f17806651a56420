#include "io/proc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define ANSWER_MAX ((size_t)64 << 10) /* of one message; the kernel's own limit is 32 KiB */
#define WAIT_S     10                 /* it answers within the call; a bound all the same */

struct wanted {
	const uint16_t *ports;
	size_t          n;
	proc_sockets   *all;
};

static int begin(int fd, int family, struct err *e)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 ask;
	} request = {
		.head = { .nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.ask = { .sdiag_family = (uint8_t)family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1u << TCP_LISTEN },
	};

	return send(fd, &request, sizeof request, 0) < 0 ? err_sys(e, errno, "ask the kernel who listens") : 0;
}

static int take(const struct wanted *w, const struct inet_diag_msg *m, struct err *e)
{
	struct proc_socket s = { .family = m->idiag_family, .listening = true, .inode = m->idiag_inode,
				 .local_port = ntohs(m->id.idiag_sport), .peer_port = ntohs(m->id.idiag_dport) };
	bool is_wanted = false;

	for (size_t i = 0; i < w->n; i++)
		is_wanted |= w->ports[i] == s.local_port;
	if (!is_wanted)
		return 0;
	if (!inet_ntop(s.family, m->id.idiag_src, s.local, sizeof s.local) || !inet_ntop(s.family, m->id.idiag_dst, s.peer, sizeof s.peer))
		return err_set(e, ERR_FORMAT, "an address of the kernel's is not understood");
	*vec_push(w->all) = s;
	return 0;
}

/* The last message of an answer ends with the error of what it was told by: a kernel with inet_diag and without tcp_diag says so
 * there, and nowhere else, that it cannot tell. */
static int is_done(const struct nlmsghdr *h, struct err *e)
{
	int said = 0;

	if (h->nlmsg_len >= NLMSG_LENGTH(sizeof said))
		memcpy(&said, NLMSG_DATA(h), sizeof said);
	return said < 0 ? err_sys(e, -said, "ask the kernel who listens") : 1;
}

int proc_tcp_told(const void *answer, size_t size, const uint16_t *ports, size_t n, proc_sockets *all, struct err *e)
{
	const struct wanted w = { ports, n, all };
	size_t left = size;

	for (const struct nlmsghdr *h = answer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_flags & NLM_F_DUMP_INTR)
			return err_set(e, ERR_CHANGED, "who listens changed while the kernel told it");
		if (h->nlmsg_type == NLMSG_DONE)
			return is_done(h, e);
		if (h->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *said = NLMSG_DATA(h);

			return err_sys(e, -said->error, "ask the kernel who listens");
		}
		if (h->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			return err_set(e, ERR_FORMAT, "the kernel's answer is too short");
		if (take(&w, NLMSG_DATA(h), e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

static int ask(int fd, int family, const uint16_t *ports, size_t n_ports, proc_sockets *all, struct err *e)
{
	autofree char *answer = xmalloc(ANSWER_MAX);
	int r = begin(fd, family, e);

	while (r == 0) {
		ssize_t n = recv(fd, answer, ANSWER_MAX, MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "hear who listens");
		if (n == 0 || (size_t)n > ANSWER_MAX)
			return err_set(e, ERR_FORMAT, "the kernel's answer has %zd bytes", n);
		r = proc_tcp_told(answer, (size_t)n, ports, n_ports, all, e);
	}
	return r < 0 ? r : 0;
}

static int ask_kernel(const uint16_t *ports, size_t n, proc_sockets *all, struct err *e)
{
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct timeval within = { .tv_sec = WAIT_S };

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &within, sizeof within) < 0)
		return err_sys(e, errno, "ask the kernel who listens");
	return ask(fd, AF_INET, ports, n, all, e) < 0 ? -(int)e->kind : ask(fd, AF_INET6, ports, n, all, e);
}

/* A kernel without sock_diag(7), or a sandbox without netlink, has the tables in /proc still. They are read, too, when the answer
 * was not whole: nobody is to be taken for stopped. */
static int read_tables(const uint16_t *ports, size_t n, proc_sockets *ret, struct err *e)
{
	proc_sockets all = { 0 };

	if (proc_tcp(0, ports, n, &all, e) < 0)
		return -(int)e->kind;
	vec_each(&all, s)
		if (s->listening)
			*vec_push(ret) = *s;
	vec_done(&all);
	return 0;
}

int proc_tcp_listening(const uint16_t *ports, size_t n, proc_sockets *ret, struct err *e)
{
	proc_sockets all = { 0 };
	int r = ask_kernel(ports, n, &all, e);

	if (r < 0) {
		vec_done(&all);
		err_clear(e);
		r = read_tables(ports, n, &all, e);
	}
	if (r < 0) {
		vec_done(&all);
		return r;
	}
	*ret = all;
	return 0;
}
