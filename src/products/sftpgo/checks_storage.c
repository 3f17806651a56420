/* Where files lie, and secrets: what the new build can serve and open. */
#include "products/sftpgo/checks.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "engine/container_move.h"

/* Does a build say so of itself? "+s3" true, "-s3" or nothing false. */
static bool build_has(const json_t *build, const char *feature)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(build, "features"), i, one)
	{
		const char *said = json_is_string(one) ? json_string_value(one) : "";

		if (*said == '+' && !strcmp(said + 1, feature))
			return true;
	}
	return false;
}

static const char *driver_feature(const char *driver)
{
	return !strcmp(driver, "postgresql") || !strcmp(driver, "cockroachdb") ? "pgsql" : driver;
}

static void judge_driver(const json_t *build, const char *driver, struct results *ret)
{
	static const char id[] = "sftpgo.target-features";

	if (!strcmp(driver, "memory") || build_has(build, driver_feature(driver)))
		results_add(ret, id, VERDICT_PASS, driver, "built in");
	else
		results_add(ret, id, VERDICT_BLOCK, driver,
			    "the new build has not this data provider");
}

static void judge_backend(const json_t *old, const json_t *new, const json_t *used,
			  const char *name, struct results *ret)
{
	static const char id[] = "sftpgo.target-features";
	long long n = (long long)json_int(used, name, 0);

	if (!n || build_has(new, name))
		return;
	if (build_has(old, name))
		results_add(ret, id, VERDICT_BLOCK, name,
			    "%lld use it, and the new build has it not", n);
	else
		results_add(ret, id, VERDICT_NOTE, name, "%lld use it, and neither build has it",
			    n);
}

/* By the names of the vendor's images. facts/sftpgo 1.2 */
static void judge_image(const json_t *artifact, const char *driver, struct results *ret)
{
	static const char id[] = "sftpgo.target-features";
	autofree char *tag = image_tag(json_str(artifact, "path", ""));

	if (strstr(tag, "distroless") && !strcmp(driver, "sqlite"))
		results_add(ret, id, VERDICT_BLOCK, "sqlite", "a distroless image is built without it");
	else
		results_add(ret, id, VERDICT_NOTE, NULL, "an image does not tell what is built in");
}

CHECK(target_features)
{
	static const char id[] = "sftpgo.target-features";
	static const char *const optional[] = { "s3", "gcs", "azblob" };
	const char *driver = need_text(now, SF_DRIVER, id, ret);
	const json_t *artifact, *build, *used;

	if (left_to_hand(now, id, "an installer does not tell what is built in", ret))
		return;
	if (!driver || !need(now, SF_ARTIFACT, id, ret, &artifact))
		return;
	if (!strcmp(json_str(artifact, "form", ""), "image")) {
		judge_image(artifact, driver, ret);
		return;
	}
	if (!need(now, SF_BUILD, id, ret, &build) || !need(now, SF_BACKENDS, id, ret, &used))
		return;
	/* A package's program is asked when it is installed, an archive's before. */
	if (strcmp(json_str(artifact, "form", ""), "archive") != 0) {
		results_add(ret, id, VERDICT_NOTE, NULL, "a package does not tell what is built in");
		return;
	}
	if (!json_array_size(json_object_get(artifact, "features"))) {
		untold_by(now, SF_ARTIFACT, id, "the new build does not tell what it has", ret);
		return;
	}
	judge_driver(artifact, driver, ret);
	for (size_t i = 0; i < ARRAY_LEN(optional); i++)
		judge_backend(build, artifact, used, optional[i], ret);
}

/* "1 authorized_user, 2 service_account" */
static void name_types(const json_t *types, struct buf *ret)
{
	const char *type;
	json_t *n;

	json_object_foreach((json_t *)types, type, n)
		buf_addf(ret, "%s%lld %s", ret->len ? ", " : "", (long long)json_integer_value(n),
			 strcmp(type, "?") != 0 ? type : "that cannot be seen");
}

