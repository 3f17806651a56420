#include "products/seatable/inspect.h"

#include <string.h>

#include "products/seatable/baseline.h"

void sea_pin(struct sea_look *k, const char *key, json_t *value, const char *source)
{
	facts_put(k->f, FACT_PINNED, key, value, source);
}

void sea_pin_str(struct sea_look *k, const char *key, const char *value, const char *source)
{
	sea_pin(k, key, json_text(value), source);
}

void sea_observe(struct sea_look *k, const char *key, json_t *value, const char *source)
{
	facts_put(k->f, FACT_OBSERVED, key, value, source);
}

static bool is_some(const json_t *value)
{
	return json_object_size(value) || json_array_size(value);
}

void sea_pin_some(struct sea_look *k, const char *key, json_t *value, const char *source)
{
	if (is_some(value))
		sea_pin(k, key, value, source);
	else
		json_decref(value);
}

void sea_observe_some(struct sea_look *k, const char *key, json_t *value, const char *source)
{
	if (is_some(value))
		sea_observe(k, key, value, source);
	else
		json_decref(value);
}

void sea_missing(struct sea_look *k, const char *key, const struct err *why)
{
	facts_miss(k->f, key, why->msg[0] ? why->msg : "it was not looked at");
}

bool sea_is_up(const struct sea_look *k)
{
	return json_bool(json_object_get(k->seen, "State"), "Running", false);
}

bool sea_is_live(const struct sea_look *k)
{
	return k->depth == DEPTH_LIVE || k->depth == DEPTH_DEEP;
}

static int look(struct sea_look *k, struct err *e)
{
	const char *root = site_root_path(k->site, "root");

	if (!root)
		return err_set(e, ERR_USAGE, "no directory of a Compose project is named");
	if (sea_layout_of(root, k->source, &k->l, e) < 0)
		return -(int)e->kind;
	k->seen = sea_layout_container(&k->l, k->l.server);
	k->data = sea_layout_data(&k->l);
	sea_look_at_host(k);
	sea_look_at_project(k);
	sea_look_at_images(k);
	if (sea_is_live(k)) {
		sea_look_at_access(k);
		sea_look_at_volumes(k);
	}
	sea_look_at_data(k);
	sea_look_at_server(k);
	sea_look_at_license(k);
	if (k->depth != DEPTH_QUICK && sea_look_at_databases(k, e) < 0)
		return -(int)e->kind;
	if (k->to && k->depth != DEPTH_GATE)
		sea_look_at_target(k);
	sea_look_at_causes(k);
	return 0;
}

int seatable_inspect(struct ctx *c, const struct goal *to, enum depth d, struct facts *ret, struct err *e)
{
	autofacts struct facts f = { 0 };
	const struct goal *g = to ? to : c->goal;
	struct sea_look k = { .c = c, .site = ctx_site(c, NULL), .to = to, .source = g ? g->source : NULL, .depth = d, .f = &f };
	int r;

	facts_init(&f, "seatable", c->goal ? c->goal->name : "seatable");
	r = look(&k, e);
	if (r >= 0 && d == DEPTH_FROZEN)
		r = sea_baseline(c, false, NULL, &f, e);
	sea_layout_done(&k.l);
	free(k.data);
	if (r < 0 || facts_check_size(&f, e) < 0)
		return -(int)e->kind;
	*ret = f;
	f = (struct facts){ 0 };
	return 0;
}
