#include "base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sv.h"

#define FS_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#define SHUTDOWN_LOGFLUSH   1
#define SHUTDOWN_NOLOGFLUSH 2

enum act { ACT_KILL, ACT_CUT, ACT_CUTLOG, ACT_STOP, ACT_ERR, ACT_ERRS };

static struct {
	pthread_mutex_t mutex;
	pid_t           owner;          /* 0: not read yet */
	bool            on;
	const char     *name;           /* NULL: any point counts */
	size_t          name_len;
	uint64_t        strike_at;      /* 0: never, only count */
	uint64_t        passed;         /* of the points that count */
	enum act        act;
	const char     *cut;            /* mount points, comma between */
	int             sys;
	bool            failed;         /* a call was made to fail */
	FILE           *trace;          /* NULL: nobody asked */
} fault = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static _Noreturn void misuse(const char *variable, const char *value)
{
	(void)fprintf(stderr, "crossgrade: %s=%s is not understood\n", variable, value);
	_exit(2);
}

static int errno_of(const char *name)
{
	for (int sys = 1; sys < 200; sys++) {
		const char *known = strerrorname_np(sys);

		if (known && strcmp(known, name) == 0)
			return sys;
	}
	misuse("CROSSGRADE_FAULT_ACT", name);
}

static void read_act(const char *act)
{
	static const struct {
		const char *prefix;
		enum act    act;
	} acts[] = { { "kill", ACT_KILL }, { "cut:", ACT_CUT },  { "cutlog:", ACT_CUTLOG },
		     { "stop", ACT_STOP }, { "err:", ACT_ERR }, { "errs:", ACT_ERRS } };

	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		if (!sv_starts(sv_of(act), acts[i].prefix))
			continue;
		fault.act = acts[i].act;
		fault.cut = act + strlen(acts[i].prefix);
		if (fault.act == ACT_ERR || fault.act == ACT_ERRS)
			fault.sys = errno_of(fault.cut);
		return;
	}
	misuse("CROSSGRADE_FAULT_ACT", act);
}

static void write_count(void)
{
	const char *path = getenv("CROSSGRADE_FAULT_COUNT");
	FILE *to = path && getpid() == fault.owner ? fopen(path, "we") : NULL;

	if (!to)
		return;
	(void)fprintf(to, "%llu\n", (unsigned long long)fault.passed);
	(void)fclose(to);
}

static void read_environment(void)
{
	const char *spec = getenv("CROSSGRADE_FAULT"), *act = getenv("CROSSGRADE_FAULT_ACT");
	const char *trace = getenv("CROSSGRADE_FAULT_TRACE");
	struct sv at, name;

	fault.owner = getpid();
	if (!spec || !*spec)
		return;
	fault.on = true;
	if (trace && *trace)
		fault.trace = fopen(trace, "we");
	if (act && *act)
		read_act(act);
	if (strcmp(spec, "count") == 0) {
		(void)atexit(write_count);
		return;
	}
	at = sv_of(spec);
	if (sv_u64(at, &fault.strike_at))
		return;
	name = sv_cut(&at, ':');
	fault.name = name.p;
	fault.name_len = name.n;
	if (!sv_u64(at, &fault.strike_at) || !fault.strike_at)
		misuse("CROSSGRADE_FAULT", spec);
}

/* Pull the plug of the file systems: nothing that was not durable is there after the next mount. */
static void cut_power(const char *mounts, uint32_t how)
{
	struct sv rest = sv_of(mounts);

	while (rest.n) {
		char *path = sv_dup(sv_cut(&rest, ','));
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0 || ioctl(fd, FS_IOC_SHUTDOWN, &how) < 0)
			misuse("CROSSGRADE_FAULT_ACT", path);
	}
}

static int strike(void)
{
	switch (fault.act) {
	case ACT_CUT:
		cut_power(fault.cut, SHUTDOWN_NOLOGFLUSH);
		break;
	case ACT_CUTLOG:
		cut_power(fault.cut, SHUTDOWN_LOGFLUSH);
		break;
	case ACT_STOP:
		(void)raise(SIGSTOP);
		return 0;
	case ACT_ERR:
	case ACT_ERRS:
		return fault.sys;
	case ACT_KILL:
		break;
	}
	(void)kill(getpid(), SIGKILL);
	for (;;)
		(void)pause();
}

static bool counts(const char *name)
{
	return !fault.name ||
	       (strlen(name) == fault.name_len && memcmp(name, fault.name, fault.name_len) == 0);
}

static bool makes_fail(void)
{
	return fault.act == ACT_ERR || fault.act == ACT_ERRS;
}

/* "errs" lasts; everything else strikes once. Only a call that can fail is made to. */
static bool due(bool can_fail)
{
	if (!fault.strike_at)
		return false;
	if (!makes_fail())
		return fault.passed == fault.strike_at;
	return can_fail && fault.passed >= fault.strike_at && (fault.act == ACT_ERRS || !fault.failed);
}

static int pass(const char *name, bool can_fail)
{
	int sys = 0;

	pthread_mutex_lock(&fault.mutex);
	if (!fault.owner)
		read_environment();
	if (fault.on && getpid() == fault.owner && counts(name)) {
		fault.passed++;
		if (due(can_fail))
			sys = strike();
		fault.failed |= sys != 0;
		if (fault.trace)
			(void)fprintf(fault.trace, "%s%s\n", name, sys ? "!" : can_fail ? "=" : "");
	}
	pthread_mutex_unlock(&fault.mutex);
	return sys;
}

int fault_errno_(const char *name)
{
	return pass(name, true);
}

void fault_point_(const char *name)
{
	(void)pass(name, false);
}
