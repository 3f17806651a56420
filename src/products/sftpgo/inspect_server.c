#include <string.h>

#include "products/sftpgo/inspect.h"
#include "products/sftpgo/talk.h"

#define ASK_WITHIN (5 * NS_PER_S)

/* A running server tells who it is; a stopped one's program does (inspect_install.c). */
static void ask_server(struct look *k)
{
	struct probe p = { 0 };
	struct err e = ERR_INIT;

	if (sftpgo_probe(k->site, false, ASK_WITHIN, &p, &e) < 0 || !p.answered) {
		facts_miss(k->f, SF_HEALTHY, p.detail[0] ? p.detail : e.msg);
		return;
	}
	look_observe(k, SF_HEALTHY, json_boolean(p.serving), "/healthz and SSH banner");
	if (p.version[0])
		look_pin_str(k, SF_VERSION, p.version, "header Server, SSH banner");
	if (p.edition[0])
		look_pin_str(k, SF_EDITION, p.edition, "version");
}

static json_t *argv_of(const struct layout *l)
{
	json_t *list = json_array();

	for (size_t i = 0; l->argv && l->argv[i]; i++)
		json_array_append_new(list, json_text(i || !l->named ? l->argv[i] : l->named));
	return list;
}

void look_at_server(struct look *k)
{
	const struct layout *l = &k->l;

	look_observe(k, SF_RUNNING, json_boolean(l->proc.id.pid != 0), "/proc");
	look_observe(k, SF_OTHERS, json_integer(l->others), "/proc");
	look_pin_some(k, SF_ARGV, argv_of(l), l->proc.id.pid ? "/proc/pid/cmdline" : "unit");
	if (!l->proc.id.pid || k->depth == DEPTH_FROZEN) {
		facts_miss(k->f, SF_HEALTHY, "the server is not running");
		return;
	}
	look_observe(k, SF_PID, json_integer(l->proc.id.pid), "/proc");
	ask_server(k);
}
