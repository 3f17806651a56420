/* Who runs now, who starts it, and whether the target may follow it. */
#include "products/sftpgo/checks.h"

#include <string.h>

#include "engine/container_move.h"

#define OLDEST_MINOR 6

CHECK(source_version)
{
	static const char id[] = "sftpgo.source-version";
	const char *text = need_text(now, SF_VERSION, id, ret);
	struct sftpgo_version v;

	if (!text)
		return;
	if (!sftpgo_version_parse(text, &v))
		results_add(ret, id, VERDICT_UNSURE, NULL, "'%s' is no version that is known here", text);
	else if (v.dev)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s is a development build", text);
	else if (v.major > 2)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s; nothing is known here of what comes after 2.x", text);
	else if (v.major < 2 || v.minor < OLDEST_MINOR)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s; go to the newest 2.6 first, then to 2.7", text);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", text);
}

CHECK(source_edition)
{
	static const char id[] = "sftpgo.source-edition";
	struct change c;

	sftpgo_change(now, to, &c);
	if (!need_text(now, SF_EDITION, id, ret))
		return;
	if (c.nothing)
		results_add(ret, id, VERDICT_NOTE, NULL, "%s %s is installed already", c.from_edition, c.from_version);
	else if (c.to_edition && strcmp(c.from_edition, c.to_edition) && !strcmp(c.from_edition, SFTPGO_ENTERPRISE))
		results_add(ret, id, VERDICT_BLOCK, NULL, "from enterprise to open source there is no way in place: its schema "
			    "is newer");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", c.from_edition);
}

/* A server that finds a newer schema than its own starts all the same, with a warning, and goes on writing (seen). What a follower
 * finds must be the new release's already. */
CHECK(schema)
{
	static const char id[] = "sftpgo.schema";
	const char *text = need_text(now, sftpgo_follows(to) ? SF_TARGET_VERSION : SF_VERSION, id, ret);
	struct sftpgo_version v = { 0 };
	const json_t *schema;
	int is, own;

	if (!text || !need(now, SF_SCHEMA, id, ret, &schema))
		return;
	is = (int)json_integer_value(schema);
	own = sftpgo_version_parse(text, &v) ? sftpgo_version_schema(&v) : 0;
	if (!own)
		results_add(ret, id, VERDICT_UNSURE, NULL, "schema %d; which %s writes is not known here", is, text);
	else if (is != own && sftpgo_version_may_write(&v, is))
		results_add(ret, id, VERDICT_UNSURE, NULL, "schema %d, and of %s %d is known, by its documentation alone", is, text, own);
	else if (is != own)
		results_add(ret, id, VERDICT_BLOCK, NULL, "schema %d, and %s writes %d", is, text, own);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%d, as %s writes it", is, text);
}

CHECK(schema_right)
{
	static const char id[] = "sftpgo.schema-right";
	const json_t *right;
	const char *may;

	if (sftpgo_follows(to)) {
		results_add(ret, id, VERDICT_PASS, NULL, "this node follows: the schema is not changed");
		return;
	}
	if (!need(now, SF_RIGHT, id, ret, &right))
		return;
	may = json_str(right, "may", "unknown");
	if (!strcmp(may, "yes"))
		results_add(ret, id, VERDICT_PASS, NULL, "the account may change the schema");
	else
		results_add(ret, id, !strcmp(may, "no") ? VERDICT_BLOCK : VERDICT_UNSURE, NULL, "%s", json_str(right, "why", "?"));
}

CHECK(target_version)
{
	static const char id[] = "sftpgo.target-version";
	const char *from = need_text(now, SF_VERSION, id, ret), *want = need_text(now, SF_TARGET_VERSION, id, ret);
	struct sftpgo_version a, b;

	if (!from || !want)
		return;
	if (!sftpgo_version_parse(from, &a) || !sftpgo_version_parse(want, &b))
		results_add(ret, id, VERDICT_UNSURE, NULL, "%s to %s: these cannot be compared", from, want);
	else if (b.dev)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s is a development build", want);
	else if (sftpgo_version_cmp(&a, &b) > 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s is older than %s", want, from);
	else if (!sftpgo_version_schema(&b))
		results_add(ret, id, VERDICT_UNSURE, NULL, "which schema %s writes is not known here", want);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s to %s", from, want);
}

CHECK(healthy)
{
	static const char id[] = "sftpgo.healthy";
	const json_t *healthy, *running;

	if (left_to_hand(now, id, "the procedure begins with a look whether the service runs", ret))
		return;
	if (!need(now, SF_RUNNING, id, ret, &running))
		return;
	if (!json_is_true(running)) {
		results_add(ret, id, VERDICT_NOTE, NULL, "the server is not running: it is started by the run");
		return;
	}
	if (!need(now, SF_HEALTHY, id, ret, &healthy))
		return;
	results_add(ret, id, json_is_true(healthy) ? VERDICT_PASS : VERDICT_BLOCK, NULL, "%s",
		    json_is_true(healthy) ? "it answers" : "it runs and does not answer");
}

CHECK(one_server)
{
	static const char id[] = "sftpgo.one-server";
	int64_t others = facts_int(now, SF_OTHERS, -1);

	if (left_to_hand(now, id, "its service manager starts one", ret))
		return;
	if (others < 0)
		unsure_of(now, SF_OTHERS, id, ret);
	else if (others)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%lld more serve with this directory", (long long)others);
	else if (facts_get(now, SF_DB_FILE))
		judge_members(now, SF_DB_HOLDERS, SF_DB_FILE, id, VERDICT_BLOCK, "process",
			      "it has the database's file open", ret);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "no other process serves with this directory");
}

static bool can_switch(const char *kind)
{
	return !strcmp(kind, "process") || !strcmp(kind, "systemd") || !strcmp(kind, "command") || container_is(kind);
}

CHECK(service)
{
	static const char id[] = "sftpgo.service";
	const char *kind = need_text(now, SF_SERVICE_KIND, id, ret);
	const json_t *running;

	if (left_to_hand(now, id, "its service is SFTPGo, which the procedure stops", ret))
		return;
	if (!kind || !need(now, SF_RUNNING, id, ret, &running))
		return;
	if (!can_switch(kind))
		results_add(ret, id, VERDICT_BLOCK, NULL, "it runs as %s, which this version cannot stop and start", kind);
	else if (!strcmp(kind, "process") && !json_is_true(running))
		results_add(ret, id, VERDICT_BLOCK, NULL, "it is stopped, and nothing says how it is started");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", kind);
}

CHECK(starter)
{
	static const char id[] = "sftpgo.starter";
	const char *by = facts_str(now, SF_SERVICE_BY, NULL), *kind = need_text(now, SF_SERVICE_KIND, id, ret);

	if (left_to_hand(now, id, "the procedure keeps the service from being started", ret))
		return;
	if (!kind)
		return;
	if (by && !strcmp(kind, "process"))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s starts it again", by);
	else if (!strcmp(kind, "process"))
		results_add(ret, id, VERDICT_WARN, NULL, "it holds no lock: while it is down nothing keeps others from "
			    "starting it");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", by ? by : kind);
}
