#include "products/sftpgo/verify_rest.h"

#include <string.h>

#include "products/sftpgo/rest.h"

#define MILLISECONDS 100000000000ll /* larger ones are no seconds: the unit is nowhere documented */

static void unproved(struct comparisons *ret, const char *what, const char *why)
{
	cmp_add(ret, CMP_UNPROVED, "server", what, NULL, NULL, NULL, why);
}

static void compare_status(struct rest *api, struct comparisons *ret)
{
	autojson json_t *status = NULL;
	const json_t *provider;
	struct err e = ERR_INIT;

	if (rest_get(api, "/api/v2/status", &status, &e) < 0) {
		unproved(ret, "services", e.msg);
		return;
	}
	provider = json_object_get(status, "data_provider");
	if (json_bool(provider, "is_active", false))
		cmp_same(ret, 1);
	else
		cmp_add(ret, CMP_DIFFERENT, "server", "data provider", "active", json_str(provider, "error", "?"), NULL, NULL);
}

static void compare_license(struct rest *api, bool given, struct comparisons *ret)
{
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
	until = json_int(license, "valid_to", 0);
	if (!until)
		unproved(ret, "licence", "the server does not tell until when it is valid");
	else if ((until > MILLISECONDS ? until / 1000 : until) > clock_wall_ns() / NS_PER_S)
		cmp_same(ret, 1);
	else
		cmp_add(ret, CMP_DIFFERENT, "server", "licence", "valid", "expired", NULL, NULL);
}

void compare_rest(const struct site *s, const char *edition, bool license, struct comparisons *ret)
{
	bool enterprise = edition && !strcmp(edition, SFTPGO_ENTERPRISE);
	autorest struct rest api = { 0 };
	struct err e = ERR_INIT;

	if (!rest_has_login(s) && !enterprise)
		return;
	if (rest_login(s, &api, &e) < 0) {
		unproved(ret, enterprise ? "licence" : "services", e.msg);
		return;
	}
	compare_status(&api, ret);
	if (enterprise)
		compare_license(&api, license, ret);
}
