#include "io/proc.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/secret.h"
#include "io/file.h"
#include "io/process.h"

#define ARGS_MAX  (1u << 20)
#define TABLE_MAX (64u << 20)

static void words_done(char **words)
{
	for (char **it = words; it && *it; it++) {
		secret_wipe(*it, strlen(*it));
		free(*it);
	}
	free(words);
}

void proc_done(struct proc *p)
{
	free(p->exe);
	free(p->cwd);
	free(p->cgroup);
	words_done(p->argv);
	words_done(p->env);
	*p = (struct proc){ 0 };
}

static const char *proc_path(pid_t pid, const char *name, char room[64])
{
	(void)snprintf(room, 64, "/proc/%d/%s", (int)pid, name);
	return room;
}

/* NULL when it cannot be read: the process ended, is the kernel's own, or is closed to us. */
static char *link_of(pid_t pid, const char *name)
{
	char room[64], target[PATH_MAX];
	ssize_t n = readlink(proc_path(pid, name, room), target, sizeof target);

	return n < 0 ? NULL : xstrndup(target, (size_t)n);
}

/* Words with a NUL behind each. */
static char **words_of(struct sv text)
{
	VEC(char *) words = { 0 };

	while (text.n)
		*vec_push(&words) = sv_dup(sv_cut(&text, '\0'));
	*vec_push(&words) = NULL;
	return words.v;
}

static int read_words(pid_t pid, const char *name, char ***ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(ARGS_MAX);
	char room[64];

	if (file_read_path(proc_path(pid, name, room), &text, e) < 0)
		return -(int)e->kind;
	*ret = words_of(buf_sv(&text));
	secret_wipe(text.data, text.len);
	return 0;
}

/* "0::/path" is the unified hierarchy; where systemd keeps its own beside it, that one has the
 * path. */
static char *read_cgroup(pid_t pid)
{
	autobuf struct buf text = BUF_MAX(64u << 10);
	struct sv rest, unified = { 0 }, named = { 0 };
	struct err e = ERR_INIT;
	char room[64];

	if (file_read_path(proc_path(pid, "cgroup", room), &text, &e) < 0)
		return NULL;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv path = sv_line(&rest), number = sv_cut(&path, ':');
		struct sv name = sv_cut(&path, ':');

		if (sv_eq(number, "0"))
			unified = path;
		if (sv_eq(name, "name=systemd"))
			named = path;
	}
	if (named.n && !sv_eq(named, "/"))
		return sv_dup(named);
	return unified.n ? sv_dup(unified) : NULL;
}

