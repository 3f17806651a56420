/* A port of loopback for a server that is started a moment later. One that the kernel chose is anybody's again once it is
 * closed, and a client's own port is drawn from the same range; these lie below that range, and all tests of this machine take
 * them in turn, by one counter: nobody gets the same one until thousands of others were taken. real/server.sh does the same. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORT_COUNTER "/tmp/crossgrade-tests.port"
#define PORT_FIRST   20000
#define PORT_COUNT   12000

static inline bool port_is_free(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	bool is = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;

	close(fd);
	return is;
}

/* Opened without O_CREAT if it is there: of a sticky directory that is refused to whom the file does not belong. */
static inline int port_counter(void)
{
	int fd = open(PORT_COUNTER, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = open(PORT_COUNTER, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd >= 0)
		fchmod(fd, 0666);
	return fd;
}

/* Ends the program when there is none. */
static inline uint16_t port_take(void)
{
	char text[16] = "";
	int fd = port_counter();

	for (int i = 0; fd >= 0 && flock(fd, LOCK_EX) == 0 && i < PORT_COUNT; i++) {
		long n = pread(fd, text, sizeof text - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
		uint16_t port = (uint16_t)(PORT_FIRST + (n + 1) % PORT_COUNT);
		int len = snprintf(text, sizeof text, "%d\n", port - PORT_FIRST);

		if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) != len)
			break;
		if (port_is_free(port)) {
			close(fd);
			return port;
		}
	}
	perror(PORT_COUNTER);
	_exit(1);
}
