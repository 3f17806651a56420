/* Attributes and scope cleanup, so that the rest of the tree reads as plain C. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define must_check          __attribute__((warn_unused_result))
#define printf_like(f, a)   __attribute__((format(printf, f, a)))
#define cleanup_with(fn)    __attribute__((cleanup(fn)))
#define unused_arg          __attribute__((unused))
#define fall_through        __attribute__((fallthrough))

#define ARRAY_LEN(a)        (sizeof(a) / sizeof((a)[0]))
#define MIN_OF(a, b)        ({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define MAX_OF(a, b)        ({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ > b_ ? a_ : b_; })

static inline void own_free(void *p)
{
	free(*(void **)p);
}

static inline void own_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* autofree char *s = ...;   autoclose int fd = -1;   released when the scope ends, on every way out. */
#define autofree            cleanup_with(own_free)
#define autoclose           cleanup_with(own_close)

/* Give away what a scope owns: return take_ptr(s); *ret = take_fd(fd); */
#define take_ptr(p)         ({ typeof(p) taken_ = (p); (p) = NULL; taken_; })
#define take_fd(fd)         ({ int taken_ = (fd); (fd) = -1; taken_; })