/* Effective ids: the second numbers of "Uid:" and "Gid:". */
static int read_ids(pid_t pid, struct proc *p, struct err *e)
{
	autobuf struct buf text = BUF_MAX(64u << 10);
	uint64_t uid = UINT64_MAX, gid = UINT64_MAX;
	struct sv rest;
	char room[64];

	if (file_read_path(proc_path(pid, "status", room), &text, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_line(&rest), key = sv_cut(&line, '\t');

		(void)sv_cut(&line, '\t');
		if (sv_eq(key, "Uid:"))
			(void)sv_u64(sv_cut(&line, '\t'), &uid);
		if (sv_eq(key, "Gid:"))
			(void)sv_u64(sv_cut(&line, '\t'), &gid);
	}
	if (uid > UINT32_MAX || gid > UINT32_MAX)
		return err_set(e, ERR_FORMAT, "'%s' is not understood", room);
	p->uid = (uid_t)uid;
	p->gid = (gid_t)gid;
	return 0;
}

static int read_all(pid_t pid, struct proc *p, struct err *e)
{
	struct err ignored = ERR_INIT;
	struct process_stat st;
	uint64_t again = 0;

	if (process_start_ticks(pid, &p->id.start_ticks, e) < 0 || process_stat(pid, &st, e) < 0)
		return -(int)e->kind;
	p->id.pid = pid;
	p->ppid = st.ppid;
	if (read_ids(pid, p, e) < 0 || read_words(pid, "cmdline", &p->argv, e) < 0)
		return -(int)e->kind;
	if (read_words(pid, "environ", &p->env, &ignored) < 0)
		p->env = NULL;
	p->exe = link_of(pid, "exe");
	p->cwd = link_of(pid, "cwd");
	p->cgroup = read_cgroup(pid);
	/* What was read belongs together only if it was one process all the while. */
	if (process_start_ticks(pid, &again, e) < 0)
		return -(int)e->kind;
	if (again != p->id.start_ticks)
		return err_set(e, ERR_ABSENT, "process %d is gone", (int)pid);
	return 0;
}

int proc_read(pid_t pid, struct proc *ret, struct err *e)
{
	struct proc p = { 0 };

	if (read_all(pid, &p, e) < 0) {
		proc_done(&p);
		return -(int)e->kind;
	}
	*ret = p;
	return 0;
}

bool proc_runs(pid_t pid, const char *const *argv)
{
	struct err gone = ERR_INIT;
	char **words = NULL;
	size_t n = 0;
	bool same;

	if (read_words(pid, "cmdline", &words, &gone) < 0)
		return false;
	while (words[n] && argv[n] && !strcmp(words[n], argv[n]))
		n++;
	same = !words[n] && !argv[n];
	words_done(words);
	return same;
}

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int proc_all(pid_list *ret, struct err *e)
{
	DIR *stream = opendir("/proc");
	pid_list all = { 0 };
	struct dirent *entry;

	if (!stream)
		return err_sys(e, errno, "list '/proc'");
	while ((entry = readdir(stream))) {
		uint64_t pid;

		if (sv_u64(sv_of(entry->d_name), &pid))
			*vec_push(&all) = (pid_t)pid;
	}
	closedir(stream);
	vec_sort(&all, by_number);
	*ret = all;
	return 0;
}

/* "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF"; a waiting one has "->" as its second word. */
static bool lock_line(struct sv line, const char *file, pid_t *ret)
{
	struct sv word, where, pid_text;
	int64_t pid = -1;

	(void)sv_word(&line);
	word = sv_word(&line);
	if (!sv_eq(word, "FLOCK") && !sv_eq(word, "POSIX") && !sv_eq(word, "OFDLCK"))
		return false;
	(void)sv_word(&line);
	(void)sv_word(&line);
	pid_text = sv_word(&line);
	where = sv_word(&line);
	if (!sv_eq(where, file))
		return false;
	*ret = sv_i64(pid_text, &pid) && pid > 0 ? (pid_t)pid : -1;
	return true;
}

int proc_lock_holder(uint64_t dev, uint64_t ino, pid_t *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(TABLE_MAX);
	char file[64];
	struct sv rest;

	(void)snprintf(file, sizeof file, "%02x:%02x:%llu", major(dev), minor(dev),
	               (unsigned long long)ino);
	if (file_read_path("/proc/locks", &text, e) < 0)
		return -(int)e->kind;
	*ret = 0;
	rest = buf_sv(&text);
	while (rest.n)
		if (lock_line(sv_line(&rest), file, ret))
			return 1;
	return 0;
}

int proc_boot_id(char ret[64], struct err *e)
{
	autobuf struct buf text = BUF_MAX(63);

	if (file_read_line("/proc/sys/kernel/random/boot_id", &text, e) < 0)
		return -(int)e->kind;
	(void)snprintf(ret, 64, "%s", buf_str(&text));
	return 0;
}

static bool limit_value(struct sv word, uint64_t *ret)
{
	if (!sv_eq(word, "unlimited"))
		return sv_u64(word, ret);
	*ret = UINT64_MAX;
	return true;
}

int proc_limit(pid_t pid, const char *name, uint64_t *ret_soft, uint64_t *ret_hard, struct err *e)
{
	autobuf struct buf text = BUF_MAX(16u << 10);
	uint64_t soft, hard;
	struct sv rest;
	char room[64];

	if (file_read_path(proc_path(pid, "limits", room), &text, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_line(&rest), values;
		size_t n = strlen(name);

		if (!sv_starts(line, name) || line.n <= n + 1 || line.p[n + 1] != ' ')
			continue;
		values = (struct sv){ line.p + n, line.n - n };
		if (!limit_value(sv_word(&values), &soft) ||
		    !limit_value(sv_word(&values), &hard))
			return err_set(e, ERR_FORMAT, "'%s' is not understood", room);
		*ret_soft = soft;
		*ret_hard = hard;
		return 0;
	}
	return err_set(e, ERR_ABSENT, "'%s' has no '%s'", room, name);
}
