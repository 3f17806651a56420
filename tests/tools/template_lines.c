/* The translator of event actions by lines, for tests that drive it in bulk: a JSON object a line
 * comes in, one a line goes out, in order.
 *
 *	{"text": T, "context": "json", "release": "2.6.4", "triggers": 2, "object_data": false,
 *	 "local_time": false, "settled": {"json-escape": true}}
 *	{"text": T, "class": "exact", "held": false, "findings": [{"reason", "class", "condition",
 *	 "evidence", "at", "len", "token", "template"}]}
 *
 *	{"action": {...}, "release", "triggers", "heard", "local_time", "settled"}
 *	{"options": {...}, "class", "held", "blocking", "changes": [{"field", "context", "before",
 *	 "after"}], "findings": [as above, and "field"]}
 *
 * or {"error": kind, "message"}. "hex" in place of "text", in questions and so in answers, has
 *bytes that are no UTF-8; findings then are without "token" and "template". "tables": true answers
 *with all that a proof has to cover: tokens, fields, conditions, reasons. */
#include <stdio.h>

#include "products/sftpgo/template.h"

#define LINE_MAX_BYTES (64u << 20)

static int asked_of(const json_t *line, struct template_asked *a, struct err *e)
{
	const json_t *settled = json_object_get(line, "settled"), *is;

	*a = (struct template_asked){
		.triggers = (unsigned)json_int(line, "triggers", 0),
		.heard = (unsigned)json_int(line, "heard", 0),
		.object_data = json_bool(line, "object_data", false),
		.local_time = json_bool(line, "local_time", false),
	};
	for (int c = 1; c < TEMPLATE_IF__MAX; c++) {
		is = json_object_get(settled, template_condition_about(c)->name);
		if (is)
			a->settled[c] = json_is_true(is) ? TEMPLATE_HOLDS : TEMPLATE_FAILS;
	}
	return template_release_parse(json_str(line, "release", ""), &a->release, e);
}

static int context_of(const json_t *line, enum template_context *ret, struct err *e)
{
	const char *name = json_str(line, "context", "plain");

	for (int c = 0; c < TEMPLATE_CONTEXT__MAX; c++) {
		if (!strcmp(name, template_context_name(c))) {
			*ret = (enum template_context)c;
			return 0;
		}
	}
	return err_set(e, ERR_USAGE, "no context '%s'", name);
}

/* ---- bytes ---- */

static void hex_to(const char *hex, struct buf *ret)
{
	unsigned byte;

	for (; hex[0] && hex[1] && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		buf_addc(ret, (char)byte);
}

static json_t *bytes_json(struct sv s, bool hex)
{
	autobuf struct buf text = BUF_MAX(2 * TEMPLATE_MAX);

	if (!hex)
		return json_stringn(s.p ? s.p : "", s.n);
	for (size_t i = 0; i < s.n; i++)
		buf_addf(&text, "%02x", (unsigned char)s.p[i]);
	return json_string(buf_str(&text));
}

/* ---- answers ---- */

static json_t *finding_json(const struct template_finding *f, bool hex)
{
	json_t *o =
	    json_pack("{s:s,s:s,s:s,s:s,s:I,s:I}", "reason", template_reason_about(f->reason)->name,
		      "class", template_class_name(f->class), "condition",
		      template_condition_about(f->condition)->name, "evidence",
		      template_evidence_name(f->evidence), "at", (json_int_t)f->at, "len",
		      (json_int_t)f->len);

	if (f->field)
		json_object_set_new(o, "field", json_string(f->field));
	if (f->token && !hex)
		json_object_set_new(o, "token", json_string(f->token));
	if (f->template && !hex)
		json_object_set_new(o, "template", json_string(f->template));
	return o;
}

static json_t *findings_json(const struct template_findings *all, bool hex)
{
	json_t *list = json_array();

	vec_each (all, f)
		json_array_append_new(list, finding_json(f, hex));
	return list;
}

static int answer_text(const json_t *line, json_t **ret, struct err *e)
{
	const char *hex = json_str(line, "hex", NULL);
	autobuf struct buf text = BUF_MAX(LINE_MAX_BYTES);
	struct template_text t = { .text = BUF_MAX(TEMPLATE_MAX) };
	struct template_asked asked;
	enum template_context c = TEMPLATE_PLAIN;

	if (hex)
		hex_to(hex, &text);
	else
		buf_adds(&text, json_str(line, "text", ""));
	if (asked_of(line, &asked, e) < 0 || context_of(line, &c, e) < 0)
		return -(int)e->kind;
	if (template_translate(&asked, buf_sv(&text), c, &t, e) < 0) {
		template_text_done(&t);
		return -(int)e->kind;
	}
	*ret = json_pack("{s:o,s:s,s:b,s:o}", hex ? "hex" : "text",
			 bytes_json(buf_sv(&t.text), hex), "class", template_class_name(t.class),
			 "held", t.held, "findings", findings_json(&t.findings, hex));
	template_text_done(&t);
	return 0;
}

static json_t *changes_json(const struct template_action *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->changes.n; i++) {
		const struct template_change *c = &t->changes.v[i];

		json_array_append_new(list, json_pack("{s:s,s:s,s:s%,s:s%}", "field", c->field,
						      "context", template_context_name(c->context),
						      "before", c->before, c->before_len, "after",
						      c->after, c->after_len));
	}
	return list;
}

