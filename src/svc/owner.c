#include "svc/owner.h"

#include "base/log.h"
#include "io/file.h"
#include "io/json.h"
#include "io/proc.h"
#include "svc/kinds.h"

#define CGROUP_MAX  ((size_t)64 << 10)
#define SCRIPT_MAX  ((size_t)256 << 10)
#define PARENTS_MAX 64

struct cgroup {
	char unit[256];     /* of the system's systemd, or "" */
	char container[65]; /* 64 hex digits, or "" */
	char engine[32];    /* "docker", "libpod", "cri-containerd" */
};

static const char *const supervisors[] = {
	"supervisord", "runsv", "s6-supervise", "supervise", "perpd",   "monit",
	"circusd",     "dinit", "cron",         "crond",     "anacron", NULL,
};
static const char *const shells[] = { "sh", "dash", "bash", "ash", "busybox", "ksh", "zsh", NULL };
/* Programs that run another one for somebody: who that is stands above them. */
static const char *const wrappers[] = { "sudo",    "su",           "runuser",   "setpriv", "gosu",
					"chpst",   "s6-setuidgid", "env",       "nice",    "ionice",
					"timeout", "tini",         "dumb-init", NULL };
static const char *const interpreters[] = { "python", "perl", "ruby", "node", NULL };
/* Units that start things which then stay in their cgroup, and start them again. */
static const char *const watcher_units[] = { "cron.service",
					     "crond.service",
					     "monit.service",
					     "supervisor.service",
					     "supervisord.service",
					     "runit.service",
					     NULL };
/* Left in the environment by supervisors whose process is not a parent (monit) or may be hidden
 * behind others. */
static const struct {
	const char *variable, *name;
} traces[] = { { "MONIT_SERVICE=", "monit" },
	       { "SUPERVISOR_ENABLED=", "supervisord" },
	       { "pm_id=", "pm2" } };

static bool word_in(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(word, *list))
			return true;
	return false;
}

static void copy_sv(char *to, size_t n, struct sv s)
{
	snprintf(to, n, SV_FMT, SV_ARG(s));
}

/* It starts what a boot ended, and what it started outlives it in its cgroup: a plain process as before. */
#define BOOT_UNIT "crossgrade-resume.service"

/* ---- cgroups ---- */

static bool is_container_id(struct sv s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("0123456789abcdef", s.p[i]))
			return false;
	return s.n == 64;
}

/* "docker-<id>.scope" where systemd makes the groups, "/docker/<id>" where the engine does. */
static void see_component(struct sv part, struct sv before, struct cgroup *ret)
{
	struct sv id = part, engine = before;

	if (sv_ends(id, ".scope"))
		id.n -= strlen(".scope");
	if (id.n > 65 && id.p[id.n - 65] == '-') {
		engine = (struct sv){ id.p, id.n - 65 };
		id = (struct sv){ id.p + id.n - 64, 64 };
	}
	if (!is_container_id(id))
		return;
	copy_sv(ret->container, sizeof ret->container, id);
	copy_sv(ret->engine, sizeof ret->engine, engine);
}

/* The first component that is no slice is the unit, what is below it is the unit's own business. */
static void see_path(struct sv path, struct cgroup *ret)
{
	struct sv before = { 0 };
	bool unit_done = false;

	while (path.n) {
		struct sv part = sv_cut(&path, '/');

		if (!part.n)
			continue;
		see_component(part, before, ret);
		if (!unit_done && !sv_ends(part, ".slice")) {
			unit_done = true;
			if (sv_ends(part, ".service") && !sv_eq(part, BOOT_UNIT) && !ret->unit[0])
				copy_sv(ret->unit, sizeof ret->unit, part);
		}
		before = part;
	}
}

/* All lines: a machine with both hierarchies has the unit in "name=systemd" and "0::", a container
 * of an engine without systemd's help only in those of version 1. */
