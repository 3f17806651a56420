/* Where the new packages come from. */
#include "products/sftpgo/checks.h"

#include <string.h>

CHECK(target_repository)
{
	static const char id[] = "sftpgo.target-repository";
	const json_t *r, *off, *one;
	const char *finding;
	size_t i;

	if (!to || !goal_package(to)) {
		not_asked(id, "no target.package is given", ret);
		return;
	}
	if (!need(now, SF_REPOSITORY, id, ret, &r))
		return;
	finding = json_str(r, "finding", NULL);
	off = json_object_get(r, "off");
	if (finding)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", finding);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%zu fetched, signed by '%s'", json_array_size(json_object_get(r, "packages")),
			    json_str(r, "keyring", "?"));
	json_array_foreach((json_t *)off, i, one)
		results_add(ret, id, VERDICT_NOTE, json_str(one, "path", "?"), "'%s' takes its place", json_str(r, "to", "?"));
}