static int answer_action(const json_t *line, json_t **ret, struct err *e)
{
	struct template_action t = { 0 };
	struct template_asked asked;

	if (asked_of(line, &asked, e) < 0 ||
	    template_action(&asked, json_object_get(line, "action"), &t, e) < 0)
		return -(int)e->kind;
	*ret =
	    json_pack("{s:O?,s:s,s:b,s:b,s:o,s:o}", "options", t.options, "class",
		      template_class_name(t.class), "held", t.held, "blocking", t.blocking,
		      "changes", changes_json(&t), "findings", findings_json(&t.findings, false));
	template_action_done(&t);
	return 0;
}

static json_t *rows_json(void)
{
	json_t *list = json_array();
	size_t n;
	const struct template_row *rows = template_rows(&n);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			list, json_pack("{s:s,s:s,s:b,s:b,s:i,s:i}", "name", rows[i].name,
					"expression", rows[i].expression, "escaped", rows[i].escaped,
					"conditional", rows[i].conditional, "since_6",
					rows[i].since_6, "since_7", rows[i].since_7));
	return list;
}

static json_t *fields_json(void)
{
	json_t *list = json_array();
	size_t n;
	const struct template_field *fields = template_fields(&n);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s}", "path", fields[i].path));
	return list;
}

static json_t *conditions_json(void)
{
	json_t *list = json_array();

	for (int c = TEMPLATE_IF_NONE + 1; c < TEMPLATE_IF__MAX; c++)
		json_array_append_new(list,
				      json_pack("{s:s}", "name", template_condition_about(c)->name));
	return list;
}

static json_t *reasons_json(void)
{
	json_t *list = json_array();

	for (int r = 0; r < TEMPLATE_REASON__MAX; r++) {
		const struct template_reason_about *about = template_reason_about(r);

		json_array_append_new(list, json_pack("{s:s,s:s}", "name", about->name, "class",
						      template_class_name(about->class)));
	}
	return list;
}

static json_t *tables_json(void)
{
	return json_pack("{s:o,s:o,s:o,s:o}", "rows", rows_json(), "fields", fields_json(),
			 "conditions", conditions_json(), "reasons", reasons_json());
}

static void answer(struct sv text)
{
	autojson json_t *line = NULL, *said = NULL;
	struct err e = ERR_INIT;
	int r = json_parse(text, "line", &line, &e);

	if (r == 0 && json_object_get(line, "tables"))
		said = tables_json();
	else if (r == 0 && json_object_get(line, "action"))
		r = answer_action(line, &said, &e);
	else if (r == 0)
		r = answer_text(line, &said, &e);
	if (r < 0)
		said = json_pack("{s:s,s:s}", "error", err_kind_name(e.kind), "message", e.msg);
	json_dumpf(said, stdout, JSON_COMPACT);
	putchar('\n');
}

int main(void)
{
	autofree char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, stdin)) > 0)
		answer(sv_trim((struct sv){ line, (size_t)n }));
	return ferror(stdin) || fflush(stdout) ? 1 : 0;
}
