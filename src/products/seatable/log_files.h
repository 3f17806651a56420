/* The log files in the data folder: what the programs in the container say there and not in the container's own log, and what their monitor
 * says of them (docs/maintenance/logs of the vendor's admin docs). */
#pragma once

#include "engine/site.h"

/* {file: sea_log_judge() and "size","ino"}: of the end of each; of one that stands in `before`, an earlier look, what came since, or all where
 * it was begun anew. seen: docker's description of the container, whose secrets are in no line; NULL: no line is told. New reference; NULL with
 * the reason in e. */
json_t *sea_log_files(struct site *s, const json_t *seen, const json_t *before, struct err *e) must_check;

/* How far they are: {file: {"size","ino"}}, an earlier look as above; empty where none can be seen. New reference. */
json_t *sea_log_marks(struct site *s) must_check;
/* "FILE: LINE", the last line since an earlier look that tells an error, of the file that was written to last; NULL: there is none. seen: as above. */
char *sea_log_last_error(struct site *s, const json_t *seen, const json_t *before) must_check;
