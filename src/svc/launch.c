#include "svc/launch.h"

#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/vec.h"
#include "io/file.h"
#include "io/json.h"
#include "io/proc.h"

#define STATUS_MAX ((size_t)64 << 10)
#define GROUPS_MAX ((size_t)65536)

/* Our name, the kernel's, and its name in /proc. prlimit() on another user's process needs
 * CAP_SYS_RESOURCE, which root in a container has not. */
static const struct {
	const char *name;
	int resource;
	const char *title;
} limit_names[] = {
	{ "cpu", RLIMIT_CPU, "Max cpu time" },
	{ "fsize", RLIMIT_FSIZE, "Max file size" },
	{ "data", RLIMIT_DATA, "Max data size" },
	{ "stack", RLIMIT_STACK, "Max stack size" },
	{ "core", RLIMIT_CORE, "Max core file size" },
	{ "rss", RLIMIT_RSS, "Max resident set" },
	{ "nproc", RLIMIT_NPROC, "Max processes" },
	{ "nofile", RLIMIT_NOFILE, "Max open files" },
	{ "memlock", RLIMIT_MEMLOCK, "Max locked memory" },
	{ "as", RLIMIT_AS, "Max address space" },
	{ "locks", RLIMIT_LOCKS, "Max file locks" },
	{ "sigpending", RLIMIT_SIGPENDING, "Max pending signals" },
	{ "msgqueue", RLIMIT_MSGQUEUE, "Max msgqueue size" },
	{ "nice", RLIMIT_NICE, "Max nice priority" },
	{ "rtprio", RLIMIT_RTPRIO, "Max realtime priority" },
	{ "rttime", RLIMIT_RTTIME, "Max realtime timeout" },
};

/* jansson makes no string of bytes that are not UTF-8. */
static int add_texts(json_t *record, const char *key, char *const *texts, struct err *e)
{
	json_t *list = json_array();

	json_object_set_new(record, key, list);
	for (size_t i = 0; texts[i]; i++)
		if (json_array_append_new(list, json_string(texts[i])) < 0)
			return err_set(e, ERR_REFUSED, "%s %zu of the process is not text in UTF-8",
				       key, i);
	return 0;
}

/* argv[0] is what the program calls itself; what was executed is exe. A program replaced since
 * shows as "(deleted)". */
static int add_program(json_t *record, const struct proc *p, struct err *e)
{
	struct sv exe = sv_of(p->exe);
	json_t *argv = json_object_get(record, "argv");

	if (!p->exe || !json_array_size(argv))
		return err_set(e, ERR_REFUSED, "what process %d executes cannot be read",
			       (int)p->id.pid);
	if (sv_ends(exe, " (deleted)"))
		exe.n -= strlen(" (deleted)");
	if (json_array_set_new(argv, 0, json_stringn(exe.p, exe.n)) < 0)
		return err_set(e, ERR_REFUSED, "the path of the program is not text in UTF-8");
	return 0;
}

static void add_groups(json_t *record, struct sv line)
{
	json_t *list = json_array();
	uint64_t gid;

	json_object_set_new(record, "groups", list);
	while (line.n) {
		struct sv word = sv_cut(&line, ' ');

		if (sv_u64(word, &gid))
			json_array_append_new(list, json_integer((json_int_t)gid));
	}
}

static json_int_t octal(struct sv s)
{
	json_int_t v = 0;

	for (size_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '7'; i++)
		v = v * 8 + (s.p[i] - '0');
	return v;
}

static int add_status(json_t *record, pid_t pid, struct err *e)
{
	autobuf struct buf text = BUF_MAX(STATUS_MAX);
	char path[64];
	struct sv rest;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	if (file_read_path(path, &text, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_line(&rest), value = line, key = sv_cut(&value, ':');

		if (sv_eq(key, "Groups"))
			add_groups(record, sv_trim(value));
		else if (sv_eq(key, "Umask"))
			json_object_set_new(record, "umask", json_integer(octal(sv_trim(value))));
	}
	return 0;
}

static int add_oom(json_t *record, pid_t pid, struct err *e)
{
	autobuf struct buf line = BUF_MAX(64);
	char path[64];
	int64_t adj = 0;

	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)pid);
	if (file_read_line(path, &line, e) < 0)
		return -(int)e->kind;
	if (!sv_i64(sv_trim(buf_sv(&line)), &adj))
		return err_set(e, ERR_FORMAT, "'%s' holds no number", path);
	json_object_set_new(record, "oom_score_adj", json_integer(adj));
	return 0;
}

static json_t *limit_value(uint64_t v)
{
	return json_integer(v == UINT64_MAX ? -1 : (json_int_t)v);
}

static int add_limits(json_t *record, pid_t pid, struct err *e)
{
	json_t *all = json_object();

	json_object_set_new(record, "limits", all);
	for (size_t i = 0; i < ARRAY_LEN(limit_names); i++) {
		uint64_t soft = 0, hard = 0;

		if (proc_limit(pid, limit_names[i].title, &soft, &hard, e) < 0)
			return -(int)e->kind;
		json_object_set_new(all, limit_names[i].name,
				    json_pack("[o,o]", limit_value(soft), limit_value(hard)));
	}
	return 0;
}

