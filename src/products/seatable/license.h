/* The licence file of Enterprise Edition, as the server's own start script reads it, which is not how one would: it greps for words.
 * The hash in it is checked by nobody but the server. Source: facts/seatable 3.2, 3.3 (seatable.sh of an image 5.0, measured). */
#pragma once

#include <jansson.h>

#include "base/buf.h"

#define SEA_LICENSE_MAX  (64u << 10)
#define SEA_LICENSE_FILE "seatable-license.txt"

/* What is in it, as facts have it: {"mode","expiration","max_users"|absent,"product"|absent,"lines": {word: lines that hold it},"crlf",
 * "bom","nul","html","single": values in single quotes,"hash": it has one,"size"}. Values without quotes and blanks. Names, keys and
 * the hash itself are left out. New reference. */
json_t *sea_license_of(struct sv bytes) must_check;

enum sea_starts { SEA_STARTS_NOT, SEA_STARTS_UNSURE, SEA_STARTS };

/* Would Enterprise start with it on that day ("2026-11-22", of the server's time zone)? Why not, or why not to be known, into ret; of one
 * that starts: until when. license: as in facts, "state" and all (facts.h, SEA_LICENSE). */
enum sea_starts sea_license_starts(const json_t *license, const char *today, struct buf *ret);
/* Days from today to its last day; INT64_MAX: for life; -1: not to be known. */
int64_t sea_license_days_left(const json_t *license, const char *today);
/* Day number of "2026-11-22", -1 when it is no such date. */
int64_t sea_day_number(const char *date);
