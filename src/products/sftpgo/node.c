#include "products/sftpgo/node.h"

#include <inttypes.h>
#include <stdio.h>

#include "io/file.h"

/* 2.6: FNV-1a of 64 bits, in decimal. */
static void name_of_2_6(const char *at, char ret[24])
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *at; at++)
		h = (h ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	snprintf(ret, 24, "%" PRIu64, h);
}

bool node_has_name(const char *at, struct sv name)
{
	char before[24], since[DIGEST_TEXT];

	name_of_2_6(at, before);
	digest_text(sv_of(at), since);
	return sv_eq(name, before) || sv_eq(name, since);
}
