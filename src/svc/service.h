/* A service that a product's server runs as: look at its state, want another, wait for it.
 *
 * Kinds: "process" (owner found by the lock its server holds, or by the ports it listens on; started by crossgrade-exec
 * from a launch record), "command" (the operator's argv for start, stop and status), "systemd" (sd-bus), and, for reading
 * only, "compose" and "container".
 *
 * A service does not decide anything: who may stop what, and what must hold, is the engine's. Identities (pid and start
 * time) are always returned, so that a caller can say of whom it saw what it saw. */
#pragma once

#include <jansson.h>

#include "base/clock.h"
#include "io/cmd.h"
#include "io/dir.h"

enum svc_run { SVC_STOPPED, SVC_STARTING, SVC_RUNNING, SVC_STOPPING, SVC_FAILED, SVC_UNKNOWN };

struct svc_state {
	enum svc_run      run;
	struct process_id id;           /* of the server process; pid 0 when stopped or not to be known */
	bool              enabled;      /* starts by itself at boot */
	bool              restarts;     /* somebody restarts it when it ends */
	bool              waits;        /* SVC_STOPPING, but for its turn: it was not asked to end yet, and a start has it running */
	bool              stranger;     /* process: want() was to start one, and another has the lock or listens */
	char              policy[64];   /* a container: its restart policy, as docker takes it; "" for others */
	char              by[128];      /* who: "systemd: questdb.service", "supervisord (pid 812)", "" */
	char              detail[256];  /* for people */
};

struct service;

/* The lock of a server that is down can be held by us, and be handed to nobody: the server opens the file itself, and an flock of
 * another descriptor, inherited or not, is in its way. So between letting go and the server's own flock (a JVM takes half a
 * second to get there) somebody else's server can take it. Ours then ends; what runs is known by the holder of the lock,
 * who is not the process that was started nor runs its command line, and is a `stranger`.
 *
 * Ports are not held: a listener of ours would be taken for a server by all who connect. So a stopped server that is known by
 * its ports alone is kept down by nobody; there is no hold() and none is pretended (the plan says so). That somebody started
 * one meanwhile is seen once it listens. */
struct service_ops {
	const char *name;
	int (*state)(struct service *s, struct svc_state *ret, struct err *e);
	/* SVC_RUNNING or SVC_STOPPED. Returns when the service manager says so (for a process: when it has executed or
	 * ended), not when the server answers. Stopping: one polite request, then waiting; never a kill. ERR_TIMEOUT
	 * leaves it as it is. ERR_CHANGED: of a container that was held and asked to stop another start runs, which is somebody's. */
	int (*want)(struct service *s, enum svc_run to, int64_t within_ns, struct svc_state *ret, struct err *e);
	/* Of one that was started and is seen as stopped, where that may mean that it is not seen yet. NULL where a kind knows. */
	int (*stop_unseen)(struct service *s, int64_t within_ns, struct err *e);
	/* Keep it from being started by anyone (but see by_hand), durably (systemd: a drop-in in /etc with ConditionPathExists=!`path`, and
	 * the file at `path`). Idempotent. NULL where a kind has none. */
	int (*hold)(struct service *s, const char *path, struct err *e);
	int (*lift)(struct service *s, const char *path, bool for_good, struct err *e);
	/* Where hold() kept, in whatever call, what state() needs. NULL where that is nothing. */
	void (*know)(struct service *s, const char *path);
	bool by_hand;   /* hold() keeps it from being started by itself alone, not by a person */
	/* After a unit file changed; nothing is done when it was certainly read since, unless `anyway`. NULL where nothing is to do. */
	int (*reload)(struct service *s, bool anyway, struct err *e);
	/* Everything needed to start the same thing again, as a launch record; it can hold passwords: 0600, never shown. */
	int (*record)(struct service *s, json_t **ret, struct err *e);
	void (*done)(struct service *s);
};

struct service {
	const struct service_ops *ops;
	char                     *name;         /* for messages: "unit questdb.service", "process of /var/lib/questdb" */
	json_t                   *config;       /* `source.service` of the migration file */
	json_t                   *launch;       /* process: the launch record to start from; may be NULL */
	char                     *lock_path;    /* process: file whose flock holder is the server, or NULL */
	struct process_id         known;        /* process: last seen as the server, or told by service_set_known() */
	void                     *own;
};

/* kind and keys as in migration.yaml: {"kind":"systemd","unit":...}, {"kind":"process","ports":[N,..]}, {"kind":"command",
 * "start":[..],"stop":[..],"status":[..]}, {"kind":"compose","project":..,"service":..}, {"kind":"container","name":..}.
 * lock_path may be NULL. ERR_USAGE for an unknown kind or key, ERR_REFUSED for a verb a kind cannot do.
 *
 * "process": the server is the holder of the lock or, where there is none, the process that listens on one of the TCP ports
 * (1 to 16, any address) in our network namespace; a lock wins over ports. It is SVC_RUNNING as soon as it has the first of
 * them: whether it serves is the product's to ask. A process without lock and ports that was started by us, or runs the
 * launch record (a migration of its database comes before its ports), is SVC_STARTING; one that was the server and lives on
 * without them (it ends: data is written until it is gone) is SVC_STOPPING. want(SVC_STOPPED) ends both, and returns when the
 * process is gone and lock or ports are free. Processes that listen on different ports of the list, none the parent of the
 * others: SVC_UNKNOWN with their pids, and a stranger when one was to be started by us.
 *
 * "command": with a lock_path the lock tells what runs, and "status" (optional then) only whether a start is under way;
 * without one "status" ends with 0 when running and 3 when stopped, as init scripts do (LSB), anything else is unknown.
 * "process" without lock and ports is unknown and cannot be stopped. A systemd unit that ended with a status its unit does
 * not call a success is SVC_FAILED with no process; want(SVC_STOPPED) takes that for stopped. One that is up, and whose stop
 * or restart systemd has queued, is SVC_STOPPING. */
int  service_open(const json_t *config, const char *lock_path, struct service **ret, struct err *e) must_check;
void service_close(struct service *s);
/* Give a "process" what it starts. */
void service_set_launch(struct service *s, const json_t *launch);
/* Tell a "process" which one was the server when somebody else looked (a run that was killed since). */
void service_set_known(struct service *s, struct process_id id);
const struct service_ops *service_kind(const char *name);

/* Which service runs this process: systemd unit (from its cgroup), container, a restarting parent (supervisord, runit,
 * s6, monit, pm2, a shell loop, cron), or a plain process. Fills config for service_open(). */
int service_of_process(pid_t pid, json_t **ret_config, struct svc_state *ret, struct err *e) must_check;
