/* Progress as data. The engine emits, sinks subscribe: the terminal line, jsonl, the journal. An event is a JSON object
 * {"type","time","run","step",...}; `seq` is given here. */
#pragma once

#include <jansson.h>
#include <stdint.h>

struct events;
typedef void event_sink(void *data, const json_t *event);

struct events *events_new(void);
void events_free(struct events *ev);
void events_to(struct events *ev, event_sink *sink, void *data);
void events_forget(struct events *ev, void *data);               /* its sinks with this data */
void events_run(struct events *ev, const char *run);            /* later events carry this run id */
void events_step(struct events *ev, const char *step);          /* and this step; NULL: none */

/* Types: "run" (state), "step" (state: begin, done, skipped, undo, undone, failed), "progress" (done, total, unit, rate),
 * "window" (open, closed), "note", "warning", "gap". fields is stolen, may be NULL. */
void event_emit(struct events *ev, const char *type, json_t *fields);
