#include "products/sftpgo/nodes.h"

#include "base/clock.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/node.h"

#define NAMES_MAX (1u << 20)

int nodes_others(struct provider *p, const char *own, json_t **ret, struct err *e)
{
	autobuf struct buf names = BUF_MAX(NAMES_MAX);
	json_t *others;
	struct sv rest;

	if (provider_nodes(p, clock_wall_ns(), &names, e) < 0)
		return -(int)e->kind;
	others = json_array();
	rest = buf_sv(&names);
	while (rest.n) {
		struct sv name = sv_line(&rest);

		if (name.n && !node_has_name(own, name))
			json_array_append_new(others, json_stringn(name.p, name.n));
	}
	*ret = others;
	return 0;
}

int nodes_none(const struct ctx *c, const char *own, const char *what, struct err *e)
{
	autobuf struct buf names = BUF_MAX(NAMES_MAX);
	autoprovider struct provider *p = NULL;
	autojson json_t *others = NULL;
	const json_t *name;
	size_t i;

	if (database_open(c, NULL, &p, e) < 0 || nodes_others(p, own, &others, e) < 0)
		return -(int)e->kind;
	if (!json_array_size(others))
		return 0;
	json_array_foreach(others, i, name)
		buf_addf(&names, "%s%s", i ? ", " : "", json_string_value(name));
	err_set(e, ERR_CHANGED, "other nodes are alive on %s: %s", what, buf_str(&names));
	return err_hint(e, "stop them first, of the new release as of the old; two minutes after its end a node counts as stopped");
}
