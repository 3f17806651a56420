/* SFTPGo's configuration in each format, by the first byte: names, values and the lines they stand in; or an error with a message. */
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

static size_t lines_of(struct sv text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n' || text.p[i] == '\r';
	return n;
}

static void check_flats(const struct flats *all, size_t lines)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->v[i].key || !all->v[i].value || all->v[i].line > lines)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sftpgo_config cfg = { .file = xstrdup("/etc/sftpgo/sftpgo") };
	struct sv text = { (const char *)data + 1, size - 1 };
	cleanup_with(flats_done) struct flats all = { 0 };
	struct err e = ERR_INIT;

	if (size && sftpgo_text_read(&cfg, ending_of(data[0]), text, &all, &e) < 0 && !e.msg[0])
		abort();
	check_flats(&all, size ? lines_of(text) : 0);
	sftpgo_config_done(&cfg);
	return 0;
}
