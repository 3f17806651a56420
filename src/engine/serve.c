#include "engine/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "engine/event.h"
#include "io/image.h"
#include "io/proc.h"

#define ASK_EVERY   (10 * NS_PER_MS)
#define LOOK_EVERY  NS_PER_S
#define ONE_PROBE   (5 * NS_PER_S)
#define LAUNCH_MAX  (1u << 20)
#define KILL_WITHIN (60 * NS_PER_S)
#define LEVELS_MAX  3 /* an init, a shell, the server */
#define CHILDREN_MAX 50

int64_t params_span(const json_t *params, const char *key, int64_t absent_ns)
{
	const char *text = json_str(params, key, NULL);
	int64_t ns;

	return text && clock_parse_span(text, &ns) ? ns : absent_ns;
}

/* Pages of its program that a slow disk gives it are among it. Also tells whether the kernel knows it by that name. */
static uint64_t work_done(pid_t pid, const char *name, bool *ret_is)
{
	autobuf struct buf text = BUF_MAX(4096);
	struct err e = ERR_INIT;
	uint64_t page_ins = 0, utime = 0, stime = 0, read_chars = 0, write_chars = 0;
	const char *before, *after;
	char path[64];

	*ret_is = false;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (file_read_line(path, &text, &e) < 0)
		return 0;
	before = strchr(buf_str(&text), '(');
	after = strrchr(buf_str(&text), ')');
	*ret_is = name && before && after > before && sv_eq((struct sv){ before + 1, (size_t)(after - before) - 1 }, name);
	if (after)
		(void)sscanf(after, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %" SCNu64 " %*u %" SCNu64 " %" SCNu64, &page_ins, &utime, &stime);
	buf_reset(&text);
	snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
	err_clear(&e);
	if (file_read_path(path, &text, &e) >= 0)
		(void)sscanf(buf_str(&text), "rchar: %" SCNu64 " wchar: %" SCNu64, &read_chars, &write_chars);
	return page_ins + utime + stime + read_chars + write_chars;
}

struct work {
	const char *server;             /* as the kernel calls its process */
	uint64_t    all, servers;
	bool        found;
};

static void add_work(struct work *w, pid_t pid, bool servers, int levels)
{
	autobuf struct buf text = BUF_MAX(64 << 10);
	struct err none = ERR_INIT;
	uint64_t done, child;
	struct sv rest;
	char path[64];
	bool is;

	done = work_done(pid, w->server, &is);
	servers |= is;
	w->found |= is;
	w->all += done;
	w->servers += servers ? done : 0;
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	if (!levels || file_read_path(path, &text, &none) < 0)
		return;
	rest = buf_sv(&text);
	for (int n = 0; n < CHILDREN_MAX && sv_u64(sv_word(&rest), &child); n++)
		add_work(w, (pid_t)child, servers, levels - 1);
}

uint64_t serve_work(pid_t pid, const char *server)
{
	struct work w = { .server = server };

	/* The init of a container, whose other processes are all of it. Until the server is among them, they prepare its start. */
	add_work(&w, pid, false, proc_is_init(pid) ? LEVELS_MAX : 0);
	return w.found ? w.servers : w.all;
}

/* What counts as life of a server that does not answer yet: its process works, or it shows signs that its product knows. */
struct stall {
	uint64_t        work, moves;
	struct deadline until;
	int64_t         ns;
	bool            data_open;      /* it was seen to be: our own questions keep a server at work that only does not serve */
	struct signs    signs;
	struct deadline look;           /* at its signs; most servers answer before the first one */
};

/* Now and then, and a last time before it is given up. */
static void look_at_signs(struct ctx *c, struct stall *st, struct process_id id, bool last)
{
	if (!c->product->signs || c->backward || !id.pid || !(last || deadline_passed(st->look)))
		return;
	c->product->signs(c, &id, &st->signs);
	st->look = deadline_in(LOOK_EVERY);
}

static bool has_moved(struct stall *st, pid_t pid, const char *server)
{
	uint64_t work = pid ? serve_work(pid, server) : 0;
	bool moved = !pid || work != st->work || st->signs.moves != st->moves;

	st->work = work;
	st->moves = st->signs.moves;
	return moved;
}

static int check_stall(struct ctx *c, struct stall *st, struct process_id id, const struct probe *p, struct err *e)
{
	bool opened = p->data_open && !c->backward && !st->data_open;
	bool over = deadline_passed(st->until);         /* before the look, or it may pass behind it */
	char span[32];

	look_at_signs(c, st, id, over);
	st->data_open |= opened;
	if (opened || (has_moved(st, id.pid, c->product->process) && !st->data_open)) {
		st->until = deadline_in(st->ns);
		return 0;
	}
	if (!over)
		return 0;
	if (st->data_open)
		return err_set(e, ERR_TIMEOUT, "the server (pid %d) has its data open, and does not serve for %s: %s", (int)id.pid,
		               clock_span(st->ns, span, sizeof span), p->detail);
	return err_set(e, ERR_TIMEOUT, "the server (pid %d) has done nothing for %s and does not answer%s%s", (int)id.pid,
	               clock_span(st->ns, span, sizeof span), st->signs.last[0] ? "; " : "", st->signs.last);
}

/* Going back, an edition that the product cannot read out of the answer is held against nobody: the version is the old one's, and what
 * stays open is told as not proved. */
static int answers_as(const struct ctx *c, const struct probe *p, struct expected who, struct err *e)
{
	bool nameless = c->backward && !p->edition[0];

	if (who.version && who.version[0] && strcmp(p->version, who.version))
		return err_set(e, ERR_CHANGED, "the server answers as version '%s', not '%s'", p->version, who.version);
	if (who.edition && who.edition[0] && !nameless && strcmp(p->edition, who.edition))
		return err_set(e, ERR_CHANGED, "the server answers as edition '%s', not '%s'", p->edition, who.edition);
	return 0;
}

/* Somebody else's server took the lock, or a port, before ours could. On the way back the old one is welcome whoever started it. */
static int refuse_stranger(const struct ctx *c, const struct svc_state *now, struct err *e)
{
	if (!now->stranger || c->backward)
		return 0;
	if (!now->id.pid)
		return err_set(e, ERR_CHANGED, "not only the server that this run started listens: %s", now->detail);
	err_set(e, ERR_CHANGED, "process %d runs the server, and it is not the one this run started%s%s", (int)now->id.pid,
	        now->by[0] ? ": " : "", now->by);
	return err_hint(e, "find out who starts servers of this data, and stop that first");
}

static int wait_for(struct ctx *c, struct site *s, struct expected who, int64_t within_ns, struct stall *stall,
                    struct probe *ret, struct err *e)
{
	struct deadline until = deadline_in(within_ns);
	struct service *service;

	if (site_service(s, &service, e) < 0)
		return -e->kind;
	for (;;) {
		struct svc_state now = { 0 };
		struct err quiet = ERR_INIT;

		*ret = (struct probe){ 0 };
		if (c->product->probe(s, false, MIN_OF(ONE_PROBE, deadline_left_ns(until)), ret, &quiet) < 0)
			ret->serving = false;
		if (service->ops->state(service, &now, e) < 0 || refuse_stranger(c, &now, e) < 0)
			return -e->kind;
		if (ret->serving)
			return answers_as(c, ret, who, e);
		if (now.run == SVC_STOPPED || now.run == SVC_FAILED)
			return err_set(e, ERR_REFUSED, "the server ended before it answered: %s", now.detail);
		if (check_stall(c, stall, now.id, ret, e) < 0)
			return -e->kind;
		if (deadline_passed(until))
			return err_set(e, ERR_TIMEOUT, "the server does not answer: %s",
			               ret->detail[0] ? ret->detail : quiet.msg);
		if (c->cancel && atomic_load(&c->cancel->asked) && !c->backward)
			return err_set(e, ERR_CANCELED, "interrupted while the server started");
		clock_sleep_ns(ASK_EVERY);
	}
}

int serve_wait(struct ctx *c, struct site *s, struct expected who, int64_t within_ns, int64_t stall_ns,
               struct probe *ret, struct err *e)
{
	struct stall stall = { .until = deadline_in(stall_ns), .ns = stall_ns, .look = deadline_in(LOOK_EVERY) };
	int r = wait_for(c, s, who, within_ns, &stall, ret, e);

	if (stall.signs.own)
		c->product->signs(c, NULL, &stall.signs);
	return r;
}

static char *lock_name(const struct site *s)
{
	return xasprintf("lock:%s", s->name);
}

int serve_lock(struct ctx *c, struct site *s, const json_t *place, struct err *e)
{
	autofree char *name = lock_name(s);
	autodir struct dir d = DIR_NONE;
	autoclose int fd = -1;
	const char *rel;

	if (!json_is_object(place) || ctx_holds(c, name))
		return 0;
	if (site_place(s, place, &d, &rel, e) < 0)
		return -e->kind;
	fd = dir_openat(&d, rel, O_RDWR, 0, e);
	if (fd < 0 && e->kind == ERR_ABSENT) {
		err_clear(e);
		return 0;       /* no server of this data ever ran */
	}
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return err_sys(e, errno, "lock '%s/%s'", d.path, rel);
		err_set(e, ERR_CHANGED, "somebody holds '%s/%s': a server was started in the window", d.path, rel);
		return err_hint(e, "find out who starts it, and stop it");
	}
	ctx_hold_fd(c, name, take_fd(fd));
	return 0;
}

