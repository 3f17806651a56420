/* A bbolt file, read as far as a data provider needs: top-level buckets and their pairs, in the
 * order of keys.
 *
 * Foreign bytes: the meta pages are checked by their sums, every page by its own number, every
 * length against its page, and no walk visits more pages than the file has. Source: bbolt 1.3
 * and 1.4, page.go, bucket.go; files of SFTPGo 2.6.4 and 2.7.5. */
#pragma once

#include "base/err.h"
#include "base/sv.h"

struct bolt;
/* Number of the newest whole transaction, also of a file that a server writes to. ERR_FORMAT. */
int bolt_txid(int fd, uint64_t *ret, struct err *e) must_check;
/* Takes fd over; the file must not change any more. ERR_FORMAT when it is no bbolt file, or torn.
 */
int bolt_open(int fd, struct bolt **ret, struct err *e) must_check;
void bolt_close(struct bolt *b);

struct bolt_cursor;
/* ERR_ABSENT when there is no such bucket. */
int bolt_bucket(struct bolt *b, const char *name, struct bolt_cursor **ret,
		struct err *e) must_check;
/* 1 and the next pair, valid until the next call; buckets in the bucket are passed over; 0 at the
 * end. */
int bolt_next(struct bolt_cursor *c, struct sv *ret_key, struct sv *ret_value,
	      struct err *e) must_check;
void bolt_cursor_free(struct bolt_cursor *c);

static inline void bolt_cursor_autofree_(struct bolt_cursor **c) { bolt_cursor_free(*c); }
#define autobolt_cursor cleanup_with(bolt_cursor_autofree_)
