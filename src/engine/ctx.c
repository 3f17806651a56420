#include "engine/step.h"

#include <stdio.h>
#include <string.h>

#include "base/vec.h"
#include "engine/event.h"
#include "engine/product.h"
#include "io/file.h"

struct held_fd {
	char *name;
	int   fd;
};

const struct product *product_named(const char *name)
{
	for (size_t i = 0; products[i]; i++)
		if (!strcmp(products[i]->name, name))
			return products[i];
	return NULL;
}

const struct step_kind *step_kind_named(const char *name)
{
	for (size_t i = 0; step_kinds[i]; i++)
		if (!strcmp(step_kinds[i]->name, name))
			return step_kinds[i];
	return NULL;
}

struct site *ctx_site(struct ctx *c, const char *name)
{
	for (size_t i = 0; name && i < c->n_sites; i++)
		if (!strcmp(c->sites[i].name, name))
			return &c->sites[i];
	return name ? NULL : &c->sites[0];
}

int ctx_site_of(struct ctx *c, const json_t *params, struct site **ret, struct err *e)
{
	const char *name = json_str(params, "site", "main");

	*ret = ctx_site(c, name);
	return *ret ? 0 : err_set(e, ERR_BUG, "the plan has no site '%s'", name);
}

char *ctx_hold_path(struct ctx *c, const struct site *s)
{
	char hash[DIGEST_TEXT];
	const char *root = site_root_path(s, "root");

	digest_text(sv_of(root ? root : s->name), hash);
	return xasprintf("%s/hold/%.16s", c->state.path, hash);
}

bool ctx_keeps_data(const struct ctx *c)
{
	return plan_keeps_data(c->plan->doc) && !c->restore_data;
}

bool ctx_gate_holds(struct ctx *c)
{
	vec_each(&c->plan->steps, s) {
		enum step_state seen = STEP_UNSURE;
		struct err e = ERR_INIT;

		if (!strcmp(s->kind->name, "gate_close"))
			return s->kind->verify(c, s->params, NULL, &seen, &e) >= 0 && seen == STEP_IS_DONE;
	}
	return false;
}

bool ctx_was_opened(const struct ctx *c)
{
	const json_t *result;
	const char *id;

	json_object_foreach(c->results, id, result)
		if (json_bool(result, "was_open", false))
			return true;
	return false;
}

static struct held_fd *held(const struct ctx *c, const char *name)
{
	for (size_t i = 0; i < c->n_held; i++)
		if (!strcmp(c->held[i].name, name))
			return &c->held[i];
	return NULL;
}

void ctx_hold_fd(struct ctx *c, const char *name, int fd)
{
	ctx_drop_fd(c, name);
	c->held = xrealloc(c->held, (c->n_held + 1) * sizeof *c->held);
	c->held[c->n_held++] = (struct held_fd){ xstrdup(name), fd };
}

bool ctx_holds(const struct ctx *c, const char *name)
{
	return held(c, name) != NULL;
}

void ctx_drop_fd(struct ctx *c, const char *name)
{
	struct held_fd *h = held(c, name);

	if (!h)
		return;
	close(h->fd);
	free(h->name);
	*h = c->held[--c->n_held];
}

void ctx_drop_fds(struct ctx *c)
{
	while (c->n_held)
		ctx_drop_fd(c, c->held[0].name);
	free(take_ptr(c->held));
}

void ctx_progress(struct ctx *c, uint64_t done, uint64_t total, const char *unit)
{
	event_emit(c->events, "progress",
	           json_pack("{sI sI ss}", "done", (json_int_t)done, "total", (json_int_t)total, "unit", unit));
}

void writes_done(struct writes *w)
{
	vec_each(w, it) {
		free(it->subject);
		free(it->partitions);
	}
	vec_done(w);
}

json_t *writes_json(const struct writes *w)
{
	json_t *list = json_array();

	vec_each(w, it)
		json_array_append_new(list, json_pack("{ss sI sI sI ss?}", "subject", it->subject, "transactions",
		                                      (json_int_t)it->transactions, "rows_before",
		                                      (json_int_t)it->rows_before, "rows_now",
		                                      (json_int_t)it->rows_now, "partitions", it->partitions));
	return json_pack("{sI ss so}", "transactions", (json_int_t)w->transactions, "why", w->why, "writes", list);
}
