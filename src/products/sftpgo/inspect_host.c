/* The host around the server: who listens on its ports, and which repositories packages come from.
 */
#include <stdio.h>

#include "products/sftpgo/doors.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/packaging.h"

#define DOORS_MAX 64

/* ---- ports ---- */

static size_t ports_of(const struct look *k, uint16_t ports[DOORS_MAX])
{
	autojson json_t *all = doors_ports(&k->l.conf);
	const json_t *one;
	size_t i, n = 0;

	json_array_foreach(all, i, one)
	{
		if (n < DOORS_MAX)
			ports[n++] = (uint16_t)json_integer_value(one);
	}
	return n;
}

/* The listening sockets on these ports that are not the server's, as {port: address}. */
static int strangers(const struct look *k, const proc_sockets *all, json_t *ret, struct err *e)
{
	vec_each (all, s) {
		uint64_t mine = 0;
		char port[8];

		if (!s->listening)
			continue;
		if (k->l.proc.id.pid &&
		    proc_has_sockets(k->l.proc.id.pid, &s->inode, 1, &mine, e) < 0)
			return -(int)e->kind;
		snprintf(port, sizeof port, "%u", s->local_port);
		if (!mine)
			json_object_set_new(ret, port, json_text(s->local));
	}
	return 0;
}

static void put_ports(struct look *k)
{
	uint16_t ports[DOORS_MAX];
	size_t n = ports_of(k, ports);
	json_t *taken = json_object();
	proc_sockets found = { 0 };
	struct err e = ERR_INIT;

	if (proc_tcp(k->l.proc.id.pid, ports, n, &found, &e) < 0 ||
	    strangers(k, &found, taken, &e) < 0) {
		look_missing(k, SF_TAKEN, &e);
		json_decref(taken);
	} else {
		look_observe(k, SF_TAKEN, taken, "/proc/net/tcp");
	}
	vec_done(&found);
}

/* ---- repositories ---- */

static void put_repositories(struct look *k)
{
	json_t *found = NULL;
	struct err e = ERR_INIT;

	if (packaging_repositories("", &found, &e) < 0)
		look_missing(k, SF_REPOSITORIES, &e);
	else
		look_observe(k, SF_REPOSITORIES, found, "apt, yum");
}

void look_at_host(struct look *k)
{
	put_repositories(k);
	if (!k->l.conf_error[0])
		put_ports(k);
}
