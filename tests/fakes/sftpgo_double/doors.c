#include "double.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASK_WITHIN_MS 2000

static volatile sig_atomic_t stopping;

static void stop(int sig unused_arg)
{
	stopping = 1;
}

static int listen_at(const struct server *s, const char *section)
{
	const json_t *binding = json_array_get(json_object_get(json_object_get(s->conf, section), "bindings"), 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)json_integer_value(json_object_get(binding, "port"))),
				  .sin_addr.s_addr = inet_addr(json_string_value(json_object_get(binding, "address"))) };

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 64) == 0)
		return fd;
	printf("could not start %s: %s\n", section, strerror(errno));
	close(fd);
	return -1;
}

static void say(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void answer(int fd, const struct server *s, const char *status, const char *body)
{
	autofree char *text = xasprintf("HTTP/1.1 %s\r\nServer: SFTPGo/%s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
					status, s->version, strlen(body), body);

	say(fd, text);
}

/* The head, and of a body as much as ends with a brace; a POST or PUT has one. */
static bool read_ask(int fd, char *ask, size_t max)
{
	struct timeval within = { .tv_sec = ASK_WITHIN_MS / 1000 };
	size_t n = 0;
	ssize_t more;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &within, sizeof within);
	while ((more = recv(fd, ask + n, max - 1 - n, 0)) > 0) {
		n += (size_t)more;
		ask[n] = '\0';
		if (strstr(ask, "\r\n\r\n") && (*ask != 'P' || ask[n - 1] == '}'))
			return true;
	}
	return false;
}

static void serve_api(int fd, struct server *s, const char *ask)
{
	autofree char *told = NULL;
	char verb[8], path[256];
	const char *head = strstr(ask, "\r\n"), *body = strstr(ask, "\r\n\r\n");
	int status = sscanf(ask, "%7s %255s", verb, path) == 2 ? api_serve(s, verb, path, head, body + 4, &told) : 404;

	if (status == 200)
		answer(fd, s, "200 OK", told);
	else
		answer(fd, s, status == 401 ? "401 Unauthorized" : "404 Not Found", "{\"message\":\"no\"}");
}

/* "POST /api/v2/users" with a body that names one, and "GET /healthz"; the others are of a login. */
static void serve_http(int fd, struct server *s)
{
	char ask[4096], name[64];
	const char *body;

	if (!read_ask(fd, ask, sizeof ask))
		return;
	body = strstr(ask, "\r\n\r\n");
	if (misbehaves(s, "healthz", "garbage"))
		say(fd, "\001\002 this is no HTTP\r\n\r\n");
	else if (misbehaves(s, "healthz", "500"))
		answer(fd, s, "500 Internal Server Error", "no");
	else if (!strncmp(ask, "GET /healthz ", 13))
		answer(fd, s, "200 OK", "ok");
	else if (!strncmp(ask, "POST /api/v2/users ", 19) && body && sscanf(body, " {\"username\":\"%63[a-z0-9-]\"}", name) == 1)
		answer(fd, s, provider_add_user(s, name) ? "201 Created" : "500 Internal Server Error", "{}");
	else
		serve_api(fd, s, ask);
}

static void serve_ssh(int fd, struct server *s)
{
	autofree char *banner = xasprintf("SSH-2.0-SFTPGo_%s\r\n", s->version);

	if (!misbehaves(s, "sftp", "mute"))
		say(fd, banner);
	else
		poll(NULL, 0, ASK_WITHIN_MS);
}

static void serve_one(int door, struct server *s, void (*serve)(int fd, struct server *s))
{
	int fd = accept4(door, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	serve(fd, s);
	close(fd);
}

/* What it is told of stopping is read again when it is asked to. */
static bool is_told(struct server *s)
{
	if (!stopping)
		return false;
	stopping = 0;
	control_read(s);
	return !misbehaves(s, "stop", "ignore");
}

/* A signal that came between two waits is seen at the next, at the latest. */
static void serve_until_told(struct server *s, struct pollfd doors[2])
{
	while (!is_told(s)) {
		if (poll(doors, 2, 20) <= 0)
			continue;
		if (doors[0].revents)
			serve_one(doors[0].fd, s, serve_http);
		if (doors[1].revents)
			serve_one(doors[1].fd, s, serve_ssh);
	}
}

/* HTTP answers before SFTP listens (facts: seen on the real server). */
int doors_serve(struct server *s)
{
	struct pollfd doors[2] = { { .fd = -1, .events = POLLIN }, { .fd = -1, .events = POLLIN } };

	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	signal(SIGPIPE, SIG_IGN);
	doors[0].fd = listen_at(s, "httpd");
	if (!misbehaves(s, "sftp", "deaf"))
		doors[1].fd = listen_at(s, "sftpd");
	if (doors[0].fd < 0 || (doors[1].fd < 0 && !misbehaves(s, "sftp", "deaf")))
		return 1;
	serve_until_told(s, doors);
	for (int i = 0; i < 2; i++)
		close(doors[i].fd);
	while (misbehaves(s, "stop", "never"))
		pause();
	return 0;
}
