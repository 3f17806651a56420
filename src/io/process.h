/* Inside io/ only: /proc/pid/stat, by which a process is told from a later one with the same pid.
 */
#pragma once

#include "io/cmd.h"

struct process_stat {
	char     state;                 /* R, S, D, T, Z, ... */
	pid_t    ppid;
	uint64_t start_ticks;
};
/* A zombie has one too. ERR_ABSENT when gone. */
int process_stat(pid_t pid, struct process_stat *ret, struct err *e) must_check;
