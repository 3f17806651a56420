/* Event actions: what the target understands otherwise. Those that name nothing are judged by
 * counts; names are the first twenty. */
#include "products/sftpgo/checks.h"

#include <string.h>

#include "products/sftpgo/action_remarks.h"
#include "products/sftpgo/named.h"

/* How many actions have the remark, and which; NULL when none. Heap. */
static char *remarked(const json_t *actions, enum action_remark r)
{
	return named_text(json_object_get(actions, action_remark_name(r)));
}

static bool schema_of(const struct facts *now, const char *id, struct results *ret, int *schema)
{
	const json_t *is;

	if (!need(now, SF_SCHEMA, id, ret, &is))
		return false;
	*schema = (int)json_integer_value(is);
	return true;
}

/* One remark that only matters towards Enterprise. */
static void judge_crossing(const struct facts *now, const struct goal *to, const char *id,
			   enum action_remark r, enum verdict v, const char *means,
			   struct results *ret)
{
	const json_t *actions;

	if (!goes_to_enterprise(now, to, id, ret) || !need(now, SF_ACTIONS, id, ret, &actions))
		return;

	autofree char *which = remarked(actions, r);

	results_add(ret, id, which ? v : VERDICT_PASS, NULL, "%s%s%s", which ? which : "none",
		    which ? "; " : "", which ? means : "");
}

CHECK(placeholders)
{
	static const char id[] = "sftpgo.placeholders";
	const json_t *actions;
	struct change c;
	int schema;

	sftpgo_change(now, to, &c);
	if (!c.to_edition) {
		unsure_of(now, SF_TARGET_EDITION, id, ret);
		return;
	}
	if (!need(now, SF_ACTIONS, id, ret, &actions) || !schema_of(now, id, ret, &schema))
		return;

	autofree char *old = remarked(actions, REMARK_UNDOTTED),
		      *new = remarked(actions, REMARK_DOTTED);
	bool enterprise = !strcmp(c.to_edition, SFTPGO_ENTERPRISE),
	     crosses = c.from_edition && strcmp(c.from_edition, c.to_edition);

	if (enterprise && crosses && (old || new))
		results_add(ret, id, VERDICT_WARN, NULL,
			    "of 2.6 in %s; of 2.7 in %s: Enterprise takes them for Go templates",
			    old ? old : "none", new ? new : "none");
	else if (schema < DOTTED_SCHEMA && old)
		results_add(ret, id, VERDICT_NOTE, NULL,
			    "%s; the first start puts a dot into each, and the result is compared",
			    old);
	else
		results_add(ret, id, VERDICT_PASS, NULL,
			    "none that the target understands otherwise");
}

CHECK(braces)
{
	static const char id[] = "sftpgo.braces";
	const json_t *actions;
	int schema;

	if (!need(now, SF_ACTIONS, id, ret, &actions) || !schema_of(now, id, ret, &schema))
		return;

	autofree char *which = remarked(actions, REMARK_BRACES);

	if (!which)
		results_add(ret, id, VERDICT_PASS, NULL, "none");
	else if (schema < DOTTED_SCHEMA)
		results_add(ret, id, VERDICT_WARN, NULL,
			    "%s; the first start may put a dot into braces that mean themselves",
			    which);
	else
		results_add(ret, id, VERDICT_NOTE, NULL,
			    "%s; a step to 2.7 may have put dots into them already", which);
}

/* What does not do on the installed 2.7 what its writer meant: Enterprise will. */
CHECK(tokens)
{
	static const char id[] = "sftpgo.tokens";
	const json_t *actions;
	int schema;

	if (!goes_to_enterprise(now, to, id, ret) || !need(now, SF_ACTIONS, id, ret, &actions) ||
	    !schema_of(now, id, ret, &schema))
		return;

	autofree char *data = remarked(actions, REMARK_OBJECT_DATA),
		      *reports = remarked(actions, REMARK_REPORTS),
		      *old = schema >= DOTTED_SCHEMA ? remarked(actions, REMARK_UNDOTTED) : NULL;

	if (data)
		results_add(ret, id, VERDICT_WARN, "ObjectData",
			    "%s; 2.7 sends {}, Enterprise the object", data);
	if (reports)
		results_add(ret, id, VERDICT_WARN, "RetentionReports",
			    "%s; 2.7 takes it for a path", reports);
	if (old)
		results_add(ret, id, VERDICT_WARN, "without a dot",
			    "%s; 2.7 leaves them as they are", old);
	if (!data && !reports && !old)
		results_add(ret, id, VERDICT_PASS, NULL, "none");
}

CHECK(path_patterns)
{
	static const char id[] = "sftpgo.path-patterns";
	const json_t *actions;

	if (!goes_to_enterprise(now, to, id, ret) || !need(now, SF_ACTIONS, id, ret, &actions))
		return;

	autofree char *which = remarked(actions, REMARK_PATTERN),
		      *token = remarked(actions, REMARK_PATTERN_TOKEN);

	if (which)
		results_add(ret, id, VERDICT_BLOCK, NULL,
			    "%s; open source takes * ? [ for themselves, Enterprise for a pattern",
			    which);
	if (token)
		results_add(ret, id, VERDICT_WARN, "beside a placeholder",
			    "%s; Enterprise does not save them so", token);
	if (!which && !token)
		results_add(ret, id, VERDICT_PASS, NULL, "none");
}

CHECK(delete_actions)
{
	judge_crossing(now, to, "sftpgo.delete-actions", REMARK_DELETES, VERDICT_BLOCK,
		       "open source removes an empty directory only, Enterprise all that is below",
		       ret);
}

CHECK(http_user)
{
	judge_crossing(now, to, "sftpgo.http-user", REMARK_USERNAME, VERDICT_WARN,
		       "Enterprise sends the placeholder itself", ret);
}

CHECK(identity_actions)
{
	judge_crossing(now, to, "sftpgo.identity-actions", REMARK_IDENTITY, VERDICT_WARN,
		       "Enterprise runs them with a Premium licence", ret);
}

/* With one address each the placeholder is what it was. */
CHECK(recipients)
{
	static const char id[] = "sftpgo.recipients";
	const json_t *users;
	long long extra;

	if (!goes_to_enterprise(now, to, id, ret) || !need(now, SF_USERS, id, ret, &users))
		return;
	extra = (long long)json_int(users, "extra_emails", 0);
	if (extra)
		judge_crossing(now, to, id, REMARK_EMAIL, VERDICT_WARN,
			       "Enterprise puts all addresses of a user there", ret);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "no user has a second address");
}

/* 2.6.3 began to ask for a list of allowed commands. */
CHECK(commands)
{
	static const char id[] = "sftpgo.commands";
	const char *version = need_text(now, SF_VERSION, id, ret);
	const json_t *actions;
	struct sftpgo_version v;

	if (!version || !need(now, SF_ACTIONS, id, ret, &actions))
		return;

	autofree char *which = remarked(actions, REMARK_COMMAND);
	bool free_before =
	    sftpgo_version_parse(version, &v) && v.major == 2 && v.minor == 6 && v.patch < 3;

	if (!which)
		results_add(ret, id, VERDICT_PASS, NULL, "all are enabled");
	else if (free_before)
		results_add(ret, id, VERDICT_WARN, NULL, "%s; they run now, and will not", which);
	else
		results_add(ret, id, VERDICT_NOTE, NULL, "%s; they do not run now either", which);
}
