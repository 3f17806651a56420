/* Whether the login at hand is taken, and what is under way at the server. */
#include <string.h>

#include "products/sftpgo/inspect.h"
#include "products/sftpgo/rest.h"
#include "products/sftpgo/transfers.h"

/* The server answers alike to a wrong password and to a missing second factor; the database knows. */
static void miss_login(struct look *k, const struct err *why)
{
	const char *user = json_str(k->site->login, "user", NULL);
	autofree char *text = NULL;

	if (why->kind == ERR_DENIED && json_bool(facts_get(k->f, SF_LOGIN_ADMIN), "two_factor", false))
		text = xasprintf("'%s' has a second factor, whose one-time password cannot be known here", user);
	else
		text = xasprintf("%s%s%s", why->msg, why->hint[0] ? ": " : "", why->hint);
	facts_miss(k->f, SF_LOGIN, text);
}

/* Nothing of it but this, for a key is a secret; an instance without one answers as if there were no such page, or so it is taken. */
static void put_license(struct look *k, struct rest *api)
{
	static const char *const told[] = { "valid_from", "valid_to", "features" };
	autojson json_t *all = NULL;
	json_t *doc = json_object();
	struct err e = ERR_INIT;

	if (rest_get(api, "/api/v2/license", &all, &e) < 0 && e.kind != ERR_ABSENT) {
		json_decref(doc);
		look_missing(k, SF_SERVER_LICENSE, &e);
		return;
	}
	if (!all)
		json_object_set_new(doc, "none", json_true());
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		json_object_set(doc, told[i], json_object_get(all, told[i]));
	look_observe(k, SF_SERVER_LICENSE, doc, "/api/v2/license");
}

void look_at_login(struct look *k)
{
	autorest struct rest api = { 0 };
	autojson json_t *status = NULL, *active = NULL;
	struct err e = ERR_INIT;

	if (k->depth == DEPTH_QUICK || k->depth == DEPTH_GATE)
		return;
	if (!rest_has_login(k->site))
		facts_miss(k->f, SF_LOGIN, "no login is given");
	else if (!k->l.proc.id.pid)
		facts_miss(k->f, SF_LOGIN, "the server is not running");
	else if (rest_login(k->site, &api, &e) < 0 || rest_get(&api, "/api/v2/status", &status, &e) < 0 ||
		 transfers_now(&api, &active, &e) < 0)
		miss_login(k, &e);
	if (!active)
		return;
	look_observe(k, SF_LOGIN, json_true(), "/api/v2/status");
	look_observe(k, SF_TRANSFERS, json_integer((json_int_t)json_array_size(active)), "/api/v2/connections");
	if (!strcmp(facts_str(k->f, SF_EDITION, ""), SFTPGO_ENTERPRISE))
		put_license(k, &api);
}
