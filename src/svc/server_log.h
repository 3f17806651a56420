/* What a running server writes of itself, line by line: into a file, or by its standard output into the system's journal. It is
 * only read, and nobody waits for it.
 *
 *	autoserverlog struct server_log *log = NULL;
 *	if (server_log_open(&of, &log, e) < 0) ...
 *	while ((r = server_log_line(log, &line, e)) > 0) ...            0: no more of it yet; later there may be */
#pragma once

#include "base/sv.h"
#include "io/cmd.h"

struct server_log_of {
	struct process_id id;
	const char *file;       /* absolute; NULL: where its standard output goes */
	const char *first;      /* stands in the first line that each start of the server writes */
	/* Is a line that holds it such a first line? Clients have words in other lines. */
	bool (*begins)(struct sv line);
	/* The journal may be behind: what the process wrote until now is waited for, some seconds at the most. */
	bool all;
};

struct server_log;

/* Reading begins with the first line of its last start, which is looked for in the last 64 MiB of a file, or 100,000 lines of the
 * journal, among 10,000 lines that could be it; where there is none, at the end, and server_log_is_whole() says so. ERR_ABSENT: it is kept nowhere (a pipe, a terminal,
 * nothing at all), or the process is gone. ERR_REFUSED: what it writes to is no file. */
int server_log_open(const struct server_log_of *of, struct server_log **ret, struct err *e) must_check;
/* 1 a whole line, without its end, borrowed until the next call; what is longer than 64 KiB is passed over. 0 none yet, -kind. A
 * file that is moved away, or cut off, is read on where the server goes on. */
int server_log_line(struct server_log *l, struct sv *ret, struct err *e) must_check;
bool server_log_is_whole(const struct server_log *l);
const char *server_log_name(const struct server_log *l);        /* "'/var/log/sftpgo.log'", "the journal" */
void server_log_close(struct server_log *l);

static inline void server_log_autoclose_(struct server_log **l)
{
	server_log_close(*l);
}
#define autoserverlog cleanup_with(server_log_autoclose_)
