#include "cli/output.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"

#define LINE_MAX_BYTES (64u << 20)

bool out_is_text(const struct out *o) { return o->format == OUT_TEXT; }

void out_text(const struct out *o, struct sv text) { fwrite(text.p, 1, text.n, stdout); }

void out_line(const struct out *o, const char *line)
{
	autobuf struct buf text = BUF_MAX(16 << 10);

	view_clean(&text, sv_of(line));
	buf_addc(&text, '\n');
	out_text(o, buf_sv(&text));
}

struct style out_style(const struct out *o)
{
	return (struct style){ .color = o->color, .width = o->width };
}

json_t *doc_of_kind(const char *kind, const json_t *body)
{
	json_t *doc = json_pack("{ss++}", "schema", "crossgrade/", kind, "/1");

	json_object_update_missing(doc, (json_t *)body);
	return doc;
}

static void print_line(const json_t *event)
{
	autobuf struct buf line = BUF_MAX(LINE_MAX_BYTES);
	autojson json_t *doc = doc_of_kind("event", event);
	char *text = json_dumps(doc, JSON_COMPACT);

	buf_adds(&line, text);
	buf_addc(&line, '\n');
	fwrite(line.data, 1, line.len, stdout);
	fflush(stdout);
	free(text);
}

void out_event(void *data, const json_t *event)
{
	struct out *o = data;

	o->seq = json_int(event, "seq", o->seq + 1);
	print_line(event);
}

static json_t *result_event(struct out *o, json_t *doc)
{
	char now[40];

	return json_pack("{ss sI ss sO}", "type", "result", "seq", (json_int_t)++o->seq, "time",
	                 clock_rfc3339(clock_wall_ns(), now, sizeof now), "document", doc);
}

void out_doc(struct out *o, const char *kind, json_t *body)
{
	autojson json_t *doc = doc_of_kind(kind, body);
	autobuf struct buf text = BUF_MAX(LINE_MAX_BYTES);

	json_decref(body);
	if (o->format == OUT_JSONL) {
		autojson json_t *event = result_event(o, doc);

		print_line(event);
		return;
	}
	json_pretty(doc, &text);
	out_text(o, buf_sv(&text));
}

json_t *error_json(const struct err *e, int exit)
{
	return json_pack("{ss ss ss? ss? si}", "kind", err_kind_name(e->kind), "message", e->msg,
			 "hint", *e->hint ? e->hint : NULL, "where", e->where, "exit", exit);
}

void out_error(struct out *o, const struct err *e, int exit)
{
	if (!out_is_text(o))
		out_doc(o, "error", error_json(e, exit));
}

int out_finish(struct out *o, struct err *e)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return err_sys(e, errno ?: EIO, "write the answer to stdout");
}
