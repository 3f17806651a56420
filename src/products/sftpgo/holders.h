/* Who else writes to the file of a database: a second server has the same file by another configuration directory, and only its open
 * file tells. */
#pragma once

#include "io/json.h"

/* Processes that have it open to write, but this one and `own` (0: none), in words: ["pid 7 (/opt/sftpgo/sftpgo)"]. New reference;
 * ERR_ABSENT when there is no such file. */
int holders_of(const char *file, pid_t own, json_t **ret, struct err *e) must_check;
/* ERR_CHANGED, named, when there is one; a file that is not there has none. */
int holders_none(const char *file, struct err *e) must_check;
