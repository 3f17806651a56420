/* What stands between others and the run: the gate, and who may get at what. */
#include "products/seatable/checks.h"

#include <string.h>

#include "products/seatable/gate.h"

CHECK(gate)
{
	static const char id[] = "seatable.gate";
	const char *asked = to ? goal_setting(to, "gate", NULL) : NULL, *none;
	const json_t *public;

	if (!need(now, SEA_PUBLIC, id, ret, &public))
		return;
	none = sea_no_gate(now);
	if (asked && !strcmp(asked, "none"))
		results_add(ret, id, VERDICT_NOTE, NULL, "none asked for: clients come in with the new server's first answer");
	else if (none)
		results_add(ret, id, asked ? VERDICT_BLOCK : VERDICT_WARN, NULL, "there is none: %s", none);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s is stopped before the server, and started when the checks have passed",
			    json_str(public, "proxy", "?"));
}

/* As containers may read and write it: "user:role:type:level". */
static bool is_of_containers(const char *label)
{
	return strstr(label, ":container_file_t:") || strstr(label, ":container_ro_file_t:") || strstr(label, ":svirt_sandbox_file_t:");
}

CHECK(access)
{
	static const char id[] = "seatable.access";
	const json_t *access, *label, *path;
	size_t before = ret->n, i;
	const char *selinux, *name;

	if (!need(now, SEA_ACCESS, id, ret, &access))
		return;
	selinux = json_str(access, "selinux", "none here");
	json_object_foreach(json_object_get(access, "labels"), name, label)
		if (!strcmp(selinux, "enforcing") && !is_of_containers(json_string_value(label)))
			results_add(ret, id, VERDICT_NOTE, name, "SELinux is enforcing, and the label '%s' is none of a container's: one that is made anew may not read it",
				    json_string_value(label));
	json_array_foreach(json_object_get(access, "lists"), i, path)
		results_add(ret, id, VERDICT_NOTE, json_string_value(path), "it has an access list: more may get at it than its mode tells");
	if (ret->n == before)
		results_add(ret, id, VERDICT_PASS, NULL, "SELinux: %s; no access lists", selinux);
}
