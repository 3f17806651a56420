#include "io/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "io/room.h"

/* linux/memfd.h, since Linux 6.3 */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC        0x0010U
#endif

/* An older kernel knows neither word, and forbids nothing. */
static int make(const char *name, unsigned what)
{
	int fd = memfd_create(name, MFD_CLOEXEC | what);

	return fd < 0 && errno == EINVAL ? memfd_create(name, MFD_CLOEXEC) : fd;
}

int memory_open(const char *name, struct err *e)
{
	int fd = make(name, MFD_NOEXEC_SEAL);

	return fd < 0 ? err_sys(e, errno, "make room in memory") : fd;
}

static int make_on_disk(struct err *e)
{
	autoclose int fd = open(ROOM_ABOVE, O_TMPFILE | O_RDWR | O_CLOEXEC, 0700);

	if (fd < 0 || fchmod(fd, 0755) < 0)
		return err_sys(e, errno, "programs in memory are forbidden here (vm.memfd_noexec): make room below " ROOM_ABOVE);
	return take_fd(fd);
}

int memory_program(const char *name, struct err *e)
{
	int fd = make(name, MFD_EXEC);

	if (fd < 0 && errno == EACCES)
		return make_on_disk(e);
	return fd < 0 ? err_sys(e, errno, "make room in memory") : fd;
}

int memory_program_ready(int *fd, struct err *e)
{
	char path[32];
	int again;

	snprintf(path, sizeof path, "/proc/self/fd/%d", *fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	if (again < 0)
		return err_sys(e, errno, "open a program again");
	own_close(fd);
	*fd = again;
	return 0;
}
