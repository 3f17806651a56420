/* Our reading of arbitrary INI: names with a section, each on a line, or an error with a message. */
#include "conf/ini.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int seen(void *data, const char *key, const char *value, size_t line, struct err *e)
{
	(void)data;
	(void)e;
	if (!strchr(key, '.') || !value || !line)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;

	if (ini_each((struct sv){ (const char *)data, size }, seen, NULL, &e) < 0 && !e.msg[0])
		abort();
	return 0;
}
