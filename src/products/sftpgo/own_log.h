/* What the server writes of itself (svc/server_log.h), a JSON object a line: where it goes, and what of it is told. A message can hold
 * secrets (an address with a password, a token): only its first words are ever shown, up to the first value in it.
 *
 * Source: SFTPGo 2.6.4 and 2.7.5, internal/logger, internal/service/service.go, internal/dataprovider; both seen. */
#pragma once

#include "svc/server_log.h"

/* Of the process that serves, from its last start on: seen from outside, so that how it is started does not matter. Of one in a
 * container that writes to its standard output as docker's log driver "json-file" keeps it. all: as server_log_of has it. */
int own_log_open(struct process_id id, bool all, struct server_log **ret, struct err *e) must_check;

/* Does a start of the server begin with this line? */
bool own_log_begins(struct sv line);

enum own_level { OWN_OTHER, OWN_WARN, OWN_ERROR };
struct own_line {
	enum own_level level;
	bool of_client;         /* of a connection of somebody's */
	bool migrates;          /* a step of the database's schema or data begins */
	bool spoilt;            /* its database is not of this release, or was not brought to it */
	bool told;              /* an error, or a warning of those that tell of trouble after a migration. facts/sftpgo 10 */
	char sender[48];
	char words[160];        /* the message as far as it holds no value; a step of the schema whole */
};
/* false: nothing of it is worth a look, or it is no line of its log. */
bool own_log_parse(struct sv line, struct own_line *ret);
