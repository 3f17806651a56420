/* Launch records: everything needed to start a running process again, read from /proc while it
 * runs.
 *
 *	{"argv": [...], "env": [...], "cwd": "...", "uid": 0, "gid": 0, "groups": [...],
 *	 "umask": 18, "limits": {"nofile": [1024, -1], ...}, "oom_score_adj": 0, "stdout": "/..."}
 *
 * -1 as a limit is "unlimited". argv[0] is the executable as the kernel names it, so that a
 * relative name or another PATH does not matter. The environment can hold passwords: a record is
 * kept 0600 and never shown. What is not text in UTF-8 cannot be recorded: ERR_REFUSED. */
#pragma once

#include <jansson.h>

#include "io/cmd.h"

int launch_record(struct process_id id, json_t **ret, struct err *e) must_check;
/* ret_unset: what could not be set as recorded ("nofile: Operation not permitted"), or "". */
int launch_start(const json_t *record, struct process_id *ret, char *ret_unset, size_t n,
                 struct err *e) must_check;
