#include "engine/procedure.h"

#include <string.h>

#define TEXT_MAX (16u << 10)

void procedure_begin(struct plan *p, const char *host, const char *shell)
{
	json_object_set_new(p->doc, "procedure",
	                    json_pack("{ss ss s[] s[]}", "host", host, "shell", shell, "forward", "back"));
}

json_t *procedure_add(struct plan *p, enum procedure_way way, const char *id, const char *title, const char *why, unsigned flags)
{
	json_t *steps = json_object_get(json_object_get(p->doc, "procedure"), way == PROCEDURE_FORWARD ? "forward" : "back");
	json_t *step = json_pack("{ss ss ss? sb sb s[] s[]}", "id", id, "title", title, "why", why, "down",
	                         (flags & PROCEDURE_DOWN) != 0, "point", (flags & PROCEDURE_POINT) != 0, "commands", "expect");

	json_array_append_new(steps, step);
	return step;
}

static void add_line(json_t *step, const char *list, const char *fmt, va_list ap) printf_like(3, 0);

static void add_line(json_t *step, const char *list, const char *fmt, va_list ap)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);

	buf_addv(&text, fmt, ap);
	json_array_append_new(json_object_get(step, list), json_text(buf_str(&text)));
}

void procedure_do(json_t *step, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(step, "commands", fmt, ap);
	va_end(ap);
}

void procedure_expect(json_t *step, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(step, "expect", fmt, ap);
	va_end(ap);
}

const json_t *procedure_of(const json_t *doc)
{
	return json_object_get(doc, "procedure");
}

const char *procedure_point(const json_t *doc)
{
	const json_t *step;
	size_t at;

	json_array_foreach(json_object_get(procedure_of(doc), "forward"), at, step) {
		if (json_bool(step, "point", false))
			return json_str(step, "id", NULL);
	}
	return NULL;
}
