#include "net/tcp.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/own.h"

struct end {
	const char *host;
	uint16_t port;
	struct deadline d;
};

static int wait_for(const struct end *to, int fd, short events, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int n = poll(&p, 1, deadline_left_ms(to->d));

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_sys(e, errno, "wait for %s port %u", to->host, to->port);
		if (deadline_passed(to->d))
			return err_set(e, ERR_TIMEOUT, "%s port %u does not answer in time",
				       to->host, to->port);
	}
}

static int judge(const struct end *to, int sys, struct err *e)
{
	if (sys == ECONNREFUSED || sys == ECONNRESET)
		return err_set(e, ERR_REFUSED, "nobody listens on %s port %u", to->host, to->port);
	return err_sys(e, sys, "connect to %s port %u", to->host, to->port);
}

static int finish(const struct end *to, int fd, struct err *e)
{
	int sys = 0;
	socklen_t n = sizeof sys;

	if (wait_for(to, fd, POLLOUT, e) < 0)
		return -(int)e->kind;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &n) < 0)
		sys = errno;
	return sys ? judge(to, sys, e) : 0;
}

static int begin(const struct end *to, const struct addrinfo *a, uint32_t mark, struct err *e)
{
	autoclose int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, errno, "make a socket");
	if (mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) < 0)
		return err_sys(e, errno, "mark a connection of ours");
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)
		return judge(to, errno, e);
	return finish(to, fd, e) < 0 ? -(int)e->kind : take_fd(fd);
}

int tcp_connect(const char *host, uint16_t port, uint32_t mark, struct deadline d, struct err *e)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	const struct end to = { host, port, d };
	struct addrinfo *list = NULL;
	char service[8];
	int fd;

	snprintf(service, sizeof service, "%u", port);
	if (getaddrinfo(host, service, &hints, &list) != 0)
		return err_set(e, ERR_USAGE, "'%s' is no numeric address", host);
	fd = begin(&to, list, mark, e);
	freeaddrinfo(list);
	return fd;
}

/* 1 a byte, 0 none yet. */
static int next_byte(const struct end *to, int fd, char *ret, struct err *e)
{
	ssize_t n = recv(fd, ret, 1, 0);

	if (n > 0)
		return 1;
	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0 && errno == EAGAIN)
		return wait_for(to, fd, POLLIN, e);
	if (n == 0 || errno == ECONNRESET)
		return err_set(e, ERR_REFUSED, "%s port %u ends the connection unasked", to->host,
			       to->port);
	return err_sys(e, errno, "listen to %s port %u", to->host, to->port);
}

int tcp_banner(const char *host, uint16_t port, uint32_t mark, struct deadline d, struct buf *ret,
	       struct err *e)
{
	autoclose int fd = tcp_connect(host, port, mark, d, e);
	const struct end to = { host, port, d };
	char byte = 0;

	if (fd < 0)
		return fd;
	while (byte != '\n') {
		int r = next_byte(&to, fd, &byte, e);

		if (r < 0)
			return r;
		if (r && byte != '\r' && byte != '\n')
			buf_addc(ret, byte);
		if (buf_check(ret, "what the server says first", e) < 0)
			return -(int)e->kind;
	}
	return 0;
}
