#include "engine/gate_of.h"

#include <stdio.h>

#include "io/file.h"

int gate_of_site(struct ctx *c, const json_t *params, struct gate_of *ret, struct err *e)
{
	const json_t *ports = json_object_get(params, "ports");
	char hash[DIGEST_TEXT];
	const char *root;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0)
		return -e->kind;
	if (json_array_size(ports) > ARRAY_LEN(ret->gate.ports))
		return err_set(e, ERR_USAGE, "a gate has at most %zu ports", ARRAY_LEN(ret->gate.ports));
	root = site_root_path(s, "root");
	digest_text(sv_of(root ? root : s->name), hash);
	*ret = (struct gate_of){ 0 };
	snprintf(ret->name, sizeof ret->name, "crossgrade_%.16s", hash);
	ret->gate.name = ret->name;
	for (size_t i = 0; i < json_array_size(ports); i++)
		ret->gate.ports[ret->gate.n_ports++] = (uint16_t)json_integer_value(json_array_get(ports, i));
	return 0;
}
