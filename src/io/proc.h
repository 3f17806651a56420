/* /proc: who runs, who holds a lock, who listens, whose socket it is. Read as it is now; a process that ends while it is read is left out. */
#pragma once

#include <sys/types.h>

#include "base/vec.h"
#include "io/cmd.h"

struct proc {
	struct process_id id;
	pid_t             ppid;
	uid_t             uid;
	gid_t             gid;
	char             *exe;          /* target of /proc/pid/exe, NULL when it cannot be read */
	char             *cwd;
	char            **argv;         /* NULL-ended; at most 1 MiB in all */
	char            **env;          /* NULL-ended; NULL when not permitted. Can hold passwords: never printed */
	char             *cgroup;       /* path in the unified or the systemd hierarchy */
};
void proc_done(struct proc *p);
int  proc_read(pid_t pid, struct proc *ret, struct err *e) must_check;          /* ERR_ABSENT when gone */
/* Does it run with exactly these words? The first thing to ask of every process there is, for it costs a tenth of proc_read(). */
bool proc_runs(pid_t pid, const char *const *argv);

typedef VEC(pid_t) pid_list;
int  proc_all(pid_list *ret, struct err *e) must_check;                         /* ascending */

/* The process that this descriptor of another process's is a pidfd of; 0: none, or gone. */
pid_t proc_pidfd(pid_t pid, int fd);

/* Holder of an flock or POSIX lock on the file (dev, ino) by /proc/locks; 0 when nobody, -kind. */
int  proc_lock_holder(uint64_t dev, uint64_t ino, pid_t *ret, struct err *e) must_check;
/* The same by path, and right on btrfs too, where the device in /proc/locks is that of the mount and not st_dev (seen).
 * ERR_ABSENT when there is no such file. */
int  proc_lock_holder_of(const char *path, pid_t *ret, struct err *e) must_check;

struct proc_socket {
	int      family;                /* AF_INET, AF_INET6 */
	char     local[64], peer[64];   /* numeric addresses without port */
	uint16_t local_port, peer_port;
	bool     listening;
	uint64_t inode;
};
typedef VEC(struct proc_socket) proc_sockets;
/* TCP sockets whose local port is in ports[]; from the network namespace of pid (0: ours). */
int  proc_tcp(pid_t pid, const uint16_t *ports, size_t n, proc_sockets *ret, struct err *e) must_check;
/* Adds what one table of /proc/PID/net tells of them, each once, though the kernel may tell it twice. Only thinks. */
int  proc_tcp_table(struct sv text, int family, const uint16_t *ports, size_t n, proc_sockets *all, struct err *e) must_check;
/* Those of them in our namespace that listen, of the kernel's few listeners by sock_diag(7). The tables of /proc/net are read through
 * every connection there may be, some milliseconds on an idle host: within a window that is downtime. */
int  proc_tcp_listening(const uint16_t *ports, size_t n, proc_sockets *ret, struct err *e) must_check;
/* Adds what one answer of the kernel's tells of them, as it came: 1 it was the last, 0 more come, -kind it is not to be believed. Only
 * thinks. */
int  proc_tcp_told(const void *answer, size_t size, const uint16_t *ports, size_t n, proc_sockets *all, struct err *e) must_check;

/* Ends every connection of our namespace to one of these local ports, at once and for both sides, but those whose other end is a socket
 * here with this mark, and those that the server has closed: it answers nobody any more, not even who asked before. For ports that nobody
 * can come to meanwhile. ERR_CHANGED: new ones keep coming. */
int  proc_tcp_cut(const uint16_t *ports, size_t n, uint32_t but_mark, struct err *e) must_check;
/* Is that because this kernel has no means to (CONFIG_INET_DIAG_DESTROY, sock_diag(7))? */
bool proc_tcp_cannot_cut(const struct err *e);

/* Is a TCP socket of this very process connected from that port of its own to that of its peer? */
bool proc_connected(uint16_t local_port, uint16_t peer_port);

/* Processes that have sockets open, by their inodes (at most PROC_SOCKETS_MAX): ascending; bit i of `which` is inodes[i]. A
 * child that inherits one is told, too; who ends meanwhile or is closed to us is left out. Reads the descriptors of every
 * process: ERR_SPACE beyond a million of them. */
#define PROC_SOCKETS_MAX 64
struct socket_holder {
	pid_t    pid;
	uint64_t which;
};
typedef VEC(struct socket_holder) socket_holders;
int  proc_socket_holders(const uint64_t *inodes, size_t n, socket_holders *ret, struct err *e) must_check;
/* The same of one process: 0 when it has none or is gone. */
int  proc_has_sockets(pid_t pid, const uint64_t *inodes, size_t n, uint64_t *ret_which, struct err *e) must_check;

/* Processes that have the file open to write to it, by whatever name or mount they came to it: ascending, this process too. Who
 * ends meanwhile or is closed to us is left out. Unless the file system can tell at once that there is none, in other containers
 * neither, reads the descriptors of every process: ERR_SPACE beyond a million of them. */
int  proc_file_writers(const char *path, pid_list *ret, struct err *e) must_check;

/* The first process of a namespace of its own, as a container is started with? What cannot be seen is none. */
bool proc_is_init(pid_t pid);
/* Does the kernel drop this signal instead of giving it to the process: one that it ignores, or that the first process of a namespace does
 * not catch (pid_namespaces(7))? Of what cannot be seen: no. */
bool proc_drops(pid_t pid, int signal);

int  proc_boot_id(char ret[64], struct err *e) must_check;      /* /proc/sys/kernel/random/boot_id */
/* Soft and hard limit of a resource by its name in /proc/pid/limits ("Max open files"); UINT64_MAX = unlimited. */
int  proc_limit(pid_t pid, const char *name, uint64_t *ret_soft, uint64_t *ret_hard, struct err *e) must_check;
