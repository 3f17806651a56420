#include "products/sftpgo/transfers.h"

#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "products/sftpgo/objects_census.h"

#define LEFT_BEGINS  ".sftpgo-upload."
#define LEFT_UNIQUE  20

int transfers_now(struct rest *api, json_t **ret, struct err *e)
{
	autojson json_t *connections = NULL;
	json_t *list, *one, *transfer;
	size_t i, j;

	if (rest_get(api, "/api/v2/connections", &connections, e) < 0)
		return -(int)e->kind;
	if (!json_is_array(connections) && !json_is_null(connections))
		return err_set(e, ERR_FORMAT, "the list of connections is none");
	list = json_array();
	json_array_foreach(connections, i, one)
		json_array_foreach(json_object_get(one, "active_transfers"), j, transfer)
			json_array_append_new(list,
				json_pack("{ss ss ss ss sI}", "user", json_str(one, "username", "?"), "protocol",
					  json_str(one, "protocol", "?"), "type", json_str(transfer, "operation_type", "?"),
					  "path", json_str(transfer, "path", "?"), "bytes",
					  (json_int_t)json_int(transfer, "size", 0)));
	*ret = list;
	return 0;
}

static bool is_local(const json_t *what)
{
	int64_t provider = json_int(json_object_get(what, "filesystem"), "provider", STORAGE_LOCAL);

	return provider == STORAGE_LOCAL || provider == STORAGE_LOCAL_ENCRYPTED;
}

char *transfer_dir(const json_t *user, const char *path)
{
	const char *home = json_str(user, "home_dir", ""), *rest = path, *slash;
	const json_t *owner = user, *one;
	size_t i;

	json_array_foreach(json_object_get(user, "virtual_folders"), i, one)
	{
		const char *in = path_behind(path, json_str(one, "virtual_path", "/"));

		if (!in || strlen(in) >= strlen(rest))
			continue;
		owner = one;
		home = json_str(one, "mapped_path", "");
		rest = in;
	}
	slash = strrchr(rest, '/');
	if (!is_local(owner) || *home != '/' || !slash || strstr(rest, "/../"))
		return NULL;
	return xasprintf("%s%.*s", home, (int)(slash - rest), rest);
}

bool transfer_left(const char *file, const char *name)
{
	size_t n = strlen(LEFT_BEGINS) + LEFT_UNIQUE;

	return !strncmp(file, LEFT_BEGINS, strlen(LEFT_BEGINS)) && strlen(file) > n && file[n] == '.' &&
	       !strcmp(file + n + 1, name);
}
