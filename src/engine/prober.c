#include "engine/prober.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "io/file.h"

#define FAST     (100 * NS_PER_MS)
#define SLOW     NS_PER_S
#define LAST     (2 * NS_PER_S) /* for the last question of a call, which tells how it left clients: it has to be scheduled, too */
#define END_EVERY (5 * NS_PER_MS)
#define FILE_MAX (64u << 20)

/* In the file the order says how often was asked; 'e' ends what one call measured. */
struct prober {
	pid_t pid;
	int   orders;           /* 'w': in the window, 's': outside it; closing it ends the prober */
	int   out;
};

static void note(int out, bool serving, char order)
{
	char line[96];
	int n = snprintf(line, sizeof line, "%lld %lld %d %c\n", (long long)clock_mono_ns(),
	                 (long long)clock_wall_ns(), serving, order);

	/* A lost line is a probe that was not made: the gap it leaves is reported as not measured. */
	if (write(out, line, (size_t)n) < 0)
		return;
}

/* A door that answered before is one that clients come by. */
static bool serves(const struct probe *seen, unsigned *doors)
{
	*doors |= seen->doors;
	return seen->serving && seen->doors == *doors;
}

/* The child: it shares nothing with the run but the file and the pipe, so a busy parent does not bend the measurement. */
static void probe_loop(const struct product *p, const struct site *s, int orders, int out)
{
	char order = 's';
	unsigned doors = 0;
	bool ends = false;

	for (;;) {
		int64_t began = clock_mono_ns(), every;
		struct pollfd in = { .fd = orders, .events = POLLIN };
		struct probe seen = { 0 };
		struct err e = ERR_INIT;
		int r = p->probe(s, true, FAST, &seen, &e);

		note(out, r >= 0 && serves(&seen, &doors), order);
		if (ends)
			_exit(0);
		every = (order == 'w' ? FAST : SLOW) - (clock_mono_ns() - began);
		ends = poll(&in, 1, every > 0 ? (int)(every / NS_PER_MS) : 0) > 0 && read(orders, &order, 1) <= 0;
	}
}

int prober_start(const struct product *p, const struct site *s, const struct dir *d, const char *rel,
                 struct prober **ret, struct err *e)
{
	autoclose int out = dir_openat(d, rel, O_WRONLY | O_CREAT | O_APPEND, 0600, e);
	autoclose int rd = -1, wr = -1;
	int pipefd[2];
	pid_t pid;

	if (out < 0)
		return out;
	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe for the prober");
	rd = pipefd[0];
	wr = pipefd[1];
	pid = fork();
	if (pid < 0)
		return err_sys(e, errno, "start the prober");
	if (!pid) {
		close(wr);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* A lost terminal, and who ends the whole group, end the run: it ends us, and wants its outage measured. */
		signal(SIGINT, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		probe_loop(p, s, rd, out);
	}
	*ret = xcalloc(1, sizeof **ret);
	**ret = (struct prober){ .pid = pid, .orders = take_fd(wr), .out = take_fd(out) };
	return 0;
}

void prober_window(struct prober *p, bool open)
{
	char order = open ? 'w' : 's';

	if (p && write(p->orders, &order, 1) < 0)
		return;         /* it is gone: the report shows what was not measured */
}

/* It ends by itself; a question that hangs does not keep us. */
static void await_end(pid_t pid)
{
	struct deadline until = deadline_in(LAST);

	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (deadline_passed(until)) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return;
		}
		clock_sleep_ns(END_EVERY);
	}
}

void prober_stop(struct prober *p)
{
	if (!p)
		return;
	close(p->orders);
	await_end(p->pid);
	note(p->out, true, 'e');
	close(p->out);
	free(p);
}

struct gaps {
	json_t *list;
	int64_t longest, total, unmeasured;
	int64_t down_from, down_from_wall, last, last_wall;
	int64_t booted;         /* added to the monotonic clock of this boot, so that it goes on where the last one ended */
	bool    down;
	bool    between;        /* one call ended, the next has not asked yet */
};

static void gap_ends(struct gaps *g, int64_t at)
{
	int64_t ns = at - g->down_from;

	g->longest = MAX_OF(g->longest, ns);
	g->total += ns;
	json_array_append_new(g->list, json_pack("{sI sI}", "from_wall_ns", (json_int_t)g->down_from_wall, "ms",
	                                         (json_int_t)(ns / NS_PER_MS)));
	g->down = false;
}

/* A gap lasts from the last good answer before it to the first one after it: the longest it can have been. */
static void one_probe(struct gaps *g, int64_t mono, int64_t wall, bool serving, int64_t good)
{
	if (g->last && mono - g->last > 3 * SLOW && !g->between)
		g->unmeasured += mono - g->last;
	g->between = false;
	g->last = mono;
	g->last_wall = wall;
	if (!serving && !g->down) {
		g->down = true;
		g->down_from = good ? good : mono;
		g->down_from_wall = wall - (mono - g->down_from);
	} else if (serving && g->down) {
		gap_ends(g, mono);
	}
}

/* Between two calls nobody asks, and nothing of the run happens that could end a service: that is no gap, and no lack. */
static void call_ends(struct gaps *g, int64_t mono, int64_t wall)
{
	if (g->last && mono - g->last > 3 * SLOW)
		g->unmeasured += mono - g->last;
	g->last = mono;
	g->last_wall = wall;
	g->between = true;
}

/* One time line over reboots, which begin the monotonic clock anew: then the wall clock tells how long it took. */
static int64_t time_line(struct gaps *g, int64_t mono, int64_t wall)
{
	if (mono + g->booted < g->last)
		g->booted = g->last + MAX_OF(wall - g->last_wall, (int64_t)0) - mono;
	return mono + g->booted;
}

struct probe_line {
	int64_t mono, wall;
	bool    serving;
	char    order;
};

/* "mono wall serving order"; false for what a kill tore off, alone or grown together with the next run's first line. */
static bool parse_line(struct sv line, struct probe_line *ret)
{
	struct sv serving;

	if (!sv_i64(sv_cut(&line, ' '), &ret->mono) || !sv_i64(sv_cut(&line, ' '), &ret->wall))
		return false;
	serving = sv_cut(&line, ' ');
	ret->serving = sv_eq(serving, "1");
	ret->order = line.n == 1 ? line.p[0] : 0;
	return (ret->serving || sv_eq(serving, "0")) && line.n == 1;
}

int prober_read(const struct dir *d, const char *rel, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(FILE_MAX);
	struct gaps g = { .list = json_array() };
	int64_t good = 0, n = 0;
	struct sv rest;

	if (file_read(d, rel, &text, e) < 0) {
		json_decref(g.list);
		return -e->kind;
	}
	rest = buf_sv(&text);
	while (rest.n) {
		struct probe_line l;

		if (!parse_line(sv_line(&rest), &l))
			continue;
		l.mono = time_line(&g, l.mono, l.wall);
		if (l.order == 'e') {
			call_ends(&g, l.mono, l.wall);
			good = 0;
			continue;
		}
		n++;
		one_probe(&g, l.mono, l.wall, l.serving, good);
		if (l.serving)
			good = l.mono;
	}
	if (g.down)
		gap_ends(&g, g.last);
	*ret = json_pack("{sI sI sI sI so}", "longest_ms", (json_int_t)(g.longest / NS_PER_MS), "total_ms",
	                 (json_int_t)(g.total / NS_PER_MS), "unmeasured_ms", (json_int_t)(g.unmeasured / NS_PER_MS),
	                 "probes", (json_int_t)n, "gaps", g.list);
	return 0;
}
