/* What stands between others and the run: the gate, who may get at what, and where the restore point lies. */
#include "base/path.h"
#include "products/seatable/checks.h"

#include <string.h>

#include "base/mem.h"
#include "products/seatable/draft.h"
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

/* ---- the restore point's place */

/* In one of the folders that are copied. */
static bool is_in_the_data(const char *data, const char *path)
{
	for (size_t i = 0; sea_folders[i]; i++) {
		autofree char *folder = xasprintf("%s/seatable/%s", data, sea_folders[i]);

		if (path_is_in(path, folder))
			return true;
	}
	return false;
}

/* Not the last bit alone: with the sticky one nobody takes away what is another's. A share of the network often has no other mode. */
static bool lets_anybody_in(int64_t mode)
{
	return mode & 02 && !(mode & 01000);
}

CHECK(store)
{
	static const char id[] = "seatable.store";
	const json_t *store;
	const char *path, *data;
	int64_t mode;

	if (!need_if_any(now, SEA_STORE, SEA_ACCESS, id, ret, &store))
		return;
	path = json_str(store, "path", "?");
	data = json_str(store, "data", facts_str(now, SEA_DATA, ""));
	mode = json_int(store, "mode", 0);
	if (!store)
		not_asked(id, "beside what is copied, in a folder of its own that is private", ret);
	else if (is_in_the_data(data, path) && strcmp(goal_setting(to, "folders", "copy"), "none") != 0)
		results_add(ret, id, VERDICT_BLOCK, path, "it lies within the data that is copied into it");
	else if (lets_anybody_in(mode))
		results_add(ret, id, VERDICT_WARN, path, "mode %04llo: anybody may take away what lies in it, and put something else there",
			    (unsigned long long)mode);
	else if (path_is_in(path, facts_str(now, SEA_ROOT, "")) || path_is_in(path, data))
		results_add(ret, id, VERDICT_WARN, path, "it lies within the installation: what takes that away takes the way back as well");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", path);
}
