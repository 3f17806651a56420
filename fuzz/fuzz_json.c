/* The editor's law on arbitrary text of the dialect "json". Input: key, value and text, the first
 * two a line each. */
#include "tests/unit/conf/law.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return law_fuzz(&dialect_json, data, size);
}
