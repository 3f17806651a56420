/* What clients see of the running server, as it was before: the baseline of a comparison that no file can give. */
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/outside.h"

static void put(struct look *k, const char *key, json_t *seen, char *why, const char *source)
{
	look_pin_some(k, key, seen, source);
	if (why)
		facts_miss(k->f, key, why);
	free(why);
}

static void put_listens(struct look *k, const door_list *doors)
{
	struct err e = ERR_INIT;
	json_t *names;

	if (outside_listens(doors, k->l.proc.id.pid, &names, &e) < 0)
		look_missing(k, SF_LISTENS, &e);
	else
		look_pin(k, SF_LISTENS, names, "/proc/net/tcp");
}

void look_at_outside(struct look *k)
{
	char *keys_why = NULL, *certificates_why = NULL, *pages_why = NULL;
	autojson json_t *all = NULL;
	door_list doors = { 0 };
	json_t *seen;

	if (!k->l.proc.id.pid || k->l.conf_error[0])
		return;
	all = doors_of(&k->l.conf);
	doors_list(all, &doors);
	put_listens(k, &doors);
	if (k->l.container)
		doors_find(k->l.container, &doors);
	seen = outside_host_keys(k->site, &doors, &keys_why);
	put(k, SF_HOST_KEYS, seen, keys_why, "SSH key exchange");
	seen = outside_certificates(k->site, &doors, &certificates_why);
	put(k, SF_CERTIFICATES, seen, certificates_why, "TLS handshake");
	seen = outside_pages(k->site, &doors, &pages_why);
	put(k, SF_PAGES, seen, pages_why, "HTTP");
	look_pin_bool(k, SF_RENEWS, facts_get(k->f, SF_ACME) || sftpgo_config_count(&k->l.conf, "acme.domains"), "configuration, data provider");
	vec_done(&doors);
}
