/* A bbolt file: any bytes give pairs or an error, and end. */
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "products/sftpgo/bolt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned char touched; /* every byte is read for good */

static void read_bucket(struct bolt *b, const char *name)
{
	autobolt_cursor struct bolt_cursor *c = NULL;
	struct err e = ERR_INIT;
	struct sv key, value;

	if (bolt_bucket(b, name, &c, &e) < 0)
		return;
	while (bolt_next(c, &key, &value, &e) > 0) {
		for (size_t i = 0; i < key.n + value.n; i++)
			touched = (unsigned char)key.p[i];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const buckets[] = { "users", "db_version", "roles", "events_actions" };
	int fd = memfd_create("bolt", MFD_CLOEXEC);
	struct bolt *b = NULL;
	struct err e = ERR_INIT;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || bolt_open(fd, &b, &e) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(buckets); i++)
		read_bucket(b, buckets[i]);
	bolt_close(b);
	return 0;
}
