#include "products/sftpgo/inspect.h"

void look_pin(struct look *k, const char *key, json_t *value, const char *source)
{
	facts_put(k->f, FACT_PINNED, key, value, source);
}

void look_pin_str(struct look *k, const char *key, const char *value, const char *source)
{
	if (value)
		look_pin(k, key, json_text(value), source);
	else
		facts_miss(k->f, key, source);
}

void look_pin_bool(struct look *k, const char *key, bool value, const char *source)
{
	facts_put_bool(k->f, FACT_PINNED, key, value, source);
}

void look_observe(struct look *k, const char *key, json_t *value, const char *source)
{
	facts_put(k->f, FACT_OBSERVED, key, value, source);
}

void look_pin_some(struct look *k, const char *key, json_t *value, const char *source)
{
	if (json_object_size(value) || json_array_size(value))
		look_pin(k, key, value, source);
	else
		json_decref(value);
}

void look_missing(struct look *k, const char *key, const struct err *why)
{
	facts_miss(k->f, key, why->msg);
}

static int look(struct look *k, struct err *e)
{
	const char *root = site_root_path(k->site, "root");
	const struct goal *g = k->to ? k->to : k->c->goal;

	if (!root)
		return err_set(e, ERR_USAGE, "no configuration directory is named");
	if (sftpgo_layout_of(root, g ? g->source : NULL, &k->l, e) < 0)
		return -(int)e->kind;
	if (k->l.folder_from)
		return look_at_copy(k, e);
	look_at_conf(k);
	look_at_server(k);
	look_at_install(k);
	if (look_at_provider(k, e) < 0)
		return -(int)e->kind;
	look_at_login(k);
	look_at_server_tables(k);
	look_at_scope(k);
	if (k->depth == DEPTH_LIVE || k->depth == DEPTH_DEEP) {
		look_at_files(k);
		look_at_host(k);
		look_at_outside(k);
	}
	if (k->to && (k->depth == DEPTH_LIVE || k->depth == DEPTH_DEEP) && look_at_trials(k, e) < 0)
		return -(int)e->kind;
	if (k->to && k->depth != DEPTH_GATE) {
		if (look_at_target(k, e) < 0)
			return -(int)e->kind;
		look_at_crossing(k);
		look_at_events(k);
	}
	look_at_causes(k);
	return 0;
}

/* No Enterprise build was ever had. */
static void mark_unconfirmed(struct facts *f)
{
	static const char *const others[] = { "host", "goal", "target", "scope", NULL };

	if (!strcmp(facts_str(f, SF_EDITION, ""), SFTPGO_ENTERPRISE))
		facts_unconfirmed_but(f, others);
	if (!strcmp(json_str(facts_get(f, SF_ARTIFACT), "edition", ""), SFTPGO_ENTERPRISE))
		facts_unconfirmed(f, SF_ARTIFACT);
}

int sftpgo_inspect(struct ctx *c, const struct goal *to, enum depth d, struct facts *ret, struct err *e)
{
	autofacts struct facts f = { 0 };
	struct look k = { .c = c, .site = ctx_site(c, NULL), .to = to, .depth = d, .f = &f };
	int r;

	facts_init(&f, "sftpgo", c->goal ? c->goal->name : "sftpgo");
	/* The plan knows where the database is: the environment of a plain process that was stopped is gone. */
	r = d == DEPTH_FROZEN && c->plan ? look_at_frozen(&k, e) : look(&k, e);
	look_gathering_done(&k);
	sftpgo_layout_done(&k.l);
	provider_close(k.db);
	json_decref(k.rules);
	json_decref(k.layer);
	mark_unconfirmed(&f);
	if (r < 0 || facts_check_size(&f, e) < 0)
		return -(int)e->kind;
	*ret = f;
	f = (struct facts){ 0 };
	return 0;
}
