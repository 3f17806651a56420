/* Who keeps a process running: a systemd unit, a container engine, a supervisor among its parents,
 * a shell loop, a watcher that left its traces - or nobody. */
#pragma once

#include "svc/service.h"

enum owner_kind { OWNER_NOBODY, OWNER_UNIT, OWNER_CONTAINER, OWNER_WATCHER };

struct owner {
	enum owner_kind kind;
	char            name[256];      /* unit, or id of the container */
	char            by[128];        /* for people: "supervisord (pid 812)" */
};

/* A unit owns a process when its main process is this one or one of its parents, or when it has
 * none; the unit whose cgroup a process merely stayed in (started from cron, from a login over ssh, by our
 * own boot service) does not. */
int owner_find(pid_t pid, struct owner *ret, struct err *e) must_check;
