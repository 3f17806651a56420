#include "products/sftpgo/objects_names.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/own.h"
#include "base/sv.h"

#define NAME_MAX_BYTES 255

/* Unicode 15: control, format (Cf), line and paragraph separators. */
static const struct {
	uint32_t from, to;
} invisible[] = {
	{ 0x00, 0x1f },       { 0x7f, 0x9f },       { 0xad, 0xad },       { 0x600, 0x605 },
	{ 0x61c, 0x61c },     { 0x6dd, 0x6dd },     { 0x70f, 0x70f },     { 0x890, 0x891 },
	{ 0x8e2, 0x8e2 },     { 0x180e, 0x180e },   { 0x200b, 0x200f },   { 0x2028, 0x2029 },
	{ 0x202a, 0x202e },   { 0x2060, 0x2064 },   { 0x2066, 0x206f },   { 0xfeff, 0xfeff },
	{ 0xfff9, 0xfffb },   { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd }, { 0x13430, 0x1343f },
	{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0001, 0xe0001 }, { 0xe0020, 0xe007f },
};

/* The next character of text that is UTF-8; what is none counts byte by byte and is never refused.
 */
static uint32_t next_char(const unsigned char **at)
{
	const unsigned char *p = *at;
	int more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : p[0] >= 0xc0 ? 1 : 0;
	uint32_t c = more ? p[0] & (0x3fu >> more) : p[0];

	for (int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			*at = p + 1;
			return 0xfffd;
		}
		c = c << 6 | (p[i] & 0x3f);
	}
	*at = p + more + 1;
	return more || p[0] < 0x80 ? c : 0xfffd;
}

static bool has_invisible(const char *name)
{
	for (const unsigned char *p = (const unsigned char *)name; *p;) {
		uint32_t c = next_char(&p);

		for (size_t i = 0; i < ARRAY_LEN(invisible); i++) {
			if (c >= invisible[i].from && c <= invisible[i].to)
				return true;
		}
	}
	return false;
}

/* CON, PRN, AUX, NUL, COM1 to COM9, LPT1 to LPT9, with any ending. */
static bool is_windows_device(const char *name)
{
	static const char *const devices[] = { "CON", "PRN", "AUX", "NUL" };
	size_t n = strcspn(name, ".");

	for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
		if (n == 3 && !strncasecmp(name, devices[i], 3))
			return true;
	}
	return n == 4 && (!strncasecmp(name, "COM", 3) || !strncasecmp(name, "LPT", 3)) &&
	       name[3] >= '1' && name[3] <= '9';
}

const char *name_refused(const char *name)
{
	size_t n = strlen(name);

	if (!n)
		return "it is empty";
	if (n > NAME_MAX_BYTES)
		return "it is longer than 255 bytes";
	if (has_invisible(name))
		return "it holds a character that cannot be seen";
	if (strpbrk(name, "/\\:*?\"<>|"))
		return "it holds one of / \\ : * ? \" < > |";
	if (is_windows_device(name))
		return "it is the name of a device of Windows";
	if (name[n - 1] == ' ' || name[n - 1] == '.')
		return "it ends in a blank or a dot";
	return NULL;
}
