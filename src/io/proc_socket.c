#include "io/proc.h"

#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "io/file.h"

#define DESCRIPTORS_MAX (1u << 20)

/* "socket:[12345]" */
static bool is_socket(const char *target, uint64_t *ret_inode)
{
	struct sv number = sv_of(target);

	if (!sv_starts(number, "socket:[") || !sv_ends(number, "]"))
		return false;
	(void)sv_cut(&number, '[');
	return sv_u64(sv_cut(&number, ']'), ret_inode);
}

static uint64_t bit_of(uint64_t inode, const uint64_t *inodes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (inodes[i] == inode)
			return UINT64_C(1) << i;
	return 0;
}

/* A process that ends, or is closed to us, has none. */
static int look_at(pid_t pid, const uint64_t *inodes, size_t n, unsigned *left, uint64_t *ret_which,
                   struct err *e)
{
	uint64_t which = 0, inode;
	struct dirent *entry;
	char path[64];
	DIR *d;

	(void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	d = opendir(path);
	while (d && (entry = readdir(d)) && *left) {
		char target[64];
		ssize_t len = readlinkat(dirfd(d), entry->d_name, target, sizeof target - 1);

		(*left)--;
		target[len > 0 ? len : 0] = '\0';
		if (is_socket(target, &inode))
			which |= bit_of(inode, inodes, n);
	}
	if (d)
		closedir(d);
	if (!*left)
		return err_set(e, ERR_SPACE, "there are more than %u open files to look at", DESCRIPTORS_MAX);
	*ret_which = which;
	return 0;
}

static int check_number(size_t n, struct err *e)
{
	return n <= PROC_SOCKETS_MAX ? 0 :
	                               err_set(e, ERR_SPACE, "%zu sockets are more than %d at once", n,
	                                       PROC_SOCKETS_MAX);
}

int proc_has_sockets(pid_t pid, const uint64_t *inodes, size_t n, uint64_t *ret_which, struct err *e)
{
	unsigned left = DESCRIPTORS_MAX;

	if (check_number(n, e) < 0)
		return -(int)e->kind;
	return look_at(pid, inodes, n, &left, ret_which, e);
}

int proc_socket_holders(const uint64_t *inodes, size_t n, socket_holders *ret, struct err *e)
{
	unsigned left = DESCRIPTORS_MAX;
	socket_holders found = { 0 };
	pid_list all = { 0 };
	int r = 0;

	if (check_number(n, e) < 0 || proc_all(&all, e) < 0)
		return -(int)e->kind;
	for (size_t i = 0; r == 0 && n && i < all.n; i++) {
		uint64_t which = 0;

		r = look_at(all.v[i], inodes, n, &left, &which, e);
		if (which)
			*vec_push(&found) = (struct socket_holder){ .pid = all.v[i], .which = which };
	}
	vec_done(&all);
	if (r < 0) {
		vec_done(&found);
		return r;
	}
	*ret = found;
	return 0;
}

static uint16_t port_of(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)a)->sin_port);
	return a->ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)a)->sin6_port) : 0;
}

static bool connects(int fd, uint16_t local_port, uint16_t peer_port)
{
	struct sockaddr_storage here = { 0 }, there = { 0 };
	socklen_t n = sizeof here, m = sizeof there;

	return getsockname(fd, (struct sockaddr *)&here, &n) == 0 && port_of(&here) == local_port &&
	       getpeername(fd, (struct sockaddr *)&there, &m) == 0 && port_of(&there) == peer_port;
}

bool proc_connected(uint16_t local_port, uint16_t peer_port)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *entry;
	bool found = false;

	while (d && !found && (entry = readdir(d))) {
		struct sv name = sv_of(entry->d_name);
		uint64_t fd;

		found = sv_u64(name, &fd) && fd <= INT32_MAX && connects((int)fd, local_port, peer_port);
	}
	if (d)
		closedir(d);
	return found;
}
