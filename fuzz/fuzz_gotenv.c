/* gotenv's reading of arbitrary text: a value of each name, or an error with a message. */
#include "conf/gotenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *outside(const char *name, void *data)
{
	return !strcmp(name, "OUT") ? "o $X" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autogotenv struct gotenv env = { 0 };
	struct err e = ERR_INIT;

	if (gotenv_read((struct sv){ (const char *)data, size }, outside, NULL, &env, &e) < 0 &&
	    !e.msg[0])
		abort();
	map_each (&env.vars, it)
		if (!((const struct gotenv_var *)it->value)->line)
			abort();
	return 0;
}
