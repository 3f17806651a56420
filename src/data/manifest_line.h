/* One line of a manifest, and the names in SHA256SUMS: text only, no files. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "data/hash.h"

#define MANIFEST_HEAD "crossgrade-manifest 1"
#define MANIFEST_LINE_MAX (64u << 10)

/* type mode uid gid size mtime_ns sha256|- nlink-group|- xattrs-sha256|- "quoted path" ["target"]
 */
struct manifest_line {
	char type; /* 'f' 'd' 'l' */
	bool has_xattrs;
	uint32_t mode; /* octal, without the type */
	uint32_t uid, gid;
	uint32_t group; /* names with the same number are one file; 0 none */
	uint64_t size;  /* of a file; of a link its target's; 0 for a directory */
	int64_t mtime_ns;
	unsigned char sha[SHA_BYTES]; /* files only */
	unsigned char xattrs[SHA_BYTES];
	const char *path;   /* below the root of its section; "" is the root */
	const char *target; /* links only */
};

void manifest_line_put(const struct manifest_line *line, struct buf *ret);
/* `text` receives path and target, which ret points into. Anything but what manifest_line_put()
 * writes: ERR_FORMAT. */
int manifest_line_parse(struct sv s, struct manifest_line *ret, struct buf *text,
			struct err *e) must_check;

/* `root "prefix"`, the line before the entries of one root. */
void manifest_root_put(const char *prefix, struct buf *ret);
bool manifest_root_parse(struct sv s, struct buf *ret_prefix);

/* A line of SHA256SUMS with its LF, escaped the way coreutils does. */
void sums_line_put(const unsigned char sha[SHA_BYTES], const char *path, struct buf *ret);
/* Is this line (without LF) of a path below prefix? */
bool sums_line_below(struct sv s, const char *prefix);
