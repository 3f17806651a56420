/* Our reading of arbitrary HCL: a tree in which each line told is a value's, or an error with a message. */
#include "conf/hcl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_with(hcl_lines_done) struct map lines = { 0 };
	autojson json_t *tree = NULL;
	struct err e = ERR_INIT;

	if (hcl_read((struct sv){ (const char *)data, size }, &tree, &lines, &e) < 0) {
		if (!e.msg[0] || tree || lines.n)
			abort();
		return 0;
	}
	map_each (&lines, it)
		if (!*(const size_t *)it->value)
			abort();
	return 0;
}
