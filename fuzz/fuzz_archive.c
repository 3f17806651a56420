/* Archives: what the guards let through has no path and no link that leads out. */
#include <sys/mman.h>

#include "data/unpack.h"
#include "data/unpack_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_entry(void *data, const struct unpack_entry *a, struct err *e)
{
	autobuf struct buf clean = BUF_MAX(1 << 16);

	(void)data;
	if (unpack_path_clean(a->path, "archive", &clean, e) < 0 ||
	    strcmp(buf_str(&clean), a->path) != 0)
		abort();
	if (a->type == 'l' && !unpack_link_stays(a->path, a->target))
		abort();
	if (a->mode & ~(mode_t)0755)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unpack_opts o = { .max_bytes = 4 << 20, .max_entries = 1000, .strip_top = size % 2 };
	autobuf struct buf member = BUF_MAX(1 << 16);
	autoclose int fd = memfd_create("archive", MFD_CLOEXEC);
	struct err e = ERR_INIT;

	if (fd < 0 || file_write_all(fd, data, size, "archive", &e) < 0)
		return 0;
	if (unpack_list(fd, "archive", &o, check_entry, NULL, &e) == 0)
		err_clear(&e);
	if (unpack_member(fd, "archive", "d/a", &member, &e) == 0)
		err_clear(&e);
	return 0;
}
