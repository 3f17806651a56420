/* A database checkpoint around a copy of a server that stays up. It lives in the server's memory
 * only, keeps its disk growing and is nobody's once we are dead: a watcher process then releases
 * it. questdb.md 3.1, questdb-real.md 5. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "engine/event.h"
#include "io/cmd.h"
#include "products/questdb/questdb.h"
#include "products/questdb/sql.h"

#define HELD_FD "checkpoint"
#define CREATE_WITHIN (600 * NS_PER_S)
#define ASK_WITHIN (20 * NS_PER_S)
#define RELEASE_WITHIN (120 * NS_PER_S)
#define AGAIN (500 * NS_PER_MS)
#define NONE_OF_OURS "-"

/* 1 one is in progress, its start in started; 0 none. */
static int checkpoint_now(const struct sql *db, char started[64], struct err *e)
{
	autorows struct sql_rows r = { 0 };
	const char *at;

	if (sql_ask(db, "select * from checkpoint_status()", ASK_WITHIN, &r, e) < 0)
		return err_wrap(e, "ask for the checkpoint");
	at = r.n ? sql_text(&r, 0, "started_at") : NULL;
	snprintf(started, 64, "%s", at ? at : "");
	return r.n && sql_bool(&r, 0, "in_progress", false);
}

static int release(const struct sql *db, struct err *e)
{
	autorows struct sql_rows r = { 0 };

	if (fault_errno("checkpoint.release"))
		return err_set(e, ERR_IO, "release the checkpoint");
	return sql_ask(db, "checkpoint release", RELEASE_WITHIN, &r, e);
}

/* Hold nothing of the parent's: an inherited lock would outlive it. */
static int keep_only(int fd)
{
	int null = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	if (fd != 3 && dup2(fd, 3) < 0)
		return -1;
	return close_range(4, ~0U, 0);
}

/* While it is being made a server refuses to release it, and the last it does, sync(), is ended by
 * no client's death (seen of 8.2.0 and 9.3.4). `ours`: when ours began, "" if that was not told. */
static int release_ours(const struct sql *db, char ours[64], struct err *e)
{
	struct deadline until = deadline_in(CREATE_WITHIN);
	char now[64];
	int r;

	while ((r = checkpoint_now(db, now, e)) == 1 && (!ours[0] || !strcmp(ours, now))) {
		snprintf(ours, 64, "%s", now);
		if (release(db, e) >= 0)
			return 0;
		if (deadline_passed(until))
			return -e->kind;
		err_clear(e);
		clock_sleep_ns(AGAIN);
	}
	return r < 0 ? r : 0;
}

/* The watcher: first line in is the start of our checkpoint, the end of input is the end of the
 * parent. Released is only what is still ours. */
static void watch(const struct sql *db, int in)
{
	char ours[64] = "";
	struct err e = ERR_INIT;
	size_t n = 0;
	ssize_t got;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	if (setsid() < 0 || keep_only(in) < 0)
		_exit(1);
	while ((got = read(3, ours + n, sizeof ours - 1 - n)) != 0) {
		if (got > 0)
			n += (size_t)got;
		else if (errno != EINTR)
			break;
	}
	_exit(release_ours(db, ours, &e) < 0);
}

static int start_watcher(const struct sql *db, int *ret_wr, pid_t *ret_pid, struct err *e)
{
	autoclose int rd = -1, wr = -1;
	int pipefd[2];
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe for the checkpoint's watcher");
	rd = pipefd[0];
	wr = pipefd[1];
	pid = fork();
	if (pid < 0)
		return err_sys(e, errno, "start the checkpoint's watcher");
	if (!pid) {
		close(wr);
		watch(db, rd);
	}
	*ret_wr = take_fd(wr);
	*ret_pid = pid;
	return 0;
}

/* Its input has ended; it may still be asking the server. */
static void reap_watcher(pid_t pid)
{
	struct deadline d = deadline_in(RELEASE_WITHIN);

	while (pid > 0 && !waitpid(pid, NULL, WNOHANG)) {
		if (deadline_passed(d))
			kill(pid, SIGKILL);
		clock_sleep_ns(5 * NS_PER_MS);
	}
}

