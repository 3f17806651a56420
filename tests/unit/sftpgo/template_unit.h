/* Shorthands for tests of the translator of event actions. */
#pragma once

#include "products/sftpgo/template.h"
#include "unit.h"

struct template_case {
	const char *row; /* of template_rows() that this shows; NULL none */
	int minor, patch;
	unsigned triggers;
	enum template_context context;
	const char *text, *becomes;
	enum template_class class;
};

static inline void translated(const struct template_asked *a, enum template_context c,
			      const char *text, struct template_text *ret)
{
	struct err e = ERR_INIT;

	*ret = (struct template_text){ .text = BUF_MAX(TEMPLATE_MAX) };
	assert_ok(template_translate(a, sv_of(text), c, ret, &e), &e);
}

static inline void case_holds(const struct template_case *c)
{
	struct template_asked a = { .release = { c->minor, c->patch }, .triggers = c->triggers };
	struct template_text t;

	a.settled[TEMPLATE_IF_UTC] = TEMPLATE_HOLDS;
	translated(&a, c->context, c->text, &t);
	if (strcmp(buf_str(&t.text), c->becomes) || t.class != c->class)
		print_error("of %d.%d, %x: %s\n", c->minor, c->patch, c->triggers, c->text);
	assert_string_equal(buf_str(&t.text), c->becomes);
	assert_string_equal(template_class_name(t.class), template_class_name(c->class));
	template_text_done(&t);
}

static inline bool has_reason(const struct template_findings *all, enum template_reason r)
{
	vec_each (all, f) {
		if (f->reason == r)
			return true;
	}
	return false;
}

static inline bool has_condition(const struct template_findings *all, enum template_condition c)
{
	vec_each (all, f) {
		if (f->condition == c)
			return true;
	}
	return false;
}
