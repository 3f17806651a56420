/* docker-client: the docker program of a stand-in whose daemon runs (dockerd beside this file). It hands over its arguments and its
 * descriptors and ends as the daemon says; a Python of its own for each call would take twenty times as long.
 *
 * $DOCKER_CONFIG/docker.sock is where the daemon listens. One request: [NAME=value\0]...\0[argument\0]..., with descriptors 0 to 2; one
 * answer: a byte, the exit status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define REQUEST_MAX 65536

static int away(const char *path)
{
	(void)fprintf(stderr, "Cannot connect to the Docker daemon at unix://%s. Is the docker daemon running?\n", path);
	return 1;
}

static void add_word(struct buf *b, const char *word)
{
	buf_adds(b, word);
	buf_addc(b, '\0');
}

/* With the descriptors of this program. */
static bool hand_over(int s, const struct buf *request)
{
	int fds[] = { 0, 1, 2 };
	union {
		char bytes[CMSG_SPACE(sizeof fds)];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec words = { request->data, request->len };
	struct msghdr m = { .msg_iov = &words, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fds);
	memcpy(CMSG_DATA(c), fds, sizeof fds);
	return sendmsg(s, &m, 0) == (ssize_t)request->len;
}

int main(int argc, char **argv)
{
	autobuf struct buf request = BUF_MAX(REQUEST_MAX);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const char *home = getenv("DOCKER_CONFIG");
	int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	unsigned char status;

	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s/docker.sock", home ? home : "");
	for (char **e = environ; *e; e++)
		add_word(&request, *e);
	add_word(&request, "");
	for (int i = 1; i < argc; i++)
		add_word(&request, argv[i]);
	if (s < 0 || connect(s, (struct sockaddr *)&at, sizeof at) < 0 || !hand_over(s, &request) || read(s, &status, 1) != 1)
		return away(at.sun_path);
	return status;
}