static int create(const struct sql *db, int wr, char started[64], struct err *e)
{
	autorows struct sql_rows r = { 0 };
	int now;

	if (fault_errno("checkpoint.create"))
		return err_set(e, ERR_IO, "create a checkpoint");
	if (sql_ask(db, "checkpoint create", CREATE_WITHIN, &r, e) < 0) {
		/* Refused: one that is in progress is somebody else's, made since we looked. */
		if (e->kind == ERR_REFUSED && write(wr, NONE_OF_OURS, strlen(NONE_OF_OURS)) < 0)
			return err_sys(e, errno, "tell the checkpoint's watcher");
		return err_wrap(e, "create a checkpoint");
	}
	now = checkpoint_now(db, started, e);
	if (now < 0)
		return now;
	if (!now)
		return err_set(e, ERR_CHANGED,
			       "the checkpoint just made is gone: did the server restart?");
	if (write(wr, started, strlen(started)) < 0)
		return err_sys(e, errno, "tell the checkpoint's watcher");
	return 0;
}

bool questdb_copy_held(const struct ctx *c) { return ctx_holds(c, HELD_FD); }

static const json_t *find_left(const json_t *left, const char *started)
{
	const json_t *hold;
	size_t at;

	json_array_foreach((json_t *)left, at, hold)
		if (*started && !strcmp(json_str(hold, "started_at", ""), started))
			return hold;
	return NULL;
}

/* One of ours whose call was killed, and its watcher with it or before it could: it began then, and nobody else's did. */
static int end_left(struct ctx *c, const struct sql *db, const json_t *left, const char *started,
		    struct err *e)
{
	const json_t *hold = find_left(left, started);
	struct process_id watcher = { (pid_t)json_int(hold, "watcher", 0),
				      (uint64_t)json_int(hold, "watcher_start", 0) };
	int alive = hold ? process_alive(watcher, e) : 0;

	if (alive < 0)
		return alive;
	if (!hold) {
		err_set(e, ERR_BUSY, "a checkpoint of somebody else is in progress since %s",
			started);
		return err_hint(e, "end it with CHECKPOINT RELEASE once its owner agrees");
	}
	if (alive) {
		err_set(e, ERR_BUSY,
			"the checkpoint of a 'backup create' that was killed is being released");
		return err_hint(e, "try again in some minutes");
	}
	if (release(db, e) < 0)
		return err_wrap(e, "end the checkpoint of a 'backup create' that was killed");
	event_emit(c->events, "note",
		   json_pack("{so}", "text",
			     json_sprintf("the checkpoint of %s, which a 'backup create' that was "
					  "killed left in progress, is released",
					  started)));
	return 0;
}

int questdb_copy_begin(struct ctx *c, const json_t *left, json_t **ret_hold, struct err *e)
{
	autosql struct sql db = { 0 };
	uint64_t watcher_start = 0;
	char started[64];
	pid_t pid = 0;
	int wr = -1, now;

	if (sql_open(ctx_site(c, NULL), &db, e) < 0 || (now = checkpoint_now(&db, started, e)) < 0)
		return -e->kind;
	if (now && end_left(c, &db, left, started, e) < 0)
		return -e->kind;
	if (start_watcher(&db, &wr, &pid, e) < 0)
		return -e->kind;
	ctx_hold_fd(c, HELD_FD, wr);
	if (process_start_ticks(pid, &watcher_start, e) < 0 || create(&db, wr, started, e) < 0) {
		ctx_drop_fd(c, HELD_FD);
		reap_watcher(pid);
		return -e->kind;
	}
	/* A copy made under it is whole only once the server has gone back to the checkpoint in it. */
	*ret_hold = json_pack("{ss si sI ss}", "started_at", started, "watcher", (int)pid,
			      "watcher_start", (json_int_t)watcher_start, "restore_by", "_restore");
	return 0;
}

int questdb_copy_end(struct ctx *c, const json_t *hold, struct err *e)
{
	autosql struct sql db = { 0 };
	const char *ours = json_str(hold, "started_at", "");
	char now[64];
	int r = sql_open(ctx_site(c, NULL), &db, e);

	if (r >= 0)
		r = checkpoint_now(&db, now, e);
	/* Gone, or another one: a restart in between made the copy worthless. */
	if (r == 0 || (r == 1 && strcmp(now, ours) != 0))
		r = err_set(
		    e, ERR_CHANGED,
		    "the checkpoint of %s is not there any more: the copy cannot be trusted", ours);
	else if (r == 1)
		r = release(&db, e);
	/* At the end of its input the watcher looks once more and goes. */
	ctx_drop_fd(c, HELD_FD);
	reap_watcher((pid_t)json_int(hold, "watcher", 0));
	return r < 0 ? r : 0;
}