void serve_unlock(struct ctx *c, const struct site *s)
{
	autofree char *name = lock_name(s);

	ctx_drop_fd(c, name);
}

int serve_hold(struct ctx *c, struct site *s, const json_t *flock_place, struct err *e)
{
	autofree char *path = ctx_hold_path(c, s);
	struct service *service;

	if (site_service(s, &service, e) < 0)
		return -e->kind;
	if (service->ops->hold && service->ops->hold(service, path, e) < 0)
		return err_wrap(e, "hold %s", service->name);
	return serve_lock(c, s, flock_place, e);
}

int serve_lift(struct ctx *c, struct site *s, bool for_good, struct err *e)
{
	autofree char *path = ctx_hold_path(c, s);
	struct service *service;

	if (site_service(s, &service, e) < 0)
		return -e->kind;
	serve_unlock(c, s);
	if (service->ops->lift && service->ops->lift(service, path, for_good, e) < 0)
		return err_wrap(e, "let %s start", service->name);
	return 0;
}

/* Never unasked: SIGKILL takes from a server what it has not written yet. */
static bool may_kill(const struct ctx *c, const struct err *why, const struct svc_state *now)
{
	autofree char *question = NULL;

	if (c->backward && c->force)
		return true;
	if (!c->ask)
		return false;
	question = xasprintf("%s. Kill process %d (SIGKILL)?", why->msg, (int)now->id.pid);
	return c->ask(c->ask_data, question) == 1;
}

