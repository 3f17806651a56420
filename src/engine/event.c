#include "engine/event.h"

#include "base/clock.h"
#include "base/vec.h"

struct subscriber {
	event_sink *sink;
	void       *data;
};

struct events {
	VEC(struct subscriber) subs;
	int64_t seq;
	char   *run, *step;
};

struct events *events_new(void)
{
	return xcalloc(1, sizeof(struct events));
}

void events_free(struct events *ev)
{
	if (!ev)
		return;
	vec_done(&ev->subs);
	free(ev->run);
	free(ev->step);
	free(ev);
}

void events_to(struct events *ev, event_sink *sink, void *data)
{
	*vec_push(&ev->subs) = (struct subscriber){ sink, data };
}

void events_forget(struct events *ev, void *data)
{
	size_t kept = 0;

	vec_each(&ev->subs, it)
		if (it->data != data)
			ev->subs.v[kept++] = *it;
	ev->subs.n = kept;
}

void events_run(struct events *ev, const char *run)
{
	free(ev->run);
	ev->run = xstrdup(run);
}

void events_step(struct events *ev, const char *step)
{
	free(ev->step);
	ev->step = xstrdup(step);
}

void event_emit(struct events *ev, const char *type, json_t *fields)
{
	char now[40];
	json_t *event;

	event = json_pack("{ss sI ss ss? ss?}", "type", type, "seq", (json_int_t)++ev->seq, "time",
	                  clock_rfc3339(clock_wall_ns(), now, sizeof now), "run", ev->run, "step", ev->step);
	if (fields)
		json_object_update_missing(event, fields);
	vec_each(&ev->subs, it)
		it->sink(it->data, event);
	json_decref(event);
	json_decref(fields);
}
