#include "cli/progress.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/map.h"

#define REDRAW (100 * NS_PER_MS)
#define LINE_ROOM 1024

struct step_about {
	char *text;
	int64_t weight;
};

struct progress {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool ending, hidden, drawn;
	struct style style;
	struct map steps; /* id -> struct step_about */
	int64_t weight_all, weight_done;
	bool backward; /* on the way back nobody knows how much is to do */
	/* The step at work. */
	char *step;
	int64_t begun_ns;
	uint64_t done, total;
	bool bytes;
	char unit[24];
	int64_t down_since_ns; /* 0: clients are served */
};

static const struct step_about *about(const struct progress *p, const char *step)
{
	return step ? map_get(&p->steps, step) : NULL;
}

const char *progress_step_text(const struct progress *p, const char *step)
{
	const struct step_about *it = p ? about(p, step) : NULL;

	return it ? it->text : step;
}

/* How much of the plan is done, in percent; -1 when no plan is known. */
static int percent(const struct progress *p)
{
	const struct step_about *it = about(p, p->step);
	double at = (double)p->weight_done;

	if (!p->weight_all || p->backward)
		return -1;
	if (it && p->total)
		at += (double)it->weight * (double)MIN_OF(p->done, p->total) / (double)p->total;
	return (int)MIN_OF(100.0, 100.0 * at / (double)p->weight_all);
}

static void add_amount(const struct progress *p, struct buf *ret)
{
	double took_s = (double)(clock_mono_ns() - p->begun_ns) / (double)NS_PER_S;
	double rate = took_s > 0.5 ? (double)p->done / took_s : 0;
	char a[40], b[40];

	if (p->bytes && !p->total)
		buf_addf(ret, "  %s", view_bytes(p->done, a, sizeof a));
	else if (p->bytes)
		buf_addf(ret, "  %s of %s", view_bytes(p->done, a, sizeof a),
			 view_bytes(p->total, b, sizeof b));
	else
		buf_addf(ret, "  %llu of %llu %s", (unsigned long long)p->done,
			 (unsigned long long)p->total, p->unit);
	if (rate < 1)
		return;
	if (p->bytes)
		buf_addf(ret, ", %s/s", view_bytes((uint64_t)rate, a, sizeof a));
	if (p->total > p->done)
		buf_addf(
		    ret, ", %s left",
		    view_ms((int64_t)((double)(p->total - p->done) * 1000 / rate), b, sizeof b));
}

static void compose(const struct progress *p, struct buf *ret)
{
	int part = percent(p);
	char span[40];

	if (part >= 0)
		buf_addf(ret, "[%3d %%] ", part);
	if (p->down_since_ns)
		buf_addf(ret, "server down since %s  ",
			 clock_span(clock_mono_ns() - p->down_since_ns, span, sizeof span));
	if (p->backward && p->step)
		buf_adds(ret, "undo: ");
	view_clean(ret, sv_of(progress_step_text(p, p->step) ?: "looking"));
	if (p->total || (p->bytes && p->done))
		add_amount(p, ret);
}

void progress_line(struct progress *p, struct buf *ret)
{
	pthread_mutex_lock(&p->lock);
	compose(p, ret);
	pthread_mutex_unlock(&p->lock);
}

/* The line is cut at the terminal's width: a wrapped one could not be taken away again. */
static void draw(struct progress *p)
{
	autobuf struct buf line = BUF_MAX(LINE_ROOM);
	size_t room = p->style.width ? p->style.width - 1 : 79;
	struct sv shown;

	compose(p, &line);
	shown = buf_sv(&line);
	while (shown.n && (view_width(shown) > room ||
			   (shown.n < line.len && (line.data[shown.n] & 0xc0) == 0x80)))
		shown.n--;
	fprintf(stderr, "\r\033[K%.*s", SV_ARG(shown));
	fflush(stderr);
	p->drawn = true;
}

static void clear(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}

static void *redraw(void *data)
{
	struct progress *p = data;
	struct timespec until;

	pthread_mutex_lock(&p->lock);
	while (!p->ending) {
		if (p->step && !p->hidden)
			draw(p);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += REDRAW;
		until.tv_sec += until.tv_nsec / NS_PER_S;
		until.tv_nsec %= NS_PER_S;
		pthread_cond_timedwait(&p->wake, &p->lock, &until);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct progress *progress_start(const struct style *s)
{
	struct progress *p = xcalloc(1, sizeof *p);
	pthread_condattr_t attr;
	sigset_t all, before;

	p->style = *s;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->wake, &attr);
	pthread_condattr_destroy(&attr);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&p->thread, NULL, redraw, p)) {
		free(p);
		p = NULL;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return p;
}

static void free_about(void *value)
{
	struct step_about *it = value;

	free(it->text);
	free(it);
}

void progress_stop(struct progress *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	clear(p);
	map_done(&p->steps, free_about);
	free(p->step);
	free(p);
}

void progress_plan(struct progress *p, const json_t *plan)
{
	size_t at;
	json_t *step;

	if (!p || !plan)
		return;
	pthread_mutex_lock(&p->lock);
	json_array_foreach(json_object_get(plan, "steps"), at, step)
	{
		struct step_about *it = xcalloc(1, sizeof *it);
		struct step_about *before;

		it->text = xstrdup(json_str(step, "text", json_str(step, "id", "")));
		it->weight = MAX_OF(json_int(step, "weight", 1), (int64_t)1);
		p->weight_all += it->weight;
		before = map_put(&p->steps, json_str(step, "id", ""), it);
		if (before)
			free_about(before);
	}
	pthread_mutex_unlock(&p->lock);
}

static void step_begins(struct progress *p, const char *step)
{
	free(p->step);
	p->step = xstrdup(step);
	p->begun_ns = clock_mono_ns();
	p->done = p->total = 0;
}

static void step_event(struct progress *p, const char *step, const char *state)
{
	const struct step_about *it = about(p, step);

	p->backward |= !strcmp(state, "undo");
	if (!strcmp(state, "begin") || !strcmp(state, "undo"))
		step_begins(p, step);
	else if (it && (!strcmp(state, "done") || !strcmp(state, "skipped")))
		p->weight_done += it->weight;
}

void progress_event(struct progress *p, const json_t *event)
{
	const char *type = json_str(event, "type", "");
	const char *state = json_str(event, "state", "");

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	if (!strcmp(type, "step")) {
		step_event(p, json_str(event, "step", ""), state);
	} else if (!strcmp(type, "window")) {
		p->down_since_ns = !strcmp(state, "open") ? clock_mono_ns() : 0;
	} else if (!strcmp(type, "progress")) {
		const char *what = json_str(event, "what", NULL);

		/* Between steps there is none that says what it is. */
		if (what && (!p->step || strcmp(p->step, what) != 0))
			step_begins(p, what);
		p->done = (uint64_t)json_int(event, "done", 0);
		p->total = (uint64_t)json_int(event, "total", 0);
		snprintf(p->unit, sizeof p->unit, "%s", json_str(event, "unit", ""));
		p->bytes = !strcmp(p->unit, "bytes");
	}
	pthread_mutex_unlock(&p->lock);
}

void progress_hide(struct progress *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->hidden = true;
	clear(p);
	fflush(stderr);
	pthread_mutex_unlock(&p->lock);
}

void progress_show(struct progress *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->hidden = false;
	pthread_mutex_unlock(&p->lock);
}
