/* The host around the server, and what else an edition brings. */
#include "products/sftpgo/checks.h"

#include <string.h>

CHECK(owner)
{
	static const char id[] = "sftpgo.owner";
	const char *driver = need_text(now, SF_DRIVER, id, ret);
	const json_t *o;
	long long server;

	if (left_to_hand(now, id, "the service runs as LocalSystem, unless somebody chose another account", ret))
		return;
	if (!driver)
		return;
	if (strcmp(driver, "sqlite") != 0 && strcmp(driver, "bolt") != 0) {
		not_asked(id, "the database is no file", ret);
		return;
	}
	if (!need(now, SF_DB_OWNER, id, ret, &o))
		return;
	server = (long long)json_int(o, "server", -1);
	if (!json_bool(o, "file", true))
		results_add(
		    ret, id, VERDICT_BLOCK, NULL,
		    "the database is of uid %lld, and the server, uid %lld, may not write it",
		    (long long)json_int(o, "uid", -1), server);
	else if (!json_bool(o, "directory", true))
		results_add(ret, id, VERDICT_BLOCK, NULL,
			    "the server, uid %lld, may not write the directory of the database",
			    server);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "uid %lld may write it", server);
}

CHECK(write_ahead_log)
{
	static const char id[] = "sftpgo.write-ahead-log";
	const char *driver = need_text(now, SF_DRIVER, id, ret),
		   *edition = driver ? need_text(now, SF_EDITION, id, ret) : NULL;
	const json_t *beside;

	if (!edition)
		return;
	if (strcmp(driver, "sqlite") != 0) {
		not_asked(id, "not SQLite", ret);
		return;
	}
	if (!need(now, SF_DB_BESIDE, id, ret, &beside))
		return;
	if (!strcmp(edition, SFTPGO_OPEN_SOURCE) &&
	    (json_lists(beside, "-wal") || json_lists(beside, "-shm")))
		results_add(ret, id, VERDICT_WARN, NULL,
			    "there is one beside the database, and open source makes none");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "none that should not be there");
}

CHECK(ports)
{
	static const char id[] = "sftpgo.ports";

	if (!left_to_hand(now, id, "the new release takes the ports of the old one", ret))
		judge_members(now, SF_TAKEN, SF_TAKEN, id, VERDICT_BLOCK, "port",
			      "somebody else listens", ret);
}

CHECK(repositories)
{
	static const char id[] = "sftpgo.repositories";
	const json_t *found;
	const char *kind, *oss, *enterprise;

	kind = need_text(now, SF_KIND, id, ret);
	if (kind && strcmp(kind, "package") != 0)
		not_asked(id, "not of a package", ret);
	if (!kind || strcmp(kind, "package") != 0 || !need(now, SF_REPOSITORIES, id, ret, &found))
		return;
	oss = json_str(found, SFTPGO_OPEN_SOURCE, NULL);
	enterprise = json_str(found, SFTPGO_ENTERPRISE, NULL);
	if (oss && enterprise)
		results_add(ret, id, VERDICT_BLOCK, NULL, "both editions: '%s' and '%s'", oss,
			    enterprise);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s",
			    oss          ? oss
			    : enterprise ? enterprise
					 : "none of the vendor's");
}

CHECK(conffiles)
{
	judge_members(now, SF_EDITED, SF_KIND, "sftpgo.conffiles", VERDICT_NOTE, "file",
		      "edited: it is kept as it is", ret);
}

CHECK(altered_files)
{
	judge_members(now, SF_ALTERED, SF_KIND, "sftpgo.altered-files", VERDICT_WARN, "file",
		      "changed by hand: the new package's takes its place; a way back brings it back as it is", ret);
}

/* By the names of the vendor's builds: "-fips" stands in packages and images. */
CHECK(fips)
{
	static const char id[] = "sftpgo.fips";
	const json_t *a, *backends;
	const char *slash;
	long long n;

	if (!goes_to_enterprise(now, to, id, ret) ||
	    left_to_hand(now, id, "a FIPS build needs a licence with that feature", ret) ||
	    !need(now, SF_ARTIFACT, id, ret, &a) || !need(now, SF_BACKENDS, id, ret, &backends))
		return;
	n = (long long)json_int(backends, "encrypted", 0);
	slash = strrchr(json_str(a, "path", ""), '/');
	if (!strstr(json_str(a, "name", ""), "fips") && !(slash && strstr(slash, "fips")))
		results_add(ret, id, VERDICT_PASS, NULL, "no FIPS build");
	else
		results_add(ret, id, VERDICT_WARN, NULL,
			    "it does not start without the licence's FIPS feature%s",
			    n ? "; files that were encrypted with ChaCha20 cannot be read by it"
			      : "");
}

/* What nobody can see from here: programs of others that use the server. */
CHECK(edition_changes)
{
	static const char id[] = "sftpgo.edition-changes";
	const json_t *counts, *conf, *transfers;

	if (!goes_to_enterprise(now, to, id, ret) || !need(now, SF_COUNTS, id, ret, &counts) ||
	    !need(now, SF_CONF, id, ret, &conf))
		return;
	transfers = conf_value(now, "common.max_per_host_transfers");
	if (json_int(counts, "shares", 0))
		results_add(ret, id, VERDICT_NOTE, "shares",
			    "%lld; uploads into them go to another path of the REST API",
			    (long long)json_int(counts, "shares", 0));
	if (json_integer_value(conf_value(now, "telemetry.bind_port")))
		results_add(ret, id, VERDICT_NOTE, "metrics", "some are named otherwise");
	if (!json_is_integer(transfers))
		results_add(
		    ret, id, VERDICT_NOTE, "transfers",
		    "20 at once from one address, unless common.max_per_host_transfers says more");
	else
		results_add(ret, id, VERDICT_PASS, "transfers",
			    "common.max_per_host_transfers is set");
}
