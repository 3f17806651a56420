#include "io/xattr.h"

#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/vec.h"
#include "io/json.h"

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *to_hex(const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char *text = xmalloc(2 * n + 1);

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * n] = '\0';
	return text;
}

static int from_hex(const char *text, unsigned char *to, size_t room, size_t *ret_n, struct err *e)
{
	size_t n = strlen(text) / 2;

	for (size_t i = 0; i < n && i < room; i++) {
		int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return err_set(e, ERR_FORMAT, "an attribute's value is not hexadecimal");
		to[i] = (unsigned char)(high << 4 | low);
	}
	if (n > room)
		return err_set(e, ERR_SPACE, "an attribute's value is longer than %zu", room);
	*ret_n = n;
	return 0;
}

static int read_one(int fd, const char *name, const char *what, json_t *into, struct err *e)
{
	autofree unsigned char *value = xmalloc(XATTR_SIZE_MAX);
	autofree char *hex = NULL;
	ssize_t n = fgetxattr(fd, name, value, XATTR_SIZE_MAX);

	if (n < 0 && errno == ENODATA)          /* removed meanwhile */
		return 0;
	if (n < 0)
		return err_sys(e, errno, "read attribute '%s' of '%s'", name, what);
	hex = to_hex(value, (size_t)n);
	if (json_object_set_new(into, name, json_string(hex)) < 0)
		return err_set(e, ERR_FORMAT, "an attribute's name of '%s' is not UTF-8", what);
	return 0;
}

int xattr_read(int fd, const char *what, json_t **ret, struct err *e)
{
	autofree char *names = xmalloc(XATTR_LIST_MAX);
	autojson json_t *all = json_object();
	ssize_t n = flistxattr(fd, names, XATTR_LIST_MAX);

	if (n < 0 && errno != EOPNOTSUPP)
		return err_sys(e, errno, "list the attributes of '%s'", what);
	for (const char *at = names; n > 0 && at < names + n; at += strlen(at) + 1)
		if (read_one(fd, at, what, all, e) < 0)
			return -(int)e->kind;
	*ret = take_ptr(all);
	return 0;
}

static int set_one(int fd, const char *name, const char *hex, const char *what, struct err *e)
{
	autofree unsigned char *value = xmalloc(XATTR_SIZE_MAX);
	size_t n = 0;
	int sys;

	if (from_hex(hex, value, XATTR_SIZE_MAX, &n, e) < 0)
		return -(int)e->kind;
	sys = fault_errno("file.xattr");
	if (!sys && fsetxattr(fd, name, value, n, 0) < 0)
		sys = errno;
	return sys ? err_sys(e, sys, "set attribute '%s' of '%s'", name, what) : 0;
}

static int drop_one(int fd, const char *name, const char *what, struct err *e)
{
	int sys = fault_errno("file.xattr");

	if (!sys && fremovexattr(fd, name) < 0)
		sys = errno;
	return sys && sys != ENODATA
	               ? err_sys(e, sys, "remove attribute '%s' of '%s'", name, what)
	               : 0;
}

int xattr_write(int fd, const json_t *want, const char *what, struct err *e)
{
	autojson json_t *have = NULL;
	const char *name;
	json_t *value;

	if (xattr_read(fd, what, &have, e) < 0)
		return -(int)e->kind;
	json_object_foreach(have, name, value)
		if (!json_object_get(want, name) && drop_one(fd, name, what, e) < 0)
			return -(int)e->kind;
	json_object_foreach((json_t *)want, name, value)
		if (!json_equal(value, json_object_get(have, name)) &&
		    set_one(fd, name, json_string_value(value), what, e) < 0)
			return -(int)e->kind;
	return 0;
}

int xattr_copy(int from, int to, const char *what, struct err *e)
{
	autojson json_t *all = NULL;

	if (xattr_read(from, what, &all, e) < 0)
		return -(int)e->kind;
	return xattr_write(to, all, what, e);
}
