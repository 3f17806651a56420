#include <string.h>

#include "products/sftpgo/rest.h"
#include "products/sftpgo/verify.h"

#define MILLISECONDS 100000000000ll /* larger ones are no seconds: the unit is nowhere documented */

static void unproved(struct comparisons *ret, const char *what, const char *why)
{
	cmp_add(ret, CMP_UNPROVED, "server", what, NULL, NULL, NULL, why);
}

/* Whom the old server let in the new one must let in. Later a password may have been changed, and its file not. */
static void no_answer(const struct proof *p, const struct rest *api, const char *what, const struct err *why)
{
	autofree char *refused = xasprintf("%s; if the password was changed since the run began, put the new one into its file", why->msg);

	if (api->refused && !p->c->afterwards &&
	    json_bool(ctx_site(p->c, NULL)->doc, "login_lasts", false))
		cmp_add(p->ret, CMP_DIFFERENT, "server", "login of its administrator", "taken", "refused", NULL, refused);
	else
		unproved(p->ret, what, why->msg);
}

/* Its administrator is told the version even where the doors hide it. */
static void compare_version(struct rest *api, const char *want, struct comparisons *ret)
{
	autojson json_t *about = NULL;
	struct err e = ERR_INIT;

	if (rest_get(api, "/api/v2/version", &about, &e) < 0)
		unproved(ret, "version by the REST API", e.msg);
	else if (!want)
		unproved(ret, "version by the REST API", "nothing says which one is expected");
	else
		cmp_text(ret, "server", "version by the REST API", want, json_str(about, "version", NULL));
}

static void compare_active(const json_t *status, const char *service, const char *what, struct comparisons *ret)
{
	const json_t *of = json_object_get(status, service), *active = json_object_get(of, "is_active");

	if (json_is_true(active))
		cmp_same(ret, 1);
	else if (!json_is_boolean(active))
		unproved(ret, what, "the server does not tell whether it is active");
	else
		cmp_add(ret, CMP_DIFFERENT, "server", what, "active", json_str(of, "error", "not active"), NULL, NULL);
}

static void compare_status(const struct proof *p, struct rest *api)
{
	autojson json_t *status = NULL;
	const char *driver;
	struct err e = ERR_INIT;

	if (rest_get(api, "/api/v2/status", &status, &e) < 0) {
		no_answer(p, api, "services", &e);
		return;
	}
	compare_active(status, "data_provider", "data provider", p->ret);
	driver = json_str(json_object_get(status, "data_provider"), "driver", NULL);
	if (!driver || !proof_word(p, SF_DRIVER))
		unproved(p->ret, "driver of the data provider", driver ? "nothing says which one is expected" : "the server does not tell it");
	else
		cmp_text(p->ret, "server", "driver of the data provider", proof_word(p, SF_DRIVER), driver);
	if (json_array_size(json_object_get(proof_fact(p, SF_DOORS), "sftp")))
		compare_active(status, "ssh", "SSH service", p->ret);
}

static void compare_license(struct proof *p, struct rest *api)
{
	bool given = goal_setting(p->to, "license_file", NULL) != NULL;
	struct comparisons *ret = p->ret;
	autojson json_t *license = NULL;
	struct err e = ERR_INIT;
	int64_t until;

	if (rest_get(api, "/api/v2/license", &license, &e) < 0) {
		if (e.kind == ERR_ABSENT && given)
			cmp_add(ret, CMP_DIFFERENT, "server", "licence", "given", NULL, NULL, NULL);
		else
			unproved(ret, "licence", e.kind == ERR_ABSENT ? "none was given: limited mode" : e.msg);
		return;
	}
	p->features = json_incref(json_object_get(license, "features") ?: json_null());
	until = json_int(license, "valid_to", 0);
	if (!until)
		unproved(ret, "licence", "the server does not tell until when it is valid");
	else if ((until > MILLISECONDS ? until / 1000 : until) > clock_wall_ns() / NS_PER_S)
		cmp_same(ret, 1);
	else
		cmp_add(ret, CMP_DIFFERENT, "server", "licence", "valid", "expired", NULL, NULL);
}

void compare_rest(struct proof *p)
{
	const struct site *s = ctx_site(p->c, NULL);
	bool enterprise = p->edition && !strcmp(p->edition, SFTPGO_ENTERPRISE);
	struct comparisons *ret = p->ret;
	autorest struct rest api = { 0 };
	struct err e = ERR_INIT;

	if (!rest_has_login(s) && !enterprise)
		return;
	if (rest_login(s, &api, &e) < 0) {
		no_answer(p, &api, enterprise ? "licence" : "services", &e);
		return;
	}
	compare_version(&api, p->version, ret);
	compare_status(p, &api);
	if (enterprise)
		compare_license(p, &api);
}
