#include "io/proc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/file.h"

#define SIGNAL_MAX 64 /* bits of a mask */

static bool read_status(pid_t pid, struct buf *ret)
{
	struct err unseen = ERR_INIT;
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	return file_read_path(path, ret, &unseen) >= 0;
}

/* What stands in the line of that key: "SigIgn:\t0000000000001000". */
static struct sv value_of(const struct buf *status, const char *key)
{
	struct sv rest = buf_sv(status);

	while (rest.n) {
		struct sv line = sv_line(&rest), name = sv_cut(&line, '\t');

		if (sv_eq(name, key))
			return line;
	}
	return (struct sv){ 0 };
}

/* Its numbers from the outermost namespace to its own: "NSpid:\t4711\t1". */
static bool is_init(const struct buf *status)
{
	struct sv numbers = value_of(status, "NSpid:");

	return numbers.n > 2 && !memcmp(numbers.p + numbers.n - 2, "\t1", 2);
}

static bool has(const struct buf *status, const char *key, int signal)
{
	struct sv mask = value_of(status, key);

	return mask.n && strtoull(mask.p, NULL, 16) >> (signal - 1) & 1;
}

bool proc_is_init(pid_t pid)
{
	autobuf struct buf status = BUF_MAX(64u << 10);

	return read_status(pid, &status) && is_init(&status);
}

bool proc_drops(pid_t pid, int signal)
{
	autobuf struct buf status = BUF_MAX(64u << 10);

	if (signal < 1 || signal > SIGNAL_MAX || signal == SIGKILL || signal == SIGSTOP || !read_status(pid, &status))
		return false;
	/* What is blocked is kept for it: it may wait for it (an init does). */
	return !has(&status, "SigBlk:", signal) &&
	       (has(&status, "SigIgn:", signal) || (is_init(&status) && !has(&status, "SigCgt:", signal)));
}
