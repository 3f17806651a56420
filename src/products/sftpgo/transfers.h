/* Uploads and downloads under way, by GET /api/v2/connections, and what a cut upload leaves behind: with upload mode 1 a file
 * ".sftpgo-upload.<20 characters>.<name>" beside the one it was to become. facts/sftpgo-real 2.1; seen on 2.6.4 and 2.7.5. */
#pragma once

#include "products/sftpgo/rest.h"

/* [{"user","protocol","type":"upload"|"download","path","bytes"}] of all nodes. New reference. */
int transfers_now(struct rest *api, json_t **ret, struct err *e) must_check;
/* The directory in the file system that a user's virtual path lies in, by the user as the API tells it; NULL: it lies in no file
 * system of this host. A group can set another, which is not seen here. Heap. */
char *transfer_dir(const json_t *user, const char *path) must_check;
/* Is the file what is left of an upload to a file `name`? */
bool transfer_left(const char *file, const char *name);