static int read_cgroup(pid_t pid, struct cgroup *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(CGROUP_MAX);
	char path[64];
	struct sv rest;

	snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
	if (file_read_path(path, &text, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_line(&rest);

		sv_cut(&line, ':');
		sv_cut(&line, ':');
		see_path(line, ret);
	}
	return 0;
}

/* ---- parents ---- */

static const char *base_of(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "";
}

static bool starts_any(const char *word, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (!strncmp(word, *prefixes, strlen(*prefixes)))
			return true;
	return false;
}

static const char *arg(const struct proc *p, size_t at)
{
	for (size_t i = 0; p->argv && p->argv[i]; i++)
		if (i == at)
			return p->argv[i];
	return "";
}

/* The program's name, or its script's where an interpreter runs it. */
static const char *program_of(const struct proc *p)
{
	const char *exe = base_of(p->exe);

	if (!exe[0])
		exe = base_of(arg(p, 0));
	if (!starts_any(exe, interpreters))
		return exe;
	for (size_t i = 1; arg(p, i)[0]; i++)
		if (arg(p, i)[0] != '-')
			return base_of(arg(p, i));
	return exe;
}

static bool has_loop(struct sv text)
{
	static const char *const loops[] = { "while", "until", "for" };

	while (text.n) {
		struct sv word = sv_trim(sv_line(&text));

		while (word.n) {
			struct sv one = sv_cut(&word, ' ');

			if (one.n && one.p[0] == '#')
				break;
			for (size_t i = 0; i < ARRAY_LEN(loops); i++)
				if (sv_eq(one, loops[i]))
					return true;
		}
	}
	return false;
}

static bool script_has_loop(const struct proc *shell, const char *script)
{
	autobuf struct buf text = BUF_MAX(SCRIPT_MAX);
	autofree char *path = script[0] == '/'
				  ? xstrdup(script)
				  : xasprintf("%s/%s", shell->cwd ? shell->cwd : "", script);
	struct err e = ERR_INIT;

	return file_read_path(path, &text, &e) == 0 && has_loop(buf_sv(&text));
}

/* A shell that waits for the server and has a loop in its script is taken for one that starts it
 * again. */
static bool is_shell_loop(const struct proc *p)
{
	if (!word_in(base_of(p->exe), shells))
		return false;
	for (size_t i = 1; arg(p, i)[0]; i++) {
		const char *a = arg(p, i);

		if (a[0] == '-' && a[1] != '-' && strchr(a, 'c'))
			return has_loop(sv_of(arg(p, i + 1)));
		if (a[0] != '-')
			return script_has_loop(p, a);
	}
	return false;
}

static bool is_watcher(const struct proc *p, char *by, size_t n)
{
	const char *program = program_of(p);
	int pid = (int)p->id.pid;

	if (word_in(program, supervisors))
		snprintf(by, n, "%s (pid %d)", program, pid);
	else if (!strncmp(arg(p, 0), "PM2 ", 4))
		snprintf(by, n, "pm2 (pid %d)", pid);
	else if (!strcmp(program, "systemd") && !strcmp(arg(p, 1), "--user"))
		snprintf(by, n, "systemd of user %u (pid %d)", (unsigned)p->uid, pid);
	else if (is_shell_loop(p))
		snprintf(by, n, "a loop of %s (pid %d)", program, pid);
	else
		return false;
	return true;
}

struct parents {
	pid_t pids[PARENTS_MAX]; /* the process itself first */
	size_t n;
	char by[128]; /* the watcher among them, or "" */
};

static bool runs_for_another(const struct proc *p)
{
	return word_in(base_of(p->exe), shells) || word_in(program_of(p), wrappers);
}

/* Upwards to pid 1. A watcher runs the process itself, or through shells and wrappers: what is
 * above anything else (a terminal, a test) was not made to keep a server up. A parent that ends
 * meanwhile ends the walk. */
static void walk_parents(pid_t pid, struct parents *ret)
{
	struct err e = ERR_INIT;
	bool near = true;

	while (pid > 1 && ret->n < PARENTS_MAX) {
		struct proc p = { 0 };

		if (proc_read(pid, &p, &e) < 0)
			break;
		if (ret->n && near)
			near = !is_watcher(&p, ret->by, sizeof ret->by) && runs_for_another(&p);
		ret->pids[ret->n++] = pid;
		pid = p.ppid;
		proc_done(&p);
	}
}

static bool is_in(const struct parents *p, pid_t pid)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->pids[i] == pid)
			return true;
	return false;
}

