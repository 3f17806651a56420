/* SFTPGo's configuration in each format, by the first byte: the tree, its names and its values; or an error with a message. */
#include "products/sftpgo/config_in.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *ending_of(uint8_t letter)
{
	switch (letter) {
	case 'h':
		return "hcl";
	case 'i':
		return "ini";
	case 'p':
		return "properties";
	case 'e':
		return "env";
	case 't':
		return "toml";
	case 'y':
		return "yaml";
	default:
		return "json";
	}
}

static void check_flats(const struct flats *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->v[i].key || !all->v[i].value)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sftpgo_config cfg = { .file = xstrdup("/etc/sftpgo/sftpgo") };
	cleanup_with(flats_done) struct flats all = { 0 };
	struct err e = ERR_INIT;

	if (size && sftpgo_text_read(&cfg, ending_of(data[0]), (struct sv){ (const char *)data + 1, size - 1 }, &all, &e) < 0 && !e.msg[0])
		abort();
	check_flats(&all);
	sftpgo_config_done(&cfg);
	return 0;
}
