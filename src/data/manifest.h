/* What a restore point holds: one line an entry, canonical and digested, with SHA256SUMS beside it as `sha256sum -c`
 * reads it. Written from the index of the passes; usable without crossgrade.
 *
 * The manifest begins with "crossgrade-manifest 1"; each root follows as a line `root "prefix"` and its entries sorted by
 * name bytes, the root itself as "". One of them: type mode uid gid size mtime_ns sha256|- nlink-group|- xattrs-sha256|- "quoted path" ["target"].
 * The exact grammar stands in crossgrade-restore-point(5). */
#pragma once

#include "data/pass.h"

/* Write `manifest` and append to `SHA256SUMS` for the copy below dst, which stands at `prefix` in the restore point.
 * Durable; what other roots have there stays. The SHA-256 of the whole manifest comes back. ERR_CHANGED when somebody
 * touched the copy since the index was made. */
int manifest_write(const struct dir *point, const char *prefix, const struct dir *dst, const struct pass_index *ix,
                   char ret_digest[DIGEST_TEXT], struct err *e) must_check;

struct manifest_diff {
	char *rel;
	char  what[96];                 /* "missing", "extra", "content", "mode 644, not 600", ... */
};
typedef VEC(struct manifest_diff) manifest_diffs;
void manifest_diffs_done(manifest_diffs *d);

enum prove_flags {
	PROVE_META    = 1 << 0,         /* types, modes, owners, sizes, times, xattrs */
	PROVE_CONTENT = 1 << 1,         /* and every byte */
	PROVE_CTIME   = 1 << 2,         /* content only of files whose size, mtime, ctime or inode moved since the index */
};
/* Compare the tree with the manifest; differences, at most 1,000, are appended. 0 equal, 1 different.
 * `ix` may be NULL without PROVE_CTIME. The root's own mtime is not compared: exchanging its entries moves it. */
int manifest_prove(const struct dir *point, const char *prefix, const struct dir *tree, const struct pass_index *ix,
                   unsigned flags, const struct pass_opts *o, manifest_diffs *ret, struct err *e) must_check;

/* Make `tree` equal to the copy below dst by copying differing entries back (other file system, or no room for an
 * exchange). Repeatable, not atomic. */
int manifest_write_back(const struct dir *dst, const struct dir *tree, const struct pass_opts *o,
                        struct pass_stats *ret, struct err *e) must_check;
