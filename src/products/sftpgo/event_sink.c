#include "products/sftpgo/event_sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define ONE_WITHIN (5 * NS_PER_S)

int event_sink_open(struct event_sink *ret, struct err *e)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &n) < 0)
		return err_sys(e, errno, "listen on loopback");
	*ret = (struct event_sink){ .fd = take_fd(fd), .port = ntohs(at.sin_port) };
	return 0;
}

void event_sink_close(struct event_sink *s)
{
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct event_sink)EVENT_SINK_NONE;
}

/* 1 there is something to read, 0 the time is over. */
static int wait_for(int fd, struct deadline d, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, deadline_left_ms(d));
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, errno, "wait for a request") : n;
}

/* Bytes that the head says the body has; SIZE_MAX while the head is not whole. */
static size_t body_size(const struct buf *request, size_t *ret_head)
{
	static const char name[] = "content-length:";
	const char *end = strstr(buf_str(request), "\r\n\r\n"), *length = strcasestr(buf_str(request), name);
	uint64_t n = 0;

	if (!end)
		return SIZE_MAX;
	*ret_head = (size_t)(end + 4 - buf_str(request));
	if (length && length < end) {
		struct sv rest = sv_of(length + sizeof name - 1);

		if (!sv_u64(sv_trim(sv_line(&rest)), &n) || n > EVENT_SINK_MAX)
			n = EVENT_SINK_MAX;
	}
	return (size_t)n;
}

/* Too long a one is cut: it is compared with what is shorter. */
static void note_basic(struct sv head, char *ret, size_t n)
{
	static const char name[] = "authorization: basic ";

	ret[0] = '\0';
	while (head.n) {
		struct sv line = sv_trim(sv_line(&head));

		if (line.n >= sizeof name - 1 && !strncasecmp(line.p, name, sizeof name - 1))
			snprintf(ret, n, "%.*s", (int)(line.n - sizeof name + 1), line.p + sizeof name - 1);
	}
}

/* 1 a whole request. */
static int read_request(int fd, struct deadline d, struct buf *request, size_t *ret_head, struct err *e)
{
	for (;;) {
		size_t body = body_size(request, ret_head);
		char *room = buf_room(request, 4096);
		ssize_t n;

		if (body != SIZE_MAX && request->len >= *ret_head + body)
			return 1;
		if (!room)
			return 0;
		n = wait_for(fd, d, e);
		if (n <= 0)
			return (int)n;
		n = read(fd, room, 4096);
		if (n <= 0)
			return 0;
		buf_grew(request, (size_t)n);
	}
}

static int serve(struct event_sink *s, int fd, struct deadline d, struct buf *path, struct buf *body, struct err *e)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	autobuf struct buf request = BUF_MAX(EVENT_SINK_MAX);
	struct sv head;
	size_t n = 0;
	int r = read_request(fd, d, &request, &n, e);

	if (r <= 0)
		return r;
	/* Whoever does not wait for it has been heard all the same. */
	(void)send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
	head = (struct sv){ request.data, n };
	note_basic(head, s->basic, sizeof s->basic);
	(void)sv_cut(&head, ' ');
	buf_add_sv(path, sv_cut(&head, ' '));
	buf_add(body, request.data + n, request.len - n);
	return 1;
}

int event_sink_take(struct event_sink *s, struct deadline d, struct buf *path, struct buf *body, struct err *e)
{
	for (;;) {
		autoclose int fd = -1;
		int r = wait_for(s->fd, d, e);

		if (r <= 0)
			return r;
		fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		buf_reset(path);
		buf_reset(body);
		r = serve(s, fd, deadline_in(MIN_OF(deadline_left_ns(d), ONE_WITHIN)), path, body, e);
		if (r != 0)
			return r;
	}
}
