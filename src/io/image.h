/* One file's full state as an undo record: type, content, owner, mode, times, xattrs (ACLs among them).
 *
 * The content and xattrs are a 0600 blob named by its SHA-256 in a blob directory (state-dir/undo/<run>/); the record
 * is a small JSON object that names the blob, so the journal never holds file contents, which can be secrets. An absent
 * file has an image too ({"absent": true}), so that undo of a creation is a removal.
 *
 *	image_take(root, "conf/server.conf", blobs, 1 << 20, &rec, e);       before the change
 *	image_put(root, "conf/server.conf", blobs, rec, e);                  back again
 *
 * Regular files and symbolic links only. */
#pragma once

#include <jansson.h>

#include "io/file.h"

int image_take(const struct dir *d, const char *rel, const struct dir *blobs, size_t max_bytes, json_t **ret,
               struct err *e) must_check;
/* Put the file of the record in place of whatever is at rel (a file, a link or nothing). Durable, may be repeated. */
int image_put(const struct dir *d, const char *rel, const struct dir *blobs, const json_t *record, struct err *e)
	must_check;
/* 1 when what is at rel equals the record in type, content, mode, owner and xattrs; times are not compared. 0, -kind. */
int image_same(const struct dir *d, const char *rel, const json_t *record, struct err *e) must_check;

/* Large files on their own, "<SHA-256>.large" beside the blobs: a package, whole. Copied, never held in memory. ERR_CHANGED when
 * `want`, unless NULL, is another digest than what was read. Already there: nothing is written. */
#define BLOB_LARGE_NAME (DIGEST_TEXT + 6)
int  blob_put_large(const struct dir *blobs, int fd, const char *what, const char *want, char ret_name[BLOB_LARGE_NAME],
                    struct err *e) must_check;
bool blob_is_large(const char *name);

/* Blobs on their own. */
int blob_put(const struct dir *blobs, struct sv bytes, char ret_digest[DIGEST_TEXT], struct err *e) must_check;
int blob_get(const struct dir *blobs, const char *digest, struct buf *ret, struct err *e) must_check; /* verified */
