#include "io/sock_diag.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define ANSWER_MAX ((size_t)64 << 10) /* of one message; the kernel's own limit is 32 KiB */
#define WAIT_S     10                 /* it answers within the call; a bound all the same */

struct request {
	struct nlmsghdr head;
	struct inet_diag_req_v2 ask;
};

int sock_diag_open(int *ret, struct err *e)
{
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct timeval within = { .tv_sec = WAIT_S };

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &within, sizeof within) < 0)
		return err_sys(e, errno, "ask the kernel for its sockets");
	*ret = take_fd(fd);
	return 0;
}

static int ask(int fd, const struct request *r, struct err *e)
{
	return send(fd, r, sizeof *r, 0) < 0 ? err_sys(e, errno, "ask the kernel for its sockets") : 0;
}

/* The size of what came, -kind. */
static ssize_t hear(int fd, char *answer, struct err *e)
{
	ssize_t n;

	do
		n = recv(fd, answer, ANSWER_MAX, MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, errno, "hear of the kernel's sockets");
	if (n == 0 || (size_t)n > ANSWER_MAX)
		return err_set(e, ERR_FORMAT, "the kernel's answer has %zd bytes", n);
	return n;
}

/* The last message of an answer ends with the error of what it was told by: a kernel with inet_diag and without tcp_diag says so
 * there, and nowhere else, that it cannot tell. */
static int is_done(const struct nlmsghdr *h, struct err *e)
{
	int said = 0;

	if (h->nlmsg_len >= NLMSG_LENGTH(sizeof said))
		memcpy(&said, NLMSG_DATA(h), sizeof said);
	return said < 0 ? err_sys(e, -said, "ask the kernel for its sockets") : 1;
}

int sock_diag_told(const void *answer, size_t size, sock_diag_visit *visit, void *arg, struct err *e)
{
	size_t left = size;

	for (const struct nlmsghdr *h = answer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_flags & NLM_F_DUMP_INTR)
			return err_set(e, ERR_CHANGED, "the sockets changed while the kernel told of them");
		if (h->nlmsg_type == NLMSG_DONE)
			return is_done(h, e);
		if (h->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *said = NLMSG_DATA(h);

			return err_sys(e, -said->error, "ask the kernel for its sockets");
		}
		if (h->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			return err_set(e, ERR_FORMAT, "the kernel's answer is too short");
		if (visit(arg, h, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

int sock_diag_each(int fd, int family, uint32_t states, sock_diag_visit *visit, void *arg, struct err *e)
{
	const struct request all = {
		.head = { .nlmsg_len = sizeof all, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.ask = { .sdiag_family = (uint8_t)family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = states },
	};
	autofree char *answer = xmalloc(ANSWER_MAX);
	int r = ask(fd, &all, e);

	while (r == 0) {
		ssize_t n = hear(fd, answer, e);

		r = n < 0 ? (int)n : sock_diag_told(answer, (size_t)n, visit, arg, e);
	}
	return r < 0 ? r : 0;
}

int sock_diag_destroy(int fd, const struct inet_diag_msg *of, struct err *e)
{
	const struct request end = {
		.head = { .nlmsg_len = sizeof end, .nlmsg_type = SOCK_DESTROY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.ask = { .sdiag_family = of->idiag_family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = UINT32_MAX, .id = of->id },
	};
	autofree char *answer = xmalloc(ANSWER_MAX);
	const struct nlmsghdr *h = (const void *)answer;
	const struct nlmsgerr *said;
	ssize_t n = ask(fd, &end, e) < 0 ? -(int)e->kind : hear(fd, answer, e);

	if (n < 0)
		return (int)n;
	if (!NLMSG_OK(h, (size_t)n) || h->nlmsg_type != NLMSG_ERROR || h->nlmsg_len < NLMSG_LENGTH(sizeof *said))
		return err_set(e, ERR_FORMAT, "the kernel does not say whether it ended a connection");
	said = NLMSG_DATA(h);
	return said->error && said->error != -ENOENT ? err_sys(e, -said->error, "end a connection") : 0;
}
