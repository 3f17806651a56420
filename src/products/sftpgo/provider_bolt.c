#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "products/sftpgo/bolt.h"
#include "products/sftpgo/provider_copy.h"
#include "products/sftpgo/provider_driver.h"

#define NEVER_MIGRATED 28 /* no number yet: 2.6 and later write one when they first start on it */

static int open_bolt(const struct provider_at *at, struct provider *p, struct err *e)
{
	autocopy struct private_copy copy = { 0 };
	struct bolt *b = NULL;
	int fd;

	if (private_copy_bolt(at->path, at->scratch, p->until, &copy, e) < 0)
		return -(int)e->kind;
	fd = open(copy.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "open '%s'", copy.path);
	if (bolt_open(fd, &b, e) < 0)
		return err_wrap(e, "'%s'", at->path);
	p->handle = b;
	return 0;
}

static int peek_bolt(const struct provider_at *at unused_arg, struct provider *p unused_arg, struct err *e)
{
	return err_set(e, ERR_REFUSED, "its file is not copied again and again while the server works on it");
}

static void close_bolt(struct provider *p) { bolt_close(p->handle); }

static int bolt_schema(struct provider *p, int64_t *ret, struct err *e)
{
	autobolt_cursor struct bolt_cursor *c = NULL;
	struct sv key, value;
	int r;

	if (bolt_bucket(p->handle, "db_version", &c, e) < 0)
		return e->kind == ERR_ABSENT
			   ? err_set(e, ERR_FORMAT, "no bucket 'db_version': not of SFTPGo's")
			   : -(int)e->kind;
	while ((r = bolt_next(c, &key, &value, e)) > 0) {
		autojson json_t *version = NULL;

		if (!sv_eq(key, "version"))
			continue;
		if (json_parse(value, "the schema version", &version, e) < 0)
			return -(int)e->kind;
		*ret = json_int(version, "Version", json_int(version, "version", 0));
		return 0;
	}
	*ret = NEVER_MIGRATED;
	return r;
}

const struct provider_ops provider_bolt = {
	.driver = "bolt",
	.open = open_bolt,
	.peek = peek_bolt,
	.close = close_bolt,
	.schema = bolt_schema,
};
