#include "io/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "io/file.h"

#define FDINFO_MAX (64u << 10)
#define MOUNTS_MAX (16u << 20)

/* "mnt_id:\t43" */
static int told_of_fd(pid_t pid, int fd, const char *what, uint64_t *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(FDINFO_MAX);
	char path[64];
	struct sv rest;

	(void)snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)pid, fd);
	if (file_read_path(path, &text, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv value = sv_line(&rest), key = sv_cut(&value, ':');

		if (sv_eq(key, what) && sv_u64(sv_trim(value), ret))
			return 0;
	}
	return err_set(e, ERR_FORMAT, "'%s' tells no '%s'", path, what);
}

pid_t proc_pidfd(pid_t pid, int fd)
{
	struct err none = ERR_INIT;
	uint64_t of;

	/* One that has ended is -1. */
	return told_of_fd(pid, fd, "Pid", &of, &none) < 0 ? 0 : (pid_t)of;
}

/* "43 27 0:39 / /mnt ...": id, parent, device. 1 found, 0 not: a mount of another namespace. */
static int device_of_mount(uint64_t id, uint64_t *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(MOUNTS_MAX);
	struct sv rest;

	if (file_read_path("/proc/self/mountinfo", &text, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_line(&rest), first = sv_cut(&line, ' ');
		uint64_t here, upper, lower;
		struct sv device;

		if (!sv_u64(first, &here) || here != id)
			continue;
		(void)sv_cut(&line, ' ');
		device = sv_cut(&line, ' ');
		first = sv_cut(&device, ':');
		if (!sv_u64(first, &upper) || !sv_u64(device, &lower))
			return err_set(e, ERR_FORMAT, "mount %llu has no device", (unsigned long long)id);
		*ret = makedev((unsigned)upper, (unsigned)lower);
		return 1;
	}
	return 0;
}

int proc_lock_holder_of(const char *path, pid_t *ret, struct err *e)
{
	autoclose int fd = open(path, O_PATH | O_CLOEXEC);
	uint64_t mount, dev;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, errno, "look at '%s'", path);
	dev = st.st_dev;
	r = told_of_fd(getpid(), fd, "mnt_id", &mount, e);
	if (r == 0)
		r = device_of_mount(mount, &dev, e);
	return r < 0 ? r : proc_lock_holder(dev, st.st_ino, ret, e);
}