static bool see_traces(pid_t pid, char *by, size_t n)
{
	struct proc p = { 0 };
	struct err e = ERR_INIT;
	bool seen = false;

	if (proc_read(pid, &p, &e) < 0)
		return false;
	for (char **v = p.env; v && *v && !seen; v++)
		for (size_t i = 0; i < ARRAY_LEN(traces) && !seen; i++)
			if (!strncmp(*v, traces[i].variable, strlen(traces[i].variable))) {
				snprintf(by, n, "%s", traces[i].name);
				seen = true;
			}
	proc_done(&p);
	return seen;
}

/* ---- verdict ---- */

/* A unit without a main process (an init script's) owns what is in its cgroup; a systemd that does
 * not answer is believed by the cgroup alone. */
static bool unit_owns(const char *unit, const struct parents *parents)
{
	struct err e = ERR_INIT;
	pid_t main_pid = 0;

	if (systemd_main_pid(unit, &main_pid, &e) < 0) {
		log_debug("unit %s: %s", unit, e.msg);
		return true;
	}
	return main_pid == 0 || is_in(parents, main_pid);
}

static bool same_container(const struct cgroup *a)
{
	struct cgroup own = { 0 };
	struct err e = ERR_INIT;

	return read_cgroup(getpid(), &own, &e) == 0 && !strcmp(own.container, a->container);
}

static void say(struct owner *o, enum owner_kind kind, const char *name, const char *by)
{
	o->kind = kind;
	snprintf(o->name, sizeof o->name, "%s", name);
	snprintf(o->by, sizeof o->by, "%s", by);
}

int owner_find(pid_t pid, struct owner *ret, struct err *e)
{
	struct cgroup group = { 0 };
	struct parents parents = { 0 };
	struct owner found = { 0 };
	char by[128] = "";

	if (read_cgroup(pid, &group, e) < 0)
		return -(int)e->kind;
	walk_parents(pid, &parents);
	if (group.container[0] && !same_container(&group)) {
		snprintf(by, sizeof by, "%s: container %.12s", group.engine, group.container);
		say(&found, !strcmp(group.engine, "docker") ? OWNER_CONTAINER : OWNER_WATCHER,
		    group.container, by);
	} else if (parents.by[0]) {
		say(&found, OWNER_WATCHER, "", parents.by);
	} else if (group.unit[0] && unit_owns(group.unit, &parents)) {
		snprintf(by, sizeof by, "systemd: %.100s", group.unit);
		say(&found, OWNER_UNIT, group.unit, by);
	} else if (group.unit[0] && word_in(group.unit, watcher_units)) {
		snprintf(by, sizeof by, "started from %.100s", group.unit);
		say(&found, OWNER_WATCHER, group.unit, by);
	} else if (see_traces(pid, by, sizeof by)) {
		say(&found, OWNER_WATCHER, "", by);
	}
	*ret = found;
	return 0;
}

/* ---- service_of_process ---- */

/* Its kind's own view where that can be had; a manager that does not answer leaves what /proc
 * told. */
static void ask_kind(const json_t *config, struct svc_state *state)
{
	struct service *s = NULL;
	struct svc_state seen = { 0 };
	struct err e = ERR_INIT;

	if (service_open(config, NULL, &s, &e) == 0 && s->ops->state(s, &seen, &e) == 0 &&
	    seen.id.pid > 0)
		*state = seen;
	else
		log_debug("service of process %d: %s", (int)state->id.pid, e.msg);
	service_close(s);
}

int service_of_process(pid_t pid, json_t **ret_config, struct svc_state *ret, struct err *e)
{
	struct svc_state state = { .run = SVC_RUNNING, .id = { .pid = pid } };
	struct owner owner;
	json_t *config = NULL;

	if (process_start_ticks(pid, &state.id.start_ticks, e) < 0 ||
	    owner_find(pid, &owner, e) < 0)
		return err_wrap(e, "find out what runs process %d", (int)pid);
	state.restarts = owner.kind != OWNER_NOBODY;
	snprintf(state.by, sizeof state.by, "%s", owner.by);
	if (owner.kind == OWNER_UNIT) {
		config = json_pack("{s:s,s:s}", "kind", "systemd", "unit", owner.name);
		ask_kind(config, &state);
	} else if (owner.kind == OWNER_CONTAINER) {
		config = container_config(owner.name);
		ask_kind(config, &state);
	} else {
		config = json_pack("{s:s}", "kind", "process");
	}
	*ret_config = config;
	*ret = state;
	return 0;
}
