/* Questions at the Engine's own socket. A program for each of them takes ten times as long as the answer, and between the stop of a
 * server and its start every question is downtime. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/json.h"
#include "svc/docker.h"

#define SOCKET     "/var/run/docker.sock"
#define ANSWER_MAX ((size_t)4 << 20)
#define CONFIG_MAX ((size_t)1 << 20)
#define SHUN_NS    (60 * NS_PER_S)      /* one that was slow is left to the program, which knows how to wait */

/* Does the operator's own configuration name another daemon? */
static bool has_context(void)
{
	const char *dir = getenv("DOCKER_CONFIG");
	autofree char *path = dir && *dir ? xasprintf("%s/config.json", dir) : xasprintf("%s/.docker/config.json", getenv("HOME"));
	autojson json_t *config = NULL;
	struct err absent = ERR_INIT;
	const char *named;

	if (json_read_path(path, CONFIG_MAX, &config, &absent) < 0)
		return absent.kind != ERR_ABSENT;
	named = json_str(config, "currentContext", "");
	return *named && strcmp(named, "default") != 0;
}

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

/* Of the daemon that the program would ask; NULL: only the program knows. */
static const char *socket_path(void)
{
	const char *host = getenv("DOCKER_HOST");

	if (is_set("CROSSGRADE_DOCKER") || is_set("DOCKER_CONTEXT"))
		return NULL;
	if (host && *host)
		return strncmp(host, "unix://", 7) ? NULL : host + 7;
	/* The program asks the host's users where home is, and may find a context there. */
	if (!is_set("DOCKER_CONFIG") && !is_set("HOME"))
		return NULL;
	return has_context() ? NULL : SOCKET;
}

static int open_socket(const char *path)
{
	struct timeval within = { .tv_sec = DOCKER_WITHIN / NS_PER_S };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	autoclose int fd = -1;

	if (strlen(path) >= sizeof at.sun_path)
		return -1;
	memcpy(at.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &within, sizeof within) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &within, sizeof within) < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
		return -1;
	return take_fd(fd);
}

/* HTTP/1.0: the answer goes to the end. */
static bool exchange(int fd, const char *path, struct buf *ret)
{
	autofree char *request = xasprintf("GET %s HTTP/1.0\r\nHost: docker\r\n\r\n", path);
	struct deadline until = deadline_in(DOCKER_WITHIN);
	char piece[16384];
	ssize_t n;

	if (send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
		return false;
	while ((n = recv(fd, piece, sizeof piece, 0)) > 0 && !deadline_passed(until))
		buf_add(ret, piece, (size_t)n);
	return n == 0 && !ret->full;
}

static bool is_plain(const char *path)
{
	return !path[strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/@?=&%-")];
}

static int get(const char *path, json_type wanted, json_t **ret, struct err *e)
{
	static int64_t shunned_ns;
	autobuf struct buf said = BUF_MAX(ANSWER_MAX);
	autojson json_t *doc = NULL;
	const char *at = socket_path();
	autoclose int fd = -1;

	if (!at || !is_plain(path) || (shunned_ns && clock_mono_ns() - shunned_ns < SHUN_NS))
		return 1;
	fd = open_socket(at);
	if (fd < 0)
		return 1;
	if (!exchange(fd, path, &said)) {
		shunned_ns = clock_mono_ns();
		return 1;
	}
	if (docker_answer(buf_sv(&said), &doc, e) < 0) {
		if (e->kind == ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		return 1;
	}
	if (json_typeof(doc) != wanted)
		return 1;
	*ret = take_ptr(doc);
	return 0;
}

int docker_get(const char *path, json_t **ret, struct err *e)
{
	return get(path, JSON_OBJECT, ret, e);
}

static bool is_word(const char *text)
{
	return *text && !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")];
}

/* {"label":["com.docker.compose.project=shop"]}, encoded. */
int docker_list(const char *const *labels, json_t **ret, struct err *e)
{
	autobuf struct buf path = BUF_MAX(8192);

	buf_adds(&path, "/containers/json?all=1&filters=%7B%22label%22%3A%5B");
	for (size_t i = 0; labels[i]; i++) {
		const char *equals = strchr(labels[i], '=');

		if (!is_word(equals + 1))
			return 1;
		buf_addf(&path, "%s%%22%.*s%%3D%s%%22", i ? "%2C" : "", (int)(equals - labels[i]), labels[i], equals + 1);
	}
	buf_adds(&path, "%5D%7D");
	return buf_check(&path, "a question to docker", e) < 0 ? -(int)e->kind : get(buf_str(&path), JSON_ARRAY, ret, e);
}
