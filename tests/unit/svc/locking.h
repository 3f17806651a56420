/* A folder of the test's own, and lockers in it. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "io/cmd.h"
#include "io/dir.h"
#include "svc/service.h"

static char folder[] = "/tmp/crossgrade-svc-XXXXXX";
static char lock_path[128];

static inline void make_folder(void)
{
	assert_non_null(mkdtemp(folder));
	/* Others than root start servers in it too. */
	assert_int_equal(chmod(folder, 0777), 0);
	snprintf(lock_path, sizeof lock_path, "%s/lock", folder);
}

static inline void remove_folder(void)
{
	autodir struct dir tmp = DIR_NONE;
	struct err e = ERR_INIT;

	assert_int_equal(dir_open("/tmp", &tmp, &e), 0);
	assert_int_equal(dir_remove_tree(&tmp, folder + strlen("/tmp/"), &e), 0);
}

/* What is done to files from here on bears a later time than the one returned: their clock goes in ticks, and a machine may be late with
 * one. */
static inline struct timespec pass_tick(void)
{
	struct timespec now, files;

	assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
	do {
		usleep(20000);
		assert_int_equal(clock_gettime(CLOCK_REALTIME_COARSE, &files), 0);
	} while (files.tv_sec < now.tv_sec || (files.tv_sec == now.tv_sec && files.tv_nsec <= now.tv_nsec));
	return now;
}

/* The process in LOCK.pid once it holds the lock. */
static inline pid_t wait_for_locker(void)
{
	char path[160];
	struct err e = ERR_INIT;

	snprintf(path, sizeof path, "%s.pid", lock_path);
	for (int i = 0; i < 3000; i++) {
		FILE *f = fopen(path, "r");
		int pid = 0;
		bool read = f && fscanf(f, "%d", &pid) == 1;

		if (f)
			fclose(f);
		if (read) {
			struct process_id id = { .pid = pid };

			if (process_start_ticks(pid, &id.start_ticks, &e) == 0)
				return pid;
		}
		usleep(10000);
	}
	fail_msg("no locker came up");
	return 0;
}

static inline void forget_locker(void)
{
	char path[160];

	snprintf(path, sizeof path, "%s.pid", lock_path);
	unlink(path);
}

/* Execute argv as a child that ends with the test. */
static inline pid_t run_child(const char *const *argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

static inline void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	forget_locker();
}

static inline struct service *open_process(void)
{
	json_t *config = json_pack("{s:s}", "kind", "process");
	struct service *s = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(service_open(config, lock_path, &s, &e), 0);
	json_decref(config);
	return s;
}
