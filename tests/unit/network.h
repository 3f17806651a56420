/* A network of this test's own, where one can be had, before main() is run: a port that nobody listens on stays so, and what a test
 * starts there is met by nobody else, but by its own children, which run in the same one. Without it (no root) ports are those of the
 * machine. */
#pragma once

#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NETWORK_IS_OWN "CROSSGRADE_TEST_NETWORK"

static bool network_is_own;

static void __attribute__((constructor)) network_make_own(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd;

	network_is_own = getenv(NETWORK_IS_OWN);
	if (network_is_own || unshare(CLONE_NEWNET) < 0)
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0) {
		r.ifr_flags |= IFF_UP;
		network_is_own = ioctl(fd, SIOCSIFFLAGS, &r) == 0 && setenv(NETWORK_IS_OWN, "1", 1) == 0;
	}
	close(fd);
}
