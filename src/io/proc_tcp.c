#include "io/proc.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "io/file.h"

#define TABLE_MAX    (64u << 20)
#define STATE_LISTEN 10
#define CHAIN_MAX    64

static bool hex(struct sv s, uint64_t *ret)
{
	uint64_t v = 0;

	if (!s.n || s.n > 16)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
		            : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                                   : -1;

		if (digit < 0)
			return false;
		v = v << 4 | (unsigned)digit;
	}
	*ret = v;
	return true;
}

/* "0100007F:1F90": the address in words of 32 bits as they lie in memory, then the port as a
 * number. */
static bool end_point(struct sv text, int family, char address[64], uint16_t *ret_port)
{
	struct sv words = sv_cut(&text, ':');
	uint32_t raw[4] = { 0 };
	size_t n = family == AF_INET ? 1 : 4;
	uint64_t v;

	if (words.n != n * 8)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!hex((struct sv){ words.p + i * 8, 8 }, &v))
			return false;
		raw[i] = (uint32_t)v;
	}
	if (!hex(text, &v) || v > UINT16_MAX || !inet_ntop(family, raw, address, 64))
		return false;
	*ret_port = (uint16_t)v;
	return true;
}

/* sl local rem st tx:rx tr:when retrnsmt uid timeout inode ... */
static bool socket_line(struct sv line, int family, struct proc_socket *ret)
{
	struct proc_socket s = { .family = family };
	struct sv word[10];
	uint64_t state;

	for (size_t i = 0; i < ARRAY_LEN(word); i++)
		word[i] = sv_word(&line);
	if (!end_point(word[1], family, s.local, &s.local_port) ||
	    !end_point(word[2], family, s.peer, &s.peer_port) || !hex(word[3], &state) ||
	    !sv_u64(word[9], &s.inode))
		return false;
	s.listening = state == STATE_LISTEN;
	*ret = s;
	return true;
}

static bool wanted(uint16_t port, const uint16_t *ports, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* The kernel hands the table over in pieces and keeps its place by counting within one chain of its hash: where connections
 * come and go meanwhile it tells one of the chain twice (seen with 13,000 lines). Both ends together name one connection;
 * listeners that share a port differ in their inode. */
static bool is_told(const proc_sockets *all, const struct proc_socket *one)
{
	for (size_t i = all->n > CHAIN_MAX ? all->n - CHAIN_MAX : 0; i < all->n; i++) {
		const struct proc_socket *s = &all->v[i];

		if (s->local_port == one->local_port && s->peer_port == one->peer_port && s->inode == one->inode &&
		    strcmp(s->local, one->local) == 0 && strcmp(s->peer, one->peer) == 0)
			return true;
	}
	return false;
}

int proc_tcp_table(struct sv text, int family, const uint16_t *ports, size_t n, proc_sockets *all, struct err *e)
{
	(void)sv_line(&text);
	while (text.n) {
		struct proc_socket s;

		if (!socket_line(sv_line(&text), family, &s))
			return err_set(e, ERR_FORMAT, "a line of the kernel's is not understood");
		if (wanted(s.local_port, ports, n) && !is_told(all, &s))
			*vec_push(all) = s;
	}
	return 0;
}

static int read_table(pid_t pid, int family, const uint16_t *ports, size_t n, proc_sockets *all,
                      struct err *e)
{
	autobuf struct buf text = BUF_MAX(TABLE_MAX);
	const char *name = family == AF_INET ? "tcp" : "tcp6";
	char path[64];

	if (pid)
		(void)snprintf(path, sizeof path, "/proc/%d/net/%s", (int)pid, name);
	else
		(void)snprintf(path, sizeof path, "/proc/self/net/%s", name);
	if (file_read_path(path, &text, e) < 0)
		return -(int)e->kind;
	if (proc_tcp_table(buf_sv(&text), family, ports, n, all, e) < 0)
		return err_wrap(e, "read '%s'", path);
	return 0;
}

int proc_tcp(pid_t pid, const uint16_t *ports, size_t n, proc_sockets *ret, struct err *e)
{
	proc_sockets all = { 0 };
	int r = read_table(pid, AF_INET, ports, n, &all, e);

	if (r == 0)
		r = read_table(pid, AF_INET6, ports, n, &all, e);
	/* A kernel without IPv6 has no such table; that there is no such process was said by the
	 * first. */
	if (r == -ERR_ABSENT && access("/proc/self/net/tcp6", F_OK) < 0 &&
	    access("/proc/self/net/tcp", F_OK) == 0) {
		err_clear(e);
		r = 0;
	}
	if (r < 0) {
		vec_done(&all);
		return r;
	}
	*ret = all;
	return 0;
}
