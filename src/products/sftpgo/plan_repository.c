/* Around the change of packages: others who install some are locked out, and the repository changes with the package. Never is one
 * switched on whose packages are not those installed: the old one goes before the stop, the new one comes after the change. */
#include "products/sftpgo/draft.h"

#include <string.h>


static const json_t *repository(const struct draft *d)
{
	return facts_get(d->now, SF_REPOSITORY);
}

void sftpgo_draft_lock_packages(struct draft *d)
{
	sftpgo_draft_step(d, PHASE_FREEZE, "lock", "package_lock", 0,
			  json_pack("{sO ss}", "manager", json_object_get(facts_get(d->now, SF_PACKAGE), "manager"), "within",
				    sftpgo_draft_span(d, "lock_timeout", "10m")),
			  "who upgrades this host now ends first, with the server still up; no timer begins");
}

static json_t *put(const json_t *r, const char *to, const char *was, const char *from, const char *sha256)
{
	return json_pack("{so sO sO sO}", "file", place_of("system", json_str(r, to, "/") + 1), "was", json_object_get(r, was), "from",
			 json_object_get(r, from), "sha256", json_object_get(r, sha256));
}

static bool is_there(const json_t *r, const char *was, const char *sha256)
{
	return json_equal(json_object_get(r, was), json_object_get(r, sha256));
}

/* Where its keys lie in no file of this host, none is put. */
static bool brings_keys(const json_t *r)
{
	return json_object_get(r, "keyring_to") && !is_there(r, "keyring_was", "keyring_sha256");
}

void sftpgo_draft_source_off(struct draft *d)
{
	const json_t *r = repository(d), *one;
	json_t *off = json_array(), *keys = json_array();
	size_t i;

	json_array_foreach(json_object_get(r, "off"), i, one)
		json_array_append_new(off, json_pack("{so sO}", "file", place_of("system", json_str(one, "path", "/") + 1), "was",
						     json_object_get(one, "sha256")));
	if (brings_keys(r))
		json_array_append_new(keys, put(r, "keyring_to", "keyring_was", "keyring", "keyring_sha256"));
	if (json_array_size(off) || json_array_size(keys)) {
		sftpgo_draft_step(d, PHASE_FREEZE, "repository-off", "package_source", 0,
				  json_pack("{sO sO}", "off", off, "put", keys),
				  "two vendors' repositories are never switched on together");
	}
	json_decref(off);
	json_decref(keys);
}

/* One of another content under its name went with the old ones. */
void sftpgo_draft_source_on(struct draft *d)
{
	const json_t *r = repository(d);
	json_t *list;

	if (!r || is_there(r, "was", "sha256"))
		return;
	list = put(r, "to", "was", "file", "sha256");
	json_object_set_new(list, "was", json_null());
	sftpgo_draft_step(d, PHASE_CHANGE, "repository-on", "package_source", STEP_IN_WINDOW, json_pack("{s[] s[o]}", "off", "put", list),
			  "later upgrades come from where this package came");
}

void sftpgo_draft_source_notes(struct draft *d)
{
	const json_t *r = repository(d), *one;
	size_t i;

	json_array_foreach(json_object_get(r, "off"), i, one)
		plan_note(d->plan, "the repository file '%s' is taken away, '%s' takes its place; a way back puts it back",
			  json_str(one, "path", "?"), json_str(r, "to", "?"));
	if (brings_keys(r))
		plan_note(d->plan, "the keyring '%s' becomes that of '%s'; a way back puts the old one back",
			  json_str(r, "keyring_to", "?"), json_str(r, "keyring", "?"));
}
