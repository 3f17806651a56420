/* The kinds of service, for service.c alone to choose from, and what they share. */
#pragma once

#include "svc/service.h"

struct service_kind {
	const struct service_ops *ops;
	const char *const        *keys;         /* keys of its config besides "kind", NULL-ended */
	/* Look at the config once and keep what was made of it in s->own; sets s->name. */
	int (*open)(struct service *s, struct err *e);
};

extern const struct service_kind kind_process, kind_command, kind_systemd, kind_compose,
	kind_container;

/* The holder of an flock on the file, with its start time: pid 0 when nobody holds it, or when we
 * do ourselves (a server that is down is kept down by our own lock). 1 held by somebody, 0 by
 * nobody; ERR_BUSY when its holder cannot be seen for a second (another pid namespace, or it has
 * ended and a child keeps the lock). */
int service_lock_owner(const char *lock_path, struct process_id *ret, struct err *e) must_check;

/* The strings of a JSON array as a NULL-ended vector borrowing them; free() it. ERR_USAGE unless it
 * holds one or more strings and nothing else. */
int service_argv(const json_t *list, const char *key, const char ***ret, struct err *e) must_check;

/* Main process of a loaded unit; 0 when it has none. */
int systemd_main_pid(const char *unit, pid_t *ret, struct err *e) must_check;

/* Config of the service that a Docker container is: "compose" by its labels, else "container" by
 * name; by its id where Docker cannot be asked. */
json_t *container_config(const char *id);

/* container_run.c: state, want, hold, lift, know and done of both kinds of container. */
int container_state(struct service *s, struct svc_state *ret, struct err *e);
int container_want(struct service *s, enum svc_run to, int64_t within_ns, struct svc_state *ret, struct err *e);
int container_hold(struct service *s, const char *path, struct err *e);
int container_lift(struct service *s, const char *path, bool for_good, struct err *e);
void container_know(struct service *s, const char *path);
void container_done(struct service *s);