CHECK(gcs_credentials)
{
	static const char id[] = "sftpgo.gcs-credentials";
	const json_t *secrets, *conf, *bridge, *types;
	autobuf struct buf seen = BUF_MAX(512);
	bool trusted;

	if (!goes_to_enterprise(now, to, id, ret) || !need(now, SF_SECRETS, id, ret, &secrets) ||
	    !need(now, SF_CONF, id, ret, &conf))
		return;
	types = json_object_get(secrets, "gcs_types");
	name_types(types, &seen);
	bridge = json_object_get(json_object_get(conf, "variables"),
				 "SFTPGO_HOOK__GCS_TRUSTED_JSON_CREDENTIALS");
	trusted = !strcmp(json_str(bridge, "value", ""), "1");
	if (!json_object_size(types))
		results_add(ret, id, VERDICT_PASS, NULL, "none");
	else if (json_object_size(types) == 1 && json_object_get(types, "service_account"))
		results_add(ret, id, VERDICT_PASS, NULL, "%lld, each of a service account",
			    (long long)json_int(types, "service_account", 0));
	else
		results_add(ret, id, trusted ? VERDICT_NOTE : VERDICT_WARN, NULL,
			    "by their type: %s%s", buf_str(&seen),
			    trusted ? "; SFTPGO_HOOK__GCS_TRUSTED_JSON_CREDENTIALS lets every type pass" : "");
}

static long long with_status(const json_t *secrets, const char *status)
{
	return (long long)json_int(json_object_get(secrets, "statuses"), status, 0);
}

CHECK(plain_secrets)
{
	static const char id[] = "sftpgo.plain-secrets";
	const json_t *secrets;
	long long n;

	if (!need(now, SF_SECRETS, id, ret, &secrets))
		return;
	n = (long long)json_int(secrets, "plain", 0);
	results_add(ret, id, n ? VERDICT_WARN : VERDICT_PASS, NULL,
		    n ? "%lld are readable in the database" : "none", n);
}

CHECK(old_secrets)
{
	static const char id[] = "sftpgo.old-secrets";
	const json_t *secrets;
	long long n;

	if (!goes_to_enterprise(now, to, id, ret) || !need(now, SF_SECRETS, id, ret, &secrets))
		return;
	n = with_status(secrets, "AES-256-GCM");
	results_add(ret, id, n ? VERDICT_BLOCK : VERDICT_PASS, NULL,
		    n ? "%lld: Enterprise gives that name to another form, and does not open them"
		      : "none",
		    n);
}

/* A plugin that opens secrets of this status is configured. */
static bool has_kms_plugin(const struct facts *now, const char *status)
{
	for (int i = 0; i < 10; i++) {
		char type[32], opens[64];

		snprintf(type, sizeof type, "plugins.%d.type", i);
		snprintf(opens, sizeof opens, "plugins.%d.kms_options.encrypted_status", i);
		if (!strcmp(conf_text(now, type), "kms") && !strcmp(conf_text(now, opens), status))
			return true;
	}
	return false;
}

CHECK(kms)
{
	static const char id[] = "sftpgo.kms";
	static const char *const clouds[] = { "AWS", "GCP", "VaultTransit", "AzureKeyVault",
					      "OracleKeyVault" };
	const json_t *secrets, *conf;
	size_t before = ret->n;

	if (!need(now, SF_SECRETS, id, ret, &secrets) || !need(now, SF_CONF, id, ret, &conf))
		return;
	for (size_t i = 0; i < ARRAY_LEN(clouds); i++) {
		long long n = with_status(secrets, clouds[i]);

		if (n && has_kms_plugin(now, clouds[i]))
			results_add(ret, id, VERDICT_WARN, clouds[i],
				    "%lld, which its plugin opens; not proved here", n);
		else if (n)
			results_add(ret, id, VERDICT_BLOCK, clouds[i],
				    "%lld, and no plugin opens them", n);
	}
	if (ret->n == before)
		results_add(ret, id, VERDICT_PASS, NULL, "none");
}
