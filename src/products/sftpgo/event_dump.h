/* Event actions and rules in a dump of SFTPGo's (/api/v2/dumpdata, backups), of any size: one of them in memory at a time, all
 * else of the dump passed on byte for byte. facts/sftpgo 4.3; the dumps of 2.6.4 and 2.7.5. */
#pragma once

#include "io/json_stream.h"
#include "io/json.h"

#define EVENT_OBJECT_MAX (4u << 20)     /* bytes of one action or rule */

#define EVENT_DUMP_FROM   "taken_from"
#define EVENT_DUMP_PAUSED "paused"

/* What stands in the place of the value; left empty, the value stays. */
typedef int (*event_dump_seen)(void *arg, struct sv text, const json_t *value, struct buf *ret, struct err *e);

struct event_dump_watch {
	event_dump_seen version, action, rule;  /* each may be NULL; actions and rules are objects with a name */
	event_dump_seen taken_from, paused;     /* whatever they are; in dumps that we kept (event_kept.h) */
	json_sink sink;                         /* NULL: nothing is written */
	void *arg;                              /* of all of them */
};

/* Read the whole file once, in its order. ERR_FORMAT: no JSON, cut short, no dump of SFTPGo's, a section twice, an action or rule
 * that is none, or has a member whose name only Go would know ("Body"). ERR_SPACE: one of them is larger than EVENT_OBJECT_MAX. `what` names the file in messages. */
int event_dump_walk(int fd, const char *what, const struct event_dump_watch *w, struct err *e) must_check;
