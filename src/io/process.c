#include "io/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>

#include "io/file.h"

/* "7 (name, with ) and blanks) S 1 ..."; start time is field 22. */
static bool parse_stat(struct sv text, struct process_stat *ret)
{
	const char *end = memrchr(text.p, ')', text.n);
	struct sv rest, ppid = { 0 }, ticks = { 0 };
	uint64_t parent;

	if (!end || text.p + text.n - end < 4)
		return false;
	rest = (struct sv){ end + 2, (size_t)(text.p + text.n - end - 2) };
	ret->state = sv_cut(&rest, ' ').p[0];
	for (int field = 4; field <= 22; field++) {
		ticks = sv_cut(&rest, ' ');
		if (field == 4)
			ppid = ticks;
	}
	if (!sv_u64(ppid, &parent) || !sv_u64(ticks, &ret->start_ticks))
		return false;
	ret->ppid = (pid_t)parent;
	return true;
}

int process_stat(pid_t pid, struct process_stat *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(4096);
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (file_read_path(path, &text, e) < 0) {
		if (e->kind == ERR_ABSENT)
			return err_set(e, ERR_ABSENT, "process %d is gone", (int)pid);
		return -(int)e->kind;
	}
	if (!parse_stat(buf_sv(&text), ret))
		return err_set(e, ERR_FORMAT, "'%s' is not understood", path);
	return 0;
}

static bool is_dead(char state)
{
	return state == 'Z' || state == 'X' || state == 'x';
}

int process_start_ticks(pid_t pid, uint64_t *ret, struct err *e)
{
	struct process_stat st;

	if (process_stat(pid, &st, e) < 0)
		return -(int)e->kind;
	if (is_dead(st.state))
		return err_set(e, ERR_ABSENT, "process %d has ended", (int)pid);
	*ret = st.start_ticks;
	return 0;
}

int process_alive(struct process_id id, struct err *e)
{
	uint64_t ticks = 0;
	int r = process_start_ticks(id.pid, &ticks, e);

	if (r == -ERR_ABSENT) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? r : ticks == id.start_ticks;
}

/* The start time is compared after the descriptor is open: from then on the pid cannot become
 * another's. */
static int open_process(struct process_id id, struct err *e)
{
	autoclose int fd = pidfd_open(id.pid, 0);
	uint64_t ticks = 0;

	if (fd < 0 && errno != ESRCH)
		return err_sys(e, errno, "open process %d", (int)id.pid);
	if (fd < 0)
		return err_set(e, ERR_ABSENT, "process %d is gone", (int)id.pid);
	if (process_start_ticks(id.pid, &ticks, e) < 0)
		return -(int)e->kind;
	if (ticks != id.start_ticks)
		return err_set(e, ERR_ABSENT, "process %d is gone, another has its number",
		               (int)id.pid);
	return take_fd(fd);
}

int process_signal(struct process_id id, int sig, struct err *e)
{
	autoclose int fd = open_process(id, e);

	if (fd < 0)
		return fd;
	if (pidfd_send_signal(fd, sig, NULL, 0) < 0) {
		if (errno == ESRCH)
			return err_set(e, ERR_ABSENT, "process %d is gone", (int)id.pid);
		return err_sys(e, errno, "signal process %d", (int)id.pid);
	}
	return 0;
}

int process_wait(struct process_id id, struct deadline d, struct err *e)
{
	autoclose int fd = open_process(id, e);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd == -ERR_ABSENT) {
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return fd;
	for (;;) {
		int n = poll(&p, 1, deadline_left_ms(d));

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_sys(e, errno, "wait for process %d", (int)id.pid);
		if (deadline_passed(d))
			return err_set(e, ERR_TIMEOUT, "process %d is still there", (int)id.pid);
	}
}
