/* stdout: the answer, as text or as one JSON document with "schema": "crossgrade/<kind>/1". With jsonl every line is an
 * event; the last is of type "result" and carries the document. */
#pragma once

#include "io/json.h"
#include "view/text.h"

enum out_format { OUT_TEXT, OUT_JSON, OUT_JSONL };

struct out {
	enum out_format format;
	bool            color;
	unsigned        width;
	int64_t         seq;            /* of the last event line */
};

/* Is the answer wanted as text? Then out_text() it, else out_doc(). */
bool out_is_text(const struct out *o);
void out_text(const struct out *o, struct sv text);
void out_line(const struct out *o, const char *line);           /* cleaned, with an LF */
struct style out_style(const struct out *o);
/* A document of that kind, without its body's reference. */
json_t *doc_of_kind(const char *kind, const json_t *body) must_check;
/* body is stolen. */
void out_doc(struct out *o, const char *kind, json_t *body);
/* The "error" document; text errors are ui_error()'s. */
void out_error(struct out *o, const struct err *e, int exit);
json_t *error_json(const struct err *e, int exit) must_check;
/* An event_sink for jsonl; data is the struct out. */
void out_event(void *data, const json_t *event);
/* Flush; -kind when the answer could not be written. */
int  out_finish(struct out *o, struct err *e) must_check;
