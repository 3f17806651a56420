/* What io/cmd tells crossgrade-exec to start, as it travels through a descriptor: records of a tag, a length and bytes.
 * Both ends come from one build, so numbers travel as they lie in memory.
 *
 * crossgrade-exec answers through another descriptor, which closes when the program is executed, in lines:
 *
 *	unset NAME: REASON          could not be set, went on without
 *	pid PID START-TICKS         the server's process, before it is executed
 *	fail ERRNO WHAT             did not execute */
#pragma once

#include "base/buf.h"

#define SPEC_FD   3
#define REPORT_FD 4
#define PROGRAM_FD 5            /* of SPEC_PROGRAM */
#define LOCK_FD 6               /* of SPEC_LOCK */
#define SPEC_MAX  (4u << 20)
#define SPEC_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum spec_tag {
	SPEC_ARG = 'a',         /* text, in order */
	SPEC_ENV = 'e',         /* text "K=V" */
	SPEC_CWD = 'c',         /* text */
	SPEC_OUT = 'o',         /* text: file that takes both output streams */
	SPEC_IDS = 'i',         /* uid, gid */
	SPEC_GROUP = 'g',       /* gid, in order */
	SPEC_LIMIT = 'l',       /* resource, soft, hard */
	SPEC_UMASK = 'm',       /* mask */
	SPEC_OOM = 'k',         /* oom_score_adj */
	SPEC_DIE = 'd',         /* pid of the parent whose end is ours */
	SPEC_SERVER = 's',      /* leave the parent */
	SPEC_STRICT = '!',      /* what cannot be set is a failure */
	SPEC_LOCK = 'f',        /* the open file LOCK_FD is held until the program has ended, but not by what it starts */
	SPEC_PROGRAM = 'p',     /* the program is the open file PROGRAM_FD; the first argument only names it */
};

void spec_add_text(struct buf *b, enum spec_tag tag, const char *text);
void spec_add_numbers(struct buf *b, enum spec_tag tag, const uint64_t *v, size_t n);

/* The next record; false at the end, or when the rest is no record (then *rest is not empty). */
bool spec_next(struct sv *rest, enum spec_tag *ret_tag, struct sv *ret_value);
/* The numbers of a value; false when it does not hold exactly n. */
bool spec_numbers(struct sv value, uint64_t *ret, size_t n);