/* Only a file can be opened again; a terminal, a pipe or a socket cannot. */
static void add_stdout(json_t *record, pid_t pid)
{
	char link[64], path[PATH_MAX];
	struct stat st;
	ssize_t n;

	snprintf(link, sizeof link, "/proc/%d/fd/1", (int)pid);
	n = readlink(link, path, sizeof path);
	if (n <= 0 || (size_t)n >= sizeof path || stat(link, &st) < 0 || !S_ISREG(st.st_mode) ||
	    !st.st_nlink)
		return;
	json_object_set_new(record, "stdout", json_stringn(path, (size_t)n));
}

static int record_proc(const struct proc *p, json_t *record, struct err *e)
{
	pid_t pid = p->id.pid;

	if (!p->env)
		return err_set(e, ERR_DENIED, "the environment of process %d cannot be read",
			       (int)pid);
	if (!p->cwd || json_object_set_new(record, "cwd", json_string(p->cwd)) < 0)
		return err_set(e, ERR_REFUSED,
			       "the working directory of process %d cannot be recorded", (int)pid);
	json_object_set_new(record, "uid", json_integer(p->uid));
	json_object_set_new(record, "gid", json_integer(p->gid));
	add_stdout(record, pid);
	if (add_texts(record, "argv", p->argv, e) < 0 || add_program(record, p, e) < 0 ||
	    add_texts(record, "env", p->env, e) < 0 || add_status(record, pid, e) < 0 ||
	    add_oom(record, pid, e) < 0 || add_limits(record, pid, e) < 0)
		return -(int)e->kind;
	return 0;
}

int launch_record(struct process_id id, json_t **ret, struct err *e)
{
	autojson json_t *record = json_object();
	struct proc p = { 0 };
	int r = proc_read(id.pid, &p, e);

	if (r == 0 && p.id.start_ticks != id.start_ticks)
		r = err_set(e, ERR_ABSENT, "process %d has ended", (int)id.pid);
	if (r == 0)
		r = record_proc(&p, record, e);
	proc_done(&p);
	if (r < 0)
		return err_wrap(e, "record how the server was started");
	/* Were the pid another's by now, some of what was read would be too. */
	r = process_alive(id, e);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, ERR_ABSENT, "process %d ended while it was looked at",
			       (int)id.pid);
	*ret = take_ptr(record);
	return 0;
}

static int text_list(const json_t *record, const char *key, const char ***ret, struct err *e)
{
	json_t *list = NULL;
	size_t n;

	if (json_want_arr(record, key, &list, e) < 0)
		return -(int)e->kind;
	n = json_array_size(list);
	*ret = xcalloc(n + 1, sizeof **ret);
	for (size_t i = 0; i < n; i++) {
		(*ret)[i] = json_string_value(json_array_get(list, i));
		if (!(*ret)[i])
			return err_set(e, ERR_FORMAT, "'%s' holds something that is no text", key);
	}
	return 0;
}

static uint64_t limit_of(const json_t *pair, size_t at)
{
	json_int_t v = json_integer_value(json_array_get(pair, at));

	return v < 0 ? UINT64_MAX : (uint64_t)v;
}

static size_t limit_list(const json_t *record, struct cmd_limit *ret)
{
	const json_t *all = json_object_get(record, "limits");
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(limit_names); i++) {
		const json_t *pair = json_object_get(all, limit_names[i].name);

		if (json_array_size(pair) == 2)
			ret[n++] = (struct cmd_limit){ .resource = limit_names[i].resource,
						       .soft = limit_of(pair, 0),
						       .hard = limit_of(pair, 1) };
	}
	return n;
}

static int group_list(const json_t *record, gid_t **ret, size_t *ret_n, struct err *e)
{
	json_t *list = NULL;
	size_t n;

	if (json_want_arr(record, "groups", &list, e) < 0)
		return -(int)e->kind;
	n = json_array_size(list);
	if (n > GROUPS_MAX)
		return err_set(e, ERR_FORMAT, "%zu groups are more than a process can have", n);
	*ret = xcalloc(n + 1, sizeof **ret);
	for (size_t i = 0; i < n; i++)
		(*ret)[i] = (gid_t)json_integer_value(json_array_get(list, i));
	*ret_n = n;
	return 0;
}

int launch_start(const json_t *record, struct process_id *ret, char *ret_unset, size_t n,
		 struct err *e)
{
	struct cmd_limit limits[ARRAY_LEN(limit_names)];
	autofree const char **argv = NULL;
	autofree const char **env = NULL;
	autofree gid_t *groups = NULL;
	int64_t uid, gid;
	struct cmd c = { .set_ids = true, .set_umask = true, .set_oom = true, .limits = limits };

	if (text_list(record, "argv", &argv, e) < 0 || text_list(record, "env", &env, e) < 0 ||
	    json_want_str(record, "cwd", &c.cwd, e) < 0 ||
	    json_want_int(record, "uid", &uid, e) < 0 ||
	    json_want_int(record, "gid", &gid, e) < 0 ||
	    group_list(record, &groups, &c.n_groups, e) < 0)
		return err_wrap(e, "read the launch record");
	c.argv = argv;
	c.env = env;
	c.groups = groups;
	c.uid = (uid_t)uid;
	c.gid = (gid_t)gid;
	c.n_limits = limit_list(record, limits);
	c.umask = (int)json_int(record, "umask", 022);
	c.oom_score_adj = (int)json_int(record, "oom_score_adj", 0);
	c.stdout_path = json_str(record, "stdout", NULL);
	if (!argv[0])
		return err_set(e, ERR_FORMAT, "the launch record names no program");
	return cmd_start(&c, ret, ret_unset, n, e);
}
