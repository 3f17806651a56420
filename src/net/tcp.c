#include "net/tcp.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/own.h"

int tcp_wait(int fd, short events, struct deadline d, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int n = poll(&p, 1, deadline_left_ms(d));

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_sys(e, errno, "wait for an answer");
		if (deadline_passed(d))
			return err_set(e, ERR_TIMEOUT, "no answer in time");
	}
}

/* ---- connecting ---- */

static int judge(int sys, struct err *e)
{
	if (sys == ECONNREFUSED || sys == ECONNRESET)
		return err_set(e, ERR_REFUSED, "nobody listens");
	return err_sys(e, sys, "connect");
}

static int finish(int fd, struct deadline d, struct err *e)
{
	int sys = 0;
	socklen_t n = sizeof sys;

	if (tcp_wait(fd, POLLOUT, d, e) < 0)
		return -(int)e->kind;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &n) < 0)
		sys = errno;
	return sys ? judge(sys, e) : 0;
}

static int begin(const struct addrinfo *a, uint32_t mark, struct deadline d, struct err *e)
{
	autoclose int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, errno, "make a socket");
	if (mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) < 0)
		return err_sys(e, errno, "mark a connection of ours");
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)
		return judge(errno, e);
	return finish(fd, d, e) < 0 ? -(int)e->kind : take_fd(fd);
}

int tcp_connect(const char *host, uint16_t port, uint32_t mark, struct deadline d, struct err *e)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	char service[8];
	int fd;

	snprintf(service, sizeof service, "%u", port);
	if (getaddrinfo(host, service, &hints, &list) != 0)
		return err_set(e, ERR_USAGE, "'%s' is no numeric address", host);
	fd = begin(list, mark, d, e);
	freeaddrinfo(list);
	return fd < 0 ? err_wrap(e, "%s port %u", host, port) : fd;
}

/* ---- bytes ---- */

/* 0 to try again. */
static int again_or_over(int fd, ssize_t n, short events, struct deadline d, struct err *e)
{
	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0 && errno == EAGAIN)
		return tcp_wait(fd, events, d, e);
	if (n == 0 || errno == ECONNRESET || errno == EPIPE)
		return err_set(e, ERR_REFUSED, "the other side ends the connection");
	return err_sys(e, errno, "talk to the other side");
}

int tcp_send(int fd, struct sv bytes, struct deadline d, struct err *e)
{
	while (bytes.n) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n > 0)
			bytes = (struct sv){ bytes.p + n, bytes.n - (size_t)n };
		else if (again_or_over(fd, n, POLLOUT, d, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

int tcp_receive(int fd, void *to, size_t n, struct deadline d, struct err *e)
{
	for (size_t have = 0; have < n;) {
		ssize_t more = recv(fd, (char *)to + have, n - have, 0);

		if (more > 0)
			have += (size_t)more;
		else if (again_or_over(fd, more, POLLIN, d, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

/* Byte by byte: what follows the line is not ours to take. */
int tcp_line(int fd, struct deadline d, struct buf *ret, struct err *e)
{
	char byte = 0;

	while (byte != '\n') {
		if (tcp_receive(fd, &byte, 1, d, e) < 0)
			return -(int)e->kind;
		if (byte != '\r' && byte != '\n')
			buf_addc(ret, byte);
		if (buf_check(ret, "a line of the other side", e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

int tcp_banner(const char *host, uint16_t port, uint32_t mark, struct deadline d, struct buf *ret,
	       struct err *e)
{
	autoclose int fd = tcp_connect(host, port, mark, d, e);

	if (fd < 0)
		return fd;
	return tcp_line(fd, d, ret, e) < 0 ? err_wrap(e, "%s port %u", host, port) : 0;
}
