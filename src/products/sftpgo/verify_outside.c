#include <inttypes.h>
#include <string.h>

#include "products/sftpgo/layout.h"
#include "products/sftpgo/outside.h"
#include "products/sftpgo/verify.h"
#include "svc/container.h"

#define LISTENS_WITHIN (5 * NS_PER_S) /* FTP and WebDAV come after HTTP and SFTP */
#define LOOK_EVERY     (20 * NS_PER_MS)
#define NOT_BEFORE     "nothing was seen of it before"

static void unproved(const struct proof *p, const char *subject, const char *what, const char *why)
{
	cmp_add(p->ret, CMP_UNPROVED, subject, what, NULL, NULL, NULL, why);
}

/* ---- doors ---- */

static pid_t server_of(const struct proof *p)
{
	const char *root = site_root_path(ctx_site(p->c, NULL), "root");
	struct svc_state now = { 0 };
	struct service *service;
	struct err none = ERR_INIT;

	if (proof_fact(p, SF_CONTAINER) && root)
		return sftpgo_layout_server(root);
	if (site_service(ctx_site(p->c, NULL), &service, &none) < 0 || service->ops->state(service, &now, &none) < 0)
		return 0;
	return now.id.pid;
}

static bool has_all(const json_t *list, const json_t *wanted)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)wanted, i, one)
	{
		if (!json_lists(list, json_string_value(one)))
			return false;
	}
	return true;
}

/* NULL: it cannot be seen. Waits for those that are wanted. */
static json_t *listening(const struct proof *p, const door_list *doors, const json_t *wanted, struct err *e)
{
	struct deadline until = deadline_in(LISTENS_WITHIN);
	json_t *now = NULL;

	for (;;) {
		if (outside_listens(doors, server_of(p), &now, e) < 0)
			return NULL;
		if (has_all(now, wanted) || deadline_passed(until))
			return now;
		json_decref(now);
		clock_sleep_ns(LOOK_EVERY);
	}
}

static void compare_listens(const struct proof *p, const door_list *doors)
{
	const json_t *then = proof_fact(p, SF_LISTENS), *one;
	autojson json_t *now = NULL;
	struct err e = ERR_INIT;
	size_t i;

	now = then ? listening(p, doors, then, &e) : NULL;
	if (!now) {
		unproved(p, "server", "doors it listens on", then ? e.msg : NOT_BEFORE);
		return;
	}
	json_array_foreach((json_t *)then, i, one)
	{
		autofree char *subject = xasprintf("door %s", json_string_value(one));

		cmp_text(p->ret, subject, "listens", "yes", json_lists(now, json_string_value(one)) ? "yes" : "no");
	}
}

/* ---- host keys ---- */

/* Another set is a difference; what could not be asked is none. */
static void compare_host_keys(const struct proof *p, const door_list *doors)
{
	const json_t *then = proof_fact(p, SF_HOST_KEYS);
	autojson json_t *now = NULL, *all = NULL;
	autofree char *why = NULL;
	const char *type;
	json_t *unused;

	now = outside_host_keys(ctx_site(p->c, NULL), doors, &why);
	if (why || (!then && json_object_size(now))) {
		unproved(p, "server", "host keys", why ? why : NOT_BEFORE);
		return;
	}
	all = json_copy(now);
	json_object_update_missing(all, (json_t *)then);
	json_object_foreach(all, type, unused)
	{
		autofree char *what = xasprintf("host key %s", type);

		cmp_text(p->ret, "server", what, json_str(then, type, NULL), json_str(now, type, NULL));
	}
}

/* ---- certificates ---- */

static const char *print_of(const json_t *certificate)
{
	return json_is_string(certificate) ? json_string_value(certificate) : json_str(certificate, "sha256", NULL);
}

/* By ACME the server gets a new one by itself, which is longer valid. */
static bool is_renewed(const struct proof *p, const json_t *was, const json_t *is)
{
	return json_is_true(proof_fact(p, SF_RENEWS)) && json_int(is, "not_after", 0) > json_int(was, "not_after", INT64_MAX);
}

static void compare_certificates(const struct proof *p, const door_list *doors)
{
	const json_t *then = proof_fact(p, SF_CERTIFICATES);
	autojson json_t *now = NULL;
	autofree char *why = NULL;

	now = outside_certificates(ctx_site(p->c, NULL), doors, &why);
	vec_each (doors, d) {
		const json_t *was = json_object_get(then, d->name), *is = json_object_get(now, d->name);
		autofree char *subject = xasprintf("door %s", d->name);

		if (!strcmp(d->kind, "sftp"))
			continue;
		if (!was || !is)
			unproved(p, subject, "certificate", was && why ? why : NOT_BEFORE);
		else if (!json_equal(was, is) && is_renewed(p, was, is))
			cmp_add(p->ret, CMP_EXPLAINED, subject, "certificate", print_of(was), print_of(is), "sftpgo.certificate-renewed", NULL);
		else
			cmp_text(p->ret, subject, "certificate", print_of(was), print_of(is));
	}
}

/* ---- pages ---- */

static void compare_pages_of(const struct proof *p, const struct door *d, const json_t *was, const json_t *is, const char *why)
{
	autofree char *subject = xasprintf("door %s", d->name);
	const char *page;
	json_t *unused;

	json_object_foreach((json_t *)d->pages, page, unused)
	{
		autofree char *what = xasprintf("answer of %s", page);

		if (!json_object_get(was, page) || !json_object_get(is, page))
			unproved(p, subject, what, why ? why : NOT_BEFORE);
		else
			cmp_int(p->ret, subject, what, json_int(was, page, 0), json_int(is, page, 0));
	}
}

static void compare_pages(const struct proof *p, const door_list *doors)
{
	const json_t *then = proof_fact(p, SF_PAGES);
	autojson json_t *now = NULL;
	autofree char *why = NULL;

	now = outside_pages(ctx_site(p->c, NULL), doors, &why);
	vec_each (doors, d)
		compare_pages_of(p, d, json_object_get(then, d->name), json_object_get(now, d->name), why);
}

/* The new container may have another address. */
static void find_doors(const struct proof *p, door_list *doors)
{
	const json_t *then = proof_fact(p, SF_CONTAINER);
	autojson json_t *seen = NULL, *now = NULL;
	struct err none = ERR_INIT;

	if (!then || container_of(json_object_get(ctx_site(p->c, NULL)->doc, "service"), &seen, &none) < 0)
		return;
	now = container_about(seen);
	doors_find(now, doors);
}

/* Not on the way back: the old server shows what its files say, which the restore point brings back byte for byte. That they were
 * edited while it ran, or a certificate was renewed since, is no fault of the old world. */
void compare_outside(const struct proof *p)
{
	const json_t *then = proof_fact(p, SF_DOORS);
	door_list doors = { 0 };

	if (!p->to && p->depth == DEPTH_GATE)
		return;
	doors_list(then, &doors);
	find_doors(p, &doors);
	compare_listens(p, &doors);
	compare_host_keys(p, &doors);
	compare_certificates(p, &doors);
	compare_pages(p, &doors);
	vec_done(&doors);
}
