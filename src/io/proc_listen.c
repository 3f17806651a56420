#include "io/proc.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/sock_diag.h"

struct wanted {
	const uint16_t *ports;
	size_t          n;
	proc_sockets   *all;
};

static int take(void *arg, const struct nlmsghdr *one, struct err *e)
{
	const struct wanted *w = arg;
	const struct inet_diag_msg *m = NLMSG_DATA(one);
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

int proc_tcp_told(const void *answer, size_t size, const uint16_t *ports, size_t n, proc_sockets *all, struct err *e)
{
	struct wanted w = { ports, n, all };

	return sock_diag_told(answer, size, take, &w, e);
}

static int ask_kernel(const uint16_t *ports, size_t n, proc_sockets *all, struct err *e)
{
	struct wanted w = { ports, n, all };
	autoclose int fd = -1;

	if (sock_diag_open(&fd, e) < 0 || sock_diag_each(fd, AF_INET, 1u << TCP_LISTEN, take, &w, e) < 0)
		return -(int)e->kind;
	return sock_diag_each(fd, AF_INET6, 1u << TCP_LISTEN, take, &w, e);
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