static int kill_it(const struct svc_state *now, struct err *e)
{
	if (process_signal(now->id, SIGKILL, e) < 0 && e->kind != ERR_ABSENT)
		return -e->kind;
	err_clear(e);
	return process_wait(now->id, deadline_in(KILL_WITHIN), e);
}

/* What a person can do about a server that does not end, with its process by name. */
static int is_left(const struct ctx *c, const struct svc_state *now, struct err *e)
{
	if (!now->id.pid)
		return err_hint(e, "look at the service; its process is not known");
	return err_hint(e, "nothing was killed: look at what process %d is doing, or end it "
	                   "('kill -9 %d'%s), then repeat the call",
	                (int)now->id.pid, (int)now->id.pid, c->backward ? ", or 'crossgrade rollback --force'" : "");
}

int serve_end(struct ctx *c, struct service *service, const struct err *why, struct err *e)
{
	struct svc_state now = { 0 };

	if (service->ops->state(service, &now, e) < 0)
		return -e->kind;
	if (now.run == SVC_STOPPED || now.run == SVC_FAILED)
		return 0;
	if (now.id.pid && may_kill(c, why, &now)) {
		event_emit(c->events, "warning", json_pack("{ss sI}", "text", "the server did not end and is killed, as agreed",
		                                           "pid", (json_int_t)now.id.pid));
		return kill_it(&now, e);
	}
	*e = *why;
	return is_left(c, &now, e);
}

int serve_stop_started(struct ctx *c, struct site *s, int64_t within_ns, struct err *e)
{
	struct service *service;
	struct svc_state now = { 0 };

	if (site_service(s, &service, e) < 0 || service->ops->state(service, &now, e) < 0)
		return -e->kind;
	if (now.run == SVC_STOPPED && service->ops->stop_unseen && service->ops->stop_unseen(service, within_ns, e) < 0)
		return err_wrap(e, "stop %s", service->name);
	return serve_stop(c, s, within_ns, e);
}

int serve_stop(struct ctx *c, struct site *s, int64_t within_ns, struct err *e)
{
	struct err why = ERR_INIT;
	struct service *service;
	struct svc_state now = { 0 };

	if (site_service(s, &service, e) < 0 || service->ops->state(service, &now, e) < 0)
		return -e->kind;
	if (now.run == SVC_STOPPED || now.run == SVC_FAILED)
		return 0;
	if (service->ops->want(service, SVC_STOPPED, within_ns, &now, &why) >= 0)
		return 0;
	err_wrap(&why, "stop %s", service->name);
	if (why.kind == ERR_TIMEOUT)
		return serve_end(c, service, &why, e);
	*e = why;
	return -e->kind;
}

static int load_launch(struct ctx *c, const char *digest, const json_t *argv, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(LAUNCH_MAX);

	if (blob_get(&c->blobs, digest, &text, e) < 0 || json_parse(buf_sv(&text), "the launch record", ret, e) < 0)
		return err_wrap(e, "how the server was started");
	if (json_is_array(argv))
		json_object_set(*ret, "argv", (json_t *)argv);
	return 0;
}

int serve_know(struct ctx *c, struct site *s, const char *launch, const json_t *argv, struct err *e)
{
	autojson json_t *record = NULL;
	struct service *service;

	if (!launch)
		return 0;
	if (site_service(s, &service, e) < 0 || load_launch(c, launch, argv, &record, e) < 0)
		return -e->kind;
	service_set_launch(service, record);
	return 0;
}

int serve_start(struct ctx *c, struct site *s, const char *launch, const json_t *argv, int64_t within_ns,
                struct svc_state *ret, struct err *e)
{
	struct service *service;

	if (site_service(s, &service, e) < 0 || serve_know(c, s, launch, argv, e) < 0)
		return -e->kind;
	if (service->ops->want(service, SVC_RUNNING, within_ns, ret, e) < 0)
		return err_wrap(e, "start %s", service->name);
	return refuse_stranger(c, ret, e);
}
