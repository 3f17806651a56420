/* What the files of a data folder hold, read within a budget: a folder that is small enough is read whole, of another a sample, chosen by a hash of the
 * names, so that every look takes the same ones and nothing else about a file decides. */
#pragma once

#include "data/tree.h"
#include "io/json.h"

#define SEA_CONTENT_FILES 400                   /* of a folder */
#define SEA_CONTENT_BYTES (48 * 1024 * 1024LL)  /* of them together */

struct sea_picked {
	uint64_t key;
	char *rel;
	int64_t size;
};

struct sea_pick {
	struct sea_picked *v;
	size_t n, room;
	uint64_t files;         /* that were offered */
};

/* Offer a regular file. */
void sea_pick_add(struct sea_pick *p, const struct tree_entry *entry);
void sea_pick_done(struct sea_pick *p);

/* {"whole": bool,"files": {path: "SIZE TIME SHA256"}}: of what could be read and stood still meanwhile. New reference. */
json_t *sea_content_of(struct sea_pick *p, const struct dir *folder) must_check;
/* The files of an earlier one, as they are now; one that is gone is not in it, of one that cannot be read it says "unread". New reference. */
json_t *sea_content_again(const json_t *before, const struct dir *folder) must_check;
/* Has a file that nobody wrote to since, by its size and time, another content? Texts as in "files". */
bool sea_content_rotted(const char *was, const char *is);
/* Is a file of that folder gone (is: ""), or written to as no server does: empty now, or another content under a name that stands for its
 * content? Of others it cannot be told: bases are written anew at each flush, and pictures by users. */
bool sea_content_lost(const char *folder, const char *rel, const char *was, const char *is);
